//! Operations that draw which other operations are done.
//!
//! Magnitudes are those that torchvision's classes of these names document, from 0 to 30 in 31 steps. What is
//! sheared is sheared about where [`super::geometry`] has it, and not about the upper left corner.

use super::{Build, FILL, FILL_COLOUR, Family, Grey, INTERPOLATION, Operation, operation};
use crate::augment::param::{Unit, Value, flag, number, whole, whole_range};
use crate::augment::stage::Stage;

pub const ALL: [&Operation; 3] = [&RAND_AUGMENT, &TRIVIAL_AUGMENT, &AUG_MIX];

/// E. D. Cubuk et al., "RandAugment: Practical Automated Data Augmentation with a Reduced Search Space", CVPR
/// Workshops 2020.
static RAND_AUGMENT: Operation = Operation {
    name: "rand_augment",
    title: "RandAugment",
    family: Family::Policy,
    about: "Several of fourteen operations, any of them more than once, all at one magnitude.",
    params: &[
        whole("n", "How many operations", Unit::Plain, [1.0, 14.0], 2.0),
        whole_range("magnitude", "How strong all of them are", Unit::Plain, [0.0, 30.0], [9.0, 9.0]),
        FILL,
        FILL_COLOUR,
        INTERPOLATION,
    ],
    grey: Grey::AsColour,
    probability: 1.0,
    build: |build| {
        let (count, magnitude) = (build.number("n") as u32, build.number("magnitude"));
        let done: Vec<String> = (0..count).map(|part| one_of(build, &NARROW, magnitude, part)).collect();
        build.note_word(OPERATIONS, done.join(", "));
    },
};

/// S. G. Müller and F. Hutter, "TrivialAugment: Tuning-free Yet State-of-the-Art Data Augmentation", ICCV
/// 2021: the wide ranges.
static TRIVIAL_AUGMENT: Operation = Operation {
    name: "trivial_augment",
    title: "TrivialAugment",
    family: Family::Policy,
    about: "One of fourteen operations, at a magnitude that is drawn from a wide range.",
    params: &[FILL, FILL_COLOUR, INTERPOLATION],
    grey: Grey::AsColour,
    probability: 1.0,
    build: |build| {
        let magnitude = f64::from(build.draw().below(MOST as u32 + 1));
        let done = one_of(build, &WIDE, magnitude, 0);
        build.note_word(OPERATIONS, done);
    },
};

/// D. Hendrycks et al., "AugMix: A Simple Data Processing Method to Improve Robustness and Uncertainty", ICLR
/// 2020.
static AUG_MIX: Operation = Operation {
    name: "aug_mix",
    title: "AugMix",
    family: Family::Policy,
    about: "The weighted mean of the picture and of what several chains of operations make of it.",
    params: &[
        whole("severity", "The greatest strength of the operations", Unit::Plain, [1.0, 10.0], 3.0),
        whole("width", "How many chains", Unit::Plain, [1.0, 10.0], 3.0),
        whole("depth", "How many operations a chain has, −1 for 1 to 3", Unit::Plain, [-1.0, 10.0], -1.0),
        number("alpha", "The parameter of the distributions of weights", Unit::Plain, [0.1, 10.0], 1.0),
        flag("all_operations", "Whether colour, contrast, brightness and sharpness are among them", false),
    ],
    grey: Grey::AsColour,
    probability: 1.0,
    build: |build| {
        let [severity, width, depth, alpha] =
            ["severity", "width", "depth", "alpha"].map(|name| build.number(name));
        let mixed = build.draw().beta(alpha);
        let weights = dirichlet(build, alpha, width as usize);
        let count = if build.flag("all_operations") { MIXED.len() } else { MIXED.len() - UNMIXED };
        let mut parts = vec![((1.0 - mixed) as f32, Vec::new())];
        let mut done = Vec::new();
        for (chain, weight) in weights.iter().enumerate() {
            let length = if depth < 1.0 { 1 + build.draw().below(3) } else { depth as u32 };
            let mut names = Vec::new();
            let stages = build.branch(|build| {
                for link in 0..length {
                    let kind = MIXED[build.draw().below(count as u32) as usize];
                    // From a tenth, so that nothing has no effect.
                    let level = build.draw().between(0.1, severity);
                    names.push(mix_in(build, kind, level / 10.0, chain as u32 * 16 + link));
                }
            });
            parts.push(((mixed * weight) as f32, stages));
            done.push(names.join(", "));
        }
        build.note("mixed", mixed);
        build.note_numbers("weights", weights);
        build.note_word(OPERATIONS, done.join(" | "));
        build.push(Stage::Blend(parts));
    },
};

/// How what was done is noted.
const OPERATIONS: &str = "operations";

/// The greatest magnitude.
const MOST: f64 = 30.0;

/// One of the operations that are drawn from, as the papers name them.
#[derive(Clone, Copy, Debug, PartialEq)]
enum One {
    Identity,
    ShearX,
    ShearY,
    TranslateX,
    TranslateY,
    Rotate,
    Brightness,
    Color,
    Contrast,
    Sharpness,
    Posterize,
    Solarize,
    AutoContrast,
    Equalize,
}

const ALL_OF_THEM: [One; 14] = [
    One::Identity,
    One::ShearX,
    One::ShearY,
    One::TranslateX,
    One::TranslateY,
    One::Rotate,
    One::Brightness,
    One::Color,
    One::Contrast,
    One::Sharpness,
    One::Posterize,
    One::Solarize,
    One::AutoContrast,
    One::Equalize,
];

/// Those of AugMix, the last [`UNMIXED`] of which are left out of what is compared on ImageNet-C, which has
/// them.
const MIXED: [One; 13] = [
    One::AutoContrast,
    One::Equalize,
    One::Posterize,
    One::Rotate,
    One::Solarize,
    One::ShearX,
    One::ShearY,
    One::TranslateX,
    One::TranslateY,
    One::Color,
    One::Contrast,
    One::Brightness,
    One::Sharpness,
];

const UNMIXED: usize = 4;

/// What the greatest magnitude comes to.
struct Reach {
    /// The tangent of the angle.
    shear: f64,
    translate: Translate,
    degrees: f64,
    /// To or from a factor of one.
    factor: f64,
    /// Bits that are lost.
    bits: f64,
}

enum Translate {
    /// Of a side.
    Part(f64),
    Pixels(f64),
}

/// RandAugment's.
const NARROW: Reach =
    Reach { shear: 0.3, translate: Translate::Part(150.0 / 331.0), degrees: 30.0, factor: 0.9, bits: 4.0 };

/// TrivialAugment's.
const WIDE: Reach =
    Reach { shear: 0.99, translate: Translate::Pixels(32.0), degrees: 135.0, factor: 0.99, bits: 6.0 };

/// Does one of the fourteen, drawn; says which one and how.
fn one_of(build: &mut Build<'_>, reach: &Reach, magnitude: f64, part: u32) -> String {
    let kind = ALL_OF_THEM[build.draw().below(ALL_OF_THEM.len() as u32) as usize];
    let sign = sign(build);
    let strength = magnitude / MOST;
    let shift = |side: u32| match reach.translate {
        Translate::Part(part) => part * strength * f64::from(side),
        Translate::Pixels(pixels) => pixels * strength,
    };
    let [width, height] = build.size();
    let amount = match kind {
        One::Identity | One::AutoContrast | One::Equalize => 0.0,
        One::ShearX | One::ShearY => sign * degrees(reach.shear * strength),
        One::TranslateX => sign * shift(width).trunc(),
        One::TranslateY => sign * shift(height).trunc(),
        One::Rotate => sign * reach.degrees * strength,
        One::Brightness | One::Color | One::Contrast | One::Sharpness => 1.0 + sign * reach.factor * strength,
        One::Posterize => 8.0 - (reach.bits * strength).round_ties_even(),
        One::Solarize => 255.0 * (1.0 - strength),
    };
    let edges = edges(build);
    call(build, kind, amount, &edges, part)
}

/// Does one of AugMix's at this strength, 0 to 1; says which one and how.
fn mix_in(build: &mut Build<'_>, kind: One, strength: f64, part: u32) -> String {
    let sign = sign(build);
    let [width, height] = build.size().map(f64::from);
    let amount = match kind {
        One::Identity | One::AutoContrast | One::Equalize => 0.0,
        One::ShearX | One::ShearY => sign * degrees(0.3 * strength),
        One::TranslateX => sign * (strength * width / 3.0).trunc(),
        One::TranslateY => sign * (strength * height / 3.0).trunc(),
        One::Rotate => sign * (30.0 * strength).trunc(),
        One::Brightness | One::Color | One::Contrast | One::Sharpness => 1.8 * strength + 0.1,
        One::Posterize => 4.0 - (4.0 * strength).trunc(),
        One::Solarize => 256.0 - (256.0 * strength).trunc(),
    };
    call(build, kind, amount, &[], part)
}

/// Does one, by the operation that it is here, and says which one and how. Shears and turns are in degrees,
/// translations in pixels.
fn call(build: &mut Build<'_>, kind: One, amount: f64, edges: &[(&'static str, Value)], part: u32) -> String {
    let [width, height] = build.size().map(f64::from);
    let (name, params): (&str, &[(&str, f64)]) = match kind {
        One::Identity => return "Identity".to_owned(),
        One::ShearX => ("shear", &[("x", amount), ("y", 0.0)]),
        One::ShearY => ("shear", &[("x", 0.0), ("y", amount)]),
        One::TranslateX => ("translate", &[("x", amount / width), ("y", 0.0)]),
        One::TranslateY => ("translate", &[("x", 0.0), ("y", amount / height)]),
        One::Rotate => ("rotate", &[("angle", amount)]),
        One::Brightness => ("brightness", &[("factor", amount)]),
        One::Color => ("saturation", &[("factor", amount)]),
        One::Contrast => ("contrast", &[("factor", amount)]),
        One::Sharpness => ("sharpness", &[("factor", amount)]),
        One::Posterize => ("posterize", &[("bits", amount)]),
        One::Solarize => ("solarize", &[("threshold", amount)]),
        One::AutoContrast => ("autocontrast", &[("cutoff", 0.0)]),
        One::Equalize => ("equalize", &[]),
    };
    let called = operation(name).expect("policies do what there is");
    let edges = edges.iter().filter(|(name, _)| called.param(name).is_some()).copied();
    let given: Vec<(&str, Value)> =
        params.iter().map(|(name, number)| (*name, Value::Number(*number))).chain(edges).collect();
    build.call(name, &given, part);
    match kind {
        One::AutoContrast | One::Equalize => format!("{kind:?}"),
        _ => format!("{kind:?} {}", crate::text::significant(amount)),
    }
}

/// What is told to operations that move pixels.
fn edges(build: &Build<'_>) -> [(&'static str, Value); 3] {
    [
        (FILL.name, Value::Choice(build.word(FILL.name))),
        (FILL_COLOUR.name, Value::Colour(build.colour(FILL_COLOUR.name))),
        (INTERPOLATION.name, Value::Choice(build.word(INTERPOLATION.name))),
    ]
}

fn sign(build: &mut Build<'_>) -> f64 {
    if build.draw().chance(0.5) { -1.0 } else { 1.0 }
}

fn degrees(tangent: f64) -> f64 {
    libm::atan(tangent).to_degrees()
}

/// So many weights that come to 1, from the Dirichlet distribution with all parameters `alpha`.
fn dirichlet(build: &mut Build<'_>, alpha: f64, count: usize) -> Vec<f64> {
    // A gamma variate of a shape below 1 is one of a shape greater by 1 times a power: G. Marsaglia and
    // W. W. Tsang, 2000.
    let numbers: Vec<f64> = (0..count)
        .map(|_| build.draw().gamma(alpha + 1.0) * libm::pow(1.0 - build.draw().unit(), 1.0 / alpha))
        .collect();
    let sum: f64 = numbers.iter().sum();
    numbers.into_iter().map(|number| number / sum).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::augment::pipeline::Settings;
    use crate::augment::random::Key;
    use crate::augment::table::{Picture, Settled};

    const PICTURE: Picture = Picture { size: [100, 331], channels: 3 };

    fn settled(name: &str, given: &[(&str, Value)], variant: u32) -> Settled {
        let settings = Settings::with(name, given).unwrap();
        settings.operation.settle(&settings.values, Key::new(1, 2, variant), PICTURE)
    }

    /// What was done, as noted: names and amounts.
    fn done(settled: &Settled) -> Vec<(String, Option<f64>)> {
        let noted = settled.taken.iter().find(|(name, _)| *name == OPERATIONS).unwrap().1.to_string();
        let parts = noted.split([',', '|']).map(str::trim);
        parts
            .map(|part| match part.split_once(' ') {
                Some((name, amount)) => (name.to_owned(), Some(amount.parse().unwrap())),
                None => (part.to_owned(), None),
            })
            .collect()
    }

    /// The least and the greatest amount of everything that is done in so many variants.
    fn amounts(name: &str, given: &[(&str, Value)], variants: u32) -> BTreeMap<String, Option<[f64; 2]>> {
        let mut amounts: BTreeMap<String, Option<[f64; 2]>> = BTreeMap::new();
        for (name, amount) in (0..variants).flat_map(|variant| done(&settled(name, given, variant))) {
            let ends = amounts.entry(name).or_insert(amount.map(|amount| [amount; 2]));
            if let (Some([low, high]), Some(amount)) = (ends, amount) {
                (*low, *high) = (low.min(amount), high.max(amount));
            }
        }
        amounts
    }

    #[test]
    fn magnitudes_are_those_of_torchvision() {
        // For a picture of 100 × 331, to three digits:
        // torchvision.transforms.RandAugment()._augmentation_space(31, (331, 100)) at 9, and
        // torchvision.transforms.TrivialAugmentWide()._augmentation_space(31) at 30.
        type Row = (&'static str, Option<[f64; 2]>, Option<[f64; 2]>);
        let rows: [Row; 14] = [
            ("Identity", None, None),
            ("ShearX", Some([-5.14, 5.14]), Some([-44.7, 44.7])),
            ("ShearY", Some([-5.14, 5.14]), Some([-44.7, 44.7])),
            ("TranslateX", Some([-13.0, 13.0]), Some([-32.0, 32.0])),
            ("TranslateY", Some([-45.0, 45.0]), Some([-32.0, 32.0])),
            ("Rotate", Some([-9.0, 9.0]), Some([-135.0, 135.0])),
            ("Brightness", Some([0.73, 1.27]), Some([0.01, 1.99])),
            ("Color", Some([0.73, 1.27]), Some([0.01, 1.99])),
            ("Contrast", Some([0.73, 1.27]), Some([0.01, 1.99])),
            ("Sharpness", Some([0.73, 1.27]), Some([0.01, 1.99])),
            ("Posterize", Some([7.0, 7.0]), Some([2.0, 8.0])),
            ("Solarize", Some([178.0, 178.0]), Some([0.0, 255.0])),
            ("AutoContrast", None, None),
            ("Equalize", None, None),
        ];
        let narrow = amounts("rand_augment", &[], 500);
        let wide = amounts("trivial_augment", &[], 12_000);
        assert_eq!((narrow.len(), wide.len()), (14, 14));
        for (name, rand, trivial) in rows {
            assert_eq!(narrow[name], rand, "{name}");
            assert_eq!(wide[name], trivial, "{name}");
        }
    }

    #[test]
    fn so_many_operations_are_done() {
        for variant in 0..100 {
            let rand = settled("rand_augment", &[("n", Value::Number(5.0))], variant);
            let names = done(&rand);
            let identities = names.iter().filter(|(name, _)| name == "Identity").count();
            assert_eq!((names.len(), rand.stages.len()), (5, 5 - identities), "{names:?}");
            assert_eq!(rand.size, PICTURE.size);
            assert!(settled("trivial_augment", &[], variant).stages.len() <= 1);
        }
    }

    #[test]
    fn nothing_is_done_to_a_grey_picture_s_colours() {
        let rand = Settings::with("rand_augment", &[("n", Value::Number(14.0))]).unwrap();
        for variant in 0..50 {
            let picture = Picture { channels: 1, ..PICTURE };
            let settled = rand.operation.settle(&rand.values, Key::new(1, 2, variant), picture);
            assert!(!settled.stages.iter().any(|stage| matches!(stage, Stage::Matrix(_))));
        }
    }

    #[test]
    fn chains_are_mixed_by_weights_that_come_to_one() {
        for (width, depth, alpha) in [(3.0, -1.0, 1.0), (5.0, 4.0, 0.1), (1.0, 2.0, 10.0)] {
            let given = [("width", width), ("depth", depth), ("alpha", alpha)];
            let given = given.map(|(name, number)| (name, Value::Number(number)));
            let mut lengths = [0; 5];
            for variant in 0..200 {
                let mixed = settled("aug_mix", &given, variant);
                let [Stage::Blend(parts)] = &mixed.stages[..] else { panic!("it is a blend") };
                assert_eq!(parts.len(), 1 + width as usize);
                assert!(parts[0].1.is_empty(), "the first part is the picture itself");
                let sum: f32 = parts.iter().map(|(weight, _)| weight).sum();
                assert!((sum - 1.0).abs() < 1e-5 && parts.iter().all(|(weight, _)| *weight >= 0.0), "{sum}");
                assert_eq!(mixed.size, PICTURE.size);
                let noted = mixed.taken.iter().find(|(name, _)| *name == OPERATIONS).unwrap().1.to_string();
                noted.split('|').for_each(|chain| lengths[chain.split(',').count()] += 1);
            }
            if depth < 0.0 {
                assert!(lengths[0] == 0 && lengths[1..4].iter().all(|count| *count > 150), "{lengths:?}");
            } else {
                assert_eq!(lengths[depth as usize], 200 * width as usize);
            }
        }
    }

    #[test]
    fn aug_mix_keeps_within_its_severity() {
        let severe = amounts("aug_mix", &[("severity", Value::Number(10.0))], 2000);
        let slight = amounts("aug_mix", &[("severity", Value::Number(1.0))], 2000);
        let all = amounts("aug_mix", &[("all_operations", Value::Flag(true))], 500);
        assert_eq!((severe.len(), slight.len(), all.len()), (9, 9, 13));
        let within = |amounts: &BTreeMap<String, Option<[f64; 2]>>, name: &str, ends: [f64; 2]| {
            let [low, high] = amounts[name].unwrap();
            assert!(low >= ends[0] && high <= ends[1], "{name}: {low} to {high}");
        };
        within(&severe, "Rotate", [-29.0, 29.0]);
        within(&severe, "Posterize", [1.0, 4.0]);
        within(&severe, "Solarize", [0.0, 254.0]);
        within(&severe, "ShearX", [-16.7, 16.7]);
        within(&severe, "TranslateX", [-33.0, 33.0]);
        within(&slight, "Rotate", [-3.0, 3.0]);
        within(&slight, "Posterize", [4.0, 4.0]);
        within(&all, "Color", [0.1, 0.64]);
    }
}
