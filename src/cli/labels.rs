//! `lenslet labels`: labels that people give, without a window.

mod simulate;

use super::args::LabelsTask;

pub fn run(task: &LabelsTask) -> anyhow::Result<()> {
    match task {
        LabelsTask::Simulate(options) => simulate::run(options),
    }
}
