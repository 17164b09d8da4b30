//! The panel Train: the settings of a model, and what it learns while it learns it.
//!
//! It refuses to know how a model is trained.

mod curves;
mod models;
mod seen;
mod settings;

use egui::{Button, Frame, Margin, RichText, ScrollArea, Ui};
use egui_material_icons::icons;

use self::curves::{CurvesView, curves_ui};
use self::models::models_ui;
use self::seen::{SeenView, seen_ui};
use self::settings::settings_ui;
use super::Pencil;
use super::theme::{Tokens, bold, size, space};
use super::widgets::{self, Page};
use crate::state::latent::ModelRef;
use crate::state::training::{End, Run};
use crate::state::{Action, Command, Draft, JobFace, JobId, Session};
use crate::text::{counted, duration_text, grouped};
use crate::train::device::Choice;
use crate::train::run::Why;

/// From this width of the panel on the settings stand beside what is learned, in points.
const WIDE: f32 = 700.0;
/// Width of the settings beside what is learned, in points.
const SETTINGS: f32 = 300.0;

/// Drawing state of the panel.
#[derive(Default)]
pub struct TrainView {
    /// Settings while they are being changed; the state hears of them once the pointer is up.
    moved: Option<Draft>,
    curves: CurvesView,
    seen: SeenView,
}

/// Draws the panel.
pub fn train_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, view: &mut TrainView) {
    let state = pencil.state;
    let Some(session) = &state.session else { return };
    if !session.training.is_asked {
        pencil.act(Action::AskTraining);
    }
    let mut starts = false;
    if ui.available_width() >= WIDE {
        let frame = Frame::new().fill(Tokens::of(ui).panel);
        egui::Panel::left("train settings").frame(frame).resizable(false).exact_size(SETTINGS).show(
            ui,
            |ui| {
                egui::Panel::bottom("train start").frame(padded()).show(ui, |ui| {
                    starts = start_ui(ui, pencil, session, view);
                });
                scrolled(ui, "settings", |ui| {
                    settings_ui(ui, session, &mut view.moved);
                    ui.add_space(space::L);
                    models_ui(ui, pencil, session);
                });
            },
        );
        egui::CentralPanel::no_frame().show(ui, |ui| learned_ui(ui, pencil, session, view));
    } else {
        egui::Panel::bottom("train start").frame(padded()).show(ui, |ui| {
            starts = start_ui(ui, pencil, session, view);
        });
        scrolled(ui, "train", |ui| {
            if let Some(run) = &session.training.run {
                run_ui(ui, pencil, run, view);
                ui.add_space(space::L);
            }
            settings_ui(ui, session, &mut view.moved);
            ui.add_space(space::L);
            models_ui(ui, pencil, session);
        });
    }
    let is_held = ui.input(|input| input.pointer.any_down());
    if !is_held && let Some(draft) = view.moved.take() {
        pencil.act(Action::ChangeTraining(Box::new(draft)));
    }
    // A field that is left by this click has its value by now.
    if starts {
        pencil.act(Action::Run(Command::Train));
    }
}

fn padded() -> Frame {
    Frame::new().inner_margin(Margin::symmetric(space::M as i8, space::S as i8))
}

/// A part that scrolls.
fn scrolled(ui: &mut Ui, name: &str, draw: impl FnOnce(&mut Ui)) {
    ScrollArea::vertical().id_salt(name).auto_shrink(false).show(ui, |ui| {
        padded().show(ui, |ui| {
            ui.set_width(ui.available_width());
            draw(ui);
        });
    });
}

/// What a run would be and how long it would take, and the button that starts it; tells whether it was clicked.
fn start_ui(ui: &mut Ui, pencil: &Pencil<'_>, session: &Session, view: &TrainView) -> bool {
    let training = &session.training;
    let Some(draft) = view.moved.as_ref().or(training.draft.as_ref()) else {
        ui.label(widgets::dim("Looking at the samples…"));
        return false;
    };
    let tokens = Tokens::of(ui);
    let samples = session.shown.found.counts.samples - session.shown.found.counts.pruned;
    let problem = draft.problem();
    match &problem {
        Some(problem) => {
            ui.add(egui::Label::new(RichText::new(problem).small().color(tokens.error)).wrap());
        }
        None => {
            let parameters = counted(draft.config.shape.parameters(), "parameter");
            ui.add(egui::Label::new(widgets::dim(parameters)).wrap());
            let time = match draft.estimate_secs(samples as usize, &training.speeds) {
                Some(secs) => format!("About {} {}", duration_text(secs), draft.where_text(&training.speeds)),
                None if draft.device == Choice::Gpu => {
                    "How long it takes is known after the first run there.".to_owned()
                }
                None => "Measuring this processor…".to_owned(),
            };
            ui.add(egui::Label::new(widgets::dim(time)).wrap());
        }
    }
    let can =
        problem.is_none() && !training.is_running() && samples > 0 && pencil.state.can_run(Command::Train);
    let color = if can { tokens.on_accent } else { tokens.text_dim };
    let fill = if can { tokens.accent } else { tokens.raised };
    let title = format!("Train on {}", counted(samples.into(), "sample"));
    let button = Button::new(RichText::new(title).color(color)).fill(fill);
    let centred = egui::Layout::centered_and_justified(egui::Direction::LeftToRight);
    let size = egui::vec2(ui.available_width(), 30.0);
    let response = ui.allocate_ui_with_layout(size, centred, |ui| ui.add_enabled(can, button)).inner;
    let response = response.on_hover_text("Train a model on the samples shown (Ctrl+T)");
    let hint = match training.is_running() {
        true => "A model is being trained already",
        false => "There is nothing to train on, or a setting is out of range",
    };
    response.on_disabled_hover_text(hint).clicked()
}

/// What is learned, or what stands in its place.
fn learned_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, view: &mut TrainView) {
    let tokens = Tokens::of(ui);
    ui.painter().rect_filled(ui.available_rect_before_wrap(), 0.0, tokens.canvas);
    let Some(run) = &session.training.run else {
        let page = Page {
            icon: icons::ICON_MODEL_TRAINING,
            color: tokens.text_dim,
            title: "Nothing is being trained",
            text: "A small variational autoencoder learns from the samples of the view: to describe each by a \
                   few numbers, and to draw it again from them. What it learns shows what is usual in the \
                   dataset, what is odd, and what a larger generative model would make of it. You can go on \
                   browsing meanwhile.",
        };
        widgets::page_ui(ui, &page, |_| ());
        return;
    };
    scrolled(ui, "learned", |ui| run_ui(ui, pencil, run, view));
}

/// A run: how far it is, its losses, and what it sees.
fn run_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, run: &Run, view: &mut TrainView) {
    head_ui(ui, pencil, run);
    if run.latest.is_none() && run.is_running() {
        return;
    }
    ui.add_space(space::M);
    curves_ui(ui, run, &mut view.curves);
    ui.add_space(space::M);
    seen_ui(ui, run, &mut view.seen);
}

/// How a run stands, with the buttons that steer it.
fn head_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, run: &Run) {
    let state = pencil.state;
    let tokens = Tokens::of(ui);
    let job = state.jobs.iter().find(|job| job.id == JobId::Train);
    ui.horizontal(|ui| {
        let (title, color) = title_of(run, job, tokens);
        ui.label(RichText::new(title).font(bold(size::HEADING)).color(color));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if let Some(End::Ended(ended)) = &run.end
                && ui.button("Look into it").on_hover_text("Show where it puts the samples").clicked()
            {
                let model = match &ended.path {
                    Some(path) => ModelRef::Folder(path.clone()),
                    None => ModelRef::Trained(ended.clone()),
                };
                pencil.act(Action::OpenModel { model });
                pencil.act(Action::Run(Command::ShowLatent));
            }
            let Some(job) = job.filter(|_| run.is_running()) else { return };
            if ui.button("Stop").on_hover_text("End here and keep what was learned").clicked() {
                pencil.act(Action::JobCancelled { job: JobId::Train });
            }
            let (title, help) = match job.paused {
                true => ("Resume", "Go on with the next step"),
                false => ("Pause", "Wait after this step"),
            };
            if ui.button(title).on_hover_text(help).clicked() {
                pencil.act(Action::JobPaused { job: JobId::Train, pause: !job.paused });
            }
        });
    });
    if run.is_running() {
        let progress = job.map(|job| &job.progress);
        let bar = match progress.and_then(crate::jobs::Progress::fraction) {
            Some(fraction) => egui::ProgressBar::new(fraction),
            None => egui::ProgressBar::new(0.0).animate(true),
        };
        ui.add(bar.desired_height(5.0)).accessible_name("Progress of training");
    }
    let text = facts_of(run, job);
    ui.add(egui::Label::new(RichText::new(text).color(tokens.text_dim)).wrap());
    if let Some(began) = run.began.as_ref().filter(|began| !began.unfit.is_empty()) {
        let names: Vec<String> = began.unfit.iter().map(ToString::to_string).collect();
        let text = format!("Begins anew, for it does not fit: {}", names.join(", "));
        ui.add(egui::Label::new(widgets::dim(text)).wrap());
    }
}

/// How a run stands, in a few words.
fn title_of(run: &Run, job: Option<&JobFace>, tokens: &Tokens) -> (&'static str, egui::Color32) {
    match &run.end {
        None if job.is_some_and(|job| job.paused) => ("Paused", tokens.warn),
        None if run.latest.is_none() => ("Preparing", tokens.text),
        None => ("Training", tokens.text),
        Some(End::Cancelled) => ("Stopped before it began", tokens.text),
        Some(End::Failed(_)) => ("Training failed", tokens.error),
        Some(End::Ended(ended)) => match ended.why {
            Why::Completed => ("Trained", tokens.ok),
            Why::Stopped => ("Stopped", tokens.text),
            Why::Diverged(_) => ("Its losses were no numbers any more", tokens.error),
        },
    }
}

/// How a run stands, in figures.
fn facts_of(run: &Run, job: Option<&JobFace>) -> String {
    let mut parts = Vec::new();
    match (&run.end, &run.latest, job) {
        (Some(End::Failed(text)), ..) => return text.clone(),
        (Some(End::Ended(ended)), ..) => {
            if let Why::Diverged(text) = &ended.why {
                return text.clone();
            }
            parts.push(counted(ended.checkpoint.about.step, "step"));
            parts.push(format!("{} samples a second", grouped(ended.samples_per_sec as u64)));
            parts.push(duration_text(ended.secs));
            if let Some(report) = &ended.held_out {
                parts.push(format!("held-out ELBO {:.1} nats", report.figures.elbo()));
            }
            if ended.path.is_none() {
                parts.push("not kept: the project is read-only".to_owned());
            }
        }
        (None, Some(latest), _) => {
            parts.push(format!("step {} of {}", grouped(latest.step), grouped(latest.steps)));
            parts.push(format!("epoch {}", grouped(latest.epoch + 1)));
            parts.push(format!("{} samples a second", grouped(latest.samples_per_sec as u64)));
            parts.push(format!("{} left", duration_text(latest.left_secs)));
        }
        (None, None, Some(job)) => {
            let (done, total) = (job.progress.done, job.progress.total);
            parts.push(match total {
                0 => job.progress.stage.clone(),
                _ => format!("{}: {} of {}", job.progress.stage, grouped(done), grouped(total)),
            });
        }
        _ => {}
    }
    if let Some(began) = &run.began {
        parts.push(began.device.clone());
        let (training, held_out) = (began.training_rows as u64, began.held_out_rows as u64);
        parts.push(format!("{} to train on, {} held out", grouped(training), grouped(held_out)));
    }
    parts.join(" · ")
}
