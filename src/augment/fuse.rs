//! Fewer stages that give the same picture: neighbours that can be done in one go.

use super::cpu::warp::exact::{Exact, is_all_inside};
use super::stage::{Fill, Interpolation, Map, Resize, Size, Stage, Warp};

/// The same with fewer stages: tables of neighbours become one, warps that move pixels as they are become
/// part of the warp or the resize beside them, and what does nothing is left out.
///
/// The pixels are the same, or within 1/255 where a warp that interpolates has become another one; a list
/// that has several of those in a row may differ by as much for each.
pub fn fused(stages: Vec<Stage>) -> Vec<Stage> {
    fused_after(None, stages)
}

/// [`fused`] for pictures of this size, which lets more warps be known to do nothing.
pub fn fused_from(before: Size, stages: Vec<Stage>) -> Vec<Stage> {
    fused_after(Some(before), stages)
}

fn fused_after(before: Option<Size>, stages: Vec<Stage>) -> Vec<Stage> {
    let mut fused = Vec::with_capacity(stages.len());
    for stage in stages {
        let size = size_after(before, &fused);
        let stage = match stage {
            Stage::Blend(parts) => {
                let fused = |(weight, stages)| (weight, fused_after(size, stages));
                Stage::Blend(parts.into_iter().map(fused).collect())
            }
            // At its own size, a part is only cut out.
            Stage::Resize(Resize { size, window, .. }) if size == window[2..] => Stage::Warp(Warp {
                size,
                window,
                map: Map::Projective([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
                interpolation: Interpolation::Nearest,
                fill: Fill::Edge,
            }),
            other => other,
        };
        push(&mut fused, before, stage);
    }
    fused
}

/// The size after some stages, where it is known.
fn size_after(before: Option<Size>, stages: &[Stage]) -> Option<Size> {
    let set = stages.iter().rev().find_map(|stage| match stage {
        Stage::Warp(warp) => Some(warp.size),
        Stage::Resize(resize) => Some(resize.size),
        _ => None,
    });
    set.or(before)
}

/// Adds a stage, in one with the last one as long as that can be.
fn push(stages: &mut Vec<Stage>, before: Option<Size>, mut stage: Stage) {
    while let Some(joined) = stages.last().and_then(|last| joined(last, &stage)) {
        stages.pop();
        stage = joined;
    }
    if !does_nothing(&stage, size_after(before, stages)) {
        stages.push(stage);
    }
}

fn does_nothing(stage: &Stage, before: Option<Size>) -> bool {
    match stage {
        Stage::Lut(tables) => tables.iter().all(|table| (0..=255).eq(table.iter().copied())),
        Stage::Warp(warp) => {
            let is_whole = before.is_some_and(|[width, height]| warp.window == [0, 0, width, height]);
            let is_same = Exact::of(&warp.map) == Some(Exact([[1, 0, 0], [0, 1, 0]]));
            is_whole && is_same && warp.size == warp.window[2..]
        }
        _ => false,
    }
}

/// One stage that does what two do.
fn joined(first: &Stage, second: &Stage) -> Option<Stage> {
    match (first, second) {
        (Stage::Lut(first), Stage::Lut(second)) => {
            let table = |channel: usize| first[channel].map(|value| second[channel][usize::from(value)]);
            Some(Stage::Lut(Box::new([table(0), table(1), table(2)])))
        }
        (Stage::Warp(first), Stage::Warp(second)) => {
            moved_first(first, second).or_else(|| moved_last(first, second)).map(Stage::Warp)
        }
        (Stage::Warp(first), Stage::Resize(second)) => {
            let exact = Exact::of(&first.map).filter(|exact| exact.is_shift())?;
            let window = source_window(first, exact, second.window)?;
            Some(Stage::Resize(Resize { window, ..*second }))
        }
        _ => None,
    }
}

/// One warp for two where the first one moves pixels as they are, and what the second one looks at has
/// nothing of its fill.
fn moved_first(first: &Warp, second: &Warp) -> Option<Warp> {
    let exact = Exact::of(&first.map)?;
    let window = source_window(first, exact, second.window)?;
    if exact.is_shift() {
        return Some(Warp { window, ..second.clone() });
    }
    let rows = turned_rows(second)?;
    // From the second one's window through all of the picture to the new window.
    let from_window = shift([second.window[0], second.window[1]].map(f64::from));
    let to_window = shift([0, 1].map(|axis| f64::from(first.window[axis]) - f64::from(window[axis])));
    let map = product(&to_window, &product(&exact.matrix(), &product(&from_window, &rows)));
    Some(Warp { window, map: of_matrix(&map), ..second.clone() })
}

/// One warp for two where the second one moves pixels as they are and has nothing of its own fill.
fn moved_last(first: &Warp, second: &Warp) -> Option<Warp> {
    let exact = Exact::of(&second.map)?;
    if !is_all_inside(exact, second.window, second.size) {
        return None;
    }
    let rows = turned_rows(first)?;
    let from_window = shift([second.window[0], second.window[1]].map(f64::from));
    let map = product(&rows, &product(&from_window, &exact.matrix()));
    Some(Warp { size: second.size, map: of_matrix(&map), ..first.clone() })
}

/// The part of the first one's source that a rectangle of its result comes from, where that is all inside.
fn source_window(first: &Warp, exact: Exact, window: [u32; 4]) -> Option<[u32; 4]> {
    let [left, top, width, height] = exact.source(window.map(i64::from));
    let [from_left, from_top, from_width, from_height] = first.window.map(i64::from);
    let is_inside = left >= 0 && top >= 0 && left + width <= from_width && top + height <= from_height;
    is_inside.then(|| [from_left + left, from_top + top, width, height].map(|number| number as u32))
}

/// The map of a warp that can be composed with one that moves pixels as they are. The pixel that is nearest
/// is another one if the last bit of a place is; there, only maps whose places are exact will do.
fn turned_rows(warp: &Warp) -> Option<Matrix> {
    let Map::Projective(rows) = &warp.map else { return None };
    if let Some(exact) = Exact::of(&warp.map) {
        return Some(exact.matrix());
    }
    (warp.interpolation != Interpolation::Nearest).then(|| rows.map(|row| row.map(f64::from)))
}

type Matrix = [[f64; 3]; 3];

fn shift([x, y]: [f64; 2]) -> Matrix {
    [[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]]
}

fn product(a: &Matrix, b: &Matrix) -> Matrix {
    let entry = |row: usize, column: usize| (0..3).map(|at| a[row][at] * b[at][column]).sum();
    std::array::from_fn(|row| std::array::from_fn(|column| entry(row, column)))
}

fn of_matrix(rows: &Matrix) -> Map {
    Map::Projective(rows.map(|row| row.map(|number| number as f32)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::augment::cpu::{Alone, run};
    use crate::augment::stage::{Between, Filter, Lattice, whole};
    use crate::media::Raster;

    fn picture([width, height]: Size, channels: u8) -> Raster {
        let count = width * height * u32::from(channels);
        let data = (0..count).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        Raster::new(width, height, channels, data).unwrap()
    }

    fn warp(
        size: Size,
        window: [u32; 4],
        rows: [[f32; 3]; 3],
        interpolation: Interpolation,
        fill: Fill,
    ) -> Stage {
        Stage::Warp(Warp { size, window, map: Map::Projective(rows), interpolation, fill })
    }

    /// A stage made of some numbers for a picture of this size.
    fn stage([width, height]: Size, kind: u32, numbers: [u32; 4]) -> Stage {
        let [a, b, c, d] = numbers;
        let w = width as f32;
        let size = [width, height];
        let fill = [Fill::Constant([9, 200, 77]), Fill::Edge, Fill::Reflect, Fill::Wrap][(a % 4) as usize];
        let way = [Interpolation::Bilinear, Interpolation::Nearest, Interpolation::Bicubic][(b % 3) as usize];
        let window = [a % width, b % height, 1 + c % (width - a % width), 1 + d % (height - b % height)];
        let last = [0.0, 0.0, 1.0];
        match kind {
            0 => warp(size, whole(size), [[-1.0, 0.0, w], [0.0, 1.0, 0.0], last], way, fill),
            1 => warp([height, width], whole(size), [[0.0, -1.0, w], [1.0, 0.0, 0.0], last], way, fill),
            2 => warp([height, width], whole(size), [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], last], way, fill),
            3 => warp([window[2], window[3]], window, [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], last], way, fill),
            4 => {
                let corner = [-((c % 5) as f32), -((d % 5) as f32)];
                let rows = [[1.0, 0.0, corner[0]], [0.0, 1.0, corner[1]], last];
                warp([width + a % 7, height + b % 7], whole(size), rows, way, fill)
            }
            5 => {
                let (x, y) = (c as f32 / 50.0, d as f32 / 60.0);
                let rows = [[0.9, 0.3, x - 1.0], [-0.25, 1.1, y - 0.5], last];
                warp(size, window, rows, way, fill)
            }
            6 => {
                let rows = [[0.9, 0.1, 0.3], [0.05, 1.1, -0.4], [0.01, 0.002 * (c % 5) as f32, 1.0]];
                warp(size, whole(size), rows, way, fill)
            }
            7 => {
                let shifts =
                    (0..6).map(|at| [((a + at) % 5) as f32 - 2.0, ((b + at) % 3) as f32 - 1.0]).collect();
                let map = Map::Lattice(Lattice { columns: 3, rows: 2, shifts, between: Between::Smooth });
                Stage::Warp(Warp { size, window, map, interpolation: Interpolation::Bilinear, fill })
            }
            8 => Stage::Lut(Box::new([std::array::from_fn(|value| 255 - value as u8); 3])),
            9 => Stage::Lut(Box::new([std::array::from_fn(|value| (value as u8 / 2) + (a % 100) as u8); 3])),
            10 => Stage::Resize(Resize { size: [window[2], window[3]], window, filter: Filter::Lanczos }),
            _ => Stage::Resize(Resize { size: [1 + c % 9, 1 + d % 9], window, filter: Filter::Bilinear }),
        }
    }

    fn is_exact(stage: &Stage) -> bool {
        match stage {
            Stage::Warp(warp) => Exact::of(&warp.map).is_some(),
            Stage::Resize(resize) => resize.size == resize.window[2..],
            _ => true,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn the_picture_is_the_same(
            made in proptest::collection::vec((0u32..12, [0u32..1000, 0u32..1000, 0u32..1000, 0u32..1000]), 1..5),
            size in [1u32..14, 1u32..14],
            channels in 1u8..5,
        ) {
            let mut after = size;
            let mut stages = Vec::new();
            for (kind, numbers) in made {
                let stage = stage(after, kind, numbers);
                after = stage.size(after);
                stages.push(stage);
            }
            let before = run(&stages, picture(size, channels), &Alone);
            // A level that one warp is off by goes through those after it, some of which sharpen.
            let most = if stages.iter().all(is_exact) { 0 } else { 2 };
            for fused in [fused(stages.clone()), fused_from(size, stages.clone())] {
                prop_assert!(fused.len() <= stages.len());
                let found = run(&fused, picture(size, channels), &Alone);
                prop_assert_eq!([found.width, found.height], [before.width, before.height]);
                let worst = found.data.iter().zip(&before.data).map(|(a, b)| a.abs_diff(*b)).max();
                prop_assert!(worst.unwrap_or(0) <= most, "{:?} for {:?}: {:?}", fused, stages, worst);
            }
        }
    }

    #[test]
    fn neighbours_become_one() {
        let [flip, turn, pad] = [0, 1, 4].map(|kind| stage([6, 4], kind, [0; 4]));
        let crop = stage([6, 4], 3, [1, 1, 3, 2]);
        let rotate = stage([6, 4], 5, [0, 0, 5, 3]);
        let table = stage([6, 4], 8, [0; 4]);
        let smaller = stage([4, 3], 11, [0, 0, 3, 2]);
        let rows = [
            ("twice the same table", vec![table.clone(), table.clone()], 0),
            ("twice mirrored", vec![flip.clone(), flip.clone()], 0),
            ("mirrored and turned", vec![flip.clone(), turn.clone()], 1),
            ("mirrored and rotated", vec![flip.clone(), rotate.clone()], 1),
            ("rotated and mirrored", vec![rotate.clone(), flip.clone()], 1),
            ("rotated and cut", vec![rotate.clone(), crop.clone()], 1),
            ("cut and made smaller", vec![crop, smaller], 1),
            ("rotated twice", vec![rotate.clone(), rotate.clone()], 2),
            ("a table between", vec![flip.clone(), table, flip], 3),
            ("padded by nothing", vec![pad], 0),
        ];
        for (name, stages, expected) in rows {
            assert_eq!(fused_from([6, 4], stages).len(), expected, "{name}");
        }
    }
}
