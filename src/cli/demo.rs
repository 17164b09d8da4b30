//! `lenslet demo`: writes the demo dataset.

use super::args::DemoArguments;
use super::progress::Meter;
use crate::demo::{DemoOptions, ensure};
use crate::jobs::Control;

pub fn run(arguments: &DemoArguments) -> anyhow::Result<()> {
    let control = Control::new();
    let meter = Meter::start(&control);
    let options = DemoOptions {
        samples: arguments.samples,
        seed: arguments.seed,
        ..DemoOptions::new(arguments.out.clone())
    };
    let report = ensure(&options, &control)?;
    drop(meter);
    println!("{} samples in {}", report.samples, report.dataset.display());
    println!("their faults in {}", report.truth.display());
    Ok(())
}
