//! The dialog in which a person adds, renames, merges, splits, removes and orders classes, and gives them keys and
//! colours.
//!
//! Each change is one edit. What is typed and chosen is state ([`ClassesDraft`]); how far the list is scrolled and what
//! is dragged is not.

mod ask;
mod gone;
mod list;
mod marks;

use std::sync::Arc;

use egui::{Button, FocusDirection, Key, Modifiers, RichText, TextEdit, Ui};
use egui_material_icons::icons;

use super::{Pen, dim};
use crate::dataset::Labels;
use crate::dataset::edit::SampleSet;
use crate::dataset::labelling::Classes;
use crate::state::labelling::KEYS;
use crate::state::labelling::classes::{
    ClassTable, ClassesDraft, Doing, LineKey, SortBy, checked_name, named,
};
use crate::state::{Action, Command, Dialog, LabelGesture, Session};
use crate::text::{counted, grouped};
use crate::ui::lists;
use crate::ui::theme::{Tokens, space};
use crate::ui::widgets::{self, IconButton};

/// Drawing state of the dialog.
#[derive(Debug, Default)]
pub(super) struct ClassesView {
    table: ClassTable,
    /// Points from the top of the list.
    position: f64,
    dragged: Option<LineKey>,
    /// The line whose name is changed.
    renamed: Option<LineKey>,
    /// The line that a range is chosen from.
    anchor: Option<LineKey>,
    /// Whether the line at the cursor is to come on screen.
    reveals: bool,
    /// A colour that is being picked.
    colour: Option<[u8; 3]>,
    selected: Option<Selected>,
    /// How many samples and boxes the classes have that something is asked about, by identity.
    counted: Option<(Vec<String>, (u64, u64))>,
}

/// The selected samples of a class, by identity, under these labels.
type Selected = (String, Arc<Labels>, SampleSet);

impl ClassesView {
    pub(super) fn clear(&mut self) {
        if self.table.lines.is_empty() && self.selected.is_none() {
            return;
        }
        *self = Self::default();
    }
}

/// What the parts of the dialog work on.
struct Desk<'a, 'b, 'c> {
    pen: &'a mut Pen<'b, 'c>,
    session: &'a Session,
    draft: ClassesDraft,
}

impl Desk<'_, '_, '_> {
    fn classes(&self) -> &Classes {
        self.session.snapshot.labelling.classes()
    }

    /// The name of a class on screen.
    fn name(&self, identity: &str) -> String {
        self.classes().name(identity).to_owned()
    }

    fn can_write(&self) -> bool {
        self.session.project.can_write()
    }

    /// Changes classes in one edit, after which nothing is being done any more.
    fn change(&mut self, to: Classes, what: String) {
        self.act(LabelGesture::Classes { to: Box::new(to), what });
    }

    fn act(&mut self, gesture: LabelGesture) {
        self.pen.act(Action::Label(Box::new(gesture)));
        if self.can_write() {
            self.draft.doing = Doing::Nothing;
            self.draft.told = None;
        }
    }

    /// Begins something with what is chosen, where anything can be changed.
    fn begin(&mut self, doing: Doing) {
        if doing != Doing::Nothing && !self.can_write() {
            self.draft.told = self.session.why_read_only();
            return;
        }
        self.draft.doing = doing;
        self.draft.told = None;
    }

    /// The key of a class in force.
    fn key_of(&self, class: u32) -> Option<char> {
        self.session.labeller.keys().get(class as usize).copied().flatten()
    }
}

pub(super) fn classes_ui(ui: &mut Ui, pen: &mut Pen<'_, '_>, view: &mut ClassesView, draft: &ClassesDraft) {
    let Some(session) = &pen.pencil.state.session else {
        dim(ui, "No dataset is open.");
        return;
    };
    if !view.table.is_of(&session.snapshot) {
        view.table = ClassTable::new(&session.snapshot);
        view.counted = None;
    }
    if !matches!(draft.doing, Doing::Renaming { .. }) {
        view.renamed = None;
    }
    let mut desk = Desk { pen, session, draft: draft.clone() };
    let listed = view.table.listed(&desk.draft.search);
    keys(ui, &mut desk, view, &listed);
    if desk.draft.doing != Doing::Colouring {
        // Given up while it was dragged: no other class gets it.
        view.colour = None;
    }
    top_ui(ui, &mut desk, view, listed.len());
    ui.add_space(space::XS);
    list::list_ui(ui, &mut desk, view, &listed);
    ui.add_space(space::XS);
    tools_ui(ui, &mut desk, view);
    if let Some(told) = desk.draft.told.clone() {
        let color = Tokens::of(ui).warn;
        ui.add(egui::Label::new(RichText::new(told).color(color)).wrap());
    }
    ask::ask_ui(ui, &mut desk, view);
    gone::gone_ui(ui, &mut desk, &view.table);
    if desk.draft != *draft {
        let draft = Box::new(desk.draft);
        pen.act(Action::ShowDialog(Dialog::Classes(draft)));
    }
}

/// The search, and the field for a new class.
fn top_ui(ui: &mut Ui, desk: &mut Desk<'_, '_, '_>, view: &mut ClassesView, listed: usize) {
    let classes = desk.session.snapshot.labels().classes.len();
    ui.horizontal(|ui| {
        let width = (ui.available_width() - 250.0).clamp(120.0, 260.0);
        let search =
            TextEdit::singleline(&mut desk.draft.search).hint_text("Search classes").desired_width(width);
        if ui.add(search).accessible_name("Search classes").changed() {
            view.position = 0.0;
        }
        let text = match desk.draft.search.trim() {
            "" => counted(classes as u64, "class"),
            _ => format!("{} of {}", grouped(listed as u64), grouped(classes as u64)),
        };
        ui.label(widgets::dim(text));
    });
    ui.horizontal(|ui| {
        let id = egui::Id::unique("name of a new class");
        let enters = ui.memory(|memory| memory.has_focus(id))
            && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Enter));
        let width = (ui.available_width() - 120.0).clamp(120.0, 400.0);
        let can_write = desk.can_write();
        let field = TextEdit::singleline(&mut desk.draft.add).id(id).return_key(None);
        let field = field.hint_text("A new class, such as animal/cat").desired_width(width);
        ui.add_enabled(can_write, field).accessible_name("Name of a new class");
        let is_named = !desk.draft.add.trim().is_empty() && can_write;
        if (ui.add_enabled(is_named, Button::new("Add class")).clicked() || enters) && is_named {
            add(desk, view);
        }
    });
}

fn add(desk: &mut Desk<'_, '_, '_>, view: &ClassesView) {
    let name = match checked_name(&desk.draft.add) {
        Ok(name) => name.to_owned(),
        Err(text) => {
            desk.draft.told = Some(text);
            return;
        }
    };
    if let Some(line) = view.table.class_named(&name) {
        desk.draft.cursor = Some(line.key.clone());
        desk.draft.chosen = [line.key.clone()].into();
        desk.begin(Doing::Nothing);
        desk.draft.told = Some(format!("There is a class “{name}” already."));
        return;
    }
    desk.draft.add.clear();
    desk.act(LabelGesture::NewClass { name, samples: SampleSet::default() });
}

/// The keys of the dialog; a field that is typed in has them first.
fn keys(ui: &mut Ui, desk: &mut Desk<'_, '_, '_>, view: &mut ClassesView, listed: &[usize]) {
    let escapes = desk.draft.doing != Doing::Nothing
        && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
    if escapes {
        desk.begin(Doing::Nothing);
        return;
    }
    if ui.ctx().text_edit_focused() {
        return;
    }
    if desk.draft.doing == Doing::Keying {
        pressed_key(ui, desk, &view.table);
        return;
    }
    let shift = Modifiers::COMMAND | Modifiers::SHIFT;
    for (modifiers, key, command) in [
        (shift, Key::Z, Command::Redo),
        (Modifiers::COMMAND, Key::Y, Command::Redo),
        (Modifiers::COMMAND, Key::Z, Command::Undo),
    ] {
        if ui.input_mut(|input| input.consume_key(modifiers, key)) {
            desk.pen.act(Action::Run(command));
        }
    }
    let by = ui.input_mut(|input| {
        let mut presses = |key| input.count_and_consume_key(Modifiers::ALT, key) as isize;
        presses(Key::ArrowDown) - presses(Key::ArrowUp)
    });
    if by != 0 {
        ui.memory_mut(|memory| memory.move_focus(FocusDirection::None));
        move_by(desk, view, by);
    }
    let at = cursor(desk, &view.table).and_then(|at| listed.iter().position(|one| *one == at));
    if let Some(to) = lists::moved(ui, at, listed.len(), 12.0) {
        put_cursor(desk, view, listed, to);
    }
    if ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::F2)) {
        begin_rename(desk, &view.table);
    }
    if ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Delete)) {
        begin_remove(desk, &view.table);
    }
}

/// Goes to a listed line, and chooses it alone.
fn put_cursor(desk: &mut Desk<'_, '_, '_>, view: &mut ClassesView, listed: &[usize], to: usize) {
    let Some(line) = listed.get(to).and_then(|at| view.table.lines.get(*at)) else { return };
    if desk.draft.cursor.as_ref() != Some(&line.key) {
        // What was begun was meant for the class before.
        desk.begin(Doing::Nothing);
    }
    desk.draft.cursor = Some(line.key.clone());
    desk.draft.chosen = [line.key.clone()].into();
    view.anchor = Some(line.key.clone());
    view.reveals = true;
}

/// The line at the cursor.
fn cursor(desk: &Desk<'_, '_, '_>, table: &ClassTable) -> Option<usize> {
    table.find(desk.draft.cursor.as_ref()?)
}

/// The class at the cursor: its identity, and its number.
fn class_at_cursor<'t>(desk: &Desk<'_, '_, '_>, table: &'t ClassTable) -> Option<(&'t str, u32)> {
    let at = cursor(desk, table)?;
    Some((table.identity(at)?, table.lines[at].class?))
}

fn move_by(desk: &mut Desk<'_, '_, '_>, view: &mut ClassesView, by: isize) {
    let moved = cursor(desk, &view.table).and_then(|at| Some((at, view.table.moved(at, by)?)));
    if let Some((at, order)) = moved {
        let what = format!("Move “{}”", view.table.lines[at].path);
        desk.change(desk.classes().ordered(order), what);
        view.reveals = true;
    }
}

fn begin_rename(desk: &mut Desk<'_, '_, '_>, table: &ClassTable) {
    if let Some(at) = cursor(desk, table) {
        let text = table.lines[at].path.clone();
        desk.begin(Doing::Renaming { text, offers_merge: false });
    }
}

/// Asks what becomes of the samples of what is chosen; what has none is removed at once.
fn begin_remove(desk: &mut Desk<'_, '_, '_>, table: &ClassTable) {
    let identities = table.identities_of(&desk.draft.chosen);
    if identities.is_empty() {
        return;
    }
    if table.counted(&identities) == (0, 0) {
        let what = format!("Remove {}", named(desk.classes(), identities.iter().copied()));
        desk.change(desk.classes().removed(identities), what);
    } else {
        desk.begin(Doing::Removing { becomes: Default::default(), into: String::new() });
    }
}

/// Binds the key that was pressed to the class at the cursor.
fn pressed_key(ui: &mut Ui, desk: &mut Desk<'_, '_, '_>, table: &ClassTable) {
    let pressed = ui.input_mut(|input| {
        let mut pressed = None;
        input.events.retain(|event| match event {
            egui::Event::Key { key, pressed: true, modifiers, .. } if !modifiers.any() => {
                pressed = Some(*key);
                false
            }
            egui::Event::Text(_) => false,
            _ => true,
        });
        pressed
    });
    let Some(pressed) = pressed else { return };
    ui.memory_mut(|memory| memory.move_focus(FocusDirection::None));
    let mut letters = pressed.name().chars().flat_map(char::to_lowercase);
    let key = letters.next().filter(|_| letters.next().is_none());
    match key.filter(|key| KEYS.contains(*key)) {
        Some(key) => bind(desk, table, Some(key)),
        None => {
            let text = format!(
                "{} is the key of a command or none that can be typed. Press another one.",
                pressed.name()
            );
            desk.draft.told = Some(text);
        }
    }
}

/// Gives the class at the cursor a key; a class that has it takes the one that it had.
fn bind(desk: &mut Desk<'_, '_, '_>, table: &ClassTable, key: Option<char>) {
    let Some((identity, class)) = class_at_cursor(desk, table) else { return };
    let had = desk.key_of(class);
    let other = key.and_then(|key| desk.session.labeller.class_of(key)).filter(|other| *other != class);
    let other = other.and_then(|other| desk.session.snapshot.in_force.identities.get(other as usize));
    let to = desk.classes().keyed(identity, key, other.map(|other| (other.as_str(), had)));
    let name = desk.name(identity);
    let what = match key {
        Some(key) => format!("Give “{name}” the key {}", key.to_uppercase()),
        None => format!("Give “{name}” the next free key"),
    };
    let told = other.zip(key).map(|(other, key)| {
        let now = had.map_or_else(|| "no key".to_owned(), |had| format!("the key {}", had.to_uppercase()));
        format!(
            "The key {} was that of “{}”, which has {now} from now on.",
            key.to_uppercase(),
            desk.name(other)
        )
    });
    desk.change(to, what);
    desk.draft.told = told;
}

/// What can be done with the classes that are chosen.
fn tools_ui(ui: &mut Ui, desk: &mut Desk<'_, '_, '_>, view: &mut ClassesView) {
    let at = cursor(desk, &view.table);
    let is_class = class_at_cursor(desk, &view.table).is_some();
    let chosen = view.table.identities_of(&desk.draft.chosen).len();
    let can = |command| desk.pen.pencil.state.can_run(command);
    let (undoes, redoes) = (can(Command::Undo), can(Command::Redo));
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::Vec2::splat(space::XS);
        let button = |ui: &mut Ui, enabled: bool, text: &str, help: &str| {
            ui.add_enabled(enabled, Button::new(text)).on_hover_text(help).clicked()
        };
        if button(ui, at.is_some(), "Rename", "Another name; those under it go with it (F2)") {
            begin_rename(desk, &view.table);
        }
        if button(ui, chosen > 0, "Merge…", "Make the chosen classes one") {
            desk.begin(Doing::Merging { into: String::new() });
        }
        if button(ui, is_class, "Split…", "Make a new class of some of its samples") {
            desk.begin(Doing::Splitting {
                name: String::new(),
                by: Default::default(),
                filter: String::new(),
            });
        }
        if button(ui, chosen > 0, "Remove…", "Say what becomes of its samples, and remove it (Delete)") {
            begin_remove(desk, &view.table);
        }
        for (icon, name, by) in
            [(icons::ICON_ARROW_UPWARD, "Move up", -1), (icons::ICON_ARROW_DOWNWARD, "Move down", 1)]
        {
            let can_move = at.is_some_and(|at| view.table.can_move(at, by));
            if IconButton::new(icon, name).enabled(can_move).show(ui).clicked() {
                move_by(desk, view, by);
            }
        }
        for (text, by, what) in [
            ("Sort by name", SortBy::Name, "Sort classes by name"),
            ("Sort by count", SortBy::Count, "Sort classes by count"),
        ] {
            if button(ui, view.table.lines.len() > 1, text, "Keys follow the order, where none was chosen") {
                desk.change(desk.classes().ordered(view.table.sorted(by)), what.to_owned());
            }
        }
        for (icon, name, command, enabled) in [
            (icons::ICON_UNDO, "Undo", Command::Undo, undoes),
            (icons::ICON_REDO, "Redo", Command::Redo, redoes),
        ] {
            if IconButton::new(icon, name).enabled(enabled).show(ui).clicked() {
                desk.pen.act(Action::Run(command));
                desk.begin(Doing::Nothing);
            }
        }
    });
}
