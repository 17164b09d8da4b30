//! How fast a model is trained on the processor, beside the same model in PyTorch.
//!
//! `cargo bench --bench training`. Pictures of noise, for what they show costs nothing: 28 px, grey, the
//! preset's model, batches of 128, all cores. With `LENSLET_PYTHON` naming a Python that has `torch` and
//! `safetensors` from PyPI, the class that docs/training.md shows is trained for as many steps beside it, and
//! the ratio printed: over 1 is faster than PyTorch.

use std::process::Command;
use std::sync::Arc;

use lenslet::jobs::Control;
use lenslet::train::config::{Channels, Config, HeldOut, Length};
use lenslet::train::device::Processor;
use lenslet::train::pack::Pack;
use lenslet::train::run::{Cadence, Request, Start, run};

/// What a person can wait for, and what a test of the benchmark itself needs.
const STEPS: u64 = 120;
const FEW_STEPS: u64 = 3;
const BATCH: usize = 128;
const SIZE: usize = 28;
const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/training.md");

fn main() {
    let is_bench = std::env::args().any(|arg| arg == "--bench");
    let steps = if is_bench { STEPS } else { FEW_STEPS };
    let ours = ours(steps);
    println!("{:<44} {ours:>8.0} samples/s", "Lenslet, processor");
    match std::env::var_os("LENSLET_PYTHON") {
        None => println!("LENSLET_PYTHON names no Python with torch: no peer was measured"),
        Some(python) => match peer(&python, steps) {
            Ok(peer) => {
                println!("{:<44} {peer:>8.0} samples/s   {:.2} ×", "PyTorch, the same model", ours / peer)
            }
            Err(error) => println!("the peer could not be measured: {error}"),
        },
    }
}

/// Samples a second over a run, without what was no step.
fn ours(steps: u64) -> f64 {
    let rows = BATCH * 20;
    let noise = |at: usize| ((at as u32).wrapping_mul(0x9e37_79b9).rotate_left(13) >> 24) as u8;
    let pixels = (0..rows * SIZE * SIZE).map(noise).collect();
    let pack = Pack::of_pixels(SIZE, Channels::Grey, pixels, vec![0; rows], vec!["noise".to_owned()]);
    let config = Config {
        batch: BATCH,
        length: Length::Steps(steps),
        held_out: HeldOut::Share(0.0),
        ..Config::preset(SIZE, Channels::Grey)
    };
    let cadence =
        Cadence { report: 10, held_out: 0, held_out_rows: 0, checkpoint: 0, pictures: 0, picture_count: 0 };
    let request = Request {
        config,
        pack: Arc::new(pack.expect("as many pixels as rows need")),
        source: "noise".to_owned(),
        processor: Processor::cpu(),
        start: Start::New,
        out: None,
        cadence,
    };
    run(request, &Control::new(), &mut |_| {}).expect("it trains").samples_per_sec
}

/// Samples a second of the class in the docs, trained the same way.
fn peer(python: &std::ffi::OsStr, steps: u64) -> Result<f64, String> {
    let docs = std::fs::read_to_string(DOCS).map_err(|error| error.to_string())?;
    let class = docs.split("```python\n").nth(1).and_then(|rest| rest.split("```").next());
    let class = class.ok_or("the docs have no Python")?;
    let script = format!(
        "{class}
import os, time
import torch.nn.functional as F
torch.set_num_threads(os.cpu_count())
torch.manual_seed(1)
model, pixels = Vae(), torch.rand({BATCH}, 1, {SIZE}, {SIZE})
adam = torch.optim.Adam(model.parameters(), 1e-3)
for step in range({steps} + 1):
    if step == 1:
        started = time.perf_counter()
    mean, logvar = model.encode(pixels)
    z = mean + (logvar * 0.5).exp() * torch.randn_like(mean)
    lost = F.binary_cross_entropy_with_logits(model.decode(z), pixels, reduction='sum')
    kl = 0.5 * (mean * mean + logvar.exp() - 1 - logvar).sum()
    adam.zero_grad()
    ((lost + kl) / {BATCH}).backward()
    adam.step()
print({steps} * {BATCH} / (time.perf_counter() - started))
"
    );
    let output = Command::new(python).arg("-c").arg(script).output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or_default().to_owned());
    }
    String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .map_err(|error| format!("it printed no number: {error}"))
}
