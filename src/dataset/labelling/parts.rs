//! A labelling as plain columns, for a store to keep.

use std::sync::Arc;

use super::{Classes, LabelOrigin, Labelling, NOTHING, NamedBox};
use crate::dataset::SampleId;

/// A [`Labelling`] as columns. Rows that name a text or a set that is not there say nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabellingParts {
    /// Identities of classes, tags and people.
    pub texts: Vec<String>,
    /// Sets of indices into `texts`.
    pub sets: Vec<Vec<u32>>,
    /// Rows with an answer, ascending, and four columns beside them.
    pub answered: Vec<SampleId>,
    /// Index into `sets`.
    pub answers: Vec<u32>,
    /// Index into `texts`.
    pub people: Vec<u32>,
    /// [`LabelOrigin`] as a number.
    pub origins: Vec<u8>,
    pub times_ms: Vec<i64>,
    /// Rows with tags, ascending, and the set of each.
    pub tagged: Vec<SampleId>,
    pub tags: Vec<u32>,
    pub notes: Vec<(SampleId, String)>,
    pub boxes: Vec<(SampleId, Vec<NamedBox>)>,
    pub classes: Classes,
}

impl Labelling {
    pub fn to_parts(&self) -> LabellingParts {
        let mut parts = LabellingParts {
            texts: self.texts.all.iter().map(|text| text.to_string()).collect(),
            sets: self.sets.all.clone(),
            classes: Classes::clone(&self.classes),
            ..LabellingParts::default()
        };
        for sample in self.touched() {
            let Some((chunk, row)) = self.chunk(sample) else { continue };
            if chunk.answers[row] != NOTHING {
                parts.answered.push(sample);
                parts.answers.push(chunk.answers[row]);
                parts.people.push(chunk.people[row]);
                parts.origins.push(chunk.origins[row] as u8);
                parts.times_ms.push(chunk.times_ms[row]);
            }
            if chunk.tags[row] != NOTHING {
                parts.tagged.push(sample);
                parts.tags.push(chunk.tags[row]);
            }
            if let Some(note) = chunk.notes.get(&(row as u16)) {
                parts.notes.push((sample, note.to_string()));
            }
            if let Some(boxes) = chunk.boxes.get(&(row as u16)) {
                parts.boxes.push((sample, boxes.to_vec()));
            }
        }
        parts
    }

    /// The labelling of `samples` rows that these columns are of.
    pub fn from_parts(samples: usize, parts: LabellingParts) -> Self {
        let mut labelling = Self { samples, classes: Arc::new(parts.classes), ..Self::default() };
        let texts = Arc::make_mut(&mut labelling.texts);
        for text in parts.texts {
            let text: Arc<str> = text.into();
            texts.ids.insert(text.clone(), texts.all.len() as u32);
            texts.all.push(text);
        }
        let sets = Arc::make_mut(&mut labelling.sets);
        for set in parts.sets {
            sets.ids.insert(set.clone(), sets.all.len() as u32);
            sets.all.push(set);
        }
        let (texts, sets) = (labelling.texts.all.len(), labelling.sets.all.len());
        let answers = parts.answers.iter().zip(&parts.people).zip(parts.origins.iter().zip(&parts.times_ms));
        for (sample, ((answer, person), (origin, time_ms))) in parts.answered.iter().zip(answers) {
            if *answer as usize >= sets || *person as usize >= texts {
                continue;
            }
            if let Some((chunk, row)) = labelling.chunk_mut(*sample) {
                chunk.answers[row] = *answer;
                chunk.people[row] = *person;
                chunk.origins[row] = LabelOrigin::ALL.get(*origin as usize).copied().unwrap_or_default();
                chunk.times_ms[row] = *time_ms;
            }
        }
        for (sample, set) in parts.tagged.iter().zip(&parts.tags) {
            if let Some((chunk, row)) = labelling.chunk_mut(*sample).filter(|_| (*set as usize) < sets) {
                chunk.tags[row] = *set;
            }
        }
        for (sample, note) in &parts.notes {
            labelling.set_note(*sample, note);
        }
        for (sample, boxes) in &parts.boxes {
            labelling.set_boxes(*sample, Some(boxes));
        }
        labelling
    }
}
