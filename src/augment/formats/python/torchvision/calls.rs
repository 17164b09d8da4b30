//! The table of what torchvision has: which call each operation comes to.

use super::geometry;
use crate::augment::formats::{UNMEASURED, number, tidy};
use crate::augment::param::{Kind, Value};
use crate::augment::pipeline::Settings;
use crate::augment::table::output::{IMAGENET, is_set};

/// What an operation comes to.
pub struct Call {
    /// With [`PROBABILITY`] where its probability goes, if it is an argument.
    pub code: String,
    pub p: P,
    /// How it is not quite the same, in a sentence.
    pub differs: Option<&'static str>,
}

/// How a call is told its probability.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum P {
    Argument,
    /// It is always done; a `RandomApply` around it is what is done sometimes.
    None,
}

/// What stands in code for the probability.
pub const PROBABILITY: &str = "p=?";

/// The call; `None` where torchvision has nothing like the operation.
pub fn call(settings: &Settings) -> Option<Call> {
    let of = Given(settings);
    let name = settings.operation.name;
    geometry::call(name, &of).or_else(|| colour(name, &of)).or_else(|| detail(name, &of))
}

fn colour(name: &str, of: &Given) -> Option<Call> {
    let jitter = |name: &str, factor: [f64; 2]| plain(format!("v2.ColorJitter({name}={})", pair(factor)));
    Some(match name {
        "brightness" | "contrast" | "saturation" => jitter(name, of.range("factor")),
        "hue" => jitter("hue", turns(of.range("degrees"))),
        "colour_jitter" => {
            let [brightness, contrast, saturation] =
                ["brightness", "contrast", "saturation"].map(|name| pair(of.range(name)));
            let hue = pair(turns(of.range("hue")));
            plain(format!(
                "v2.ColorJitter(brightness={brightness}, contrast={contrast}, saturation={saturation}, hue={hue})"
            ))
        }
        "brightness_contrast" => {
            let [brightness, contrast] = ["brightness", "contrast"]
                .map(|name| pair(of.range(name).map(|part| tidy(part + 1.0).max(0.0))));
            plain(format!("v2.ColorJitter(brightness={brightness}, contrast={contrast})"))
                .differs("There brightness is a factor, and contrast is about the picture's mean.")
        }
        "channel_shuffle" => plain("v2.RandomChannelPermutation()".to_owned()),
        "grey" => plain("v2.Grayscale(num_output_channels=3)".to_owned()),
        "invert" => with_p("v2.RandomInvert(p=?)".to_owned()),
        "equalize" => with_p("v2.RandomEqualize(p=?)".to_owned()),
        "autocontrast" => {
            let call = with_p("v2.RandomAutocontrast(p=?)".to_owned());
            if of.range("cutoff") == [0.0; 2] { call } else { call.differs("There nothing is cut off.") }
        }
        "solarize" => {
            let threshold = of.range("threshold");
            middle(
                with_p(format!(
                    "v2.RandomSolarize(threshold={}, p=?)",
                    mean(threshold.map(|level| level.min(255.0)))
                )),
                threshold,
            )
        }
        "posterize" => {
            let bits = of.range("bits");
            middle(with_p(format!("v2.RandomPosterize(bits={}, p=?)", number(mean_of(bits).round()))), bits)
        }
        "normalize" => {
            let of_channels =
                |what: &str| ["r", "g", "b"].map(|channel| of.number(&format!("{what}_{channel}")));
            let [mean, deviation] = match of.word("by") {
                "imagenet" => IMAGENET,
                _ => [of_channels("mean"), of_channels("deviation")],
            };
            let list = |numbers: [f64; 3]| numbers.map(|one| number(one).to_string()).join(", ");
            let call = plain(format!(
                "v2.Compose([v2.ToDtype(torch.float32, scale=True), v2.Normalize(mean=[{}], std=[{}])])",
                list(mean),
                list(deviation)
            ));
            match of.word("by") {
                "dataset" if !is_set(mean) => call.differs(UNMEASURED),
                _ => call,
            }
        }
        _ => return None,
    })
}

fn detail(name: &str, of: &Given) -> Option<Call> {
    Some(match name {
        "gaussian_blur" => {
            let [low, high] = of.range("sigma");
            let side = (high * 3.5) as u32 * 2 + 1;
            plain(format!("v2.GaussianBlur(kernel_size={side}, sigma={})", pair([low, high])))
        }
        "sharpness" => {
            let factor = of.range("factor");
            middle(
                with_p(format!("v2.RandomAdjustSharpness(sharpness_factor={}, p=?)", mean(factor))),
                factor,
            )
        }
        "gaussian_noise" if of.flag("per_channel") => {
            let [deviation, shift] = ["deviation", "mean"].map(|name| of.range(name));
            let part = |levels: [f64; 2]| real(tidy(mean_of(levels) / 255.0));
            let call = plain(format!("v2.GaussianNoise(mean={}, sigma={})", part(shift), part(deviation)));
            middle(middle(call, shift), deviation)
        }
        "jpeg" => {
            let call = plain(format!("v2.JPEG(quality={})", pair(of.range("quality"))));
            if of.flag("subsampled") {
                call
            } else {
                call.differs("There colour has half the width and height.")
            }
        }
        _ => return None,
    })
}

pub fn with_p(code: String) -> Call {
    Call { code, p: P::Argument, differs: None }
}

pub fn plain(code: String) -> Call {
    Call { code, p: P::None, differs: None }
}

impl Call {
    pub fn differs(self, text: &'static str) -> Self {
        Self { differs: Some(text), ..self }
    }
}

/// For a call with one number where a range has several.
pub fn middle(call: Call, [low, high]: [f64; 2]) -> Call {
    if low == high {
        call
    } else {
        call.differs("There it is one number, and the middle of the range is written.")
    }
}

pub fn mean_of([low, high]: [f64; 2]) -> f64 {
    tidy((low + high) / 2.0)
}

pub fn mean(ends: [f64; 2]) -> String {
    number(mean_of(ends)).to_string()
}

fn turns(degrees: [f64; 2]) -> [f64; 2] {
    degrees.map(|degrees| tidy(degrees / 360.0))
}

pub fn pair([low, high]: [f64; 2]) -> String {
    format!("({}, {})", number(low), number(high))
}

/// With a point, for code that asks for one.
pub fn real(value: f64) -> String {
    let text = number(value).to_string();
    if text.contains(['.', 'e']) { text } else { format!("{text}.0") }
}

/// What an operation's parameters are, by name. The names are those of the table, which a test runs through.
pub struct Given<'a>(&'a Settings);

impl Given<'_> {
    pub fn range(&self, name: &str) -> [f64; 2] {
        match self.value(name) {
            Some(Value::Range(ends)) => ends,
            Some(Value::Number(number)) => [number; 2],
            _ => [0.0; 2],
        }
    }

    pub fn number(&self, name: &str) -> f64 {
        match self.value(name) {
            Some(Value::Number(number)) => number,
            Some(Value::Range(ends)) => mean_of(ends),
            _ => 0.0,
        }
    }

    pub fn word(&self, name: &str) -> &'static str {
        match (self.0.operation.param(name).map(|(_, param)| param.kind), self.value(name)) {
            (Some(Kind::Choice { words, .. }), Some(Value::Choice(at))) => {
                words.get(at).copied().unwrap_or_default()
            }
            _ => "",
        }
    }

    pub fn flag(&self, name: &str) -> bool {
        self.value(name) == Some(Value::Flag(true))
    }

    pub fn colour(&self, name: &str) -> [u8; 3] {
        match self.value(name) {
            Some(Value::Colour(colour)) => colour,
            _ => [0; 3],
        }
    }

    fn value(&self, name: &str) -> Option<Value> {
        let found = self.0.operation.param(name).map(|(at, _)| self.0.values[at]);
        debug_assert!(found.is_some(), "{:?} has no {name}", self.0.operation);
        found
    }
}
