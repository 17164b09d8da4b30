//! The command palette: every command by a few letters of its name.

use egui::{FontId, Key, Modifiers, Rect, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};

use super::{Pen, dim, list_height};
use crate::state::command::Entry;
use crate::state::{Action, COMMANDS, Dialog};
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets::elided;

/// Height of a command in the list, in points.
const ROW: f32 = 30.0;

pub(super) fn palette_ui(ui: &mut Ui, pen: &mut Pen, text: &str, chosen: usize) {
    let mut typed = text.to_owned();
    let by = ui.input_mut(|input| {
        let mut presses = |key| input.count_and_consume_key(Modifiers::NONE, key) as isize;
        presses(Key::ArrowDown) - presses(Key::ArrowUp)
    });
    let enter = pen.enter(ui, "Command");
    let changed = pen.field(ui, &mut typed, "Command", "Type a command");
    let listed = ranked(&typed);
    let last = listed.len().saturating_sub(1);
    let chosen = if changed { 0 } else { chosen.min(last).saturating_add_signed(by).min(last) };
    if changed || by != 0 {
        pen.act(Action::ShowDialog(Dialog::Palette { text: typed, chosen }));
    }
    ui.add_space(space::XS);
    if listed.is_empty() {
        dim(ui, "No command has these letters.");
        return;
    }

    let mut run = if enter { listed.get(chosen).copied() } else { None };
    ui.spacing_mut().item_spacing.y = 0.0;
    let height = list_height(ui).min(ROW * 12.0);
    // Least and most alike, so that the list grows again after it was short.
    let area = ScrollArea::vertical().max_height(height).min_scrolled_height(height);
    area.auto_shrink([false, true]).show(ui, |ui| {
        for (at, entry) in listed.iter().enumerate() {
            let is_chosen = at == chosen;
            let (rect, clicked) = command_ui(ui, pen, entry, is_chosen);
            if is_chosen && (by != 0 || changed) {
                ui.scroll_to_rect(rect, None);
            }
            if clicked {
                run = Some(entry);
            }
        }
    });
    if let Some(entry) = run
        && pen.pencil.state.can_run(entry.command)
    {
        // Closed first: the command may open another dialog.
        pen.close();
        pen.act(Action::Run(entry.command));
    }
}

fn command_ui(ui: &mut Ui, pen: &Pen, entry: &Entry, chosen: bool) -> (Rect, bool) {
    let tokens = Tokens::of(ui);
    let state = pen.pencil.state;
    let possible = state.can_run(entry.command);
    let title = state.title_of(entry.command);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::CLICK);
    response.widget_info(|| WidgetInfo::selected(Role::MenuItem, possible, chosen, &title));
    if !ui.is_rect_visible(rect) {
        return (rect, response.clicked());
    }
    let painter = ui.painter();
    if chosen || (response.hovered() && possible) {
        let fill = if chosen { tokens.accent_soft } else { tokens.raised };
        painter.rect_filled(rect, f32::from(space::RADIUS), fill);
    }
    let color = if possible { tokens.text } else { tokens.text_dim.gamma_multiply(0.6) };
    let help_color = if possible { tokens.text_dim } else { color };
    let middle = rect.center().y;
    let mut right = rect.right() - space::S;
    if let Some(chord) = entry.chords.first() {
        let font = FontId::proportional(size::SMALL);
        let keys = painter.layout_no_wrap(chord.text(), font, help_color);
        right -= keys.size().x;
        painter.galley(pos2(right, middle - keys.size().y / 2.0), keys, help_color);
        right -= space::S;
    }
    let left = rect.left() + 10.0;
    let title = elided(painter, &title, color, FontId::proportional(size::BODY), right - left);
    let width = title.size().x;
    painter.galley(pos2(left, middle - title.size().y / 2.0), title, color);
    let from = left + width + space::M;
    if right - from > 60.0 {
        let help = elided(painter, entry.help, help_color, FontId::proportional(size::SMALL), right - from);
        painter.galley(pos2(from, middle - help.size().y / 2.0 + 0.5), help, help_color);
    }
    (rect, response.clicked())
}

/// The commands that fit what was typed, the best first.
fn ranked(text: &str) -> Vec<&'static Entry> {
    let mut ranked: Vec<(u32, &Entry)> =
        COMMANDS.iter().filter_map(|entry| Some((score(text, entry.title, entry.help)?, entry))).collect();
    // Stable: equals stay in the order of the menus.
    ranked.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    ranked.into_iter().map(|(_, entry)| entry).collect()
}

/// How well a command fits, or `None` where the letters are not all there in their order. A fit in
/// the title is worth more than any fit in the help.
fn score(text: &str, title: &str, help: &str) -> Option<u32> {
    match subsequence(text, title) {
        Some(score) => Some(1000 + score),
        // Letters strewn over a sentence are no fit: words are.
        None => {
            let help = help.to_lowercase();
            text.to_lowercase().split_whitespace().all(|word| help.contains(word)).then_some(1)
        }
    }
}

/// How well the letters of `text` are found in `name`, in their order: more for letters that start
/// words and that stand together.
fn subsequence(text: &str, name: &str) -> Option<u32> {
    let name: Vec<char> = name.chars().flat_map(char::to_lowercase).collect();
    let wanted: Vec<char> =
        text.chars().flat_map(char::to_lowercase).filter(|letter| !letter.is_whitespace()).collect();
    let starts_word = |at: usize| at == 0 || !name[at - 1].is_alphanumeric();
    // The best score of every way to place the letters so far whose last one stands at each place.
    let mut best: Vec<Option<u32>> = vec![None; name.len()];
    for (nth, letter) in wanted.iter().enumerate() {
        let mut before: Option<u32> = None;
        let mut next = vec![None; name.len()];
        for at in 0..name.len() {
            if name[at] == *letter {
                let gain = if starts_word(at) { 8 } else { 1 };
                let together = at.checked_sub(1).and_then(|at| best[at]).map(|score| score + 5);
                let from = if nth == 0 { Some(if at == 0 { 4 } else { 0 }) } else { before.max(together) };
                next[at] = from.map(|score| score + gain);
            }
            before = before.max(best[at]);
        }
        best = next;
    }
    if wanted.is_empty() { Some(0) } else { best.into_iter().flatten().max() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Command;

    #[test]
    fn a_few_letters_find_a_command() {
        for (text, expected) in [
            ("star", Command::ToggleStar),
            ("theme", Command::ToggleTheme),
            ("gtr", Command::GoToRow),
            ("go to", Command::GoToRow),
            ("REDO", Command::Redo),
            ("sa", Command::SelectAll),
            ("table", Command::ShowTable),
            ("csv", Command::ExportIssues),
            ("about", Command::About),
            ("op fo", Command::OpenFolder),
            ("clear", Command::ClearFilter),
        ] {
            assert_eq!(ranked(text).first().map(|entry| entry.command), Some(expected), "{text}");
        }
        assert!(ranked("zzzq").is_empty());
        assert_eq!(ranked(" ").len(), COMMANDS.len());
    }
}
