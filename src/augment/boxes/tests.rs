use proptest::prelude::*;

use super::*;
use crate::augment::cpu::{Alone, run};
use crate::augment::stage::{Between, Fill, Filter, Interpolation, Resize};
use crate::media::Raster;

const LAST: [f32; 3] = [0.0, 0.0, 1.0];

fn warp(size: Size, window: [u32; 4], map: Map) -> Stage {
    let fill = Fill::Constant([0; 3]);
    Stage::Warp(Warp { size, window, map, interpolation: Interpolation::Bilinear, fill })
}

fn affine(size: Size, window: [u32; 4], x: [f32; 3], y: [f32; 3]) -> Stage {
    warp(size, window, Map::Projective([x, y, LAST]))
}

/// Name, stages, box, the least of it that must be left, and what becomes of it.
type Row = (&'static str, Vec<Stage>, [f32; 4], f32, Option<[f32; 4]>);

#[test]
fn boxes_are_where_their_pixels_are() {
    let flip = affine([10, 8], [0, 0, 10, 8], [-1.0, 0.0, 10.0], [0.0, 1.0, 0.0]);
    let turn = affine([8, 10], [0, 0, 10, 8], [0.0, -1.0, 10.0], [1.0, 0.0, 0.0]);
    let crop = affine([4, 4], [2, 2, 4, 4], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]);
    let pad = affine([8, 8], [0, 0, 4, 4], [1.0, 0.0, -2.0], [0.0, 1.0, -2.0]);
    let larger = Stage::Resize(Resize { size: [8, 8], window: [2, 2, 4, 4], filter: Filter::Bilinear });
    let one = [1.0, 2.0, 3.0, 4.0];
    let rows: [Row; 10] = [
        ("nothing", vec![], one, 0.5, Some(one)),
        ("beyond the picture", vec![], [-1.0, 2.0, 3.0, 40.0], 0.9, Some([0.0, 2.0, 2.0, 6.0])),
        ("outside", vec![], [20.0, 2.0, 3.0, 4.0], 0.0, None),
        ("flip", vec![flip.clone()], one, 0.5, Some([6.0, 2.0, 3.0, 4.0])),
        ("quarter turn", vec![turn], one, 0.5, Some([2.0, 6.0, 4.0, 3.0])),
        ("crop", vec![crop.clone()], one, 0.5, Some([0.0, 0.0, 2.0, 4.0])),
        ("crop, too little left", vec![crop.clone()], one, 0.7, None),
        ("crop and pad", vec![crop.clone(), pad], one, 0.5, Some([2.0, 2.0, 2.0, 4.0])),
        ("resized window", vec![larger], one, 0.5, Some([0.0, 0.0, 4.0, 8.0])),
        ("flip and crop", vec![flip, crop], one, 0.1, None),
    ];
    for (name, stages, given, least, expected) in rows {
        assert_eq!(follow_boxes(&stages, [10, 8], &[given], least), [expected], "{name}");
    }
}

fn pasted(rectangle: [u32; 4]) -> Stage {
    Stage::Mix(Mix { partner: 0, how: How::Pasted(rectangle) })
}

fn weighted(own: f32) -> Stage {
    Stage::Mix(Mix { partner: 0, how: How::Weighted { own } })
}

#[test]
fn a_blend_s_box_is_that_of_what_is_seen_most() {
    let right = |by: f32| affine([10, 8], [0, 0, 10, 8], [1.0, 0.0, -by], [0.0, 1.0, 0.0]);
    let blend = |weights: [f32; 3]| {
        let chains = [vec![], vec![right(2.0)], vec![right(2.0), right(3.0)]];
        Stage::Blend(weights.into_iter().zip(chains).collect())
    };
    let rows = [
        ("the picture itself", [0.5, 0.3, 0.2], Some([1.0, 2.0, 3.0, 4.0])),
        ("one chain", [0.2, 0.5, 0.3], Some([3.0, 2.0, 3.0, 4.0])),
        ("another chain", [0.1, 0.4, 0.5], Some([6.0, 2.0, 3.0, 4.0])),
        ("the first of equals", [0.4, 0.4, 0.2], Some([1.0, 2.0, 3.0, 4.0])),
    ];
    for (name, weights, expected) in rows {
        let stages = [blend(weights)];
        assert_eq!(follow_boxes(&stages, [10, 8], &[[1.0, 2.0, 3.0, 4.0]], 0.5), [expected], "{name}");
        let corner = expected.map(|[left, top, ..]| [left, top]);
        assert_eq!(follow_points(&stages, [10, 8], &[[1.0, 2.0]]), [corner], "{name}");
    }
    let out = [Stage::Blend(vec![(0.2, vec![]), (0.8, vec![right(9.0)])])];
    assert_eq!(follow_boxes(&out, [10, 8], &[[4.0, 2.0, 3.0, 4.0]], 0.1), [None]);
    assert_eq!(follow_boxes(&[Stage::Blend(vec![])], [10, 8], &[[1.0; 4]], 0.1), [Some([1.0; 4])]);
}

#[test]
fn what_is_pasted_takes_from_boxes_what_it_covers() {
    let flip = affine([10, 8], [0, 0, 10, 8], [-1.0, 0.0, 10.0], [0.0, 1.0, 0.0]);
    let given = [2.0, 2.0, 4.0, 4.0];
    let rows: [Row; 9] = [
        ("beside", vec![pasted([6, 0, 4, 8])], given, 0.9, Some(given)),
        ("its right half", vec![pasted([4, 0, 6, 8])], given, 0.5, Some([2.0, 2.0, 2.0, 4.0])),
        ("its lower part", vec![pasted([0, 5, 10, 3])], given, 0.5, Some([2.0, 2.0, 4.0, 3.0])),
        ("a corner, which leaves its bounds", vec![pasted([4, 4, 6, 4])], given, 0.7, Some(given)),
        ("the middle", vec![pasted([3, 3, 2, 2])], given, 0.7, Some(given)),
        ("too much", vec![pasted([3, 0, 7, 8])], given, 0.5, None),
        ("all", vec![pasted([2, 2, 4, 4])], given, 0.0, None),
        ("half, and mirrored", vec![pasted([4, 0, 6, 8]), flip], given, 0.5, Some([6.0, 2.0, 2.0, 4.0])),
        ("nothing, where pictures are blended", vec![weighted(0.6)], given, 0.9, Some(given)),
    ];
    for (name, stages, given, least, expected) in rows {
        assert_eq!(follow_boxes(&stages, [10, 8], &[given], least), [expected], "{name}");
    }
    let points = [[3.0, 3.0], [7.0, 3.0]];
    assert_eq!(follow_points(&[pasted([6, 0, 4, 8])], [10, 8], &points), [Some([3.0, 3.0]), None]);
}

#[test]
fn what_is_mixed_in_has_boxes_of_its_own() {
    let crop = affine([4, 4], [2, 2, 4, 4], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]);
    let turn = affine([8, 10], [0, 0, 10, 8], [0.0, -1.0, 10.0], [1.0, 0.0, 0.0]);
    let given = [2.0, 2.0, 4.0, 4.0];
    let rows: [Row; 6] = [
        ("blended", vec![weighted(0.6)], given, 0.9, Some(given)),
        ("all of it pasted", vec![pasted([1, 1, 6, 6])], given, 0.9, Some(given)),
        ("a half of it pasted", vec![pasted([4, 0, 6, 8])], given, 0.5, Some([4.0, 2.0, 2.0, 4.0])),
        ("too little of it pasted", vec![pasted([5, 0, 5, 8])], given, 0.5, None),
        ("and cut", vec![weighted(0.6), crop], [1.0, 2.0, 3.0, 4.0], 0.5, Some([0.0, 0.0, 2.0, 4.0])),
        // What is done before is not done to it.
        ("behind a turn", vec![turn, weighted(0.6)], given, 0.9, Some(given)),
    ];
    for (name, stages, given, least, expected) in rows {
        let mixed = mixed(&stages, [10, 8]);
        assert_eq!(mixed.len(), 1, "{name}");
        assert_eq!(follow_mixed(mixed[0], &[given], least), [expected], "{name}");
    }
    let twice = [weighted(0.6), pasted([0, 0, 5, 8])];
    let found: Vec<_> =
        mixed(&twice, [10, 8]).into_iter().map(|one| follow_mixed(one, &[given], 0.1)).collect();
    // The second one is pasted over the first one's.
    assert_eq!(found, [[Some([5.0, 2.0, 1.0, 4.0])], [Some([2.0, 2.0, 3.0, 4.0])]]);
}

#[test]
fn a_box_does_not_grow_by_turning_there_and_back() {
    let turn = |degrees: f32| {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let [x, y] = [50.0 * (1.0 - cos + sin), 50.0 * (1.0 - sin - cos)];
        affine([100, 100], [0, 0, 100, 100], [cos, -sin, x], [sin, cos, y])
    };
    let given = [40.0, 45.0, 20.0, 10.0];
    let found = follow_boxes(&[turn(30.0), turn(-30.0)], [100, 100], &[given], 0.5)[0].unwrap();
    assert!(found.iter().zip(given).all(|(a, b)| (a - b).abs() < 1e-3), "{found:?}");
}

#[test]
fn points_out_of_view_are_none() {
    let crop = affine([4, 4], [2, 2, 4, 4], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]);
    let points = [[3.0, 3.5], [1.0, 3.0], [6.5, 3.0], [30.0, 3.0]];
    assert_eq!(follow_points(&[crop], [10, 8], &points), [Some([1.0, 1.5]), None, None, None]);
    let behind =
        warp([10, 8], [0, 0, 10, 8], Map::Projective([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 1.0]]));
    assert_eq!(
        follow_points(&[behind], [10, 8], &[[0.5, 0.0]])[0].map(|[x, _]| (x * 100.0).round()),
        Some(33.0)
    );
}

#[test]
fn a_lens_that_folds_the_rim_has_no_place_for_what_is_beyond() {
    assert_eq!(inverse_radius(1.0, [0.0, 0.0]).map(|r| (r * 1e6).round()), Some(1e6));
    assert!(inverse_radius(2.0, [-0.3, 0.0]).is_none());
    let r = inverse_radius(0.9, [0.2, 0.1]).unwrap();
    assert!((r * (1.0 + r * r * (0.2 + 0.1 * r * r)) - 0.9).abs() < 1e-9);
}

/// A stage of some kind for a picture of 96 × 80.
fn stage(kind: u32, a: f32, b: f32) -> Stage {
    let size = [96, 80];
    let all = [0, 0, 96, 80];
    match kind {
        0 => affine(size, all, [-1.0, 0.0, 96.0], [0.0, 1.0, 0.0]),
        1 => {
            let (sin, cos) = a.sin_cos();
            let [x, y] = [48.0 - 48.0 * cos + 40.0 * sin, 40.0 - 48.0 * sin - 40.0 * cos];
            affine(size, all, [cos, -sin, x], [sin, cos, y])
        }
        2 => {
            let rows = [[0.8, 0.1 * a, 6.0], [0.05 * b, 0.85, 4.0], [0.001 * a, 0.001 * b, 1.0]];
            warp(size, all, Map::Projective(rows))
        }
        3 => {
            let shifts =
                (0..20).map(|at| [6.0 * (a * at as f32).sin(), 6.0 * (b * at as f32).cos()]).collect();
            warp(size, all, Map::Lattice(Lattice { columns: 5, rows: 4, shifts, between: Between::Smooth }))
        }
        4 => {
            let shifts =
                (0..20).map(|at| [4.0 * (a * at as f32).sin(), 4.0 * (b * at as f32).cos()]).collect();
            warp(size, all, Map::Lattice(Lattice { columns: 5, rows: 4, shifts, between: Between::Straight }))
        }
        5 => warp(size, all, Map::Radial { centre: [48.0 + a, 40.0 + b], k: [0.2 * a, 0.1 * b] }),
        6 => Stage::Resize(Resize { size, window: [10, 8, 70, 60], filter: Filter::Bilinear }),
        _ => affine(size, [8, 4, 80, 70], [1.0, 0.0, -6.0], [0.0, 1.0, 3.0]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_bright_is_in_the_box(
        kinds in proptest::collection::vec((0u32..8, -1.0f32..1.0, -1.0f32..1.0), 1..4),
        place in [5u32..60, 5u32..50],
        size in [8u32..30, 8u32..25],
    ) {
        let stages: Vec<Stage> = kinds.into_iter().map(|(kind, a, b)| stage(kind, a, b)).collect();
        let is_bright = |x: u32, y: u32| {
            x.wrapping_sub(place[0]) < size[0] && y.wrapping_sub(place[1]) < size[1]
        };
        let data = (0..96 * 80).map(|at| 255 * u8::from(is_bright(at % 96, at / 96))).collect();
        let picture = Raster::new(96, 80, 1, data).unwrap();
        let given = [place[0], place[1], size[0], size[1]].map(|number| number as f32);
        let found = follow_boxes(&stages, [96, 80], &[given], 0.0)[0];
        let result = run(&stages, picture, &Alone);
        let bright = (0..96 * 80u32).filter(|at| result.data[*at as usize] >= 128);
        let (mut from, mut to) = ([f32::MAX; 2], [f32::MIN; 2]);
        for at in bright {
            let place = [(at % 96) as f32, (at / 96) as f32];
            for axis in [0, 1] {
                from[axis] = from[axis].min(place[axis]);
                to[axis] = to[axis].max(place[axis] + 1.0);
            }
        }
        match found {
            Some([left, top, width, height]) => {
                // Slim corners are less than half bright, and several stages blur.
                let near = |a: f32, b: f32| (a - b).abs() < 5.0;
                let is_same = near(from[0], left) && near(from[1], top)
                    && near(to[0], left + width) && near(to[1], top + height);
                let is_slim = width < 6.0 || height < 6.0;
                prop_assert!(is_same || is_slim, "{:?} {:?}: {:?} after {:?}", from, to, found, stages);
            }
            None => prop_assert!(from[0] == f32::MAX, "{:?} {:?} after {:?}", from, to, stages),
        }
    }
}
