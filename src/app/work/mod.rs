//! Effects carried out: jobs started and watched, the journal fed, dialogs opened.
//!
//! Everything slow is on another thread; [`Work::poll`] takes what came back, once a frame. Each
//! kind of job is in a file of its own, with what starts it and what its end means.

mod analysing;
mod balancing;
mod changing;
mod channels;
mod charting;
mod clouds;
mod decoding;
mod demo;
mod describing;
mod evaluating;
mod exporting;
mod finder;
mod judging;
mod label_files;
mod labelling;
mod live;
mod mapping;
mod measuring;
mod models;
mod opening;
mod picking;
mod planning;
mod rescanning;
mod studio;
mod training;
mod variants;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};
use egui::Context;

use self::analysing::Analysing;
use self::balancing::Balancing;
use self::changing::Changing;
use self::channels::Channels;
use self::charting::{Charting, StudyJob, Wanting};
use self::clouds::Draws;
use self::demo::Demo;
use self::describing::Describing;
use self::exporting::{Exporting, Found};
use self::finder::Question;
use self::judging::Case;
use self::label_files::LabelFiles;
use self::labelling::Queues;
use self::live::{Leaving, Live, Parts};
use self::measuring::Measuring;
use self::models::Models;
use self::opening::{Ended, Opening};
use self::planning::{Draft, Planner};
use self::rescanning::{Interrupted, Rescanning};
use self::variants::{Ground, Preview, Rest};
use super::thumbs::ThumbSource;
use crate::crossfilter::{CardId, Kind};
use crate::dataset::SampleId;
use crate::dataset::edit::PipelineSlot;
use crate::demo::{DEFAULT_SAMPLES, DEFAULT_SEED, DemoOptions};
use crate::import::dataset_reader;
use crate::jobs::{Control, Newest};
use crate::pipeline::OpenRequest;
use crate::state::{Action, Effect, Extent, JobFace, JobId, Level, Session, State};
use crate::store::{JournalOp, Paths, Settings};
use crate::train::device::Graphics;

/// Results that wait for the interface thread.
const EVENTS: usize = 256;
/// Results taken in one frame at most, so that a frame stays short.
const EVENTS_A_FRAME: usize = 32;
/// How often progress is drawn.
const PROGRESS: Duration = Duration::from_millis(100);

/// Work beside the interface.
pub struct Work {
    ctx: Context,
    paths: Paths,
    events: (Sender<Action>, Receiver<Action>),
    finder: Newest<Question>,
    judge: Newest<Case>,
    planner: Planner,
    /// `None` once the program leaves.
    settings: Option<Newest<Settings>>,
    live: Option<Live>,
    leaving: Leaving,
    open: Option<Opening>,
    /// What was opened, until the next [`Self::poll`] shows it.
    arrived: Option<Box<opening::Found>>,
    rescan: Option<Rescanning>,
    measure: Option<Measuring>,
    demo: Option<Demo>,
    analyse: Option<Analysing>,
    /// Whether an analysis is to start as soon as everything is measured.
    analyse_again: bool,
    describe: Option<Describing>,
    /// What is described next, as soon as everything is measured.
    describe_next: Option<describing::Wish>,
    export: Option<Exporting>,
    channels: Option<Channels>,
    models: Models,
    preview: Preview,
    charting: Charting,
    balancing: Balancing,
    queues: Queues,
    changing: Changing,
    label_files: LabelFiles,
    faces: Vec<JobFace>,
    person: String,
    thumbnail_cap: u64,
}

impl Work {
    pub fn new(ctx: Context, paths: Paths, settings: &Settings, graphics: Option<Graphics>) -> Self {
        let events = crossbeam_channel::bounded(EVENTS);
        let waker = ctx.clone();
        let finder = finder::spawn(events.0.clone(), move || waker.request_repaint());
        let waker = ctx.clone();
        let judge = judging::spawn(events.0.clone(), move || waker.request_repaint());
        let waker = ctx.clone();
        let planner = Planner::spawn(events.0.clone(), move || waker.request_repaint());
        let models = Models::new(&ctx, &events.0, graphics.clone());
        let waker = ctx.clone();
        let draws = Draws::of(graphics.as_ref());
        let preview = Preview::spawn(graphics, events.0.clone(), move || waker.request_repaint());
        let waker = ctx.clone();
        let charting = Charting::spawn(draws, &events.0, move || waker.request_repaint());
        let waker = ctx.clone();
        let balancing = Balancing::spawn(&events.0, move || waker.request_repaint());
        let waker = ctx.clone();
        let queues = Queues::spawn(&events.0, move || waker.request_repaint());
        let waker = ctx.clone();
        let changing = Changing::spawn(&events.0, move || waker.request_repaint());
        let waker = ctx.clone();
        let label_files = LabelFiles::spawn(&events.0, move || waker.request_repaint());
        let keeper = settings_keeper(paths.clone(), settings.clone(), events.0.clone());
        Self {
            ctx,
            paths,
            events,
            finder,
            judge,
            planner,
            settings: Some(keeper),
            live: None,
            leaving: Leaving::default(),
            open: None,
            arrived: None,
            rescan: None,
            measure: None,
            demo: None,
            analyse: None,
            analyse_again: false,
            describe: None,
            describe_next: None,
            export: None,
            channels: None,
            models,
            preview,
            charting,
            balancing,
            queues,
            changing,
            label_files,
            faces: Vec::new(),
            person: settings.person.clone(),
            thumbnail_cap: settings.thumbnail_cache_bytes,
        }
    }

    /// Whether no job runs and no result waits.
    pub fn is_idle(&self) -> bool {
        let idle =
            self.open.is_none() && self.arrived.is_none() && self.rescan.is_none() && self.measure.is_none();
        idle && self.analyse.is_none()
            && self.describe.is_none()
            && self.describe_next.is_none()
            && self.demo.is_none()
            && self.export.is_none()
            && self.channels.is_none()
            && self.charting.study.is_none()
            && self.models.is_idle()
            && self.events.1.is_empty()
    }

    /// Where thumbnails of the open dataset come from.
    pub fn thumb_source(&self) -> Option<ThumbSource> {
        let live = self.live.as_ref()?;
        Some(ThumbSource {
            dataset: live.dataset.clone(),
            reader: live.reader.clone(),
            cache: live.cache.clone(),
        })
    }

    /// Takes what concerns this room from the settings.
    pub fn apply_settings(&mut self, settings: &Settings) {
        self.thumbnail_cap = settings.thumbnail_cache_bytes;
        if self.person != settings.person {
            self.person.clone_from(&settings.person);
            if let Some(journal) = self.live.as_ref().and_then(|live| live.journal.as_ref()) {
                journal.set_person(&settings.person);
            }
        }
    }

    /// Keeps the settings, on another thread.
    pub fn save_settings(&self, settings: &Settings) {
        if let Some(keeper) = &self.settings {
            keeper.ask(settings.clone());
        }
    }

    /// Where things are kept, for the dialogs.
    pub fn places(&self, session: Option<&Session>) -> Vec<(String, String)> {
        places(&self.paths, session)
    }

    /// Keeps where the person is.
    pub fn keep_place(&self, place: &serde_json::Value) {
        if let Some(live) = &self.live {
            live.keep_place(place.clone());
        }
    }

    /// Lets the open dataset go, without waiting for the disk.
    fn let_go(&mut self) {
        if let Some(live) = self.live.take() {
            self.preview.rest(Rest::Closed);
            let (measuring, rescanning) = (self.measure.take(), self.rescan.take());
            let (analysing, describing) = (self.analyse.take(), self.describe.take());
            (self.analyse_again, self.describe_next, self.channels) = (false, None, None);
            self.charting.forget();
            self.balancing.forget();
            self.queues.forget();
            self.label_files.stop();
            let (training, encoding) = self.models.let_go();
            let parts = Parts { live, measuring, rescanning, analysing, training, encoding, describing };
            self.leaving.add(parts, self.events.0.clone());
        }
    }

    /// Ends everything, and waits until what was decided is on the disk.
    pub fn leave(&mut self) {
        (self.open, self.arrived) = (None, None);
        self.let_go();
        if let Some(keeper) = self.settings.take() {
            keeper.finish();
        }
        let _ = self.leaving.wait(|| Ok::<_, std::convert::Infallible>(()));
    }

    /// Carries an effect out; what it tells at once comes back as actions.
    pub fn carry_out(&mut self, effect: Effect, state: &State) -> Vec<Action> {
        match effect {
            Effect::Open { source, project, anew } => self.start_opening(source, project, anew),
            Effect::OpenDemo => self.start_demo(),
            Effect::Close { place } => {
                if let (Some(live), Some(place)) = (&self.live, place) {
                    live.keep_place(place);
                }
                self.let_go();
                Vec::new()
            }
            Effect::Rescan => self.start_rescan(state, true),
            Effect::FindRows { generation } => {
                if let Some(session) = &state.session {
                    let (snapshot, view) = (session.snapshot.clone(), session.view());
                    self.finder.ask(Question { generation, snapshot, view });
                }
                Vec::new()
            }
            Effect::Analyse(extent) => self.start_analysing(state, extent),
            Effect::Judge { generation } => {
                if let Some(session) = &state.session
                    && let Some(analysed) = session.review.analysed.clone()
                {
                    let (snapshot, settings) = (session.snapshot.clone(), session.review.settings.clone());
                    let before = session.review.judged.clone();
                    self.judge.ask(Case { generation, snapshot, analysed, settings, before });
                }
                Vec::new()
            }
            Effect::Journal(op) => vec![self.journal(op)],
            Effect::ExportIssues { path } => self.start_export(state, |_, session, ctx| {
                let root = PathBuf::from(&session.dataset().root);
                Exporting::issues(path, session.issues.clone(), root, ctx)
            }),
            Effect::ExportReport { path } => {
                let Some(analysed) =
                    state.session.as_ref().and_then(|session| session.review.analysed.clone())
                else {
                    return Vec::new();
                };
                self.start_export(state, |live, session, ctx| {
                    let (snapshot, settings) = (session.snapshot.clone(), session.review.settings.clone());
                    let found = Found { snapshot, analysed, settings, reader: live.reader.clone() };
                    Exporting::report(path, found, ctx)
                })
            }
            Effect::PlanExport { generation, choice } => {
                if let (Some(session), Some(live)) = (&state.session, &self.live) {
                    let (snapshot, reader) = (session.snapshot.clone(), live.reader.clone());
                    self.planner.ask(Draft { generation, snapshot, reader, choice });
                }
                Vec::new()
            }
            Effect::ExportDataset { choice } => match choice.options() {
                Ok(options) => self.start_export(state, |live, session, ctx| {
                    let samples = choice.samples(&session.snapshot);
                    Exporting::dataset(options, samples, live.reader.clone(), ctx)
                }),
                Err(text) => vec![Action::Notify { level: Level::Error, text }],
            },
            Effect::PickSamples { generation, count, seed } => {
                if let Some(ground) = Ground::of(self.live.as_ref(), state) {
                    self.preview.pick(generation, ground, count, seed);
                }
                Vec::new()
            }
            Effect::DrawVariants { generation, wish } => {
                if let Some(ground) = Ground::of(self.live.as_ref(), state) {
                    self.preview.draw(generation, ground, wish, self.ctx.pixels_per_point());
                }
                Vec::new()
            }
            Effect::SuggestRange { wish } => {
                if let Some(ground) = Ground::of(self.live.as_ref(), state) {
                    self.preview.suggest(ground, wish);
                }
                Vec::new()
            }
            Effect::MeasureChannels { slot, step } => self.start_channels(state, slot, step),
            Effect::RestVariants => {
                self.preview.rest(Rest::Hidden);
                Vec::new()
            }
            Effect::ReadPipeline { slot, path } => {
                self.beside("read-pipeline", move || variants::read(slot, &path))
            }
            Effect::WritePipeline { path } => {
                let Some(session) = &state.session else { return Vec::new() };
                let pipeline = session.augment.current().clone();
                self.beside("write-pipeline", move || variants::write(&path, &pipeline))
            }
            effect @ (Effect::SuggestTraining
            | Effect::ListModels
            | Effect::Train(_)
            | Effect::OpenModel { .. }
            | Effect::Decode { .. }
            | Effect::WithdrawDecode { .. }
            | Effect::FindNear { .. }
            | Effect::DrawMap { .. }
            | Effect::FindWithin { .. }
            | Effect::EvaluateModel) => self.models.carry_out(effect, self.live.as_ref(), state),
            Effect::ExportDrawn { path, accepted } => {
                let Some(loaded) = self.models.loaded() else { return Vec::new() };
                self.start_export(state, |live, session, ctx| {
                    let (dataset, reader) = (session.dataset().clone(), live.reader.clone());
                    Exporting::drawn(path, accepted, loaded, dataset, reader, ctx)
                })
            }
            Effect::CountCharts { generation } => {
                if let Some(session) = &state.session {
                    self.charting.count(charting::Question::new(generation, session, state.drawn_dark));
                }
                Vec::new()
            }
            Effect::DrawSlowCharts { generation } => {
                if let Some(session) = &state.session {
                    self.charting.draw(charting::Question::new(generation, session, state.drawn_dark));
                }
                Vec::new()
            }
            Effect::PlanBalance { generation } => {
                if let Some(session) = &state.session {
                    self.balancing.plan(generation, session);
                }
                Vec::new()
            }
            Effect::DealSplits { generation } => {
                if let Some(session) = &state.session {
                    self.balancing.deal(generation, session);
                }
                Vec::new()
            }
            Effect::FindQueue { kind, generation } => {
                if let Some(session) = &state.session {
                    let source = self.labelling_source(session);
                    self.queues.find(generation, session.queue_wish(kind), source);
                }
                Vec::new()
            }
            Effect::Learn { generation } => {
                if let Some(session) = &state.session
                    && let Some(source) = self.labelling_source(session)
                {
                    self.queues.learn(generation, source, session.labeller.lesson.chance.clone());
                }
                Vec::new()
            }
            Effect::Describe { generation, run } => {
                self.describe_next = Some(describing::Wish { generation, run });
                self.start_describing(state)
            }
            Effect::EndDescribing => {
                self.describe_next = None;
                if let Some(describe) = &self.describe {
                    describe.control().cancel();
                }
                Vec::new()
            }
            Effect::SpreadLabels { generation } => {
                if let Some(session) = &state.session
                    && let Some(source) = self.labelling_source(session)
                {
                    self.queues.spread(generation, source);
                }
                Vec::new()
            }
            Effect::RankProposals { generation } => {
                if let Some(session) = &state.session
                    && let Some(proposals) = session.labeller.proposals.clone()
                {
                    self.queues.rank(generation, session.snapshot.clone(), proposals);
                }
                Vec::new()
            }
            Effect::ListOther { generation, path } => {
                self.balancing.list(generation, path);
                Vec::new()
            }
            Effect::EndListing => {
                self.balancing.end_listing();
                Vec::new()
            }
            Effect::ListChanges { generation } => {
                if let Some(session) = &state.session {
                    self.changing.list(generation, session);
                }
                Vec::new()
            }
            Effect::FindSplit { generation } => {
                if let Some(session) = &state.session {
                    self.changing.split(generation, session);
                }
                Vec::new()
            }
            Effect::ExportBalance { file, path } => {
                let wanting =
                    state.session.as_ref().and_then(|session| balancing::Wanting::new(file, session));
                let Some(wanting) = wanting else { return Vec::new() };
                self.start_export(state, |live, _, ctx| {
                    Exporting::balance(path, wanting, live.reader.clone(), ctx)
                })
            }
            Effect::LabelFile(work) => self.label_file(*work, state),
            Effect::Study { card } => self.start_study(state, card),
            Effect::EndStudy { card } => {
                self.charting.end_study(card);
                Vec::new()
            }
            Effect::ExportChart { card, chart, path } => {
                let session = state.session.as_ref();
                let wanting =
                    session.and_then(|session| Wanting::new(card, chart, session, state.drawn_dark));
                match wanting {
                    Some(wanting) => self.beside("write-chart", move || wanting.write(&path)),
                    None => Vec::new(),
                }
            }
            Effect::PauseJob { job, pause } => {
                if let Some(control) = self.control(job, state) {
                    control.set_paused(pause);
                }
                Vec::new()
            }
            Effect::CancelJob { job } => {
                if let Some(control) = self.control(job, state) {
                    control.cancel();
                }
                Vec::new()
            }
            Effect::Reveal(sample) => self.reveal(sample),
            effect @ (Effect::PickFolder
            | Effect::PickFile
            | Effect::PickIssuesFile
            | Effect::PickReportFile
            | Effect::PickExportFolder
            | Effect::PickPipelineFile { .. }
            | Effect::PickPipelineTarget
            | Effect::PickModel(_)
            | Effect::PickDrawnFolder
            | Effect::PickOther(_)
            | Effect::PickBalanceFile(_)
            | Effect::PickChartFile { .. }) => self.pick_for(effect),
            _ => Vec::new(),
        }
    }

    /// Measures what needs it, if nothing does already. `state` has the facts so far.
    pub fn start_measuring(&mut self, state: &State) -> Vec<Action> {
        let (Some(live), Some(session)) = (&self.live, &state.session) else { return Vec::new() };
        if self.measure.is_none() && self.rescan.is_none() {
            self.measure = Measuring::start(live, &session.snapshot, &self.ctx);
        }
        if self.measure.is_none() { vec![self.measuring_ended()] } else { Vec::new() }
    }

    /// What follows when all is measured, with an analysis that was asked for before or that a rescan stopped.
    fn measuring_ended(&mut self) -> Action {
        Action::MeasuringEnded { analyse: std::mem::take(&mut self.analyse_again) }
    }

    /// Analyses what was measured.
    fn start_analysing(&mut self, state: &State, extent: Extent) -> Vec<Action> {
        let (Some(live), Some(session)) = (&self.live, &state.session) else { return Vec::new() };
        let is_measuring = self.measure.is_some() || self.rescan.is_some();
        if is_measuring || analysing::is_too_early(&session.snapshot) {
            if extent != Extent::Asked {
                return Vec::new();
            }
            self.analyse_again = true;
            let text = match is_measuring {
                true => "The samples are measured first; the analysis starts when that has ended.",
                false => "The samples have to be measured before the analysis: F5 goes on with that.",
            };
            return vec![Action::Notify { level: Level::Info, text: text.to_owned() }];
        }
        // One with other settings takes the place of one that runs.
        let before = self.analyse.take();
        match Analysing::start(live, session, extent, before, &self.ctx) {
            Ok(analyse) => {
                self.analyse = Some(analyse);
                Vec::new()
            }
            Err(error) => vec![no_thread(&error)],
        }
    }

    /// Describes pictures by a trained model, where that is asked for and all is measured.
    fn start_describing(&mut self, state: &State) -> Vec<Action> {
        let (Some(live), Some(session)) = (&self.live, &state.session) else { return Vec::new() };
        if self.measure.is_some() || self.rescan.is_some() {
            return Vec::new();
        }
        let Some(wish) = self.describe_next.take() else { return Vec::new() };
        // Another question takes the place of the one before.
        let (generation, before) = (wish.generation, self.describe.take());
        match Describing::start(wish, live, session, before, &self.ctx) {
            Ok(describe) => {
                self.describe = Some(describe);
                Vec::new()
            }
            Err(error) => {
                let found = Err((Level::Error, no_thread_text(&error)));
                vec![Action::Described { generation, found }]
            }
        }
    }

    /// Measures what a pipeline normalises by, where that is not under way.
    fn start_channels(&mut self, state: &State, slot: PipelineSlot, step: u32) -> Vec<Action> {
        let Some(ground) = Ground::of(self.live.as_ref(), state) else { return Vec::new() };
        if self.channels.is_some() {
            return Vec::new();
        }
        match Channels::start(ground, slot, step, &self.ctx) {
            Ok(channels) => {
                self.channels = Some(channels);
                Vec::new()
            }
            Err(error) => vec![no_thread(&error)],
        }
    }

    /// Looks at pictures for a card, where that is not under way.
    fn start_study(&mut self, state: &State, card: CardId) -> Vec<Action> {
        let (Some(live), Some(session)) = (&self.live, &state.session) else { return Vec::new() };
        let Some(card) = session.charts.card(card) else { return Vec::new() };
        if self.charting.study.is_some() {
            let text = "Pictures are being looked at for another chart; try again when that has ended.";
            return vec![Action::Notify { level: Level::Warning, text: text.to_owned() }];
        }
        // Both would describe the same samples, and keep them over each other.
        if card.kind == Kind::Coverage && self.analyse.is_some() {
            let text = "The analysis describes the pictures now; try again when it has ended.";
            return vec![Action::Notify { level: Level::Info, text: text.to_owned() }];
        }
        match StudyJob::start(card, live, session, &self.ctx) {
            Ok(study) => {
                self.charting.study = Some(study);
                Vec::new()
            }
            Err(error) => vec![no_thread(&error)],
        }
    }

    /// Lists the source again. `is_asked` says at the end that nothing changed, too.
    pub fn start_rescan(&mut self, state: &State, is_asked: bool) -> Vec<Action> {
        let (Some(live), Some(session)) = (&self.live, &state.session) else { return Vec::new() };
        if self.rescan.is_some() {
            return Vec::new();
        }
        let interrupted = Interrupted { measuring: self.measure.take(), analysing: self.analyse.take() };
        self.analyse_again |=
            interrupted.analysing.as_ref().is_some_and(|analysing| analysing.extent != Extent::Kept);
        let (snapshot, issues) = (&session.snapshot, &session.issues);
        match Rescanning::start(live, snapshot, issues, interrupted, is_asked, &self.ctx) {
            Ok(rescan) => {
                self.rescan = Some(rescan);
                Vec::new()
            }
            Err(error) => vec![no_thread(&error)],
        }
    }

    /// Takes what came back since the last frame.
    pub fn poll(&mut self, state: &State, actions: &mut Vec<Action>) {
        actions.extend(self.events.1.try_iter().take(EVENTS_A_FRAME));
        if !self.events.1.is_empty() {
            self.ctx.request_repaint();
        }
        // Before measuring is asked whether it has ended: what it told last is in the state in the next frame.
        actions.extend(self.start_describing(state));
        self.poll_open(state, actions);
        self.poll_rescan(state, actions);
        if self.measure.as_mut().is_some_and(|measuring| measuring.poll(actions, &self.ctx)) {
            self.measure = None;
            actions.push(self.measuring_ended());
        }
        if let Some(told) = self.analyse.as_mut().and_then(Analysing::poll) {
            self.analyse = None;
            actions.extend(told);
        }
        if let Some(told) = self.describe.as_mut().and_then(Describing::poll) {
            self.describe = None;
            actions.extend(told);
        }
        if let Some(told) = self.demo.as_mut().and_then(Demo::poll) {
            self.demo = None;
            actions.push(told);
        }
        self.models.poll(self.live.as_ref(), state, actions);
        if let Some(told) = self.export.as_mut().and_then(Exporting::poll) {
            self.export = None;
            actions.push(told);
        }
        if let Some(told) = self.channels.as_mut().and_then(Channels::poll) {
            self.channels = None;
            actions.push(told);
        }
        if let Some(told) = self.charting.study.as_mut().and_then(StudyJob::poll) {
            self.charting.study = None;
            actions.push(told);
        }
        actions.extend(self.live.as_mut().and_then(Live::news));
        self.poll_progress(state, actions);
    }

    /// Whether the next [`Self::poll`] shows another dataset: what is to be kept of the open one has to be kept before.
    pub fn has_arrived(&self) -> bool {
        self.arrived.is_some()
    }

    fn poll_open(&mut self, state: &State, actions: &mut Vec<Action>) {
        if let Some(found) = self.arrived.take() {
            match found.go_live(&self.person, &self.ctx) {
                Ok((live, opened)) => {
                    self.let_go();
                    self.live = Some(live);
                    actions.push(Action::Opened(Box::new(opened)));
                }
                Err(error) => actions.push(opening::failed(&error)),
            }
        }
        let Some(ended) = self.open.as_mut().and_then(Opening::poll) else { return };
        self.open = None;
        match ended {
            Ended::Opened(found) => {
                self.arrived = Some(found);
                self.ctx.request_repaint();
            }
            Ended::IsOpen => {
                let text = "This dataset is open already; it is listed again.".to_owned();
                actions.push(Action::OpenFailed { level: Level::Info, message: text });
                actions.extend(self.start_rescan(state, true));
            }
            Ended::Told(told) => actions.extend(told),
        }
    }

    fn poll_rescan(&mut self, state: &State, actions: &mut Vec<Action>) {
        let Some(ended) = self.rescan.as_mut().and_then(Rescanning::poll) else { return };
        self.rescan = None;
        match ended {
            Ok(rescanned) => {
                if let Some(live) = &mut self.live
                    && !Arc::ptr_eq(&live.dataset, &rescanned.snapshot.dataset)
                {
                    live.dataset = rescanned.snapshot.dataset.clone();
                    live.reader = Arc::new(dataset_reader(&live.dataset));
                }
                actions.push(Action::Rescanned(Box::new(rescanned)));
            }
            Err((level, text)) => {
                actions.push(Action::Notify { level, text });
                // Measuring ended for it, and goes on with the list that there was.
                actions.extend(self.start_measuring(state));
            }
        }
    }

    fn poll_progress(&mut self, state: &State, actions: &mut Vec<Action>) {
        let faces: Vec<JobFace> = self
            .controls(state)
            .map(|(id, control)| JobFace { id, progress: control.progress(), paused: control.is_paused() })
            .collect();
        if !faces.is_empty() || self.describe_next.is_some() {
            self.ctx.request_repaint_after(PROGRESS);
        }
        if faces != self.faces {
            self.faces.clone_from(&faces);
            actions.push(Action::JobsMoved(faces));
        }
    }

    fn controls(&self, state: &State) -> impl Iterator<Item = (JobId, &Control)> {
        let open = self.open.as_ref().map(|open| (JobId::Open, open.control()));
        let demo = self.demo.as_ref().map(|demo| (JobId::Demo, demo.control()));
        let rescan = self.rescan.as_ref().map(|rescan| (JobId::Rescan, rescan.control()));
        let measure = self.measure.as_ref().map(|measure| (JobId::Measure, measure.control()));
        let analyse = self.analyse.as_ref().map(|analyse| (JobId::Analyse, analyse.control()));
        let describe = self.describe.as_ref().map(|describe| (JobId::Describe, describe.control()));
        let export = self.export.as_ref().map(|export| (JobId::Export, export.control()));
        let channels = self.channels.as_ref().map(|channels| (JobId::Channels, channels.control()));
        let study = self.charting.study.as_ref().map(|study| (JobId::Study, study.control()));
        let label_files = self.label_files.control(state).map(|control| (JobId::LabelFiles, control));
        open.into_iter()
            .chain(demo)
            .chain(study)
            .chain(rescan)
            .chain(measure)
            .chain(analyse)
            .chain(describe)
            .chain(export)
            .chain(channels)
            .chain(label_files)
            .chain(self.models.controls())
    }

    fn control(&self, job: JobId, state: &State) -> Option<&Control> {
        self.controls(state).find(|(id, _)| *id == job).map(|(_, control)| control)
    }

    fn start_opening(&mut self, source: String, project: Option<PathBuf>, anew: bool) -> Vec<Action> {
        let is_open = self.live.as_ref().map(|live| live.folder().to_owned());
        let request = OpenRequest { source: source.clone(), project, anew, is_open };
        match Opening::start(&self.paths, request, self.leaving.clone(), self.thumbnail_cap, &self.ctx) {
            Ok(opening) => {
                self.open = Some(opening);
                vec![Action::Opening { source }]
            }
            Err(error) => vec![no_thread(&error)],
        }
    }

    fn start_demo(&mut self) -> Vec<Action> {
        if self.demo.is_some() {
            return Vec::new();
        }
        let options = DemoOptions::below(&self.paths.data, DEFAULT_SAMPLES, DEFAULT_SEED);
        let source = options.out.display().to_string();
        match Demo::start(options, &self.ctx) {
            Ok(demo) => {
                self.demo = Some(demo);
                vec![Action::Opening { source }]
            }
            Err(error) => vec![no_thread(&error)],
        }
    }

    /// Starts an export, where none is under way.
    fn start_export(
        &mut self,
        state: &State,
        start: impl FnOnce(&Live, &Session, &Context) -> std::io::Result<Exporting>,
    ) -> Vec<Action> {
        let (Some(live), Some(session)) = (&self.live, &state.session) else { return Vec::new() };
        if self.export.is_some() {
            let text = "Another export is under way; try again when it has ended.".to_owned();
            return vec![Action::Notify { level: Level::Warning, text }];
        }
        match start(live, session, &self.ctx) {
            Ok(export) => {
                self.export = Some(export);
                Vec::new()
            }
            Err(error) => vec![no_thread(&error)],
        }
    }

    fn journal(&mut self, op: JournalOp) -> Action {
        match &self.live {
            Some(live) => live.submit(op),
            None => Action::Refused { op, why: "The project is closed.".to_owned(), is_final: true },
        }
    }

    /// Where the model beside the person has its descriptions from.
    fn labelling_source(&self, session: &Session) -> Option<labelling::Source> {
        Some(labelling::Source::new(session, &self.live.as_ref()?.project))
    }

    /// Does something small that may wait for the disk, on a thread of its own.
    fn beside(&self, name: &str, work: impl FnOnce() -> Action + Send + 'static) -> Vec<Action> {
        let (events, wake) = (self.events.0.clone(), waker(&self.ctx));
        let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            // The window may be gone by now.
            let _ = events.send(work());
            wake();
        });
        spawned.err().iter().map(no_thread).collect()
    }

    /// Shows a sample's file, or the archive that it is in, in the system's file manager.
    fn reveal(&self, sample: SampleId) -> Vec<Action> {
        let Some(live) = &self.live else { return Vec::new() };
        let file = live.dataset.file_of(sample);
        match super::reveal::reveal(&file) {
            Ok(()) => Vec::new(),
            Err(error) => vec![Action::Notify {
                level: Level::Error,
                text: format!("No file manager could be opened ({error}). The file is {}.", file.display()),
            }],
        }
    }
}

/// The thread that keeps settings: what changed since `known`, so that two windows do not undo
/// each other's.
fn settings_keeper(paths: Paths, known: Settings, events: Sender<Action>) -> Newest<Settings> {
    let mut known = known;
    Newest::spawn("settings", move |now: Settings| {
        match Settings::update(&paths, |kept| kept.adopt(&known, &now)) {
            Ok(_) => known = now,
            Err(error) => {
                let text = format!("The settings could not be saved: {error}.");
                // The window may be gone by now.
                let _ = events.send(Action::Notify { level: Level::Warning, text });
            }
        }
    })
}

/// What wakes the interface.
fn waker(ctx: &Context) -> impl Fn() + Send + 'static {
    let ctx = ctx.clone();
    move || ctx.request_repaint()
}

fn no_thread(error: &std::io::Error) -> Action {
    Action::OpenFailed { level: Level::Error, message: no_thread_text(error) }
}

fn no_thread_text(error: &std::io::Error) -> String {
    format!("The system gave no thread for the work ({error}). Close other programs and try again.")
}

fn bug(doing: &str, cause: &str) -> String {
    format!("A bug in Lenslet stopped {doing}: {cause}. Nothing was lost; please report it.")
}

/// Where a session's project keeps things, for the settings dialog.
pub fn places(paths: &Paths, session: Option<&Session>) -> Vec<(String, String)> {
    let show = |path: &Path| path.display().to_string();
    let mut places = vec![
        ("Projects".to_owned(), show(&paths.data.join("projects"))),
        ("Settings".to_owned(), show(&paths.config)),
    ];
    if let Some(session) = session {
        places.insert(0, ("This project".to_owned(), show(&session.project.folder)));
    }
    places
}
