//! Pipelines of every operation, and files with everything that goes wrong in files.

use super::*;
use crate::augment::param::{Kind, Value};
use crate::augment::pipeline::{Order, Settings, Step, Unknown, What};
use crate::augment::random::{Draw, Key};
use crate::augment::table::operations;

/// What the tests of files share: files that A.save of Albumentations 2.0.8 has written. See
/// `tests/it/fixtures/pipelines/README.md` for how.
pub const SAVED: [(&str, &str); 4] = [
    ("mixed.json", include_str!("../../../tests/it/fixtures/pipelines/mixed.json")),
    ("mixed.yaml", include_str!("../../../tests/it/fixtures/pipelines/mixed.yaml")),
    ("defaults.json", include_str!("../../../tests/it/fixtures/pipelines/defaults.json")),
    ("older.json", include_str!("../../../tests/it/fixtures/pipelines/older.json")),
];

/// A pipeline of up to 12 steps of any kind, with values anywhere within their limits and beyond.
fn any_pipeline(draw: &mut Draw) -> Pipeline {
    let mut ids: Vec<u32> = (0..200).collect();
    draw.shuffle(&mut ids);
    // In most files the ids are the running order.
    if draw.chance(0.5) {
        ids.sort_unstable_by(|a, b| b.cmp(a));
    }
    let name = ["", "Street signs", "a \"quoted\"\nname\u{7f}"][draw.below(3) as usize];
    let steps = any_steps(draw, &mut ids, 3);
    Pipeline { name: name.to_owned(), steps }
}

fn any_steps(draw: &mut Draw, ids: &mut Vec<u32>, depth: u32) -> Vec<Step> {
    let count = draw.below(5);
    (0..count).filter_map(|_| Some(any_step(draw, ids.pop()?, ids, depth))).collect()
}

fn any_step(draw: &mut Draw, id: u32, ids: &mut Vec<u32>, depth: u32) -> Step {
    let what = match draw.below(8) {
        0 | 1 if depth > 0 => {
            let least = draw.below(4);
            let order = [
                Order::InTurn,
                Order::Shuffled,
                Order::OneOf,
                Order::SomeOf { least, most: least + draw.below(3) },
            ][draw.below(4) as usize];
            What::Group(crate::augment::pipeline::Group { order, steps: any_steps(draw, ids, depth - 1) })
        }
        2 => {
            let text = r#"{"operation": "sparkle", "params": {"much": [1, {"very": null}]}, "more": "x"}"#;
            What::Unknown(Unknown { name: "sparkle".to_owned(), text: serde_json::from_str(text).unwrap() })
        }
        _ => {
            let all: Vec<_> = operations().collect();
            let mut settings = Settings::new(all[draw.below(all.len() as u32) as usize]);
            for (param, value) in settings.operation.params.iter().zip(&mut settings.values) {
                if draw.chance(0.6) {
                    *value = any_value(draw, param);
                }
            }
            if draw.chance(0.2) {
                settings.kept.insert("later".to_owned(), serde_json::json!({"a": [1, 2.5]}));
                settings.kept.insert(KEPT.to_owned(), serde_json::json!({"fill_mask": 3.0}));
            }
            What::Operation(settings)
        }
    };
    let probability = [0.0, 1.0, 0.5, tidy(draw.unit())][draw.below(4) as usize];
    Step { id, probability, is_on: draw.chance(0.8), what }
}

/// A value as `Param::fit` leaves it, of up to 12 digits: so many are read back exactly.
pub fn any_value(draw: &mut Draw, param: &crate::augment::param::Param) -> Value {
    let between = |draw: &mut Draw, least: f64, most: f64| {
        let numbers = [
            least,
            most,
            least + draw.unit() * (most - least),
            (draw.unit() * 40.0).round() / 10.0,
            f64::NAN,
        ];
        tidy(numbers[draw.below(5) as usize])
    };
    let value = match param.kind {
        Kind::Range { least, most, .. } => {
            Value::Range([between(draw, least, most), between(draw, least, most)])
        }
        Kind::Number { least, most, .. } => Value::Number(between(draw, least, most)),
        Kind::Choice { words, .. } => Value::Choice(draw.below(words.len() as u32) as usize),
        Kind::Flag { .. } => Value::Flag(draw.chance(0.5)),
        Kind::Colour { .. } => Value::Colour([0; 3].map(|_: u8| draw.below(256) as u8)),
    };
    param.fit(value).unwrap()
}

#[test]
fn own_files_give_back_what_was_written() {
    for seed in 0..2000 {
        let pipeline = any_pipeline(&mut Key::new(seed, 1, 0).draw());
        let (text, notes) = write(&pipeline, Format::Lenslet);
        assert!(notes.is_empty());
        let read = read(&text, None).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{text}"));
        assert_eq!(read.pipeline, pipeline, "seed {seed}\n{text}");
        let is_expected = |note: &Note| matches!(note.kind, NoteKind::Unknown | NoteKind::Misplaced);
        assert!(read.notes.iter().all(is_expected), "{:?}\n{text}", read.notes);
        assert_eq!(write(&read.pipeline, Format::Lenslet).0, text);
    }
}

#[test]
fn own_files_are_written_as_documented() {
    let step = |id, name: &str, given: &[(&str, Value)]| Step::new(id, Settings::with(name, given).unwrap());
    let mut off = step(9, "invert", &[]);
    (off.is_on, off.probability) = (false, 0.3);
    let turned = [("angle", Value::Range([-10.0, 10.5])), ("fill", Value::Choice(2))];
    let filled = [("fill_colour", Value::Colour([1, 2, 255]))];
    let steps = vec![
        Step { probability: 0.5, ..step(0, "rotate", &turned) },
        off,
        Step::group(
            2,
            Order::SomeOf { least: 1, most: 2 },
            vec![Step { probability: 1.0, ..step(3, "rotate", &filled) }],
        ),
    ];
    let expected = r##"{
  "lenslet_pipeline": 1,
  "name": "Street signs",
  "steps": [
    {"operation": "rotate", "p": 0.5, "params": {"angle": [-10, 10.5], "fill": "reflect"}},
    {"operation": "invert", "p": 0.3, "id": 9, "on": false},
    {
      "group": "some_of",
      "p": 1,
      "count": [1, 2],
      "steps": [
        {"operation": "rotate", "p": 1, "params": {"fill_colour": "#0102ff"}}
      ]
    }
  ]
}
"##;
    let pipeline = Pipeline { name: "Street signs".to_owned(), steps };
    assert_eq!(write(&pipeline, Format::Lenslet).0, expected);
}

#[test]
fn a_step_that_normalizes_too_early_is_noted() {
    let own = |steps: &str| format!("{{\"lenslet_pipeline\": 1, \"steps\": [{steps}]}}");
    let theirs = |steps: &str| {
        format!("{{\"transform\": {{\"__class_fullname__\": \"Compose\", \"transforms\": [{steps}]}}}}")
    };
    let (normalize, flip) = (r#"{"operation": "normalize"}"#, r#"{"operation": "horizontal_flip"}"#);
    let of_class = |class: &str| format!("{{\"__class_fullname__\": \"{class}\", \"p\": 1.0}}");
    let rows = [
        (own(&[flip, normalize].join(", ")), false),
        (own(&[normalize, flip].join(", ")), true),
        (theirs(&["HorizontalFlip", "Normalize"].map(of_class).join(", ")), false),
        (theirs(&["Normalize", "ToTensorV2"].map(of_class).join(", ")), false),
        (theirs(&["Normalize", "HorizontalFlip"].map(of_class).join(", ")), true),
    ];
    for (text, is_early) in rows {
        let read = read(&text, None).unwrap();
        let is_noted = read.notes.iter().any(|note| note.kind == NoteKind::Misplaced && note.text == EARLY);
        assert_eq!(is_noted, is_early, "{text}: {:?}", read.notes);
    }
}

#[test]
fn what_is_unknown_in_an_own_file_is_kept_and_noted() {
    let text = r#"{"lenslet_pipeline": 1, "steps": [
        {"operation": "rotate", "p": 2, "params": {"angle": [-900, 5], "fill": "glitter", "wobble": 3}},
        {"operation": "sparkle", "id": 0, "params": {"much": 1}},
        {"group": "by_moon", "steps": [{"operation": "invert"}]},
        {"group": "one_of", "colour": 1, "steps": [{"operation": "invert", "id": 7}, {"operation": "invert", "id": 7}]}
    ], "extra": 1}"#;
    let read = read(text, None).unwrap();
    let notes: Vec<String> = read.notes.iter().map(Note::to_string).collect();
    let expected = [
        "extra: This is not known; it is not kept.",
        "steps[0].rotate.angle: [-900,5] is taken as (-180, 5).",
        "steps[0].rotate.fill: \"glitter\" is no value of this parameter; it is kept and does nothing.",
        "steps[0].rotate.wobble: This parameter is not known; it is kept and does nothing.",
        "steps[0]: p is 2 and taken as 1.",
        "steps[1].sparkle: This step is not known; it is kept and does nothing.",
        "steps[2].by_moon: This step is not known; it is kept and does nothing.",
        "steps[3].one_of.colour: This is not known; it is not kept.",
        "steps: Two steps have the id 7; the later one gets another one.",
    ];
    assert_eq!(notes, expected);
    let ids: Vec<u32> = read.pipeline.steps.iter().map(|step| step.id).collect();
    // The second step has taken the first one's place in the running order.
    assert_eq!((ids, read.pipeline.steps[3].steps()[1].id), (vec![1, 0, 2, 3], 5));
    let again = write(&read.pipeline, Format::Lenslet).0;
    for part in [r#""fill": "glitter", "wobble": 3"#, r#"{"much": 1}"#, r#""group": "by_moon""#] {
        assert!(again.contains(part), "{again}");
    }
    assert_eq!(super::read(&again, None).unwrap().pipeline, read.pipeline);
}

#[test]
fn errors_say_what_and_where() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(100), close.repeat(100));
    let long = format!("{{\"lenslet_pipeline\": 1, \"steps\": [{}{{}}]}}", "{},".repeat(MAX_STEPS));
    let rows = [
        ("", "The file is empty"),
        ("  \n", "The file is empty"),
        ("{\n  \"lenslet_pipeline\": 1,\n}", "line 3 column 1"),
        ("[1]", "The file is a list and no pipeline"),
        ("{\"a\": 1}", "The file is no pipeline: choose"),
        ("nothing", "The file is a text and no pipeline"),
        ("a: [1\nb: 2", "line"),
        ("{\"lenslet_pipeline\": 3}", "version 3 of the format and this program reads version 1"),
        ("{\"lenslet_pipeline\": \"x\"}", "no version that there is"),
        ("{\"lenslet_pipeline\": 1, \"steps\": 3}", "steps of the pipeline is a number and no list"),
        ("{\"lenslet_pipeline\": 1, \"steps\": [3]}", "steps[0] of the pipeline is a number and no step"),
        (&long, "more than 10000 steps"),
        (&format!("{{\"lenslet_pipeline\": 1, \"a\": {}}}", deep("[", "]")), "nested more than 64 deep"),
        (&deep("{\"a\":", "}"), "line 1"),
        (&"x".repeat(MAX_BYTES + 1), "larger than 16 MiB"),
        ("import albumentations as A\n\ntransform = A.Compose([])\n", "The file is Python code"),
        (
            "{\"transform\": {\"__class_fullname__\": \"Compose\", \"transforms\": 3}}",
            "transform.transforms is a number",
        ),
        (
            "{\"transform\": {\"__class_fullname__\": \"Compose\", \"transforms\": [3]}}",
            "transform.transforms[0] is a number",
        ),
    ];
    for (text, part) in rows {
        let error = read(text, None).unwrap_err().to_string();
        assert!(error.contains(part), "{error} for {}", &text[..text.len().min(80)]);
        assert!(error.ends_with('.'), "{error}");
    }
}

#[test]
fn formats_are_found_by_their_names() {
    for format in Format::ALL {
        assert_eq!(Format::from_name(format.name()), Some(format));
    }
    assert_eq!(Format::from_name("png"), None);
    for (name, text) in SAVED {
        let expected =
            if name.ends_with("yaml") { Format::AlbumentationsYaml } else { Format::AlbumentationsJson };
        for hint in [None, Some(name), Some("pipeline.json"), Some("PIPELINE.YML")] {
            let hint = hint.filter(|hint| hint.ends_with("json") != name.ends_with("yaml"));
            assert_eq!(read(text, hint).unwrap().format, expected, "{name} {hint:?}");
        }
    }
}

/// Any text gives a pipeline or an error, and what it gives can be written and read again.
#[test]
fn files_with_anything_wrong_in_them_are_read_or_refused() {
    let own = write(&any_pipeline(&mut Key::new(3, 1, 0).draw()), Format::Lenslet).0;
    let every: Vec<Step> =
        (0..).zip(operations()).map(|(id, one)| Step::new(id, Settings::new(one))).collect();
    let every = write(&Pipeline { name: String::new(), steps: every }, Format::Lenslet).0;
    let mut seeds: Vec<Vec<u8>> = SAVED.iter().map(|(_, text)| text.as_bytes().to_vec()).collect();
    seeds.extend([own.into_bytes(), every.into_bytes()]);
    let mut draw = Key::new(20, 26, 0).draw();
    let mut count_read = 0;
    for _ in 0..4000 {
        let text = mutated(&seeds, &mut draw);
        let Ok(one) = read(&text, None) else { continue };
        count_read += 1;
        for format in Format::ALL {
            let (text, _) = write(&one.pipeline, format);
            if format == Format::Lenslet {
                assert_eq!(read(&text, None).unwrap().pipeline, one.pipeline, "{text}");
            } else if format.is_read() {
                let _ = read(&text, None).unwrap();
            }
        }
    }
    assert!(count_read > 400, "{count_read}");
}

/// A seed with a few places changed: bytes, numbers, and pieces cut, repeated or from another seed.
fn mutated(seeds: &[Vec<u8>], draw: &mut Draw) -> String {
    const PIECES: [&str; 12] = [
        "null",
        "-1",
        "1e308",
        "\"\"",
        "[]",
        "{}",
        "true",
        "4294967296",
        "0.1",
        "\"é\u{7f}\"",
        ": ",
        "[9, 1]",
    ];
    let mut bytes = seeds[draw.below(seeds.len() as u32) as usize].clone();
    for _ in 0..1 + draw.below(3) {
        let below = |draw: &mut Draw, end: usize| draw.below(end.max(1) as u32) as usize;
        let at = below(draw, bytes.len());
        let to = bytes.len().min(at + 1 + below(draw, 24));
        match draw.below(6) {
            0 => bytes[at..to].fill(b" 0{}[],\"a:-\n"[below(draw, 12)]),
            1 => drop(bytes.drain(at..to)),
            2 => {
                let piece = bytes[at..to].to_vec();
                bytes.splice(at..at, piece);
            }
            3 => {
                let other = &seeds[below(draw, seeds.len())];
                let from = below(draw, other.len());
                bytes.splice(at..at, other[from..other.len().min(from + 40)].iter().copied());
            }
            // A value in the place of another one.
            _ => {
                let is_end = |byte: &u8| b",]}\n".contains(byte);
                let from = bytes[at..]
                    .iter()
                    .position(|byte| b":[,".contains(byte))
                    .map_or(at, |step| at + step + 1);
                let end = bytes[from.min(bytes.len())..]
                    .iter()
                    .position(is_end)
                    .map_or(bytes.len(), |step| from + step);
                let piece = PIECES[below(draw, PIECES.len())];
                bytes.splice(from.min(bytes.len())..end, piece.bytes());
            }
        }
        if bytes.is_empty() {
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
