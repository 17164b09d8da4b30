//! Classes that were removed or merged, to bring back.

use egui::{Label, RichText, Ui};

use super::Desk;
use crate::dataset::labelling::Fate;
use crate::state::labelling::classes::ClassTable;
use crate::text::counted;
use crate::ui::theme::Tokens;
use crate::ui::widgets;

/// Height of a line, in points, and lines that are there at once.
const LINE: f32 = 26.0;
const VISIBLE: usize = 4;

pub(super) fn gone_ui(ui: &mut Ui, desk: &mut Desk<'_, '_, '_>, table: &ClassTable) {
    let gone: Vec<(String, String)> = desk
        .classes()
        .gone()
        .map(|(identity, fate)| {
            let became = match fate {
                Fate::Removed => "removed".to_owned(),
                Fate::Merged(into) => format!("merged into “{}”", desk.classes().name(into)),
            };
            (identity.to_owned(), became)
        })
        .collect();
    if gone.is_empty() {
        return;
    }
    ui.separator();
    let heading = counted(gone.len() as u64, "class");
    ui.label(widgets::dim(format!("{heading} removed or merged")));
    let mut back = None;
    widgets::lines_ui(ui, "classes that are gone", (LINE, VISIBLE), gone.len(), |ui, at| {
        let (identity, became) = &gone[at];
        let name = desk.classes().name(identity);
        ui.horizontal(|ui| {
            let button = ui.button("Bring back");
            let spoken = format!("Bring back {name}");
            button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, ui.is_enabled(), &spoken));
            if button.clicked() {
                back = Some(identity.clone());
            }
            ui.add(Label::new(name).truncate());
            let color = Tokens::of(ui).text_dim;
            ui.add(Label::new(RichText::new(became).color(color)).truncate());
        });
    });
    if let Some(identity) = back {
        let is_taken = |name: &str| table.class_named(name).is_some();
        let to = desk.classes().brought_back(&identity, is_taken);
        let what = format!("Bring the class “{}” back", to.name(&identity));
        desk.change(to, what);
    }
}
