//! Tables of contents of archives: where each entry's bytes lie in a tar or a zip.
//!
//! Names are made plain, so that none points outside; links, devices and sparse files are left out.
//! An archive that ends early keeps the entries before the break. It refuses to know what the
//! entries hold.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;

use super::Files;
use super::walk::Listing;
use crate::dataset::{ContainerKind, Issue, IssueKind, Origin, Place};
use crate::import::names::{display_name, is_hidden_name, plain_path};
use crate::import::reader::{GZIP_MAGIC, ReadAt, Reader};
use crate::jobs::{Cancelled, Control};

/// Size of a tar's header, and what its entries are rounded up to.
const BLOCK: u64 = 512;

/// The longest name that an entry may have, in bytes.
const MAX_NAME_BYTES: u64 = 64 << 10;

/// The largest extended header that is read, in bytes.
const MAX_PAX_BYTES: u64 = 1 << 20;

/// Steps in which a compressed stream is skipped, so that a long one can be cancelled.
const SKIP_BYTES: u64 = 4 << 20;

/// The kind of archive that a file is, by its content; `None` for any other file.
pub fn sniff(path: &Path) -> io::Result<Option<ContainerKind>> {
    let mut head = Vec::new();
    std::fs::File::open(path)?.take(BLOCK).read_to_end(&mut head)?;
    if head.starts_with(&GZIP_MAGIC) {
        let mut inner = Vec::new();
        // Damaged compression is found when the archive is read, and reported there.
        let _ = MultiGzDecoder::new(std::fs::File::open(path)?).take(BLOCK).read_to_end(&mut inner);
        return Ok(tar_header(&inner).map(|_| ContainerKind::TarGz));
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Ok(Some(ContainerKind::Zip));
    }
    Ok(tar_header(&head).map(|_| ContainerKind::Tar))
}

/// Whether a file has an archive's name; [`sniff`] tells if it is one.
pub fn is_archive_name(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    [".tar", ".tar.gz", ".tgz", ".zip"].iter().any(|ending| path.ends_with(ending))
}

/// An archive's name without its ending.
pub fn archive_stem(path: &str) -> &str {
    for ending in [".tar.gz", ".tgz", ".tar", ".zip"] {
        if let Some(stem) = path.len().checked_sub(ending.len()).and_then(|at| path.split_at_checked(at))
            && stem.1.eq_ignore_ascii_case(ending)
        {
            return stem.0;
        }
    }
    path
}

/// Lists an archive that the reader knows as `container`. Paths begin with `prefix`; entries
/// without a time of their own get the archive's.
pub fn list(
    reader: &Reader,
    container: u32,
    kind: ContainerKind,
    (path, prefix, modified_ms): (&str, &str, i64),
    control: &Control,
) -> Result<Listing, Cancelled> {
    let mut listing = Listing::default();
    let mut files = Collected { container, prefix, modified_ms, files: &mut listing.files };
    let fault = if kind == ContainerKind::Zip {
        list_zip(reader, &mut files, control)?
    } else {
        match reader.container(container) {
            Ok(bytes) => {
                let streamed = kind == ContainerKind::TarGz;
                read_tar(&bytes, streamed, control, |entry| files.push(entry))?
            }
            Err(error) => Some((error.kind, error.message)),
        }
    };
    if let Some((kind, message)) = fault {
        listing.issues.push(Issue {
            sample: None,
            path: path.to_owned(),
            kind,
            origin: Origin::Listing,
            message,
        });
    }
    Ok(listing)
}

/// A regular file in a tar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TarEntry {
    /// As stored; need not be UTF-8.
    pub name: Vec<u8>,
    /// Where its bytes begin in the (decompressed) tar.
    pub offset: u64,
    pub len: u64,
    /// Milliseconds since the Unix epoch; 0 where unknown.
    pub modified_ms: i64,
}

/// Where a tar's reading ended early or left something out, as a sentence.
pub type Fault = Option<(IssueKind, String)>;

/// Goes through a tar's headers and hands over each regular file that is there whole.
///
/// `streamed` bytes are read on in small steps, so that skipping can be cancelled.
pub fn read_tar(
    bytes: &Arc<dyn ReadAt>,
    streamed: bool,
    control: &Control,
    mut found: impl FnMut(TarEntry),
) -> Result<Fault, Cancelled> {
    let mut window = Window::new(bytes, streamed);
    let mut at = 0;
    let mut named = Extension::default();
    let mut sparse = 0u64;
    let truncated = |at: u64| {
        let message =
            format!("the archive ends early, at byte {at}; entries after that are lost. Get a fresh copy");
        Ok(Some((IssueKind::Truncated, message)))
    };
    loop {
        control.checkpoint()?;
        let Some(block) = window.block(at) else {
            // Some writers leave out the two empty blocks at the end.
            if window.ends_at(at) && at > 0 {
                break;
            }
            return truncated(at);
        };
        if block.iter().all(|byte| *byte == 0) {
            break;
        }
        let Some(header) = tar_header(&block) else {
            let message = format!("the archive is damaged at byte {at}; entries after that are not listed");
            return Ok(Some((IssueKind::Corrupt, message)));
        };
        let kind = header.entry_type();
        let own = !(kind.is_pax_local_extensions() || kind.is_gnu_longname() || kind.is_gnu_longlink());
        let size = named.size.filter(|_| own).or_else(|| header.entry_size().ok());
        let mut data = at + BLOCK;
        if kind.is_gnu_sparse() && header.as_gnu().is_some_and(tar::GnuHeader::is_extended) {
            // The list of holes goes on in blocks of its own; the last but seven byte of each says
            // whether another one follows.
            loop {
                let Some(block) = window.block(data) else { return truncated(data) };
                data += BLOCK;
                if block[504] == 0 {
                    break;
                }
            }
        }
        let next = size.and_then(|size| data.checked_add(size.checked_next_multiple_of(BLOCK)?));
        let (Some(size), Some(next)) = (size, next) else {
            let message = format!("the archive names an impossible size at byte {at}; it is damaged");
            return Ok(Some((IssueKind::Corrupt, message)));
        };
        if !window.reaches(data, size, control)? {
            return truncated(data);
        }
        if kind.is_gnu_longname() {
            named.name = window.read(data, size, MAX_NAME_BYTES).map(|mut name| {
                name.truncate(name.iter().position(|byte| *byte == 0).unwrap_or(name.len()));
                name
            });
        } else if kind.is_pax_local_extensions() {
            if let Some(text) = window.read(data, size, MAX_PAX_BYTES) {
                named.read_pax(&text);
            }
        } else if own {
            let named = std::mem::take(&mut named);
            let regular = matches!(kind, tar::EntryType::Regular | tar::EntryType::Continuous);
            let name = named.name.unwrap_or_else(|| header.path_bytes().into_owned());
            if kind.is_gnu_sparse() || named.sparse {
                sparse += 1;
            } else if regular && !name.ends_with(b"/") {
                let seconds = header.mtime().ok().and_then(|seconds| i64::try_from(seconds).ok());
                let modified_ms =
                    named.modified_ms.or(seconds.and_then(|seconds| seconds.checked_mul(1000))).unwrap_or(0);
                found(TarEntry { name, offset: data, len: size, modified_ms });
            }
        }
        at = next;
    }
    Ok((sparse > 0).then(|| {
        let message =
            format!("{sparse} sparse files in the archive were left out; repack it without --sparse");
        (IssueKind::Unsupported, message)
    }))
}

/// What extended headers say of the entry after them.
#[derive(Default)]
struct Extension {
    name: Option<Vec<u8>>,
    size: Option<u64>,
    modified_ms: Option<i64>,
    sparse: bool,
}

impl Extension {
    fn read_pax(&mut self, text: &[u8]) {
        for record in tar::PaxExtensions::new(text).flatten() {
            let value = record.value_bytes();
            match record.key_bytes() {
                b"path" if value.len() as u64 <= MAX_NAME_BYTES => self.name = Some(value.to_vec()),
                b"size" => self.size = record.value().ok().and_then(|size| size.parse().ok()),
                b"mtime" => {
                    let seconds = record.value().ok().and_then(|time| time.parse::<f64>().ok());
                    // A float beyond the range becomes the range's end; nothing breaks.
                    self.modified_ms = seconds.map(|seconds| (seconds * 1000.0) as i64);
                }
                key if key.starts_with(b"GNU.sparse.") => self.sparse = true,
                _ => {}
            }
        }
    }
}

/// The header in a block, if its checksum is right: the sum of its bytes with the checksum's own
/// field taken as spaces (POSIX.1-1988, ustar).
fn tar_header(block: &[u8]) -> Option<&tar::Header> {
    let block: &[u8] = block.get(..BLOCK as usize)?;
    let header = tar::Header::from_byte_slice(block);
    let sum: u32 = block
        .iter()
        .enumerate()
        .map(|(at, byte)| if (148..156).contains(&at) { u32::from(b' ') } else { u32::from(*byte) })
        .sum();
    // A block of spaces would be right by itself.
    (block[0] != 0 && header.cksum().ok()? == sum).then_some(header)
}

/// Headers of a tar, read ahead some blocks at a time.
struct Window<'a> {
    bytes: &'a Arc<dyn ReadAt>,
    /// `None` for a stream, whose size is known at its end only.
    size: Option<u64>,
    start: u64,
    buffer: Vec<u8>,
}

impl<'a> Window<'a> {
    const AHEAD: u64 = 16 << 10;

    fn new(bytes: &'a Arc<dyn ReadAt>, streamed: bool) -> Self {
        Self { bytes, size: (!streamed).then(|| bytes.size()), start: 0, buffer: Vec::new() }
    }

    /// The block that begins at a byte.
    fn block(&mut self, at: u64) -> Option<[u8; BLOCK as usize]> {
        let inside = |start: u64, len: u64| at >= start && at + BLOCK <= start + len;
        if !inside(self.start, self.buffer.len() as u64) {
            let len = match self.size {
                Some(size) => size.checked_sub(at)?.min(Self::AHEAD),
                None => BLOCK,
            };
            self.buffer.resize(len as usize, 0);
            self.start = at;
            if len < BLOCK || self.bytes.read_at(&mut self.buffer, at).is_err() {
                self.buffer.clear();
                return None;
            }
        }
        let from = (at - self.start) as usize;
        self.buffer.get(from..from + BLOCK as usize)?.try_into().ok()
    }

    /// Whether the bytes end exactly there.
    fn ends_at(&self, at: u64) -> bool {
        self.size.unwrap_or_else(|| self.bytes.size()) == at
    }

    /// Whether there are `len` bytes from `at` on.
    fn reaches(&self, at: u64, len: u64, control: &Control) -> Result<bool, Cancelled> {
        let Some(end) = at.checked_add(len) else { return Ok(false) };
        if let Some(size) = self.size {
            return Ok(end <= size);
        }
        let mut step = at;
        while step < end {
            control.checkpoint()?;
            step = end.min(step + SKIP_BYTES);
            if self.bytes.read_at(&mut [0], step - 1).is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// `len` bytes, unless they are more than `most`.
    fn read(&self, at: u64, len: u64, most: u64) -> Option<Vec<u8>> {
        let mut content = vec![0; usize::try_from(len.min(most + 1)).ok()?];
        (len <= most && self.bytes.read_at(&mut content, at).is_ok()).then_some(content)
    }
}

/// Entries on their way into the tree.
struct Collected<'a> {
    container: u32,
    prefix: &'a str,
    modified_ms: i64,
    files: &'a mut Files,
}

impl Collected<'_> {
    fn push(&mut self, entry: TarEntry) {
        let place = Place { container: self.container, offset: entry.offset, len: entry.len };
        self.add(&display_name(&entry.name), place, entry.len, entry.modified_ms);
    }

    fn add(&mut self, name: &str, place: Place, bytes: u64, modified_ms: i64) {
        let Some(name) = plain_path(name) else { return };
        if name.split('/').any(is_hidden_name) {
            return;
        }
        let modified_ms = if modified_ms == 0 { self.modified_ms } else { modified_ms };
        self.files.push(&format!("{}{name}", self.prefix), None, place, bytes, modified_ms);
    }
}

fn list_zip(reader: &Reader, files: &mut Collected<'_>, control: &Control) -> Result<Fault, Cancelled> {
    let contents = match reader.zip_contents(files.container) {
        Ok(contents) => contents,
        Err(error) => return Ok(Some((error.kind, error.message))),
    };
    let mut encrypted = 0u64;
    for index in 0..contents.len() {
        if index % 1024 == 0 {
            control.checkpoint()?;
            control.add(1024.min(contents.len() - index) as u64);
        }
        let Ok(entry) = contents.entry(index) else { continue };
        if !entry.is_file() {
            continue;
        }
        encrypted += u64::from(entry.encrypted());
        let name = match entry.name() {
            Ok(name) => name.into_owned(),
            Err(_) => display_name(entry.name_raw()),
        };
        let place = Place { container: files.container, offset: index as u64, len: 0 };
        let modified_ms = entry.last_modified().map_or(0, zip_time);
        // Zips made on Windows may have its separators.
        files.add(&name.replace('\\', "/"), place, entry.size(), modified_ms);
    }
    Ok((encrypted > 0).then(|| {
        let message = format!(
            "{encrypted} entries of the zip are encrypted; unpack it with its password and open the folder"
        );
        (IssueKind::Unreadable, message)
    }))
}

/// A zip's local time, taken as UTC for want of a zone, in milliseconds since the Unix epoch.
fn zip_time(time: zip::DateTime) -> i64 {
    // Days from the civil date (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    let (year, month, day) = (i64::from(time.year()), i64::from(time.month()), i64::from(time.day()));
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    let seconds = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    (days * 86_400 + seconds) * 1000
}

/// Lists what a tar in memory says it holds; for fuzzing.
pub fn fuzz_tar(content: &[u8]) -> usize {
    let bytes: Arc<dyn ReadAt> = Arc::new(crate::import::reader::access::MemoryAt(content.to_vec()));
    let mut count = 0;
    for streamed in [false, true] {
        let _ = read_tar(&bytes, streamed, &Control::new(), |entry| {
            count += plain_path(&display_name(&entry.name)).map_or(0, |_| 1);
        });
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::reader::access::MemoryAt;
    use proptest::prelude::*;

    fn tar_of(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, content) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mtime(7);
            builder.append_data(&mut header, path, *content).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn listed(content: &[u8], streamed: bool) -> (Vec<(String, Vec<u8>)>, Fault) {
        let bytes: Arc<dyn ReadAt> = Arc::new(MemoryAt(content.to_vec()));
        let mut entries = Vec::new();
        let fault = read_tar(&bytes, streamed, &Control::new(), |entry| {
            let mut data = vec![0; entry.len as usize];
            bytes.read_at(&mut data, entry.offset).unwrap();
            entries.push((display_name(&entry.name), data));
        });
        (entries, fault.unwrap())
    }

    #[test]
    fn a_tar_gives_its_files_whole_or_up_to_the_break() {
        let long = format!("{}/x.png", "folder".repeat(40));
        let content = tar_of(&[("a.png", b"first"), (&long, b"second"), ("empty", b""), ("z", &[9; 2000])]);
        for streamed in [false, true] {
            let (entries, fault) = listed(&content, streamed);
            let names: Vec<&str> = entries.iter().map(|entry| entry.0.as_str()).collect();
            assert_eq!(names, ["a.png", &long, "empty", "z"]);
            assert_eq!((entries[1].1.as_slice(), fault), (&b"second"[..], None));

            let (entries, fault) = listed(&content[..content.len() - 3000], streamed);
            assert_eq!(entries.len(), 3);
            assert_eq!(fault.unwrap().0, IssueKind::Truncated);

            let (entries, fault) = listed(&content[..content.len() - 1024], streamed);
            assert_eq!((entries.len(), fault), (4, None), "without the closing blocks");
        }
        let mut damaged = content.clone();
        damaged[1024 + 3] ^= 1;
        let (entries, fault) = listed(&damaged, false);
        assert_eq!((entries.len(), fault.unwrap().0), (1, IssueKind::Corrupt));
    }

    #[test]
    fn zip_times_count_from_the_epoch() {
        for ((year, month, day, hour), seconds) in [
            ((1980, 1, 1, 0), 315_532_800),
            ((2000, 2, 29, 1), 951_786_000),
            ((2024, 12, 31, 23), 1_735_686_000),
        ] {
            let time = zip::DateTime::from_date_and_time(year, month, day, hour, 0, 0).unwrap();
            assert_eq!(zip_time(time), seconds * 1000);
        }
    }

    #[test]
    fn archives_have_stems() {
        for (path, stem) in [("a/b.tar.gz", "a/b"), ("x.ZIP", "x"), ("x.png", "x.png"), ("é.tgz", "é")] {
            assert_eq!(archive_stem(path), stem);
        }
    }

    proptest! {
        #[test]
        fn a_damaged_tar_never_breaks_the_reader(at in 0usize..3000, value: u8, cut in 0usize..4000) {
            let mut content = tar_of(&[("a", b"first"), (&"n".repeat(120), b"second")]);
            if let Some(byte) = content.get_mut(at) {
                *byte = value;
            }
            content.truncate(content.len().saturating_sub(cut));
            fuzz_tar(&content);
        }
    }
}
