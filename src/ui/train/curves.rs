//! The losses over the steps, and what each latent dimension says.

use egui::{Align2, Color32, FontId, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use egui_plot::{Corner, Legend, Line, Plot, PlotPoint, PlotPoints, Points};

use crate::state::training::{COLLAPSED, Run};
use crate::text::{counted, grouped};
use crate::train::checkpoint::Figures;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets;

/// Heights of the plot and of the bars, in points.
const PLOT: f32 = 210.0;
const BARS: f32 = 74.0;

/// Drawing state of the curves.
#[derive(Default)]
pub struct CurvesView {
    shown: Quantity,
    line: Vec<PlotPoint>,
    held_out: Vec<PlotPoint>,
}

/// What is drawn over the steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Quantity {
    #[default]
    Elbo,
    Reconstruction,
    Divergence,
}

impl Quantity {
    const ALL: [Self; 3] = [Self::Elbo, Self::Reconstruction, Self::Divergence];

    fn title(self) -> &'static str {
        match self {
            Self::Elbo => "ELBO",
            Self::Reconstruction => "Reconstruction",
            Self::Divergence => "KL",
        }
    }

    fn help(self) -> &'static str {
        match self {
            Self::Elbo => {
                "The evidence's lower bound: how well the model explains a sample. Higher is better."
            }
            Self::Reconstruction => "What a sample loses on its way through the latent. Lower is better.",
            Self::Divergence => "How much the latent says of a sample beyond the prior.",
        }
    }

    fn of(self, figures: &Figures) -> f64 {
        match self {
            Self::Elbo => figures.elbo(),
            Self::Reconstruction => figures.reconstruction,
            Self::Divergence => figures.divergence,
        }
    }
}

/// Draws the curves of a run, and its latent dimensions.
pub fn curves_ui(ui: &mut Ui, run: &Run, view: &mut CurvesView) {
    let tokens = Tokens::of(ui);
    ui.horizontal_wrapped(|ui| {
        for quantity in Quantity::ALL {
            let chip = widgets::chip(ui, view.shown == quantity, quantity.title());
            if chip.on_hover_text(quantity.help()).clicked() {
                view.shown = quantity;
            }
        }
        ui.label(widgets::dim("nats per sample"));
    });
    let quantity = view.shown;
    let finite = |point: &PlotPoint| point.y.is_finite();
    view.line.clear();
    let points = run.curve.points.iter().map(|point| PlotPoint::new(point.step, quantity.of(&point.figures)));
    view.line.extend(points.filter(finite));
    view.held_out.clear();
    let points = run.held_out.iter().map(|report| {
        let step = report.step as f64;
        PlotPoint::new(step, quantity.of(&report.figures))
    });
    view.held_out.extend(points.filter(finite));
    let (line, held_out) = (&view.line, &view.held_out);
    let plot = Plot::new("losses")
        .height(PLOT)
        .legend(Legend::default().position(Corner::RightBottom).background_alpha(0.6))
        .grid_color(tokens.line)
        .show_background(false)
        .allow_scroll(false)
        .x_axis_formatter(|mark, _| grouped(mark.value.max(0.0) as u64))
        .y_axis_min_width(44.0);
    let response = plot.show(ui, |plot| {
        plot.line(Line::new("trained on", PlotPoints::Borrowed(line)).color(tokens.accent).width(1.5));
        if !held_out.is_empty() {
            let dots = PlotPoints::Borrowed(held_out);
            plot.line(Line::new("held out", PlotPoints::Borrowed(held_out)).color(tokens.warn).width(1.5));
            plot.points(Points::new("held out", dots).color(tokens.warn).radius(3.0));
        }
    });
    response.response.widget_info(|| {
        WidgetInfo::labeled(Role::Image, true, format!("{} over the steps", quantity.title()))
    });
    gap_ui(ui, run, quantity);
    ui.add_space(space::S);
    dimensions_ui(ui, run);
}

/// How far what is held out is from what is trained on, in words.
fn gap_ui(ui: &mut Ui, run: &Run, quantity: Quantity) {
    let (Some(report), Some(point)) = (run.held_out.last(), run.curve.points.last()) else { return };
    let (held_out, trained) = (quantity.of(&report.figures), quantity.of(&point.figures));
    let text = format!(
        "Held out {held_out:.1} at step {}, of {}; trained on {trained:.1}. The gap is {:.1} nats.",
        grouped(report.step),
        counted(report.rows as u64, "sample"),
        (trained - held_out).abs()
    );
    ui.add(egui::Label::new(widgets::dim(text)).wrap());
}

/// A bar for each latent dimension; those that say nothing stand back.
fn dimensions_ui(ui: &mut Ui, run: &Run) {
    let numbers = run.by_dimension();
    if numbers.is_empty() {
        return;
    }
    let tokens = Tokens::of(ui);
    let collapsed = numbers.iter().filter(|nats| **nats < COLLAPSED).count();
    let text = match collapsed {
        0 => format!("All {} are in use", counted(numbers.len() as u64, "latent dimension")),
        _ => format!("{collapsed} of {} have collapsed", counted(numbers.len() as u64, "latent dimension")),
    };
    ui.horizontal_wrapped(|ui| {
        widgets::group_heading(ui, "KL by dimension");
        let note = ui.label(widgets::dim(&text));
        note.on_hover_text(format!("A dimension under {COLLAPSED} nats says nothing of a sample"));
    });
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), BARS), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("KL by dimension: {text}")));
    let most = numbers.iter().copied().filter(|nats| nats.is_finite()).fold(COLLAPSED, f32::max);
    let width = (rect.width() / numbers.len() as f32).min(40.0);
    let pointed = response.hover_pos().map(|at| ((at.x - rect.left()) / width) as usize);
    let painter = ui.painter_at(rect.expand(1.0));
    for (at, nats) in numbers.iter().enumerate() {
        let left = rect.left() + at as f32 * width;
        let gap = if width > 4.0 { 1.0 } else { 0.0 };
        let height = (nats / most * (BARS - 16.0)).clamp(1.0, BARS);
        let bar = Rect::from_min_max(
            pos2(left + gap, rect.bottom() - height),
            pos2(left + width - gap, rect.bottom()),
        );
        let color: Color32 = match *nats < COLLAPSED {
            true => tokens.text_dim.gamma_multiply(0.5),
            false if pointed == Some(at) => tokens.text,
            false => tokens.accent,
        };
        painter.rect_filled(bar, 1.0, color);
    }
    painter.hline(rect.x_range(), rect.bottom(), (1.0, tokens.line));
    let small = FontId::proportional(size::SMALL);
    let most_text = format!("{most:.1} nats");
    painter.text(rect.right_top(), Align2::RIGHT_TOP, most_text, small, tokens.text_dim);
    if let Some((at, nats)) = pointed.and_then(|at| Some((at, numbers.get(at)?))) {
        response.on_hover_text_at_pointer(format!("Dimension {}: {nats:.3} nats", at + 1));
    }
}
