//! Questions and pages that stand over the window, one at a time.
//!
//! What is typed into them is state, so that a recording can replay it. Escape, and a click beside
//! the dialog, close it.

mod ask;
mod classes;
mod export;
mod help;
mod label_files;
mod palette;
mod settings;

use std::mem::{Discriminant, discriminant};

use egui::{Context, Id, Modal, RichText, TextEdit, Ui};
use egui_material_icons::icons::ICON_CLOSE;

use super::theme::{DARK, LIGHT, Tokens, space};
use super::{Pencil, widgets};
use crate::state::{Action, Dialog};

/// What dialogs show that is not state.
#[derive(Debug, Default)]
pub struct DialogsView {
    /// Where what is kept: a title and a path for each, for a person to read.
    pub places: Vec<(String, String)>,
    /// The graphics adapter and its driver, in one line.
    pub adapter: String,
    /// The dialog that was drawn in the last frame.
    drawn: Option<Discriminant<Dialog>>,
    settings: settings::Drafts,
    classes: classes::ClassesView,
}

impl DialogsView {
    /// What dialogs show of the machine that the program runs on.
    pub fn new(places: Vec<(String, String)>, adapter: String) -> Self {
        Self { places, adapter, ..Self::default() }
    }
}

/// What the parts of a dialog draw with.
struct Pen<'a, 'b> {
    pencil: &'a mut Pencil<'b>,
    /// Whether this is the dialog's first frame: its first field takes the focus.
    opens: bool,
}

impl Pen<'_, '_> {
    fn act(&mut self, action: Action) {
        self.pencil.act(action);
    }

    /// Closes the dialog, after what was done in it.
    fn close(&mut self) {
        self.act(Action::CloseDialog);
    }

    /// A text field; tells whether its text changed.
    fn field(&self, ui: &mut Ui, text: &mut String, name: &str, hint: &'static str) -> bool {
        let id = field_id(ui, name);
        let field = TextEdit::singleline(text).id(id).hint_text(hint).desired_width(f32::INFINITY);
        let field = field.margin(egui::vec2(10.0, 7.0)).return_key(None);
        let response = ui.add(field).accessible_name(name);
        if self.opens {
            response.request_focus();
            let mut state = TextEdit::load_state(ui.ctx(), id).unwrap_or_default();
            let end = egui::text::CCursor::new(text.chars().count());
            state.cursor.set_char_range(Some(egui::text::CCursorRange::one(end)));
            TextEdit::store_state(ui.ctx(), id, state);
        }
        response.changed()
    }

    /// Takes the Enter key that is pressed in that field. Ask before the field is drawn.
    fn enter(&self, ui: &Ui, name: &str) -> bool {
        // The key that opened the dialog is not meant for it.
        let focused = !self.opens && ui.memory(|memory| memory.has_focus(field_id(ui, name)));
        focused && ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, egui::Key::Enter))
    }
}

fn field_id(ui: &Ui, name: &str) -> Id {
    ui.scope_id().with(("field", name))
}

/// Draws the dialog that is open, if one is.
pub fn dialogs_ui(ctx: &Context, pencil: &mut Pencil, view: &mut DialogsView) {
    let state = pencil.state;
    let Some(dialog) = &state.dialog else {
        view.drawn = None;
        view.settings.clear();
        view.classes.clear();
        return;
    };
    let opens = view.drawn.replace(discriminant(dialog)) != Some(discriminant(dialog));
    let screen = ctx.content_rect();
    let width = width_of(dialog).min(screen.width() - 2.0 * space::L).max(160.0);
    let tokens = if ctx.theme() == egui::Theme::Dark { &DARK } else { &LIGHT };
    let frame = egui::Frame::new()
        .fill(tokens.panel)
        .stroke((1.0, tokens.line))
        .corner_radius(10)
        .inner_margin(if matches!(dialog, Dialog::Palette { .. }) { 10.0 } else { space::L });
    let mut modal =
        Modal::new(Id::unique(("dialog", discriminant(dialog)))).backdrop_color(tokens.scrim).frame(frame);
    if matches!(dialog, Dialog::Palette { .. }) {
        // Its height changes while a person types; its top does not.
        let top = egui::vec2(0.0, (screen.height() * 0.12).min(96.0));
        modal.area = modal.area.anchor(egui::Align2::CENTER_TOP, top);
    }
    let shown = modal.show(ctx, |ui| {
        ui.set_width(width);
        ui.push_id(discriminant(dialog), |ui| {
            let mut pen = Pen { pencil, opens };
            dialog_ui(ui, &mut pen, view, dialog);
        });
    });
    ctx.accesskit_node_builder(shown.response.id, |node| {
        node.set_role(egui::Role::Dialog);
        node.set_label(title_of(dialog));
        node.set_modal();
    });
    if shown.should_close() {
        pencil.act(Action::CloseDialog);
    }
}

fn dialog_ui(ui: &mut Ui, pen: &mut Pen, view: &mut DialogsView, dialog: &Dialog) {
    if !matches!(dialog, Dialog::Palette { .. }) {
        head_ui(ui, pen, title_of(dialog));
    }
    match dialog {
        Dialog::Palette { text, chosen } => palette::palette_ui(ui, pen, text, *chosen),
        Dialog::SaveView { name } => ask::save_view_ui(ui, pen, name),
        Dialog::GoToRow { text } => ask::go_to_row_ui(ui, pen, text),
        Dialog::OpenPath { text } => ask::open_path_ui(ui, pen, text),
        Dialog::DamagedProject { source, project, message } => {
            ask::damaged_project_ui(ui, pen, source, project, message);
        }
        Dialog::Unsaved { problem } => ask::unsaved_ui(ui, pen, problem),
        Dialog::ExportDataset(draft) => export::export_ui(ui, pen, draft),
        Dialog::Classes(draft) => classes::classes_ui(ui, pen, &mut view.classes, draft),
        Dialog::ExportLabels(draft) => label_files::export_labels_ui(ui, pen, draft),
        Dialog::ImportLabels(draft) => label_files::import_labels_ui(ui, pen, draft),
        Dialog::ComparePeople(draft) => label_files::compare_ui(ui, pen, draft),
        Dialog::Settings => settings::settings_ui(ui, pen, &mut view.settings, &view.places),
        Dialog::Shortcuts => help::shortcuts_ui(ui),
        Dialog::QueryHelp => help::query_help_ui(ui, pen),
        Dialog::About => help::about_ui(ui, &view.places, &view.adapter),
    }
}

/// The title, and a button that closes.
fn head_ui(ui: &mut Ui, pen: &mut Pen, title: &str) {
    let right = ui.max_rect().right();
    let row = ui.horizontal(|ui| {
        ui.set_height(space::ROW);
        ui.heading(title);
    });
    // The icon, not its button, ends where the text does: a child that may reach beyond.
    let center = egui::pos2(right + widgets::BEARING - space::ROW / 2.0, row.response.rect.center().y);
    let corner = egui::Rect::from_center_size(center, egui::Vec2::splat(space::ROW));
    let mut corner = ui.new_child(egui::UiBuilder::new().max_rect(corner));
    if widgets::icon_button(&mut corner, ICON_CLOSE, "Close").clicked() {
        pen.close();
    }
    ui.add_space(space::S);
}

fn title_of(dialog: &Dialog) -> &'static str {
    match dialog {
        Dialog::Palette { .. } => "Command palette",
        Dialog::SaveView { .. } => "Save this view",
        Dialog::GoToRow { .. } => "Go to row",
        Dialog::OpenPath { .. } => "Open a path",
        Dialog::DamagedProject { .. } => "This project is damaged",
        Dialog::Unsaved { .. } => "Not everything is saved",
        Dialog::ExportDataset(draft) if draft.choice.plan.is_some() => "Export the plan",
        Dialog::ExportDataset(_) => "Export what stays",
        Dialog::Classes(_) => "Classes",
        Dialog::ExportLabels(_) => "Export labels",
        Dialog::ImportLabels(_) => "Import labels",
        Dialog::ComparePeople(_) => "Compare people",
        Dialog::Settings => "Settings",
        Dialog::Shortcuts => "Keyboard shortcuts",
        Dialog::QueryHelp => "Filter language",
        Dialog::About => "About Lenslet",
    }
}

/// Width of the dialog's inside in points, where the window is wide enough.
fn width_of(dialog: &Dialog) -> f32 {
    match dialog {
        Dialog::Palette { .. } | Dialog::OpenPath { .. } | Dialog::ExportDataset(_) => 560.0,
        Dialog::Classes(_) | Dialog::ImportLabels(_) | Dialog::ComparePeople(_) => 680.0,
        Dialog::ExportLabels(_) => 560.0,
        Dialog::SaveView { .. } | Dialog::GoToRow { .. } => 380.0,
        Dialog::DamagedProject { .. } | Dialog::Unsaved { .. } | Dialog::Settings | Dialog::About => 520.0,
        Dialog::Shortcuts => 600.0,
        Dialog::QueryHelp => 680.0,
    }
}

/// How high a list in a dialog may be, in points.
fn list_height(ui: &Ui) -> f32 {
    (ui.ctx().content_rect().height() - 220.0).clamp(120.0, 560.0)
}

/// Secondary text on as many lines as it takes.
fn dim(ui: &mut Ui, text: impl Into<String>) {
    let color = Tokens::of(ui).text_dim;
    ui.add(egui::Label::new(RichText::new(text).color(color)).wrap());
}

/// The one button that does what the dialog is for.
fn main_button(ui: &mut Ui, enabled: bool, text: &str) -> bool {
    let tokens = Tokens::of(ui);
    let label = RichText::new(text).color(if enabled { tokens.on_accent } else { tokens.text_dim });
    let fill = if enabled { tokens.accent } else { tokens.raised };
    ui.add_enabled(enabled, egui::Button::new(label).fill(fill)).clicked()
}
