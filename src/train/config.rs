//! What is trained, and how: the shape of the model and the settings of a run, with what follows from
//! them without building anything.
//!
//! This file refuses to know tensors, files and samples.

use serde::{Deserialize, Serialize};

use crate::augment::formats::{FormatError, read};
use crate::augment::pipeline::Pipeline;
use crate::augment::table::Family;

/// Side of the kernel of every convolution, in pixels. With a stride of 2 and a padding of 1 each halves
/// the side, an odd one rounded down.
pub const KERNEL: usize = 4;
/// A level has at most this many times [`Shape::width`] channels.
const WIDEST: usize = 8;
/// The smallest side that a level may end with, in pixels.
const NARROWEST: usize = 2;
/// Multiplications and additions of a forward and a backward pass that are done at most between two looks
/// at whether to go on: about a fifth of a second on one slow core.
const PIECE_COST: u64 = 4_000_000_000;

/// Colour or grey.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channels {
    #[default]
    Grey,
    Colour,
}

impl Channels {
    /// Values of a pixel: 1, or 3 (red, green, blue).
    pub fn count(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Colour => 3,
        }
    }
}

/// What the decoder's output means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Likelihood {
    /// Each value is the chance of white (D. P. Kingma and M. Welling, "Auto-Encoding Variational Bayes",
    /// 2013, appendix C.1). Values between black and white count as that chance.
    #[default]
    Bernoulli,
    /// Each value is a mean; one spread, learned, is that of all of them (O. Rybkin, K. Daniilidis and
    /// S. Levine, "Simple and Effective VAE Training with Calibrated Decoders", 2021).
    Gaussian,
}

impl Likelihood {
    pub const ALL: [Self; 2] = [Self::Bernoulli, Self::Gaussian];

    pub fn name(self) -> &'static str {
        match self {
            Self::Bernoulli => "bernoulli",
            Self::Gaussian => "gaussian",
        }
    }
}

/// How a picture comes to a square.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fit {
    /// The whole picture, with black beside it.
    #[default]
    Letterbox,
    /// The middle of the picture.
    Crop,
    /// The whole picture, its aspect ratio lost.
    Stretch,
}

impl Fit {
    pub const ALL: [Self; 3] = [Self::Letterbox, Self::Crop, Self::Stretch];

    pub fn name(self) -> &'static str {
        match self {
            Self::Letterbox => "letterbox",
            Self::Crop => "crop",
            Self::Stretch => "stretch",
        }
    }
}

/// How often each sample is trained on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sampling {
    /// Each once in an epoch.
    #[default]
    Each,
    /// Each class as often as every other, whatever its size; samples without a label are a class.
    Balanced,
}

/// Which samples are not trained on, so that what is learned can be told from what is remembered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeldOut {
    /// This part of the samples, 0 to 0.9, chosen by seed and path.
    Share(f32),
    /// The dataset's own splits of these names.
    Splits(Vec<String>),
}

/// How long a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Length {
    /// Times that every sample is seen.
    Epochs(u64),
    /// Batches.
    Steps(u64),
}

/// Which part of the weights stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Freeze {
    #[default]
    Nothing,
    Encoder,
    Decoder,
}

impl Freeze {
    /// Whether weights of this name stay as they are.
    pub fn holds(self, name: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Encoder => is_of_encoder(name),
            Self::Decoder => !is_of_encoder(name),
        }
    }
}

/// The shape of a model: all that the sizes of its weights follow from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Shape {
    /// Side of the pictures, 16 to 128 pixels.
    pub size: usize,
    pub channels: Channels,
    /// Latent dimensions, 1 to 512.
    pub latent: usize,
    /// Channels of the first convolution, 4 to 128; each further one has twice as many, up to 8 times.
    pub width: usize,
    /// Convolutions of the encoder, 1 to 6.
    pub depth: usize,
    /// Units of the dense layer between convolutions and latent, 8 to 4096.
    pub hidden: usize,
    pub likelihood: Likelihood,
    /// Classes that encoder and decoder are told; 0 for a model without them.
    pub classes: usize,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Config {
    pub shape: Shape,
    /// What the KL divergence is multiplied by in the loss, 0 to 100; 1 is the ELBO (I. Higgins et al.,
    /// "β-VAE", ICLR 2017).
    pub beta: f32,
    /// Steps over which β rises from 0, along a line.
    pub warm_up_steps: u64,
    /// Samples of a step, 1 to 4096.
    pub batch: usize,
    /// Of Adam, over 0 and at most 1.
    pub learning_rate: f64,
    pub seed: u64,
    pub fit: Fit,
    pub sampling: Sampling,
    pub held_out: HeldOut,
    pub length: Length,
    pub freeze: Freeze,
    /// What is done to each sample anew whenever it is trained on: a pipeline in this program's own JSON. Held-out
    /// samples stay as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub augmentation: Option<String>,
}

/// What is wrong with a setting.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ConfigError {
    #[error("{what} must be {least} to {most}, and not {found}")]
    OutOfRange { what: &'static str, least: f64, most: f64, found: f64 },
    #[error(
        "{depth} convolutions leave nothing of {size} px: take at most {most}, or pictures of more pixels"
    )]
    TooDeep { depth: usize, size: usize, most: usize },
    #[error("the pipeline of augmentations: {0}")]
    Augmentation(FormatError),
    #[error(
        "a model that is told classes cannot learn from pictures that are mixed of several: take MixUp and CutMix \
         out of the pipeline, or do not tell it the class"
    )]
    MixedClasses,
}

impl Shape {
    /// A model that learns well from pictures of about this size, in minutes on a processor: width 32,
    /// and as many convolutions as leave a side of about 8.
    pub fn preset(size: usize, channels: Channels) -> Self {
        let (depth, latent) = match size {
            ..=40 => (2, 16),
            41..=80 => (3, 32),
            _ => (4, 64),
        };
        let likelihood = Likelihood::default();
        Self { size, channels, latent, width: 32, depth, hidden: 256, likelihood, classes: 0 }
    }

    /// Whether such a model can be built.
    pub fn check(&self) -> Result<(), ConfigError> {
        within("the size in pixels", self.size as f64, 16.0, 128.0)?;
        within("the latent size", self.latent as f64, 1.0, 512.0)?;
        within("the width", self.width as f64, 4.0, 128.0)?;
        within("the depth", self.depth as f64, 1.0, 6.0)?;
        within("the number of hidden units", self.hidden as f64, 8.0, 4096.0)?;
        within("the number of classes", self.classes as f64, 0.0, 1000.0)?;
        if self.sides()[self.depth] < NARROWEST {
            let most = (1..=6).rev().find(|depth| self.size >> depth >= NARROWEST).unwrap_or(1);
            return Err(ConfigError::TooDeep { depth: self.depth, size: self.size, most });
        }
        Ok(())
    }

    /// Values of a picture.
    pub fn values(&self) -> usize {
        self.size * self.size * self.channels.count()
    }

    /// The side of the picture and after each convolution, in pixels: `depth + 1` of them.
    pub fn sides(&self) -> Vec<usize> {
        (0..=self.depth).map(|level| self.size >> level).collect()
    }

    /// The channels of the picture and after each convolution: `depth + 1` of them.
    pub fn widths(&self) -> Vec<usize> {
        let wide = |level: usize| self.width * (1 << level).min(WIDEST);
        std::iter::once(self.channels.count()).chain((0..self.depth).map(wide)).collect()
    }

    /// Values between the last convolution and the dense layer.
    pub fn flat(&self) -> usize {
        let side = self.sides()[self.depth];
        self.widths()[self.depth] * side * side
    }

    /// The weights of every layer, by the name and the size that they are kept under: the layout of
    /// PyTorch. Names of the encoder begin with `encoder.`, all others with `decoder.`.
    pub fn weights(&self) -> Vec<Weight> {
        let (widths, flat) = (self.widths(), self.flat());
        let mut weights = Vec::new();
        let mut layer = |name: String, size: Vec<usize>, fan_in: usize, out: usize| {
            weights.push(Weight { name: format!("{name}.weight"), size, fan_in });
            weights.push(Weight { name: format!("{name}.bias"), size: vec![out], fan_in });
        };
        let kernel = KERNEL * KERNEL;
        for (at, pair) in widths.windows(2).enumerate() {
            let size = vec![pair[1], pair[0], KERNEL, KERNEL];
            layer(format!("encoder.conv{at}"), size, pair[0] * kernel, pair[1]);
        }
        let (seen, told) = (flat + self.classes, self.latent + self.classes);
        layer("encoder.hidden".into(), vec![self.hidden, seen], seen, self.hidden);
        layer("encoder.mean".into(), vec![self.latent, self.hidden], self.hidden, self.latent);
        layer("encoder.logvar".into(), vec![self.latent, self.hidden], self.hidden, self.latent);
        layer("decoder.hidden".into(), vec![self.hidden, told], told, self.hidden);
        layer("decoder.spread".into(), vec![flat, self.hidden], self.hidden, flat);
        for (at, pair) in widths.windows(2).rev().enumerate() {
            let size = vec![pair[1], pair[0], KERNEL, KERNEL];
            layer(format!("decoder.conv{at}"), size, pair[0] * kernel, pair[0]);
        }
        if self.likelihood == Likelihood::Gaussian {
            weights.push(Weight { name: "decoder.log_sigma".into(), size: vec![1], fan_in: 0 });
        }
        weights
    }

    /// Numbers that are learned.
    pub fn parameters(&self) -> u64 {
        self.weights().iter().map(|weight| weight.count() as u64).sum()
    }

    /// Multiplications and additions for one sample, forward and backward: three times those of the
    /// matrix products forward.
    pub fn cost(&self) -> u64 {
        let (sides, widths) = (self.sides(), self.widths());
        let convolutions = (0..self.depth).map(|level| {
            let side = sides[level + 1] as u64;
            side * side * (widths[level] * widths[level + 1] * KERNEL * KERNEL) as u64
        });
        let dense = self.hidden * (2 * self.flat() + 3 * self.latent + 2 * self.classes);
        6 * (2 * convolutions.sum::<u64>() + dense as u64)
    }

    /// Samples that go through the model at once, so that a pause or a stop is seen soon: a step of more
    /// goes in pieces, whose gradients are added.
    pub fn piece(&self, batch: usize) -> usize {
        let most = (PIECE_COST / self.cost().max(1)).max(1);
        let pieces = (batch as u64).div_ceil(most).max(1);
        (batch as u64).div_ceil(pieces) as usize
    }
}

impl Config {
    /// The settings for pictures of a size: see [`Shape::preset`].
    pub fn preset(size: usize, channels: Channels) -> Self {
        let batch = match size {
            ..=40 => 128,
            41..=80 => 64,
            _ => 32,
        };
        Self {
            shape: Shape::preset(size, channels),
            beta: 1.0,
            warm_up_steps: 0,
            batch,
            learning_rate: 1e-3,
            seed: 1,
            fit: Fit::default(),
            sampling: Sampling::default(),
            held_out: HeldOut::Share(0.1),
            length: Length::Epochs(10),
            freeze: Freeze::default(),
            augmentation: None,
        }
    }

    /// Whether such a run can be made.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.shape.check()?;
        within("the weight β", f64::from(self.beta), 0.0, 100.0)?;
        within("the batch", self.batch as f64, 1.0, 4096.0)?;
        within("the learning rate", self.learning_rate, f64::MIN_POSITIVE, 1.0)?;
        if let HeldOut::Share(share) = self.held_out {
            within("the share of held-out samples", f64::from(share), 0.0, 0.9)?;
        }
        if let Some(pipeline) = self.pipeline()?
            && self.shape.classes > 0
            && pipeline.has(Family::Mixing)
        {
            return Err(ConfigError::MixedClasses);
        }
        let (Length::Epochs(length) | Length::Steps(length)) = self.length;
        within("the length", length as f64, 1.0, 1e9)
    }

    /// The pipeline of augmentations, where there is one that does something.
    pub fn pipeline(&self) -> Result<Option<Pipeline>, ConfigError> {
        let read = self.augmentation.as_deref().map(|text| read(text, None)).transpose();
        let pipeline = read.map_err(ConfigError::Augmentation)?.map(|read| read.pipeline);
        Ok(pipeline.filter(|pipeline| !pipeline.steps.is_empty()))
    }

    /// Steps of an epoch over `rows` samples; the last one may have fewer of them.
    pub fn steps_per_epoch(&self, rows: usize) -> u64 {
        rows.div_ceil(self.batch.max(1)).max(1) as u64
    }

    /// Steps of the whole run over `rows` samples.
    pub fn steps(&self, rows: usize) -> u64 {
        match self.length {
            Length::Epochs(epochs) => epochs.saturating_mul(self.steps_per_epoch(rows)),
            Length::Steps(steps) => steps,
        }
    }

    /// What the KL divergence is multiplied by at a step, the first of which is 0.
    pub fn beta_at(&self, step: u64) -> f32 {
        if step >= self.warm_up_steps {
            return self.beta;
        }
        self.beta * ((step + 1) as f32 / (self.warm_up_steps + 1) as f32)
    }

    /// How long the rest of a run over `rows` samples takes, in seconds, at a speed that was measured in
    /// samples per second; rough, as held-out samples and checkpoints take time, too.
    pub fn estimate_secs(&self, rows: usize, done_steps: u64, samples_per_sec: f64) -> f64 {
        let left = self.steps(rows).saturating_sub(done_steps) as f64;
        let per_step = rows as f64 / self.steps_per_epoch(rows) as f64;
        left * per_step / samples_per_sec.max(f64::MIN_POSITIVE)
    }
}

/// One array of numbers that is learned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weight {
    pub name: String,
    /// Rows first.
    pub size: Vec<usize>,
    /// Inputs that each output of its layer has: what the first numbers are scaled by. 0 for numbers that
    /// begin as 0.
    pub fan_in: usize,
}

impl Weight {
    pub fn count(&self) -> usize {
        self.size.iter().product()
    }

    pub fn is_of_encoder(&self) -> bool {
        is_of_encoder(&self.name)
    }
}

fn is_of_encoder(name: &str) -> bool {
    name.starts_with("encoder.")
}

fn within(what: &'static str, found: f64, least: f64, most: f64) -> Result<(), ConfigError> {
    if found >= least && found <= most {
        Ok(())
    } else {
        Err(ConfigError::OutOfRange { what, least, most, found })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_can_be_built_and_are_as_large_as_they_say() {
        for (size, channels, parameters) in [
            // Convolutions 544 + 32,832, dense 803,072 + 2 × 4,112, and back 4,352 + 805,952 + 32,800 + 513.
            (28, Channels::Grey, 1_688_289),
            (16, Channels::Colour, 0),
            (33, Channels::Grey, 0),
            (64, Channels::Colour, 0),
            (128, Channels::Colour, 0),
        ] {
            let config = Config::preset(size, channels);
            assert_eq!(config.check(), Ok(()), "{size}");
            if parameters > 0 {
                assert_eq!(config.shape.parameters(), parameters);
            }
            assert!(config.shape.sides()[config.shape.depth] >= 4);
        }
    }

    #[test]
    fn what_cannot_be_trained_is_refused_with_its_range() {
        let with = |change: fn(&mut Config)| {
            let mut config = Config::preset(28, Channels::Grey);
            change(&mut config);
            config.check().map_err(|error| error.to_string())
        };
        type Change = fn(&mut Config);
        let rows: [(Change, &str); 9] = [
            (|config| config.shape.size = 15, "the size in pixels must be 16 to 128, and not 15"),
            (|config| config.shape.size = 129, "129"),
            (|config| config.shape.latent = 0, "latent"),
            (|config| config.shape.depth = 4, "at most 3"),
            (|config| config.beta = f32::NAN, "β"),
            (|config| config.beta = -1.0, "β"),
            (|config| config.batch = 0, "batch"),
            (|config| config.learning_rate = 0.0, "learning rate"),
            (|config| config.length = Length::Steps(0), "length"),
        ];
        for (change, told) in rows {
            let error = with(change).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
        assert_eq!(with(|config| config.shape.depth = 3), Ok(()));
    }

    #[test]
    fn steps_and_times_follow_from_the_rows() {
        let mut config = Config::preset(28, Channels::Grey);
        config.batch = 100;
        for (length, rows, steps) in [
            (Length::Epochs(2), 1000, 20),
            (Length::Epochs(2), 1001, 22),
            (Length::Epochs(1), 3, 1),
            (Length::Steps(7), 1000, 7),
        ] {
            config.length = length;
            assert_eq!(config.steps(rows), steps);
        }
        config.length = Length::Epochs(2);
        assert_eq!(config.estimate_secs(1000, 10, 500.0), 2.0);
        config.warm_up_steps = 3;
        assert_eq!([0, 1, 2, 3, 9].map(|step| config.beta_at(step)), [0.25, 0.5, 0.75, 1.0, 1.0]);
    }

    #[test]
    fn large_batches_go_in_pieces() {
        let small = Shape::preset(28, Channels::Grey);
        assert_eq!(small.piece(128), 128);
        let large = Shape::preset(128, Channels::Colour);
        let piece = large.piece(32);
        assert!((1..32).contains(&piece), "{piece}");
        assert!(piece as u64 * large.cost() <= PIECE_COST);
    }
}
