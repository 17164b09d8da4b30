//! Augmentation on the graphics device against the same stages on the processor. Needs a graphics adapter, a software
//! one will do; without one it says so and does nothing.

use lenslet::augment::cpu::{Others, run};
use lenslet::augment::fuse::fused_from;
use lenslet::augment::param::{Kind, Unit, Value};
use lenslet::augment::pipeline::{Pipeline, Settings, Step, Variant};
use lenslet::augment::random::Key;
use lenslet::augment::stage::{Size, Stage};
use lenslet::augment::table::{Operation, Picture, operation, operations};
use lenslet::gpu::augment::{Augmenter, Job, Tiles};
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
    let (device, queue) = pollster::block_on(adapter.request_device(&needs)).expect("what the adapter offers");
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
            Stage::Blend(parts) => parts.iter().for_each(|(_, part)| found.extend(partners(part, size, channels))),
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

/// Settings of an operation: as they are, and with all numbers at their least or greatest, flags and words one after
/// the other.
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
                Kind::Number { least, most: end, .. } => Value::Number(if round % 2 == 0 { least } else { most(end) }),
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

#[test]
fn every_operation_is_the_same_as_on_the_processor() {
    let Some(graphics) = graphics() else { return };
    let mut augmenter = Augmenter::new(&graphics.device).expect("it can compute");
    let shapes = [([37, 53], 3), ([64, 48], 1), ([64, 48], 4), ([1, 1], 3), ([1, 9], 3), ([9, 1], 2), ([2, 3], 4)];
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
                failures.push(format!("{} {shape:?}: {off:.4} off, {farthest} at most: {stages}", operation.name));
            }
        }
    }
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}
