//! Painting with a class: a sweep over cells from press to release, which is one step.
//!
//! It refuses to know how cells are drawn.

use egui::{Event, Pos2, Rect, Response, Ui, pos2};

use super::{GridView, Layout};
use crate::dataset::edit::SampleSet;
use crate::dataset::query::{Bitmask, Rows};
use crate::dataset::{ClassId, LabelOrigin, SampleId};
use crate::state::{Action, How, LabelGesture, Session};
use crate::ui::Pencil;
use crate::ui::theme::Tokens;

/// So near to the upper or lower edge the list moves along, in points.
const EDGE: f32 = 24.0;
/// So far from where it was pressed the pointer sweeps, in points.
const MOVES_FROM: f32 = 8.0;

/// What a sweep gives to the samples of its cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gives {
    /// The class, as their only one.
    Class,
    /// The class as well.
    OneMore,
    /// The source's labels again.
    Source,
}

/// What a sample was given by the sweep that is under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Swept<'a> {
    pub gives: Gives,
    /// The class that is painted with, and its name on screen.
    pub class: Option<ClassId>,
    pub name: &'a str,
}

/// A sweep under way.
#[derive(Debug)]
pub struct Sweep {
    /// The samples of the cells that were crossed.
    samples: Bitmask,
    gives: Gives,
    /// Where it began and where the pointer was last, in points from the left of the screen and from the top of
    /// the whole list.
    from: (f32, f64),
    last: (f32, f64),
    /// Whether it is more than a click.
    is_moving: bool,
}

impl Sweep {
    fn new(samples: usize, gives: Gives, at: (f32, f64)) -> Self {
        Self { samples: Bitmask::empty(samples), gives, from: at, last: at, is_moving: false }
    }

    pub(super) fn contains(&self, sample: SampleId) -> bool {
        self.samples.contains(sample as usize)
    }

    pub(super) fn gives(&self) -> Gives {
        self.gives
    }

    /// Goes on to a place on screen.
    fn extend(&mut self, layout: &Layout, rows: &Rows, to: Pos2) {
        // What cannot be seen is not painted.
        let to = to.clamp(layout.rect.min, layout.rect.max);
        let to_list = (to.x, layout.list_y(to.y));
        let from = pos2(self.last.0, layout.screen_y(self.last.1));
        let (lines, across) = layout.covered(Rect::from_two_pos(from, to), rows.len());
        for line in lines {
            for column in across.clone() {
                let position = line * layout.columns + column;
                if let Some(sample) = rows.get(position)
                    && crosses(layout.cell_rect(position), from, to)
                {
                    self.samples.set(*sample as usize, true);
                }
            }
        }
        let moved = (to_list.0 - self.from.0).abs().max((to_list.1 - self.from.1).abs() as f32);
        self.is_moving |= moved > MOVES_FROM;
        self.last = to_list;
    }

    /// What it comes to; `None` where no cell was crossed.
    fn gesture(&self, class: &str) -> Option<LabelGesture> {
        let samples = SampleSet::from_mask(&self.samples);
        (!samples.is_empty()).then(|| gesture(samples, class, self.gives))
    }
}

fn gesture(samples: SampleSet, class: &str, gives: Gives) -> LabelGesture {
    let how = match gives {
        Gives::Class => How::Only,
        Gives::OneMore => How::Add,
        Gives::Source => return LabelGesture::GiveBack { samples },
    };
    LabelGesture::Give { samples, classes: vec![class.to_owned()], how, origin: LabelOrigin::ByHand }
}

/// What a sweep that begins now gives.
fn gives(ui: &Ui, session: &Session) -> Gives {
    match ui.input(|input| input.modifiers.alt) {
        true => Gives::Source,
        false if session.labeller.several => Gives::OneMore,
        false => Gives::Class,
    }
}

/// Takes the pointer's input while a class is painted with. `clicked` is the cell that was clicked by other means
/// than a press that began a sweep.
pub(super) fn sweep_input(
    ui: &Ui,
    pencil: &mut Pencil<'_>,
    view: &mut GridView,
    session: &Session,
    response: &Response,
    layout: &Layout,
    clicked: Option<usize>,
) {
    let Some(class) = &session.labeller.paint else {
        view.sweep = None;
        return;
    };
    let rows = &session.shown.found.rows;
    if ui.rect_contains_pointer(layout.rect) || view.sweep.is_some() {
        brush_ui(ui, session, class, layout.rect);
    }
    let (is_pressed, is_down, origin) = ui.input(|input| {
        let pointer = &input.pointer;
        (pointer.primary_pressed(), pointer.primary_down(), pointer.press_origin())
    });
    let begins = view.sweep.is_none() && is_pressed && is_down && response.is_pointer_button_down_on();
    if begins && let Some(at) = origin.filter(|at| layout.rect.contains(*at)) {
        let place = (at.x, layout.list_y(at.y));
        let mut sweep = Sweep::new(session.snapshot.len(), gives(ui, session), place);
        sweep.extend(layout, rows, at);
        view.sweep = Some(sweep);
        view.keys.use_by_click(response);
    }
    let Some(sweep) = &mut view.sweep else {
        if let Some(sample) = clicked.and_then(|position| rows.get(position)) {
            let given = gesture(SampleSet::from_rows([*sample]), class, gives(ui, session));
            pencil.act(Action::Label(Box::new(given)));
        }
        return;
    };
    // It ended while the grid was not drawn: what it would cross by now was never swept.
    if !is_down && !ui.input(|input| input.pointer.primary_released()) {
        view.sweep = None;
        return;
    }
    let pointer = ui.input(|input| input.pointer.latest_pos());
    if !begins {
        // A fast pointer turns between two frames.
        ui.input(|input| {
            for event in &input.events {
                if let Event::PointerMoved(at) = event {
                    sweep.extend(layout, rows, *at);
                }
            }
        });
    }
    if let Some(at) = pointer {
        sweep.extend(layout, rows, at);
    }
    if !is_down {
        let given = sweep.gesture(class);
        view.sweep = None;
        if let Some(given) = given {
            pencil.act(Action::Label(Box::new(given)));
        }
        return;
    }
    if let Some(at) = pointer.filter(|_| sweep.is_moving) {
        let below = (at.y - (layout.rect.bottom() - EDGE)).max(0.0);
        let above = (layout.rect.top() + EDGE - at.y).max(0.0);
        let by = (below - above).clamp(-2.0 * EDGE, 2.0 * EDGE);
        if by != 0.0 {
            // The nearer to the edge, and past it, the faster: up to 15 times as far in a second.
            let seconds = ui.input(|input| input.stable_dt.min(0.1));
            let position = layout.position + f64::from(by * seconds * 15.0);
            pencil.actions.push(Action::GridScrolled { position: position.max(0.0) });
            ui.ctx().request_repaint();
        }
    }
}

/// The brush at the pointer, in the colour of its class.
fn brush_ui(ui: &Ui, session: &Session, class: &str, window: Rect) {
    let tokens = Tokens::of(ui);
    ui.ctx().set_cursor_icon(egui::CursorIcon::Crosshair);
    let Some(at) = ui.input(|input| input.pointer.latest_pos()).filter(|at| window.contains(*at)) else {
        return;
    };
    let gives_back = ui.input(|input| input.modifiers.alt);
    let known = class_of(session, class).filter(|_| !gives_back);
    let color = known.map_or(tokens.text_dim, |class| tokens.class_of(&session.snapshot, class));
    let center = at + egui::vec2(13.0, 13.0);
    let painter = ui.painter();
    painter.circle_filled(center, 8.0, tokens.canvas.gamma_multiply(0.8));
    if gives_back {
        painter.circle_stroke(center, 5.0, egui::Stroke::new(1.5, color));
    } else {
        painter.circle_filled(center, 6.0, color);
    }
}

/// The class in force of an identity.
pub(super) fn class_of(session: &Session, identity: &str) -> Option<ClassId> {
    let identities = &session.snapshot.in_force.identities;
    identities.iter().position(|one| one == identity).map(|at| at as ClassId)
}

/// Whether a straight way touches a rectangle.
fn crosses(rect: Rect, from: Pos2, to: Pos2) -> bool {
    let way = to - from;
    let (mut enters, mut leaves) = (0.0f32, 1.0f32);
    for (start, step, low, high) in
        [(from.x, way.x, rect.left(), rect.right()), (from.y, way.y, rect.top(), rect.bottom())]
    {
        if step == 0.0 {
            if start < low || start > high {
                return false;
            }
            continue;
        }
        let (one, two) = ((low - start) / step, (high - start) / step);
        enters = enters.max(one.min(two));
        leaves = leaves.min(one.max(two));
    }
    enters <= leaves
}

#[cfg(test)]
mod tests {
    use egui::vec2;

    use super::*;

    fn layout(position: f64) -> Layout {
        let rect = Rect::from_min_size(pos2(0.0, 0.0), vec2(400.0, 300.0));
        Layout { columns: 4, gap: 12.0, cell: 85.0, row_height: 110.0, rect, position }
    }

    fn swept(way: &[(f64, (f32, f32))]) -> Vec<SampleId> {
        let rows = Rows::from_order((0..20).rev().collect(), 20);
        let (first, (x, y)) = way[0];
        let mut sweep = Sweep::new(20, Gives::Class, (x, layout(first).list_y(y)));
        for (position, (x, y)) in way {
            sweep.extend(&layout(*position), &rows, pos2(*x, *y));
        }
        sweep.samples.iter().collect()
    }

    #[test]
    fn a_sweep_takes_the_cells_on_its_way_and_no_others() {
        for (way, expected) in [
            (&[(0.0, (50.0, 50.0))][..], &[19][..]),
            (&[(0.0, (50.0, 50.0)), (0.0, (350.0, 50.0))], &[16, 17, 18, 19]),
            // Along the diagonal, and round the corner.
            (&[(0.0, (50.0, 50.0)), (0.0, (150.0, 160.0))], &[14, 19]),
            (&[(0.0, (50.0, 50.0)), (0.0, (150.0, 50.0)), (0.0, (150.0, 160.0))], &[14, 18, 19]),
            // Between two columns there is nothing.
            (&[(0.0, (103.0, 10.0)), (0.0, (103.0, 290.0))], &[]),
            // The list moves on under a pointer that stays.
            (&[(0.0, (50.0, 250.0)), (220.0, (50.0, 250.0))], &[3, 7, 11]),
        ] {
            assert_eq!(swept(way), expected, "{way:?}");
        }
    }

    #[test]
    fn what_lies_beyond_the_window_is_not_painted() {
        assert_eq!(swept(&[(0.0, (50.0, 250.0)), (0.0, (50.0, 900.0))]), [11]);
    }
}
