//! How well samples cover the space that their descriptions lie in, and how different they are.

use rayon::prelude::*;

use super::Subject;
use crate::analysis::distribution::{Coverage, coverage, vendi};
use crate::analysis::whiten::Whitened;
use crate::dataset::{ClassId, SampleId, Signals};
use crate::jobs::{Cancelled, Control};
use crate::pipeline::duplicates::described;

/// Centres of a class's curve at most.
const CLASS_CENTRES: usize = 32;
/// Classes that are covered between two looks at whether to go on.
const STEP: usize = 64;

/// The space of some samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Space {
    /// Those that are described: rows of the coverage are places among them.
    pub samples: Vec<SampleId>,
    pub coverage: Coverage,
    /// `None` where no description has a direction.
    pub vendi: Option<f64>,
    /// Classes that have described samples, in their order.
    pub classes: Vec<ClassSpace>,
}

/// The space of a class.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassSpace {
    pub class: ClassId,
    pub samples: u64,
    pub vendi: Option<f64>,
    /// The radius after each centre of its own.
    pub radii: Vec<f64>,
}

/// Covers the described samples of these rows by at most so many centres.
pub fn space(
    subject: Subject<'_>,
    signals: &Signals,
    centres: usize,
    control: &Control,
) -> Result<Space, Cancelled> {
    let all = described(signals, subject.rows);
    let (mut samples, mut rows, mut by_class) = (Vec::new(), Vec::new(), Vec::new());
    by_class.resize_with(subject.class_names().len(), Vec::new);
    for (place, row) in all.into_iter().enumerate() {
        let Some(row) = row else { continue };
        subject.classes_at(place).iter().for_each(|class| by_class[*class as usize].push(row));
        samples.push(subject.rows[place]);
        rows.push(row);
    }
    let coverage = coverage(&rows, centres, control)?;
    control.begin("Measuring diversity", by_class.len() as u64);
    let vendi_of_all = vendi(&rows);
    let mut classes = Vec::new();
    let there: Vec<(usize, Vec<&Whitened>)> =
        by_class.into_iter().enumerate().filter(|(_, rows)| !rows.is_empty()).collect();
    for part in there.chunks(STEP) {
        control.checkpoint()?;
        let found: Result<Vec<ClassSpace>, Cancelled> =
            part.par_iter().map(|(class, rows)| class_space(*class as ClassId, rows, control)).collect();
        classes.extend(found?);
        control.add(part.len() as u64);
    }
    Ok(Space { samples, coverage, vendi: vendi_of_all, classes })
}

fn class_space(class: ClassId, rows: &[&Whitened], control: &Control) -> Result<ClassSpace, Cancelled> {
    let radii = coverage(rows, CLASS_CENTRES, &control.uncounted())?.radii;
    Ok(ClassSpace { class, samples: rows.len() as u64, vendi: vendi(rows), radii })
}
