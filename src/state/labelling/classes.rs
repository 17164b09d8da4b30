//! The dialog Classes as plain data: what is listed, what is chosen and typed, and what a rename comes to.
//!
//! It refuses to know how it is drawn. What is decided of classes are [`Classes`], which one edit changes.

mod table;

use std::collections::BTreeSet;

pub use self::table::{ClassLine, ClassTable, LineKey, Renaming, SortBy};
use crate::dataset::edit::{Edit, SampleSet};
use crate::dataset::labelling::{Classes, LabelChanges, MAX_CLASS_NAME};
use crate::dataset::query::{Snapshot, parse};
use crate::dataset::{LabelOrigin, NamedBox, SampleId};
use crate::state::gestures::Answer;
use crate::state::{Dialog, Effect, Level, Session, State};
use crate::text::counted;

/// What is typed and chosen in the dialog.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClassesDraft {
    pub search: String,
    /// The name of a class to add.
    pub add: String,
    pub chosen: BTreeSet<LineKey>,
    /// The line that keys move from.
    pub cursor: Option<LineKey>,
    pub doing: Doing,
    /// What was told last of what was done, and whether it is a warning.
    pub told: Option<String>,
}

/// What a person is about to do with the classes that are chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Doing {
    #[default]
    Nothing,
    /// Gives the line at the cursor another name.
    Renaming {
        text: String,
        /// Whether another class has the name, and merging them is offered.
        offers_merge: bool,
    },
    /// Into the class of the name that is typed.
    Merging {
        into: String,
    },
    /// Some samples of the class at the cursor become a new class.
    Splitting {
        name: String,
        by: SplitBy,
        filter: String,
    },
    Removing {
        becomes: Becomes,
        /// The class of samples that move, as typed.
        into: String,
    },
    /// The next key is the one of the class at the cursor.
    Keying,
    Colouring,
}

/// Which samples of a class are split from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SplitBy {
    /// Those that are selected.
    #[default]
    Selection,
    /// Those that fit a filter.
    Filter,
}

/// What becomes of the samples of a class that is removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Becomes {
    /// They have it no more.
    #[default]
    Unlabelled,
    /// They are of another class.
    Moved,
}

/// Which samples of a class fit a filter: asked of another thread, since it takes as long as a filter of the view.
#[derive(Debug, Default)]
pub struct Splitting {
    pub asked: u64,
    pub answered: u64,
    wanted: Option<SplitQuestion>,
    /// The samples, or what is wrong with the filter.
    pub found: Option<Result<SampleSet, String>>,
}

/// A class by identity, and a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitQuestion {
    pub class: String,
    pub filter: String,
}

impl SplitQuestion {
    /// The samples of the class that fit the filter, or what is wrong with it.
    pub fn answer(&self, snapshot: &Snapshot) -> Result<SampleSet, String> {
        let query = parse(&self.filter, snapshot.vocabulary()).map_err(|error| error.message)?;
        let identities = &snapshot.in_force.identities;
        let class = identities.iter().position(|one| *one == self.class).map(|class| class as u32);
        let labels = snapshot.labels();
        let is_of = |sample: &SampleId| class.is_some_and(|class| labels.get(*sample).contains(&class));
        Ok(SampleSet::from_rows(query.mask(snapshot).iter().filter(is_of)))
    }
}

impl Splitting {
    /// Nothing is asked; questions are numbered on from `first`.
    pub fn new(first: u64) -> Self {
        Self { asked: first, answered: first, ..Self::default() }
    }

    pub fn is_answered(&self) -> bool {
        self.asked == self.answered
    }

    /// What is asked now.
    pub fn wanted(&self) -> Option<&SplitQuestion> {
        self.wanted.as_ref()
    }

    pub(in crate::state) fn take(&mut self, generation: u64, found: Result<SampleSet, String>) {
        if generation == self.asked {
            self.answered = generation;
            self.found = Some(found);
        }
    }
}

/// A name without the space around it, or what is wrong with it.
pub fn checked_name(name: &str) -> Result<&str, String> {
    let name = name.trim();
    match name.len() {
        0 => Err("A class needs a name.".to_owned()),
        1..=MAX_CLASS_NAME => Ok(name),
        _ => Err(format!("A class's name has {MAX_CLASS_NAME} bytes at most.")),
    }
}

/// “cat”, or "3 classes".
pub fn named<'a>(classes: &Classes, identities: impl IntoIterator<Item = &'a str>) -> String {
    let identities: Vec<&str> = identities.into_iter().collect();
    match identities.as_slice() {
        [one] => format!("the class “{}”", classes.name(one)),
        many => counted(many.len() as u64, "class"),
    }
}

impl State {
    /// Asks which samples a filter splits from a class, where the dialog asks for others than before.
    pub(in crate::state) fn ask_split(&mut self) -> Option<Effect> {
        let session = self.session.as_mut()?;
        let wanted = match &self.dialog {
            Some(Dialog::Classes(draft)) => split_question(draft),
            _ => None,
        };
        let splitting = &mut session.splitting;
        if splitting.wanted == wanted {
            return None;
        }
        splitting.wanted = wanted;
        splitting.found = None;
        splitting.wanted.as_ref()?;
        splitting.asked += 1;
        Some(Effect::FindSplit { generation: splitting.asked })
    }

    /// Says once where a person's name is set, after a label by somebody without one.
    pub(in crate::state) fn hint_at_name(&mut self) {
        let Some(session) = &self.session else { return };
        let is_nameless = self.settings.person.trim().is_empty() && session.project.can_write();
        if self.hinted_at_name || !is_nameless {
            return;
        }
        let labelling = &session.overlay.labelling;
        let is_labelled = labelling.touched().any(|sample| {
            labelling
                .signature(sample)
                .is_some_and(|said| said.origin != LabelOrigin::Imported && said.by.is_empty())
        });
        if is_labelled {
            self.hinted_at_name = true;
            let text = "Labels are kept with the name of whoever gives them. Yours is not set yet: Settings (Ctrl+,) \
                        has a field for it.";
            self.notify(Level::Info, text);
        }
    }
}

/// What is to be found out for what is typed, if anything is.
fn split_question(draft: &ClassesDraft) -> Option<SplitQuestion> {
    let Doing::Splitting { by: SplitBy::Filter, filter, .. } = &draft.doing else { return None };
    let LineKey::Class(class) = draft.cursor.as_ref()? else { return None };
    let filter = filter.trim();
    (!filter.is_empty()).then(|| SplitQuestion { class: class.clone(), filter: filter.to_owned() })
}

impl Session {
    /// Those of the selected samples that are of a class, by identity.
    pub fn selected_of(&self, class: &str) -> SampleSet {
        let identities = &self.snapshot.in_force.identities;
        let Some(class) = identities.iter().position(|one| one == class) else { return SampleSet::default() };
        let labels = self.snapshot.labels();
        let is_of = |sample: &SampleId| labels.get(*sample).contains(&(class as u32));
        SampleSet::from_rows(self.selection.iter().filter(is_of))
    }

    /// Makes a new class of samples, in place of a class that they have: of their labels and of their boxes.
    pub(in crate::state) fn split(&mut self, class: &str, name: &str, samples: &SampleSet) -> Answer {
        let name = match checked_name(name) {
            Ok(name) => name,
            Err(text) => return (Vec::new(), Some((Level::Warning, text))),
        };
        let names = &self.snapshot.labels().classes;
        let identities = self.snapshot.in_force.identities.clone();
        // Of what was chosen a moment ago some may be of another class by now.
        let of = identities.iter().position(|one| one == class).map(|class| class as u32);
        let labels = self.snapshot.labels();
        let end = self.snapshot.len() as SampleId;
        let is_of =
            |sample: &SampleId| *sample < end && of.is_some_and(|of| labels.get(*sample).contains(&of));
        let samples = &SampleSet::from_rows(samples.iter().filter(is_of));
        if names.iter().any(|known| known == name) || samples.is_empty() {
            let text = match samples.is_empty() {
                true => "No sample of the class was chosen; nothing was split.".to_owned(),
                false => format!("There is a class “{name}” already; nothing was split."),
            };
            return (Vec::new(), Some((Level::Warning, text)));
        }
        let mut to = Classes::clone(self.overlay.labelling.classes());
        let new = to.add(name, |identity| identities.iter().any(|known| known == identity));
        let what = format!(
            "Split “{name}” from “{}” with {}",
            to.name(class),
            counted(samples.len() as u64, "sample")
        );
        let mut edits = vec![Edit::SetClasses { from: Classes::default(), to, what: what.clone() }];
        let boxes = self.snapshot.boxes();
        let is_boxed =
            |sample: SampleId| of.is_some_and(|of| boxes.get(sample).iter().any(|one| one.class == of));
        for sample in samples.iter().filter(|sample| is_boxed(*sample)) {
            let record = |one: &crate::dataset::BoxRecord| {
                let identity =
                    if Some(one.class) == of { Some(&new) } else { identities.get(one.class as usize) };
                let (class, rect, relative) = (identity?.clone(), one.rect, one.relative);
                Some(NamedBox { class, rect, relative, ..NamedBox::default() })
            };
            let to = boxes.get(sample).iter().filter_map(record).collect();
            let to = Some(self.signed(sample, to, &[]));
            edits.push(Edit::SetBoxes { sample, from: None, to, what: what.clone() });
        }
        // A class that comes of boxes alone goes with them.
        let answered = |sample: &SampleId| {
            let said = self.overlay.labelling.answer(*sample);
            said.map_or(!is_boxed(*sample), |said| {
                said.labels().any(|one| to_class(self, one) == Some(class))
            })
        };
        let labelled: Vec<SampleId> = samples.iter().filter(answered).collect();
        let each = labelled.iter().map(|sample| {
            // What its boxes alone bring stays theirs, as where a class is given beside others.
            let labels = self.own_identities_of(*sample).into_iter();
            let labels = labels.map(|one| if one == class { new.clone() } else { one });
            (*sample, Some(self.answer(labels.collect(), LabelOrigin::ByHand)))
        });
        edits.push(Edit::Label { changes: LabelChanges::of_each(each.collect::<Vec<_>>()) });
        self.edit(Edit::Several { edits, what })
    }
}

/// The identity that one stands for now.
fn to_class<'a>(session: &'a Session, identity: &'a str) -> Option<&'a str> {
    session.overlay.labelling.classes().resolve(identity)
}
