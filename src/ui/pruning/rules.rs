//! The rules as a person sees and changes them, and what they would do.

use std::sync::{Arc, Weak};

use egui::{RichText, TextEdit, Ui};
use egui_material_icons::icons;

use super::link;
use crate::dataset::query::parse;
use crate::dataset::{Dataset, Flag, Preference};
use crate::review::{FlagName, ReviewSettings, Rules};
use crate::state::{Action, Command, Session};
use crate::text::{bytes_text, counted, grouped};
use crate::ui::Pencil;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets::{self, IconButton};

/// Splits that have a chip: more are typed.
const CHIPS: usize = 12;

/// What is typed and not yet taken.
#[derive(Debug, Default)]
pub struct RulesView {
    /// The fields of protected queries.
    fields: Vec<Field>,
    /// The queries that the fields were made from.
    from: Vec<String>,
    dataset: Weak<Dataset>,
    /// The rules of a dataset of which nobody changed them: there may be thousands of splits.
    default: Rules,
}

/// A query that protects, as it is typed.
#[derive(Debug, Default)]
struct Field {
    text: String,
    /// The text that `problem` is about.
    read: Option<String>,
    problem: Option<String>,
}

impl RulesView {
    /// Takes over what the rules say, where that changed elsewhere; gives the rules in force.
    fn refresh(&mut self, session: &Session) -> Rules {
        let is_other = !std::ptr::eq(self.dataset.as_ptr(), Arc::as_ptr(session.dataset()));
        if is_other {
            self.dataset = Arc::downgrade(session.dataset());
            self.default = Rules::for_dataset(&session.dataset().split_names);
        }
        let rules = session.review.settings.rules.clone().unwrap_or_else(|| self.default.clone());
        if is_other || self.from != rules.protect {
            self.from.clone_from(&rules.protect);
            let field = |text: &String| Field { text: text.clone(), ..Field::default() };
            self.fields = rules.protect.iter().map(field).collect();
        }
        for field in &mut self.fields {
            if field.read.as_ref() != Some(&field.text) {
                field.read = Some(field.text.clone());
                let read = parse(&field.text, session.snapshot.vocabulary());
                field.problem = read.err().map(|error| error.message);
            }
        }
        rules
    }

    /// The queries in the fields, without empty ones.
    fn queries(&self) -> Vec<String> {
        let texts = self.fields.iter().map(|field| field.text.trim());
        texts.filter(|text| !text.is_empty()).map(str::to_owned).collect()
    }
}

pub fn rules_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, view: &mut RulesView) {
    let rules = view.refresh(session);
    let mut new = rules.clone();
    let mut reset = false;
    ui.horizontal(|ui| {
        widgets::group_heading(ui, "Rules");
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let is_own = session.review.settings.rules.is_some();
            let help = "Near-duplicates go, the best of each group and all held-out splits stay";
            reset = small_button(ui, is_own, "Reset to default", help);
        });
    });
    apply_ui(ui, pencil, session);
    ui.add_space(space::S);
    protect_ui(ui, session, view, &mut new);
    ui.add_space(space::M);
    groups_ui(ui, pencil, session, &mut new);
    ui.add_space(space::M);
    flags_ui(ui, pencil, session, &mut new);
    if reset || new != rules {
        let settings = session.review.settings.clone();
        let rules = (!reset).then_some(new);
        pencil.act(Action::ChangeReview(Box::new(ReviewSettings { rules, ..settings })));
    }
}

/// A heading of a part of the rules.
fn part(ui: &mut Ui, text: &str) {
    let color = Tokens::of(ui).text_dim;
    ui.label(RichText::new(text).size(size::SMALL + 1.0).color(color));
}

/// A button that stands back; tells whether it was clicked.
fn small_button(ui: &mut Ui, enabled: bool, text: &str, help: &str) -> bool {
    ui.scope(|ui| {
        ui.spacing_mut().button_padding = egui::vec2(8.0, 2.0);
        ui.spacing_mut().interact_size.y = 22.0;
        ui.add_enabled(enabled, egui::Button::new(RichText::new(text).small())).on_hover_text(help).clicked()
    })
    .inner
}

/// How a split is protected.
fn split_query(name: &str) -> String {
    format!("split:\"{name}\"")
}

fn protect_ui(ui: &mut Ui, session: &Session, view: &mut RulesView, new: &mut Rules) {
    let tokens = Tokens::of(ui);
    part(ui, "Never prune what fits");
    let splits = &session.dataset().split_names;
    if !splits.is_empty() {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = egui::vec2(6.0, 6.0);
            for name in splits.iter().take(CHIPS) {
                let bare = format!("split:{name}");
                let is_it = |query: &String| *query == split_query(name) || *query == bare;
                let on = new.protect.iter().any(is_it);
                let short: String = name.chars().take(24).collect();
                let chip = widgets::chip(ui, on, &format!("split {short}"));
                if chip.on_hover_text(format!("Protect the split {name}, or not")).clicked() {
                    match on {
                        true => new.protect.retain(|query| !is_it(query)),
                        false => new.protect.push(split_query(name)),
                    }
                }
            }
        });
    }
    let mut removed = None;
    let mut taken = false;
    for (at, field) in view.fields.iter_mut().enumerate() {
        let name = format!("Protected query {}", at + 1);
        ui.horizontal(|ui| {
            let width = ui.available_width() - space::ROW - ui.spacing().item_spacing.x;
            let edit = TextEdit::singleline(&mut field.text)
                .id_salt(("protected", at))
                .hint_text("split:test, path:originals/")
                .desired_width(width - 8.0);
            let response = ui.add(edit).accessible_name(&name);
            taken |= response.lost_focus();
            let remove = format!("Remove protected query {}", at + 1);
            if widgets::icon_button(ui, icons::ICON_CLOSE, &remove).clicked() {
                removed = Some(at);
            }
        });
        if let Some(problem) = &field.problem {
            ui.add(egui::Label::new(RichText::new(problem).small().color(tokens.error)).wrap());
        }
    }
    if let Some(at) = removed {
        view.fields.remove(at);
        taken = true;
    }
    if taken && new.protect == view.from {
        new.protect = view.queries();
        if new.protect == view.from {
            // Only an empty field was left.
            view.fields.retain(|field| !field.text.trim().is_empty());
        }
    }
    let help = "Protect what fits a filter, such as path:originals/";
    if small_button(ui, true, "Add a query", help) {
        view.fields.push(Field::default());
    }
}

fn groups_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, new: &mut Rules) {
    let (groups, impact) = (session.review.judged.groups.len(), &session.review.judged.impact);
    part(ui, "Near-duplicates");
    ui.horizontal_wrapped(|ui| {
        ui.checkbox(&mut new.duplicates, "Decide groups of near-duplicates");
        link(ui, pencil, session, &counted(groups as u64, "group"), "flag:duplicate");
    });
    ui.add_enabled_ui(new.duplicates, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.checkbox(&mut new.leave_conflicts, "Leave groups with conflicting labels to me");
            let conflicts = counted(impact.conflicts.0.into(), "group");
            link(ui, pencil, session, &conflicts, "flag:label-conflict");
        });
        ui.add_space(space::XS);
        part(ui, "Of a group stays the best, by the first in which they differ");
        prefer_ui(ui, new);
    });
}

/// The preferences that a person can order: all but those that hold anyway.
fn choosable(rules: &Rules) -> Vec<Preference> {
    let is_free = |one: &Preference| *one != Preference::Protected && !rules.prefer.contains(one);
    let off = Preference::ALL.into_iter().filter(is_free);
    rules.prefer.iter().copied().chain(off).collect()
}

fn prefer_ui(ui: &mut Ui, new: &mut Rules) {
    let tokens = Tokens::of(ui);
    ui.spacing_mut().item_spacing.y = 1.0;
    let active = new.prefer.len();
    let mut change: Option<Vec<Preference>> = None;
    for (at, preference) in choosable(new).into_iter().enumerate() {
        let title = preference.title();
        let is_on = at < active;
        ui.horizontal(|ui| {
            ui.set_height(space::ROW);
            let mut on = is_on;
            let color = if is_on { tokens.text } else { tokens.text_dim };
            let number = if is_on { format!("{}. {title}", at + 1) } else { title.to_owned() };
            let response = ui.checkbox(&mut on, RichText::new(number).color(color));
            response.widget_info(|| {
                egui::WidgetInfo::selected(
                    egui::Role::CheckBox,
                    ui.is_enabled(),
                    on,
                    format!("Prefer: {title}"),
                )
            });
            if response.changed() {
                let mut prefer = new.prefer.clone();
                match on {
                    true => prefer.push(preference),
                    false => prefer.retain(|one| *one != preference),
                }
                change = Some(prefer);
            }
            if !is_on {
                return;
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let mut moved = |ui: &mut Ui, icon, name: String, to: Option<usize>| {
                    let to = to.filter(|to| *to < active);
                    let button = IconButton::new(icon, &name).enabled(to.is_some()).color(tokens.text_dim);
                    if button.show(ui).clicked()
                        && let Some(to) = to
                    {
                        let mut prefer = new.prefer.clone();
                        prefer.swap(at, to);
                        change = Some(prefer);
                    }
                };
                moved(ui, icons::ICON_KEYBOARD_ARROW_DOWN, format!("Move down: {title}"), Some(at + 1));
                moved(ui, icons::ICON_KEYBOARD_ARROW_UP, format!("Move up: {title}"), at.checked_sub(1));
            });
        });
    }
    if let Some(prefer) = change {
        new.prefer = prefer;
    }
}

fn flags_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, new: &mut Rules) {
    part(ui, "Also prune what is flagged, in a group or not");
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        for flag in Flag::ALL {
            let name = FlagName(flag);
            let is_on = new.prune.contains(&name);
            // To prune every near-duplicate would leave none of a group: it is shown where a file of
            // rules asks for it.
            if flag == Flag::Duplicate && !is_on {
                continue;
            }
            let raised = &session.review.judged.raised[flag as usize];
            ui.horizontal(|ui| {
                ui.set_height(space::ROW - 2.0);
                let mut on = is_on;
                let response = ui.checkbox(&mut on, flag.title());
                response.widget_info(|| {
                    let name = format!("Prune: {}", flag.title());
                    egui::WidgetInfo::selected(egui::Role::CheckBox, ui.is_enabled(), on, name)
                });
                let changed = response.changed();
                response.on_hover_text(flag.about());
                if changed {
                    match on {
                        true => new.prune.push(name),
                        false => new.prune.retain(|one| *one != name),
                    }
                }
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    if !raised.is_raised && raised.under > 0 {
                        ui.label(widgets::dim("over half: none")).on_hover_text(
                            "More than half of the samples are under the threshold, which says something of \
                             the dataset and nothing of a sample",
                        );
                    } else if raised.under == 0 {
                        ui.label(widgets::dim("0"));
                    } else {
                        let query = format!("flag:{}", flag.name());
                        link(ui, pencil, session, &grouped(raised.under.into()), &query);
                    }
                });
            });
        }
    });
}

/// The button that carries the rules out, and what it would do.
fn apply_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session) {
    let tokens = Tokens::of(ui);
    let review = &session.review;
    let preview = &review.judged.preview;
    let frame =
        egui::Frame::new().fill(tokens.raised.gamma_multiply(0.6)).corner_radius(8).inner_margin(space::M);
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        let is_current = review.is_current();
        let (text, color) = match &preview.problem {
            _ if !is_current => ("Working out what that would do…".to_owned(), tokens.text_dim),
            Some((query, error)) => {
                (format!("“{query}” cannot be read: {}", crate::text::sentence(&error.message)), tokens.error)
            }
            None => (sentence(preview), tokens.text),
        };
        ui.add(egui::Label::new(RichText::new(text).color(color)).wrap());
        if is_current && preview.problem.is_none() && preview.protected > 0 {
            let protected = counted(preview.protected, "sample");
            ui.label(widgets::dim(format!(
                "{protected} protected. What you decided by hand stays as it is."
            )));
        }
        ui.add_space(space::XS);
        let enabled = is_current && preview.problem.is_none() && !preview.is_empty();
        let label = RichText::new("Prune by the rules");
        let (color, fill) = match enabled {
            true => (tokens.on_accent, tokens.accent),
            false => (tokens.text_dim, tokens.raised),
        };
        let button = ui.add_enabled(enabled, egui::Button::new(label.color(color)).fill(fill));
        let help = "Flags samples to be left out of an export; Ctrl+Z takes it back, and no file is touched";
        if button.on_hover_text(help).clicked() {
            pencil.act(Action::Run(Command::ApplyRules));
        }
    });
}

/// What the rules would do.
fn sentence(preview: &crate::review::Preview) -> String {
    if preview.is_empty() {
        return "Nothing would change: all that the rules say is decided.".to_owned();
    }
    let mut parts = Vec::new();
    if preview.prune > 0 {
        let bytes = bytes_text(preview.bytes);
        parts.push(format!("{} would be pruned ({bytes})", counted(preview.prune, "more sample")));
    }
    if preview.undecide > 0 {
        parts.push(format!("{} would stay again", grouped(preview.undecide)));
    }
    if preview.other_reason > 0 {
        parts.push(format!("{} pruned for another reason", grouped(preview.other_reason)));
    }
    format!("{}.", parts.join(", "))
}
