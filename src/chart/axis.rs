//! Where numbers lie along an axis, and which of them are written at it: 1, 2 or 5 times a power of ten apart
//! (P. S. Heckbert, "Nice Numbers for Graph Labels", 1990), or powers of ten on a log axis.

use super::Axis;
use crate::text::{bytes_text, grouped};

/// How numbers lie along an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    #[default]
    Linear,
    /// By decimal logarithm.
    Log,
}

/// Numbers from `low` to `high` on a stretch of pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    pub scale: Scale,
    low: f64,
    high: f64,
    /// Where `low` and `high` are drawn.
    from: f32,
    to: f32,
}

impl Stretch {
    /// A stretch that is never of no length; on a log scale it begins over 0.
    pub fn new(scale: Scale, low: f64, high: f64, from: f32, to: f32) -> Self {
        let (low, high) = match scale {
            Scale::Linear => (low, high),
            Scale::Log => {
                let high = if high > 0.0 { high } else { 1.0 };
                (if low > 0.0 && low.is_finite() { low } else { high / 10.0 }, high)
            }
        };
        let high = if high > low { high } else { low + low.abs().max(1.0) };
        Self { scale, low, high, from, to }
    }

    /// Where a number is drawn; one that is outside at the border.
    pub fn at(&self, value: f64) -> f32 {
        let place = |value: f64| match self.scale {
            Scale::Linear => value,
            Scale::Log => value.max(f64::MIN_POSITIVE).log10(),
        };
        let part = (place(value) - place(self.low)) / (place(self.high) - place(self.low));
        self.from + (self.to - self.from) * part.clamp(0.0, 1.0) as f32
    }

    /// The numbers to write, at most about so many.
    pub fn ticks(&self, most: usize) -> Vec<f64> {
        ticks(self.scale, self.low, self.high, most)
    }
}

/// The numbers to write at an axis from `low` to `high`, at most about so many, ascending.
pub fn ticks(scale: Scale, low: f64, high: f64, most: usize) -> Vec<f64> {
    let is_drawable = low.is_finite() && high.is_finite() && high > low;
    let most = most.max(2);
    match scale {
        _ if !is_drawable => Vec::new(),
        Scale::Log if low > 0.0 => {
            let found = powers(low, high, most);
            // Where hardly a power of ten is in sight, even steps say more.
            if found.len() >= 2 { found } else { even(low, high, most) }
        }
        _ => even(low, high, most),
    }
}

fn even(low: f64, high: f64, most: usize) -> Vec<f64> {
    let step = nice_step((high - low) / most as f64);
    let (first, last) = ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
    let is_countable = step > 0.0 && last - first < 1000.0;
    if !is_countable {
        return Vec::new();
    }
    (0..=(last - first).max(0.0) as usize)
        .map(|at| (first + at as f64) * step)
        .map(|tick| tick + 0.0)
        .collect()
}

/// The least of 1, 2 and 5 times a power of ten that is not under a number.
fn nice_step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .map(|nice| nice * power)
        .into_iter()
        .find(|step| *step >= least * (1.0 - 1e-9))
        .unwrap_or(least)
}

/// Powers of ten, every so many where they are many, with 2 and 5 times each where they are few.
fn powers(low: f64, high: f64, most: usize) -> Vec<f64> {
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let decades = (last - first).max(1) as usize;
    let within = |value: &f64| (low * (1.0 - 1e-9)..=high * (1.0 + 1e-9)).contains(value);
    let factors: &[f64] = if decades * 3 <= most { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let every = decades.div_ceil(most).max(1);
    (first..=last)
        .step_by(every)
        .flat_map(|power| factors.iter().map(move |factor| factor * 10f64.powi(power)))
        .filter(within)
        .collect()
}

/// A number as a person reads it: thousands apart, and no more decimals than it has.
pub fn number_text(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return "–".to_owned();
    }
    if size != 0.0 && !(1e-4..1e15).contains(&size) {
        return format!("{value:.1e}");
    }
    let (sign, size) = if value < 0.0 { ("−", size) } else { ("", size) };
    let decimals = match size {
        size if size == size.round() => 0,
        1000.0.. => 0,
        100.0.. => 1,
        1.0.. => 2,
        _ => 4,
    };
    let text = format!("{size:.decimals$}");
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let rest = rest.trim_end_matches('0');
    let whole = whole.parse().map(grouped).unwrap_or_else(|_| whole.to_owned());
    if rest.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
}

impl Axis {
    /// A number of this axis, written out.
    pub fn text(&self, value: f64) -> String {
        match self.unit.as_str() {
            "bytes" if value >= 0.0 && value == value.round() => bytes_text(value as u64).replace(".0 ", " "),
            _ => number_text(value),
        }
    }

    /// Its title with its unit.
    pub fn heading(&self) -> String {
        match (self.title.as_str(), self.unit.as_str()) {
            (title, "" | "bytes") => title.to_owned(),
            (title, unit) => format!("{title} ({unit})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_1_2_and_5_apart() {
        for (scale, low, high, most, expected) in [
            (Scale::Linear, 0.0, 10.0, 5, vec![0.0, 2.0, 4.0, 6.0, 8.0, 10.0]),
            (Scale::Linear, 0.13, 0.87, 4, vec![0.2, 0.4, 0.6, 0.8]),
            (Scale::Linear, -700.0, 1200.0, 4, vec![-500.0, 0.0, 500.0, 1000.0]),
            (Scale::Linear, 3.0, 3.0, 4, vec![]),
            (Scale::Log, 1.0, 1000.0, 5, vec![1.0, 10.0, 100.0, 1000.0]),
            (Scale::Log, 1.0, 20.0, 6, vec![1.0, 2.0, 5.0, 10.0, 20.0]),
            (Scale::Log, 1.0, 1e8, 5, vec![1.0, 100.0, 1e4, 1e6, 1e8]),
            (Scale::Log, 300.0, 700.0, 4, vec![300.0, 400.0, 500.0, 600.0, 700.0]),
        ] {
            let found = ticks(scale, low, high, most);
            let same = found.len() == expected.len()
                && found
                    .iter()
                    .zip(&expected)
                    .all(|(one, two)| (one - two).abs() <= 1e-9 * two.abs().max(1.0));
            assert!(same, "{scale:?} {low} {high}: {found:?}");
        }
    }

    #[test]
    fn numbers_read_well() {
        for (value, text) in [
            (0.0, "0"),
            (1234567.0, "1,234,567"),
            (-1500.0, "−1,500"),
            (0.25, "0.25"),
            (0.30000000000000004, "0.3"),
            (12.5, "12.5"),
            (1e20, "1.0e20"),
            (f64::NAN, "–"),
        ] {
            assert_eq!(number_text(value), text);
        }
        let bytes = Axis::new("Size", "bytes", Scale::Log);
        assert_eq!((bytes.text(20_000.0), bytes.heading()), ("20 kB".to_owned(), "Size".to_owned()));
        assert_eq!(Axis::new("Width", "px", Scale::Linear).heading(), "Width (px)");
    }

    #[test]
    fn a_number_has_its_place() {
        let line = Stretch::new(Scale::Linear, 0.0, 10.0, 100.0, 200.0);
        assert_eq!([-5.0, 0.0, 5.0, 99.0].map(|value| line.at(value)), [100.0, 100.0, 150.0, 200.0]);
        let log = Stretch::new(Scale::Log, 1.0, 100.0, 200.0, 0.0);
        assert_eq!([0.0, 1.0, 10.0, 100.0].map(|value| log.at(value)), [200.0, 200.0, 100.0, 0.0]);
        assert_eq!(Stretch::new(Scale::Linear, 3.0, 3.0, 0.0, 10.0).at(3.0), 0.0);
    }
}
