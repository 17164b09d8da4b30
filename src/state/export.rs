//! What a person wants to have exported, and what that would write: the dialog of the export.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::balance::FillChoice;
use super::{BalancePlan, Dialog, Effect, Level, Session, State};
use crate::augment::formats::read;
use crate::augment::pipeline::Pipeline;
use crate::balance::Fill;
use crate::dataset::SampleId;
use crate::dataset::edit::PipelineSlot;
use crate::dataset::query::Snapshot;
use crate::export::dataset::{Augmentation, Consent, Each, Kind, Linking, MAX_VARIANTS, Options};
use crate::review::staying;
use crate::text::sentence;

/// What to export and how, as it is chosen in the dialog.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportChoice {
    /// The folder to write to, as it was typed.
    pub target: String,
    pub kind: Kind,
    pub linking: Linking,
    /// Whether what lies in the target may be replaced.
    pub replace: bool,
    /// Variants of the samples instead of them.
    pub augment: Option<AugmentChoice>,
    /// What stays of a plan for the balance of classes, as often as it says, instead of what is not pruned.
    pub plan: Option<PlanChoice>,
}

/// A plan to export, and what makes its variants.
#[derive(Clone, Debug)]
pub struct PlanChoice {
    pub plan: Arc<BalancePlan>,
    /// The pipeline as the project keeps it.
    pub pipeline: String,
}

impl PartialEq for PlanChoice {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.plan, &other.plan) && self.pipeline == other.pipeline
    }
}

impl Eq for PlanChoice {}

impl PlanChoice {
    /// Whether variants of samples are made.
    pub fn has_variants(&self) -> bool {
        self.plan.means.fill == Some(Fill::Variants)
    }
}

/// Which variants to export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AugmentChoice {
    pub slot: PipelineSlot,
    /// The pipeline as the project keeps it.
    pub pipeline: String,
    /// 1 to [`MAX_VARIANTS`].
    pub variants: u32,
    pub seed: u64,
    pub with_originals: bool,
}

/// The choice in the open dialog, and what is known of what it would write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportDraft {
    pub choice: ExportChoice,
    /// Number of the plan that was asked for last.
    pub asked: u64,
    /// `None` while it is worked out; an error says why there is none.
    pub plan: Option<Result<Arc<PlanFace>, String>>,
}

/// What would be written, as the dialog shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanFace {
    pub samples: u64,
    pub files: u64,
    pub bytes: u64,
    /// Files that are there already, of this export when it was interrupted.
    pub finished: u64,
    pub bytes_to_write: u64,
    pub free_bytes: Option<u64>,
    /// Sentences on what will be different from the source.
    pub warnings: Vec<String>,
    /// Sentences on why it cannot be done.
    pub refusals: Vec<String>,
}

impl ExportChoice {
    /// The choice as the export takes it, or a sentence on what is missing.
    pub fn options(&self) -> Result<Options, String> {
        let target = self.target.trim();
        if target.is_empty() {
            return Err("Name a folder to write to.".to_owned());
        }
        if !Path::new(target).is_absolute() {
            return Err(format!("Write the whole path of the folder, from the root on: {target}"));
        }
        let consent = if self.replace { Consent::Overwrite } else { Consent::Empty };
        let (kind, linking) = (self.kind, self.linking);
        let augmentation = self.augment.as_ref().map(AugmentChoice::augmentation).transpose()?;
        let options = Options { kind, linking, consent, augmentation, ..Options::new(PathBuf::from(target)) };
        let Some(PlanChoice { plan, pipeline }) = &self.plan else { return Ok(options) };
        let pipeline = Some(Arc::new(pipeline_of(pipeline)?));
        Ok(options.by_plan(&plan.balanced.plan, plan.means, pipeline, plan.settings.seed))
    }

    /// What is exported: of this snapshot what stays, or what stays of the plan and was seen.
    pub fn samples(&self, now: &Snapshot) -> (Snapshot, Vec<SampleId>) {
        match &self.plan {
            Some(PlanChoice { plan, .. }) => (plan.snapshot.clone(), plan.balanced.staying()),
            None => (now.clone(), staying(now)),
        }
    }

    /// Whether pictures are made, so that there are none to link.
    pub fn makes_pictures(&self) -> bool {
        self.augment.is_some() || self.plan.as_ref().is_some_and(PlanChoice::has_variants)
    }
}

/// A pipeline out of the text that the project keeps.
fn pipeline_of(text: &str) -> Result<Pipeline, String> {
    match text {
        "" => Ok(Pipeline::default()),
        text => Ok(read(text, None).map_err(sentence)?.pipeline),
    }
}

impl AugmentChoice {
    fn augmentation(&self) -> Result<Augmentation, String> {
        let pipeline = pipeline_of(&self.pipeline)?;
        let Self { variants, seed, with_originals, .. } = *self;
        Ok(Augmentation {
            pipeline: pipeline.into(),
            seed,
            variants: Each::All(variants.min(MAX_VARIANTS)),
            with_originals,
            device: None,
        })
    }
}

impl ExportDraft {
    /// Whether the export can be started.
    pub fn is_ready(&self) -> bool {
        matches!(&self.plan, Some(Ok(plan)) if plan.refusals.is_empty())
    }
}

/// A folder beside the dataset's own, with this at the end of its name.
fn beside(session: &Session, ending: &str) -> String {
    let root = Path::new(&session.dataset().root);
    let name = root.file_name().map_or_else(|| "dataset".into(), |name| name.to_string_lossy());
    let folder = root.parent().unwrap_or(root).join(format!("{name}-{ending}"));
    folder.to_string_lossy().into_owned()
}

impl State {
    /// Opens the dialog with what was chosen in it last, or with a folder beside the dataset's.
    pub(super) fn open_export(&mut self) -> Vec<Effect> {
        let Some(session) = &self.session else { return Vec::new() };
        let choice = session
            .export
            .clone()
            .unwrap_or_else(|| ExportChoice { target: beside(session, "pruned"), ..ExportChoice::default() });
        self.dialog = Some(Dialog::ExportDataset(Box::default()));
        self.change_export(choice)
    }

    /// Opens the dialog with the plan for the balance of classes.
    pub(super) fn open_export_of_plan(&mut self) -> Vec<Effect> {
        let Some(session) = &self.session else { return Vec::new() };
        let Some(plan) = session.balance.plan.current().cloned() else { return Vec::new() };
        let pipeline = match plan.settings.fill {
            FillChoice::Variants(slot) => session.overlay.pipelines[slot as usize].clone(),
            FillChoice::Nothing | FillChoice::Repeats => String::new(),
        };
        let plan = PlanChoice { plan, pipeline };
        let kind = if plan.has_variants() { Kind::ImageFolder } else { Kind::Same };
        let choice = ExportChoice {
            target: beside(session, "balanced"),
            kind,
            plan: Some(plan),
            ..ExportChoice::default()
        };
        self.dialog = Some(Dialog::ExportDataset(Box::default()));
        self.change_export(choice)
    }

    /// Takes another choice, and asks what it would write.
    pub(super) fn change_export(&mut self, choice: ExportChoice) -> Vec<Effect> {
        self.asked_plans += 1;
        let asked = self.asked_plans;
        let Some(Dialog::ExportDataset(draft)) = &mut self.dialog else { return Vec::new() };
        let options = choice.options();
        let plan = options.as_ref().err().cloned().map(Err);
        **draft = ExportDraft { choice: choice.clone(), asked, plan };
        // Replacing is agreed to for one export, and not for those after it; a plan is for one, too.
        if let Some(session) = self.session.as_mut().filter(|_| choice.plan.is_none()) {
            session.export = Some(ExportChoice { replace: false, ..choice.clone() });
        }
        match options {
            Ok(_) => vec![Effect::PlanExport { generation: asked, choice }],
            Err(_) => Vec::new(),
        }
    }

    /// A folder was picked for the export.
    pub(super) fn export_folder(&mut self, path: &Path) -> Vec<Effect> {
        let Some(Dialog::ExportDataset(draft)) = &self.dialog else { return Vec::new() };
        let Some(target) = path.to_str() else {
            let text = format!("The name of this folder is not UTF-8; choose another: {}", path.display());
            self.notify(Level::Error, text);
            return Vec::new();
        };
        let choice = ExportChoice { target: target.to_owned(), ..draft.choice.clone() };
        self.change_export(choice)
    }

    pub(super) fn export_planned(&mut self, generation: u64, plan: Result<Arc<PlanFace>, String>) {
        if let Some(Dialog::ExportDataset(draft)) = &mut self.dialog
            && draft.asked == generation
        {
            draft.plan = Some(plan);
        }
    }

    /// Whether the dialog waits for what its choice would write.
    pub fn waits_for_export_plan(&self) -> bool {
        matches!(&self.dialog, Some(Dialog::ExportDataset(draft)) if draft.plan.is_none())
    }

    /// Starts what the dialog shows.
    pub(super) fn start_export(&mut self) -> Vec<Effect> {
        let Some(Dialog::ExportDataset(draft)) = &self.dialog else { return Vec::new() };
        if !draft.is_ready() {
            return Vec::new();
        }
        let choice = draft.choice.clone();
        self.dialog = None;
        vec![Effect::ExportDataset { choice }]
    }
}
