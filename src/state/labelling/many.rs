//! Many samples at once: a class for all that are selected, proposals that a person confirms, and more samples like
//! those that are selected.

use crate::dataset::edit::SampleSet;
use crate::dataset::query::Bitmask;
use crate::dataset::{ClassId, LabelOrigin, SampleId};
use crate::review::similar;
use crate::state::gestures::Answer as Told;
use crate::state::labelling::lesson::NoModel;
use crate::state::labelling::{How, LabelGesture};
use crate::state::session::Session;
use crate::state::{Effect, Level};
use crate::text::{confidence_text, counted};

/// Samples that are looked for like at once, at least and at most: as many as are selected between these.
const MORE: std::ops::RangeInclusive<usize> = 10..=100;
/// Selected samples that others are looked for like, at most: it takes a moment of the interface's time.
const LIKE_MOST: usize = 10_000;

impl Session {
    /// What a key or a click on a class does to the selected samples; `None` where none is selected.
    pub fn labelling_selected(&self, class: ClassId) -> Option<LabelGesture> {
        let identity = self.snapshot.in_force.identities.get(class as usize)?;
        let how = if self.labeller.several { How::Toggle } else { How::Only };
        (!self.selection.is_empty()).then(|| LabelGesture::Give {
            samples: SampleSet::from_mask(self.selection.mask()),
            classes: vec![identity.clone()],
            how,
            origin: LabelOrigin::ByHand,
        })
    }

    /// Gives the selected samples their source's labels back; `None` where none is selected.
    pub fn giving_selected_back(&self) -> Option<LabelGesture> {
        let samples = || SampleSet::from_mask(self.selection.mask());
        (!self.selection.is_empty()).then(|| LabelGesture::GiveBack { samples: samples() })
    }

    /// The identity of the class that a model proposes for a sample without a label, and its confidence, 0 to 1.
    /// What a person said has no class stays without one.
    pub fn proposal(&self, sample: SampleId) -> Option<(&str, f32)> {
        let (identity, confidence) = self.labeller.proposals.as_ref()?.of(sample)?;
        let is_open =
            self.snapshot.labels().get(sample).is_empty() && self.snapshot.labelling.answer(sample).is_none();
        let identity = self.snapshot.labelling.classes().resolve(identity).filter(|_| is_open)?;
        Some((identity, confidence))
    }

    /// A proposal as it is read: the class's name on screen and its confidence, "cat 93 %".
    pub fn proposal_text(&self, sample: SampleId) -> Option<String> {
        let (identity, confidence) = self.proposal(sample)?;
        let name = self.snapshot.labelling.classes().name(identity);
        Some(format!("{name} {}", confidence_text(confidence)))
    }

    /// Confirms what a model proposes for the selected samples, as one step.
    pub(in crate::state) fn confirm_selected(&mut self) -> Told {
        let answer = |sample| self.proposal(sample).map(|(class, _)| (sample, vec![class.to_owned()]));
        let answers: Vec<(SampleId, Vec<String>)> = self.selection.iter().filter_map(answer).collect();
        if answers.is_empty() {
            let text = match self.labeller.proposals {
                Some(_) => "None of the selected samples has a proposal.",
                None => "Nothing is proposed yet: a model proposes once some samples are labelled.",
            };
            return (Vec::new(), Some((Level::Info, text.to_owned())));
        }
        self.label_gesture(LabelGesture::GiveEach { answers, origin: LabelOrigin::Confirmed })
    }

    /// Asks for labels that spread from others.
    pub(in crate::state) fn ask_spread(&mut self) -> Told {
        let generation = self.labeller.lesson.ask_spread();
        (vec![Effect::SpreadLabels { generation }], None)
    }

    /// Gives labels that were spread from others to the samples of the view that still have none, as one step.
    pub(in crate::state) fn take_spread(
        &mut self,
        generation: u64,
        found: Result<Vec<(SampleId, String)>, NoModel>,
    ) -> Told {
        if !self.labeller.lesson.is_spread(generation) {
            return Told::default();
        }
        let told = |text: &str| (Vec::<Effect>::new(), Some((Level::Info, text.to_owned())));
        let Ok(found) = found else {
            return told(
                "Labels spread over the neighbours that an analysis finds, and there was none yet: F6 starts one.",
            );
        };
        let identities = self.snapshot.in_force.identities.clone();
        let is_open = |(sample, class): &(SampleId, String)| {
            self.position_of(*sample).is_some()
                && self.snapshot.labels().get(*sample).is_empty()
                && self.snapshot.labelling.answer(*sample).is_none()
                && identities.contains(class)
        };
        let open = found.into_iter().filter(is_open);
        let answers: Vec<(SampleId, Vec<String>)> =
            open.map(|(sample, class)| (sample, vec![class])).collect();
        if answers.is_empty() {
            return told(
                "No unlabelled sample of the view has neighbours that agree on a label: label some more.",
            );
        }
        self.label_gesture(LabelGesture::GiveEach { answers, origin: LabelOrigin::Propagated })
    }

    /// Selects the samples of the view that are most like those that are selected, beside these. Where one of these
    /// has no label, they have none either.
    pub(in crate::state) fn select_more_alike(&mut self) -> Told {
        let told = |text: String| (Vec::<Effect>::new(), Some((Level::Info, text)));
        let Some(analysed) = self.review.analysed.clone() else {
            return told(
                "Samples are compared by an analysis, and there was none yet: F6 starts one.".to_owned(),
            );
        };
        let selected = self.selection.len();
        if selected > LIKE_MOST {
            return told(format!(
                "Select at most {} to find more like these.",
                counted(LIKE_MOST as u64, "sample")
            ));
        }
        let labels = self.snapshot.labels().clone();
        let lacks = |sample: SampleId| labels.get(sample).is_empty();
        let only_unlabelled = self.selection.iter().any(lacks);
        let shown = self.shown.found.rows.clone();
        let is_wanted =
            |sample: SampleId| shown.mask().contains(sample as usize) && (!only_unlabelled || lacks(sample));
        let most = selected.clamp(*MORE.start(), *MORE.end());
        let found = similar(&analysed.near, self.selection.mask(), most, is_wanted);
        let Some((_, farthest)) = found.last().copied() else {
            let without = if only_unlabelled { " without a label" } else { "" };
            return told(format!("No other sample{without} among those shown is like these."));
        };
        let rows: Vec<SampleId> = found.iter().map(|(sample, _)| *sample).collect();
        self.selection.add(&Bitmask::from_rows(self.selection.mask().len(), &rows));
        if let Some(position) = self.position_of(rows[0]) {
            self.reveal_position(position);
        }
        told(format!(
            "Selected {} more like these, the farthest {farthest:.2} away (1.41 is as different as chance).",
            counted(rows.len() as u64, "sample")
        ))
    }
}
