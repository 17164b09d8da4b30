//! Which of the lists (grid, table, issues, duplicates, checks, changes, drawn samples, samples to label) takes the
//! keys that move its cursor.
//!
//! A list takes them while it has the focus. While nothing has the focus one list leads: the one
//! that was used last, or the only one on screen. It refuses to know what the keys do.

use egui::{Event, EventFilter, FocusDirection, Key, Popup, Rect, Response, StrokeKind, Ui};

use super::Pencil;
use super::theme::Tokens;
use crate::state::Pane;

/// The part of a list in who takes the keys.
#[derive(Clone, Copy, Debug)]
pub struct ListKeys {
    /// Whether it takes the keys while nothing has the focus. Whoever draws several lists sets it
    /// for each before drawing; a list by itself leads.
    pub leads: bool,
    /// Whether a person used it in this frame.
    pub was_used: bool,
}

impl Default for ListKeys {
    fn default() -> Self {
        Self { leads: true, was_used: false }
    }
}

/// The lists, of which the earlier ones lead where none was used yet.
pub const LISTS: [Pane; 8] = [
    Pane::Grid,
    Pane::Table,
    Pane::Issues,
    Pane::Duplicates,
    Pane::Checks,
    Pane::Latent,
    Pane::Label,
    Pane::Changes,
];

/// The list that leads: of those on screen the one that was used last, or else the first.
pub fn leading(on_screen: impl Fn(Pane) -> bool, last_used: Option<Pane>) -> Option<Pane> {
    last_used.filter(|pane| on_screen(*pane)).or_else(|| LISTS.into_iter().find(|pane| on_screen(*pane)))
}

impl ListKeys {
    /// Whether the list takes the keys of this frame. Draws a ring around one that has the focus.
    pub fn takes(&mut self, ui: &Ui, pencil: &Pencil<'_>, list: &Response, ring: Rect) -> bool {
        self.was_used = list.has_focus() || list.is_pointer_button_down_on();
        if list.has_focus() {
            let arrows =
                EventFilter { vertical_arrows: true, horizontal_arrows: true, ..EventFilter::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(list.id, arrows));
            let edge = Tokens::of(ui).accent.gamma_multiply(0.6);
            ui.painter().rect_stroke(ring.shrink(0.5), 0.0, (1.0, edge), StrokeKind::Inside);
        }
        let nothing_focused = || ui.memory(|memory| memory.focused().is_none());
        let takes = list.has_focus() || (self.leads && nothing_focused());
        takes && ui.is_enabled() && pencil.state.dialog.is_none() && !Popup::is_any_open(ui.ctx())
    }

    /// A click in the list: it takes the keys from now on.
    pub fn use_by_click(&mut self, list: &Response) {
        self.was_used = true;
        list.request_focus();
    }
}

/// Times that a key was pressed, with Shift or without; nobody else sees them. Chords with Alt or
/// Ctrl are somebody else's.
pub fn presses(ui: &Ui, key: Key, shift: bool) -> isize {
    let mut presses = 0;
    ui.input_mut(|input| {
        input.events.retain(|event| {
            let Event::Key { key: pressed, pressed: true, modifiers: held, .. } = event else { return true };
            let other = held.alt || held.command || held.ctrl;
            let is_meant = *pressed == key && held.shift == shift && !other;
            presses += isize::from(is_meant);
            !is_meant
        });
    });
    if presses > 0 {
        // A focus that is one frame old is not locked yet: the key moves the cursor and not the focus.
        ui.memory_mut(|memory| memory.move_focus(FocusDirection::None));
    }
    presses
}

/// Whether one of the keys that [`moved`] takes was pressed in this frame.
pub fn moves(ui: &Ui) -> bool {
    use Key::{ArrowDown, ArrowUp, End, Home, PageDown, PageUp};
    ui.input(|input| {
        [ArrowDown, ArrowUp, PageDown, PageUp, Home, End].into_iter().any(|key| input.key_pressed(key))
    })
}

/// The position that the keys for up and down, pages and ends ask for, in a list of which so many rows
/// fit on screen.
pub fn moved(ui: &Ui, at: Option<usize>, listed: usize, fits: f32) -> Option<usize> {
    let last = listed.checked_sub(1)?;
    let stepped = stepped(ui, at, listed, fits);
    if presses(ui, Key::Home, false) > 0 {
        return Some(0);
    }
    if presses(ui, Key::End, false) > 0 {
        return Some(last);
    }
    stepped
}

/// The same for up and down and pages alone: of a list beside another one, which takes the rest.
pub fn stepped(ui: &Ui, at: Option<usize>, listed: usize, fits: f32) -> Option<usize> {
    let page = (fits as isize - 1).max(1);
    let last = listed.checked_sub(1)?;
    let keys = [(Key::ArrowDown, 1), (Key::ArrowUp, -1), (Key::PageDown, page), (Key::PageUp, -page)];
    let by: isize = keys.into_iter().map(|(key, by)| by * presses(ui, key, false)).sum();
    match at {
        _ if by == 0 => None,
        None => Some(0),
        Some(at) => Some(at.saturating_add_signed(by).min(last)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_list_leads() {
        use Pane::{Filters, Grid, Inspector, Issues, Table};
        for (on_screen, last_used, expected) in [
            (&[Grid, Inspector][..], None, Some(Grid)),
            (&[Table, Grid], None, Some(Grid)),
            (&[Table, Grid], Some(Table), Some(Table)),
            (&[Table], Some(Grid), Some(Table)),
            (&[Issues, Filters], Some(Table), Some(Issues)),
            (&[Inspector], Some(Grid), None),
        ] {
            assert_eq!(leading(|pane| on_screen.contains(&pane), last_used), expected, "{on_screen:?}");
        }
    }
}
