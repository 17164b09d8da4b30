//! What a person wants to have exported, and what that would write: the dialog of the export.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Dialog, Effect, Level, Session, State};
use crate::augment::formats::read;
use crate::augment::pipeline::Pipeline;
use crate::dataset::edit::PipelineSlot;
use crate::export::dataset::{Augmentation, Consent, Each, Kind, Linking, MAX_VARIANTS, Options};
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
        Ok(Options { kind, linking, consent, augmentation, ..Options::new(PathBuf::from(target)) })
    }
}

impl AugmentChoice {
    fn augmentation(&self) -> Result<Augmentation, String> {
        let pipeline = match self.pipeline.as_str() {
            "" => Pipeline::default(),
            text => read(text, None).map_err(sentence)?.pipeline,
        };
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

/// A folder beside the dataset's own.
fn beside(session: &Session) -> String {
    let root = Path::new(&session.dataset().root);
    let name = root.file_name().map_or_else(|| "dataset".into(), |name| name.to_string_lossy());
    let folder = root.parent().unwrap_or(root).join(format!("{name}-pruned"));
    folder.to_string_lossy().into_owned()
}

impl State {
    /// Opens the dialog with what was chosen in it last, or with a folder beside the dataset's.
    pub(super) fn open_export(&mut self) -> Vec<Effect> {
        let Some(session) = &self.session else { return Vec::new() };
        let choice = session
            .export
            .clone()
            .unwrap_or_else(|| ExportChoice { target: beside(session), ..ExportChoice::default() });
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
        // Replacing is agreed to for one export, and not for those after it.
        if let Some(session) = &mut self.session {
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
