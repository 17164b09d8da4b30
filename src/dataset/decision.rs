//! What is to become of a sample in an export, and why.

use serde::{Deserialize, Serialize};

use super::SampleId;
use super::findings::Flag;

/// What is to become of a sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Verdict {
    /// Nobody said anything: it stays.
    #[default]
    Undecided,
    /// It stays, whatever a rule says later.
    Keep,
    /// It is left out.
    Prune,
}

/// Why a sample is kept or pruned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A person said so.
    #[default]
    ByHand,
    /// A person pruned what has this flag. Projects that version 0.1.0 wrote before it told rules apart
    /// have those of rules here too.
    Flagged(Flag),
    /// Of its group of near-duplicates another one is kept, or it is the one, by this rule.
    Group(Preference),
    /// The rules leave out what has this flag.
    Rule(Flag),
    /// A person had a plan for the balance of classes carried out, which leaves it out by this means.
    Balance(Thinning),
}

/// How a plan for the balance of classes takes samples away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Thinning {
    /// It has a near-copy of the same labels.
    NearCopy,
    /// By chance.
    Undersampling,
}

impl Thinning {
    pub const ALL: [Self; 2] = [Self::NearCopy, Self::Undersampling];
}

impl Reason {
    /// Whether a person decided, and not a rule: that no rule takes back.
    pub fn is_by_person(self) -> bool {
        matches!(self, Self::ByHand | Self::Flagged(_) | Self::Balance(_))
    }

    /// The flag that the sample is left out for.
    pub fn flag(self) -> Option<Flag> {
        match self {
            Self::Flagged(flag) | Self::Rule(flag) => Some(flag),
            Self::ByHand | Self::Group(_) | Self::Balance(_) => None,
        }
    }
}

/// What makes one of a group of near-duplicates the one to keep. The order is the default order of
/// the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Preference {
    /// It is in a protected split or folder.
    Protected,
    /// It has a label, and another one has none.
    Labelled,
    /// It has the most pixels.
    Resolution,
    /// It is the sharpest.
    Sharpness,
    /// Its file is the largest.
    Bytes,
    /// Its file is the oldest.
    Oldest,
    /// Its path is the shortest.
    ShortestPath,
    /// Its path comes first: what is left when all else is equal.
    FirstPath,
}

impl Preference {
    pub const ALL: [Self; 8] = [
        Self::Protected,
        Self::Labelled,
        Self::Resolution,
        Self::Sharpness,
        Self::Bytes,
        Self::Oldest,
        Self::ShortestPath,
        Self::FirstPath,
    ];

    /// The word used in rule files and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Protected => "protected",
            Self::Labelled => "labelled",
            Self::Resolution => "resolution",
            Self::Sharpness => "sharpness",
            Self::Bytes => "bytes",
            Self::Oldest => "oldest",
            Self::ShortestPath => "shortest-path",
            Self::FirstPath => "first-path",
        }
    }

    /// The rule on screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Protected => "Protected split or folder",
            Self::Labelled => "Labelled first",
            Self::Resolution => "Highest resolution",
            Self::Sharpness => "Sharpest",
            Self::Bytes => "Largest file",
            Self::Oldest => "Oldest",
            Self::ShortestPath => "Shortest path",
            Self::FirstPath => "First path",
        }
    }

    /// Why the one that is kept is kept: it "… ".
    pub fn because(self) -> &'static str {
        match self {
            Self::Protected => "is protected",
            Self::Labelled => "has a label",
            Self::Resolution => "has the highest resolution",
            Self::Sharpness => "is the sharpest",
            Self::Bytes => "has the largest file",
            Self::Oldest => "is the oldest",
            Self::ShortestPath => "has the shortest path",
            Self::FirstPath => "comes first",
        }
    }
}

/// A verdict with its reason. Written as four numbers: verdict, reason, what the reason is about, other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Packed", into = "Packed")]
pub struct Decision {
    pub verdict: Verdict,
    pub reason: Reason,
    /// The sample that is kept in its place.
    pub other: Option<SampleId>,
}

/// A decision as numbers. A number is used for one thing for ever.
type Packed = (u8, u8, u8, u32);

/// Stands for no other sample.
const NOBODY: u32 = u32::MAX;

impl Decision {
    pub const UNDECIDED: Self = Self { verdict: Verdict::Undecided, reason: Reason::ByHand, other: None };

    /// A person's own decision.
    pub fn by_hand(verdict: Verdict) -> Self {
        Self { verdict, ..Self::UNDECIDED }
    }

    /// Left out by a person because of a flag.
    pub fn flagged(flag: Flag) -> Self {
        Self { verdict: Verdict::Prune, reason: Reason::Flagged(flag), other: None }
    }

    /// Left out by the rules because of a flag.
    pub fn ruled_out(flag: Flag) -> Self {
        Self { verdict: Verdict::Prune, reason: Reason::Rule(flag), other: None }
    }

    /// Left out by a plan for the balance of classes; `other` is the near-copy that stays.
    pub fn balanced(thinning: Thinning, other: Option<SampleId>) -> Self {
        Self { verdict: Verdict::Prune, reason: Reason::Balance(thinning), other }
    }

    /// Whether it is left out because of this flag.
    pub fn is_because_of(self, flag: Flag) -> bool {
        self.verdict == Verdict::Prune && self.reason.flag() == Some(flag)
    }

    /// As 8 bytes, for a column.
    pub fn to_bytes(self) -> [u8; 8] {
        let (verdict, reason, about, other) = self.into();
        let [a, b, c, d] = other.to_le_bytes();
        [verdict, reason, about, 0, a, b, c, d]
    }

    /// From 8 bytes; what stands for nothing is undecided.
    pub fn from_bytes([verdict, reason, about, _, a, b, c, d]: [u8; 8]) -> Self {
        let other = u32::from_le_bytes([a, b, c, d]);
        Self::try_from((verdict, reason, about, other)).unwrap_or_default()
    }
}

impl From<Decision> for Packed {
    fn from(decision: Decision) -> Self {
        let (reason, about) = match decision.reason {
            Reason::ByHand => (0, 0),
            Reason::Flagged(flag) => (1, flag as u8),
            Reason::Group(preference) => (2, preference as u8),
            Reason::Rule(flag) => (3, flag as u8),
            Reason::Balance(thinning) => (4, thinning as u8),
        };
        (decision.verdict as u8, reason, about, decision.other.unwrap_or(NOBODY))
    }
}

impl TryFrom<Packed> for Decision {
    type Error = &'static str;

    fn try_from((verdict, reason, about, other): Packed) -> Result<Self, Self::Error> {
        let verdict = match verdict {
            0 => Verdict::Undecided,
            1 => Verdict::Keep,
            2 => Verdict::Prune,
            _ => return Err("there is no such verdict"),
        };
        let about = usize::from(about);
        let reason = match reason {
            0 => Reason::ByHand,
            1 => Reason::Flagged(*Flag::ALL.get(about).ok_or("there is no such flag")?),
            2 => Reason::Group(*Preference::ALL.get(about).ok_or("there is no such rule")?),
            3 => Reason::Rule(*Flag::ALL.get(about).ok_or("there is no such flag")?),
            4 => Reason::Balance(*Thinning::ALL.get(about).ok_or("there is no such means")?),
            _ => return Err("there is no such reason"),
        };
        Ok(Self { verdict, reason, other: (other != NOBODY).then_some(other) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_come_back_from_numbers() {
        let mut all = vec![Decision::UNDECIDED, Decision::by_hand(Verdict::Keep)];
        all.extend(Flag::ALL.map(Decision::flagged));
        all.extend(Flag::ALL.map(Decision::ruled_out));
        all.extend(Preference::ALL.map(|preference| Decision {
            verdict: Verdict::Prune,
            reason: Reason::Group(preference),
            other: Some(7),
        }));
        all.extend(Thinning::ALL.map(|thinning| Decision::balanced(thinning, Some(3))));
        for decision in all {
            assert_eq!(Decision::try_from(Packed::from(decision)), Ok(decision));
            assert_eq!(Decision::from_bytes(decision.to_bytes()), decision);
        }
        assert_eq!(Decision::from_bytes([9; 8]), Decision::UNDECIDED);
        for (at, flag) in Flag::ALL.into_iter().enumerate() {
            assert_eq!(flag as usize, at);
        }
        for (at, preference) in Preference::ALL.into_iter().enumerate() {
            assert_eq!(preference as usize, at);
        }
        for (at, thinning) in Thinning::ALL.into_iter().enumerate() {
            assert_eq!(thinning as usize, at);
        }
    }
}
