//! A table of every column, beside the images or with the paths of where they are.
//!
//! `metadata.csv`, `metadata.jsonl` or `metadata.parquet`; the column `file_name` names the image,
//! relative to the table where it was exported, from the root where it was not. Importers of such
//! tables, ours among them, find paths, labels, splits and boxes by the columns' names, so that columns
//! whose names would mislead them are called otherwise: the numbers of labels and of boxes are
//! `label_count` and `box_count`, and an attribute of such a name has `attr.` before it. Where a plan says how often
//! a sample is there and what it weighs, that is in `repeat` and `weight`.
//!
//! In CSV and JSON Lines a sample with boxes has a row for each, with `xmin`, `ymin`, `xmax` and `ymax`;
//! in Parquet it has one row with a list of them in `objects`. Several labels are parted by `;`, or are
//! a list.

mod parquet;
mod text;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use self::parquet::ParquetTable;
pub use self::parquet::written;
use self::text::TextTable;
use super::draft::{Draft, From, Output, unpacked};
use super::folder::packed_warnings;
use super::layouts::{is_row, sample_name};
use super::names::{Taken, safe_path};
use super::{Linking, Options, Planned, Table};
use crate::dataset::columns::{Column, ColumnKind, all_columns};
use crate::dataset::query::Snapshot;
use crate::dataset::{SampleId, Strings};
use crate::export::ExportError;
use crate::import::Reader;
use crate::import::manifest::columns::is_known_name;
use crate::import::names::split_path;
use crate::jobs::Control;
use crate::text::counted;

/// The column of paths.
const PATH: &str = "file_name";

/// The columns of a box's corners.
const CORNERS: [&str; 4] = ["xmin", "ymin", "xmax", "ymax"];

/// The columns of a plan.
const REPEAT: &str = "repeat";
const WEIGHT: &str = "weight";

/// Samples that are handled between two questions whether to go on.
const STEP: usize = 4096;

/// The images and a table, or the table alone.
pub fn manifest(
    draft: &mut Draft,
    reader: &Reader,
    options: &Options,
    form: Table,
    control: &Control,
) -> Result<(), ExportError> {
    control.begin("Naming files", draft.samples.len() as u64);
    let paths = match options.linking {
        Linking::ManifestOnly => source_paths(draft, reader, control)?,
        _ => exported_paths(draft, reader, control)?,
    };
    let dataset = draft.snapshot.dataset.clone();
    let odd = |name: &String| name.contains([';', '|']) || name.starts_with('[');
    if form != Table::Parquet && draft.snapshot.labels().classes.iter().any(odd) {
        draft.warn(
            "Some classes have ; or | in their names, which a table's readers take for several \
         labels; choose Parquet.",
        );
    }
    let relative = draft.snapshot.boxes().iter().any(|one| one.relative);
    if form == Table::Parquet && relative && draft.snapshot.facts.measured() < dataset.present() {
        draft.warn(
            "Boxes that are fractions of images that were not measured are left out: in Parquet they \
         are in pixels.",
        );
    }
    // A guess: columns of a few characters, and what the texts take.
    let about = 250 * draft.samples.len() as u64;
    let headings = headings(&draft.snapshot, &options.planned);
    match form {
        Table::Csv | Table::JsonLines => {
            let has_boxes = !draft.snapshot.boxes().is_empty();
            let (name, lines) =
                if form == Table::Csv { ("metadata.csv", false) } else { ("metadata.jsonl", true) };
            draft.made(name.into(), about, TextTable { paths, headings, has_boxes, lines });
        }
        Table::Parquet => draft.made("metadata.parquet".into(), about, ParquetTable { paths, headings }),
    }
    Ok(())
}

/// Exports every image below `images` and gives their paths.
fn exported_paths(draft: &mut Draft, reader: &Reader, control: &Control) -> Result<Strings, ExportError> {
    let dataset = draft.snapshot.dataset.clone();
    let mut taken = Taken::default();
    let folder_of = |sample: SampleId| {
        let path = dataset.path(sample);
        let is_loose = dataset.places[sample as usize].is_loose();
        let folder = if std::path::Path::new(path).is_absolute() {
            // Images that a table names elsewhere come together.
            "elsewhere".to_owned()
        } else {
            safe_path(split_path(&unpacked(path, is_loose)).0)
        };
        if folder.is_empty() { "images".to_owned() } else { format!("images/{folder}") }
    };
    let folders: Vec<String> = draft.samples.iter().map(|sample| folder_of(*sample)).collect();
    folders.iter().for_each(|folder| taken.reserve_folder(folder));
    let mut paths = Strings::new();
    for (at, folder) in folders.iter().enumerate() {
        if at % STEP == 0 {
            control.checkpoint()?;
            control.set_done(at as u64);
        }
        let sample = draft.samples[at];
        let path = taken.take(&format!("{folder}/{}", sample_name(draft, reader, sample)));
        paths.push(&path);
        let is_row = is_row(&draft.snapshot, sample);
        let from = if is_row { From::Row(sample) } else { From::Sample(sample) };
        draft.outputs.push(Output { path, raw: None, bytes: dataset.bytes[sample as usize], from });
    }
    packed_warnings(draft);
    Ok(paths)
}

/// Where the images are: absolute paths, or the paths that samples in archives and arrays are shown by.
fn source_paths(draft: &mut Draft, reader: &Reader, control: &Control) -> Result<Strings, ExportError> {
    let dataset = draft.snapshot.dataset.clone();
    let mut paths = Strings::new();
    let (mut packed, mut unnamed, mut slashed) = (0u64, 0u64, 0u64);
    for (at, sample) in draft.samples.iter().enumerate() {
        if at % STEP == 0 {
            control.checkpoint()?;
        }
        let file = draft.file_of(reader, *sample);
        packed += u64::from(file.is_none());
        let file = file.map(|file| std::path::absolute(&file).unwrap_or(file));
        let named = file.as_ref().and_then(|file| file.to_str());
        unnamed += u64::from(file.is_some() && named.is_none());
        let slashes = |path: &'_ str| -> Cow<'_, str> {
            // Elsewhere it is a character as any other.
            if cfg!(windows) { path.replace('\\', "/").into() } else { path.to_owned().into() }
        };
        slashed += u64::from(!cfg!(windows) && named.is_some_and(|path| path.contains('\\')));
        paths.push(&named.map_or_else(|| Cow::from(dataset.path(*sample)), slashes));
    }
    if packed > 0 {
        draft.warn(format!(
            "{} in archives or arrays, where no path leads: the table says which they are, and cannot be \
             opened as a dataset. Choose copies to have the images.",
            match packed {
                1 => "1 sample lies".to_owned(),
                packed => format!("{} lie", counted(packed, "sample")),
            }
        ));
    }
    if slashed > 0 {
        draft.warn(format!(
            "The paths of {} have \\ in them, which readers of tables take for a step between folders; \
             choose copies, which get other names.",
            counted(slashed, "file")
        ));
    }
    if unnamed > 0 {
        draft.warn(format!(
            "The names of {} are not UTF-8 and cannot be written in a table; choose copies, which get other \
             names.",
            counted(unnamed, "file")
        ));
    }
    Ok(paths)
}

/// What a column of the table holds.
#[derive(Clone, Debug)]
enum Content {
    Path,
    Labels,
    /// A number of which none is left empty.
    Count(Column),
    Whole(Column),
    Number(Column),
    Text(Column),
    /// How often each sample is there, by row of the dataset.
    Repeat(Arc<Vec<u32>>),
    /// What each weighs.
    Weight(Arc<Vec<f64>>),
}

/// The columns of a table with their names.
fn headings(snapshot: &Snapshot, planned: &Planned) -> Vec<(String, Content)> {
    let mut headings = vec![(PATH.to_owned(), Content::Path)];
    let columns = all_columns(snapshot);
    let builtin: HashSet<String> = columns
        .iter()
        .filter(|column| !column.name.starts_with("attr."))
        .map(|column| column.name.to_lowercase())
        .collect();
    let mut used: HashSet<String> = builtin.clone();
    used.extend([PATH, "label_count", "box_count", "objects"].into_iter().chain(CORNERS).map(str::to_owned));
    let repeats = planned.repeats.clone().map(|repeats| (REPEAT.to_owned(), Content::Repeat(repeats)));
    let weights = planned.weights.clone().map(|weights| (WEIGHT.to_owned(), Content::Weight(weights)));
    let of_plan: Vec<(String, Content)> = repeats.into_iter().chain(weights).collect();
    used.extend(of_plan.iter().map(|(name, _)| name.clone()));
    for column in columns {
        let (name, content) = match column.name.as_ref() {
            "label" => ("label".to_owned(), Content::Labels),
            "labels" => ("label_count".to_owned(), Content::Count(column)),
            "boxes" => ("box_count".to_owned(), Content::Count(column)),
            "width" | "height" | "bytes" | "bits" | "orientation" => {
                (column.name.to_string(), Content::Whole(column))
            }
            name => match (name.strip_prefix("attr."), column.kind) {
                (Some(bare), _) => {
                    let is_free =
                        !is_known_name(bare) && !bare.is_empty() && !used.contains(&bare.to_lowercase());
                    let mut heading = if is_free { bare.to_owned() } else { name.to_owned() };
                    while !is_free && used.contains(&heading.to_lowercase()) {
                        heading.push('_');
                    }
                    used.insert(heading.to_lowercase());
                    // As it was written: 007 stays 007.
                    (heading, Content::Text(column))
                }
                (None, ColumnKind::Number) => (name.to_owned(), Content::Number(column)),
                (None, _) => (name.to_owned(), Content::Text(column)),
            },
        };
        headings.push((name, content));
    }
    headings.extend(of_plan);
    headings
}

/// A sample's labels that none of its boxes has.
fn boxless_labels(snapshot: &Snapshot, sample: SampleId) -> Vec<&str> {
    let boxes = snapshot.boxes().get(sample);
    let boxless = |class: &&u32| !boxes.iter().any(|one| one.class == **class);
    let labels = snapshot.labels().get(sample).iter().filter(boxless);
    labels.map(|class| snapshot.labels().classes[*class as usize].as_str()).collect()
}
