//! The sidebar: classes, splits, formats, issues and marks with live counts; a click filters.

use egui::{Align2, CornerRadius, FontId, Key, Rect, Sense, Ui, WidgetInfo, pos2, vec2};

use super::Pencil;
use super::theme::{Tokens, size, space};
use super::widgets;
use crate::dataset::edit::{Direction, Mark, View};
use crate::dataset::query::{Click, Pick, Selection as Picked, State as Is, selected_terms};
use crate::dataset::{ImageFormat, IssueKind};
use crate::state::{Action, Session};
use crate::text::grouped;

/// Drawing state of the sidebar.
#[derive(Debug, Default)]
pub struct FiltersView {
    /// Shows only classes with this in their name.
    class_search: String,
    order: ClassOrder,
    /// What the filter asks for, and the filter that this was read from.
    picked: Picked,
    picked_from: Option<String>,
    /// Classes in the order shown, and what they were sorted from.
    classes: Vec<u32>,
    classes_from: Option<(u64, String, ClassOrder)>,
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

pub fn filters_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, view: &mut FiltersView) {
    let Some(session) = &pencil.state.session else { return };
    view.refresh(session);
    let actions = &mut *pencil.actions;
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        egui::Frame::new().inner_margin(egui::Margin { left: 10, right: 4, top: 0, bottom: 12 }).show(
            ui,
            |ui| {
                ui.spacing_mut().item_spacing.y = 1.0;
                saved_views_ui(ui, session, actions);
                classes_ui(ui, session, view, actions);
                splits_ui(ui, session, view, actions);
                formats_ui(ui, session, view, actions);
                issues_ui(ui, session, view, actions);
                marks_ui(ui, session, view, actions);
            },
        );
    });
}

impl FiltersView {
    fn refresh(&mut self, session: &Session) {
        let filter = &session.overlay.view.filter;
        if self.picked_from.as_ref() != Some(filter)
            || self.picked.classes.len() != session.dataset().labels.classes.len()
        {
            self.picked = selected_terms(filter, session.snapshot.vocabulary());
            self.picked_from = Some(filter.clone());
        }
        let from = (session.shown.answered, self.class_search.clone(), self.order);
        if self.classes_from.as_ref() != Some(&from) {
            let names = &session.dataset().labels.classes;
            let wanted = self.class_search.to_lowercase();
            self.classes = (0..names.len() as u32)
                .filter(|class| names[*class as usize].to_lowercase().contains(&wanted))
                .collect();
            let total = &session.shown.total.classes;
            let count = |class: u32| total.get(class as usize).copied().unwrap_or(0);
            match self.order {
                ClassOrder::Count => self.classes.sort_by_key(|class| std::cmp::Reverse(count(*class))),
                ClassOrder::Name => {
                    self.classes.sort_by(|a, b| {
                        crate::dataset::natural::compare(&names[*a as usize], &names[*b as usize])
                    });
                }
                ClassOrder::Given => {}
            }
            self.classes_from = Some(from);
        }
    }
}

/// A line that can be clicked: a dot or nothing, a name, and how many of all are shown.
struct Line<'a> {
    name: &'a str,
    color: Option<egui::Color32>,
    shown: u32,
    total: u32,
    picked: bool,
    dim: bool,
}

fn line_ui(ui: &mut Ui, line: &Line<'_>) -> Option<Click> {
    let tokens = Tokens::of(ui);
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), space::ROW - 2.0), Sense::click());
    response.widget_info(|| {
        let name = format!("{}, {} of {}", line.name, line.shown, line.total);
        WidgetInfo::selected(egui::Role::CheckBox, true, line.picked, name)
    });
    if ui.is_rect_visible(rect) {
        let painter = ui.painter();
        let radius = CornerRadius::same(4);
        if line.picked {
            painter.rect_filled(rect, radius, tokens.accent_soft);
        } else if response.hovered() || response.has_focus() {
            painter.rect_filled(rect, radius, tokens.raised);
        }
        let mut left = rect.left() + 6.0;
        if let Some(color) = line.color {
            painter.circle_filled(pos2(left + 4.0, rect.center().y), 4.0, color);
            left += 16.0;
        }
        let font = FontId::proportional(size::SMALL + 1.0);
        let count = if line.shown == line.total {
            grouped(line.total.into())
        } else {
            format!("{} / {}", grouped(line.shown.into()), grouped(line.total.into()))
        };
        let count = painter.text(
            pos2(rect.right() - 6.0, rect.center().y),
            Align2::RIGHT_CENTER,
            count,
            font,
            tokens.text_dim,
        );
        // A bar under the line: the shown share.
        let share = line.shown as f32 / line.total.max(1) as f32;
        let bar = Rect::from_min_size(
            pos2(left, rect.bottom() - 2.0),
            vec2((rect.right() - 6.0 - left) * share, 1.0),
        );
        painter.rect_filled(
            bar,
            0.0,
            line.color.unwrap_or(tokens.accent).gamma_multiply(if line.shown == line.total {
                0.25
            } else {
                0.8
            }),
        );
        let color = if line.dim || line.shown == 0 { tokens.text_dim } else { tokens.text };
        let room = count.left() - left - 6.0;
        let name = super::grid::fitted(ui, line.name, size::BODY, room, color);
        let elided = name.elided;
        ui.painter().galley(pos2(left, rect.center().y - name.size().y / 2.0), name, color);
        if elided {
            response.clone().on_hover_text(line.name);
        }
    }
    let keyed = response.has_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    (response.clicked() || keyed).then(|| {
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
    let dataset = session.dataset();
    let names = &dataset.labels.classes;
    heading_ui(ui, "Classes", &grouped(names.len() as u64));
    if names.is_empty() {
        ui.label(widgets::dim("This dataset has no labels."));
        return;
    }
    if names.len() >= SEARCH_FROM {
        ui.horizontal(|ui| {
            let width = (ui.available_width() - 96.0).max(60.0);
            let field = egui::TextEdit::singleline(&mut view.class_search)
                .hint_text("Find a class")
                .desired_width(width);
            let response = ui.add(field);
            response.widget_info(|| WidgetInfo::labeled(egui::Role::TextInput, true, "Find a class"));
            let title =
                ClassOrder::ALL.iter().find(|(order, _)| *order == view.order).map_or("", |(_, title)| title);
            egui::ComboBox::from_id_salt("class order").selected_text(title).width(80.0).show_ui(ui, |ui| {
                for (order, title) in ClassOrder::ALL {
                    ui.selectable_value(&mut view.order, order, title);
                }
            });
        });
        ui.add_space(4.0);
    }
    let (shown, total) = (&session.shown.counts, &session.shown.total);
    let count = |counts: &[u32], at: usize| counts.get(at).copied().unwrap_or(0);
    let row = space::ROW - 2.0;
    let mut picked = None;
    // Thousands of classes: only the lines on screen are drawn.
    let visible = view.classes.len().min(40);
    let mut list = |ui: &mut Ui, classes: &[u32]| {
        for class in classes {
            let at = *class as usize;
            let line = Line {
                name: &names[at],
                color: Some(tokens.class(*class)),
                shown: count(&shown.classes, at),
                total: count(&total.classes, at),
                picked: view.picked.classes.get(at).copied().unwrap_or(false),
                dim: false,
            };
            if let Some(click) = line_ui(ui, &line) {
                picked = Some((Pick::Class(names[at].clone()), click));
            }
        }
    };
    if view.classes.len() > visible {
        egui::ScrollArea::vertical().id_salt("classes").max_height(row * 16.0).auto_shrink(false).show_rows(
            ui,
            row,
            view.classes.len(),
            |ui, range| list(ui, &view.classes[range]),
        );
    } else {
        list(ui, &view.classes);
    }
    if total.unlabelled > 0 {
        let line = Line {
            name: "unlabelled",
            color: Some(tokens.line),
            shown: shown.unlabelled,
            total: total.unlabelled,
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

fn splits_ui(ui: &mut Ui, session: &Session, view: &FiltersView, actions: &mut Vec<Action>) {
    let names = &session.dataset().split_names;
    if names.is_empty() {
        return;
    }
    heading_ui(ui, "Splits", "");
    let (shown, total) = (&session.shown.counts, &session.shown.total);
    // Training comes before validation and test, whatever the alphabet says.
    let rank = |name: &str| ["train", "val", "test"].iter().position(|known| *known == name).unwrap_or(3);
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by_key(|at| rank(&names[*at]));
    for at in order {
        let name = names[at].as_str();
        let line = Line {
            name,
            color: None,
            shown: shown.splits.get(at).copied().unwrap_or(0),
            total: total.splits.get(at).copied().unwrap_or(0),
            picked: view.picked.splits.get(at).copied().unwrap_or(false),
            dim: false,
        };
        if let Some(click) = line_ui(ui, &line) {
            actions.push(Action::Picked { pick: Pick::Split(name.to_owned()), click });
        }
    }
    if total.no_split > 0 {
        let line = Line {
            name: "no split",
            color: None,
            shown: shown.no_split,
            total: total.no_split,
            picked: view.picked.no_split,
            dim: true,
        };
        if let Some(click) = line_ui(ui, &line) {
            actions.push(Action::Picked { pick: Pick::NoSplit, click });
        }
    }
}

fn formats_ui(ui: &mut Ui, session: &Session, view: &FiltersView, actions: &mut Vec<Action>) {
    let (shown, total) = (&session.shown.counts, &session.shown.total);
    heading_ui(ui, "Formats", "");
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
    let (shown, total) = (&session.shown.counts, &session.shown.total);
    heading_ui(ui, "Issues", "");
    if total.with_issue == 0 {
        let text = if total.unmeasured > 0 { "None so far." } else { "None: every sample could be read." };
        ui.label(widgets::dim(text));
        return;
    }
    let line = Line {
        name: "any issue",
        color: Some(tokens.error),
        shown: shown.with_issue,
        total: total.with_issue,
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
            picked: view.picked.issues[at],
            dim: false,
        };
        if let Some(click) = line_ui(ui, &line) {
            actions.push(Action::Picked { pick: Pick::Issue(kind), click });
        }
    }
}

fn marks_ui(ui: &mut Ui, session: &Session, view: &FiltersView, actions: &mut Vec<Action>) {
    let (shown, total) = (&session.shown.counts, &session.shown.total);
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
        };
        let place = Is::ALL.iter().position(|known| *known == state);
        let line = Line {
            name: mark.name(),
            color: None,
            shown: shown.marks[at],
            total: total.marks[at],
            picked: place.is_some_and(|place| view.picked.states[place]),
            dim: false,
        };
        if let Some(click) = line_ui(ui, &line) {
            actions.push(Action::Picked { pick: Pick::Is(state), click });
        }
    }
}
