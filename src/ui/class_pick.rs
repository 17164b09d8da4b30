//! A list of classes to choose one of: of hundreds the one that is typed.
//!
//! It refuses to know what the class is chosen for.

use std::sync::Arc;

use egui::{Align2, FontId, Key, Sense, TextEdit, Ui, WidgetInfo, pos2, vec2};

use crate::dataset::ClassId;
use crate::state::Session;
use crate::state::labelling::classes::checked_name;
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets;

/// Height of a line, in points, and how many are shown before the list scrolls.
const LINE: f32 = 24.0;
const VISIBLE: usize = 12;
/// Width of the list, in points.
const WIDTH: f32 = 230.0;

/// What is typed and what it finds.
#[derive(Clone, Debug, Default)]
pub struct ClassPick {
    text: String,
    /// The classes that have what is typed in their name.
    listed: Vec<ClassId>,
    /// Whether a class has exactly the name that is typed.
    is_known: bool,
    /// What `listed` was worked out of.
    of: Option<(Arc<Vec<String>>, String)>,
    /// Whether the field is to take the focus.
    opens: bool,
}

/// What a person chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chosen {
    Class(ClassId),
    /// A class of this name, which there is not yet.
    New(String),
}

impl ClassPick {
    /// One that begins, with the focus in the field.
    pub fn opened() -> Self {
        Self { opens: true, ..Self::default() }
    }

    /// Begins anew, with the focus in the field.
    pub fn open(&mut self) {
        self.text.clear();
        self.opens = true;
    }

    fn refresh(&mut self, session: &Session) {
        let identities = &session.snapshot.in_force.identities;
        let typed = self.text.trim();
        let is_current =
            self.of.as_ref().is_some_and(|(known, text)| Arc::ptr_eq(known, identities) && text == typed);
        if is_current {
            return;
        }
        // Letter by letter, as names are folded.
        let wanted: String = typed.chars().flat_map(char::to_lowercase).collect();
        let folded = session.snapshot.vocabulary().classes.folded();
        let fits = |class: &ClassId| {
            wanted.is_empty() || folded.get(*class as usize).is_some_and(|name| name.contains(&wanted))
        };
        self.listed = (0..identities.len() as ClassId).filter(fits).collect();
        // What is typed in full comes first.
        let names = &session.snapshot.labels().classes;
        self.listed.sort_by_key(|class| {
            let is =
                |names: &[String], text: &str| names.get(*class as usize).is_some_and(|name| name == text);
            (!is(names, typed), !is(folded, &wanted))
        });
        self.is_known = names.iter().any(|name| name == typed);
        self.of = Some((identities.clone(), typed.to_owned()));
    }
}

/// What is wrong with the name of a new class that is being typed; nothing while nothing is typed.
pub fn name_problem(typed: &str) -> Option<String> {
    let is_typed = !typed.trim().is_empty();
    checked_name(typed).err().filter(|_| is_typed)
}

/// Takes the name of a new class out of the field that it is typed in. What cannot be a name stays there.
pub fn take_name(typed: &mut String) -> Option<String> {
    let name = checked_name(typed).ok()?.to_owned();
    typed.clear();
    Some(name)
}

/// Draws the field and the classes, of which none can be chosen where nothing can be changed. Enter chooses the first of them, which is the one that is typed in full where there
/// is one, or a new one where none fits; Shift+Enter chooses a new one whatever fits.
pub fn class_pick_ui(ui: &mut Ui, session: &Session, pick: &mut ClassPick) -> Option<Chosen> {
    ui.set_min_width(WIDTH);
    ui.add_enabled_ui(session.project.can_write(), |ui| choice_ui(ui, session, pick)).inner
}

fn choice_ui(ui: &mut Ui, session: &Session, pick: &mut ClassPick) -> Option<Chosen> {
    let field = ui
        .add(TextEdit::singleline(&mut pick.text).hint_text("Type a class").desired_width(WIDTH - space::S))
        .accessible_name("Type a class");
    if pick.opens && field.enabled() {
        // What is only measured at first cannot keep it.
        pick.opens = !field.has_focus();
        field.request_focus();
    }
    pick.refresh(session);
    let mut chosen = None;
    let names = &session.snapshot.labels().classes;
    widgets::lines_ui(ui, "classes to choose", (LINE, VISIBLE), pick.listed.len(), |ui, at| {
        let Some(class) = pick.listed.get(at).copied() else { return };
        if line_ui(ui, session, class, names.get(class as usize).map_or("?", String::as_str)) {
            chosen = Some(Chosen::Class(class));
        }
    });
    // Also where it lies within the name of another: "cat" beside "wildcat".
    let name = checked_name(&pick.text).ok().filter(|_| !pick.is_known);
    let new = name.map(|name| Chosen::New(name.to_owned()));
    if let Some(name) = name {
        let keys = if pick.listed.is_empty() { "Enter" } else { "Shift+Enter" };
        if ui.button(format!("New class “{name}”")).on_hover_text(keys).clicked() {
            chosen.clone_from(&new);
        }
    }
    if let Some(problem) = name_problem(&pick.text).filter(|_| !pick.is_known) {
        widgets::warning_ui(ui, &problem);
    }
    let enters = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    if enters && !pick.text.trim().is_empty() {
        let first = pick.listed.first().map(|class| Chosen::Class(*class));
        chosen = match ui.input(|input| input.modifiers.shift) {
            true => new.or(first),
            false => first.or(new),
        };
        if chosen.is_none() {
            field.request_focus();
        }
    }
    chosen
}

/// A class with its colour and key; whether it was clicked.
fn line_ui(ui: &mut Ui, session: &Session, class: ClassId, name: &str) -> bool {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::MenuItem, ui.is_enabled(), name));
    if !ui.is_rect_visible(rect) {
        return response.clicked();
    }
    let painter = ui.painter();
    if response.hovered() || response.has_focus() {
        painter.rect_filled(rect, space::RADIUS, tokens.raised_hover);
    }
    let middle = rect.center().y;
    let left = rect.left() + space::S;
    painter.circle_filled(pos2(left + 4.0, middle), 4.0, tokens.class_of(&session.snapshot, class));
    let right = pos2(rect.right() - space::S, middle);
    let key = session.labeller.keys().get(class as usize).copied().flatten();
    let key = key.map(|key| key.to_uppercase().to_string()).unwrap_or_default();
    let small = FontId::proportional(size::SMALL);
    let key = painter.text(right, Align2::RIGHT_CENTER, key, small, tokens.text_dim);
    let room = key.left() - left - 16.0 - space::S;
    let text = widgets::elided(painter, name, tokens.text, FontId::proportional(size::BODY), room);
    painter.galley(pos2(left + 16.0, middle - text.size().y / 2.0), text, tokens.text);
    response.clicked()
}
