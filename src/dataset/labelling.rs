//! What a person says of samples: labels by hand and where each comes from.
//!
//! It refuses to know files and the clock.

use serde::{Deserialize, Serialize};

/// Where a sample's label comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum LabelOrigin {
    /// The dataset's source, or a file of labels.
    #[default]
    Imported,
    /// A person gave it.
    ByHand,
    /// A model proposed it and a person confirmed it.
    Confirmed,
    /// It was spread from labelled samples to those that are like them.
    Propagated,
}

impl LabelOrigin {
    pub const ALL: [Self; 4] = [Self::Imported, Self::ByHand, Self::Confirmed, Self::Propagated];

    /// The word used in queries and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Imported => "imported",
            Self::ByHand => "by-hand",
            Self::Confirmed => "confirmed",
            Self::Propagated => "propagated",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|origin| origin.name() == name)
    }
}
