//! Whether the place of an export is the dataset's own: within a folder of it, or around a file of it,
//! wherever links lead.
//!
//! Folders count as where they lie and as where links lead; a file that is a link counts as every file
//! on the way to its content, each of which writing into the target could replace. It refuses to know
//! what is written.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::draft::Draft;
use super::{Consent, Options};
use crate::dataset::{Container, Dataset};
use crate::export::ExportError;
use crate::export::target::{lies_at, whole};
use crate::import::{Reader, Tree};
use crate::jobs::{Cancelled, Control};

/// Files that are looked at between two questions whether to go on.
const STEP: usize = 4096;

/// Links that lead to one another, at most: systems follow no more either.
const MAX_LINKS: usize = 40;

/// Refuses a target that is within a dataset or around it, wherever its files are: in its own folder, where
/// links lead, or where a table or a pattern names them.
pub fn check_ground(
    target: &Path,
    dataset: &Dataset,
    reader: &Reader,
    control: &Control,
) -> Result<(), ExportError> {
    match of_samples(dataset, reader, target, control)? {
        Some(why) => Err(ExportError::Refused(why)),
        None => Ok(()),
    }
}

/// The same by the folder alone that a dataset lies in: of one that nothing leads out of, that is enough.
pub fn check_root(target: &Path, root: &Path) -> Result<(), ExportError> {
    let ground = Ground::new(target);
    match ground.folder(&whole(root), false) {
        Some(touch) => Err(ExportError::Refused(ground.why(touch))),
        None => Ok(()),
    }
}

/// Whether anything can lead from a source to a target outside its folder. Where the target has nothing in it, no
/// table can name a file there, and of a folder only links lead elsewhere: its files are not read for that.
pub fn leads_out(source: &Path, target: &Path, control: &Control) -> Result<bool, Cancelled> {
    if Ground::new(target).is_filled || !source.is_dir() {
        return Ok(true);
    }
    let mut folders = vec![source.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        for (at, entry) in entries.enumerate() {
            if at % STEP == 0 {
                control.checkpoint()?;
            }
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_symlink() => return Ok(true),
                Ok(_) => {}
                Err(_) => return Ok(true),
            }
        }
    }
    Ok(false)
}

/// Why the samples speak against the target, if they do.
pub fn of_samples(
    dataset: &Dataset,
    reader: &Reader,
    target: &Path,
    control: &Control,
) -> Result<Option<String>, Cancelled> {
    let mut ground = Ground::new(target);
    let root = Path::new(&dataset.root);
    if let Some(touch) = ground.folder(&whole(root), false) {
        return Ok(Some(ground.why(touch)));
    }
    for (at, (path, place)) in dataset.paths.iter().zip(&dataset.places).enumerate() {
        if at % STEP == 0 {
            control.checkpoint()?;
        }
        if place.is_loose() {
            let raw = dataset.raw_paths.get(&(at as u32)).map(Vec::as_slice);
            if let Some(touch) = ground.file(path, || reader.path_on_disk(path, raw)) {
                return Ok(Some(ground.why(touch)));
            }
        }
    }
    Ok(ground.containers(&dataset.containers, root).map(|touch| ground.why(touch)))
}

/// Why the files beside the samples speak against the target, if they do. They are listed for it where
/// they were not and files in the target may be replaced.
pub fn of_tree(draft: &Draft, options: &Options, control: &Control) -> Result<Option<String>, ExportError> {
    let mut ground = Ground::new(&options.target);
    let listed;
    let tree = match &draft.tree {
        Some(tree) => tree,
        None if ground.is_filled && options.consent == Consent::Overwrite => {
            listed = Tree::open(&draft.snapshot.dataset.source, control)?;
            &listed
        }
        None => return Ok(None),
    };
    for file in 0..tree.len() {
        if file % STEP == 0 {
            control.checkpoint()?;
        }
        if tree.place(file).is_loose()
            && let Some(touch) = ground.file(tree.path(file), || tree.path_on_disk(file))
        {
            return Ok(Some(ground.why(touch)));
        }
    }
    Ok(ground.containers(&tree.containers, &tree.root).map(|touch| ground.why(touch)))
}

/// How a target touches a dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Touch {
    Inside,
    Around,
}

/// A target, and the folders that it was compared with.
struct Ground<'a> {
    target: &'a Path,
    /// Links followed.
    whole: PathBuf,
    /// Whether anything is in it. Else no file that is there can lie in it.
    is_filled: bool,
    seen: HashSet<String>,
}

impl<'a> Ground<'a> {
    fn new(target: &'a Path) -> Self {
        let is_filled = std::fs::read_dir(target).is_ok_and(|mut entries| entries.next().is_some());
        Self { target, whole: whole(target), is_filled, seen: HashSet::new() }
    }

    fn why(&self, touch: Touch) -> String {
        let why = match touch {
            Touch::Inside => "The target is inside the dataset, which is never written to",
            Touch::Around => "The dataset lies in the target, and its files are never written to",
        };
        format!("{why}; choose another folder: {}", self.target.display())
    }

    /// A folder of the dataset, links followed; `is_elsewhere` where only files in it are named.
    fn folder(&self, folder: &Path, is_elsewhere: bool) -> Option<Touch> {
        if !is_elsewhere && self.whole.starts_with(folder) {
            return Some(Touch::Inside);
        }
        folder.starts_with(&self.whole).then_some(Touch::Around)
    }

    /// A file by its path as samples have it: folders that links lead to, those of files that a table
    /// names elsewhere, and what the file itself leads to.
    fn file(&mut self, path: &str, on_disk: impl Fn() -> PathBuf) -> Option<Touch> {
        let is_elsewhere = Path::new(path).is_absolute();
        let mut folder = path;
        let mut levels = 0;
        while let Some((above, _)) = folder.rsplit_once('/')
            && !self.seen.contains(above)
        {
            self.seen.insert(above.to_owned());
            folder = above;
            levels += 1;
            let file = on_disk();
            let there = file.ancestors().nth(levels).map(whole);
            if let Some(touch) = there.and_then(|there| self.folder(&there, is_elsewhere)) {
                return Some(touch);
            }
            if is_elsewhere {
                break;
            }
        }
        if self.is_filled { self.link(on_disk()) } else { None }
    }

    fn link(&self, mut file: PathBuf) -> Option<Touch> {
        for _ in 0..MAX_LINKS {
            let leads_to = file.read_link().ok()?;
            file = file.parent().unwrap_or(Path::new("")).join(leads_to);
            if lies_at(&file).starts_with(&self.whole) {
                return Some(Touch::Around);
            }
        }
        None
    }

    /// Archives and arrays that are files of their own.
    fn containers(&mut self, containers: &[Container], root: &Path) -> Option<Touch> {
        let is_file = |container: &&Container| container.parent.is_none_or(|parent| parent.is_loose());
        let mut files = containers.iter().filter(is_file);
        files.find_map(|container| self.file(&container.path, || root.join(&container.path)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_an_empty_target_only_links_lead_out_of_a_folder() {
        let home = tempfile::tempdir().unwrap();
        let (data, target) = (home.path().join("data"), home.path().join("new"));
        std::fs::create_dir_all(data.join("deep/er")).unwrap();
        std::fs::write(data.join("deep/list.csv"), "path\n/elsewhere/a.png\n").unwrap();
        let leads = |source: &Path| leads_out(source, &target, &Control::new()).unwrap();
        assert!(!leads(&data));
        std::fs::create_dir(&target).unwrap();
        assert!(!leads(&data) && leads(&data.join("deep/list.csv")) && leads(&data.join("gone")));
        assert!(check_root(&target, &data).is_ok());
        assert!(check_root(&data.join("new"), &data).is_err() && check_root(home.path(), &data).is_err());
        std::fs::write(target.join("a.png"), "").unwrap();
        assert!(leads(&data), "a table may name what is there");
        std::fs::remove_file(target.join("a.png")).unwrap();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(home.path().join("other"), data.join("deep/er/link")).unwrap();
            assert!(leads(&data));
        }
    }
}
