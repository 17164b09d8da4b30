//! What is wanted: the target, the total, the splits it is for, and the seed.

use egui::{ComboBox, DragValue, Ui};

use crate::balance::Total;
use crate::dataset::Dataset;
use crate::state::balance::{BalanceSettings, OtherSource, TargetChoice};
use crate::state::{Action, Session};
use crate::text::counted;
use crate::ui::Pencil;
use crate::ui::theme::space;
use crate::ui::widgets;

/// Splits that have a chip.
const CHIPS: usize = 12;
/// A count that a field begins with.
const COUNT: u64 = 100;
/// What the samples that are in no split are called.
pub(super) const NO_SPLIT: &str = "in no split";

pub(super) fn target_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    settings: &mut BalanceSettings,
) {
    widgets::group_heading(ui, "Target");
    let (cap, floor) = match settings.target {
        TargetChoice::Cap(count) | TargetChoice::Floor(count) => (count, count),
        _ => (COUNT, COUNT),
    };
    let matched = match &settings.target {
        TargetChoice::MatchSplit(name) => name.clone(),
        _ => session.dataset().split_names.first().cloned(),
    };
    let mut target = settings.target.clone();
    let choices = [
        (TargetChoice::Uniform, "Uniform", "Every class as many as any other"),
        (TargetChoice::SquareRoot, "Square root", "Each class in proportion to the square root of its count"),
        (TargetChoice::Cap(cap), "Cap", "At most so many of each class"),
        (TargetChoice::Floor(floor), "Floor", "At least so many of each class"),
        (TargetChoice::MatchSplit(matched), "Match a split", "The proportions of another split"),
        (
            TargetChoice::MatchDataset,
            "Like another dataset…",
            "The proportions of another dataset, by names of classes",
        ),
        (TargetChoice::ByHand, "By hand", "What is drawn in the chart, class by class"),
    ];
    widgets::choose(ui, &mut target, &choices);
    // Drawing starts from what is wanted.
    if target == TargetChoice::ByHand
        && settings.target != TargetChoice::ByHand
        && settings.drawn.is_empty()
        && let Some(plan) = session.balance.plan.found()
    {
        settings.drawn = plan.wanted_by_name();
    }
    match &mut target {
        TargetChoice::Cap(count) => count_ui(ui, count, "Most samples of a class"),
        TargetChoice::Floor(count) => count_ui(ui, count, "Fewest samples of a class"),
        TargetChoice::MatchSplit(name) => match_ui(ui, session.dataset(), name),
        TargetChoice::MatchDataset => other_ui(ui, pencil, session, settings),
        TargetChoice::ByHand => {
            let text = "Drag the marks in the chart. What was not drawn stays as it is.";
            ui.add(egui::Label::new(widgets::dim(text)).wrap());
            if ui.button("Draw anew").on_hover_text("From the counts that there are").clicked() {
                settings.drawn.clear();
            }
        }
        TargetChoice::Uniform | TargetChoice::SquareRoot => {}
    }
    settings.target = target;
    if settings.has_total() {
        ui.add_space(space::XS);
        total_ui(ui, &mut settings.total);
    }
}

fn count_ui(ui: &mut Ui, count: &mut u64, name: &str) {
    let field = DragValue::new(count).range(0..=1_000_000_000).speed(1.0).suffix(" samples");
    ui.add(field.update_while_editing(false)).accessible_name(name);
}

fn match_ui(ui: &mut Ui, dataset: &Dataset, name: &mut Option<String>) {
    let shown = name.as_deref().unwrap_or(NO_SPLIT).to_owned();
    ComboBox::from_id_salt("matched split").selected_text(shown).width(180.0).show_ui(ui, |ui| {
        for split in &dataset.split_names {
            if ui.selectable_label(name.as_ref() == Some(split), split).clicked() {
                *name = Some(split.clone());
            }
        }
        if ui.selectable_label(name.is_none(), NO_SPLIT).clicked() {
            *name = None;
        }
    });
}

/// The other dataset, and what chooses another.
fn other_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, settings: &BalanceSettings) {
    if let Some(path) = session.balance.listing() {
        ui.horizontal_wrapped(|ui| {
            ui.spinner();
            ui.label(widgets::dim(format!("Listing {}", path.display())));
            if ui.button("Stop listing").clicked() {
                pencil.act(Action::StopListing);
            }
        });
        return;
    }
    if let Some(other) = &settings.other {
        let classes = counted(other.counts.len() as u64, "class");
        let samples = counted(other.counts.values().sum(), "label");
        let text = format!("{}: {samples} of {classes}", other.source);
        ui.add(egui::Label::new(widgets::dim(text)).wrap());
    }
    ui.horizontal_wrapped(|ui| {
        for (source, title, help) in [
            (OtherSource::Folder, "Choose a folder…", "Another dataset in a folder"),
            (OtherSource::File, "Choose a file…", "Another dataset in an archive, a table or an array"),
        ] {
            if ui.button(title).on_hover_text(help).clicked() {
                pencil.act(Action::PickOther(source));
            }
        }
    });
}

fn total_ui(ui: &mut Ui, total: &mut Option<Total>) {
    widgets::part_heading(ui, "In all classes together");
    let number = match *total {
        Some(Total::Of(count)) => count,
        _ => COUNT,
    };
    let help = "As few as the smallest class allows where samples only go, as many as the largest asks for where they \
                only come, and as many as now otherwise";
    widgets::choose(
        ui,
        total,
        &[
            (None, "By the means", help),
            (Some(Total::Keep), "As now", "As many as there are"),
            (Some(Total::Smallest), "No class grows", "The most at which no class has to grow"),
            (Some(Total::Largest), "No class shrinks", "The fewest at which no class has to shrink"),
            (Some(Total::Of(number)), "A number", "So many"),
        ],
    );
    if let Some(Total::Of(count)) = total {
        count_ui(ui, count, "Samples in all");
    }
}

/// The splits that are balanced, and the seed.
pub(super) fn splits_ui(ui: &mut Ui, session: &Session, settings: &mut BalanceSettings) {
    let names = &session.dataset().split_names;
    if !names.is_empty() {
        widgets::part_heading(ui, "Splits, each balanced by itself");
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = egui::vec2(6.0, 6.0);
            let others = session.shown.found.total.no_split > 0;
            let chips = names.iter().take(CHIPS).cloned().map(Some);
            for name in chips.chain(others.then_some(None)) {
                split_chip_ui(ui, session, settings, name);
            }
        });
        if names.len() > CHIPS {
            ui.label(widgets::dim(format!("and {} more", names.len() - CHIPS)));
        }
        ui.add_space(space::XS);
    }
    let seed = DragValue::new(&mut settings.seed).speed(0.1).prefix("seed ").update_while_editing(false);
    ui.add(seed).on_hover_text("The same seed is the same chance").accessible_name("Seed of the plan");
}

fn split_chip_ui(ui: &mut Ui, session: &Session, settings: &mut BalanceSettings, name: Option<String>) {
    let plan = session.balance.plan.found();
    let usual = || match plan {
        Some(plan) => {
            (0..plan.balanced.splits.len()).map(|part| plan.split_name(part).map(str::to_owned)).collect()
        }
        None => Vec::new(),
    };
    let mut now: Vec<Option<String>> = settings.splits.clone().unwrap_or_else(usual);
    let on = now.contains(&name);
    let text: String = name.as_deref().unwrap_or(NO_SPLIT).chars().take(24).collect();
    let help =
        format!("Balance {}, or leave it as it is", name.as_deref().unwrap_or("the samples in no split"));
    if widgets::chip(ui, on, &format!("Balance {text}")).on_hover_text(help).clicked() {
        match on {
            true => now.retain(|one| *one != name),
            false => now.push(name),
        }
        settings.splits = Some(now);
    }
}
