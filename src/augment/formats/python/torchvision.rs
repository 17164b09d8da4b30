//! Python code for torchvision's transforms, version 2. What each operation comes to is in [`calls`].

mod calls;
mod geometry;

use super::comment;
use crate::augment::formats::{Note, number};
use crate::augment::pipeline::{Group, Order, Pipeline, Step, What};
use calls::{P, call};

/// Code for torchvision 0.22 or later. It takes pictures of 8 bits.
pub fn torchvision(pipeline: &Pipeline) -> (String, Vec<Note>) {
    let mut writer = Writer { code: String::new(), notes: Vec::new() };
    if !pipeline.name.is_empty() {
        writer.code.push_str(&format!("# {}\n", comment(&pipeline.name)));
    }
    writer.code.push_str("import torch\nfrom torchvision.transforms import v2\n\n");
    writer.code.push_str("transform = v2.Compose([\n    v2.ToImage(),\n");
    writer.steps(&pipeline.steps, 1, "steps", Luck::Own);
    writer.code.push_str("])\n");
    (writer.code, writer.notes)
}

/// What decides whether a step is done.
#[derive(Clone, Copy, PartialEq)]
enum Luck {
    /// Its own probability.
    Own,
    /// It is done where it is drawn.
    Drawn,
    /// Another probability.
    Of(f64),
}

struct Writer {
    code: String,
    notes: Vec<Note>,
}

impl Writer {
    fn steps(&mut self, steps: &[Step], depth: usize, path: &str, luck: Luck) {
        for (at, step) in steps.iter().enumerate() {
            self.step(step, depth, &format!("{path}[{at}]"), luck);
        }
    }

    fn step(&mut self, step: &Step, depth: usize, path: &str, luck: Luck) {
        let p = match luck {
            Luck::Own if step.is_on => step.probability,
            Luck::Own => 0.0,
            Luck::Drawn => 1.0,
            Luck::Of(p) if step.is_on && step.probability > 0.0 => p,
            Luck::Of(_) => 0.0,
        };
        if !step.is_on {
            self.notes.push(Note::approximate(path, "It is off: its p is written as 0."));
        }
        match &step.what {
            What::Operation(settings) => {
                let path = format!("{path}.{}", settings.operation.name);
                let Some(call) = call(settings) else {
                    self.missing(settings.operation.title, why(settings.operation.name), depth, &path);
                    return;
                };
                self.notes.extend(call.differs.map(|text| Note::approximate(&path, text)));
                let p = number(p);
                let code = match call.p {
                    P::Argument => call.code.replace(calls::PROBABILITY, &format!("p={p}")),
                    P::None if p == 1 => call.code,
                    P::None => format!("v2.RandomApply([{}], p={p})", call.code),
                };
                self.line(&format!("{code},"), depth);
            }
            What::Group(group) => self.group(group, p, depth, path),
            What::Unknown(unknown) => {
                self.missing(&unknown.name, "It is not known here.", depth, path);
            }
        }
    }

    fn group(&mut self, group: &Group, p: f64, depth: usize, path: &str) {
        let path = format!("{path}.steps");
        // A group of nothing that torchvision has would be no valid code.
        let Some(written) = written(&group.steps) else {
            self.missing("Group", "There is nothing in it that torchvision has.", depth, &path);
            return;
        };
        let all = group.steps.iter().filter(|step| step.is_on && step.probability > 0.0).count();
        let weights: Vec<f64> =
            written.iter().map(|step| if step.is_on { step.probability } else { 0.0 }).collect();
        if matches!(group.order, Order::OneOf | Order::SomeOf { .. })
            && weights.iter().all(|weight| *weight == 0.0)
        {
            self.missing("Group", "None of its steps has any weight.", depth, &path);
            return;
        }
        let is_applied = p < 1.0;
        let depth = if is_applied {
            self.line("v2.RandomApply([", depth);
            depth + 1
        } else {
            depth
        };
        let (open, close, luck) = match group.order {
            Order::InTurn => ("v2.Compose([", "]),".to_owned(), Luck::Own),
            Order::Shuffled => ("v2.RandomOrder([", "]),".to_owned(), Luck::Own),
            Order::OneOf | Order::SomeOf { least: 1, most: 1 } => {
                let weights: Vec<String> = weights.iter().map(|weight| number(*weight).to_string()).collect();
                ("v2.RandomChoice([", format!("], p=[{}]),", weights.join(", ")), Luck::Drawn)
            }
            Order::SomeOf { least, .. } if least as usize >= all => {
                ("v2.Compose([", "]),".to_owned(), Luck::Drawn)
            }
            Order::SomeOf { least, most } => {
                let text =
                    "torchvision cannot draw several: each is done by itself, as often as it would be drawn.";
                self.notes.push(Note::approximate(&path, text));
                let mean = f64::from(least + most.min(all as u32)) / 2.0;
                ("v2.Compose([", "]),".to_owned(), Luck::Of((mean / all as f64).clamp(0.0, 1.0)))
            }
        };
        self.line(open, depth);
        self.steps(&group.steps, depth + 1, &path, luck);
        self.line(&close, depth);
        if is_applied {
            self.line(&format!("], p={}),", number(p)), depth - 1);
        }
    }

    fn missing(&mut self, title: &str, why: &str, depth: usize, path: &str) {
        self.notes.push(Note::left_out(path, why));
        self.line(&format!("# {}: {}", comment(title), comment(why)), depth);
    }

    fn line(&mut self, code: &str, depth: usize) {
        self.code.push_str(&format!("{}{code}\n", "    ".repeat(depth)));
    }
}

/// Why nothing is written for an operation.
fn why(name: &str) -> &'static str {
    match name {
        "mixup" => "v2.MixUp works on batches: call it on what the data loader gives.",
        "cutmix" => "v2.CutMix works on batches: call it on what the data loader gives.",
        _ => "torchvision has nothing like it.",
    }
}

/// The steps that something is written for; `None` if there are none.
fn written(steps: &[Step]) -> Option<Vec<&Step>> {
    let is_written = |step: &&Step| match &step.what {
        What::Operation(settings) => call(settings).is_some(),
        What::Group(group) => written(&group.steps).is_some(),
        What::Unknown(_) => false,
    };
    let written: Vec<&Step> = steps.iter().filter(is_written).collect();
    if written.is_empty() { None } else { Some(written) }
}
