//! The demo dataset: letters a to j in many typefaces, as ordinary image files with planted faults.
//!
//! [`write`] makes a folder with
//!
//! - `glyphs/{train,val,test}/{a…j}/000123.png` (or `.jpg`): the dataset. Unlabelled samples lie in
//!   their split's folder itself. It goes through the same importer as any other dataset.
//! - `truth.csv`, beside the dataset: one row for each planted fault, so two rows for a sample with
//!   two, and none for a faultless one. Columns: `path` (below `glyphs`), `class` (the letter that
//!   the picture shows; empty if none), `split`, `label` (its folder; empty if missing), `fault`,
//!   `of` (path of a copy's original), `detail`.
//! - `demo.json`: the options it was made with; written last, so it says that the rest is whole.
//!
//! | fault | of 1,000 | what it is |
//! | --- | --- | --- |
//! | `identical-copy` | 15 | the same bytes |
//! | `reencoded-copy` | 10 | the other format, or JPEG quality 36 to 62 |
//! | `resized-copy` | 10 | sides 50 to 130 % |
//! | `brightness-copy` | 10 | 8 to 16 % of the range lighter or darker |
//! | `mirrored-copy` | 5 | left to right; keeps its class, though a mirrored b looks like a d |
//! | `rotated-copy` | 5 | 90, 180 or 270 degrees |
//! | `across-splits` | 12 | one of the copies above that lies in another split: a leak |
//! | `two-labels` | 6 | one of the copies above that lies under another label |
//! | `wrong-label` | 20 | label and class differ, two-labels included |
//! | `missing-label` | 50 | any sample, with or without another fault |
//! | `blurry` | 10 | out of focus and darker to the corners, as with a lens wide open |
//! | `dark` | 10 | an eighth of the light |
//! | `over-exposed` | 10 | about a twentieth of the contrast, near white |
//! | `nearly-empty` | 5 | one tone, no letter (class empty) |
//! | `odd-shaped` | 5 | sides 8 to 1 |
//! | `odd-sized` | 3 | 12×12 to 20×15, or 1024×768 and 1200×900 |
//! | `grey` | 10 | half in one channel, half in three equal ones |
//! | `truncated` | 5 | the first 55 to 85 % of the bytes |
//! | `empty` | 2 | no bytes (class empty) |
//! | `misnamed` | 5 | PNG named .jpg, or JPEG named .png |
//!
//! Faults of quality are as strong as the checks of `lenslet quality` see them by their default
//! thresholds, and no other sample is under one: of 600, 3,000 and 10,000 samples with the seeds 1 to 5
//! each check flags the samples with its fault, and those only.
//!
//! | check | flags |
//! | --- | --- |
//! | dark | `dark` |
//! | light | `over-exposed` |
//! | odd-aspect-ratio | `odd-shaped` |
//! | low-information | `nearly-empty` |
//! | blurry | `blurry` |
//! | odd-size | `odd-sized` |
//! | grey | `grey` |
//!
//! So blurred pictures are oblong and on a pale ground, since a square one, or one of few tones, does
//! not count as blurry; and usual sizes are so near to each other that half of one is usual and a fifth
//! of it is odd.
//!
//! Faultless samples of one letter differ in typeface, width, slant, turn, place, size, both colours of
//! the ground, its pattern and light, ink and finish, so that nobody would call two of them copies.
//!
//! Counts are exact: rounded, at least one of each from 200 samples on. All other samples have the area
//! of a square of 72 to 106 pixels, in the shapes that photos have. Classes follow Zipf's law with
//! exponent 1: a has 34 % of the samples, j 3.4 %.
//! Splits are 70 % train, 15 % val and 15 % test. A copy is made from its original's pixels before
//! their compression.
//!
//! Same options, same bytes, whatever the number of threads: every number comes from (seed, sample)
//! alone ([`random`]). Pixels are integer work. The few floating-point steps (a letter's pose, its
//! outline) use additions, multiplications, divisions and square roots only, which round alike on
//! every platform, and no library function; their results are rounded to 1/256 pixel or 8 bits.
//! A new version of the font, PNG or JPEG crates may change bytes: raise [`VERSION`] then.
//!
//! This room refuses to know the user interface, and writes nothing but the folder it is given.

mod change;
mod draw;
mod encode;
mod face;
mod fault;
mod plan;
mod random;
mod texture;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::jobs::{Cancelled, Control};
use face::Faces;
use plan::Plan;

pub use fault::Fault;

/// Samples that a demo has unless it is told otherwise.
pub const DEFAULT_SAMPLES: u32 = 3000;
/// The default seed.
pub const DEFAULT_SEED: u64 = 1;
/// The most samples: the plan of ten millions takes under 200 MB while it is made.
pub const MAX_SAMPLES: u32 = 10_000_000;
/// Raised when the same options give other files than before.
pub const VERSION: u32 = 2;

const DATASET: &str = "glyphs";
const TRUTH: &str = "truth.csv";
const MARKER: &str = "demo.json";
/// Holds what is being written until it is whole.
const PARTIAL: &str = "lenslet-demo.partial";
/// Locked in it by the program that writes, whose number it has.
const LOCK: &str = "writer.lock";

/// Where to write a demo, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoOptions {
    /// Folder for dataset and truth; made if it is not there.
    pub out: PathBuf,
    /// 1 to [`MAX_SAMPLES`].
    pub samples: u32,
    pub seed: u64,
}

impl DemoOptions {
    /// A demo below the program's data: each version, size and seed has a folder of its own, so that
    /// none is refused because of another.
    pub fn below(data: &Path, samples: u32, seed: u64) -> Self {
        let name = match (samples, seed) {
            (DEFAULT_SAMPLES, DEFAULT_SEED) => format!("demo-{VERSION}"),
            _ => format!("demo-{VERSION}-{samples}-{seed}"),
        };
        Self { out: data.join(name), samples, seed }
    }

    /// The default demo in that folder.
    pub fn new(out: impl Into<PathBuf>) -> Self {
        Self { out: out.into(), samples: DEFAULT_SAMPLES, seed: DEFAULT_SEED }
    }
}

/// A demo that is on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoReport {
    /// The dataset's folder, to open.
    pub dataset: PathBuf,
    /// The table of planted faults.
    pub truth: PathBuf,
    pub samples: u32,
    /// How many samples have each fault.
    pub faults: BTreeMap<Fault, u32>,
}

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("a demo needs 1 to {MAX_SAMPLES} samples, not {0}")]
    Samples(u32),
    #[error("{} has files in it; choose an empty or new folder for the demo", .0.display())]
    NotEmpty(PathBuf),
    #[error(
        "{} holds a demo of {samples} samples with seed {seed} in version {version} already, and this is \
         version {VERSION}; delete it or choose another folder",
        .path.display()
    )]
    AlreadyThere { path: PathBuf, samples: u32, seed: u64, version: u32 },
    #[error("{} is being written to by {writer}; wait for it or choose another folder", .path.display())]
    BeingWritten { path: PathBuf, writer: String },
    #[error("{} could not be {doing}: {source}", .path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    /// A bug: every picture made here fits its encoder.
    #[error("{} could not be encoded: {message}", .path.display())]
    Encode { path: PathBuf, message: String },
    #[error("cancelled")]
    Cancelled(#[from] Cancelled),
}

/// What `demo.json` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Marker {
    program: String,
    version: u32,
    samples: u32,
    seed: u64,
}

impl Marker {
    fn new(options: &DemoOptions) -> Self {
        let program = "lenslet demo".to_owned();
        Self { program, version: VERSION, samples: options.samples, seed: options.seed }
    }
}

/// What the target folder holds.
enum Target {
    /// Nothing, or it is not there.
    Free,
    /// A demo that was not finished.
    Unfinished,
    /// A whole demo.
    Demo(Marker),
}

/// The demo of these options: the one that is there, or else a new one. Images that a person has
/// since moved or deleted are not brought back.
pub fn ensure(options: &DemoOptions, control: &Control) -> Result<DemoReport, DemoError> {
    check(options)?;
    if let Some(report) = found(options, control)? {
        return Ok(report);
    }
    match write(options, control) {
        // Another program ended it meanwhile.
        Err(error @ DemoError::AlreadyThere { .. }) => found(options, control)?.ok_or(error),
        written => written,
    }
}

/// The whole demo of these options, if it is there.
fn found(options: &DemoOptions, control: &Control) -> Result<Option<DemoReport>, DemoError> {
    match look(&options.out)? {
        Target::Demo(marker) if marker == Marker::new(options) => {
            let plan = Plan::new(options.samples, options.seed);
            let report = report(options, &plan);
            if !report.truth.exists() {
                write_truth(&plan, &report.truth, control)?;
            }
            Ok(Some(report))
        }
        _ => Ok(None),
    }
}

/// Writes a demo into a folder that is empty or new, or holds an unfinished demo. Progress is in
/// samples. On an error or when cancelled it leaves nothing behind.
pub fn write(options: &DemoOptions, control: &Control) -> Result<DemoReport, DemoError> {
    check(options)?;
    refuse_whole(options, look(&options.out)?)?;
    let made_folder = !options.out.exists();
    let partial = options.out.join(PARTIAL);
    fs::create_dir_all(&partial).map_err(failed("made", &partial))?;
    let lock = lock(&options.out, &partial)?;
    let written = write_locked(options, &partial, control);
    // The lock is held until nothing is left to be mistaken for another program's. What cannot be
    // removed is found as unfinished later; the first error is the one to tell.
    let _ = fs::remove_dir_all(&partial);
    if written.is_err() && made_folder {
        let _ = fs::remove_dir(&options.out);
    }
    drop(lock);
    written
}

fn write_locked(options: &DemoOptions, partial: &Path, control: &Control) -> Result<DemoReport, DemoError> {
    // Looked at again now that nobody else writes: another program may have just ended its demo.
    refuse_whole(options, look(&options.out)?)?;
    for name in [DATASET, TRUTH, MARKER] {
        remove(&options.out.join(name))?;
        remove(&partial.join(name))?;
    }
    fill(options, partial, control)
}

fn refuse_whole(options: &DemoOptions, target: Target) -> Result<(), DemoError> {
    match target {
        Target::Free | Target::Unfinished => Ok(()),
        Target::Demo(Marker { samples, seed, version, .. }) => {
            Err(DemoError::AlreadyThere { path: options.out.clone(), samples, seed, version })
        }
    }
}

/// Says that this program writes here, unless another one does.
fn lock(out: &Path, partial: &Path) -> Result<fs::File, DemoError> {
    let path = partial.join(LOCK);
    let opened = fs::File::options().create(true).truncate(false).read(true).write(true).open(&path);
    // The one who ended a moment ago takes its folder away, and what was locked is gone with it.
    let ending = || {
        let writer = "another Lenslet that is just ending".to_owned();
        DemoError::BeingWritten { path: out.to_owned(), writer }
    };
    let mut file = match opened {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Err(ending()),
        opened => opened.map_err(failed("made", &path))?,
    };
    match file.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => {
            let number = fs::read_to_string(&path).unwrap_or_default();
            let number = number.trim();
            let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            let writer = if is_number {
                format!("another Lenslet (process {number})")
            } else {
                "another Lenslet".to_owned()
            };
            return Err(DemoError::BeingWritten { path: out.to_owned(), writer });
        }
        // Where there are no locks, the last one to begin wins.
        Err(fs::TryLockError::Error(cause)) => tracing::warn!("{}: {cause}", path.display()),
    }
    if !path.exists() {
        return Err(ending());
    }
    let noted = file.set_len(0).and_then(|()| file.write_all(std::process::id().to_string().as_bytes()));
    noted.map_err(failed("written", &path))?;
    Ok(file)
}

fn check(options: &DemoOptions) -> Result<(), DemoError> {
    let fits = (1..=MAX_SAMPLES).contains(&options.samples);
    if fits { Ok(()) } else { Err(DemoError::Samples(options.samples)) }
}

fn look(out: &Path) -> Result<Target, DemoError> {
    let entries = match fs::read_dir(out) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Target::Free),
        Err(error) => return Err(failed("opened as a folder", out)(error)),
    };
    let mut names = BTreeSet::new();
    for entry in entries {
        names.insert(entry.map_err(failed("listed", out))?.file_name());
    }
    let has = |name: &str| names.contains(std::ffi::OsStr::new(name));
    let known = [PARTIAL, DATASET, TRUTH, MARKER].into_iter().filter(|name| has(name)).count();
    let marker = if has(MARKER) { read_marker(&out.join(MARKER)) } else { None };
    match marker {
        _ if names.is_empty() => Ok(Target::Free),
        Some(marker) if has(DATASET) => Ok(Target::Demo(marker)),
        marker if known == names.len() && (has(PARTIAL) || marker.is_some()) => Ok(Target::Unfinished),
        _ => Err(DemoError::NotEmpty(out.to_owned())),
    }
}

/// The marker, if the file is one of ours.
fn read_marker(path: &Path) -> Option<Marker> {
    // Ours is about eighty bytes; a person's file of that name may be anything.
    let small = fs::metadata(path).ok()?.len() <= 4096;
    let marker: Marker = serde_json::from_slice(&small.then(|| fs::read(path).ok())??).ok()?;
    (marker.program == "lenslet demo").then_some(marker)
}

fn remove(path: &Path) -> Result<(), DemoError> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("removed", path)(error)),
        _ => Ok(()),
    }
}

/// Writes everything into `partial`, then moves it to its place, the marker last.
fn fill(options: &DemoOptions, partial: &Path, control: &Control) -> Result<DemoReport, DemoError> {
    control.set_total(u64::from(options.samples));
    control.set_stage("Planning the demo dataset");
    control.checkpoint()?;
    let plan = Plan::new(options.samples, options.seed);
    control.set_stage("Drawing the demo dataset");
    write_samples(&plan, &partial.join(DATASET), control)?;
    control.set_stage("Writing the table of planted faults");
    write_truth(&plan, &partial.join(TRUTH), control)?;
    let marker = partial.join(MARKER);
    let text = serde_json::to_vec(&Marker::new(options))
        .map_err(|error| failed("written", &marker)(error.into()))?;
    fs::write(&marker, text).map_err(failed("written", &marker))?;
    for name in [DATASET, TRUTH, MARKER] {
        let to = options.out.join(name);
        fs::rename(partial.join(name), &to).map_err(failed("moved to its place", &to))?;
    }
    Ok(report(options, &plan))
}

fn write_samples(plan: &Plan, dataset: &Path, control: &Control) -> Result<(), DemoError> {
    let folders: BTreeSet<_> =
        (0..plan.samples()).map(|sample| (plan.split(sample), plan.label(sample))).collect();
    for (split, label) in folders {
        let mut folder = dataset.join(split);
        if let Some(label) = label {
            folder.push(plan::class_name(label).to_string());
        }
        fs::create_dir_all(&folder).map_err(failed("made", &folder))?;
    }
    let faces = Faces::load();
    /// Samples between two moments in which a paused job may wait.
    const PIECE: usize = 1024;
    let write = |bench: &mut encode::Bench, sample: u32| -> Result<(), DemoError> {
        control.go_on()?;
        let path = dataset.join(plan.path(sample));
        let bytes = bench
            .make(plan, sample, &faces)
            .map_err(|message| DemoError::Encode { path: path.clone(), message })?;
        fs::write(&path, bytes).map_err(failed("written", &path))?;
        control.add(1);
        Ok(())
    };
    for first in (0..plan.samples()).step_by(PIECE) {
        control.checkpoint()?;
        let piece = first..plan.samples().min(first + PIECE as u32);
        piece.into_par_iter().with_min_len(32).try_for_each_init(encode::Bench::default, write)?;
    }
    Ok(())
}

fn write_truth(plan: &Plan, path: &Path, control: &Control) -> Result<(), DemoError> {
    let fail = |error: csv::Error| failed("written", path)(error.into());
    let mut table = csv::Writer::from_path(path).map_err(fail)?;
    table.write_record(["path", "class", "split", "label", "fault", "of", "detail"]).map_err(fail)?;
    let letter =
        |class: Option<usize>| class.map(|class| plan::class_name(class).to_string()).unwrap_or_default();
    for sample in 0..plan.samples() {
        if sample % 4096 == 0 {
            control.checkpoint()?;
        }
        for finding in plan.findings(sample) {
            let of = finding.of.map(|original| plan.path(original)).unwrap_or_default();
            table
                .write_record([
                    plan.path(sample).as_str(),
                    &letter(plan.shown(sample)),
                    plan.split(sample),
                    &letter(plan.label(sample)),
                    finding.fault.name(),
                    &of,
                    &finding.detail,
                ])
                .map_err(fail)?;
        }
    }
    table.flush().map_err(failed("written", path))
}

fn report(options: &DemoOptions, plan: &Plan) -> DemoReport {
    let mut faults = BTreeMap::new();
    for finding in (0..plan.samples()).flat_map(|sample| plan.findings(sample)) {
        *faults.entry(finding.fault).or_default() += 1;
    }
    DemoReport {
        dataset: options.out.join(DATASET),
        truth: options.out.join(TRUTH),
        samples: options.samples,
        faults,
    }
}

fn failed(doing: &'static str, path: &Path) -> impl Fn(io::Error) -> DemoError {
    move |source| DemoError::Io { doing, path: path.to_owned(), source }
}
