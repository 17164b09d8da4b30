//! What makes two samples alike, and how alike they have to be: the method, the threshold over the
//! histogram of distances, and what it finds.

use std::path::PathBuf;

use egui::{
    Button, Checkbox, ComboBox, CursorIcon, DragValue, Mesh, Rect, RichText, Role, Sense, Shape, Slider, Ui,
    Vec2, WidgetInfo, pos2,
};

use crate::review::{Alike, Method};
use crate::state::training::model_name;
use crate::state::{Action, Session};
use crate::text::{bytes_text, counted, grouped};
use crate::ui::Pencil;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets;

/// Height of the histogram, in points.
const HEIGHT: f32 = 64.0;
/// Least width of a bar, in points.
const BAR: f32 = 3.0;
/// A few pairs are no high bar, on the scale of logarithms.
const LEAST_TALLEST: f32 = 2.0;
/// Points from the edge of a slider to the middle of its handle at either end.
const HANDLE: f32 = space::ROW / 2.5;
/// Points around the threshold's line at which it is taken hold of.
const GRIP: f32 = 5.0;

/// How the threshold stands.
#[derive(Debug)]
pub(super) struct ThresholdView {
    /// What a person drags it to, until the groups follow.
    moving: Option<u32>,
    /// Share of the samples to find, in per cent.
    percent: f32,
}

impl Default for ThresholdView {
    fn default() -> Self {
        Self { moving: None, percent: 10.0 }
    }
}

/// The threshold in force.
pub(super) fn threshold_of(session: &Session, alike: &Alike) -> u32 {
    let review = &session.review;
    let analysed = review.analysed.as_ref();
    analysed.map_or(alike.radius, |analysed| review.settings.threshold(analysed))
}

/// A distance with its unit: "9 bits", "612 thousandths".
pub(super) fn distance_text(method: Method, distance: u32) -> String {
    match (method.unit(), distance) {
        ("", _) => "equal".to_owned(),
        (unit, 1) => format!("1 {}", unit.trim_end_matches('s')),
        (unit, distance) => format!("{} {unit}", grouped(distance.into())),
    }
}

/// Asks for another threshold.
pub(super) fn set_threshold(pencil: &mut Pencil<'_>, session: &Session, threshold: u32) {
    let settings =
        crate::review::ReviewSettings { threshold: Some(threshold), ..session.review.settings.clone() };
    pencil.act(Action::ChangeReview(Box::new(settings)));
}

/// Draws the method.
pub(super) fn method_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session) {
    let settings = &session.review.settings;
    ui.horizontal_wrapped(|ui| {
        let mut method = settings.method;
        let combo = ComboBox::from_id_salt("method").width(168.0).height(340.0).selected_text(method.title());
        let shown = combo.show_ui(ui, |ui| {
            for choice in Method::ALL {
                ui.selectable_value(&mut method, choice, choice.title());
            }
        });
        shown.response.widget_info(|| {
            WidgetInfo::labeled(Role::ComboBox, true, format!("Method: {}", settings.method.title()))
        });
        shown.response.on_hover_text("What makes two samples alike");
        let mut symmetries = settings.symmetries;
        let toggle = Checkbox::new(&mut symmetries, "Mirrored and turned copies");
        let is_blind = match settings.method {
            Method::Descriptor => "The descriptor alone does not see that a picture is another one mirrored",
            _ => "A mirrored picture has other bytes and other pixels",
        };
        ui.add_enabled(settings.method.sees_symmetries(), toggle)
            .on_hover_text("Also find copies under all eight flips and quarter turns")
            .on_disabled_hover_text(is_blind);
        let encoder = encoder_ui(ui, session);
        let is_other_encoder = encoder != settings.encoder;
        if (method, symmetries) != (settings.method, settings.symmetries) || is_other_encoder {
            let mut settings = settings.clone();
            settings.encoder = encoder.filter(|_| is_other_encoder || method != Method::Combined);
            if settings.encoder.is_some() && method == Method::Combined {
                // The scale of both evidences is fitted to the hand-made descriptor.
                method = Method::Descriptor;
            }
            if method != settings.method || is_other_encoder {
                // Another scale: what was set on this one means nothing there.
                settings.threshold = None;
            }
            (settings.method, settings.symmetries) = (method, symmetries);
            pencil.act(Action::ChangeReview(Box::new(settings)));
        }
    });
}

/// The encoder by whose numbers samples are near each other: made by hand, or a trained model's.
fn encoder_ui(ui: &mut Ui, session: &Session) -> Option<PathBuf> {
    let settings = &session.review.settings;
    let mut encoder = settings.encoder.clone();
    let models = &session.training.models;
    if models.is_empty() && encoder.is_none() {
        return None;
    }
    let title = |encoder: &Option<PathBuf>| match encoder {
        Some(run) => model_name(run),
        None => "Made by hand".to_owned(),
    };
    let chosen = title(&encoder);
    let combo = ComboBox::from_id_salt("encoder").width(120.0).selected_text(&chosen);
    let shown = combo.show_ui(ui, |ui| {
        for choice in std::iter::once(None).chain(models.iter().map(|model| Some(model.run.clone()))) {
            let text = title(&choice);
            ui.selectable_value(&mut encoder, choice, text);
        }
    });
    shown.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, format!("Descriptor: {chosen}")));
    let help = "What describes a picture for near-copies, outliers and labels: numbers made by hand, or what a model \
                that was trained here says";
    shown.response.on_hover_text(help);
    encoder
}

/// Draws histogram, threshold and what it finds.
pub(super) fn threshold_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    view: &mut ThresholdView,
    session: &Session,
    alike: &Alike,
) {
    let current = threshold_of(session, alike);
    if alike.radius == 0 {
        view.moving = None;
        if alike.method.is_exact() {
            ui.label(widgets::dim("These copies are equal: there is no threshold to choose."));
        }
        ui.horizontal_wrapped(|ui| counts_ui(ui, session, alike, current));
        return;
    }
    let mut wished = view.moving.unwrap_or(current).min(alike.radius);
    let before = wished;
    let line = histogram_ui(ui, alike, &mut wished);
    let mut slider = slider_ui(ui, alike, &mut wished);
    ui.horizontal_wrapped(|ui| {
        slider |= number_ui(ui, session, alike, &mut wished);
        counts_ui(ui, session, alike, wished);
    });
    if wished != before {
        view.moving = Some(wished);
    }
    if let Some(moving) = view.moving {
        let is_held = line || slider;
        let is_free = session.review.is_current();
        if moving == current {
            view.moving = None;
        } else if is_free || !is_held {
            set_threshold(pencil, session, moving);
        }
    }
    share_ui(ui, pencil, view, session, alike);
}

/// Where a distance lies across a rectangle, as on the slider under it.
fn x_of(rect: Rect, distance: f32, radius: u32) -> f32 {
    let inner = rail(rect);
    inner.left() + inner.width() * distance / radius.max(1) as f32
}

/// The part that the slider's handle can reach.
fn rail(rect: Rect) -> Rect {
    rect.shrink2(Vec2::new(HANDLE, 0.0))
}

/// Pairs at each distance; the threshold's line can be dragged. Tells whether it is held.
fn histogram_ui(ui: &mut Ui, alike: &Alike, threshold: &mut u32) -> bool {
    let tokens = Tokens::of(ui);
    let (rect, response) =
        ui.allocate_exact_size(Vec2::new(ui.available_width(), HEIGHT), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "Pairs at each distance"));
    let counts = alike.forest.histogram();
    let radius = alike.radius;
    if (response.dragged() || response.clicked())
        && let Some(pointer) = response.interact_pointer_pos()
    {
        let inner = rail(rect);
        let part = ((pointer.x - inner.left()) / inner.width().max(1.0)).clamp(0.0, 1.0);
        *threshold = (part * radius as f32).round() as u32;
    }
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, space::RADIUS, tokens.canvas);

    // Several distances share a bar where there are more of them than room. A bar ends at its largest
    // distance: what the line has passed is in. Equal pairs are before the start.
    let bars = ((rail(rect).width() / BAR) as u32).clamp(1, radius);
    let each = radius.div_ceil(bars).max(1);
    let span = |start: u32| if start == 0 { 0..=0 } else { start..=(start + each - 1).min(radius) };
    let sum = |start: u32| {
        let (from, to) = span(start).into_inner();
        let end = (to as usize + 1).min(counts.len());
        let of = counts.get((from as usize).min(end)..end).unwrap_or_default();
        of.iter().map(|count| u64::from(*count)).sum::<u64>()
    };
    let starts = || std::iter::once(0).chain((1..=radius).step_by(each as usize));
    let height = |pairs: u64| (pairs as f32).ln_1p();
    let tallest = starts().map(|from| height(sum(from))).fold(0.0, f32::max).max(LEAST_TALLEST) * 1.08;
    let mut mesh = Mesh::default();
    for from in starts() {
        let pairs = sum(from);
        if pairs == 0 {
            continue;
        }
        let left = if from == 0 { rect.left() } else { x_of(rect, from as f32 - 1.0, radius) };
        let right = x_of(rect, *span(from).end() as f32, radius);
        let gap = if right - left > 4.0 { 1.0 } else { 0.0 };
        let top = rect.bottom() - height(pairs) / tallest * rect.height();
        let color = if *span(from).end() <= *threshold {
            tokens.accent
        } else {
            tokens.text_dim.gamma_multiply(0.45)
        };
        mesh.add_colored_rect(Rect::from_min_max(pos2(left + gap, top), pos2(right, rect.bottom())), color);
    }
    painter.add(Shape::mesh(mesh));
    let x = x_of(rect, *threshold as f32, radius);
    painter.vline(x, rect.y_range(), (2.0, tokens.text));

    let Some(pointer) = response.hover_pos() else { return response.dragged() };
    if (pointer.x - x).abs() <= GRIP || response.dragged() {
        ui.ctx().set_cursor_icon(CursorIcon::ResizeHorizontal);
    }
    let inner = rail(rect);
    let part = ((pointer.x - inner.left()) / inner.width().max(1.0)).clamp(0.0, 1.0);
    let distance = (part * radius as f32).ceil() as u32;
    let start = if distance == 0 { 0 } else { (distance - 1) / each * each + 1 };
    let is_held = response.dragged();
    response.on_hover_ui_at_pointer(|ui| {
        let (from, to) = span(start).into_inner();
        let distance = distance_text(alike.method, to);
        let range = if to > from { format!("{} to {distance}", grouped(from.into())) } else { distance };
        ui.label(format!("{range}: {}", counted(sum(start), "pair")));
    });
    is_held
}

/// The threshold as a slider. Tells whether it is held.
fn slider_ui(ui: &mut Ui, alike: &Alike, threshold: &mut u32) -> bool {
    ui.scope(|ui| {
        ui.spacing_mut().slider_width = ui.available_width();
        let slider = Slider::new(threshold, 0..=alike.radius).show_value(false);
        ui.add(slider).accessible_name("Threshold").dragged()
    })
    .inner
}

/// The threshold as a number. Tells whether it is held.
fn number_ui(ui: &mut Ui, session: &Session, alike: &Alike, threshold: &mut u32) -> bool {
    ui.label(RichText::new("Threshold").color(Tokens::of(ui).text_dim));
    let unit = format!(" {}", alike.method.unit());
    let number = DragValue::new(threshold).range(0..=alike.radius).suffix(unit);
    let response = ui.add(number).accessible_name("Threshold as a number");
    let usual = alike.method.default_threshold().min(alike.radius);
    let mut offer = |name: &str, help: &str, value: u32| {
        let text = RichText::new(format!("{name}: {}", grouped(value.into()))).size(size::SMALL);
        if *threshold != value && ui.link(text).on_hover_text(help).clicked() {
            *threshold = value;
        }
    };
    offer("usual", "Set the method's own threshold", usual);
    if let Some(value) = session.review.analysed.as_ref().and_then(|found| found.scale_free_threshold()) {
        let help = "Set 0.13 of the median distance to the nearest sample, which follows from the dataset";
        offer("scale-free", help, value.min(alike.radius));
    }
    ui.add_space(space::XS);
    response.dragged()
}

fn counts_ui(ui: &mut Ui, session: &Session, alike: &Alike, threshold: u32) {
    let tokens = Tokens::of(ui);
    let review = &session.review;
    let judged = &review.judged;
    let redundant = alike.forest.redundant(threshold) as u64;
    let is_due = review.asked != review.answered || judged.threshold != threshold;
    ui.spacing_mut().item_spacing.x = 0.0;
    // Groups are a moment behind.
    let color = if is_due { tokens.text_dim } else { tokens.text };
    ui.label(RichText::new(counted(judged.groups.len() as u64, "group")).color(color).strong());
    ui.label(" · ");
    let share = redundant as f64 / total(session).max(1) as f64 * 100.0;
    let samples = format!("{} ({share:.1} %)", counted(redundant, "redundant sample"));
    ui.label(RichText::new(samples).strong())
        .on_hover_text("All but one of each group; nothing is pruned until you say so");
    if judged.redundant_bytes > 0 {
        ui.label(RichText::new(format!(" · {}", bytes_text(judged.redundant_bytes))).color(color))
            .on_hover_text("All but the largest file of each group");
    }
}

fn total(session: &Session) -> u64 {
    session.shown.found.total.samples.into()
}

/// "Remove the most redundant 10 %": finds the threshold.
fn share_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    view: &mut ThresholdView,
    session: &Session,
    alike: &Alike,
) {
    let tokens = Tokens::of(ui);
    let total = total(session);
    let wanted = (f64::from(view.percent) / 100.0 * total as f64).ceil() as usize;
    let found = alike.forest.threshold_for(wanted).filter(|threshold| *threshold <= alike.radius);
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new("Remove the most redundant").color(tokens.text_dim));
        let number =
            DragValue::new(&mut view.percent).range(0.1..=99.0).speed(0.2).max_decimals(1).suffix(" %");
        ui.add(number).accessible_name("Share of the samples to remove");
        let button = ui.add_enabled(found.is_some(), Button::new("Set the threshold"));
        let help =
            "Sets the threshold at which this share is redundant; the rules then say which of each group go";
        if button.on_hover_text(help).clicked()
            && let Some(threshold) = found
        {
            view.moving = None;
            set_threshold(pencil, session, threshold);
        }
        let text = match found {
            Some(threshold) => {
                let redundant = alike.forest.redundant(threshold) as u64;
                format!("{} at {}", counted(redundant, "sample"), distance_text(alike.method, threshold))
            }
            None => {
                let most = alike.forest.redundant(alike.radius) as u64;
                let share = most as f64 / total.max(1) as f64 * 100.0;
                format!(
                    "So many cannot be found: at the largest threshold {} redundant, {share:.1} %.",
                    if most == 1 {
                        "1 sample is".to_owned()
                    } else {
                        format!("{} samples are", grouped(most))
                    }
                )
            }
        };
        ui.label(widgets::dim(text));
    });
}
