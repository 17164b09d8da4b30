//! The sidebar: classes, splits, formats, issues, flags, decisions and marks with live counts; a click
//! filters.

mod said;

pub use said::origin_title;

use std::cmp::Reverse;
use std::sync::{Arc, Weak};

use egui::{Align2, CornerRadius, FontId, Sense, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::Pencil;
use super::theme::{Tokens, size, space};
use super::widgets;
use crate::dataset::edit::{Direction, Mark, View};
use crate::dataset::query::{Click, Pick, Selection as Picked, State as Is, selected_terms, with_term};
use crate::dataset::{Dataset, Flag, ImageFormat, IssueKind, natural};
use crate::state::{Action, Session};
use crate::text::grouped;

/// Drawing state of the sidebar.
#[derive(Debug, Default)]
pub struct FiltersView {
    /// Shows only classes with this in their name.
    class_search: String,
    order: ClassOrder,
    /// The dataset that everything below was worked out of.
    dataset: Weak<Dataset>,
    /// What the filter asks for, and the filter that this was read from.
    picked: Picked,
    picked_from: Option<String>,
    classes: Classes,
    /// The splits in the order shown.
    splits: Vec<u32>,
}

/// The classes in the order shown, worked out again only where something that they depend on
/// changed: there may be tens of thousands, and counts come several times in a second.
#[derive(Debug, Default)]
struct Classes {
    order: ClassOrder,
    /// Samples that have each class; sorted by when the order is by count.
    counts: Vec<u32>,
    largest: u32,
    /// Every class in its order; empty when that has to be found.
    ordered: Vec<u32>,
    /// What is searched for, in lower case.
    wanted: String,
    /// Those of `ordered` that have `wanted` in their name.
    listed: Vec<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ClassOrder {
    #[default]
    Count,
    Name,
    Given,
}

impl ClassOrder {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Count, "by count"), (Self::Name, "by name"), (Self::Given, "as given")];
}

/// From this many classes on there is a field to search them.
const SEARCH_FROM: usize = 12;
/// Height of a line, in points.
const LINE: f32 = space::ROW - 2.0;
/// More lines than this get a list of their own to scroll in, with this many lines.
const UNSCROLLED: usize = 40;
const VISIBLE: usize = 16;

pub fn filters_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, view: &mut FiltersView) {
    let Some(session) = &pencil.state.session else { return };
    view.refresh(session);
    let actions = &mut *pencil.actions;
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        egui::Frame::new().inner_margin(egui::Margin { left: 8, right: 6, top: 0, bottom: 12 }).show(
            ui,
            |ui| {
                ui.spacing_mut().item_spacing.y = 1.0;
                saved_views_ui(ui, session, actions);
                classes_ui(ui, session, view, actions);
                splits_ui(ui, session, view, actions);
                formats_ui(ui, session, view, actions);
                issues_ui(ui, session, view, actions);
                flags_ui(ui, session, view, actions);
                decisions_ui(ui, session, view, actions);
                marks_ui(ui, session, view, actions);
                said::said_ui(ui, session, view, actions);
            },
        );
    });
}

impl FiltersView {
    fn refresh(&mut self, session: &Session) {
        if !std::ptr::eq(self.dataset.as_ptr(), Arc::as_ptr(session.dataset())) {
            self.dataset = Arc::downgrade(session.dataset());
            self.picked_from = None;
            self.classes = Classes::default();
            // Training comes before validation and test, whatever the alphabet says.
            let known = |name: &str| ["train", "val", "test"].iter().position(|known| *known == name);
            let names = &session.dataset().split_names;
            self.splits = (0..names.len() as u32).collect();
            self.splits.sort_by_key(|at| known(&names[*at as usize]).unwrap_or(3));
        }
        let filter = &session.overlay.view.filter;
        if self.picked_from.as_ref() != Some(filter) {
            self.picked = selected_terms(filter, session.snapshot.vocabulary());
            self.picked_from = Some(filter.clone());
        }
        self.classes.refresh(session, self.order, &self.class_search);
    }
}

impl Classes {
    fn refresh(&mut self, session: &Session, order: ClassOrder, wanted: &str) {
        let names = &session.snapshot.labels().classes;
        let counts = &session.shown.found.total.classes;
        if self.counts != *counts {
            self.counts.clone_from(counts);
            self.largest = counts.iter().copied().max().unwrap_or(0);
            if order == ClassOrder::Count {
                self.ordered.clear();
            }
        }
        // Letter by letter, as names are folded.
        let wanted: String = wanted.chars().flat_map(char::to_lowercase).collect();
        let is_sorted = self.order == order && self.ordered.len() == names.len();
        if is_sorted && self.wanted == wanted {
            return;
        }
        if !is_sorted {
            self.order = order;
            self.ordered = (0..names.len() as u32).collect();
            match order {
                ClassOrder::Count => {
                    let count = |class: &u32| self.counts.get(*class as usize).copied().unwrap_or(0);
                    self.ordered.sort_by_key(|class| Reverse(count(class)));
                }
                ClassOrder::Name => {
                    self.ordered.sort_by(|a, b| natural::compare(&names[*a as usize], &names[*b as usize]))
                }
                ClassOrder::Given => {}
            }
        }
        let folded = session.snapshot.vocabulary().classes.folded();
        let fits = |class: &u32| {
            wanted.is_empty() || folded.get(*class as usize).is_some_and(|n| n.contains(&wanted))
        };
        self.listed = self.ordered.iter().copied().filter(fits).collect();
        self.wanted = wanted;
    }
}

/// A line that can be clicked: a dot or nothing, a name, how many of all are shown, and behind it a
/// bar as long as its share of the largest of its group.
struct Line<'a> {
    name: &'a str,
    color: Option<egui::Color32>,
    shown: u32,
    total: u32,
    /// The largest total of the group.
    largest: u32,
    picked: bool,
    dim: bool,
}

fn line_ui(ui: &mut Ui, line: &Line<'_>) -> Option<Click> {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::click());
    response.widget_info(|| {
        let name = format!("{}, {} of {}", line.name, line.shown, line.total);
        WidgetInfo::selected(egui::Role::CheckBox, true, line.picked, name)
    });
    if ui.is_rect_visible(rect) {
        let painter = ui.painter();
        let radius = CornerRadius::same(4);
        let middle = rect.center().y;
        // How many there are lies under how many are shown; the dot alone has the colour.
        for (count, fill) in [(line.total, tokens.raised.gamma_multiply(0.55)), (line.shown, tokens.raised)] {
            let share = count as f32 / line.largest.max(1) as f32;
            let bar = rect.shrink2(vec2(0.0, 1.0)).with_max_x(rect.left() + rect.width() * share);
            if bar.width() >= 1.0 {
                painter.rect_filled(bar, radius, fill);
            }
        }
        if line.picked {
            painter.rect_filled(rect, radius, tokens.accent_soft);
            painter.rect_stroke(rect, radius, (1.0, tokens.accent), StrokeKind::Inside);
        } else if response.hovered() || response.has_focus() {
            painter.rect_stroke(rect, radius, (1.0, tokens.text_dim), StrokeKind::Inside);
        }
        let mut left = rect.left() + space::S;
        if let Some(color) = line.color {
            painter.circle_filled(pos2(left + 4.0, middle), 4.0, color);
            left += 16.0;
        }
        let font = FontId::proportional(size::SMALL + 1.0);
        let count = if line.shown == line.total {
            grouped(line.total.into())
        } else {
            format!("{} / {}", grouped(line.shown.into()), grouped(line.total.into()))
        };
        let right = pos2(rect.right() - space::S, middle);
        let count = painter.text(right, Align2::RIGHT_CENTER, count, font, tokens.text_dim);
        let color = if line.dim || line.shown == 0 { tokens.text_dim } else { tokens.text };
        let room = count.left() - left - space::S;
        let name = widgets::elided(painter, line.name, color, FontId::proportional(size::BODY), room);
        let elided = name.elided;
        painter.galley(pos2(left, middle - name.size().y / 2.0), name, color);
        if elided {
            response.clone().on_hover_text(line.name);
        }
    }
    response.clicked().then(|| {
        let more = ui.input(|input| input.modifiers.shift || input.modifiers.command);
        if more { Click::Add } else { Click::Only }
    })
}

fn heading_ui(ui: &mut Ui, text: &str, note: &str) {
    ui.add_space(space::M);
    ui.horizontal(|ui| {
        widgets::group_heading(ui, text);
        ui.label(widgets::dim(note));
    });
    ui.add_space(2.0);
}

fn saved_views_ui(ui: &mut Ui, session: &Session, actions: &mut Vec<Action>) {
    if session.overlay.saved_views.is_empty() {
        return;
    }
    heading_ui(ui, "Views", "");
    for (name, saved) in &session.overlay.saved_views {
        ui.horizontal(|ui| {
            let here = session.overlay.view == *saved;
            let response = ui.selectable_label(here, name.as_str()).on_hover_text(view_text(saved));
            if response.clicked() {
                actions.push(Action::ShowView(saved.clone()));
            }
            response.context_menu(|ui| {
                if ui.button("Remove this view").clicked() {
                    actions.push(Action::RemoveView { name: name.clone() });
                    ui.close();
                }
            });
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let remove = format!("Remove the view {name}");
                if widgets::icon_button(ui, egui_material_icons::icons::ICON_CLOSE, &remove).clicked() {
                    actions.push(Action::RemoveView { name: name.clone() });
                }
            });
        });
    }
}

fn view_text(view: &View) -> String {
    let filter = if view.filter.is_empty() { "every sample" } else { &view.filter };
    let direction = if view.direction == Direction::Descending { ", descending" } else { "" };
    format!("{filter}, by {}{direction}", view.sort)
}

fn classes_ui(ui: &mut Ui, session: &Session, view: &mut FiltersView, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    let names = &session.snapshot.labels().classes;
    heading_ui(ui, "Classes", &grouped(names.len() as u64));
    if names.is_empty() {
        ui.label(widgets::dim("This dataset has no labels."));
        return;
    }
    if names.len() >= SEARCH_FROM {
        class_tools_ui(ui, view);
    }
    let (shown, total) = (&session.shown.found.counts, &session.shown.found.total);
    let count = |counts: &[u32], at: usize| counts.get(at).copied().unwrap_or(0);
    let largest = view.classes.largest.max(total.unlabelled);
    let mut picked = None;
    let list = |ui: &mut Ui, classes: &[u32]| {
        for class in classes {
            let at = *class as usize;
            let Some(name) = names.get(at) else { continue };
            let line = Line {
                name,
                color: Some(tokens.class_of(&session.snapshot, *class)),
                shown: count(&shown.classes, at),
                total: count(&total.classes, at),
                largest,
                picked: view.picked.classes.get(at).copied().unwrap_or(false),
                dim: false,
            };
            if let Some(click) = line_ui(ui, &line) {
                picked = Some((Pick::Class(name.clone()), click));
            }
        }
    };
    let listed = &view.classes.listed;
    if listed.is_empty() {
        ui.label(widgets::dim("No class has this in its name."));
    } else {
        lines_ui(ui, "classes", listed, list);
    }
    if total.unlabelled > 0 {
        let line = Line {
            name: "unlabelled",
            color: Some(tokens.text_dim),
            shown: shown.unlabelled,
            total: total.unlabelled,
            largest,
            picked: view.picked.unlabelled,
            dim: true,
        };
        if let Some(click) = line_ui(ui, &line) {
            picked = Some((Pick::Unlabelled, click));
        }
    }
    if let Some((pick, click)) = picked {
        actions.push(Action::Picked { pick, click });
    }
}

/// Draws a list's lines; of thousands only those on screen.
fn lines_ui(ui: &mut Ui, name: &str, lines: &[u32], mut draw: impl FnMut(&mut Ui, &[u32])) {
    if lines.len() <= UNSCROLLED {
        return draw(ui, lines);
    }
    let height = VISIBLE as f32 * (LINE + ui.spacing().item_spacing.y);
    let area = egui::ScrollArea::vertical().id_salt(name).max_height(height).auto_shrink(false);
    area.show_rows(ui, LINE, lines.len(), |ui, range| {
        draw(ui, lines.get(range).unwrap_or_default());
    });
}

/// The field that searches the classes, and their order.
fn class_tools_ui(ui: &mut Ui, view: &mut FiltersView) {
    let right_to_left = egui::Layout::right_to_left(egui::Align::Center);
    ui.allocate_ui_with_layout(vec2(ui.available_width(), space::ROW), right_to_left, |ui| {
        let title =
            ClassOrder::ALL.iter().find(|(order, _)| *order == view.order).map_or("", |(_, title)| title);
        let order = egui::ComboBox::from_id_salt("class order").selected_text(title).width(80.0);
        let order = order.show_ui(ui, |ui| {
            for (order, title) in ClassOrder::ALL {
                ui.selectable_value(&mut view.order, order, title);
            }
        });
        order.response.accessible_name(format!("Order of the classes: {title}"));
        let field = egui::TextEdit::singleline(&mut view.class_search)
            .hint_text("Find a class")
            .desired_width(ui.available_width());
        ui.add(field).accessible_name("Find a class");
    });
    ui.add_space(space::XS);
}

fn splits_ui(ui: &mut Ui, session: &Session, view: &FiltersView, actions: &mut Vec<Action>) {
    let names = &session.dataset().split_names;
    if names.is_empty() {
        return;
    }
    heading_ui(ui, "Splits", "");
    let (shown, total) = (&session.shown.found.counts, &session.shown.found.total);
    let largest = total.splits.iter().copied().max().unwrap_or(0).max(total.no_split);
    lines_ui(ui, "splits", &view.splits, |ui, splits| {
        for at in splits.iter().map(|at| *at as usize) {
            let Some(name) = names.get(at) else { continue };
            let line = Line {
                name,
                color: None,
                shown: shown.splits.get(at).copied().unwrap_or(0),
                total: total.splits.get(at).copied().unwrap_or(0),
                largest,
                picked: view.picked.splits.get(at).copied().unwrap_or(false),
                dim: false,
            };
            if let Some(click) = line_ui(ui, &line) {
                actions.push(Action::Picked { pick: Pick::Split(name.to_owned()), click });
            }
        }
    });
    if total.no_split > 0 {
        let line = Line {
            name: "no split",
            color: None,
            shown: shown.no_split,
            total: total.no_split,
            largest,
            picked: view.picked.no_split,
            dim: true,
        };
        if let Some(click) = line_ui(ui, &line) {
            actions.push(Action::Picked { pick: Pick::NoSplit, click });
        }
    }
}

fn formats_ui(ui: &mut Ui, session: &Session, view: &FiltersView, actions: &mut Vec<Action>) {
    let (shown, total) = (&session.shown.found.counts, &session.shown.found.total);
    heading_ui(ui, "Formats", "");
    let largest = total.formats.iter().copied().max().unwrap_or(0);
    for format in ImageFormat::ALL {
        let at = format as usize;
        if total.formats[at] == 0 {
            continue;
        }
        let line = Line {
            name: format.name(),
            color: None,
            shown: shown.formats[at],
            total: total.formats[at],
            largest,
            picked: view.picked.formats[at],
            dim: format == ImageFormat::Unknown,
        };
        if let Some(click) = line_ui(ui, &line) {
            actions.push(Action::Picked { pick: Pick::Format(format), click });
        }
    }
}

fn issues_ui(ui: &mut Ui, session: &Session, view: &FiltersView, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    let (shown, total) = (&session.shown.found.counts, &session.shown.found.total);
    heading_ui(ui, "Issues", "");
    if total.with_issue == 0 {
        let text = match (total.unmeasured > 0, session.issues.is_empty()) {
            (true, _) => "None so far.",
            (false, true) => "None: every sample could be read.",
            (false, false) => "No sample has one; the Issues panel lists other files.",
        };
        ui.add(egui::Label::new(widgets::dim(text)).wrap());
        return;
    }
    let line = Line {
        name: "any issue",
        color: Some(tokens.error),
        shown: shown.with_issue,
        total: total.with_issue,
        largest: total.with_issue,
        picked: view.picked.any_issue,
        dim: false,
    };
    if let Some(click) = line_ui(ui, &line) {
        actions.push(Action::Picked { pick: Pick::AnyIssue, click });
    }
    for (at, kind) in IssueKind::ALL.into_iter().enumerate() {
        if total.issues[at] == 0 {
            continue;
        }
        let line = Line {
            name: kind.name(),
            color: None,
            shown: shown.issues[at],
            total: total.issues[at],
            largest: total.with_issue,
            picked: view.picked.issues[at],
            dim: false,
        };
        if let Some(click) = line_ui(ui, &line) {
            actions.push(Action::Picked { pick: Pick::Issue(kind), click });
        }
    }
}

/// What the analysis found.
fn flags_ui(ui: &mut Ui, session: &Session, view: &FiltersView, actions: &mut Vec<Action>) {
    if session.review.analysed.is_none() {
        return;
    }
    let tokens = Tokens::of(ui);
    let (shown, total) = (&session.shown.found.counts, &session.shown.found.total);
    heading_ui(ui, "Flags", "");
    if total.flagged == 0 {
        ui.add(egui::Label::new(widgets::dim("None: the analysis found nothing.")).wrap());
        return;
    }
    let line = Line {
        name: "any flag",
        color: Some(tokens.warn),
        shown: shown.flagged,
        total: total.flagged,
        largest: total.flagged,
        picked: view.picked.any_flag,
        dim: false,
    };
    if let Some(click) = line_ui(ui, &line) {
        actions.push(Action::Picked { pick: Pick::AnyFlag, click });
    }
    for (at, flag) in Flag::ALL.into_iter().enumerate().filter(|(at, _)| total.flags[*at] > 0) {
        let name = flag.title().to_lowercase();
        let line = Line {
            name: &name,
            color: None,
            shown: shown.flags[at],
            total: total.flags[at],
            largest: total.flagged,
            picked: view.picked.flags[at],
            dim: false,
        };
        if let Some(click) = line_ui(ui, &line) {
            actions.push(Action::Picked { pick: Pick::Flag(flag), click });
        }
    }
}

/// What a person or a rule decided.
fn decisions_ui(ui: &mut Ui, session: &Session, view: &FiltersView, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    let (shown, total) = (&session.shown.found.counts, &session.shown.found.total);
    if (total.kept, total.pruned) == (0, 0) {
        return;
    }
    heading_ui(ui, "Decisions", "");
    let is_picked = |state: Is| {
        let place = Is::ALL.iter().position(|known| *known == state);
        place.is_some_and(|place| view.picked.states[place])
    };
    for (state, other, color, shown, total) in [
        (Is::Pruned, Is::Kept, tokens.error, shown.pruned, total.pruned),
        (Is::Kept, Is::Pruned, tokens.ok, shown.kept, total.kept),
    ] {
        if total == 0 {
            continue;
        }
        let line = Line {
            name: state.name(),
            color: Some(color),
            shown,
            total,
            largest: session.shown.found.total.pruned.max(session.shown.found.total.kept),
            picked: is_picked(state),
            dim: false,
        };
        if let Some(click) = line_ui(ui, &line) {
            // No sample is both: one takes the place of the other.
            let mut filter = session.overlay.view.filter.clone();
            let mut picks = vec![state];
            picks.extend(is_picked(other).then_some(other));
            for pick in picks {
                filter = with_term(&filter, &Pick::Is(pick), click, session.snapshot.vocabulary());
            }
            actions.push(Action::ShowView(View { filter, ..session.overlay.view.clone() }));
        }
    }
}

fn marks_ui(ui: &mut Ui, session: &Session, view: &FiltersView, actions: &mut Vec<Action>) {
    let (shown, total) = (&session.shown.found.counts, &session.shown.found.total);
    if total.marks.iter().all(|count| *count == 0) {
        return;
    }
    heading_ui(ui, "Marks", "");
    for (at, mark) in Mark::ALL.into_iter().enumerate() {
        if total.marks[at] == 0 {
            continue;
        }
        let state = match mark {
            Mark::Star => Is::Starred,
            Mark::Reviewed => Is::Reviewed,
            Mark::Unsure => Is::Unsure,
        };
        let place = Is::ALL.iter().position(|known| *known == state);
        let line = Line {
            name: mark.name(),
            color: None,
            shown: shown.marks[at],
            total: total.marks[at],
            largest: total.marks.iter().copied().max().unwrap_or(0),
            picked: place.is_some_and(|place| view.picked.states[place]),
            dim: false,
        };
        if let Some(click) = line_ui(ui, &line) {
            actions.push(Action::Picked { pick: Pick::Is(state), click });
        }
    }
}
