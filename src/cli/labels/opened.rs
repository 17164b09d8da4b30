//! A dataset with what was said of it in its project, as the commands about labels ask for it.

use std::path::PathBuf;

use crate::cli::Usage;
use crate::cli::source::{Source, measured, open_to_write};
use crate::dataset::SampleId;
use crate::dataset::edit::{Overlay, View};
use crate::dataset::query::{Snapshot, parse, rows};
use crate::import::dataset_reader;
use crate::jobs::Control;
use crate::pipeline::{Keeper, cores};
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
    pub fn open(part: &LabelledPart, control: &Control) -> anyhow::Result<Self> {
        let (source, overlay, journal) = open_to_write(&part.path, part.project.as_deref(), control)?;
        let Source { mut snapshot, issues, project, .. } = source;
        let view = View {
            filter: part.filter.clone().unwrap_or_default(),
            sort: "path".to_owned(),
            ..View::default()
        };
        let query = parse(&view.filter, snapshot.vocabulary())
            .map_err(|error| Usage(format!("--filter: {error}")))?;
        let is_measured = |snapshot: &Snapshot| snapshot.facts.measured() >= snapshot.dataset.present();
        if !part.quick && !is_measured(&snapshot) {
            let reader = dataset_reader(&snapshot.dataset);
            let keeper = project.as_deref().map(|project| Keeper { project, cache: None });
            snapshot = measured(snapshot, issues, &reader, keeper, cores(), control)?.0;
        }
        let rows = rows(&snapshot, &query, &view.sort, view.direction);
        Ok(Self { snapshot, rows, overlay, journal })
    }
}
