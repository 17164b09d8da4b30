//! The images of a Parquet file, row by row.
//!
//! Parquet gives columns, not rows: a row's image comes with its neighbours. A *window* is a run of
//! rows of one row group whose images take about [`WINDOW_BYTES`]; the last [`MAX_WINDOWS`] windows
//! that were decoded are kept, for all files together.

use std::collections::VecDeque;
use std::io::{BufReader, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::DataType;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection, RowSelector,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::reader::{ChunkReader, Length};

use super::super::packed::{self, MAX_ROWS};
use super::super::reader::access::{Cursor, lock};
use super::super::reader::{ReadAt, ReadError, RowSource};
use super::schema;
use crate::dataset::IssueKind;
use crate::media::Payload;

/// Encoded images that are decoded together, in bytes, as far as the file tells their size.
const WINDOW_BYTES: u64 = 32 << 20;

/// Windows that are kept: with [`WINDOW_BYTES`], about 256 MiB.
const MAX_WINDOWS: usize = 8;

/// A Parquet file whose footer was read.
pub struct Table {
    pub chunks: Chunks,
    pub metadata: ArrowReaderMetadata,
    /// First row of each row group, and the number of rows at the end.
    pub starts: Vec<u64>,
}

impl Table {
    pub fn open(bytes: Arc<dyn ReadAt>) -> Result<Self, ReadError> {
        guarded(|| {
            let chunks = Chunks(bytes);
            // Without Arrow's own copy of the schema, columns come in Parquet's few types.
            let options = ArrowReaderOptions::new()
                .with_skip_arrow_metadata(true)
                .with_offset_index_policy(PageIndexPolicy::Optional);
            let metadata = ArrowReaderMetadata::load(&chunks, options)?;
            let mut starts = vec![0];
            let mut rows = 0u64;
            for group in metadata.metadata().row_groups() {
                let count = u64::try_from(group.num_rows()).ok().and_then(|count| rows.checked_add(count));
                rows = count.filter(|rows| *rows <= MAX_ROWS).ok_or_else(|| {
                    ParquetError::General(format!("its row groups claim more than {MAX_ROWS} rows"))
                })?;
                starts.push(rows);
            }
            Ok(Self { chunks, metadata, starts })
        })
    }

    pub fn rows(&self) -> u64 {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Bytes that a leaf's values take in a row group, as far as the file tells.
    pub fn leaf_bytes(&self, group: usize, leaf: usize) -> u64 {
        let column = self.metadata.metadata().row_group(group).column(leaf);
        let bytes = column.unencoded_byte_array_data_bytes().unwrap_or(column.uncompressed_size());
        u64::try_from(bytes).unwrap_or(0)
    }

    /// The named leaves of some rows of a row group, in batches of at most `batch` rows, each
    /// handed to `take`.
    pub fn read(
        &self,
        group: usize,
        rows: std::ops::Range<u64>,
        leaves: &[usize],
        batch: u64,
        mut take: impl FnMut(arrow::record_batch::RecordBatch) -> bool,
    ) -> Result<(), ReadError> {
        guarded(|| {
            let metadata = self.metadata.clone();
            let mask = ProjectionMask::leaves(metadata.parquet_schema(), leaves.iter().copied());
            let count = rows.end.saturating_sub(rows.start) as usize;
            let selection =
                RowSelection::from(vec![RowSelector::skip(rows.start as usize), RowSelector::select(count)]);
            let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(self.chunks.clone(), metadata)
                .with_row_groups(vec![group])
                .with_projection(mask)
                .with_batch_size((batch as usize).min(count).max(1))
                .with_row_selection(selection)
                .build()?;
            for batch in reader {
                if !take(batch?) {
                    break;
                }
            }
            Ok(())
        })
    }
}

/// Runs code of the parquet crate, which panics on some damaged files.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ReadError> {
    let corrupt = |message: String| {
        ReadError::new(
            IssueKind::Corrupt,
            format!("the Parquet file is damaged: {message}; get a fresh copy"),
        )
    };
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| corrupt(error.to_string())),
        Err(cause) => Err(corrupt(crate::jobs::panic_message(&*cause))),
    }
}

/// Bytes as the parquet crate wants them.
#[derive(Clone)]
pub struct Chunks(Arc<dyn ReadAt>);

impl Chunks {
    pub fn new(bytes: Arc<dyn ReadAt>) -> Self {
        Self(bytes)
    }
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.0.size()
    }
}

impl ChunkReader for Chunks {
    type T = BufReader<Cursor>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        let mut cursor = Cursor::new(self.0.clone());
        cursor.seek(SeekFrom::Start(start))?;
        Ok(BufReader::new(cursor))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let bytes = packed::bytes_at(&*self.0, start, length as u64);
        bytes.map(Bytes::from).map_err(|error| ParquetError::General(error.message))
    }
}

/// The images of a table.
pub struct Images {
    table: Table,
    leaf: usize,
    /// Tells this file's windows from those of others.
    file: u64,
}

/// File, row group, number within the group.
type Key = (u64, usize, u64);

/// A window's images in batches, made by the first thread that asks.
type Window = Arc<OnceLock<Result<Vec<ArrayRef>, ReadError>>>;

/// The windows of all files, the one used last at the end.
static WINDOWS: Mutex<VecDeque<(Key, Window)>> = Mutex::new(VecDeque::new());

impl Images {
    pub fn open(bytes: Arc<dyn ReadAt>) -> Result<Self, ReadError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let table = Table::open(bytes)?;
        let image = schema::image(table.metadata.metadata());
        let leaf = image.and_then(|image| image.bytes).ok_or_else(|| {
            ReadError::new(
                IssueKind::Unsupported,
                "the Parquet file has no column of image bytes any more; rescan",
            )
        })?;
        Ok(Self { table, leaf, file: NEXT.fetch_add(1, Ordering::Relaxed) })
    }

    /// Rows of one window of a group.
    fn window_rows(&self, group: usize, rows: u64) -> u64 {
        let bytes = self.table.leaf_bytes(group, self.leaf).max(1);
        // Rows are at most a hundred million, so the product fits.
        (WINDOW_BYTES * rows / bytes).clamp(1, rows.max(1))
    }

    fn window(&self, key: Key) -> Window {
        let windows = &mut *lock(&WINDOWS);
        let known = windows.iter().position(|(known, _)| *known == key).and_then(|at| windows.remove(at));
        let entry = known.unwrap_or_else(|| (key, Window::default()));
        let window = entry.1.clone();
        windows.push_back(entry);
        while windows.len() > MAX_WINDOWS {
            windows.pop_front();
        }
        window
    }
}

impl RowSource for Images {
    fn row(&self, row: u64) -> Result<Payload, ReadError> {
        let missing = |message: String| ReadError::new(IssueKind::Missing, message);
        let total = self.table.rows();
        if row >= total {
            return Err(missing(format!("the file has {total} rows, and this is number {row}")));
        }
        let group = self.table.starts.partition_point(|start| *start <= row) - 1;
        let (start, end) = (self.table.starts[group], self.table.starts[group + 1]);
        let step = self.window_rows(group, end - start);
        let number = (row - start) / step;
        let first = number * step;
        let window = self.window((self.file, group, number));
        let decoded = window.get_or_init(|| {
            let rows = first..(first + step).min(end - start);
            let mut batches = Vec::new();
            let take = |batch: arrow::record_batch::RecordBatch| {
                batches.extend(batch.columns().first().map(innermost));
                true
            };
            self.table.read(group, rows, &[self.leaf], step, take).map(|()| batches)
        });
        let mut at = (row - start - first) as usize;
        for batch in decoded.as_ref().map_err(Clone::clone)? {
            if at < batch.len() {
                return match binary(batch, at) {
                    Some([]) => Err(ReadError::new(IssueKind::Empty, "the row's image has no bytes")),
                    Some(bytes) => Ok(Payload::Encoded(bytes.to_vec())),
                    None => Err(missing("the row has no image".into())),
                };
            }
            at -= batch.len();
        }
        Err(ReadError::new(IssueKind::Truncated, "the row group ends before this row does"))
    }
}

impl Drop for Images {
    fn drop(&mut self) {
        lock(&WINDOWS).retain(|((file, _, _), _)| *file != self.file);
    }
}

/// The column itself, or what a struct that was projected to one leaf holds.
pub fn innermost(column: &ArrayRef) -> ArrayRef {
    match column.as_struct_opt() {
        Some(fields) if fields.num_columns() == 1 => innermost(fields.column(0)),
        _ => column.clone(),
    }
}

/// The bytes of one value; `None` for null.
fn binary(array: &ArrayRef, at: usize) -> Option<&[u8]> {
    if array.is_null(at) {
        return None;
    }
    match array.data_type() {
        DataType::Binary => Some(array.as_binary::<i32>().value(at)),
        DataType::LargeBinary => Some(array.as_binary::<i64>().value(at)),
        DataType::BinaryView => Some(array.as_binary_view().value(at)),
        _ => None,
    }
}
