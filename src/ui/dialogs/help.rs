//! Pages to read: keys, the filter language, the program itself.

use egui::{Grid, RichText, ScrollArea, Ui};

use super::settings::places_ui;
use super::{Pen, dim, list_height};
use crate::dataset::query::REFERENCE;
use crate::state::command::Menu;
use crate::state::{Action, COMMANDS, Command};
use crate::ui::theme::{Tokens, bold, size, space};
use crate::ui::widgets::marked_up;

/// Keys and gestures of lists, which no menu has.
const GESTURES: &[(&str, &str)] = &[
    ("Arrow keys", "Move to the next sample in that direction"),
    ("Shift+Arrow keys", "Extend the selection"),
    ("Page Up, Page Down", "Move by a screenful"),
    ("Home, End", "Move to the first or the last sample"),
    ("Click", "Select one sample"),
    ("Ctrl+Click", "Add a sample to the selection, or take it out"),
    ("Shift+Click", "Select everything up to there"),
    ("Drag", "Select everything that is dragged over"),
    ("Ctrl+Wheel", "Zoom the thumbnails"),
    ("Shift+Click on a filter", "Ask for this as well"),
    ("Alt+Arrow keys", "Move the inspected image in its frame"),
    ("Drag a heading", "Move a column of the table; its border resizes it"),
];

pub(super) fn shortcuts_ui(ui: &mut Ui) {
    scrolled(ui, |ui| {
        for menu in Menu::ALL {
            heading(ui, menu.title());
            let entries = || COMMANDS.iter().filter(|entry| entry.menu == menu && !entry.chords.is_empty());
            table(ui, menu.title(), |ui| {
                for entry in entries() {
                    let chords: Vec<String> = entry.chords.iter().map(|chord| chord.text()).collect();
                    keys_row(ui, &chords.join(", "), entry.title.trim_end_matches('…'), entry.help);
                }
            });
        }
        heading(ui, "In the lists and the inspector");
        table(ui, "gestures", |ui| {
            for (keys, what) in GESTURES {
                keys_row(ui, keys, what, "");
            }
        });
    });
}

fn keys_row(ui: &mut Ui, keys: &str, title: &str, help: &str) {
    let tokens = Tokens::of(ui);
    ui.label(RichText::new(keys).color(tokens.accent));
    ui.horizontal_wrapped(|ui| {
        ui.label(title);
        if !help.is_empty() {
            ui.label(RichText::new(help).color(tokens.text_dim));
        }
    });
    ui.end_row();
}

pub(super) fn query_help_ui(ui: &mut Ui, pen: &mut Pen) {
    let open = pen.pencil.state.session.is_some();
    dim(
        ui,
        match open {
            true => {
                "Conditions next to each other all have to hold. Click an example to put it into the search field."
            }
            false => "Conditions next to each other all have to hold.",
        },
    );
    ui.add_space(space::S);
    scrolled(ui, |ui| {
        let tokens = Tokens::of(ui);
        let left = (ui.available_width() * 0.36).clamp(110.0, 220.0);
        let right = ui.available_width() - left - space::L;
        Grid::new("reference").num_columns(2).spacing([space::L, 6.0]).show(ui, |ui| {
            for (example, meaning) in REFERENCE {
                ui.horizontal(|ui| {
                    ui.set_width(left);
                    let text = RichText::new(*example).monospace().color(tokens.accent);
                    let button = egui::Button::new(text).frame_when_inactive(false).truncate();
                    let hover = format!("Search for {example}");
                    if !open {
                        ui.label(RichText::new(*example).monospace());
                    } else if ui.add(button).accessible_name(*example).on_hover_text(hover).clicked() {
                        pen.act(Action::SearchTyped { text: (*example).to_owned(), cursor: example.len() });
                        pen.close();
                        pen.act(Action::Run(Command::FocusSearch));
                    }
                });
                ui.vertical(|ui| {
                    ui.set_width(right.max(80.0));
                    ui.add_space(4.0);
                    ui.add(egui::Label::new(marked_up(meaning, tokens.text, tokens)).wrap());
                });
                ui.end_row();
            }
        });
    });
}

pub(super) fn about_ui(ui: &mut Ui, places: &[(String, String)], adapter: &str) {
    let tokens = Tokens::of(ui);
    ui.label(env!("CARGO_PKG_DESCRIPTION"));
    ui.add_space(space::S);
    let facts = [
        ("Version", env!("CARGO_PKG_VERSION")),
        ("Licence", env!("CARGO_PKG_LICENSE")),
        ("Graphics", if adapter.is_empty() { "unknown" } else { adapter }),
        ("System", system()),
    ];
    Grid::new("facts").num_columns(2).spacing([space::L, space::XS]).show(ui, |ui| {
        for (title, text) in facts {
            ui.label(RichText::new(title).color(tokens.text_dim));
            ui.add(egui::Label::new(text).truncate().selectable(true));
            ui.end_row();
        }
    });
    if !places.is_empty() {
        heading(ui, "Where data is kept");
        dim(ui, "Nothing is ever written into a dataset.");
        places_ui(ui, places);
    }
    heading(ui, "To report a problem");
    dim(
        ui,
        "Say what you did, what you expected and what happened. Attach the details below, what \
         the program wrote to its terminal when started with --log debug and, where the problem is with \
         one file, that file if you may share it.",
    );
    ui.add_space(space::XS);
    if ui.button("Copy details").clicked() {
        let lines = facts.iter().map(|(title, text)| format!("{title}: {text}"));
        let places = places.iter().map(|(title, path)| format!("{title}: {path}"));
        ui.ctx().copy_text(lines.chain(places).collect::<Vec<_>>().join("\n"));
    }
}

/// The operating system and the processor that the program was built for.
fn system() -> &'static str {
    use std::env::consts::{ARCH, OS};
    static SYSTEM: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    SYSTEM.get_or_init(|| format!("{OS}, {ARCH}"))
}

fn scrolled(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    let height = list_height(ui);
    // Least and most alike: what the dialog remembers of its size must not squeeze the list.
    let area = ScrollArea::vertical().max_height(height).min_scrolled_height(height);
    area.auto_shrink([false, true]).show(ui, content);
}

fn heading(ui: &mut Ui, text: &str) {
    ui.add_space(space::M);
    ui.label(RichText::new(text).font(bold(size::BODY)));
    ui.add_space(space::XS);
}

fn table(ui: &mut Ui, name: &str, rows: impl FnOnce(&mut Ui)) {
    Grid::new(name).num_columns(2).min_col_width(150.0).spacing([space::L, space::XS]).show(ui, rows);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_reference_closes_its_marks() {
        for (example, meaning) in REFERENCE {
            assert_eq!(meaning.matches('`').count() % 2, 0, "{example}");
        }
    }
}
