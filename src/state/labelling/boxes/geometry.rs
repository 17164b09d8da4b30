//! Boxes as rectangles of an image: what lies under a point, and where sides go when they are drawn, moved, resized
//! and carried to another image.
//!
//! Whatever goes in, what comes out lies within the image and is a pixel wide and high at least. It refuses to know
//! classes, samples and the screen.

use crate::dataset::BoxRecord;

/// The least width and height of a box, in pixels.
pub const LEAST: f32 = 1.0;

/// The sides of a box in pixels from the image's left and upper edge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sides {
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
}

/// Which sides a handle moves, on each axis: the lower one, none, or the upper one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle {
    pub across: Side,
    pub down: Side,
}

/// A side on one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Left, or top.
    Low,
    Neither,
    /// Right, or bottom.
    High,
}

impl Handle {
    /// Corners first, since they lie over the ends of the sides.
    pub const ALL: [Self; 8] = {
        use Side::{High, Low, Neither};
        [
            Self { across: Low, down: Low },
            Self { across: High, down: Low },
            Self { across: High, down: High },
            Self { across: Low, down: High },
            Self { across: Neither, down: Low },
            Self { across: High, down: Neither },
            Self { across: Neither, down: High },
            Self { across: Low, down: Neither },
        ]
    };

    /// Where it lies on a box.
    pub fn of(self, sides: &Sides) -> [f32; 2] {
        let at = |side, low: f32, high: f32| match side {
            Side::Low => low,
            Side::Neither => low.midpoint(high),
            Side::High => high,
        };
        [at(self.across, sides.left, sides.right), at(self.down, sides.top, sides.bottom)]
    }
}

impl Sides {
    /// A box as it is kept, in an image of that size; `None` where its numbers make no rectangle or the size is wanted
    /// and not known.
    pub fn of(record: &BoxRecord, size: Option<[u32; 2]>) -> Option<Self> {
        Self::of_rect(record.rect, record.relative, size)
    }

    /// The same of its rectangle: left, top, width and height.
    pub fn of_rect(rect: [f32; 4], relative: bool, size: Option<[u32; 2]>) -> Option<Self> {
        let [across, down] = if relative { size?.map(|side| side as f32) } else { [1.0; 2] };
        let [left, top, width, height] = rect;
        let sides = Self {
            left: left * across,
            top: top * down,
            right: (left + width) * across,
            bottom: (top + height) * down,
        };
        let is_finite =
            [sides.left, sides.top, sides.right, sides.bottom].iter().all(|side| side.is_finite());
        (is_finite && width >= 0.0 && height >= 0.0).then_some(sides)
    }

    /// Left, top, width and height, as fractions of an image of that size or in pixels.
    pub fn rect(&self, relative: bool, size: [u32; 2]) -> [f32; 4] {
        let rect = [self.left, self.top, self.width(), self.height()];
        if !relative {
            return rect;
        }
        let [width, height] = size.map(|side| side.max(1) as f32);
        [rect[0] / width, rect[1] / height, rect[2] / width, rect[3] / height]
    }

    pub fn width(&self) -> f32 {
        self.right - self.left
    }

    pub fn height(&self) -> f32 {
        self.bottom - self.top
    }

    pub fn area(&self) -> f32 {
        self.width() * self.height()
    }

    pub fn contains(&self, [x, y]: [f32; 2]) -> bool {
        (self.left..=self.right).contains(&x) && (self.top..=self.bottom).contains(&y)
    }

    /// The box between two points of an image, on whole pixels. Edges of the image that are within `snap` pixels take
    /// a side.
    pub fn between(one: [f32; 2], other: [f32; 2], size: [u32; 2], snap: f32) -> Self {
        let ends = |axis: usize| {
            let end = size[axis] as f32;
            span(snapped(one[axis].round(), end, snap), snapped(other[axis].round(), end, snap), end)
        };
        let ([left, right], [top, bottom]) = (ends(0), ends(1));
        Self { left, top, right, bottom }
    }

    /// The same box elsewhere: `by` that many pixels, as far as the image goes.
    pub fn moved(&self, by: [f32; 2], size: [u32; 2]) -> Self {
        let whole = self.clamped(size);
        let shift = |low: f32, high: f32, by: f32, end: u32| {
            let by = if by.is_finite() { by } else { 0.0 };
            by.clamp(-low, (end as f32 - high).max(-low))
        };
        let across = shift(whole.left, whole.right, by[0], size[0]);
        let down = shift(whole.top, whole.bottom, by[1], size[1]);
        Self {
            left: whole.left + across,
            top: whole.top + down,
            right: whole.right + across,
            bottom: whole.bottom + down,
        }
        .clamped(size)
    }

    /// The box with a handle pulled to a point; beyond the other side it turns over. The side goes to a whole pixel.
    pub fn resized(&self, handle: Handle, to: [f32; 2], size: [u32; 2], snap: f32) -> Self {
        let whole = self.clamped(size);
        let ends = |side: Side, low: f32, high: f32, axis: usize| {
            let end = size[axis] as f32;
            let to = snapped(to[axis].round(), end, snap);
            match side {
                Side::Low => span(to, high, end),
                Side::Neither => [low, high],
                Side::High => span(low, to, end),
            }
        };
        let [left, right] = ends(handle.across, whole.left, whole.right, 0);
        let [top, bottom] = ends(handle.down, whole.top, whole.bottom, 1);
        Self { left, top, right, bottom }
    }

    /// The box that is wider and higher by that many pixels, its left upper corner where it was.
    pub fn grown(&self, by: [f32; 2], size: [u32; 2]) -> Self {
        let whole = self.clamped(size);
        let high = |low: f32, high: f32, by: f32, end: u32| {
            let by = if by.is_finite() { by } else { 0.0 };
            span(low, (high + by).max(low), end as f32)
        };
        let [left, right] = high(whole.left, whole.right, by[0], size[0]);
        let [top, bottom] = high(whole.top, whole.bottom, by[1], size[1]);
        Self { left, top, right, bottom }
    }

    /// What of the box lies within an image, a pixel at least.
    pub fn clamped(&self, size: [u32; 2]) -> Self {
        let [left, right] = span(self.left, self.right, size[0] as f32);
        let [top, bottom] = span(self.top, self.bottom, size[1] as f32);
        Self { left, top, right, bottom }
    }

    /// The box at the same part of an image of another size.
    pub fn scaled(&self, from: [u32; 2], to: [u32; 2]) -> Self {
        let factor = |axis: usize| to[axis] as f32 / from[axis].max(1) as f32;
        let (across, down) = (factor(0), factor(1));
        Self {
            left: self.left * across,
            top: self.top * down,
            right: self.right * across,
            bottom: self.bottom * down,
        }
        .clamped(to)
    }

    /// The handle within `reach` pixels of a point, the nearest one.
    pub fn handle_at(&self, at: [f32; 2], reach: f32) -> Option<Handle> {
        let distance = |handle: &Handle| {
            let place = handle.of(self);
            (place[0] - at[0]).abs().max((place[1] - at[1]).abs())
        };
        let near = Handle::ALL.into_iter().filter(|handle| distance(handle) <= reach);
        near.min_by(|one, other| distance(one).total_cmp(&distance(other)))
    }
}

/// How far boxes can be moved together: `by` that many pixels, as far as all of them stay within the image. The edges of
/// an image that are within `snap` pixels of where a single box would be take it.
pub fn shift(boxes: &[Sides], by: [f32; 2], size: [u32; 2], snap: f32) -> [f32; 2] {
    let mut shift = by.map(f32::round);
    for axis in 0..2 {
        let ends = |sides: &Sides| {
            let whole = sides.clamped(size);
            if axis == 0 { (whole.left, whole.right) } else { (whole.top, whole.bottom) }
        };
        let end = size[axis] as f32;
        if let [one] = boxes {
            let (low, high) = ends(one);
            match () {
                () if (low + shift[axis]).abs() <= snap => shift[axis] = -low,
                () if (end - high - shift[axis]).abs() <= snap => shift[axis] = end - high,
                () => {}
            }
        }
        let least = boxes.iter().map(|one| -ends(one).0).fold(f32::NEG_INFINITY, f32::max);
        let most = boxes.iter().map(|one| end - ends(one).1).fold(f32::INFINITY, f32::min);
        // No box leaves it as it is, one as large as the image stays.
        shift[axis] = shift[axis].min(most).max(least);
    }
    shift
}

/// The places of the boxes under a point, the smallest first. Of those that are no rectangle there is nothing to hit.
pub fn under(boxes: &[Option<Sides>], at: [f32; 2]) -> Vec<usize> {
    let hit = boxes.iter().enumerate().filter_map(|(place, sides)| Some((place, sides.as_ref()?)));
    let mut hit: Vec<(usize, f32)> =
        hit.filter(|(_, sides)| sides.contains(at)).map(|(place, sides)| (place, sides.area())).collect();
    hit.sort_by(|one, other| one.1.total_cmp(&other.1));
    hit.into_iter().map(|(place, _)| place).collect()
}

/// A coordinate, or the edge of the image that is near.
fn snapped(at: f32, end: f32, snap: f32) -> f32 {
    match () {
        () if at.abs() <= snap => 0.0,
        () if (at - end).abs() <= snap => end,
        () => at,
    }
}

/// Two ends in order, within 0 and `end`, and [`LEAST`] apart, or as far as the image is large.
fn span(one: f32, other: f32, end: f32) -> [f32; 2] {
    let within = |at: f32| if at.is_finite() { at.clamp(0.0, end) } else { 0.0 };
    let (one, other) = (within(one), within(other));
    let (low, high) = (one.min(other), one.max(other));
    if high - low >= LEAST {
        return [low, high];
    }
    let low = low.min((end - LEAST).max(0.0));
    [low, (low + LEAST).min(end)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SIZE: [u32; 2] = [40, 30];

    fn sides(left: f32, top: f32, right: f32, bottom: f32) -> Sides {
        Sides { left, top, right, bottom }
    }

    fn handle(across: Side, down: Side) -> Handle {
        Handle { across, down }
    }

    #[test]
    fn boxes_are_drawn_from_any_corner_to_any_other() {
        for (one, other, snap, expected) in [
            ([4.0, 5.0], [20.0, 15.0], 0.0, sides(4.0, 5.0, 20.0, 15.0)),
            ([20.2, 14.9], [3.6, 5.4], 0.0, sides(4.0, 5.0, 20.0, 15.0)),
            ([-9.0, -9.0], [99.0, 99.0], 0.0, sides(0.0, 0.0, 40.0, 30.0)),
            ([2.0, 5.0], [38.0, 15.0], 2.0, sides(0.0, 5.0, 40.0, 15.0)),
            ([7.0, 7.0], [7.0, 7.0], 0.0, sides(7.0, 7.0, 8.0, 8.0)),
            ([40.0, 30.0], [40.0, 30.0], 0.0, sides(39.0, 29.0, 40.0, 30.0)),
        ] {
            assert_eq!(Sides::between(one, other, SIZE, snap), expected, "{one:?} {other:?}");
        }
    }

    #[test]
    fn a_handle_pulled_over_the_other_side_turns_the_box_over() {
        use Side::{High, Low, Neither};
        let one = sides(10.0, 10.0, 20.0, 20.0);
        for (pulled, to, expected) in [
            (handle(High, High), [25.0, 22.0], sides(10.0, 10.0, 25.0, 22.0)),
            (handle(High, High), [4.0, 2.0], sides(4.0, 2.0, 10.0, 10.0)),
            (handle(Low, Neither), [26.4, 0.0], sides(20.0, 10.0, 26.0, 20.0)),
            (handle(Neither, Low), [0.0, 20.0], sides(10.0, 20.0, 20.0, 21.0)),
            (handle(Low, Low), [-5.0, 12.0], sides(0.0, 12.0, 20.0, 20.0)),
            (handle(High, Neither), [39.2, 0.0], sides(10.0, 10.0, 40.0, 20.0)),
        ] {
            assert_eq!(one.resized(pulled, to, SIZE, 1.0), expected, "{pulled:?} {to:?}");
        }
    }

    #[test]
    fn boxes_move_together_as_far_as_the_image_goes() {
        let (one, other) = (sides(10.0, 10.0, 20.0, 20.0), sides(30.0, 4.0, 38.0, 8.0));
        for (boxes, by, snap, expected) in [
            (&[one][..], [3.4, -2.6], 0.0, [3.0, -3.0]),
            (&[one], [99.0, -99.0], 0.0, [20.0, -10.0]),
            (&[one], [-9.0, 9.0], 1.5, [-10.0, 10.0]),
            (&[one, other], [9.0, -9.0], 1.5, [2.0, -4.0]),
            (&[sides(0.0, 0.0, 40.0, 30.0)], [9.0, -9.0], 0.0, [0.0, 0.0]),
        ] {
            assert_eq!(shift(boxes, by, SIZE, snap), expected, "{boxes:?} {by:?}");
        }
    }

    #[test]
    fn the_smallest_box_under_a_point_comes_first() {
        let boxes = [
            Some(sides(0.0, 0.0, 40.0, 30.0)),
            None,
            Some(sides(5.0, 5.0, 10.0, 10.0)),
            Some(sides(4.0, 4.0, 20.0, 20.0)),
        ];
        for (at, expected) in [([6.0, 6.0], &[2, 3, 0][..]), ([15.0, 15.0], &[3, 0]), ([41.0, 0.0], &[])] {
            assert_eq!(under(&boxes, at), expected, "{at:?}");
        }
        let corner = boxes[2].and_then(|one| one.handle_at([10.4, 9.8], 0.5));
        assert_eq!(corner, Some(handle(Side::High, Side::High)));
        assert_eq!(boxes[2].and_then(|one| one.handle_at([7.5, 7.5], 0.5)), None);
    }

    #[test]
    fn units_follow_the_box() {
        let record = BoxRecord { class: 0, rect: [0.25, 0.5, 0.5, 0.1], relative: true };
        let found = Sides::of(&record, Some(SIZE)).unwrap();
        assert_eq!(found, sides(10.0, 15.0, 30.0, 18.0));
        assert_eq!(Sides::of(&record, None), None);
        for (rect, expected) in found.rect(true, SIZE).iter().zip(record.rect) {
            assert!((rect - expected).abs() < 1e-6, "{rect} {expected}");
        }
        assert_eq!(found.rect(false, SIZE), [10.0, 15.0, 20.0, 3.0]);
        let odd = BoxRecord { rect: [f32::NAN, 0.0, 1.0, 1.0], relative: false, ..record };
        assert_eq!(Sides::of(&odd, Some(SIZE)), None);
        assert_eq!(found.scaled(SIZE, [80, 15]), sides(20.0, 7.5, 60.0, 9.0));
        assert_eq!(found.grown([-99.0, 2.0], SIZE), sides(10.0, 15.0, 11.0, 20.0));
    }

    fn size() -> impl Strategy<Value = [u32; 2]> {
        [1u32..5000, 1u32..5000]
    }

    fn point() -> impl Strategy<Value = [f32; 2]> {
        [-9000f32..9000.0, -9000f32..9000.0]
    }

    fn check(sides: &Sides, size: [u32; 2]) -> Result<(), TestCaseError> {
        let [width, height] = size.map(|side| side as f32);
        prop_assert!(sides.left >= 0.0 && sides.top >= 0.0, "{sides:?}");
        prop_assert!(sides.right <= width && sides.bottom <= height, "{sides:?} {size:?}");
        // Sums of single precision are a little off.
        prop_assert!(sides.width() >= LEAST - 1e-2 && sides.height() >= LEAST - 1e-2, "{sides:?} {size:?}");
        Ok(())
    }

    proptest! {
        #[test]
        fn boxes_stay_within_the_image_and_have_a_size(
            size in size(), one in point(), other in point(), to in point(), handle in 0usize..8, snap in 0f32..9.0,
        ) {
            let drawn = Sides::between(one, other, size, snap);
            check(&drawn, size)?;
            check(&drawn.moved(to, size), size)?;
            check(&drawn.resized(Handle::ALL[handle], to, size, snap), size)?;
            check(&drawn.grown(to, size), size)?;
            check(&sides(one[0], one[1], other[0], other[1]).clamped(size), size)?;
            check(&drawn.scaled(size, [size[1], size[0]]), [size[1], size[0]])?;
        }

        #[test]
        fn moving_back_and_resizing_back_restores(
            one in [0u32..400, 0u32..300], other in [401u32..600, 301u32..600], by in [-1000i32..1000, -1000i32..1000],
            handle in 0usize..8,
        ) {
            let size = [1000, 900];
            let at = |point: [u32; 2]| point.map(|side| side as f32);
            let drawn = Sides::between(at(one), at(other), size, 0.0);
            let moved = drawn.moved(by.map(|side| side as f32), size);
            let back = [drawn.left - moved.left, drawn.top - moved.top];
            prop_assert_eq!(moved.moved(back, size), drawn);
            prop_assert_eq!((moved.width(), moved.height()), (drawn.width(), drawn.height()));
            // A handle that is not pulled over the other side goes back to where it was.
            let handle = Handle::ALL[handle];
            let place = handle.of(&drawn);
            let near = [place[0] + (by[0] % 2) as f32, place[1] + (by[1] % 2) as f32];
            let pulled = drawn.resized(handle, near, size, 0.0);
            prop_assert_eq!(pulled.resized(handle, place, size, 0.0), drawn);
        }

        #[test]
        fn scaling_there_and_back_is_close(size in [50u32..3000, 50u32..3000], to in [50u32..3000, 50u32..3000]) {
            let part = |of: u32, parts: f32| of as f32 * parts;
            let one = sides(part(size[0], 0.2), part(size[1], 0.1), part(size[0], 0.7), part(size[1], 0.9));
            let back = one.scaled(size, to).scaled(to, size);
            let close = |a: f32, b: f32| (a - b).abs() < 0.01;
            prop_assert!(close(one.left, back.left) && close(one.top, back.top), "{one:?} {back:?}");
            prop_assert!(close(one.right, back.right) && close(one.bottom, back.bottom), "{one:?} {back:?}");
        }
    }
}
