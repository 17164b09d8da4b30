//! What was said of samples, among the columns of the kept snapshot.

use serde::{Deserialize, Serialize};

use crate::dataset::labelling::{Classes, LabellingParts};
use crate::dataset::{Labelling, NamedBox, SampleId};
use crate::store::blob::{self, Damage, numbers, read_all};
use crate::store::database::SealedColumns;

/// The columns, in the order in which [`encode`] gives them.
const NAMES: [&str; 8] = [
    "said.head",
    "said.answered",
    "said.answer",
    "said.person",
    "said.origin",
    "said.time",
    "said.tagged",
    "said.tags",
];

/// What is no column of numbers.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Head {
    texts: Vec<String>,
    sets: Vec<Vec<u32>>,
    notes: Vec<(SampleId, String)>,
    boxes: Vec<(SampleId, Vec<NamedBox>)>,
    classes: Classes,
}

pub(super) fn encode(labelling: &Labelling) -> Vec<(&'static str, Vec<u8>)> {
    let parts = labelling.to_parts();
    let LabellingParts { texts, sets, notes, boxes, classes, .. } = parts;
    let head = Head { texts, sets, notes, boxes, classes };
    // Strings and numbers under string keys: nothing of it can fail to be JSON.
    let head = serde_json::to_vec(&head).unwrap_or_default();
    let columns = [
        head,
        numbers(parts.answered),
        numbers(parts.answers),
        numbers(parts.people),
        numbers(parts.origins),
        numbers(parts.times_ms.iter().map(|time| *time as u64)),
        numbers(parts.tagged),
        numbers(parts.tags),
    ];
    NAMES.into_iter().zip(columns).collect()
}

/// The sealed columns of a labelling, taken out of those of a snapshot.
pub(super) fn take(columns: &mut SealedColumns) -> Option<SealedColumns> {
    let taken = NAMES.iter().filter_map(|name| columns.remove_entry(*name));
    // A snapshot of a version before there were labels by hand has none.
    Some(taken.collect::<SealedColumns>()).filter(|columns| !columns.is_empty())
}

/// The labelling of `samples` rows that these columns are of.
pub(super) fn decode(samples: usize, columns: Option<SealedColumns>) -> Result<Labelling, Damage> {
    let Some(mut columns) = columns else { return Ok(Labelling::new(samples)) };
    let mut raw = |name: &str| match columns.remove(name) {
        Some(parts) => blob::unseal_column(&parts?),
        None => Err(Damage("a column of what was said is missing")),
    };
    let Head { texts, sets, notes, boxes, classes } = serde_json::from_slice(&raw("said.head")?)
        .map_err(|_| Damage("what was said of samples cannot be read"))?;
    let times: Vec<u64> = read_all(&raw("said.time")?)?;
    let parts = LabellingParts {
        texts,
        sets,
        answered: read_all(&raw("said.answered")?)?,
        answers: read_all(&raw("said.answer")?)?,
        people: read_all(&raw("said.person")?)?,
        origins: read_all(&raw("said.origin")?)?,
        times_ms: times.into_iter().map(|time| time as i64).collect(),
        tagged: read_all(&raw("said.tagged")?)?,
        tags: read_all(&raw("said.tags")?)?,
        notes,
        boxes,
        classes,
    };
    Ok(Labelling::from_parts(samples, parts))
}
