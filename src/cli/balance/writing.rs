//! The files that a plan comes to: a folder, a table, weights, the code of a sampler.

use std::path::PathBuf;

use super::Subject;
use crate::augment::pipeline::Pipeline;
use crate::balance::Means;
use crate::cli::args::BalanceOptions;
use crate::cli::prune::PlanRow;
use crate::export::ExportError;
use crate::export::dataset::{Kind, Options, Planned, Report, plan, run as export, write_manifest};
use crate::export::weights::{write_sampler, write_weights};
use crate::jobs::Control;
use crate::pipeline::balancing::Balanced;

/// A plan that is to be written.
pub struct Writing<'a> {
    pub options: &'a BalanceOptions,
    pub subject: &'a Subject,
    pub balanced: &'a Balanced,
    pub means: Means,
    pub control: &'a Control,
}

/// What came of the files that were asked for.
#[derive(Default)]
pub struct Written {
    /// What the folder would have.
    pub plan: Option<PlanRow>,
    /// What was written to it.
    pub export: Option<Report>,
    /// Other files that were written.
    pub manifest: Option<PathBuf>,
    pub weights: Option<PathBuf>,
    pub sampler: Option<PathBuf>,
    pub notes: Vec<String>,
}

impl Writing<'_> {
    /// Plans the folder, and writes what is asked for unless it is a dry run. An error is why something could not be
    /// written; what was written before it stays.
    pub fn write(
        &self,
        target: Option<Options>,
        pipeline: Option<Pipeline>,
    ) -> (Written, Result<(), ExportError>) {
        let mut written = Written::default();
        let ended = self.folder(target, pipeline, &mut written).and_then(|()| self.files(&mut written));
        (written, ended)
    }

    fn folder(
        &self,
        target: Option<Options>,
        pipeline: Option<Pipeline>,
        written: &mut Written,
    ) -> Result<(), ExportError> {
        let Some(target) = target else { return Ok(()) };
        let Subject { snapshot, reader, .. } = self.subject;
        let seed = self.options.seed;
        let target = target.by_plan(&self.balanced.plan, self.means, pipeline.map(Into::into), seed);
        let plan = plan(snapshot, &self.balanced.staying(), reader, &target, self.control)?;
        written.plan = Some(PlanRow::from(&plan));
        let is_told = matches!(plan.kind, Kind::Manifest(_))
            || self.options.manifest.is_some()
            || self.options.weights.is_some();
        if self.means.weights.is_some() && !is_told {
            let note =
                "An export of images does not say what samples weigh everywhere; add --weights FILE.csv.";
            written.notes.push(note.to_owned());
        }
        if !self.options.dry_run && plan.refusals.is_empty() {
            written.export = Some(export(&plan, reader, self.control)?);
        }
        Ok(())
    }

    fn files(&self, written: &mut Written) -> Result<(), ExportError> {
        if self.options.dry_run {
            return Ok(());
        }
        let Subject { snapshot, reader, .. } = self.subject;
        let (balanced, dataset) = (self.balanced, &*snapshot.dataset);
        if let Some(path) = &self.options.manifest {
            let planned = Planned::of(&balanced.plan, self.means);
            let notes = write_manifest(snapshot, &balanced.staying(), reader, path, planned, self.control)?;
            written.notes.extend(notes);
            written.manifest = Some(path.clone());
        }
        let Some(path) = &self.options.weights else { return Ok(()) };
        write_weights(path, dataset, &balanced.balanced(dataset), &balanced.plan)?;
        written.weights = Some(path.clone());
        if let Some(code) = &self.options.sampler {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            write_sampler(code, dataset, &name)?;
            written.sampler = Some(code.clone());
        }
        Ok(())
    }
}
