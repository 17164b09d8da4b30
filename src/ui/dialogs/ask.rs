//! Dialogs that ask for one thing: a name, a row, a path, a decision.

use std::path::PathBuf;

use egui::{RichText, Ui};

use super::{Pen, dim, main_button};
use crate::state::{Action, Dialog};
use crate::ui::theme::{Tokens, space};

pub(super) fn save_view_ui(ui: &mut Ui, pen: &mut Pen, name: &str) {
    dim(ui, "Keeps the filter and the order. It is listed in the sidebar.");
    ui.add_space(space::XS);
    let go = pen.enter(ui, "Name of the view");
    let mut typed = name.to_owned();
    if pen.field(ui, &mut typed, "Name of the view", "For example: Blurry cats") {
        pen.act(Action::ShowDialog(Dialog::SaveView { name: typed.clone() }));
    }
    let name = typed.trim();
    let replaces = pen
        .pencil
        .state
        .session
        .as_ref()
        .is_some_and(|session| session.overlay.saved_views.contains_key(name));
    if replaces {
        let tokens = Tokens::of(ui);
        ui.label(RichText::new("This replaces the view that has this name.").color(tokens.warn));
    }
    let text = if replaces { "Replace" } else { "Save" };
    if (buttons_ui(ui, pen, !name.is_empty(), text) || go) && !name.is_empty() {
        pen.act(Action::SaveView { name: name.to_owned() });
        pen.close();
    }
}

pub(super) fn go_to_row_ui(ui: &mut Ui, pen: &mut Pen, text: &str) {
    let rows = pen.pencil.state.session.as_ref().map_or(0, |session| session.shown.found.rows.len());
    if rows == 0 {
        dim(ui, "No row is shown.");
        buttons_ui(ui, pen, false, "Go");
        return;
    }
    dim(ui, format!("1 to {rows}"));
    ui.add_space(space::XS);
    let go = pen.enter(ui, "Row number");
    let mut typed = text.to_owned();
    if pen.field(ui, &mut typed, "Row number", "") {
        pen.act(Action::ShowDialog(Dialog::GoToRow { text: typed.clone() }));
    }
    let row = row_of(&typed, rows);
    match &row {
        Err(problem) if !typed.trim().is_empty() => {
            let tokens = Tokens::of(ui);
            ui.label(RichText::new(problem).color(tokens.error));
        }
        _ => {}
    }
    let clicked = buttons_ui(ui, pen, row.is_ok(), "Go");
    if let (Ok(position), true) = (row, clicked || go) {
        pen.act(Action::GoToRow { position });
        pen.close();
    }
}

/// The position of the row that was typed, counted from 0, or what is wrong with it.
fn row_of(text: &str, rows: usize) -> Result<usize, String> {
    // Spaces and signs that set digits apart, as in “1 000” and “1,000”.
    let digits: String = text
        .chars()
        .filter(|sign| !sign.is_whitespace() && !matches!(sign, ',' | '.' | '_' | '\''))
        .collect();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("Type a number.".to_owned());
    }
    match digits.parse::<usize>() {
        Ok(0) => Err("Rows count from 1.".to_owned()),
        Ok(row) if row <= rows => Ok(row - 1),
        // Too many digits for any list.
        _ => Err(format!("There are only {rows} rows.")),
    }
}

pub(super) fn open_path_ui(ui: &mut Ui, pen: &mut Pen, text: &str) {
    dim(ui, "A folder of images, an archive, a manifest, an array or a table file.");
    ui.add_space(space::XS);
    let go = pen.enter(ui, "Path");
    let mut typed = text.to_owned();
    if pen.field(ui, &mut typed, "Path", "/data/flowers") {
        pen.act(Action::ShowDialog(Dialog::OpenPath { text: typed.clone() }));
    }
    dim(ui, "Shards open together by a pattern: train-{000..099}.tar, or train-*.tar.");
    let source = typed.trim().trim_matches('"');
    if (buttons_ui(ui, pen, !source.is_empty(), "Open") || go) && !source.is_empty() {
        pen.close();
        pen.act(Action::Open { source: source.to_owned() });
    }
}

pub(super) fn damaged_project_ui(
    ui: &mut Ui,
    pen: &mut Pen,
    source: &str,
    project: &Option<PathBuf>,
    message: &str,
) {
    ui.add(egui::Label::new(message).wrap());
    ui.add_space(space::S);
    dim(
        ui,
        "The images themselves are not touched. A new project measures every sample again and starts \
         without marks and saved views; the damaged one is kept beside it under another name, so that \
         what can be rescued from it is not lost.",
    );
    ui.add_space(space::S);
    dim(ui, source);
    if buttons_ui(ui, pen, true, "Set it aside and start anew") {
        // Also closes the dialog.
        pen.act(Action::OpenAnew { source: source.to_owned(), project: project.clone() });
    }
}

pub(super) fn unsaved_ui(ui: &mut Ui, pen: &mut Pen, problem: &str) {
    ui.add(egui::Label::new(problem).wrap());
    ui.add_space(space::S);
    dim(
        ui,
        "What you decided last is in memory and is written as soon as the disk takes it. Quit now, and \
         it is lost.",
    );
    if buttons_ui(ui, pen, true, "Quit and lose it") {
        pen.close();
        pen.act(Action::QuitAnyway);
    }
}

/// “Cancel” and the main button, flush right; tells whether the main one was clicked.
fn buttons_ui(ui: &mut Ui, pen: &mut Pen, enabled: bool, main: &str) -> bool {
    ui.add_space(space::S);
    ui.with_layout(egui::Layout::right_to_left(egui::Align::Min), |ui| {
        let clicked = main_button(ui, enabled, main);
        if ui.button("Cancel").clicked() {
            pen.close();
        }
        clicked
    })
    .inner
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_as_people_write_them() {
        for (text, expected) in [
            ("1", Ok(0)),
            (" 1 000", Ok(999)),
            ("1,000", Ok(999)),
            ("2000", Ok(1999)),
            ("2001", Err("There are only 2000 rows.")),
            ("99999999999999999999999", Err("There are only 2000 rows.")),
            ("0", Err("Rows count from 1.")),
            ("-3", Err("Type a number.")),
            ("x", Err("Type a number.")),
            ("", Err("Type a number.")),
        ] {
            assert_eq!(row_of(text, 2000), expected.map_err(str::to_owned), "{text:?}");
        }
    }
}
