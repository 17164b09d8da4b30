//! Where boxes and points of a picture are after its stages.
//!
//! A box is followed as an outline, so that several turns do not make it larger than one, and is the bounds
//! of that outline in the end. Of a blend it is where the part of the greatest weight has it, which is seen most;
//! of equals the first. What is pasted over a box takes from it what it covers, and brings boxes of its own.

use super::cpu::warp::places::{LEAST_W, shift_at};
use super::stage::{How, Lattice, Map, Mix, Size, Stage, Warp, whole};

/// The boxes (left, top, width, height in pixels) of a picture of this size, in the result. `None` for a box
/// of which less than `least_visible` (0 to 1, by area, of what of it was in the picture) is left in view, or
/// nothing. What repeats a picture beyond its rim has no boxes, and what is painted over one leaves it.
pub fn follow_boxes(
    stages: &[Stage],
    before: Size,
    boxes: &[[f32; 4]],
    least_visible: f32,
) -> Vec<Option<[f32; 4]>> {
    let follow = |one: &[f32; 4]| Outline::of(*one, before).end(stages, least_visible);
    boxes.iter().map(follow).collect()
}

/// Another picture that is mixed into one.
#[derive(Clone, Copy, Debug)]
pub struct Mixed<'a> {
    pub mix: &'a Mix,
    /// Of the picture that it is mixed into, which it is brought to.
    pub size: Size,
    /// What is done to both.
    pub after: &'a [Stage],
}

/// The pictures that are mixed into one of this size, in order.
pub fn mixed(stages: &[Stage], before: Size) -> Vec<Mixed<'_>> {
    let mut size = before;
    let mut found = Vec::new();
    for (at, stage) in stages.iter().enumerate() {
        if let Stage::Mix(mix) = stage {
            found.push(Mixed { mix, size, after: &stages[at + 1..] });
        }
        size = stage.size(size);
    }
    found
}

/// [`follow_boxes`] for those of a picture that is mixed in, in its pixels once it is brought to the size. Of a
/// picture of which only a rectangle is taken they are cut off at that.
pub fn follow_mixed(mixed: Mixed<'_>, boxes: &[[f32; 4]], least_visible: f32) -> Vec<Option<[f32; 4]>> {
    let follow = |one: &[f32; 4]| {
        let mut outline = Outline::of(*one, mixed.size);
        if let How::Pasted(rectangle) = mixed.mix.how {
            outline.cut(rectangle);
        }
        outline.end(mixed.after, least_visible)
    };
    boxes.iter().map(follow).collect()
}

/// [`follow_points`] for those of a picture that is mixed in, in its pixels once it is brought to the size. Of a
/// picture of which only a rectangle is taken those outside of it are out of view.
pub fn follow_mixed_points(mixed: Mixed<'_>, points: &[[f32; 2]]) -> Vec<Option<[f32; 2]>> {
    let follow = |point: &[f32; 2]| {
        if let How::Pasted(rectangle) = mixed.mix.how {
            inside(point.map(f64::from), rectangle)?;
        }
        follow_points(mixed.after, mixed.size, &[*point])[0]
    };
    points.iter().map(follow).collect()
}

/// The stages of a blend's part that is seen most.
fn heaviest(parts: &[(f32, Vec<Stage>)]) -> &[Stage] {
    let mut heaviest: Option<&(f32, Vec<Stage>)> = None;
    for part in parts {
        if heaviest.is_none_or(|(weight, _)| part.0 > *weight) {
            heaviest = Some(part);
        }
    }
    heaviest.map_or(&[], |(_, stages)| stages)
}

/// Points of a picture of this size, in pixels, in the result; `None` for those that are out of view.
pub fn follow_points(stages: &[Stage], before: Size, points: &[[f32; 2]]) -> Vec<Option<[f32; 2]>> {
    let follow = |point: &[f32; 2]| {
        let point = inside(point.map(f64::from), whole(before))?;
        follow_point(stages, point).map(|point| point.map(|at| at as f32))
    };
    points.iter().map(follow).collect()
}

fn follow_point(stages: &[Stage], mut point: [f64; 2]) -> Option<[f64; 2]> {
    for stage in stages {
        match stage {
            Stage::Warp(warp) => {
                let [left, top, ..] = warp.window.map(f64::from);
                let [x, y] = inside(point, warp.window)?;
                let inverse = Inverse::of(warp)?;
                point = inside(inverse.at([x - left, y - top])?, whole(warp.size))?;
            }
            Stage::Resize(resize) => {
                point = scaled(inside(point, resize.window)?, resize.window, resize.size);
            }
            Stage::Blend(parts) => point = follow_point(heaviest(parts), point)?,
            Stage::Mix(Mix { how: How::Pasted(rectangle), .. }) if inside(point, *rectangle).is_some() => {
                return None;
            }
            _ => {}
        }
    }
    Some(point)
}

fn inside([x, y]: [f64; 2], window: [u32; 4]) -> Option<[f64; 2]> {
    let [left, top, width, height] = window.map(f64::from);
    ((left..=left + width).contains(&x) && (top..=top + height).contains(&y)).then_some([x, y])
}

/// A place of a window in a picture that it is brought to.
fn scaled([x, y]: [f64; 2], window: [u32; 4], size: Size) -> [f64; 2] {
    let [left, top, width, height] = window.map(f64::from);
    [(x - left) * f64::from(size[0]) / width, (y - top) * f64::from(size[1]) / height]
}

/// A box, however it has been bent.
struct Outline {
    corners: Vec<[f64; 2]>,
    /// The part of its area that is still in view.
    visible: f64,
}

impl Outline {
    /// That of a box of a picture of this size, which is all of it that counts.
    fn of(one: [f32; 4], size: Size) -> Self {
        let [left, top, width, height] = one.map(f64::from);
        let (right, bottom) = (left + width, top + height);
        let corners = vec![[left, top], [right, top], [right, bottom], [left, bottom]];
        let mut outline = Self { corners, visible: 1.0 };
        outline.cut(whole(size));
        outline.visible = 1.0;
        outline
    }

    /// The box after these stages, if enough of it is left in view.
    fn end(mut self, stages: &[Stage], least_visible: f32) -> Option<[f32; 4]> {
        stages.iter().try_for_each(|stage| self.follow(stage))?;
        (self.visible >= f64::from(least_visible) - 1e-6).then(|| self.bounds())?
    }

    fn follow(&mut self, stage: &Stage) -> Option<()> {
        match stage {
            Stage::Warp(warp) => {
                self.cut(warp.window);
                let [left, top, ..] = warp.window.map(f64::from);
                self.corners.iter_mut().for_each(|corner| *corner = [corner[0] - left, corner[1] - top]);
                let inverse = Inverse::of(warp)?;
                match &inverse {
                    // What is behind the viewer has no place.
                    Inverse::Projective(rows) => {
                        let [a, b, c] = rows[2];
                        self.keep([a, b, c - f64::from(LEAST_W)]);
                    }
                    _ => self.divide(),
                }
                self.corners = self.corners.iter().filter_map(|&corner| inverse.at(corner)).collect();
                self.cut(whole(warp.size));
            }
            Stage::Resize(resize) => {
                self.cut(resize.window);
                let to = |corner: &mut [f64; 2]| *corner = scaled(*corner, resize.window, resize.size);
                self.corners.iter_mut().for_each(to);
            }
            Stage::Blend(parts) => {
                return heaviest(parts).iter().try_for_each(|stage| self.follow(stage));
            }
            Stage::Mix(Mix { how: How::Pasted(rectangle), .. }) => self.cover(*rectangle),
            _ => {}
        }
        Some(())
    }

    /// Takes away what a rectangle covers: what is beyond the bounds of the rest goes.
    fn cover(&mut self, [left, top, width, height]: [u32; 4]) {
        let before = self.area();
        let [left, top, width, height] = [left, top, width, height].map(f64::from);
        let (right, bottom) = (left + width, top + height);
        let beside = |side: [f64; 3]| {
            let mut part = Self { corners: self.corners.clone(), visible: 1.0 };
            part.keep(side);
            part
        };
        let parts =
            [[-1.0, 0.0, left], [0.0, -1.0, top], [1.0, 0.0, -right], [0.0, 1.0, -bottom]].map(beside);
        let mut covered = Self { corners: self.corners.clone(), visible: 1.0 };
        for side in [[1.0, 0.0, -left], [0.0, 1.0, -top], [-1.0, 0.0, right], [0.0, -1.0, bottom]] {
            covered.keep(side);
        }
        self.visible *= if before > 0.0 { (1.0 - covered.area() / before).max(0.0) } else { 0.0 };
        let rest = parts.iter().filter(|part| part.area() > 1e-9 * before).flat_map(|part| &part.corners);
        let (mut from, mut to) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        for corner in rest {
            for axis in [0, 1] {
                from[axis] = from[axis].min(corner[axis]);
                to[axis] = to[axis].max(corner[axis]);
            }
        }
        if from[0] > to[0] {
            self.corners.clear();
            return;
        }
        for side in [[1.0, 0.0, -from[0]], [0.0, 1.0, -from[1]], [-1.0, 0.0, to[0]], [0.0, -1.0, to[1]]] {
            self.keep(side);
        }
    }

    /// Leaves what is inside of a rectangle.
    fn cut(&mut self, window: [u32; 4]) {
        let [left, top, width, height] = window.map(f64::from);
        let before = self.area();
        let sides =
            [[1.0, 0.0, -left], [0.0, 1.0, -top], [-1.0, 0.0, left + width], [0.0, -1.0, top + height]];
        sides.into_iter().for_each(|side| self.keep(side));
        self.visible *= if before > 0.0 { self.area() / before } else { 0.0 };
    }

    /// Leaves what is on one side of a line, where `a x + b y + c` is not negative: I. E. Sutherland and G.
    /// W. Hodgman, "Reentrant Polygon Clipping", 1974.
    fn keep(&mut self, [a, b, c]: [f64; 3]) {
        let height = |[x, y]: [f64; 2]| a * x + b * y + c;
        let mut kept = Vec::with_capacity(self.corners.len() + 1);
        for (at, &corner) in self.corners.iter().enumerate() {
            let next = self.corners[(at + 1) % self.corners.len()];
            let (here, there) = (height(corner), height(next));
            if here >= 0.0 {
                kept.push(corner);
            }
            if (here < 0.0) != (there < 0.0) {
                let t = here / (here - there);
                kept.push([0, 1].map(|axis| corner[axis] + t * (next[axis] - corner[axis])));
            }
        }
        self.corners = kept;
    }

    /// Puts corners on long sides, which will be bent.
    fn divide(&mut self) {
        let mut divided = Vec::with_capacity(self.corners.len() * 16);
        for (at, &[x, y]) in self.corners.iter().enumerate() {
            let [to_x, to_y] = self.corners[(at + 1) % self.corners.len()];
            let length = (to_x - x).abs().max((to_y - y).abs());
            let parts = (length / 4.0).ceil().clamp(1.0, 64.0);
            let part = |part: i32| f64::from(part) / parts;
            divided
                .extend((0..parts as i32).map(|at| [x + (to_x - x) * part(at), y + (to_y - y) * part(at)]));
        }
        self.corners = divided;
    }

    fn area(&self) -> f64 {
        let corners = self.corners.iter().zip(self.corners.iter().cycle().skip(1));
        corners.map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum::<f64>().abs() / 2.0
    }

    fn bounds(&self) -> Option<[f32; 4]> {
        let [x, y] = [0, 1].map(|axis| {
            let at = self.corners.iter().map(|corner| corner[axis]);
            (at.clone().fold(f64::INFINITY, f64::min), at.fold(f64::NEG_INFINITY, f64::max))
        });
        let (width, height) = (x.1 - x.0, y.1 - y.0);
        (width > 1e-3 && height > 1e-3).then(|| [x.0, y.0, width, height].map(|number| number as f32))
    }
}

/// From places of the window to places of the result.
enum Inverse<'a> {
    Projective([[f64; 3]; 3]),
    Lattice { lattice: &'a Lattice, size: Size },
    Radial { centre: [f64; 2], k: [f64; 2], per_square_pixel: f64 },
}

impl<'a> Inverse<'a> {
    /// `None` where all of the picture is one line.
    fn of(warp: &'a Warp) -> Option<Self> {
        Some(match &warp.map {
            Map::Projective(rows) => Self::Projective(inverse(&rows.map(|row| row.map(f64::from)))?),
            Map::Lattice(lattice) => Self::Lattice { lattice, size: warp.size },
            Map::Radial { centre, k } => {
                let [width, height] = warp.size.map(f64::from);
                let per_square_pixel = 4.0 / (width * width + height * height);
                Self::Radial { centre: centre.map(f64::from), k: k.map(f64::from), per_square_pixel }
            }
        })
    }

    /// `None` where nothing of the result comes from there.
    fn at(&self, [x, y]: [f64; 2]) -> Option<[f64; 2]> {
        match self {
            Self::Projective(rows) => {
                let [x, y, w] = rows.map(|[a, b, c]| a * x + b * y + c);
                (w > 0.0).then(|| [x / w, y / w])
            }
            Self::Lattice { lattice, size } => {
                // The place that moves to this one, by steps that fall short so that they settle where the
                // displacement changes quickly.
                let mut place = [x, y];
                for _ in 0..100 {
                    let shift = shift_at(lattice, *size, place.map(|at| at as f32));
                    let off = [x - place[0] - f64::from(shift[0]), y - place[1] - f64::from(shift[1])];
                    place = [place[0] + 0.75 * off[0], place[1] + 0.75 * off[1]];
                    if off[0].abs() + off[1].abs() < 1e-3 {
                        break;
                    }
                }
                Some(place)
            }
            Self::Radial { centre, k, per_square_pixel } => {
                let (right, down) = (x - centre[0], y - centre[1]);
                let reached = ((right * right + down * down) * per_square_pixel).sqrt();
                let factor = inverse_radius(reached, *k)? / reached.max(1e-12);
                Some([centre[0] + right * factor, centre[1] + down * factor])
            }
        }
    }
}

/// The least `r` where `r (1 + k₁ r² + k₂ r⁴)` is this; `None` where it is nowhere.
fn inverse_radius(reached: f64, [k1, k2]: [f64; 2]) -> Option<f64> {
    if reached < 1e-12 {
        return Some(reached);
    }
    let forward = |r: f64| r * (1.0 + r * r * (k1 + r * r * k2));
    // It grows up to where its slope, 1 + 3 k₁ r² + 5 k₂ r⁴, is none.
    let (a, b) = (5.0 * k2, 3.0 * k1);
    let turns = if a.abs() < 1e-12 {
        vec![-1.0 / b]
    } else {
        let root = (b * b - 4.0 * a).sqrt();
        vec![(-b + root) / (2.0 * a), (-b - root) / (2.0 * a)]
    };
    let turn = turns.into_iter().filter(|squared| *squared > 0.0).fold(f64::INFINITY, f64::min);
    let mut high = turn.sqrt().min(16.0);
    let mut low = 0.0;
    if forward(high) < reached {
        return None;
    }
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        (low, high) = if forward(middle) < reached { (middle, high) } else { (low, middle) };
    }
    Some(high)
}

fn inverse(&[[a, b, c], [d, e, f], [g, h, i]]: &[[f64; 3]; 3]) -> Option<[[f64; 3]; 3]> {
    let cofactors = [
        [e * i - f * h, c * h - b * i, b * f - c * e],
        [f * g - d * i, a * i - c * g, c * d - a * f],
        [d * h - e * g, b * g - a * h, a * e - b * d],
    ];
    let determinant = a * cofactors[0][0] + b * cofactors[1][0] + c * cofactors[2][0];
    (determinant.abs() > 1e-12).then(|| cofactors.map(|row| row.map(|number| number / determinant)))
}

#[cfg(test)]
mod tests;
