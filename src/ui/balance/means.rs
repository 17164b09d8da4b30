//! The means of a plan as switches, in the order in which they are done.

use egui::{DragValue, Ui};

use crate::balance::Weighting;
use crate::dataset::edit::PipelineSlot;
use crate::state::balance::{BalanceSettings, FillChoice};
use crate::ui::widgets;

pub(super) fn means_ui(ui: &mut Ui, settings: &mut BalanceSettings) {
    widgets::group_heading(ui, "Means, in this order");
    ui.checkbox(&mut settings.prune, "1. Prune the most redundant first").on_hover_text(
        "Near-duplicates of the same labels go from classes that are too large, nearest first; one of each group stays",
    );
    ui.checkbox(&mut settings.undersample, "2. Undersample")
        .on_hover_text("Samples of classes that are still too large go by chance");
    widgets::part_heading(ui, "3. Oversample classes that are too small");
    let variants = "Further copies are variants by the pipeline of the panel Augment";
    widgets::choose(
        ui,
        &mut settings.fill,
        &[
            (FillChoice::Nothing, "No", "Classes that are too small stay so"),
            (FillChoice::Repeats, "By repetition", "Samples are there more than once"),
            (FillChoice::Variants(PipelineSlot::A), "By pipeline A", variants),
            (FillChoice::Variants(PipelineSlot::B), "By pipeline B", variants),
        ],
    );
    let mut is_weighed = settings.weights.is_some();
    let help = "Samples are weighed by the counts after all that, for a sampler or a loss";
    if ui.checkbox(&mut is_weighed, "4. Class weights").on_hover_text(help).changed() {
        settings.weights = is_weighed.then(Weighting::default);
    }
    if let Some(weighting) = &mut settings.weights {
        weighting_ui(ui, weighting);
    }
}

fn weighting_ui(ui: &mut Ui, weighting: &mut Weighting) {
    let effective = match *weighting {
        Weighting::Effective { beta } => Weighting::Effective { beta },
        _ => Weighting::Effective { beta: Weighting::BETA },
    };
    let about = "One over the effective number of samples, (1 − β) / (1 − βⁿ)";
    widgets::choose(
        ui,
        weighting,
        &[
            (
                Weighting::Wanted,
                "Wanted / there",
                "A sampler that draws by weight gives the wanted distribution",
            ),
            (Weighting::Inverse, "1 / n", "Inverse class frequency"),
            (effective, "Effective number", about),
        ],
    );
    if let Weighting::Effective { beta } = weighting {
        let field = DragValue::new(beta).range(0.0..=0.999_999).speed(0.0005).max_decimals(6);
        ui.add(field.prefix("β ").update_while_editing(false)).accessible_name("β of the effective number");
    }
}
