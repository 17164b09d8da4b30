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
//! folder that is there, the table comes last. This file refuses to know models and how pictures are made.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::ExportError;
use super::dataset::Consent;
use super::target::sync_all_below;
use crate::files::sync_folder;

/// The table's name.
pub const TABLE: &str = "samples.csv";

const COLUMNS: [&str; 10] =
    ["path", "synthetic", "label", "checkpoint", "weights", "step", "from", "seed", "number", "z"];
/// How the names of folders begin and end that are not finished.
const PART: (&str, &str) = (".samples-", ".part");

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
    part: tempfile::TempDir,
    table: csv::Writer<BufWriter<File>>,
    count: usize,
}

/// Refuses a folder in which `count` generated pictures would be mixed up with what is there. Cheap: call it
/// before the pictures are made.
pub fn check(target: &Path, consent: Consent, count: usize) -> Result<(), ExportError> {
    if target.is_file() {
        return Err(ExportError::NotAFolder(target.to_owned()));
    }
    let is_other = |entry: std::io::Result<std::fs::DirEntry>| {
        // What is left of one that was interrupted is nothing to lose.
        let is_part = |name: &str| name.starts_with(PART.0) && name.ends_with(PART.1);
        entry.is_ok_and(|entry| !entry.file_name().to_str().is_some_and(is_part))
    };
    let is_taken = std::fs::read_dir(target).is_ok_and(|entries| entries.into_iter().any(is_other));
    if is_taken && consent == Consent::Empty {
        return Err(ExportError::Refused(format!(
            "something is in this folder already; choose another, or replace what is there: {}",
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
        let part = tempfile::Builder::new().prefix(PART.0).suffix(PART.1).tempdir_in(beside);
        let part = part.map_err(failed(beside))?;
        let path = part.path().join(TABLE);
        let file = File::create(&path).map_err(failed(&path))?;
        let mut table = csv::Writer::from_writer(BufWriter::new(file));
        table.write_record(COLUMNS).map_err(|cause| failed(&path)(cause.into()))?;
        Ok(Self { target, provenance, part, table, count: 0 })
    }

    /// Adds pictures, in the order of their numbers in the folder.
    pub fn add(&mut self, drawn: &[Drawn<'_>]) -> Result<(), ExportError> {
        let Self { provenance, part, count, .. } = self;
        let write = |(at, drawn): (usize, &Drawn<'_>)| {
            let path = part.path().join(picture_name(*count + at));
            write_png(&path, drawn.pixels, provenance).map_err(failed(&path))
        };
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
    use crate::jobs::Control;

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
            folder.add(&[drawn])?;
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
        std::fs::write(target.join("notes.txt"), "mine").unwrap();
        write(&target, Consent::Overwrite, &[Some("x"); 4]).unwrap();
        let mut names: Vec<String> = std::fs::read_dir(&target)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let pictures = (0..4).map(picture_name);
        // In the order of their names.
        let expected: Vec<String> =
            ["notes.txt".to_owned()].into_iter().chain(pictures).chain([TABLE.to_owned()]).collect();
        assert_eq!(names, expected);
        // What is begun and not finished leaves nothing.
        let other = home.path().join("other");
        drop(SyntheticFolder::begin(&other, Consent::Empty, 1, provenance()).unwrap());
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1);
        let file = target.join("notes.txt");
        assert!(matches!(check(&file, Consent::Overwrite, 1), Err(ExportError::NotAFolder(_))));
    }
}
