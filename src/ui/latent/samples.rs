//! Samples that the model draws: accepted and rejected by key or click, and exported as a dataset.

use egui::{
    Button, Color32, ComboBox, DragValue, Key, Rect, RichText, Role, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo, vec2,
};

use super::{near_ui, with_side};
use crate::dataset::Verdict;
use crate::state::latent::{DRAWN, DrawFrom, LatentView, Made, OpenModel, Slot};
use crate::state::{Action, Session};
use crate::text::{counted, grouped};
use crate::ui::lists::{ListKeys, presses};
use crate::ui::sheet::SheetTexture;
use crate::ui::theme::{Tokens, space};
use crate::ui::{Pencil, widgets};

/// The side of a sample, in points, and the room between two.
const LARGEST: f32 = 96.0;
const GAP: f32 = 6.0;

/// Drawing state of the samples.
#[derive(Default)]
pub struct SamplesView {
    texture: SheetTexture,
}

/// Draws the samples; tells whether they take the keys that decide.
pub fn samples_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    model: &OpenModel,
    view: &mut LatentView,
    pane: &mut SamplesView,
    list_keys: &mut ListKeys,
) -> bool {
    let before = (view.draw.from, view.draw.class, view.draw.count, view.draw.seed);
    with_side(ui, "samples", |ui| side_ui(ui, pencil, session, model, view));
    let draw = &mut view.draw;
    if (draw.from, draw.class, draw.count, draw.seed) != before {
        draw.verdicts = vec![Verdict::Undecided; draw.count];
        draw.cursor = draw.cursor.min(draw.count.saturating_sub(1));
    }
    grid_ui(ui, pencil, session, view, pane, list_keys)
}

fn side_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    model: &OpenModel,
    view: &mut LatentView,
) {
    let draw = &mut view.draw;
    widgets::group_heading(ui, "Draw from");
    let can = session.latent.space.is_some();
    for (from, title, help, enabled) in [
        (DrawFrom::Prior, "The prior", "N(0, 1) in every dimension", true),
        (
            DrawFrom::Posterior,
            "Where samples lie",
            "The aggregate posterior: a mixture of normal distributions fitted to the encoded samples",
            can,
        ),
    ] {
        let button = ui.add_enabled(enabled, egui::RadioButton::new(draw.from == from, title));
        if button.on_hover_text(help).on_disabled_hover_text("The samples are not encoded yet").clicked() {
            draw.from = from;
        }
    }
    class_ui(ui, model, view);
    let draw = &mut view.draw;
    ui.add_space(space::S);
    egui::Grid::new("draw").num_columns(2).show(ui, |ui| {
        ui.label(widgets::dim("Samples"));
        let field = DragValue::new(&mut draw.count).range(1..=DRAWN).speed(0.5).update_while_editing(false);
        ui.add(field).accessible_name("Samples to draw");
        ui.end_row();
        ui.label(widgets::dim("Seed"));
        ui.add(DragValue::new(&mut draw.seed).update_while_editing(false))
            .accessible_name("Seed of the draws");
        ui.end_row();
    });
    if ui.button("Draw others").on_hover_text("The next seed").clicked() {
        draw.seed = draw.seed.wrapping_add(1);
    }
    ui.add_space(space::M);
    widgets::group_heading(ui, "Accepted");
    let count = |verdict| draw.verdicts.iter().filter(|one| **one == verdict).count() as u64;
    let (accepted, rejected) = (count(Verdict::Keep), count(Verdict::Prune));
    ui.label(widgets::dim(format!("{} accepted, {} rejected", grouped(accepted), grouped(rejected))));
    let hint = "K accepts, X rejects, U takes back; arrows move.";
    ui.add(egui::Label::new(widgets::dim(hint)).wrap());
    ui.horizontal_wrapped(|ui| {
        if ui.button("Accept all").clicked() {
            draw.verdicts.fill(Verdict::Keep);
        }
        if ui.button("Clear").on_hover_text("Take all of this back").clicked() {
            draw.verdicts.fill(Verdict::Undecided);
        }
    });
    let tokens = Tokens::of(ui);
    let can = accepted > 0;
    let color = if can { tokens.on_accent } else { tokens.text_dim };
    let fill = if can { tokens.accent } else { tokens.raised };
    let button = Button::new(RichText::new("Export accepted…").color(color)).fill(fill);
    let help =
        "Write them to a new folder, each with its checkpoint, latent, seed and class, marked synthetic";
    if ui.add_enabled(can, button).on_hover_text(help).on_disabled_hover_text("Accept some first").clicked() {
        pencil.act(Action::PickDrawnFolder);
    }
    ui.add_space(space::M);
    widgets::group_heading(ui, "Nearest samples");
    let text = "Of the dataset, to the drawn one under the cursor: a copy is not new.";
    ui.add(egui::Label::new(widgets::dim(text)).wrap());
    near_ui(ui, pencil, session, &session.latent.near, 62.0);
}

fn class_ui(ui: &mut Ui, model: &OpenModel, view: &mut LatentView) {
    let about = &model.about;
    if about.config.shape.classes == 0 {
        return;
    }
    let title = |class: Option<u32>| match class {
        Some(class) => about.class_names.get(class as usize).cloned().unwrap_or_default(),
        None => "All classes in turn".to_owned(),
    };
    let chosen = title(view.draw.class);
    let combo = ComboBox::from_id_salt("drawn class").width(180.0).selected_text(&chosen).truncate();
    let shown = combo.show_ui(ui, |ui| {
        let classes = 0..about.config.shape.classes as u32;
        for class in std::iter::once(None).chain(classes.map(Some)) {
            ui.selectable_value(&mut view.draw.class, class, title(class));
        }
    });
    shown
        .response
        .widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, format!("Drawn class: {chosen}")));
}

/// The samples; tells whether they take the keys that decide.
fn grid_ui(
    ui: &mut Ui,
    pencil: &Pencil<'_>,
    session: &Session,
    view: &mut LatentView,
    pane: &mut SamplesView,
    list_keys: &mut ListKeys,
) -> bool {
    let tokens = Tokens::of(ui);
    let Some(Made::Here(made)) = session.latent.made(Slot::Drawn) else {
        ui.centered_and_justified(|ui| ui.label(widgets::dim("Drawing…")));
        // Keys that decide are not about the dataset's samples here.
        return true;
    };
    let draw = &mut view.draw;
    let whole = ui.available_rect_before_wrap();
    let list = ui.interact(whole, ui.scope_id().with("drawn"), Sense::click());
    list.widget_info(|| WidgetInfo::labeled(Role::Grid, true, counted(made.len() as u64, "drawn sample")));
    if list.clicked() {
        list_keys.use_by_click(&list);
    }
    let takes = list_keys.takes(ui, pencil, &list, whole);
    // Nothing is said of pictures that nobody has seen: those on screen may be a moment old.
    let are_seen = session.latent.is_newest(Slot::Drawn);
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        super::padded().show(ui, |ui| {
            let width = ui.available_width();
            let columns = ((width + GAP) / (LARGEST + GAP)).ceil().max(1.0) as usize;
            let side = (width + GAP) / columns as f32 - GAP;
            let lines = made.len().div_ceil(columns);
            let (rect, _) = ui.allocate_exact_size(vec2(width, lines as f32 * (side + GAP)), Sense::hover());
            if takes && are_seen {
                keys(ui, draw.count, columns, &mut draw.cursor, &mut draw.verdicts);
            }
            let cells = pane.texture.cells(ui.ctx(), made);
            for at in 0..made.len().min(draw.verdicts.len()) {
                let corner = rect.min + vec2((at % columns) as f32, (at / columns) as f32) * (side + GAP);
                let cell = Rect::from_min_size(corner, vec2(side, side));
                if !ui.is_rect_visible(cell) {
                    continue;
                }
                let verdict = draw.verdicts[at];
                let response = ui.interact(cell, ui.scope_id().with(("drawn", at)), Sense::click());
                response.widget_info(|| {
                    let said = match verdict {
                        Verdict::Undecided => "",
                        Verdict::Keep => ", accepted",
                        Verdict::Prune => ", rejected",
                    };
                    let is_chosen = draw.cursor == at;
                    WidgetInfo::selected(
                        Role::Button,
                        true,
                        is_chosen,
                        format!("Drawn sample {}{said}", at + 1),
                    )
                });
                if response.clicked() && are_seen {
                    list_keys.use_by_click(&list);
                    // A second click changes what is said of it.
                    if draw.cursor == at {
                        draw.verdicts[at] = match verdict {
                            Verdict::Undecided => Verdict::Keep,
                            Verdict::Keep => Verdict::Prune,
                            Verdict::Prune => Verdict::Undecided,
                        };
                    }
                    draw.cursor = at;
                }
                let tint = if verdict == Verdict::Prune || !are_seen {
                    Color32::from_white_alpha(60)
                } else {
                    Color32::WHITE
                };
                cells.paint(ui.painter(), at, cell, tint);
                if let Some((icon, color)) = widgets::verdict_icon(verdict, tokens) {
                    widgets::badge(ui.painter(), icon, cell.left_top() + vec2(11.0, 11.0), color, tokens);
                }
                if draw.cursor == at {
                    let stroke = Stroke::new(2.0, tokens.accent);
                    ui.painter().rect_stroke(cell.expand(2.0), 3.0, stroke, StrokeKind::Inside);
                }
            }
        });
    });
    takes
}

/// Moves the cursor and says what becomes of the sample under it.
fn keys(ui: &Ui, count: usize, columns: usize, cursor: &mut usize, verdicts: &mut [Verdict]) {
    let Some(last) = count.checked_sub(1) else { return };
    let line = columns as isize;
    let arrows = [(Key::ArrowLeft, -1), (Key::ArrowRight, 1), (Key::ArrowUp, -line), (Key::ArrowDown, line)];
    let by: isize = arrows.into_iter().map(|(key, by)| by * presses(ui, key, false)).sum();
    *cursor = cursor.saturating_add_signed(by).min(last);
    for (key, verdict) in [
        (Key::K, Verdict::Keep),
        (Key::X, Verdict::Prune),
        (Key::Delete, Verdict::Prune),
        (Key::U, Verdict::Undecided),
    ] {
        for _ in 0..presses(ui, key, false) {
            let Some(one) = verdicts.get_mut(*cursor) else { break };
            *one = verdict;
            // The next one waits for its verdict.
            if verdict != Verdict::Undecided {
                *cursor = (*cursor + 1).min(last);
            }
        }
    }
}
