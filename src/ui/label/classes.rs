//! The classes with their keys: hundreds of them are searched, and only those on screen are drawn.

use std::sync::Arc;

use egui::{
    Align2, FontId, Key, Rect, Response, Role, ScrollArea, Sense, StrokeKind, TextEdit, Ui, WidgetInfo, pos2,
    vec2,
};

use super::{Field, step};
use crate::dataset::{ClassId, SampleId};
use crate::state::labelling::Step;
use crate::state::{Command, LabelGesture, Session};
use crate::text::{confidence_text, grouped};
use crate::ui::class_pick::{name_problem, take_name};
use crate::ui::theme::{Tokens, size, space};
use crate::ui::{Pencil, widgets};

/// From so many classes on they are searched.
const SEARCHED_FROM: usize = 10;
/// Height of the classes at least, in points, and width of the key before a name.
const LEAST: f32 = 4.0 * space::ROW;
const KEY: f32 = 20.0;

/// Drawing state of the list.
#[derive(Default)]
pub(super) struct ClassList {
    filter: String,
    new_class: String,
    /// Classes that fit the filter, and what they were found by.
    listed: Vec<ClassId>,
    listed_of: Option<(Arc<Vec<String>>, String)>,
}

impl ClassList {
    fn refresh(&mut self, session: &Session) {
        let identities = &session.snapshot.in_force.identities;
        let is_current = self
            .listed_of
            .as_ref()
            .is_some_and(|(of, filter)| Arc::ptr_eq(of, identities) && *filter == self.filter);
        if is_current {
            return;
        }
        let wanted = self.filter.trim().to_lowercase();
        let classes = session.snapshot.labels().classes.iter().enumerate();
        let fits = classes.filter(|(_, name)| wanted.is_empty() || name.to_lowercase().contains(&wanted));
        self.listed = fits.map(|(class, _)| class as ClassId).collect();
        if !wanted.is_empty() {
            // What is typed in full comes first: Enter takes it.
            let names = &session.snapshot.labels().classes;
            let typed = self.filter.trim();
            self.listed.sort_by_cached_key(|class| {
                let name = names.get(*class as usize).map_or("", String::as_str);
                (name != typed, name.to_lowercase() != wanted)
            });
        }
        self.listed_of = Some((identities.clone(), self.filter.clone()));
    }
}

/// Draws the list for the sample at hand, down to `bottom` where that leaves room for some classes, and takes its
/// clicks.
pub(super) fn classes_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    list: &mut ClassList,
    focus: &mut Option<Field>,
    sample: Option<SampleId>,
    bottom: f32,
) {
    let count = session.snapshot.labels().classes.len();
    ui.horizontal(|ui| {
        widgets::group_heading(ui, "Classes");
        let several = session.labeller.several;
        let chip = widgets::chip(ui, several, "Several");
        let help =
            "A key adds a class or takes it away, and Enter goes on: for samples of more than one class";
        if chip.on_hover_text(help).clicked() {
            pencil.act(super::gesture(LabelGesture::Several(!several)));
        }
        if ui
            .small_button("Edit…")
            .on_hover_text("Rename, merge and order classes, and give them keys")
            .clicked()
        {
            pencil.act(crate::state::Action::Run(Command::ManageClasses));
        }
    });
    new_class_ui(ui, pencil, session, list, focus, sample);
    if count >= SEARCHED_FROM {
        filter_ui(ui, pencil, session, list, focus);
    } else {
        list.filter.clear();
        focus.take_if(|field| *field == Field::Filter);
    }
    list.refresh(session);
    if count == 0 {
        return;
    }
    if list.listed.is_empty() {
        ui.label(widgets::dim(format!("No class has “{}” in its name.", list.filter.trim())));
        return;
    }
    let labels = sample.map(|sample| session.snapshot.labels().get(sample)).unwrap_or_default();
    let proposal = sample.and_then(|sample| session.proposal_of(sample));
    let mut given = None;
    let height = space::ROW;
    let under = ui.spacing().interact_size.y.max(height) + space::S;
    ui.spacing_mut().item_spacing.y = 1.0;
    let room = (bottom - ui.cursor().top() - under).max(LEAST);
    let area = ScrollArea::vertical().id_salt("label classes").max_height(room);
    area.auto_shrink([false, true]).show_rows(ui, height, list.listed.len(), |ui, range| {
        for class in list.listed.get(range).unwrap_or_default() {
            let row = Row {
                class: *class,
                is_on: labels.contains(class),
                proposed: proposal
                    .filter(|(identity, _)| {
                        session
                            .snapshot
                            .in_force
                            .identities
                            .get(*class as usize)
                            .is_some_and(|one| one == identity)
                    })
                    .map(|(_, confidence)| confidence),
            };
            if row_ui(ui, session, &row, sample.is_some()).clicked() {
                given = session.snapshot.in_force.identities.get(*class as usize).cloned();
            }
        }
    });
    if let Some(class) = given {
        pencil.act(step(Step::Give(class)));
    }
    ui.add_space(space::XS);
    let none = ui.add_enabled(sample.is_some(), egui::Button::new("None of these  −"));
    none.widget_info(|| WidgetInfo::labeled(Role::Button, sample.is_some(), "None of these"));
    if none.clicked() {
        pencil.act(step(Step::NoClass));
    }
}

fn new_class_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    list: &mut ClassList,
    focus: &mut Option<Field>,
    sample: Option<SampleId>,
) {
    let classes = session.snapshot.labels().classes.len();
    if classes == 0 {
        ui.label(widgets::dim("There are no classes yet. Type the class of this sample to begin."));
    }
    let hint = if classes == 0 { "Type a class to begin" } else { "New class (N)" };
    let width = ui.available_width();
    let field =
        TextEdit::singleline(&mut list.new_class).id_salt("new class").hint_text(hint).desired_width(width);
    let can = sample.is_some() && session.project.can_write();
    let field = ui.add_enabled(can, field).accessible_name("New class");
    if focus.take_if(|field| *field == Field::NewClass).is_some() && can {
        field.request_focus();
    }
    if let Some(problem) = name_problem(&list.new_class) {
        widgets::warning_ui(ui, &problem);
    }
    let enters = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    if let Some(name) = enters.then(|| take_name(&mut list.new_class)).flatten() {
        pencil.act(step(Step::NewClass(name)));
    }
}

fn filter_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    list: &mut ClassList,
    focus: &mut Option<Field>,
) {
    let width = ui.available_width();
    let field = TextEdit::singleline(&mut list.filter)
        .id_salt("class filter")
        .hint_text("Search classes (/)")
        .desired_width(width);
    let field = ui.add(field).accessible_name("Search classes to label");
    if focus.take_if(|field| *field == Field::Filter).is_some() {
        field.request_focus();
    }
    let enters = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    list.refresh(session);
    if enters && !list.filter.trim().is_empty() {
        let first =
            list.listed.first().and_then(|class| session.snapshot.in_force.identities.get(*class as usize));
        if let Some(class) = first {
            pencil.act(step(Step::Give(class.clone())));
            list.filter.clear();
        }
    }
}

/// A class in the list.
struct Row {
    class: ClassId,
    /// Whether the sample is of it.
    is_on: bool,
    /// How sure the model is of it, where it proposes it.
    proposed: Option<f32>,
}

fn row_ui(ui: &mut Ui, session: &Session, row: &Row, enabled: bool) -> Response {
    let tokens = Tokens::of(ui);
    let name = session.snapshot.labels().classes.get(row.class as usize).map_or("?", String::as_str);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), space::ROW), Sense::click());
    response
        .widget_info(|| WidgetInfo::selected(Role::Button, enabled, row.is_on, format!("Label as {name}")));
    let painter = ui.painter_at(rect);
    if row.is_on {
        painter.rect_filled(rect, space::RADIUS, tokens.accent_soft);
    } else if response.hovered() {
        painter.rect_filled(rect, space::RADIUS, tokens.raised);
    }
    if row.proposed.is_some() && !row.is_on {
        painter.rect_stroke(rect, space::RADIUS, (1.0, tokens.accent), StrokeKind::Inside);
    }
    if response.has_focus() {
        painter.rect_stroke(rect.shrink(1.0), space::RADIUS, (1.0, tokens.text_dim), StrokeKind::Inside);
    }
    let middle = rect.center().y;
    let key = session.labeller.keys().get(row.class as usize).copied().flatten();
    let cap = Rect::from_center_size(pos2(rect.left() + 4.0 + KEY / 2.0, middle), vec2(KEY, KEY - 2.0));
    if let Some(key) = key {
        painter.rect(cap, 4, tokens.raised, (1.0, tokens.line), StrokeKind::Inside);
        let font = FontId::monospace(size::SMALL);
        painter.text(cap.center(), Align2::CENTER_CENTER, key.to_ascii_uppercase(), font, tokens.text);
    }
    let dot = pos2(cap.right() + space::S + 4.0, middle);
    painter.circle_filled(dot, 4.0, tokens.class_of(&session.snapshot, row.class));
    let (text, color) = match row.proposed {
        Some(confidence) => (confidence_text(confidence), tokens.accent),
        None => {
            let counts = &session.shown.found.total.classes;
            (grouped(counts.get(row.class as usize).copied().unwrap_or(0).into()), tokens.text_dim)
        }
    };
    let font = FontId::proportional(size::SMALL);
    let count = painter.layout_no_wrap(text, font, color);
    let right = rect.right() - space::S - count.size().x;
    painter.galley(pos2(right, middle - count.size().y / 2.0), count, color);
    let left = dot.x + space::S + 2.0;
    let font = FontId::proportional(size::BODY);
    let title = widgets::elided(&painter, name, tokens.text, font, right - left - space::S);
    painter.galley(pos2(left, middle - title.size().y / 2.0), title, tokens.text);
    response
}
