//! A model on disk: a folder that appears whole or not at all.
//!
//! ```text
//! RUN/step-00000500/checkpoint.json        what it is: see [`About`]
//!                   encoder.safetensors    weights as PyTorch has them, see docs/training.md
//!                   decoder.safetensors
//!                   optimiser.safetensors  Adam's moments: `first.` and `second.` before each name
//! ```
//!
//! A folder is written under another name, forced to the disk and renamed; the last [`KEPT`] of a run stay.
//! JSON names the BLAKE3 of each file beside it, so that damage is told and not computed with. Sizes are
//! checked before memory is taken. This file refuses to know tensors' devices and samples.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, SafeTensors, View};
use serde::{Deserialize, Serialize};

use super::config::{Config, ConfigError, Shape, Weight};
use super::model::Numbers;
use crate::files::sync_folder;

/// Checkpoints of a run that stay.
pub const KEPT: usize = 2;
/// Written into each checkpoint; what it says changes with the number.
const FORMAT: u32 = 1;
const KIND: &str = "lenslet-vae";
const ABOUT: &str = "checkpoint.json";
const ENCODER: &str = "encoder.safetensors";
const DECODER: &str = "decoder.safetensors";
const OPTIMISER: &str = "optimiser.safetensors";
const PREFIX: &str = "step-";
/// The end of the names of folders that are not finished, or that give way.
const PART: &str = ".part";
/// The most bytes of `checkpoint.json`, and of a header of names and sizes beside the numbers.
const MAX_TEXT_BYTES: u64 = 4 << 20;
/// The version of burn, whose random numbers and order of adding the weights came by.
const BURN: &str = "0.22.1";

/// What a checkpoint is, beside its numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct About {
    pub kind: String,
    pub format: u32,
    pub lenslet: String,
    pub burn: String,
    pub config: Config,
    /// Where the samples came from: a whole path, or a pattern.
    pub source: String,
    /// [`Pack::fingerprint`](super::pack::Pack::fingerprint) of the samples.
    pub data: String,
    /// [`Pack::keys_hash`](super::pack::Pack::keys_hash) of the samples, where they are augmented: by their paths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<String>,
    /// Classes that the model is told, by number.
    pub class_names: Vec<String>,
    /// Steps that were made.
    pub step: u64,
    /// The last figures over held-out samples, if there are any.
    pub held_out: Option<Figures>,
    /// BLAKE3 of each file beside this one, in hexadecimal.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
}

/// What samples lose, in nats per sample.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Figures {
    /// −E[log p(x|z)].
    pub reconstruction: f64,
    /// KL(q(z|x) ‖ p(z)).
    pub divergence: f64,
}

impl Figures {
    /// The evidence's lower bound: −reconstruction − divergence.
    pub fn elbo(&self) -> f64 {
        -self.reconstruction - self.divergence
    }

    pub fn is_finite(&self) -> bool {
        self.reconstruction.is_finite() && self.divergence.is_finite()
    }
}

/// A model with what is needed to go on training it.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    pub about: About,
    /// In the order of [`Shape::weights`].
    pub weights: Numbers,
    /// Adam's first and second moments, in the same order.
    pub moments: [Numbers; 2],
}

/// Why a checkpoint cannot be read or written. Each sentence names the file last.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    #[error("there is no checkpoint here: {}", .0.display())]
    NotThere(PathBuf),
    #[error("this is no checkpoint of Lenslet ({why}): {}", .path.display())]
    Foreign { path: PathBuf, why: String },
    #[error("this checkpoint was written by a newer Lenslet (format {format}): {}", .path.display())]
    Newer { path: PathBuf, format: u32 },
    #[error("this checkpoint is damaged ({why}); one that is older may lie beside it: {}", .path.display())]
    Damaged { path: PathBuf, why: String },
    #[error("this checkpoint is of a model that cannot be built ({cause}): {}", .path.display())]
    Config { path: PathBuf, cause: ConfigError },
    #[error("a checkpoint could not be read or written ({cause}): {}", .path.display())]
    Io { path: PathBuf, cause: io::Error },
}

impl CheckpointError {
    fn io(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        move |cause| Self::Io { path: path.to_owned(), cause }
    }

    fn damaged(path: &Path, why: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), why: why.into() }
    }

    fn foreign(path: &Path, why: impl Into<String>) -> Self {
        Self::Foreign { path: path.to_owned(), why: why.into() }
    }
}

impl About {
    pub fn new(config: Config, source: String, data: String, class_names: Vec<String>) -> Self {
        Self {
            kind: KIND.to_owned(),
            format: FORMAT,
            lenslet: env!("CARGO_PKG_VERSION").to_owned(),
            burn: BURN.to_owned(),
            config,
            source,
            data,
            keys: None,
            class_names,
            step: 0,
            held_out: None,
            files: BTreeMap::new(),
        }
    }
}

impl Checkpoint {
    /// Writes it below a run's folder, which is made where it is not there, and gives where. Of older ones
    /// the newest stay.
    pub fn save(&self, run: &Path) -> Result<PathBuf, CheckpointError> {
        std::fs::create_dir_all(run).map_err(CheckpointError::io(run))?;
        mend(run);
        let target = place(run, self.about.step);
        let name = format!("{PREFIX}{:08}", self.about.step);
        // Dropping it on an early return removes it and what is in it.
        let part = tempfile::Builder::new().prefix(&format!(".{name}-")).suffix(PART).tempdir_in(run);
        let part = part.map_err(CheckpointError::io(run))?;
        let mut about = self.about.clone();
        about.files = self.write_numbers(part.path())?;
        let text = serde_json::to_vec_pretty(&about).map_err(io::Error::from);
        let path = part.path().join(ABOUT);
        text.and_then(|text| write(&path, &text)).map_err(CheckpointError::io(&path))?;
        sync_folder(part.path());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // What any new folder gets; the temporary one is the owner's alone.
            let shared = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(part.path(), shared).map_err(CheckpointError::io(part.path()))?;
        }
        // The same step again: the one that is there stays until this one is in its place.
        let old = run.join(format!(".{name}-old{PART}"));
        let is_there = target.exists();
        if is_there {
            std::fs::rename(&target, &old).map_err(CheckpointError::io(&target))?;
        }
        if let Err(cause) = std::fs::rename(part.path(), &target) {
            if is_there {
                let _ = std::fs::rename(&old, &target);
            }
            return Err(CheckpointError::io(&target)(cause));
        }
        // It is where it belongs: nothing is to be removed.
        let _ = part.keep();
        if is_there {
            let _ = std::fs::remove_dir_all(&old);
        }
        sync_folder(run);
        for (_, old) in checkpoints(run).into_iter().skip(KEPT) {
            if let Err(cause) = std::fs::remove_dir_all(&old) {
                tracing::warn!("an old checkpoint stays ({cause}): {}", old.display());
            }
        }
        Ok(target)
    }

    /// Writes the files of numbers and gives the BLAKE3 of each.
    fn write_numbers(&self, folder: &Path) -> Result<BTreeMap<String, String>, CheckpointError> {
        let weights = self.about.config.shape.weights();
        let mut files = BTreeMap::new();
        let of = |encoder: bool| {
            weights.iter().zip(&self.weights).filter(move |(weight, _)| weight.is_of_encoder() == encoder)
        };
        let plain = |encoder| {
            of(encoder).map(|(weight, numbers)| (weight.name.clone(), Kept::new(weight, numbers))).collect()
        };
        let moments = ["first", "second"].into_iter().zip(&self.moments).flat_map(|(which, numbers)| {
            weights.iter().zip(numbers).map(move |(weight, numbers)| {
                (format!("{which}.{}", weight.name), Kept::new(weight, numbers))
            })
        });
        let parts: [(&str, Vec<(String, Kept<'_>)>); 3] =
            [(ENCODER, plain(true)), (DECODER, plain(false)), (OPTIMISER, moments.collect())];
        for (name, tensors) in parts {
            let path = folder.join(name);
            let bytes =
                safetensors::serialize(tensors, None).map_err(|error| io::Error::other(error.to_string()));
            let bytes = bytes.map_err(CheckpointError::io(&path))?;
            write(&path, &bytes).map_err(CheckpointError::io(&path))?;
            files.insert(name.to_owned(), blake3::hash(&bytes).to_hex().to_string());
        }
        Ok(files)
    }

    /// Reads a checkpoint's folder, or the newest in a run's folder.
    pub fn load(path: &Path) -> Result<Self, CheckpointError> {
        let (folder, about) = look(path)?;
        let shape = &about.config.shape;
        let weights = shape.weights();
        let read = |name: &str| read_numbers(&folder.join(name), about.files.get(name), shape);
        let (encoder, decoder, optimiser) = (read(ENCODER)?, read(DECODER)?, read(OPTIMISER)?);
        let numbers = |bytes: &[u8], file: &str, wanted: &dyn Fn(&Weight) -> Option<String>| {
            let path = folder.join(file);
            let tensors = SafeTensors::deserialize(bytes)
                .map_err(|error| CheckpointError::damaged(&path, error.to_string()))?;
            let wanted = weights.iter().filter_map(|weight| Some((weight, wanted(weight)?)));
            wanted
                .map(|(weight, name)| numbers_of(&tensors, weight, &name, &path))
                .collect::<Result<Numbers, _>>()
        };
        let named = |of_encoder: bool| {
            move |weight: &Weight| (weight.is_of_encoder() == of_encoder).then(|| weight.name.clone())
        };
        let moment = |which: &'static str| move |weight: &Weight| Some(format!("{which}.{}", weight.name));
        let mut all = numbers(&encoder, ENCODER, &named(true))?;
        all.extend(numbers(&decoder, DECODER, &named(false))?);
        let moments = [
            numbers(&optimiser, OPTIMISER, &moment("first"))?,
            numbers(&optimiser, OPTIMISER, &moment("second"))?,
        ];
        Ok(Self { about, weights: all, moments })
    }

    /// BLAKE3 of the weights, in hexadecimal: what two checkpoints have in common that are one model.
    pub fn weights_hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for number in self.weights.iter().flatten() {
            hasher.update(&number.to_le_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// What of this model another one, which is told these classes, can begin with: numbers of the same name
    /// and size, and what does not fit. What is told of other classes does not, whatever its size.
    pub fn fitted_to(&self, shape: &Shape, class_names: &[String]) -> Fitted {
        let known = self.about.config.shape.weights();
        let is_of_classes = |weight: &Weight| shape.classes > 0 && weight.name.ends_with(".hidden.weight");
        let same_classes = self.about.class_names == class_names;
        let mut fitted = Fitted::default();
        for weight in shape.weights() {
            let found = known.iter().position(|known| known.name == weight.name);
            let is_fit =
                |at: &usize| known[*at].size == weight.size && (same_classes || !is_of_classes(&weight));
            match found.filter(is_fit) {
                Some(at) => fitted.numbers.push(Some(self.weights[at].clone())),
                None => {
                    fitted.numbers.push(None);
                    let found = found.map(|at| known[at].size.clone());
                    fitted.unfit.push(Unfit { name: weight.name, needed: weight.size, found });
                }
            }
        }
        fitted
    }
}

/// What a model can begin with of another one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fitted {
    /// In the order of [`Shape::weights`]; `None` where nothing fits.
    pub numbers: Vec<Option<Vec<f32>>>,
    pub unfit: Vec<Unfit>,
}

/// Weights that do not fit: they begin as in a new model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    pub name: String,
    pub needed: Vec<usize>,
    /// `None` where the other model has no such weights.
    pub found: Option<Vec<usize>>,
}

impl std::fmt::Display for Unfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let size = |size: &[usize]| size.iter().map(usize::to_string).collect::<Vec<_>>().join("×");
        match &self.found {
            Some(found) if *found == self.needed => write!(f, "{} (other classes)", self.name),
            Some(found) => write!(f, "{} ({} there, {} needed)", self.name, size(found), size(&self.needed)),
            None => write!(f, "{} (not there)", self.name),
        }
    }
}

/// The checkpoint's folder that a path means: itself, or the newest in a run's folder.
pub fn find(path: &Path) -> Result<PathBuf, CheckpointError> {
    match is_one(path) {
        true => Ok(path.to_owned()),
        false => newest(path).ok_or_else(|| nothing_here(path)),
    }
}

/// What the checkpoint that a path means says of itself, and its folder: nothing of its numbers is read.
pub fn look(path: &Path) -> Result<(PathBuf, About), CheckpointError> {
    let folder = find(path)?;
    let about = read_about(&folder.join(ABOUT))?;
    Ok((folder, about))
}

/// Where a run's checkpoint of a step is.
pub fn place(run: &Path, step: u64) -> PathBuf {
    run.join(format!("{PREFIX}{step:08}"))
}

/// Whether a name in a run's folder is of a checkpoint that was not finished.
pub fn is_part(name: &std::ffi::OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with(&format!(".{PREFIX}")) && name.ends_with(PART))
}

/// Removes what is left of checkpoints that a kill interrupted. One that gave way to another of the same
/// step that is not there goes back to its place.
pub fn mend(run: &Path) {
    let Ok(entries) = std::fs::read_dir(run) else { return };
    for entry in entries.flatten().filter(|entry| is_part(&entry.file_name())) {
        let (path, name) = (entry.path(), entry.file_name());
        let replaced = name.to_str().and_then(|name| name.strip_prefix('.')?.strip_suffix("-old.part"));
        match replaced.map(|name| run.join(name)).filter(|target| !target.exists()) {
            Some(target) => drop(std::fs::rename(&path, target)),
            None => drop(std::fs::remove_dir_all(&path)),
        }
    }
}

/// Whether there is a checkpoint in a run's folder, or is one.
pub fn is_there(path: &Path) -> bool {
    is_one(path) || newest(path).is_some()
}

/// Whether a folder is a checkpoint.
pub fn is_one(path: &Path) -> bool {
    path.join(ABOUT).exists()
}

/// The newest checkpoint of a run's folder.
pub fn newest(run: &Path) -> Option<PathBuf> {
    checkpoints(run).into_iter().next().map(|(_, path)| path)
}

/// The checkpoints of a run's folder, the newest first.
fn checkpoints(run: &Path) -> Vec<(u64, PathBuf)> {
    let Ok(entries) = std::fs::read_dir(run) else { return Vec::new() };
    let step = |entry: io::Result<std::fs::DirEntry>| {
        let path = entry.ok()?.path();
        let step = path.file_name()?.to_str()?.strip_prefix(PREFIX)?.parse().ok()?;
        path.join(ABOUT).exists().then_some((step, path))
    };
    let mut found: Vec<(u64, PathBuf)> = entries.filter_map(step).collect();
    found.sort_by(|one, two| two.cmp(one));
    found
}

fn nothing_here(path: &Path) -> CheckpointError {
    if path.is_file() {
        return CheckpointError::foreign(path, "name the folder that checkpoint.json is in, or the run's");
    }
    CheckpointError::NotThere(path.to_owned())
}

fn read_about(path: &Path) -> Result<About, CheckpointError> {
    #[derive(Deserialize)]
    struct Head {
        kind: String,
        format: u32,
    }
    let bytes = read_at_most(path, MAX_TEXT_BYTES)?;
    let head: Head =
        serde_json::from_slice(&bytes).map_err(|error| CheckpointError::foreign(path, error.to_string()))?;
    if head.kind != KIND {
        return Err(CheckpointError::foreign(path, format!("it says “{}”", head.kind)));
    }
    if head.format > FORMAT {
        return Err(CheckpointError::Newer { path: path.to_owned(), format: head.format });
    }
    let about: About =
        serde_json::from_slice(&bytes).map_err(|error| CheckpointError::damaged(path, error.to_string()))?;
    let config = |cause| CheckpointError::Config { path: path.to_owned(), cause };
    about.config.check().map_err(config)?;
    if about.class_names.len() < about.config.shape.classes {
        return Err(CheckpointError::damaged(path, "classes have no names"));
    }
    Ok(about)
}

/// A file of numbers, whose content is what was written.
fn read_numbers(path: &Path, written: Option<&String>, shape: &Shape) -> Result<Vec<u8>, CheckpointError> {
    // No file has more than both moments of all weights.
    let most = shape.parameters() * 8 + MAX_TEXT_BYTES;
    let bytes = read_at_most(path, most)?;
    let found = blake3::hash(&bytes).to_hex();
    if written.map(String::as_str) != Some(found.as_str()) {
        return Err(CheckpointError::damaged(path, "it is not what was written"));
    }
    Ok(bytes)
}

fn read_at_most(path: &Path, most: u64) -> Result<Vec<u8>, CheckpointError> {
    let file = match File::open(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            return Err(CheckpointError::damaged(path, "the file is missing"));
        }
        other => other.map_err(CheckpointError::io(path))?,
    };
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(CheckpointError::io(path))?;
    if bytes.len() as u64 > most {
        return Err(CheckpointError::damaged(path, "it is larger than such a file can be"));
    }
    Ok(bytes)
}

fn numbers_of(
    tensors: &SafeTensors<'_>,
    weight: &Weight,
    name: &str,
    path: &Path,
) -> Result<Vec<f32>, CheckpointError> {
    let view =
        tensors.tensor(name).map_err(|_| CheckpointError::damaged(path, format!("{name} is missing")))?;
    if view.dtype() != Dtype::F32 || view.shape() != weight.size {
        return Err(CheckpointError::damaged(path, format!("{name} has another size or type")));
    }
    let numbers: Vec<f32> =
        view.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    if numbers.iter().any(|number| !number.is_finite()) {
        return Err(CheckpointError::damaged(path, format!("{name} has numbers that are none")));
    }
    Ok(numbers)
}

/// Writes a file and forces it to the disk.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Numbers as safetensors takes them.
struct Kept<'a> {
    size: &'a [usize],
    numbers: &'a [f32],
}

impl<'a> Kept<'a> {
    fn new(weight: &'a Weight, numbers: &'a [f32]) -> Self {
        Self { size: &weight.size, numbers }
    }
}

impl View for Kept<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        self.size
    }

    fn data(&self) -> Cow<'_, [u8]> {
        self.numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    fn data_len(&self) -> usize {
        self.numbers.len() * 4
    }
}

#[cfg(test)]
mod tests;
