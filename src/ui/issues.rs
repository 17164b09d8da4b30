//! Every issue of the open dataset as a list: by kind, by text, each with its reason.
//!
//! There may be a million. Which of them fit the text is found once per text and kept, a bounded
//! number of them in each frame; issues that come while samples are measured are looked at once
//! each.

use egui::{FontId, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use egui_material_icons::icons::{ICON_CHECK_CIRCLE, ICON_CLOSE, ICON_HOURGLASS_EMPTY, ICON_SEARCH_OFF};
use memchr::memmem;

use super::lists::{self, ListKeys};
use super::scroller::{self, Window};
use super::theme::{Tokens, size, space};
use super::widgets::{self, Page, elided, kind_title};
use super::{Pencil, theme};
use crate::dataset::edit::View;
use crate::dataset::query::{Click, Pick, selected_terms, with_term};
use crate::dataset::{Issue, IssueKind};
use crate::state::layout::reveal;
use crate::state::{Action, Command, IssuesKey, Session};
use crate::text::{counted, grouped};

const KINDS: usize = IssueKind::ALL.len();
/// Below this width, in points, an issue takes two lines.
const WIDE: f32 = 560.0;
/// Height of an issue on two lines, in points.
const TWO_LINES: f32 = 44.0;
/// Issues that are looked at for a text in one frame: some 5 ms.
const PER_FRAME: usize = 20_000;
/// The same where there is no text to look for.
const PER_FRAME_WITHOUT_TEXT: usize = 400_000;

/// How the issues are drawn; nothing here changes what is shown elsewhere.
#[derive(Debug, Default)]
pub struct IssuesView {
    /// Issues whose path or message has this text in it.
    text: String,
    /// [`IssueKind::bit`]s of the kinds to list; 0 lists all.
    kinds: u16,
    /// Points from the top.
    position: f64,
    /// The issue that keys move from, an index into the session's issues.
    chosen: Option<usize>,
    /// The issue in the topmost line, likewise, and its position: issues that come in before it
    /// must not move what is looked at.
    top: Option<(usize, usize)>,
    pub keys: ListKeys,
    found: Found,
}

/// Which issues fit the text, by kind.
#[derive(Debug, Default)]
struct Found {
    key: IssuesKey,
    /// The text in lower case.
    text: String,
    /// Issues looked at so far.
    seen: usize,
    /// Indices into the session's issues, ascending.
    by_kind: [Vec<u32>; KINDS],
}

impl Found {
    /// Brings the lists nearer to these issues and this text; tells whether they are there.
    fn refresh(&mut self, key: &IssuesKey, issues: &[Issue], text: &str) -> bool {
        let text = text.trim().to_lowercase();
        if self.key != *key || text != self.text {
            *self = Self { key: key.clone(), text, ..Self::default() };
        }
        let finder = memmem::Finder::new(self.text.as_bytes());
        let mut folded = String::new();
        let mut has = |value: &str| {
            folded.clear();
            if value.is_ascii() {
                folded.push_str(value);
                folded.make_ascii_lowercase();
            } else {
                folded.extend(value.chars().flat_map(char::to_lowercase));
            }
            finder.find(folded.as_bytes()).is_some()
        };
        let most = if self.text.is_empty() { PER_FRAME_WITHOUT_TEXT } else { PER_FRAME };
        let end = issues.len().min(self.seen + most);
        for (at, issue) in issues.iter().enumerate().take(end).skip(self.seen) {
            if self.text.is_empty() || has(&issue.path) || has(&issue.message) {
                self.by_kind[issue.kind as usize].push(at as u32);
            }
        }
        self.seen = end;
        end == issues.len()
    }

    fn kinds(&self, kinds: u16) -> impl Iterator<Item = &Vec<u32>> {
        let listed = move |kind: &&IssueKind| kinds == 0 || kinds & kind.bit() != 0;
        IssueKind::ALL.iter().filter(listed).map(|kind| &self.by_kind[*kind as usize])
    }

    /// How many issues are listed.
    fn len(&self, kinds: u16) -> usize {
        self.kinds(kinds).map(Vec::len).sum()
    }

    /// The listed issue at a position, an index into the session's issues.
    fn get(&self, kinds: u16, mut position: usize) -> Option<usize> {
        for found in self.kinds(kinds) {
            match found.get(position) {
                Some(at) => return Some(*at as usize),
                None => position -= found.len(),
            }
        }
        None
    }

    /// Where an issue is listed, the other way round.
    fn position(&self, kinds: u16, at: usize) -> Option<usize> {
        let mut before = 0;
        for found in self.kinds(kinds) {
            if let Ok(position) = found.binary_search(&(at as u32)) {
                return Some(before + position);
            }
            before += found.len();
        }
        None
    }
}

/// Draws the issues.
pub fn issues_ui(ui: &mut Ui, pencil: &mut Pencil, view: &mut IssuesView) {
    let state = pencil.state;
    let Some(session) = &state.session else { return };
    let key = session.issues_key();
    if view.found.key != key {
        view.chosen = None;
        view.top = None;
    }
    let is_done = view.found.refresh(&key, &session.issues, &view.text);
    if !is_done {
        ui.ctx().request_repaint();
    }
    if session.issues.is_empty() {
        no_issues_ui(ui, session);
        return;
    }
    egui::Frame::new().inner_margin(egui::Margin::symmetric(space::M as i8, space::S as i8)).show(ui, |ui| {
        tools_ui(ui, pencil, view, session);
        kinds_ui(ui, view);
    });
    let listed = view.found.len(view.kinds);
    if listed == 0 && is_done {
        let page = Page {
            icon: ICON_SEARCH_OFF,
            color: Tokens::of(ui).text_dim,
            title: "No issue fits",
            text: "None of these kinds has this text in its path or message.",
        };
        if widgets::page_ui(ui, &page, |ui| ui.button("Show every issue").clicked()) {
            view.text.clear();
            view.kinds = 0;
        }
        return;
    }
    list_ui(ui, pencil, view, session, listed);
}

fn no_issues_ui(ui: &mut Ui, session: &Session) {
    let tokens = Tokens::of(ui);
    let total = &session.shown.found.total;
    let (measured, all) = (total.samples.saturating_sub(total.unmeasured), total.samples);
    let so_far;
    let page = if measured >= all {
        let text = "Every file could be read.";
        Page { icon: ICON_CHECK_CIRCLE, color: tokens.ok, title: "No issues", text }
    } else {
        so_far = format!("{} of {} samples are measured.", grouped(measured.into()), grouped(all.into()));
        let title = "No issues so far";
        Page { icon: ICON_HOURGLASS_EMPTY, color: tokens.text_dim, title, text: &so_far }
    };
    widgets::page_ui(ui, &page, |_| ());
}

/// The text field and the buttons.
fn tools_ui(ui: &mut Ui, pencil: &mut Pencil, view: &mut IssuesView, session: &Session) {
    ui.horizontal_wrapped(|ui| {
        let width = (ui.available_width() - 240.0).clamp(140.0, 320.0).min(ui.available_width());
        let field = egui::TextEdit::singleline(&mut view.text)
            .id_salt("issue text")
            .hint_text("Path or message")
            .desired_width(width - 16.0);
        let response = ui.add(field).accessible_name("Filter issues");
        if response.changed() {
            view.position = 0.0;
            view.chosen = None;
        }
        if !view.text.is_empty() && widgets::icon_button(ui, ICON_CLOSE, "Clear the text").clicked() {
            view.text.clear();
            view.chosen = None;
        }
        let show = ui.button("Show these samples");
        if show.on_hover_text("Filter the samples by the chosen kinds of issue").clicked() {
            show_samples(pencil, view.kinds, session);
        }
        let enabled = pencil.state.can_run(Command::ExportIssues);
        let export = ui.add_enabled(enabled, egui::Button::new("Export…"));
        if export.on_hover_text("Write every issue to a CSV or JSON file").clicked() {
            pencil.act(Action::Run(Command::ExportIssues));
        }
    });
}

/// Asks for the samples that have an issue of these kinds, whatever was asked of issues before.
fn show_samples(pencil: &mut Pencil, kinds: u16, session: &Session) {
    let terms = selected_terms(&session.overlay.view.filter, session.snapshot.vocabulary());
    if kinds == 0 {
        // A click on what is asked for already would take it back.
        if !terms.any_issue || terms.issues.contains(&true) {
            pencil.act(Action::Picked { pick: Pick::AnyIssue, click: Click::Only });
        }
        return;
    }
    let wanted: Vec<IssueKind> = IssueKind::ALL.into_iter().filter(|kind| kinds & kind.bit() != 0).collect();
    let asked: Vec<IssueKind> =
        IssueKind::ALL.into_iter().filter(|kind| terms.issues[*kind as usize]).collect();
    if wanted == asked && !terms.any_issue {
        return;
    }
    let view = &session.overlay.view;
    let mut filter = view.filter.clone();
    let starts_alone = asked == wanted[..1] && !terms.any_issue;
    for (at, kind) in wanted.iter().enumerate().skip(usize::from(starts_alone)) {
        let click = if at == 0 { Click::Only } else { Click::Add };
        filter = with_term(&filter, &Pick::Issue(*kind), click, session.snapshot.vocabulary());
    }
    pencil.act(Action::ShowView(View { filter, ..view.clone() }));
}

/// The kinds with how many issues of each fit the text.
fn kinds_ui(ui: &mut Ui, view: &mut IssuesView) {
    let tokens = Tokens::of(ui);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, 6.0);
        ui.spacing_mut().button_padding = vec2(8.0, 2.0);
        ui.spacing_mut().interact_size.y = 22.0;
        let kinds = view.kinds;
        let mut clicked = None;
        let mut chip = |ui: &mut Ui, bit: u16, name: &str, count: usize| {
            let on = if bit == 0 { kinds == 0 } else { kinds & bit != 0 };
            let fill = if on { tokens.accent_soft } else { egui::Color32::TRANSPARENT };
            let edge = if on { tokens.accent } else { tokens.line };
            let color = if on { tokens.text } else { tokens.text_dim };
            let text = egui::RichText::new(format!("{name}  {}", grouped(count as u64)))
                .size(size::SMALL)
                .color(color);
            let button = egui::Button::new(text).fill(fill).stroke((1.0, edge)).corner_radius(11);
            let response = ui.add(button);
            response.widget_info(|| {
                let name = format!("{name}, {}", counted(count as u64, "issue"));
                WidgetInfo::selected(Role::Button, ui.is_enabled(), on, name)
            });
            if response.clicked() {
                clicked = Some(if bit == 0 { 0 } else { kinds ^ bit });
            }
        };
        chip(ui, 0, "All", view.found.len(0));
        for kind in IssueKind::ALL {
            let count = view.found.by_kind[kind as usize].len();
            if count > 0 || kinds & kind.bit() != 0 {
                chip(ui, kind.bit(), kind_title(kind), count);
            }
        }
        if let Some(kinds) = clicked {
            view.kinds = kinds;
            view.position = 0.0;
            view.chosen = None;
        }
    });
}

fn list_ui(ui: &mut Ui, pencil: &mut Pencil, view: &mut IssuesView, session: &Session, listed: usize) {
    let tokens = Tokens::of(ui);
    let whole = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(whole);
    if whole.height() < space::ROW {
        return;
    }
    ui.painter().hline(whole.x_range(), whole.top(), (1.0, tokens.line));
    let whole = whole.with_min_y(whole.top() + 1.0);
    let wide = whole.width() >= WIDE;
    let row_height = if wide { space::ROW } else { TWO_LINES };
    let id = ui.scope_id().with("issues");

    let list = ui.interact(whole.with_max_x(whole.right() - scroller::BAR_WIDTH), id, Sense::click());
    list.widget_info(|| WidgetInfo::labeled(Role::List, ui.is_enabled(), "Issues"));
    let position_of = |at: usize| view.found.position(view.kinds, at);
    if let Some((at, before)) = view.top
        && let Some(now) = position_of(at)
        && now != before
        && view.position > 0.0
    {
        view.position += (now as f64 - before as f64) * f64::from(row_height);
    }
    let mut chosen = view.chosen.and_then(position_of);
    if view.keys.takes(ui, pencil, &list, whole)
        && let Some(to) = lists::moved(ui, chosen, listed, whole.height() / row_height)
    {
        view.position = reveal(view.position, to, row_height, whole.height());
        show_issue(pencil, view, session, to);
        chosen = Some(to);
    }
    let bar = id.with("bar");
    let window = scroller::show(ui, bar, whole, view.position, listed, row_height, "Scroll the issues");
    view.position = window.position;
    view.top = view.found.get(view.kinds, window.first).map(|at| (at, window.first));
    for position in window.first..window.end {
        let Some(issue) = view.found.get(view.kinds, position).and_then(|at| session.issues.get(at)) else {
            continue;
        };
        if issue_ui(ui, issue, position, &window, row_height, &list, chosen == Some(position)) {
            view.keys.use_by_click(&list);
            show_issue(pencil, view, session, position);
        }
    }
}

/// Chooses the issue at a position, and shows its sample where it has one.
fn show_issue(pencil: &mut Pencil, view: &mut IssuesView, session: &Session, position: usize) {
    view.chosen = view.found.get(view.kinds, position);
    let issue = view.chosen.and_then(|at| session.issues.get(at));
    if let Some(sample) = issue.and_then(|issue| issue.sample) {
        pencil.act(Action::ShowSample(sample));
    }
}

/// Draws one issue; tells whether it was clicked.
fn issue_ui(
    ui: &Ui,
    issue: &Issue,
    position: usize,
    window: &Window,
    row_height: f32,
    list: &Response,
    chosen: bool,
) -> bool {
    let tokens = Tokens::of(ui);
    let top = window.row_top(position, row_height);
    let rect = Rect::from_min_size(pos2(window.rect.left(), top), vec2(window.rect.width(), row_height));
    let row = list.id.with(("issue", position));
    let response = ui.interact(rect.intersect(window.rect), row, Sense::CLICK);
    response.widget_info(|| {
        let name = format!("{}: {}", issue.path, kind_title(issue.kind));
        WidgetInfo::labeled(Role::ListItem, ui.is_enabled(), name)
    });
    ui.ctx().accesskit_node_builder(row, |node| {
        node.set_selected(chosen);
        node.set_description(issue.message.as_str());
    });
    if chosen {
        ui.ctx().accesskit_node_builder(list.id, |node| node.set_active_descendant(row.accesskit_id()));
    }

    let painter = ui.painter_at(window.rect);
    if chosen {
        painter.rect_filled(rect, 0.0, tokens.accent_soft);
    } else if response.hovered() && issue.sample.is_some() {
        painter.rect_filled(rect, 0.0, tokens.raised.gamma_multiply(0.6));
    }
    if !chosen {
        painter.hline(rect.x_range(), rect.bottom() - 0.5, (1.0, tokens.line.gamma_multiply(0.45)));
    }
    let body = FontId::proportional(size::BODY);
    let mut cut = false;
    let mut put = |text: &str, color, font: FontId, left: f32, middle: f32, right: f32| {
        let galley = elided(&painter, text, color, font, right - left);
        cut |= galley.elided;
        painter.galley(pos2(left, middle - galley.size().y / 2.0), galley, color);
    };
    let left = rect.left() + space::M;
    let right = rect.right() - space::S;
    let grave = if issue.kind.leaves_image() { tokens.warn } else { tokens.error };
    let kind_right = left + 96.0;
    if row_height < TWO_LINES {
        let middle = rect.center().y;
        painter.circle_filled(pos2(left + 3.0, middle), 3.0, grave);
        put(kind_title(issue.kind), grave, body.clone(), left + 12.0, middle, kind_right);
        let path_right = kind_right + ((right - kind_right) * 0.42).min(480.0);
        put(&issue.path, tokens.text, body.clone(), kind_right + space::S, middle, path_right);
        put(&issue.message, tokens.text_dim, body, path_right + space::M, middle, right);
    } else {
        let (upper, lower) = (rect.top() + 13.0, rect.top() + 31.0);
        painter.circle_filled(pos2(left + 3.0, upper + 0.5), 3.0, grave);
        put(&issue.path, tokens.text, body, left + 12.0, upper, right);
        let message = format!("{} · {}", kind_title(issue.kind), issue.message);
        put(&message, tokens.text_dim, FontId::proportional(size::SMALL), left + 12.0, lower, right);
    }
    let response = match (cut, issue.sample) {
        (false, Some(_)) => response,
        (_, sample) => {
            let of_file = if sample.is_none() { "\nThis is about a file that is no sample." } else { "" };
            response.on_hover_ui_at_pointer(|ui| {
                ui.label(egui::RichText::new(&issue.path).font(theme::bold(size::BODY)));
                ui.label(format!("{}{of_file}", issue.message));
            })
        }
    };
    response.clicked()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::dataset::Layout;
    use crate::dataset::builder::DatasetBuilder;

    fn issue(path: &str, kind: IssueKind) -> Issue {
        let (path, message) = (path.to_owned(), "Größe is 0".to_owned());
        Issue { sample: None, path, kind, origin: crate::dataset::Origin::Content, message }
    }

    /// As of a dataset of its own.
    fn key() -> IssuesKey {
        let dataset = DatasetBuilder::new("", "", Layout::ImageFolder).finish().0;
        IssuesKey::new(&Arc::new(dataset), 0)
    }

    #[test]
    fn issues_are_listed_by_kind_and_text() {
        use IssueKind::{Corrupt, Empty, Misnamed};
        let issues = [issue("B.png", Empty), issue("a.png", Corrupt), issue("b.jpg", Misnamed)];
        let key = key();
        for (text, kinds, expected) in [
            ("", 0, vec![1, 0, 2]),
            (" b", 0, vec![0, 2]),
            ("GRÖSSE", 0, vec![]),
            ("GRÖßE", 0, vec![1, 0, 2]),
            ("", Empty.bit() | Misnamed.bit(), vec![0, 2]),
            ("png", Misnamed.bit(), vec![]),
        ] {
            let mut found = Found::default();
            found.refresh(&key, &issues, text);
            let listed: Vec<usize> = (0..).map_while(|at| found.get(kinds, at)).collect();
            assert_eq!(listed, expected, "{text:?} {kinds}");
            assert_eq!(found.len(kinds), expected.len());
        }
    }

    #[test]
    fn a_million_issues_are_looked_through_over_several_frames() {
        let issues: Vec<Issue> = (0..3 * PER_FRAME)
            .map(|at| issue(if at % 2 == 0 { "even" } else { "odd" }, IssueKind::Empty))
            .collect();
        let key = key();
        let mut found = Found::default();
        for frame in 1..=3 {
            assert_eq!(found.refresh(&key, &issues, "odd"), frame == 3);
            assert_eq!(found.len(0), frame * PER_FRAME / 2, "frame {frame}");
        }
        assert!(!found.refresh(&key, &issues, "even"), "another text starts anew");
        assert_eq!(found.seen, PER_FRAME);
    }

    #[test]
    fn issues_that_come_later_are_looked_at_once() {
        let mut issues = vec![issue("a", IssueKind::Empty)];
        let first = key();
        let mut found = Found::default();
        found.refresh(&first, &issues, "");
        issues.push(issue("b", IssueKind::Corrupt));
        found.refresh(&first, &issues, "");
        assert_eq!((found.seen, found.len(0)), (2, 2));
        found.refresh(&key(), &issues, "");
        assert_eq!(found.len(0), 2, "another dataset starts anew");
    }
}
