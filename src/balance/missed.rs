//! Why a class does not come to what is wanted.

use super::{ClassPlan, Means};

/// Why the means do not reach what is wanted of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missed {
    /// It is too large, and no means takes samples away.
    NothingRemoves,
    /// It is too large, and what has a near-copy is gone.
    NoMoreCopies,
    /// It is too large: samples were kept by hand, or have labels of classes that need them.
    Held,
    /// It is too small, and no means adds samples.
    NothingAdds,
    /// It is too small, and there is no sample of it to repeat.
    NothingLeft,
}

impl Missed {
    /// The reason as the end of a sentence.
    pub fn text(self) -> &'static str {
        match self {
            Self::NothingRemoves => "nothing that is switched on takes samples away",
            Self::NoMoreCopies => "no more near-copies of it are left to prune",
            Self::Held => "its samples were kept by hand, or have labels of classes that need them",
            Self::NothingAdds => "nothing that is switched on adds samples",
            Self::NothingLeft => "no sample of it stays that could be repeated",
        }
    }
}

impl ClassPlan {
    /// Why it does not come to what is wanted; `None` where it does, or where samples are only weighed.
    pub fn why_missed(&self, means: Means) -> Option<Missed> {
        let is_weighed_only = means.weights.is_some() && !means.removes() && means.fill.is_none();
        if !self.is_missed() || is_weighed_only {
            return None;
        }
        Some(match (self.after > self.wanted, means) {
            (true, Means { prune: false, undersample: false, .. }) if self.after == self.before => {
                Missed::NothingRemoves
            }
            (true, Means { prune: true, undersample: false, .. }) if self.after <= self.before => {
                Missed::NoMoreCopies
            }
            (true, _) => Missed::Held,
            (false, _) if self.kept == 0 => Missed::NothingLeft,
            (false, _) => Missed::NothingAdds,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::balance::Fill;

    #[test]
    fn a_class_that_is_missed_says_why() {
        let removing = |prune, undersample| Means { prune, undersample, ..Means::default() };
        let class =
            |before, wanted, kept, after| ClassPlan { before, wanted, kept, after, ..Default::default() };
        let weighed = Means { weights: Some(Default::default()), ..Means::default() };
        let filled = Means { fill: Some(Fill::Repeats), ..Means::default() };
        for (class, means, expected) in [
            (class(9, 5, 5, 5), removing(true, true), None),
            (class(9, 5, 9, 9), weighed, None),
            (class(9, 5, 9, 9), Means::default(), Some(Missed::NothingRemoves)),
            (class(9, 5, 9, 9), filled, Some(Missed::NothingRemoves)),
            (class(9, 5, 7, 7), removing(true, false), Some(Missed::NoMoreCopies)),
            (class(9, 5, 7, 7), removing(true, true), Some(Missed::Held)),
            (class(3, 5, 3, 3), removing(true, true), Some(Missed::NothingAdds)),
            (class(3, 5, 0, 0), filled, Some(Missed::NothingLeft)),
        ] {
            assert_eq!(class.why_missed(means), expected, "{class:?} {means:?}");
        }
    }
}
