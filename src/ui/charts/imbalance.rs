//! How unevenly samples are spread over classes, in figures with their formulas.

use std::sync::Arc;

use egui::{Ui, WidgetInfo};

use super::card::Pen;
use crate::analysis::distribution::{DEFAULT_BETA, Imbalance};
use crate::crossfilter::{Figures, Labels};
use crate::text::{counted, grouped, significant};
use crate::ui::widgets;

/// Drawing state: the figures, and what they are of.
#[derive(Default)]
pub(super) struct ImbalanceView {
    of: Option<Arc<Figures>>,
    figures: Imbalance,
}

/// Draws the figures of the classes of those samples that are left.
pub(super) fn imbalance_ui(
    ui: &mut Ui,
    pen: &Pen<'_, '_>,
    view: &mut ImbalanceView,
    figures: &Arc<Figures>,
    labels: &Labels,
) {
    if view.of.as_ref().is_none_or(|of| !Arc::ptr_eq(of, figures)) {
        view.figures = Imbalance::of(&labels.shown_by_class(), DEFAULT_BETA);
        view.of = Some(figures.clone());
    }
    let found = &view.figures;
    if found.total == 0 {
        ui.label(widgets::dim("None of the samples that fit has a label."));
        return;
    }
    let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), significant);
    let effective: f64 = found.effective.iter().sum();
    let rows = [
        (
            "Classes",
            grouped((found.classes - found.empty.len()) as u64),
            "classes that have samples that fit",
        ),
        (
            "Imbalance ratio",
            number(found.ratio),
            "the largest class by the smallest one that has samples: max n / min n",
        ),
        (
            "Normalised entropy",
            number(found.entropy),
            "−Σ p ln p / ln K: 1 where all K classes have as many samples (Shannon 1948, Pielou 1966)",
        ),
        (
            "Gini",
            number(found.gini),
            "Σ (2i − K − 1) n / (K Σ n), n ascending, i from 1: 0 where all classes have as many samples (Gini 1912)",
        ),
        (
            "Effective number",
            number(Some(effective)),
            "Σ (1 − βⁿ) / (1 − β), β = 0.999: what the samples of each class are worth where they overlap (Cui et \
             al. 2019)",
        ),
    ];
    egui::Grid::new("imbalance").num_columns(2).spacing([24.0, 4.0]).show(ui, |ui| {
        for (title, value, formula) in &rows {
            ui.label(*title).on_hover_text(*formula);
            let response = ui.label(value).on_hover_text(*formula);
            response
                .widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, format!("{title}: {value}")));
            ui.end_row();
        }
    });
    let names = &pen.session.snapshot.labels().classes;
    if let Some(rarest) = found.rarest
        && let Some(name) = names.get(rarest.class)
    {
        let is_rare = if rarest.is_rare() { "under" } else { "not under" };
        let text = format!(
            "The rarest class, {name}, has {} of all: {is_rare} 0.1 / K = {}.",
            significant(rarest.share),
            significant(rarest.threshold)
        );
        ui.add(egui::Label::new(widgets::dim(text)).wrap());
    }
    if !found.empty.is_empty() {
        let text = format!("{} without samples that fit.", counted(found.empty.len() as u64, "class"));
        ui.label(widgets::dim(text));
    }
}
