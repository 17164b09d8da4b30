//! The part of the sidebar about labels by hand: where labels come from, who gave them, and tags.
//!
//! It refuses to know how they are counted.

use egui::Ui;

use super::{FiltersView, Line, heading_ui, line_ui};
use crate::dataset::LabelOrigin;
use crate::dataset::query::{Pick, SaidField, State as Is};
use crate::state::{Action, Session};
use crate::ui::theme::Tokens;
use crate::ui::widgets;

/// People and tags that are listed; of more the search field knows.
const LISTED: usize = 60;

/// An origin as people read it.
pub fn origin_title(origin: LabelOrigin) -> &'static str {
    match origin {
        LabelOrigin::Imported => "imported",
        LabelOrigin::ByHand => "by hand",
        LabelOrigin::Confirmed => "proposed and confirmed",
        LabelOrigin::Propagated => "propagated",
    }
}

/// Draws what was said; nothing where nothing was.
pub(super) fn said_ui(ui: &mut Ui, session: &Session, view: &FiltersView, actions: &mut Vec<Action>) {
    let total = &session.shown.found.total;
    if total.answered > 0 || total.relabelled > 0 || !total.people.is_empty() {
        origins_ui(ui, session, view, actions);
    }
    let (shown, total) = (&session.shown.found.counts, &session.shown.found.total);
    texts_ui(ui, view, actions, "Labelled by", SaidField::By, [&shown.people, &total.people]);
    texts_ui(ui, view, actions, "Tags", SaidField::Tag, [&shown.tags, &total.tags]);
}

fn origins_ui(ui: &mut Ui, session: &Session, view: &FiltersView, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    let (shown, total) = (&session.shown.found.counts, &session.shown.found.total);
    heading_ui(ui, "Origin of labels", "");
    let largest = total.origins.iter().copied().max().unwrap_or(0).max(total.relabelled);
    for (at, origin) in LabelOrigin::ALL.into_iter().enumerate().filter(|(at, _)| total.origins[*at] > 0) {
        let line = Line {
            name: origin_title(origin),
            color: None,
            shown: shown.origins[at],
            total: total.origins[at],
            largest,
            picked: view.picked.origins[at],
            dim: false,
        };
        if let Some(click) = line_ui(ui, &line) {
            actions.push(Action::Picked { pick: Pick::Origin(origin), click });
        }
    }
    for (state, name, color, shown, total) in [
        (Is::Answered, "answered here", None, shown.answered, total.answered),
        (Is::Relabelled, "other than the source", Some(tokens.accent), shown.relabelled, total.relabelled),
    ] {
        if total == 0 {
            continue;
        }
        let place = Is::ALL.iter().position(|known| *known == state);
        let picked = place.is_some_and(|place| view.picked.states[place]);
        let line = Line { name, color, shown, total, largest, picked, dim: false };
        if let Some(click) = line_ui(ui, &line) {
            actions.push(Action::Picked { pick: Pick::Is(state), click });
        }
    }
}

/// Texts that were said, each with how many samples have it; both lists are sorted by text.
fn texts_ui(
    ui: &mut Ui,
    view: &FiltersView,
    actions: &mut Vec<Action>,
    title: &str,
    field: SaidField,
    [shown, total]: [&[(String, u32)]; 2],
) {
    if total.is_empty() {
        return;
    }
    heading_ui(ui, title, "");
    let largest = total.iter().map(|(_, count)| *count).max().unwrap_or(0);
    for (text, count) in total.iter().take(LISTED) {
        let at = shown.binary_search_by(|(other, _)| other.cmp(text));
        let line = Line {
            name: text,
            color: None,
            shown: at.map_or(0, |at| shown[at].1),
            total: *count,
            largest,
            picked: view.picked.said(field, text),
            dim: false,
        };
        if let Some(click) = line_ui(ui, &line) {
            actions.push(Action::Picked { pick: Pick::Said(field, text.clone()), click });
        }
    }
    if total.len() > LISTED {
        let more = crate::text::grouped((total.len() - LISTED) as u64);
        ui.label(widgets::dim(format!("{more} more: type {}: in the search field.", field.name())));
    }
}
