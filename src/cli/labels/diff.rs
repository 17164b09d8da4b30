//! `lenslet labels diff`: what in a project is another than the source says.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use anyhow::anyhow;
use serde::Serialize;

use crate::cli::look::tell;
use crate::cli::progress::Meter;
use crate::cli::source::open;
use crate::dataset::SampleId;
use crate::dataset::edit::{Direction, Mark};
use crate::dataset::query::{Snapshot, write_time};
use crate::jobs::Control;
use crate::review::changes::{Aspect, Change, ChangeOrder, Changes, ChangesLook, ClassChange, ClassPair};
use crate::text::{counted, grouped};

/// Samples are in the order of their paths.
///
/// Exit status: 0 when the dataset opened, changed or not, 1 when it or the project cannot be read, 2 for wrong usage.
#[derive(Clone, Debug, clap::Args)]
pub struct DiffOptions {
    /// Folder, archive, manifest, array or table file, or pattern of shards
    pub path: String,

    /// The project's folder, with what was said in the window
    #[arg(long, value_name = "DIR")]
    pub project: PathBuf,

    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// What is another than the source says, as `--json` prints it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DiffReport {
    pub source: String,
    /// Samples that are there.
    pub samples: u64,
    /// Samples that are another than the source says, and of how many their labels, boxes, tags, note or marks are.
    pub changed: u64,
    pub counts: BTreeMap<&'static str, u64>,
    /// What became of classes.
    pub classes: Vec<ClassRow>,
    /// From which class to which, the most frequent first.
    pub pairs: Vec<PairRow>,
    pub changes: Vec<ChangeRow>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassRow {
    /// added, renamed, merged or removed.
    pub what: &'static str,
    /// The class's name at the source; for one that was added, its name.
    pub class: String,
    /// Its new name, or that of the class that it was merged into.
    pub to: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PairRow {
    /// The class that was lost: "unlabelled" where there was none, "as before" where none was lost.
    pub from: String,
    pub to: String,
    pub samples: u64,
    /// The query that asks for them.
    pub query: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangeRow {
    pub path: String,
    /// What differs: labels, boxes, tags, note, marks.
    pub what: Vec<&'static str>,
    /// The source's classes, and those that count.
    pub from: Vec<String>,
    pub to: Vec<String>,
    /// Where what was said last of labels or boxes comes from; absent where nobody said something of them.
    pub origin: Option<&'static str>,
    pub by: Option<String>,
    /// When that was, in UTC.
    pub time: Option<String>,
    /// The number of boxes at the source and now.
    pub boxes: [u64; 2],
    pub tags: Vec<String>,
    pub note: String,
    pub marks: Vec<&'static str>,
}

pub fn run(options: &DiffOptions) -> anyhow::Result<()> {
    let control = Control::new();
    let meter = Meter::start(&control);
    let report = diff(options, &control)?;
    drop(meter);
    tell(&report, options.json, |out| print(&report, out))
}

/// Opens a dataset with its project and finds what is another than the source says.
pub fn diff(options: &DiffOptions, control: &Control) -> anyhow::Result<DiffReport> {
    if !options.project.is_dir() {
        return Err(anyhow!("there is no project in this folder: {}", options.project.display()));
    }
    let opened = open(&options.path, Some(&options.project), control)?;
    control.begin("Comparing", 0);
    Ok(DiffReport::of(&opened.snapshot))
}

impl DiffReport {
    /// What in a snapshot is another than its source says.
    pub fn of(snapshot: &Snapshot) -> Self {
        let changes = Changes::of(snapshot);
        let look =
            ChangesLook { order: ChangeOrder::Path, direction: Direction::Ascending, ..Default::default() };
        let rows = changes.listed(snapshot, &look);
        let rows = rows.iter().filter_map(|at| changes.all.get(*at as usize));
        let counts = Aspect::ALL.into_iter().map(|aspect| (aspect.name(), changes.counts[aspect as usize]));
        Self {
            source: snapshot.dataset.source.clone(),
            samples: snapshot.derived().present().count() as u64,
            changed: changes.all.len() as u64,
            counts: counts.collect(),
            classes: changes.classes.iter().map(class_row).collect(),
            pairs: changes.pairs.iter().map(|pair| pair_row(pair, snapshot)).collect(),
            changes: rows.map(|change| change_row(&changes, change, snapshot)).collect(),
        }
    }
}

fn class_row(change: &ClassChange) -> ClassRow {
    let (what, class, to) = match change {
        ClassChange::Added { name } => ("added", name, None),
        ClassChange::Renamed { class, name } => ("renamed", class, Some(name)),
        ClassChange::Merged { class, into } => ("merged", class, Some(into)),
        ClassChange::Removed { class } => ("removed", class, None),
    };
    ClassRow { what, class: class.clone(), to: to.cloned() }
}

fn pair_row(pair: &ClassPair, snapshot: &Snapshot) -> PairRow {
    PairRow {
        from: pair.lost.text(snapshot).to_owned(),
        to: pair.gained.text(snapshot).to_owned(),
        samples: pair.count,
        query: pair.query(snapshot),
    }
}

fn change_row(changes: &Changes, change: &Change, snapshot: &Snapshot) -> ChangeRow {
    let sample: SampleId = change.sample;
    let (dataset, labelling) = (&*snapshot.dataset, &snapshot.labelling);
    let marks = snapshot.marks.get(sample as usize).copied().unwrap_or(0);
    let time = (change.time_ms != 0).then(|| {
        let mut text = String::new();
        write_time(change.time_ms, &mut text);
        text
    });
    ChangeRow {
        path: dataset.path(sample).to_owned(),
        what: Aspect::ALL.into_iter().filter(|aspect| change.has(*aspect)).map(Aspect::name).collect(),
        from: dataset.labels.names(sample).map(str::to_owned).collect(),
        to: snapshot.labels().names(sample).map(str::to_owned).collect(),
        origin: change.origin.map(|origin| origin.name()),
        by: changes.person(change).filter(|person| !person.is_empty()).map(str::to_owned),
        time,
        boxes: [dataset.boxes.get(sample).len() as u64, snapshot.boxes().get(sample).len() as u64],
        tags: labelling.tags(sample).map(str::to_owned).collect(),
        note: labelling.note(sample).to_owned(),
        marks: Mark::ALL.into_iter().filter(|mark| marks & mark.bit() != 0).map(Mark::name).collect(),
    }
}

/// The report for a person.
fn print(report: &DiffReport, out: &mut impl Write) -> std::io::Result<()> {
    /// Samples, and lines of the other parts, that are printed; `--json` has them all.
    const SAMPLES: usize = 1000;
    const LINES: usize = 40;
    writeln!(out, "{}", report.source)?;
    let (samples, changed) = (counted(report.samples, "sample"), grouped(report.changed));
    writeln!(out, "{samples} · {changed} other than the source says")?;
    for (what, count) in report.counts.iter().filter(|(_, count)| **count > 0) {
        writeln!(out, "  {what:12} {}", grouped(*count))?;
    }
    if !report.classes.is_empty() {
        writeln!(out, "\nclasses")?;
    }
    for row in report.classes.iter().take(LINES) {
        match &row.to {
            Some(to) => writeln!(out, "  {} {} → {to}", row.what, row.class)?,
            None => writeln!(out, "  {} {}", row.what, row.class)?,
        }
    }
    more(out, report.classes.len(), LINES)?;
    if !report.pairs.is_empty() {
        writeln!(out, "\nfrom which class to which")?;
    }
    for pair in report.pairs.iter().take(LINES) {
        writeln!(out, "  {:>8}  {} → {}", grouped(pair.samples), pair.from, pair.to)?;
    }
    more(out, report.pairs.len(), LINES)?;
    if !report.changes.is_empty() {
        writeln!(out, "\nsamples")?;
    }
    for row in report.changes.iter().take(SAMPLES) {
        writeln!(out, "  {}", row_text(row))?;
    }
    more(out, report.changes.len(), SAMPLES)
}

fn more(out: &mut impl Write, all: usize, shown: usize) -> std::io::Result<()> {
    match all.checked_sub(shown).filter(|more| *more > 0) {
        Some(more) => writeln!(out, "  … and {} more; --json lists them all", grouped(more as u64)),
        None => Ok(()),
    }
}

/// A sample on a line: "a/1.png: cat → dog, by-hand, Ada, 2026-11-30 14:05:00".
fn row_text(row: &ChangeRow) -> String {
    let names = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let mut parts = Vec::new();
    for what in &row.what {
        parts.push(match *what {
            "labels" => format!("{} → {}", names(&row.from), names(&row.to)),
            "boxes" => format!("{} → {} boxes", row.boxes[0], row.boxes[1]),
            "tags" => format!("tags {}", row.tags.join(", ")),
            // A note may have several lines.
            "note" => format!("note “{}”", row.note.split_whitespace().collect::<Vec<_>>().join(" ")),
            _ => row.marks.join(", "),
        });
    }
    parts.extend(row.origin.map(str::to_owned));
    parts.extend(row.by.clone());
    parts.extend(row.time.clone());
    format!("{}: {}", row.path, parts.join("; "))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::dataset::labelling::{Answer, Classes};
    use crate::dataset::{DatasetBuilder, Facts, LabelOrigin, Labelling, Layout, NamedBox, NewSample};

    #[test]
    fn what_is_another_is_told_by_path() {
        let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
        for (path, labels) in [("b.png", &["cat"]), ("a.png", &["cat"]), ("c.png", &["dog"])] {
            builder.push(NewSample { path, labels, ..NewSample::default() });
        }
        let dataset = builder.finish().0;
        let mut labelling = Labelling::new(3);
        let (origin, by) = (LabelOrigin::ByHand, "Ada".to_owned());
        let answer = Answer { labels: vec!["dog".into()], origin, by, time_ms: 1_796_047_500_000 };
        labelling.set_answer(0, Some(&answer));
        labelling.set_tag(1, "odd", true);
        labelling.set_note(1, "look\nagain");
        let boxed = |by: &str, time_ms| NamedBox {
            class: "dog".into(),
            origin,
            by: by.to_owned(),
            time_ms,
            ..NamedBox::default()
        };
        labelling.set_boxes(2, Some(&[boxed("Ben", 1_796_047_501_000), boxed("Ada", 1_796_047_500_000)]));
        labelling.set_classes(Classes::default().renamed("dog", "Hund"));
        let facts = Facts::new(3);
        let snapshot =
            Snapshot::new(dataset.into(), &[], facts, Arc::default()).labelled(&Arc::new(labelling));
        let report = DiffReport::of(&snapshot);
        assert_eq!((report.samples, report.changed, report.counts["labels"]), (3, 3, 1));
        let rows: Vec<String> = report.changes.iter().map(row_text).collect();
        assert_eq!(
            rows,
            [
                "a.png: tags odd; note “look again”",
                "b.png: cat → Hund; by-hand; Ada; 2026-11-30 14:05:00",
                "c.png: 0 → 2 boxes; by-hand; Ben; 2026-11-30 14:05:01",
            ]
        );
        let pair = &report.pairs[0];
        assert_eq!((pair.from.as_str(), pair.to.as_str(), pair.samples), ("cat", "Hund", 1));
        assert_eq!(pair.query, "given:cat -label:cat label:Hund -given:dog");
        let mut printed = Vec::new();
        print(&report, &mut printed).unwrap();
        let printed = String::from_utf8(printed).unwrap();
        assert!(printed.contains("renamed dog → Hund") && printed.contains("3 other than the source says"));
    }
}
