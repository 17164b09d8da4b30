//! The table of issues as CSV and JSON: path, kind and message of each.

use std::io::Write;
use std::path::Path;

use serde::{Serialize, Serializer};

use super::{ExportError, write_whole};
use crate::dataset::Issue;
use crate::jobs::{Cancelled, Control};

/// Issues written between two looks at whether to go on.
const STEP: usize = 1024;

/// One issue as it is written.
#[derive(Serialize)]
struct Row<'a> {
    path: &'a str,
    kind: &'static str,
    message: &'a str,
}

impl<'a> Row<'a> {
    fn of(issue: &'a Issue) -> Self {
        Self { path: &issue.path, kind: issue.kind.name(), message: &issue.message }
    }
}

/// Issues as a list of rows, for what has them in it.
pub(super) fn as_rows<S: Serializer>(issues: &[Issue], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(issues.iter().map(Row::of))
}

/// Writes issues as CSV with a heading: `path`, `kind`, `message`. Fields with commas, quotes or
/// line breaks are quoted (RFC 4180).
pub fn issues_csv(issues: &[Issue], out: impl Write) -> csv::Result<()> {
    // No pause or cancel is asked for here.
    csv_rows(issues, out, || Ok(())).unwrap_or(Ok(()))
}

/// Writes issues as a JSON array of objects with `path`, `kind` and `message`, one on each line.
pub fn issues_json(issues: &[Issue], out: impl Write) -> serde_json::Result<()> {
    json_rows(issues, out, || Ok(())).unwrap_or(Ok(()))
}

/// Writes issues to a file: JSON when its name ends in `.json`, CSV otherwise. The file appears
/// whole or not at all.
pub fn write_issues(path: &Path, issues: &[Issue], control: &Control) -> Result<(), ExportError> {
    control.set_stage("Writing issues");
    control.set_total(issues.len() as u64);
    let step = || {
        control.checkpoint()?;
        control.add(STEP as u64);
        Ok(())
    };
    let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    write_whole(path, |out| {
        let written = if is_json {
            json_rows(issues, out, step)?.map_err(std::io::Error::from)
        } else {
            csv_rows(issues, out, step)?.map_err(std::io::Error::from)
        };
        written.map_err(|cause| ExportError::io(path, cause))?;
        control.checkpoint()?;
        control.set_done(issues.len() as u64);
        Ok(())
    })
}

fn csv_rows(
    issues: &[Issue],
    out: impl Write,
    mut step: impl FnMut() -> Result<(), Cancelled>,
) -> Result<csv::Result<()>, Cancelled> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(out);
    let mut write = |fields: [&str; 3]| writer.write_record(fields);
    if let Err(cause) = write(["path", "kind", "message"]) {
        return Ok(Err(cause));
    }
    for part in issues.chunks(STEP) {
        step()?;
        for issue in part {
            let row = Row::of(issue);
            if let Err(cause) = write([row.path, row.kind, row.message]) {
                return Ok(Err(cause));
            }
        }
    }
    Ok(writer.flush().map_err(csv::Error::from))
}

fn json_rows(
    issues: &[Issue],
    mut out: impl Write,
    mut step: impl FnMut() -> Result<(), Cancelled>,
) -> Result<serde_json::Result<()>, Cancelled> {
    let mut write = |before: &str, issue: Option<&Issue>| -> serde_json::Result<()> {
        out.write_all(before.as_bytes()).map_err(serde_json::Error::io)?;
        issue.map_or(Ok(()), |issue| serde_json::to_writer(&mut out, &Row::of(issue)))
    };
    let mut before = "[\n";
    for part in issues.chunks(STEP) {
        step()?;
        for issue in part {
            if let Err(cause) = write(before, Some(issue)) {
                return Ok(Err(cause));
            }
            before = ",\n";
        }
    }
    Ok(write(if issues.is_empty() { "[]\n" } else { "\n]\n" }, None))
}
