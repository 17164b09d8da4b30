//! The settings of the whole program.

use std::ops::RangeInclusive;

use egui::{Grid, RichText, Slider, TextEdit, Ui};

use super::{Pen, dim};
use crate::state::Action;
use crate::store::{Settings, Theme};
use crate::ui::theme::{Tokens, space};

const GB: f64 = 1e9;

/// Values under a slider that is being dragged: the interface must not change size under the
/// pointer, nor the disk be written at each step.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    scale_percent: Option<f64>,
    cache_gb: Option<f64>,
}

impl Drafts {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

pub(super) fn settings_ui(ui: &mut Ui, pen: &mut Pen, drafts: &mut Drafts, places: &[(String, String)]) {
    let now = &pen.pencil.state.settings;
    let mut new = now.clone();
    Grid::new("settings").num_columns(2).spacing([space::L, space::S]).show(ui, |ui| {
        name_ui(ui, "Theme");
        ui.horizontal(|ui| {
            for (theme, text) in [(Theme::System, "System"), (Theme::Dark, "Dark"), (Theme::Light, "Light")] {
                if ui.selectable_label(new.theme == theme, text).clicked() {
                    new.theme = theme;
                }
            }
        });
        ui.end_row();

        name_ui(ui, "Interface scale");
        let (least, most) = (Settings::SCALES.start() * 100.0, Settings::SCALES.end() * 100.0);
        let scale = f64::from(new.interface_scale) * 100.0;
        let range = f64::from(least)..=f64::from(most);
        let percent = released(ui, &mut drafts.scale_percent, scale, "Interface scale", range, |slider| {
            slider.step_by(5.0).suffix(" %")
        });
        if let Some(percent) = percent {
            new.interface_scale = (percent / 100.0) as f32;
        }
        ui.end_row();

        name_ui(ui, "Your name");
        let field = TextEdit::singleline(&mut new.person).hint_text("Optional").desired_width(240.0);
        ui.add(field).accessible_name("Your name");
        ui.end_row();
        help_ui(ui, "Noted with each decision in the project, for whoever reads it later.");

        name_ui(ui, "Thumbnail cache");
        let cache = new.thumbnail_cache_bytes as f64 / GB;
        let gb = released(ui, &mut drafts.cache_gb, cache, "Thumbnail cache", 0.25..=64.0, |slider| {
            slider.logarithmic(true).max_decimals(2).suffix(" GB")
        });
        if let Some(gb) = gb {
            new.thumbnail_cache_bytes = (gb * GB) as u64;
        }
        ui.end_row();
        help_ui(
            ui,
            "The most that the thumbnails of one dataset take on the disk. Beyond it, those that were \
             not looked at for longest are made again when needed.",
        );
    });
    if new != *now {
        pen.act(Action::ChangeSettings(Box::new(new)));
    }
    if !places.is_empty() {
        ui.add_space(space::S);
        ui.separator();
        places_ui(ui, places);
    }
}

/// Where data is kept, each path selectable.
pub(super) fn places_ui(ui: &mut Ui, places: &[(String, String)]) {
    Grid::new("places").num_columns(2).spacing([space::L, space::XS]).show(ui, |ui| {
        for (title, path) in places {
            name_ui(ui, title);
            let text = RichText::new(path).monospace();
            ui.add(egui::Label::new(text).truncate().selectable(true)).on_hover_text(path);
            ui.end_row();
        }
    });
}

/// What a setting means, on a row of its own under it.
fn help_ui(ui: &mut Ui, text: &str) {
    ui.label("");
    dim(ui, text);
    ui.end_row();
}

fn name_ui(ui: &mut Ui, name: &str) {
    let color = Tokens::of(ui).text_dim;
    ui.label(RichText::new(name).color(color));
}

/// A slider that gives its value once the person lets go of it.
fn released(
    ui: &mut Ui,
    draft: &mut Option<f64>,
    now: f64,
    name: &str,
    range: RangeInclusive<f64>,
    finish: impl FnOnce(Slider<'_>) -> Slider<'_>,
) -> Option<f64> {
    let mut value = draft.unwrap_or(now);
    let slider = finish(Slider::new(&mut value, range).update_while_editing(false));
    let response = ui.add(slider).accessible_name(name);
    if response.dragged() {
        *draft = Some(value);
        return None;
    }
    (draft.take().is_some() || response.changed()).then_some(value).filter(|value| *value != now)
}
