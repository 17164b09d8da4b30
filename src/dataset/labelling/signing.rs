//! Who gave a label or a box and when, and how a box keeps that for as long as it stays what it is.

use std::collections::HashMap;

use super::{Answer, Classes, LabelOrigin, Labelling, NamedBox, Said};
use crate::dataset::{BoxRecord, Dataset, SampleId};

/// Who gave a label or a box, when, and where it comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signature<'a> {
    pub origin: LabelOrigin,
    /// The person's name; may be empty.
    pub by: &'a str,
    /// Milliseconds since the Unix epoch; 0 where nobody noted it.
    pub time_ms: i64,
}

impl Signature<'_> {
    /// An answer of these classes, by identity.
    pub fn answer(self, labels: Vec<String>) -> Answer {
        Answer { labels, origin: self.origin, by: self.by.to_owned(), time_ms: self.time_ms }
    }
}

impl<'a> Said<'a> {
    pub fn signature(self) -> Signature<'a> {
        Signature { origin: self.origin, by: self.by, time_ms: self.time_ms }
    }
}

impl NamedBox {
    /// Who gave it; `None` for a box of the source, and where nobody noted it.
    pub fn signature(&self) -> Option<Signature<'_>> {
        let signature = Signature { origin: self.origin, by: &self.by, time_ms: self.time_ms };
        (signature != Signature::default()).then_some(signature)
    }
}

impl Labelling {
    /// Who gave or changed a box of a sample last.
    pub fn box_signature(&self, sample: SampleId) -> Option<Signature<'_>> {
        let boxes = self.boxes(sample)?.iter();
        boxes.filter_map(NamedBox::signature).max_by_key(|signature| signature.time_ms)
    }

    /// Who said something of a sample's classes or boxes last; of both at once it is the answer's.
    pub fn signature(&self, sample: SampleId) -> Option<Signature<'_>> {
        let said = self.answer(sample).map(Said::signature);
        let all = self.box_signature(sample).into_iter().chain(said);
        all.max_by_key(|signature| signature.time_ms)
    }

    /// The boxes that a person gave a sample and whose class is there still: those that count, in their order.
    pub fn counting_boxes(&self, sample: SampleId) -> impl Iterator<Item = &NamedBox> + '_ {
        let boxes = self.boxes(sample).unwrap_or_default().iter();
        boxes.filter(|one| self.classes.resolve(&one.class).is_some())
    }

    /// The boxes that its source gives a sample, by the classes that theirs are now.
    pub fn given_boxes(&self, dataset: &Dataset, sample: SampleId) -> Vec<NamedBox> {
        let named = |one: &BoxRecord| {
            let class = dataset.labels.classes.get(one.class as usize)?;
            let class = self.classes.resolve(class)?.to_owned();
            Some(NamedBox { class, rect: one.rect, relative: one.relative, ..NamedBox::default() })
        };
        dataset.boxes.get(sample).iter().filter_map(named).collect()
    }

    /// For each box the known one of the same class, place and unit. Each of these is found once, the first one first.
    pub fn alike<'a>(
        &self,
        boxes: &[NamedBox],
        known: impl DoubleEndedIterator<Item = &'a NamedBox>,
    ) -> Vec<Option<&'a NamedBox>> {
        fn key<'k>(classes: &'k Classes, one: &'k NamedBox) -> (&'k str, [u32; 4], bool) {
            let class = classes.resolve(&one.class).unwrap_or(&one.class);
            (class, one.rect.map(f32::to_bits), one.relative)
        }
        let mut left: HashMap<_, Vec<&'a NamedBox>> = HashMap::new();
        for one in known.rev() {
            left.entry(key(&self.classes, one)).or_default().push(one);
        }
        boxes.iter().map(|one| left.get_mut(&key(&self.classes, one)).and_then(Vec::pop)).collect()
    }

    /// Boxes for a sample, each with its signature: one that the sample has keeps its own, one of its source's has none,
    /// and any other has a new one. `before` are boxes that it had a moment ago, which may come back.
    pub fn signed(
        &self,
        dataset: &Dataset,
        sample: SampleId,
        mut boxes: Vec<NamedBox>,
        before: &[NamedBox],
        new: Signature<'_>,
    ) -> Vec<NamedBox> {
        let given = self.given_boxes(dataset, sample);
        let known = self.boxes(sample).unwrap_or_default().iter().chain(before).chain(&given);
        let known = self.alike(&boxes, known);
        for (one, known) in boxes.iter_mut().zip(known) {
            let signature = known.map_or(new, |known| known.signature().unwrap_or_default());
            (one.origin, one.time_ms) = (signature.origin, signature.time_ms);
            signature.by.clone_into(&mut one.by);
        }
        boxes
    }

    /// The names of who answered and of who gave boxes of a sample; the same may be there again.
    pub fn people(&self, sample: SampleId) -> impl Iterator<Item = &str> + '_ {
        let boxes = self.boxes(sample).unwrap_or_default();
        let said = self.answer(sample).map(|said| said.by);
        said.into_iter().chain(boxes.iter().map(|one| one.by.as_str())).filter(|name| !name.is_empty())
    }

    /// The numbers of [`Self::people`], each once.
    pub(crate) fn people_once(&self, sample: SampleId) -> impl Iterator<Item = u32> + '_ {
        let boxes = self.boxes(sample).unwrap_or_default();
        let said = self.told(sample).answer.map(|(_, person)| person);
        let new =
            boxes.iter().enumerate().filter(|(at, one)| boxes[..*at].iter().all(|two| two.by != one.by));
        let of_boxes = new.filter_map(|(_, one)| self.texts.ids.get(one.by.as_str()).copied());
        said.into_iter().chain(of_boxes.filter(move |person| Some(*person) != said))
    }
}
