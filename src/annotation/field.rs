//! What can be said of a sample, field by field, so that each format tells which of it a file holds.

use std::collections::HashSet;

use super::{Annotated, Annotations};
use crate::text::grouped;

/// A part of what is said of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Content,
    Size,
    Labels,
    Boxes,
    Tags,
    Note,
    Starred,
    Reviewed,
    Unsure,
    Origin,
    By,
    Time,
    Split,
    Given,
    /// The classes that no sample has, and the order of all.
    Classes,
}

impl Field {
    pub const ALL: [Self; 15] = [
        Self::Content,
        Self::Size,
        Self::Labels,
        Self::Boxes,
        Self::Tags,
        Self::Note,
        Self::Starred,
        Self::Reviewed,
        Self::Unsure,
        Self::Origin,
        Self::By,
        Self::Time,
        Self::Split,
        Self::Given,
        Self::Classes,
    ];

    /// All but the classes: what a table of samples holds.
    pub const OF_SAMPLES: &[Self] = match Self::ALL.as_slice().split_last() {
        Some((_, of_samples)) => of_samples,
        None => &[],
    };

    /// What one of it and several of it are called.
    pub fn words(self) -> [&'static str; 2] {
        match self {
            Self::Content => ["hash of a sample's content", "hashes of samples' content"],
            Self::Size => ["size of a picture", "sizes of pictures"],
            Self::Labels => ["label", "labels"],
            Self::Boxes => ["box", "boxes"],
            Self::Tags => ["tag", "tags"],
            Self::Note => ["note", "notes"],
            Self::Starred => ["star", "stars"],
            Self::Reviewed => ["mark of what is reviewed", "marks of what is reviewed"],
            Self::Unsure => ["mark of what is unsure", "marks of what is unsure"],
            Self::Origin => ["origin of a label", "origins of labels"],
            Self::By => ["name of a person", "names of people"],
            Self::Time => ["time of labelling", "times of labelling"],
            Self::Split => ["split of a sample", "splits of samples"],
            Self::Given => ["label of the source", "labels of the source"],
            Self::Classes => ["class that no sample has", "classes that no sample has"],
        }
    }

    /// How much of it there is.
    pub fn count(self, annotations: &Annotations) -> u64 {
        if self == Self::Classes {
            let used: HashSet<&String> = annotations.samples.iter().flat_map(|one| &one.labels).collect();
            return annotations.classes.iter().filter(|class| !used.contains(class)).count() as u64;
        }
        annotations.samples.iter().map(|sample| self.count_in(sample)).sum()
    }

    fn count_in(self, sample: &Annotated) -> u64 {
        match self {
            Self::Content => u64::from(sample.content.is_some()),
            Self::Size => u64::from(sample.size.is_some()),
            Self::Labels => sample.labels.len() as u64,
            Self::Boxes => sample.boxes.len() as u64,
            Self::Tags => sample.tags.len() as u64,
            Self::Note => u64::from(!sample.note.is_empty()),
            Self::Starred => u64::from(sample.starred),
            Self::Reviewed => u64::from(sample.reviewed),
            Self::Unsure => u64::from(sample.unsure),
            Self::Origin => u64::from(sample.origin.is_some()),
            Self::By => u64::from(!sample.by.is_empty()),
            Self::Time => u64::from(sample.time_ms.is_some()),
            Self::Split => u64::from(sample.split.is_some()),
            Self::Given => sample.given.len() as u64,
            Self::Classes => 0,
        }
    }
}

/// A sentence for each field that is there and that a format does not hold: "12 notes are not in COCO files."
pub fn left_out(annotations: &Annotations, holds: &[Field], title: &str) -> Vec<String> {
    let missing = Field::ALL.into_iter().filter(|field| !holds.contains(field));
    let told = missing.filter_map(|field| {
        let [one, several] = field.words();
        match field.count(annotations) {
            0 => None,
            1 => Some(format!("1 {one} is not in {title} files.")),
            count => Some(format!("{} {several} are not in {title} files.", grouped(count))),
        }
    });
    told.collect()
}
