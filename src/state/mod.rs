//! The program without window, disk or clock.
//!
//! [`State`] is all that views draw. It changes in one place, [`State::update`], which takes an
//! [`Action`] and gives the [`Effect`]s that the outside has to carry out. Actions are plain data:
//! a test or a recording can replay them. This room refuses to know egui and files.

mod action;
pub mod augment;
pub mod balance;
pub mod charts;
pub mod command;
mod dialog;
mod effect;
pub mod export;
mod gestures;
mod job;
pub mod label_files;
pub mod labelling;
pub mod latent;
pub mod layout;
mod notice;
mod pane;
mod results;
pub mod review;
pub mod selection;
mod session;
pub mod training;
mod update;

pub use action::{Action, Opened, Rescanned};
pub use augment::{Augment, AugmentView};
pub use balance::{Balance, BalancePlan, BalanceSettings, SplitPlan, SplitSettings};
pub use charts::Charts;
pub use command::{COMMANDS, Command};
pub use dialog::Dialog;
pub use effect::{Effect, Extent};
pub use export::{AugmentChoice, ExportChoice, ExportDraft, PlanChoice, PlanFace};
pub use job::{JobFace, JobId};
pub use labelling::{How, LabelGesture, LabelLook, Labeller};
pub use latent::{Latent, LatentView};
pub use notice::{Level, Notice};
pub use pane::Pane;
pub use review::{Review, Which};
pub use selection::{SelectMode, Selection};
pub use session::{
    GridState, IssuesKey, ProjectFace, Search, Session, Shown, TableState, Then, cells_across,
};
pub use training::{Draft, End, ModelFace, Training};

use crate::dataset::edit::Edit;
use crate::store::Settings;

/// All that the program shows.
#[derive(Debug, Default)]
pub struct State {
    pub settings: Settings,
    /// `None` shows the welcome screen.
    pub session: Option<Session>,
    /// What is being opened.
    pub opening: Option<String>,
    pub jobs: Vec<JobFace>,
    pub notices: Vec<Notice>,
    pub dialog: Option<Dialog>,
    /// Whether files are dragged over the window.
    pub drop_hovers: bool,
    /// Whether the window is drawn dark.
    pub drawn_dark: bool,
    /// The time, in milliseconds since the Unix epoch, as the outside said it last.
    pub now_ms: i64,
    next_notice: u64,
    /// Whether it was said where a person's name is set.
    hinted_at_name: bool,
    /// How many datasets were opened.
    opened: u64,
    /// Number of the last plan of an export that was asked for.
    asked_plans: u64,
    /// Number of the last question about files of labels, and the one that is waited for.
    asked_label_files: u64,
    asked_of_label_files: Option<u64>,
}

impl State {
    /// A program with these settings and nothing open.
    pub fn new(settings: Settings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// Whether a command can be used now.
    pub fn can_run(&self, command: Command) -> bool {
        let entry = command::find(command);
        let Some(session) = &self.session else { return entry.needs == command::Needs::Nothing };
        let may = |edit: &Edit| session.project.can_write() || edit.only_looks();
        match command {
            Command::Undo => session.history.next_undo().is_some_and(may),
            Command::Redo => session.history.next_redo().is_some_and(may),
            Command::ExportIssues => !session.issues.is_empty(),
            Command::ExportReport => session.review.analysed.is_some(),
            Command::GiveBoxesBack => {
                let cursor = session.selection.cursor;
                cursor.is_some_and(|sample| session.snapshot.labelling.boxes(sample).is_some())
            }
            Command::CopyBoxesToNext => {
                let cursor = session.selection.cursor;
                cursor.is_some_and(|sample| !session.snapshot.boxes().get(sample).is_empty())
            }
            Command::UndecideAll => session.shown.found.total.kept + session.shown.found.total.pruned > 0,
            Command::ClearFilter => {
                !session.overlay.view.filter.is_empty() || !session.search.text.is_empty()
            }
            _ => entry.needs != command::Needs::Selection || !session.selection.is_empty(),
        }
    }

    /// The name of an undo or redo in the menu: "Undo: Star 3 samples".
    pub fn title_of(&self, command: Command) -> String {
        let title = command::find(command).title;
        let edit = self.session.as_ref().and_then(|session| {
            let edit = match command {
                Command::Undo => session.history.next_undo(),
                Command::Redo => session.history.next_redo(),
                _ => None,
            };
            Some(edit?.describe_in(session.overlay.labelling.classes()))
        });
        match edit {
            Some(edit) => format!("{title}: {edit}"),
            None => title.to_owned(),
        }
    }
}
