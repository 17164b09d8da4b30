//! Mean and deviation of the channels of samples, which the step that normalises by the dataset takes.
//!
//! Of all pixels of all samples, as they are decoded: with `v` from 0 to 1, a channel's mean is `Σ v / n` and its
//! deviation that of the population, `√(Σ v² / n − mean²)`. A large sample counts by its pixels. A grey one has red,
//! green and blue alike; alpha does not count, nor what other steps of a pipeline do. Sums are of whole numbers, so
//! that neither order nor threads matter.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::pass;
use crate::augment::param::Value;
use crate::augment::pipeline::{Pipeline, Settings, Step, What};
use crate::dataset::SampleId;
use crate::dataset::query::Snapshot;
use crate::import::{ReadError, Reader};
use crate::jobs::{Cancelled, Control};
use crate::media::Raster;

/// What was measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ChannelStatistics {
    /// Of red, green and blue, 0 to 1. Without pixels all numbers are 0.
    pub mean: [f64; 3],
    pub deviation: [f64; 3],
    /// Samples and pixels that they are of.
    pub samples: u64,
    pub pixels: u64,
    /// Samples that could not be read, and do not count.
    pub unreadable: u64,
    /// Why, of the first of these, each ending with its path.
    pub problems: Vec<String>,
}

/// Samples of which it is told why they could not be read.
const PROBLEMS: usize = 10;

/// Measures the pixels of samples, on `threads` threads. Progress counts samples.
pub fn channel_statistics(
    snapshot: &Snapshot,
    reader: &Reader,
    samples: &[SampleId],
    threads: usize,
    control: &Control,
) -> Result<ChannelStatistics, Cancelled> {
    control.begin("Measuring mean and deviation", samples.len() as u64);
    let all = Mutex::new(Sums::default());
    let one = |sample: SampleId, sums: &mut Sums| match reader.picture(&snapshot.dataset, sample) {
        Ok(picture) => sums.add(&picture),
        Err(error) => sums.miss(sample, snapshot.dataset.path(sample), &error),
    };
    let take = |sums: Sums| all.lock().unwrap_or_else(PoisonError::into_inner).merge(sums);
    pass::each_batch("channels", samples, threads, control, &one, &take)?;
    Ok(all.into_inner().unwrap_or_else(PoisonError::into_inner).told())
}

/// Sums over pixels. A square is 65,025 at most, so that they are exact up to 2⁴⁷ pixels.
#[derive(Debug, Default)]
struct Sums {
    values: [u64; 3],
    squares: [u64; 3],
    samples: u64,
    pixels: u64,
    unreadable: u64,
    /// The first in the dataset's order.
    problems: BTreeMap<SampleId, String>,
}

impl Sums {
    fn add(&mut self, picture: &Raster) {
        let channels = usize::from(picture.channels);
        let mut counts = [[0u64; 256]; 3];
        let colours = if channels < 3 { 1 } else { 3 };
        for pixel in picture.data.chunks_exact(channels) {
            for (counts, value) in counts.iter_mut().zip(&pixel[..colours]) {
                counts[usize::from(*value)] += 1;
            }
        }
        for channel in 0..3 {
            for (value, count) in (0u64..).zip(&counts[channel.min(colours - 1)]) {
                self.values[channel] += value * count;
                self.squares[channel] += value * value * count;
            }
        }
        self.samples += 1;
        self.pixels += picture.pixels() as u64;
    }

    fn miss(&mut self, sample: SampleId, path: &str, error: &ReadError) {
        self.unreadable += 1;
        self.problems.insert(sample, format!("{}: {path}", error.message));
        self.keep_few();
    }

    fn merge(&mut self, other: Self) {
        for channel in 0..3 {
            self.values[channel] += other.values[channel];
            self.squares[channel] += other.squares[channel];
        }
        self.samples += other.samples;
        self.pixels += other.pixels;
        self.unreadable += other.unreadable;
        self.problems.extend(other.problems);
        self.keep_few();
    }

    fn keep_few(&mut self) {
        while self.problems.len() > PROBLEMS {
            self.problems.pop_last();
        }
    }

    fn told(self) -> ChannelStatistics {
        let Self { values, squares, samples, pixels, unreadable, problems } = self;
        let whole = pixels.max(1) as f64 * 255.0;
        let deviation = |channel: usize| {
            let (value, square) = (u128::from(values[channel]), u128::from(squares[channel]));
            let spread = u128::from(pixels) * square - value * value;
            (spread as f64).sqrt() / whole
        };
        ChannelStatistics {
            mean: values.map(|value| value as f64 / whole),
            deviation: [0, 1, 2].map(deviation),
            samples,
            pixels,
            unreadable,
            problems: problems.into_values().collect(),
        }
    }
}

impl ChannelStatistics {
    /// Sets the mean and the deviation of a step that normalises by the dataset; of one that does not, nothing.
    /// They have six decimals, and a deviation is not less than a step can have.
    pub fn set(&self, settings: &mut Settings) -> bool {
        if !settings.is_normalize_by_dataset() {
            return false;
        }
        for (what, numbers) in [("mean", self.mean), ("deviation", self.deviation)] {
            for (channel, number) in ["r", "g", "b"].into_iter().zip(numbers) {
                let number = Value::Number((number * 1e6).round() / 1e6);
                // Such a step has all of these.
                let _ = settings.set(&format!("{what}_{channel}"), number);
            }
        }
        true
    }

    /// Sets all steps of a pipeline that normalise by the dataset, at any depth; gives how many there are.
    pub fn set_all(&self, pipeline: &mut Pipeline) -> usize {
        fn set(statistics: &ChannelStatistics, steps: &mut [Step]) -> usize {
            let of = |step: &mut Step| match &mut step.what {
                What::Operation(settings) => usize::from(statistics.set(settings)),
                What::Group(group) => set(statistics, &mut group.steps),
                What::Unknown(_) => 0,
            };
            steps.iter_mut().map(of).sum()
        }
        set(self, &mut pipeline.steps)
    }

    /// The figures in a sentence.
    pub fn sentence(&self) -> String {
        use crate::text::counted;
        let three = |numbers: [f64; 3]| numbers.map(|number| format!("{number:.4}")).join(", ");
        let of = format!("{} of {}", counted(self.pixels, "pixel"), counted(self.samples, "sample"));
        let (mean, deviation) = (three(self.mean), three(self.deviation));
        let mut told = format!("The mean is {mean} and the deviation {deviation}, over {of}.");
        match self.unreadable {
            0 => {}
            1 => told.push_str(" 1 sample could not be read and does not count."),
            count => {
                told.push_str(&format!(" {} could not be read and do not count.", counted(count, "sample")))
            }
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::pipeline::Order;

    fn sums(pictures: &[(u8, &[u8])]) -> Sums {
        let mut sums = Sums::default();
        for (channels, data) in pictures {
            let width = data.len() as u32 / u32::from(*channels);
            sums.add(&Raster::new(width, 1, *channels, data.to_vec()).unwrap());
        }
        sums
    }

    #[test]
    fn figures_are_those_of_all_pixels() {
        // Pictures, and mean and deviation of red, green and blue by hand.
        type Row<'a> = (&'a str, &'a [(u8, &'a [u8])], [f64; 3], [f64; 3]);
        let rows: [Row<'_>; 5] = [
            ("nothing", &[], [0.0; 3], [0.0; 3]),
            ("grey", &[(1, &[0, 255])], [0.5; 3], [0.5; 3]),
            ("grey with alpha", &[(2, &[51, 0, 153, 255])], [0.4; 3], [0.2; 3]),
            ("colours", &[(3, &[0, 51, 255, 102, 51, 0])], [0.2, 0.2, 0.5], [0.2, 0.0, 0.5]),
            // Three pixels count three times as much as one: 0, 0, 0, 1 in red.
            (
                "a larger one",
                &[(1, &[0, 0, 0]), (4, &[255, 0, 0, 9])],
                [0.25, 0.0, 0.0],
                [0.1875f64.sqrt(), 0.0, 0.0],
            ),
        ];
        for (name, pictures, mean, deviation) in rows {
            let told = sums(pictures).told();
            let near = |a: [f64; 3], b: [f64; 3]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12);
            assert!(near(told.mean, mean) && near(told.deviation, deviation), "{name}: {told:?}");
            assert_eq!(told.samples, pictures.len() as u64, "{name}");
        }
    }

    #[test]
    fn parts_come_to_the_whole_in_any_order() {
        let data: Vec<u8> = (0..255u32).map(|at| (at * at % 251) as u8).collect();
        let parts: Vec<(u8, &[u8])> = data.chunks(51).map(|part| (3, part)).collect();
        let whole = sums(&parts).told();
        let mut merged = Sums::default();
        parts.iter().rev().for_each(|part| merged.merge(sums(&[*part])));
        assert_eq!(merged.told(), whole);
    }

    #[test]
    fn steps_by_the_dataset_are_set_and_no_others() {
        let by = |at: usize| Settings::with("normalize", &[("by", Value::Choice(at))]).unwrap();
        let steps = vec![
            Step::new(0, by(0)),
            Step::group(1, Order::InTurn, vec![Step::new(2, by(1))]),
            Step::new(3, by(2)),
            Step::new(4, Settings::with("invert", &[]).unwrap()),
        ];
        let mut pipeline = Pipeline { name: String::new(), steps };
        let before = pipeline.clone();
        let told = ChannelStatistics {
            mean: [0.1, 0.2, 1.0 / 3.0],
            deviation: [0.25, 0.5, 0.0],
            ..ChannelStatistics::default()
        };
        assert_eq!(told.set_all(&mut pipeline), 1);
        let What::Operation(settings) = &pipeline.step(2).unwrap().what else { panic!("it is one") };
        let number = |name: &str| settings.values[settings.operation.param(name).unwrap().0];
        let names = ["mean_r", "mean_g", "mean_b", "deviation_r", "deviation_g", "deviation_b"];
        assert_eq!(names.map(number), [0.1, 0.2, 0.333_333, 0.25, 0.5, 0.001].map(Value::Number));
        for id in [0, 3, 4] {
            assert_eq!(pipeline.step(id), before.step(id), "{id}");
        }
    }
}
