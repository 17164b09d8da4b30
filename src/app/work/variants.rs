//! The thread that makes variants of samples for the preview: the same ones that an export would write, and first
//! a coarse form of them where the samples are large.
//!
//! A question that is asked meanwhile ends the one before: what is drawn by then is shown, and no more of it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use rayon::prelude::*;

use super::bug;
use super::live::Live;
use crate::analysis::quality::Check;
use crate::augment::cpu::resize::resize;
use crate::augment::files;
use crate::augment::pipeline::{Done, Pipeline};
use crate::dataset::SampleId;
use crate::dataset::boxes::BoxRecord;
use crate::dataset::edit::PipelineSlot;
use crate::dataset::query::{Rows, Snapshot};
use crate::gpu::mosaic::Tile;
use crate::import::reader::access::lock;
use crate::import::{ReadError, Reader};
use crate::jobs::{self, Newest, Outcome, step_back};
use crate::media::Raster;
use crate::pipeline::augmented::ondevice::{MOST_BYTES, OnDevice, STEP_BYTES, Wanted};
use crate::pipeline::augmented::{
    Augmenter, Made, OthersBySplit, Pictures, Recent, drawn_of_classes, reduction,
};
use crate::pipeline::cores;
use crate::pipeline::drift::{Described, SAMPLES, Yardstick, describe, failed_checks, middle, safe_range};
use crate::review::staying;
use crate::state::augment::{Cell, Drawn, LastWord, RangeWish, Shown, VariantsWish};
use crate::state::{Action, Level, State};
use crate::text::sentence;
use crate::train::device::{Choice, Graphics};

/// Cells that were drawn are shown together this often.
const SHOWN_EVERY: Duration = Duration::from_millis(40);
/// How much larger than its cell a sample is before it is drawn coarsely first.
const COARSE_FROM: f32 = 1.5;
/// The longer side of a picture that is open large, in pixels.
const OPEN_PX: u32 = 2048;

/// The samples and where they are.
#[derive(Clone)]
pub struct Ground {
    pub snapshot: Snapshot,
    pub reader: Arc<Reader>,
    /// The rows of the view.
    pub rows: Arc<Rows>,
}

impl Ground {
    /// That of the open dataset.
    pub fn of(live: Option<&Live>, state: &State) -> Option<Self> {
        let session = state.session.as_ref()?;
        let (snapshot, rows) = (session.snapshot.clone(), session.shown.found.rows.clone());
        Some(Self { snapshot, reader: live?.reader.clone(), rows })
    }
}

/// A pipeline out of a file, or why there is none.
pub fn read(slot: PipelineSlot, path: &Path) -> Action {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let read = files::read_file(path);
    Action::PipelineRead { slot, name, read: read.map(|(pipeline, notes)| (pipeline.into(), notes)) }
}

/// Writes a pipeline in the form that the name tells; says what came of it.
pub fn write(path: &Path, pipeline: &Pipeline) -> Action {
    let there = format!("The pipeline is in {}.", path.display());
    let (level, text) = match files::write_file(path, pipeline, files::form_of(path)) {
        Ok(notes) if notes.is_empty() => (Level::Info, there),
        Ok(notes) => (Level::Warning, format!("{there} {}", notes.join(" "))),
        Err(error) => (Level::Error, sentence(error)),
    };
    Action::Notify { level, text }
}

/// What is asked: of each kind the newest.
#[derive(Default)]
pub struct Questions {
    pick: Option<(u64, Ground, usize, u64)>,
    suggest: Option<(Ground, Box<RangeWish>)>,
    draw: Option<(u64, Ground, Box<VariantsWish>, f32)>,
    /// Whether pictures are of no use any more, or nothing of the dataset is.
    rests: Option<Rest>,
}

/// Why nothing is drawn for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// The panel is not on screen; it will be again.
    Hidden,
    /// The dataset is closed.
    Closed,
}

/// The thread.
pub struct Preview {
    thread: Newest<Questions>,
    /// The newest question of a sheet.
    newest: Arc<AtomicU64>,
}

impl Preview {
    /// Starts the thread. Answers go to `answers`, and `wake` is called after each.
    pub fn spawn(
        graphics: Option<Graphics>,
        answers: Sender<Action>,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let newest = Arc::new(AtomicU64::new(0));
        let mut painter = Painter {
            newest: newest.clone(),
            answers,
            wake: Box::new(wake),
            held: None,
            graphics,
            device: None,
        };
        let thread = Newest::spawn("variants", move |questions: Questions| {
            if let Some(rest) = questions.rests {
                painter.rest();
                if rest == Rest::Closed {
                    painter.held = None;
                }
            }
            if let Some((generation, ground, count, seed)) = questions.pick {
                let rows = ground.rows.iter().copied();
                let picked = jobs::run(|| Ok(drawn_of_classes(&ground.snapshot, rows, count, seed)));
                let samples = Arc::new(match picked {
                    Outcome::Done(samples) => samples,
                    Outcome::Cancelled => Vec::new(),
                    Outcome::Panicked(cause) => {
                        let text = bug("drawing samples by lot", &cause);
                        painter.answer(Action::Notify { level: Level::Error, text });
                        Vec::new()
                    }
                });
                painter.answer(Action::SamplesPicked { generation, samples });
            }
            if let Some((ground, wish)) = questions.suggest {
                let (of, step, param) = (wish.of.clone(), wish.step, wish.param);
                let found = match jobs::run(|| Ok(painter.suggest(&ground, &wish))) {
                    Outcome::Done(found) => found,
                    Outcome::Cancelled => Err("No range was looked for.".to_owned()),
                    Outcome::Panicked(cause) => Err(bug("looking for a safe range", &cause)),
                };
                painter.answer(Action::RangeFound { of, step, param, found });
            }
            if let Some((generation, ground, wish, pixels_per_point)) = questions.draw {
                let drawn = jobs::run(|| {
                    painter.draw(generation, &ground, &wish, pixels_per_point);
                    Ok(())
                });
                if let Outcome::Panicked(cause) = drawn {
                    painter.answer(Action::VariantsFailed { generation, cause });
                }
            }
        });
        Self { thread, newest }
    }

    pub fn pick(&self, generation: u64, ground: Ground, count: usize, seed: u64) {
        self.thread.change(|waiting| {
            waiting.get_or_insert_default().pick = Some((generation, ground, count, seed));
        });
    }

    /// Looks for the safe range of a parameter.
    pub fn suggest(&self, ground: Ground, wish: Box<RangeWish>) {
        self.thread.change(|waiting| waiting.get_or_insert_default().suggest = Some((ground, wish)));
    }

    /// Ends what is being drawn, and lets go of what drawing needs.
    pub fn rest(&self, rest: Rest) {
        self.newest.store(u64::MAX, Ordering::Relaxed);
        self.thread.change(|waiting| match rest {
            Rest::Hidden => {
                let questions = waiting.get_or_insert_default();
                (questions.draw, questions.rests) = (None, questions.rests.or(Some(rest)));
            }
            Rest::Closed => *waiting = Some(Questions { rests: Some(rest), ..Questions::default() }),
        });
    }

    pub fn draw(&self, generation: u64, ground: Ground, wish: Box<VariantsWish>, pixels_per_point: f32) {
        self.newest.store(generation, Ordering::Relaxed);
        self.thread.change(|waiting| {
            waiting.get_or_insert_default().draw = Some((generation, ground, wish, pixels_per_point));
        });
    }
}

struct Painter {
    newest: Arc<AtomicU64>,
    answers: Sender<Action>,
    wake: Box<dyn Fn() + Send + Sync>,
    held: Option<Held>,
    graphics: Option<Graphics>,
    /// Made when it is first of use; `None` in it where the graphics device cannot do it.
    device: Option<Option<OnDevice>>,
}

/// Originals that stay from a question to the next one of the same dataset.
struct Held {
    reader: Arc<Reader>,
    rows: Arc<Rows>,
    /// What an export would take, in its order: mixing takes from them.
    others: OthersBySplit,
    originals: Recent,
    pictures: Pictures,
    /// Made smaller, for one size of cells.
    small: (u32, Recent),
    /// What drift is measured by, once that was worked out; `None` in it where nothing says.
    yardstick: Option<Option<Arc<Yardstick>>>,
    /// Descriptions of the samples as they are, and the checks that they fail themselves.
    described: Mutex<HashMap<SampleId, Arc<Own>>>,
}

/// What is known of a sample as it is.
struct Own {
    described: Option<Described>,
    fails: Vec<Check>,
}

/// Samples whose description is kept.
const DESCRIBED: usize = 4096;

impl Held {
    fn new(ground: &Ground, edge_px: u32) -> Self {
        Self {
            reader: ground.reader.clone(),
            rows: ground.rows.clone(),
            others: others(ground),
            originals: Recent::default(),
            pictures: Pictures::default(),
            small: (edge_px, Recent::default()),
            yardstick: None,
            described: Mutex::default(),
        }
    }

    fn own(&self, sample: SampleId, original: &Raster) -> Arc<Own> {
        if let Some(known) = lock(&self.described).get(&sample) {
            return known.clone();
        }
        let own = Arc::new(Own { described: describe(original), fails: failed_checks(original) });
        let mut described = lock(&self.described);
        if described.len() >= DESCRIBED {
            described.clear();
        }
        described.insert(sample, own.clone());
        own
    }
}

impl Painter {
    fn answer(&self, action: Action) {
        // The window may be gone by now.
        let _ = self.answers.send(action);
        (self.wake)();
    }

    /// Lets go of pictures; what was measured of them stays.
    fn rest(&mut self) {
        if let Some(held) = &mut self.held {
            (held.originals, held.small) = (Recent::default(), (1, Recent::default()));
        }
        if let Some(Some(device)) = &self.device {
            device.rest();
        }
    }

    /// What is kept of this dataset, for the rows that are shown now.
    fn held(&mut self, ground: &Ground, edge_px: u32) -> Held {
        let mut held = match self.held.take() {
            Some(held) if Arc::ptr_eq(&held.reader, &ground.reader) => held,
            _ => {
                // Of another dataset, or of the same one as it was before.
                self.rest();
                Held::new(ground, edge_px)
            }
        };
        if !Arc::ptr_eq(&held.rows, &ground.rows) {
            (held.rows, held.others, held.yardstick) = (ground.rows.clone(), others(ground), None);
        }
        held
    }

    /// The values of a parameter at which samples stay what they are.
    fn suggest(&mut self, ground: &Ground, wish: &RangeWish) -> Result<[f64; 2], String> {
        let mut held = self.held(ground, 1);
        let yardstick = measured(&mut held, ground, || true);
        let found = yardstick.ok_or("The samples do not tell how far the classes are apart.".to_owned());
        let found = found.and_then(|yardstick| safe(ground, &held, wish, &yardstick));
        self.held = Some(held);
        found
    }

    fn is_old(&self, generation: u64) -> bool {
        self.newest.load(Ordering::Relaxed) != generation
    }

    /// The graphics device that makes variants, where one is to.
    fn device(&mut self, choice: Choice) -> Option<OnDevice> {
        let graphics = self.graphics.as_ref()?;
        // The kernels are faster than a processor that plays a graphics device.
        if choice == Choice::Cpu || (choice == Choice::Auto && graphics.is_software()) {
            return None;
        }
        self.device.get_or_insert_with(|| OnDevice::new(graphics)).clone()
    }

    fn draw(&mut self, generation: u64, ground: &Ground, wish: &VariantsWish, pixels_per_point: f32) {
        let edge_px = ((wish.edge * pixels_per_point).round() as u32).max(1);
        let device = self.device(wish.device);
        let mut held = self.held(ground, edge_px);
        if held.small.0 != edge_px {
            held.small = (edge_px, Recent::default());
        }
        let all: Vec<usize> = (0..wish.cells.len()).collect();
        let mut tiles = vec![None; all.len()];
        let coarse = Sketch { ground, wish, held: &held, edge_px, tiles: &[], is_coarse: true };
        // What the device gives as it is, what it gives coarsely, and what it does not give.
        let mut left = Vec::new();
        if let Some(device) = &device {
            (tiles, left) = self.pass_on_device(generation, &coarse, device);
        }
        let is_missing = |at: &usize| tiles[*at].is_none() && !left.contains(at);
        let rest: Vec<usize> = all.iter().copied().filter(is_missing).collect();
        let whole: Vec<usize> = all.iter().copied().filter(|at| tiles[*at].is_some()).collect();
        left.extend(self.pass(generation, &coarse, &rest));
        let fine = Sketch { tiles: &tiles, is_coarse: false, ..coarse };
        if !wish.is_held {
            self.pass(generation, &fine, &left);
        }
        if !self.is_old(generation) {
            let open = fine.open();
            let device = device.as_ref().map(|device| device.name().into());
            let cells = Vec::new();
            self.answer(Action::VariantsDrawn { generation, cells, open, last: Some(LastWord { device }) });
        }
        // What is measured by comes after what is seen, once; all is measured again with it. What the device made
        // has been seen, and not measured.
        let mut unmeasured = match &held.yardstick {
            Some(Some(_)) => whole,
            _ => Vec::new(),
        };
        if held.yardstick.is_none() && !wish.is_held && !self.is_old(generation) {
            let is_new = measured(&mut held, ground, || !self.is_old(generation)).is_some();
            unmeasured = if is_new { all } else { Vec::new() };
        }
        let again = Sketch { ground, wish, held: &held, edge_px, tiles: &tiles, is_coarse: false };
        self.pass(generation, &again, &unmeasured);
        self.held = Some(held);
    }

    /// Has the device make all cells at once, and shows them; gives the tiles of samples as they are, and the cells
    /// that were made of smaller pictures.
    fn pass_on_device(
        &self,
        generation: u64,
        sketch: &Sketch<'_>,
        device: &OnDevice,
    ) -> (Vec<Option<Tile>>, Vec<usize>) {
        let count = sketch.wish.cells.len();
        let all: Vec<usize> = (0..count).collect();
        let mut places = Vec::with_capacity(count);
        let (mut wanted, mut are_coarse) = (Vec::with_capacity(count), Vec::with_capacity(count));
        self.on_all_cores(
            generation,
            &all,
            |at| sketch.wanted(at).ok(),
            |at, one| {
                let Some((one, is_coarse)) = one else { return };
                places.push(at);
                wanted.push(one);
                are_coarse.push(is_coarse);
            },
        );
        let (mut tiles, mut coarse, mut cells) = (vec![None; count], Vec::new(), Vec::new());
        if self.is_old(generation) {
            return (tiles, coarse);
        }
        let made = device.make(&sketch.augmenter(&Pipeline::default()), &wanted);
        for (((at, wanted), is_coarse), tile) in places.into_iter().zip(wanted).zip(are_coarse).zip(made) {
            let Some(tile) = tile else { continue };
            cells.push((at, Arc::new(sketch.on_device(at, wanted, tile.clone(), is_coarse))));
            match is_coarse {
                true => coarse.push(at),
                false => tiles[at] = Some(tile),
            }
        }
        self.answer(Action::VariantsDrawn { generation, cells, open: None, last: None });
        device.wait(|| !self.is_old(generation));
        (tiles, coarse)
    }

    /// Draws cells on all cores, and shows them as they come; gives those that were drawn coarsely.
    fn pass(&self, generation: u64, sketch: &Sketch<'_>, cells: &[usize]) -> Vec<usize> {
        let (mut coarse, mut waiting) = (Vec::new(), Vec::new());
        let mut shown = Instant::now();
        self.on_all_cores(
            generation,
            cells,
            |at| Arc::new(sketch.cell(at)),
            |at, cell: Arc<Drawn>| {
                if cell.is_coarse {
                    coarse.push(at);
                }
                waiting.push((at, cell));
                if shown.elapsed() >= SHOWN_EVERY {
                    shown = Instant::now();
                    let cells = std::mem::take(&mut waiting);
                    self.answer(Action::VariantsDrawn { generation, cells, open: None, last: None });
                }
            },
        );
        if !waiting.is_empty() {
            self.answer(Action::VariantsDrawn { generation, cells: waiting, open: None, last: None });
        }
        coarse
    }

    /// Does something for cells on all cores until there is a newer question, and takes what came of them in any
    /// order.
    fn on_all_cores<T: Send>(
        &self,
        generation: u64,
        cells: &[usize],
        work: impl Fn(usize) -> T + Sync,
        mut take: impl FnMut(usize, T),
    ) {
        let (sender, done) = crossbeam_channel::unbounded::<(usize, T)>();
        let next = AtomicUsize::new(0);
        let work = |sender: Sender<(usize, T)>| {
            while !self.is_old(generation)
                && let Some(at) = cells.get(next.fetch_add(1, Ordering::Relaxed))
            {
                let _ = sender.send((*at, work(*at)));
            }
        };
        std::thread::scope(|scope| {
            let work = &work;
            let spawn = |at: usize| {
                let sender = sender.clone();
                let work = move || {
                    step_back();
                    work(sender);
                };
                std::thread::Builder::new().name(format!("variants-{at}")).spawn_scoped(scope, work).ok()
            };
            let workers: Vec<_> = (0..cores().min(cells.len())).map_while(spawn).collect();
            if workers.is_empty() {
                work(sender.clone());
            }
            drop(sender);
            done.iter().for_each(|(at, one)| take(at, one));
            for worker in workers {
                if let Err(cause) = worker.join() {
                    std::panic::resume_unwind(cause);
                }
            }
        });
    }
}

/// What drift is measured by, worked out where it is not yet.
fn measured(held: &mut Held, ground: &Ground, goes_on: impl Fn() -> bool) -> Option<Arc<Yardstick>> {
    if let Some(known) = &held.yardstick {
        return known.clone();
    }
    let samples = drawn_of_classes(&ground.snapshot, held.others.samples().iter().copied(), SAMPLES, 0);
    let found = Yardstick::of(&ground.snapshot, &ground.reader, &samples, &goes_on).map(Arc::new);
    if goes_on() {
        held.yardstick = Some(found.clone());
    }
    found
}

/// The middle drift of samples at each value of a parameter, and the range at which it is small.
fn safe(ground: &Ground, held: &Held, wish: &RangeWish, yardstick: &Yardstick) -> Result<[f64; 2], String> {
    let mut drifts = Vec::new();
    for value in &wish.values {
        let cell = |sample: SampleId| Cell {
            sample,
            variant: Some(0),
            slot: PipelineSlot::A,
            changes: vec![(wish.step, wish.param, *value)],
            row: 0,
            column: 0,
            original: None,
        };
        let pipelines = [wish.pipeline.clone(), Arc::default()];
        let drift = |sample: &SampleId| {
            let pipeline = cell(*sample).pipeline(&pipelines);
            let augmenter = Augmenter {
                snapshot: &ground.snapshot,
                reader: &ground.reader,
                pipeline: &pipeline,
                seed: wish.seed,
                others: &held.others,
                recent: &held.originals,
                pictures: &held.pictures,
            };
            let original = augmenter.original(*sample).ok()?;
            let made = augmenter.made_of(*sample, &original, Some(0)).ok()?;
            let own = held.own(*sample, &original);
            Some(yardstick.drift(own.described.as_ref()?, &describe(&made.raster)?))
        };
        let mut of_samples: Vec<f32> = wish.samples.par_iter().filter_map(drift).collect();
        let middle = middle(&mut of_samples);
        drifts.push(middle.ok_or("No sample on the sheet can be read.")?);
    }
    let text = "There is no safe range: even the value that changes the samples least makes them others.";
    safe_range(&wish.values, &drifts).ok_or(text.to_owned())
}

fn others(ground: &Ground) -> OthersBySplit {
    OthersBySplit::new(&ground.snapshot.dataset, staying(&ground.snapshot))
}

/// How cells are drawn in one pass.
#[derive(Clone, Copy)]
struct Sketch<'a> {
    ground: &'a Ground,
    wish: &'a VariantsWish,
    held: &'a Held,
    edge_px: u32,
    /// What a device has made of the cells as they are, of which only the drift is not known yet.
    tiles: &'a [Option<Tile>],
    is_coarse: bool,
}

impl Sketch<'_> {
    fn cell(&self, at: usize) -> Drawn {
        let cell = &self.wish.cells[at];
        let pipeline = cell.pipeline(&self.wish.pipelines);
        match self.made(cell, &pipeline) {
            Ok((made, is_coarse)) => {
                let drawn = self.measured(cell, made, self.edge_px, is_coarse);
                match self.tiles.get(at).cloned().flatten() {
                    Some(tile) => Drawn { picture: Shown::Tile(tile), ..drawn },
                    None => drawn,
                }
            }
            Err(error) => failed(error.message),
        }
    }

    /// What a device needs to know of a cell, and whether it is of a smaller picture than the sample's.
    fn wanted(&self, at: usize) -> Result<(Wanted, bool), ReadError> {
        let cell = &self.wish.cells[at];
        let pipeline = cell.pipeline(&self.wish.pipelines);
        let augmenter = self.augmenter(&pipeline);
        let most_pixels = MOST_BYTES / STEP_BYTES / self.wish.cells.len().max(1) as u64;
        let is_large = |[width, height]: [u32; 2]| {
            width.max(height) > self.edge_px && u64::from(width) * u64::from(height) > most_pixels
        };
        let (picture, is_coarse) = self.picture(&augmenter, cell.sample, is_large)?;
        Ok((Wanted::new(&augmenter, cell.sample, &picture, cell.variant, Some(self.edge_px)), is_coarse))
    }

    /// A sample's picture, and whether it is the small one, as it is where the sample is so large.
    fn picture(
        &self,
        augmenter: &Augmenter<'_>,
        sample: SampleId,
        is_large: impl Fn([u32; 2]) -> bool,
    ) -> Result<(Arc<Raster>, bool), ReadError> {
        let small = || {
            let made = || Ok(at_most(&*augmenter.original(sample)?, self.edge_px));
            Ok((self.held.small.1.get(sample, made)?, true))
        };
        // Of a sample that is known to be large the small picture will do, without reading it again.
        if lock(&self.held.pictures).get(&sample).is_some_and(|known| is_large(known.size)) {
            return small();
        }
        let original = augmenter.original(sample)?;
        if is_large([original.width, original.height]) { small() } else { Ok((original, false)) }
    }

    /// What is drawn of a cell that a device has made.
    fn on_device(&self, at: usize, wanted: Wanted, tile: Tile, is_coarse: bool) -> Drawn {
        let cell = &self.wish.cells[at];
        let pipeline = cell.pipeline(&self.wish.pipelines);
        let augmenter = self.augmenter(&pipeline);
        let Wanted { size, plan, .. } = wanted;
        let (boxes, points) = (augmenter.boxes(cell.sample, &plan), augmenter.points(cell.sample, &plan));
        let mixed = augmenter.mixed(cell.sample, &plan).into_iter().map(|(other, _)| other).collect();
        face(Shown::Tile(tile), size, Told { done: plan.done, boxes, points, mixed }, is_coarse)
    }

    fn augmenter<'a>(&'a self, pipeline: &'a Pipeline) -> Augmenter<'a> {
        Augmenter {
            snapshot: &self.ground.snapshot,
            reader: &self.ground.reader,
            pipeline,
            seed: self.wish.seed,
            others: &self.held.others,
            recent: &self.held.originals,
            pictures: &self.held.pictures,
        }
    }

    /// The cell that is open, as it is.
    fn open(&self) -> Option<Arc<Drawn>> {
        if self.wish.is_held {
            // The cell of the sheet stands for it until the control is let go.
            return None;
        }
        let cell = self.wish.cells.get(self.wish.open?)?;
        let sketch = Sketch { is_coarse: false, ..*self };
        let made = sketch.made(cell, &cell.pipeline(&self.wish.pipelines));
        Some(Arc::new(match made {
            Ok((made, is_coarse)) => sketch.measured(cell, made, OPEN_PX, is_coarse),
            Err(error) => failed(error.message),
        }))
    }

    /// What is drawn of a variant, with how far it is from what it was.
    fn measured(&self, cell: &Cell, made: Made, edge_px: u32, is_coarse: bool) -> Drawn {
        let yardstick = self.held.yardstick.as_ref().and_then(Option::as_ref);
        let (mut drift, mut fails) = (None, Vec::new());
        // What is drawn coarsely is on screen for a moment.
        if cell.variant.is_some()
            && !is_coarse
            && let Some(yardstick) = yardstick
            && let Ok(original) = self.original(cell.sample)
        {
            let own = self.held.own(cell.sample, &original);
            let now = describe(&made.raster);
            drift = own.described.as_ref().zip(now.as_ref()).map(|(own, now)| yardstick.drift(own, now));
            fails = failed_checks(&made.raster);
            fails.retain(|check| !own.fails.contains(check));
        }
        Drawn { drift, fails, ..drawn(made, edge_px, is_coarse) }
    }

    fn original(&self, sample: SampleId) -> Result<Arc<Raster>, ReadError> {
        let Ground { snapshot, reader, .. } = self.ground;
        self.held.originals.get(sample, || reader.picture(&snapshot.dataset, sample))
    }

    /// What a cell is of, and whether it was made of a smaller picture than the sample's.
    fn made(&self, cell: &Cell, pipeline: &Pipeline) -> Result<(Made, bool), ReadError> {
        // Others that are mixed in come whole, whatever this one is: they are brought to its size.
        let augmenter = self.augmenter(pipeline);
        let limit = (self.edge_px as f32 * COARSE_FROM) as u32;
        let is_large = |size: [u32; 2]| self.is_coarse && size[0].max(size[1]) > limit;
        let (picture, is_coarse) = self.picture(&augmenter, cell.sample, is_large)?;
        Ok((augmenter.made_of(cell.sample, &picture, cell.variant)?, is_coarse))
    }
}

/// What is known of a variant beside its pixels.
struct Told {
    done: Vec<Done>,
    boxes: Vec<Option<BoxRecord>>,
    points: Vec<[f32; 2]>,
    mixed: Vec<SampleId>,
}

/// What is drawn of a variant in a square of so many pixels.
fn drawn(made: Made, edge_px: u32, is_coarse: bool) -> Drawn {
    let Made { raster, done, boxes, points, mixed } = made;
    let shown = at_most(&raster, edge_px);
    let picture =
        Shown::Pixels { width: shown.width as usize, height: shown.height as usize, rgba: shown.to_rgba() };
    face(picture, [raster.width, raster.height], Told { done, boxes, points, mixed }, is_coarse)
}

fn face(picture: Shown, size: [u32; 2], told: Told, is_coarse: bool) -> Drawn {
    let sides = size.map(|side| side as f32);
    let boxes = told.boxes.iter().flatten().map(|one| {
        let [left, top, width, height] = one.rect;
        (one.class, [left / sides[0], top / sides[1], width / sides[0], height / sides[1]])
    });
    Drawn {
        picture,
        size,
        boxes: boxes.collect(),
        points: told.points.iter().map(|[x, y]| [x / sides[0], y / sides[1]]).collect(),
        lost_boxes: told.boxes.iter().filter(|one| one.is_none()).count(),
        done: told.done,
        mixed: told.mixed,
        drift: None,
        fails: Vec::new(),
        is_coarse,
        problem: None,
    }
}

fn failed(problem: String) -> Drawn {
    let told = Told { done: Vec::new(), boxes: Vec::new(), points: Vec::new(), mixed: Vec::new() };
    Drawn { problem: Some(problem), ..face(Shown::Nothing, [0; 2], told, false) }
}

/// The picture with its longer side brought down to `edge_px`; a smaller one as it is.
fn at_most(raster: &Raster, edge_px: u32) -> Raster {
    match reduction([raster.width, raster.height], edge_px) {
        Some(smaller) => resize(raster, &smaller),
        None => raster.clone(),
    }
}
