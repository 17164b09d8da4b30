//! `lenslet demo`: writes the demo dataset.

use super::args::DemoArguments;
use super::progress::Meter;
use crate::demo::{DemoOptions, ensure};
use crate::jobs::Control;
use crate::store::Paths;

pub fn run(arguments: &DemoArguments) -> anyhow::Result<()> {
    let control = Control::new();
    let meter = Meter::start(&control);
    let DemoArguments { out, samples, seed } = arguments.clone();
    let options = match out {
        Some(out) => DemoOptions { out, samples, seed },
        None => DemoOptions::below(&Paths::new()?.data, samples, seed),
    };
    let report = ensure(&options, &control)?;
    drop(meter);
    println!("{} samples in {}", report.samples, report.dataset.display());
    println!("their faults in {}", report.truth.display());
    Ok(())
}
