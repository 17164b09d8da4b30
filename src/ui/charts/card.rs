//! A card: its title, what a person sets of it, and the chart.

use egui::{Align, Frame, Layout, Margin, Popup, PopupCloseBehavior, RichText, TextEdit, Ui};
use egui_material_icons::icons;

use super::bars::BarsView;
use super::drawn::DrawnView;
use super::imbalance::ImbalanceView;
use super::scatter::ScatterView;
use super::splits::SplitsView;
use super::zoom::HINT;
use super::{Drag, Known, bars, drawn, histogram, imbalance, relations, scatter, splits, study};
use crate::crossfilter::{Card, Figures, Kind, Order, Scattered, saved_titles};
use crate::state::{Action, Session};
use crate::ui::Pencil;
use crate::ui::theme::{Tokens, bold, size, space};
use crate::ui::widgets;

/// Bins that a person can set at most.
const BINS: u16 = 200;

/// Drawing state of a card: what is worked out of its figures once rather than once a frame.
#[derive(Default)]
pub(super) struct CardView {
    pub bars: BarsView,
    pub splits: SplitsView,
    pub imbalance: ImbalanceView,
    pub scatter: ScatterView,
    pub drawn: DrawnView,
}

/// What a card is drawn with.
pub(super) struct Pen<'a, 'b> {
    pub pencil: &'a mut Pencil<'b>,
    pub session: &'a Session,
    pub card: &'a Card,
    pub drag: &'a mut Option<Drag>,
    pub known: &'a Known,
}

/// Draws a card; gives what becomes of it where a person changed it: another one, or none.
pub(super) fn card_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    card: &Card,
    view: &mut CardView,
    drag: &mut Option<Drag>,
    known: &Known,
) -> Option<Option<Card>> {
    let tokens = Tokens::of(ui);
    let mut changed = card.clone();
    let mut is_removed = false;
    let frame = Frame::new().fill(tokens.panel).corner_radius(6).stroke((1.0, tokens.line));
    frame.inner_margin(Margin::same(space::S as i8)).show(ui, |ui| {
        ui.push_id(("card", card.id), |ui| {
            ui.set_width(ui.available_width());
            let title = title(card, known);
            is_removed = head_ui(ui, pencil, session, &title, &mut changed, known);
            let mut pen = Pen { pencil, session, card, drag, known };
            body_ui(ui, &mut pen, view);
        });
    });
    let is_changed = is_removed || changed != *card;
    is_changed.then(|| (!is_removed).then_some(changed))
}

/// The name of a card.
fn title(card: &Card, known: &Known) -> String {
    match &card.kind {
        Kind::Classes if card.options.cumulative => "Classes, cumulative".to_owned(),
        Kind::Classes => "Classes".to_owned(),
        Kind::Imbalance => "Imbalance".to_owned(),
        Kind::Splits => "Splits".to_owned(),
        Kind::Numbers { column } | Kind::Values { column } => known.title(column),
        Kind::BoxPlots { column } => format!("{} by class", known.title(column)),
        Kind::Scatter { x, y } => format!("{} and {}", known.title(x), known.title(y)),
        Kind::Relations { with } if with == "label" => "Labels with labels".to_owned(),
        Kind::Relations { with } => format!("Labels with {}", known.title(with)),
        Kind::Boxes => "Boxes".to_owned(),
        Kind::Pictures => "Pictures".to_owned(),
        Kind::Coverage => "Coverage and diversity".to_owned(),
    }
}

/// The title with the buttons beside it; tells whether the card is to go.
fn head_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    title: &str,
    card: &mut Card,
    known: &Known,
) -> bool {
    let mut is_removed = false;
    ui.horizontal(|ui| {
        ui.add(egui::Label::new(RichText::new(title).font(bold(size::BODY))).truncate());
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            let name = format!("Remove the chart {title}");
            is_removed = widgets::icon_button(ui, icons::ICON_CLOSE, &name).clicked();
            save_ui(ui, pencil, session, title, card);
            let name = format!("Options of the chart {title}");
            let button = widgets::icon_button(ui, icons::ICON_TUNE, &name);
            Popup::menu(&button).close_behavior(PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
                ui.set_width(230.0);
                options_ui(ui, card, known);
            });
        });
    });
    is_removed
}

/// The button that saves; a card of several charts has a menu of them.
fn save_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, title: &str, card: &Card) {
    let id = card.id;
    let button = widgets::icon_button(ui, icons::ICON_SAVE, &format!("Save the chart {title}"));
    let menu = Popup::menu(&button);
    if !button.clicked() && !menu.is_open() {
        return;
    }
    let charts = match session.charts.study(id) {
        Some(study) => study.found.charts.iter().map(|chart| chart.title.clone()).collect(),
        None => session.charts.figures(id).map_or(Vec::new(), |figures| saved_titles(&card.kind, figures)),
    };
    if charts.len() < 2 {
        if button.clicked() {
            pencil.act(Action::PickChartFile { card: id, chart: None });
        }
        return;
    }
    menu.show(|ui| {
        for (at, chart) in charts.iter().enumerate() {
            if ui.button(chart).clicked() {
                pencil.act(Action::PickChartFile { card: id, chart: Some(at) });
            }
        }
        ui.separator();
        let about = "The first to the file that is named, the others beside it with a number in their names";
        if ui.button(format!("All {}", charts.len())).on_hover_text(about).clicked() {
            pencil.act(Action::PickChartFile { card: id, chart: None });
        }
    });
}

fn options_ui(ui: &mut Ui, card: &mut Card, known: &Known) {
    let options = &mut card.options;
    let is_of_classes = matches!(card.kind, Kind::Classes | Kind::Splits | Kind::Values { .. });
    if is_of_classes {
        ui.horizontal(|ui| {
            for order in Order::ALL {
                ui.selectable_value(&mut options.order, order, order.title());
            }
        });
        top_ui(ui, &mut options.top);
        let field = TextEdit::singleline(&mut options.search).hint_text("Search names");
        ui.add(field).accessible_name("Search names");
    }
    if matches!(card.kind, Kind::Classes | Kind::Numbers { .. }) {
        ui.checkbox(&mut options.by_split, "Stacked by split");
    }
    if matches!(card.kind, Kind::Classes) {
        ui.checkbox(&mut options.cumulative, "Cumulative curve");
    }
    if matches!(card.kind, Kind::Classes | Kind::Numbers { .. } | Kind::Values { .. } | Kind::Boxes) {
        ui.checkbox(&mut options.log_counts, "Counts by their logarithm");
    }
    match &card.kind {
        Kind::Numbers { .. } => {
            ui.checkbox(&mut options.log_axes[0], "Numbers by their logarithm");
            bins_ui(ui, &mut options.bins);
        }
        Kind::Scatter { x, y } => {
            ui.horizontal(|ui| {
                for (form, title, help) in [
                    (None, "As fits", "As points where that is fluid on this machine"),
                    (Some(Scattered::Points), "Points", "A point for each sample"),
                    (
                        Some(Scattered::Density),
                        "Density",
                        "How many samples there are in each cell of a grid",
                    ),
                ] {
                    ui.selectable_value(&mut options.scattered, form, title).on_hover_text(help);
                }
            });
            if options.scattered != Some(Scattered::Density) {
                ui.checkbox(&mut options.by_class, "Points coloured by class");
            }
            for (log, name) in options.log_axes.iter_mut().zip([x, y]) {
                ui.checkbox(log, format!("{} by its logarithm", known.title(name)));
            }
            ui.add(egui::Label::new(widgets::dim(HINT)).wrap());
        }
        Kind::BoxPlots { .. } => {
            ui.checkbox(&mut options.log_axes[0], "Numbers by their logarithm");
            top_ui(ui, &mut options.top);
        }
        Kind::Pictures | Kind::Coverage => top_ui(ui, &mut options.top),
        Kind::Imbalance | Kind::Relations { .. } => {
            ui.label(widgets::dim("Nothing to set here."));
        }
        _ => {}
    }
}

/// How many rows there are at most.
fn top_ui(ui: &mut Ui, top: &mut Option<u32>) {
    ui.horizontal(|ui| {
        let mut is_all = top.is_none();
        if ui.checkbox(&mut is_all, "All").changed() {
            *top = (!is_all).then_some(20);
        }
        if let Some(top) = top {
            ui.add(egui::DragValue::new(top).range(1..=10_000).prefix("the first "))
                .accessible_name("How many are shown");
        }
    });
}

fn bins_ui(ui: &mut Ui, bins: &mut Option<u16>) {
    ui.horizontal(|ui| {
        let mut is_auto = bins.is_none();
        if ui.checkbox(&mut is_auto, "Bins by the data").changed() {
            *bins = (!is_auto).then_some(30);
        }
        if let Some(bins) = bins {
            ui.add(egui::DragValue::new(bins).range(1..=BINS).suffix(" bins"))
                .accessible_name("Number of bins");
        }
    });
}

fn body_ui(ui: &mut Ui, pen: &mut Pen<'_, '_>, view: &mut CardView) {
    let card = pen.card;
    if card.kind.is_asked_for() {
        return study::study_ui(ui, pen, &mut view.drawn);
    }
    let Some(figures) = pen.session.charts.figures(card.id).cloned() else {
        ui.label(widgets::dim("Counting …"));
        return;
    };
    match (&card.kind, figures.as_ref()) {
        (_, Figures::Nothing(why)) => {
            ui.add(egui::Label::new(widgets::dim(why)).wrap());
        }
        (Kind::Classes, Figures::Labels(labels)) if card.options.cumulative => {
            bars::cumulative_ui(ui, pen, &mut view.bars, labels);
        }
        (Kind::Classes, Figures::Labels(labels)) => {
            bars::classes_ui(ui, pen, &mut view.bars, labels);
        }
        (Kind::Values { column }, Figures::Values(values)) => {
            bars::values_ui(ui, pen, &mut view.bars, values, column);
        }
        (Kind::Imbalance, Figures::Labels(labels)) => {
            imbalance::imbalance_ui(ui, pen, &mut view.imbalance, &figures, labels);
        }
        (Kind::Splits, Figures::Labels(labels)) => {
            splits::splits_ui(ui, pen, &mut view.splits, &mut view.bars, &figures, labels);
        }
        (Kind::Numbers { column }, Figures::Numbers(numbers)) => {
            histogram::histogram_ui(ui, pen, numbers, column);
        }
        (Kind::Scatter { x, y }, Figures::Plane(plane)) => {
            scatter::scatter_ui(ui, pen, &mut view.scatter, &figures, plane, [x, y]);
        }
        (Kind::Relations { with }, Figures::Relations(found)) => {
            relations::relations_ui(ui, pen, found, with);
        }
        (_, Figures::Charts(charts)) => {
            drawn::charts_ui(ui, pen, &mut view.drawn, figures.clone(), charts);
        }
        // Other options were counted than those that are set now: the answer is on its way.
        _ => {
            ui.label(widgets::dim("Counting …"));
        }
    }
}
