//! The boxes of a sample as a list: class, place and size, and which are by hand. While boxes are edited a click
//! selects one, and its class and numbers can be changed.

use egui::{Align, Button, ComboBox, DragValue, Label, Layout, RichText, Role, Sense, Ui, Vec2, WidgetInfo};
use egui_material_icons::icons::*;

use super::{BoxesView, boxes_text, change, delete, gesture, label};
use crate::dataset::{BoxRecord, LabelOrigin, NamedBox, SampleId, Signature};
use crate::state::labelling::boxes::{BoxGesture, Sides};
use crate::state::{Action, Command, Session};
use crate::text::grouped;
use crate::ui::Pencil;
use crate::ui::filters::origin_title;
use crate::ui::inspector::overlay;
use crate::ui::inspector::said::said_text;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets::{IconButton, dim, lines_ui};

/// Boxes that are listed.
const MAX_LISTED: usize = 200;
/// Classes that are seen at a time in a menu.
const VISIBLE: usize = 10;

/// The numbers of a box, and what they are called.
const NUMBERS: [(Number, &str, &str); 4] = [
    (Number::Left, "x", "Left"),
    (Number::Top, "y", "Top"),
    (Number::Width, "w", "Width"),
    (Number::Height, "h", "Height"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Left,
    Top,
    Width,
    Height,
}

/// A number that is being dragged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::ui::inspector) struct Held {
    pub(super) sample: SampleId,
    pub(super) place: usize,
    pub(super) number: Number,
    /// In pixels.
    pub(super) value: f32,
}

impl Held {
    /// The box with the number as it is now.
    pub(super) fn applied(&self, sides: &Sides, size: [u32; 2]) -> Sides {
        let value = self.value;
        match self.number {
            Number::Left => sides.moved([value - sides.left, 0.0], size),
            Number::Top => sides.moved([0.0, value - sides.top], size),
            Number::Width => sides.grown([value - sides.width(), 0.0], size),
            Number::Height => sides.grown([0.0, value - sides.height()], size),
        }
    }
}

/// Draws the list. `size` is the image's in pixels, as far as it is known.
pub(in crate::ui::inspector) fn list_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    view: &mut BoxesView,
    session: &Session,
    sample: SampleId,
    size: Option<[u32; 2]>,
) {
    let tokens = Tokens::of(ui);
    let records = session.snapshot.boxes().get(sample);
    let by_hand = session.boxes_by_hand(sample);
    let can_edit = session.labeller.boxes.is_on && session.project.can_write();
    if by_hand.is_some() {
        ui.horizontal_wrapped(|ui| {
            let text =
                if records.is_empty() { "All boxes were taken away by hand." } else { "Changed by hand." };
            ui.add(Label::new(RichText::new(text).color(tokens.accent)).selectable(false));
            let help = "Take back what was done by hand to the boxes of this sample";
            let button = Button::new("Give the source's boxes back");
            if ui.add_enabled(session.project.can_write(), button).on_hover_text(help).clicked() {
                pencil.act(gesture(BoxGesture::GiveBack { sample }));
            }
        });
    }
    let selected = session.selected_boxes(sample);
    if can_edit {
        tools_ui(ui, pencil, session, sample, &selected);
    }
    let mut counting = session.snapshot.labelling.counting_boxes(sample);
    for (place, record) in records.iter().enumerate().take(MAX_LISTED) {
        let is_other = by_hand.as_ref().is_some_and(|other| other.get(place) == Some(&true));
        let signature = counting.next().and_then(NamedBox::signature);
        let row = Row { session, sample, place, record, is_other, signature };
        match size.filter(|_| can_edit) {
            Some(size) => row_ui(ui, pencil, view, &row, size, selected.contains(&place)),
            None => plain_ui(ui, &row, size),
        }
    }
    if records.len() > MAX_LISTED {
        ui.label(dim(format!("and {} more", grouped((records.len() - MAX_LISTED) as u64))));
    }
}

/// Buttons for what is done to the selected boxes, or to all.
fn tools_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, sample: SampleId, selected: &[usize]) {
    let count = session.snapshot.boxes().get(sample).len();
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        let which = if selected.is_empty() { "all boxes" } else { "the selected boxes" };
        let copy = format!("Copy {which}");
        if IconButton::new(ICON_CONTENT_COPY, &copy).enabled(count > 0).show(ui).clicked() {
            pencil.act(gesture(BoxGesture::Copy { sample }));
        }
        let has_copied = session.labeller.boxes.copied.is_some();
        if IconButton::new(ICON_CONTENT_PASTE, "Paste boxes").enabled(has_copied).show(ui).clicked() {
            pencil.act(gesture(BoxGesture::Paste { sample }));
        }
        let next = "Copy boxes to the next sample";
        if IconButton::new(ICON_SKIP_NEXT, next).enabled(count > 0).show(ui).clicked() {
            pencil.act(gesture(BoxGesture::CopyToNext { sample }));
        }
        let has_selected = !selected.is_empty();
        let title = "Delete the selected boxes";
        if IconButton::new(ICON_DELETE, title).enabled(has_selected).show(ui).clicked() {
            delete(pencil, session, sample, selected);
        }
        if let Some(class) = session.class_of_new_boxes(sample) {
            ui.add_space(space::S);
            ui.label(dim(format!("New boxes: {}", super::name_of(session, &class))));
        }
    });
}

/// A box that is only shown.
fn plain_ui(ui: &mut Ui, row: &Row<'_>, size: Option<[u32; 2]>) {
    let tokens = Tokens::of(ui);
    let Row { session, record, .. } = *row;
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(Vec2::splat(10.0), Sense::hover());
        ui.painter().rect_filled(rect, 2, tokens.class_of(&session.snapshot, record.class));
        let place = match overlay::box_in_image(record, size.unwrap_or_default()) {
            Some(rect) => overlay::box_text(rect),
            None => "not a rectangle".to_owned(),
        };
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            mark_ui(ui, tokens, row);
            ui.add(Label::new(RichText::new(place).size(size::SMALL).color(tokens.text_dim)).truncate());
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(Label::new(overlay::class_name(session, record)).truncate());
            });
        });
    });
}

/// Says of a box that is not the source's where it comes from, and to the pointer who gave it and when.
fn mark_ui(ui: &mut Ui, tokens: &Tokens, row: &Row<'_>) {
    if !row.is_other {
        return;
    }
    let origin = row.signature.map_or(LabelOrigin::ByHand, |signature| signature.origin);
    let text = RichText::new(origin_title(origin)).size(size::SMALL).color(tokens.accent);
    let response = ui.add(Label::new(text).selectable(false));
    if let Some(signature) = row.signature {
        response.on_hover_ui(|ui| {
            ui.label(said_text(signature));
        });
    }
}

/// A box of the list.
struct Row<'a> {
    session: &'a Session,
    sample: SampleId,
    place: usize,
    record: &'a BoxRecord,
    /// Whether it is not the source's.
    is_other: bool,
    /// Who gave it, where that was noted.
    signature: Option<Signature<'a>>,
}

/// A box that can be changed. `image` is the image's size in pixels.
fn row_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    view: &mut BoxesView,
    row: &Row<'_>,
    image: [u32; 2],
    is_selected: bool,
) {
    let tokens = Tokens::of(ui);
    let Row { session, sample, place, record, .. } = *row;
    let number = place + 1;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        let (rect, _) = ui.allocate_exact_size(Vec2::splat(10.0), Sense::hover());
        ui.painter().rect_filled(rect, 2, tokens.class_of(&session.snapshot, record.class));
        let response = ui.add(Button::selectable(is_selected, format!("{number}")));
        let name = format!("Select box {number}");
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_selected, &name));
        if response.clicked() {
            let mut places: std::collections::BTreeSet<usize> = [place].into();
            if ui.input(|input| input.modifiers.shift || input.modifiers.command) {
                places.extend(session.selected_boxes(sample));
            }
            pencil.act(gesture(BoxGesture::Select { sample, places }));
            view.wants_focus = true;
        }
        class_ui(ui, pencil, row);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = space::XS;
            let name = format!("Delete box {number}");
            if IconButton::new(ICON_DELETE, &name).color(tokens.text_dim).show(ui).clicked() {
                delete(pencil, session, sample, &[place]);
            }
            mark_ui(ui, tokens, row);
        });
    });
    if let Some(signature) = row.signature.filter(|_| is_selected) {
        let text = RichText::new(said_text(signature)).size(size::SMALL).color(tokens.text_dim);
        ui.add(Label::new(text).wrap());
    }
    let Some(sides) = Sides::of(record, Some(image)) else {
        ui.label(dim("not a rectangle"));
        return;
    };
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        for (number, short, name) in NUMBERS {
            number_ui(ui, pencil, view, row, (&sides, image), (number, short, name));
        }
    });
}

/// The menu of classes.
fn class_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, row: &Row<'_>) {
    let Row { session, sample, place, record, .. } = *row;
    let names = &session.snapshot.labels().classes;
    let identities = &session.snapshot.in_force.identities;
    let name = overlay::class_name(session, record);
    let combo =
        ComboBox::from_id_salt(("box-class", sample, place)).width(110.0).selected_text(name).truncate();
    let shown = combo.show_ui(ui, |ui| {
        lines_ui(ui, "classes", (space::ROW, VISIBLE), names.len(), |ui, at| {
            let is_own = at == record.class as usize;
            if ui.selectable_label(is_own, names[at].as_str()).clicked()
                && let Some(class) = identities.get(at)
            {
                label(pencil, session, sample, &[place], class);
                ui.close();
            }
        });
    });
    let title = format!("Class of box {}: {name}", place + 1);
    shown.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, &title));
}

/// One number of a box, in pixels. While it is dragged the box is drawn with it, and it is an edit once it is let go.
fn number_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    view: &mut BoxesView,
    row: &Row<'_>,
    (sides, image): (&Sides, [u32; 2]),
    (number, short, name): (Number, &str, &str),
) {
    let own = |held: &Held| (held.sample, held.place, held.number) == (row.sample, row.place, number);
    let [width, height] = image.map(|side| side as f32);
    let (kept, least, most) = match number {
        Number::Left => (sides.left, 0.0, width - 1.0),
        Number::Top => (sides.top, 0.0, height - 1.0),
        Number::Width => (sides.width(), 1.0, width),
        Number::Height => (sides.height(), 1.0, height),
    };
    let mut value = view.held.filter(own).map_or(kept, |held| held.value);
    let field = DragValue::new(&mut value)
        .range(least..=most.max(least))
        .clamp_existing_to_range(false)
        .speed(0.25)
        .max_decimals(1)
        .prefix(format!("{short} "))
        .update_while_editing(false);
    let response = ui.add(field).on_hover_text(format!("{name}, in pixels"));
    response.widget_info(|| {
        let mut info = WidgetInfo::drag_value(ui.is_enabled(), f64::from(value));
        info.label = Some(format!("{name} of box {}", row.place + 1));
        info
    });
    let now = Held { sample: row.sample, place: row.place, number, value };
    if response.dragged() {
        view.held = Some(now);
        return;
    }
    let was_held = view.held.filter(own);
    if was_held.is_some() {
        view.held = None;
    }
    if !(response.changed() || was_held.is_some()) {
        return;
    }
    let changed = now.applied(sides, image);
    let mut boxes = row.session.named_boxes(row.sample);
    if changed != *sides
        && let Some(one) = boxes.get_mut(row.place)
    {
        one.rect = changed.rect(one.relative, image);
        let verb = if matches!(number, Number::Left | Number::Top) { "Move" } else { "Resize" };
        pencil.act(change(row.sample, boxes, format!("{verb} {}", boxes_text(1))));
    }
}

/// The button that turns the editor on and off.
pub(in crate::ui::inspector) fn toggle_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session) {
    let is_on = session.labeller.boxes.is_on;
    if IconButton::new(ICON_CROP_FREE, "Edit boxes").on(is_on).show(ui).clicked() {
        pencil.act(Action::Run(Command::EditBoxes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_move_and_resize() {
        let sides = Sides { left: 10.0, top: 5.0, right: 20.0, bottom: 15.0 };
        for (number, value, expected) in [
            (Number::Left, 12.0, Sides { left: 12.0, right: 22.0, ..sides }),
            (Number::Top, 99.0, Sides { top: 20.0, bottom: 30.0, ..sides }),
            (Number::Width, 4.0, Sides { right: 14.0, ..sides }),
            (Number::Height, 99.0, Sides { bottom: 30.0, ..sides }),
        ] {
            let held = Held { sample: 0, place: 0, number, value };
            assert_eq!(held.applied(&sides, [40, 30]), expected, "{number:?}");
        }
    }
}
