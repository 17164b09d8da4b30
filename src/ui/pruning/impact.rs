//! What the decisions in force do to the dataset.

use egui::{RichText, Ui, WidgetInfo, vec2};

use super::link;
use super::shares::{Shares, SharesView, class_pick, shares_ui, split_pick};
use crate::dataset::Flag;
use crate::dataset::query::Click;
use crate::review::{Coverage, Impact};
use crate::state::{Action, Session};
use crate::text::{bytes_text, counted, grouped};
use crate::ui::Pencil;
use crate::ui::theme::{Tokens, bold, size, space};
use crate::ui::widgets;

pub fn impact_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    session: &Session,
    splits: &mut SharesView,
    classes: &mut SharesView,
) {
    let impact = &session.review.judged.impact;
    widgets::group_heading(ui, "What the decisions do");
    if impact.pruned == 0 {
        let text = "Nothing is pruned yet. Decide by the rules, group by group in Duplicates, by a check in \
                    Checks, or press X on what is selected.";
        let color = Tokens::of(ui).text_dim;
        ui.add(egui::Label::new(RichText::new(text).color(color)).wrap());
        ui.add_space(space::S);
    } else {
        meters_ui(ui, pencil, session, impact);
        ui.add_space(space::M);
    }
    left_ui(ui, pencil, session, impact);
    if impact.pruned == 0 {
        return;
    }
    if let Some(coverage) = &impact.coverage {
        ui.add_space(space::M);
        coverage_ui(ui, coverage);
    }
    ui.add_space(space::M);
    reasons_ui(ui, pencil, session, impact);
    let dataset = session.dataset();
    ui.add_space(space::M);
    let names = &dataset.split_names;
    let shares =
        Shares { title: "Splits", names, counts: &impact.splits, rest: (impact.no_split, "in no split") };
    if let Some(row) = shares_ui(ui, splits, impact, &shares) {
        pencil.act(Action::Picked { pick: split_pick(names, row), click: Click::Only });
    }
    ui.add_space(space::M);
    let names = &session.snapshot.labels().classes;
    let shares =
        Shares { title: "Classes", names, counts: &impact.classes, rest: (impact.unlabelled, "unlabelled") };
    if let Some(row) = shares_ui(ui, classes, impact, &shares) {
        pencil.act(Action::Picked { pick: class_pick(names, row), click: Click::Only });
    }
}

/// How much goes, of samples and of bytes.
fn meters_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, impact: &Impact) {
    let stay = grouped(impact.samples - impact.pruned);
    ui.columns(2, |columns| {
        if let [left, right] = columns {
            meter(left, "Samples pruned", &grouped(impact.pruned), (impact.pruned, impact.samples));
            left.horizontal_wrapped(|ui| {
                link(ui, pencil, session, "Show them", "is:pruned");
                link(ui, pencil, session, &format!("{stay} stay"), "-is:pruned");
            });
            let saved = bytes_text(impact.pruned_bytes);
            meter(right, "Bytes saved", &saved, (impact.pruned_bytes, impact.bytes));
            right.label(widgets::dim(format!("{} stay", bytes_text(impact.bytes - impact.pruned_bytes))));
        }
    });
}

/// A number with the part of all that it is.
fn meter(ui: &mut Ui, title: &str, value: &str, (part, all): (u64, u64)) {
    let tokens = Tokens::of(ui);
    let share = part as f64 / all.max(1) as f64;
    ui.label(RichText::new(title).size(size::SMALL + 1.0).color(tokens.text_dim));
    ui.horizontal(|ui| {
        ui.label(RichText::new(value).font(bold(20.0)));
        ui.label(RichText::new(format!("{:.1} %", share * 100.0)).color(tokens.text_dim));
    });
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 6.0), egui::Sense::hover());
    response.widget_info(|| {
        WidgetInfo::labeled(egui::Role::Meter, true, format!("{title}: {value}, {:.1} %", share * 100.0))
    });
    ui.painter().rect_filled(rect, 3.0, tokens.raised);
    let filled = rect.with_max_x(rect.left() + rect.width() * share as f32);
    ui.painter().rect_filled(filled, 3.0, tokens.accent);
}

/// What is left of what was found.
fn left_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, impact: &Impact) {
    let tokens = Tokens::of(ui);
    for (title, (before, after), query) in [
        ("Groups of near-duplicates left", impact.groups, "flag:duplicate -is:pruned"),
        ("Leaks between splits left", impact.leaks, "flag:leak -is:pruned"),
        ("Label conflicts left", impact.conflicts, "flag:label-conflict -is:pruned"),
    ] {
        ui.horizontal(|ui| {
            ui.set_height(space::ROW - 4.0);
            let color = if after == 0 { tokens.ok } else { tokens.warn };
            let (rect, _) = ui.allocate_exact_size(vec2(8.0, 8.0), egui::Sense::hover());
            ui.painter().circle_filled(rect.center(), 4.0, color);
            ui.label(title);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let of = format!("{} of {}", grouped(after.into()), grouped(before.into()));
                match after {
                    0 => drop(ui.label(RichText::new(of).color(tokens.text_dim))),
                    _ => link(ui, pencil, session, &of, query),
                }
            });
        });
    }
}

/// How far what goes is from what stays, in words.
pub fn coverage_ui(ui: &mut Ui, coverage: &Coverage) {
    let tokens = Tokens::of(ui);
    widgets::group_heading(ui, "Coverage");
    let (text, color) = match (coverage.lost, coverage.at_least) {
        (0, 0) => ("Each pruned sample has one like it that stays.".to_owned(), tokens.text),
        (0, far) => {
            let text = format!("Of {} no known neighbour stays.", counted(far.into(), "pruned sample"));
            (text, tokens.warn)
        }
        (lost, _) => {
            let are = if lost == 1 {
                "1 pruned sample is".to_owned()
            } else {
                format!("{} pruned samples are", grouped(lost.into()))
            };
            let text = format!(
                "{are} farther from what stays than samples usually are from their nearest: nothing like that \
                 may be left."
            );
            (text, tokens.warn)
        }
    };
    ui.add(egui::Label::new(RichText::new(text).color(color)).wrap());
    let mut more = format!(
        "Distance to the nearest that stays: {:.2} on average, {:.2} at most; usual is {:.2}. 0 is equal, 1.41 as \
         different as chance.",
        coverage.mean, coverage.max, coverage.usual
    );
    if coverage.at_least > 0 && coverage.lost > 0 {
        more.push_str(&format!(
            " Of {} no known neighbour stays: theirs counts as the farthest known one.",
            counted(coverage.at_least.into(), "sample")
        ));
    }
    ui.add(egui::Label::new(widgets::dim(more)).wrap());
}

/// Why samples are pruned.
fn reasons_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, impact: &Impact) {
    widgets::group_heading(ui, "Reasons");
    let flags = Flag::ALL
        .into_iter()
        .map(|flag| (flag.title(), impact.by_flag[flag as usize], format!("flag:{} is:pruned", flag.name())));
    let others = [
        ("Another of its group stays", impact.by_group, "flag:duplicate is:pruned".to_owned()),
        ("To balance the classes", impact.by_balance, "is:pruned".to_owned()),
        ("By hand", impact.by_hand, "is:pruned".to_owned()),
    ];
    for (title, count, query) in others.into_iter().chain(flags).filter(|(_, count, _)| *count > 0) {
        ui.horizontal(|ui| {
            ui.set_height(space::ROW - 4.0);
            ui.label(title);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                link(ui, pencil, session, &grouped(count.into()), &query);
            });
        });
    }
}
