//! What the model beside the person knows of itself: how many of its proposals are right, and how that went.

use egui::{Label, Role, Ui, WidgetInfo};
use egui_plot::{Line, Plot, PlotPoints};

use crate::analysis::fewshot::{CurvePoint, Estimate};
use crate::state::Session;
use crate::state::labelling::Proposals;
use crate::state::labelling::lesson::NoModel;
use crate::text::counted;
use crate::ui::theme::{Tokens, space};
use crate::ui::widgets;

/// Height of the curve in points.
const CURVE: f32 = 64.0;

/// Draws a line on the model, and its curve once there is one.
pub(super) fn model_ui(ui: &mut Ui, session: &Session) {
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
