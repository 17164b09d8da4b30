//! A field in which a name is typed, with the known names that fit under it.
//!
//! The arrow keys go through the offers and Enter takes one. It refuses to know what the names are of.

use egui::{Id, Key, Modifiers, Response, TextEdit, Ui, Vec2};

use super::theme::space;
use super::widgets;
use crate::dataset::query::fold;

/// Names that are offered at once.
const OFFERED: usize = 8;

/// What a field is for.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    /// Its accessible name, which no other field on screen has.
    pub name: &'a str,
    pub hint: &'a str,
    /// What a name that is not known becomes, as in "New class"; without it known names alone are taken.
    pub new: Option<&'a str>,
    /// Width in points, at most.
    pub width: f32,
}

/// A name that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// One of the known names.
    Known(String),
    /// As it was typed, without the space around it.
    New(String),
}

impl Field<'_> {
    /// The id of the field, to give it the focus.
    pub fn id(&self) -> Id {
        Id::unique(("offers", self.name))
    }

    /// Draws the field and what fits; gives what was taken. `names` is asked where something is typed alone.
    pub fn show<'n, Names: Iterator<Item = &'n str>>(
        &self,
        ui: &mut Ui,
        text: &mut String,
        names: impl FnOnce() -> Names,
    ) -> (Response, Option<Taken>) {
        let id = self.id();
        let typed = text.trim();
        let offered = if typed.is_empty() { Vec::new() } else { fitting(names(), typed) };
        let is_known = offered.first().is_some_and(|first| *first == typed);
        let makes_new = self.new.filter(|_| !typed.is_empty() && !is_known);
        let count = offered.len() + usize::from(makes_new.is_some());
        let mut chosen: usize = ui.data(|data| data.get_temp(id)).unwrap_or(0).min(count.saturating_sub(1));
        let mut taken = None;
        if count > 0 && ui.memory(|memory| memory.has_focus(id)) {
            let (by, enters) = ui.input_mut(|input| {
                let mut presses = |key| input.count_and_consume_key(Modifiers::NONE, key) as isize;
                let by = presses(Key::ArrowDown) - presses(Key::ArrowUp);
                (by, input.consume_key(Modifiers::NONE, Key::Enter))
            });
            chosen = chosen.saturating_add_signed(by).min(count - 1);
            if enters {
                taken = Some(chosen);
            }
        }
        let before = text.clone();
        let width = ui.available_width().min(self.width);
        let field =
            TextEdit::singleline(text).id(id).hint_text(self.hint).desired_width(width).return_key(None);
        let response = ui.add(field).accessible_name(self.name);
        if response.changed() {
            chosen = 0;
        }
        if count > 0 {
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing = Vec2::splat(space::XS);
                for (at, name) in offered.iter().enumerate() {
                    if widgets::chip(ui, at == chosen, name).clicked() {
                        taken = Some(at);
                    }
                }
                if let Some(new) = makes_new {
                    let title = format!("{new} “{}”", before.trim());
                    if widgets::chip(ui, chosen == offered.len(), &title).clicked() {
                        taken = Some(offered.len());
                    }
                }
            });
        }
        ui.data_mut(|data| data.insert_temp(id, chosen));
        let taken = taken.map(|at| match offered.get(at) {
            Some(name) => Taken::Known((*name).to_owned()),
            None => Taken::New(before.trim().to_owned()),
        });
        (response, taken)
    }
}

/// The names that fit what was typed, in any case: the name itself, those that begin with it, then those that have it
/// within them.
fn fitting<'n>(names: impl Iterator<Item = &'n str>, typed: &str) -> Vec<&'n str> {
    let wanted = fold(typed);
    let mut ranked: Vec<(u8, &str)> = Vec::new();
    for name in names {
        let folded = fold(name);
        let rank = match () {
            () if name == typed => 0,
            () if folded == wanted => 1,
            () if folded.starts_with(&wanted) => 2,
            () if folded.contains(&wanted) => 3,
            () => continue,
        };
        ranked.push((rank, name));
    }
    // Stable: equals stay in the order of the names.
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.truncate(OFFERED);
    ranked.into_iter().map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_best_is_offered_first() {
        let names = ["concatenated", "Cat", "cat", "caterpillar", "dog"];
        for (typed, expected) in [
            ("cat", vec!["cat", "Cat", "caterpillar", "concatenated"]),
            ("CATER", vec!["caterpillar"]),
            ("og", vec!["dog"]),
            ("zebra", vec![]),
        ] {
            assert_eq!(fitting(names.into_iter(), typed), expected, "{typed}");
        }
        let many: Vec<String> = (0..100).map(|at| format!("class {at}")).collect();
        assert_eq!(fitting(many.iter().map(String::as_str), "class").len(), OFFERED);
    }
}
