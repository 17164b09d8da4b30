//! What a person said of labels and boxes, as files of annotations need it: of which samples, under which
//! names, in which unit. Also what became of classes.
//!
//! Classes go by their names here, as they do in such files. It refuses to know any file's form.

use std::collections::BTreeMap;

use super::draft::{Draft, Told};
use crate::dataset::query::Snapshot;
use crate::dataset::{BoxRecord, SampleId};
use crate::import::Reader;
use crate::jobs::{Cancelled, Control};
use crate::text::counted;

/// Samples that are looked at between two questions whether to go on.
const STEP: usize = 4096;

/// What a file counts the sides of boxes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Pixels,
    /// Fractions of the image's width and height.
    Fractions,
}

/// A box as a file is to have it.
#[derive(Clone, Debug, PartialEq)]
pub struct Spot {
    /// The name of its class.
    pub class: String,
    /// Left, top, width and height in the file's unit.
    pub rect: [f32; 4],
}

/// What counts of one sample of which a person said something.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spoken {
    pub boxes: Vec<Spot>,
    /// All its classes, by name.
    pub labels: Vec<String>,
    /// Width and height in pixels, where they are known.
    pub size: Option<[u32; 2]>,
}

impl Spoken {
    /// Classes that no box has.
    pub fn loose(&self) -> impl Iterator<Item = &str> {
        let boxed = |label: &&String| !self.boxes.iter().any(|spot| spot.class == **label);
        self.labels.iter().filter(boxed).map(String::as_str)
    }
}

/// What is another than in the source's files.
#[derive(Clone, Debug, Default)]
pub struct ByHand {
    /// Classes of the source that have another name now, or are no more, by the name that they had.
    pub(super) renamed: BTreeMap<String, Option<String>>,
    /// Names of classes that the source does not have.
    pub added: Vec<String>,
    /// Samples that stay and of which something was said, by path.
    pub samples: BTreeMap<String, Spoken>,
    /// Sentences on what could not be kept.
    pub warnings: Vec<String>,
}

impl ByHand {
    /// What was said of the samples that stay. Where a box is in the other unit and the image's size was not measured
    /// yet, the image is read for it.
    pub fn of(draft: &Draft, reader: &Reader, unit: Unit, control: &Control) -> Result<Self, Cancelled> {
        let snapshot = &draft.snapshot;
        let mut by_hand = Self::default();
        if snapshot.labelling.leaves_labels() {
            return Ok(by_hand);
        }
        by_hand.take_classes(snapshot);
        let mut unsized_samples = 0u64;
        for (at, sample) in draft.samples.iter().copied().enumerate() {
            if at % STEP == 0 {
                control.checkpoint()?;
            }
            if !is_spoken_of(snapshot, sample) {
                continue;
            }
            let records = snapshot.boxes().get(sample);
            let fact = snapshot.facts.get(sample);
            let mut size = (fact.width > 0 && fact.height > 0).then_some([fact.width, fact.height]);
            let is_foreign = |one: &BoxRecord| one.relative != (unit == Unit::Fractions);
            if size.is_none() && records.iter().any(is_foreign) {
                let picture = reader.picture(&snapshot.dataset, sample).ok();
                size = picture.map(|picture| [picture.width, picture.height]);
                unsized_samples += u64::from(size.is_none());
            }
            let spot = |one: &BoxRecord| {
                let class = snapshot.labels().classes.get(one.class as usize)?.clone();
                Some(Spot { class, rect: rect_in(one, unit, size)? })
            };
            let boxes = records.iter().filter_map(spot).collect();
            let labels = snapshot.labels().names(sample).map(str::to_owned).collect();
            let path = snapshot.dataset.path(sample).to_owned();
            by_hand.samples.insert(path, Spoken { boxes, labels, size });
        }
        if unsized_samples > 0 {
            let unit = if unit == Unit::Pixels { "pixels" } else { "fractions of the image" };
            by_hand.warnings.push(format!(
                "The size of {} cannot be read, so that boxes by hand cannot be written in {unit}; they are left out.",
                counted(unsized_samples, "image")
            ));
        }
        Ok(by_hand)
    }

    fn take_classes(&mut self, snapshot: &Snapshot) {
        let classes = snapshot.labelling.classes();
        let given = &snapshot.dataset.labels.classes;
        for name in given {
            let now = classes.resolve(name).map(|identity| classes.name(identity));
            if now != Some(name) {
                self.renamed.insert(name.clone(), now.map(str::to_owned));
            }
        }
        let kept = |name: &String| given.iter().any(|given| self.now(given) == Some(name));
        self.added = snapshot.labels().classes.iter().filter(|name| !kept(name)).cloned().collect();
    }

    /// Whether the source's files hold all that counts.
    pub fn is_empty(&self) -> bool {
        self.renamed.is_empty() && self.added.is_empty() && self.samples.is_empty()
    }

    /// Whether a class of the source has another name, or is no more.
    pub fn changes_classes(&self) -> bool {
        !self.renamed.is_empty()
    }

    /// The name that a class of the source has now; `None` where it is no more.
    pub fn now<'a>(&'a self, given: &'a str) -> Option<&'a str> {
        match self.renamed.get(given) {
            None => Some(given),
            Some(now) => now.as_deref(),
        }
    }

    /// Tells all that files are written from.
    pub fn tell(&self, told: &mut Told) {
        self.tell_classes(told);
        told.add(format!("{:?}", self.samples).as_bytes());
    }

    /// Tells what became of classes.
    pub fn tell_classes(&self, told: &mut Told) {
        told.add(format!("{:?} {:?}", self.renamed, self.added).as_bytes());
    }

    /// What a person should know who has such files written, `what` they are called.
    pub fn notes(&self, what: &str) -> Vec<String> {
        let mut notes = self.warnings.clone();
        let count = self.samples.len() as u64;
        if count > 0 {
            let verb = if count == 1 { "has" } else { "have" };
            notes.push(format!(
                "{} {verb} labels or boxes by hand; the {what} are written with those in place of the source's.",
                counted(count, "sample")
            ));
        }
        notes
    }
}

/// Whether a person said something of a sample's classes or boxes.
pub fn is_spoken_of(snapshot: &Snapshot, sample: SampleId) -> bool {
    snapshot.labelling.answer(sample).is_some() || snapshot.labelling.boxes(sample).is_some()
}

/// Says that files of this layout have the source's labels and boxes, where others count.
pub fn warn_as_given(draft: &mut Draft) {
    let snapshot = &draft.snapshot;
    if snapshot.labelling.leaves_labels() {
        return;
    }
    let given = &snapshot.dataset.labels;
    let renamed = snapshot.labelling.classes();
    let is_other = |sample: &&SampleId| {
        let other_name = |name: &str| renamed.resolve(name).map(|now| renamed.name(now)) != Some(name);
        snapshot.labelling.boxes(**sample).is_some()
            || snapshot.is_relabelled(**sample)
            || given.names(**sample).any(other_name)
    };
    let count = draft.samples.iter().filter(is_other).count() as u64;
    if count > 0 {
        let verb = if count == 1 { "has" } else { "have" };
        draft.warn(format!(
            "{} {verb} other labels or boxes than the source. This layout is copied as the source has it, without them; \
             choose a manifest, image-folder or WebDataset to keep what was said by hand.",
            counted(count, "sample")
        ));
    }
}

/// A box's sides in a file's unit; `None` where that takes a size that is not known, or no box is left.
fn rect_in(one: &BoxRecord, unit: Unit, size: Option<[u32; 2]>) -> Option<[f32; 4]> {
    let rect = match (one.relative, unit) {
        (true, Unit::Fractions) | (false, Unit::Pixels) => one.rect,
        (is_relative, _) => {
            let [width, height] = size?;
            let sides = [width, height, width, height];
            let mut rect = one.rect;
            for (value, side) in rect.iter_mut().zip(sides) {
                let (exact, side) = (f64::from(*value), f64::from(side.max(1)));
                *value = if is_relative { exact * side } else { exact / side } as f32;
            }
            rect
        }
    };
    let is_box = rect.iter().all(|side| side.is_finite()) && rect[2] > 0.0 && rect[3] > 0.0;
    is_box.then_some(rect)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_come_in_the_files_unit() {
        let record = |rect, relative| BoxRecord { class: 0, rect, relative };
        let size = Some([200, 100]);
        for (one, unit, size, expected) in [
            (record([1.0, 2.0, 3.5, 4.0], false), Unit::Pixels, None, Some([1.0, 2.0, 3.5, 4.0])),
            (record([0.1, 0.2, 0.5, 0.4], true), Unit::Fractions, None, Some([0.1, 0.2, 0.5, 0.4])),
            (record([0.5, 0.25, 0.5, 0.5], true), Unit::Pixels, size, Some([100.0, 25.0, 100.0, 50.0])),
            (record([100.0, 25.0, 100.0, 50.0], false), Unit::Fractions, size, Some([0.5, 0.25, 0.5, 0.5])),
            (record([100.0, 25.0, 100.0, 50.0], false), Unit::Fractions, None, None),
            (record([1.0, 1.0, 0.0, 4.0], false), Unit::Pixels, size, None),
            (record([f32::NAN, 1.0, 1.0, 4.0], false), Unit::Pixels, size, None),
        ] {
            assert_eq!(rect_in(&one, unit, size), expected, "{one:?} {unit:?} {size:?}");
        }
    }

    #[test]
    fn classes_without_a_box_are_told_apart() {
        let spoken = Spoken {
            boxes: vec![Spot { class: "cat".into(), rect: [0.0, 0.0, 1.0, 1.0] }],
            labels: vec!["cat".into(), "dog".into()],
            size: None,
        };
        assert_eq!(spoken.loose().collect::<Vec<_>>(), ["dog"]);
    }
}
