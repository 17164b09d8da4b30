//! Tar shards: the same ones without the samples that go, or new ones of any dataset.
//!
//! A new shard holds a split's samples, each as `00000042.jpg`, with its class's number in
//! `00000042.cls` where it has one label, and all else that is known in `00000042.json`.
//! `classes.txt` beside the shards names the classes in the order of their numbers.

use std::collections::HashMap;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

use super::draft::{Draft, Make, Told, Work, unpacked};
use super::folder::packed_warnings;
use super::layouts::{is_row, list_source};
use super::names::{Taken, parts, safe_name};
use super::write::{Failure, Out, content, stored};
use super::{Linking, Options};
use crate::dataset::query::Snapshot;
use crate::dataset::{ContainerKind, NO_SPLIT, SampleId};
use crate::export::ExportError;
use crate::import::folder::shard_stem;
use crate::import::names::{is_image_name, split_in, split_path};
use crate::import::webdataset::{groups, is_label_key, is_names_file, names_beside};
use crate::import::{ReadError, Tree};
use crate::jobs::Control;
use crate::media;
use crate::text::counted;

/// Bytes that a member takes beside its content: its header, and what fills its last block.
const MEMBER_OVERHEAD: u64 = 768;

/// What a small member holds, about.
const DESCRIPTION_BYTES: u64 = 2 * (MEMBER_OVERHEAD + 100);

/// A tar that is written entry by entry.
pub fn append(
    tar: &mut tar::Builder<impl Write>,
    name: &str,
    bytes: &[u8],
    modified_ms: i64,
) -> Result<(), Failure> {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    header.set_mtime(u64::try_from(modified_ms / 1000).unwrap_or(0));
    Ok(tar.append_data(&mut header, name, bytes)?)
}

/// The same shards with all members of the samples that stay.
pub fn same(draft: &mut Draft, control: &Control) -> Result<(), ExportError> {
    list_source(draft, control)?;
    let dataset = draft.snapshot.dataset.clone();
    let kept: HashMap<&str, SampleId> =
        draft.samples.iter().map(|sample| (dataset.path(*sample), *sample)).collect();
    let Some(tree) = &draft.tree else { return Ok(()) };
    let mut shards: Vec<(String, u64, OldShard)> = Vec::new();
    let mut last = None;
    let mut pictures = 0;
    for group in groups(tree, usize::MAX) {
        let Some(first) = group.members.first().map(|file| *file as usize) else { continue };
        let sample = group.image.map(|image| kept.get(tree.path(image as usize)).copied());
        let stays = sample.map_or_else(|| is_names_file(tree.path(first)), |sample| sample.is_some());
        if !stays {
            continue;
        }
        pictures += usize::from(group.image.is_some());
        let container = tree.place(first).container;
        if last != Some(container) {
            last = Some(container);
            let own = &tree.containers[container as usize];
            let path = tree.split_archive(first).0.unwrap_or(&own.path);
            let shard = OldShard { groups: Vec::new(), is_gzipped: own.kind == ContainerKind::TarGz };
            shards.push((unpacked(path, false), 1024, shard));
        }
        if let Some((_, bytes, shard)) = shards.last_mut() {
            let members = group.members.iter().map(|file| tree.bytes(*file as usize));
            *bytes =
                members.fold(*bytes, |all, size| all.saturating_add(size).saturating_add(MEMBER_OVERHEAD));
            shard.groups.push((sample.flatten(), group.members));
        }
    }
    let loose_names: Vec<usize> = (0..tree.len())
        .filter(|file| tree.place(*file).is_loose() && is_names_file(tree.path(*file)))
        .collect();
    let beside = names_beside(tree);
    if pictures < draft.samples.len() {
        let lost = counted((draft.samples.len() - pictures) as u64, "sample");
        draft.refuse(format!("{lost} are not in the shards any more; rescan the dataset."));
    }
    for (path, bytes, shard) in shards {
        draft.made(path, bytes, shard);
    }
    for file in loose_names {
        draft.beside(file);
    }
    if let Some(text) = beside {
        draft.made("classes.txt".into(), text.len() as u64, Text(text));
    }
    Ok(())
}

/// A shard of the source without some of its members.
#[derive(Debug)]
struct OldShard {
    /// Samples and their members, files of the tree, in the shard's order. Names of classes are no
    /// sample's.
    groups: Vec<(Option<SampleId>, Vec<u32>)>,
    is_gzipped: bool,
}

impl Make for OldShard {
    fn tell(&self, draft: &Draft, told: &mut Told) {
        let members = self.groups.iter().flat_map(|(_, members)| members);
        members.for_each(|file| told.file(draft, *file as usize));
    }

    fn samples(&self) -> u64 {
        self.groups.iter().filter(|(sample, _)| sample.is_some()).count() as u64
    }

    fn write(&self, work: &Work<'_>, out: &mut Out<'_>) -> Result<(), Failure> {
        let (tree, control) = (work.tree()?, out.control().clone());
        let lost = if self.is_gzipped {
            let mut gzip = GzEncoder::new(&mut *out, Compression::default());
            let lost = self.entries(tree, &mut gzip, &control)?;
            gzip.finish()?;
            lost
        } else {
            self.entries(tree, out, &control)?
        };
        lost.into_iter().for_each(|(sample, error)| out.fault(sample, error));
        Ok(())
    }
}

impl OldShard {
    /// Gives the samples that the shard goes without: those with a member that cannot be read.
    fn entries(
        &self,
        tree: &Tree,
        out: &mut impl Write,
        control: &Control,
    ) -> Result<Vec<(SampleId, ReadError)>, Failure> {
        let mut tar = tar::Builder::new(out);
        let mut lost = Vec::new();
        for (sample, members) in &self.groups {
            control.checkpoint()?;
            let read = members.iter().map(|file| tree.read(*file as usize)).collect::<Result<Vec<_>, _>>();
            let contents = match (read, sample) {
                (Ok(contents), _) => contents,
                (Err(error), Some(sample)) => {
                    lost.push((*sample, error));
                    continue;
                }
                (Err(error), None) => return Err(error.into()),
            };
            for (file, bytes) in members.iter().map(|file| *file as usize).zip(contents) {
                append(&mut tar, tree.split_archive(file).1, &bytes, tree.modified_ms(file))?;
            }
        }
        tar.finish()?;
        Ok(lost)
    }
}

/// A small file that is known already.
#[derive(Debug)]
pub struct Text(pub Vec<u8>);

impl Make for Text {
    fn tell(&self, _: &Draft, told: &mut Told) {
        told.add(&self.0);
    }

    fn write(&self, _: &Work<'_>, out: &mut Out<'_>) -> Result<(), Failure> {
        Ok(out.write_all(&self.0)?)
    }
}

/// New shards of each split.
pub fn shards(draft: &mut Draft, options: &Options, control: &Control) -> Result<(), ExportError> {
    let dataset = draft.snapshot.dataset.clone();
    let labels = draft.snapshot.labels().clone();
    let has_numbers = labels.classes.iter().all(|name| is_line(name));
    if has_numbers && !labels.classes.is_empty() {
        let mut text = labels.classes.join("\n");
        text.push('\n');
        draft.made("classes.txt".into(), text.len() as u64, Text(text.into_bytes()));
    }
    let mut order: Vec<usize> = (0..draft.samples.len()).collect();
    // Stable: within a split in the dataset's order; those without one last.
    order.sort_by_key(|at| dataset.splits[draft.samples[*at] as usize]);
    let mut taken = Taken::default();
    let mut unread = 0u64;
    let mut rest = &order[..];
    let (mut number, mut last) = (0, None);
    while let Some(first) = rest.first() {
        control.checkpoint()?;
        let split = dataset.splits[draft.samples[*first] as usize];
        number = if last == Some(split) { number + 1 } else { 0 };
        last = Some(split);
        let (mut count, mut bytes) = (0, 0u64);
        for at in rest {
            let sample = draft.samples[*at] as usize;
            // What an archive claims may be any number.
            let size = dataset.bytes[sample].saturating_add(MEMBER_OVERHEAD + DESCRIPTION_BYTES);
            let is_full =
                count >= options.shard_samples.max(1) || bytes.saturating_add(size) > options.shard_bytes;
            if dataset.splits[sample] != split || (count > 0 && is_full) {
                break;
            }
            count += 1;
            bytes = bytes.saturating_add(size);
        }
        let (now, later) = rest.split_at(count as usize);
        rest = later;
        let name = if split == NO_SPLIT { "data" } else { dataset.split_names[split as usize].as_str() };
        let path = taken.take(&format!("{}-{number:05}.tar", safe_name(name)));
        let told = split_in(shard_stem(path.strip_suffix(".tar").unwrap_or(&path)));
        let own = (split != NO_SPLIT).then_some(name);
        unread += if told == own { 0 } else { u64::from(count) };
        draft.made(path, bytes, NewShard { places: now.to_vec(), has_numbers });
    }
    if unread > 0 {
        draft.warn(format!(
            "{} would be read back with another split or none, since shards are known as train, val and \
             test by their names; the .json of each tells it.",
            counted(unread, "sample")
        ));
    }
    if !draft.snapshot.boxes().is_empty() {
        draft.warn("Boxes are in the .json of each sample, where Lenslet does not read them back.");
    }
    if matches!(options.linking, Linking::HardLink | Linking::SymLink) {
        draft.warn("Shards hold copies of the images; nothing is linked.");
    }
    packed_warnings(draft);
    Ok(())
}

/// Whether a class's name is a line of `classes.txt` that is read back as it is.
fn is_line(name: &str) -> bool {
    !name.is_empty() && name.trim() == name && !name.contains(['\n', '\r'])
}

/// A new shard.
#[derive(Debug)]
struct NewShard {
    /// Places in the list of samples; they number the shard's members.
    places: Vec<usize>,
    /// Whether labels are numbers that `classes.txt` names.
    has_numbers: bool,
}

impl Make for NewShard {
    fn tell(&self, draft: &Draft, told: &mut Told) {
        let snapshot = &draft.snapshot;
        for at in &self.places {
            let sample = draft.samples[*at];
            let labels = snapshot.labels().get(sample).iter().map(|class| self.label(snapshot, *class));
            labels.for_each(|label| told.add(label.to_string().as_bytes()));
            told.add(Value::Object(self.about(snapshot, sample)).to_string().as_bytes());
        }
    }

    fn samples(&self) -> u64 {
        self.places.len() as u64
    }

    fn write(&self, work: &Work<'_>, out: &mut Out<'_>) -> Result<(), Failure> {
        let dataset = work.dataset();
        let mut tar = tar::Builder::new(out);
        for at in &self.places {
            tar.get_ref().checkpoint()?;
            let sample = work.samples[*at];
            let (bytes, ending) = match image(work, sample) {
                Ok(image) => image,
                Err(error) => {
                    tar.get_mut().fault(sample, error);
                    continue;
                }
            };
            let key = format!("{at:08}");
            let modified = dataset.modified_ms[sample as usize];
            append(&mut tar, &format!("{key}{ending}"), &bytes, modified)?;
            if let [class] = work.snapshot.labels().get(sample) {
                let label = self.label(work.snapshot, *class);
                append(&mut tar, &format!("{key}.cls"), label_text(&label).as_bytes(), modified)?;
            }
            let about = Value::Object(self.about(work.snapshot, sample)).to_string();
            append(&mut tar, &format!("{key}.json"), about.as_bytes(), modified)?;
        }
        tar.finish()?;
        Ok(())
    }
}

impl NewShard {
    fn label(&self, snapshot: &Snapshot, class: u32) -> Value {
        if self.has_numbers { json!(class) } else { json!(snapshot.labels().classes[class as usize]) }
    }

    /// What is known of a sample beside its image and its only label.
    fn about(&self, snapshot: &Snapshot, sample: SampleId) -> Map<String, Value> {
        let dataset = &*snapshot.dataset;
        let mut about = Map::new();
        about.insert("source".into(), json!(dataset.path(sample)));
        if let Some(split) = dataset.split(sample) {
            about.insert("split".into(), json!(split));
        }
        let labels = snapshot.labels().get(sample);
        if labels.len() > 1 {
            about.insert("labels".into(), labels.iter().map(|class| self.label(snapshot, *class)).collect());
        }
        for attribute in &dataset.attributes {
            let value = attribute.values.get(sample as usize);
            if !value.is_empty() {
                let name = &attribute.name;
                let is_taken = matches!(name.as_str(), "source" | "split" | "boxes");
                let is_taken = is_taken || is_label_key(&name.to_ascii_lowercase());
                about.insert(if is_taken { format!("attr.{name}") } else { name.clone() }, json!(value));
            }
        }
        let boxes = snapshot.boxes().get(sample).iter().map(|one| {
            let class = &snapshot.labels().classes[one.class as usize];
            json!({ "class": class, "rect": one.rect, "relative": one.relative })
        });
        let boxes: Vec<Value> = boxes.collect();
        if !boxes.is_empty() {
            about.insert("boxes".into(), boxes.into());
        }
        about
    }
}

fn label_text(label: &Value) -> String {
    label.as_str().map_or_else(|| label.to_string(), str::to_owned)
}

/// A sample as an image file, and its ending with the dot.
fn image(work: &Work<'_>, sample: SampleId) -> Result<(Vec<u8>, String), ReadError> {
    let name = split_path(work.dataset().path(sample)).1;
    let sniffed = |bytes: &[u8]| {
        let format = media::sniff(bytes).and_then(super::layouts::ending_of);
        format!(".{}", format.unwrap_or("img"))
    };
    if is_row(work.snapshot, sample) {
        let bytes = content(work, sample)?;
        let ending = sniffed(&bytes);
        return Ok((bytes, ending));
    }
    let bytes = stored(work, sample)?;
    let ending = if is_image_name(name) { parts(name).1.to_ascii_lowercase() } else { sniffed(&bytes) };
    Ok((bytes, ending))
}
