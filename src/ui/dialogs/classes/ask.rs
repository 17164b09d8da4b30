//! What is asked of a person before classes are renamed, merged, split or removed: with how many samples it is about.

use std::sync::Arc;

use egui::{Button, Frame, Label, TextEdit, Ui};

use super::{ClassesView, Desk, Selected, class_at_cursor, cursor, marks};
use crate::dataset::edit::SampleSet;
use crate::state::labelling::classes::{Becomes, ClassTable, Doing, SplitBy, SplitQuestion, named};
use crate::state::{LabelGesture, Session};
use crate::text::counted;
use crate::ui::class_pick::name_problem;
use crate::ui::dialogs::{dim, main_button};
use crate::ui::offers::{Field, Taken};
use crate::ui::theme::{Tokens, space};
use crate::ui::widgets;

/// Chosen classes that are offered to merge the others into.
const OFFERED: usize = 6;

/// Draws what is asked, if anything is.
pub(super) fn ask_ui(ui: &mut Ui, desk: &mut Desk<'_, '_, '_>, view: &mut ClassesView) {
    if desk.draft.doing == Doing::Nothing {
        return;
    }
    let tokens = Tokens::of(ui);
    ui.add_space(space::XS);
    let frame = Frame::new().fill(tokens.raised.gamma_multiply(0.6)).corner_radius(8).inner_margin(space::S);
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        match desk.draft.doing.clone() {
            Doing::Nothing => {}
            Doing::Renaming { text, offers_merge } => renaming_ui(ui, desk, &view.table, &text, offers_merge),
            Doing::Merging { into } => merging_ui(ui, desk, view, into),
            Doing::Splitting { name, by, filter } => splitting_ui(ui, desk, view, name, by, filter),
            Doing::Removing { becomes, into } => removing_ui(ui, desk, view, becomes, into),
            Doing::Keying => marks::keying_ui(ui, desk, &view.table),
            Doing::Colouring => marks::colouring_ui(ui, desk, view),
        }
    });
}

/// Gives a line another name. Where another class has the name it is asked first whether to merge them, unless that
/// was `asked`.
pub(super) fn rename(desk: &mut Desk<'_, '_, '_>, table: &ClassTable, at: usize, text: &str, asked: bool) {
    let renaming = match table.renaming(at, text) {
        Ok(renaming) => renaming,
        Err(problem) => {
            desk.draft.told = Some(problem);
            return;
        }
    };
    if !renaming.merges.is_empty() && !asked {
        desk.begin(Doing::Renaming { text: text.to_owned(), offers_merge: true });
        return;
    }
    let Some(line) = table.lines.get(at) else { return };
    let (from, to) = (&line.path, text.trim());
    let count = renaming.renames.len() + renaming.merges.len();
    let what = match (renaming.renames.len(), renaming.merges.len()) {
        (0, 1) => format!("Merge the class “{from}” into “{to}”"),
        (1, 0) => format!("Rename the class “{from}” to “{to}”"),
        _ => format!("Rename “{from}” to “{to}” with {}", counted(count as u64, "class")),
    };
    desk.change(renaming.apply(desk.classes()), what);
}

fn renaming_ui(ui: &mut Ui, desk: &mut Desk<'_, '_, '_>, table: &ClassTable, text: &str, asks: bool) {
    let Some(at) = cursor(desk, table) else { return };
    let below = table.lines[at].end - at - usize::from(table.lines[at].class.is_some());
    if asks {
        let merges = table.renaming(at, text).map(|renaming| renaming.merges.len()).unwrap_or_default();
        let has = match merges {
            1 => format!("There is a class “{}” already. Make the two one?", text.trim()),
            many => format!(
                "There are {} of these names already. Make them one each?",
                counted(many as u64, "class")
            ),
        };
        ui.add(Label::new(has).wrap());
    } else if below > 0 {
        let count = counted(below as u64, "name");
        dim(
            ui,
            format!("{count} under it change with it. A stroke (/) in a name puts it under another one."),
        );
    } else {
        dim(ui, "A stroke (/) in a name puts the class under another one, as in animal/cat.");
    }
    let title = if asks { "Merge them" } else { "Rename it" };
    if buttons_ui(ui, desk, true, title) {
        rename(desk, table, at, text, asks);
    }
}

fn merging_ui(ui: &mut Ui, desk: &mut Desk<'_, '_, '_>, view: &mut ClassesView, mut into: String) {
    let ClassesView { table, counted: known, .. } = view;
    let before = into.clone();
    let chosen = table.identities_of(&desk.draft.chosen);
    let target = into_ui(ui, desk, table, &mut into, &chosen, "Merge into");
    let from: Vec<&str> =
        chosen.iter().copied().filter(|identity| Some(*identity) != target.as_deref()).collect();
    let (samples, _) = counts_of(table, known, &from);
    let text = match &target {
        Some(target) if !from.is_empty() => {
            let (what, name) = (named(desk.classes(), from.iter().copied()), desk.name(target));
            format!("{} of {what} will be of “{name}”.", counted(samples, "sample"))
        }
        Some(_) => "Choose at least one other class in the list, with Ctrl.".to_owned(),
        None => format!("{} of {}.", counted(samples, "sample"), named(desk.classes(), from.iter().copied())),
    };
    ui.add(Label::new(text).wrap());
    let can = target.is_some() && !from.is_empty();
    let merges = buttons_ui(ui, desk, can, "Merge");
    if into != before && desk.draft.doing != Doing::Nothing {
        desk.draft.doing = Doing::Merging { into };
    }
    if let (true, Some(target)) = (merges, target) {
        let name = desk.name(&target);
        let what = format!("Merge {} into “{name}”", named(desk.classes(), from.iter().copied()));
        desk.change(desk.classes().merged(from, &target), what);
    }
}

fn removing_ui(
    ui: &mut Ui,
    desk: &mut Desk<'_, '_, '_>,
    view: &mut ClassesView,
    mut becomes: Becomes,
    mut into: String,
) {
    let ClassesView { table, counted: known, .. } = view;
    let before = (becomes, into.clone());
    let chosen = table.identities_of(&desk.draft.chosen);
    let (samples, boxes) = counts_of(table, known, &chosen);
    let what = named(desk.classes(), chosen.iter().copied());
    let mut has = counted(samples, "sample");
    if boxes > 0 {
        has = format!("{has} and {}", counted(boxes, "box"));
    }
    ui.add(Label::new(format!("What becomes of {has} of {what}?")).wrap());
    let ways = [
        (
            Becomes::Unlabelled,
            "They lose it",
            "Samples of no other class are unlabelled; boxes of the class go",
        ),
        (Becomes::Moved, "They move to another class", "Samples and boxes are of another class from then on"),
    ];
    widgets::choose(ui, &mut becomes, &ways);
    let others: Vec<&str> = Vec::new();
    let target = match becomes {
        Becomes::Unlabelled => None,
        Becomes::Moved => into_ui(ui, desk, table, &mut into, &others, "Move to")
            .filter(|target| !chosen.contains(&target.as_str())),
    };
    let can = becomes == Becomes::Unlabelled || target.is_some();
    let removes = buttons_ui(ui, desk, can, "Remove");
    if (becomes, &into) != (before.0, &before.1) && desk.draft.doing != Doing::Nothing {
        desk.draft.doing = Doing::Removing { becomes, into };
    }
    if removes {
        match target {
            None => {
                let what = format!("Remove {what}");
                desk.change(desk.classes().removed(chosen), what);
            }
            Some(target) => {
                let what = format!("Remove {what} and move its samples to “{}”", desk.name(&target));
                desk.change(desk.classes().merged(chosen, &target), what);
            }
        }
    }
}

/// How many samples and boxes classes have: looked up where these were asked about before, since samples of several
/// classes are counted one by one.
fn counts_of(
    table: &ClassTable,
    known: &mut Option<(Vec<String>, (u64, u64))>,
    identities: &[&str],
) -> (u64, u64) {
    match known {
        Some((asked, counts)) if asked == identities => *counts,
        _ => {
            let counts = table.counted(identities);
            *known = Some((identities.iter().map(|identity| (*identity).to_owned()).collect(), counts));
            counts
        }
    }
}

/// The field for the name of another class, with some that are likely meant; gives its identity.
fn into_ui(
    ui: &mut Ui,
    desk: &Desk<'_, '_, '_>,
    table: &ClassTable,
    into: &mut String,
    likely: &[&str],
    name: &str,
) -> Option<String> {
    if likely.len() > 1 {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = egui::Vec2::splat(space::XS);
            for identity in likely.iter().take(OFFERED) {
                let title = desk.name(identity);
                let is_it = *into == title;
                if widgets::chip(ui, is_it, &format!("Into “{title}”")).clicked() {
                    *into = title;
                }
            }
        });
    }
    let field = Field { name, hint: "Name of a class", new: None, width: 320.0 };
    let is_whole = table.class_named(into.trim()).is_some();
    // What is a name already needs no offers.
    let names = || table.lines.iter().filter(move |line| line.class.is_some() && !is_whole);
    let (_, taken) = field.show(ui, into, || names().map(|line| line.path.as_str()));
    if let Some(Taken::Known(taken)) = taken {
        *into = taken;
    }
    let line = table.class_named(into.trim())?;
    table.find(&line.key).and_then(|at| table.identity(at)).map(str::to_owned)
}

fn splitting_ui(
    ui: &mut Ui,
    desk: &mut Desk<'_, '_, '_>,
    view: &mut ClassesView,
    mut name: String,
    mut by: SplitBy,
    mut filter: String,
) {
    let Some((class, _)) = class_at_cursor(desk, &view.table) else { return };
    let class = class.to_owned();
    let title = desk.name(&class);
    let before = (name.clone(), by, filter.clone());
    ui.add(Label::new(format!("Some samples of “{title}” become a new class.")).wrap());
    ui.horizontal(|ui| {
        let field = TextEdit::singleline(&mut name).hint_text("Name of the new class").desired_width(260.0);
        ui.add(field).accessible_name("Name of the class that is split off");
    });
    let ways = [
        (SplitBy::Selection, "The selected ones", "Samples of the class that are selected in the window"),
        (SplitBy::Filter, "Those that fit a filter", "As in the search field"),
    ];
    widgets::choose(ui, &mut by, &ways);
    let samples = match by {
        SplitBy::Selection => {
            let samples = selected(desk, &mut view.selected, &class);
            let count = counted(samples.len() as u64, "sample");
            ui.add(Label::new(format!("{count} of “{title}” are selected.")).wrap());
            Some(samples)
        }
        SplitBy::Filter => {
            let field =
                TextEdit::singleline(&mut filter).hint_text("For example: width<64").desired_width(320.0);
            ui.add(field).accessible_name("Filter of the samples to split");
            found_ui(ui, desk.session, &class, &title, &filter)
        }
    };
    let samples = samples.filter(|samples| !samples.is_empty());
    let known = view.table.class_named(name.trim()).is_some();
    if known {
        let text = format!("There is a class “{}” already; merge them instead.", name.trim());
        widgets::warning_ui(ui, &text);
    }
    let problem = name_problem(&name);
    if let Some(problem) = &problem {
        widgets::warning_ui(ui, problem);
    }
    let can = samples.is_some() && !name.trim().is_empty() && problem.is_none() && !known;
    let splits = buttons_ui(ui, desk, can, "Split");
    if (&name, by, &filter) != (&before.0, before.1, &before.2) && desk.draft.doing != Doing::Nothing {
        desk.draft.doing = Doing::Splitting { name: name.clone(), by, filter };
    }
    if let (true, Some(samples)) = (splits, samples) {
        let (name, samples) = (name.trim().to_owned(), samples.clone());
        desk.act(LabelGesture::Split { class, name, samples });
    }
}

/// The selected samples of a class, found once.
fn selected<'v>(desk: &Desk<'_, '_, '_>, known: &'v mut Option<Selected>, class: &str) -> &'v SampleSet {
    let labels = desk.session.snapshot.labels();
    known.take_if(|(of, under, _)| of != class || !Arc::ptr_eq(under, labels));
    let (.., samples) =
        known.get_or_insert_with(|| (class.to_owned(), labels.clone(), desk.session.selected_of(class)));
    samples
}

/// Says how many samples of the class fit the filter, or what is wrong with it; gives them.
fn found_ui<'s>(
    ui: &mut Ui,
    session: &'s Session,
    class: &str,
    title: &str,
    filter: &str,
) -> Option<&'s SampleSet> {
    let splitting = &session.splitting;
    let question = SplitQuestion { class: class.to_owned(), filter: filter.trim().to_owned() };
    let is_asked = splitting.wanted() == Some(&question) && splitting.is_answered();
    match splitting.found.as_ref().filter(|_| is_asked) {
        _ if question.filter.is_empty() => dim(ui, "Nothing is typed yet."),
        None => dim(ui, "Looking for them…"),
        Some(Err(problem)) => {
            let tokens = Tokens::of(ui);
            ui.add(Label::new(widgets::marked_up(problem, tokens.error, tokens)).wrap());
        }
        Some(Ok(samples)) => {
            let count = counted(samples.len() as u64, "sample");
            ui.add(Label::new(format!("{count} of “{title}” fit this.")).wrap());
            return Some(samples);
        }
    }
    None
}

/// The button that does it, and one that leaves it; tells whether it is to be done.
pub(super) fn buttons_ui(ui: &mut Ui, desk: &mut Desk<'_, '_, '_>, enabled: bool, main: &str) -> bool {
    let mut does = false;
    ui.horizontal(|ui| {
        does = main_button(ui, enabled, main);
        if ui.add(Button::new("Leave it")).clicked() {
            desk.begin(Doing::Nothing);
        }
    });
    does
}
