//! What has edges: streaks and shadows. Edges are one pixel wide, so that a place a little to the side, as
//! other arithmetic finds it, looks nearly the same.

use std::ops::Range;

use super::{Cover, pixels};

/// `opacity · clamp(width / 2 + ½ − d, 0, 1)`, `d` the distance from the nearest line; of a line thinner than
/// a pixel, its width of that.
pub struct Streaks {
    lines: Vec<Line>,
    /// Of each row, the lines that touch it.
    rows: Vec<Vec<u32>>,
    half: f32,
    opacity: f32,
}

/// Half the width of streaks and how opaque they are: a thin one is a pixel wide and lets more through.
pub(crate) fn streak(width: f32, opacity: f32) -> [f32; 2] {
    [width.max(1.0) / 2.0, opacity * width.min(1.0)]
}

impl Streaks {
    pub fn new(lines: &[[f32; 4]], width: f32, opacity: f32, [_, height]: [usize; 2]) -> Self {
        let lines: Vec<Line> = lines.iter().map(|line| Line::new(*line)).collect();
        let [half, opacity] = streak(width, opacity);
        let mut rows = vec![Vec::new(); height];
        for (at, line) in (0..).zip(&lines) {
            let [top, bottom] = line.rows(half + 0.5);
            for row in &mut rows[pixels(top, bottom, height)] {
                row.push(at);
            }
        }
        Self { lines, rows, half, opacity }
    }
}

impl Cover for Streaks {
    #[inline(always)]
    fn row(&mut self, y: usize, cover: &mut [f32]) -> Range<usize> {
        let mut within = cover.len()..0;
        let touching = &self.rows[y];
        if touching.is_empty() {
            return 0..0;
        }
        cover.fill(0.0);
        let y = y as f32 + 0.5;
        for line in touching {
            let line = self.lines[*line as usize];
            let part = line.columns(y, self.half + 0.5, cover.len());
            if part.is_empty() {
                continue;
            }
            within = within.start.min(part.start)..within.end.max(part.end);
            for (x, cover) in (part.start as i32..).zip(&mut cover[part]) {
                let part =
                    (self.half + 0.5 - line.distance(x as f32 + 0.5, y)).clamp(0.0, 1.0) * self.opacity;
                *cover = cover.max(part);
            }
        }
        if within.is_empty() { 0..0 } else { within }
    }
}

/// `depth · clamp(½ ± d, 0, 1)`, `d` the distance from the nearest edge, added inside and subtracted outside.
/// Inside is where a ray to the left meets an odd number of edges.
pub struct Shadow {
    edges: Vec<Line>,
    depth: f32,
    /// Where edges meet a row.
    crossings: Vec<f32>,
}

impl Shadow {
    pub fn new(corners: &[[f32; 2]], depth: f32) -> Self {
        let next = corners.iter().cycle().skip(1);
        let edges = corners.iter().zip(next).map(|(a, b)| Line::new([a[0], a[1], b[0], b[1]])).collect();
        Self { edges, depth, crossings: Vec::new() }
    }
}

impl Cover for Shadow {
    #[inline(always)]
    fn row(&mut self, y: usize, cover: &mut [f32]) -> Range<usize> {
        let y = y as f32 + 0.5;
        let mut within = cover.len()..0;
        self.crossings.clear();
        for edge in &self.edges {
            if let Some(x) = edge.crossing(y) {
                self.crossings.push(x);
            }
            let part = edge.columns(y, 0.5, cover.len());
            if !part.is_empty() {
                within = within.start.min(part.start)..within.end.max(part.end);
            }
        }
        self.crossings.sort_unstable_by(f32::total_cmp);
        let spans = self.crossings.as_chunks::<2>().0;
        if let (Some(first), Some(last)) = (spans.first(), spans.last()) {
            let part = pixels(first[0], last[1], cover.len());
            within = within.start.min(part.start)..within.end.max(part.end);
        }
        if within.is_empty() {
            return 0..0;
        }
        // Half a pixel away from all edges, it is 0 or all; nearer, it is in between.
        cover[within.clone()].fill(0.0);
        for [left, right] in spans {
            let start = ((left + 0.5).floor().max(0.0) as usize).min(cover.len());
            let end = ((right + 0.5).floor().max(0.0) as usize).min(cover.len());
            cover[start..end.max(start)].fill(self.depth);
        }
        for (at, edge) in self.edges.iter().enumerate() {
            for x in edge.columns(y, 0.5, cover.len()) {
                let x_middle = x as f32 + 0.5;
                let own = edge.distance(x_middle, y);
                // A pixel near to several edges is set by the nearest; of equals, by the first.
                let is_nearest = own < 0.5
                    && !self.edges.iter().enumerate().any(|(other, edge)| {
                        let distance = edge.distance(x_middle, y);
                        distance < own || distance == own && other < at
                    });
                if is_nearest {
                    let is_inside = cover[x] > 0.5 * self.depth;
                    cover[x] = self.depth * if is_inside { 0.5 + own } else { 0.5 - own };
                }
            }
        }
        within
    }
}

/// A line from one point to another.
#[derive(Clone, Copy)]
struct Line {
    from: [f32; 2],
    along: [f32; 2],
    /// One by the square of its length, or 0 where it has none.
    over: f32,
}

impl Line {
    fn new([x, y, x_end, y_end]: [f32; 4]) -> Self {
        let along = [x_end - x, y_end - y];
        let square = along[0] * along[0] + along[1] * along[1];
        Self { from: [x, y], along, over: if square > 0.0 { 1.0 / square } else { 0.0 } }
    }

    /// Between which heights it is, with `reach` on either side.
    fn rows(self, reach: f32) -> [f32; 2] {
        let ends = [self.from[1], self.from[1] + self.along[1]];
        [ends[0].min(ends[1]) - reach, ends[0].max(ends[1]) + reach]
    }

    /// The pixels of a row within `reach` of it, and some more.
    fn columns(self, y: f32, reach: f32, width: usize) -> Range<usize> {
        let [top, bottom] = self.rows(reach);
        if y < top || y > bottom {
            return 0..0;
        }
        // What is within reach of the row is nearest to a part of the line that is within reach of it in
        // height.
        let (mut left, mut right) = (self.from[0], self.from[0] + self.along[0]);
        if self.along[1].abs() > 1e-3 {
            let at = |height: f32| {
                let part = ((height - self.from[1]) / self.along[1]).clamp(0.0, 1.0);
                self.from[0] + part * self.along[0]
            };
            (left, right) = (at(y - reach), at(y + reach));
        }
        pixels(left.min(right) - reach, left.max(right) + reach, width)
    }

    #[inline(always)]
    fn distance(self, x: f32, y: f32) -> f32 {
        let [x, y] = [x - self.from[0], y - self.from[1]];
        let part = ((x * self.along[0] + y * self.along[1]) * self.over).clamp(0.0, 1.0);
        let [across, down] = [x - part * self.along[0], y - part * self.along[1]];
        (across * across + down * down).sqrt()
    }

    /// Where it meets a row; its lower end is not part of it.
    fn crossing(self, y: f32) -> Option<f32> {
        let end = self.from[1] + self.along[1];
        let is_met = (self.from[1] <= y) != (end <= y);
        is_met.then(|| self.from[0] + (y - self.from[1]) / self.along[1] * self.along[0])
    }
}
