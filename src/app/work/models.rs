//! All that is under way about models: runs, the model that is looked into, and what is asked of it.
//!
//! What each of them does is in a file of its own; here is which of them there are at a time.

use std::sync::Arc;

use crossbeam_channel::Sender;
use egui::Context;

use super::decoding::{Studio, Within};
use super::evaluating::Evaluating;
use super::live::Live;
use super::studio::{Encoding, Loaded, OpeningModel};
use super::training::{Asking, Training};
use super::{mapping, no_thread, no_thread_text};
use crate::jobs::{Control, Newest};
use crate::state::latent::ModelRef;
use crate::state::{Action, Draft, Effect, End, JobId, Session, State};
use crate::train::device::{Choice, Graphics};
use crate::train::space::Space;

/// Work about models beside the interface.
pub struct Models {
    ctx: Context,
    graphics: Option<Graphics>,
    train: Option<Training>,
    /// What is asked about training, the newest last.
    asking: Vec<Asking>,
    opening: Option<OpeningModel>,
    /// The model that is looked into, and where the samples lie in it.
    loaded: Option<Arc<Loaded>>,
    space: Option<Arc<Space>>,
    encode: Option<Encoding>,
    evaluate: Option<Evaluating>,
    studio: Studio,
    mapper: Newest<mapping::Wish>,
}

impl Models {
    pub fn new(ctx: &Context, answers: &Sender<Action>, graphics: Option<Graphics>) -> Self {
        let waker = ctx.clone();
        let studio = Studio::spawn(answers.clone(), move || waker.request_repaint());
        let waker = ctx.clone();
        let mapper = mapping::spawn(answers.clone(), move || waker.request_repaint());
        Self {
            ctx: ctx.clone(),
            graphics,
            train: None,
            asking: Vec::new(),
            opening: None,
            loaded: None,
            space: None,
            encode: None,
            evaluate: None,
            studio,
            mapper,
        }
    }

    /// Whether nothing is under way.
    pub fn is_idle(&self) -> bool {
        let is_quiet = self.opening.is_none() && self.asking.is_empty();
        is_quiet && self.train.is_none() && self.encode.is_none() && self.evaluate.is_none()
    }

    /// The model that is looked into.
    pub fn loaded(&self) -> Option<Arc<Loaded>> {
        self.loaded.clone()
    }

    /// Forgets the dataset; gives what still has to let its project go.
    pub fn let_go(&mut self) -> (Option<Training>, Option<Encoding>) {
        self.asking.clear();
        (self.opening, self.loaded, self.space, self.evaluate) = (None, None, None, None);
        (self.train.take(), self.encode.take())
    }

    pub fn controls(&self) -> impl Iterator<Item = (JobId, &Control)> {
        let train = self.train.as_ref().map(|train| (JobId::Train, train.control()));
        let encode = self.encode.as_ref().map(|encode| (JobId::Encode, encode.control()));
        let evaluate = self.evaluate.as_ref().map(|evaluate| (JobId::Evaluate, evaluate.control()));
        train.into_iter().chain(encode).chain(evaluate)
    }

    /// Carries an effect out that is about models; what it tells at once comes back as actions.
    pub fn carry_out(&mut self, effect: Effect, live: Option<&Live>, state: &State) -> Vec<Action> {
        let open = live.zip(state.session.as_ref());
        match effect {
            Effect::SuggestTraining => self.ask(open, Asking::what_suits),
            Effect::ListModels => self.ask(open, |live, _, ctx| Asking::which_models(live, ctx)),
            Effect::Train(draft) => self.start_training(open, *draft),
            Effect::OpenModel { model, device } => self.open_model(model, device),
            Effect::Decode { slot, generation, latents } => {
                if let Some(loaded) = &self.loaded {
                    self.studio.decode(loaded, slot, generation, latents);
                }
                Vec::new()
            }
            Effect::WithdrawDecode { slot } => {
                self.studio.withdraw(slot);
                Vec::new()
            }
            Effect::FindNear { generation, latent } => {
                if let Some(space) = &self.space {
                    self.studio.find_near(space, generation, latent);
                }
                Vec::new()
            }
            Effect::DrawMap { generation, wish } => {
                if let (Some(session), Some(space)) = (&state.session, self.space.clone()) {
                    let (snapshot, rows) = (session.snapshot.clone(), session.shown.found.rows.clone());
                    let before = session.latent.map.clone();
                    let is_slow = self.graphics.as_ref().is_some_and(Graphics::is_software);
                    self.mapper.ask(mapping::Wish {
                        generation,
                        wish,
                        snapshot,
                        space,
                        rows,
                        is_slow,
                        before,
                    });
                }
                Vec::new()
            }
            Effect::FindWithin { map, outline, mode } => {
                if let (Some(session), Some(space)) = (&state.session, self.space.clone()) {
                    let rows = session.shown.found.rows.clone();
                    self.studio.find_within(Within { map, space, rows, outline, mode });
                }
                Vec::new()
            }
            Effect::EvaluateModel => self.start_evaluating(open),
            _ => Vec::new(),
        }
    }

    /// Takes what came back since the last frame.
    pub fn poll(&mut self, live: Option<&Live>, state: &State, actions: &mut Vec<Action>) {
        self.poll_training(actions);
        self.poll_model(live.zip(state.session.as_ref()), actions);
    }

    fn poll_training(&mut self, actions: &mut Vec<Action>) {
        if let Some(training) = &mut self.train {
            let (told, end) = training.poll();
            actions.extend(told);
            if let Some(end) = end {
                self.train = None;
                actions.push(end);
            }
        }
        self.asking.retain_mut(|asking| match asking.poll() {
            Some(told) => {
                actions.extend(told);
                false
            }
            None => true,
        });
    }

    fn poll_model(&mut self, open: Open<'_>, actions: &mut Vec<Action>) {
        if let Some(opened) = self.opening.as_mut().and_then(OpeningModel::poll) {
            self.opening = None;
            match opened {
                Ok(loaded) => {
                    self.evaluate = None;
                    actions.push(Action::ModelOpened(Arc::new(loaded.face())));
                    actions.extend(self.start_encoding(open, &loaded));
                    (self.loaded, self.space) = (Some(loaded), None);
                }
                Err(text) => actions.push(Action::ModelFailed { text }),
            }
        }
        if let Some(told) = self.evaluate.as_mut().and_then(Evaluating::poll) {
            self.evaluate = None;
            actions.push(told);
        }
        if let Some((told, space)) = self.encode.as_mut().and_then(Encoding::poll) {
            self.encode = None;
            self.space = space.or(self.space.take());
            actions.extend(told);
        }
    }

    /// Asks something about training.
    fn ask(
        &mut self,
        open: Open<'_>,
        start: impl FnOnce(&Live, &Session, &Context) -> std::io::Result<Asking>,
    ) -> Vec<Action> {
        let Some((live, session)) = open else { return Vec::new() };
        match start(live, session, &self.ctx) {
            Ok(asking) => {
                self.asking.push(asking);
                Vec::new()
            }
            Err(error) => vec![no_thread(&error)],
        }
    }

    /// Starts a run; the state has none under way.
    fn start_training(&mut self, open: Open<'_>, draft: Draft) -> Vec<Action> {
        let Some((live, session)) = open else { return Vec::new() };
        match Training::start(live, session, draft, self.graphics.clone(), &self.ctx) {
            Ok(training) => {
                self.train = Some(training);
                Vec::new()
            }
            Err(error) => {
                vec![Action::TrainingEnded(Box::new(End::Failed(no_thread_text(&error))))]
            }
        }
    }

    /// Opens a model; one that is being opened gives way.
    fn open_model(&mut self, model: ModelRef, device: Choice) -> Vec<Action> {
        match OpeningModel::start(model, device, self.graphics.clone(), &self.ctx) {
            Ok(opening) => {
                self.opening = Some(opening);
                Vec::new()
            }
            Err(error) => vec![Action::ModelFailed { text: no_thread_text(&error) }],
        }
    }

    /// Asks a model where the samples lie. What another one is asked ends.
    fn start_encoding(&mut self, open: Open<'_>, loaded: &Arc<Loaded>) -> Option<Action> {
        let (live, session) = open?;
        let before = self.encode.take();
        match Encoding::start(loaded.clone(), live, session, before, &self.ctx) {
            Ok(encoding) => {
                self.encode = Some(encoding);
                None
            }
            Err(error) => Some(no_thread(&error)),
        }
    }

    /// Compares the open model with samples, where that is not under way already.
    fn start_evaluating(&mut self, open: Open<'_>) -> Vec<Action> {
        let (Some((live, session)), Some(loaded)) = (open, &self.loaded) else { return Vec::new() };
        if self.evaluate.is_some() {
            return Vec::new();
        }
        match Evaluating::start(loaded.clone(), live, session, &self.ctx) {
            Ok(evaluating) => {
                self.evaluate = Some(evaluating);
                Vec::new()
            }
            Err(error) => vec![no_thread(&error)],
        }
    }
}

/// The dataset that is open, on the disk and on screen.
type Open<'a> = Option<(&'a Live, &'a Session)>;
