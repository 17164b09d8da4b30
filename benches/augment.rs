//! How fast augmentations are, beside the same ones in Albumentations.
//!
//! `cargo bench --bench augment`. Every operation that both have, on one thread and one picture of noise over
//! slopes, always done, with the settings that ours has unless it is told otherwise; and a chain of six. With
//! `LENSLET_PYTHON` naming a Python that has `albumentations==2.0.8` from PyPI, the code that Lenslet writes for a
//! pipeline is run there, and the ratio of times printed: over 1 is faster than Albumentations.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

use lenslet::augment::cpu::{Alone, run_from};
use lenslet::augment::formats::{Format, NoteKind, write};
use lenslet::augment::fuse::fused_from;
use lenslet::augment::param::Value;
use lenslet::augment::pipeline::{Pipeline, Settings, Step, Variant};
use lenslet::augment::table::{Family, Picture, operations};
use lenslet::media::Raster;

/// Variants that are timed of each pipeline; what a test of the benchmark itself needs.
const VARIANTS: u32 = 60;
const FEW_VARIANTS: u32 = 2;

/// What the peer runs: pipelines in, a line of seconds for each out.
const PEER: &str = r#"
import json, sys, time, warnings
warnings.filterwarnings("ignore")
import cv2, numpy as np
cv2.setNumThreads(1)
job = json.load(sys.stdin)
for size in job["sizes"]:
    image = np.frombuffer(open(job["images"][str(size)], "rb").read(), np.uint8).reshape(size, size, 3).copy()
    for name, code in job["pipelines"]:
        try:
            space = {}
            exec(code, space)
            transform = space["transform"]
            transform(image=image)
            times = []
            for _ in range(job["variants"]):
                before = time.perf_counter()
                transform(image=image)
                times.append(time.perf_counter() - before)
            print(json.dumps([size, name, sum(times) / len(times)]), flush=True)
        except Exception as error:
            print(json.dumps([size, name, str(error)]), flush=True)
"#;

fn main() {
    let is_bench = std::env::args().any(|arg| arg == "--bench");
    let variants = if is_bench { VARIANTS } else { FEW_VARIANTS };
    let sizes: &[u32] = if is_bench { &[512, 256] } else { &[64] };
    let pipelines = pipelines();
    let peers = std::env::var_os("LENSLET_PYTHON").map(|python| peer(&python, &pipelines, sizes, variants));
    if peers.is_none() {
        println!("LENSLET_PYTHON names no Python with albumentations: no peer was measured");
    }
    for size in sizes {
        let picture = picture(*size);
        let (mut logs, mut count) = (0.0, 0);
        println!("\n{size} × {size}, milliseconds on one thread");
        for (name, pipeline) in &pipelines {
            let ours = ours(pipeline, &picture, variants);
            let theirs = peers.as_ref().and_then(|peers| {
                peers.iter().find(|(of, known, _)| of == size && known == name).map(|(.., secs)| secs)
            });
            match theirs {
                Some(Ok(theirs)) => {
                    let ratio = theirs / ours;
                    println!("{name:<28} {:>8.3} {:>8.3}   {ratio:>6.2} ×", ours * 1e3, theirs * 1e3);
                    if name != CHAIN {
                        (logs, count) = (logs + ratio.ln(), count + 1);
                    }
                }
                Some(Err(error)) => println!("{name:<28} {:>8.3}   {error}", ours * 1e3),
                None => println!("{name:<28} {:>8.3}", ours * 1e3),
            }
        }
        if count > 0 {
            println!(
                "{:<28} {:>26.2} ×",
                format!("geometric mean of {count}"),
                (logs / f64::from(count)).exp()
            );
        }
    }
}

const CHAIN: &str = "a chain of six";

/// Every operation by itself that Albumentations has, and a chain.
fn pipelines() -> Vec<(String, Pipeline)> {
    let alone = |settings: Settings| Pipeline {
        name: String::new(),
        steps: vec![Step { probability: 1.0, ..Step::new(0, settings) }],
    };
    let mut all: Vec<(String, Pipeline)> = operations()
        .filter(|operation| !matches!(operation.family, Family::Mixing | Family::Policy | Family::Output))
        .map(|operation| (operation.name.to_owned(), alone(Settings::new(operation))))
        .filter(|(_, pipeline)| {
            let (_, notes) = write(pipeline, Format::AlbumentationsPython);
            notes.iter().all(|note| note.kind != NoteKind::LeftOut)
        })
        .collect();
    let rotate =
        Settings::with("rotate", &[("angle", Value::Range([-15.0, 15.0])), ("fill", Value::Choice(2))]);
    let chain = [
        Settings::with("horizontal_flip", &[]),
        rotate,
        Settings::with("brightness_contrast", &[]),
        Settings::with("hsv_shift", &[]),
        Settings::with("gaussian_blur", &[("sigma", Value::Range([0.5, 1.5]))]),
        Settings::with("gaussian_noise", &[]),
    ];
    let chain = chain.into_iter().enumerate().map(|(id, settings)| Step {
        probability: 1.0,
        ..Step::new(id as u32, settings.expect("these are there"))
    });
    all.push((CHAIN.to_owned(), Pipeline { name: String::new(), steps: chain.collect() }));
    all
}

/// Slopes with noise on them.
fn picture(size: u32) -> Raster {
    let value = |at: u32| {
        let (pixel, channel) = (at / 3, at % 3);
        let (x, y) = (pixel % size, pixel / size);
        let noise = at.wrapping_mul(0x9e37_79b9).rotate_left(13) >> 27;
        let slope = match channel {
            0 => x * 200 / size,
            1 => y * 200 / size,
            _ => (x + y) * 100 / size,
        };
        (slope + noise) as u8
    };
    Raster::new(size, size, 3, (0..size * size * 3).map(value).collect()).expect("as many values as it has")
}

/// Seconds for a variant.
fn ours(pipeline: &Pipeline, picture: &Raster, variants: u32) -> f64 {
    let about = Picture { size: [picture.width, picture.height], channels: picture.channels };
    let make = |number: u32| {
        let plan = pipeline.plan(Variant { seed: 1, sample: 1, number }, about);
        // As Albumentations gives a new picture, too.
        std::hint::black_box(run_from(&fused_from(plan.before, plan.stages), picture, &Alone));
    };
    make(0);
    let before = Instant::now();
    (0..variants).for_each(make);
    before.elapsed().as_secs_f64() / f64::from(variants)
}

/// Size, name, and seconds for a variant or why there are none.
type Measured = (u32, String, Result<f64, String>);

fn peer(
    python: &std::ffi::OsStr,
    pipelines: &[(String, Pipeline)],
    sizes: &[u32],
    variants: u32,
) -> Vec<Measured> {
    let folder = tempfile::tempdir().expect("a folder for the pictures");
    let mut images = serde_json::Map::new();
    for size in sizes {
        let path = folder.path().join(format!("{size}.raw"));
        std::fs::write(&path, &picture(*size).data).expect("the picture is written");
        images.insert(size.to_string(), path.to_string_lossy().into());
    }
    let codes: Vec<(&str, String)> = pipelines
        .iter()
        .map(|(name, pipeline)| (name.as_str(), write(pipeline, Format::AlbumentationsPython).0))
        .collect();
    let job =
        serde_json::json!({ "sizes": sizes, "images": images, "pipelines": codes, "variants": variants });
    let child = Command::new(python)
        .args(["-c", PEER])
        .env("OMP_NUM_THREADS", "1")
        .env("NO_ALBUMENTATIONS_UPDATE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = child.expect("LENSLET_PYTHON starts");
    let mut input = child.stdin.take().expect("it is piped");
    input.write_all(job.to_string().as_bytes()).expect("the peer reads its job");
    drop(input);
    let output = child.wait_with_output().expect("the peer ends");
    let line = |line: &str| {
        let line: (u32, String, serde_json::Value) = serde_json::from_str(line).ok()?;
        let secs = line.2.as_f64().ok_or_else(|| line.2.to_string());
        Some((line.0, line.1, secs))
    };
    String::from_utf8_lossy(&output.stdout).lines().filter_map(line).collect()
}
