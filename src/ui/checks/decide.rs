//! What a person decides on what a check found: all of it, some of it, or none.

use egui::{Button, Ui};

use super::Shown;
use crate::dataset::edit::View;
use crate::dataset::query::{Click, Pick, selected_terms, with_term};
use crate::dataset::{SampleId, Verdict};
use crate::review::judge::Decided;
use crate::state::{Action, Command, Which};
use crate::text::grouped;
use crate::ui::grid::file_name;
use crate::ui::theme::space;
use crate::ui::{Pencil, widgets};

/// The buttons under the samples.
pub fn decide_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, shown: &Shown<'_>) {
    ui.spacing_mut().item_spacing.y = space::S;
    ui.horizontal_wrapped(|ui| all_ui(ui, pencil, shown));
    let selected = shown.session.selection.len();
    if selected > 0 {
        ui.horizontal_wrapped(|ui| these_ui(ui, pencil, shown, selected));
    }
}

/// What is done with all flagged samples.
fn all_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, shown: &Shown<'_>) {
    let flag = shown.flag;
    let flagged = shown.flagged();
    if flag.score().is_none() {
        // All of them would be every member of every group.
        if ui.button("Open Duplicates").on_hover_text("Decide group by group").clicked() {
            pencil.act(Action::Run(Command::ShowDuplicates));
        }
    } else {
        let decided = match shown.is_judged() {
            true => shown.session.review.judged.raised[flag as usize].decided,
            false => Decided::default(),
        };
        let left = (flagged.len() as u64).saturating_sub(u64::from(decided.kept + decided.pruned));
        let title = match left {
            0 => "Prune all flagged".to_owned(),
            left if left < flagged.len() as u64 => format!("Prune the other {}", grouped(left)),
            left => format!("Prune all {} flagged", grouped(left)),
        };
        let prune = ui.add_enabled(left > 0, Button::new(title));
        let help = "Leave them out of an export. What was decided of a sample before stays.";
        if prune.on_hover_text(help).clicked() {
            let which = if shown.is_judged() { Which::All } else { Which::These(undecided(shown)) };
            pencil.act(Action::DecideFlagged { flag, which, verdict: Verdict::Prune });
        }
        if decided.because > 0 {
            let title = format!("Take back {}", grouped(decided.because.into()));
            let back =
                ui.button(title).on_hover_text("Undecide the samples that are pruned because of this check");
            if back.clicked() {
                let verdict = Verdict::Undecided;
                pencil.act(Action::DecideFlagged { flag, which: Which::All, verdict });
            }
        }
        for (count, what) in [(decided.pruned, "pruned"), (decided.kept, "kept")] {
            if count > 0 {
                ui.label(widgets::dim(format!("{} {what}", grouped(count.into()))));
            }
        }
    }
    let show = ui.add_enabled(!flagged.is_empty(), Button::new("Show in the grid"));
    if show.on_hover_text(format!("Filter the samples by flag:{}", flag.name())).clicked() {
        show_in_grid(pencil, shown);
    }
}

/// The flagged samples that nothing was decided of.
fn undecided(shown: &Shown<'_>) -> Vec<SampleId> {
    let is_open = |sample: &SampleId| shown.session.snapshot.decision(*sample).verdict == Verdict::Undecided;
    shown.flagged().iter().copied().filter(is_open).collect()
}

/// What is done with the selected samples.
fn these_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, shown: &Shown<'_>, selected: usize) {
    let these = match selected {
        1 => "this one".to_owned(),
        selected => format!("these {}", grouped(selected as u64)),
    };
    // What is selected may stand in another panel alone.
    let session = shown.session;
    let what = match session.selection.iter().next() {
        Some(one) if selected == 1 => file_name(session.dataset().path(one)).to_owned(),
        _ => format!("{} selected", grouped(selected as u64)),
    };
    ui.add(egui::Label::new(widgets::dim(what)).truncate());
    for (title, verdict, key) in [
        (format!("Prune {these}"), Verdict::Prune, "X"),
        (format!("Keep {these}"), Verdict::Keep, "K"),
        ("Undecide".to_owned(), Verdict::Undecided, "U"),
    ] {
        if ui.button(title).on_hover_text(key).clicked() {
            let which = Which::These(shown.session.selection.iter().collect());
            pencil.act(Action::DecideFlagged { flag: shown.flag, which, verdict });
        }
    }
}

/// Asks the grid for the samples with this flag alone, whatever was asked of flags before.
fn show_in_grid(pencil: &mut Pencil<'_>, shown: &Shown<'_>) {
    let view = &shown.session.overlay.view;
    let vocabulary = shown.session.snapshot.vocabulary();
    let asked = selected_terms(&view.filter, vocabulary);
    let is_asked = asked.flags[shown.flag as usize]
        && !asked.any_flag
        && asked.flags.iter().filter(|asked| **asked).count() == 1;
    // A click on what is asked for already would take it back.
    if !is_asked {
        let filter = with_term(&view.filter, &Pick::Flag(shown.flag), Click::Only, vocabulary);
        pencil.act(Action::ShowView(View { filter, ..view.clone() }));
    }
    pencil.act(Action::Run(Command::ShowGrid));
}
