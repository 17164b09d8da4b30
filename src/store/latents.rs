//! What models said of samples with their latents, in a project: so much that it has a bound of its own.
//!
//! Of each model there is one record, under the model's name. The value `KEPT` says which there are; a record
//! that it does not name was not written to its end. This file refuses to know what a latent is.

use rusqlite::params;

use super::blob;
use super::database;
use super::error::StoreError;
use super::latent_blob::KeptLatents;
use super::project::{FREE_PAGES, Project, WORKED_OUT, put_value};
use crate::export::free_bytes;

/// Bytes of latents that a project keeps at most, of all its models together: those that were looked into last. Of
/// a model of which there are more none are kept.
pub const LATENTS: u64 = 1 << 30;

/// The value that says which models' latents are kept, the one that was looked into last first, each with its
/// bytes.
const KEPT: &str = "latents";
/// Prefix of the records, within what can be worked out again.
const RECORD: &str = "latents/";
/// Parts that are written at once: another writer, who keeps decisions, comes in between.
const PARTS: usize = 4;

/// What there is room for.
#[derive(Clone, Copy)]
struct Room {
    /// Bytes of latents that are kept at most.
    most: u64,
    /// Bytes that are free on the disk; `None` where the system does not say.
    free: Option<u64>,
}

/// Whether latents are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    Kept,
    /// There are too many.
    TooMany,
    /// Whoever asked was not to go on.
    Stopped,
}

impl Project {
    /// Keeps the latents of a model in the place of those before, as long as `goes_on` says so: a project that
    /// is read-only keeps none. Where the disk has no room for them, those before stay.
    pub fn save_latents(
        &self,
        model: &str,
        latents: &KeptLatents<'_>,
        goes_on: impl FnMut() -> bool,
    ) -> Result<Keeping, StoreError> {
        let room = Room { most: LATENTS, free: free_bytes(self.folder()) };
        self.save_latents_within(model, latents, room, goes_on)
    }

    fn save_latents_within(
        &self,
        model: &str,
        latents: &KeptLatents<'_>,
        room: Room,
        mut goes_on: impl FnMut() -> bool,
    ) -> Result<Keeping, StoreError> {
        self.check_writable()?;
        let bytes = latents.bytes();
        if bytes > room.most {
            return Ok(Keeping::TooMany);
        }
        let mut left = room.most - bytes;
        let before = self.known_latents()?;
        let others: Vec<(String, u64)> = before.iter().filter(|(name, _)| name != model).cloned().collect();
        // Those that were looked into longest ago make room.
        let fits = |(_, bytes): &&(String, u64)| match left.checked_sub(*bytes) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        };
        let mut known: Vec<(String, u64)> = others.iter().take_while(fits).cloned().collect();
        let of = |records: &[(String, u64)]| records.iter().map(|(_, bytes)| bytes).sum::<u64>();
        // The pages of those that go are written to again; and what is written goes through the log.
        let needed = bytes.saturating_sub(of(&before) - of(&known)) + (PARTS * blob::PART) as u64;
        if room.free.is_some_and(|free| free < needed) {
            return Err(StoreError::DiskFull(self.path().to_owned()));
        }
        let (raw, name) = (latents.encode(), record(model));
        self.write(|transaction| {
            let names: Vec<String> = known.iter().map(|(model, _)| record(model)).collect();
            database::retain_columns(transaction, &record(""), &names)?;
            put_value(transaction, KEPT, &serde_json::json!(known))
        })?;
        let written = self.write_record(&name, &raw, &mut goes_on).and_then(|keeping| {
            if keeping == Keeping::Kept {
                known.insert(0, (model.to_owned(), bytes));
                self.write(|transaction| put_value(transaction, KEPT, &serde_json::json!(known)))?;
            }
            Ok(keeping)
        });
        let removed = match &written {
            Ok(Keeping::Kept) => Ok(()),
            // Nothing names what was written so far, and it may be most of a full disk.
            _ => self.write(|transaction| {
                transaction.execute("DELETE FROM part WHERE name = ?1", [&name]).map(drop)
            }),
        };
        if let Err(cause) = database::give_back_pages(&self.connection(), FREE_PAGES) {
            tracing::warn!("{}: {cause}", self.path().display());
        }
        // What could not be removed goes with the next record that is kept.
        written.and_then(|keeping| removed.map(|()| keeping))
    }

    /// Writes a record, some parts at a time.
    fn write_record(
        &self,
        name: &str,
        raw: &[u8],
        goes_on: &mut impl FnMut() -> bool,
    ) -> Result<Keeping, StoreError> {
        for (at, parts) in raw.chunks(PARTS * blob::PART).enumerate() {
            if !goes_on() {
                return Ok(Keeping::Stopped);
            }
            let sealed = blob::seal_column(parts);
            self.write(|transaction| {
                let mut put = transaction
                    .prepare_cached("INSERT INTO part (name, number, data) VALUES (?1, ?2, ?3)")?;
                for (number, part) in (at * PARTS..).zip(&sealed) {
                    put.execute(params![name, number as i64, part])?;
                }
                Ok(())
            })?;
        }
        Ok(Keeping::Kept)
    }

    /// The latents of a model; `None` where none are kept, or damaged ones.
    pub fn load_latents(&self, model: &str) -> Result<Option<KeptLatents<'static>>, StoreError> {
        if self.latents_bytes(model)?.is_none() {
            return Ok(None);
        }
        let Some(raw) = self.load_part(&format!("{RECORD}{model}"))? else { return Ok(None) };
        Ok(KeptLatents::decode(&raw).map_or_else(
            |damage| {
                tracing::warn!("latents in {}: {damage}", self.path().display());
                None
            },
            Some,
        ))
    }

    /// How many bytes of latents of a model are kept; `None` where there are none.
    pub fn latents_bytes(&self, model: &str) -> Result<Option<u64>, StoreError> {
        let known = self.known_latents()?;
        Ok(known.into_iter().find(|(name, _)| name == model).map(|(_, bytes)| bytes))
    }

    /// Notes that a model was looked into: its latents go last.
    pub fn use_latents(&self, model: &str) -> Result<(), StoreError> {
        let mut known = self.known_latents()?;
        match known.iter().position(|(name, _)| name == model) {
            None | Some(0) => Ok(()),
            Some(at) => {
                known[..=at].rotate_right(1);
                self.set_value(KEPT, &serde_json::json!(known))
            }
        }
    }

    /// The models whose latents are kept, with their bytes.
    fn known_latents(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let value = self.get_value(KEPT)?;
        // A value of another form is as good as none: what it would name is worked out again.
        Ok(value.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default())
    }
}

/// The name of a model's record among the parts.
fn record(model: &str) -> String {
    format!("{WORKED_OUT}{RECORD}{model}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Access;
    use crate::store::latent_blob::tests::latents;

    fn parts(project: &Project) -> Vec<String> {
        let connection = project.connection();
        let mut select = connection.prepare("SELECT DISTINCT name FROM part ORDER BY name").unwrap();
        select.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn latents_are_kept_within_a_bound_and_those_of_long_ago_go() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::open(folder.path()).unwrap();
        let (small, large) = (latents(10, 4), latents(30, 4));
        let most = 2 * small.bytes() + 10;
        let save = |model: &str, latents: &KeptLatents<'_>| {
            project.save_latents_within(model, latents, Room { most, free: None }, || true).unwrap()
        };
        let kept =
            |project: &Project| ["a", "b", "c"].map(|model| project.load_latents(model).unwrap().is_some());
        assert_eq!((save("a", &small), save("b", &small)), (Keeping::Kept, Keeping::Kept));
        assert_eq!(project.load_latents("a").unwrap().as_ref(), Some(&small));
        assert_eq!(kept(&project), [true, true, false]);
        // The one that was looked into last stays.
        project.use_latents("a").unwrap();
        project.use_latents("c").unwrap();
        assert_eq!((save("c", &small), kept(&project)), (Keeping::Kept, [true, false, true]));
        assert_eq!(parts(&project), ["worked-out/latents/a", "worked-out/latents/c"]);
        assert_eq!((save("b", &large), kept(&project)), (Keeping::TooMany, [true, false, true]));
        assert_eq!(project.latents_bytes("a").unwrap(), Some(small.bytes()));
        // In the place of those before.
        let fewer = latents(3, 4);
        assert_eq!((save("a", &fewer), kept(&project)), (Keeping::Kept, [true, false, true]));
        assert_eq!(project.load_latents("a").unwrap(), Some(fewer));
        // What is stopped is as if it had never been there.
        let room = |free| Room { most, free: Some(free) };
        let stopped = project.save_latents_within("a", &small, room(u64::MAX), || false).unwrap();
        assert_eq!((stopped, kept(&project)), (Keeping::Stopped, [false, false, true]));
        assert_eq!(parts(&project), ["worked-out/latents/c"]);

        // Where the disk has no room, what was there stays.
        let full = project.save_latents_within("c", &small, room(1 << 20), || true);
        assert!(matches!(full, Err(StoreError::DiskFull(_))), "{full:?}");
        assert_eq!(kept(&project), [false, false, true]);

        // A second window may read, and keeps none.
        let second = Project::open(folder.path()).unwrap();
        assert!(matches!(second.access(), Access::ReadOnly { .. }));
        assert_eq!(kept(&second), [false, false, true]);
        assert!(second.save_latents("a", &small, || true).is_err());
        assert!(second.use_latents("c").is_ok(), "there is nothing to write");
    }

    #[test]
    fn a_record_of_many_parts_comes_back_and_one_that_was_not_ended_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::open(folder.path()).unwrap();
        // Some 42 MiB: more than is written at once.
        let many = latents(80_000, 60);
        assert!(many.bytes() > (PARTS * blob::PART) as u64);
        let mut asked = 0;
        let goes_on = || {
            asked += 1;
            true
        };
        assert_eq!(project.save_latents("a", &many, goes_on).unwrap(), Keeping::Kept);
        assert_eq!(asked, 2);
        assert_eq!(project.load_latents("a").unwrap().as_ref(), Some(&many));
        // The disk is full in the midst of it.
        let trigger = "CREATE TEMP TRIGGER disk_full BEFORE INSERT ON part WHEN NEW.number > 4 \
                       BEGIN SELECT RAISE(ABORT, 'the disk is full'); END";
        project.connection().execute(trigger, []).unwrap();
        assert!(project.save_latents("c", &many, || true).is_err());
        project.connection().execute("DROP TRIGGER disk_full", []).unwrap();
        assert_eq!(parts(&project), ["worked-out/latents/a"], "nothing is left of what was begun");
        assert_eq!(project.load_latents("a").unwrap().as_ref(), Some(&many));
        // The program ended while it wrote another one over it.
        project.set_value(KEPT, &serde_json::json!([])).unwrap();
        assert_eq!(project.load_latents("a").unwrap(), None);
        project.save_latents("b", &latents(1, 1), || true).unwrap();
        assert_eq!(parts(&project), ["worked-out/latents/b"]);
        // And one that is damaged is none.
        project.set_value(KEPT, &serde_json::json!([["b", 9]])).unwrap();
        project.connection().execute("UPDATE part SET data = x'00'", []).unwrap();
        assert_eq!(project.load_latents("b").unwrap(), None);
    }
}
