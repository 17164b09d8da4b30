//! What an analysis found of each sample: scores, and flags where something is wrong.
//!
//! Scores are columns that are there or not; flags are bits that follow from scores, groups and
//! thresholds. It refuses to know how they are computed: [`crate::analysis`] does that.

use std::sync::Arc;

use super::SampleId;

/// How good a sample is in one respect, 0 to 1, low is bad; or how far it is from the nearest other, 0 to 2. The
/// order is the order on screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Score {
    Dark,
    Light,
    OddAspect,
    LowInformation,
    Blurry,
    OddSize,
    Grey,
    Outlier,
    Uniqueness,
    Label,
    /// The distance to the nearest other sample: 0 is equal, √2 as different as chance.
    Distance,
}

impl Score {
    pub const ALL: [Self; 11] = [
        Self::Dark,
        Self::Light,
        Self::OddAspect,
        Self::LowInformation,
        Self::Blurry,
        Self::OddSize,
        Self::Grey,
        Self::Outlier,
        Self::Uniqueness,
        Self::Label,
        Self::Distance,
    ];

    /// The flag of the samples whose score is under the threshold; uniqueness and distance flag nothing.
    pub fn flag(self) -> Option<Flag> {
        Some(match self {
            Self::Dark => Flag::Dark,
            Self::Light => Flag::Light,
            Self::OddAspect => Flag::OddAspect,
            Self::LowInformation => Flag::LowInformation,
            Self::Blurry => Flag::Blurry,
            Self::OddSize => Flag::OddSize,
            Self::Grey => Flag::Grey,
            Self::Outlier => Flag::Outlier,
            Self::Label => Flag::WrongLabel,
            Self::Uniqueness | Self::Distance => return None,
        })
    }
}

/// Something that can be wrong with a sample, or make it one too many. The order is the order on screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Flag {
    Duplicate,
    Leak,
    LabelConflict,
    WrongLabel,
    Outlier,
    Dark,
    Light,
    OddAspect,
    LowInformation,
    Blurry,
    OddSize,
    Grey,
}

impl Flag {
    pub const ALL: [Self; 12] = [
        Self::Duplicate,
        Self::Leak,
        Self::LabelConflict,
        Self::WrongLabel,
        Self::Outlier,
        Self::Dark,
        Self::Light,
        Self::OddAspect,
        Self::LowInformation,
        Self::Blurry,
        Self::OddSize,
        Self::Grey,
    ];

    /// This flag's bit in a sample's flags.
    pub fn bit(self) -> u16 {
        1 << self as u16
    }

    /// The word used in queries, reports and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::Leak => "leak",
            Self::LabelConflict => "label-conflict",
            Self::WrongLabel => "wrong-label",
            Self::Outlier => "outlier",
            Self::Dark => "dark",
            Self::Light => "light",
            Self::OddAspect => "odd-aspect-ratio",
            Self::LowInformation => "low-information",
            Self::Blurry => "blurry",
            Self::OddSize => "odd-size",
            Self::Grey => "grey",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flag| flag.name() == name)
    }

    /// The heading on screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Duplicate => "Near-duplicate",
            Self::Leak => "Leak between splits",
            Self::LabelConflict => "Label conflict",
            Self::WrongLabel => "Likely wrong label",
            Self::Outlier => "Outlier",
            Self::Dark => "Dark",
            Self::Light => "Light",
            Self::OddAspect => "Odd aspect ratio",
            Self::LowInformation => "Low information",
            Self::Blurry => "Blurry",
            Self::OddSize => "Odd size",
            Self::Grey => "Grey",
        }
    }

    /// What it means, for help.
    pub fn about(self) -> &'static str {
        match self {
            Self::Duplicate => "another sample shows nearly the same",
            Self::Leak => "a near-duplicate is in another split",
            Self::LabelConflict => "a near-duplicate has another label",
            Self::WrongLabel => "its neighbours agree on another class",
            Self::Outlier => "far from its nearest neighbours",
            Self::Dark => "hardly any light",
            Self::Light => "hardly anything but white",
            Self::OddAspect => "far longer than wide, or wider than long",
            Self::LowInformation => "few tones, so little to see",
            Self::Blurry => "hardly any edges",
            Self::OddSize => "far larger or smaller than the rest",
            Self::Grey => "no colour",
        }
    }

    /// The score that it follows from, where it follows from one.
    pub fn score(self) -> Option<Score> {
        Score::ALL.into_iter().find(|score| score.flag() == Some(self))
    }
}

/// The scores and flags of all samples. What is not known yet is not there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// In the order of [`Score::ALL`]; one value per row, NaN where it is unknown.
    scores: [Option<Arc<Vec<f32>>>; Score::ALL.len()],
    /// [`Flag::bit`]s, one per row. Rows beyond have none.
    pub flags: Arc<Vec<u16>>,
}

impl Findings {
    /// The column of a score.
    pub fn column(&self, score: Score) -> Option<&Arc<Vec<f32>>> {
        self.scores[score as usize].as_ref()
    }

    /// Sets the column of a score, or takes it away.
    pub fn set_column(&mut self, score: Score, values: Option<Arc<Vec<f32>>>) {
        self.scores[score as usize] = values;
    }

    /// Whether these are the same flags and the same columns; columns are told apart by where they lie.
    pub fn is_same(&self, other: &Self) -> bool {
        let same = |score: Score| match (self.column(score), other.column(score)) {
            (Some(one), Some(two)) => Arc::ptr_eq(one, two),
            (one, two) => one.is_none() && two.is_none(),
        };
        Score::ALL.into_iter().all(same) && self.flags == other.flags
    }

    /// A sample's score; NaN where it is unknown.
    pub fn score(&self, score: Score, sample: SampleId) -> f32 {
        self.column(score).and_then(|values| values.get(sample as usize)).copied().unwrap_or(f32::NAN)
    }

    /// The [`Flag::bit`]s of a sample.
    pub fn flags(&self, sample: SampleId) -> u16 {
        self.flags.get(sample as usize).copied().unwrap_or(0)
    }

    /// The flags of a sample.
    pub fn flags_of(&self, sample: SampleId) -> impl Iterator<Item = Flag> {
        let bits = self.flags(sample);
        Flag::ALL.into_iter().filter(move |flag| bits & flag.bit() != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_but_those_of_groups_has_a_score() {
        for flag in Flag::ALL {
            let of_groups = matches!(flag, Flag::Duplicate | Flag::Leak | Flag::LabelConflict);
            assert_eq!(flag.score().is_none(), of_groups, "{flag:?}");
            assert_eq!(Flag::from_name(flag.name()), Some(flag));
        }
    }
}
