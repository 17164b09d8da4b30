//! The panel Charts: a dashboard of cards that filter each other and the grid.
//!
//! It refuses to know how anything is counted: see [`crate::crossfilter`].

mod add;
mod axis;
mod bars;
mod card;
mod cloud;
mod drawn;
mod histogram;
mod imbalance;
mod relations;
mod scatter;
mod splits;
mod spots;
mod study;
mod zoom;

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use egui::{Frame, Key, Margin, RichText, ScrollArea, Ui};
use egui_material_icons::icons;

use self::add::AddView;
use self::card::{CardView, card_ui};
use super::Pencil;
use super::theme::{Tokens, space};
use super::widgets::{self, Page};
use crate::chart::Axis;
use crate::crossfilter::{Card, CardId, default_cards};
use crate::dataset::columns::{Column, all_columns};
use crate::dataset::query::{Selection as Picked, Snapshot, asked_range, conditions, selected_terms};
use crate::dataset::{Dataset, SampleId};
use crate::state::{Action, Command, Session};
use crate::text::grouped;

/// A card is at least so wide, in points.
const CARD: f32 = 330.0;
/// Characters of a condition that a chip shows.
const CHIP: usize = 48;

/// Drawing state of the panel.
#[derive(Default)]
pub struct ChartsPane {
    /// Whether Escape takes brushes away: the pointer was over the panel, and there are some.
    pub takes_escape: bool,
    /// Whether the keys that zoom are a chart's: one that can be zoomed has the focus.
    pub takes_zoom: bool,
    /// Whether Escape goes to something else first in this frame: a field, a list or a menu.
    pub escape_is_taken: bool,
    add: AddView,
    cards: BTreeMap<CardId, CardView>,
    drag: Option<Drag>,
    /// Whether a brush was held in the last frame.
    was_held: bool,
    /// Height of the bar above the charts, in points, when nothing was dragged.
    bar: f32,
    known: Known,
}

/// A brush that is dragged.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Drag {
    card: CardId,
    /// Where it began and where it is: bins, or columns and lines of a plane.
    from: [usize; 2],
    to: [usize; 2],
}

impl Drag {
    /// The first and the last one along an axis.
    fn span(&self, axis: usize) -> (usize, usize) {
        let (from, to) = (self.from[axis], self.to[axis]);
        (from.min(to), from.max(to))
    }
}

/// What follows from dataset and filter, worked out when one of them changes.
#[derive(Default)]
struct Known {
    dataset: Weak<Dataset>,
    has_model: bool,
    columns: Vec<Column>,
    filter: Option<String>,
    conditions: Vec<String>,
    picked: Picked,
}

impl Known {
    fn refresh(&mut self, session: &Session) {
        let vocabulary = session.snapshot.vocabulary();
        let is_same = std::ptr::eq(self.dataset.as_ptr(), Arc::as_ptr(session.dataset()));
        if !is_same || self.has_model != session.snapshot.model.is_some() {
            *self = Self::default();
            self.dataset = Arc::downgrade(session.dataset());
            self.has_model = session.snapshot.model.is_some();
            self.columns = all_columns(&session.snapshot);
        }
        let filter = session.view().filter;
        if self.filter.as_ref() != Some(&filter) {
            self.conditions = conditions(&filter, vocabulary);
            self.picked = selected_terms(&filter, vocabulary);
            self.filter = Some(filter);
        }
    }

    fn filter(&self) -> &str {
        self.filter.as_deref().unwrap_or_default()
    }

    fn title(&self, name: &str) -> String {
        let column = self.columns.iter().find(|column| column.name == name);
        column.map_or_else(|| name.to_owned(), |column| column.title.to_string())
    }

    /// Whether numbers of a column are kept in single precision.
    fn is_single_precision(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column.name == name && column.is_single_precision())
    }

    /// What is known of a sample in a column of numbers.
    fn number(&self, snapshot: &Snapshot, name: &str, sample: SampleId) -> Option<f64> {
        self.columns.iter().find(|column| column.name == name)?.number(snapshot, sample)
    }

    /// The axis of a column.
    fn axis(&self, name: &str) -> Axis {
        let unit = self.columns.iter().find(|column| column.name == name).map_or("", |column| column.unit);
        Axis::new(self.title(name), unit, crate::chart::Scale::Linear)
    }
}

/// Draws the panel.
pub fn charts_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, pane: &mut ChartsPane) {
    let state = pencil.state;
    let Some(session) = &state.session else { return };
    if !session.charts.is_shown() {
        pencil.act(Action::AskCharts);
    }
    pane.known.refresh(session);
    let is_over = ui.rect_contains_pointer(ui.max_rect()) && state.dialog.is_none();
    pane.takes_escape = is_over && !pane.known.conditions.is_empty() || pane.drag.is_some();
    escape(ui, pencil, pane);
    // Undo and whatever else shows another view end a brush that is held, and so its drag.
    let is_held = session.charts.held.is_some();
    if pane.was_held && !is_held {
        pane.drag = None;
    }
    pane.was_held = is_held;
    end_lost_drag(ui, pencil, pane, session);
    let padded = Frame::new().inner_margin(Margin::symmetric(space::M as i8, 6));
    let bar = egui::Panel::top("charts bar").frame(padded);
    // A bar that took another line would move the charts away from under the pointer.
    let is_dragged = pane.drag.is_some() && pane.bar > 0.0;
    let bar = if is_dragged { bar.exact_size(pane.bar) } else { bar };
    let bar = bar.show(ui, |ui| bar_ui(ui, pencil, pane, session));
    if !is_dragged {
        pane.bar = bar.response.rect.height();
    }
    let frame = Frame::new().fill(Tokens::of(ui).canvas).inner_margin(Margin::same(space::S as i8));
    egui::CentralPanel::default().frame(frame).show(ui, |ui| {
        if session.charts.cards.is_empty() {
            return nothing_ui(ui, pencil);
        }
        ScrollArea::vertical().id_salt("dashboard").auto_shrink(false).show(ui, |ui| {
            cards_ui(ui, pencil, pane, session);
        });
    });
    let has_focus =
        |view: &CardView| view.scatter.id.is_some_and(|id| ui.memory(|memory| memory.has_focus(id)));
    pane.takes_zoom = pane.cards.values().any(has_focus);
}

/// Escape ends a brush that is dragged, or else takes all of them away.
fn escape(ui: &Ui, pencil: &mut Pencil<'_>, pane: &mut ChartsPane) {
    let is_dragged = pane.drag.is_some();
    if !pane.takes_escape || pane.escape_is_taken || !ui.input(|input| input.key_pressed(Key::Escape)) {
        return;
    }
    pane.drag = None;
    pencil.act(if is_dragged { Action::BrushLeft } else { Action::Run(Command::ClearFilter) });
}

/// A drag whose end nobody saw, since its card is gone, changes nothing.
fn end_lost_drag(ui: &Ui, pencil: &mut Pencil<'_>, pane: &mut ChartsPane, session: &Session) {
    let is_down = ui.input(|input| input.pointer.any_down() || input.pointer.any_released());
    if !is_down {
        pane.drag = None;
        if session.charts.held.is_some() {
            pencil.act(Action::BrushLeft);
        }
    }
}

/// What is brushed, and what can be added.
fn bar_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, pane: &mut ChartsPane, session: &Session) {
    ui.horizontal_wrapped(|ui| {
        if let Some(kind) = add::add_ui(ui, &mut pane.add, &pane.known.columns, session) {
            let id = session.charts.next_card();
            let mut cards = session.charts.cards.to_vec();
            cards.insert(0, Card { id, kind, options: Default::default() });
            pencil.act(Action::ChangeCards(cards));
        }
        let found = &session.shown.found;
        let (shown, all) = (u64::from(found.counts.samples), u64::from(found.total.samples));
        let text = match shown == all {
            true => format!("{} samples", grouped(all)),
            false => format!("{} of {} samples", grouped(shown), grouped(all)),
        };
        ui.label(widgets::dim(text));
        for condition in &pane.known.conditions {
            chip_ui(ui, pencil, &pane.known, session, condition);
        }
        if pane.known.conditions.len() > 1 && ui.button("Clear all").clicked() {
            pencil.act(Action::Run(Command::ClearFilter));
        }
        if pane.known.conditions.is_empty() {
            ui.label(widgets::dim("Click or drag in a chart to filter the others and the grid"));
        }
    });
}

/// A condition of the filter, with a button that takes it away.
fn chip_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, known: &Known, session: &Session, condition: &str) {
    let tokens = Tokens::of(ui);
    let text = chip_text(known, session, condition);
    let frame = Frame::new().fill(tokens.accent_soft).corner_radius(12).inner_margin(Margin::symmetric(8, 0));
    frame.show(ui, |ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.horizontal(|ui| {
            ui.label(RichText::new(&text).small()).on_hover_text(condition);
            let name = format!("Remove {text}");
            if widgets::icon_button(ui, icons::ICON_CLOSE, &name).clicked() {
                pencil.act(Action::ConditionDropped { condition: condition.to_owned() });
            }
        });
    });
}

/// A condition in words: a range of numbers with its title, any other as a query writes it.
fn chip_text(known: &Known, session: &Session, condition: &str) -> String {
    let vocabulary = session.snapshot.vocabulary();
    let mut of = known.columns.iter().filter(|column| {
        let start = condition.strip_prefix(&*column.name);
        start.is_some_and(|rest| rest.starts_with(['<', '>']))
    });
    let range = of.next_back().and_then(|column| {
        asked_range(condition, &column.name, vocabulary).map(|range| (known.axis(&column.name), range))
    });
    let text = match range {
        Some((axis, range)) => match (range.from.is_finite(), range.to.is_finite()) {
            (true, true) => format!("{} {} to {}", axis.title, axis.text(range.from), axis.text(range.to)),
            (true, false) => format!("{} from {}", axis.title, axis.text(range.from)),
            _ => format!("{} to {}", axis.title, axis.text(range.to)),
        },
        None => condition.to_owned(),
    };
    match text.char_indices().nth(CHIP) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The cards in as many columns as fit, each next one in the next column.
fn cards_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, pane: &mut ChartsPane, session: &Session) {
    let across = ((ui.available_width() / CARD) as usize).clamp(1, 4);
    let cards = session.charts.cards.clone();
    pane.cards.retain(|id, _| cards.iter().any(|card| card.id == *id));
    ui.spacing_mut().item_spacing = egui::vec2(space::S, space::S);
    ui.columns(across, |columns| {
        for (at, card) in cards.iter().enumerate() {
            let ui = &mut columns[at % across];
            let view = pane.cards.entry(card.id).or_default();
            if let Some(changed) = card_ui(ui, pencil, session, card, view, &mut pane.drag, &pane.known) {
                let others = cards.iter().filter(|other| other.id != card.id || changed.is_some());
                let with = |other: &Card| match &changed {
                    Some(changed) if other.id == card.id => changed.clone(),
                    _ => other.clone(),
                };
                pencil.act(Action::ChangeCards(others.map(with).collect()));
            }
        }
    });
}

/// Stands in the place of the dashboard while it has no cards.
fn nothing_ui(ui: &mut Ui, pencil: &mut Pencil<'_>) {
    let page = Page {
        icon: icons::ICON_BAR_CHART,
        color: Tokens::of(ui).text_dim,
        title: "No charts",
        text: "Add a chart above, or begin with the usual ones.",
    };
    widgets::page_ui(ui, &page, |ui| {
        if ui.button("Show the usual charts").clicked() {
            pencil.act(Action::ChangeCards(default_cards()));
        }
    });
}
