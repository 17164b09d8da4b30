//! The panel Changes: every sample that is another than its source says, with from what to what, by whom and when.
//!
//! It refuses to know how changes are found: see [`crate::review::changes`].

mod list;
mod tools;

use egui::{Frame, Margin, Ui};
use egui_material_icons::icons::{ICON_CHECK_CIRCLE, ICON_ERROR, ICON_HOURGLASS_EMPTY, ICON_SEARCH_OFF};

use super::Pencil;
use super::lists::ListKeys;
use super::theme::{Tokens, space};
use super::widgets::{self, Page};
use crate::dataset::SampleId;
use crate::dataset::edit::SampleSet;
use crate::review::changes::{Aspect, ChangesLook};
use crate::state::labelling::changes::ChangeList;
use crate::state::{Action, LabelGesture, SelectMode, Session};
use crate::text::{counted, grouped};

/// Drawing state of the panel.
#[derive(Default)]
pub struct ChangesPane {
    /// Points from the top of the list.
    position: f64,
    /// The sample that keys move from, and its place when it was chosen: the list may be another by now.
    at: Option<(SampleId, usize)>,
    /// The sample that a range is chosen from.
    anchor: Option<SampleId>,
    pub keys: ListKeys,
}

/// Draws the panel.
pub fn changes_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, view: &mut ChangesPane) {
    let state = pencil.state;
    let Some(session) = &state.session else { return };
    if !session.changes.is_shown() {
        pencil.act(Action::AskChanges);
    }
    let tokens = Tokens::of(ui);
    let list = match &session.changes.answer {
        Some(Ok(list)) => list,
        Some(Err(problem)) => {
            let title = "The changes are not known";
            let page = Page { icon: ICON_ERROR, color: tokens.error, title, text: problem };
            return widgets::page_ui(ui, &page, |_| ());
        }
        None => {
            let page = Page {
                icon: ICON_HOURGLASS_EMPTY,
                color: tokens.text_dim,
                title: "Looking for changes",
                text: "",
            };
            return widgets::page_ui(ui, &page, |_| ());
        }
    };
    if list.changes.is_empty() {
        let text = "Labels, boxes, tags, notes and marks that are given here are listed in this place.";
        let page =
            Page { icon: ICON_CHECK_CIRCLE, color: tokens.ok, title: "All is as the source says", text };
        return widgets::page_ui(ui, &page, |_| ());
    }
    let mut look = session.changes.look.clone();
    let bar = Frame::new().inner_margin(Margin::symmetric(space::M as i8, space::S as i8));
    egui::Panel::top("changes tools").frame(bar).show(ui, |ui| {
        tools::tools_ui(ui, pencil, session, list, &mut look);
    });
    egui::Panel::bottom("changes actions").frame(bar).show(ui, |ui| actions_ui(ui, pencil, session, list));
    if look != session.changes.look {
        (view.position, view.at, view.anchor) = (0.0, None, None);
        pencil.act(Action::ChangeChanges(Box::new(look)));
    }
    if list.rows.is_empty() && session.changes.is_answered() {
        let text = match list.changes.all.is_empty() {
            true => "Only classes were changed, and no sample with them.",
            false => "No change is of this person, class, kind and path.",
        };
        let page = Page { icon: ICON_SEARCH_OFF, color: tokens.text_dim, title: "No sample to list", text };
        let is_narrowed = session.changes.look != ChangesLook::default();
        let all = widgets::page_ui(ui, &page, |ui| is_narrowed && ui.button("Show every change").clicked());
        if all {
            pencil.act(Action::ChangeChanges(Box::default()));
        }
        return;
    }
    list::list_ui(ui, pencil, view, session, list);
}

/// What can be done with the samples that are selected.
fn actions_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, list: &ChangeList) {
    let is_read_only = !session.project.can_write();
    ui.horizontal_wrapped(|ui| {
        let listed = list.rows.len() as u64;
        let text = format!("{} of {}", grouped(listed), counted(list.changes.all.len() as u64, "change"));
        ui.label(widgets::dim(text));
        let select = ui.button("Select all of these").on_hover_text("Select the samples that are listed");
        if select.clicked() {
            let samples = list.rows.iter().filter_map(|at| list.changes.all.get(*at as usize));
            let samples = samples.map(|change| change.sample).collect();
            pencil.act(Action::SelectSamples { samples, mode: SelectMode::Range });
        }
        let selected = session.selection.len();
        let can = selected > 0 && !is_read_only;
        let back = ui.add_enabled(can, egui::Button::new("Give the source's labels back"));
        let help = "The selected samples have the labels again that their source gives them";
        if back.on_hover_text(help).clicked() {
            let samples = SampleSet::from_mask(session.selection.mask());
            pencil.act(Action::Label(Box::new(LabelGesture::GiveBack { samples })));
        }
        if list.changes.counts[Aspect::Boxes as usize] > 0 {
            let back = ui.add_enabled(can, egui::Button::new("Give the source's boxes back"));
            let help = "The selected samples have the boxes again that their source gives them";
            if back.on_hover_text(help).clicked() {
                let samples = SampleSet::from_mask(session.selection.mask());
                pencil.act(Action::Label(Box::new(LabelGesture::GiveBoxesBack { samples })));
            }
        }
        if selected > 0 {
            ui.label(widgets::dim(format!("{} selected", grouped(selected as u64))));
        }
    });
}
