//! The two directions of map and sheet, and how the samples lie beside the prior.

use egui::{Align2, ComboBox, DragValue, FontId, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::state::latent::{Axes, LatentView, OpenModel};
use crate::train::latent::Aggregate;
use crate::train::space::Space;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets;

/// Draws the choice of directions.
pub fn axes_ui(ui: &mut Ui, model: &OpenModel, found: Option<&Space>, view: &mut LatentView) {
    widgets::group_heading(ui, "Axes");
    let latent = model.about.config.shape.latent;
    let principal = matches!(view.axes, Axes::Principal(_));
    let title = if principal { "Principal axes" } else { "Dimensions" };
    let shown = ComboBox::from_id_salt("axes").width(180.0).selected_text(title).show_ui(ui, |ui| {
        let help = "The directions in which the samples differ most";
        if ui.selectable_label(principal, "Principal axes").on_hover_text(help).clicked() && !principal {
            view.axes = Axes::Principal([0, 1]);
        }
        let help = "Two numbers of the latent, as they are";
        if ui.selectable_label(!principal, "Dimensions").on_hover_text(help).clicked() && principal {
            view.axes = Axes::Dimensions([0, 1]);
        }
    });
    shown.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, format!("Axes: {title}")));
    let most = match view.axes {
        // Which ones there are is known once the samples are encoded.
        Axes::Principal(_) => found.map_or(latent, |found| found.pca.count()),
        Axes::Dimensions(_) => latent,
    };
    let (Axes::Principal(axes) | Axes::Dimensions(axes)) = &mut view.axes;
    ui.horizontal_wrapped(|ui| {
        for (axis, name) in axes.iter_mut().zip(["Across", "Up"]) {
            ui.label(widgets::dim(name));
            // People count from one.
            let mut number = *axis + 1;
            let field = DragValue::new(&mut number).range(1..=most.max(1)).speed(0.1);
            ui.add(field.update_while_editing(false)).accessible_name(format!("{name}: axis"));
            *axis = number - 1;
        }
    });
    if let (Axes::Principal([across, up]), Some(found)) = (view.axes, found) {
        let share = |at: usize| found.pca.share(at) * 100.0;
        let text = format!("{:.0} % and {:.0} % of how the samples differ", share(across), share(up));
        ui.add(egui::Label::new(widgets::dim(text)).wrap());
    }
}

/// Draws where the samples lie in each dimension, beside the prior.
pub fn aggregate_ui(ui: &mut Ui, aggregate: &Aggregate) {
    const LINE: f32 = 9.0;
    const REACH: f32 = 3.0;
    let tokens = Tokens::of(ui);
    ui.add_space(space::M);
    widgets::group_heading(ui, "Samples beside the prior");
    let help = "Mean and deviation of the aggregate posterior in each dimension; the band is the prior's, −1 to 1. \
                The sum is what a draw from the prior is away from where the samples lie.";
    let text = format!("{:.2} nats apart, dimension by dimension", aggregate.divergence());
    ui.add(egui::Label::new(widgets::dim(text)).wrap()).on_hover_text(help);
    let count = aggregate.means.len();
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), count as f32 * LINE), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "Aggregate posterior beside the prior"));
    let x_of = |value: f32| {
        let part = (value.clamp(-REACH, REACH) / REACH + 1.0) / 2.0;
        rect.left() + part * rect.width()
    };
    let painter = ui.painter_at(rect.expand(1.0));
    let band = Rect::from_x_y_ranges(x_of(-1.0)..=x_of(1.0), rect.y_range());
    painter.rect_filled(band, 0.0, tokens.accent_soft);
    painter.vline(x_of(0.0), rect.y_range(), (1.0, tokens.line));
    for (at, (mean, deviation)) in aggregate.means.iter().zip(&aggregate.deviations).enumerate() {
        let y = rect.top() + (at as f32 + 0.5) * LINE;
        painter.hline(x_of(mean - deviation)..=x_of(mean + deviation), y, (3.0, tokens.accent));
        painter.circle_filled(pos2(x_of(*mean), y), 2.5, tokens.text);
    }
    if let Some(at) = response.hover_pos().map(|pos| ((pos.y - rect.top()) / LINE) as usize)
        && at < count
    {
        let text = format!(
            "Dimension {}: mean {:.2}, deviation {:.2}, {:.3} nats from the prior",
            at + 1,
            aggregate.means[at],
            aggregate.deviations[at],
            aggregate.divergences[at]
        );
        response.on_hover_text_at_pointer(text);
    }
    let (axis, _) = ui.allocate_exact_size(vec2(ui.available_width(), 12.0), Sense::hover());
    for (value, align) in
        [(-REACH, Align2::LEFT_CENTER), (0.0, Align2::CENTER_CENTER), (REACH, Align2::RIGHT_CENTER)]
    {
        let at = pos2(x_of(value), axis.center().y);
        ui.painter().text(
            at,
            align,
            format!("{value:.0}"),
            FontId::proportional(size::SMALL),
            tokens.text_dim,
        );
    }
}
