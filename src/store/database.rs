//! The project database as a file: how it is opened, what its tables are, and how an older one is
//! brought up to date.
//!
//! The format is the number in `PRAGMA user_version`. A newer one is refused; an older one goes
//! through [`MIGRATIONS`] one step at a time, each in its own transaction, so that a program that is
//! killed in between leaves a database of some whole version.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};

use super::blob::{self, Damage};
use super::error::StoreError;
use crate::dataset::edit::Edit;

/// "Lnsl", in the header of the file: `file` and other programs can tell what it is.
pub const APPLICATION_ID: i32 = i32::from_be_bytes(*b"Lnsl");

type Migration = fn(&Transaction<'_>) -> rusqlite::Result<()>;

/// Step `n` makes version `n + 1` of version `n`; version 0 is an empty database.
pub const MIGRATIONS: &[Migration] = &[create_tables, weigh_edits, keep_signals, keep_model_signals];

/// The version that this program writes.
pub const VERSION: i64 = MIGRATIONS.len() as i64;

/// How long to wait for another writer before it is an error.
const BUSY_TIMEOUT: Duration = Duration::from_secs(20);

/// Pages given back at once at most: a moment's work.
const GIVEN_BACK: i64 = 2048;

/// The sealed parts of columns by name, or what is wrong with one.
pub type SealedColumns = BTreeMap<String, Result<Vec<Vec<u8>>, Damage>>;

/// What may be done with a database file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    ReadWrite,
    ReadOnly,
    /// The file lies where nothing can be written, not even the memory that readers share.
    Immutable,
}

/// Opens the database for writing, made when it is not there, and brings it up to date.
pub fn open_writable(path: &Path) -> Result<Connection, StoreError> {
    let mut connection = connect(path, Mode::ReadWrite)?;
    let told = |cause| StoreError::database(path, cause);
    identify(&connection, path)?;
    // Takes effect in an empty file only. Larger pages halve the time that large columns take to
    // read, and an edit still writes few of them.
    connection.execute_batch("PRAGMA page_size = 16384; PRAGMA auto_vacuum = INCREMENTAL;").map_err(told)?;
    let _mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).map_err(told)?;
    migrate(&mut connection, MIGRATIONS).map_err(told)?;
    Ok(connection)
}

/// Opens the database for reading, in the mode that works where it lies.
pub fn open_readable(path: &Path) -> Result<(Connection, Mode), StoreError> {
    let mut tried = Err(StoreError::Denied(path.to_owned()));
    for mode in [Mode::ReadOnly, Mode::Immutable] {
        tried = connect(path, mode).and_then(|connection| {
            let found = identify(&connection, path)?;
            if found < VERSION {
                return Err(StoreError::Older { path: path.to_owned(), found, known: VERSION });
            }
            Ok((connection, mode))
        });
        // Where the shared memory of readers cannot be made, SQLite answers that it cannot open
        // the file or may not write it.
        if !matches!(tried, Err(StoreError::Denied(_))) {
            break;
        }
    }
    tried
}

/// A connection to a database that was opened before.
pub fn connect(path: &Path, mode: Mode) -> Result<Connection, StoreError> {
    let told = |cause| StoreError::database(path, cause);
    let base = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match mode {
        Mode::ReadWrite => {
            let flags = base | OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
            Connection::open_with_flags(path, flags)
        }
        Mode::ReadOnly => Connection::open_with_flags(path, base | OpenFlags::SQLITE_OPEN_READ_ONLY),
        Mode::Immutable => {
            let flags = base | OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
            Connection::open_with_flags(immutable_uri(path), flags)
        }
    }
    .map_err(told)?;
    harden(&connection).map_err(told)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(told)?;
    // `fullfsync` matters on macOS, where a plain fsync leaves data in the drive's cache.
    connection
        .execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; \
             PRAGMA journal_size_limit = 67108864;",
        )
        .map_err(told)?;
    Ok(connection)
}

/// What a stranger's database file must not be able to do: run its own triggers and views, or
/// lead the reader out of its pages.
pub fn harden(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.execute_batch("PRAGMA cell_size_check = ON;")
}

/// The version of the database, which is ours and not a newer one.
fn identify(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    let told = |cause| StoreError::database(path, cause);
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(told);
    let (application, version) = (number("application_id")?, number("user_version")?);
    if application != i64::from(APPLICATION_ID) {
        let tables: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(told)?;
        // A file without tables is one that was just made, by us or by a copy that was cut short.
        if application != 0 || version != 0 || tables != 0 {
            return Err(StoreError::NotAProject(path.to_owned()));
        }
    }
    if !(0..=VERSION).contains(&version) {
        return Err(StoreError::Newer { path: path.to_owned(), found: version, known: VERSION });
    }
    Ok(version)
}

/// Goes through the steps that the database has not been through.
pub fn migrate(connection: &mut Connection, steps: &[Migration]) -> rusqlite::Result<()> {
    loop {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let Some(step) = usize::try_from(version).ok().and_then(|version| steps.get(version)) else {
            return Ok(());
        };
        step(&transaction)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", version + 1)?;
        transaction.commit()?;
    }
}

fn create_tables(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch(
        "
        -- Columns of the dataset and of the overlay, cut into sealed parts (see `blob`).
        CREATE TABLE IF NOT EXISTS part (
            name TEXT NOT NULL, number INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (name, number)
        ) STRICT;
        -- Chunks of measured facts, each one sealed part.
        CREATE TABLE IF NOT EXISTS fact (chunk INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
        -- `measured` is 0 for what an import found and 1 for what decoding a sample found.
        CREATE TABLE IF NOT EXISTS issue (
            id INTEGER PRIMARY KEY, measured INTEGER NOT NULL, sample INTEGER, kind TEXT NOT NULL,
            path TEXT NOT NULL, message TEXT NOT NULL
        ) STRICT;
        CREATE INDEX IF NOT EXISTS issue_of_sample ON issue (measured, sample);
        -- The journal: effective edits as JSON, in the order they were made.
        CREATE TABLE IF NOT EXISTS edit (
            seq INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, person TEXT NOT NULL, edit TEXT NOT NULL
        ) STRICT;
        -- One row. `done`: the last edit in force; `next`: the number of the next edit;
        -- `snapshot`: the edit up to which the kept overlay goes.
        CREATE TABLE IF NOT EXISTS cursor (
            id INTEGER PRIMARY KEY CHECK (id = 1), done INTEGER NOT NULL, next INTEGER NOT NULL,
            snapshot INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE IF NOT EXISTS value (key TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT;
        ",
    )
}

/// Version 2: edits say how large they are, those that can no longer be undone are kept, and facts
/// are measured again, since chunks have another layout and contrast and saturation another meaning.
fn weigh_edits(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    // `bytes` is before the edit itself, so that reading it does not read that.
    transaction.execute_batch(
        "
        CREATE TABLE weighed_edit (
            seq INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, person TEXT NOT NULL,
            bytes INTEGER NOT NULL, edit TEXT NOT NULL
        ) STRICT;
        -- Edits that are too old to be undone, for a person to look at. Never read at opening.
        CREATE TABLE old_edit (
            seq INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, person TEXT NOT NULL,
            bytes INTEGER NOT NULL, edit TEXT NOT NULL
        ) STRICT;
        -- How many old edits there are, and their bytes together.
        ALTER TABLE cursor ADD COLUMN old_edits INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE cursor ADD COLUMN old_bytes INTEGER NOT NULL DEFAULT 0;
        DELETE FROM fact;
        DELETE FROM issue WHERE measured = 1;
        ",
    )?;
    let mut select = transaction.prepare("SELECT seq, edit FROM edit")?;
    let mut insert = transaction
        .prepare("INSERT INTO weighed_edit SELECT seq, time_ms, person, ?2, edit FROM edit WHERE seq = ?1")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let edit: Option<Edit> =
            row.get_ref(1)?.as_str().ok().and_then(|json| serde_json::from_str(json).ok());
        insert.execute(params![row.get::<_, i64>(0)?, edit.map_or(0, |edit| edit.bytes() as i64)])?;
    }
    transaction.execute_batch("DROP TABLE edit; ALTER TABLE weighed_edit RENAME TO edit;")
}

/// Version 3: what is computed for analysis is kept.
fn keep_signals(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch(
        "
        -- Chunks of signals, each one sealed part.
        CREATE TABLE signal (chunk INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
        ",
    )
}

/// Version 4: so are descriptions by a trained model.
fn keep_model_signals(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch(
        "
        -- The same of pictures that a trained model describes.
        CREATE TABLE model_signal (chunk INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
        ",
    )
}

/// Keeps a column's sealed parts; parts that are there already are not written again.
pub fn put_column(connection: &Connection, name: &str, parts: &[Vec<u8>]) -> rusqlite::Result<()> {
    let mut find = connection.prepare_cached(
        "SELECT substr(data, 1, ?3), length(data) FROM part WHERE name = ?1 AND number = ?2",
    )?;
    let mut put = connection.prepare_cached(
        "INSERT INTO part (name, number, data) VALUES (?1, ?2, ?3)
         ON CONFLICT (name, number) DO UPDATE SET data = excluded.data",
    )?;
    for (number, part) in parts.iter().enumerate() {
        let mut kept = find.query(params![name, number as i64, blob::HEADER as i64])?;
        // The header has a hash of the content, so an equal header is equal content.
        let same = match kept.next()? {
            Some(row) => {
                row.get::<_, i64>(1)? == part.len() as i64
                    && row.get_ref(0)?.as_blob().is_ok_and(|head| part.starts_with(head))
            }
            None => false,
        };
        drop(kept);
        if !same {
            put.execute(params![name, number as i64, part])?;
        }
    }
    connection
        .prepare_cached("DELETE FROM part WHERE name = ?1 AND number >= ?2")?
        .execute(params![name, parts.len() as i64])?;
    Ok(())
}

/// Removes the columns of that prefix that are not among `names`.
pub fn retain_columns(connection: &Connection, prefix: &str, names: &[String]) -> rusqlite::Result<()> {
    let mut list = connection.prepare("SELECT DISTINCT name FROM part")?;
    let kept: Vec<String> = list.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for name in kept.iter().filter(|name| name.starts_with(prefix) && !names.contains(name)) {
        connection.execute("DELETE FROM part WHERE name = ?1", [name])?;
    }
    Ok(())
}

/// The sealed parts of each column whose name starts with `prefix`, by the rest of its name.
pub fn columns(connection: &Connection, prefix: &str) -> rusqlite::Result<SealedColumns> {
    let mut columns = SealedColumns::new();
    let mut select =
        connection.prepare("SELECT name, number, data FROM part WHERE name >= ?1 ORDER BY name, number")?;
    let mut rows = select.query([prefix])?;
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        let Some(name) = name.strip_prefix(prefix) else { break };
        let number: i64 = row.get(1)?;
        let column = columns.entry(name.to_owned()).or_insert_with(|| Ok(Vec::new()));
        match column {
            Ok(parts) if number == parts.len() as i64 => parts.push(row.get(2)?),
            _ => *column = Err(Damage("a part is missing")),
        }
    }
    Ok(columns)
}

/// Gives free pages back to the file system where more than `waiting` wait to be used again, at most
/// [`GIVEN_BACK`] of them.
pub fn give_back_pages(connection: &Connection, waiting: i64) -> rusqlite::Result<()> {
    let free: i64 = connection.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
    if free <= waiting {
        return Ok(());
    }
    let mut vacuum = connection.prepare(&format!("PRAGMA incremental_vacuum({GIVEN_BACK})"))?;
    let mut rows = vacuum.query([])?;
    // Each step frees one page.
    while rows.next()?.is_some() {}
    Ok(())
}

/// A `file:` address that tells SQLite that nobody writes this file.
fn immutable_uri(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    if cfg!(windows) {
        uri.push('/');
    }
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'\\' if cfg!(windows) => uri.push('/'),
            b'/' | b'.' | b'-' | b'_' | b':' => uri.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri + "?immutable=1"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(connection: &Connection) -> i64 {
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    }

    #[test]
    fn an_older_database_goes_through_the_steps_that_it_lacks() {
        const STEPS: &[Migration] = &[
            create_tables,
            |transaction| transaction.execute_batch("ALTER TABLE value ADD COLUMN person TEXT"),
            |transaction| transaction.execute_batch("UPDATE value SET person = 'someone'"),
        ];
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &STEPS[..1]).unwrap();
        connection.execute("INSERT INTO value VALUES ('a', '1')", []).unwrap();
        migrate(&mut connection, STEPS).unwrap();
        assert_eq!(version(&connection), 3);
        let kept: (String, String) = connection
            .query_row("SELECT json, person FROM value", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        assert_eq!(kept, ("1".to_owned(), "someone".to_owned()));
    }

    #[test]
    fn edits_of_the_first_version_are_weighed_and_its_facts_measured_again() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &MIGRATIONS[..1]).unwrap();
        connection
            .execute_batch(
                r#"
                INSERT INTO edit VALUES (4, 7, 'Ada', '{"mark":{"samples":[[0,2],[5,1]],"mark":"star","on":true}}');
                INSERT INTO edit VALUES (9, 8, '', '{');
                INSERT INTO cursor VALUES (1, 9, 10, 4);
                INSERT INTO fact VALUES (0, x'00');
                INSERT INTO issue VALUES (1, 0, 2, 'missing', 'a', 'b'), (2, 1, 2, 'corrupt', 'a', 'b');
                "#,
            )
            .unwrap();
        migrate(&mut connection, MIGRATIONS).unwrap();
        let text = |query: &str| connection.query_row(query, [], |row| row.get::<_, String>(0)).unwrap();
        let edits = "SELECT group_concat(seq || ' ' || time_ms || ' ' || person || ' ' || bytes || ' ' || length(edit), '; ') FROM edit";
        assert_eq!(text(edits), "4 7 Ada 16 58; 9 8  0 1");
        assert_eq!(text("SELECT done || ' ' || snapshot || ' ' || old_edits FROM cursor"), "9 4 0");
        assert_eq!(text("SELECT CAST(count(*) AS TEXT) FROM fact"), "0");
        assert_eq!(text("SELECT group_concat(kind) FROM issue"), "missing");
    }

    #[test]
    fn a_step_that_fails_leaves_the_version_before_it_whole() {
        const STEPS: &[Migration] = &[create_tables, |transaction| {
            transaction.execute_batch("DROP TABLE value; DROP TABLE no_such_table")
        }];
        let mut connection = Connection::open_in_memory().unwrap();
        assert!(migrate(&mut connection, STEPS).is_err());
        assert_eq!(version(&connection), 1);
        connection.execute("INSERT INTO value VALUES ('a', '1')", []).unwrap();
    }

    #[test]
    fn a_database_on_a_disk_that_nobody_writes_to_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("100% a?b#ä.db");
        let connection = open_writable(&path).unwrap();
        connection.execute("INSERT INTO value VALUES ('a', '1')", []).unwrap();
        drop(connection);
        let before = std::fs::read_dir(folder.path()).unwrap().count();
        let connection = connect(&path, Mode::Immutable).unwrap();
        assert_eq!(identify(&connection, &path).unwrap(), VERSION);
        let json: String = connection.query_row("SELECT json FROM value", [], |row| row.get(0)).unwrap();
        assert_eq!(json, "1");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), before, "no log, no shared memory");
    }

    #[test]
    fn an_address_has_no_character_with_a_meaning() {
        if cfg!(unix) {
            assert_eq!(immutable_uri(Path::new("/a b?/ä#")), "file:/a%20b%3F/%C3%A4%23?immutable=1");
        }
    }
}
