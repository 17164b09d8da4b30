//! A dataset with what was said of it in its project, as the commands about labels ask for it.

use std::path::PathBuf;

use crate::cli::Usage;
use crate::cli::source::{Source, measured, open_to_write};
use crate::dataset::SampleId;
use crate::dataset::edit::{Overlay, View};
use crate::dataset::labelling::followed;
use crate::dataset::query::{Snapshot, parse, rows};
use crate::import::dataset_reader;
use crate::jobs::Control;
use crate::pipeline::{Keeper, cores};
use crate::store::{Entry, Journal, JournalOp, Paths, Settings, now_ms};

/// Which samples, and where their project is.
#[derive(Clone, Debug, clap::Args)]
pub struct LabelledPart {
    /// Folder, archive, manifest, array or table file, or pattern of shards
    pub path: String,

    /// The project folder in which was labelled
    #[arg(long, value_name = "DIR")]
    pub project: Option<PathBuf>,

    /// Only the samples that fit this query, such as 'is:answered -split:test'
    #[arg(long, value_name = "QUERY", allow_hyphen_values = true)]
    pub filter: Option<String>,

    /// Read no sample: contents and sizes that the project does not know are left out
    #[arg(long)]
    pub quick: bool,
}

/// Whether what is measured and what follows moved files is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// In the project, where it can be written to.
    InProject,
    /// For this look alone.
    InMemory,
}

/// A dataset whose labels are asked for.
pub struct Labelled {
    pub snapshot: Snapshot,
    /// Those that were asked for, in the order of their paths.
    pub rows: Vec<SampleId>,
    pub overlay: Overlay,
    /// The journal of a project that can be written to.
    pub journal: Option<Journal>,
}

impl Labelled {
    /// Opens and measures the dataset. What was said of files that were moved since follows them, in the project too
    /// where it can be written to.
    pub fn open(part: &LabelledPart, keep: Keep, control: &Control) -> anyhow::Result<Self> {
        let (source, mut overlay, mut journal) = open_to_write(&part.path, part.project.as_deref(), control)?;
        let Source { mut snapshot, issues, known, project, .. } = source;
        let view = View {
            filter: part.filter.clone().unwrap_or_default(),
            sort: "path".to_owned(),
            ..View::default()
        };
        let query = parse(&view.filter, snapshot.vocabulary())
            .map_err(|error| Usage(format!("--filter: {error}")))?;
        // A scan that measured nothing may have brought samples before.
        let is_new = |row: usize| row >= known || !snapshot.facts.get(row as SampleId).measured;
        let came: Vec<bool> = (0..snapshot.len()).map(is_new).collect();
        if !part.quick && !is_measured(&snapshot) {
            let reader = dataset_reader(&snapshot.dataset);
            // What only a look measured is not kept: the samples are still new to what follows them.
            let project = project.as_deref().filter(|_| keep == Keep::InProject);
            let keeper = project.map(|project| Keeper { project, cache: None });
            snapshot = measured(snapshot, issues, &reader, keeper, cores(), control)?.0;
        }
        let edit = followed(&snapshot, &overlay, |row| came.get(row as usize).is_some_and(|came| *came));
        if let Some(edit) = edit.and_then(|edit| overlay.effective(edit)) {
            overlay.apply(&edit);
            let facts = snapshot.facts.clone();
            snapshot = snapshot.labelled(&overlay.labelling).with(facts, overlay.marks.clone());
            snapshot = snapshot.deciding(overlay.decisions.clone());
            if let (Some(journal), Keep::InProject) = (&mut journal, keep) {
                let person = Settings::load(&Paths::new()?).0.person.as_str().into();
                journal.commit(&[Entry { op: JournalOp::Append(edit), time_ms: now_ms(), person }])?;
            }
        }
        let rows = rows(&snapshot, &query, &view.sort, view.direction);
        Ok(Self { snapshot, rows, overlay, journal })
    }
}

/// Whether every sample that is there was measured.
fn is_measured(snapshot: &Snapshot) -> bool {
    let gone = &snapshot.dataset.gone;
    (0..snapshot.len()).all(|row| gone[row] || snapshot.facts.get(row as SampleId).measured)
}
