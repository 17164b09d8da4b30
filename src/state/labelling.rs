//! Labels by hand: what a person says of samples, as gestures and as the edits that they come to.
//!
//! What is kept are the edits: the rest is a moment of the program.

pub mod boxes;
pub mod changes;
pub mod classes;
pub mod lesson;
mod many;
mod pace;
mod pages;
mod queue;
pub mod sight;
#[cfg(test)]
mod tests;
mod walk;

use std::path::PathBuf;
use std::sync::Arc;

use self::boxes::{BoxEditor, BoxGesture};
use self::lesson::Lesson;
use super::gestures::Answer as Told;
use super::session::Session;
use super::{Effect, Level};
use crate::analysis::fewshot::{CurvePoint, Estimate};
use crate::dataset::edit::{Edit, SampleSet};
use crate::dataset::labelling::{Classes, LabelChanges, MAX_CLASS_NAME};
use crate::dataset::{Answer, ClassId, LabelOrigin, NamedBox, SampleId, Signature};

pub use pace::Pace;
pub use pages::{CellVerdict, PageCell, PageClass, PageStep, Pages, Ranked};
pub use queue::{DISPUTED, Ordered, Queue, QueueKind, QueueWish, is_unlabelled};
pub use walk::{Step, Walk};

/// Who labels, and when: the outside says both before a gesture is carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Who {
    /// The person's name in the settings; may be empty.
    pub person: String,
    /// Milliseconds since the Unix epoch.
    pub now_ms: i64,
}

impl Who {
    fn signature(&self, origin: LabelOrigin) -> Signature<'_> {
        Signature { origin, by: &self.person, time_ms: self.now_ms }
    }
}

/// How new classes go with those that a sample has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum How {
    /// They are its only ones.
    #[default]
    Only,
    /// It has them as well.
    Add,
    /// It has them no more.
    Remove,
    /// It has them as well, or no more where all of the samples have them.
    Toggle,
}

/// What a model proposes for samples, as of some answers: nothing of it is written until it is confirmed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proposals {
    /// Identities of the classes.
    pub identities: Arc<Vec<String>>,
    /// By row: an index into `identities`, or [`Self::NONE`].
    pub classes: Vec<u32>,
    /// By row: the calibrated probability that the class is right, 0 to 1.
    pub confidences: Vec<f32>,
    /// By row: the difference to the second class's probability, 0 to 1; small where the model cannot tell.
    pub margins: Vec<f32>,
    /// Number of answers that the model has seen.
    pub answers: usize,
    /// From each of these confidences on: how many proposals for unlabelled samples there are, and how many of them
    /// are wrong by the answers that were held back from the model.
    pub estimates: Vec<(f32, Estimate)>,
    /// How many proposals were right around a number of answers of this session.
    pub curve: Vec<CurvePoint>,
}

impl Proposals {
    /// No class is proposed.
    pub const NONE: u32 = u32::MAX;

    /// Answers, of two classes at least, before there are proposals.
    pub const FIRST_ANSWERS: usize = crate::pipeline::learning::FIRST_ANSWERS;

    /// How likely a proposal of this confidence is wrong, 0 to 1, by what the model says of itself: a calibrated
    /// confidence is the part of such proposals that is right.
    pub fn doubt(&self, confidence: f32) -> f64 {
        f64::from(1.0 - confidence)
    }

    /// The estimate for proposals from this confidence on: of the nearest one below it.
    pub fn estimate(&self, above: f32) -> Option<&Estimate> {
        let at = self.estimates.partition_point(|(from, _)| *from <= above).checked_sub(1)?;
        Some(&self.estimates[at].1)
    }

    /// The identity of the class proposed for a sample, and how sure that is.
    pub fn of(&self, sample: SampleId) -> Option<(&str, f32)> {
        let class = *self.classes.get(sample as usize)?;
        let identity = self.identities.get(class as usize)?;
        Some((identity, self.confidences.get(sample as usize).copied().unwrap_or(0.0)))
    }
}

/// Something that a person says of samples or classes. Classes are named by their identity, see
/// [`labelling`](crate::dataset::labelling).
#[derive(Clone, Debug, PartialEq)]
pub enum LabelGesture {
    /// Samples are of these classes; of none of them where there is none.
    Give {
        samples: SampleSet,
        classes: Vec<String>,
        how: How,
        origin: LabelOrigin,
    },
    /// An answer for each sample, as one step.
    GiveEach {
        answers: Vec<(SampleId, Vec<String>)>,
        origin: LabelOrigin,
    },
    /// Samples have the source's labels again.
    GiveBack {
        samples: SampleSet,
    },
    /// A new class, and samples that are of it.
    NewClass {
        name: String,
        samples: SampleSet,
    },
    /// A new class, and samples that are of it in this way.
    AddClass {
        name: String,
        samples: SampleSet,
        how: How,
    },
    /// Samples of a class, by identity, become a new class.
    Split {
        class: String,
        name: String,
        samples: SampleSet,
    },
    /// Other classes: names, keys, colours, an order, what became of which.
    Classes {
        to: Box<Classes>,
        what: String,
    },
    /// A tag, given or taken.
    Tag {
        samples: SampleSet,
        tag: String,
        on: bool,
    },
    Note {
        sample: SampleId,
        text: String,
    },
    /// The same note for several samples, [`MAX_NOTED`] at most.
    NoteAll {
        samples: SampleSet,
        text: String,
    },
    /// Samples have the source's boxes again.
    GiveBoxesBack {
        samples: SampleSet,
    },
    /// Other boxes; `None` are the source's again. Those that are new are the person's, whoever they name.
    Boxes {
        sample: SampleId,
        boxes: Option<Vec<NamedBox>>,
        what: String,
    },
    /// What else is done to boxes.
    EditBoxes(BoxGesture),
    /// Whether keys give labels: see [`Labeller::is_on`].
    KeysOn(bool),
    /// Whether a key adds a class or takes it away, instead of making it the only one.
    Several(bool),
    /// The class that a sweep over cells gives; `None` ends the mode.
    Paint(Option<String>),
    /// What the model sees pictures by: the folder of a trained model, or the description made by hand.
    SeeBy(Option<PathBuf>),
    /// The panel Label comes on screen with this of it, or goes.
    Look(Option<LabelLook>),
    /// Something about the sample at hand.
    Step(Step),
    /// Something about the page of proposals.
    Page(PageStep),
}

/// What of the panel Label is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LabelLook {
    #[default]
    OneByOne,
    Pages,
}

/// Samples that are given a note at once at most: each keeps the note that it had.
pub const MAX_NOTED: usize = 10_000;

/// The keys that are given to classes, the first to the first class. Letters that are keys of usual commands while
/// labelling (star, reviewed, keep, prune, undecide, next, previous) are not among them.
pub const KEYS: &str = "1234567890qwetyadfgjzcvbmio";

/// How a person labels.
#[derive(Clone, Debug, Default)]
pub struct Labeller {
    pub who: Who,
    /// Whether the keys of classes give labels in lists of samples; in the panel Label they always do.
    pub is_on: bool,
    /// Whether a key adds a class or takes it away, instead of making it the only one.
    pub several: bool,
    /// The identity of the class that is painted with.
    pub paint: Option<String>,
    /// How boxes are edited.
    pub boxes: BoxEditor,
    /// What a model proposes, where it was asked.
    pub proposals: Option<Arc<Proposals>>,
    /// What of the panel Label is on screen.
    pub shown: Option<LabelLook>,
    pub walk: Walk,
    pub pages: Pages,
    pub pace: Pace,
    pub lesson: Lesson,
    /// The key of each class in force, by class; worked out when classes change.
    keys: Arc<Vec<Option<char>>>,
    /// What `keys` was worked out of.
    keys_of: Option<(Arc<Vec<String>>, Arc<Classes>)>,
}

impl Labeller {
    /// One whose questions are numbered on from here.
    pub(super) fn new(first_question: u64) -> Self {
        let (walk, pages) = (Walk::new(first_question), Pages::new(first_question));
        let lesson = Lesson::new(first_question);
        Self { walk, pages, lesson, ..Self::default() }
    }

    /// Whether what the panel Label shows follows from how things stand now.
    pub fn is_answered(&self) -> bool {
        self.walk.is_answered() && self.pages.is_answered() && self.lesson.is_answered()
    }

    /// The key of each class in force, by class.
    pub fn keys(&self) -> &Arc<Vec<Option<char>>> {
        &self.keys
    }

    /// Whether the keys of classes give labels; without them nothing is painted either.
    pub(super) fn turn(&mut self, on: bool) {
        self.is_on = on;
        self.paint = self.paint.take().filter(|_| on);
    }

    /// The class that a key is of.
    pub fn class_of(&self, key: char) -> Option<ClassId> {
        self.keys.iter().position(|one| *one == Some(key)).map(|class| class as ClassId)
    }
}

/// Keys of classes: those that a person chose, and for the others the first of [`KEYS`] that is free.
fn keys_of(identities: &[String], classes: &Classes) -> Vec<Option<char>> {
    let chosen = |identity: &String| classes.entry(identity).and_then(|entry| entry.key);
    let taken: Vec<char> = identities.iter().filter_map(chosen).collect();
    let mut free = KEYS.chars().filter(|key| !taken.contains(key));
    identities.iter().map(|identity| chosen(identity).or_else(|| free.next())).collect()
}

impl Session {
    /// Keys follow the classes. Called before each gesture and after each change of classes.
    pub(super) fn refresh_labeller(&mut self) {
        let identities = &self.snapshot.in_force.identities;
        let classes = self.snapshot.labelling.classes();
        let is_current =
            self.labeller.keys_of.as_ref().is_some_and(|(names, decided)| {
                Arc::ptr_eq(names, identities) && Arc::ptr_eq(decided, classes)
            });
        if !is_current {
            self.labeller.keys = Arc::new(keys_of(identities, classes));
            // What was painted with may be gone.
            self.labeller.paint = self.labeller.paint.take().filter(|class| identities.contains(class));
            self.labeller.keys_of = Some((identities.clone(), classes.clone()));
        }
    }

    /// The identities of a sample's classes.
    pub fn identities_of(&self, sample: SampleId) -> Vec<String> {
        let identities = &self.snapshot.in_force.identities;
        let classes = self.snapshot.labels().get(sample).iter();
        classes.filter_map(|class| identities.get(*class as usize).cloned()).collect()
    }

    /// The identities of a sample's classes without those that its boxes alone bring.
    pub(super) fn own_identities_of(&self, sample: SampleId) -> Vec<String> {
        let classes = self.snapshot.labelling.classes();
        let boxed: Vec<ClassId> = self.snapshot.boxes().get(sample).iter().map(|one| one.class).collect();
        let identities = &self.snapshot.in_force.identities;
        let said = self.snapshot.labelling.answer(sample);
        let is_said = |identity: &str| {
            said.is_some_and(|said| said.labels().any(|label| classes.resolve(label) == Some(identity)))
        };
        let own = self.snapshot.labels().get(sample).iter().filter_map(|class| {
            let identity = identities.get(*class as usize)?;
            (!boxed.contains(class) || is_said(identity)).then(|| identity.clone())
        });
        own.collect()
    }

    pub(super) fn label_gesture(&mut self, gesture: LabelGesture) -> Told {
        match gesture {
            LabelGesture::Give { samples, classes, how, origin } => {
                let changes = self.giving(&samples, &classes, how, origin);
                self.edit(Edit::Label { changes })
            }
            LabelGesture::GiveEach { answers, origin } => {
                let each =
                    answers.into_iter().map(|(sample, labels)| (sample, Some(self.answer(labels, origin))));
                let changes = LabelChanges::of_each(each.collect::<Vec<_>>());
                self.edit(Edit::Label { changes })
            }
            LabelGesture::GiveBack { samples } => {
                self.edit(Edit::Label { changes: LabelChanges::same(&samples, None) })
            }
            LabelGesture::NewClass { name, samples } => {
                let how = if self.labeller.several { How::Add } else { How::Only };
                self.new_class(&name, &samples, how)
            }
            LabelGesture::AddClass { name, samples, how } => self.new_class(&name, &samples, how),
            LabelGesture::Split { class, name, samples } => self.split(&class, &name, &samples),
            LabelGesture::Classes { to, what } => {
                self.edit(Edit::SetClasses { from: Classes::default(), to: *to, what })
            }
            LabelGesture::Tag { samples, tag, on } => {
                self.edit(Edit::Tag { samples, tag: tag.trim().to_owned(), on })
            }
            LabelGesture::Note { sample, text } => {
                self.edit(Edit::Note { sample, from: String::new(), to: text })
            }
            LabelGesture::NoteAll { samples, text } => self.note_all(&samples, &text),
            LabelGesture::GiveBoxesBack { samples } => self.give_boxes_back(&samples),
            LabelGesture::Boxes { sample, boxes, what } => self.change_boxes(sample, boxes, what, None),
            LabelGesture::EditBoxes(gesture) => self.box_gesture(gesture),
            LabelGesture::KeysOn(on) => {
                self.labeller.turn(on);
                (Vec::new(), None)
            }
            LabelGesture::Several(several) => {
                self.labeller.several = several;
                (Vec::new(), None)
            }
            LabelGesture::Paint(class) => {
                self.labeller.paint = class;
                (Vec::new(), None)
            }
            LabelGesture::SeeBy(run) => self.see_by(run),
            LabelGesture::Look(look) => {
                self.labeller.shown = look;
                self.begin_walk();
                (Vec::new(), None)
            }
            LabelGesture::Step(step) => self.step_gesture(step),
            LabelGesture::Page(step) => self.page_gesture(step),
        }
    }

    /// Asks for what the panel Label shows, where that would be something else now.
    pub(super) fn ask_labelling(&mut self) -> Option<Effect> {
        match self.labeller.shown? {
            LabelLook::OneByOne => self.ask_walk(),
            LabelLook::Pages => self.ask_pages(),
        }
    }

    /// Notes what an edit changed for the panel Label.
    pub(super) fn labelling_notes(&mut self, edit: &Edit) {
        if matches!(edit, Edit::SetView { .. } | Edit::SaveView { .. } | Edit::SetPipeline { .. }) {
            return;
        }
        (self.labeller.walk.is_stale, self.labeller.pages.is_stale) = (true, true);
        if self.labeller.walk.has_begun() {
            self.note_labels(&edit.relabels().0);
        }
    }

    /// The panel Label goes where the history went.
    pub(super) fn labelling_travels(&mut self, edit: &Edit, to: SampleId, is_undo: bool) {
        match self.labeller.shown {
            Some(LabelLook::OneByOne) => self.labeller.walk.queue.show(to),
            Some(LabelLook::Pages) => self.pages_travel(edit, is_undo),
            None => {}
        }
    }

    fn answer(&self, labels: Vec<String>, origin: LabelOrigin) -> Answer {
        self.labeller.who.signature(origin).answer(labels)
    }

    /// What giving these classes to samples changes.
    pub(super) fn giving(
        &self,
        samples: &SampleSet,
        classes: &[String],
        how: How,
        origin: LabelOrigin,
    ) -> LabelChanges {
        let all_have = || {
            samples.iter().all(|sample| {
                let has = self.identities_of(sample);
                classes.iter().all(|class| has.contains(class))
            })
        };
        let how = match how {
            How::Toggle if all_have() => How::Remove,
            How::Toggle => How::Add,
            other => other,
        };
        if how == How::Only {
            return LabelChanges::same(samples, Some(self.answer(classes.to_vec(), origin)));
        }
        LabelChanges::of_each(samples.iter().map(|sample| {
            let mut labels = self.own_identities_of(sample);
            labels.retain(|label| !classes.contains(label));
            if how == How::Add {
                labels.extend_from_slice(classes);
            }
            (sample, Some(self.answer(labels, origin)))
        }))
    }

    fn note_all(&mut self, samples: &SampleSet, text: &str) -> Told {
        if samples.len() > MAX_NOTED {
            let text =
                format!("A note is written to {MAX_NOTED} samples at once at most; nothing was written.");
            return (Vec::new(), Some((Level::Warning, text)));
        }
        let count = crate::text::counted(samples.len() as u64, "sample");
        let what = match text.is_empty() {
            true => format!("Remove the notes of {count}"),
            false => format!("Write a note to {count}"),
        };
        let note = |sample| Edit::Note { sample, from: String::new(), to: text.to_owned() };
        self.edit(Edit::Several { edits: samples.iter().map(note).collect(), what })
    }

    /// A class of a name that there is already is that class.
    fn new_class(&mut self, name: &str, samples: &SampleSet, how: How) -> Told {
        let name = name.trim();
        if name.is_empty() || name.len() > MAX_CLASS_NAME {
            let text = format!("A class's name has 1 to {MAX_CLASS_NAME} bytes; no class was made.");
            return (Vec::new(), Some((Level::Warning, text)));
        }
        let names = &self.snapshot.labels().classes;
        let identities = &self.snapshot.in_force.identities;
        if let Some(known) = names.iter().position(|known| known == name) {
            let class = identities[known].clone();
            let changes = self.giving(samples, &[class], how, LabelOrigin::ByHand);
            return self.edit(Edit::Label { changes });
        }
        let mut to = Classes::clone(self.overlay.labelling.classes());
        let class = to.add(name, |identity| identities.iter().any(|known| known == identity));
        let what = format!("Add the class “{name}”");
        let add = Edit::SetClasses { from: Classes::default(), to, what: what.clone() };
        if samples.is_empty() {
            return self.edit(add);
        }
        let changes = self.giving(samples, &[class], how, LabelOrigin::ByHand);
        let label = Edit::Label { changes };
        let what = format!("{what} and label {}", crate::text::counted(samples.len() as u64, "sample"));
        self.edit(Edit::Several { edits: vec![add, label], what })
    }
}
