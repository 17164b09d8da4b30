//! Parquet files with the rows that stay: the same columns, Hugging Face's metadata, compression and
//! groups of rows; and the images that a table names, where it does not hold them.

use std::collections::BTreeSet;

use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection, RowSelector,
};
use parquet::file::metadata::{KeyValue, ParquetMetaData};
use parquet::file::properties::WriterProperties;

use super::arrays::tell_left_out;
use super::draft::{Draft, Make, Told, Work};
use super::layouts::{kept_paths, kept_rows, list_source, same_images, warn_left_out};
use super::table::written;
use super::write::{Failure, Out};
use crate::dataset::ContainerKind;
use crate::export::ExportError;
use crate::import::manifest::resolve::{Found, is_absolute};
use crate::import::names::{has_extension, with_slashes};
use crate::import::packed::Packed;
use crate::import::parquet::each_row;
use crate::import::parquet::rows::{Chunks, guarded};
use crate::jobs::Control;
use crate::text::counted;

/// Rows that are held at a time, in bytes as far as the file tells their size.
const BATCH_BYTES: u64 = 32 << 20;

/// A group of rows that has grown to this is closed, whatever the source's size.
const GROUP_BYTES: usize = 128 << 20;

/// Where the writer keeps its own copy of the schema: it makes a new one.
const ARROW_SCHEMA: &str = "ARROW:schema";

pub fn same(draft: &mut Draft, control: &Control) -> Result<(), ExportError> {
    list_source(draft, control)?;
    let mut kept = kept_rows(draft);
    let paths = kept_paths(draft);
    same_images(draft);
    let Some(tree) = &draft.tree else { return Ok(()) };
    let is_table =
        |file: &usize| tree.is_in_focus(*file) && has_extension(tree.path(*file), &["parquet", "pq"]);
    let (mut made, mut left_out) = (Vec::new(), Vec::new());
    let (mut names_images, mut absolute) = (false, 0u64);
    for file in (0..tree.len()).filter(is_table) {
        control.checkpoint()?;
        let mut rows = kept.remove(tree.path(file)).unwrap_or_default();
        let holds_images = !rows.is_empty();
        if rows.is_empty() {
            // What cannot be read was told when the dataset was opened.
            let _ = each_row(tree, file, control, |row, name, found| {
                let (is_in_it, path) = match &found {
                    Found::File(file) => (true, tree.path(*file)),
                    Found::Outside { path, .. } | Found::Missing(path) | Found::Address(path) => {
                        (false, path.as_str())
                    }
                };
                if paths.contains(path) {
                    absolute += u64::from(is_in_it && is_absolute(&with_slashes(name)));
                    rows.push(row);
                }
            });
            names_images |= !rows.is_empty();
        }
        control.checkpoint()?;
        if rows.is_empty() {
            left_out.push(tree.path(file).to_owned());
        } else {
            made.push((file, Rows { file, rows, holds_images }));
        }
    }
    let part = draft.samples.len() as f64 / draft.snapshot.dataset.present().max(1) as f64;
    for (file, rows) in made {
        let bytes = draft.tree.as_ref().map_or(0, |tree| tree.bytes(file));
        draft.made_like(file, (bytes as f64 * part) as u64, rows);
    }
    if absolute > 0 {
        draft.refuse(format!(
            "The table names {} by their whole path, which would lead back to the source; choose a \
             manifest, image-folder or WebDataset instead.",
            counted(absolute, "image")
        ));
    }
    if names_images {
        warn_left_out(draft, &BTreeSet::new());
    }
    tell_left_out(draft, kept.into_keys().next(), left_out);
    Ok(())
}

/// Some rows of a Parquet file.
#[derive(Debug)]
struct Rows {
    file: usize,
    /// Counted over all groups; ascending.
    rows: Vec<u64>,
    /// Whether they are the samples, else what names them.
    holds_images: bool,
}

impl Make for Rows {
    fn tell(&self, draft: &Draft, told: &mut Told) {
        told.file(draft, self.file);
        self.rows.iter().for_each(|row| told.add(&row.to_le_bytes()));
    }

    fn samples(&self) -> u64 {
        if self.holds_images { self.rows.len() as u64 } else { 0 }
    }

    fn write(&self, work: &Work<'_>, out: &mut Out<'_>) -> Result<(), Failure> {
        let bytes = Packed::new(work.tree()?, [(self.file, ContainerKind::Parquet)]).open(0)?;
        let chunks = Chunks::new(bytes);
        let load = |skip: bool| {
            let options = ArrowReaderOptions::new().with_skip_arrow_metadata(skip);
            guarded(|| ArrowReaderMetadata::load(&chunks, options))
        };
        // Arrow's own copy of the schema tells types that Parquet does not have; it may be damaged.
        let metadata = load(false).or_else(|_| load(true))?;
        let file = metadata.metadata().clone();
        let schema = metadata.schema().clone();
        let control = out.control().clone();
        let mut writer = written(ArrowWriter::try_new(&mut *out, schema.clone(), Some(properties(&file))))?;
        let mut start = 0;
        let mut rest = &self.rows[..];
        for group in 0..file.num_row_groups() {
            let about = file.row_group(group);
            let end = start + u64::try_from(about.num_rows()).unwrap_or(0);
            let (now, later) = rest.split_at(rest.partition_point(|row| *row < end));
            rest = later;
            if !now.is_empty() {
                let bytes = u64::try_from(about.total_byte_size()).unwrap_or(0).max(1);
                let batch = (BATCH_BYTES * (end - start) / bytes).clamp(1, 8192) as usize;
                let mut reader = guarded(|| {
                    ParquetRecordBatchReaderBuilder::new_with_metadata(chunks.clone(), metadata.clone())
                        .with_row_groups(vec![group])
                        .with_row_selection(selection(now, start))
                        .with_batch_size(batch)
                        .build()
                })?;
                while let Some(batch) = guarded(|| Ok(reader.next().transpose()?))? {
                    control.checkpoint()?;
                    written(writer.write(&batch))?;
                    if writer.in_progress_size() > GROUP_BYTES {
                        written(writer.flush())?;
                    }
                }
                written(writer.flush())?;
            }
            start = end;
        }
        written(writer.close())?;
        Ok(())
    }
}

/// Rows of a group that begins at row `start`.
fn selection(rows: &[u64], start: u64) -> RowSelection {
    let mut selectors = Vec::new();
    let mut at = start;
    for row in rows {
        if *row > at {
            selectors.push(RowSelector::skip((row - at) as usize));
        }
        selectors.push(RowSelector::select(1));
        at = row + 1;
    }
    selectors.into()
}

/// The compression of each column and what the file says beside its rows.
fn properties(file: &ParquetMetaData) -> WriterProperties {
    let mut properties = WriterProperties::builder();
    if let Some(group) = file.row_groups().first() {
        for column in group.columns() {
            properties =
                properties.set_column_compression(column.column_path().clone(), column.compression());
        }
    }
    let pairs = file.file_metadata().key_value_metadata().into_iter().flatten();
    let pairs: Vec<KeyValue> = pairs.filter(|pair| pair.key != ARROW_SCHEMA).cloned().collect();
    properties.set_key_value_metadata(Some(pairs)).build()
}
