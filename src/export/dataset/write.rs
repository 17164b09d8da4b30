//! Writing the files of a plan on several threads, and noting what is finished.
//!
//! It refuses to know layouts: a file is copied, linked, or written by its maker.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::augmented::Item;
use super::copy::{Folder, Written};
use super::draft::{Draft, From, Output, Work};
use super::state::{Entry, How, List, path_of};
use super::{Linking, MAX_TOLD};
use crate::dataset::{Issue, IssueKind, Origin, SampleId};
use crate::export::ExportError;
use crate::export::target::sync_all_below;
use crate::import::ReadError;
use crate::import::reader::access::lock;
use crate::jobs::{Cancelled, Control, step_back};
use crate::media::{Payload, Raster};

/// Finished files that are made durable and noted together, whichever comes first.
const BATCH_FILES: usize = 1024;
const BATCH_BYTES: u64 = 512 << 20;
const BATCH_TIME: Duration = Duration::from_secs(5);

/// Why a file was not written.
#[derive(Debug)]
pub enum Failure {
    Cancelled,
    /// Its source cannot be read: the others can still be written.
    Source(ReadError),
    /// The target takes no files.
    Target(ExportError),
    /// The same, where the file is not known yet.
    Io(io::Error),
}

impl Failure {
    /// A source that is not what it was when the dataset was opened.
    pub fn source(message: impl Into<String>) -> Self {
        Self::Source(ReadError::new(IssueKind::Unreadable, message))
    }

    /// Says which file could not be written.
    pub fn at(self, path: &Path) -> Self {
        match self {
            Self::Io(cause) => Self::Target(ExportError::io(path, cause)),
            other => other,
        }
    }
}

impl std::convert::From<Cancelled> for Failure {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}

impl std::convert::From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::Source(error)
    }
}

impl std::convert::From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        Self::Target(error)
    }
}

impl std::convert::From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A file that is being made: what is written is hashed, and counts as progress.
pub struct Out<'a> {
    file: BufWriter<&'a File>,
    hash: blake3::Hasher,
    bytes: u64,
    control: &'a Control,
    faults: Vec<(SampleId, ReadError)>,
}

impl<'a> Out<'a> {
    pub fn new(file: &'a File, control: &'a Control) -> Self {
        let file = BufWriter::with_capacity(1 << 17, file);
        Self { file, hash: blake3::Hasher::new(), bytes: 0, control, faults: Vec::new() }
    }

    /// Waits while the export is paused; an error once it was cancelled.
    pub fn checkpoint(&self) -> Result<(), Cancelled> {
        self.control.checkpoint()
    }

    pub fn control(&self) -> &Control {
        self.control
    }

    /// Notes a sample that the file goes without.
    pub fn fault(&mut self, sample: SampleId, error: ReadError) {
        self.faults.push((sample, error));
    }

    pub fn finish(&mut self) -> io::Result<(u64, blake3::Hash)> {
        self.file.flush()?;
        Ok((self.bytes, self.hash.finalize()))
    }
}

impl Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.hash.update(&bytes[..count]);
        self.bytes += count as u64;
        self.control.add(count as u64);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// What could not be exported: the first [`MAX_TOLD`] faults, and all that is missing for them.
#[derive(Debug, Default)]
pub struct Faults {
    pub issues: Vec<Issue>,
    /// Samples that are not in the export.
    pub samples: u64,
    /// Files that are not in the export and are no sample's own.
    pub files: u64,
}

impl Faults {
    fn add(&mut self, sample: Option<SampleId>, path: &str, error: ReadError) {
        if self.issues.len() < MAX_TOLD {
            let (kind, path) = (error.kind, path.to_owned());
            let message = format!("it could not be exported: {}", error.message);
            self.issues.push(Issue { sample, path, kind, origin: Origin::Content, message });
        }
    }
}

/// The writing of one plan.
pub struct Writing<'a> {
    pub draft: &'a Draft,
    pub work: Work<'a>,
    pub folder: &'a Folder,
    pub linking: Linking,
    pub control: &'a Control,
    pub faults: Mutex<Faults>,
}

impl Writing<'_> {
    /// Writes every file that has no entry yet and gives it one; those whose source cannot be read are
    /// left without. What was finished when this ends early is noted.
    pub fn write(&self, list: &mut List, entries: &mut [Option<Entry>]) -> Result<(), ExportError> {
        let left = (0..entries.len()).filter(|at| entries[*at].is_none());
        let (last, first): (Vec<usize>, Vec<usize>) = left.partition(|at| self.is_of_others(*at));
        self.write_these(&first, list, entries)?;
        self.write_these(&last, list, entries)
    }

    /// Whether a file tells of the others, and comes after them for what of them is missing.
    fn is_of_others(&self, at: usize) -> bool {
        let from = self.draft.outputs[at].from;
        matches!(from, From::Made(maker) if !self.draft.made[maker].is_settled())
    }

    fn write_these(
        &self,
        left: &[usize],
        list: &mut List,
        entries: &mut [Option<Entry>],
    ) -> Result<(), ExportError> {
        if left.is_empty() {
            return Ok(());
        }
        let next = AtomicUsize::new(0);
        let is_over = AtomicBool::new(false);
        let threads = threads().min(left.len());
        let (sender, receiver) = crossbeam_channel::bounded::<(usize, Result<Entry, Failure>)>(BATCH_FILES);
        let work = |sender: crossbeam_channel::Sender<_>| {
            while !is_over.load(Ordering::Relaxed)
                && let Some(at) = left.get(next.fetch_add(1, Ordering::Relaxed)).copied()
            {
                if sender.send((at, self.file(at))).is_err() {
                    break;
                }
            }
        };
        std::thread::scope(|scope| {
            let work = &work;
            let spawn = |number| {
                let sender = sender.clone();
                let work = move || {
                    step_back();
                    work(sender);
                };
                std::thread::Builder::new().name(format!("export-{number}")).spawn_scoped(scope, work)
            };
            let first = spawn(0).map_err(|cause| ExportError::io(self.folder.root(), cause))?;
            // Where no more threads can be had, fewer do.
            let others = (1..threads).map_while(|number| spawn(number).ok());
            let workers: Vec<_> = std::iter::once(first).chain(others).collect();
            drop(sender);
            let mut batch = Batch::new(self.folder.root(), &self.draft.outputs, list);
            let mut ended = Ok(());
            for (at, written) in &receiver {
                match written {
                    Ok(entry) => {
                        let noted = batch.add(at, entry);
                        entries[at] = Some(entry);
                        ended = ended.and(noted);
                    }
                    Err(Failure::Source(error)) => self.fault(at, error),
                    Err(Failure::Cancelled) => ended = ended.and(Err(Cancelled.into())),
                    Err(Failure::Target(error)) => ended = ended.and(Err(error)),
                    Err(Failure::Io(cause)) => {
                        ended = ended.and(Err(ExportError::io(self.folder.root(), cause)));
                    }
                }
                if ended.is_err() {
                    // What is being written is finished, and no more begun.
                    is_over.store(true, Ordering::Relaxed);
                }
            }
            for worker in workers {
                if let Err(cause) = worker.join() {
                    std::panic::resume_unwind(cause);
                }
            }
            ended.and(batch.note())
        })
    }

    fn fault(&self, at: usize, error: ReadError) {
        let output = &self.draft.outputs[at];
        let dataset = &self.draft.snapshot.dataset;
        let (sample, samples, files) = match output.from {
            From::Sample(sample) | From::Row(sample) => (Some(sample), 1, 0),
            From::Item(item) => {
                (self.work.making.and_then(|making| Some(making.items.get(item)?.sample)), 1, 0)
            }
            From::Beside(_) => (None, 0, 1),
            From::Made(maker) => (None, self.draft.made[maker].samples(), 1),
        };
        if let Some(making) = self.work.making {
            match output.from {
                From::Sample(sample) | From::Row(sample) => making.lose(Item::of(sample)),
                From::Item(at) => {
                    if let Some(item) = making.items.get(at) {
                        making.lose(*item);
                    }
                }
                From::Beside(_) | From::Made(_) => {}
            }
        }
        let path = sample.map_or(output.path.as_str(), |sample| dataset.path(sample));
        let mut faults = lock(&self.faults);
        faults.samples += samples;
        faults.files += files;
        faults.add(sample, path, error);
    }

    fn file(&self, at: usize) -> Result<Entry, Failure> {
        self.control.checkpoint()?;
        let output = &self.draft.outputs[at];
        let written = self.written(at, output)?;
        let Written { bytes, how, hash, is_whole } = written;
        Ok(Entry { bytes, how, hash, is_whole })
    }

    fn written(&self, at: usize, output: &Output) -> Result<Written, Failure> {
        let relative = path_of(output);
        let control = self.control;
        let whole = |bytes: Result<Vec<u8>, ReadError>| {
            let bytes = bytes?;
            self.folder.make(&relative, at, control, |out| Ok(out.write_all(&bytes)?))
        };
        match output.from {
            From::Sample(sample) => match self.draft.file_of(self.work.reader, sample) {
                Some(source) => {
                    let how = match self.linking {
                        Linking::HardLink => How::HardLinked,
                        Linking::SymLink => How::SymLinked,
                        Linking::Copy | Linking::ManifestOnly => {
                            return self.folder.copy(&relative, at, &source, control);
                        }
                    };
                    let written = self.folder.link(&relative, at, &source, how)?;
                    control.add(written.bytes);
                    Ok(written)
                }
                None => whole(stored(&self.work, sample)),
            },
            From::Row(sample) => whole(content(&self.work, sample)),
            From::Item(item) => {
                let making = self.work.making()?;
                let written = whole(making.bytes(&self.work, making.items[item]).map(|(bytes, _)| bytes))?;
                // How large it would become was a guess.
                control.add(output.bytes.saturating_sub(written.bytes));
                Ok(written)
            }
            From::Beside(file) => {
                let tree = self.work.tree()?;
                if tree.place(file).is_loose() {
                    self.folder.copy(&relative, at, &tree.path_on_disk(file), control)
                } else {
                    whole(tree.read(file))
                }
            }
            From::Made(maker) => {
                let mut lost = Vec::new();
                let written = self.folder.make(&relative, at, control, |out| {
                    self.draft.made[maker].write(&self.work, out)?;
                    lost = std::mem::take(&mut out.faults);
                    Ok(())
                })?;
                let is_whole = lost.is_empty();
                let mut faults = lock(&self.faults);
                for (sample, error) in lost {
                    faults.samples += 1;
                    faults.add(Some(sample), self.work.dataset().path(sample), error);
                }
                Ok(Written { is_whole, ..written })
            }
        }
    }
}

/// Files that are finished and not noted yet.
struct Batch<'a> {
    root: &'a Path,
    outputs: &'a [Output],
    list: &'a mut List,
    entries: Vec<(usize, Entry)>,
    bytes: u64,
    since: Instant,
}

impl<'a> Batch<'a> {
    fn new(root: &'a Path, outputs: &'a [Output], list: &'a mut List) -> Self {
        Self { root, outputs, list, entries: Vec::new(), bytes: 0, since: Instant::now() }
    }

    fn add(&mut self, at: usize, entry: Entry) -> Result<(), ExportError> {
        self.bytes += if entry.hash.is_some() { entry.bytes } else { 0 };
        self.entries.push((at, entry));
        let is_full = self.entries.len() >= BATCH_FILES || self.bytes >= BATCH_BYTES;
        if is_full || self.since.elapsed() >= BATCH_TIME { self.note() } else { Ok(()) }
    }

    fn note(&mut self) -> Result<(), ExportError> {
        if !self.entries.is_empty() {
            sync_all_below(self.root);
            self.list.append(self.outputs, self.entries.drain(..))?;
        }
        (self.bytes, self.since) = (0, Instant::now());
        Ok(())
    }
}

/// Threads that read and write: they wait for the disk more than they compute.
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 8))
}

/// The bytes of a sample that is an image file, as stored: a gzipped one stays gzipped.
pub fn stored(work: &Work<'_>, sample: SampleId) -> Result<Vec<u8>, ReadError> {
    let dataset = work.dataset();
    let raw = dataset.raw_paths.get(&sample).map(Vec::as_slice);
    work.reader.bytes(dataset.path(sample), raw, dataset.places[sample as usize])
}

/// A sample as an image file: a row's own, or its pixels as a PNG.
pub fn content(work: &Work<'_>, sample: SampleId) -> Result<Vec<u8>, ReadError> {
    match work.reader.sample(work.dataset(), sample)? {
        Payload::Encoded(bytes) => Ok(bytes),
        Payload::Raster(raster) => png(&raster),
    }
}

/// Pixels as a PNG.
pub fn png(raster: &Raster) -> Result<Vec<u8>, ReadError> {
    use image::ExtendedColorType::{L8, La8, Rgb8, Rgba8};
    let colour = match raster.channels {
        1 => L8,
        2 => La8,
        3 => Rgb8,
        _ => Rgba8,
    };
    let mut bytes = io::Cursor::new(Vec::new());
    let (width, height) = (raster.width, raster.height);
    image::write_buffer_with_format(&mut bytes, &raster.data, width, height, colour, image::ImageFormat::Png)
        .map_err(|error| ReadError::new(IssueKind::Unsupported, format!("it cannot be a PNG: {error}")))?;
    Ok(bytes.into_inner())
}
