//! A chosen part of a dataset, written to a new folder: what is left after pruning.
//!
//! [`plan`] says what would be written and what speaks against it, and touches nothing; [`run`] does
//! it. Between the two lies a list of files, each with how it comes about: a sample's own file, an
//! entry of an archive, or a table, shard or array that is made of what stays. The source is read
//! again for it and is never written to.
//!
//! A file is written under a temporary name and moved to its own, so that it is whole at any moment.
//! What is finished is noted in the target ([`state`]), in batches that are made durable together: an
//! export that was cancelled or killed goes on from there, as long as what its files are made of is what
//! it was. At the end every file is read again and compared with the hash that was taken when it was
//! written; only then, and where nothing is missing, the target says that it is complete.
//!
//! Memory: some 300 bytes for each file of the export, and on each thread one sample out of an archive
//! or array. Tables and annotation files are held whole, as the importers hold them.

mod arrays;
mod augmented;
mod by_hand;
mod coco;
mod copy;
mod draft;
mod folder;
mod ground;
mod layouts;
mod manifest;
mod names;
mod numpy;
mod parquet;
mod planned;
mod single;
mod state;
mod table;
mod verify;
mod voc;
mod webdataset;
mod write;
mod yolo;

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

pub use self::augmented::{Augmentation, Each, MAX_VARIANTS};
use self::copy::Folder;
use self::draft::{Case, Draft, From, Output, Told, Work};
pub use self::ground::{check_ground, check_root, leads_out};
pub use self::planned::Planned;
pub use self::single::write_manifest;
use self::state::{How, List, Occupied, State, occupied};
use self::verify::verify;
use self::write::{Faults, Writing};
use super::issues::as_rows;
use super::target::{check_target, free_bytes, ignores_case, sync_all_below, whole};
use crate::dataset::query::Snapshot;
use crate::dataset::{Issue, SampleId};
use crate::export::ExportError;
use crate::import::Reader;
use crate::import::reader::access::lock;
use crate::jobs::Control;
use crate::text::{bytes_text, counted, sentence};

/// The form that the export takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The layout that the dataset came in, under the same names.
    #[default]
    Same,
    /// `split/class/name`.
    ImageFolder,
    /// Tar shards of a split each, with `classes.txt` beside them.
    WebDataset,
    /// The images, and a table of every column beside them.
    Manifest(Table),
}

/// How a table is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Table {
    #[default]
    Csv,
    JsonLines,
    Parquet,
}

/// How images that are files of their own come to the target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Linking {
    /// As copies, which share their blocks with the source where the file system can do that.
    #[default]
    Copy,
    HardLink,
    SymLink,
    /// Not at all: a table names them where they are. [`Kind::Same`] then means a CSV table.
    ManifestOnly,
}

/// What may be in the target before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consent {
    /// Nothing, or this very export, unfinished or finished.
    #[default]
    Empty,
    /// Anything: files of the export's names are all written anew, others stay as they are.
    Overwrite,
}

/// What a person chose.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder that is written to; it need not be there.
    pub target: PathBuf,
    pub kind: Kind,
    pub linking: Linking,
    pub consent: Consent,
    /// Most samples and bytes of images in one tar of [`Kind::WebDataset`]; a larger image is alone.
    pub shard_samples: u32,
    pub shard_bytes: u64,
    /// Variants of the samples are exported instead of them.
    pub augmentation: Option<Augmentation>,
    /// What a plan says of the samples.
    pub planned: Planned,
}

impl Options {
    /// Copies in the same layout into an empty folder.
    pub fn new(target: PathBuf) -> Self {
        Self {
            target,
            kind: Kind::default(),
            linking: Linking::default(),
            consent: Consent::default(),
            shard_samples: 10_000,
            shard_bytes: 1 << 30,
            augmentation: None,
            planned: Planned::default(),
        }
    }
}

/// What would be written, for a dry run and for the question before.
#[derive(Debug, Serialize)]
pub struct Plan {
    pub target: PathBuf,
    /// As asked for, or what it comes to.
    pub kind: Kind,
    pub linking: Linking,
    pub samples: u64,
    pub files: u64,
    /// Of all files; of tables and arrays that are made it is a guess.
    pub bytes: u64,
    /// Files that are finished already, of this export when it was interrupted; none where files are to
    /// be replaced.
    pub finished: u64,
    /// Bytes that are still to be written, so without links and what is finished.
    pub bytes_to_write: u64,
    /// Bytes that are free at the target; `None` where the system does not say.
    pub free_bytes: Option<u64>,
    /// Sentences on what will be different from the source.
    pub warnings: Vec<String>,
    /// Sentences on why it cannot be done and what to choose instead. With any, [`run`] does nothing.
    pub refusals: Vec<String>,
    #[serde(skip)]
    fingerprint: String,
    #[serde(skip)]
    consent: Consent,
    #[serde(skip)]
    draft: Draft,
}

/// How the files came to the target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub copied: u64,
    /// Copies that share their blocks with the source.
    pub cloned: u64,
    pub hard_linked: u64,
    pub sym_linked: u64,
    /// Out of an archive or array, or made of what stays.
    pub made: u64,
}

/// What was written.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub target: PathBuf,
    pub samples: u64,
    pub files: u64,
    pub bytes: u64,
    pub counts: Counts,
    /// Files that an earlier run had finished.
    pub resumed: u64,
    /// Files that were read again and are what was written.
    pub verified: u64,
    /// Paths of files that are not, [`MAX_TOLD`] at most; run the export again to replace them.
    pub differing: Vec<String>,
    /// All of the files that are not.
    pub differing_count: u64,
    /// Whether everything is there and verified.
    pub complete: bool,
    pub seconds: f64,
    /// What could not be exported, [`MAX_TOLD`] at most, in the order of their paths.
    #[serde(serialize_with = "as_rows")]
    pub issues: Vec<Issue>,
    /// Samples that could not be exported.
    pub failed: u64,
    /// Files that could not be written and are no sample's own: tables, shards, arrays, labels.
    pub failed_files: u64,
}

/// Faults and differing files that are told one by one.
pub const MAX_TOLD: usize = 1000;

impl Report {
    /// What could not be exported, as "3 samples and 1 file"; `None` where all could.
    pub fn lost(&self) -> Option<String> {
        let counts = [(self.failed, "sample"), (self.failed_files, "file")];
        let lost = counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| counted(*count, what));
        let lost: Vec<String> = lost.collect();
        (!lost.is_empty()).then(|| lost.join(" and "))
    }
}

/// Works out what exporting these samples, in the dataset's order, would write. Gone ones are left out.
pub fn plan(
    snapshot: &Snapshot,
    samples: &[SampleId],
    reader: &Reader,
    options: &Options,
    control: &Control,
) -> Result<Plan, ExportError> {
    control.begin("Planning the export", 0);
    let present = snapshot.derived().present();
    let mut samples: Vec<SampleId> =
        samples.iter().copied().filter(|sample| present.contains(*sample as usize)).collect();
    samples.sort_unstable();
    samples.dedup();
    let repeats = options.planned.repeats_any(&samples);
    let kind = match (options.kind, options.linking) {
        (Kind::Manifest(table), _) => Kind::Manifest(table),
        (_, Linking::ManifestOnly) => Kind::Manifest(Table::Csv),
        (Kind::Same, _) if repeats => Kind::ImageFolder,
        (kind, _) => kind,
    };
    let is_other = kind == Kind::ImageFolder && options.kind == Kind::Same;
    let options = Options { kind, ..options.clone() };
    let mut draft = Draft::new(snapshot.clone(), samples);
    if is_other {
        draft.warn("Some samples are there more than once, so the export is an image folder.");
    }
    if draft.samples.is_empty() {
        draft.refuse("No sample is left to export.");
    }
    let refusals = layouts::refusals(&draft, reader, &options, control)?;
    draft.refusals.extend(refusals);
    layouts::fill(&mut draft, reader, &options, control)?;
    // Where nothing at the target tells whether case counts, running finds out before it writes.
    let case = if ignores_case(&options.target) == Some(true) { Case::Ignored } else { Case::Counts };
    let unwritable = draft.unwritable(&whole(&options.target), case);
    draft.refusals.extend(unwritable);

    let fingerprint = fingerprint(&draft, &options);
    let mut plan = Plan {
        target: options.target.clone(),
        kind,
        linking: options.linking,
        samples: draft.samples.len() as u64,
        files: draft.outputs.len() as u64,
        bytes: total(draft.outputs.iter().map(|output| output.bytes)),
        finished: 0,
        bytes_to_write: 0,
        free_bytes: free_bytes(&options.target),
        warnings: Vec::new(),
        refusals: Vec::new(),
        fingerprint,
        consent: options.consent,
        draft,
    };
    let finished = match occupied(&plan.target) {
        Ok(Occupied::Ours(state)) if plan.goes_on(&state) => {
            plan.draft.settled(state::finished(&plan.target, &plan.draft.outputs))
        }
        Ok(occupied) => {
            plan.draft.refusals.extend(plan.why_occupied(&occupied));
            if occupied != Occupied::No && plan.consent == Consent::Overwrite {
                plan.draft.warn(
                    "The folder is not empty: files of the same names are replaced, and all others stay \
                     and may be read with the export.",
                );
            }
            Vec::new()
        }
        Err(error) => {
            plan.draft.refuse(sentence(error));
            Vec::new()
        }
    };
    let is_finished = |at: usize| finished.get(at).is_some_and(Option::is_some);
    plan.finished = (0..plan.draft.outputs.len()).filter(|at| is_finished(*at)).count() as u64;
    let to_write = plan.draft.outputs.iter().enumerate().filter(|(at, _)| !is_finished(*at));
    let to_write = to_write.filter(|(_, output)| !plan.is_linked(output));
    plan.bytes_to_write = total(to_write.map(|(_, output)| output.bytes));
    if let Some(free) = plan.free_bytes.filter(|free| *free < plan.bytes_to_write) {
        let (needed, free) = (bytes_text(plan.bytes_to_write), bytes_text(free));
        plan.draft.refuse(format!(
            "The export needs {needed} and {free} are free; free some space, choose links, or choose \
             another disk."
        ));
    }
    plan.warnings = std::mem::take(&mut plan.draft.warnings);
    plan.refusals = std::mem::take(&mut plan.draft.refusals);
    Ok(plan)
}

impl Plan {
    /// The files of the export that are of a sample, by their paths in it; `None` where some sample has none of its
    /// own, being in a shard, an array or where it was.
    pub fn sample_files(&self) -> Option<Vec<(&str, SampleId)>> {
        let item = |at: usize| Some(self.draft.making.as_ref()?.items.get(at)?.sample);
        let files = self.draft.outputs.iter().filter_map(|output| {
            let sample = match output.from {
                From::Sample(sample) | From::Row(sample) => Some(sample),
                From::Item(at) => item(at),
                From::Beside(_) | From::Made(_) => None,
            };
            Some((output.path.as_str(), sample?))
        });
        let files: Vec<(&str, SampleId)> = files.collect();
        let mut found: Vec<SampleId> = files.iter().map(|(_, sample)| *sample).collect();
        found.sort_unstable();
        found.dedup();
        (found == self.draft.samples).then_some(files)
    }

    /// Whether the export says what its samples weigh.
    pub fn says_weights(&self) -> bool {
        matches!(self.kind, Kind::Manifest(_)) || self.draft.making.is_some()
    }

    /// Whether a file takes no room of its own.
    fn is_linked(&self, output: &Output) -> bool {
        let links = matches!(self.linking, Linking::HardLink | Linking::SymLink);
        let places = &self.draft.snapshot.dataset.places;
        links && matches!(output.from, From::Sample(sample) if places[sample as usize].is_loose())
    }

    /// Whether this is that export, and takes what is finished of it. Who has files replaced has all of
    /// them replaced.
    fn goes_on(&self, state: &State) -> bool {
        self.consent == Consent::Empty && state.fingerprint == self.fingerprint
    }

    /// Why what lies in the target speaks against writing there, if it does.
    fn why_occupied(&self, occupied: &Occupied) -> Option<String> {
        let target = self.target.display();
        match (occupied, self.consent) {
            (Occupied::No, _) | (_, Consent::Overwrite) => None,
            (Occupied::Ours(state), _) if self.goes_on(state) => None,
            (Occupied::Ours(_), _) => Some(format!(
                "The folder holds another export, or one of other samples, or of the dataset before it \
                 changed; choose another folder, or have its files replaced: {target}"
            )),
            (Occupied::Foreign(name), _) => {
                Some(format!("The folder is not empty, it holds {name}; choose another folder: {target}"))
            }
        }
    }
}

/// Writes what was planned and verifies it. What is finished stays when this ends early, and a plan of
/// the same samples and options goes on from there.
pub fn run(plan: &Plan, reader: &Reader, control: &Control) -> Result<Report, ExportError> {
    let started = Instant::now();
    if let Some(refusal) = plan.refusals.first() {
        return Err(ExportError::Refused(refusal.clone()));
    }
    let draft = &plan.draft;
    // The folder may have been filled since it was planned.
    let occupied = occupied(&plan.target)?;
    if let Some(refusal) = plan.why_occupied(&occupied) {
        return Err(ExportError::Refused(refusal));
    }
    check_target(&plan.target, Path::new(&draft.snapshot.dataset.root))?;
    let folder_made = std::fs::create_dir_all(&plan.target);
    folder_made.map_err(|cause| ExportError::io(&plan.target, cause))?;
    let goes_on = matches!(&occupied, Occupied::Ours(state) if plan.goes_on(state));
    let (mut list, known) = List::open(&plan.target, &draft.outputs, !goes_on)?;
    let mut entries = draft.settled(known);
    let resumed = entries.iter().flatten().count() as u64;
    let folder = Folder::open(&plan.target)?;
    if folder.ignores_case()
        && let Some(refusal) = draft.unwritable(folder.root(), Case::Ignored)
    {
        folder.remove_parts()?;
        drop(list);
        if occupied == Occupied::No {
            state::remove_list(&plan.target)?;
        }
        return Err(ExportError::Refused(refusal));
    }
    let source = &draft.snapshot.dataset.source;
    let mut state = State::new(source, &plan.fingerprint, draft.outputs.len() as u64);
    state.write(&plan.target)?;

    let work = Work {
        snapshot: &draft.snapshot,
        samples: &draft.samples,
        reader,
        tree: draft.tree.as_ref(),
        making: draft.making.as_ref(),
    };
    let writing =
        Writing { draft, work, folder: &folder, linking: plan.linking, control, faults: Default::default() };
    let left = draft.outputs.iter().zip(&entries).filter(|(_, entry)| entry.is_none());
    control.begin("Writing files", total(left.map(|(output, _)| output.bytes)));
    let written = writing.write(&mut list, &mut entries);
    folder.remove_parts()?;
    written?;

    control.begin("Verifying files", total(entries.iter().flatten().map(|entry| entry.bytes)));
    let differing = verify(&writing, &entries)?;
    let count = entries.iter().flatten().count() as u64;
    let verified = count - differing.len() as u64;
    let told = differing.iter().take(MAX_TOLD).map(|at| draft.outputs[*at].path.clone()).collect();
    for at in &differing {
        entries[*at] = None;
    }
    if !differing.is_empty() {
        list.replace(&draft.outputs, &entries)?;
    }
    let Faults { mut issues, samples: failed, files: failed_files } =
        std::mem::take(&mut *lock(&writing.faults));
    issues.sort_by(|one, two| one.path.cmp(&two.path));
    let is_all = entries.iter().flatten().filter(|entry| entry.is_whole).count() == entries.len();
    state.complete = is_all && failed == 0 && failed_files == 0;
    sync_all_below(folder.root());
    state.write(&plan.target)?;

    let mut counts = Counts::default();
    for entry in entries.iter().flatten() {
        *counts.of(entry.how) += 1;
    }
    Ok(Report {
        target: plan.target.clone(),
        samples: plan.samples,
        files: count,
        bytes: total(entries.iter().flatten().map(|entry| entry.bytes)),
        counts,
        resumed,
        verified,
        differing: told,
        differing_count: differing.len() as u64,
        complete: state.complete,
        seconds: started.elapsed().as_secs_f64(),
        issues,
        failed,
        failed_files,
    })
}

impl Counts {
    fn of(&mut self, how: How) -> &mut u64 {
        match how {
            How::Copied => &mut self.copied,
            How::Cloned => &mut self.cloned,
            How::HardLinked => &mut self.hard_linked,
            How::SymLinked => &mut self.sym_linked,
            How::Made => &mut self.made,
        }
    }
}

/// A sum of sizes, of which archives claim any.
fn total(sizes: impl Iterator<Item = u64>) -> u64 {
    sizes.fold(0, u64::saturating_add)
}

/// A hash of all that decides what an export's files are, so that another run of it is known: the
/// samples, the options, and what files beside the samples are copied or read for it.
fn fingerprint(draft: &Draft, options: &Options) -> String {
    let mut told = Told::default();
    let dataset = &*draft.snapshot.dataset;
    let (kind, linking) = (options.kind, options.linking);
    told.add(format!("{kind:?} {linking:?} {} {}", options.shard_samples, options.shard_bytes).as_bytes());
    told.add(whole(Path::new(&dataset.root)).to_string_lossy().as_bytes());
    if let Some(making) = &draft.making {
        making.tell(dataset, &mut told);
    }
    for sample in &draft.samples {
        let at = *sample as usize;
        told.add(dataset.path(*sample).as_bytes());
        told.add(&dataset.bytes[at].to_le_bytes());
        told.add(&dataset.modified_ms[at].to_le_bytes());
    }
    for output in &draft.outputs {
        told.add(output.path.as_bytes());
        match output.from {
            From::Beside(file) => told.file(draft, file),
            From::Made(maker) => draft.made[maker].tell(draft, &mut told),
            From::Sample(_) | From::Row(_) | From::Item(_) => {}
        }
    }
    told.finish()
}
