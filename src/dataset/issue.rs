//! What is wrong with a sample, as a thing to look at.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::SampleId;

/// What kind of fault an [`Issue`] is. The order is the order on screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum IssueKind {
    /// The file is an image that cannot be decoded.
    Corrupt,
    /// The file ends before its image does.
    Truncated,
    /// The file has no bytes.
    Empty,
    /// The operating system would not give the file.
    Unreadable,
    /// The dataset names a file that is not there.
    Missing,
    /// The image has more pixels than the program holds.
    Oversized,
    /// The file's content is another format than its name says.
    Misnamed,
    /// The file has an image's name and the content of something else.
    Unsupported,
    /// A label, box or table entry that cannot be understood.
    Annotation,
}

impl IssueKind {
    pub const ALL: [Self; 9] = [
        Self::Corrupt,
        Self::Truncated,
        Self::Empty,
        Self::Unreadable,
        Self::Missing,
        Self::Oversized,
        Self::Misnamed,
        Self::Unsupported,
        Self::Annotation,
    ];

    /// The word used in queries, reports and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Corrupt => "corrupt",
            Self::Truncated => "truncated",
            Self::Empty => "empty",
            Self::Unreadable => "unreadable",
            Self::Missing => "missing",
            Self::Oversized => "oversized",
            Self::Misnamed => "misnamed",
            Self::Unsupported => "unsupported",
            Self::Annotation => "annotation",
        }
    }

    /// The kind of that [name](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// This kind's bit in a sample's issue mask.
    pub const fn bit(self) -> u16 {
        1 << self as u8
    }

    /// Whether the sample can still be shown.
    pub fn leaves_image(self) -> bool {
        matches!(self, Self::Misnamed | Self::Annotation | Self::Truncated)
    }
}

/// What found an issue, and so what finds out that it is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Origin {
    /// Listing the source: each listing finds all of its issues anew.
    Listing = 0,
    /// Measuring a sample's content: it stands until the sample is measured again, or is gone.
    Content = 1,
}

/// A fault of one sample, or of a file that holds many or describes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// `None` when the fault is of a file that is no sample (a manifest, a label file).
    pub sample: Option<SampleId>,
    pub path: String,
    pub kind: IssueKind,
    pub origin: Origin,
    /// A sentence that says what is wrong and, where it helps, what to do.
    pub message: String,
}

impl Issue {
    /// Puts what was found in the content of samples that were measured again in the place of what
    /// was found before. `None` where that is the same: nothing changes then.
    pub fn renewed(issues: &[Self], again: &HashSet<SampleId>, found: &[Self]) -> Option<Vec<Self>> {
        let is_old = |issue: &&Self| {
            issue.origin == Origin::Content && issue.sample.is_some_and(|id| again.contains(&id))
        };
        let order = |issue: &&Self| (issue.sample, issue.kind);
        let (mut before, mut after): (Vec<_>, Vec<_>) =
            (issues.iter().filter(is_old).collect(), found.iter().collect());
        before.sort_by_key(order);
        after.sort_by_key(order);
        if before == after {
            return None;
        }
        let kept = issues.iter().filter(|issue| !is_old(issue));
        Some(kept.chain(found).cloned().collect())
    }
}
