//! The part of a plane that is seen: Ctrl and the wheel zoom it about the pointer, a drag by another button than the
//! first moves it, keys do both, and a double click shows all of it. It refuses to know what lies in the plane.

use egui::{InputState, Key, PointerButton, Rect, Response, Ui, pos2};

/// The smallest part of an axis that fills the plane.
const LEAST: f32 = 1.0 / 500.0;
/// What a press of a key zooms by, and the part of what is seen that one moves.
const STEP: f32 = 1.5;
const MOVE: f32 = 0.25;

/// What a person has to know to zoom.
pub(super) const HINT: &str =
    "Ctrl and the wheel or + and − zoom, the right button or Alt and arrows move, a double click resets.";

/// What is seen of a plane, in parts of its axes: 0 at the left and at the bottom, as much of either.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seen {
    low: [f32; 2],
    span: f32,
}

impl Default for Seen {
    fn default() -> Self {
        Self { low: [0.0; 2], span: 1.0 }
    }
}

impl Seen {
    pub fn is_all(&self) -> bool {
        self.span >= 1.0
    }

    /// How much larger things are than where all is seen.
    pub fn zoom(&self) -> f32 {
        1.0 / self.span
    }

    /// Where the whole plane would lie, of which `rect` shows what is seen.
    pub fn whole(&self, rect: Rect) -> Rect {
        let size = rect.size() / self.span;
        let (left, bottom) = (rect.left() - self.low[0] * size.x, rect.bottom() + self.low[1] * size.y);
        Rect::from_min_max(pos2(left, bottom - size.y), pos2(left + size.x, bottom))
    }

    /// The least and the greatest part of an axis that is seen.
    pub fn ends(&self, axis: usize) -> [f32; 2] {
        [self.low[axis], self.low[axis] + self.span]
    }

    /// Larger by a factor about a place of what is seen, which stays where it is.
    fn zoomed(self, factor: f32, about: [f32; 2]) -> Self {
        let span = (self.span / factor.max(f32::MIN_POSITIVE)).clamp(LEAST, 1.0);
        Self { low: std::array::from_fn(|axis| self.low[axis] + about[axis] * (self.span - span)), span }
            .within()
    }

    /// Moved by parts of what is seen.
    fn moved(self, by: [f32; 2]) -> Self {
        Self { low: std::array::from_fn(|axis| self.low[axis] - by[axis] * self.span), ..self }.within()
    }

    /// Never beyond the ends of an axis.
    fn within(self) -> Self {
        Self { low: self.low.map(|low| low.clamp(0.0, 1.0 - self.span)), ..self }
    }
}

/// Whether a drag over a plane moves it: the first button brushes.
fn is_moved(ui: &Ui, response: &Response) -> bool {
    let others = [PointerButton::Secondary, PointerButton::Middle];
    others.iter().any(|button| response.dragged_by(*button))
        || response.dragged_by(PointerButton::Primary) && ui.input(|input| input.modifiers.alt)
}

/// What is seen after what pointer, wheel and keys did over a plane that is drawn in `rect`.
pub(super) fn seen_after(ui: &Ui, response: &Response, rect: Rect, seen: Seen) -> Seen {
    if response.double_clicked() {
        return Seen::default();
    }
    let mut seen = seen;
    if is_moved(ui, response) {
        let by = response.drag_delta() / rect.size();
        seen = seen.moved([by.x, -by.y]);
    }
    let factor = ui.input(InputState::zoom_delta);
    if let Some(at) = response.hover_pos().filter(|_| factor != 1.0) {
        let part = (at - rect.left_bottom()) / rect.size();
        seen = seen.zoomed(factor, [part.x, -part.y]);
    }
    if response.has_focus() { ui.input(|input| seen_after_keys(input, seen)) } else { seen }
}

fn seen_after_keys(input: &InputState, seen: Seen) -> Seen {
    let pressed = |key: Key| input.key_pressed(key);
    // Of an axis by its keys down and up: what is seen moves against what is drawn.
    let moved = |down: Key, up: Key| MOVE * (f32::from(pressed(down)) - f32::from(pressed(up)));
    match input.modifiers {
        // Of the whole window.
        modifiers if modifiers.command => seen,
        modifiers if modifiers.alt => {
            seen.moved([moved(Key::ArrowLeft, Key::ArrowRight), moved(Key::ArrowDown, Key::ArrowUp)])
        }
        _ if pressed(Key::Plus) || pressed(Key::Equals) => seen.zoomed(STEP, [0.5; 2]),
        _ if pressed(Key::Minus) => seen.zoomed(1.0 / STEP, [0.5; 2]),
        _ => seen,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_zoomed_about_stays_and_nothing_beyond_the_axes_is_seen() {
        let rect = Rect::from_min_max(pos2(10.0, 20.0), pos2(110.0, 70.0));
        // Where a part of the plane lies in the rectangle, across and up.
        let place = |seen: Seen, part: [f32; 2]| {
            let whole = seen.whole(rect);
            [whole.left() + part[0] * whole.width(), whole.bottom() - part[1] * whole.height()]
        };
        let all = Seen::default();
        assert_eq!(all.whole(rect), rect);
        let near =
            |one: [f32; 2], two: [f32; 2]| one.iter().zip(two).all(|(one, two)| (one - two).abs() < 0.01);
        for about in [[0.0, 0.0], [0.25, 0.75], [1.0, 1.0]] {
            let zoomed = all.zoomed(4.0, about);
            assert!(near(place(zoomed, about), place(all, about)), "{about:?}: {zoomed:?}");
            assert!((zoomed.zoom() - 4.0).abs() < 1e-4 && !zoomed.is_all());
            assert_eq!(zoomed.zoomed(0.01, [0.3, 0.9]), all, "{about:?}");
        }
        let middle = all.zoomed(4.0, [0.5, 0.5]);
        assert_eq!(middle.ends(0), [0.375, 0.625]);
        for (by, low) in [([0.5, -0.5], [0.25, 0.5]), ([9.0, 9.0], [0.0, 0.0]), ([-9.0, -9.0], [0.75, 0.75])]
        {
            assert!(near(middle.moved(by).low, low), "{by:?}: {:?}", middle.moved(by));
        }
        assert_eq!(all.moved([0.3, 0.3]), all, "all of it has nowhere to go");
        assert!((all.zoomed(1e9, [0.5; 2]).zoom() - 500.0).abs() < 0.1);
    }
}
