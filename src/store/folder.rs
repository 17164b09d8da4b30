//! Where things are kept: the person's folders, and the folder of a dataset's project.
//!
//! A project never lies inside its dataset: source files are only read, and what Lenslet writes
//! must not turn up in them at the next scan.

use std::path::{Component, Path, PathBuf};

use etcetera::BaseStrategy;

use super::error::StoreError;

/// Names one folder for everything that Lenslet keeps, in place of the person's own folders: for
/// portable use and for tests. Its `data` and `config` folders are used.
pub const HOME_VARIABLE: &str = "LENSLET_HOME";

/// The folders that Lenslet may write to. They are made when something is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// Projects.
    pub data: PathBuf,
    /// Settings.
    pub config: PathBuf,
}

impl Paths {
    /// The person's folders as the operating system has them, or [`HOME_VARIABLE`]'s.
    pub fn new() -> Result<Self, StoreError> {
        if let Some(home) = std::env::var_os(HOME_VARIABLE).filter(|home| !home.is_empty()) {
            return Ok(Self::within(Path::new(&home)));
        }
        let base = etcetera::base_strategy::choose_native_strategy().map_err(|_| StoreError::NoHome)?;
        Ok(Self { data: base.data_dir().join("lenslet"), config: base.config_dir().join("lenslet") })
    }

    /// Everything in one folder.
    pub fn within(home: &Path) -> Self {
        Self { data: home.join("data"), config: home.join("config") }
    }

    /// The folder for the project of a dataset: the `chosen` one, or one in the data folder that is
    /// named after the source and its full path. `source` is what the person opened.
    pub fn project_folder(&self, source: &Path, chosen: Option<&Path>) -> Result<PathBuf, StoreError> {
        let whole = canonical(source);
        let folder = match chosen {
            Some(folder) => canonical(folder),
            None => self.data.join("projects").join(project_name(&whole)),
        };
        // A chosen folder stays out of the folder that an archive or a manifest lies in as well,
        // since its samples may lie there; a file in the home folder does not make the default
        // place, which is below, one that is inside a dataset.
        let dataset = match chosen {
            Some(_) if !whole.is_dir() => whole.parent().unwrap_or(&whole),
            _ => &whole,
        };
        if canonical(&folder).starts_with(dataset) {
            return Err(StoreError::InsideDataset { folder, dataset: dataset.to_owned() });
        }
        Ok(folder)
    }
}

/// "flowers-3f2a…": readable, and another one for another folder of the same name.
fn project_name(source: &Path) -> String {
    let name = source.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let mut slug = String::new();
    for letter in name.chars() {
        if slug.len() >= 40 {
            break;
        }
        if letter.is_ascii_alphanumeric() {
            slug.push(letter);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    let slug = if slug.is_empty() { "dataset" } else { slug };
    let hash = blake3::hash(source.as_os_str().as_encoded_bytes()).to_hex();
    format!("{slug}-{}", &hash[..12])
}

/// The path with every link followed as far as it exists; the rest, which does not exist yet, is
/// taken by its names.
pub(crate) fn canonical(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut found = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            // What was found so far has no links left, so its parent is the folder above.
            Component::ParentDir => {
                found.pop();
            }
            other => {
                found.push(other);
                if let Ok(followed) = found.canonicalize() {
                    found = followed;
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_lies_outside_its_dataset() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        for folder in ["data/set/train", "elsewhere"] {
            std::fs::create_dir_all(at(folder)).unwrap();
        }
        std::fs::write(at("data/list.csv"), "").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(at("data/set"), at("elsewhere/link")).unwrap();

        let paths = Paths::within(&at("home"));
        let mut rows = vec![
            ("data/set", Some("data/set"), false),
            ("data/set", Some("data/set/train/new/deeper"), false),
            ("data/set", Some("elsewhere/../data/set/new"), false),
            ("data/set", Some("data/settled"), true),
            ("data/set", Some("elsewhere"), true),
            ("data/set", Some("data/set/new/../../other"), true),
            ("data/list.csv", Some("data/project"), false),
            ("data/list.csv", Some("elsewhere"), true),
            ("data/set", None, true),
            // The default place is inside a dataset that is the home folder itself.
            ("home", None, false),
            (".", None, false),
        ];
        if cfg!(unix) {
            rows.push(("data/set", Some("elsewhere/link/new"), false));
            rows.push(("elsewhere/link", Some("data/set/new"), false));
        }
        std::fs::create_dir_all(at("home")).unwrap();
        for (source, chosen, fine) in rows {
            let folder = paths.project_folder(&at(source), chosen.map(at).as_deref());
            assert_eq!(folder.is_ok(), fine, "{source} {chosen:?}: {folder:?}");
        }
        let archive_at_home = at("home.tar");
        std::fs::write(&archive_at_home, "").unwrap();
        assert!(Paths::within(home.path()).project_folder(&archive_at_home, None).is_ok());
    }

    #[test]
    fn names_are_plain_and_tell_folders_apart() {
        let name = |path: &str| project_name(Path::new(path));
        assert!(name("/d/My Flowers (v2)").starts_with("my-flowers-v2-"));
        assert!(name("/d/花").starts_with("dataset-"));
        assert!(name("/").starts_with("dataset-"));
        assert!(name(&format!("/{}", "x".repeat(300))).len() < 60);
        assert_ne!(name("/a/flowers"), name("/b/flowers"));
    }
}
