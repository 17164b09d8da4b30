//! Code as it was run with Albumentations 2.0.8 and torchvision 0.29.

use crate::augment::formats::{Format, Note, read, write};

/// A pipeline with groups of all kinds, in this program's own form.
const PIPELINE: &str = include_str!("../../../../tests/it/fixtures/pipelines/groups.json");

fn written(format: Format) -> (String, Vec<String>) {
    let (code, notes) = write(&read(PIPELINE, None).unwrap().pipeline, format);
    (code, notes.iter().map(Note::to_string).collect())
}

#[test]
fn code_for_albumentations_is_as_it_was_run() {
    let (code, notes) = written(Format::AlbumentationsPython);
    assert_eq!(code, include_str!("../../../../tests/it/fixtures/pipelines/groups.albumentations.py"));
    let expected = [
        "steps[2].mixup: Albumentations has nothing like it.",
        "steps[4].steps: SomeOf has one number of steps, and here it is 1 to 2.",
        "steps[7]: It is not known here either.",
        "steps[8]: It is off: its p is written as 0.",
    ];
    assert_eq!(notes, expected);
}

#[test]
fn code_for_torchvision_is_as_it_was_run() {
    let (code, notes) = written(Format::TorchvisionPython);
    assert_eq!(code, include_str!("../../../../tests/it/fixtures/pipelines/groups.torchvision.py"));
    let expected = [
        "steps[1].rotate: There what is outside is of one colour.",
        "steps[2].mixup: v2.MixUp works on batches: call it on what the data loader gives.",
        "steps[4].steps: torchvision cannot draw several: each is done by itself, as often as it would be drawn.",
        "steps[4].steps[1].clahe: torchvision has nothing like it.",
        "steps[6].steps[1].sepia: torchvision has nothing like it.",
        "steps[7]: It is not known here.",
        "steps[8]: It is off: its p is written as 0.",
    ];
    assert_eq!(notes, expected);
}
