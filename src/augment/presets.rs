//! Pipelines to begin with, by name.

use super::param::Value::{self, Choice, Range};
use super::pipeline::{Order, Pipeline, Settings, Step};

/// The name of a preset, and what it is for.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    pub name: &'static str,
    pub title: &'static str,
    pub about: &'static str,
    build: fn(&mut Building),
}

/// All of them, in the order in which lists show them.
pub static PRESETS: [Preset; 8] = [
    Preset { name: "none", title: "None", about: "The pictures as they are.", build: |_| {} },
    Preset {
        name: "weak",
        title: "Weak",
        about: "Mirrored and moved a little, as FixMatch's weak branch.",
        build: |steps| {
            steps.add("horizontal_flip", 0.5, &[]);
            steps.add(
                "translate",
                1.0,
                &[("x", Range([-0.125, 0.125])), ("y", Range([-0.125, 0.125])), REFLECT],
            );
        },
    },
    Preset {
        name: "standard",
        title: "Standard",
        about: "What most photographs bear: mirrored, turned and scaled a little, other light and colour.",
        build: |steps| {
            steps.add("horizontal_flip", 0.5, &[]);
            steps.add("rotate", 0.5, &[("angle", Range([-15.0, 15.0])), REFLECT]);
            steps.add("scale", 0.5, &[("factor", Range([0.9, 1.15])), REFLECT]);
            steps.add("colour_jitter", 0.8, &[]);
            steps.add("gaussian_noise", 0.2, &[]);
        },
    },
    Preset {
        name: "strong",
        title: "Strong",
        about: "Much of everything, for large models and many epochs.",
        build: |steps| {
            steps.add("horizontal_flip", 0.5, &[]);
            steps.add("affine", 0.8, &[REFLECT]);
            steps.add("perspective", 0.3, &[REFLECT]);
            steps.add("colour_jitter", 0.8, &[]);
            steps.one_of(0.5, &["gaussian_blur", "motion_blur", "sharpen", "gaussian_noise"]);
            steps.one_of(0.3, &["jpeg", "downscale", "posterize", "equalize"]);
            steps.add("coarse_dropout", 0.5, &[]);
        },
    },
    Preset {
        name: "simclr",
        title: "SimCLR",
        about: "As T. Chen et al., \"A Simple Framework for Contrastive Learning\", ICML 2020, for the picture's size.",
        build: |steps| {
            steps.add("random_resized_crop", 1.0, &[("scale", Range([0.08, 1.0]))]);
            steps.add("horizontal_flip", 0.5, &[]);
            let strength = [("brightness", Range([0.2, 1.8])), ("contrast", Range([0.2, 1.8]))];
            let colour = [("saturation", Range([0.2, 1.8])), ("hue", Range([-72.0, 72.0]))];
            steps.add("colour_jitter", 0.8, &[strength, colour].concat());
            steps.add("grey", 0.2, &[]);
            steps.add("gaussian_blur", 0.5, &[("sigma", Range([0.1, 2.0]))]);
        },
    },
    Preset {
        name: "dino",
        title: "DINO",
        about: "Like the second global view of M. Caron et al., \"Emerging Properties in Self-Supervised Vision \
                Transformers\", ICCV 2021.",
        build: |steps| {
            steps.add("random_resized_crop", 1.0, &[("scale", Range([0.4, 1.0]))]);
            steps.add("horizontal_flip", 0.5, &[]);
            let light = [("brightness", Range([0.6, 1.4])), ("contrast", Range([0.6, 1.4]))];
            let colour = [("saturation", Range([0.8, 1.2])), ("hue", Range([-36.0, 36.0]))];
            steps.add("colour_jitter", 0.8, &[light, colour].concat());
            steps.add("grey", 0.2, &[]);
            steps.add("gaussian_blur", 0.1, &[("sigma", Range([0.1, 2.0]))]);
            steps.add("solarize", 0.2, &[("threshold", Range([128.0, 128.0]))]);
        },
    },
    Preset {
        name: "medical-safe",
        title: "Medical-safe",
        about: "Small turns and shifts and a little light: no mirror, where left and right mean something, and no \
                colour.",
        build: |steps| {
            steps.add("rotate", 0.5, &[("angle", Range([-5.0, 5.0]))]);
            steps.add("translate", 0.5, &[("x", Range([-0.03, 0.03])), ("y", Range([-0.03, 0.03]))]);
            steps.add("scale", 0.5, &[("factor", Range([0.95, 1.05]))]);
            let light = [("brightness", Range([-0.08, 0.08])), ("contrast", Range([-0.08, 0.08]))];
            steps.add("brightness_contrast", 0.5, &light);
        },
    },
    Preset {
        name: "digits-safe",
        title: "Digits-safe",
        about: "For digits and letters, which a mirror or a half turn makes others: small turns, slants, shifts and bends.",
        build: |steps| {
            steps.add("rotate", 0.7, &[("angle", Range([-12.0, 12.0]))]);
            steps.add("shear", 0.5, &[("x", Range([-10.0, 10.0])), ("y", Range([0.0, 0.0]))]);
            steps.add("translate", 0.7, &[("x", Range([-0.08, 0.08])), ("y", Range([-0.08, 0.08]))]);
            steps.add("scale", 0.5, &[("factor", Range([0.9, 1.1]))]);
            steps.add("elastic", 0.3, &[]);
        },
    },
];

const REFLECT: (&str, Value) = ("fill", Choice(2));

/// The preset of this name.
pub fn preset(name: &str) -> Option<Pipeline> {
    PRESETS.iter().find(|preset| preset.name == name).map(Preset::pipeline)
}

impl Preset {
    pub fn pipeline(&self) -> Pipeline {
        let mut building = Building { steps: Vec::new(), next: 0 };
        (self.build)(&mut building);
        Pipeline { name: self.name.to_owned(), steps: building.steps }
    }
}

/// Steps that are put together, numbered in the order of files.
struct Building {
    steps: Vec<Step>,
    next: u32,
}

impl Building {
    fn step(&mut self, name: &str, probability: f64, given: &[(&str, Value)]) -> Step {
        let settings = Settings::with(name, given).expect("presets are made of operations that there are");
        Step { probability, ..Step::new(self.number(), settings) }
    }

    fn add(&mut self, name: &str, probability: f64, given: &[(&str, Value)]) {
        let step = self.step(name, probability, given);
        self.steps.push(step);
    }

    fn one_of(&mut self, probability: f64, names: &[&str]) {
        let id = self.number();
        let steps = names.iter().map(|name| self.step(name, 1.0, &[])).collect();
        self.steps.push(Step { probability, ..Step::group(id, Order::OneOf, steps) });
    }

    fn number(&mut self) -> u32 {
        self.next += 1;
        self.next - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::pipeline::Variant;
    use crate::augment::table::Picture;

    #[test]
    fn every_preset_can_be_planned_and_keeps_the_size() {
        for preset in &PRESETS {
            let pipeline = preset.pipeline();
            assert!(preset.about.ends_with('.'), "{}", preset.name);
            assert_eq!(pipeline.steps.is_empty(), preset.name == "none");
            for number in 0..20 {
                let picture = Picture { size: [64, 48], channels: 3 };
                let plan = pipeline.plan(Variant { seed: 1, sample: 2, number }, picture);
                let is_cropped = matches!(preset.name, "simclr" | "dino");
                assert!(is_cropped || plan.after == [64, 48], "{}", preset.name);
            }
        }
        assert!(super::preset("standard").is_some() && super::preset("other").is_none());
    }
}
