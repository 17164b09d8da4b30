//! NumPy's files with the rows that stay: the same type, the same shape but for the number of rows, in
//! `.npy` files and `.npz` archives as they were.
//!
//! Labels lose the rows that their images lose, and so does any other array of as many rows that lies
//! beside one array of images. Arrays of other lengths are kept whole.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

use super::arrays::{tell_left_out, write_rows};
use super::draft::{Draft, Make, Told, Work};
use super::layouts::{kept_rows, list_source};
use super::write::{Failure, Out};
use crate::export::ExportError;
use crate::import::names::split_path;
use crate::import::numpy::{Array, is_names, labels_of, list};
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
}

pub fn same(draft: &mut Draft, control: &Control) -> Result<(), ExportError> {
    list_source(draft, control)?;
    let mut kept = kept_rows(draft);
    let Some(tree) = &draft.tree else { return Ok(()) };
    // What cannot be read was told when the dataset was opened.
    let (_, arrays) = list(tree, 0..tree.len(), &mut |_, _| {}, control)?;
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
    for images in arrays.iter().filter(|array| array.images().is_some()) {
        if let (Some(labels), Some(own)) =
            (labels_of(images, &arrays), rows.get(images.path.as_str()).cloned())
            && !is_names(labels)
        {
            rows.entry(&labels.path).or_insert(own);
        }
    }
    for array in &arrays {
        if !rows.contains_key(array.path.as_str()) {
            rows.insert(&array.path, rows_beside(array, &arrays, &rows));
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
        let (bytes, parts) = files.entry(array.file).or_default();
        *bytes += 128 + row_bytes.saturating_mul(count);
        let samples = array.images().map_or(0, |all| match &rows {
            Rows::Some(rows) => rows.len() as u64,
            _ => all,
        });
        parts.push(Part { path: array.path.clone(), entry: array.entry.clone(), rows, samples });
    }
    for (file, (bytes, parts)) in files {
        let bytes = bytes.min(2 * tree_bytes(draft, file));
        draft.made_like(file, bytes, ArrayFile { file, parts });
    }
    tell_left_out(draft, kept.into_keys().next(), left_out);
    Ok(())
}

fn tree_bytes(draft: &Draft, file: usize) -> u64 {
    draft.tree.as_ref().map_or(0, |tree| tree.bytes(file))
}

/// The rows of an array that is neither of images nor of labels.
fn rows_beside(array: &Array, arrays: &[Array], rows: &BTreeMap<&str, Rows>) -> Rows {
    let folder = split_path(&array.path).0;
    let is_like = |images: &&Array| {
        images.images().is_some()
            && split_path(&images.path).0 == folder
            && images.header.shape.first() == array.header.shape.first()
    };
    let mut like = arrays.iter().filter(is_like);
    match (like.next(), like.next()) {
        (Some(only), None) if !is_names(array) => rows.get(only.path.as_str()).cloned().unwrap_or(Rows::All),
        _ => Rows::All,
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
        for part in &self.parts {
            let (array, Some((name, is_compressed))) = (find(part)?, &part.entry) else { continue };
            let method = if *is_compressed { CompressionMethod::Deflated } else { CompressionMethod::Stored };
            // The size is not known to the writer before; beyond 4 GB it has to be told.
            let options = SimpleFileOptions::default().compression_method(method).large_file(true);
            zip.start_file(name.as_str(), options).map_err(zipped)?;
            write_array(&packed, array, &part.rows, &mut zip, &control)?;
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
