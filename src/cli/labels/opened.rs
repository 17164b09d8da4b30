//! A dataset with what was said of it in its project, as the commands about labels ask for it.

use std::path::PathBuf;

use crate::cli::Usage;
use crate::cli::source::{Source, open};
use crate::dataset::SampleId;
use crate::dataset::edit::{Overlay, View};
use crate::dataset::query::{Snapshot, parse, rows};
use crate::import::dataset_reader;
use crate::jobs::Control;
use crate::pipeline::cores;
use crate::store::Journal;

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
        let mut source = open(&part.path, part.project.as_deref(), control)?;
        if keep == Keep::InMemory {
            source.look_only();
        }
        let view = View {
            filter: part.filter.clone().unwrap_or_default(),
            sort: "path".to_owned(),
            ..View::default()
        };
        let query = parse(&view.filter, source.snapshot.vocabulary())
            .map_err(|error| Usage(format!("--filter: {error}")))?;
        if part.quick {
            source.follow_moved()?;
        } else {
            source.measure(&dataset_reader(&source.snapshot.dataset), None, cores(), control)?;
        }
        let Source { snapshot, overlay, journal, .. } = source;
        let rows = rows(&snapshot, &query, &view.sort, view.direction);
        Ok(Self { snapshot, rows, overlay, journal })
    }
}
