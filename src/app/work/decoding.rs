//! The thread that decodes latents, and looks for samples near them: of each part of the panel the newest
//! question counts.
//!
//! It is one thread for the whole life of the program, which a graphics device wants. What takes longer than a
//! moment gives way to what is asked meanwhile, between two batches of pictures, and is taken up again after
//! that unless it was withdrawn. Of a sheet that takes long a coarse one is shown before: while a person drags,
//! there is something new every moment.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;

use super::bug;
use super::studio::Loaded;
use crate::dataset::SampleId;
use crate::dataset::query::Rows;
use crate::jobs::{self, Cancelled, Control, Newest, Outcome};
use crate::state::latent::{Latents, Made, MapFace, NEAR, Slot};
use crate::state::{Action, SelectMode};
use crate::text::sentence;
use crate::train::ondevice;
use crate::train::score::{ScoreError, decode};
use crate::train::space::Space;

/// What takes no longer is done at once and as a whole.
const BRIEF: Duration = Duration::from_millis(50);
/// Pictures of a coarse sheet before it is known how long one takes, and at least.
const UNTIMED: usize = 16;
const LEAST: usize = 4;

/// What is asked of the thread: of each part the newest.
#[derive(Default)]
struct Questions {
    loaded: Option<Arc<Loaded>>,
    decode: BySlot<Option<Question>>,
    /// The parts of which nothing is wanted that was asked before.
    withdrawn: BySlot<bool>,
    /// The number of the newest of them.
    turn: u64,
    near: Option<(u64, Arc<Space>, Vec<f32>)>,
    within: Option<Within>,
}

type BySlot<T> = [T; Slot::ALL.len()];

/// Latents to decode.
#[derive(Clone)]
struct Question {
    generation: u64,
    latents: Latents,
    /// Whether a coarse answer was given.
    is_sketched: bool,
}

/// An outline on a map, and whom to look for in it.
pub struct Within {
    pub map: Arc<MapFace>,
    pub space: Arc<Space>,
    pub rows: Arc<Rows>,
    pub outline: Vec<[f32; 2]>,
    pub mode: SelectMode,
}

impl Within {
    /// The samples of the view in it.
    fn samples(&self) -> Vec<SampleId> {
        let rows = self.map.scatter.within(&self.outline);
        let samples = rows.iter().filter_map(|row| self.space.samples.get(*row as usize)).copied();
        samples.filter(|sample| self.rows.mask().contains(*sample as usize)).collect()
    }
}

/// The thread that decodes.
pub struct Studio {
    thread: Newest<Questions>,
    turns: Turns,
}

impl Studio {
    /// Starts the thread. Answers go to `answers`, and `wake` is called after each.
    pub fn spawn(answers: Sender<Action>, wake: impl Fn() + Send + 'static) -> Self {
        let turns = Turns::default();
        let mut decoder = Decoder {
            answers,
            wake: Box::new(wake),
            turns: turns.clone(),
            pace: Pace::default(),
            left: None,
        };
        let thread = Newest::spawn("decode", move |questions| decoder.carry_out(questions));
        Self { thread, turns }
    }

    pub fn decode(&self, loaded: &Arc<Loaded>, slot: Slot, generation: u64, latents: Latents) {
        self.thread.change(|waiting| {
            let waiting = waiting.get_or_insert_default();
            // What was asked of another model is of no use any more.
            if waiting.loaded.as_ref().is_some_and(|known| !Arc::ptr_eq(known, loaded)) {
                waiting.decode = Default::default();
            }
            waiting.loaded = Some(loaded.clone());
            waiting.decode[slot as usize] = Some(Question { generation, latents, is_sketched: false });
            waiting.turn = self.turns.next();
        });
    }

    /// Takes back what was asked of a part: nobody looks at it any more.
    pub fn withdraw(&self, slot: Slot) {
        self.thread.change(|waiting| {
            let waiting = waiting.get_or_insert_default();
            waiting.decode[slot as usize] = None;
            waiting.withdrawn[slot as usize] = true;
            waiting.turn = self.turns.next();
        });
    }

    /// Selects what is within an outline.
    pub fn find_within(&self, within: Within) {
        self.thread.change(|waiting| waiting.get_or_insert_default().within = Some(within));
    }

    pub fn find_near(&self, space: &Arc<Space>, generation: u64, latent: Vec<f32>) {
        self.thread.change(|waiting| {
            waiting.get_or_insert_default().near = Some((generation, space.clone(), latent));
        });
    }
}

/// Whose turn it is: work that takes long ends once something else is asked.
#[derive(Clone, Default)]
struct Turns(Arc<Mutex<Turn>>);

#[derive(Default)]
struct Turn {
    /// The number of the newest question.
    newest: u64,
    /// What work that takes long asks whether to go on.
    running: Control,
}

impl Turns {
    /// The number of a question that is newer than any: what is under way gives way to it.
    fn next(&self) -> u64 {
        let mut turn = self.lock();
        turn.newest += 1;
        turn.running.cancel();
        turn.newest
    }

    /// What work for that question is to ask whether to go on.
    fn begin(&self, number: u64) -> Control {
        let mut turn = self.lock();
        turn.running = Control::new();
        if turn.newest != number {
            turn.running.cancel();
        }
        turn.running.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Turn> {
        // Plain data that is whole after every statement.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long a picture of each part takes, in seconds, as it was last.
#[derive(Default)]
struct Pace {
    of: Weak<Loaded>,
    secs: BySlot<Option<f32>>,
}

impl Pace {
    /// Pictures that are made in a moment, where that is known.
    fn at_once(&self, loaded: &Arc<Loaded>, slot: Slot) -> Option<usize> {
        let secs = self.secs[slot as usize].filter(|_| self.is_of(loaded))?;
        Some((BRIEF.as_secs_f32() / secs.max(f32::MIN_POSITIVE)) as usize)
    }

    fn note(&mut self, loaded: &Arc<Loaded>, slot: Slot, pictures: u64, took: Duration) {
        if !self.is_of(loaded) {
            *self = Self { of: Arc::downgrade(loaded), ..Self::default() };
        }
        if pictures > 0 {
            self.secs[slot as usize] = Some(took.as_secs_f32() / pictures as f32);
        }
    }

    fn is_of(&self, loaded: &Arc<Loaded>) -> bool {
        std::ptr::eq(self.of.as_ptr(), Arc::as_ptr(loaded))
    }
}

/// What the thread works with.
struct Decoder {
    answers: Sender<Action>,
    wake: Box<dyn Fn() + Send>,
    turns: Turns,
    pace: Pace,
    /// What gave way to other questions, and the model that it is asked of.
    left: Option<(Arc<Loaded>, BySlot<Option<Question>>)>,
}

impl Decoder {
    fn answer(&self, action: Action) {
        // The window may be gone by now.
        let _ = self.answers.send(action);
        (self.wake)();
    }

    fn carry_out(&mut self, questions: Questions) {
        let Questions { loaded, decode, withdrawn, turn, near, within } = questions;
        if let Some(within) = within {
            let samples = within.samples();
            if !samples.is_empty() {
                self.answer(Action::SelectSamples { samples, mode: within.mode });
            }
        }
        if let Some((_, left)) = &mut self.left {
            left.iter_mut().zip(withdrawn).filter(|(_, gone)| *gone).for_each(|(left, _)| *left = None);
        }
        // Who withdraws a part asks nothing; what else gave way to that goes on.
        let left = || self.left.as_ref().filter(|_| turn > 0).map(|(of, _)| of.clone());
        if let Some(loaded) = loaded.or_else(left) {
            self.decode(&loaded, decode, turn);
        }
        if let Some((generation, space, latent)) = near {
            let near = Arc::new(space.near(&latent, NEAR));
            self.answer(Action::NearFound { generation, near });
        }
    }

    /// Answers new questions and those that were left, part by part.
    fn decode(&mut self, loaded: &Arc<Loaded>, asked: BySlot<Option<Question>>, turn: u64) {
        let left = self.left.take().filter(|(of, _)| Arc::ptr_eq(of, loaded));
        let before = left.map(|(_, left)| left).unwrap_or_default();
        let mut left = BySlot::default();
        for ((slot, asked), before) in Slot::ALL.into_iter().zip(asked).zip(before) {
            if let Some(question) = asked.or(before) {
                left[slot as usize] = self.decode_one(loaded, slot, question, turn);
            }
        }
        if left.iter().any(Option::is_some) {
            // Whoever asks something else is waiting: this is taken up with that.
            self.left = Some((loaded.clone(), left));
        }
    }

    /// Answers a question; gives it back where it gave way to another one.
    fn decode_one(
        &mut self,
        loaded: &Arc<Loaded>,
        slot: Slot,
        mut question: Question,
        turn: u64,
    ) -> Option<Question> {
        let (generation, count) = (question.generation, question.latents.classes.len());
        let at_once = self.pace.at_once(loaded, slot);
        if slot == Slot::Sheet && !question.is_sketched {
            let most = at_once.unwrap_or(UNTIMED).max(LEAST);
            if let Some(blocks) = Blocks::of(count, most) {
                let made = self.made(loaded, slot, &question.latents, Some(&blocks), &Control::new());
                let Ok(made) = made else { return Some(question) };
                let is_last = made.is_err();
                self.answer(Action::Decoded { slot, generation, made, is_last });
                if is_last {
                    return None;
                }
                question.is_sketched = true;
            }
        }
        let is_brief =
            !matches!(slot, Slot::Sheet | Slot::Drawn) || at_once.is_some_and(|at_once| count <= at_once);
        let control = if is_brief { Control::new() } else { self.turns.begin(turn) };
        match self.made(loaded, slot, &question.latents, None, &control) {
            Ok(made) => {
                self.answer(Action::Decoded { slot, generation, made, is_last: true });
                None
            }
            Err(Cancelled) => Some(question),
        }
    }

    /// The pictures, or a sentence about why there are none.
    fn made(
        &mut self,
        loaded: &Arc<Loaded>,
        slot: Slot,
        latents: &Latents,
        blocks: Option<&Blocks>,
        control: &Control,
    ) -> Result<Result<Made, String>, Cancelled> {
        let started = Instant::now();
        let outcome = jobs::run(|| match make(loaded, slot, latents, blocks, control) {
            Ok(made) => Ok(Ok(made)),
            Err(ScoreError::Cancelled(cancelled)) => Err(cancelled),
            Err(error) => Ok(Err(sentence(error))),
        });
        // What was cut short, or failed, tells nothing of how long a picture takes.
        if matches!(outcome, Outcome::Done(Ok(_))) {
            self.pace.note(loaded, slot, control.progress().done, started.elapsed());
        }
        match outcome {
            Outcome::Done(made) => Ok(made),
            Outcome::Cancelled => Err(Cancelled),
            Outcome::Panicked(cause) => Ok(Err(bug("decoding", &cause))),
        }
    }
}

/// The sheet stays on the graphics device where the model is there; all else comes here.
fn make(
    loaded: &Loaded,
    slot: Slot,
    latents: &Latents,
    blocks: Option<&Blocks>,
    control: &Control,
) -> Result<Made, ScoreError> {
    let model = &loaded.model;
    let shown = blocks.map(Blocks::shown);
    let chosen = blocks.map(|blocks| blocks.chosen(latents, model.shape.latent));
    let Latents { numbers, classes } = chosen.as_ref().unwrap_or(latents);
    if slot == Slot::Sheet
        && let Some(graphics) = &loaded.graphics
    {
        let cells = match &shown {
            Some(shown) => ondevice::decode_repeated(graphics, model, numbers, classes, shown, control),
            None => ondevice::decode(graphics, model, numbers, classes, control),
        };
        if !matches!(cells, Ok(None)) {
            // What the device was asked and did not do yet would be before whatever comes next: also that of a
            // sheet that was cut short.
            ondevice::wait(model)?;
        }
        if let Some(cells) = cells? {
            return Ok(Made::OnDevice(cells.into()));
        }
    }
    let pictures = Arc::new(decode(model, numbers, classes, control)?);
    Ok(match shown {
        Some(shown) => Made::Coarse { pictures, shown: shown.into() },
        None => Made::Here(pictures),
    })
}

/// Blocks of a sheet's cells, of which each shows the picture of the cell in its middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Blocks {
    /// Cells along a side of the sheet, and of a block.
    cells: usize,
    side: usize,
}

impl Blocks {
    /// The smallest blocks of a sheet of so many cells of which there are no more than so many; `None` where that is
    /// a block for each cell, or the sheet is no square.
    fn of(count: usize, most: usize) -> Option<Self> {
        let cells = count.isqrt();
        let are_few = |side: &usize| cells.div_ceil(*side).pow(2) <= most.max(1);
        let side = (1..=cells).find(are_few).filter(|side| *side > 1 && cells * cells == count)?;
        Some(Self { cells, side })
    }

    /// The cells in the middle of blocks, row after row.
    fn middles(self) -> impl Iterator<Item = usize> {
        let Self { cells, side } = self;
        let middles = move || (0..cells.div_ceil(side)).map(move |at| (at * side + side / 2).min(cells - 1));
        middles().flat_map(move |row| middles().map(move |column| row * cells + column))
    }

    /// The block of each cell, by its number among [`middles`](Self::middles).
    fn shown(&self) -> Vec<u32> {
        let Self { cells, side } = *self;
        let across = cells.div_ceil(side);
        let block = |cell: usize| (cell / cells / side * across + cell % cells / side) as u32;
        (0..cells * cells).map(block).collect()
    }

    /// The latents in the middle of blocks.
    fn chosen(&self, latents: &Latents, latent: usize) -> Latents {
        let numbers =
            self.middles().filter_map(|cell| latents.numbers.get(cell * latent..)?.get(..latent)).flatten();
        let classes = self.middles().filter_map(|cell| latents.classes.get(cell));
        Latents {
            numbers: Arc::new(numbers.copied().collect()),
            classes: Arc::new(classes.copied().collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use crossbeam_channel::{Receiver, unbounded};

    use super::*;
    use crate::train::checkpoint::{About, Checkpoint};
    use crate::train::config::{Channels, Config, Shape};
    use crate::train::device::Processor;
    use crate::train::model::Numbers;
    use crate::train::pack::NO_CLASS;

    #[test]
    fn blocks_cover_a_sheet_and_are_few() {
        for (count, most, side, middles) in [
            (16, 16, None, 0),
            (16, 4, Some(2), 4),
            (144, 16, Some(3), 16),
            (144, 17, Some(3), 16),
            (25, 4, Some(3), 4),
            (25, 1, Some(5), 1),
            (1024, 4, Some(16), 4),
            (12, 4, None, 0),
            (1, 1, None, 0),
            (0, 4, None, 0),
        ] {
            let blocks = Blocks::of(count, most);
            assert_eq!(blocks.map(|blocks| blocks.side), side, "{count} at {most}");
            let Some(blocks) = blocks else { continue };
            let (cells, shown): (Vec<usize>, Vec<u32>) = (blocks.middles().collect(), blocks.shown());
            assert_eq!((cells.len(), shown.len()), (middles, count));
            assert!(cells.is_sorted() && cells.iter().all(|cell| *cell < count));
            // Each block shows the cell that is in it.
            assert!(cells.iter().enumerate().all(|(block, cell)| shown[*cell] == block as u32), "{blocks:?}");
            assert_eq!(shown.iter().max(), Some(&(middles as u32 - 1)));
        }
    }

    #[test]
    fn work_gives_way_to_what_is_asked_meanwhile() {
        let turns = Turns::default();
        let one = turns.next();
        let control = turns.begin(one);
        assert!(!control.is_cancelled());
        let two = turns.next();
        assert!(control.is_cancelled());
        assert!(turns.begin(one).is_cancelled(), "it was old before it began");
        assert!(!turns.begin(two).is_cancelled());
    }

    /// A model of random numbers, on the processor.
    fn loaded() -> Arc<Loaded> {
        let mut config = Config::preset(16, Channels::Grey);
        config.shape = Shape { latent: 2, width: 2, depth: 1, hidden: 4, ..config.shape };
        let processor = Processor::cpu();
        let number = |at: usize| (at * 7 % 13) as f32 / 13.0 - 0.5;
        let weights =
            config.shape.weights().into_iter().map(|weight| (0..weight.count()).map(number).collect());
        let weights: Numbers = weights.collect();
        let model = processor.model(&config.shape, weights.clone());
        let about = About::new(config, String::new(), String::new(), Vec::new());
        let checkpoint = Checkpoint { about, weights, moments: [Vec::new(), Vec::new()] };
        let (folder, device) = (PathBuf::from("not kept"), processor.name);
        Arc::new(Loaded { checkpoint, folder, model, device, graphics: None })
    }

    fn latents(count: usize) -> Latents {
        let numbers = (0..2 * count).map(|at| at as f32 / count as f32 - 1.0).collect();
        Latents { numbers: Arc::new(numbers), classes: Arc::new(vec![NO_CLASS; count]) }
    }

    /// A studio that waits with each answer until the gate lets it go on.
    fn studio() -> (Studio, Receiver<Action>, Sender<()>) {
        let ((send, answers), (gate, opened)) = (unbounded(), unbounded());
        // Once the gate is gone it goes on by itself.
        let studio = Studio::spawn(send, move || {
            let _ = opened.recv();
        });
        (studio, answers, gate)
    }

    /// The next answer: its part, its number, how many pictures, and whether it is the last one.
    fn next(answers: &Receiver<Action>) -> (Slot, u64, usize, bool) {
        match answers.recv().unwrap() {
            Action::Decoded { slot, generation, made: Ok(Made::Here(made)), is_last } => {
                (slot, generation, made.len(), is_last)
            }
            Action::Decoded { slot, generation, made: Ok(Made::Coarse { pictures, shown }), is_last } => {
                assert!(shown.iter().all(|picture| (*picture as usize) < pictures.len()));
                (slot, generation, shown.len(), is_last)
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_was_cut_short_tells_nothing_of_the_pace() {
        let (loaded, (send, _answers)) = (loaded(), unbounded());
        let mut decoder = Decoder {
            answers: send,
            wake: Box::new(|| {}),
            turns: Turns::default(),
            pace: Pace::default(),
            left: None,
        };
        let control = Control::new();
        control.cancel();
        let made = decoder.made(&loaded, Slot::Sheet, &latents(4), None, &control);
        assert!(made.is_err() && decoder.pace.at_once(&loaded, Slot::Sheet).is_none());
        let made = decoder.made(&loaded, Slot::Sheet, &latents(4), None, &Control::new());
        assert!(matches!(made, Ok(Ok(_))) && decoder.pace.at_once(&loaded, Slot::Sheet).is_some());
    }

    /// Cells of a sheet that takes longer than a moment on any machine.
    const MANY: usize = 160 * 160;

    #[test]
    fn a_coarse_sheet_comes_first_and_a_newer_question_cuts_the_rest_short() {
        let loaded = loaded();
        let (studio, answers, gate) = studio();
        studio.decode(&loaded, Slot::Sheet, 1, latents(MANY));
        assert_eq!(next(&answers), (Slot::Sheet, 1, MANY, false));
        studio.decode(&loaded, Slot::Sheet, 2, latents(25));
        drop(gate);
        let mut seen = vec![next(&answers)];
        while seen.last().is_some_and(|(.., is_last)| !is_last) {
            seen.push(next(&answers));
        }
        assert!(seen.iter().all(|(_, generation, count, _)| (*generation, *count) == (2, 25)), "{seen:?}");
    }

    #[test]
    fn a_sheet_that_gave_way_to_another_part_is_taken_up_again() {
        let loaded = loaded();
        let (studio, answers, gate) = studio();
        studio.decode(&loaded, Slot::Sheet, 1, latents(MANY));
        assert_eq!(next(&answers), (Slot::Sheet, 1, MANY, false));
        studio.decode(&loaded, Slot::Pointer, 2, latents(1));
        drop(gate);
        assert_eq!(next(&answers), (Slot::Pointer, 2, 1, true));
        assert_eq!(next(&answers), (Slot::Sheet, 1, MANY, true));
    }

    #[test]
    fn what_was_withdrawn_is_not_taken_up_again_and_what_was_not_is() {
        let loaded = loaded();
        for withdrawn in [Slot::Sheet, Slot::Strip] {
            let (studio, answers, gate) = studio();
            studio.decode(&loaded, Slot::Sheet, 1, latents(MANY));
            assert_eq!(next(&answers), (Slot::Sheet, 1, MANY, false));
            studio.withdraw(withdrawn);
            if withdrawn == Slot::Sheet {
                studio.decode(&loaded, Slot::Pointer, 2, latents(1));
                drop(gate);
                assert_eq!(next(&answers), (Slot::Pointer, 2, 1, true));
                // The thread ends once nothing is left to do.
                drop(studio);
                assert!(answers.recv().is_err(), "nobody wants the sheet");
            } else {
                drop(gate);
                assert_eq!(next(&answers), (Slot::Sheet, 1, MANY, true));
            }
        }
    }
}
