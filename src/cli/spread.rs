//! What the commands have in common that say how a dataset is spread: it is opened and looked at as far as what is
//! asked for needs it.

use std::path::Path;
use std::sync::Arc;

use super::args::{AlikeOptions, SamplesOptions};
use super::review::review_opened;
use super::scan::parse_filter;
use super::source::open;
use super::trained::check_is_no_sample;
use crate::analysis::encoder::{Encoder, HandMade};
use crate::dataset::query::{self, Node, Query, Snapshot, Test};
use crate::dataset::{SampleId, Signals};
use crate::export::check_target;
use crate::import::{Reader, dataset_reader};
use crate::jobs::Control;
use crate::pipeline::cores;
use crate::pipeline::signals;
use crate::pipeline::statistics::{Known, Subject};
use crate::store::Project;
use crate::train::pack::chosen;

/// How far samples have to be looked at; each needs what is before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    /// Where they are, and their labels.
    Listing,
    /// Sizes and the like.
    Facts,
    /// A description of each picture.
    Descriptions,
    /// Quality, neighbours and what follows from them.
    Analysis,
}

/// A dataset that was looked at so far.
pub struct Looked {
    pub snapshot: Snapshot,
    pub reader: Reader,
    /// What is asked for, in the order of their paths; pruned ones are not among them.
    pub rows: Vec<SampleId>,
    pub threads: usize,
    /// The project that was named, where it can be written to.
    project: Option<Arc<Project>>,
    signals: Option<Signals>,
}

/// Opens a dataset and looks at it. `out`, where there is one, is a file that lies where it may be written. `check` says
/// what is wrong with the words for this dataset, before the long part of the work.
pub fn look(
    options: &SamplesOptions,
    needs: Needs,
    out: Option<&Path>,
    check: impl FnOnce(&Snapshot) -> anyhow::Result<()>,
    control: &Control,
) -> anyhow::Result<Looked> {
    let threads = options.part.threads.map_or_else(cores, usize::from);
    if let Some(out) = out {
        check_target(out, Path::new(&options.path))?;
    }
    let mut opened = open(&options.path, options.part.project.as_deref(), control)?;
    let filter = options.part.filter.as_deref().unwrap_or_default();
    let query = parse_filter(filter, &opened.snapshot)?;
    check(&opened.snapshot)?;
    let reader = dataset_reader(&opened.snapshot.dataset);
    if let Some(out) = out {
        check_target(out, Path::new(&opened.snapshot.dataset.root))?;
        check_is_no_sample(out, &opened.snapshot, &reader)?;
    }
    let needs = needs.max(needs_of(&query));
    let project = opened.project.clone();
    let (snapshot, mut signals) = if needs == Needs::Analysis {
        let reviewed = review_opened(None, opened, threads, &AlikeOptions::default(), control)?;
        (reviewed.snapshot, reviewed.signals)
    } else if needs >= Needs::Facts {
        opened.measure(&reader, None, threads, control)?;
        (opened.snapshot, None)
    } else {
        (opened.snapshot, None)
    };
    if needs >= Needs::Descriptions && signals.is_none() {
        signals = Some(described(&HandMade, &snapshot, &reader, project.as_deref(), threads, control)?);
    }
    let rows = query::rows(&snapshot, &query, "path", Default::default());
    let rows = chosen(&snapshot, &rows);
    Ok(Looked { snapshot, reader, rows, threads, project, signals })
}

/// The descriptions of all samples by an encoder, those that the project keeps as they are.
fn described(
    encoder: &dyn Encoder,
    snapshot: &Snapshot,
    reader: &Reader,
    project: Option<&Project>,
    threads: usize,
    control: &Control,
) -> anyhow::Result<Signals> {
    let looked = signals::described_by(encoder, snapshot, reader, project, threads, control)?;
    if let Some(problem) = looked.problem {
        tracing::warn!("what was computed could not all be kept: {problem}");
    }
    Ok(looked.signals)
}

/// How far samples have to be looked at before a query can be answered.
fn needs_of(query: &Query) -> Needs {
    fn of_node(node: &Node) -> Needs {
        match node {
            Node::And(nodes) | Node::Or(nodes) => nodes.iter().map(of_node).max().unwrap_or(Needs::Listing),
            Node::Not(node) => of_node(node),
            Node::Test(Test::Flag(_)) => Needs::Analysis,
            Node::Test(Test::Number { column, .. }) if column.starts_with("score.") => Needs::Analysis,
            Node::Test(
                Test::Text(_) | Test::Path(_) | Test::Label(_) | Test::Split(_) | Test::Attribute { .. },
            ) => Needs::Listing,
            Node::Test(_) => Needs::Facts,
        }
    }
    query.root().map_or(Needs::Listing, of_node)
}

impl Looked {
    pub fn subject(&self) -> Subject<'_> {
        Subject { snapshot: &self.snapshot, rows: &self.rows }
    }

    /// The descriptions of all samples by an encoder in the place of those that are made by hand.
    pub fn described_by(&self, encoder: &dyn Encoder, control: &Control) -> anyhow::Result<Signals> {
        described(encoder, &self.snapshot, &self.reader, self.project.as_deref(), self.threads, control)
    }

    pub fn known(&self) -> Known<'_> {
        Known { signals: self.signals.as_ref() }
    }
}
