//! Augmentation on the graphics device against the same stages on the processor. Needs a graphics adapter, a
//! software one will do; without one it says so and does nothing.

use lenslet::augment::cpu::{Others, run};
use lenslet::augment::fuse::fused_from;
use lenslet::augment::param::{Kind, Unit, Value};
use lenslet::augment::pipeline::{Pipeline, Settings, Step, Variant};
use lenslet::augment::random::Key;
use lenslet::augment::stage::{Size, Stage};
use lenslet::augment::table::{Operation, Picture, operations};
use lenslet::gpu::augment::{Augmenter, Fusing, Job, Tiles};
use lenslet::media::Raster;

struct Graphics {
    device: wgpu::Device,
    queue: wgpu::Queue,
}

fn graphics() -> Option<Graphics> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapter = pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default()));
    let adapter = match adapter {
        Ok(adapter) => adapter,
        Err(error) => {
            eprintln!("skipped: {error}");
            return None;
        }
    };
    let needs = wgpu::DeviceDescriptor { required_limits: adapter.limits(), ..Default::default() };
    let (device, queue) =
        pollster::block_on(adapter.request_device(&needs)).expect("what the adapter offers");
    Some(Graphics { device, queue })
}

/// Waves of some lengths with noise on them.
fn picture([width, height]: Size, channels: u8, seed: u32) -> Raster {
    let key = Key([seed, 77]);
    let value = |x: u32, y: u32, channel: u32| {
        let wave = ((x * (3 + channel) + y * (5 - channel)) as f32 / 17.0 + seed as f32).sin() * 80.0;
        let noise = (key.at(x, y)[channel as usize] >> 26) as f32;
        (110.0 + wave + noise) as u8
    };
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let data = places.flat_map(|(x, y)| (0..u32::from(channels)).map(move |channel| value(x, y, channel)));
    Raster::new(width, height, channels, data.collect()).expect("a picture")
}

/// The other pictures that are mixed in.
struct Partners;

impl Others for Partners {
    fn partner(&self, number: u32, size: Size, channels: u8) -> Option<Raster> {
        Some(picture(size, channels, number >> 28))
    }
}

/// The partner of every mix in these stages.
fn partners(stages: &[Stage], mut size: Size, channels: u8) -> Vec<Raster> {
    let mut found = Vec::new();
    for stage in stages {
        match stage {
            Stage::Mix(mix) => found.extend(Partners.partner(mix.partner, size, channels)),
            Stage::Blend(parts) => {
                parts.iter().for_each(|(_, part)| found.extend(partners(part, size, channels)))
            }
            _ => {}
        }
        size = stage.size(size);
    }
    found
}

/// What both come to for each picture and its stages.
fn both(graphics: &Graphics, augmenter: &mut Augmenter, cases: &[(Raster, Vec<Stage>)]) -> Vec<[Raster; 2]> {
    let Graphics { device, queue } = graphics;
    let others: Vec<Vec<Raster>> = cases
        .iter()
        .map(|(picture, stages)| partners(stages, [picture.width, picture.height], picture.channels))
        .collect();
    let mut pictures: Vec<&Raster> = cases.iter().map(|(picture, _)| picture).collect();
    let mut places = Vec::new();
    for others in &others {
        places.push((pictures.len()..pictures.len() + others.len()).map(Some).collect::<Vec<_>>());
        pictures.extend(others);
    }
    let sources = Tiles::upload(device, &pictures).expect("they are small");
    let jobs: Vec<Job> = cases
        .iter()
        .zip(&places)
        .enumerate()
        .map(|(source, ((_, stages), partners))| Job { source, stages, partners })
        .collect();
    let results = augmenter.run(device, queue, &sources, &jobs).expect("all of it can be done");
    let found = results.read_back(device, queue).expect("the device is there");
    let expected = cases.iter().map(|(picture, stages)| run(stages, picture.clone(), &Partners));
    found.into_iter().zip(expected).map(|(found, expected)| [found, expected]).collect()
}

/// The part of the values that are off by more than 2, and how far the farthest one is off.
fn apart([found, expected]: &[Raster; 2]) -> (f64, u8) {
    assert_eq!(
        [found.width, found.height, found.channels.into()],
        [expected.width, expected.height, expected.channels.into()]
    );
    let differences = || found.data.iter().zip(&expected.data).map(|(a, b)| a.abs_diff(*b));
    let off = differences().filter(|difference| *difference > 2).count();
    (off as f64 / found.data.len() as f64, differences().max().unwrap_or(0))
}

/// Settings of an operation: as they are, and with all numbers at their least or greatest, flags and words
/// one after the other.
fn settings(operation: &'static Operation) -> Vec<Settings> {
    let mut all = vec![Settings::new(operation)];
    for round in 0..6 {
        let mut settings = Settings::new(operation);
        for param in operation.params {
            // Pictures of thousands of pixels would take long.
            let most = |most: f64| if param.unit == Unit::Pixels { most.min(90.0) } else { most };
            let value = match param.kind {
                Kind::Range { least, most: end, .. } => {
                    let end = if round % 2 == 0 { least } else { most(end) };
                    if round < 4 { Value::Range([end; 2]) } else { Value::Range([least, most(end)]) }
                }
                Kind::Number { least, most: end, .. } => {
                    Value::Number(if round % 2 == 0 { least } else { most(end) })
                }
                Kind::Choice { words, .. } => Value::Choice(round % words.len()),
                Kind::Flag { .. } => Value::Flag(round % 2 == 1),
                Kind::Colour { .. } => Value::Colour([200, 30, 90]),
            };
            settings.set(param.name, value).expect("it is of its kind");
        }
        all.push(settings);
    }
    all
}

/// Operations that give the same bytes everywhere.
const EXACT: [&str; 28] = [
    "horizontal_flip",
    "vertical_flip",
    "transpose",
    "quarter_turn",
    "symmetry",
    "translate",
    "random_crop",
    "center_crop",
    "pad",
    "coarse_dropout",
    "random_erasing",
    "grid_dropout",
    "xy_masking",
    "brightness",
    "brightness_contrast",
    "gamma",
    "rgb_shift",
    "channel_shuffle",
    "channel_dropout",
    "invert",
    "solarize",
    "posterize",
    "equalize",
    "tone_curve",
    "temperature",
    "median_blur",
    "salt_and_pepper",
    "cutmix",
];

/// A picture under this variant of a pipeline of operations, all of which are done.
fn planned(names: &[&str], size: Size, channels: u8, number: u32) -> (Raster, Vec<Stage>) {
    let step = |(name, id): (&&str, u32)| {
        let settings = Settings::with(name, &[]).expect("there is such an operation");
        Step { probability: 1.0, ..Step::new(id, settings) }
    };
    let pipeline = Pipeline { name: String::new(), steps: names.iter().zip(0..).map(step).collect() };
    let plan = pipeline.plan(Variant { seed: 3, sample: 4, number }, Picture { size, channels });
    (picture(size, channels, number), fused_from(size, plan.stages))
}

#[test]
fn chains_are_the_same_as_on_the_processor_however_they_are_fused() {
    let Some(graphics) = graphics() else { return };
    let preview =
        ["horizontal_flip", "rotate", "colour_jitter", "hsv_shift", "gaussian_blur", "gaussian_noise"];
    let others = [
        &["random_resized_crop", "brightness", "saturation", "sharpness", "coarse_dropout", "mixup"][..],
        &["affine", "box_blur", "clahe", "fog", "vignette", "salt_and_pepper"],
        &["aug_mix", "jpeg", "rain", "cutmix", "downscale", "invert"],
        &["transpose", "median_blur", "shadow", "sun_flare", "iso_noise", "letterbox"],
    ];
    let mut cases = Vec::new();
    for (names, number) in others.into_iter().chain([&preview[..]; 4]).zip(0..) {
        for (size, channels) in [([61, 47], 3), ([64, 64], 1), ([40, 72], 4)] {
            cases.push(planned(names, size, channels, number));
        }
    }
    for fusing in [Fusing::Chains, Fusing::Kinds] {
        let mut augmenter = Augmenter::with_fusing(&graphics.device, fusing).expect("it can compute");
        for ((_, stages), both) in cases.iter().zip(both(&graphics, &mut augmenter, &cases)) {
            let (off, farthest) = apart(&both);
            assert!(off <= 0.005, "{fusing:?}: {off:.4} off, {farthest} at most: {stages:?}");
        }
    }
}

#[test]
fn random_pipelines_are_the_same_as_on_the_processor() {
    let Some(graphics) = graphics() else { return };
    let mut augmenter = Augmenter::new(&graphics.device).expect("it can compute");
    // What is drawn from parts of a histogram makes one level into several.
    let amplifies = |name: &str| {
        matches!(name, "equalize" | "autocontrast" | "clahe" | "solarize" | "posterize" | "jpeg")
    };
    let is_fitting = |operation: &&Operation| {
        !amplifies(operation.name)
            && !matches!(operation.name, "rand_augment" | "trivial_augment" | "aug_mix")
    };
    let all: Vec<&str> = operations().filter(is_fitting).map(|operation| operation.name).collect();
    let mut draw = Key([6, 6]).draw();
    let cases: Vec<(Raster, Vec<Stage>)> = (0..24)
        .map(|number| {
            let names: Vec<&str> = (0..4).map(|_| all[draw.below(all.len() as u32) as usize]).collect();
            planned(&names, [48 + draw.below(40), 48 + draw.below(40)], 1 + draw.below(4) as u8, number)
        })
        .collect();
    for ((_, stages), both) in cases.iter().zip(both(&graphics, &mut augmenter, &cases)) {
        let (off, farthest) = apart(&both);
        assert!(off <= 0.01, "{off:.4} off, {farthest} at most: {stages:?}");
    }
}

#[test]
fn results_stay_while_they_are_shown_and_their_memory_is_used_again() {
    let Some(Graphics { device, queue }) = graphics() else { return };
    let mut augmenter = Augmenter::new(&device).expect("it can compute");
    let original = picture([20, 10], 3, 1);
    let sources = Tiles::upload(&device, &[&original]).expect("it is small");
    let (_, inverted) = planned(&["invert"], [20, 10], 3, 0);
    let mut run = |sources: &Tiles, stages: &[Stage]| {
        let jobs = [Job { source: 0, stages, partners: &[] }; 2];
        augmenter.run(&device, &queue, sources, &jobs).expect("it can be done")
    };
    let once = run(&sources, &inverted);
    let twice = run(&once, &inverted);
    let same = run(&twice, &[]);
    for (tiles, is_inverted) in [(&sources, false), (&once, true), (&twice, false), (&same, false)] {
        let found = tiles.read_back(&device, &queue).expect("the device is there");
        for tile in found {
            let expected = original.data.iter().map(|value| if is_inverted { 255 - value } else { *value });
            assert!(tile.data.iter().copied().eq(expected), "inverted: {is_inverted}");
        }
    }
    let buffer = once.buffer().clone();
    drop((once, twice, same));
    assert!((0..2).any(|_| *run(&sources, &inverted).buffer() == buffer));
}

#[test]
fn what_cannot_be_done_is_for_the_processor() {
    let Some(Graphics { device, queue }) = graphics() else { return };
    let mut augmenter = Augmenter::new(&device).expect("it can compute");
    let pictures = [picture([16, 16], 3, 1), picture([16, 8], 3, 1)];
    let sources = Tiles::upload(&device, &pictures.each_ref()).expect("they are small");
    let (_, mixed) = planned(&["mixup"], [16, 16], 3, 0);
    let (_, resized) = planned(&["resize"], [16, 16], 3, 0);
    let larger = |size| match &resized[..] {
        [Stage::Resize(resize)] => vec![Stage::Resize(lenslet::augment::stage::Resize { size, ..*resize })],
        other => panic!("{other:?}"),
    };
    let (too_large, large) = (larger([4096, 4096]), larger([64, 64]));
    type Row<'a> = (&'a str, usize, &'a [Stage], &'a [Option<usize>], bool);
    let rows: [Row; 7] = [
        ("no source", 2, &[], &[], false),
        ("a partner of another size", 0, &mixed, &[Some(1)], false),
        ("a partner that is not told", 0, &mixed, &[], false),
        ("no partner", 0, &mixed, &[None], true),
        ("its own partner", 0, &mixed, &[Some(0)], true),
        ("too large", 0, &too_large, &[], false),
        ("larger", 0, &large, &[], true),
    ];
    for (name, source, stages, partners, is_done) in rows {
        let jobs = [Job { source, stages, partners }];
        assert_eq!(augmenter.run(&device, &queue, &sources, &jobs).is_some(), is_done, "{name}");
    }
    let nothing = augmenter.run(&device, &queue, &sources, &[]).expect("nothing can be done");
    assert!(
        nothing.is_empty() && nothing.read_back(&device, &queue).expect("the device is there").is_empty()
    );
}

#[test]
fn every_operation_is_the_same_as_on_the_processor() {
    let Some(graphics) = graphics() else { return };
    let mut augmenter = Augmenter::new(&graphics.device).expect("it can compute");
    let shapes =
        [([37, 53], 3), ([64, 48], 1), ([64, 48], 4), ([1, 1], 3), ([1, 9], 3), ([9, 1], 2), ([2, 3], 4)];
    let mut failures = Vec::new();
    for operation in operations() {
        let mut cases = Vec::new();
        for (round, settings) in settings(operation).iter().enumerate() {
            for (size, channels) in shapes {
                for seed in 0..2 {
                    let key = Key::new(seed, 5, round as u32);
                    let settled = operation.settle(&settings.values, key, Picture { size, channels });
                    cases.push((picture(size, channels, seed as u32), settled.stages));
                }
            }
        }
        let found = both(&graphics, &mut augmenter, &cases);
        for ((picture, stages), both) in cases.iter().zip(&found) {
            let (off, farthest) = apart(both);
            // Of a few pixels, one may be the odd one.
            let is_near = off <= 0.005 || (both[0].data.len() < 200 && farthest <= 4);
            if !is_near || (EXACT.contains(&operation.name) && farthest > 0) {
                let shape = [picture.width, picture.height, picture.channels.into()];
                let stages: String = format!("{stages:?}").chars().take(300).collect();
                failures.push(format!(
                    "{} {shape:?}: {off:.4} off, {farthest} at most: {stages}",
                    operation.name
                ));
            }
        }
    }
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}
