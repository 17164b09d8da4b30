//! What a person set for the whole program: one JSON file in the folder for settings.
//!
//! It is written whole to a temporary file that then takes its place, so that there is always one
//! whole file. Fields that this version does not know are kept.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::StoreError;
use super::folder::Paths;
use super::project::unused_name;
use crate::files::write_whole;

/// How many recent datasets are remembered.
pub const RECENTS: usize = 20;
/// Bytes of a settings file at most; a larger one is no settings file of ours.
const MAX_BYTES: u64 = 4 << 20;

/// Whether colours are light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    /// As the operating system has it.
    #[default]
    System,
    Light,
    Dark,
}

/// A dataset that was open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recent {
    /// What the person opened.
    pub source: PathBuf,
    /// The project's folder.
    pub project: PathBuf,
    /// When it was last opened, in milliseconds since the Unix epoch.
    pub opened_ms: i64,
    /// How many samples it had.
    pub samples: u64,
}

/// Where the window was, in points of the desktop at interface scale 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowGeometry {
    /// The top left corner; `None` where the desktop does not tell.
    pub corner: Option<[f32; 2]>,
    /// Width and height of the inside while it was not maximised.
    pub size: [f32; 2],
    pub maximised: bool,
}

/// The settings. Missing fields have their default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub theme: Theme,
    /// Factor on the size of everything, [`Self::SCALES`].
    pub interface_scale: f32,
    /// The newest first, at most [`RECENTS`].
    pub recents: Vec<Recent>,
    pub window: Option<WindowGeometry>,
    /// How panels are arranged, as the interface keeps it.
    pub layout: Option<Value>,
    /// Columns of the table view of a new project; empty is the program's choice.
    pub table_columns: Vec<String>,
    /// Noted with each edit; may be empty.
    pub person: String,
    /// Bytes that the thumbnails of one project take at most.
    pub thumbnail_cache_bytes: u64,
    /// Fields of other versions.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Theme::default(),
            interface_scale: 1.0,
            recents: Vec::new(),
            window: None,
            layout: None,
            table_columns: Vec::new(),
            person: String::new(),
            thumbnail_cache_bytes: super::thumbnails::DEFAULT_CAP,
            other: Map::new(),
        }
    }
}

impl Settings {
    /// The factors that [`Self::interface_scale`] may have.
    pub const SCALES: std::ops::RangeInclusive<f32> = 0.5..=3.0;

    /// The settings as kept, or the defaults. A file that cannot be understood is set aside; then
    /// there is also a sentence for the person.
    pub fn load(paths: &Paths) -> (Self, Option<String>) {
        Self::load_strictly(paths)
            .unwrap_or_else(|why| (Self::default(), Some(format!("The settings could not be read: {why}"))))
    }

    /// [`Self::load`] where a file that is there and cannot be read is an error.
    fn load_strictly(paths: &Paths) -> Result<(Self, Option<String>), StoreError> {
        let path = file(paths);
        let Some(text) = read(&path).map_err(|cause| StoreError::io(&path, cause))? else {
            return Ok((Self::default(), None));
        };
        let loaded = match serde_json::from_slice::<Self>(&text) {
            Ok(settings) => (settings.checked(), None),
            Err(cause) => {
                let aside = unused_name(&path);
                let now = match std::fs::rename(&path, &aside) {
                    Ok(()) => format!("it is now {}", aside.display()),
                    Err(_) => format!("it is still {}", path.display()),
                };
                let note = format!(
                    "The settings file could not be understood ({cause}), so the defaults are used; {now}"
                );
                (Self::default(), Some(note))
            }
        };
        Ok(loaded)
    }

    /// Keeps these settings in place of the file's.
    pub fn save(&self, paths: &Paths) -> Result<(), StoreError> {
        let path = file(paths);
        let told = |cause| StoreError::io(&path, cause);
        std::fs::create_dir_all(&paths.config).map_err(told)?;
        // Checked here too: a number that JSON cannot hold would make the whole file unreadable.
        let text = serde_json::to_vec_pretty(&self.clone().checked()).map_err(|cause| told(cause.into()))?;
        write_whole(&path, told, |out| out.write_all(&text).map_err(told))
    }

    /// Changes what is kept and gives the result: the change is made to what is in the file now,
    /// so that two windows do not undo each other's. Of the settings that it is given, `change` sets
    /// those that this window changed and no others.
    ///
    /// A file that is there and cannot be read is an error, and stays. One that cannot be understood
    /// is set aside, and the change is made to the defaults.
    pub fn update(paths: &Paths, change: impl FnOnce(&mut Self)) -> Result<Self, StoreError> {
        let path = paths.config.join("settings.lock");
        let told = |cause| StoreError::io(&path, cause);
        std::fs::create_dir_all(&paths.config).map_err(told)?;
        let lock = File::options().create(true).truncate(false).write(true).open(&path).map_err(told)?;
        // Where there are no locks, the last window wins.
        if let Err(cause) = lock.lock() {
            tracing::warn!("{}: {cause}", path.display());
        }
        let (mut settings, note) = Self::load_strictly(paths)?;
        if let Some(note) = note {
            tracing::warn!("{note}");
        }
        change(&mut settings);
        let settings = settings.checked();
        settings.save(paths)?;
        Ok(settings)
    }

    /// Takes over what became other between `before` and `now`: a change that another window made
    /// meanwhile to something else stays.
    pub fn adopt(&mut self, before: &Self, now: &Self) {
        macro_rules! adopt {
            ($($field:ident),*) => {
                $(if before.$field != now.$field {
                    self.$field.clone_from(&now.$field);
                })*
            };
        }
        adopt!(theme, interface_scale, window, layout, table_columns, person, thumbnail_cache_bytes, other);
        let is_same =
            |one: &Recent, other: &Recent| one.source == other.source && one.project == other.project;
        self.recents.retain(|known| {
            let in_list = |list: &[Recent]| list.iter().any(|recent| is_same(recent, known));
            !in_list(&before.recents) || in_list(&now.recents)
        });
        for recent in now.recents.iter().rev().filter(|recent| !before.recents.contains(recent)) {
            self.note_recent(recent.clone());
        }
    }

    /// Puts a dataset first among the recent ones.
    pub fn note_recent(&mut self, recent: Recent) {
        self.recents.retain(|known| known.source != recent.source || known.project != recent.project);
        self.recents.insert(0, recent);
        self.recents.truncate(RECENTS);
    }

    /// Brings values that would make the program unusable back to what works.
    fn checked(mut self) -> Self {
        if !Self::SCALES.contains(&self.interface_scale) {
            self.interface_scale = 1.0;
        }
        self.recents.truncate(RECENTS);
        self.window = self.window.filter(|window| {
            let corner = window.corner.unwrap_or_default();
            let all = corner.iter().chain(&window.size);
            all.into_iter().all(|value| value.is_finite()) && window.size.iter().all(|side| *side >= 1.0)
        });
        self
    }
}

fn file(paths: &Paths) -> PathBuf {
    paths.config.join("settings.json")
}

/// The file's bytes, or `None` when there is no file.
fn read(path: &Path) -> std::io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let mut text = Vec::new();
    // One byte over the limit makes it fail to parse, so it is set aside as any other damage.
    file.take(MAX_BYTES + 1).read_to_end(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        text.clear();
    }
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths() -> (tempfile::TempDir, Paths) {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::within(home.path());
        (home, paths)
    }

    #[test]
    fn settings_come_back_with_fields_of_other_versions() {
        let (_home, paths) = paths();
        assert_eq!(Settings::load(&paths), (Settings::default(), None));
        std::fs::create_dir_all(&paths.config).unwrap();
        let text = r#"{"theme":"dark","recents":[],"interface_scale":1.5,"colour_of_hats":{"a":[1,2]}}"#;
        std::fs::write(file(&paths), text).unwrap();
        let changed = Settings::update(&paths, |settings| settings.person = "Ada".into()).unwrap();
        assert_eq!(changed.theme, Theme::Dark);
        assert_eq!(changed.other["colour_of_hats"]["a"][1], 2);
        assert_eq!(Settings::load(&paths), (changed, None));
        let names: Vec<_> =
            std::fs::read_dir(&paths.config).unwrap().map(|at| at.unwrap().file_name()).collect();
        assert_eq!(names.len(), 2, "no temporary file is left: {names:?}");
    }

    #[test]
    fn windows_that_change_settings_at_once_keep_each_other_s() {
        let (_home, paths) = paths();
        std::thread::scope(|scope| {
            for window in 0..4u64 {
                let paths = &paths;
                scope.spawn(move || {
                    for number in 0..5u64 {
                        Settings::update(paths, |settings| {
                            settings.other.insert(format!("{window}/{number}"), number.into());
                        })
                        .unwrap();
                    }
                });
            }
        });
        let (settings, note) = Settings::load(&paths);
        assert_eq!((settings.other.len(), note), (20, None));
    }

    #[test]
    fn an_update_of_settings_that_cannot_be_read_is_an_error_and_leaves_them() {
        let (_home, paths) = paths();
        // A folder of that name stands for a file that the system does not give.
        std::fs::create_dir_all(file(&paths).join("kept")).unwrap();
        assert!(Settings::update(&paths, |settings| settings.person = "Ada".into()).is_err());
        assert!(file(&paths).join("kept").exists());
        let (settings, note) = Settings::load(&paths);
        assert_eq!(settings, Settings::default());
        assert!(note.is_some_and(|note| note.contains("could not be read")));
    }

    #[test]
    fn a_number_that_json_cannot_hold_does_not_cost_the_file() {
        let (_home, paths) = paths();
        let window = WindowGeometry { corner: Some([f32::NAN, 0.0]), size: [9.0, 9.0], maximised: true };
        let odd = Settings {
            interface_scale: f32::NAN,
            person: "Ada".into(),
            window: Some(window),
            ..Settings::default()
        };
        odd.save(&paths).unwrap();
        let kept = Settings { person: "Ada".into(), ..Settings::default() };
        assert_eq!(Settings::load(&paths), (kept, None));
    }

    #[test]
    fn a_damaged_file_is_set_aside_and_the_defaults_are_used() {
        let (_home, paths) = paths();
        std::fs::create_dir_all(&paths.config).unwrap();
        for (number, text) in ["{", "", r#"{"theme":3}"#, "\u{0}\u{0}"].into_iter().enumerate() {
            std::fs::write(file(&paths), text).unwrap();
            let (settings, note) = Settings::load(&paths);
            assert_eq!(settings, Settings::default(), "{text}");
            let aside = format!("settings.json.damaged-{}", number + 1);
            assert!(note.is_some_and(|note| note.ends_with(&aside)), "{text}");
            assert_eq!(std::fs::read_to_string(paths.config.join(aside)).unwrap(), text);
        }
    }

    #[test]
    fn values_that_nobody_can_use_become_defaults() {
        let (_home, paths) = paths();
        std::fs::create_dir_all(&paths.config).unwrap();
        let window = r#"{"corner":[0,0],"size":[0,-3],"maximised":false}"#;
        std::fs::write(file(&paths), format!(r#"{{"interface_scale":1e9,"window":{window}}}"#)).unwrap();
        let (settings, note) = Settings::load(&paths);
        assert_eq!((settings, note), (Settings::default(), None));
    }

    #[test]
    fn two_windows_do_not_undo_each_other() {
        let (_home, paths) = paths();
        let recent =
            |name: &str| Recent { source: name.into(), project: "/p".into(), opened_ms: 0, samples: 1 };
        let before = Settings { recents: vec![recent("x"), recent("y")], ..Settings::default() };
        before.save(&paths).unwrap();
        let mut one = before.clone();
        one.theme = Theme::Dark;
        one.note_recent(recent("a"));
        let mut other = Settings { person: "Ada".into(), ..before.clone() };
        other.recents.remove(1);
        other.note_recent(recent("b"));
        Settings::update(&paths, |kept| kept.adopt(&before, &one)).unwrap();
        let kept = Settings::update(&paths, |kept| kept.adopt(&before, &other)).unwrap();
        assert_eq!((kept.theme, kept.person.as_str()), (Theme::Dark, "Ada"));
        let names: Vec<_> = kept.recents.iter().map(|recent| recent.source.to_str().unwrap()).collect();
        assert_eq!(names, ["b", "a", "x"]);
    }

    #[test]
    fn the_newest_dataset_is_first_and_old_ones_are_forgotten() {
        let mut settings = Settings::default();
        for number in (0..30).chain([25]) {
            let source = PathBuf::from(format!("/d/{number}"));
            settings.note_recent(Recent { source, project: "/p".into(), opened_ms: 0, samples: number });
        }
        let numbers: Vec<u64> = settings.recents.iter().map(|recent| recent.samples).collect();
        assert_eq!(numbers.len(), RECENTS);
        assert_eq!(numbers[..7], [25, 29, 28, 27, 26, 24, 23]);
    }
}
