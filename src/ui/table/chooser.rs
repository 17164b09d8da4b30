//! The menu of columns: every one with what it means, to be shown or hidden.

use egui::{Align, Layout, Popup, PopupCloseBehavior, Rect, RichText, ScrollArea, Ui, vec2};
use egui_material_icons::icons::ICON_VIEW_COLUMN;

use super::TableView;
use crate::dataset::columns::{Column, all_columns};
use crate::state::{Action, Session, TableState};
use crate::ui::Pencil;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets::IconButton;

/// Width of the menu, in points.
const WIDTH: f32 = 400.0;
/// Width of the columns' titles in it, in points.
const TITLE: f32 = 150.0;

pub(super) fn chooser_ui(
    ui: &mut Ui,
    pencil: &mut Pencil,
    view: &mut TableView,
    session: &Session,
    place: Rect,
) {
    let tokens = Tokens::of(ui);
    ui.painter().rect_filled(place, 0.0, tokens.panel);
    ui.painter().hline(place.x_range(), place.bottom() - 0.5, (1.0, tokens.line));
    let layout = egui::Layout::centered_and_justified(egui::Direction::LeftToRight);
    let mut spot = ui.new_child(egui::UiBuilder::new().max_rect(place.shrink(2.0)).layout(layout));
    let button = IconButton::new(ICON_VIEW_COLUMN, "Columns").color(tokens.text_dim).show(&mut spot);

    let popup = Popup::menu(&button)
        .width(WIDTH)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .accessible_name("Columns");
    if !popup.is_open() {
        // Looked up again when it is opened next: the dataset may be another.
        view.choices.clear();
    }
    popup.show(|ui| {
        if view.choices.is_empty() {
            view.choices = all_columns(&session.snapshot);
        }
        menu_ui(ui, pencil, &view.choices, &session.table.columns);
    });
}

fn menu_ui(ui: &mut Ui, pencil: &mut Pencil, choices: &[Column], shown: &[String]) {
    let tokens = Tokens::of(ui);
    ui.set_width(WIDTH);
    let row = space::ROW;
    ScrollArea::vertical().max_height(440.0).auto_shrink([false, true]).show_rows(
        ui,
        row,
        choices.len(),
        |ui, range| {
            for column in &choices[range] {
                let mut on = shown.iter().any(|name| *name == column.name);
                ui.horizontal(|ui| {
                    ui.set_height(row);
                    // Something has to stay in the table.
                    let enabled = !(on && shown.len() == 1);
                    let left = Layout::left_to_right(Align::Center);
                    ui.allocate_ui_with_layout(vec2(TITLE, row), left, |ui| {
                        ui.set_min_width(TITLE);
                        ui.style_mut().wrap_mode = Some(egui::TextWrapMode::Truncate);
                        let checkbox = egui::Checkbox::new(&mut on, &*column.title);
                        let checkbox = ui.add_enabled(enabled, checkbox);
                        if checkbox.on_hover_text(&*column.title).changed() {
                            pencil.act(Action::TableColumns(with(shown, column, on)));
                        }
                    });
                    let about = RichText::new(&*column.about).size(size::SMALL).color(tokens.text_dim);
                    ui.add(egui::Label::new(about).truncate());
                });
            }
        },
    );
    ui.separator();
    if ui.button("Usual columns").on_hover_text("Show the columns of a new project").clicked() {
        let own = &pencil.state.settings.table_columns;
        let usual = if own.is_empty() { TableState::default().columns } else { own.clone() };
        pencil.act(Action::TableColumns(usual));
    }
}

/// The names with that column at the end, or without it.
fn with(shown: &[String], column: &Column, on: bool) -> Vec<String> {
    let others = shown.iter().filter(|name| **name != column.name).cloned();
    others.chain(on.then(|| column.name.to_string())).collect()
}
