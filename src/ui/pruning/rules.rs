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
use crate::ui::lists::presses;
use crate::ui::theme::{Tokens, space};
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
    /// The preference that is dragged to another place.
    dragged: Option<Preference>,
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
    groups_ui(ui, pencil, session, &mut view.dragged, &mut new);
    ui.add_space(space::M);
    flags_ui(ui, pencil, session, &mut new);
    if reset || new != rules {
        let settings = session.review.settings.clone();
        let rules = (!reset).then_some(new);
        pencil.act(Action::ChangeReview(Box::new(ReviewSettings { rules, ..settings })));
    }
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
    widgets::part_heading(ui, "Never prune what fits");
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

fn groups_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    dragged: &mut Option<Preference>,
    new: &mut Rules,
) {
    let (groups, impact) = (session.review.judged.groups.len(), &session.review.judged.impact);
    widgets::part_heading(ui, "Near-duplicates");
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
        widgets::part_heading(ui, "Of a group stays the best, by the first in which they differ");
        prefer_ui(ui, dragged, new);
    });
}

/// The preferences that a person can order: all but those that hold anyway.
fn choosable(rules: &Rules) -> Vec<Preference> {
    let is_free = |one: &Preference| *one != Preference::Protected && !rules.prefer.contains(one);
    let off = Preference::ALL.into_iter().filter(is_free);
    rules.prefer.iter().copied().chain(off).collect()
}

/// The preferences in their order: moved by a drag, by keys on what they are dragged by, and by buttons.
fn prefer_ui(ui: &mut Ui, dragged: &mut Option<Preference>, new: &mut Rules) {
    let tokens = Tokens::of(ui);
    ui.spacing_mut().item_spacing.y = 1.0;
    let active = new.prefer.len();
    let mut change: Option<Vec<Preference>> = None;
    let mut rows = Vec::new();
    for (at, preference) in choosable(new).into_iter().enumerate() {
        let title = preference.title();
        let is_on = at < active;
        let shown = ui.horizontal(|ui| {
            ui.set_height(space::ROW);
            ui.spacing_mut().item_spacing.x = 2.0;
            if is_on {
                let by = handle_ui(ui, preference, dragged);
                let to = at.saturating_add_signed(by).min(active - 1);
                if to != at {
                    change = Some(moved(&new.prefer, at, to));
                }
            } else {
                ui.add_space(HANDLE + ui.spacing().item_spacing.x);
            }
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
                let mut button = |ui: &mut Ui, icon, name: String, to: Option<usize>| {
                    let to = to.filter(|to| *to < active);
                    let button = IconButton::new(icon, &name).enabled(to.is_some()).color(tokens.text_dim);
                    if button.show(ui).clicked()
                        && let Some(to) = to
                    {
                        change = Some(moved(&new.prefer, at, to));
                    }
                };
                button(ui, icons::ICON_KEYBOARD_ARROW_DOWN, format!("Move down: {title}"), Some(at + 1));
                button(ui, icons::ICON_KEYBOARD_ARROW_UP, format!("Move up: {title}"), at.checked_sub(1));
            });
        });
        if is_on {
            rows.push(shown.response.rect);
        }
    }
    if let Some((from, to)) = drop_ui(ui, dragged, &new.prefer, &rows) {
        change = Some(moved(&new.prefer, from, to));
    }
    if let Some(prefer) = change {
        new.prefer = prefer;
    }
}

/// Width of what a preference is dragged by.
const HANDLE: f32 = 16.0;

/// What a preference is dragged by; tells by how many places keys move it.
fn handle_ui(ui: &mut Ui, preference: Preference, dragged: &mut Option<Preference>) -> isize {
    let title = preference.title();
    let (_, rect) = ui.allocate_space(egui::vec2(HANDLE, space::ROW));
    // By its name: the focus goes where the preference goes.
    let id = ui.scope_id().with(("drag", title));
    let response = ui.interact(rect, id, egui::Sense::click_and_drag());
    let is_enabled = ui.is_enabled();
    response
        .widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, is_enabled, format!("Drag: {title}")));
    let icon = icons::ICON_DRAG_INDICATOR;
    let font = egui::FontId::new(16.0, icon.font_family());
    let tokens = Tokens::of(ui);
    let color = if response.has_focus() { tokens.accent } else { tokens.text_dim };
    ui.painter().text(rect.center(), egui::Align2::CENTER_CENTER, icon.codepoint, font, color);
    let response = response.on_hover_cursor(egui::CursorIcon::Grab);
    if response.drag_started() {
        *dragged = Some(preference);
    } else if *dragged == Some(preference) && !response.dragged() && !response.drag_stopped() {
        // It was let go while nobody drew this.
        *dragged = None;
    }
    if !response.has_focus() {
        return 0;
    }
    let arrows = egui::EventFilter { vertical_arrows: true, ..Default::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(id, arrows));
    presses(ui, egui::Key::ArrowDown, false) - presses(ui, egui::Key::ArrowUp, false)
}

/// Marks where a preference that is dragged would go; once it is let go, tells from which place to which.
fn drop_ui(
    ui: &Ui,
    dragged: &mut Option<Preference>,
    prefer: &[Preference],
    rows: &[egui::Rect],
) -> Option<(usize, usize)> {
    let from = prefer.iter().position(|one| Some(*one) == *dragged)?;
    let (pointer, is_held, is_let_go) = ui.input(|input| {
        let pointer = &input.pointer;
        (pointer.latest_pos(), pointer.any_down(), pointer.any_released())
    });
    // Before the first whose middle is under the pointer; behind all where there is none.
    let before = pointer.map(|at| rows.iter().take_while(|row| row.center().y < at.y).count());
    let is_beside = |at: egui::Pos2| rows.iter().any(|row| row.expand(space::ROW).contains(at));
    let before = before.filter(|_| pointer.is_some_and(is_beside));
    if !is_held {
        *dragged = None;
        if !is_let_go {
            return None;
        }
    }
    let before = before?;
    // What is behind moves up where this one leaves.
    let to = if before > from { before - 1 } else { before };
    if is_held {
        let y = rows.get(before).map(|row| row.top()).or(rows.last().map(|row| row.bottom()))?;
        let across = rows.first()?.x_range();
        ui.painter().hline(across, y, (2.0, Tokens::of(ui).accent));
        return None;
    }
    (to != from).then_some((from, to))
}

/// The preferences with one of them at another place.
fn moved(prefer: &[Preference], from: usize, to: usize) -> Vec<Preference> {
    let mut prefer = prefer.to_vec();
    let one = prefer.remove(from);
    prefer.insert(to, one);
    prefer
}

fn flags_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, new: &mut Rules) {
    widgets::part_heading(ui, "Also prune what is flagged, in a group or not");
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
    widgets::raised_frame(tokens).show(ui, |ui| {
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
