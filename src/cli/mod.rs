//! The command line: the same functions as the window, with their figures printed.

pub mod args;
mod augment;
mod balance;
mod chart;
mod demo;
mod duplicates;
mod encode;
mod evaluate;
mod interrupt;
mod labels;
mod leaks;
mod look;
mod outs;
mod pipeline;
mod progress;
mod prune;
mod quality;
mod ranking;
mod reconstruct;
mod report;
mod review;
mod sample;
mod scan;
mod source;
mod split;
mod spread;
mod stats;
mod train;
mod trained;

use std::process::ExitCode;

use interrupt::Interrupted;

use crate::jobs::Cancelled;

pub use args::{Arguments, Task};
pub use scan::{ScanReport, scan};

/// What running ended with.
const FAILED: u8 = 1;
const WRONG_USAGE: u8 = 2;

/// What was asked cannot be understood; the exit code is 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

/// Reads the arguments and runs what they ask for. Wrong usage exits with 2 before this returns.
pub fn main() -> ExitCode {
    let arguments = Arguments::read();
    start_log(&arguments.log);
    let ended = match &arguments.task {
        Some(Task::Scan(options)) => scan::run(options),
        Some(Task::Stats(options)) => stats::run(options),
        Some(Task::Chart(options)) => chart::run(options),
        Some(Task::Duplicates(options)) => duplicates::run(options),
        Some(Task::Quality(options)) => quality::run(options),
        Some(Task::Leaks(options)) => leaks::run(options),
        Some(Task::Outliers(options)) => ranking::run(ranking::By::Outlier, options),
        Some(Task::LabelErrors(options)) => ranking::run(ranking::By::Label, options),
        Some(Task::Prune(options)) => prune::run(options),
        Some(Task::Balance(options)) => balance::run(options),
        Some(Task::Split(options)) => split::run(options),
        Some(Task::Report(options)) => report::run(options),
        Some(Task::Augment(options)) => augment::run(options),
        Some(Task::Pipeline(task)) => pipeline::run(task),
        Some(Task::Train(options)) => train::run(options),
        Some(Task::Sample(options)) => sample::run(options),
        Some(Task::Encode(options)) => encode::run(options),
        Some(Task::Reconstruct(options)) => reconstruct::run(options),
        Some(Task::Evaluate(options)) => evaluate::run(options),
        Some(Task::Labels(task)) => labels::run(task),
        Some(Task::Demo(options)) => demo::run(options),
        Some(Task::Screenshot(options)) => crate::app::screenshot(options),
        None => crate::app::run(arguments.path.as_deref(), arguments.project.as_deref()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let interrupted = interrupt::happened() && was_stopped(&error);
            match interrupted && !error.is::<Interrupted>() {
                true => eprintln!("lenslet: interrupted"),
                false => eprintln!("lenslet: {error:#}"),
            }
            let ended_with = if error.is::<Usage>() { WRONG_USAGE } else { FAILED };
            ExitCode::from(if interrupted { interrupt::status() } else { ended_with })
        }
    }
}

/// Whether an error is of somebody who stopped the work.
fn was_stopped(error: &anyhow::Error) -> bool {
    error.is::<Interrupted>() || error.root_cause().to_string() == Cancelled.to_string()
}

fn start_log(level: &str) {
    use tracing_subscriber::EnvFilter;
    // Other crates log at `warn` unless they are named: the level is meant for this program.
    let filter = EnvFilter::try_new(if level.contains('=') || level.contains(',') {
        level.to_owned()
    } else {
        format!("error,lenslet={level}")
    });
    let filter = filter.unwrap_or_else(|_| EnvFilter::new("error,lenslet=warn"));
    // A second start in one process (tests) keeps the first logger.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}
