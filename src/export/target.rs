//! Where an export may go: never into a dataset, never around one, and where there is room.
//!
//! It knows paths and file systems. It refuses to know what is written.

use std::path::{Component, Path, PathBuf};

use super::ExportError;

/// Refuses a file or folder that would lie in the dataset's folder, which is never written to. Cheap:
/// call it before the pass over the dataset whose result goes there.
pub fn check_target(path: &Path, dataset: &Path) -> Result<(), ExportError> {
    if is_inside(path, dataset) { Err(ExportError::InDataset(path.to_owned())) } else { Ok(()) }
}

/// Whether a path, which need not be there, leads into a folder or is that folder. A link counts both
/// as where it lies and as where it leads.
pub fn is_inside(path: &Path, folder: &Path) -> bool {
    let folder = whole(folder);
    lies_at(path).starts_with(&folder) || whole(path).starts_with(&folder)
}

/// Whether two paths, which need not be there, are one file: writing to one would replace the other.
pub fn is_one_file(a: &Path, b: &Path) -> bool {
    whole(a) == whole(b) || lies_at(a) == lies_at(b) || is_same_file(a, b)
}

/// Where a file or link itself lies: links followed in all of its path but its own name.
pub fn lies_at(path: &Path) -> PathBuf {
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => whole(parent).join(name),
        _ => whole(path),
    }
}

/// A path from the root, links followed as far as it is there and `..` resolved after that.
pub fn whole(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut there = absolute.as_path();
    loop {
        if let Ok(canonical) = there.canonicalize() {
            let rest = absolute.strip_prefix(there).unwrap_or(Path::new(""));
            let mut path = canonical;
            let mut steps_back = false;
            for part in rest.components() {
                match part {
                    Component::ParentDir => steps_back |= path.pop(),
                    Component::Normal(name) => path.push(name),
                    _ => {}
                }
            }
            // What lies beyond a step back may be there, and a link.
            return if steps_back { whole(&path) } else { path };
        }
        match there.parent() {
            Some(parent) => there = parent,
            None => return absolute,
        }
    }
}

/// The folder itself, or the nearest above it that is there.
fn nearest(path: &Path) -> PathBuf {
    let whole = whole(path);
    whole.ancestors().find(|folder| folder.exists()).unwrap_or(&whole).to_owned()
}

/// Bytes that may still be written below a folder, which need not be there yet; `None` where the
/// system is not asked.
pub fn free_bytes(folder: &Path) -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        let about = rustix::fs::statvfs(nearest(folder)).ok()?;
        Some(about.f_bavail.saturating_mul(about.f_frsize))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = nearest(folder);
        None
    }
}

/// Whether two paths lie in one file system, as hard links have to; `None` where that is not known.
pub fn same_file_system(a: &Path, b: &Path) -> Option<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let device = |path: &Path| nearest(path).metadata().ok().map(|about| about.dev());
        Some(device(a)? == device(b)?)
    }
    #[cfg(not(unix))]
    {
        let _ = (a, b);
        None
    }
}

/// Whether two paths lead to one file.
pub fn is_same_file(a: &Path, b: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let identity = |path: &Path| path.metadata().ok().map(|about| (about.dev(), about.ino()));
        identity(a).is_some_and(|one| identity(b) == Some(one))
    }
    #[cfg(not(unix))]
    {
        // The system's number of a file is not told: what follows links, and else the same size and time.
        let about =
            |path: &Path| path.metadata().ok().and_then(|about| Some((about.len(), about.modified().ok()?)));
        let same_path = a.canonicalize().ok().is_some_and(|one| b.canonicalize().ok() == Some(one));
        same_path || about(a).is_some_and(|one| about(b) == Some(one))
    }
}

/// Whether `A` and `a` are one name in a folder, which need not be there yet, as far as that shows from
/// what is in it or from its own name; `None` where nothing tells. Nothing is written.
pub fn ignores_case(folder: &Path) -> Option<bool> {
    /// Names that are tried; one with a letter is enough.
    const TRIED: usize = 64;
    let folder = nearest(folder);
    let answer = |path: &Path| {
        let name = path.file_name()?.to_str()?;
        let flip = |char: char| {
            if char.is_ascii_lowercase() { char.to_ascii_uppercase() } else { char.to_ascii_lowercase() }
        };
        let flipped: String = name.chars().map(flip).collect();
        let is_there = path.exists() && flipped != name;
        is_there.then(|| is_same_file(path, &path.with_file_name(&flipped)))
    };
    let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten().take(TRIED);
    let told = entries.map(|entry| entry.path()).find_map(|path| answer(&path));
    // What a folder's own name tells is told by the folder above, which may be of another disk.
    let above = || folder.parent().is_some_and(|above| same_file_system(above, &folder) == Some(true));
    told.or_else(|| if above() { answer(&folder) } else { None })
}

/// Makes all that was written to the file system of `folder` durable, where the system can do so in
/// one call. Says whether it did.
pub(super) fn sync_all_below(folder: &Path) -> bool {
    #[cfg(target_os = "linux")]
    {
        let synced = std::fs::File::open(folder).and_then(|folder| Ok(rustix::fs::syncfs(folder)?));
        if let Err(cause) = &synced {
            tracing::warn!("{}: {cause}", folder.display());
        }
        synced.is_ok()
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = folder;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_into_a_folder_is_inside() {
        let place = tempfile::tempdir().unwrap();
        let at = |path: &str| place.path().join(path);
        std::fs::create_dir_all(at("data/train")).unwrap();
        std::fs::create_dir_all(at("out")).unwrap();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(at("data"), at("link")).unwrap();
            std::os::unix::fs::symlink(at("out"), at("data/exit")).unwrap();
        }
        for (path, inside) in [
            ("data", true),
            ("data/new", true),
            ("data/train/new/deep.csv", true),
            ("out/../data/new", true),
            ("out/gone/../../data/new", true),
            ("data2", false),
            ("out/new", false),
            ("data/../out/new", false),
            ("", false),
        ] {
            assert_eq!(is_inside(&at(path), &at("data")), inside, "{path}");
            assert_eq!(check_target(&at(path), &at("data")).is_err(), inside, "{path}");
        }
        if cfg!(unix) {
            assert!(is_inside(&at("link"), &at("data")) && is_inside(&at("link/new.csv"), &at("data")));
            assert!(is_inside(&at("data/exit"), &at("data")), "the link itself lies in it");
        }
        std::fs::write(at("out/a.csv"), "").unwrap();
        for (path, is_one) in
            [("out/a.csv", true), ("out/../out/a.csv", true), ("out/b.csv", false), ("data/a.csv", false)]
        {
            assert_eq!(is_one_file(&at("out/a.csv"), &at(path)), is_one, "{path}");
        }
        assert!(is_one_file(&at("new/a.csv"), &at("new/./a.csv")), "it need not be there");
        if cfg!(target_os = "linux") {
            assert!(free_bytes(&at("out/new/deep")).is_some_and(|free| free > 0));
            assert_eq!(same_file_system(&at("out/new"), &at("data")), Some(true));
        }
    }
}
