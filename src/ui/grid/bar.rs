//! The bar above the grid while keys label: the classes with their keys, and how labels are given.
//!
//! It refuses to know how labels are kept.

use std::sync::Arc;

use egui::{
    Frame, Galley, Key, Margin, Popup, PopupCloseBehavior, Rect, Sense, StrokeKind, TextEdit, Ui, Vec2,
    WidgetInfo, pos2, vec2,
};

use super::sweep::class_of;
use crate::dataset::ClassId;
use crate::dataset::edit::SampleSet;
use crate::state::{Action, LabelGesture, Session};
use crate::text::{counted, grouped};
use crate::ui::class_pick::{Chosen, ClassPick, class_pick_ui, name_problem, take_name};
use crate::ui::label_keys::give;
use crate::ui::theme::{Tokens, bold, size, space};
use crate::ui::{Pencil, widgets};

/// Height of a chip and space between chips, in points.
const CHIP: f32 = 24.0;
const GAP: f32 = 5.0;
/// Rows of chips; classes beyond them are in a list of their own.
const ROWS: usize = 2;
/// Widest name on a chip, and room for the chip that opens the list, in points.
const NAME: f32 = 150.0;
const MORE: f32 = 96.0;
/// Space at either end of a chip, and the dot with its distance from the name.
const PADDING: f32 = 9.0;
const DOT: f32 = 13.0;

/// Drawing state of the bar.
#[derive(Debug, Default)]
pub struct BarView {
    new_class: String,
    more: ClassPick,
    /// The class that was painted with last.
    painted: Option<String>,
}

/// Draws the bar.
pub(super) fn bar_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, view: &mut BarView) {
    let tokens = Tokens::of(ui);
    let frame = Frame::new().fill(tokens.panel).inner_margin(Margin::symmetric(space::M as i8, 6));
    egui::Panel::top("label bar").frame(frame).show(ui, |ui| {
        ui.spacing_mut().item_spacing = vec2(space::S, GAP);
        chips_ui(ui, pencil, session, view);
        ui.horizontal_wrapped(|ui| ways_ui(ui, pencil, session, view));
        state_ui(ui, session, view);
    });
}

/// A class as it is drawn on a chip.
struct Chip {
    class: ClassId,
    key: Option<Arc<Galley>>,
    name: Arc<Galley>,
    /// From the upper left corner of the chips.
    rect: Rect,
}

/// The chips that fit into the rows, and how many classes do not.
fn laid_out(ui: &Ui, session: &Session, width: f32) -> (Vec<Chip>, usize) {
    let tokens = Tokens::of(ui);
    let names = &session.snapshot.labels().classes;
    let (mut chips, mut at, mut row): (Vec<Chip>, f32, usize) = (Vec::new(), 0.0, 0);
    for (class, name) in (0 as ClassId..).zip(names) {
        let key = session.labeller.keys().get(class as usize).copied().flatten();
        let key = key.map(|key| {
            let text = key.to_uppercase().to_string();
            widgets::elided(ui.painter(), &text, tokens.text, bold(size::SMALL), 40.0)
        });
        let font = egui::FontId::proportional(size::BODY);
        let name = widgets::elided(ui.painter(), name, tokens.text, font, NAME);
        let key_width = key.as_ref().map_or(0.0, |key| key.size().x + space::S);
        let chip = 2.0 * PADDING + key_width + DOT + name.size().x;
        if at > 0.0 && at + chip > width {
            (at, row) = (0.0, row + 1);
        }
        if row == ROWS {
            break;
        }
        let rect = Rect::from_min_size(pos2(at, row as f32 * (CHIP + GAP)), vec2(chip.min(width), CHIP));
        chips.push(Chip { class, key, name, rect });
        at += chip + GAP;
    }
    if chips.len() < names.len() {
        // Room for the chip that opens the list; the first class stays however narrow it is.
        while chips.len() > 1 && chips.last().is_some_and(|last| last.rect.right() + GAP + MORE > width) {
            chips.pop();
        }
    }
    let more = names.len() - chips.len();
    (chips, more)
}

fn chips_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, view: &mut BarView) {
    let tokens = Tokens::of(ui);
    if session.snapshot.labels().classes.is_empty() {
        ui.label(widgets::dim("There are no classes yet: type the name of the first one below."));
        return;
    }
    let width = ui.available_width();
    let (chips, more) = laid_out(ui, session, width);
    let last = chips.last().map_or(Rect::ZERO, |chip| chip.rect);
    let (room, _) = ui.allocate_exact_size(Vec2::new(width, last.bottom()), Sense::hover());
    let painting = session.labeller.paint.as_deref().map(|class| class_of(session, class));
    let of_cursor = session.selection.cursor.map_or(&[][..], |cursor| session.snapshot.labels().get(cursor));
    for chip in &chips {
        let is_on = match painting {
            Some(class) => class == Some(chip.class),
            None => of_cursor.contains(&chip.class),
        };
        if chip_ui(ui, session, chip, room.min.to_vec2(), is_on, tokens) {
            give(pencil, session, chip.class);
        }
    }
    if more > 0 {
        let at = room.min + vec2(last.right() + GAP, last.top());
        let place = Rect::from_min_size(at, vec2(MORE, CHIP));
        let button = egui::Button::new(format!("{} more…", grouped(more as u64))).corner_radius(12);
        let button = ui.put(place, button);
        if button.clicked() {
            view.more.open();
        }
        let popup = Popup::from_toggle_button_response(&button)
            .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
            .accessible_name("More classes");
        popup.show(|ui| {
            if let Some(chosen) = class_pick_ui(ui, session, &mut view.more) {
                match chosen {
                    Chosen::Class(class) => give(pencil, session, class),
                    Chosen::New(name) => new_class(pencil, session, name),
                }
                ui.close();
            }
        });
    }
}

/// Draws a chip; whether it was clicked.
fn chip_ui(ui: &Ui, session: &Session, chip: &Chip, offset: Vec2, is_on: bool, tokens: &Tokens) -> bool {
    let rect = chip.rect.translate(offset);
    let response = ui.interact(rect, ui.scope_id().with(("class", chip.class)), Sense::click());
    let name = session.snapshot.labels().classes.get(chip.class as usize).map_or("?", String::as_str);
    response.widget_info(|| {
        let key = session.labeller.keys().get(chip.class as usize).copied().flatten();
        let key = key.map(|key| format!(", key {}", key.to_uppercase())).unwrap_or_default();
        WidgetInfo::selected(egui::Role::Button, ui.is_enabled(), is_on, format!("{name}{key}"))
    });
    let color = tokens.class_of(&session.snapshot, chip.class);
    let (fill, edge) = match (is_on, response.hovered() || response.has_focus()) {
        (true, _) => (tokens.accent_soft, color),
        (false, true) => (tokens.raised_hover, tokens.text_dim),
        (false, false) => (tokens.raised, tokens.line),
    };
    let painter = ui.painter();
    painter.rect(rect, CHIP / 2.0, fill, (1.0, edge), StrokeKind::Inside);
    let mut left = rect.left() + PADDING;
    let put = |galley: &Arc<Galley>, left: f32| {
        let at = pos2(left, rect.center().y - galley.size().y / 2.0);
        painter.galley(at, galley.clone(), tokens.text);
    };
    if let Some(key) = &chip.key {
        put(key, left);
        left += key.size().x + space::S;
    }
    painter.circle_filled(pos2(left + 4.0, rect.center().y), 4.0, color);
    put(&chip.name, left + DOT);
    let is_cut = chip.name.elided;
    let clicked = response.clicked();
    if is_cut {
        response.on_hover_text(name);
    }
    clicked
}

/// How labels are given, and a new class.
fn ways_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, view: &mut BarView) {
    let labeller = &session.labeller;
    let several = widgets::chip(ui, labeller.several, "Several labels");
    let help = "A key adds its class to those that the samples have, or takes it away";
    if several.on_hover_text(help).clicked() {
        pencil.act(Action::Label(Box::new(LabelGesture::Several(!labeller.several))));
    }
    if let Some(class) = &labeller.paint {
        view.painted = Some(class.clone());
    }
    let paint = widgets::chip(ui, labeller.paint.is_some(), "Paint");
    if paint.on_hover_text("Sweep over cells to label them").clicked() {
        let identities = &session.snapshot.in_force.identities;
        let last = view.painted.clone().filter(|class| identities.contains(class));
        let class = match labeller.paint {
            Some(_) => None,
            None => last.or_else(|| identities.first().cloned()),
        };
        pencil.act(Action::Label(Box::new(LabelGesture::Paint(class))));
    }
    let field = TextEdit::singleline(&mut view.new_class).hint_text("New class").desired_width(120.0);
    let field = ui.add_enabled(session.project.can_write(), field).accessible_name("New class");
    let enters = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    if let Some(name) = enters.then(|| take_name(&mut view.new_class)).flatten() {
        new_class(pencil, session, name);
    }
}

/// What a key or a sweep does now, or what is wrong with the name that is typed: one line, so that nothing moves when
/// it says something else.
fn state_ui(ui: &mut Ui, session: &Session, view: &BarView) {
    let text = match name_problem(&view.new_class) {
        Some(problem) => egui::RichText::new(problem).small().color(Tokens::of(ui).warn),
        None => widgets::dim(state_text(session)),
    };
    ui.add(egui::Label::new(text).truncate());
}

fn new_class(pencil: &mut Pencil<'_>, session: &Session, name: String) {
    // Who paints chooses a brush and labels nothing by it.
    let samples = match session.labeller.paint {
        Some(_) => SampleSet::default(),
        None => SampleSet::from_mask(session.selection.mask()),
    };
    pencil.act(Action::Label(Box::new(LabelGesture::NewClass { name, samples })));
}

/// What a key or a sweep does now.
fn state_text(session: &Session) -> String {
    if let Some(class) = &session.labeller.paint {
        let name = session.snapshot.labelling.classes().name(class);
        return format!(
            "Painting with “{name}”: press and sweep over cells. With Alt the source's labels come back; Esc ends it."
        );
    }
    match session.selection.len() {
        0 => "Select samples; a key labels them.".to_owned(),
        selected => format!(
            "{} selected: a key labels them, Backspace gives the source's labels back.",
            counted(selected as u64, "sample")
        ),
    }
}
