//! The system's dialogs for files and folders: which one is opened for what, and what its answer means.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::{Work, no_thread, waker};
use crate::state::balance::{BalanceFile, OtherSource};
use crate::state::latent::ModelRef;
use crate::state::training::ModelFor;
use crate::state::{Action, Effect, LabelGesture, Level};

/// A file dialog that ended sooner was never on screen.
const NO_DIALOG: Duration = Duration::from_millis(300);

impl Work {
    /// Opens the dialog that an effect asks for.
    pub(super) fn pick_for(&self, effect: Effect) -> Vec<Action> {
        match effect {
            Effect::PickFolder => self.pick(
                || rfd::FileDialog::new().set_title("Open a dataset folder").pick_folder(),
                open_action,
            ),
            Effect::PickFile => {
                self.pick(|| rfd::FileDialog::new().set_title("Open a dataset file").pick_file(), open_action)
            }
            Effect::PickIssuesFile => self.pick(
                || {
                    let dialog =
                        rfd::FileDialog::new().set_title("Export issues").set_file_name("issues.csv");
                    dialog.add_filter("CSV", &["csv"]).add_filter("JSON", &["json"]).save_file()
                },
                |path| Action::IssuesExportTo { path },
            ),
            Effect::PickReportFile => self.pick(
                || {
                    let dialog = rfd::FileDialog::new().set_title("Save report").set_file_name("report.html");
                    dialog.add_filter("HTML", &["html"]).add_filter("JSON", &["json"]).save_file()
                },
                |path| Action::ReportExportTo { path },
            ),
            Effect::PickExportFolder => self.pick(
                || rfd::FileDialog::new().set_title("Export to a folder").pick_folder(),
                |path| Action::ExportFolderPicked { path },
            ),
            Effect::PickPipelineFile { slot } => self.pick(
                || {
                    let dialog = rfd::FileDialog::new().set_title("Open a pipeline");
                    dialog.add_filter("JSON or YAML", &["json", "yaml", "yml"]).pick_file()
                },
                move |path| Action::PipelineFilePicked { slot, path },
            ),
            Effect::PickPipelineTarget => self.pick(
                || {
                    let dialog = rfd::FileDialog::new().set_title("Save the pipeline");
                    let dialog =
                        dialog.set_file_name("pipeline.json").add_filter("Lenslet's JSON", &["json"]);
                    let dialog = dialog.add_filter("Albumentations' YAML", &["yaml"]);
                    dialog.add_filter("Python code for Albumentations", &["py"]).save_file()
                },
                |path| Action::PipelineExportTo { path },
            ),
            Effect::PickModel(wanted) => self.pick(
                || rfd::FileDialog::new().set_title("Open a model's folder").pick_folder(),
                move |path| match wanted {
                    ModelFor::Latent => Action::OpenModel { model: ModelRef::Folder(path) },
                    ModelFor::Labelling => Action::Label(Box::new(LabelGesture::SeeBy(Some(path)))),
                },
            ),
            Effect::PickDrawnFolder => self.pick(
                || rfd::FileDialog::new().set_title("Export accepted samples to a folder").pick_folder(),
                |path| Action::ExportDrawnTo { path },
            ),
            Effect::PickOther(source) => self.pick(
                move || {
                    let dialog =
                        rfd::FileDialog::new().set_title("Choose the dataset whose proportions are wanted");
                    match source {
                        OtherSource::Folder => dialog.pick_folder(),
                        OtherSource::File => dialog.pick_file(),
                    }
                },
                |path| Action::OtherPicked { path },
            ),
            Effect::PickBalanceFile(file) => self.pick(
                move || balance_dialog(file).save_file(),
                move |path| Action::BalanceExportTo { file, path },
            ),
            Effect::PickChartFile { card, chart } => self.pick(
                || {
                    let dialog =
                        rfd::FileDialog::new().set_title("Save the chart").set_file_name("chart.svg");
                    let dialog = dialog.add_filter("SVG", &["svg"]).add_filter("PNG", &["png"]);
                    dialog.add_filter("CSV", &["csv"]).save_file()
                },
                move |path| Action::ChartExportTo { card, chart, path },
            ),
            _ => Vec::new(),
        }
    }

    /// Opens a native dialog on a thread of its own: a portal that hangs must not hang the window.
    pub(super) fn pick<T>(
        &self,
        dialog: impl FnOnce() -> Option<T> + Send + 'static,
        then: impl FnOnce(T) -> Action + Send + 'static,
    ) -> Vec<Action> {
        let (events, wake) = (self.events.0.clone(), waker(&self.ctx));
        let spawned = std::thread::Builder::new().name("dialog".to_owned()).spawn(move || {
            let asked = Instant::now();
            let answer = match dialog() {
                Some(path) => then(path),
                // Nobody closes a dialog that fast: there was none.
                None if asked.elapsed() < NO_DIALOG => Action::Notify {
                    level: Level::Error,
                    text: "No file dialog could be opened: install xdg-desktop-portal or zenity. A path can \
                           also be typed (Open path, in the File menu), or given on the command line."
                        .to_owned(),
                },
                None => return,
            };
            // The window may be gone by now.
            let _ = events.send(answer);
            wake();
        });
        match spawned {
            Ok(_) => Vec::new(),
            Err(error) => vec![no_thread(&error)],
        }
    }
}

fn open_action(path: PathBuf) -> Action {
    Action::Open { source: path.to_string_lossy().into_owned() }
}

/// The system's dialog for a file of the balance planner.
fn balance_dialog(file: BalanceFile) -> rfd::FileDialog {
    let dialog = rfd::FileDialog::new();
    let table = |dialog: rfd::FileDialog, name| {
        let dialog = dialog.set_title("Save the manifest").set_file_name(name).add_filter("CSV", &["csv"]);
        dialog.add_filter("JSON Lines", &["jsonl"]).add_filter("Parquet", &["parquet"])
    };
    match file {
        BalanceFile::Manifest => table(dialog, "balanced.csv"),
        BalanceFile::Splits => table(dialog, "splits.csv"),
        BalanceFile::Weights => {
            let dialog = dialog.set_title("Save the weights").set_file_name("weights.csv");
            dialog.add_filter("CSV", &["csv"]).add_filter("JSON", &["json"])
        }
        BalanceFile::Sampler => {
            let dialog = dialog.set_title("Save PyTorch code").set_file_name("sampler.py");
            dialog.add_filter("Python code", &["py"])
        }
    }
}
