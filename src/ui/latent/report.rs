//! How good the model is: what unseen samples lose, and how like real ones its draws are.

use egui::{Align, Grid, Layout, Ui};
use egui_material_icons::icons;

use crate::pipeline::evaluated::Evaluated;
use crate::state::{Action, JobId, Session};
use crate::text::counted;
use crate::ui::Pencil;
use crate::ui::theme::{Tokens, space};
use crate::ui::widgets::{self, Page};

/// What each figure says, by its name in [`SpaceFigures::named`](crate::pipeline::evaluated::SpaceFigures::named).
const MEANINGS: [(&str, &str); 6] = [
    ("Fréchet", "Distance between two normal distributions fitted to both. Lower is more alike."),
    ("kernel", "Squared distance between both by a cubic kernel, unbiased. Near 0 is alike."),
    ("precision", "Share of draws that lie where samples lie. Low: they look like nothing there is."),
    ("recall", "Share of samples that lie where draws lie. Low: parts of the dataset are never drawn."),
    ("density", "How many samples' neighbourhoods a draw lies in, by how many were to be expected; about 1."),
    ("coverage", "Share of samples with a draw in their neighbourhood. Low: parts are missing."),
];

/// Draws the report.
pub fn report_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session) {
    let job = pencil.state.jobs.iter().find(|job| job.id == JobId::Evaluate);
    let Some((figures, filter)) = &session.latent.evaluated else {
        let color = Tokens::of(ui).text_dim;
        let page = Page {
            icon: icons::ICON_ANALYTICS,
            color,
            title: if job.is_some() { "Comparing" } else { "Not compared yet" },
            text: match job {
                Some(job) => &job.progress.stage,
                None => {
                    "Draws from the model are compared with the samples of the view, of those that it was trained \
                     on with the ones that were held out: how alike both are, what is missing, and whether samples \
                     were copied."
                }
            },
        };
        return widgets::page_ui(ui, &page, |ui| match job {
            Some(job) => {
                let bar = egui::ProgressBar::new(job.progress.fraction().unwrap_or(0.0)).desired_height(5.0);
                ui.add(bar).accessible_name("Progress of the comparison");
            }
            None => compare_ui(ui, pencil, "Compare"),
        });
    };
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        super::padded().show(ui, |ui| {
            ui.set_width(ui.available_width());
            if *filter != session.overlay.view.filter {
                let of = if filter.is_empty() { "all samples".to_owned() } else { format!("“{filter}”") };
                let text = format!("Of another view than the one on screen: {of}.");
                ui.colored_label(Tokens::of(ui).warn, text);
            }
            figures_ui(ui, figures);
            ui.add_space(space::M);
            ui.add_enabled_ui(job.is_none(), |ui| compare_ui(ui, pencil, "Compare again"));
        });
    });
}

fn compare_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, title: &str) {
    let help = "As lenslet evaluate does, on the samples of the view";
    if ui.button(title).on_hover_text(help).clicked() {
        pencil.act(Action::EvaluateModel);
    }
}

fn figures_ui(ui: &mut Ui, figures: &Evaluated) {
    widgets::group_heading(ui, "What samples lose");
    let seen = match figures.held_out {
        true => "held out of training",
        false => "of which some may have been trained on",
    };
    ui.label(widgets::dim(format!("{} {seen}", counted(figures.samples as u64, "sample"))));
    Grid::new("losses").num_columns(2).spacing([space::L, 4.0]).show(ui, |ui| {
        for (name, value) in [
            ("ELBO", format!("{:.2} nats", figures.elbo)),
            ("Reconstruction", format!("{:.2} nats", figures.reconstruction)),
            ("KL", format!("{:.2} nats", figures.kl)),
            ("Squared error of pixels", format!("{:.5}", figures.squared_error)),
        ] {
            ui.label(name);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(value));
            ui.end_row();
        }
    });
    ui.add_space(space::M);
    widgets::group_heading(ui, "Draws beside samples");
    let drawn = counted(figures.generated as u64, "draw");
    ui.label(widgets::dim(format!(
        "{drawn}; figures of another space, such as FID's, are not to be compared"
    )));
    Grid::new("figures").num_columns(3).spacing([space::L, 4.0]).striped(true).show(ui, |ui| {
        ui.label("");
        ui.label(widgets::dim("by the descriptor"));
        ui.label(widgets::dim("in the latent"));
        ui.end_row();
        let both = figures.descriptor.named().into_iter().zip(figures.latent.named());
        for (((name, descriptor), (_, latent)), (_, meaning)) in both.zip(MEANINGS) {
            let title: String = crate::text::sentence(name).trim_end_matches('.').to_owned();
            ui.label(title).on_hover_text(meaning);
            for value in [descriptor, latent] {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    ui.label(value.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}")))
                });
            }
            ui.end_row();
        }
    });
    ui.add_space(space::M);
    widgets::group_heading(ui, "Copies");
    let text = match &figures.copying {
        Some(copying) => format!(
            "Of draws, {:.1} % are nearer to what was trained on than an unseen sample is by chance (50 % where nothing \
             is copied), and {:.1} % are nearer than 99 of 100 unseen ones (1 %).",
            copying.nearer * 100.0,
            copying.suspicious * 100.0
        ),
        None => {
            "It is not known which of these samples the model was trained on: show those that it was trained on, \
             held-out ones among them, and compare again."
                .to_owned()
        }
    };
    ui.add(egui::Label::new(text).wrap());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::evaluated::SpaceFigures;

    #[test]
    fn every_figure_has_its_meaning() {
        let none = SpaceFigures {
            frechet: None,
            kernel: None,
            precision: None,
            recall: None,
            density: None,
            coverage: None,
        };
        assert_eq!(none.named().map(|(name, _)| name), MEANINGS.map(|(name, _)| name));
    }
}
