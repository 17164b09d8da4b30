//! Writing what a person named a place for: what stays of a dataset, a report, the table of issues.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::Context;

use super::balancing::Wanting;
use super::label_files::Labels;
use super::studio::Loaded;
use super::{bug, waker};
use crate::dataset::query::Snapshot;
use crate::dataset::{Dataset, Issue, SampleId};
use crate::export::dataset::{Consent, Options, Report, check_ground, plan, run};
use crate::export::report::{Material, thumbnailer, write_report};
use crate::export::synthetic::{Drawn, Provenance, SyntheticFolder};
use crate::export::{self, ExportError};
use crate::import::Reader;
use crate::jobs::{Cancelled, Control, Job, Outcome};
use crate::review::{Analysed, ReviewSettings, judge};
use crate::state::latent::Accepted;
use crate::state::{Action, Level};
use crate::text::{bytes_text, counted, sentence};
use crate::train::score::{ScoreError, decode};

/// What there is to say of an export.
type Told = (Level, String);

/// An export that is under way.
pub struct Exporting {
    /// What to say where it was cancelled.
    cancelled: String,
    job: Job<Result<Told, ExportError>>,
}

/// What a report is made of, of its own.
pub struct Found {
    pub snapshot: Snapshot,
    pub analysed: Arc<Analysed>,
    pub settings: ReviewSettings,
    pub reader: Arc<Reader>,
}

impl Exporting {
    /// Starts writing issues. A target inside the `dataset`'s folder is refused.
    pub fn issues(
        target: PathBuf,
        issues: Arc<Vec<Issue>>,
        dataset: PathBuf,
        ctx: &Context,
    ) -> std::io::Result<Self> {
        Self::start("The export was cancelled; nothing was written.".to_owned(), ctx, move |control| {
            export::check_target(&target, &dataset)?;
            export::write_issues(&target, &issues, control)?;
            Ok((Level::Info, format!("The issues are in {}.", target.display())))
        })
    }

    /// Starts writing a report.
    pub fn report(target: PathBuf, found: Found, ctx: &Context) -> std::io::Result<Self> {
        Self::start("The report was cancelled; nothing was written.".to_owned(), ctx, move |control| {
            let Found { snapshot, analysed, settings, reader } = &found;
            // As things stand now: what is on screen may be a moment old.
            let judged = &judge(snapshot, analysed, settings);
            let snapshot = &snapshot.finding(judged.findings.clone());
            let material = Material { snapshot, analysed, judged, settings };
            write_report(&target, material, &thumbnailer(snapshot, reader), control)?;
            Ok((Level::Info, format!("The report is in {}.", target.display())))
        })
    }

    /// Starts writing a plan for the balance of classes, or new splits.
    pub fn balance(
        target: PathBuf,
        wanting: Wanting,
        reader: Arc<Reader>,
        ctx: &Context,
    ) -> std::io::Result<Self> {
        Self::start("The export was cancelled; nothing was written.".to_owned(), ctx, move |control| {
            wanting.write(&target, &reader, control)
        })
    }

    /// Starts writing labels.
    pub fn labels(target: PathBuf, labels: Labels, ctx: &Context) -> std::io::Result<Self> {
        Self::start("The export of labels was cancelled.".to_owned(), ctx, move |control| {
            labels.write(&target, control)
        })
    }

    /// Starts writing samples of a dataset.
    pub fn dataset(
        options: Options,
        (snapshot, samples): (Snapshot, Vec<SampleId>),
        reader: Arc<Reader>,
        ctx: &Context,
    ) -> std::io::Result<Self> {
        let cancelled = format!(
            "The export was cancelled. What is finished is in {}; the same export goes on from there.",
            options.target.display()
        );
        Self::start(cancelled, ctx, move |control| {
            let plan = plan(&snapshot, &samples, &reader, &options, control)?;
            let report = run(&plan, &reader, control)?;
            Ok(outcome(&report))
        })
    }

    /// Starts writing draws of a model to a new folder. A target in the dataset or around it is refused, wherever
    /// links or a table lead.
    pub fn drawn(
        target: PathBuf,
        accepted: Accepted,
        loaded: Arc<Loaded>,
        dataset: Arc<Dataset>,
        reader: Arc<Reader>,
        ctx: &Context,
    ) -> std::io::Result<Self> {
        /// Pictures that are decoded before they are written.
        const AT_ONCE: usize = 1024;
        Self::start("The export was cancelled; nothing was written.".to_owned(), ctx, move |control| {
            let Accepted { latents, numbers, from, seed } = &accepted;
            let (about, model) = (&loaded.checkpoint.about, &loaded.model);
            export::check_target(&target, Path::new(&dataset.root))?;
            control.begin("Looking where samples lie", 0);
            check_ground(&target, &dataset, &reader, control)?;
            let provenance = Provenance {
                checkpoint: loaded.folder.display().to_string(),
                weights: loaded.checkpoint.weights_hash(),
                step: about.step,
                size: model.shape.size,
                channels: model.shape.channels.count(),
            };
            let mut folder = SyntheticFolder::begin(&target, Consent::Empty, numbers.len(), provenance)?;
            control.begin("Drawing samples", numbers.len() as u64);
            let latent = model.shape.latent;
            let parts = latents.numbers.chunks(AT_ONCE * latent).zip(latents.classes.chunks(AT_ONCE));
            for ((z, classes), numbers) in parts.zip(numbers.chunks(AT_ONCE)) {
                let pictures = decode(model, z, classes, control).map_err(|error| match error {
                    ScoreError::Cancelled(cancelled) => ExportError::Cancelled(cancelled),
                    error => ExportError::Refused(error.to_string()),
                })?;
                let one = |at: usize| {
                    Some(Drawn {
                        pixels: pictures.get(at)?,
                        latent: z.get(at * latent..)?.get(..latent)?,
                        label: about.class_names.get(classes[at] as usize).map(String::as_str),
                        from: from.name(),
                        seed: *seed,
                        number: numbers[at] as u64,
                    })
                };
                let drawn: Vec<Drawn<'_>> = (0..numbers.len()).filter_map(one).collect();
                folder.add(&drawn, control)?;
            }
            folder.finish()?;
            let count = counted(numbers.len() as u64, "accepted sample");
            Ok((
                Level::Info,
                format!("{count} in {}. Open it as a dataset like any other.", target.display()),
            ))
        })
    }

    fn start(
        cancelled: String,
        ctx: &Context,
        work: impl FnOnce(&Control) -> Result<Told, ExportError> + Send + 'static,
    ) -> std::io::Result<Self> {
        let work = move |control: &Control| match work(control) {
            Err(ExportError::Cancelled(Cancelled)) => Err(Cancelled),
            ended => Ok(ended),
        };
        Ok(Self { cancelled, job: Job::spawn("export", waker(ctx), work)? })
    }

    pub fn control(&self) -> &Control {
        self.job.control()
    }

    /// What came of it, once it has ended.
    pub fn poll(&mut self) -> Option<Action> {
        let (level, text) = match self.job.poll()? {
            Outcome::Done(Ok(told)) => told,
            Outcome::Done(Err(error)) => (Level::Error, sentence(error)),
            Outcome::Cancelled => (Level::Info, std::mem::take(&mut self.cancelled)),
            Outcome::Panicked(cause) => (Level::Error, bug("exporting", &cause)),
        };
        Some(Action::Notify { level, text })
    }
}

/// What became of an exported dataset, in a sentence or three.
pub(super) fn outcome(report: &Report) -> Told {
    let mut text = format!(
        "{} in {} ({}) exported and verified: {}.",
        counted(report.samples - report.failed.min(report.samples), "sample"),
        counted(report.files, "file"),
        bytes_text(report.bytes),
        report.target.display(),
    );
    if report.resumed > 0 {
        text.push_str(&format!(" {} were there from before.", counted(report.resumed, "file")));
    }
    if let Some(lost) = report.lost() {
        text.push_str(&format!(" {lost} could not be exported."));
    }
    if let Some(issue) = report.issues.first() {
        text.push_str(&format!(" The first is {}: {}", issue.path, sentence(&issue.message)));
    }
    if let Some(path) = report.differing.first() {
        text.push_str(&format!(
            " Not what was written: {}, {path} first; export again to replace.",
            counted(report.differing_count, "file")
        ));
    }
    let level = if report.complete { Level::Info } else { Level::Warning };
    (level, text)
}
