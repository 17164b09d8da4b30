//! Manifests as they came: each table with the rows of the images that stay, byte for byte, and the
//! images and other files that those name and that lie in the dataset's folder, under the same names.

use std::collections::{BTreeSet, HashSet};
use std::io::Write;

use super::draft::{Draft, Make, Told, Work};
use super::layouts::{kept_paths, list_source, same_images, warn_left_out};
use super::write::{Failure, Out};
use crate::export::ExportError;
use crate::import::manifest::resolve::{Found, Named, is_absolute};
use crate::import::manifest::table::{Kind, cut};
use crate::import::manifest::{each_row, tables};
use crate::jobs::Control;
use crate::text::counted;

/// Rows that are written between two questions whether to go on.
const STEP: usize = 4096;

/// The tables and the images that they name.
pub fn same(draft: &mut Draft, control: &Control) -> Result<(), ExportError> {
    list_source(draft, control)?;
    let kept = kept_paths(draft);
    same_images(draft);
    let Some(tree) = &draft.tree else { return Ok(()) };
    let mut made = Vec::new();
    let (mut absolute, mut outside) = (0u64, 0u64);
    // Masks and the like.
    let mut beside: BTreeSet<usize> = BTreeSet::new();
    let (mut others_absolute, mut others_outside) = (0u64, 0u64);
    let mut refusals = Vec::new();
    for table in tables(tree) {
        control.checkpoint()?;
        let path = tree.path(table.file);
        let (mut lines, mut all) = (Vec::new(), 0u64);
        let told = each_row(tree, &table, |line, name, found, others| {
            all += 1;
            let bare = name.strip_prefix("file://").unwrap_or(name).replace('\\', "/");
            let (is_in_it, path) = match &found {
                Found::File(file) => (true, tree.path(*file)),
                Found::Outside { path, .. } | Found::Address(path) | Found::Missing(path) => {
                    (false, path.as_str())
                }
            };
            if !kept.contains(path) {
                return;
            }
            absolute += u64::from(is_in_it && is_absolute(&bare));
            outside += u64::from(matches!(found, Found::Outside { .. }) && !is_absolute(&bare));
            for other in others.named() {
                match other {
                    Named::File { file, is_absolute } => {
                        beside.insert(file);
                        others_absolute += u64::from(is_absolute);
                    }
                    Named::Outside => others_outside += 1,
                }
            }
            lines.push(line);
        });
        match told {
            Ok(_) if lines.is_empty() => {}
            Ok(has_names) => {
                let bytes = (tree.bytes(table.file) as f64 * lines.len() as f64 / all.max(1) as f64) as u64;
                made.push((table.file, bytes, Rows { file: table.file, kind: table.kind, has_names, lines }));
            }
            Err(fault) => refusals.push(format!("The table {path} cannot be read again: {fault}.")),
        }
    }
    if absolute > 0 {
        refusals.push(format!(
            "The table names {} by their whole path, which would lead back to the source; choose a \
             manifest, image-folder or WebDataset instead.",
            counted(absolute, "image")
        ));
    }
    if outside > 0 {
        refusals.push(format!(
            "The table names {} outside the dataset by a path relative to the table, which leads nowhere \
             from the new folder; choose a manifest, image-folder or WebDataset instead.",
            counted(outside, "image")
        ));
    }
    let is_made = |file: &usize| made.iter().any(|(table, ..)| table == file);
    beside.retain(|file| !kept.contains(tree.path(*file)) && !is_made(file));
    made.into_iter().for_each(|(file, bytes, rows)| draft.made_like(file, bytes, rows));
    draft.refusals.extend(refusals);
    beside.iter().for_each(|file| draft.beside(*file));
    if others_absolute > 0 {
        draft.warn(format!(
            "The table names {} beside the images by their whole path, which leads back to the source; \
             change it.",
            counted(others_absolute, "file")
        ));
    }
    if others_outside > 0 {
        draft.warn(format!(
            "The table names {} beside the images and outside the dataset by a path relative to the table, \
             which leads nowhere from the new folder; change it.",
            counted(others_outside, "file")
        ));
    }
    warn_left_out(draft, &beside);
    Ok(())
}

/// Some rows of a table.
#[derive(Debug)]
struct Rows {
    file: usize,
    kind: Kind,
    /// Whether the first row has the names of the columns.
    has_names: bool,
    /// Numbers of the rows that stay, as the table counts them.
    lines: Vec<u64>,
}

impl Make for Rows {
    fn tell(&self, draft: &Draft, told: &mut Told) {
        told.file(draft, self.file);
    }

    fn write(&self, work: &Work<'_>, out: &mut Out<'_>) -> Result<(), Failure> {
        let content = work.tree()?.read(self.file)?;
        let cut =
            cut(&content, self.kind).ok_or_else(|| Failure::source("it is no table any more; rescan"))?;
        let kept: HashSet<u64> = self.lines.iter().copied().collect();
        let line_end: &[u8] =
            if cut.content.windows(2).any(|pair| pair == b"\r\n") { b"\r\n" } else { b"\n" };
        let is_array = self.kind == Kind::JsonArray;
        if is_array {
            out.write_all(b"[")?;
        }
        let mut count = 0usize;
        for (at, (line, row)) in cut.rows.iter().enumerate() {
            if at % STEP == 0 {
                out.checkpoint()?;
            }
            let is_head = at == 0 && self.has_names;
            if !(is_head || kept.contains(line)) {
                continue;
            }
            if is_array {
                out.write_all(if count == 0 { b"\n" } else { b",\n" })?;
            }
            out.write_all(&cut.content[row.clone()])?;
            if !is_array {
                out.write_all(line_end)?;
            }
            count += 1;
        }
        if is_array {
            out.write_all(b"\n]\n")?;
        }
        Ok(())
    }
}
