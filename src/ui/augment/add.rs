//! The list of operations to add, searched by typing.

use egui::{Key, Label, Popup, PopupCloseBehavior, RichText, ScrollArea, TextEdit, Ui};

use crate::augment::pipeline::{Order, Settings, Step};
use crate::augment::table::{FAMILIES, Operation};
use crate::ui::theme::{Tokens, space};
use crate::ui::widgets;

/// Size of the list in points.
const WIDTH: f32 = 300.0;
const HEIGHT: f32 = 340.0;

/// Drawing state of the list.
#[derive(Default)]
pub struct AddView {
    text: String,
    is_new: bool,
}

/// Groups that can be added, by their titles.
pub const GROUPS: [(&str, Order, &str); 4] = [
    ("One of", Order::OneOf, "One of its steps is done, by weight."),
    ("Some of", Order::SomeOf { least: 1, most: 2 }, "Some of its steps are done, by weight."),
    ("In random order", Order::Shuffled, "All of its steps are done, in any order."),
    ("In turn", Order::InTurn, "Its steps are done together or not at all."),
];

/// Draws a button that opens the list; gives the step that was chosen from it, of this id.
pub fn add_ui(ui: &mut Ui, view: &mut AddView, id: u32, title: &str) -> Option<Step> {
    let button = ui.button(title);
    if button.clicked() {
        view.text.clear();
        view.is_new = true;
    }
    let mut added = None;
    Popup::menu(&button).close_behavior(PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
        ui.set_width(WIDTH);
        let field = TextEdit::singleline(&mut view.text).hint_text("Search operations").desired_width(WIDTH);
        let field = ui.add(field).accessible_name("Search operations");
        if std::mem::take(&mut view.is_new) {
            field.request_focus();
        }
        let enters = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let words: Vec<String> = view.text.split_whitespace().map(str::to_lowercase).collect();
        let mut first = None;
        ScrollArea::vertical().max_height(HEIGHT).auto_shrink([false, true]).show(ui, |ui| {
            for (family, operations) in FAMILIES {
                let found: Vec<_> = operations.iter().filter(|one| fits(one, &words)).collect();
                if !found.is_empty() {
                    widgets::group_heading(ui, family.title());
                }
                for operation in found {
                    first.get_or_insert(*operation);
                    if row_ui(ui, operation.title, operation.about) {
                        added = Some(Step::new(id, Settings::new(operation)));
                    }
                }
            }
            let groups =
                GROUPS.iter().filter(|(title, _, about)| has_all(&format!("{title} {about} group"), &words));
            let groups: Vec<_> = groups.collect();
            if !groups.is_empty() {
                widgets::group_heading(ui, "Groups");
            }
            for (title, order, about) in groups {
                if row_ui(ui, title, about) {
                    added = Some(Step::group(id, *order, Vec::new()));
                }
            }
            if first.is_none() && added.is_none() {
                ui.label(widgets::dim("No operation has these words."));
            }
        });
        if enters && let Some(operation) = first {
            added = Some(Step::new(id, Settings::new(operation)));
        }
        if added.is_some() {
            ui.close();
        }
    });
    added
}

fn fits(operation: &Operation, words: &[String]) -> bool {
    has_all(&format!("{} {} {}", operation.name, operation.title, operation.about), words)
}

fn has_all(text: &str, words: &[String]) -> bool {
    let text = text.to_lowercase();
    words.iter().all(|word| text.contains(word.as_str()))
}

/// An entry of the list: a name, and what it is in a line.
fn row_ui(ui: &mut Ui, title: &str, about: &str) -> bool {
    let color = Tokens::of(ui).text_dim;
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let clicked = ui.selectable_label(false, title).on_hover_text(about).clicked();
        ui.horizontal(|ui| {
            ui.add_space(space::S);
            ui.add(Label::new(RichText::new(about).small().color(color)).truncate().selectable(false));
        });
        clicked
    })
    .inner
}
