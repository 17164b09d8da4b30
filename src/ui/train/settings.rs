//! The settings of the next run, each with its unit and what it means.

use egui::{ComboBox, DragValue, Grid, RichText, Role, Ui, WidgetInfo};

use crate::dataset::edit::PipelineSlot;
use crate::state::training::{Begin, SIZES, fit_title, pictures_text};
use crate::state::{Draft, Session};
use crate::train::config::{Channels, Fit, Freeze, HeldOut, Length, Likelihood, Sampling};
use crate::train::device::Choice;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets;

/// Width of the names beside the controls, in points.
const NAMES: f32 = 96.0;
/// Width of the controls.
const CONTROLS: f32 = 168.0;
/// Splits that are offered at most.
const SPLITS: usize = 12;

/// Draws the settings; what is changed is in `moved` then.
pub fn settings_ui(ui: &mut Ui, session: &Session, moved: &mut Option<Draft>) {
    let Some(known) = moved.clone().or_else(|| session.training.draft.clone()) else { return };
    let mut draft = known.clone();
    begin_ui(ui, session, &mut draft);
    ui.add_space(space::M);
    pictures_ui(ui, &mut draft);
    ui.add_space(space::M);
    model_ui(ui, session, &mut draft);
    ui.add_space(space::M);
    course_ui(ui, session, &mut draft);
    if draft != known {
        *moved = Some(draft);
    }
}

/// A group of settings under a heading.
fn group(ui: &mut Ui, title: &str, draw: impl FnOnce(&mut Ui)) {
    widgets::group_heading(ui, title);
    Grid::new(title).num_columns(2).min_col_width(NAMES).spacing([space::S, 6.0]).show(ui, draw);
}

/// A setting: its name, its control, and on hover what it is.
fn row(ui: &mut Ui, name: &str, help: &str, draw: impl FnOnce(&mut Ui)) {
    let color = Tokens::of(ui).text_dim;
    ui.label(RichText::new(name).color(color)).on_hover_text(help);
    ui.horizontal_wrapped(|ui| {
        ui.set_max_width(CONTROLS);
        draw(ui);
    });
    ui.end_row();
}

/// A choice from a list, called `name`.
fn choice<T: PartialEq + Clone>(
    ui: &mut Ui,
    name: &str,
    value: &mut T,
    of: impl IntoIterator<Item = T>,
    title: impl Fn(&T) -> String,
) {
    let chosen = title(value);
    let combo = ComboBox::from_id_salt(name).width(CONTROLS - 2.0).selected_text(&chosen).truncate();
    let shown = combo.show_ui(ui, |ui| {
        for one in of {
            let text = title(&one);
            ui.selectable_value(value, one, text);
        }
    });
    shown.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, format!("{name}: {chosen}")));
}

/// A whole number, called `name`.
fn number(ui: &mut Ui, name: &str, value: &mut usize, range: std::ops::RangeInclusive<usize>, unit: &str) {
    let field = DragValue::new(value).range(range).speed(0.2).suffix(unit).update_while_editing(false);
    ui.add(field).accessible_name(name);
}

fn begin_ui(ui: &mut Ui, session: &Session, draft: &mut Draft) {
    let models = &session.training.models;
    if models.is_empty() {
        return;
    }
    group(ui, "Begin with", |ui| {
        row(ui, "Model", "A new model, or what fits of one that is trained already", |ui| {
            let title = |begin: &Begin| match begin {
                Begin::From(run) => run.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                Begin::New | Begin::Resume(_) => "A new one".to_owned(),
            };
            let trained = models.iter().map(|model| Begin::From(model.run.clone()));
            let all: Vec<Begin> = std::iter::once(Begin::New).chain(trained).collect();
            let before = draft.begin.clone();
            choice(ui, "Begin with", &mut draft.begin, all, title);
            if draft.begin != before {
                match models.iter().find(|model| draft.begin == Begin::From(model.run.clone())) {
                    Some(model) => draft.begin_with(model),
                    None => draft.config.freeze = Freeze::Nothing,
                }
            }
        });
        if matches!(draft.begin, Begin::From(_)) {
            row(ui, "Freeze", "A part of the model that stays as it is", |ui| {
                let all = [Freeze::Nothing, Freeze::Encoder, Freeze::Decoder];
                choice(ui, "Freeze", &mut draft.config.freeze, all, |freeze| {
                    let title = match freeze {
                        Freeze::Nothing => "Nothing",
                        Freeze::Encoder => "Encoder",
                        Freeze::Decoder => "Decoder",
                    };
                    title.to_owned()
                });
            });
        }
    });
    ui.add_space(space::M);
}

fn pictures_ui(ui: &mut Ui, draft: &mut Draft) {
    group(ui, "Pictures", |ui| {
        row(
            ui,
            "Size",
            "Side of the squares that the pictures come to; a model that suits it is set",
            |ui| {
                let mut side = draft.config.shape.size;
                let before = side;
                let mut sizes = SIZES.to_vec();
                if !sizes.contains(&side) {
                    sizes.push(side);
                    sizes.sort_unstable();
                }
                choice(ui, "Size", &mut side, sizes, |side| format!("{side} px"));
                if side != before {
                    draft.set_size(side);
                }
            },
        );
        row(ui, "Colour", "Grey learns faster", |ui| {
            let all = [Channels::Grey, Channels::Colour];
            choice(ui, "Colour", &mut draft.config.shape.channels, all, |channels| {
                let title = match channels {
                    Channels::Grey => "Grey",
                    Channels::Colour => "Colour",
                };
                title.to_owned()
            });
        });
        row(ui, "Fit", "How a picture that is no square becomes one", |ui| {
            choice(ui, "Fit", &mut draft.config.fit, Fit::ALL, |fit| fit_title(*fit).to_owned());
        });
    });
}

fn model_ui(ui: &mut Ui, session: &Session, draft: &mut Draft) {
    let has_labels = !session.snapshot.labels().classes.is_empty();
    let shape = &mut draft.config.shape;
    group(ui, "Model", |ui| {
        row(ui, "Latent", "Numbers that describe a picture, 1 to 512", |ui| {
            number(ui, "Latent size", &mut shape.latent, 1..=512, " numbers");
        });
        row(
            ui,
            "Width",
            "Channels of the first convolution, 4 to 128; each further one has twice as many",
            |ui| {
                number(ui, "Width", &mut shape.width, 4..=128, " channels");
            },
        );
        row(ui, "Depth", "Convolutions, 1 to 6; each halves the side", |ui| {
            number(ui, "Depth", &mut shape.depth, 1..=6, " convolutions");
        });
        row(ui, "Hidden", "Units of the dense layer between convolutions and latent, 8 to 4096", |ui| {
            number(ui, "Hidden units", &mut shape.hidden, 8..=4096, " units");
        });
        let help = "What a value of a picture means: a chance of white, or a mean with one learned spread";
        row(ui, "Likelihood", help, |ui| {
            choice(ui, "Likelihood", &mut shape.likelihood, Likelihood::ALL, |likelihood| {
                let title = match likelihood {
                    Likelihood::Bernoulli => "Bernoulli",
                    Likelihood::Gaussian => "Gaussian",
                };
                title.to_owned()
            });
        });
        let help = "Encoder and decoder are told the class, so that samples of a class can be drawn";
        row(ui, "Classes", help, |ui| {
            let mut is_told = shape.classes > 0;
            ui.add_enabled(has_labels || is_told, egui::Checkbox::new(&mut is_told, "Tell it the class"))
                .on_disabled_hover_text("No sample has a label");
            if is_told != (shape.classes > 0) {
                // As many as there are is worked out where the labels are known.
                shape.classes = usize::from(is_told);
            }
        });
    });
    if let Some(model) = known_name(session, draft) {
        ui.label(widgets::dim(model));
    }
}

/// What the model that a run begins with is of, where it begins with one.
fn known_name(session: &Session, draft: &Draft) -> Option<String> {
    let Begin::From(run) = &draft.begin else { return None };
    let model = session.training.models.iter().find(|model| model.run == *run)?;
    let known = &model.about.config.shape;
    let text = format!("{} is of {}, latent {}", model.name(), pictures_text(known), known.latent);
    (*known != draft.config.shape).then(|| format!("{text}: what does not fit begins anew."))
}

fn course_ui(ui: &mut Ui, session: &Session, draft: &mut Draft) {
    let config = &mut draft.config;
    group(ui, "Training", |ui| {
        row(ui, "Length", "An epoch sees every sample once; a step sees one batch", |ui| {
            length_ui(ui, &mut config.length);
        });
        row(ui, "Batch", "Samples of a step, 1 to 4096", |ui| {
            number(ui, "Batch", &mut config.batch, 1..=4096, " samples");
        });
        row(ui, "Learning rate", "How far a step goes (Adam), over 0 and at most 1", |ui| {
            let speed = config.learning_rate * 0.02;
            let field = DragValue::new(&mut config.learning_rate).range(1e-7..=1.0).speed(speed);
            let field = field.max_decimals(7).update_while_editing(false);
            ui.add(field).accessible_name("Learning rate");
        });
        row(ui, "β", "What the divergence is multiplied by in the loss; 1 is the ELBO", |ui| {
            let field = DragValue::new(&mut config.beta).range(0.0..=100.0).speed(0.02).max_decimals(3);
            ui.add(field.update_while_editing(false)).accessible_name("β");
        });
        row(ui, "Warm-up", "Steps over which β rises from 0", |ui| {
            let field = DragValue::new(&mut config.warm_up_steps).range(0..=1_000_000).suffix(" steps");
            ui.add(field.update_while_editing(false)).accessible_name("Warm-up");
        });
        row(ui, "Sampling", "How often each sample is seen", |ui| {
            let all = [Sampling::Each, Sampling::Balanced];
            choice(ui, "Sampling", &mut config.sampling, all, |sampling| {
                let title = match sampling {
                    Sampling::Each => "Each sample once",
                    Sampling::Balanced => "Classes alike",
                };
                title.to_owned()
            });
        });
        let help = "What is done to each sample anew whenever it is trained on: see the panel Augment";
        row(ui, "Augment", help, |ui| {
            let all = std::iter::once(None).chain(PipelineSlot::ALL.map(Some));
            choice(ui, "Augment", &mut draft.augment, all, |slot| match slot {
                None => "Nothing".to_owned(),
                Some(slot) if session.augment.pipeline(*slot).steps.is_empty() => {
                    format!("Pipeline {}, empty", slot.title())
                }
                Some(slot) => format!("Pipeline {}", slot.title()),
            });
        });
        row(ui, "Held out", "Samples that are not trained on, so that overfitting is seen", |ui| {
            held_out_ui(ui, session, &mut config.held_out);
        });
        row(ui, "Seed", "The same seed gives the same model on the same processor", |ui| {
            ui.add(DragValue::new(&mut config.seed).update_while_editing(false)).accessible_name("Seed");
        });
        row(ui, "Device", "What does the work", |ui| {
            choice(ui, "Device", &mut draft.device, Choice::ALL, |device| {
                let title = match device {
                    Choice::Auto => "Automatic",
                    Choice::Gpu => "Graphics device",
                    Choice::Cpu => "Processor",
                };
                title.to_owned()
            });
        });
    });
}

fn length_ui(ui: &mut Ui, length: &mut Length) {
    let (Length::Epochs(mut count) | Length::Steps(mut count)) = *length;
    let field = DragValue::new(&mut count).range(1..=1_000_000_000).speed(0.2).update_while_editing(false);
    ui.add(field).accessible_name("Length");
    let mut are_epochs = matches!(length, Length::Epochs(_));
    for (is_it, title) in [(true, "epochs"), (false, "steps")] {
        if ui.selectable_label(are_epochs == is_it, title).clicked() && are_epochs != is_it {
            are_epochs = is_it;
            count = if is_it { 10 } else { 1000 };
        }
    }
    *length = if are_epochs { Length::Epochs(count) } else { Length::Steps(count) };
}

fn held_out_ui(ui: &mut Ui, session: &Session, held_out: &mut HeldOut) {
    let splits = &session.dataset().split_names;
    let is_share = matches!(held_out, HeldOut::Share(_));
    if !splits.is_empty() {
        ui.spacing_mut().item_spacing.x = space::XS;
        if widgets::chip(ui, is_share, "a share").clicked() && !is_share {
            *held_out = HeldOut::Share(0.1);
        }
        for split in splits.iter().take(SPLITS) {
            let chosen = match &*held_out {
                HeldOut::Splits(chosen) => chosen.as_slice(),
                HeldOut::Share(_) => &[],
            };
            let on = chosen.contains(split);
            let short: String = split.chars().take(16).collect();
            if widgets::chip(ui, on, &short).on_hover_text(format!("The split {split}")).clicked() {
                let mut chosen = chosen.to_vec();
                match on {
                    true => chosen.retain(|other| other != split),
                    false => chosen.push(split.clone()),
                }
                chosen.sort();
                *held_out = if chosen.is_empty() { HeldOut::Share(0.1) } else { HeldOut::Splits(chosen) };
            }
        }
    }
    if let HeldOut::Share(share) = held_out {
        let mut percent = *share * 100.0;
        let field = DragValue::new(&mut percent).range(0.0..=90.0).speed(0.2).max_decimals(1).suffix(" %");
        if ui.add(field.update_while_editing(false)).accessible_name("Held-out share").changed() {
            *share = percent / 100.0;
        }
        if splits.is_empty() {
            ui.label(RichText::new("of the samples").size(size::SMALL).weak());
        }
    }
}
