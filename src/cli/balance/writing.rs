//! The files that a plan comes to: a folder, a table, weights, the code of a sampler.

use std::path::PathBuf;

use super::Subject;
use crate::augment::pipeline::Pipeline;
use crate::balance::Means;
use crate::cli::args::BalanceOptions;
use crate::cli::prune::PlanRow;
use crate::export::ExportError;
use crate::export::dataset::{
    Linking, Options, Plan as ExportPlan, Planned, Report, plan, run as export, write_manifest,
};
use crate::export::weights::{rows_of, rows_of_files, write_sampler, write_weights};
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
        let planned = self.folder(target, pipeline, &mut written);
        let ended = planned.and_then(|export| match export {
            // What is written beside an export is about its files.
            Some(export) if !export.refusals.is_empty() => Ok(()),
            export => self.files(export.as_ref(), &mut written),
        });
        (written, ended)
    }

    fn folder(
        &self,
        target: Option<Options>,
        pipeline: Option<Pipeline>,
        written: &mut Written,
    ) -> Result<Option<ExportPlan>, ExportError> {
        let Some(target) = target else { return Ok(None) };
        let Subject { snapshot, reader, .. } = self.subject;
        let seed = self.options.seed;
        let target = target.by_plan(&self.balanced.plan, self.means, pipeline.map(Into::into), seed);
        let plan = plan(snapshot, &self.balanced.staying(), reader, &target, self.control)?;
        written.plan = Some(PlanRow::from(&plan));
        let has_files = plan.sample_files().is_some();
        let note = match (self.options.weights.is_some(), has_files) {
            (false, true) => {
                "The export does not say what its samples weigh; add --weights FILE.csv, which has each of \
                              its files."
            }
            (false, false) => {
                "The export does not say what its samples weigh; choose --layout csv, jsonl or parquet."
            }
            (true, true) => "",
            (true, false) => {
                "The samples are no files of their own in the export: the weights are by the paths of \
                              the dataset. With --layout csv, jsonl or parquet a table in the export has them."
            }
        };
        let is_missing = self.options.weights.is_some() || !plan.says_weights();
        // Where a table alone is exported, the images are where the dataset has them.
        let is_of_dataset = plan.linking == Linking::ManifestOnly;
        if self.means.weights.is_some() && is_missing && !note.is_empty() && !is_of_dataset {
            written.notes.push(note.to_owned());
        }
        if !self.options.dry_run && plan.refusals.is_empty() {
            written.export = Some(export(&plan, reader, self.control)?);
        }
        Ok(Some(plan))
    }

    fn files(&self, export: Option<&ExportPlan>, written: &mut Written) -> Result<(), ExportError> {
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
        let files = export.and_then(ExportPlan::sample_files);
        let rows = match files {
            Some(mut files) => {
                files.retain(|(_, sample)| balanced.splits.contains(&dataset.splits[*sample as usize]));
                rows_of_files(&files, &balanced.plan)
            }
            None => rows_of(dataset, &balanced.balanced(dataset), &balanced.plan),
        };
        write_weights(path, dataset, &rows)?;
        written.weights = Some(path.clone());
        if let Some(code) = &self.options.sampler {
            write_sampler(code, dataset, path)?;
            written.sampler = Some(code.clone());
        }
        Ok(())
    }
}
