//! What a person says of the sample at the cursor, to see and to change: labels, tags and a note.
//!
//! With several samples selected what is done can be done to all of them, in one edit.

use std::path::PathBuf;

use egui::{Id, Key, Label, Modifiers, RichText, TextEdit, Ui, Vec2};

use super::facts::{Facts, MAX_LISTED};
use super::parts::section_ui;
use crate::dataset::edit::SampleSet;
use crate::dataset::query::write_time;
use crate::dataset::{LabelOrigin, SampleId, Signature};
use crate::state::{Action, How, LabelGesture, Session};
use crate::text::counted;
use crate::ui::Pencil;
use crate::ui::chips::{chip_ui, listed, more_ui, removable_ui};
use crate::ui::class_pick::name_problem;
use crate::ui::filters::origin_title;
use crate::ui::offers::{Field, Taken};
use crate::ui::tags::{Shows, TagsView, tag_field_ui, tags_ui};
use crate::ui::theme::{Tokens, size, space};
use crate::ui::widgets::warning_ui;

/// The largest note, in bytes.
const MAX_NOTE: usize = 20_000;

/// What is typed of a sample and not said yet.
#[derive(Debug, Default)]
pub(super) struct SaidView {
    /// The project's folder and the sample that it is of.
    of: Option<(PathBuf, SampleId)>,
    label: String,
    lists_all: bool,
    tags: TagsView,
    note: String,
    /// The note that the sample had when it was taken over.
    kept_note: String,
    /// Whether what is done is done to all selected samples.
    for_all: bool,
}

impl SaidView {
    /// Takes over what is said of a sample. A note that was typed of the one before is not lost.
    pub fn refresh(&mut self, pencil: &mut Pencil<'_>, session: &Session, sample: SampleId) {
        let folder = &session.project.folder;
        let note = session.snapshot.labelling.note(sample);
        match &self.of {
            Some((project, known)) if project == folder && *known == sample => {
                if self.kept_note != note {
                    (self.note, self.kept_note) = (note.to_owned(), note.to_owned());
                }
            }
            before => {
                if let Some((project, known)) = before
                    && self.note != self.kept_note
                {
                    let text = self.note.trim_end().to_owned();
                    match project == folder && (*known as usize) < session.snapshot.len() {
                        true => act(pencil, LabelGesture::Note { sample: *known, text }),
                        false => pencil.tell_lost_note(&text),
                    }
                }
                let (for_all, tags) = (self.for_all, std::mem::take(&mut self.tags));
                *self = Self {
                    of: Some((folder.clone(), sample)),
                    note: note.to_owned(),
                    kept_note: note.to_owned(),
                    for_all,
                    tags,
                    ..Self::default()
                };
            }
        }
    }

    /// Keeps a note that was typed and is not kept yet, since nobody goes on with it: its field is not drawn any more,
    /// or the dataset is closed.
    pub fn keep(&mut self, pencil: &mut Pencil<'_>, session: &Session) {
        let Some((project, sample)) = &self.of else { return };
        let sample = *sample;
        if *project == session.project.folder && (sample as usize) < session.snapshot.len() {
            keep_note(pencil, self, session, sample);
        }
    }
}

fn act(pencil: &mut Pencil<'_>, gesture: LabelGesture) {
    pencil.act(Action::Label(Box::new(gesture)));
}

/// The samples that something is done to.
fn samples(view: &SaidView, session: &Session, sample: SampleId) -> SampleSet {
    match view.for_all && can_be_for_all(session, sample) {
        true => SampleSet::from_mask(session.selection.mask()),
        false => SampleSet::from_rows([sample]),
    }
}

fn can_be_for_all(session: &Session, sample: SampleId) -> bool {
    session.selection.len() > 1 && session.selection.contains(sample)
}

/// The labels as chips, where they come from, and a field for another one.
pub(super) fn labels_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, view: &mut SaidView, facts: &Facts<'_>) {
    let tokens = Tokens::of(ui);
    let Facts { session, sample, .. } = *facts;
    let snapshot = &session.snapshot;
    let can_write = session.project.can_write();
    let mut removed = None;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = Vec2::new(space::XS + 2.0, space::XS);
        let classes = snapshot.labels().get(sample);
        let boxes = snapshot.boxes().get(sample);
        for class in classes.iter().take(listed(view.lists_all)) {
            let name = snapshot.labels().classes.get(*class as usize).map_or("?", String::as_str);
            let color = tokens.class_of(snapshot, *class);
            // A label that comes of a box goes with the box.
            let is_boxed = boxes.iter().any(|one| one.class == *class);
            if is_boxed || !can_write {
                chip_ui(ui, name, Some(color));
            } else if removable_ui(ui, name, Some(color), &format!("Remove the label {name}")) {
                removed = snapshot.in_force.identities.get(*class as usize).cloned();
            }
        }
        more_ui(ui, classes.len(), &mut view.lists_all);
        if classes.is_empty() {
            let text = RichText::new("Unlabelled").color(tokens.text_dim);
            ui.add(Label::new(text).selectable(false));
        }
        if let Some(split) = session.dataset().split(sample) {
            chip_ui(ui, split, None);
        }
    });
    if let Some(class) = removed {
        let (samples, origin) = (samples(view, session, sample), LabelOrigin::ByHand);
        act(pencil, LabelGesture::Give { samples, classes: vec![class], how: How::Remove, origin });
    }
    source_ui(ui, pencil, view, facts);
    if let Some(said) = snapshot.labelling.answer(sample) {
        let text = RichText::new(said_text(said.signature())).size(size::SMALL).color(tokens.text_dim);
        ui.add(Label::new(text).wrap());
    }
    if !can_write {
        return;
    }
    let names = || snapshot.labels().classes.iter().map(String::as_str);
    let field = Field { name: "Add label", hint: "Add label", new: Some("New class"), width: 260.0 };
    let (_, taken) = field.show(ui, &mut view.label, names);
    let is_known = |typed: &str| names().any(|name| name == typed.trim());
    let problem = name_problem(&view.label).filter(|_| !is_known(&view.label));
    if let Some(problem) = &problem {
        warning_ui(ui, problem);
    }
    if let Some(taken) = taken {
        // What cannot be a name stays in the field.
        if problem.is_none() || matches!(taken, Taken::Known(_)) {
            view.label.clear();
            add_label(pencil, view, facts, taken);
        }
        ui.memory_mut(|memory| memory.request_focus(field.id()));
    }
    if can_be_for_all(session, sample) {
        let count = counted(session.selection.len() as u64, "selected sample");
        let text = format!("Do it for all {count}");
        ui.checkbox(&mut view.for_all, text).on_hover_text(
            "Labels, tags and notes that are changed here change for all of them, in one step",
        );
    }
}

fn add_label(pencil: &mut Pencil<'_>, view: &SaidView, facts: &Facts<'_>, taken: Taken) {
    let Facts { session, sample, .. } = *facts;
    let snapshot = &session.snapshot;
    let samples = samples(view, session, sample);
    let name = match taken {
        Taken::Known(name) | Taken::New(name) => name,
    };
    let class = snapshot.labels().classes.iter().position(|known| *known == name);
    match class.and_then(|class| snapshot.in_force.identities.get(class)) {
        Some(class) => {
            let (classes, origin) = (vec![class.clone()], LabelOrigin::ByHand);
            act(pencil, LabelGesture::Give { samples, classes, how: How::Add, origin });
        }
        None => act(pencil, LabelGesture::AddClass { name, samples, how: How::Add }),
    }
}

/// What the source says, where that is another thing, and a button that takes it again.
fn source_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, view: &SaidView, facts: &Facts<'_>) {
    let Facts { session, sample, .. } = *facts;
    let snapshot = &session.snapshot;
    if !snapshot.is_relabelled(sample) {
        return;
    }
    let given: Vec<&str> = snapshot.dataset.labels.names(sample).take(MAX_LISTED).collect();
    let given = if given.is_empty() { "no label".to_owned() } else { given.join(", ") };
    let tokens = Tokens::of(ui);
    ui.horizontal_wrapped(|ui| {
        let text = RichText::new(format!("The source says: {given}")).color(tokens.text_dim);
        ui.add(Label::new(text).wrap());
        // What became of its classes is taken back in the dialog of classes.
        let is_answered = snapshot.labelling.answer(sample).is_some();
        if is_answered && session.project.can_write() {
            let button = ui.small_button("Give back").on_hover_text("Take the source's labels again");
            if button.clicked() {
                act(pencil, LabelGesture::GiveBack { samples: samples(view, session, sample) });
            }
        }
    });
}

/// Where a label or a box comes from, who gave it and when: "By hand, by Ada, 2026-11-30 14:05:00 UTC".
pub(super) fn said_text(said: Signature<'_>) -> String {
    let mut text = crate::text::sentence(origin_title(said.origin));
    text.truncate(text.trim_end_matches('.').len());
    if !said.by.is_empty() {
        text.push_str(", by ");
        text.push_str(said.by);
    }
    if said.time_ms != 0 {
        text.push_str(", ");
        write_time(said.time_ms, &mut text);
        text.push_str(" UTC");
    }
    text
}

/// Tags as chips with a field for another one, and the note.
pub(super) fn notes_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    open: &mut bool,
    view: &mut SaidView,
    facts: &Facts<'_>,
) {
    let Facts { session, sample, .. } = *facts;
    let labelling = &session.snapshot.labelling;
    let can_write = session.project.can_write();
    let is_said = labelling.tags(sample).next().is_some() || !labelling.note(sample).is_empty();
    if (!can_write && !is_said) || !section_ui(ui, open, "Tags and note", "") {
        // Closed with a note half typed: it is not lost.
        keep_note(pencil, view, session, sample);
        return;
    }
    let mut tags = std::mem::take(&mut view.tags);
    let all = || samples(view, session, sample);
    if labelling.tags(sample).next().is_some() {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = Vec2::new(space::XS + 2.0, space::XS);
            tags_ui(ui, pencil, &mut tags, session, sample, all);
        });
    }
    let field = ("Add a tag", Shows::Always);
    tag_field_ui(ui, pencil, &mut tags, session, sample, field, all);
    view.tags = tags;
    if !can_write {
        ui.add(Label::new(labelling.note(sample)).wrap());
        return;
    }
    note_ui(ui, pencil, view, facts);
}

/// The note, kept when the field loses the focus, when the window closes, and by Ctrl+Enter.
fn note_ui(ui: &mut Ui, pencil: &mut Pencil<'_>, view: &mut SaidView, facts: &Facts<'_>) {
    let Facts { session, sample, .. } = *facts;
    let id = Id::unique("note of the sample");
    let enters = ui.memory(|memory| memory.has_focus(id))
        && ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Enter));
    let field = TextEdit::multiline(&mut view.note)
        .id(id)
        .hint_text("A note")
        .char_limit(MAX_NOTE / 4)
        .desired_rows(2)
        .desired_width(ui.available_width());
    let response = ui.add(field).accessible_name("Note");
    let closes = ui.input(|input| input.viewport().close_requested());
    if enters || response.lost_focus() || closes {
        keep_note(pencil, view, session, sample);
    }
    if view.note != view.kept_note {
        ui.label(crate::ui::widgets::dim("Ctrl+Enter keeps the note"));
    }
}

/// Keeps what was typed, where that is another note.
fn keep_note(pencil: &mut Pencil<'_>, view: &mut SaidView, session: &Session, sample: SampleId) {
    if view.note == view.kept_note {
        return;
    }
    let text = view.note.trim_end().to_owned();
    // Once, whatever comes of it.
    view.note.clone_from(&text);
    view.kept_note.clone_from(&text);
    let samples = samples(view, session, sample);
    act(
        pencil,
        match samples.len() {
            1 => LabelGesture::Note { sample, text },
            _ => LabelGesture::NoteAll { samples, text },
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_where_it_comes_from_who_gave_it_and_when() {
        for (origin, by, time_ms, expected) in [
            (LabelOrigin::ByHand, "Ada", 1_796_047_500_000, "By hand, by Ada, 2026-11-30 14:05:00 UTC"),
            (LabelOrigin::Confirmed, "", 0, "Proposed and confirmed"),
            (LabelOrigin::Propagated, "Bob", 0, "Propagated, by Bob"),
        ] {
            assert_eq!(said_text(Signature { origin, by, time_ms }), expected);
        }
    }
}
