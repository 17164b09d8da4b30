//! How far a person looks into pictures that stand side by side: one zoom and one place for all, so
//! that the same part of each is seen.

use egui::{Pos2, Rect, Response, Ui, Vec2};

/// Most that a fitted picture is enlarged.
const MOST: f32 = 64.0;
/// What a double click enlarges by.
const STEP_IN: f32 = 4.0;
/// Points that a wheel turns for a zoom by e.
const WHEEL: f32 = 240.0;

/// Whether the wheel zooms, or is left to a list that scrolls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wheel {
    Zooms,
    Scrolls,
}

/// What is seen of each picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Lens {
    /// Times that a fitted picture is enlarged; at least 1.
    zoom: f32,
    /// What is in the middle, as a part of a picture's width and height.
    center: Vec2,
}

impl Default for Lens {
    fn default() -> Self {
        Self { zoom: 1.0, center: Vec2::splat(0.5) }
    }
}

impl Lens {
    /// Whether all of each picture is seen.
    pub fn is_whole(&self) -> bool {
        self.zoom <= 1.0
    }

    pub fn zoom_by(&mut self, factor: f32) {
        self.zoom = (self.zoom * factor).clamp(1.0, MOST);
    }

    /// Where a picture lies that takes `fitted` points in this frame when all of it is seen.
    pub fn place(&self, frame: Rect, fitted: Vec2) -> Rect {
        let size = fitted * self.zoom;
        let offset = |size: f32, frame: f32, center: f32| {
            // A picture is not moved away from the edges of its frame.
            let slack = ((size - frame) / 2.0).max(0.0);
            ((0.5 - center) * size).clamp(-slack, slack)
        };
        let x = offset(size.x, frame.width(), self.center.x);
        let y = offset(size.y, frame.height(), self.center.y);
        Rect::from_center_size(frame.center() + Vec2::new(x, y), size)
    }

    /// Zooms about the pointer and moves with a drag over a picture; tells whether anything changed.
    pub fn respond(&mut self, ui: &Ui, response: &Response, frame: Rect, fitted: Vec2, wheel: Wheel) -> bool {
        let before = *self;
        if let Some(at) = response.hover_pos() {
            let factor = ui.input(|input| {
                let turned = if wheel == Wheel::Zooms { input.smooth_scroll_delta().y } else { 0.0 };
                input.zoom_delta() * (turned / WHEEL).exp()
            });
            if factor != 1.0 && factor.is_finite() {
                self.zoom_about(at, factor, frame, fitted);
            }
        }
        if response.double_clicked()
            && let Some(at) = response.interact_pointer_pos()
        {
            match self.is_whole() {
                true => self.zoom_about(at, STEP_IN, frame, fitted),
                false => *self = Self::default(),
            }
        }
        if response.dragged() && !self.is_whole() {
            let size = self.place(frame, fitted).size();
            self.center -= response.drag_delta() / size.max(Vec2::splat(1.0));
            self.center = self.center.clamp(Vec2::ZERO, Vec2::splat(1.0));
        }
        *self != before
    }

    fn zoom_about(&mut self, at: Pos2, factor: f32, frame: Rect, fitted: Vec2) {
        let before = self.place(frame, fitted);
        let part = (at - before.min) / before.size().max(Vec2::splat(1.0));
        self.zoom_by(factor);
        let size = (fitted * self.zoom).max(Vec2::splat(1.0));
        let middle = at - part * size + size / 2.0;
        self.center =
            (Vec2::splat(0.5) + (frame.center() - middle) / size).clamp(Vec2::ZERO, Vec2::splat(1.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Rect = Rect::from_min_max(Pos2::new(10.0, 20.0), Pos2::new(210.0, 120.0));

    #[test]
    fn a_whole_picture_is_in_the_middle_of_its_frame() {
        for fitted in [Vec2::new(200.0, 100.0), Vec2::new(50.0, 100.0), Vec2::new(10.0, 10.0)] {
            let placed = Lens::default().place(FRAME, fitted);
            assert_eq!((placed.center(), placed.size()), (FRAME.center(), fitted));
        }
    }

    #[test]
    fn the_point_under_the_pointer_stays_there() {
        let (at, fitted) = (Pos2::new(60.0, 40.0), FRAME.size());
        let mut lens = Lens::default();
        lens.zoom_about(at, 3.0, FRAME, fitted);
        let placed = lens.place(FRAME, fitted);
        let part = (at - placed.min) / placed.size();
        assert!((part - (at - FRAME.min) / fitted).length() < 1e-4, "{part:?}");
        // However far it is moved, no edge comes into the frame.
        lens.center = Vec2::ZERO;
        assert!(lens.place(FRAME, fitted).contains_rect(FRAME));
        lens.zoom_by(0.01);
        assert!(lens.is_whole());
    }
}
