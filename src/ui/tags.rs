//! The tags of a sample, to see and to change: words with a cross behind each, and a field for another one.
//!
//! It refuses to know which samples they change for: that is asked where something is done.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{Key, Ui};

use super::chips::{chip_ui, listed, more_ui, removable_ui};
use super::offers::{Field, Taken};
use super::{Pencil, widgets};
use crate::dataset::edit::SampleSet;
use crate::dataset::{Labelling, SampleId};
use crate::state::{Action, LabelGesture, Session};

/// The largest tag, in bytes.
const MAX_TAG: usize = 200;

/// What is typed of a tag and not said yet.
#[derive(Debug, Default)]
pub struct TagsView {
    /// The project's folder and the sample that it is of.
    of: Option<(PathBuf, SampleId)>,
    typed: String,
    lists_all: bool,
    /// All tags under a labelling.
    all: Option<(Arc<Labelling>, Vec<String>)>,
}

impl TagsView {
    /// Turns to a sample: what is half typed was meant for the one before.
    fn meet(&mut self, session: &Session, sample: SampleId) {
        let folder = &session.project.folder;
        if !self.of.as_ref().is_some_and(|(project, known)| project == folder && *known == sample) {
            let all = self.all.take();
            *self = Self { of: Some((folder.clone(), sample)), all, ..Self::default() };
        }
    }

    /// The tags that there are, sorted: looked for where something else was said since.
    fn all(&mut self, labelling: &Arc<Labelling>) -> &[String] {
        if !self.all.as_ref().is_some_and(|(known, _)| Arc::ptr_eq(known, labelling)) {
            let tags = labelling.all_tags().into_iter().map(str::to_owned).collect();
            self.all = Some((labelling.clone(), tags));
        }
        self.all.as_ref().map_or(&[], |(_, tags)| tags)
    }
}

/// Draws the sample's tags one behind the other and takes the clicks on their crosses.
pub fn tags_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    view: &mut TagsView,
    session: &Session,
    sample: SampleId,
    samples: impl FnOnce() -> SampleSet,
) {
    view.meet(session, sample);
    let labelling = &session.snapshot.labelling;
    let mut removed = None;
    for tag in labelling.tags(sample).take(listed(view.lists_all)) {
        if !session.project.can_write() {
            chip_ui(ui, tag, None);
        } else if removable_ui(ui, tag, None, &format!("Remove the tag {tag}")) {
            removed = Some(tag.to_owned());
        }
    }
    more_ui(ui, labelling.tags(sample).count(), &mut view.lists_all);
    if let Some(tag) = removed {
        let gesture = LabelGesture::Tag { samples: samples(), tag, on: false };
        pencil.act(Action::Label(Box::new(gesture)));
    }
}

/// When the field for another tag is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    Always,
    /// From when it is asked for until it is left with nothing typed.
    Asked {
        now: bool,
    },
}

/// Draws the field for another tag, where it is there. `name` is its accessible name, which no other field has.
pub fn tag_field_ui(
    ui: &mut Ui,
    pencil: &mut Pencil<'_>,
    view: &mut TagsView,
    session: &Session,
    sample: SampleId,
    (name, shows): (&str, Shows),
    samples: impl FnOnce() -> SampleSet,
) {
    view.meet(session, sample);
    let field = Field { name, hint: "Add a tag", new: Some("New tag"), width: 260.0 };
    let is_open = |view: &TagsView| {
        let has_focus = ui.memory(|memory| memory.has_focus(field.id()));
        shows == Shows::Always || shows == (Shows::Asked { now: true }) || has_focus || !view.typed.is_empty()
    };
    if !session.project.can_write() || !is_open(view) {
        return;
    }
    let mut typed = std::mem::take(&mut view.typed);
    let tags: &[String] = if typed.trim().is_empty() { &[] } else { view.all(&session.snapshot.labelling) };
    let (response, taken) = field.show(ui, &mut typed, || tags.iter().map(String::as_str));
    view.typed = typed;
    if shows == (Shows::Asked { now: true }) {
        response.request_focus();
    }
    if shows != Shows::Always && response.lost_focus() && ui.input(|input| input.key_pressed(Key::Escape)) {
        view.typed.clear();
    }
    if view.typed.trim().len() > MAX_TAG {
        widgets::warning_ui(ui, &format!("A tag has {MAX_TAG} bytes at most."));
    }
    if let Some(Taken::Known(tag) | Taken::New(tag)) = taken
        && tag.len() <= MAX_TAG
    {
        view.typed.clear();
        let gesture = LabelGesture::Tag { samples: samples(), tag, on: true };
        pencil.act(Action::Label(Box::new(gesture)));
        ui.memory_mut(|memory| memory.request_focus(field.id()));
    }
}
