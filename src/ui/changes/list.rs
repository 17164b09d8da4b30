//! The samples that are another than their source says, a line each: of a million only those on screen are drawn.

use egui::{FontId, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::ChangesPane;
use super::tools::{heading, put};
use crate::dataset::query::write_time;
use crate::dataset::{Dataset, SampleId};
use crate::review::changes::{Aspect, Change};
use crate::state::labelling::changes::ChangeList;
use crate::state::layout::reveal;
use crate::state::{Action, SelectMode, Session};
use crate::ui::Pencil;
use crate::ui::filters::origin_title;
use crate::ui::lists;
use crate::ui::scroller;
use crate::ui::theme::{Tokens, size, space};

/// Below this width, in points, a change takes two lines.
const WIDE: f32 = 640.0;
/// Height of a change on two lines, in points.
const TWO_LINES: f32 = 44.0;
/// Where the columns of a wide list that share its width end, as parts of it: path, labels, what, who. A time has the
/// width that it needs.
const COLUMNS: [f32; 4] = [0.36, 0.68, 0.82, 1.0];

pub(super) fn list_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    view: &mut ChangesPane,
    session: &Session,
    list: &ChangeList,
) {
    let tokens = Tokens::of(ui);
    let whole = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(whole);
    if whole.height() < 2.0 * space::ROW {
        return;
    }
    ui.painter().hline(whole.x_range(), whole.top(), (1.0, tokens.line));
    let mut whole = whole.with_min_y(whole.top() + 1.0);
    let wide = whole.width() >= WIDE;
    let columns = Columns::new(ui.painter(), whole.with_max_x(whole.right() - scroller::BAR_WIDTH), tokens);
    let row_height = if wide { space::ROW } else { TWO_LINES };
    if wide {
        for (column, text) in ["Sample", "From → to", "What", "Who", "When"].into_iter().enumerate() {
            let (left, _) = columns.of(column);
            heading(ui.painter(), text, pos2(left, whole.top() + 10.0), tokens.text_dim);
        }
        whole = whole.with_min_y(whole.top() + 20.0);
    }
    let id = ui.scope_id().with("changes");
    let area = whole.with_max_x(whole.right() - scroller::BAR_WIDTH);
    let response = ui.interact(area, id, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::List, ui.is_enabled(), "Changes"));
    if view.keys.takes(ui, pencil, &response, whole)
        && lists::moves(ui)
        && let Some(to) = lists::moved(ui, place_at(view, list), list.rows.len(), whole.height() / row_height)
    {
        view.position = reveal(view.position, to, row_height, whole.height());
        choose(pencil, view, list, to, SelectMode::Replace);
    }
    let (bar, rows) = (id.with("bar"), list.rows.len());
    let window = scroller::show(ui, bar, whole, view.position, rows, row_height, "Scroll the changes");
    view.position = window.position;
    for place in window.first..window.end {
        let Some(change) = list.rows.get(place).and_then(|at| list.changes.all.get(*at as usize)) else {
            continue;
        };
        let top = window.row_top(place, row_height);
        let rect = Rect::from_min_size(pos2(window.rect.left(), top), vec2(window.rect.width(), row_height));
        let row = id.with(("change", place));
        let line = ui.interact(rect.intersect(window.rect), row, Sense::CLICK);
        let is_selected = session.selection.contains(change.sample);
        let said = Line::of(list, change);
        line.widget_info(|| {
            WidgetInfo::selected(
                Role::ListItem,
                ui.is_enabled(),
                is_selected,
                format!("{}: {}", said.path, said.labels),
            )
        });
        ui.ctx().accesskit_node_builder(row, |node| {
            node.set_description(format!("{}. {} {}", said.what, said.who, said.when));
        });
        if line.clicked() {
            view.keys.use_by_click(&response);
            let held = ui.input(|input| input.modifiers);
            let mode = match () {
                () if held.shift => SelectMode::Range,
                () if held.command => SelectMode::Toggle,
                () => SelectMode::Replace,
            };
            choose(pencil, view, list, place, mode);
        }
        let painter = ui.painter_at(window.rect);
        if is_selected {
            painter.rect_filled(rect, 0.0, tokens.accent_soft);
        } else if line.hovered() {
            painter.rect_filled(rect, 0.0, tokens.raised.gamma_multiply(0.6));
        }
        painter.hline(rect.x_range(), rect.bottom() - 0.5, (1.0, tokens.line.gamma_multiply(0.45)));
        if said.draw(&painter, rect, tokens, wide.then_some(&columns)) {
            line.on_hover_ui_at_pointer(|ui| {
                for text in [&said.path, &said.labels, &said.what, &said.who, &said.when] {
                    if !text.is_empty() {
                        ui.label(text);
                    }
                }
            });
        }
    }
}

/// Where a sample is listed now.
fn place_of(list: &ChangeList, sample: SampleId) -> Option<usize> {
    let is_it = |at: &u32| list.changes.all.get(*at as usize).is_some_and(|change| change.sample == sample);
    list.rows.iter().position(is_it)
}

/// Where keys move from: where the sample stands that was chosen last, or stood before it left the list.
fn place_at(view: &ChangesPane, list: &ChangeList) -> Option<usize> {
    view.at.map(|(sample, place)| place_of(list, sample).unwrap_or(place))
}

/// Chooses the change at a place, or those up to it, and shows its sample.
fn choose(
    pencil: &mut Pencil<'_>,
    view: &mut ChangesPane,
    list: &ChangeList,
    place: usize,
    mode: SelectMode,
) {
    let sample = |place: usize| -> Option<SampleId> {
        Some(list.changes.all.get(*list.rows.get(place)? as usize)?.sample)
    };
    let Some(one) = sample(place) else { return };
    view.at = Some((one, place));
    match (mode, view.anchor.and_then(|anchor| place_of(list, anchor))) {
        (SelectMode::Range, Some(from)) => {
            // The one that was clicked comes last: it is at the cursor.
            let samples = (from.min(place)..=from.max(place)).filter(|other| *other != place);
            let samples = samples.filter_map(sample).chain([one]).collect();
            pencil.act(Action::SelectSamples { samples, mode: SelectMode::Range });
        }
        (SelectMode::Toggle, _) => {
            view.anchor = Some(one);
            pencil.act(Action::SelectSamples { samples: vec![one], mode: SelectMode::Toggle });
        }
        _ => {
            view.anchor = Some(one);
            pencil.act(Action::ShowSample(one));
        }
    }
}

/// A change in words.
struct Line {
    path: String,
    labels: String,
    what: String,
    who: String,
    when: String,
}

impl Line {
    fn of(list: &ChangeList, change: &Change) -> Self {
        let dataset = &*list.snapshot.dataset;
        let aspects = Aspect::ALL.into_iter().filter(|aspect| change.has(*aspect));
        let what: Vec<&str> = aspects.map(Aspect::name).collect();
        let mut when = String::new();
        if change.time_ms != 0 {
            write_time(change.time_ms, &mut when);
        }
        let origin = change.origin.map_or("", origin_title);
        let who = match list.changes.person(change).unwrap_or_default() {
            "" => origin.to_owned(),
            person => format!("{person} · {origin}"),
        };
        let labels = labels_text(list, dataset, change);
        Self { path: dataset.path(change.sample).to_owned(), labels, what: what.join(", "), who, when }
    }

    /// Draws it; tells whether some of it had no room.
    fn draw(&self, painter: &egui::Painter, rect: Rect, tokens: &Tokens, wide: Option<&Columns>) -> bool {
        let Self { path, labels, what, who, when } = self;
        if let Some(columns) = wide {
            let middle = rect.center().y;
            let texts = [path, labels, what, who, when].into_iter().enumerate();
            return texts.fold(false, |cut, (column, text)| {
                let color = if column < 2 { tokens.text } else { tokens.text_dim };
                put(painter, text, color, columns.of(column), middle) || cut
            });
        }
        let (upper, lower) = (rect.top() + 13.0, rect.top() + 31.0);
        let (left, right) = (rect.left() + space::M, rect.right());
        let half = left + (right - left) * 0.5;
        let notes = [what, who, when].map(String::as_str);
        let notes: Vec<&str> = notes.into_iter().filter(|text| !text.is_empty()).collect();
        let cut = [
            put(painter, path, tokens.text, (left, half), upper),
            put(painter, labels, tokens.text, (half, right), upper),
            put(painter, &notes.join(" · "), tokens.text_dim, (left, right), lower),
        ];
        cut.contains(&true)
    }
}

/// "cat → dog", or the labels that stay.
fn labels_text(list: &ChangeList, dataset: &Dataset, change: &Change) -> String {
    let names = |set: Option<&Vec<u32>>, names: &[String]| {
        let set = set.map_or(&[][..], Vec::as_slice);
        let set: Vec<&str> =
            set.iter().filter_map(|class| names.get(*class as usize)).map(String::as_str).collect();
        if set.is_empty() { "unlabelled".to_owned() } else { set.join(", ") }
    };
    let now = list.snapshot.labels();
    let now = names(now.sets.get(change.to as usize), &now.classes);
    if !change.has(Aspect::Labels) {
        return now;
    }
    let given = names(dataset.labels.sets.get(change.from as usize), &dataset.labels.classes);
    format!("{given} → {now}")
}

/// Where the columns of a wide list are, headings and cells alike.
struct Columns {
    left: f32,
    /// Right ends.
    ends: [f32; 5],
}

impl Columns {
    /// The columns of lines of this width, without the scroll bar.
    fn new(painter: &egui::Painter, lines: Rect, tokens: &Tokens) -> Self {
        let mut time = String::new();
        // Digits are all of one width.
        write_time(0, &mut time);
        let time = painter.layout_no_wrap(time, FontId::proportional(size::BODY), tokens.text_dim);
        Self::beside(lines, time.size().x)
    }

    /// The columns where a time takes so much of the width.
    fn beside(lines: Rect, time: f32) -> Self {
        let left = lines.left() + space::M;
        let shared = lines.right() - left - time - 2.0 * space::S;
        let [path, labels, what, who] = COLUMNS.map(|part| left + part * shared);
        Self { left, ends: [path, labels, what, who, lines.right()] }
    }

    /// Where a column begins and ends.
    fn of(&self, column: usize) -> (f32, f32) {
        let left = column.checked_sub(1).map_or(self.left, |before| self.ends[before]);
        (left, self.ends[column])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_the_width_that_it_needs_and_the_others_share_the_rest() {
        for width in [WIDE, 900.0, 1600.0] {
            let lines = Rect::from_min_size(pos2(10.0, 0.0), vec2(width, space::ROW));
            let columns = Columns::beside(lines, 120.0);
            let [path, labels, what, who, when] = [0, 1, 2, 3, 4].map(|column| columns.of(column));
            // What is put into a column leaves a space before the next one.
            assert!(when.1 - when.0 - space::S >= 120.0 && when.1 - when.0 < 140.0, "{when:?} of {width}");
            assert_eq!([path.1, labels.1, what.1, who.1], [labels.0, what.0, who.0, when.0]);
            assert_eq!((path.0, when.1), (lines.left() + space::M, lines.right()));
        }
    }
}
