//! COCO: the images under the same names, and each annotation file with the images that stay and their
//! annotations. All else in it stays as it is, to the digit, fields that no importer reads included.

use std::collections::HashSet;
use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

use super::draft::{Draft, Make, Told, Work};
use super::layouts::{kept_paths, list_source, same_images};
use super::write::{Failure, Out};
use crate::export::ExportError;
use crate::import::coco::{Id, annotation_in, image_in, json_files, looks_like_coco, sample_path};
use crate::import::spans::{elements, members, skip};
use crate::jobs::Control;

/// Entries that are looked at between two questions whether to go on.
const STEP: usize = 4096;

pub fn same(draft: &mut Draft, control: &Control) -> Result<(), ExportError> {
    list_source(draft, control)?;
    let kept = Arc::new(kept_paths(draft));
    same_images(draft);
    let part = draft.samples.len() as f64 / draft.snapshot.dataset.present().max(1) as f64;
    let Some(tree) = &draft.tree else { return Ok(()) };
    let files = json_files(tree).into_iter().filter(|file| looks_like_coco(tree, *file));
    let files: Vec<(usize, u64)> =
        files.map(|file| (file, (tree.bytes(file) as f64 * part) as u64)).collect();
    for (file, bytes) in files {
        draft.made_like(file, bytes, Annotations { file, kept: kept.clone() });
    }
    Ok(())
}

/// An annotation file with the images that stay.
#[derive(Debug)]
struct Annotations {
    file: usize,
    /// Paths of the samples that stay.
    kept: Arc<HashSet<String>>,
}

impl Make for Annotations {
    fn tell(&self, draft: &Draft, told: &mut Told) {
        told.file(draft, self.file);
    }

    fn write(&self, work: &Work<'_>, out: &mut Out<'_>) -> Result<(), Failure> {
        let tree = work.tree()?;
        let path = tree.path(self.file);
        let content = tree.read(self.file)?;
        let text = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&content);
        if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(text) {
            return Err(Failure::source(format!("the annotation file cannot be understood: {error}")));
        }
        let lists: Vec<(String, Range<usize>)> = members(text, skip(text, 0, b" \t\r\n")).collect();
        let list = |wanted: &str| lists.iter().find(|(name, _)| name == wanted).map(|(_, list)| list.clone());

        // Which ids stay has to be known before the annotations, which may come first.
        let mut images: Vec<Range<usize>> = Vec::new();
        let mut ids: HashSet<Id> = HashSet::new();
        let all = list("images").into_iter().flat_map(|list| elements(text, list.start));
        for (at, span) in all.enumerate() {
            if at % STEP == 0 {
                out.checkpoint()?;
            }
            let Some(image) = image_in(&text[span.clone()]) else { continue };
            let id = image.id.clone();
            let Some(name) = image.name().filter(|name| !name.is_empty()) else { continue };
            if self.kept.contains(&sample_path(tree, path, &name)) {
                images.push(span);
                ids.extend(id);
            }
        }
        let mut written = 0;
        for (name, value) in &lists {
            if !matches!(name.as_str(), "images" | "annotations") || text.get(value.start) != Some(&b'[') {
                continue;
            }
            out.write_all(&text[written..value.start])?;
            written = value.end;
            if name == "images" {
                write_list(text, images.iter().cloned(), out)?;
                continue;
            }
            let stays = |span: &Range<usize>| {
                let image = annotation_in(&text[span.clone()]).and_then(|annotation| annotation.image);
                image.is_some_and(|image| ids.contains(&image))
            };
            write_list(text, elements(text, value.start).filter(stays), out)?;
        }
        Ok(out.write_all(&text[written..])?)
    }
}

fn write_list(
    text: &[u8],
    values: impl Iterator<Item = Range<usize>>,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    out.write_all(b"[")?;
    for (at, value) in values.enumerate() {
        if at % STEP == 0 {
            out.checkpoint()?;
        }
        if at > 0 {
            out.write_all(b",\n")?;
        }
        out.write_all(&text[value])?;
    }
    Ok(out.write_all(b"]")?)
}
