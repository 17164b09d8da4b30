//! NumPy's files with the rows that stay: the same type, the same shape but for the number of rows, in
//! `.npy` files and `.npz` archives as they were.
//!
//! Labels lose the rows that their images lose, and so does any other array of as many rows that lies
//! beside arrays of images that keep the same ones. Arrays of other lengths are kept whole, and so is
//! what cannot be read: arrays of Python objects, and files in an archive that are none.

use std::collections::{BTreeMap, HashSet};
use std::io::Write;
use std::sync::Arc;

use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

use super::arrays::{tell_left_out, write_rows};
use super::draft::{Draft, Make, Told, Work};
use super::layouts::{kept_rows, list_source};
use super::write::{Failure, Out};
use crate::export::ExportError;
use crate::import::Tree;
use crate::import::names::{has_extension, split_path};
use crate::import::numpy::{Array, entries, is_names, labels_of, list};
use crate::import::packed::{Packed, bytes_at};
use crate::import::reader::access::bytes_before;
use crate::import::{ReadAt, ReadError};
use crate::jobs::Control;

/// Bytes that are copied at a time.
const STEP_BYTES: u64 = 4 << 20;

/// Which rows of an array stay.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Rows {
    All,
    Some(Arc<[u64]>),
    None,
    /// It is no array that can be read: all its bytes.
    Raw,
}

pub fn same(draft: &mut Draft, control: &Control) -> Result<(), ExportError> {
    list_source(draft, control)?;
    let mut kept = kept_rows(draft);
    let Some(tree) = &draft.tree else { return Ok(()) };
    let mut faults: Vec<(String, String)> = Vec::new();
    let mut report = |path: &str, error: ReadError| faults.push((path.to_owned(), error.message));
    let (_, arrays) = list(tree, 0..tree.len(), &mut report, control)?;
    let mut rows: BTreeMap<&str, Rows> = BTreeMap::new();
    let mut left_out = Vec::new();
    for array in arrays.iter().filter(|array| array.images().is_some()) {
        // One picture in an array of three dimensions is no rows.
        let is_one = array.header.shape.first() != array.images().as_ref();
        let own = match kept.remove(&array.path) {
            Some(_) if is_one => Rows::All,
            Some(rows) => Rows::Some(rows.into()),
            None => {
                left_out.push(array.path.clone());
                Rows::None
            }
        };
        rows.insert(&array.path, own);
    }
    let mut problems = share_labels(&arrays, &mut rows);
    let mut notes = Vec::new();
    for array in &arrays {
        if !rows.contains_key(array.path.as_str()) {
            let beside = rows_beside(array, &arrays, &rows).unwrap_or_else(|| {
                problems.push(format!(
                    "{} has as many rows as several arrays of images, which keep different ones; choose \
                     image-folder, WebDataset or a manifest.",
                    array.path
                ));
                Rows::All
            });
            rows.insert(&array.path, beside);
        }
    }
    let mut files: BTreeMap<usize, (u64, Vec<Part>)> = BTreeMap::new();
    for array in &arrays {
        let rows = rows.remove(array.path.as_str()).unwrap_or(Rows::None);
        if rows == Rows::None {
            continue;
        }
        let row_bytes = row_bytes(array);
        let count = match &rows {
            Rows::Some(rows) => rows.len() as u64,
            _ => array.header.shape.first().copied().unwrap_or(1),
        };
        let samples = array.images().map_or(0, |all| match &rows {
            Rows::Some(rows) => rows.len() as u64,
            _ => all,
        });
        let (bytes, parts) = files.entry(array.file).or_default();
        *bytes = bytes.saturating_add(row_bytes.saturating_mul(count)).saturating_add(128);
        parts.push(Part { path: array.path.clone(), entry: array.entry.clone(), rows, samples });
    }
    let whole = add_unread(tree, &arrays, &mut files, &mut problems);
    // Faults of what is left out were told when the dataset was opened.
    let mut unread = faults.iter().filter(|(path, _)| {
        let is_part = |part: &Part| part.rows == Rows::Raw && part.path == *path;
        let is_in = || files.values().any(|(_, parts)| parts.iter().any(is_part));
        whole.iter().any(|file| tree.path(*file) == path) || is_in()
    });
    if let Some((path, why)) = unread.next() {
        let others = match unread.count() {
            0 => String::new(),
            others => format!(" (and {others} more)"),
        };
        notes.push(format!("{path}{others} cannot be read as an array and is kept as it is: {why}."));
    }
    for (file, (bytes, parts)) in files {
        let bytes = bytes.min(tree_bytes(draft, file).saturating_mul(2));
        draft.made_like(file, bytes, ArrayFile { file, parts });
    }
    whole.into_iter().for_each(|file| draft.beside(file));
    draft.refusals.extend(problems);
    draft.warnings.extend(notes);
    tell_left_out(draft, kept.into_keys().next(), left_out);
    Ok(())
}

/// Gives labels the rows of their images. A sentence for each array of labels whose images keep
/// different rows.
fn share_labels<'a>(arrays: &'a [Array], rows: &mut BTreeMap<&'a str, Rows>) -> Vec<String> {
    let mut problems = Vec::new();
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    // Where no sample of an array stays, the labels follow another one.
    let mut empty = Vec::new();
    for images in arrays.iter().filter(|array| array.images().is_some()) {
        let Some(labels) = labels_of(images, arrays).filter(|labels| !is_names(labels)) else { continue };
        let Some(own) = rows.get(images.path.as_str()).cloned() else { continue };
        if own == Rows::None {
            empty.push(labels.path.as_str());
            continue;
        }
        match (rows.get(labels.path.as_str()), first.get(labels.path.as_str())) {
            (Some(known), Some(other)) if *known != own => problems.push(format!(
                "{} has the labels of {other} and of {}, which keep different rows; choose image-folder, \
                 WebDataset or a manifest.",
                labels.path, images.path
            )),
            (Some(_), _) => {}
            (None, _) => {
                rows.insert(&labels.path, own);
                first.insert(&labels.path, &images.path);
            }
        }
    }
    for labels in empty {
        rows.entry(labels).or_insert(Rows::None);
    }
    problems
}

/// Adds what is no array that can be read to the archives that it lies in, and gives the files that are
/// kept whole.
fn add_unread(
    tree: &Tree,
    arrays: &[Array],
    files: &mut BTreeMap<usize, (u64, Vec<Part>)>,
    problems: &mut Vec<String>,
) -> Vec<usize> {
    let known: HashSet<(usize, Option<&str>)> = arrays
        .iter()
        .map(|array| (array.file, array.entry.as_ref().map(|(name, _)| name.as_str())))
        .collect();
    let is_known = |file: usize, name: Option<&str>| known.contains(&(file, name));
    let has_known: HashSet<usize> = arrays.iter().map(|array| array.file).collect();
    let mut whole = Vec::new();
    for file in (0..tree.len()).filter(|file| tree.is_in_focus(*file)) {
        let path = tree.path(file);
        if has_extension(path, &["npy"]) && !is_known(file, None) {
            whole.push(file);
        }
        if !has_extension(path, &["npz"]) {
            continue;
        }
        if !has_known.contains(&file) {
            whole.push(file);
            continue;
        }
        // An archive of which no array stays is left out.
        let Some((bytes, parts)) = files.get_mut(&file) else { continue };
        match entries(tree, file) {
            Ok((_, entries)) => {
                for entry in entries.into_iter().filter(|entry| !is_known(file, Some(&entry.name))) {
                    *bytes = bytes.saturating_add(entry.bytes);
                    let path = format!("{path}/{}", entry.name);
                    let entry = Some((entry.name, entry.is_compressed));
                    parts.push(Part { path, entry, rows: Rows::Raw, samples: 0 });
                }
            }
            Err(error) => problems.push(format!("The archive {path} cannot be read again: {error}.")),
        }
    }
    whole
}

fn tree_bytes(draft: &Draft, file: usize) -> u64 {
    draft.tree.as_ref().map_or(0, |tree| tree.bytes(file))
}

/// The rows of an array that is neither of images nor of labels; `None` where it may be about several
/// arrays that keep different ones.
fn rows_beside(array: &Array, arrays: &[Array], rows: &BTreeMap<&str, Rows>) -> Option<Rows> {
    let folder = split_path(&array.path).0;
    let is_like = |images: &&Array| {
        images.images().is_some()
            && split_path(&images.path).0 == folder
            && images.header.shape.first() == array.header.shape.first()
    };
    if is_names(array) {
        return Some(Rows::All);
    }
    let like: Vec<&Rows> =
        arrays.iter().filter(is_like).filter_map(|images| rows.get(images.path.as_str())).collect();
    let mut kept = like.iter().filter(|rows| ***rows != Rows::None);
    match (kept.next(), like.first()) {
        (Some(first), _) => kept.all(|other| other == first).then(|| (**first).clone()),
        // Of all that it could be about nothing stays.
        (None, Some(_)) => Some(Rows::None),
        (None, None) => Some(Rows::All),
    }
}

fn row_bytes(array: &Array) -> u64 {
    let values = array.header.shape.iter().skip(1).try_fold(1u64, |all, side| all.checked_mul(*side));
    values.and_then(|values| values.checked_mul(array.header.element.bytes())).unwrap_or(u64::MAX)
}

/// An array of a file.
#[derive(Debug)]
struct Part {
    path: String,
    entry: Option<(String, bool)>,
    rows: Rows,
    /// Images in it that stay.
    samples: u64,
}

/// A `.npy` file, or a `.npz` archive of several arrays.
#[derive(Debug)]
struct ArrayFile {
    file: usize,
    parts: Vec<Part>,
}

impl Make for ArrayFile {
    fn tell(&self, draft: &Draft, told: &mut Told) {
        told.file(draft, self.file);
        self.parts.iter().for_each(|part| told.add(part.path.as_bytes()));
    }

    fn samples(&self) -> u64 {
        self.parts.iter().map(|part| part.samples).sum()
    }

    fn write(&self, work: &Work<'_>, out: &mut Out<'_>) -> Result<(), Failure> {
        let control = out.control().clone();
        let mut fault = None;
        let mut report = |_: &str, error: ReadError| fault = Some(error);
        let listed = list(work.tree()?, [self.file], &mut report, &control);
        let Ok((packed, arrays)) = listed else { return Err(Failure::Cancelled) };
        let find = |part: &Part| {
            let array = arrays.iter().find(|array| array.path == part.path);
            array.ok_or_else(|| Failure::source("the array is not there any more; rescan the dataset"))
        };
        if let [part @ Part { entry: None, .. }] = &self.parts[..] {
            return write_array(&packed, find(part)?, &part.rows, out, &control);
        }
        let mut zip = zip::ZipWriter::new_stream(out);
        let zipped = |error: zip::result::ZipError| Failure::Io(error.into());
        let raw = self.parts.iter().any(|part| part.rows == Rows::Raw);
        let raw = raw.then(|| entries(work.tree()?, self.file).map_err(Failure::from)).transpose()?;
        for part in &self.parts {
            let Some((name, is_compressed)) = &part.entry else { continue };
            let method = if *is_compressed { CompressionMethod::Deflated } else { CompressionMethod::Stored };
            // The size is not known to the writer before; beyond 4 GB it has to be told.
            let options = SimpleFileOptions::default().compression_method(method).large_file(true);
            zip.start_file(name.as_str(), options).map_err(zipped)?;
            if part.rows != Rows::Raw {
                write_array(&packed, find(part)?, &part.rows, &mut zip, &control)?;
                continue;
            }
            let place = raw.as_ref().and_then(|(packed, entries)| {
                Some((packed, entries.iter().find(|entry| entry.name == *name)?.place))
            });
            let (packed, place) =
                place.ok_or_else(|| Failure::source("the archive is not what it was; rescan the dataset"))?;
            zip.write_all(&packed.reader().bytes(&part.path, None, place)?)?;
        }
        zip.finish().map_err(zipped)?;
        Ok(())
    }
}

fn write_array(
    packed: &Packed,
    array: &Array,
    rows: &Rows,
    out: &mut impl Write,
    control: &Control,
) -> Result<(), Failure> {
    let bytes = packed.open(array.at)?;
    let start = array.header.start;
    let old_head = bytes_at(&*bytes, 0, start)?;
    let row_bytes = row_bytes(array);
    let promised = array.header.shape.first().copied().unwrap_or(1).saturating_mul(row_bytes);
    let there = bytes_before(&*bytes, 0, start.saturating_add(promised), control)?.saturating_sub(start);
    let Rows::Some(rows) = rows else {
        out.write_all(&old_head)?;
        return copy_bytes(&*bytes, start, start + there, out, control);
    };
    // Labels may be fewer than their images.
    let count = rows.partition_point(|row| *row < there / row_bytes.max(1));
    let head = head_of(&old_head, count as u64)
        .ok_or_else(|| Failure::source("the array's header is not understood; rescan the dataset"))?;
    out.write_all(&head)?;
    write_rows(&*bytes, (start, row_bytes), &rows[..count], out, control)
}

fn copy_bytes(
    bytes: &dyn ReadAt,
    mut from: u64,
    end: u64,
    out: &mut impl Write,
    control: &Control,
) -> Result<(), Failure> {
    while from < end {
        control.checkpoint()?;
        let step = STEP_BYTES.min(end - from);
        out.write_all(&bytes_at(bytes, from, step)?)?;
        from += step;
    }
    Ok(())
}

/// A header with another number of rows: the same version and text, filled up with blanks so that the
/// values begin at a multiple of 64 bytes (*NEP 1*).
fn head_of(old: &[u8], rows: u64) -> Option<Vec<u8>> {
    let length_bytes = if *old.get(6)? == 1 { 2 } else { 4 };
    let text_start = 8 + length_bytes;
    let text = String::from_utf8_lossy(old.get(text_start..)?);
    let shape = text.find("shape")?;
    let open = shape + text[shape..].find('(')? + 1;
    let number = open + text[open..].find(|char: char| char.is_ascii_digit())?;
    let end = number + text[number..].find(|char: char| !char.is_ascii_digit())?;
    let mut new = format!("{}{rows}{}", &text[..number], text[end..].trim_end());
    let filled = (text_start + new.len() + 1).next_multiple_of(64) - text_start - 1;
    new.extend(std::iter::repeat_n(' ', filled - new.len()));
    new.push('\n');
    let mut head = old[..8].to_vec();
    match length_bytes {
        2 => head.extend(u16::try_from(new.len()).ok()?.to_le_bytes()),
        _ => head.extend(u32::try_from(new.len()).ok()?.to_le_bytes()),
    }
    head.extend(new.as_bytes());
    Some(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_get_another_number_of_rows() {
        for (version, text, rows, expected) in [
            (
                1,
                "{'descr': '|u1', 'fortran_order': False, 'shape': (60000, 28, 28), }\n",
                7,
                "{'descr': '|u1', 'fortran_order': False, 'shape': (7, 28, 28), }",
            ),
            (
                2,
                "{'shape': (5,), 'descr': '<U3', 'fortran_order': False}",
                1_000_000,
                "{'shape': (1000000,), 'descr': '<U3', 'fortran_order': False}",
            ),
        ] {
            let mut old = b"\x93NUMPY".to_vec();
            old.extend([version, 0]);
            match version {
                1 => old.extend((text.len() as u16).to_le_bytes()),
                _ => old.extend((text.len() as u32).to_le_bytes()),
            }
            old.extend(text.as_bytes());
            let head = head_of(&old, rows).unwrap();
            assert_eq!(head.len() % 64, 0);
            let start = if version == 1 { 10 } else { 12 };
            let new = std::str::from_utf8(&head[start..]).unwrap();
            assert_eq!((new.trim_end(), new.ends_with('\n')), (expected, true));
        }
        assert_eq!(head_of(b"\x93NUMPY\x01\x00\x02\x00{}", 3), None);
    }
}
