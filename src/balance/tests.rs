//! Plans and splits against hand-computed rows, and what is true of all of them.

use super::resplit::{Deck, resplit};
use super::*;
use crate::analysis::groups::{Forest, Groups};
use crate::augment::random::sample_key;
use crate::dataset::NO_SPLIT;

/// Labels of these sets of classes, `classes` in all.
fn labels(classes: usize, of: &[&[u32]]) -> Labels {
    let mut sets: Vec<Vec<u32>> = vec![Vec::new()];
    let index = |set: &&[u32]| match sets.iter().position(|known| known == set) {
        Some(at) => at as u32,
        None => {
            sets.push(set.to_vec());
            sets.len() as u32 - 1
        }
    };
    let of = of.iter().map(index).collect();
    Labels { classes: (0..classes).map(|class| class.to_string()).collect(), sets, of }
}

fn keys(count: usize) -> Vec<u64> {
    (0..count).map(|row| sample_key(&format!("{row}.png"))).collect()
}

fn means(prune: bool, undersample: bool, fill: bool) -> Means {
    Means { prune, undersample, fill: fill.then_some(Fill::Repeats), weights: None }
}

/// A plan for one part of samples of these classes, with near-copies.
fn planned(of: &[&[u32]], wanted: &[u64], edges: &[Pair], means: Means, seed: u64) -> Plan {
    let labels = labels(wanted.len(), of);
    let pool = Pool {
        labels: &labels,
        part_of: &vec![0; of.len()],
        parts: 1,
        keys: &keys(of.len()),
        is_fixed: &[],
        edges,
        rank: &[],
    };
    plan(&pool, wanted, means, seed, &Control::new()).unwrap()
}

fn pair(a: u32, b: u32, distance: u16) -> Pair {
    Pair { a, b, distance }
}

#[test]
fn near_copies_go_first_then_chance_and_none_is_the_last_of_its_group() {
    let of: &[&[u32]] = &[&[0], &[0], &[0], &[0], &[0], &[1], &[]];
    // 0, 1 and 2 are one picture, 3 and 4 nearly; 5 of the other class is a copy of 4.
    let edges = [pair(0, 1, 0), pair(0, 2, 0), pair(4, 5, 2), pair(3, 4, 7)];
    let pruned = |kept, distance| Fate::Pruned { kept: Some(kept), distance };
    let plan = |wanted, means| planned(of, &[wanted, 1], &edges, means, 1);
    let prune = means(true, false, false);
    assert_eq!(plan(4, prune).fates[..5], [Fate::Stays, pruned(0, 0), Fate::Stays, Fate::Stays, Fate::Stays]);
    assert_eq!(
        plan(2, prune).fates[..5],
        [Fate::Stays, pruned(0, 0), pruned(0, 0), Fate::Stays, pruned(3, 7)]
    );
    let least = plan(1, prune);
    assert_eq!(least.copies, [1, 0, 0, 1, 0, 1, 1], "the last of a group is not pruned");
    assert!(least.classes[0].is_missed() && least.classes[0].pruned == 3);
    // Undersampling takes it, and then no near-copy stays for those that went before.
    let both = plan(1, means(true, true, false));
    assert_eq!((both.classes[0].pruned, both.classes[0].undersampled, both.classes[0].after), (3, 1, 1));
    let stays = if both.copies[0] == 1 { 0 } else { 3 };
    for (row, own) in [(1, 0), (2, 0), (4, 3)] {
        let Fate::Pruned { kept, .. } = both.fates[row] else { panic!("{row}") };
        assert_eq!(kept, (own == stays).then_some(own), "{row}");
    }
    assert_eq!(both.copies[5..], [1, 1], "the other class and what has no label stay");
}

#[test]
fn a_long_chain_of_near_copies_is_gone_once() {
    // Each is the better copy of the one before: gone anew from each of them, the way would be five thousand million.
    const COUNT: u32 = 100_000;
    let of = vec![&[0u32][..]; COUNT as usize];
    let (labels, rank) = (labels(1, &of), (0..COUNT).rev().collect::<Vec<u32>>());
    let edges: Vec<Pair> = (1..COUNT).map(|at| pair(at - 1, at, 0)).collect();
    let pool = Pool {
        labels: &labels,
        part_of: &vec![0; of.len()],
        parts: 1,
        keys: &keys(of.len()),
        is_fixed: &[],
        edges: &edges,
        rank: &rank,
    };
    let found = plan(&pool, &[1], means(true, false, false), 1, &Control::new()).unwrap();
    let pruned = Fate::Pruned { kept: Some(COUNT - 1), distance: 0 };
    assert!(found.fates[..COUNT as usize - 1].iter().all(|fate| *fate == pruned));
    assert_eq!(found.fates.last(), Some(&Fate::Stays));
    let cancelled = Control::new();
    cancelled.cancel();
    assert!(plan(&pool, &[1], means(true, false, false), 1, &cancelled).is_err());
}

#[test]
fn what_is_kept_by_hand_held_out_or_gone_is_left_alone() {
    let labels = labels(1, &[&[0u32][..]; 6]);
    let pool = Pool {
        labels: &labels,
        part_of: &[0, 0, 0, UNTOUCHED, ABSENT, 0],
        parts: 1,
        keys: &keys(6),
        is_fixed: &[false, true],
        edges: &[pair(0, 4, 0), pair(1, 3, 0), pair(0, 1, 1)],
        rank: &[],
    };
    let plan = |wanted| plan(&pool, &[wanted], means(true, true, true), 3, &Control::new()).unwrap();
    assert_eq!(plan(1).copies, [0, 1, 0, 1, 0, 0]);
    assert_eq!(plan(1).fates[0], Fate::Pruned { kept: Some(1), distance: 1 });
    assert_eq!(plan(1).fates[4], Fate::Absent);
    let more = plan(9);
    assert_eq!(more.copies.iter().sum::<u32>(), 10, "held-out samples are not repeated");
    assert_eq!((more.copies[3], more.copies[4]), (1, 0));
}

#[test]
fn repeats_are_spread_evenly() {
    let of: &[&[u32]] = &[&[0], &[0], &[0], &[1]];
    let plan = planned(of, &[8, 5], &[], means(false, false, true), 7);
    let mut first = plan.copies[..3].to_vec();
    first.sort_unstable();
    assert_eq!((first, plan.copies[3]), (vec![2, 3, 3], 5));
    assert_eq!(plan.classes.iter().map(|class| class.after).collect::<Vec<_>>(), [8, 5]);
}

#[test]
fn several_labels_go_by_all_of_them_and_are_repeated_by_one() {
    // 0 and 1, of which 1 is rare.
    let of: &[&[u32]] = &[&[0, 1], &[0], &[0], &[0], &[0, 1]];
    let down = planned(of, &[2, 2], &[], means(false, true, false), 5);
    assert_eq!((down.copies[0], down.copies[4]), (1, 1), "the rare class has none too many");
    assert_eq!((down.classes[0].after, down.classes[1].after), (2, 2));
    let up = planned(of, &[5, 6], &[], means(false, false, true), 5);
    assert_eq!(up.copies, [3, 1, 1, 1, 3]);
    assert_eq!((up.classes[0].after, up.classes[1].after), (9, 6), "the other class grows with it");
}

#[test]
fn weights_have_mean_one_and_draw_what_is_wanted() {
    let of: &[&[u32]] = &[&[0], &[0], &[0], &[1], &[]];
    for (weighting, expected) in [
        // 2/3 and 2, of which the mean is 1.
        (Weighting::Wanted, [2.0 / 3.0, 2.0]),
        (Weighting::Inverse, [2.0 / 3.0, 2.0]),
        // Effective numbers 1.75 and 1: weights 4/7 and 1, of which the sum over samples is 19/7.
        (Weighting::Effective { beta: 0.5 }, [4.0 / 7.0 * 28.0 / 19.0, 28.0 / 19.0]),
    ] {
        let means = Means { weights: Some(weighting), ..Means::default() };
        let plan = planned(of, &[2, 2], &[], means, 1);
        let about = |one: f64, two: f64| (one - two).abs() < 1e-12;
        assert!(about(plan.weights[0], expected[0]) && about(plan.weights[3], expected[1]), "{plan:?}");
        assert!(about(plan.weights.iter().sum::<f64>() / 5.0, 1.0) && about(plan.weights[4], 1.0));
        assert!(about(plan.classes[0].drawn, 3.0 * expected[0]), "{plan:?}");
    }
}

/// Counts of classes that fall as those of CIFAR-LT: 5000 × r^(k / (K − 1)).
fn long_tail(classes: usize, ratio: f64) -> Vec<u64> {
    let count = |class: usize| 5000.0 * libm::pow(ratio, class as f64 / (classes - 1) as f64);
    (0..classes).map(|class| count(class) as u64).collect()
}

#[test]
fn a_long_tail_becomes_what_is_wanted_exactly() {
    let counts = long_tail(20, 0.01);
    let of: Vec<Vec<u32>> = counts
        .iter()
        .enumerate()
        .flat_map(|(class, count)| vec![vec![class as u32]; *count as usize])
        .collect();
    let of: Vec<&[u32]> = of.iter().map(Vec::as_slice).collect();
    for target in [Target::Uniform, Target::SquareRoot, Target::Cap(300), Target::Floor(700)] {
        for (removes, fills) in [(true, true), (true, false), (false, true)] {
            let means = means(removes, removes, fills);
            let wanted = target.wanted(&counts, means.usual_total());
            let plan = planned(&of, &wanted, &[], means, 11);
            for (class, wanted) in plan.classes.iter().zip(&wanted) {
                let reached = match (removes, fills) {
                    (true, false) => *wanted.min(&class.before),
                    (false, true) => *wanted.max(&class.before),
                    _ => *wanted,
                };
                assert_eq!(class.after, reached, "{target:?} {means:?}");
            }
            let sum: u64 = plan.copies.iter().copied().map(u64::from).sum();
            assert_eq!(sum, plan.classes.iter().map(|class| class.after).sum::<u64>());
        }
    }
}

/// How often each class is drawn when samples are drawn by weight.
fn drawn_by_weight(plan: &Plan, class_of: &[usize], draws: u32, seed: u64) -> Vec<u64> {
    let mut sum = 0.0;
    let mut ends: Vec<f64> = Vec::new();
    for (weight, copies) in plan.weights.iter().zip(&plan.copies) {
        sum += weight * f64::from(*copies);
        ends.push(sum);
    }
    let mut draw = Key::new(seed, 0, 0).draw();
    let mut drawn = vec![0; plan.classes.len()];
    for _ in 0..draws {
        let at = draw.unit() * sum;
        drawn[class_of[ends.partition_point(|end| *end <= at).min(class_of.len() - 1)]] += 1;
    }
    drawn
}

/// Whether counts of draws are what is promised, to five standard deviations.
fn is_as_promised(drawn: &[u64], promised: &[f64]) -> bool {
    let (draws, sum): (u64, f64) = (drawn.iter().sum(), promised.iter().sum());
    drawn.iter().zip(promised).all(|(drawn, promised)| {
        let (mean, share) = (promised / sum * draws as f64, promised / sum);
        (*drawn as f64 - mean).abs() <= 5.0 * (mean * (1.0 - share)).sqrt()
    })
}

#[test]
fn a_sampler_draws_what_is_promised() {
    let counts = [500, 50, 5];
    let class_of: Vec<usize> = (0..3).flat_map(|class| vec![class; counts[class] as usize]).collect();
    let of: Vec<[u32; 1]> = class_of.iter().map(|class| [*class as u32]).collect();
    let of: Vec<&[u32]> = of.iter().map(|class| &class[..]).collect();
    for (weighting, fill) in [
        (Weighting::Wanted, None),
        (Weighting::Inverse, None),
        (Weighting::Effective { beta: 0.99 }, None),
        (Weighting::Effective { beta: 0.9 }, Some(Fill::Repeats)),
    ] {
        let means = Means { weights: Some(weighting), fill, ..Means::default() };
        let plan = planned(&of, &[185, 185, 185], &[], means, 1);
        let promised: Vec<f64> = plan.classes.iter().map(|class| class.drawn).collect();
        let drawn = drawn_by_weight(&plan, &class_of, 50_000, 2);
        assert!(is_as_promised(&drawn, &promised), "{weighting:?}: {drawn:?} for {promised:?}");
        if weighting == Weighting::Wanted {
            assert!(promised.iter().all(|count| (count - 185.0).abs() < 1e-9), "{promised:?}");
            // What PyTorch 2.15 drew by src/export/weights/sampler.py in 100 epochs, the seeds 0 to 99, from a CSV of
            // these classes with the weight 185 / count, in a folder with a copy of sampler.py:
            //   python3 -c "import csv, sampler; n = [500, 50, 5]
            //   p = [f'{c}/{i}.png' for c in range(3) for i in range(n[c])]
            //   rows = [['path', 'repeat', 'weight']] + [[q, 1, 185 / n[int(q[0])]] for q in p]
            //   csv.writer(open('weights.csv', 'w', newline='')).writerows(rows)
            //   drawn = [int(p[at][0]) for seed in range(100) for at in sampler.balanced_sampler(p, seed=seed)]
            //   print([drawn.count(c) for c in range(3)])"
            assert!(is_as_promised(&[18_340, 18_638, 18_522], &promised));
        }
    }
}

#[test]
fn weights_are_those_of_scikit_learn_and_of_cui_et_al() {
    let counts = [500u64, 120, 37, 8, 1];
    let of: Vec<[u32; 1]> = (0..5).flat_map(|class| vec![[class]; counts[class as usize] as usize]).collect();
    let of: Vec<&[u32]> = of.iter().map(|class| &class[..]).collect();
    let is_near = |found: &[f64], expected: &[f64; 5]| {
        found.iter().zip(expected).all(|(one, two)| (one / two - 1.0).abs() < 1e-9)
    };
    let of_classes = |weighting| {
        let means = Means { weights: Some(weighting), ..Means::default() };
        let plan = planned(&of, &counts, &[], means, 1);
        plan.classes.iter().map(|class| class.weight).collect::<Vec<f64>>()
    };
    // scikit-learn 1.9.1: python -c "import numpy as np; from sklearn.utils.class_weight import compute_class_weight
    // y = np.repeat(np.arange(5), [500, 120, 37, 8, 1])
    // print(compute_class_weight('balanced', classes=np.arange(5), y=y).tolist())"
    let balanced = of_classes(Weighting::Inverse);
    assert!(is_near(&balanced, &[0.2664, 1.11, 3.6, 16.65, 133.2]), "{balanced:?}");
    // The formula of Cui et al., (1 - beta) / (1 - beta^n), in all as many as there are classes (NumPy 2.4.6):
    // python -c "import numpy as np; n = np.array([500., 120., 37., 8., 1.]); b = ...
    // w = (1 - b) / (1 - np.power(b, n)); print((w / w.sum() * len(n)).tolist())"
    for (beta, expected) in [
        (
            0.9,
            [
                0.338_374_583_350_616_65,
                0.338_375_676_048_921_16,
                0.345_377_301_406_470_7,
                0.594_126_605_687_824_8,
                3.383_745_833_506_167,
            ],
        ),
        (
            0.99,
            [
                0.042_438_029_526_893_385,
                0.060_174_152_494_107_13,
                0.135_756_132_908_241_7,
                0.545_712_567_717_417_4,
                4.215_919_117_353_341,
            ],
        ),
        (
            0.999,
            [
                0.010_909_728_454_829_792,
                0.037_958_031_220_472_574,
                0.118_164_486_171_353_01,
                0.538_668_928_485_288_4,
                4.294_298_825_668_056,
            ],
        ),
        (
            0.9999,
            [
                0.008_818_165_828_036_385,
                0.036_054_348_200_607_114,
                0.116_449_362_868_683_6,
                0.537_798_184_098_742_4,
                4.300_879_939_003_931,
            ],
        ),
    ] {
        let figures = crate::analysis::distribution::Imbalance::of(&counts, beta).weights;
        assert!(is_near(&figures, &expected), "{beta}: {figures:?}");
        // Those of samples are the same but for their scale, by which their mean over samples is 1.
        let weights = of_classes(Weighting::Effective { beta });
        let sum: f64 = weights.iter().sum();
        let scaled: Vec<f64> = weights.iter().map(|weight| weight / sum * 5.0).collect();
        assert!(is_near(&scaled, &expected), "{beta}: {weights:?}");
        let mean =
            weights.iter().zip(counts).map(|(weight, count)| weight * count as f64).sum::<f64>() / 666.0;
        assert!((mean - 1.0).abs() < 1e-9, "{beta}: {mean}");
    }
}

fn groups(rows: usize, of: &[Vec<u32>]) -> Groups {
    let pairs: Vec<Pair> =
        of.iter().flat_map(|rows| rows.windows(2).map(|two| pair(two[0], two[1], 0))).collect();
    Forest::new(rows, &pairs).groups(0)
}

fn dealt(of: &[&[u32]], classes: usize, together: &[Vec<u32>], ratios: &[f64], seed: u64) -> Resplit {
    let (labels, groups) = (labels(classes, of), groups(of.len(), together));
    let deck =
        Deck { labels: &labels, is_there: &vec![true; of.len()], keys: &keys(of.len()), groups: &groups };
    resplit(&deck, ratios, seed, &Control::new()).unwrap()
}

#[test]
fn splits_have_their_proportions_to_less_than_a_sample() {
    const SETS: [&[u32]; 5] = [&[0], &[0], &[1], &[2], &[]];
    let of: Vec<&[u32]> = (0..1003).map(|row| SETS[row * 7 % 11 % 5]).collect();
    let found = dealt(&of, 3, &[], &[0.8, 0.1, 0.1], 4);
    assert!(found.classes.iter().all(|class| class.off() < 1.0), "{:?}", found.classes);
    assert_eq!(found.sizes.iter().sum::<u64>(), 1003);
    assert!(
        found
            .sizes
            .iter()
            .zip([802.4, 100.3, 100.3])
            .all(|(size, wanted)| (*size as f64 - wanted).abs() < 1.0)
    );
    assert_ne!(dealt(&of, 3, &[], &[0.8, 0.1, 0.1], 5).split_of, found.split_of);
    // 10 of one class: 8, 1 and 1, as anyone would deal them; 8, 1 and 1 as parts are the same.
    let ten = &[&[0u32][..]; 10];
    let ten = dealt(ten, 1, &[], &[8.0, 1.0, 1.0], 4);
    assert_eq!(ten.sizes, [8, 1, 1]);
}

#[test]
fn a_group_that_is_too_large_is_told() {
    let of = &[&[0u32][..]; 10];
    let found = dealt(of, 1, &[(0..6).collect()], &[0.5, 0.5], 1);
    assert_eq!(found.sizes, [6, 4]);
    assert_eq!((found.classes[0].forced_by.as_slice(), found.classes[0].off()), (&[0][..], 1.0));
    assert_eq!((found.groups, found.grouped), (1, 6));
}

proptest::proptest! {
    #[test]
    fn plans_are_what_they_say(
        rows in proptest::collection::vec((0u32..7, 0u32..6, 0u32..4), 1..120),
        edges in proptest::collection::vec((0u32..120, 0u32..120, 0u16..9), 0..60),
        wanted in proptest::collection::vec(0u64..40, 12),
        seed in 0u64..1000,
    ) {
        // A sixth class is none; two parts, one held out, one absent.
        let of: Vec<Vec<u32>> = rows.iter().map(|(class, _, _)| if *class < 6 { vec![*class] } else { vec![] }).collect();
        let of: Vec<&[u32]> = of.iter().map(Vec::as_slice).collect();
        let labels = labels(6, &of);
        let part_of: Vec<u32> = rows.iter().map(|(_, _, part)| [0, 1, UNTOUCHED, ABSENT][*part as usize]).collect();
        let edges: Vec<Pair> = edges
            .into_iter()
            .filter(|(a, b, _)| a != b && (*a.max(b) as usize) < rows.len())
            .map(|(a, b, distance)| pair(a.min(b), a.max(b), distance))
            .collect();
        let forest = Forest::new(rows.len(), &edges);
        let pool = Pool {
            labels: &labels,
            part_of: &part_of,
            parts: 2,
            keys: &keys(rows.len()),
            is_fixed: &[],
            edges: forest.edges(9),
            rank: &[],
        };
        let counts = pool.counts();
        let all = Means { weights: Some(Weighting::Wanted), ..means(true, true, true) };
        let found = plan(&pool, &wanted, all, seed, &Control::new()).unwrap();
        proptest::prop_assert_eq!(&found, &plan(&pool, &wanted, all, seed, &Control::new()).unwrap());
        for (slot, class) in found.classes.iter().enumerate() {
            // A class without a sample stays so.
            let expected = if counts[slot] == 0 { 0 } else { wanted[slot] };
            proptest::prop_assert_eq!(class.after, expected);
            proptest::prop_assert_eq!(class.kept + class.pruned + class.undersampled, class.before);
        }
        for (row, part) in part_of.iter().enumerate() {
            match *part {
                ABSENT => proptest::prop_assert_eq!(found.copies[row], 0),
                UNTOUCHED => proptest::prop_assert_eq!(found.copies[row], 1),
                _ => {}
            }
            if let Fate::Pruned { kept: Some(kept), .. } = found.fates[row] {
                proptest::prop_assert!(found.copies[kept as usize] > 0);
                proptest::prop_assert_eq!((part_of[kept as usize], of[kept as usize]), (*part, of[row]));
            }
        }
        // Without undersampling every group keeps one of each kind.
        let pruned = plan(&pool, &wanted, means(true, false, false), seed, &Control::new()).unwrap();
        for fate in &pruned.fates {
            let is_alone = matches!(fate, Fate::Pruned { kept: None, .. });
            proptest::prop_assert!(!is_alone);
        }
    }

    #[test]
    fn no_group_crosses_a_split(
        rows in proptest::collection::vec((0u32..5, 0u32..5, 0u32..30, proptest::bool::ANY), 1..150),
        ratios in proptest::collection::vec(1u32..9, 1..5),
        seed in 0u64..1000,
    ) {
        let of: Vec<Vec<u32>> = rows
            .iter()
            .map(|(one, two, _, several)| match (one, several) {
                (4, _) => vec![],
                (one, true) if one < two => vec![*one, *two],
                (one, _) => vec![*one],
            })
            .collect();
        let of: Vec<&[u32]> = of.iter().map(Vec::as_slice).collect();
        let member = |group: u32| {
            let members = rows.iter().enumerate().filter(move |(_, row)| row.2 == group);
            members.map(|(row, _)| row as u32).collect::<Vec<u32>>()
        };
        let together: Vec<Vec<u32>> = (0..15).map(member).filter(|rows| rows.len() > 1).collect();
        let ratios: Vec<f64> = ratios.iter().copied().map(f64::from).collect();
        let found = dealt(&of, 5, &together, &ratios, seed);
        proptest::prop_assert_eq!(&found, &dealt(&of, 5, &together, &ratios, seed));
        proptest::prop_assert!(found.split_of.iter().all(|split| *split != NO_SPLIT));
        proptest::prop_assert_eq!(found.sizes.iter().sum::<u64>(), rows.len() as u64);
        for group in &together {
            let splits: Vec<_> = group.iter().map(|row| found.split_of[*row as usize]).collect();
            proptest::prop_assert!(splits.iter().all(|split| *split == splits[0]));
        }
        for (class, share) in found.classes.iter().enumerate() {
            let has = |row: &&[u32]| if class == 5 { row.is_empty() } else { row.contains(&(class as u32)) };
            proptest::prop_assert_eq!(share.samples, of.iter().filter(|row| has(row)).count() as u64);
            proptest::prop_assert_eq!(share.have.iter().sum::<u64>(), share.samples);
        }
    }
}
