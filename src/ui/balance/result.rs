//! What a plan comes to: samples and bytes before and after, what goes, what is repeated, and what is missed.

use egui::{Align, Layout, RichText, Ui, WidgetInfo};

use super::classes::{ClassesView, order_ui};
use super::table::table_ui;
use crate::balance::Fill;
use crate::state::{Action, BalancePlan, Command, Session};
use crate::text::{bytes_text, counted, grouped};
use crate::ui::Pencil;
use crate::ui::pruning::{coverage_ui, progress_ui, running, told_of};
use crate::ui::theme::{Tokens, space};
use crate::ui::widgets;

/// Classes that are named at most for each reason why they are missed.
const NAMED: usize = 6;

pub(super) fn result_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, classes: &mut ClassesView) {
    let tokens = Tokens::of(ui);
    ui.horizontal(|ui| {
        widgets::group_heading(ui, "What the plan does");
        if !session.balance.plan.is_current() {
            ui.label(widgets::dim("working it out…"));
        }
    });
    let plan = match &session.balance.plan.answer {
        None => return,
        Some(Err(problem)) => {
            ui.add(egui::Label::new(RichText::new(problem).color(tokens.warn)).wrap());
            return;
        }
        Some(Ok(plan)) => plan,
    };
    if plan.means.prune && !plan.knew_copies {
        let text = "Which samples are redundant is known after an analysis. Without one nothing is pruned.";
        analysis_ui(ui, pencil, text);
    }
    if let Some(note) = &plan.note {
        ui.add(egui::Label::new(widgets::dim(note)).wrap());
    }
    figures_ui(ui, plan);
    if let Some(coverage) = &plan.balanced.coverage {
        ui.add_space(space::S);
        coverage_ui(ui, coverage);
    } else if plan.going() > 0 && !plan.knew_copies && !plan.means.prune {
        let text = "What that does to coverage is known after an analysis (F6).";
        ui.add(egui::Label::new(widgets::dim(text)).wrap());
    }
    ui.add_space(space::S);
    missed_ui(ui, plan, classes);
    ui.add_space(space::M);
    ui.horizontal_wrapped(|ui| {
        widgets::group_heading(ui, "Class by class");
        order_ui(ui, classes);
    });
    table_ui(ui, pencil, plan, classes);
}

/// Says what an analysis is for that is missing, with a button that starts it or how far it is.
pub(super) fn analysis_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, text: &str) {
    let tokens = Tokens::of(ui);
    widgets::raised_frame(tokens).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.add(egui::Label::new(text).wrap());
        match running(pencil.state) {
            Some(job) => {
                ui.label(widgets::dim(told_of(job).1));
                progress_ui(ui, job);
            }
            None => widgets::command_button(ui, pencil, "Analyse first (F6)", Command::Analyse),
        }
    });
    ui.add_space(space::S);
}

fn figures_ui(ui: &mut Ui, plan: &BalancePlan) {
    let (before, after) = (&plan.balanced.before, &plan.balanced.after);
    let arrow = |from: String, to: String| format!("{from} → {to}");
    row_ui(ui, "Samples", &arrow(grouped(before.copies), grouped(after.copies)));
    row_ui(ui, "Bytes", &arrow(bytes_text(before.bytes), bytes_text(after.bytes)));
    row_ui(ui, "Kept", &grouped(plan.kept));
    row_ui(ui, "Pruned as near-copies", &grouped(plan.pruned));
    row_ui(ui, "Undersampled", &grouped(plan.undersampled));
    let repeats = if plan.means.fill == Some(Fill::Variants) { "Variants" } else { "Repeats" };
    row_ui(ui, repeats, &grouped(plan.repeats));
    let most = match plan.balanced.most_copies {
        1 => "once".to_owned(),
        most => format!("{} times", grouped(most.into())),
    };
    row_ui(ui, "One sample is there at most", &most);
}

/// A figure with its name.
pub(super) fn row_ui(ui: &mut Ui, name: &str, value: &str) {
    let color = Tokens::of(ui).text_dim;
    ui.horizontal(|ui| {
        ui.set_height(space::ROW - 4.0);
        ui.label(RichText::new(name).color(color));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let response = ui.label(value);
            response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, format!("{name}: {value}")));
        });
    });
}

/// Which classes do not come to what is wanted, and why.
fn missed_ui(ui: &mut Ui, plan: &BalancePlan, classes: &ClassesView) {
    let tokens = Tokens::of(ui);
    if classes.missed.is_empty() {
        let text = match plan.means.weights {
            Some(_) if !plan.means.removes() && plan.means.fill.is_none() => {
                "Samples are weighed, and none goes or comes."
            }
            _ => "Every class comes to what is wanted.",
        };
        ui.add(egui::Label::new(RichText::new(text).color(tokens.ok)).wrap());
        return;
    }
    let names = &plan.snapshot.labels().classes;
    for (why, missed) in &classes.missed {
        let named: Vec<&str> = missed
            .iter()
            .take(NAMED)
            .filter_map(|class| names.get(*class as usize).map(|name| short(name)))
            .collect();
        let more = missed.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {} more", grouped(more as u64)) } else { String::new() };
        let count = counted(missed.len() as u64, "class");
        let miss = if missed.len() == 1 { "misses" } else { "miss" };
        let text = format!("{count} {miss} what is wanted: {}. {}{more}.", why.text(), named.join(", "));
        ui.add(egui::Label::new(RichText::new(text).color(tokens.warn)).wrap());
    }
}

/// The beginning of a long name.
fn short(name: &str) -> &str {
    const LONGEST: usize = 32;
    name.char_indices().nth(LONGEST).map_or(name, |(end, _)| &name[..end])
}

/// Shows the samples of a class.
pub(super) fn show_class(pencil: &mut Pencil<'_>, name: &str) {
    use crate::dataset::query::{Click, Pick};
    pencil.act(Action::Picked { pick: Pick::Class(name.to_owned()), click: Click::Only });
}
