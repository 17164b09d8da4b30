//! The search field with its completions, the error under it, and the order of the view.

use egui::text::{CCursor, CCursorRange};
use egui::{EventFilter, Key, Modifiers, RichText, TextEdit, Ui, WidgetInfo};
use egui_material_icons::icons;

use super::Pencil;
use super::theme::{Tokens, size, space};
use super::widgets;
use crate::dataset::columns;
use crate::dataset::edit::Direction;
use crate::dataset::query::Completion;
use crate::state::{Action, Command, Dialog, Session};

/// Drawing state of the search field.
#[derive(Debug, Default)]
pub struct SearchView {
    /// Take the keyboard at the next frame.
    pub focus: bool,
    /// Put the text cursor here, in characters, at the next frame.
    cursor_to: Option<usize>,
    /// Whether completions or an error were shown under the field in the last frame.
    is_open: bool,
    /// The text whose error a person has closed.
    closed_error: Option<String>,
}

impl SearchView {
    /// Whether something is open under the field, which Escape closes.
    pub fn is_popup_open(&self) -> bool {
        self.is_open
    }
}

const FIELD: &str = "search field";

pub fn search_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, view: &mut SearchView) {
    let Some(session) = &pencil.state.session else { return };
    let actions = &mut *pencil.actions;
    let tokens = Tokens::of(ui);
    let id = egui::Id::unique(FIELD);
    let mut text = session.search.text.clone();

    if std::mem::take(&mut view.focus) {
        // Before the field is drawn, so that the next key is already its own.
        ui.memory_mut(|memory| memory.request_focus(id));
        ui.ctx().request_repaint();
    }
    let focused = ui.memory(|memory| memory.has_focus(id));
    let mut offers = focused && !session.search.completions.is_empty();
    let mut chosen = None;
    if view.is_open && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
        offers = false;
        actions.push(Action::CompletionsClosed);
        view.closed_error = session.search.error.is_some().then(|| text.clone());
    }
    if focused {
        chosen = keys(ui, session, actions, offers);
    }
    // What is offered to be typed next is no error yet.
    let error = session.search.error.as_ref().filter(|_| !offers);
    let shows_error = error.is_some() && view.closed_error.as_ref() != Some(&text);
    view.is_open = offers || shows_error;

    let field = TextEdit::singleline(&mut text)
        .id(id)
        .hint_text("Search paths and labels, or filter: label:cat split:val width>=640")
        .desired_width(ui.available_width())
        .event_filter(EventFilter {
            tab: offers,
            escape: view.is_open,
            horizontal_arrows: true,
            vertical_arrows: true,
        })
        .margin(egui::Margin { left: 30, right: 30, top: 6, bottom: 6 });
    let output = field.show(ui);
    let response = output.response.response.clone();
    response.widget_info(|| {
        let mut info = WidgetInfo::text_edit(true, &session.search.text, &text, "");
        info.label = Some("Search and filter".to_owned());
        info
    });
    let icon_at = response.rect.left_center() + egui::vec2(16.0, 0.0);
    ui.painter().text(
        icon_at,
        egui::Align2::CENTER_CENTER,
        icons::ICON_SEARCH.codepoint,
        egui::FontId::proportional(17.0),
        tokens.text_dim,
    );
    if !text.is_empty() {
        let spot = egui::Rect::from_center_size(
            response.rect.right_center() - egui::vec2(16.0, 0.0),
            egui::Vec2::splat(space::ROW),
        );
        // A child that takes no room: the bar must not grow by it.
        let mut corner = ui.new_child(egui::UiBuilder::new().max_rect(spot));
        if widgets::icon_button(&mut corner, icons::ICON_CLOSE, "Clear the filter").clicked() {
            actions.push(Action::Run(Command::ClearFilter));
        }
    }

    let mut state = output.state;
    if let Some(at) = view.cursor_to.take() {
        state.cursor.set_char_range(Some(CCursorRange::one(CCursor::new(at))));
        state.store(ui.ctx(), id);
    } else if response.changed() {
        let at =
            state.cursor.char_range().map_or(text.len(), |range| byte_at(&text, range.primary.index.into()));
        actions.push(Action::SearchTyped { text: text.clone(), cursor: at });
    }
    if let Some(at) = chosen
        && let Some(completion) = session.search.completions.get(at)
    {
        let before = session.search.text.get(..completion.replace.start).unwrap_or_default();
        view.cursor_to = Some(before.chars().count() + completion.insert.chars().count());
        actions.push(Action::CompletionChosen { at });
        response.request_focus();
    }

    if let Some(error) = error {
        underline_ui(ui, &output.galley, output.galley_pos, &text, error.at.clone());
    }
    if view.is_open {
        let offered = if offers { session.search.completions.as_slice() } else { &[] };
        offers_ui(ui, session, offered, actions, view, &response);
    }
}

/// The keys of the field: up and down through the offers, Tab or Enter takes one, Enter asks.
fn keys(ui: &Ui, session: &Session, actions: &mut Vec<Action>, offers: bool) -> Option<usize> {
    ui.input_mut(|input| {
        if offers {
            for (key, by) in [(Key::ArrowDown, 1), (Key::ArrowUp, -1)] {
                if input.consume_key(Modifiers::NONE, key) {
                    actions.push(Action::CompletionMoved { by });
                }
            }
            if input.consume_key(Modifiers::NONE, Key::Tab) {
                return Some(session.search.chosen.unwrap_or(0));
            }
            if let Some(chosen) = session.search.chosen
                && input.consume_key(Modifiers::NONE, Key::Enter)
            {
                return Some(chosen);
            }
        }
        if input.key_pressed(Key::Enter) {
            actions.push(Action::SearchEntered);
        }
        None
    })
}

/// What can be typed next, or what is wrong.
fn offers_ui(
    ui: &Ui,
    session: &Session,
    offered: &[Completion],
    actions: &mut Vec<Action>,
    view: &mut SearchView,
    field: &egui::Response,
) {
    let tokens = Tokens::of(ui);
    egui::Popup::from_response(field)
        .open(true)
        .close_behavior(egui::PopupCloseBehavior::IgnoreClicks)
        .width(field.rect.width().min(520.0))
        .accessible_name("Completions")
        .show(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            if let Some(error) = session.search.error.as_ref().filter(|_| offered.is_empty()) {
                ui.add(egui::Label::new(widgets::marked_up(&error.message, tokens.error, tokens)).wrap());
            }
            for (at, completion) in offered.iter().enumerate().take(10) {
                let chosen = session.search.chosen == Some(at);
                let text = RichText::new(&completion.insert).monospace();
                let response = ui
                    .horizontal(|ui| {
                        let response = ui.selectable_label(chosen, text);
                        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                            ui.add(
                                egui::Label::new(
                                    RichText::new(&completion.note).color(tokens.text_dim).small(),
                                )
                                .truncate(),
                            );
                        });
                        response
                    })
                    .inner;
                if response.clicked() {
                    let before = session.search.text.get(..completion.replace.start).unwrap_or_default();
                    view.cursor_to = Some(before.chars().count() + completion.insert.chars().count());
                    view.focus = true;
                    actions.push(Action::CompletionChosen { at });
                }
            }
            ui.add_space(4.0);
            ui.horizontal(|ui| {
                if !offered.is_empty() {
                    ui.label(widgets::dim("Tab completes · Enter filters"));
                }
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    if ui.link(RichText::new("All of the language").size(size::SMALL)).clicked() {
                        actions.push(Action::ShowDialog(Dialog::QueryHelp));
                    }
                });
            });
        });
}

/// Marks the wrong part of the query.
fn underline_ui(ui: &Ui, galley: &egui::Galley, at: egui::Pos2, text: &str, wrong: std::ops::Range<usize>) {
    let place = |byte: usize| {
        let chars = text.get(..byte.min(text.len())).map_or(0, |part| part.chars().count());
        galley.pos_from_cursor(CCursor::new(chars))
    };
    let (start, end) = (place(wrong.start), place(wrong.end));
    let width = (end.left() - start.left()).max(6.0);
    let from = at + egui::vec2(start.left(), start.bottom());
    let stroke = egui::Stroke::new(2.0, Tokens::of(ui).error);
    ui.painter().line_segment([from, from + egui::vec2(width, 0.0)], stroke);
}

fn byte_at(text: &str, chars: usize) -> usize {
    text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at)
}

/// The menu that sorts the view.
pub fn sort_ui(ui: &mut Ui, pencil: &mut Pencil<'_>) {
    let Some(session) = &pencil.state.session else { return };
    let view = &session.overlay.view;
    let column = columns::column(&session.snapshot, &view.sort);
    let title = column.map_or_else(|| "Path".to_owned(), |column| column.title.into_owned());
    let arrow = if view.direction == Direction::Descending {
        icons::ICON_ARROW_DOWNWARD
    } else {
        icons::ICON_ARROW_UPWARD
    };
    let actions = &mut *pencil.actions;
    ui.spacing_mut().item_spacing.x = space::XS;
    let menu = ui.menu_button(format!("By {}", title.to_lowercase()), |ui| {
        ui.set_min_width(180.0);
        egui::ScrollArea::vertical().max_height(420.0).show(ui, |ui| {
            for column in columns::all_columns(&session.snapshot) {
                let here = column.name == view.sort.as_str();
                let response =
                    ui.selectable_label(here, column.title.as_ref()).on_hover_text(column.about.as_ref());
                if response.clicked() {
                    let direction = view.direction;
                    actions.push(Action::SetSort { column: column.name.into_owned(), direction });
                    ui.close();
                }
            }
        });
    });
    menu.response.on_hover_text("Order of the samples");
    let other = match view.direction {
        Direction::Ascending => (Direction::Descending, "Sorted ascending; sort descending"),
        Direction::Descending => (Direction::Ascending, "Sorted descending; sort ascending"),
    };
    if widgets::icon_button(ui, arrow, other.1).clicked() {
        actions.push(Action::SetSort { column: view.sort.clone(), direction: other.0 });
    }
}
