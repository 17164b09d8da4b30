//! Labels out to files and in from them, beside the person: the thread that answers what the dialogs ask, and what an
//! export of labels writes.
//!
//! The newest question wins: one that waits gives way to the next, and one that is under way ends.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::Sender;

use super::exporting::{Exporting, outcome};
use super::{Work, bug};
use crate::annotation::task::Task;
use crate::annotation::{AnnotationError, Existing, MatchBy, Target, Writer, folder, read, write};
use crate::dataset::query::Snapshot;
use crate::export::ExportError;
use crate::export::dataset::{Kind, Options, plan, run as export};
use crate::import::Reader;
use crate::jobs::{self, Cancelled, Control, Newest, Outcome};
use crate::pipeline::agreeing::compare;
use crate::pipeline::annotating::gathered;
use crate::state::label_files::{
    AnswersIn, ComparedPeople, ExportQuestion, FileGesture, FileWork, ImportOrder, ImportQuestion, LabelFile,
    LabelForm, Place, Preview,
};
use crate::state::{Action, Level, State};
use crate::text::{counted, sentence};

/// What the dialogs ask.
enum Question {
    LeftOut(Box<ExportQuestion>),
    Preview(Snapshot, ImportQuestion),
    TakeIn(ImportOrder),
    Compare(Snapshot, Vec<PathBuf>, MatchBy),
}

/// The thread that answers.
pub struct LabelFiles {
    thread: Newest<(u64, Question, Control)>,
    last: Control,
}

impl LabelFiles {
    /// Starts the thread. Answers go to `answers`, and `wake` is called after each.
    pub fn spawn(answers: &Sender<Action>, wake: impl Fn() + Send + 'static) -> Self {
        let answers = answers.clone();
        let thread = Newest::spawn("label-files", move |(asked, question, control)| {
            let gesture = answer(asked, question, &control);
            // The window may be gone by now.
            let _ = answers.send(Action::LabelFile(Box::new(gesture)));
            wake();
        });
        Self { thread, last: Control::new() }
    }

    fn ask(&mut self, asked: u64, question: Question) {
        self.stop();
        self.thread.ask((asked, question, self.last.clone()));
    }

    /// What is worked out, where somebody waits for it.
    pub fn control(&self, state: &State) -> Option<&Control> {
        state.waits_for_label_files().then_some(&self.last)
    }

    /// Nobody waits for the last answer any more.
    pub fn stop(&mut self) {
        self.last.cancel();
        self.last = Control::new();
    }
}

impl Work {
    /// Does what the dialogs of files of labels ask for.
    pub(super) fn label_file(&mut self, work: FileWork, state: &State) -> Vec<Action> {
        let then = |gesture: FileGesture| Action::LabelFile(Box::new(gesture));
        let session = state.session.as_ref();
        match (work, session) {
            (FileWork::PickTarget(form), _) => {
                self.pick(move || pick_target(form), move |path| then(FileGesture::TargetPicked(path)))
            }
            (FileWork::PickSource(place), _) => {
                self.pick(move || pick_source(place), move |path| then(FileGesture::SourcePicked(path)))
            }
            (FileWork::PickPeople, _) => self.pick(
                || rfd::FileDialog::new().set_title("Choose the files of people to compare").pick_files(),
                move |files| then(FileGesture::PeoplePicked(files)),
            ),
            (FileWork::Export { choice, path }, Some(session)) => {
                let (question, person) =
                    (ExportQuestion::new(choice, session), state.settings.person.clone());
                self.start_export(state, |live, _, ctx| {
                    Exporting::labels(path, Labels { question, reader: live.reader.clone(), person }, ctx)
                })
            }
            (FileWork::TellLeftOut { asked, choice }, Some(session)) => {
                let question = Box::new(ExportQuestion::new(choice, session));
                self.label_files.ask(asked, Question::LeftOut(question));
                Vec::new()
            }
            (FileWork::Preview { asked, question }, Some(session)) => {
                self.label_files.ask(asked, Question::Preview(session.snapshot.clone(), question));
                Vec::new()
            }
            (FileWork::TakeIn { asked, order }, Some(_)) => {
                self.label_files.ask(asked, Question::TakeIn(order));
                Vec::new()
            }
            (FileWork::Compare { asked, files, by }, Some(session)) => {
                self.label_files.ask(asked, Question::Compare(session.snapshot.clone(), files, by));
                Vec::new()
            }
            (FileWork::Stop, _) => {
                self.label_files.stop();
                Vec::new()
            }
            (_, None) => Vec::new(),
        }
    }
}

fn answer(asked: u64, question: Question, control: &Control) -> FileGesture {
    match question {
        Question::LeftOut(question) => {
            let found = jobs::run(|| Ok(Ok(question.left_out(control)?)));
            let told = told("counting what is left out", found).map(Arc::new);
            FileGesture::LeftOutTold { asked, told }
        }
        Question::Preview(snapshot, question) => {
            let found = jobs::run(|| preview(snapshot, question, control));
            FileGesture::Previewed { asked, found: told("reading the labels", found).map(Arc::new) }
        }
        Question::TakeIn(order) => {
            let edit = jobs::run(|| Ok(Ok(order.edit(control)?)));
            FileGesture::TakenIn { asked, edit: told("taking the labels in", edit) }
        }
        Question::Compare(snapshot, files, by) => {
            let found = jobs::run(|| compared(&snapshot, &files, by, control));
            FileGesture::Compared { asked, found: told("the comparison", found).map(Arc::new) }
        }
    }
}

/// What was found. That it was stopped is told, too: of a question that nobody waits for, no answer counts.
fn told<T>(doing: &str, outcome: Outcome<Result<T, String>>) -> Result<T, String> {
    match outcome {
        Outcome::Done(found) => found,
        Outcome::Cancelled => Err(format!("You stopped {doing}.")),
        Outcome::Panicked(cause) => Err(bug(doing, &cause)),
    }
}

fn preview(
    snapshot: Snapshot,
    question: ImportQuestion,
    control: &Control,
) -> Result<Result<Preview, String>, Cancelled> {
    let ImportQuestion { path, form, by, file } = question;
    let file = match file {
        Some(file) => file,
        None => match read(&path, form.map(LabelForm::format), control) {
            Ok(read) => Arc::new(LabelFile::new(path, read)),
            Err(error) => return said(error).map(Err),
        },
    };
    if file.annotations.samples.is_empty() {
        let faults =
            file.faults.list.first().map(|fault| format!(" {}", sentence(fault))).unwrap_or_default();
        return Ok(Err(format!("There is no sample in {}.{faults}", file.name())));
    }
    Preview::make(snapshot, file, by, control).map(Ok)
}

fn compared(
    snapshot: &Snapshot,
    files: &[PathBuf],
    by: MatchBy,
    control: &Control,
) -> Result<Result<ComparedPeople, String>, Cancelled> {
    match compare(files, by, control) {
        Ok(Some(compared)) => ComparedPeople::make(compared, snapshot, control).map(Ok),
        Ok(None) => {
            let text = "One person has nobody to agree with: add the file of another, or one in which several are named.";
            Ok(Err(text.to_owned()))
        }
        Err(error) => said(error).map(Err),
    }
}

/// An error as a sentence, but for the one that nobody is to hear.
fn said(error: AnnotationError) -> Result<String, Cancelled> {
    match error {
        AnnotationError::Cancelled(cancelled)
        | AnnotationError::Export(ExportError::Cancelled(cancelled))
        | AnnotationError::Import(crate::import::ImportError::Cancelled(cancelled)) => Err(cancelled),
        error => Ok(sentence(error)),
    }
}

/// An export of labels with all that it is made of.
pub struct Labels {
    pub question: ExportQuestion,
    pub reader: Arc<Reader>,
    /// Who asks, by a task.
    pub person: String,
}

impl Labels {
    /// Writes them; gives what there is to say.
    pub fn write(&self, path: &Path, control: &Control) -> Result<(Level, String), ExportError> {
        let Self { question, reader, .. } = self;
        let (format, snapshot) = (question.choice.form.format(), &question.snapshot);
        let rows = question.rows();
        let annotations = gathered(snapshot, &rows, control)?;
        if matches!(format.write, Writer::Export) {
            let left_out = folder::plan(&annotations).left_out;
            let chosen = Options { kind: Kind::ImageFolder, ..Options::new(path.to_owned()) };
            let planned = plan(snapshot, &rows, reader, &chosen, control)?;
            let report = export(&planned, reader, control)?;
            let (level, text) = outcome(&report);
            return Ok((level, with_notes(text, left_out.iter().chain(&planned.warnings))));
        }
        control.begin("Writing labels", 0);
        // The dialog of the system asked about a file that is there.
        let dataset = Some(Path::new(&snapshot.dataset.root));
        let target = Target { path, dataset, existing: Existing::Replace };
        let (written, what) = match question.choice.form.is_task() {
            true => (self.task(&annotations).save(&target), "The labelling task"),
            false => (write(&annotations, format, &target), "The labels"),
        };
        let written = written.map_err(|error| match said(error) {
            Ok(text) => ExportError::Refused(text),
            Err(cancelled) => cancelled.into(),
        })?;
        let mut left_out = written.left_out;
        if question.choice.form.is_task() && question.choice.answers == AnswersIn::Written {
            left_out = crate::annotation::left_out(&annotations, format.holds, format.title);
        }
        let text = format!("{what} of {} are in {}.", counted(written.samples, "sample"), path.display());
        let text =
            if question.choice.form.is_task() { text.replacen(" are in ", " is in ", 1) } else { text };
        Ok((Level::Info, with_notes(text, left_out.iter())))
    }

    fn task(&self, annotations: &crate::annotation::Annotations) -> Task {
        let choice = &self.question.choice;
        let mut task = Task::ask(annotations, &self.person, choice.instructions.trim());
        if choice.answers == AnswersIn::Written {
            // Each answer names its own person.
            task.answer(annotations, "");
        }
        task
    }
}

fn with_notes<'a>(text: String, notes: impl Iterator<Item = &'a String>) -> String {
    notes.fold(text, |text, note| format!("{text} {note}"))
}

/// The system's dialog for a place for a form of files: a file to save, or a folder.
fn pick_target(form: LabelForm) -> Option<PathBuf> {
    let format = form.format();
    let dialog = rfd::FileDialog::new().set_title("Export labels");
    match format.ending {
        Some(ending) => {
            let name = if form.is_task() { "task" } else { "labels" };
            dialog.set_file_name(format!("{name}.{ending}")).add_filter(format.title, &[ending]).save_file()
        }
        None => dialog.set_title("Export labels to a new or empty folder").pick_folder(),
    }
}

/// The system's dialog for labels to take in.
fn pick_source(place: Place) -> Option<PathBuf> {
    let dialog = rfd::FileDialog::new().set_title("Import labels");
    match place {
        Place::File => dialog.pick_file(),
        Place::Folder => dialog.pick_folder(),
    }
}
