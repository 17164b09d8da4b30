//! IDX and CIFAR files with the rows that stay, gzipped where they were.
//!
//! [`write_rows`] is for NumPy's arrays, too: a head, then rows of one size.

use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::draft::{Draft, Make, Told, Work};
use super::layouts::{kept_rows, list_source};
use super::webdataset::Text;
use super::write::{Failure, Out};
use crate::dataset::ContainerKind;
use crate::export::ExportError;
use crate::import::idx::{FASHION, NAMES_FILE, header, pairs, value_bytes};
use crate::import::names::{join, split_path};
use crate::import::packed::{Packed, bytes_at};
use crate::import::reader::GZIP_MAGIC;
use crate::import::reader::access::bytes_before;
use crate::import::{ReadAt, ReadError, Tree, cifar};
use crate::jobs::{Cancelled, Control};

/// Bytes of neighbouring rows that are read at a time; a larger row is read alone.
const STEP_BYTES: u64 = 4 << 20;

/// Copies rows, ascending, of an array whose first row begins at `start`.
pub fn write_rows(
    bytes: &dyn ReadAt,
    (start, row_bytes): (u64, u64),
    rows: &[u64],
    out: &mut impl Write,
    control: &Control,
) -> Result<(), Failure> {
    let most = (STEP_BYTES / row_bytes.max(1)).max(1) as usize;
    let mut rest = rows;
    while let Some(first) = rest.first() {
        control.checkpoint()?;
        let run = (0..).zip(rest.iter().take(most)).take_while(|(at, row)| first + at == **row).count();
        let offset = first.checked_mul(row_bytes).and_then(|skip| skip.checked_add(start));
        // Runs are of a few megabytes, or one row that an importer took.
        let block = bytes_at(bytes, offset.unwrap_or(u64::MAX), run as u64 * row_bytes)?;
        out.write_all(&block)?;
        rest = &rest[run..];
    }
    Ok(())
}

/// Images and labels as IDX.
pub fn idx(draft: &mut Draft, control: &Control) -> Result<(), ExportError> {
    list_source(draft, control)?;
    let mut kept = kept_rows(draft);
    let Some(tree) = &draft.tree else { return Ok(()) };
    let mut files = Vec::new();
    let mut left_out = Vec::new();
    for (images, labels) in pairs(tree, control)? {
        let Some(rows) = kept.remove(tree.path(images)) else {
            left_out.push(tree.path(images).to_owned());
            continue;
        };
        let rows: Arc<[u64]> = rows.into();
        for file in [Some(images), labels].into_iter().flatten() {
            match IdxFile::new(tree, file, rows.clone(), control)? {
                Ok(made) => files.push((file, IdxFile { holds_images: file == images, ..made })),
                Err(error) if file == images => return Err(ExportError::Refused(error.message)),
                // Labels that cannot be read were told when the dataset was opened.
                Err(_) => {}
            }
        }
    }
    let named = |file: &usize| is_names(tree, *file) || tree.path(*file).ends_with("-mapping.txt");
    let beside: Vec<usize> = (0..tree.len()).filter(named).collect();
    for (file, made) in files {
        let bytes = made.head.len() as u64 + made.rows.len() as u64 * made.row_bytes;
        draft.made_like(file, bytes, made);
    }
    let names = beside.iter().any(|file| draft.tree.as_ref().is_some_and(|tree| is_names(tree, *file)));
    beside.into_iter().for_each(|file| draft.beside(file));
    // These names come of the source's own path, which the target need not have.
    let classes = &draft.snapshot.labels().classes;
    let is_fashion = classes.iter().any(|name| name.parse::<i64>().is_err())
        && classes.iter().all(|name| FASHION.contains(&name.as_str()));
    if is_fashion && !names {
        let mut text = FASHION.join("\n");
        text.push('\n');
        draft.made(NAMES_FILE.into(), text.len() as u64, Text(text.into_bytes()));
    }
    tell_left_out(draft, kept.into_keys().next(), left_out);
    Ok(())
}

/// Whether a file names the classes of IDX labels.
fn is_names(tree: &Tree, file: usize) -> bool {
    split_path(tree.path(file)).1 == NAMES_FILE
}

/// Says which files go with all their rows, and refuses where a file is not there any more.
pub fn tell_left_out(draft: &mut Draft, lost: Option<String>, left_out: Vec<String>) {
    if let Some(lost) = lost {
        draft.refuse(format!("The file {lost} is not what it was; rescan the dataset."));
    }
    if let [first, others @ ..] = &left_out[..] {
        let others =
            if others.is_empty() { String::new() } else { format!(" (nor of {} more)", others.len()) };
        draft.warn(format!("No sample of {first}{others} stays, so that the file is left out."));
    }
}

/// Some rows of an IDX file.
#[derive(Debug)]
struct IdxFile {
    file: usize,
    head: Vec<u8>,
    start: u64,
    row_bytes: u64,
    rows: Arc<[u64]>,
    /// Whether the rows are images, else their labels.
    holds_images: bool,
    /// How many of the rows are there: labels may be fewer than images.
    count: usize,
    is_gzipped: bool,
}

impl IdxFile {
    fn new(
        tree: &Tree,
        file: usize,
        rows: Arc<[u64]>,
        control: &Control,
    ) -> Result<Result<Self, ReadError>, Cancelled> {
        let opened = Packed::new(tree, [(file, ContainerKind::Idx)]).open(0);
        let opened = opened.and_then(|bytes| Ok((header(&*bytes)?, bytes)));
        let opened =
            opened.and_then(|(header, bytes)| Ok((header, bytes, tree.start(file, 2)? == GZIP_MAGIC)));
        let (header, bytes, is_gzipped) = match opened {
            Ok(opened) => opened,
            Err(error) => return Ok(Err(error)),
        };
        let values: u64 = header.dims[1..].iter().map(|dim| u64::from(*dim)).product();
        let row_bytes = values * value_bytes(header.kind).unwrap_or(1);
        let end = u64::from(header.dims[0]).saturating_mul(row_bytes).saturating_add(header.start);
        let size = bytes_before(&*bytes, 0, end, control)?;
        let there = size.saturating_sub(header.start) / row_bytes.max(1);
        let count = rows.partition_point(|row| *row < there);
        let mut head = vec![0, 0, header.kind, header.dims.len() as u8];
        // A file has at most 2³² − 1 rows.
        let dims = std::iter::once(count as u32).chain(header.dims[1..].iter().copied());
        dims.for_each(|dim| head.extend(dim.to_be_bytes()));
        Ok(Ok(Self {
            file,
            head,
            start: header.start,
            row_bytes,
            rows,
            holds_images: true,
            count,
            is_gzipped,
        }))
    }

    fn write_to(&self, bytes: &dyn ReadAt, out: &mut impl Write, control: &Control) -> Result<(), Failure> {
        out.write_all(&self.head)?;
        write_rows(bytes, (self.start, self.row_bytes), &self.rows[..self.count], out, control)
    }
}

impl Make for IdxFile {
    fn tell(&self, draft: &Draft, told: &mut Told) {
        told.file(draft, self.file);
    }

    fn samples(&self) -> u64 {
        if self.holds_images { self.rows.len() as u64 } else { 0 }
    }

    fn write(&self, work: &Work<'_>, out: &mut Out<'_>) -> Result<(), Failure> {
        let bytes = Packed::new(work.tree()?, [(self.file, ContainerKind::Idx)]).open(0)?;
        let control = out.control().clone();
        if !self.is_gzipped {
            return self.write_to(&*bytes, out, &control);
        }
        let mut gzip = GzEncoder::new(out, Compression::default());
        self.write_to(&*bytes, &mut gzip, &control)?;
        gzip.finish()?;
        Ok(())
    }
}

/// CIFAR's files of records, and the files that name the classes.
pub fn cifar(draft: &mut Draft, control: &Control) -> Result<(), ExportError> {
    list_source(draft, control)?;
    let kept = kept_rows(draft);
    let dataset = draft.snapshot.dataset.clone();
    let mut kinds = HashMap::new();
    for sample in &draft.samples {
        let container = dataset.containers.get(dataset.places[*sample as usize].container as usize);
        let file = dataset.path(*sample).rsplit_once('#').map(|(file, _)| file);
        if let (Some(container), Some(file)) = (container, file)
            && !kinds.contains_key(file)
        {
            kinds.insert(file.to_owned(), container.kind);
        }
    }
    let Some(tree) = &draft.tree else { return Ok(()) };
    let mut names: Vec<usize> = Vec::new();
    let (mut files, mut lost) = (Vec::new(), None);
    for (path, rows) in kept {
        let Some(file) = tree.find(&path) else {
            lost = Some(path);
            continue;
        };
        let folder = split_path(&path).0;
        let beside = [cifar::TEN_NAMES, cifar::FINE_NAMES, cifar::COARSE_NAMES];
        names.extend(beside.iter().filter_map(|name| tree.find(&join(folder, name))));
        let kind = kinds.get(&path).copied().unwrap_or(ContainerKind::Cifar10);
        files.push((file, Records { file, kind, rows }));
    }
    names.sort_unstable();
    names.dedup();
    for (file, records) in files {
        draft.made_like(file, records.rows.len() as u64 * records.row_bytes(), records);
    }
    names.into_iter().for_each(|file| draft.beside(file));
    tell_left_out(draft, lost, Vec::new());
    Ok(())
}

/// Some records of a CIFAR file.
#[derive(Debug)]
struct Records {
    file: usize,
    kind: ContainerKind,
    rows: Vec<u64>,
}

impl Records {
    fn row_bytes(&self) -> u64 {
        cifar::PIXELS + if self.kind == ContainerKind::Cifar100 { 2 } else { 1 }
    }
}

impl Make for Records {
    fn tell(&self, draft: &Draft, told: &mut Told) {
        told.file(draft, self.file);
    }

    fn samples(&self) -> u64 {
        self.rows.len() as u64
    }

    fn write(&self, work: &Work<'_>, out: &mut Out<'_>) -> Result<(), Failure> {
        let bytes = Packed::new(work.tree()?, [(self.file, self.kind)]).open(0)?;
        let control = out.control().clone();
        write_rows(&*bytes, (0, self.row_bytes()), &self.rows, out, &control)
    }
}
