//! What the interface costs a frame at a million samples, without a renderer: state, views and
//! tessellation, while an ingest job runs beside it; and how soon a reopened project is on screen.
//!
//! `cargo bench --bench window`. A million 16×16 images in one IDX file are written, opened and
//! measured; `LENSLET_BENCH_SOURCE=PATH` takes another dataset, `LENSLET_BENCH_SAMPLES=…` another
//! number, `LENSLET_BENCH_ONLY=…` the gestures with that in their name. Frames come 60 times a
//! second, each with a gesture of a person who is in a hurry.
//! A small model is trained beside the person for a part of it.
//! Limits: 4 ms for 99 frames of 100, a second to the first interactive frame, 1 GiB resident, 3 s from
//! pressing Train to the first loss.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{
    Context, Event, Key, Modifiers, MouseWheelUnit, PointerButton, Pos2, RawInput, Rect, Vec2, pos2, vec2,
};
use lenslet::analysis::groups::Forest;
use lenslet::analysis::hamming::Pair;
use lenslet::app::{App, Start};
use lenslet::dataset::Flag;
use lenslet::review::{Alike, Analysed, Method, NO_CLASS, ReviewSettings};
use lenslet::state::{Action, Command, Draft, JobId, Pane};
use lenslet::store::{Paths, Settings};
use lenslet::train::config::{Channels, Config, HeldOut, Length};
use lenslet::train::device::Choice;

const SIZE: Vec2 = vec2(1280.0, 800.0);
const FRAME: Duration = Duration::from_micros(16_667);
const LIMIT_MS: f64 = 4.0;
const REOPEN: &str = "LENSLET_BENCH_REOPEN";

fn main() {
    if let Some(source) = std::env::var_os(REOPEN) {
        return reopen(&PathBuf::from(source));
    }
    let is_bench = std::env::args().any(|arg| arg == "--bench");
    let samples = std::env::var("LENSLET_BENCH_SAMPLES").ok().and_then(|count| count.parse().ok());
    let samples: usize = samples.unwrap_or(if is_bench { 1_000_000 } else { 2_000 });
    // Beside the build, not in a temporary folder that may be memory: a disk is measured.
    let folder = tempfile::Builder::new().prefix("bench-window-").tempdir_in(env!("CARGO_TARGET_TMPDIR"));
    let folder = folder.expect("the build folder can be written to");
    let source = std::env::var_os("LENSLET_BENCH_SOURCE")
        .map_or_else(|| write_idx(&folder.path().join("set"), samples), PathBuf::from);
    let home = folder.path().join("home");

    let mut window = Window::open(&home, &source);
    let opened = Instant::now();
    window.until("the first frame with samples", |app| {
        app.state().session.as_ref().is_some_and(|session| !session.shown.found.rows.is_empty())
    });
    println!("{:<56} {:>9.0} ms", "first time opened, listed and on screen", ms(opened.elapsed()));
    window.person("while measuring", GESTURES);
    let started = Instant::now();
    window.until("measuring", App::is_settled);
    println!("{:<56} {:>9.1} s more", "measuring went on for", started.elapsed().as_secs_f64());
    window.person("at rest", GESTURES);
    window.train();
    window.person("while training", GESTURES);
    window.person("while training", TRAINING);
    window.stop_training();
    window.analysed();
    window.person("reviewing", REVIEW);
    println!("{:<56} {:>9.0} MB", "resident", resident_mb());
    window.close();

    for _ in 0..3 {
        let program = std::env::current_exe().expect("the benchmark's own program is there");
        let status = Process::new(program).env(REOPEN, &source).env("LENSLET_BENCH_HOME", &home).status();
        assert!(status.is_ok_and(|status| status.success()), "the project opens");
    }
}

/// In a process of its own: from nothing to the first frame that a person can use.
fn reopen(source: &Path) {
    let started = Instant::now();
    let home = PathBuf::from(std::env::var_os("LENSLET_BENCH_HOME").expect("the parent names it"));
    let mut window = Window::open(&home, source);
    window.until("the first frame with samples", |app| {
        app.state().session.as_ref().is_some_and(|session| !session.shown.found.rows.is_empty())
    });
    let first = started.elapsed();
    let (first_ms, resident) = (ms(first), resident_mb());
    println!(
        "{:<56} {first_ms:>9.0} ms  {:.2} of 1 s   {resident:.0} MB resident, {:.2} of 1 GiB",
        "reopened: first interactive frame",
        first.as_secs_f64(),
        resident / 1073.7
    );
    window.until("the rescan", App::is_settled);
    println!("{:<56} {:>9.0} ms", "  listed again and nothing left to do", ms(started.elapsed()));
    window.close();
}

/// The program in a context without a screen.
struct Window {
    ctx: Context,
    app: App,
    started: Instant,
    next: Instant,
    pointer: Pos2,
}

impl Window {
    fn open(home: &Path, source: &Path) -> Self {
        let ctx = Context::default();
        let paths = Paths::within(home);
        let (settings, note) = Settings::load(&paths);
        let start = Start { source: Some(source.display().to_string()), ..Start::default() };
        let app = App::new(&ctx, paths, settings, note, start);
        let now = Instant::now();
        Self { ctx, app, started: now, next: now, pointer: pos2(500.0, 400.0) }
    }

    /// One frame at its time; gives how long the interface worked and how long that took.
    fn frame(&mut self, events: Vec<Event>) -> (Duration, Duration) {
        std::thread::sleep(self.next.saturating_duration_since(Instant::now()));
        self.next = Instant::now() + FRAME;
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, SIZE)),
            time: Some(self.started.elapsed().as_secs_f64()),
            max_texture_side: Some(8192),
            focused: true,
            events,
            ..RawInput::default()
        };
        let worked = processor_time();
        let start = Instant::now();
        self.app.logic(&self.ctx);
        let output = self.ctx.run_ui(input, |ui| self.app.ui(ui));
        std::hint::black_box(self.ctx.tessellate(output.shapes, output.pixels_per_point));
        let took = start.elapsed();
        (worked.zip(processor_time()).map_or(took, |(before, after)| after - before), took)
    }

    fn until(&mut self, what: &str, mut is_so: impl FnMut(&App) -> bool) {
        let started = Instant::now();
        while !is_so(&self.app) {
            self.frame(Vec::new());
            assert!(started.elapsed() < Duration::from_secs(1200), "{what} never came");
        }
    }

    /// A person who scrolls, moves, filters, selects, decides and changes the view; prints what
    /// their frames cost.
    fn person(&mut self, when: &str, gestures: &[(&str, Gesture)]) {
        let mut all = Vec::new();
        let only = std::env::var("LENSLET_BENCH_ONLY").unwrap_or_default();
        for (name, gesture) in gestures.iter().filter(|(name, _)| name.contains(&only)) {
            let mut times: Vec<(Duration, Duration)> = Vec::new();
            for round in 0..60 {
                let events = gesture(self, round);
                times.push(self.frame(events));
            }
            all.extend_from_slice(&times);
            report(&format!("{when}: {name}"), &times);
        }
        report(&format!("{when}: all"), &all);
    }

    /// Starts training a small model, which goes on until it is stopped.
    fn train(&mut self) {
        let mut config = Config::preset(16, Channels::Grey);
        config.length = Length::Steps(1_000_000_000);
        config.held_out = HeldOut::Share(0.1);
        let draft = Draft { device: Choice::Cpu, ..Draft::new(config) };
        self.app.act(Action::ChangeTraining(Box::new(draft)));
        self.app.act(Action::StartTraining);
        let pressed = Instant::now();
        let has_loss = |app: &App| {
            let run = app.state().session.as_ref().and_then(|session| session.training.run.as_ref());
            run.is_some_and(|run| run.latest.is_some())
        };
        self.until("the first loss", has_loss);
        let secs = pressed.elapsed().as_secs_f64();
        println!("{:<56} {:>9.2} s  {:.2} of 3 s", "first loss after pressing Train", secs, secs / 3.0);
    }

    fn stop_training(&mut self) {
        self.app.act(Action::JobCancelled { job: JobId::Train });
        let pressed = Instant::now();
        let is_over = |app: &App| {
            let run = app.state().session.as_ref().and_then(|session| session.training.run.as_ref());
            run.is_none_or(|run| !run.is_running())
        };
        self.until("the end of training", is_over);
        println!("{:<56} {:>9.0} ms", "training stopped and kept after", ms(pressed.elapsed()));
        self.app.panels().show(Pane::Grid);
        self.until("rest", App::is_settled);
    }

    /// Takes in what an analysis might have found: a million comparisons of each with each take longer
    /// than anybody waits for a benchmark.
    fn analysed(&mut self) {
        let Some(session) = &self.app.state().session else { return };
        let rows = session.snapshot.len();
        let mixed = |at: usize| (at as u32 ^ 0x5bd1_e995).wrapping_mul(0x9e37_79b9).rotate_left(11) as usize;
        let pair = |at: usize| {
            let (a, b) = (at, (at + 1 + mixed(at) % 16).min(rows - 1));
            Pair { a: a as u32, b: b as u32, distance: (mixed(at ^ 1 << 20) % 1500) as u16 }
        };
        // A pair for every other sample.
        let pairs: Vec<Pair> = (0..rows - 1).step_by(2).map(pair).collect();
        let alike = Alike {
            forest: Forest::new(rows, &pairs),
            pairs,
            radius: Method::Combined.largest(),
            ..Alike::default()
        };
        let mut analysed = Analysed { looked_at: rows, alike: alike.into(), ..Analysed::default() };
        for (at, column) in analysed.scores.iter_mut().enumerate() {
            let score = |row: usize| (mixed(row + at * rows) % 10_000) as f32 / 10_000.0;
            *column = Some(Arc::new((0..rows).map(score).collect()));
        }
        analysed.suggested = Arc::new(vec![NO_CLASS; rows]);
        self.app.act(Action::Analysed(Arc::new(analysed)));
        self.until("the judgement", App::is_settled);
    }

    /// Sets something of the review.
    fn review(&mut self, change: impl Fn(&mut ReviewSettings)) {
        let Some(session) = &self.app.state().session else { return };
        let mut settings = session.review.settings.clone();
        change(&mut settings);
        self.app.act(Action::ChangeReview(Box::new(settings)));
    }

    fn close(mut self) {
        self.app.leave();
    }
}

type Gesture = fn(&mut Window, usize) -> Vec<Event>;

const GESTURES: &[(&str, Gesture)] = &[
    ("looking", |_, _| Vec::new()),
    ("scrolling", |window, _| vec![Event::PointerMoved(window.pointer), wheel(-40.0)]),
    ("paging", |_, _| key(Modifiers::NONE, Key::PageDown)),
    ("going to the end and back", |_, round| {
        key(Modifiers::NONE, if round % 2 == 0 { Key::End } else { Key::Home })
    }),
    ("zooming", |_, round| key(Modifiers::NONE, if round / 4 % 2 == 0 { Key::Minus } else { Key::Plus })),
    ("extending a range", |_, _| key(Modifiers::SHIFT, Key::PageDown)),
    ("clicking", |window, round| click(window, round)),
    ("filtering", |window, round| {
        if round % 6 == 0 {
            let text = ["split:train", "width>=8", "brightness>0.5", ""][round / 6 % 4].to_owned();
            window.app.act(Action::SearchTyped { cursor: text.len(), text });
            window.app.act(Action::SearchEntered);
        }
        Vec::new()
    }),
    ("sorting", |window, round| {
        if round % 20 == 0 {
            let column = ["brightness", "label", "path"][round / 20 % 3].to_owned();
            window.app.act(Action::SetSort { column, direction: Default::default() });
        }
        Vec::new()
    }),
    ("selecting all and inverting", |window, round| {
        let commands = [Command::SelectAll, Command::InvertSelection, Command::SelectNone];
        window.app.act(Action::Run(commands[round % 3]));
        Vec::new()
    }),
    ("starring everything and undoing it", |window, round| {
        let commands = [Command::SelectAll, Command::ToggleStar, Command::Undo, Command::SelectNone];
        if round % 10 < 4 {
            window.app.act(Action::Run(commands[round % 10]));
        }
        Vec::new()
    }),
    ("the table", |window, round| {
        if round == 0 {
            window.app.panels().show(Pane::Table);
        }
        vec![Event::PointerMoved(window.pointer), wheel(-60.0)]
    }),
    ("the grid again", |window, _| {
        window.app.panels().show(Pane::Grid);
        Vec::new()
    }),
];

/// What is looked at while a model learns.
const TRAINING: &[(&str, Gesture)] = &[
    ("the panel Train", |window, round| {
        if round == 0 {
            window.app.panels().show(Pane::Train);
        }
        Vec::new()
    }),
    ("scrolling the panel Train", |window, _| vec![Event::PointerMoved(window.pointer), wheel(-20.0)]),
];

/// What is done with what an analysis found.
const REVIEW: &[(&str, Gesture)] = &[
    ("groups of near-duplicates", |window, round| {
        if round == 0 {
            window.app.panels().show(Pane::Duplicates);
        }
        vec![Event::PointerMoved(window.pointer), wheel(-60.0)]
    }),
    ("moving the threshold", |window, round| {
        window.review(|settings| settings.threshold = Some(200 + 20 * round as u32));
        Vec::new()
    }),
    ("walking through groups", |window, _| {
        window.app.act(Action::Run(Command::NextGroup));
        Vec::new()
    }),
    ("deciding on groups", |window, _| {
        let open = window.app.state().session.as_ref().and_then(|session| session.review.open);
        if let Some(sample) = open {
            window.app.act(Action::KeepOnly { sample });
        }
        Vec::new()
    }),
    ("a check's threshold", |window, round| {
        if round == 0 {
            window.app.panels().show(Pane::Checks);
        }
        window.review(|settings| settings.thresholds[Flag::Dark as usize] = Some(0.2 + 0.002 * round as f32));
        vec![Event::PointerMoved(window.pointer), wheel(-60.0)]
    }),
    ("deciding by rules and undoing it", |window, round| {
        if round == 0 {
            window.app.panels().show(Pane::Pruning);
        }
        match round % 20 {
            0 => window.app.act(Action::Run(Command::ApplyRules)),
            10 => window.app.act(Action::Run(Command::Undo)),
            _ => {}
        }
        Vec::new()
    }),
];

fn click(window: &Window, round: usize) -> Vec<Event> {
    let pos = window.pointer + vec2((round % 5) as f32 * 60.0 - 120.0, (round % 3) as f32 * 90.0 - 90.0);
    let button = |pressed| Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    vec![Event::PointerMoved(pos), button(true), button(false)]
}

fn wheel(points: f32) -> Event {
    Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta: vec2(0.0, points),
        source: egui::MouseWheelSource::Unknown,
        phase: egui::TouchPhase::Move,
        modifiers: Modifiers::NONE,
    }
}

fn key(modifiers: Modifiers, key: Key) -> Vec<Event> {
    let event = |pressed| Event::Key { key, physical_key: None, pressed, repeat: false, modifiers };
    let held = Event::ModifiersChanged;
    vec![held(modifiers), event(true), event(false), held(Modifiers::NONE)]
}

/// Processor time of the thread, which other programs do not change, and how long frames took.
/// Says nothing where `LENSLET_BENCH_ONLY` left out every gesture.
fn report(name: &str, times: &[(Duration, Duration)]) {
    if times.is_empty() {
        return;
    }
    let sorted = |time: fn(&(Duration, Duration)) -> Duration| {
        let mut times: Vec<f64> = times.iter().map(|both| ms(time(both))).collect();
        times.sort_by(f64::total_cmp);
        times
    };
    let (worked, took) = (sorted(|both| both.0), sorted(|both| both.1));
    let at = |times: &[f64], share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
    println!(
        "{name:<52} median {:>5.2} ms  p99 {:>5.2} ms, {:.2} of {LIMIT_MS}  most {:>5.2} ms   by the clock p99 {:>6.2} ms",
        at(&worked, 0.5),
        at(&worked, 0.99),
        at(&worked, 0.99) / LIMIT_MS,
        at(&worked, 1.0),
        at(&took, 0.99),
    );
}

/// Processor time of this thread; `None` where the system does not tell.
fn processor_time() -> Option<Duration> {
    // The count is brought up to date at the clock's ticks, and by this.
    std::thread::yield_now();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

/// `samples` images of 16×16 with labels of ten classes, as an IDX pair.
fn write_idx(folder: &Path, samples: usize) -> PathBuf {
    std::fs::create_dir_all(folder).expect("a folder");
    let create = |name: &str| {
        std::io::BufWriter::with_capacity(1 << 20, std::fs::File::create(folder.join(name)).expect("a file"))
    };
    let mut images = create("train-images-idx3-ubyte");
    let mut labels = create("train-labels-idx1-ubyte");
    let count = (samples as u32).to_be_bytes();
    let head = |magic: u32| magic.to_be_bytes();
    images.write_all(&[head(0x803), count, head(16), head(16)].concat()).expect("the disk has room");
    labels.write_all(&[head(0x801), count].concat()).expect("the disk has room");
    let mut pixels = [0u8; 256];
    for at in 0..samples {
        let mut state = at as u32 | 1;
        for (place, pixel) in pixels.iter_mut().enumerate() {
            state = state.wrapping_mul(0x9e37_79b9).rotate_left(7);
            *pixel = (state >> 24) as u8 / 4 + (place as u8 / 2) + (at % 61) as u8;
        }
        images.write_all(&pixels).expect("the disk has room");
        labels.write_all(&[(at % 10) as u8]).expect("the disk has room");
    }
    images.flush().and_then(|()| labels.flush()).expect("the disk has room");
    folder.to_owned()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Resident memory of this process; NaN where the system does not tell.
fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok())
        .map_or(f64::NAN, |kb: f64| kb / 1000.0)
}
