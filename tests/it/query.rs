//! Tests of the query language, sorting, counting and columns from outside.

use std::sync::Arc;

use lenslet::dataset::builder::NewBox;
use lenslet::dataset::columns::{COLUMNS, ColumnKind, all_columns, column};
use lenslet::dataset::edit::{Direction, Mark};
use lenslet::dataset::query::{
    AttributeTest, AttributeValue, BoxTest, Choice, Click, Comparison, MAX_BYTES, MAX_DEPTH, MAX_TESTS, Node,
    Pattern, Pick, Quantity, REFERENCE, SaidField, Snapshot, Span, State, Test, Vocabulary, complete, counts,
    fuzz, parse, rows, selected_terms, summary, with_term,
};
use lenslet::dataset::{
    Answer, Dataset, DatasetBuilder, Decision, Fact, Facts, Findings, Flag, ImageFormat, IssueKind,
    LabelOrigin, Labelling, Layout, NewSample, PixelKind, SampleId, Score, Verdict,
};
use proptest::prelude::*;

/// 2024-01-31 12:00 UTC.
const NOON_MS: i64 = 1_706_702_400_000;

/// A few samples, each different in some way.
pub fn zoo() -> Snapshot {
    let mut builder = DatasetBuilder::new("/zoo", "/zoo", Layout::Manifest);
    let rect = [0.0, 0.0, 1.0, 1.0];
    let samples = [
        NewSample {
            path: "train/Cat10.jpg",
            bytes: 2_000_000,
            modified_ms: NOON_MS,
            split: Some("train"),
            labels: &["cat"],
            attributes: &[("score", "0.5"), ("source", "Flickr")],
            ..Default::default()
        },
        NewSample {
            path: "train/cat9.jpg",
            bytes: 10_000,
            modified_ms: NOON_MS - 86_400_000,
            split: Some("train"),
            labels: &["cat", "dog"],
            attributes: &[("score", "10")],
            ..Default::default()
        },
        NewSample {
            path: "val/holiday/dog (1).png",
            bytes: 500,
            modified_ms: NOON_MS + 86_400_000,
            split: Some("val"),
            labels: &["dog"],
            attributes: &[("source", "my camera")],
            ..Default::default()
        },
        NewSample {
            path: "val/light.png",
            bytes: 65_536,
            split: Some("val"),
            boxes: vec![NewBox { class: "traffic light", rect, relative: true }],
            ..Default::default()
        },
        NewSample { path: "loose.bin", ..Default::default() },
        NewSample { path: "gone/cat.jpg", labels: &["cat"], ..Default::default() },
    ];
    for sample in samples {
        builder.push(sample);
    }
    builder.class("Ärger, \"quoted\"");
    let (mut dataset, _) = builder.finish();
    dataset.gone[5] = true;
    let mut facts = Facts::new(dataset.len());
    let fact = Fact { measured: true, orientation: 1, ..Fact::UNMEASURED };
    let jpeg = Fact { format: ImageFormat::Jpeg, pixel_kind: PixelKind::Rgb, bits: 8, ..fact };
    for (row, fact) in [
        Fact { width: 640, height: 480, brightness: 0.1, ..jpeg },
        Fact { width: 800, height: 800, brightness: 0.9, issues: IssueKind::Truncated.bit(), ..jpeg },
        Fact { format: ImageFormat::Png, width: 100, height: 200, pixel_kind: PixelKind::Grey, ..fact },
        Fact { issues: IssueKind::Corrupt.bit() | IssueKind::Misnamed.bit(), ..fact },
    ]
    .iter()
    .enumerate()
    {
        facts.set(row as SampleId, fact);
    }
    let marks = vec![Mark::Star.bit(), 0, Mark::Star.bit() | Mark::Reviewed.bit(), 0, 0, 0];
    Snapshot::new(Arc::new(dataset), &[], facts, Arc::new(marks))
}

/// The first letters of the file names that a query finds, in natural order of the paths.
fn found(snapshot: &Snapshot, text: &str) -> String {
    let query = parse(text, snapshot.vocabulary()).unwrap_or_else(|error| panic!("{text}: {error}"));
    let again = parse(&query.to_string(), snapshot.vocabulary());
    assert_eq!(again.as_ref(), Ok(&query), "the normal form of {text}");
    let rows = rows(snapshot, &query, "path", Direction::Ascending);
    letters(snapshot, &rows)
}

/// Each sample of [`zoo`] as a letter: `b`in, `n`ine, `t`en, `d`og, `l`ight.
fn letters(snapshot: &Snapshot, rows: &[SampleId]) -> String {
    let letter = |row: &SampleId| match snapshot.dataset.path(*row) {
        "train/Cat10.jpg" => 't',
        "train/cat9.jpg" => 'n',
        "val/holiday/dog (1).png" => 'd',
        "val/light.png" => 'l',
        "loose.bin" => 'b',
        _ => '!',
    };
    rows.iter().map(letter).collect()
}

#[test]
fn queries_find_their_samples() {
    let zoo = zoo();
    for (text, expected) in [
        ("", "bntdl"),
        ("  ", "bntdl"),
        ("CAT", "nt"),
        ("cat dog", "n"),
        ("cat and dog", "n"),
        ("cat OR dog", "ntd"),
        ("-cat", "bdl"),
        ("not cat", "bdl"),
        ("not not cat", "nt"),
        ("--cat", "nt"),
        ("cat -dog", "t"),
        ("light or cat -dog", "tl"),
        ("(light or cat) -dog", "tl"),
        ("-(light or cat)", "bd"),
        ("\"dog (1)\"", "d"),
        ("cat*jpg", "nt"),
        ("\"cat*jpg\"", ""),
        ("traffic", "l"),
        ("\"\"", "bntdl"),
        ("label:cat", "nt"),
        ("label = cat", "nt"),
        ("label: cat", "nt"),
        ("label:CAT,light", "nt"),
        ("label:\"traffic light\"", "l"),
        ("label:traf*", "l"),
        ("label:\"traf*\"", ""),
        ("label:*", "ntdl"),
        ("label:cat,dog", "ntd"),
        ("label:cat, dog", "ntd"),
        ("label!=cat", "bdl"),
        ("label:unheard-of", ""),
        ("label:none", "b"),
        ("label:none,cat", "bnt"),
        ("label:\"none\"", ""),
        ("split:val", "dl"),
        ("split:VAL", "dl"),
        ("split:none", "b"),
        ("split:t*", "nt"),
        ("format:png", "d"),
        ("format:jpg,png", "ntd"),
        ("format:unknown", "bl"),
        ("path:holiday", "d"),
        ("path:holiday/*", ""),
        ("path:val/holiday/*", "d"),
        ("path:*.png,*.bin", "bdl"),
        ("issue:corrupt", "l"),
        ("issue:any", "nl"),
        ("-issue:any", "btd"),
        ("issue:truncated,misnamed", "nl"),
        ("is:unlabelled", "b"),
        ("is:unlabeled", "b"),
        ("is:labelled", "ntdl"),
        ("is:multilabel", "n"),
        ("is:boxed", "l"),
        ("is:broken", "l"),
        ("is:unmeasured", "b"),
        ("is:starred", "td"),
        ("is:reviewed", "d"),
        ("is:starred,boxed", "tdl"),
        ("pixels:grey", "d"),
        ("width>=640", "nt"),
        ("width > 640", "n"),
        ("width<640", "d"),
        ("width:640", "t"),
        ("width=640,800", "nt"),
        ("width!=640", "nd"),
        ("-width:640", "bndl"),
        ("width:640..800", "nt"),
        ("width:800..640", "nt"),
        ("width:..640", "td"),
        ("width:700..", "n"),
        ("aspect:1", "n"),
        ("aspect<1", "d"),
        ("megapixels>0.5", "n"),
        ("brightness:0.1", "t"),
        ("brightness<=0.1", "t"),
        ("brightness>0.1", "n"),
        ("bytes>=2MB", "t"),
        ("bytes:64KiB", "l"),
        ("bytes<10k", "bd"),
        ("labels>1", "n"),
        ("labels:0", "b"),
        ("boxes>0", "l"),
        ("box.at:0.5..0.75,0.5..0.75", "l"),
        ("box.at:0.25..0.5,0.5..0.75", ""),
        ("-box.at:..0.5,..", "bntdl"),
        ("box.size:1..0.98", "l"),
        ("box.size:..0.98", ""),
        ("box.size!=0.98..1", "bntd"),
        ("bits:8", "nt"),
        ("modified>=2024-01-31", "td"),
        ("modified>2024-01-31", "d"),
        ("modified:2024-01-31", "t"),
        ("modified<2024-01-31", "n"),
        ("modified<=2024-01-31", "nt"),
        ("modified!=2024-01-31", "nd"),
        ("modified:2024-01", "nt"),
        ("modified:2024-01-31..2024", "td"),
        ("modified:..2023", ""),
        ("source:flickr", "t"),
        ("attr.source:flickr", "t"),
        ("attr.SOURCE:FLICKR", "t"),
        ("source:\"my camera\"", "d"),
        ("source:\"my \"*", "d"),
        ("source:*", "bntdl"),
        ("source:\"\"", "bnl"),
        ("source!=flickr", "bndl"),
        ("score>0.4", "nt"),
        ("score:10.0", "n"),
        ("score:0..1", "t"),
        ("score:0.5,10", "nt"),
        ("score<1", "t"),
    ] {
        assert_eq!(found(&zoo, text), expected, "{text}");
    }
}

#[test]
fn errors_point_at_what_is_wrong() {
    let zoo = zoo();
    for (text, at, message) in [
        ("lable:cat", 0..5, "unknown field `lable`, did you mean `label`?"),
        ("cat widht>3", 4..9, "unknown field `widht`, did you mean `width`?"),
        ("size>3", 0..4, "unknown field `size`, did you mean `bytes`?"),
        ("sorce:x", 0..5, "unknown field `sorce`, did you mean `source`?"),
        ("http://x", 0..4, "unknown field `http`; to look for text with such a sign in it, quote it"),
        ("attr.scor:1", 0..9, "the samples have no attribute `scor`; did you mean `score`?"),
        ("split:tset", 6..10, "there is no split `tset`; there are train, val, none"),
        (
            "is:x",
            3..4,
            "there is no state `x`; there are unlabelled, labelled, multilabel, boxed, broken, unmeasured, starred, reviewed",
        ),
        ("cat issue:corupt", 10..16, "there is no issue `corupt`; there are corrupt, truncated, empty"),
        ("format:jpeg,pgn", 12..15, "there is no format `pgn`; there are unknown, jpeg, png"),
        ("width:wide", 6..10, "`wide` is not a number"),
        ("width:1..x", 6..10, "`x` is not a number"),
        ("width:..", 6..8, "a range has to have an end, as in `640..`"),
        ("width>3,4", 8..9, "only one value can be compared with; a list goes after `:`"),
        ("modified>yesterday", 9..18, "`yesterday` is not a date"),
        ("modified:2024-02-30", 9..19, "`2024-02-30` is not a date"),
        ("box.at:0.5..1", 6..7, "two parts of the picture are needed, across and down"),
        ("box.at:0..1,left", 12..16, "`left` is no part from 0 to 1"),
        ("box.size:0.1", 9..12, "`0.1` is no part from 0 to 1"),
        ("label>3", 5..6, "`label` has no order: write `label:` and a value; to compare"),
        ("label:", 0..6, "a value is missing after `label`"),
        ("(label:)", 6..7, "a value is missing after `label`"),
        ("label:cat,", 0..10, "a value is missing after `label`"),
        (">640", 0..1, "a field has to stand before this"),
        ("cat \"dog", 4..8, "this quote is not closed"),
        ("(cat", 0..1, "this bracket is not closed"),
        ("cat)", 3..4, "this bracket was not opened"),
        ("()", 1..2, "a condition has to stand before this bracket"),
        ("(", 1..1, "a condition has to follow the bracket"),
        ("cat and", 7..7, "a condition has to follow `and`"),
        ("cat or ", 7..7, "a condition has to follow `or`"),
        ("or cat", 0..2, "a condition has to stand before `or`; to look for the word, quote it"),
        ("cat -", 5..5, "a condition has to follow the negation"),
        ("ä:1", 0..2, "unknown field `ä`"),
    ] {
        let error = parse(text, zoo.vocabulary()).expect_err(text);
        assert_eq!(error.at, at, "{text}: {error}");
        assert!(error.message.starts_with(message), "{text}: {}", error.message);
    }
}

#[test]
fn queries_have_bounds() {
    let words = Vocabulary::default();
    let nested = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    for (text, accepted) in [
        (nested(MAX_DEPTH), true),
        (nested(MAX_DEPTH + 1), false),
        (nested(MAX_BYTES / 3), false),
        ("-".repeat(MAX_BYTES - 1) + "a", true),
        ("a ".repeat(MAX_TESTS), true),
        ("a ".repeat(MAX_TESTS + 1), false),
        ("x".repeat(MAX_BYTES), true),
        ("x".repeat(MAX_BYTES + 1), false),
        ("ä".repeat(MAX_BYTES), false),
        (format!("path:{}", "a,".repeat(MAX_TESTS) + "a"), false),
    ] {
        let parsed = parse(&text, &words);
        let text: String = text.chars().take(40).collect();
        assert_eq!(parsed.is_ok(), accepted, "{text}… {:?}", parsed.err());
    }
}

#[test]
fn the_reference_is_right() {
    let zoo = zoo();
    for (syntax, _) in REFERENCE {
        let text = syntax.replace("NAME", "source");
        if let Err(error) = parse(&text, zoo.vocabulary()) {
            panic!("{text}: {error}");
        }
    }
    let numbers = COLUMNS.iter().filter(|column| column.kind == ColumnKind::Number);
    for column in numbers {
        let named = REFERENCE.iter().any(|(_, meaning)| meaning.contains(column.name.as_ref()));
        assert!(named, "the reference does not name {}", column.name);
    }
}

#[test]
fn rows_are_sorted_with_unknown_values_last() {
    let zoo = zoo();
    let everything = parse("", zoo.vocabulary()).unwrap();
    for (sort, ascending, descending) in [
        ("path", "bntdl", "ldtnb"),
        ("no such column", "bntdl", "ldtnb"),
        ("name", "ntdlb", "bldtn"),
        ("width", "dtnbl", "ntdbl"),
        ("bytes", "bdnlt", "tlndb"),
        ("modified", "ntdbl", "dtnbl"),
        ("label", "tndlb", "ldntb"),
        ("split", "ntdlb", "dlntb"),
        ("format", "ntdbl", "dntbl"),
        ("issues", "lnbtd", "nlbtd"),
        ("starred", "tdbnl", "bnltd"),
        ("boxes", "bntdl", "lbntd"),
        ("attr.score", "tnbdl", "ntbdl"),
        ("score", "tnbdl", "ntbdl"),
        ("source", "tdbnl", "dtbnl"),
    ] {
        for (direction, expected) in [(Direction::Ascending, ascending), (Direction::Descending, descending)]
        {
            // Twice: the second answer is the one that was kept.
            for _ in 0..2 {
                let rows = rows(&zoo, &everything, sort, direction);
                assert_eq!(letters(&zoo, &rows), expected, "{sort} {direction:?}");
            }
        }
    }
}

#[test]
fn a_kept_order_does_not_outlive_its_facts() {
    let zoo = zoo();
    let everything = parse("", zoo.vocabulary()).unwrap();
    let sorted = |zoo: &Snapshot, sort| letters(zoo, &rows(zoo, &everything, sort, Direction::Ascending));
    assert_eq!(sorted(&zoo, "width"), "dtnbl");
    assert_eq!(sorted(&zoo, "starred"), "tdbnl");
    let mut facts = zoo.facts.clone();
    facts.set(3, &Fact { width: 1, height: 1, ..facts.get(3) });
    let later = zoo.with(facts, Arc::new(vec![0, 0, 0, Mark::Star.bit(), 0, 0]));
    assert_eq!(sorted(&later, "width"), "ldtnb");
    assert_eq!(sorted(&later, "starred"), "lbntd");
    assert_eq!(sorted(&zoo, "width"), "dtnbl");
}

#[test]
fn counts_and_sizes_are_of_the_rows_named() {
    let zoo = zoo();
    let all = rows(&zoo, &parse("", zoo.vocabulary()).unwrap(), "path", Direction::Ascending);
    let counted = counts(&zoo, &all);
    assert_eq!(counted.samples, 5);
    assert_eq!(counted.classes, [2, 2, 1, 0]);
    assert_eq!(counted.unlabelled, 1);
    assert_eq!(counted.splits, [2, 2]);
    assert_eq!(counted.no_split, 1);
    assert_eq!(counted.formats[ImageFormat::Jpeg as usize], 2);
    assert_eq!(counted.formats[ImageFormat::Unknown as usize], 2);
    assert_eq!(counted.issues[IssueKind::Misnamed as usize], 1);
    assert_eq!((counted.with_issue, counted.boxed, counted.unmeasured), (2, 1, 1));
    assert_eq!(counted.marks, [2, 1, 0]);
    assert_eq!(counted.bytes, 2_000_000 + 10_000 + 500 + 65_536);
    assert_eq!(counts(&zoo, &[99]).samples, 0, "rows out of range are left out");

    let sizes = summary(&zoo, &all);
    assert_eq!((sizes.samples, sizes.bytes), (5, counted.bytes));
    let width = sizes.width.unwrap();
    assert_eq!((width.min, width.median, width.max), (100, 640.0, 800));
    assert_eq!(summary(&zoo, &[4]).width, None);
}

#[test]
fn columns_show_their_values() {
    let zoo = zoo();
    for (name, sample, text, number) in [
        ("path", 2, "val/holiday/dog (1).png", None),
        ("name", 2, "dog (1).png", None),
        ("label", 1, "cat, dog", None),
        ("label", 4, "", None),
        ("labels", 1, "2", Some(2.0)),
        ("split", 0, "train", None),
        ("split", 4, "", None),
        ("format", 0, "jpeg", None),
        ("width", 0, "640", Some(640.0)),
        ("width", 3, "", None),
        ("aspect", 2, "0.500", Some(0.5)),
        ("megapixels", 1, "0.64", Some(0.64)),
        ("modified", 0, "2024-01-31 12:00:00", Some(NOON_MS as f64)),
        ("modified", 4, "", None),
        ("issues", 3, "corrupt, misnamed", None),
        ("starred", 0, "yes", None),
        ("reviewed", 0, "", None),
        ("content", 0, "", None),
        ("attr.score", 0, "0.5", Some(0.5)),
        ("source", 2, "my camera", None),
    ] {
        let column = column(&zoo, name).unwrap();
        assert_eq!(column.text(&zoo, sample), text, "{name} of {sample}");
        assert_eq!(column.number(&zoo, sample), number, "{name} of {sample}");
    }
    let names: Vec<_> = all_columns(&zoo).into_iter().map(|column| column.name).collect();
    assert_eq!(names.len(), COLUMNS.len() + 2);
    assert_eq!(names[COLUMNS.len()..], ["attr.score", "attr.source"]);
}

/// A view asks for columns in every frame, and a sparse attribute has its first value far down.
#[test]
fn what_an_attribute_holds_is_worked_out_once() {
    let samples = 300_000;
    let mut builder = DatasetBuilder::new("", "", Layout::Manifest);
    for at in 0..samples {
        let score = if at + 1 == samples { "0.5" } else { "" };
        let path = at.to_string();
        builder.push(NewSample { path: &path, attributes: &[("score", score)], ..Default::default() });
    }
    let (dataset, _) = builder.finish();
    let snapshot = Snapshot::new(Arc::new(dataset), &[], Facts::new(samples), Arc::new(vec![0; samples]));
    snapshot.derived().prepare();
    assert!(snapshot.derived().is_prepared());
    let started = std::time::Instant::now();
    for _ in 0..10_000 {
        assert_eq!(column(&snapshot, "attr.score").unwrap().kind, ColumnKind::Number);
    }
    let took = started.elapsed();
    assert!(took.as_secs() < 2, "{took:?} for 10,000 frames");
}

#[test]
fn completions_go_on_with_what_is_typed() {
    let zoo = zoo();
    // `|` is the cursor, before and after: the text with the completion in it.
    for (text, expected) in [
        ("lab|", "label:|"),
        ("cat AND wid|", "cat AND width>=|"),
        ("-(lab|)", "-(label:|)"),
        ("label:c|", "label:cat|"),
        ("label:traf|", "label:\"traffic light\"|"),
        ("label:\"traf|", "label:\"traffic light\"|"),
        ("label:light|", "label:\"traffic light\"|"),
        ("label:cat,d|", "label:cat,dog|"),
        ("label:cat,d| split:val", "label:cat,dog| split:val"),
        ("label:c|ow split:val", "label:cat| split:val"),
        ("label:är|", "label:\"Ärger, \\\"quoted\\\"\"|"),
        ("split:v|", "split:val|"),
        ("issue:cor|", "issue:corrupt|"),
        ("is:st|", "is:starred|"),
        ("format:p|", "format:png|"),
        ("source:my|", "source:\"my camera\"|"),
        ("attr.source:f|", "attr.source:Flickr|"),
        ("attr.so|", "attr.source:|"),
        ("traf|", "label:\"traffic light\" |"),
        ("starr|", "is:starred |"),
    ] {
        let cursor = text.find('|').unwrap();
        let plain = text.replace('|', "");
        let offered = complete(&plain, cursor, zoo.vocabulary());
        let done = |completion: &lenslet::dataset::query::Completion| {
            let mut text = plain.clone();
            text.replace_range(completion.replace.clone(), &format!("{}|", completion.insert));
            text
        };
        let all: Vec<String> = offered.iter().map(done).collect();
        assert_eq!(all.first().map(String::as_str), Some(expected), "{text}: {all:?}");
        assert!(offered.len() <= 20);
    }
    for number in ["width>=", "width>=1", "source>=", "source>=my", "attr.source<0."] {
        assert!(complete(number, number.len(), zoo.vocabulary()).is_empty(), "{number}");
    }
    assert!(!complete("", 0, zoo.vocabulary()).is_empty());
}

#[test]
fn clicks_change_the_query() {
    let zoo = zoo();
    let class = |name: &str| Pick::Class(name.to_owned());
    let split = |name: &str| Pick::Split(name.to_owned());
    let said = |field, text: &str| Pick::Said(field, text.to_owned());
    use Click::{Add, Only};
    for (text, pick, click, expected) in [
        ("", class("cat"), Only, "label:cat"),
        ("label:cat", class("cat"), Only, ""),
        ("label:dog", class("cat"), Only, "label:cat"),
        ("label:cat,dog", class("cat"), Only, "label:cat"),
        ("label:dog label:x -label:cat", class("cat"), Only, "label:cat"),
        ("is:unlabelled", class("cat"), Only, "label:cat"),
        ("label:dog", class("cat"), Add, "label:dog,cat"),
        ("label:dog,CAT", class("cat"), Add, "label:dog"),
        ("label:cat", class("cat"), Add, ""),
        ("label:*t", class("cat"), Add, "label:\"traffic light\""),
        ("photo  AND width>3", class("cat"), Add, "photo width>3 label:cat"),
        ("a or b", class("cat"), Add, "(a or b) label:cat"),
        ("a label:dog b", class("cat"), Only, "a label:cat b"),
        ("", Pick::Unlabelled, Only, "is:unlabelled"),
        ("is:unlabelled", Pick::Unlabelled, Only, ""),
        ("label:cat", Pick::Unlabelled, Add, "label:cat,none"),
        ("label:cat,none", Pick::Unlabelled, Add, "label:cat"),
        ("label:cat,none", class("cat"), Add, "is:unlabelled"),
        ("is:unlabelled", class("cat"), Add, "label:none,cat"),
        ("", split("val"), Only, "split:val"),
        ("split:val", split("train"), Add, "split:val,train"),
        ("split:val", Pick::NoSplit, Only, "split:none"),
        ("label:cat", Pick::Format(ImageFormat::Png), Add, "label:cat format:png"),
        ("format:jpg,png", Pick::Format(ImageFormat::Png), Add, "format:jpeg"),
        ("", Pick::Issue(IssueKind::Corrupt), Only, "issue:corrupt"),
        ("issue:corrupt", Pick::AnyIssue, Only, "issue:any"),
        ("is:boxed", Pick::Is(State::Starred), Add, "is:boxed is:starred"),
        ("is:boxed is:starred", Pick::Is(State::Starred), Only, "is:boxed"),
        ("label:", class("cat"), Only, "label:cat"),
        ("-label:cat", class("cat"), Add, ""),
        ("-label:cat,dog photo", class("cat"), Add, "-label:dog photo"),
        ("label:dog -label:cat", class("cat"), Add, "label:dog,cat"),
        ("label:* -label:cat", class("cat"), Add, "label:*"),
        ("-label:cat", class("dog"), Add, "-label:cat label:dog"),
        ("-format:png", Pick::Format(ImageFormat::Png), Add, ""),
        ("-issue:any", Pick::AnyIssue, Add, ""),
        ("-is:starred", Pick::Is(State::Starred), Add, ""),
        ("", Pick::Origin(LabelOrigin::ByHand), Only, "origin:by-hand"),
        ("origin:by-hand", Pick::Origin(LabelOrigin::Confirmed), Add, "origin:by-hand,confirmed"),
        ("origin:by-hand", Pick::Origin(LabelOrigin::ByHand), Only, ""),
        ("tag:odd", said(SaidField::Tag, "two words"), Add, "tag:odd,\"two words\""),
        ("tag:odd by:Ada", said(SaidField::Tag, "odd"), Only, "by:Ada"),
        ("by:Ada", said(SaidField::By, "Bob"), Only, "by:Bob"),
        ("-tag:odd", said(SaidField::Tag, "odd"), Add, ""),
    ] {
        assert_eq!(with_term(text, &pick, click, zoo.vocabulary()), expected, "{text} {pick:?} {click:?}");
    }

    let selection = selected_terms("label:C*,none split:val issue:any is:starred", zoo.vocabulary());
    assert_eq!(selection.classes, [true, false, false, false]);
    assert_eq!(selection.splits, [false, true]);
    assert!(selection.unlabelled && selection.any_issue && !selection.no_split);
    let selection = selected_terms("origin:by-hand tag:Odd,even", zoo.vocabulary());
    assert_eq!(selection.origins, [false, true, false, false]);
    assert!(selection.said(SaidField::Tag, "odd") && selection.said(SaidField::Tag, "Even"));
    assert!(!selection.said(SaidField::By, "odd") && !selection.said(SaidField::Tag, "od"));
    let selection = selected_terms("label:* -label:cat -split:val", zoo.vocabulary());
    assert_eq!(selection.classes, [false, true, true, true]);
    assert_eq!(selection.splits, [false, false]);
    assert!(selected_terms("label:cat or dog", zoo.vocabulary()).classes.iter().all(|selected| !selected));
}

#[test]
fn what_a_wide_star_means_is_not_written_out() {
    let mut builder = DatasetBuilder::new("", "", Layout::Manifest);
    for class in 0..2000 {
        builder.push(NewSample { path: "x", labels: &[&format!("c{class}")], ..Default::default() });
    }
    let snapshot =
        Snapshot::new(Arc::new(builder.finish().0), &[], Facts::new(2000), Arc::new(vec![0; 2000]));
    let words = snapshot.vocabulary();
    let click = |text: &str| with_term(text, &Pick::Class("c7".into()), Click::Add, words);
    assert_eq!(click("label:*"), "label:* -label:c7");
    assert_eq!(click("label:* -label:c7"), "label:*");
    assert!(!selected_terms("label:* -label:c7", words).classes[7]);
}

/// A class name that a dataset could hold.
fn class_name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,12}",
        "\\PC{1,6}",
        prop::sample::select(vec![
            "none", "any", "and", "Cat", "cat", "a..b", "-x", "a*b", "\\", "\"", "a\nb", "ΟΔΟΣ"
        ])
        .prop_map(str::to_owned),
        "[xyz]{300,400}",
    ]
}

/// A word of a query, right or wrong.
fn piece() -> impl Strategy<Value = String> {
    let words = vec![
        "cat",
        "a",
        "\"b c\"",
        "*x*",
        "label:cat",
        "label:c*,dog",
        "label:none",
        "label!=dog",
        "split:val",
        "split:none,train",
        "format:png,jpg",
        "path:a",
        "path:*b/*",
        "issue:any",
        "issue:corrupt,empty",
        "is:labelled",
        "is:starred,reviewed",
        "is:multilabel",
        "is:unmeasured",
        "is:broken",
        "flag:dark,leak",
        "flag:any",
        "is:pruned,kept",
        "score.dark<0.3",
        "score.dark:0.1..0.2",
        "width>=3",
        "width:2..5",
        "width!=4",
        "width:..3,5",
        "aspect<1",
        "brightness<=0.25",
        "brightness:0.1..0.3",
        "bytes>1k",
        "labels:1",
        "modified:1970",
        "modified>1970-01-02",
        "modified!=1970-01-03",
        "n:3",
        "n>2",
        "n:1..2,x",
        "n:*",
        "attr.n:\"\"",
        "pixels:rgb",
        "is:unsure",
        "is:answered",
        "is:relabelled",
        "origin:by-hand,imported",
        "origin:confirmed",
        "by:ada",
        "by:none",
        "tag:ripe",
        "tag:r*,none",
        "note:rot",
        "note:none",
        "given:cat",
        "given:none,d*",
        "or",
        "and",
        "not",
        "-",
        "(",
        ")",
        "height>2",
        "bits:8",
        "box.at:0..0.5,0.25..1",
        "box.size:0.2..",
    ];
    prop::sample::select(words).prop_map(str::to_owned)
}

fn query_text() -> impl Strategy<Value = String> {
    let leaf = piece().prop_filter("operators come from the shapes", |word| {
        !["or", "and", "not", "-", "(", ")"].contains(&word.as_str())
    });
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("{one} {two}")),
            (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("({one} or {two})")),
            (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("{one} OR {two}")),
            inner.clone().prop_map(|one| format!("-({one})")),
            inner.prop_map(|one| format!("not {one}")),
        ]
    })
}

/// What a random sample is made of.
type Row = (String, Vec<&'static str>, Option<&'static str>, &'static str, (u64, i64, u8), Fact);

fn row() -> impl Strategy<Value = Row> {
    let fact = (any::<bool>(), 0u32..7, 0u32..5, 0u8..4, prop::sample::select(vec![0u16, 0, 1, 2, 5, 64]))
        .prop_map(|(measured, width, height, code, issues)| Fact {
            measured,
            width,
            height,
            issues,
            format: ImageFormat::from_code(code),
            pixel_kind: PixelKind::from_code(code),
            bits: code * 4,
            brightness: if code == 0 { f32::NAN } else { code as f32 / 10.0 },
            ..Fact::UNMEASURED
        });
    (
        "[abcAB/x0-9]{1,8}",
        prop::sample::subsequence(vec!["cat", "Cat", "dog", "a c"], 0..3),
        prop::option::of(prop::sample::select(vec!["train", "val"])),
        prop::sample::select(vec!["", "1", "2.0", "3", "X", "x"]),
        (0u64..3000, -1i64..400_000_000, 0u8..8),
        fact,
    )
}

fn build(rows: &[Row]) -> Snapshot {
    let mut builder = DatasetBuilder::new("", "", Layout::Manifest);
    // Named first, so that queries on these are right whatever the samples have.
    for class in ["cat", "Cat", "dog", "a c"] {
        builder.class(class);
    }
    builder.push(NewSample {
        path: "first",
        split: Some("train"),
        attributes: &[("n", "")],
        ..Default::default()
    });
    builder.push(NewSample { path: "second", split: Some("val"), ..Default::default() });
    let mut facts = vec![Fact::UNMEASURED; 2];
    let mut marks = vec![0, 0];
    for (at, (path, labels, split, n, (bytes, modified_ms, mark), fact)) in rows.iter().enumerate() {
        // The number makes it a path of its own: samples of one path would be one.
        let path = format!("{at}_{path}");
        builder.push(NewSample {
            path: &path,
            bytes: *bytes,
            modified_ms: *modified_ms,
            split: *split,
            labels,
            attributes: &[("n", n)],
            ..Default::default()
        });
        facts.push(*fact);
        marks.push(*mark);
    }
    let (mut dataset, _) = builder.finish();
    for (row, gone) in dataset.gone.iter_mut().enumerate() {
        *gone = row % 5 == 4;
    }
    let mut columns = Facts::new(dataset.len());
    for (row, fact) in facts.iter().enumerate() {
        columns.set(row as SampleId, fact);
    }
    // What was found and decided follows from the rest, for as many rows as there happen to be.
    let mut findings = Findings::default();
    let known = facts.iter().map(|fact| if fact.measured { fact.width as f32 / 10.0 } else { f32::NAN });
    findings.set_column(Score::Dark, Some(Arc::new(known.collect())));
    let flags = facts.iter().map(|fact| (Flag::Dark.bit() * (fact.width as u16 % 2)) | (fact.issues & 2));
    findings.flags = Arc::new(flags.take(facts.len() / 2).collect());
    let verdicts = [Verdict::Undecided, Verdict::Keep, Verdict::Prune];
    let decide = |fact: &Fact| Decision::by_hand(verdicts[fact.height as usize % 3]);
    let decisions = Arc::new(facts.iter().map(decide).collect());
    let snapshot = Snapshot::new(Arc::new(dataset), &[], columns, Arc::new(marks));
    let labelling = Arc::new(said(snapshot.len()));
    snapshot.deciding(decisions).finding(findings.into()).labelled(&labelling)
}

/// What was said of every third sample, of each something else.
fn said(rows: usize) -> Labelling {
    let mut labelling = Labelling::new(rows);
    for row in (0..rows as SampleId).step_by(3) {
        let labels = [vec!["cat"], vec!["dog", "Cat"], vec![]][row as usize / 3 % 3].clone();
        let answer = Answer {
            labels: labels.into_iter().map(str::to_owned).collect(),
            origin: LabelOrigin::ALL[row as usize / 3 % 4],
            by: if row % 2 == 0 { "Ada".to_owned() } else { String::new() },
            time_ms: 1000,
        };
        labelling.set_answer(row, Some(&answer));
        labelling.set_tag(row, "Ripe", row % 2 == 0);
        labelling.set_tag(row, "green", row % 4 == 0);
        labelling.set_note(row, if row % 5 == 0 { "Rotten" } else { "" });
    }
    labelling
}

/// What the language says, one sample at a time and without any haste.
mod naive {
    use super::*;

    pub fn holds(snapshot: &Snapshot, node: &Node, row: SampleId) -> bool {
        match node {
            Node::And(nodes) => nodes.iter().all(|node| holds(snapshot, node, row)),
            Node::Or(nodes) => nodes.iter().any(|node| holds(snapshot, node, row)),
            Node::Not(node) => !holds(snapshot, node, row),
            Node::Test(test) => test_holds(snapshot, test, row),
        }
    }

    fn test_holds(snapshot: &Snapshot, test: &Test, row: SampleId) -> bool {
        let dataset: &Dataset = &snapshot.dataset;
        let fact = snapshot.facts.get(row);
        let path = dataset.path(row);
        let labels: Vec<&str> = snapshot.labels().names(row).collect();
        let given: Vec<&str> = dataset.labels.names(row).collect();
        let answer = snapshot.labelling.answer(row);
        match test {
            Test::Text(pattern) => {
                let within = Pattern::from_pieces(
                    [vec![String::new()], pattern.pieces().to_vec(), vec![String::new()]].concat(),
                );
                fits(&within, path) || labels.iter().any(|label| fits(&within, label))
            }
            Test::Path(patterns) => patterns.iter().any(|pattern| match pattern.as_literal() {
                Some(text) => path.to_lowercase().contains(&text.to_lowercase()),
                None => fits(pattern, path),
            }),
            Test::Label(choices) => choices.iter().any(|choice| match choice {
                Choice::None => labels.is_empty(),
                Choice::Name(pattern) => {
                    labels.iter().any(|label| named(pattern, label, &snapshot.labels().classes))
                }
            }),
            Test::Split(choices) => choices.iter().any(|choice| match (choice, dataset.split(row)) {
                (Choice::None, split) => split.is_none(),
                (Choice::Name(pattern), split) => {
                    split.is_some_and(|split| named(pattern, split, &dataset.split_names))
                }
            }),
            Test::Format(formats) => formats.contains(&fact.format),
            Test::Pixels(kinds) => kinds.contains(&fact.pixel_kind),
            Test::Issue(kinds) => kinds.iter().any(|kind| match kind {
                Some(kind) => fact.has(*kind),
                None => fact.issues != 0,
            }),
            Test::Origin(origins) => {
                let origin = answer.map(|said| said.origin);
                let origin = origin.or((!labels.is_empty()).then_some(LabelOrigin::Imported));
                origin.is_some_and(|origin| origins.contains(&origin))
            }
            Test::Said(SaidField::Given, choices) => choices.iter().any(|choice| match choice {
                Choice::None => given.is_empty(),
                Choice::Name(pattern) => {
                    given.iter().any(|label| named(pattern, label, &dataset.labels.classes))
                }
            }),
            Test::Said(field, choices) => {
                let texts: Vec<&str> = match field {
                    SaidField::By => answer.iter().map(|said| said.by).collect(),
                    SaidField::Note => vec![snapshot.labelling.note(row)],
                    _ => snapshot.labelling.tags(row).collect(),
                };
                let texts: Vec<&str> = texts.into_iter().filter(|text| !text.is_empty()).collect();
                let within = |pattern: &Pattern, text: &str| match pattern.as_literal() {
                    Some(part) if *field == SaidField::Note => {
                        text.to_lowercase().contains(&part.to_lowercase())
                    }
                    _ => fits(pattern, text),
                };
                choices.iter().any(|choice| match choice {
                    Choice::None => texts.is_empty(),
                    Choice::Name(pattern) => texts.iter().any(|text| within(pattern, text)),
                })
            }
            Test::Is(states) => states.iter().any(|state| match state {
                State::Unlabelled => labels.is_empty(),
                State::Labelled => !labels.is_empty(),
                State::Multilabel => labels.len() > 1,
                State::Boxed => !dataset.boxes.get(row).is_empty(),
                State::Broken => IssueKind::ALL.iter().any(|kind| fact.has(*kind) && !kind.leaves_image()),
                State::Unmeasured => !fact.measured,
                State::Starred => snapshot.marks[row as usize] & Mark::Star.bit() != 0,
                State::Reviewed => snapshot.marks[row as usize] & Mark::Reviewed.bit() != 0,
                State::Kept => snapshot.decision(row).verdict == Verdict::Keep,
                State::Pruned => snapshot.decision(row).verdict == Verdict::Prune,
                State::Unsure => snapshot.marks[row as usize] & Mark::Unsure.bit() != 0,
                State::Answered => answer.is_some(),
                State::Relabelled => {
                    let sorted = |labels: &[&str]| {
                        let mut labels: Vec<String> =
                            labels.iter().map(|label| (*label).to_owned()).collect();
                        labels.sort();
                        labels
                    };
                    sorted(&labels) != sorted(&given)
                }
            }),
            Test::Box(test) => dataset.boxes.get(row).iter().any(|record| {
                let [x, y, across, down] = record.rect.map(f64::from);
                match test {
                    BoxTest::At { across: wide, down: high } => {
                        wide.contains(x + across / 2.0) && high.contains(y + down / 2.0)
                    }
                    BoxTest::Size(size) => size.contains((across * down).sqrt()),
                }
            }),
            Test::Flag(flags) => {
                let has: Vec<Flag> = snapshot.findings.flags_of(row).collect();
                flags.iter().any(|flag| flag.map_or(!has.is_empty(), |flag| has.contains(&flag)))
            }
            Test::Number { column: name, test } => {
                let number = match *name {
                    "width" => Some(f64::from(fact.width)).filter(|width| *width > 0.0),
                    "height" => Some(f64::from(fact.height)).filter(|height| *height > 0.0),
                    "aspect" if fact.width > 0 && fact.height > 0 => {
                        Some(f64::from(fact.width) / f64::from(fact.height))
                    }
                    "bits" => Some(f64::from(fact.bits)).filter(|bits| *bits > 0.0),
                    "brightness" => {
                        Some(f64::from(fact.brightness)).filter(|brightness| !brightness.is_nan())
                    }
                    "score.dark" => Some(f64::from(snapshot.findings.score(Score::Dark, row)))
                        .filter(|score| !score.is_nan()),
                    "bytes" => Some(dataset.bytes[row as usize] as f64),
                    "labels" => Some(labels.len() as f64),
                    "modified" => Some(dataset.modified_ms[row as usize] as f64).filter(|ms| *ms != 0.0),
                    _ => None,
                };
                number.is_some_and(|number| {
                    let is_single = ["brightness", "score.dark"].contains(name);
                    compares(test, number, is_single)
                })
            }
            Test::Attribute { name, test } => {
                let attribute = dataset.attributes.iter().find(|attribute| attribute.name == *name).unwrap();
                let value = attribute.values.get(row as usize);
                let number: Option<f64> = value.parse().ok();
                match test {
                    AttributeTest::Compare(test) => {
                        number.is_some_and(|number| compares(test, number, false))
                    }
                    AttributeTest::OneOf(values) => values.iter().any(|wanted| match wanted {
                        AttributeValue::Text(pattern) => {
                            let wanted = pattern.as_literal().and_then(|text| text.parse::<f64>().ok());
                            fits(pattern, value) || (wanted.is_some() && wanted == number)
                        }
                        AttributeValue::Span(span) => number.is_some_and(|number| spans(span, number, false)),
                    }),
                }
            }
        }
    }

    fn compares(test: &Comparison, number: f64, single: bool) -> bool {
        let low = |quantity: &Quantity| rounded(quantity.bounds().0, single);
        let high = |quantity: &Quantity| rounded(quantity.bounds().1, single);
        match test {
            Comparison::OneOf(all) => all.iter().any(|span| spans(span, number, single)),
            Comparison::NotEqual(value) => number < low(value) || number > high(value),
            Comparison::Less(value) => number < low(value),
            Comparison::AtMost(value) => number <= high(value),
            Comparison::More(value) => number > high(value),
            Comparison::AtLeast(value) => number >= low(value),
        }
    }

    fn spans(span: &Span, number: f64, single: bool) -> bool {
        span.from.is_none_or(|from| number >= rounded(from.bounds().0, single))
            && span.to.is_none_or(|to| number <= rounded(to.bounds().1, single))
    }

    fn rounded(number: f64, single: bool) -> f64 {
        if single { f64::from(number as f32) } else { number }
    }

    fn named(pattern: &Pattern, name: &str, all: &[String]) -> bool {
        match pattern.as_literal() {
            Some(text) if all.iter().any(|name| name == text) => name == text,
            Some(text) => name.to_lowercase() == text.to_lowercase(),
            None => fits(pattern, name),
        }
    }

    /// Whether the whole text fits, each star taken for every length that it could have.
    fn fits(pattern: &Pattern, text: &str) -> bool {
        let text: Vec<char> = text.to_lowercase().chars().collect();
        let pieces: Vec<Vec<char>> =
            pattern.pieces().iter().map(|piece| piece.to_lowercase().chars().collect()).collect();
        fn rest(pieces: &[Vec<char>], text: &[char]) -> bool {
            match pieces {
                [] => false,
                [last] => text == last.as_slice(),
                [first, others @ ..] => {
                    let Some(after) = text.strip_prefix(first.as_slice()) else { return false };
                    (0..=after.len()).any(|skip| rest(others, &after[skip..]))
                }
            }
        }
        rest(&pieces, &text)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC{0,60}") {
        fuzz(&text);
    }

    #[test]
    fn words_in_any_order_are_read_without_a_panic(pieces in prop::collection::vec(piece(), 0..12), space in "[ ,]?") {
        fuzz(&pieces.join(&space));
        fuzz(&pieces.join(" "));
    }

    #[test]
    fn normal_forms_read_back(text in query_text()) {
        let snapshot = build(&[]);
        let query = parse(&text, snapshot.vocabulary()).unwrap();
        prop_assert_eq!(parse(&query.to_string(), snapshot.vocabulary()).unwrap(), query);
    }

    #[test]
    fn masks_are_what_the_language_says(rows in prop::collection::vec(row(), 0..90), text in query_text()) {
        let snapshot = build(&rows);
        let query = parse(&text, snapshot.vocabulary()).unwrap();
        let mask = query.mask(&snapshot);
        for row in 0..snapshot.len() {
            let holds = query.root().is_none_or(|root| naive::holds(&snapshot, root, row as SampleId));
            let expected = holds && !snapshot.dataset.gone[row];
            prop_assert_eq!(mask.contains(row), expected, "{} of {}", snapshot.dataset.path(row as SampleId), query);
        }
        prop_assert_eq!(counts(&snapshot, &mask.iter().collect::<Vec<_>>()).samples as usize, mask.count());
    }

    #[test]
    fn every_column_sorts_all_rows(rows_made in prop::collection::vec(row(), 0..60)) {
        let snapshot = build(&rows_made);
        let everything = parse("", snapshot.vocabulary()).unwrap();
        let by_path = rows(&snapshot, &everything, "path", Direction::Ascending);
        let place = |row: &SampleId| by_path.iter().position(|other| other == row);
        for column in all_columns(&snapshot) {
            for direction in [Direction::Ascending, Direction::Descending] {
                let sorted = rows(&snapshot, &everything, &column.name, direction);
                prop_assert_eq!(sorted.len(), by_path.len());
                for pair in sorted.windows(2) {
                    let [one, two] = [pair[0], pair[1]].map(|row| column.number(&snapshot, row));
                    match (one, two, direction) {
                        (Some(one), Some(two), Direction::Ascending) => prop_assert!(one <= two),
                        (Some(one), Some(two), Direction::Descending) => prop_assert!(one >= two),
                        (None, Some(_), _) => prop_assert!(false, "unknown before known in {}", column.name),
                        _ => {}
                    }
                    let [one_text, two_text] = [pair[0], pair[1]].map(|row| column.text(&snapshot, row));
                    if one == two && one_text == two_text && column.name != "path" {
                        prop_assert!(place(&pair[0]) < place(&pair[1]), "{}", column.name);
                    }
                }
            }
        }
    }

    #[test]
    fn a_clicked_class_shows_just_its_samples(names in prop::collection::hash_set(class_name(), 1..6), from in query_text()) {
        let mut builder = DatasetBuilder::new("", "", Layout::Manifest);
        let names: Vec<String> = names.into_iter().collect();
        for (at, name) in names.iter().enumerate() {
            let path = at.to_string();
            let split = ["train", "val"][at % 2];
            builder.push(NewSample { path: &path, split: Some(split), labels: &[name], attributes: &[("n", "1")], ..Default::default() });
        }
        builder.push(NewSample { path: "unlabelled", split: Some("val"), ..Default::default() });
        let (dataset, _) = builder.finish();
        let count = dataset.len();
        let snapshot = Snapshot::new(Arc::new(dataset), &[], Facts::new(count), Arc::new(vec![0; count]));
        let words = snapshot.vocabulary();
        let rows_of = |text: &str| rows(&snapshot, &parse(text, words).unwrap(), "path", Direction::Ascending);
        let mut together = String::new();
        for (at, name) in names.iter().enumerate() {
            let pick = Pick::Class(name.clone());
            let alone = with_term("", &pick, Click::Only, words);
            prop_assert_eq!(rows_of(&alone), [at as SampleId], "{}", alone);
            prop_assert_eq!(with_term(&alone, &pick, Click::Only, words), "");
            let selected = selected_terms(&alone, words);
            prop_assert_eq!(selected.classes.iter().filter(|selected| **selected).count(), 1);
            prop_assert!(selected.classes[at]);
            together = with_term(&together, &pick, Click::Add, words);
            prop_assert_eq!(rows_of(&together).len(), at + 1, "{}", together);
            // Beside any other condition, the click can only narrow, unless it was taken back.
            let beside = with_term(&from, &pick, Click::Only, words);
            if selected_terms(&beside, words).classes[at] {
                prop_assert!(rows_of(&beside).iter().all(|row| *row == at as SampleId), "{}", beside);
            }
        }
        // Whatever was typed before a completion of a class, taking it asks for that class.
        for completion in complete("label:", 6, words) {
            let text = format!("label:{}", completion.insert);
            prop_assert!(parse(&text, words).is_ok(), "{}", text);
        }
    }
}
