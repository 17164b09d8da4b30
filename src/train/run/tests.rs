use super::batches::Piece;
use super::*;
use crate::train::config::{Channels, Freeze, HeldOut, Length, Likelihood, Sampling, Shape};
use crate::train::pack::Room;
use crate::train::random::{Purpose, Stream};
use burn::tensor::Device;

/// White squares on black, at places and of sizes that follow from the row.
pub(super) fn squares(rows: u32) -> Pack {
    let row = |row: u32| {
        let (left, top, side) = (row % 7, row / 7 % 7, 4 + row % 5);
        (0..256u32).map(move |at| {
            let inside = |at: u32, from: u32| (from..from + side).contains(&at);
            if inside(at % 16, left) && inside(at / 16, top) { 255 } else { 0 }
        })
    };
    let pixels = (0..rows).flat_map(row).collect();
    let classes = (0..rows).map(|row| if row % 5 == 0 { 0 } else { 1 }).collect();
    Pack::of_pixels(16, Channels::Grey, pixels, classes, vec!["small".into(), "large".into()])
        .unwrap()
        .holding_out((0..rows).filter(|row| row % 4 == 3).collect())
        .unwrap()
}

fn tiny(steps: u64) -> Config {
    let mut config = Config::preset(16, Channels::Grey);
    config.shape = Shape {
        latent: 2,
        width: 4,
        depth: 1,
        hidden: 16,
        likelihood: Likelihood::Bernoulli,
        ..config.shape
    };
    Config {
        batch: 10,
        length: Length::Steps(steps),
        warm_up_steps: 5,
        held_out: HeldOut::Share(0.0),
        ..config
    }
}

fn request(config: Config) -> Request {
    let pack = Arc::new(squares(60));
    let cadence =
        Cadence { report: 1, held_out: 0, held_out_rows: 8, checkpoint: 0, pictures: 0, picture_count: 3 };
    Request {
        config,
        pack,
        source: "squares".into(),
        processor: Processor::cpu(),
        start: Start::New,
        out: None,
        cadence,
    }
}

/// Runs to the end; the losses of each step as they are printed, and the end.
fn ended(request: Request) -> (Vec<String>, Ended) {
    let mut losses = Vec::new();
    let ended = run(request, &Control::new(), &mut |event| {
        if let Event::Step(report) = event {
            losses.push(format!("{} {:?}", report.step, report.figures));
        }
    });
    (losses, ended.unwrap())
}

#[test]
fn the_same_seed_loses_the_same_and_learns() {
    let (first, one) = ended(request(tiny(40)));
    let (second, two) = ended(request(tiny(40)));
    assert_eq!(first.len(), 40);
    assert_eq!(first, second);
    assert_eq!(one.checkpoint.weights, two.checkpoint.weights);
    assert_ne!(ended(request(Config { seed: 2, ..tiny(3) })).0, first[..3]);
    let held_out = one.held_out.unwrap();
    assert_eq!((held_out.rows, held_out.step), (15, 40));
    // 256 pixels at ln 2 each is what a model that knows nothing loses.
    assert!(held_out.figures.elbo() > -170.0, "{held_out:?}");
    assert_eq!(one.why, Why::Completed);
}

#[test]
fn a_run_that_goes_on_is_the_one_that_was_never_interrupted() {
    let (whole, uninterrupted) = ended(request(tiny(12)));
    for (sampling, steps) in [(Sampling::Each, 5), (Sampling::Each, 7), (Sampling::Balanced, 7)] {
        let home = tempfile::tempdir().unwrap();
        let part = |length| Config { sampling, length: Length::Steps(length), ..tiny(12) };
        let out = Some(home.path().to_owned());
        let (first, _) = ended(Request { out, ..request(part(steps)) });
        let checkpoint = Checkpoint::load(home.path()).unwrap();
        assert_eq!(checkpoint.about.step, steps);
        let (rest, resumed) = ended(Request { start: Start::Resume(checkpoint.into()), ..request(part(12)) });
        let all: Vec<_> = first.into_iter().chain(rest).collect();
        if sampling == Sampling::Each {
            assert_eq!(all, whole);
            assert_eq!(resumed.checkpoint.weights, uninterrupted.checkpoint.weights);
            assert_eq!(resumed.checkpoint.moments, uninterrupted.checkpoint.moments);
        } else {
            assert_eq!(all, ended(request(part(12))).0);
        }
    }
    let (_, other) = ended(request(tiny(2)));
    let mut changed = other.checkpoint.clone();
    changed.about.data = "other".into();
    let refused = Request { start: Start::Resume(changed.into()), ..request(tiny(4)) };
    let error = run(refused, &Control::new(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, TrainError::OtherSamples), "{error}");
}

#[test]
fn a_step_in_pieces_is_the_same_step() {
    let config = tiny(1);
    let pack = Arc::new(squares(60));
    let control = Control::new();
    let step = |piece: usize| {
        let mut tell = |_| {};
        let begun = Begun::of(&mut config.clone(), &pack, String::new(), Start::New).unwrap();
        let model = Model::of(&config.shape, begun.checkpoint.weights.clone(), &Device::flex());
        let zeros = || model.weights.iter().map(Tensor::zeros_like).collect::<Vec<_>>();
        let mut state = State { moments: [zeros(), zeros()], model, step: 0 };
        let mut run = Run {
            weights: config.shape.weights(),
            steps: 1,
            config: config.clone(),
            pack: pack.clone(),
            out: None,
            cadence: Cadence::of(&config, 45),
            control: &control,
            tell: &mut tell,
            good: begun.checkpoint,
            path: None,
            held_out: None,
            worked: Duration::ZERO,
            trained: 0,
            started: Instant::now(),
        };
        let noise = Stream::new(1, 0, Purpose::Noise).normal_vec(20);
        let rows: Vec<u32> = (0..10).collect();
        let pieces = rows.chunks(piece).zip(noise.chunks(piece * 2)).map(|(rows, noise)| Piece {
            pixels: rows
                .iter()
                .flat_map(|row| pack.row(*row).unwrap().into_owned())
                .map(|value| f32::from(value) / 255.0)
                .collect(),
            classes: pack.classes_of(rows),
            noise: noise.to_vec(),
        });
        let sums = run.step(&mut state, Prepared { pieces: pieces.collect() }, 1.0).unwrap();
        (numbers_of(sums).unwrap(), state.model.numbers().unwrap())
    };
    let (whole, pieces) = (step(10), step(4));
    for (one, two) in whole.0.iter().zip(&pieces.0) {
        assert!((one - two).abs() < 1e-4 * one.abs().max(1.0), "{one} {two}");
    }
    for (one, two) in whole.1.iter().flatten().zip(pieces.1.iter().flatten()) {
        // Adam's first step is the gradient's sign, which rounding turns where the gradient is hardly there.
        assert!((one - two).abs() <= 2.1e-3, "{one} {two}");
    }
}

#[test]
fn a_run_stops_and_pauses_soon() {
    let config = Config { length: Length::Steps(1_000_000), ..tiny(1) };
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("run");
    let (mut job, feed) = spawn(|| {}, {
        let out = Some(out.clone());
        move |_| Ok(Request { out, ..request(config) })
    })
    .unwrap();
    let newest = || feed.take().steps.back().map(|report| report.step);
    let wait = |what: &dyn Fn() -> bool| {
        let began = Instant::now();
        while !what() {
            assert!(began.elapsed() < Duration::from_secs(30));
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    wait(&|| newest().is_some());
    job.control().set_paused(true);
    std::thread::sleep(Duration::from_millis(250));
    newest();
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(newest(), None, "it is paused");
    job.control().set_paused(false);
    wait(&|| newest().is_some());
    let began = Instant::now();
    job.control().cancel();
    let crate::jobs::Outcome::Done(Ok(ended)) = job.wait().unwrap() else { panic!("it ended") };
    assert!(began.elapsed() < Duration::from_millis(250), "{:?}", began.elapsed());
    assert_eq!(ended.why, Why::Stopped);
    // What was learned until then is kept.
    assert_eq!(Checkpoint::load(&out).unwrap(), Checkpoint::load(&ended.path.unwrap()).unwrap());
    assert!(ended.checkpoint.about.step > 0);
}

#[test]
fn losses_that_are_no_numbers_end_the_run_with_what_was_good() {
    let (_, mut broken) = ended(request(tiny(1)));
    broken.checkpoint.weights.iter_mut().flatten().for_each(|number| *number = 1e30);
    let home = tempfile::tempdir().unwrap();
    let start = Start::From(broken.checkpoint.into());
    let (losses, ended) = ended(Request { start, out: Some(home.path().to_owned()), ..request(tiny(9)) });
    assert_eq!(losses.len(), 1);
    let Why::Diverged(sentence) = ended.why else { panic!("{:?}", ended.why) };
    assert!(sentence.contains("step 1") && sentence.contains("learning rate"), "{sentence}");
    assert_eq!(ended.checkpoint.about.step, 0);
    assert!(!crate::train::checkpoint::is_there(home.path()));
}

#[test]
fn a_lost_device_gives_way_to_the_processor() {
    let (whole, _) = ended(request(tiny(8)));
    let processor = Processor { kind: Kind::Gpu, name: "GPU, lost soon".into(), ..Processor::cpu() };
    let cadence = Cadence { checkpoint: 3, ..request(tiny(8)).cadence };
    let (mut losses, mut notices, mut lost) = (Vec::new(), Vec::new(), false);
    let lossy = Request { processor, cadence, ..request(tiny(8)) };
    let ended = run(lossy, &Control::new(), &mut |event| match event {
        Event::Step(report) => {
            if report.step == 5 && !lost {
                lost = true;
                panic!("device lost");
            }
            losses.push(format!("{} {:?}", report.step, report.figures));
        }
        Event::Notice(text) => notices.push(text),
        _ => {}
    })
    .unwrap();
    assert_eq!(ended.why, Why::Completed);
    assert_eq!(notices.len(), 1);
    assert!(notices[0].contains("device lost") && notices[0].contains("from step 3"), "{notices:?}");
    assert_eq!(losses[..4], whole[..4]);
    assert_eq!(losses[4..], whole[3..]);
}

#[test]
fn what_is_frozen_stays_and_what_does_not_fit_is_told() {
    let (_, first) = ended(request(tiny(3)));
    for (freeze, of_encoder) in [(Freeze::Encoder, true), (Freeze::Decoder, false)] {
        let start = Start::From(first.checkpoint.clone().into());
        let (_, second) = ended(Request { start, ..request(Config { freeze, ..tiny(3) }) });
        for (at, weight) in tiny(3).shape.weights().iter().enumerate() {
            let stays = first.checkpoint.weights[at] == second.checkpoint.weights[at];
            assert_eq!(stays, weight.is_of_encoder() == of_encoder, "{}", weight.name);
        }
    }
    let mut told = Vec::new();
    let mut config = tiny(2);
    config.shape.classes = 1;
    // Frozen, it would never learn.
    for freeze in [Freeze::Encoder, Freeze::Decoder] {
        let start = Start::From(first.checkpoint.clone().into());
        let config = Config { freeze, ..config.clone() };
        let refused = run(Request { start, ..request(config) }, &Control::new(), &mut |_| {});
        assert!(matches!(refused, Err(TrainError::FrozenUnfit(_))), "{freeze:?}");
    }
    let start = Start::From(first.checkpoint.into());
    let ended = run(Request { start, ..request(config) }, &Control::new(), &mut |event| {
        if let Event::Began(began) = event {
            told = began.unfit.iter().map(|unfit| unfit.name.clone()).collect();
        }
    });
    assert_eq!(told, ["encoder.hidden.weight", "decoder.hidden.weight"]);
    assert_eq!(ended.unwrap().checkpoint.about.config.shape.classes, 2, "as many as the samples have");
}

#[test]
fn epochs_are_orders_of_all_rows_and_balanced_ones_of_all_classes() {
    let pack = Arc::new(squares(60));
    for sampling in [Sampling::Each, Sampling::Balanced] {
        let config = Config { sampling, ..tiny(9) };
        let plan = Plan { config, pack: pack.clone(), steps: 9, pipeline: None };
        let (one, two) = (plan.order(0), plan.order(1));
        assert_ne!(one, two);
        assert_eq!((one.len(), two.len()), (45, 45));
        let mut sorted = one.clone();
        sorted.sort_unstable();
        let small = one.iter().filter(|row| pack.classes[**row as usize] == 0).count();
        match sampling {
            Sampling::Each => assert_eq!(sorted, pack.training),
            Sampling::Balanced => assert!(small == 22 || small == 23, "{small}"),
        }
        let steps: Vec<usize> = plan.batches(0).map(|batch| batch.unwrap().samples()).collect();
        assert_eq!(steps, [10, 10, 10, 10, 5, 10, 10, 10, 10]);
    }
}

#[test]
fn samples_are_augmented_anew_each_time_and_the_same_in_every_run() {
    let pack = Arc::new(squares(60));
    let batches = |name: &str| {
        let config = Config { augmentation: Some(named(name)), ..tiny(9) };
        let pipeline = config.pipeline().unwrap();
        let plan = Plan { config, pack: pack.clone(), steps: 9, pipeline };
        let pixels = |batch: Prepared| batch.pieces.into_iter().map(|piece| piece.pixels).collect::<Vec<_>>();
        plan.batches(0).map(|batch| pixels(batch.unwrap())).collect::<Vec<_>>()
    };
    let (as_they_are, first, second) = (batches("none"), batches("digits-safe"), batches("digits-safe"));
    assert_eq!(first, second);
    assert!(as_they_are.iter().zip(&first).all(|(one, other)| one != other));
    for pieces in &first {
        for pixels in pieces {
            assert!(pixels.iter().all(|value| (0.0..=1.0).contains(value)));
        }
    }
    // Whatever a pipeline makes of the size, the model gets its own.
    let sizes = |batches: &[Vec<Vec<f32>>]| batches.iter().map(|pieces| pieces[0].len()).collect::<Vec<_>>();
    assert_eq!(sizes(&batches("simclr")), sizes(&as_they_are));
    let mut mixed = crate::augment::presets::preset("none").unwrap();
    let settings = crate::augment::pipeline::Settings::with("mixup", &[]).unwrap();
    mixed.steps.push(crate::augment::pipeline::Step::new(0, settings));
    let text = crate::augment::formats::write(&mixed, crate::augment::formats::Format::Lenslet).0;
    let mut mixed = Config { augmentation: Some(text), ..tiny(9) };
    mixed.shape.classes = 2;
    assert!(mixed.check().unwrap_err().to_string().contains("MixUp"));
    mixed.shape.classes = 0;
    assert_eq!(mixed.check(), Ok(()));
    let broken = Config { augmentation: Some("{".to_owned()), ..tiny(9) };
    assert!(broken.check().unwrap_err().to_string().starts_with("the pipeline of augmentations: "));
}

#[test]
fn samples_that_can_no_longer_be_read_leave_what_was_learned() {
    let home = tempfile::tempdir().unwrap();
    // The last row that is trained on is lost.
    let pack = Arc::new(squares(60).cut_to(58, &Room::in_folder(home.path())).unwrap());
    let plan = Plan { config: tiny(9), pack: pack.clone(), steps: 9, pipeline: None };
    let steps = plan.order(0).iter().position(|row| *row == 58).unwrap() as u64 / 10;
    let out = home.path().join("run");
    let request = Request { pack, out: Some(out.clone()), ..request(tiny(9)) };
    let mut saved = Vec::new();
    let ended = run(request, &Control::new(), &mut |event| {
        if let Event::Saved { step, .. } = event {
            saved.push(step);
        }
    });
    assert!(matches!(ended, Err(TrainError::Cache(_))));
    assert_eq!(saved, [steps]);
    assert_eq!(Checkpoint::load(&out).unwrap().about.step, steps);
}

#[test]
fn an_augmented_run_goes_on_with_samples_of_the_same_paths_only() {
    let config = |steps| Config { augmentation: Some(named("digits-safe")), ..tiny(steps) };
    let (_, part) = ended(request(config(5)));
    let resumed = |change: &dyn Fn(&mut Checkpoint, &mut Pack)| {
        let (mut checkpoint, mut pack) = (part.checkpoint.clone(), squares(60));
        change(&mut checkpoint, &mut pack);
        let start = Start::Resume(checkpoint.into());
        run(Request { start, pack: pack.into(), ..request(config(9)) }, &Control::new(), &mut |_| {})
    };
    let whole = ended(request(config(9))).1;
    assert_eq!(resumed(&|_, _| {}).unwrap().checkpoint.weights, whole.checkpoint.weights);
    let renamed = resumed(&|_, pack| pack.keys.iter_mut().for_each(|key| *key += 1));
    assert!(matches!(renamed, Err(TrainError::OtherPaths)));
    let older = resumed(&|checkpoint, _| checkpoint.about.keys = None);
    assert!(matches!(older, Err(TrainError::UnknownPaths)));
    // Paths play no part where nothing is augmented.
    assert_eq!(ended(request(tiny(1))).1.checkpoint.about.keys, None);
}

#[test]
fn a_run_on_samples_from_the_disk_loses_the_same() {
    for augmentation in [None, Some(named("digits-safe"))] {
        let config = || Config { augmentation: augmentation.clone(), ..tiny(12) };
        let home = tempfile::tempdir().unwrap();
        let on_disk = squares(60).on_disk(&Room::in_folder(home.path())).unwrap();
        let (from_memory, one) = ended(request(config()));
        let (from_disk, two) = ended(Request { pack: on_disk.into(), ..request(config()) });
        assert_eq!(from_memory, from_disk);
        assert_eq!(one.checkpoint.weights, two.checkpoint.weights);
        assert_eq!(one.held_out, two.held_out);
    }
}

#[test]
fn a_sample_is_the_variant_that_its_path_the_seed_and_the_epoch_make() {
    use crate::augment::pipeline::Variant;
    use crate::augment::random::sample_key;
    let key = |row: u32| sample_key(&format!("train/{row}.png"));
    let pack = |rows: &[u32]| {
        let all = squares(60);
        let classes = all.classes_of(rows);
        let pixels = all.gathered(rows).unwrap();
        let mut pack = Pack::of_pixels(16, Channels::Grey, pixels, classes, all.class_names.clone()).unwrap();
        pack.keys = rows.iter().map(|row| key(*row)).collect();
        Arc::new(pack)
    };
    let pipeline = crate::augment::presets::preset("digits-safe").unwrap();
    // What a preview makes of a row's picture.
    let preview = |row: u32, number: u32| {
        let data = squares(60).row(row).unwrap().into_owned();
        let own = crate::media::Raster { width: 16, height: 16, channels: 1, data };
        let variant = Variant { seed: tiny(1).seed, sample: key(row), number };
        let plan = pipeline.plan(variant, crate::pipeline::augmented::picture_of(&own));
        let stages = crate::augment::fuse::fused_from(plan.before, plan.stages);
        let made = crate::augment::cpu::run(&stages, own, &crate::augment::cpu::Alone);
        let made = crate::pipeline::augmented::brought_to(&made, [16; 2], 1).data;
        made.into_iter().map(|value| f32::from(value) / 255.0).collect::<Vec<f32>>()
    };
    // Whatever else is trained on and in which order, each epoch has the next variant of every sample.
    for rows in [(0..30).collect::<Vec<u32>>(), (0..20).rev().collect()] {
        let config = Config { augmentation: Some(named("digits-safe")), ..tiny(9) };
        let per_epoch = config.steps_per_epoch(rows.len());
        let pipeline = config.pipeline().unwrap();
        let plan = Plan { config, pack: pack(&rows), steps: 2 * per_epoch, pipeline };
        let orders = [plan.order(0), plan.order(1)].concat();
        let trained: Vec<f32> =
            plan.batches(0).flat_map(|batch| batch.unwrap().pieces).flat_map(|piece| piece.pixels).collect();
        for (at, pixels) in trained.chunks_exact(256).enumerate() {
            let number = (at / rows.len()) as u32;
            assert_eq!(pixels, preview(rows[orders[at] as usize], number), "{at}");
        }
    }
    // Where a sample comes several times in an epoch, no two of its variants have a number in common.
    let config = Config { sampling: Sampling::Balanced, ..tiny(9) };
    let plan = Plan { config, pack: squares(60).into(), steps: 9, pipeline: None };
    let mut seen: Vec<(u32, u32)> = Vec::new();
    for number in 0..3 {
        let epoch = plan.epoch(number);
        seen.extend(epoch.rows.into_iter().zip(epoch.variants));
    }
    let times = seen.len();
    assert_eq!(times, 3 * 45);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), times);
}

fn named(preset: &str) -> String {
    let pipeline = crate::augment::presets::preset(preset).unwrap();
    crate::augment::formats::write(&pipeline, crate::augment::formats::Format::Lenslet).0
}

#[test]
fn a_feed_holds_the_newest_only() {
    let feed = Feed::default();
    for step in 0..10 {
        feed.post(Event::Sheet { step, pictures: Pictures::default() });
        feed.post(Event::Notice(step.to_string()));
    }
    for step in 0..2 * Feed::NOTICES {
        feed.post(Event::Notice(format!("late {step}")));
    }
    let told = feed.take();
    assert_eq!(told.sheet.unwrap().0, 9);
    assert_eq!(told.notices.len(), Feed::NOTICES);
    assert_eq!(told.notices.back().unwrap(), "late 127");
    assert_eq!(feed.take(), Told::default());
}

#[test]
fn a_graphics_device_loses_the_same() {
    let processor = match Processor::choose(crate::train::device::Choice::Gpu) {
        Ok(processor) => processor,
        Err(error) => return eprintln!("skipped: {error}"),
    };
    let config = || Config { shape: Shape { likelihood: Likelihood::Gaussian, ..tiny(2).shape }, ..tiny(2) };
    let figures = |processor: Processor| {
        let mut figures = Vec::new();
        let ended =
            run(Request { processor, ..request(config()) }, &Control::new(), &mut |event| match event {
                Event::Step(report) => figures.push(report.figures),
                Event::Notice(text) => panic!("{text}"),
                _ => {}
            });
        assert_eq!(ended.unwrap().why, Why::Completed);
        figures
    };
    let (cpu, gpu) = (figures(Processor::cpu()), figures(processor));
    assert_eq!(cpu.len(), 2);
    for (cpu, gpu) in cpu.iter().zip(&gpu) {
        assert!((cpu.elbo() - gpu.elbo()).abs() < 1e-3 * cpu.elbo().abs(), "{cpu:?} {gpu:?}");
    }
}
