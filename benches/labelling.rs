//! What an answer costs a person who labels by hand: the work on the interface's thread, the rows that follow, and
//! the time until it is on the disk, against a frame of 16.7 ms and the promise of 10 ms. And what the model takes to
//! learn from it and to propose a class for every sample, against the promise of 50 ms.
//!
//! `cargo bench --bench labelling` prints the median and the worst of many answers over 100,000 and a million
//! samples; `-- ROWS` sets another number of samples.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use lenslet::analysis::fewshot::{Features, Graph};
use lenslet::dataset::edit::{Overlay, SampleSet, View};
use lenslet::dataset::query::{Found, Snapshot, Total};
use lenslet::dataset::{
    Dataset, DatasetBuilder, Fact, Facts, ImageFormat, LabelOrigin, Layout, NewSample, SampleId,
};
use lenslet::jobs::Control;
use lenslet::pipeline::learning::{Ground, Learner};
use lenslet::state::{Action, Command, Effect, How, LabelGesture, Opened, ProjectFace, State};
use lenslet::store::{Access, Journal, JournalWriter, Project, Settings};

/// A frame at 60 a second, in milliseconds.
const FRAME_MS: f64 = 1000.0 / 60.0;
/// What an answer may take until it is on the disk.
const DURABLE_MS: f64 = 10.0;
const ANSWERS: usize = 400;
/// What a model may take to learn from an answer, of so many samples of so many numbers.
const LEARNED_MS: f64 = 50.0;
const LEARNED_FROM: usize = 100_000;
const NUMBERS: usize = 256;

fn main() {
    let asked = std::env::args().skip(1).find_map(|word| word.parse().ok());
    for samples in asked.map_or(vec![100_000, 1_000_000], |samples: usize| vec![samples]) {
        println!("{samples} samples, {} threads", rayon::current_num_threads());
        let dataset = dataset(samples);
        let folder = tempfile::tempdir().expect("a folder for the project");
        let project = Project::open(folder.path()).expect("a project");
        project.save_catalogue(&dataset).expect("the list is kept");
        let journal = Journal::open(&project, samples).expect("a journal").journal;
        let writer = JournalWriter::spawn(journal, "bench", || {}).expect("a thread");
        let mut state = State::new(Settings::default());
        state.update(Action::Opened(Box::new(opened(&dataset, samples))));
        label(&mut state, &writer);
        if samples <= LEARNED_FROM {
            learn(&mut state);
        }
    }
}

/// Learns anew from every answer, with a thousand and with five thousand before it: the errors that are told and the
/// curve are part of it.
fn learn(state: &mut State) {
    let samples = state.session.as_ref().map_or(0, |session| session.snapshot.len());
    let features = Features::from_values(crowds(samples), NUMBERS).expect("whole rows");
    let mut learner = Learner::new(Arc::new(Ground { features, graph: Graph::default() }));
    let mut answered = 0;
    let mut answer = |state: &mut State, count: usize| {
        for _ in 0..count {
            let sample = answered * 7919 % samples;
            answered += 1;
            state.update(give(SampleSet::from_rows([sample as SampleId]), sample % 10));
        }
    };
    for before in [1000, 5000] {
        answer(state, before);
        let mut learned = |state: &State| {
            let snapshot = &state.session.as_ref().expect("it is open").snapshot;
            let start = Instant::now();
            let learned = learner.learn(snapshot, |row| row % 10 == 0, &Control::new());
            black_box(learned.expect("nothing stops it").expect("there are answers enough"));
            ms(start)
        };
        learned(state);
        let mut times = Vec::new();
        for _ in 0..40 {
            answer(state, 1);
            times.push(learned(state));
        }
        report(&format!("learning from an answer after {before}, {NUMBERS} numbers"), times, LEARNED_MS);
    }
}

/// Rows of ten crowds that overlap.
fn crowds(samples: usize) -> Vec<f32> {
    let mut state = 1u32;
    let mut by_chance = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    let middles: Vec<f32> = (0..10 * NUMBERS).map(|_| by_chance() / 2.0).collect();
    let row = |row: usize| middles[row % 10 * NUMBERS..][..NUMBERS].iter();
    (0..samples).flat_map(row).map(|middle| middle + 2.0 * by_chance()).collect()
}

/// Labels one by one, many at a stroke, and takes back.
fn label(state: &mut State, writer: &JournalWriter) {
    let samples = state.session.as_ref().map_or(0, |session| session.snapshot.len());
    let (mut gesture, mut found, mut durable) = (Vec::new(), Vec::new(), Vec::new());
    let view = View { filter: "is:unlabelled".into(), sort: "path".into(), ..View::default() };
    let mut total = Total::default();
    for at in 0..ANSWERS {
        let sample = (at * (samples / ANSWERS)) as SampleId;
        let action = give(SampleSet::from_rows([sample]), at % 10);
        let start = Instant::now();
        let effects = state.update(action);
        gesture.push(ms(start));
        let start = Instant::now();
        keep(writer, effects);
        durable.push(ms(start));
        if at.is_multiple_of(20) {
            let snapshot = &state.session.as_ref().expect("it is open").snapshot;
            let start = Instant::now();
            black_box(Found::again(snapshot, &view, &mut total));
            found.push(ms(start));
        }
    }
    report("an answer: on the interface's thread", gesture, FRAME_MS);
    report("an answer: on the disk", durable, DURABLE_MS);
    report("an answer: rows and counts of `is:unlabelled`", found, FRAME_MS);

    let (mut many, mut back) = (Vec::new(), Vec::new());
    for at in 0..20usize {
        let first = (at * 997) as SampleId;
        let rows = SampleSet::from_rows((0..10_000).map(|row| (first + row * 7) % samples as SampleId));
        let action = give(rows, at % 10);
        let start = Instant::now();
        let effects = state.update(action);
        many.push(ms(start));
        keep(writer, effects);
        let start = Instant::now();
        let effects = state.update(Action::Run(Command::Undo));
        back.push(ms(start));
        keep(writer, effects);
    }
    report("10,000 samples at a stroke", many, FRAME_MS);
    report("the same taken back", back, FRAME_MS);
}

fn give(samples: SampleSet, class: usize) -> Action {
    let (classes, origin) = (vec![format!("class_{class}")], LabelOrigin::ByHand);
    Action::Label(Box::new(LabelGesture::Give { samples, classes, how: How::Only, origin }))
}

/// Waits until what is to be kept is on the disk.
fn keep(writer: &JournalWriter, effects: Vec<Effect>) {
    for effect in effects {
        if let Effect::Journal(op) = effect {
            let ticket = writer.submit(op).expect("it is taken");
            writer.wait(ticket).expect("it is kept");
        }
    }
}

fn report(name: &str, mut times: Vec<f64>, limit_ms: f64) {
    times.sort_by(f64::total_cmp);
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    let ratio = median / limit_ms;
    println!("{name:<52} median {median:>6.2} ms  worst {worst:>6.2} ms  {ratio:.2} of {limit_ms:.1} ms");
}

fn ms(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1000.0
}

fn opened(dataset: &Arc<Dataset>, samples: usize) -> Opened {
    let mut facts = Facts::new(samples);
    for row in 0..samples as SampleId {
        let fact =
            Fact { measured: true, format: ImageFormat::Png, width: 64, height: 64, ..Fact::UNMEASURED };
        facts.set(row, &fact);
    }
    let overlay = Overlay::new(samples);
    let snapshot = Snapshot::new(dataset.clone(), &[], facts, overlay.marks.clone());
    snapshot.derived().prepare();
    Opened::new(snapshot, Vec::new(), overlay, ProjectFace::new("project".into(), Access::ReadWrite))
}

fn dataset(samples: usize) -> Arc<Dataset> {
    let mut builder = DatasetBuilder::new("/data", "/data", Layout::ImageFolder);
    for class in 0..10 {
        builder.class(&format!("class_{class}"));
    }
    for row in 0..samples {
        let path = format!("{:04}/img_{row:08}.jpg", row / 10_000);
        builder.push(NewSample { path: &path, bytes: 1000, ..Default::default() });
    }
    Arc::new(builder.finish().0)
}
