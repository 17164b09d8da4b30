//! What the editor draws over the image: handles, guides, and a word beside the pointer.

use egui::{
    Align2, Color32, CursorIcon, FontId, Painter, Pos2, Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo,
};

use super::drag::Kind;
use super::menu::menu_ui;
use super::{BoxesView, REACH, Stage, name_of};
use crate::dataset::BoxRecord;
use crate::state::labelling::boxes::geometry::under;
use crate::state::labelling::boxes::{Handle, Side, Sides};
use crate::ui::Pencil;
use crate::ui::inspector::overlay;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets::elided;

/// Edge of a handle's square, in points.
const HANDLE: f32 = 8.0;
/// Points between the pointer and the word beside it.
const BESIDE: f32 = 14.0;
/// Width that the word beside the pointer may take, in points.
const MAX_WORD: f32 = 220.0;

/// Draws the editor over the boxes, `shown` as they look now, and the menu of a box that has no class yet.
pub(in crate::ui::inspector) fn paint_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    view: &mut BoxesView,
    stage: &Stage<'_>,
    shown: &[BoxRecord],
) {
    let tokens = Tokens::of(ui);
    let Stage { session, sample, placement, .. } = *stage;
    let painter = ui.painter_at(placement.frame);
    let selected = session.selected_boxes(sample);
    let sides: Vec<Option<Sides>> = shown.iter().map(|record| Sides::of(record, Some(stage.size))).collect();
    for place in &selected {
        if let Some(Some(sides)) = sides.get(*place) {
            selected_ui(&painter, stage, sides, selected.len() == 1, tokens);
        }
    }
    let hover = stage.response.hover_pos().filter(|_| view.asking.is_none());
    let new = view.drag.as_ref().and_then(|drag| drag.drawn(stage));
    let asked = view.asking.as_ref().map(|asking| asking.sides);
    for sides in new.into_iter().chain(asked) {
        let class = session.class_of_new_boxes(sample);
        let class =
            class.and_then(|class| session.snapshot.in_force.identities.iter().position(|one| *one == class));
        let color = class.map_or(tokens.accent, |class| tokens.class_of(&session.snapshot, class as u32));
        let on_screen = screen_rect(stage, &sides);
        painter.rect_stroke(
            on_screen,
            1,
            Stroke::new(4.0, Color32::from_black_alpha(110)),
            StrokeKind::Middle,
        );
        painter.rect_stroke(on_screen, 1, Stroke::new(2.0, color), StrokeKind::Middle);
    }
    let can_write = session.project.can_write();
    let pointer = ui.input(|input| input.pointer.latest_pos());
    match (&view.drag, pointer, hover) {
        (Some(drag), Some(at), _) => {
            let moved = drag.changed(stage);
            let word = match (new, &moved[..]) {
                (Some(sides), _) => {
                    guides_ui(&painter, stage, at, tokens);
                    let class = session.class_of_new_boxes(sample);
                    let class = class.as_deref().map_or("new box", |class| name_of(session, class));
                    format!("{} · {class}", size_text(&sides))
                }
                (None, [(_, sides)]) => match drag.kind {
                    Kind::Move(_) => {
                        format!("{}, {} · {}", number(sides.left), number(sides.top), size_text(sides))
                    }
                    _ => size_text(sides),
                },
                (None, all) => crate::text::counted(all.len() as u64, "box"),
            };
            word_ui(ui, stage, at, &word);
            let cursor = match drag.kind {
                Kind::Draw => CursorIcon::Crosshair,
                Kind::Move(_) => CursorIcon::Grabbing,
                Kind::Resize(_, handle) => cursor_of(handle),
            };
            ui.ctx().set_cursor_icon(cursor);
        }
        (None, _, Some(at)) if can_write => {
            let point = stage.image_from_screen(at);
            let handle = match selected[..] {
                [one] => sides
                    .get(one)
                    .copied()
                    .flatten()
                    .and_then(|one| one.handle_at(point, stage.pixels(REACH))),
                _ => None,
            };
            if let Some(handle) = handle {
                ui.ctx().set_cursor_icon(cursor_of(handle));
            } else if under(&sides, point).is_empty() {
                guides_ui(&painter, stage, at, tokens);
                let class = session.class_of_new_boxes(sample);
                if let Some(class) = &class {
                    word_ui(ui, stage, at, &format!("New box: {}", name_of(session, class)));
                }
                ui.ctx().set_cursor_icon(CursorIcon::Crosshair);
            } else {
                ui.ctx().set_cursor_icon(CursorIcon::Move);
            }
        }
        _ => {}
    }
    if let Some(why) = session.why_no_boxes() {
        why_ui(ui, placement.frame, &why);
    }
    menu_ui(ui, pencil, view, stage);
}

fn screen_rect(stage: &Stage<'_>, sides: &Sides) -> Rect {
    let rect = Rect::from_min_max(Pos2::new(sides.left, sides.top), Pos2::new(sides.right, sides.bottom));
    stage.placement.screen_rect(rect)
}

/// The outline of a selected box, with handles where it can be resized.
fn selected_ui(painter: &Painter, stage: &Stage<'_>, sides: &Sides, with_handles: bool, tokens: &Tokens) {
    let on_screen = screen_rect(stage, sides);
    painter.rect_stroke(on_screen.expand(2.0), 1, Stroke::new(1.5, tokens.accent), StrokeKind::Outside);
    if !with_handles || !stage.session.project.can_write() {
        return;
    }
    for handle in Handle::ALL {
        let [x, y] = handle.of(sides);
        let at = stage.placement.screen_from_image(Pos2::new(x, y));
        let square = Rect::from_center_size(at, Vec2::splat(HANDLE));
        painter.rect(square, 1, Color32::WHITE, Stroke::new(1.5, tokens.accent), StrokeKind::Inside);
    }
}

/// Lines through the pointer, over the whole image.
fn guides_ui(painter: &Painter, stage: &Stage<'_>, at: Pos2, tokens: &Tokens) {
    let seen = stage.placement.frame.intersect(stage.placement.image);
    let (dark, light) = (Color32::from_black_alpha(110), tokens.accent.gamma_multiply(0.8));
    for (width, color) in [(2.5, dark), (1.0, light)] {
        painter.hline(seen.x_range(), at.y.clamp(seen.top(), seen.bottom()), (width, color));
        painter.vline(at.x.clamp(seen.left(), seen.right()), seen.y_range(), (width, color));
    }
}

/// A word on a chip beside the pointer.
fn word_ui(ui: &mut Ui, stage: &Stage<'_>, at: Pos2, word: &str) {
    let tokens = Tokens::of(ui);
    let font = FontId::proportional(size::SMALL);
    let galley = elided(ui.painter(), word, tokens.text, font, MAX_WORD);
    let chip = galley.size() + Vec2::new(2.0 * space::S, space::XS);
    let room = stage.placement.frame;
    let low = (room.max - chip).max(room.min);
    let min = (at + Vec2::splat(BESIDE)).min(low).max(room.min);
    let rect = Rect::from_min_size(min, chip);
    let response = ui.interact(rect, ui.scope_id().with("box-word"), Sense::empty());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, word));
    let painter = ui.painter_at(room);
    painter.rect(
        rect,
        space::RADIUS,
        tokens.panel.gamma_multiply(0.92),
        (1.0, tokens.line),
        StrokeKind::Inside,
    );
    painter.galley(rect.min + Vec2::new(space::S, space::XS / 2.0), galley, tokens.text);
}

/// Says at the upper edge why nothing can be changed.
fn why_ui(ui: &mut Ui, frame: Rect, why: &str) {
    let tokens = Tokens::of(ui);
    let rect = Rect::from_min_size(frame.min, Vec2::new(frame.width(), space::ROW));
    let response = ui.interact(rect, ui.scope_id().with("box-why"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, why));
    let painter = ui.painter_at(frame);
    painter.rect_filled(rect, 0, tokens.panel.gamma_multiply(0.92));
    let font = FontId::proportional(size::SMALL);
    let galley = elided(&painter, why, tokens.warn, font, rect.width() - 2.0 * space::S);
    let at = Align2::LEFT_CENTER.anchor_size(rect.left_center() + Vec2::new(space::S, 0.0), galley.size());
    painter.galley(at.min, galley, tokens.warn);
    response.on_hover_text(why);
}

fn cursor_of(handle: Handle) -> CursorIcon {
    match (handle.across, handle.down) {
        (Side::Neither, _) => CursorIcon::ResizeVertical,
        (_, Side::Neither) => CursorIcon::ResizeHorizontal,
        (Side::Low, Side::Low) | (Side::High, Side::High) => CursorIcon::ResizeNwSe,
        _ => CursorIcon::ResizeNeSw,
    }
}

/// "12 × 8 px".
fn size_text(sides: &Sides) -> String {
    format!("{} × {} px", number(sides.width()), number(sides.height()))
}

fn number(value: f32) -> String {
    overlay::number_text(value)
}
