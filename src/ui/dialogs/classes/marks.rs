//! The key and the colour of a class.

use egui::ecolor::Hsva;
use egui::{Button, Color32, Label, Role, Sense, Slider, Ui, WidgetInfo, vec2};

use super::{ClassesView, Desk, bind, class_at_cursor};
use crate::state::labelling::KEYS;
use crate::state::labelling::classes::{ClassTable, Doing};
use crate::ui::dialogs::dim;
use crate::ui::theme::{Tokens, space};

/// Colours to choose from: hues that those tell apart who see few colours, of Okabe and Ito ("Color Universal
/// Design", 2008), and three more. Each with its name.
const PALETTE: [([u8; 3], &str); 10] = [
    ([230, 159, 0], "Orange"),
    ([86, 180, 233], "Sky blue"),
    ([0, 158, 115], "Green"),
    ([240, 228, 66], "Yellow"),
    ([0, 114, 178], "Blue"),
    ([213, 94, 0], "Vermilion"),
    ([204, 121, 167], "Purple"),
    ([220, 50, 60], "Red"),
    ([150, 110, 80], "Brown"),
    ([140, 140, 150], "Grey"),
];

pub(super) fn keying_ui(ui: &mut Ui, desk: &mut Desk<'_, '_, '_>, table: &ClassTable) {
    let Some((identity, class)) = class_at_cursor(desk, table) else { return };
    let name = desk.name(identity);
    let now =
        desk.key_of(class).map_or_else(|| "none now".to_owned(), |key| format!("{} now", key.to_uppercase()));
    ui.add(Label::new(format!("Press a key for “{name}”. It is {now}.")).wrap());
    let keys: Vec<String> = KEYS.chars().map(|key| key.to_uppercase().to_string()).collect();
    dim(ui, format!("Free for classes: {}", keys.join(" ")));
    ui.horizontal(|ui| {
        let automatic = ui.add(Button::new("Automatic key"));
        if automatic.on_hover_text("The first key that no class has, in their order").clicked() {
            bind(desk, table, None);
        }
        if ui.button("Leave it").clicked() {
            desk.begin(Doing::Nothing);
        }
    });
}

pub(super) fn colouring_ui(ui: &mut Ui, desk: &mut Desk<'_, '_, '_>, view: &mut ClassesView) {
    let Some((identity, class)) = class_at_cursor(desk, &view.table) else { return };
    let identity = identity.to_owned();
    let name = desk.name(&identity);
    let chosen = desk.classes().entry(&identity).and_then(|entry| entry.colour);
    ui.add(Label::new(format!("The colour of “{name}”")).wrap());
    let mut to = None;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        for (colour, title) in PALETTE {
            if swatch_ui(ui, colour, title, chosen == Some(colour)) {
                to = Some(Some(colour));
            }
        }
        let automatic = Button::new("Automatic colour").selected(chosen.is_none());
        if ui.add(automatic).on_hover_text("The colour that follows from the class's place").clicked() {
            to = Some(None);
        }
        if ui.button("Leave it").clicked() {
            desk.begin(Doing::Nothing);
        }
    });
    let shown = Tokens::of(ui).class_of(&desk.session.snapshot, class);
    let [red, green, blue] = view.colour.or(chosen).unwrap_or([shown.r(), shown.g(), shown.b()]);
    let mut picked = Hsva::from_srgb([red, green, blue]);
    ui.spacing_mut().slider_width = 200.0;
    let mut has_moved = false;
    for (part, most, title) in [
        (&mut picked.h, 0.999, "Hue"),
        (&mut picked.s, 1.0, "Saturation"),
        (&mut picked.v, 1.0, "Brightness"),
    ] {
        let slider = Slider::new(part, 0.0..=most).show_value(false).text(title);
        has_moved |= ui.add(slider).changed();
    }
    if has_moved {
        view.colour = Some(picked.to_srgb());
    }
    // A colour that is dragged through is taken once it is let go.
    let is_held = ui.input(|input| input.pointer.any_down());
    if let Some(colour) = view.colour.filter(|_| !is_held) {
        view.colour = None;
        to = Some(Some(colour));
    }
    if let Some(colour) = to.filter(|colour| *colour != chosen) {
        let what = match colour {
            Some(_) => format!("Give “{name}” another colour"),
            None => format!("Give “{name}” its automatic colour"),
        };
        desk.change(desk.classes().coloured(&identity, colour), what);
        // Another one may be looked for.
        desk.begin(Doing::Colouring);
    }
}

/// A colour to click on.
fn swatch_ui(ui: &mut Ui, [red, green, blue]: [u8; 3], title: &str, is_on: bool) -> bool {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(space::ROW, space::ROW), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, ui.is_enabled(), is_on, title));
    ui.painter().circle_filled(rect.center(), 9.0, Color32::from_rgb(red, green, blue));
    if is_on || response.hovered() || response.has_focus() {
        let edge = if is_on { tokens.accent } else { tokens.text_dim };
        ui.painter().circle_stroke(rect.center(), 11.5, (1.5, edge));
    }
    response.on_hover_text(title).clicked()
}
