//! The report of what was found in a dataset and what was decided: a page of HTML that stands alone, or
//! the same figures as JSON.
//!
//! [`Figures`] is the report without its form: plain data that is serialised as it is, or drawn with
//! thumbnails by [`html`]. Every list has a bound ([`Limits`]) and says how many it leaves out. The same
//! snapshot and settings give the same bytes. It refuses to know how samples are read: a closure gives
//! their thumbnails.

mod figures;
mod html;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use rayon::prelude::*;

pub use figures::{Figures, Limits, Listed};

use super::{ExportError, check_file, check_target, write_whole};
use crate::dataset::SampleId;
use crate::dataset::query::Snapshot;
use crate::import::Reader;
use crate::jobs::Control;
use crate::markup::data_address;
use crate::media;
use crate::review::{Analysed, Judged, ReviewSettings};

/// Longest side of a thumbnail in the report, in pixels.
pub const EDGE: u32 = 120;
/// Thumbnails made between two looks at whether to go on.
const STEP: usize = 32;

/// What a report is made of.
#[derive(Clone, Copy)]
pub struct Material<'a> {
    pub snapshot: &'a Snapshot,
    pub analysed: &'a Analysed,
    pub judged: &'a Judged,
    pub settings: &'a ReviewSettings,
}

/// What gives the bytes of a sample's thumbnail, a JPEG or a PNG; `None` where it cannot be read.
pub type Thumbnailer<'a> = dyn Fn(SampleId) -> Option<Vec<u8>> + Sync + 'a;

/// Thumbnails made from the source.
pub fn thumbnailer<'a>(
    snapshot: &'a Snapshot,
    reader: &'a Reader,
) -> impl Fn(SampleId) -> Option<Vec<u8>> + Sync + 'a {
    move |sample| {
        let payload = reader.sample(&snapshot.dataset, sample).ok()?;
        Some(media::encode_thumbnail(&media::thumbnail(&payload, EDGE).ok()?))
    }
}

/// Writes the report: JSON where the file's name ends in `.json`, HTML otherwise. It appears whole or
/// not at all, and never in the dataset's folder.
pub fn write_report(
    path: &Path,
    material: Material<'_>,
    thumbnail: &Thumbnailer<'_>,
    control: &Control,
) -> Result<(), ExportError> {
    check_target(path, Path::new(&material.snapshot.dataset.root))?;
    check_file(path)?;
    control.begin("Gathering the report", 0);
    control.checkpoint()?;
    let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let failed = |cause| ExportError::io(path, cause);
    if is_json {
        let figures = Figures::of(material, &Limits::JSON);
        return write_whole(path, |out| {
            control.checkpoint()?;
            serde_json::to_writer_pretty(&mut *out, &figures).map_err(|cause| failed(cause.into()))?;
            out.write_all(b"\n").map_err(failed)
        });
    }
    let figures = Figures::of(material, &Limits::HTML);
    let pictures = pictures(&figures, thumbnail, control)?;
    write_whole(path, |out| {
        control.checkpoint()?;
        html::write(out, &figures, &pictures).map_err(failed)
    })
}

/// The thumbnails that the page shows, as `data:` addresses.
fn pictures(
    figures: &Figures,
    thumbnail: &Thumbnailer<'_>,
    control: &Control,
) -> Result<BTreeMap<SampleId, String>, ExportError> {
    let samples = figures.pictured();
    control.begin("Making thumbnails", samples.len() as u64);
    let mut pictures = BTreeMap::new();
    for part in samples.chunks(STEP) {
        control.checkpoint()?;
        let made: Vec<Option<(SampleId, String)>> =
            part.par_iter().map(|sample| Some((*sample, data_address(&thumbnail(*sample)?)))).collect();
        pictures.extend(made.into_iter().flatten());
        control.add(part.len() as u64);
    }
    Ok(pictures)
}
