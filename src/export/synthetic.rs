//! Generated pictures as a dataset of their own: a folder of PNGs and a table that says of each that it is
//! synthetic and what it came from. Opened again, all of that are columns of the samples.
//!
//! `samples.csv`, a row for each picture:
//!
//! | column | what |
//! | --- | --- |
//! | `path` | the picture beside the table |
//! | `synthetic` | `true` |
//! | `label` | the class that was asked for, where the model is told classes |
//! | `checkpoint`, `weights`, `step` | the model: its folder, the BLAKE3 of its weights, its training steps |
//! | `from` | what the latent came from: `prior` or `posterior` |
//! | `seed`, `number` | the draw, and the place in it |
//! | `z` | the latent, each number so that it reads back as the same 32 bits |
//!
//! All of it is written in a folder of another name first. A new folder appears whole or not at all; in a
//! folder that is there, the table comes last. Whoever is stopped removes what was begun; what is left of one
//! that was killed is removed by the next one with the same target. Its name says which target that is, and a
//! lock on its table whether somebody is still writing there; a table that has its heading was locked before that.
//! This file refuses to know models and how pictures
//! are made.

use std::collections::HashSet;
use std::fs::{File, TryLockError};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rayon::prelude::*;

use super::ExportError;
use super::dataset::Consent;
use super::target::{sync_all_below, whole};
use crate::files::sync_folder;
use crate::jobs::Control;

/// The table's name.
pub const TABLE: &str = "samples.csv";

const COLUMNS: [&str; 10] =
    ["path", "synthetic", "label", "checkpoint", "weights", "step", "from", "seed", "number", "z"];
/// How the names of folders begin and end that are not finished; between the two are [`NAMED`] letters that
/// follow from the target, where the folder lies beside that, and some by chance.
const PART: (&str, &str) = (".samples-", ".part");
const NAMED: usize = 16;
/// Letters by chance, none of them a dash.
const BY_CHANCE: usize = 6;
/// How long after a folder was begun its table may still be about to be locked.
const BEGINNING: Duration = Duration::from_secs(60);

/// The model that pictures came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// The checkpoint's folder.
    pub checkpoint: String,
    /// BLAKE3 of its weights, in hexadecimal.
    pub weights: String,
    pub step: u64,
    /// Side of each picture, in pixels, and values of a pixel: 1 or 3.
    pub size: usize,
    pub channels: usize,
}

/// A generated picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawn<'a> {
    /// `size × size × channels` bytes.
    pub pixels: &'a [u8],
    pub latent: &'a [f32],
    /// The class that was asked for, if the model is told classes.
    pub label: Option<&'a str>,
    /// What the latent came from: `prior` or `posterior`
    pub from: &'a str,
    /// The draw, and the place in it.
    pub seed: u64,
    pub number: u64,
}

/// A folder of generated pictures that is being written. Dropping it before [`finish`](Self::finish) leaves
/// nothing of it.
pub struct SyntheticFolder {
    target: PathBuf,
    provenance: Provenance,
    // Before the folder that it is in, which is removed after it is closed.
    table: csv::Writer<BufWriter<File>>,
    part: tempfile::TempDir,
    count: usize,
}

/// Refuses a folder in which `count` generated pictures would be mixed up with what is there: with anything,
/// or where they may replace what is there with what is no generated picture of an earlier time. Cheap but for
/// a table that is to be replaced, which is read: call it before the pictures are made.
pub fn check(target: &Path, consent: Consent, count: usize) -> Result<(), ExportError> {
    if target.is_file() {
        return Err(ExportError::NotAFolder(target.to_owned()));
    }
    let Ok(entries) = std::fs::read_dir(target) else { return Ok(()) };
    // What is left of one that was interrupted is nothing to lose.
    let there: Vec<_> = entries.flatten().filter(|entry| !is_part(&entry.path())).collect();
    if !there.is_empty() && consent == Consent::Empty {
        return Err(ExportError::Refused(format!(
            "something is in this folder already; choose another, or replace what is there: {}",
            target.display()
        )));
    }
    let ours = if there.is_empty() { HashSet::new() } else { written(target) };
    let is_other = |entry: &&std::fs::DirEntry| {
        let is_ours = entry.file_name().to_str().is_some_and(|name| ours.contains(name));
        !is_ours || !entry.file_type().is_ok_and(|kind| kind.is_file())
    };
    if let Some(other) = there.iter().find(is_other) {
        return Err(ExportError::Refused(format!(
            "{} in this folder is no generated picture, and nothing else is replaced; choose another: {}",
            other.file_name().display(),
            target.display()
        )));
    }
    if target.join(picture_name(count)).exists() {
        return Err(ExportError::Refused(format!(
            "there are more pictures in this folder than are drawn; choose another: {}",
            target.display()
        )));
    }
    Ok(())
}

/// The names of files that were written to a target: those that its table tells of, and the table of one that
/// was killed while it replaced them.
fn written(target: &Path) -> HashSet<String> {
    let mut names = HashSet::new();
    let parts = leftovers(target, "").into_iter().map(|part| part.join(TABLE));
    for table in std::iter::once(target.join(TABLE)).chain(parts) {
        let Ok(mut table) = csv::Reader::from_path(&table) else { continue };
        if table.headers().is_ok_and(|heading| *heading == COLUMNS[..]) {
            names.insert(TABLE.to_owned());
            let mut row = csv::StringRecord::new();
            while table.read_record(&mut row).is_ok_and(|is_there| is_there) {
                names.extend(row.get(0).map(str::to_owned));
            }
        }
    }
    names
}

/// Whether a path is of a folder that is not finished, or what is left of one.
fn is_part(path: &Path) -> bool {
    named(path, "") && path.symlink_metadata().is_ok_and(|about| about.is_dir())
}

/// Whether a folder has the name of one that is not finished, with this after the beginning.
fn named(path: &Path, after: &str) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let between = name.and_then(|name| name.strip_prefix(PART.0)?.strip_suffix(PART.1));
    let by_chance = between.and_then(|between| match after {
        // In the target itself, whichever form its name has.
        "" => between.rsplit('-').next(),
        after => between.strip_prefix(after)?.strip_prefix('-'),
    });
    by_chance.is_some_and(|rest| {
        rest.len() == BY_CHANCE && rest.bytes().all(|letter| letter.is_ascii_alphanumeric())
    })
}

/// The letters that follow from a target.
fn letters(target: &Path) -> String {
    let path = whole(target);
    let mut letters = blake3::hash(path.as_os_str().as_encoded_bytes()).to_hex().to_string();
    letters.truncate(NAMED);
    letters
}

/// The folders that were begun in a folder and not finished.
fn leftovers(folder: &Path, after: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| named(path, after) && is_part(path)).collect()
}

/// Removes what is left of those that were killed; one that somebody is still writing stays.
fn remove_leftovers(folder: &Path, after: &str) {
    for part in leftovers(folder, after) {
        let removed = match File::open(part.join(TABLE)) {
            // It has no heading yet: it may be about to be locked, and whoever tries the lock would be in the way.
            Ok(table) if is_empty(&table) && is_young(&part) => continue,
            Ok(table) => match table.try_lock_shared() {
                Err(TryLockError::WouldBlock) => continue,
                // Where there are no locks nobody can tell, and a killed one is the likelier.
                Ok(()) | Err(TryLockError::Error(_)) => {
                    drop(table);
                    std::fs::remove_dir_all(&part)
                }
            },
            Err(_) if is_young(&part) => continue,
            // It was killed before there was anything in it.
            Err(_) => std::fs::remove_dir(&part),
        };
        if let Err(cause) = removed {
            tracing::warn!("what an interrupted run left stays ({cause}): {}", part.display());
        }
    }
}

fn is_empty(table: &File) -> bool {
    table.metadata().is_ok_and(|about| about.len() == 0)
}

/// Whether a folder was changed so short a while ago that whoever made it may have only begun. One whose time is
/// not known is none, and one of the future is.
fn is_young(folder: &Path) -> bool {
    let changed = folder.metadata().and_then(|about| about.modified());
    changed.is_ok_and(|changed| changed.elapsed().map_or(true, |age| age < BEGINNING))
}

fn picture_name(at: usize) -> String {
    format!("sample-{at:06}.png")
}

impl SyntheticFolder {
    /// Begins a folder for `count` pictures. That it does not lie in a dataset is for the caller to
    /// [check](super::check_target).
    pub fn begin(
        target: &Path,
        consent: Consent,
        count: usize,
        provenance: Provenance,
    ) -> Result<Self, ExportError> {
        check(target, consent, count)?;
        let target = std::path::absolute(target).map_err(failed(target))?;
        let Some(parent) = target.parent() else { return Err(ExportError::NoName(target)) };
        // In the folder itself where it is there, which may be all that can be written to.
        let beside = if target.exists() { target.as_path() } else { parent };
        std::fs::create_dir_all(beside).map_err(failed(beside))?;
        let letters = letters(&target);
        remove_leftovers(parent, &letters);
        // Without its table, what is left in the folder is what tells that the pictures there are ours.
        if target.join(TABLE).exists() || !target.join(picture_name(0)).exists() {
            remove_leftovers(&target, "");
        }
        let prefix = format!("{}{letters}-", PART.0);
        let mut part = tempfile::Builder::new();
        part.prefix(&prefix).rand_bytes(BY_CHANCE).suffix(PART.1);
        let part = part.tempdir_in(beside).map_err(failed(beside))?;
        let path = part.path().join(TABLE);
        let file = File::create(&path).map_err(failed(&path))?;
        if let Err(error) = file.try_lock() {
            tracing::debug!("a table is written without a lock: {error}");
        }
        let mut table = csv::Writer::from_writer(BufWriter::new(file));
        table.write_record(COLUMNS).map_err(|cause| failed(&path)(cause.into()))?;
        // What has a heading on the disk was locked, and is nobody's once it is not.
        table.flush().map_err(failed(&path))?;
        Ok(Self { target, provenance, part, table, count: 0 })
    }

    /// Adds pictures, in the order of their numbers in the folder.
    pub fn add(&mut self, drawn: &[Drawn<'_>], control: &Control) -> Result<(), ExportError> {
        let Self { provenance, part, count, .. } = self;
        let write = |(at, drawn): (usize, &Drawn<'_>)| {
            control.go_on()?;
            let path = part.path().join(picture_name(*count + at));
            write_png(&path, drawn.pixels, provenance).map_err(failed(&path))
        };
        control.checkpoint()?;
        drawn.par_iter().enumerate().try_for_each(write)?;
        for (at, drawn) in drawn.iter().enumerate() {
            let z = drawn.latent.iter().map(f32::to_string).collect::<Vec<_>>().join(" ");
            let row = [
                picture_name(self.count + at),
                "true".to_owned(),
                drawn.label.unwrap_or_default().to_owned(),
                self.provenance.checkpoint.clone(),
                self.provenance.weights.clone(),
                self.provenance.step.to_string(),
                drawn.from.to_owned(),
                drawn.seed.to_string(),
                drawn.number.to_string(),
                z,
            ];
            self.table.write_record(row).map_err(|cause| failed(self.part.path())(cause.into()))?;
        }
        self.count += drawn.len();
        Ok(())
    }

    /// Puts everything in its place, durable.
    pub fn finish(self) -> Result<(), ExportError> {
        let Self { target, part, table, count, .. } = self;
        let file = table.into_inner().map_err(|error| failed(part.path())(error.into_error()))?;
        let file = file.into_inner().map_err(|error| failed(part.path())(error.into_error()))?;
        file.sync_all().map_err(failed(part.path()))?;
        // The lock is held until all is in its place; but where a folder with an open file in it cannot be renamed.
        let lock = (!cfg!(windows)).then_some(file);
        let names = || (0..count).map(picture_name).chain([TABLE.to_owned()]);
        if !sync_all_below(part.path()) {
            for name in names() {
                let path = part.path().join(name);
                File::open(&path).and_then(|file| file.sync_all()).map_err(failed(&path))?;
            }
        }
        sync_folder(part.path());
        if target.exists() {
            // A table of the pictures that were there would lie about the new ones.
            let old = target.join(TABLE);
            if old.exists() {
                std::fs::remove_file(&old).map_err(failed(&old))?;
                sync_folder(&target);
            }
            // Pictures of the same names are replaced one by one, and the table that tells of them last.
            for name in names() {
                let to = target.join(&name);
                std::fs::rename(part.path().join(&name), &to).map_err(failed(&to))?;
            }
            drop(lock);
            drop(part);
            remove_leftovers(&target, "");
            sync_folder(&target);
            return Ok(());
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // What any new folder gets; the temporary one is the owner's alone.
            let shared = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(part.path(), shared).map_err(failed(part.path()))?;
        }
        std::fs::rename(part.path(), &target).map_err(failed(&target))?;
        // It is where it belongs: nothing is to be removed.
        let _ = part.keep();
        drop(lock);
        if let Some(parent) = target.parent() {
            sync_folder(parent);
        }
        Ok(())
    }
}

/// What makes an error at a path of the system's.
fn failed(path: &Path) -> impl Fn(std::io::Error) -> ExportError + '_ {
    move |cause| ExportError::io(path, cause)
}

fn write_png(path: &Path, pixels: &[u8], provenance: &Provenance) -> std::io::Result<()> {
    let colour = match provenance.channels {
        1 => image::ExtendedColorType::L8,
        _ => image::ExtendedColorType::Rgb8,
    };
    let side = provenance.size as u32;
    let mut out = BufWriter::new(File::create(path)?);
    let encoder = image::codecs::png::PngEncoder::new(&mut out);
    image::ImageEncoder::write_image(encoder, pixels, side, side, colour).map_err(std::io::Error::other)?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import;

    fn provenance() -> Provenance {
        Provenance {
            checkpoint: "/runs/train".into(),
            weights: "ab".repeat(32),
            step: 1,
            size: 4,
            channels: 1,
        }
    }

    /// Writes pictures of these labels.
    fn write(target: &Path, consent: Consent, labels: &[Option<&str>]) -> Result<(), ExportError> {
        let mut folder = SyntheticFolder::begin(target, consent, labels.len(), provenance())?;
        for (at, label) in labels.iter().enumerate() {
            let (pixels, latent) = ([at as u8 * 40; 16], [0.1 + at as f32, -1.0 / 3.0]);
            let (label, number) = (*label, at as u64);
            let drawn = Drawn { pixels: &pixels, latent: &latent, label, from: "prior", seed: 1, number };
            folder.add(&[drawn], &Control::new())?;
        }
        folder.finish()
    }

    #[test]
    fn opened_again_pictures_say_what_they_are() {
        let home = tempfile::tempdir().unwrap();
        for (name, labels) in [
            ("told", &[Some("a"), Some("b"), Some("a")][..]),
            // Columns of 0 and 1 are no labels here.
            ("untold", &[None, None]),
        ] {
            let target = home.path().join(name);
            write(&target, Consent::Empty, labels).unwrap();
            let opened = import::open(target.to_str().unwrap(), &Control::new()).unwrap();
            let dataset = opened.dataset;
            assert!(opened.issues.is_empty(), "{:?}", opened.issues);
            assert_eq!((dataset.layout, dataset.len()), (crate::dataset::Layout::Manifest, labels.len()));
            let value = |name: &str, at: usize| {
                let found = dataset.attributes.iter().find(|attribute| attribute.name == name);
                found.unwrap_or_else(|| panic!("{name}")).values.get(at).to_owned()
            };
            for (at, label) in labels.iter().enumerate() {
                assert_eq!(dataset.path(at as u32), picture_name(at));
                assert_eq!(dataset.labels.names(at as u32).next(), *label);
                assert_eq!(dataset.split(at as u32), None, "a run called train makes no split");
                assert_eq!(value("synthetic", at), "true");
                assert_eq!((value("from", at), value("number", at)), ("prior".into(), at.to_string()));
                let z: Vec<f32> = value("z", at).split(' ').map(|number| number.parse().unwrap()).collect();
                assert_eq!(z, [0.1 + at as f32, -1.0 / 3.0], "every bit of it");
            }
        }
    }

    #[test]
    fn a_folder_is_new_or_asked_to_be_replaced() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("deep/out");
        write(&target, Consent::Empty, &[None; 3]).unwrap();
        let refused = |consent, count| write(&target, consent, &vec![None; count]).unwrap_err().to_string();
        assert!(refused(Consent::Empty, 3).contains("already"));
        assert!(refused(Consent::Overwrite, 2).contains("more pictures"));
        write(&target, Consent::Overwrite, &[Some("x"); 4]).unwrap();
        let names = |folder: &Path| {
            let entries = std::fs::read_dir(folder).unwrap();
            let mut names: Vec<String> =
                entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        };
        let expected: Vec<String> = (0..4).map(picture_name).chain([TABLE.to_owned()]).collect();
        assert_eq!(names(&target), expected);
        // What is begun and not finished leaves nothing.
        let other = home.path().join("other");
        drop(SyntheticFolder::begin(&other, Consent::Empty, 1, provenance()).unwrap());
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1);
        let file = target.join(TABLE);
        assert!(matches!(check(&file, Consent::Overwrite, 1), Err(ExportError::NotAFolder(_))));
    }

    #[test]
    fn only_what_was_written_here_before_is_replaced() {
        let home = tempfile::tempdir().unwrap();
        type Put<'a> = &'a dyn Fn(&Path);
        let mine: [(&str, Put<'_>); 5] = [
            ("a file of another name", &|target| std::fs::write(target.join("notes.txt"), "mine").unwrap()),
            // Its name is like ours, but no table tells of it.
            ("a picture", &|target| std::fs::write(target.join(picture_name(2)), "mine").unwrap()),
            ("a folder", &|target| std::fs::create_dir(target.join("sample-000001")).unwrap()),
            ("another table", &|target| std::fs::write(target.join(TABLE), "path,label\na.png,b\n").unwrap()),
            ("no table", &|target| std::fs::remove_file(target.join(TABLE)).unwrap()),
        ];
        for (at, (what, put)) in mine.into_iter().enumerate() {
            let target = home.path().join(at.to_string());
            write(&target, Consent::Empty, &[None; 2]).unwrap();
            write(&target, Consent::Overwrite, &[None; 2]).unwrap();
            put(&target);
            let refused = write(&target, Consent::Overwrite, &[None; 3]).unwrap_err().to_string();
            assert!(refused.contains("no generated picture"), "{what}: {refused}");
        }
    }

    #[test]
    fn what_a_killed_run_left_is_removed_by_the_next_with_that_target() {
        let home = tempfile::tempdir().unwrap();
        let (target, other) = (home.path().join("a"), home.path().join("b"));
        let parts = |folder: &Path| {
            let mut parts = leftovers(folder, "");
            parts.sort();
            parts
        };
        // As a kill leaves it: nothing removes it, and nobody holds its lock.
        let killed = |target: &Path, consent| {
            let mut folder = SyntheticFolder::begin(target, consent, 2, provenance()).unwrap();
            let drawn =
                Drawn { pixels: &[0; 16], latent: &[0.5], label: None, from: "prior", seed: 1, number: 0 };
            folder.add(&[drawn], &Control::new()).unwrap();
            folder.table.flush().unwrap();
            let SyntheticFolder { part, table, .. } = folder;
            drop(table);
            part.keep()
        };
        let (of_target, of_other) = (killed(&target, Consent::Empty), killed(&other, Consent::Empty));
        // Names that are not ours stay, whatever is in them.
        for name in [".samples-mine.part", ".samples-0123456789abcdef-abcdefg.part", ".samples-x"] {
            std::fs::create_dir(home.path().join(name)).unwrap();
        }
        assert!(is_part(&of_target) && is_part(&of_other));
        write(&target, Consent::Empty, &[None; 2]).unwrap();
        assert!(!of_target.exists() && of_other.exists());
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 5);
        // One that may be about to be locked stays for a while.
        let begun = home.path().join(format!("{}{}-abcdef{}", PART.0, letters(&target), PART.1));
        std::fs::create_dir(&begun).unwrap();
        write(&target, Consent::Overwrite, &[None; 2]).unwrap();
        assert!(begun.exists());
        File::create(begun.join(TABLE)).unwrap();
        write(&target, Consent::Overwrite, &[None; 2]).unwrap();
        assert!(begun.exists());
        if cfg!(unix) {
            let long_ago = std::time::SystemTime::now() - 2 * BEGINNING;
            File::open(&begun).unwrap().set_modified(long_ago).unwrap();
            write(&target, Consent::Overwrite, &[None; 2]).unwrap();
            assert!(!begun.exists());
        }
        // In a folder that is there; one that is still being written stays.
        killed(&target, Consent::Overwrite);
        let writing = SyntheticFolder::begin(&target, Consent::Overwrite, 2, provenance()).unwrap();
        assert_eq!(parts(&target), [writing.part.path().to_owned()]);
        write(&target, Consent::Overwrite, &[None; 2]).unwrap();
        assert_eq!(parts(&target), [writing.part.path().to_owned()]);
        drop(writing);
        assert!(parts(&target).is_empty());
        // Killed while pictures were replaced: the table is gone, and what was left tells whose they are.
        killed(&target, Consent::Overwrite);
        std::fs::remove_file(target.join(TABLE)).unwrap();
        std::fs::remove_file(target.join(picture_name(1))).unwrap();
        write(&target, Consent::Overwrite, &[None; 2]).unwrap();
        assert!(parts(&target).is_empty());
    }

    #[test]
    fn who_is_stopped_leaves_nothing() {
        let home = tempfile::tempdir().unwrap();
        let mut folder =
            SyntheticFolder::begin(&home.path().join("out"), Consent::Empty, 1, provenance()).unwrap();
        let drawn =
            Drawn { pixels: &[0; 16], latent: &[0.5], label: None, from: "prior", seed: 1, number: 0 };
        let control = Control::new();
        control.cancel();
        assert!(matches!(folder.add(&[drawn], &control), Err(ExportError::Cancelled(_))));
        drop(folder);
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
    }
}
