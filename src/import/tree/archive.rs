//! Tables of contents of archives: where each entry's bytes lie in a tar or a zip.
//!
//! Names are made plain, so that none points outside. A link in a tar counts as the file that it
//! leads to in the same tar; devices and sparse files are left out. An archive that ends early keeps
//! the entries before the break. Entries have the archive's time, not their own: who packs an
//! archive again may keep or invent those (`tar --mtime`), and the content is another one all the
//! same. This file refuses to know what the entries hold.

use std::collections::HashMap;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;

use super::Files;
use super::walk::Listing;
use crate::dataset::{ContainerKind, Issue, IssueKind, Origin, Place};
use crate::import::names::{display_name, is_hidden_name, is_image_name, join, split_path, with_slashes};
use crate::import::reader::access::bytes_before;
use crate::import::reader::{GZIP_MAGIC, ReadAt, Reader};
use crate::jobs::{Cancelled, Control};

/// Size of a tar's header, and what its entries are rounded up to.
const BLOCK: u64 = 512;

/// The longest name that an entry may have, in bytes.
const MAX_NAME_BYTES: u64 = 64 << 10;

/// The largest extended header that is read, in bytes.
const MAX_PAX_BYTES: u64 = 1 << 20;

/// The most entries of one archive that are listed: compressed headers of empty files take next to
/// no room.
const MAX_ENTRIES: u64 = 20_000_000;

/// Bytes of a file that are enough to tell whether it is an archive, compressed ones included.
pub const SNIFFED_BYTES: u64 = 64 << 10;

/// The kind of archive that a file is, by its content; `None` for any other file.
pub fn sniff(path: &Path) -> io::Result<Option<ContainerKind>> {
    let mut head = Vec::new();
    std::fs::File::open(path)?.take(SNIFFED_BYTES).read_to_end(&mut head)?;
    Ok(kind_of(&head))
}

/// The kind of archive that begins with these bytes.
pub fn kind_of(head: &[u8]) -> Option<ContainerKind> {
    if head.starts_with(&GZIP_MAGIC) {
        let mut inner = Vec::new();
        // Damaged compression is found when the archive is read, and reported there.
        let _ = MultiGzDecoder::new(head).take(BLOCK).read_to_end(&mut inner);
        return tar_header(&inner).map(|_| ContainerKind::TarGz);
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Some(ContainerKind::Zip);
    }
    tar_header(head).map(|_| ContainerKind::Tar)
}

/// Whether a file has an archive's name; [`sniff`] tells if it is one.
pub fn is_archive_name(path: &str) -> bool {
    archive_stem(path).len() < path.len()
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

/// Lists an archive that the reader knows as `container`. Paths begin with `prefix`; what is wrong
/// with the archive is told of `path`, and `modified_ms` is its time.
pub fn list(
    reader: &Reader,
    container: u32,
    kind: ContainerKind,
    (path, prefix, modified_ms): (&str, &str, i64),
    control: &Control,
) -> Result<Listing, Cancelled> {
    let mut entries = Collected {
        container,
        prefix,
        modified_ms,
        files: Files::default(),
        hidden: Vec::new(),
        links: Vec::new(),
    };
    let fault = if kind == ContainerKind::Zip {
        list_zip(reader, &mut entries, control)?
    } else {
        match reader.container(container) {
            Ok(bytes) => read_tar(&bytes, control, |entry| entries.push(entry))?,
            Err(error) => Some((error.kind, error.message)),
        }
    };
    let lost = entries.resolve_links();
    let lost = (lost > 0).then(|| {
        let message = format!("{lost} links in the archive lead to no file in it and were left out");
        (IssueKind::Missing, message)
    });
    let issues = fault.into_iter().chain(lost).map(|(kind, message)| Issue {
        sample: None,
        path: path.to_owned(),
        kind,
        origin: Origin::Listing,
        message,
    });
    Ok(Listing { issues: issues.collect(), files: entries.files })
}

/// A file or link in a tar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TarEntry {
    /// As stored; need not be UTF-8.
    pub name: Vec<u8>,
    pub content: TarContent,
}

/// Where a tar's entry has its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TarContent {
    /// From `offset` on in the (decompressed) tar.
    Bytes { offset: u64, len: u64 },
    /// In the entry of that name.
    HardLink(Vec<u8>),
    /// In what the path leads to, seen from the entry's own folder.
    SymbolicLink(Vec<u8>),
}

/// Where a tar's reading ended early or left something out, as a sentence.
pub type Fault = Option<(IssueKind, String)>;

/// Goes through a tar's headers and hands over each link and each regular file that is there whole.
pub fn read_tar(
    bytes: &Arc<dyn ReadAt>,
    control: &Control,
    mut found: impl FnMut(TarEntry),
) -> Result<Fault, Cancelled> {
    let mut window = Window::new(bytes);
    let mut at = 0;
    let mut count = 0;
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
                control.checkpoint()?;
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
        let end = data.saturating_add(size);
        if bytes_before(&**bytes, data, end, control)? < end {
            return truncated(data);
        }
        if kind.is_gnu_longname() {
            named.name = window.read(data, size, MAX_NAME_BYTES).map(without_padding);
        } else if kind.is_gnu_longlink() {
            named.link = window.read(data, size, MAX_NAME_BYTES).map(without_padding);
        } else if kind.is_pax_local_extensions() {
            if let Some(text) = window.read(data, size, MAX_PAX_BYTES) {
                named.read_pax(&text);
            }
        } else if own {
            let named = std::mem::take(&mut named);
            let link = named.link.or_else(|| header.link_name_bytes().map(|name| name.into_owned()));
            let content = match kind {
                _ if kind.is_gnu_sparse() || named.sparse => {
                    sparse += 1;
                    None
                }
                tar::EntryType::Regular | tar::EntryType::Continuous => {
                    Some(TarContent::Bytes { offset: data, len: size })
                }
                tar::EntryType::Link => link.map(TarContent::HardLink),
                tar::EntryType::Symlink => link.map(TarContent::SymbolicLink),
                _ => None,
            };
            let name = named.name.unwrap_or_else(|| header.path_bytes().into_owned());
            if let Some(content) = content.filter(|_| !name.ends_with(b"/")) {
                if count == MAX_ENTRIES {
                    return Ok(Some(too_many()));
                }
                count += 1;
                found(TarEntry { name, content });
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
    link: Option<Vec<u8>>,
    size: Option<u64>,
    sparse: bool,
}

impl Extension {
    fn read_pax(&mut self, text: &[u8]) {
        for record in tar::PaxExtensions::new(text).flatten() {
            let value = record.value_bytes();
            match record.key_bytes() {
                b"path" if value.len() as u64 <= MAX_NAME_BYTES => self.name = Some(value.to_vec()),
                b"linkpath" if value.len() as u64 <= MAX_NAME_BYTES => self.link = Some(value.to_vec()),
                b"size" => self.size = record.value().ok().and_then(|size| size.parse().ok()),
                key if key.starts_with(b"GNU.sparse.") => self.sparse = true,
                _ => {}
            }
        }
    }
}

fn too_many() -> (IssueKind, String) {
    let message =
        format!("only the first {MAX_ENTRIES} entries of the archive were listed; unpack it to see all");
    (IssueKind::Oversized, message)
}

/// A long name's text up to the zero that ends it.
fn without_padding(mut name: Vec<u8>) -> Vec<u8> {
    name.truncate(name.iter().position(|byte| *byte == 0).unwrap_or(name.len()));
    name
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

    fn new(bytes: &'a Arc<dyn ReadAt>) -> Self {
        Self { bytes, size: bytes.known_size(), start: 0, buffer: Vec::new() }
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
    files: Files,
    /// Files that are not shown, which links may lead to.
    hidden: Vec<(String, Place)>,
    /// Links, and the paths that they lead to.
    links: Vec<(String, String)>,
}

impl Collected<'_> {
    fn push(&mut self, entry: TarEntry) {
        let name = join("", &display_name(&entry.name));
        let target = |path: &[u8], folder: &str| join(folder, &display_name(path));
        match entry.content {
            TarContent::Bytes { offset, len } => {
                self.add(name, Place { container: self.container, offset, len }, len);
            }
            TarContent::HardLink(path) => self.links.push((name, target(&path, ""))),
            TarContent::SymbolicLink(path) => {
                let target = target(&path, split_path(&name).0);
                self.links.push((name, target));
            }
        }
    }

    fn add(&mut self, name: String, place: Place, bytes: u64) {
        if name.is_empty() {
            return;
        }
        if name.split('/').any(is_hidden_name) {
            self.hidden.push((name, place));
            return;
        }
        self.files.push(&format!("{}{name}", self.prefix), None, place, bytes, self.modified_ms);
    }

    /// Adds each link as the file that it leads to. Gives the number of images among those that
    /// lead nowhere.
    fn resolve_links(&mut self) -> usize {
        let links = std::mem::take(&mut self.links);
        if links.is_empty() {
            return 0;
        }
        let listed = self.files.paths.iter().zip(&self.files.places);
        let listed = listed.map(|(path, place)| (path[self.prefix.len()..].to_owned(), *place));
        let mut places: HashMap<String, Place> = listed.chain(self.hidden.drain(..)).collect();
        let mut lost = 0;
        for (name, target) in links {
            match places.get(&target).copied() {
                Some(place) => {
                    places.insert(name.clone(), place);
                    self.add(name, place, place.len);
                }
                None => lost += usize::from(is_image_name(&name)),
            }
        }
        lost
    }
}

fn list_zip(reader: &Reader, files: &mut Collected<'_>, control: &Control) -> Result<Fault, Cancelled> {
    let contents = match reader.zip_contents(files.container) {
        Ok(contents) => contents,
        Err(error) => return Ok(Some((error.kind, error.message))),
    };
    let mut encrypted = 0u64;
    for index in 0..contents.len() {
        if index as u64 == MAX_ENTRIES {
            return Ok(Some(too_many()));
        }
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
            // Zips made on Windows may have its separators.
            Ok(name) => with_slashes(&name),
            Err(_) => {
                let slashed = entry.name_raw().iter().map(|byte| if *byte == b'\\' { b'/' } else { *byte });
                display_name(&slashed.collect::<Vec<u8>>())
            }
        };
        let place = Place { container: files.container, offset: index as u64, len: 0 };
        files.add(join("", &name), place, entry.size());
    }
    Ok((encrypted > 0).then(|| {
        let message = format!(
            "{encrypted} entries of the zip are encrypted; unpack it with its password and open the folder"
        );
        (IssueKind::Unreadable, message)
    }))
}

/// Lists what a tar in memory says it holds; for fuzzing.
pub fn fuzz_tar(content: &[u8]) -> usize {
    let bytes: Arc<dyn ReadAt> = Arc::new(crate::import::reader::access::MemoryAt(content.to_vec()));
    let mut entries = Collected {
        container: 0,
        prefix: "",
        modified_ms: 0,
        files: Files::default(),
        hidden: Vec::new(),
        links: Vec::new(),
    };
    let _ = read_tar(&bytes, &Control::new(), |entry| entries.push(entry));
    entries.resolve_links();
    entries.files.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::reader::access::{BlockCache, MemoryAt, StreamAt, read_range};
    use proptest::prelude::*;

    fn tar_of(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, content) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            builder.append_data(&mut header, path, *content).unwrap();
        }
        builder.into_inner().unwrap()
    }

    /// A file's bytes as those of a stream, whose size is not known.
    fn stream_of(content: &[u8]) -> Arc<dyn ReadAt> {
        let content = content.to_vec();
        let cache = Arc::new(BlockCache::new(1 << 30));
        Arc::new(StreamAt::new(cache, move || Box::new(io::Cursor::new(content.clone()))))
    }

    fn listed(bytes: Arc<dyn ReadAt>) -> (Vec<(String, Vec<u8>)>, Fault) {
        let mut entries = Vec::new();
        let fault = read_tar(&bytes, &Control::new(), |entry| {
            let TarContent::Bytes { offset, len } = entry.content else { return };
            entries.push((display_name(&entry.name), read_range(&*bytes, offset, len).unwrap()));
        });
        (entries, fault.unwrap())
    }

    #[test]
    fn a_tar_gives_its_files_whole_or_up_to_the_break() {
        let long = format!("{}/x.png", "folder".repeat(40));
        let content = tar_of(&[("a.png", b"first"), (&long, b"second"), ("empty", b""), ("z", &[9; 2000])]);
        let memory = |content: &[u8]| -> Arc<dyn ReadAt> { Arc::new(MemoryAt(content.to_vec())) };
        for bytes_of in [&memory as &dyn Fn(&[u8]) -> Arc<dyn ReadAt>, &stream_of] {
            let (entries, fault) = listed(bytes_of(&content));
            let names: Vec<&str> = entries.iter().map(|entry| entry.0.as_str()).collect();
            assert_eq!(names, ["a.png", &long, "empty", "z"]);
            assert_eq!((entries[1].1.as_slice(), fault), (&b"second"[..], None));

            let (entries, fault) = listed(bytes_of(&content[..content.len() - 3000]));
            assert_eq!(entries.len(), 3);
            assert_eq!(fault.unwrap().0, IssueKind::Truncated);

            let (entries, fault) = listed(bytes_of(&content[..content.len() - 1024]));
            assert_eq!((entries.len(), fault), (4, None), "without the closing blocks");
        }
        let mut damaged = content.clone();
        damaged[1024 + 3] ^= 1;
        let (entries, fault) = listed(memory(&damaged));
        assert_eq!((entries.len(), fault.unwrap().0), (1, IssueKind::Corrupt));
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
