//! The panel Duplicates: what makes samples alike, groups of those that are, and which of each stays.
//!
//! The groups come from the review and are worked out elsewhere; here is where a person looks at them.
//! One of three things is shown: the list of groups under the threshold, one group, with the list beside it
//! where there is room, or two samples.

mod borderline;
mod compare;
mod difference;
mod group;
mod groups;
mod lens;
mod member;
mod picture;
mod threshold;

use egui::{Key, Margin, ProgressBar, Ui};
use egui_material_icons::icons;

use super::Pencil;
use super::lists::ListKeys;
use super::theme::{Tokens, space};
use super::widgets::{self, Page};
use crate::review::Alike;
use crate::state::{Action, Command, JobFace, JobId, Session};
use crate::text::grouped;
use compare::{CompareView, compare_ui};
use group::{Asked, GroupView, ListBeside, group_ui};
use groups::{GroupsView, Stands, groups_ui};
use threshold::{ThresholdView, method_ui, threshold_ui};

/// Under this height there is no room for borderline pairs above the groups, in points.
const WITH_PAIRS: f32 = 430.0;
/// From this width on the list of groups stands beside the open one, in points, and the list's own.
const WITH_LIST: f32 = 880.0;
const LIST: f32 = 300.0;

/// Drawing state of the panel.
#[derive(Default)]
pub struct DuplicatesView {
    threshold: ThresholdView,
    groups: GroupsView,
    group: GroupView,
    compare: CompareView,
    pub keys: ListKeys,
}

impl DuplicatesView {
    /// The letters that mean something of the panel's own now: of a group, or of two samples side by side.
    pub fn letters(&self, session: &Session) -> &'static [Key] {
        match () {
            () if self.compare.pair.is_some() => &compare::LETTERS,
            () if session.review.open_group().is_some() => &[Key::C],
            () => &[],
        }
    }
}

pub fn duplicates_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, view: &mut DuplicatesView) {
    let state = pencil.state;
    let Some(session) = &state.session else { return };
    let job = state.jobs.iter().find(|job| job.id == JobId::Analyse);
    let Some(analysed) = &session.review.analysed else {
        return nothing_ui(ui, pencil, job);
    };
    let alike = &*analysed.alike;
    let margin = Margin::symmetric(space::M as i8, space::S as i8);
    egui::Frame::new().inner_margin(margin).show(ui, |ui| {
        progress_ui(ui, pencil, session, job);
        let open = session.review.open_group();
        view.compare.follow(session.review.open);
        if view.compare.pair.is_some() {
            if let Some(group) = open {
                view.group.meet(session, group);
            }
            let DuplicatesView { compare, group, keys, .. } = view;
            if let Some(Asked::Close) = compare_ui(ui, pencil, compare, group, keys, session, alike) {
                compare.pair = None;
            }
            return;
        }
        if let Some(open) = open {
            let beside = beside_ui(ui, pencil, view, session, alike);
            let DuplicatesView { group, keys, .. } = view;
            let was_used = beside != ListBeside::Absent && keys.was_used;
            let mut draw = |ui: &mut Ui| group_ui(ui, pencil, group, keys, session, alike, open, beside);
            let asked = match beside {
                ListBeside::Absent => draw(ui),
                _ => egui::CentralPanel::no_frame().show(ui, draw).inner,
            };
            keys.was_used |= was_used;
            match asked {
                Some(Asked::Compare(pair)) => view.compare.show(pair, session.review.open),
                Some(Asked::Close) => pencil.act(Action::CloseGroup),
                None => {}
            }
            return;
        }
        let with_pairs = ui.available_height() >= WITH_PAIRS;
        method_ui(ui, pencil, session);
        if let Some(text) = alike.limit_text() {
            ui.label(widgets::dim(text));
        }
        if alike.forest.histogram().is_empty() {
            return none_ui(ui);
        }
        threshold_ui(ui, pencil, &mut view.threshold, session, alike);
        if with_pairs {
            ui.add_space(space::XS);
            if let Some(pair) = borderline::borderline_ui(ui, pencil, session, alike) {
                let group = session.review.judged.group_of(pair.a);
                let together = group.is_some() && group == session.review.judged.group_of(pair.b);
                if together {
                    pencil.act(Action::OpenGroupOf { sample: pair.a });
                } else {
                    view.compare.show([pair.a, pair.b], session.review.open);
                    // Keys decide on the second.
                    pencil.act(Action::ShowSample(pair.b));
                }
            }
            ui.add_space(space::XS);
        }
        groups_ui(ui, pencil, &mut view.groups, &mut view.keys, session, alike, Stands::Alone);
    });
}

/// The list of groups beside the open one, where there is room for it.
fn beside_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    view: &mut DuplicatesView,
    session: &Session,
    alike: &Alike,
) -> ListBeside {
    if ui.available_width() < WITH_LIST {
        view.groups.choose(session, session.review.open.unwrap_or_default());
        return ListBeside::Absent;
    }
    let DuplicatesView { groups, keys, .. } = view;
    let panel = egui::Panel::left("groups beside").default_size(LIST).size_range(240.0..=WITH_LIST / 2.0);
    let frame = egui::Frame::new().inner_margin(Margin { right: space::S as i8, ..Margin::ZERO });
    let shown = panel
        .frame(frame)
        .show(ui, |ui| groups_ui(ui, pencil, groups, keys, session, alike, Stands::BesideGroup));
    if shown.inner { ListBeside::TakesKeys } else { ListBeside::Shown }
}

/// Stands here before the first analysis.
fn nothing_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, job: Option<&JobFace>) {
    let color = Tokens::of(ui).text_dim;
    let icon = icons::ICON_FILTER_NONE;
    if let Some(job) = job {
        let text =
            if job.progress.stage.is_empty() { "Looking at every picture." } else { &job.progress.stage };
        let page = Page { icon, color, title: "Looking for near-duplicates", text };
        widgets::page_ui(ui, &page, |ui| bar_ui(ui, job, ui.available_width().min(280.0)));
        return;
    }
    let text = "Find copies, near-copies and leaks between splits. Every picture is looked at once; \
                nothing is changed, and you can go on meanwhile.";
    let page = Page { icon, color, title: "Not analysed yet", text };
    widgets::page_ui(ui, &page, |ui| {
        widgets::command_button(ui, pencil, "Analyse", Command::Analyse);
        ui.label(widgets::dim("or press F6"));
    });
}

/// Stands here where no two samples are alike.
fn none_ui(ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let text = "No two samples are alike by this method. Another method, or mirrored and turned copies, \
                may find more.";
    let page = Page { icon: icons::ICON_CHECK_CIRCLE, color: tokens.ok, title: "No near-duplicates", text };
    widgets::page_ui(ui, &page, |_| ());
}

/// A line above everything while an analysis runs, or where it is out of date.
fn progress_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, session: &Session, job: Option<&JobFace>) {
    if let Some(job) = job {
        ui.horizontal(|ui| {
            ui.label(widgets::dim("Analysing"));
            bar_ui(ui, job, 140.0);
            let progress = &job.progress;
            if progress.total > 0 {
                let text = format!("{} of {}", grouped(progress.done), grouped(progress.total));
                ui.label(widgets::dim(text)).on_hover_text(&progress.stage);
            }
        });
    } else if session.review.is_stale {
        ui.horizontal_wrapped(|ui| {
            ui.label(widgets::dim("Samples changed since the analysis."));
            widgets::command_button(ui, pencil, "Analyse again", Command::Analyse);
        });
    }
}

fn bar_ui(ui: &mut Ui, job: &JobFace, width: f32) {
    let bar = match job.progress.fraction() {
        Some(fraction) => ProgressBar::new(fraction),
        None => ProgressBar::new(0.0).animate(!job.paused),
    };
    ui.add(bar.desired_width(width).desired_height(5.0)).accessible_name("Analysing");
}
