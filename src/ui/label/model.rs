//! What the model beside the person sees by, and what it knows of itself: how many of its proposals are right, and how
//! that went.

use egui::{ComboBox, Label, Role, Ui, WidgetInfo};
use egui_plot::{Line, Plot, PlotPoints};

use super::gesture;
use crate::analysis::fewshot::{CurvePoint, Estimate};
use crate::jobs::Progress;
use crate::state::labelling::Proposals;
use crate::state::labelling::lesson::NoModel;
use crate::state::training::{ModelFor, model_name};
use crate::state::{Action, JobId, LabelGesture, Session};
use crate::text::{counted, grouped};
use crate::ui::Pencil;
use crate::ui::theme::{Tokens, space};
use crate::ui::widgets;

/// Height of the curve in points.
const CURVE: f32 = 64.0;

/// Draws what the model sees by, a line on what it knows, and its curve once there is one.
pub(super) fn model_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session) {
    sight_ui(ui, pencil, session);
    let labeller = &session.labeller;
    let Some(proposals) = &labeller.proposals else {
        let text = match labeller.lesson.why {
            None => return,
            Some(NoModel::NotAnalysed) => "The model learns once the dataset is analysed (F6).".to_owned(),
            Some(NoModel::TooFewAnswers) => format!(
                "The model learns from {} of two classes on.",
                counted(Proposals::FIRST_ANSWERS as u64, "answer")
            ),
        };
        ui.add(Label::new(widgets::dim(text)).wrap());
        return;
    };
    let text = match proposals.estimate(0.0) {
        Some(all) => format!("{} {}", learned_text(proposals.answers), right_text(all)),
        None => learned_text(proposals.answers),
    };
    let help = "By answers that were held back from the model, of samples that were asked about by chance: one in ten \
                of a model's queue.";
    ui.add(Label::new(widgets::dim(text)).wrap()).on_hover_text(help);
    if proposals.curve.len() < 2 {
        return;
    }
    let tokens = Tokens::of(ui);
    let points = |of: fn(&CurvePoint) -> f64| -> PlotPoints<'static> {
        proposals.curve.iter().map(|point| [point.answers as f64, 100.0 * of(point)]).collect()
    };
    let plot = Plot::new("label model")
        .height(CURVE)
        .grid_color(tokens.line)
        .show_background(false)
        .allow_scroll(false)
        .allow_drag(false)
        .allow_zoom(false)
        .include_y(0.0)
        .include_y(100.0)
        .y_axis_formatter(|mark, _| format!("{:.0} %", mark.value))
        .y_axis_min_width(34.0);
    let shown = plot.show(ui, |plot| {
        plot.line(Line::new("95 % interval", points(|point| point.low)).color(tokens.line).width(1.0));
        plot.line(Line::new("95 % interval", points(|point| point.high)).color(tokens.line).width(1.0));
        plot.line(Line::new("right", points(|point| point.right)).color(tokens.accent).width(1.5));
    });
    shown.response.widget_info(|| {
        WidgetInfo::labeled(Role::Image, true, "Proposals that were right, by the number of answers")
    });
    ui.add_space(space::XS);
}

/// Chooses what the model sees pictures by, and says how far that is.
fn sight_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session) {
    const BY_HAND: &str = "Picture description";
    let sight = &session.labeller.lesson.sight;
    let chosen = sight.chosen();
    let title = chosen.map_or_else(|| BY_HAND.to_owned(), model_name);
    let mut wish = None;
    ui.horizontal_wrapped(|ui| {
        ui.label(widgets::dim("Sees by"));
        let combo = ComboBox::from_id_salt("sees by").width(150.0).selected_text(&title).truncate();
        let shown = combo.show_ui(ui, |ui| {
            if ui.selectable_label(chosen.is_none(), BY_HAND).clicked() {
                wish = Some(LabelGesture::SeeBy(None));
            }
            for model in session.training.models.iter() {
                if ui.selectable_label(chosen == Some(&model.run), model.name()).clicked() {
                    wish = Some(LabelGesture::SeeBy(Some(model.run.clone())));
                }
            }
            ui.separator();
            if ui.selectable_label(false, "Open a model…").clicked() {
                pencil.act(Action::PickModel(ModelFor::Labelling));
            }
        });
        let name = format!("Sees by: {title}");
        shown.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, &name));
        let help = "What describes the pictures that the model learns on: numbers made by hand, or what a model that \
                    was trained says";
        shown.response.on_hover_text(help);
    });
    if let Some(wish) = wish {
        pencil.act(gesture(wish));
    }
    if !sight.is_answered() {
        let job = pencil.state.jobs.iter().find(|job| job.id == JobId::Describe);
        let text = match job.map(|job| &job.progress) {
            None => format!("{title} describes the pictures once they are measured."),
            Some(progress) if progress.total == 0 => format!("{title} describes the pictures."),
            Some(Progress { stage, done, total, .. }) => {
                format!("{title}: {stage}, {} of {}", grouped(*done), grouped(*total))
            }
        };
        ui.add(Label::new(widgets::dim(text)).wrap()).on_hover_text("Until then proposals stay as they are");
    }
}

fn learned_text(answers: usize) -> String {
    format!("The model learned from {}.", counted(answers as u64, "answer"))
}

/// How many of the proposals are right, as a sentence.
fn right_text(estimate: &Estimate) -> String {
    if estimate.tested == 0 {
        return "It does not know yet how good its proposals are: answer some of the queue “Mixed”."
            .to_owned();
    }
    let percent = |part: f64| 100.0 * part;
    let right = 1.0 - estimate.wrong as f64 / estimate.tested as f64;
    format!(
        "About {:.0} % of its proposals are right ({:.0} to {:.0} %).",
        percent(right),
        percent(1.0 - estimate.high),
        percent(1.0 - estimate.low)
    )
}

/// How many of the proposals from a confidence on are wrong, by answers that were held back; nothing where there are
/// none.
pub(super) fn wrong_by_answers(proposals: &Proposals, above: f32) -> String {
    match proposals.estimate(above).filter(|estimate| estimate.tested > 0) {
        None => String::new(),
        Some(estimate) => format!(
            " · of {} held back {} wrong: {:.1} to {:.1} %",
            counted(estimate.tested as u64, "answer"),
            match estimate.wrong {
                1 => "1 was".to_owned(),
                wrong => format!("{wrong} were"),
            },
            100.0 * estimate.low,
            100.0 * estimate.high
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_read_well() {
        let estimate =
            |tested, wrong, low, high| Estimate { rows: 9, tested, wrong, low, high, expected: 0.1 };
        for (estimate, text) in [
            (
                estimate(0, 0, 0.0, 1.0),
                "It does not know yet how good its proposals are: answer some of the queue “Mixed”.",
            ),
            (estimate(50, 5, 0.04, 0.21), "About 90 % of its proposals are right (79 to 96 %)."),
        ] {
            assert_eq!(right_text(&estimate), text);
        }
        let proposals =
            Proposals { estimates: vec![(0.5, estimate(20, 1, 0.01, 0.24))], ..Proposals::default() };
        assert_eq!(wrong_by_answers(&proposals, 0.4), "");
        let text = " · of 20 answers held back 1 was wrong: 1.0 to 24.0 %";
        assert_eq!(wrong_by_answers(&proposals, 0.7), text);
    }
}
