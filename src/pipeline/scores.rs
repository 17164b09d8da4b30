//! Scores of all samples, worked out of their signals: light columns that can be shown and sorted by.

use crate::analysis::quality::{Check, UsualSize, size_of};
use crate::dataset::query::Snapshot;
use crate::dataset::{Kinds, SampleId, Signals};

/// The scores of quality of a whole dataset.
#[derive(Clone, Debug, PartialEq)]
pub struct Quality {
    /// By the order of [`Check::ALL`], one number per row of the dataset: 0 to 1, low is bad, NaN where it
    /// is not known.
    pub scores: [Vec<f32>; 7],
    /// Rows that have scores.
    pub scored: usize,
    /// The threshold of odd size, which is of the dataset.
    odd_size: f32,
}

impl Quality {
    /// The score under which a sample is flagged, unless a person says otherwise.
    pub fn threshold(&self, check: Check) -> f32 {
        if check == Check::OddSize { self.odd_size } else { check.default_threshold() }
    }

    pub fn of(&self, check: Check) -> &[f32] {
        &self.scores[check as usize]
    }
}

/// The scores of the samples that the last scan found and that were looked at since they changed. What
/// sizes are usual is of these samples.
pub fn quality(signals: &Signals, snapshot: &Snapshot) -> Quality {
    let mut scores = Check::ALL.map(|_| vec![f32::NAN; snapshot.len()]);
    let mut sized = Vec::new();
    for (number, chunk) in signals.chunks().iter().enumerate() {
        let first = number * crate::dataset::chunks::CHUNK;
        for (row, figures) in chunk.figures.iter().enumerate() {
            let sample = first + row;
            if sample >= snapshot.len()
                || !chunk.has[row].contains(Kinds::FIGURES)
                || !is_current(snapshot, sample as SampleId, &chunk.content[row])
            {
                continue;
            }
            let (width, height) = (chunk.width[row], chunk.height[row]);
            sized.push((sample, width, height));
            for check in Check::ALL {
                if let Some(score) = figures.score(check, width, height) {
                    scores[check as usize][sample] = score;
                }
            }
        }
    }
    let mut sizes: Vec<f64> = sized.iter().map(|(_, width, height)| size_of(*width, *height)).collect();
    let usual = UsualSize::of(&mut sizes);
    if let Some(usual) = usual {
        for (sample, width, height) in &sized {
            scores[Check::OddSize as usize][*sample] = usual.score(*width, *height);
        }
    }
    let odd_size = usual.map_or(Check::OddSize.default_threshold(), |usual| usual.threshold);
    Quality { scores, scored: sized.len(), odd_size }
}

/// Whether the sample is there, and what was computed of that content is of the one that it has, as far
/// as it was measured.
fn is_current(snapshot: &Snapshot, sample: SampleId, content: &[u8; 16]) -> bool {
    let fact = snapshot.facts.get(sample);
    !snapshot.dataset.gone[sample as usize] && (!fact.measured || fact.content == *content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{DatasetBuilder, Fact, Facts, Figures, Layout, NewSample, Signal};

    #[test]
    fn only_samples_that_are_there_and_current_are_scored() {
        let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
        for path in ["a", "b", "c", "d"] {
            builder.push(NewSample { path, ..Default::default() });
        }
        let (mut dataset, _) = builder.finish();
        dataset.gone[1] = true;
        let mut facts = Facts::new(4);
        facts.set(2, &Fact { measured: true, content: [9; 16], ..Fact::UNMEASURED });
        let snapshot = Snapshot::new(dataset.into(), &[], facts, Default::default());
        let mut signals = Signals::new(3);
        for sample in 0..3 {
            let figures = Figures { brightness_p99: 0.25, entropy: 5.0, ..Figures::default() };
            let (width, height) = (40 * (sample + 1), 40);
            let (content, has) = ([1; 16], Kinds::FIGURES);
            signals.set(sample, &Signal { content, has, width, height, figures, ..Signal::UNSEEN });
        }
        let quality = quality(&signals, &snapshot);
        assert_eq!((quality.scored, quality.of(Check::Dark)[0]), (1, 0.25));
        assert_eq!((quality.of(Check::LowInformation)[0], quality.of(Check::OddAspect)[0]), (0.5, 1.0));
        // It alone says what is usual.
        assert_eq!((quality.of(Check::OddSize)[0], quality.threshold(Check::OddSize)), (1.0, 1.0));
        for scores in &quality.scores {
            assert_eq!(scores.len(), 4);
            assert!(scores[1..].iter().all(|score| score.is_nan()), "{scores:?}");
        }
    }
}
