//! The layouts that an export can take, and what speaks against one.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use super::draft::Draft;
use super::names::{parts, safe_name};
use super::{
    Kind, Linking, Options, arrays, augmented, by_hand, coco, folder, ground, manifest, numpy, parquet,
    table, voc, webdataset, yolo,
};
use crate::dataset::query::Snapshot;
use crate::dataset::{ContainerKind, ImageFormat, Layout, SampleId};
use crate::export::ExportError;
use crate::export::target::{same_file_system, whole};
use crate::import::manifest::resolve::is_address;
use crate::import::names::{is_image_name, split_path, with_slashes};
use crate::import::reader::is_row_kind;
use crate::import::{Reader, Tree};
use crate::jobs::Control;
use crate::media::{self, Payload};
use crate::text::counted;

/// Fills a draft with the files of a layout.
pub fn fill(
    draft: &mut Draft,
    reader: &Reader,
    options: &Options,
    control: &Control,
) -> Result<(), ExportError> {
    if !draft.refusals.is_empty() {
        // What cannot be done need not be worked out.
        return Ok(());
    }
    // A table says how often a sample is there.
    let is_repeated =
        !matches!(options.kind, Kind::Manifest(_)) && options.planned.repeats_any(&draft.samples);
    if options.augmentation.is_some() || is_repeated {
        augmented::fill(draft, reader, options, control)?;
    } else {
        fill_layout(draft, reader, options, control)?;
    }
    draft.refusals.extend(ground::of_tree(draft, options, control)?);
    Ok(())
}

fn fill_layout(
    draft: &mut Draft,
    reader: &Reader,
    options: &Options,
    control: &Control,
) -> Result<(), ExportError> {
    let layout = draft.snapshot.dataset.layout;
    let is_copied = !matches!(layout, Layout::ImageFolder | Layout::Coco | Layout::Yolo | Layout::Voc);
    if options.kind == Kind::Same && is_copied {
        by_hand::warn_as_given(draft);
    }
    match (options.kind, layout) {
        (Kind::Same, Layout::ImageFolder) => folder::same(draft, control),
        (Kind::Same, Layout::WebDataset) => webdataset::same(draft, control),
        (Kind::Same, Layout::Manifest) => manifest::same(draft, control),
        (Kind::Same, Layout::Coco) => coco::same(draft, reader, control),
        (Kind::Same, Layout::Yolo) => yolo::same(draft, reader, control),
        (Kind::Same, Layout::Voc) => voc::same(draft, reader, control),
        (Kind::Same, Layout::Idx) => arrays::idx(draft, control),
        (Kind::Same, Layout::Cifar) => arrays::cifar(draft, control),
        (Kind::Same, Layout::Numpy) => numpy::same(draft, control),
        (Kind::Same, Layout::Parquet) => parquet::same(draft, control),
        (Kind::ImageFolder, _) => folder::image_folder(draft, reader, control),
        (Kind::WebDataset, _) => webdataset::shards(draft, options, control),
        (Kind::Manifest(form), _) => table::manifest(draft, reader, options, form, control),
    }
}

/// Lists the source again, for the files beside the samples.
pub fn list_source(draft: &mut Draft, control: &Control) -> Result<(), ExportError> {
    let dataset = draft.snapshot.dataset.clone();
    let tree = Tree::open(&dataset.source, control)?;
    if whole(&tree.root) != whole(Path::new(&dataset.root)) {
        let source = &dataset.source;
        let message = format!("the dataset was moved since it was opened; open it again: {source}");
        return Err(ExportError::Refused(message));
    }
    draft.tree = Some(tree);
    Ok(())
}

/// The images that lie in the dataset's folder, or in its archives, under the names that they have. Those
/// that a table names elsewhere stay where they are.
pub fn same_images(draft: &mut Draft) {
    let mut elsewhere = 0u64;
    for at in 0..draft.samples.len() {
        let sample = draft.samples[at];
        let path = draft.snapshot.dataset.path(sample);
        if is_row(&draft.snapshot, sample) {
            continue;
        }
        if Path::new(path).is_absolute() || is_address(path) {
            elsewhere += 1;
        } else {
            draft.same_sample(sample);
        }
    }
    if elsewhere > 0 {
        draft.warn(format!(
            "{} outside the dataset's folder, where the table still names them; they are not copied. Choose \
             a manifest, image-folder or WebDataset to copy them too.",
            match elsewhere {
                1 => "1 image lies".to_owned(),
                count => format!("{} lie", counted(count, "image")),
            }
        ));
    }
}

/// Says what becomes of images that are no samples, masks mostly: those `beside` are copied. A sample
/// that goes is one of them where what stays names it.
pub fn warn_left_out(draft: &mut Draft, beside: &BTreeSet<usize>) {
    let dataset = draft.snapshot.dataset.clone();
    let Some(tree) = &draft.tree else { return };
    let samples: HashSet<&str> = dataset.paths.iter().collect();
    let pruned = beside.iter().filter(|file| samples.contains(tree.path(**file))).count() as u64;
    let is_left = |file: &usize| !beside.contains(file) && !samples.contains(tree.path(*file));
    let mut left = tree.images().files().filter(is_left);
    let left_out = left.next().map(|first| {
        let others = left.count();
        let path = tree.path(first);
        match others {
            0 => format!("The image {path} is no sample and is not copied."),
            others => format!(
                "{} are no samples, such as masks or thumbnails, and are not copied, {path} first.",
                counted(others as u64 + 1, "image")
            ),
        }
    });
    if pruned > 0 {
        draft.warn(format!(
            "{} that go are copied all the same, as files that those which stay name; no row is about them.",
            counted(pruned, "sample")
        ));
    }
    draft.warnings.extend(left_out);
}

/// The paths of the samples that stay.
pub fn kept_paths(draft: &Draft) -> HashSet<String> {
    let dataset = &draft.snapshot.dataset;
    draft.samples.iter().map(|sample| dataset.path(*sample).to_owned()).collect()
}

/// The rows that stay of each array or table, ascending, by the path that its samples have before `#`.
pub fn kept_rows(draft: &Draft) -> BTreeMap<String, Vec<u64>> {
    let dataset = &*draft.snapshot.dataset;
    let mut kept: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for sample in draft.samples.iter().filter(|sample| is_row(&draft.snapshot, **sample)) {
        if let Some((file, _)) = dataset.path(*sample).rsplit_once('#') {
            let row = dataset.places[*sample as usize].offset;
            match kept.get_mut(file) {
                Some(rows) => rows.push(row),
                None => {
                    kept.insert(file.to_owned(), vec![row]);
                }
            }
        }
    }
    kept.values_mut().for_each(|rows| rows.sort_unstable());
    kept
}

/// What speaks against the target and the kind of links, before anything is listed.
pub fn refusals(
    draft: &Draft,
    reader: &Reader,
    options: &Options,
    control: &Control,
) -> Result<Vec<String>, ExportError> {
    let mut refusals = Vec::new();
    refusals.extend(ground::of_samples(&draft.snapshot.dataset, reader, &options.target, control)?);
    refusals.extend(unlinkable(draft, reader, options));
    Ok(refusals)
}

/// Why samples cannot be linked.
fn unlinkable(draft: &Draft, reader: &Reader, options: &Options) -> Option<String> {
    if !matches!(options.linking, Linking::HardLink | Linking::SymLink) {
        return None;
    }
    let dataset = &*draft.snapshot.dataset;
    let place = |sample: &SampleId| dataset.places[*sample as usize];
    let packed = draft.samples.iter().filter(|sample| !place(sample).is_loose()).count() as u64;
    if options.kind == Kind::Same && packed > 0 {
        let first = draft.samples.iter().map(place).find(|place| !place.is_loose());
        let container = first.and_then(|place| dataset.containers.get(place.container as usize));
        let kind = container.map_or("a container", |container| container_name(container.kind));
        return Some(format!(
            "{} of {} lie packed in {kind} and cannot be linked; choose copies, or image-folder to have \
             them as files.",
            counted(packed, "sample"),
            counted(draft.samples.len() as u64, "sample"),
        ));
    }
    if options.linking != Linking::HardLink || options.kind == Kind::WebDataset {
        return None;
    }
    // One file of each folder tells: a folder may be a link, or the root of another disk.
    let mut folders = HashSet::new();
    let files = draft.samples.iter().filter_map(|sample| draft.file_of(reader, *sample));
    let mut first_files = files.filter(|file| folders.insert(file.parent().map(Path::to_owned)));
    let apart = first_files.find(|file| same_file_system(file, &options.target) == Some(false))?;
    Some(format!(
        "The dataset and the target lie on different file systems, which hard links cannot span; choose \
         copies or symbolic links: {}",
        apart.display()
    ))
}

fn container_name(kind: ContainerKind) -> &'static str {
    match kind {
        ContainerKind::Tar | ContainerKind::TarGz => "a tar",
        ContainerKind::Zip => "a zip",
        ContainerKind::Idx => "an IDX array",
        ContainerKind::Cifar10 | ContainerKind::Cifar100 => "a CIFAR file",
        ContainerKind::Npy => "a NumPy array",
        ContainerKind::Parquet => "a Parquet file",
    }
}

/// Whether a sample is a row of an array or table.
pub fn is_row(snapshot: &Snapshot, sample: SampleId) -> bool {
    let dataset = &snapshot.dataset;
    let place = dataset.places[sample as usize];
    let container = dataset.containers.get(place.container as usize);
    !place.is_loose() && container.is_some_and(|container| is_row_kind(container.kind))
}

/// A name for a sample's file where it does not keep its path: that of the file, or of the array with
/// the row's number, and an ending that tells its format.
pub fn sample_name(draft: &Draft, reader: &Reader, sample: SampleId) -> String {
    let dataset = &*draft.snapshot.dataset;
    let (_, name) = split_path(dataset.path(sample));
    if !is_row(&draft.snapshot, sample) {
        let name = safe_name(name);
        if is_image_name(&name) {
            return name;
        }
        let ending = ending_of(draft.snapshot.facts.get(sample).format);
        return ending.map_or_else(|| name.clone(), |ending| format!("{name}.{ending}"));
    }
    if let Some(told) = told_name(draft, sample) {
        return told;
    }
    let (file, row) = name.rsplit_once('#').unwrap_or((name, ""));
    let (stem, _) = parts(file.strip_suffix(".gz").unwrap_or(file));
    safe_name(&format!("{stem}-{row}.{}", row_ending(draft, reader, sample)))
}

/// The name that a table's row gives its image, where it has an image's ending.
fn told_name(draft: &Draft, sample: SampleId) -> Option<String> {
    let dataset = &*draft.snapshot.dataset;
    let mut told = dataset.attributes.iter().filter(|attribute| attribute.name.ends_with(".path"));
    let name = told
        .find_map(|attribute| Some(attribute.values.get(sample as usize)).filter(|name| !name.is_empty()))?;
    let name = safe_name(split_path(&with_slashes(name)).1);
    is_image_name(&name).then_some(name)
}

/// The ending of a row's image: pixels become a PNG; of an image in a table its content tells.
pub fn row_ending(draft: &Draft, reader: &Reader, sample: SampleId) -> &'static str {
    let dataset = &*draft.snapshot.dataset;
    let place = dataset.places[sample as usize];
    let container = dataset.containers.get(place.container as usize);
    if container.is_some_and(|container| container.kind != ContainerKind::Parquet) {
        return "png";
    }
    let measured = ending_of(draft.snapshot.facts.get(sample).format);
    let sniffed = || match reader.sample(dataset, sample) {
        Ok(Payload::Encoded(bytes)) => media::sniff(&bytes).and_then(ending_of),
        _ => None,
    };
    measured.or_else(sniffed).unwrap_or("img")
}

/// The usual ending of a format's files.
pub fn ending_of(format: ImageFormat) -> Option<&'static str> {
    Some(match format {
        ImageFormat::Unknown => return None,
        ImageFormat::Jpeg => "jpg",
        ImageFormat::Png | ImageFormat::Raw => "png",
        ImageFormat::WebP => "webp",
        ImageFormat::Gif => "gif",
        ImageFormat::Bmp => "bmp",
        ImageFormat::Tiff => "tif",
        ImageFormat::Tga => "tga",
        ImageFormat::Qoi => "qoi",
        ImageFormat::Ico => "ico",
        ImageFormat::Pnm => "pnm",
        ImageFormat::Farbfeld => "ff",
        ImageFormat::Hdr => "hdr",
        ImageFormat::Exr => "exr",
    })
}
