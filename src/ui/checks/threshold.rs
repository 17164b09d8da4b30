//! The threshold of a check as a slider and a number, and what it means for how many samples.

use egui::{DragValue, RichText, Slider, Ui, WidgetInfo};

use super::{ChecksView, Shown};
use crate::review::judge::{default_threshold, usual_threshold};
use crate::state::Action;
use crate::text::{counted, grouped};
use crate::ui::theme::{Tokens, space};
use crate::ui::{Pencil, widgets};

/// Draws the slider, the number and the button beside it, and under them how many samples it flags.
pub fn threshold_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, view: &mut ChecksView, shown: &Shown<'_>) {
    let settings = &shown.session.review.settings;
    let own = settings.thresholds[shown.flag as usize];
    let usual = usual_threshold(shown.flag, shown.analysed);
    ui.horizontal_wrapped(|ui| {
        let mut threshold = shown.threshold;
        // The button and the number stand beside it, or under it where it is narrow.
        ui.spacing_mut().slider_width = (ui.available_width() - 170.0).clamp(120.0, 420.0);
        // Steps are for who moves it: a threshold that follows from the data lies between them, and looking
        // at it sets nothing.
        let slider = Slider::new(&mut threshold, 0.0..=1.0).step_by(0.005).show_value(false);
        let slider = ui.add(slider.clamping(egui::SliderClamping::Edits));
        slider.widget_info(|| WidgetInfo::slider(ui.is_enabled(), f64::from(threshold), "Threshold"));
        let number = DragValue::new(&mut threshold)
            .range(0.0..=1.0)
            .speed(0.001)
            .fixed_decimals(3)
            .update_while_editing(false);
        let number = ui.add(number).accessible_name("Threshold as a number");
        if slider.changed() || number.changed() {
            view.moved = Some(threshold);
        }
        let default = ui.add_enabled(own.is_some(), egui::Button::new("Default"));
        if default.on_hover_text(format!("Back to {usual:.3}")).clicked() {
            view.moved = None;
            set(pencil, shown, None);
        }
    });
    let (under, known) = (shown.under as u64, shown.order.len() as u64);
    ui.horizontal_wrapped(|ui| {
        ui.label(format!("{} of {} under {:.3}", grouped(under), counted(known, "sample"), shown.threshold));
        let from = match view.moved.or(own) {
            Some(_) => "your threshold",
            None if usual == default_threshold(shown.flag) => "the usual threshold",
            None => "a threshold from the data",
        };
        ui.add(egui::Label::new(widgets::dim(from)).extend());
    });
    if !shown.is_raised {
        most_ui(ui, under, known);
    }
}

/// Says why nothing is flagged although samples are under the line.
fn most_ui(ui: &mut Ui, under: u64, known: u64) {
    let tokens = Tokens::of(ui);
    ui.add_space(space::XS);
    egui::Frame::new()
        .fill(tokens.raised)
        .corner_radius(space::RADIUS)
        .inner_margin(egui::Margin::symmetric(space::M as i8, space::S as i8))
        .show(ui, |ui| {
            let title = format!("Most of the dataset: {} of {}", grouped(under), grouped(known));
            ui.label(RichText::new(title).color(tokens.warn));
            let text = "More than half of the samples are under this threshold. That says something of the \
                        dataset and nothing of a sample, so none is flagged. A lower threshold flags the \
                        worst of them.";
            ui.add(egui::Label::new(widgets::dim(text)).wrap());
        });
}

/// Asks for another threshold, or for the usual one.
pub fn set(pencil: &mut Pencil<'_>, shown: &Shown<'_>, threshold: Option<f32>) {
    let mut settings = shown.session.review.settings.clone();
    settings.thresholds[shown.flag as usize] = threshold;
    pencil.act(Action::ChangeReview(Box::new(settings)));
}
