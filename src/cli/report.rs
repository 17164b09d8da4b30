//! `lenslet report`: what was found in a dataset, as a page or as JSON.

use std::path::Path;

use super::args::ReportOptions;
use super::progress::Meter;
use super::review::{Reviewed, read_rules, review};
use crate::export::check_target;
use crate::export::report::{Material, thumbnailer, write_report};
use crate::jobs::Control;

pub fn run(options: &ReportOptions) -> anyhow::Result<()> {
    let control = Control::new();
    let meter = Meter::start(&control);
    // What is wrong with the words is said before the long part of the work.
    check_target(&options.out, Path::new(&options.analysis.path))?;
    let rules = options.rules.as_deref().map(read_rules).transpose()?;
    let mut reviewed = review(&options.analysis, &options.alike, &control)?;
    if let Some(rules) = rules {
        let names = &reviewed.snapshot.dataset.split_names;
        let rules = rules.unwrap_or_else(|| reviewed.settings.rules(names));
        reviewed.decide(rules)?;
    }
    let Reviewed { snapshot, analysed, judged, settings, reader, .. } = &reviewed;
    let material = Material { snapshot, analysed, judged, settings };
    write_report(&options.out, material, &thumbnailer(snapshot, reader), &control)?;
    drop(meter);
    println!("The report is in {}", options.out.display());
    Ok(())
}
