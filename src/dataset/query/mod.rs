//! The query language: parse, evaluate, sort, count, complete.
//!
//! A query is a line of conditions. Words next to each other all have to hold; `or` gives a
//! choice, `-` or `not` turns a condition round, brackets group; `not` binds tighter than `and`,
//! and `and` tighter than `or`. Case never matters, except that a class or split whose name is
//! written exactly is preferred to one that differs in case. [`REFERENCE`] lists what there is.
//!
//! - Text that has a space, a bracket, a comma or one of `" * : = < > !` in it goes in quotes:
//!   `label:"traffic light"`. In quotes, `\"` is a quote and `\\` a backslash.
//! - `*` outside quotes stands for any run of characters. A pattern with a star has to fit the
//!   whole class name, path or value: `path:holiday/*.jpg`. In free text it fits anywhere.
//! - Values with commas between them are a choice: `label:cat,dog`.
//! - `=` is the same as `:`, and `field!=value` is `-field:value`, save for numbers, where an
//!   unknown number is neither equal nor unequal nor in any order. [`Query`]'s `Display` writes the
//!   normal form, which [parses](parse) to an equal query.
//! - A query has at most [`MAX_BYTES`] bytes, [`MAX_TESTS`] conditions and [`MAX_DEPTH`] nested
//!   brackets, so that no query takes long or runs out of stack.
//!
//! Everything here is pure: a [`Snapshot`] in, rows and numbers out. What follows from a dataset
//! alone ([`Derived`]) is worked out once and shared by its snapshots.

mod bitmask;
mod brush;
mod complete;
mod count;
mod date;
mod eval;
mod found;
mod lex;
mod order;
mod parse;
mod pattern;
mod pick;
mod print;
mod rows;
mod snapshot;
mod syntax;

pub use bitmask::Bitmask;
pub use brush::{Brush, Range, Stroke, asked_range, conditions, with_brushes, without_condition};
pub use complete::{Completion, complete};
pub use count::{Counts, Spread, Summary, counts, counts_of, summary};
pub use date::{Date, civil_from_days, days_from_civil, write_time};
pub use found::{Found, Total};
pub use order::{rows, sorted_rows};
pub use parse::{MAX_BYTES, MAX_DEPTH, MAX_TESTS, QueryError, parse};
pub use pattern::Pattern;
pub(crate) use pattern::fold;
pub use pick::{Click, Pick, Selection, selected_terms, with_term};
pub use rows::Rows;
pub use snapshot::{AttributeWords, Derived, Names, Reading, Snapshot, Stamp, Vocabulary};
pub use syntax::{
    AttributeTest, AttributeValue, BoxTest, Choice, Comparison, Node, Part, Quantity, Query, SaidField, Span,
    State, Test,
};

pub(crate) use syntax::{ATTRIBUTE, parse_number};

/// The language, for help and README: how something is written, and what it means.
pub const REFERENCE: &[(&str, &str)] = &[
    ("cat", "the path or the label has “cat” in it"),
    ("\"two words\"", "the same for text with spaces or signs; `\\\"` is a quote"),
    ("IMG_*.jpg", "`*` stands for any run of characters"),
    ("label:cat", "the label is “cat”"),
    ("label:\"traffic light\"", "the same for a name with spaces or signs"),
    ("label:cat,dog", "the label is one of these"),
    ("label:traf*", "the label starts with “traf”"),
    ("label:none", "the sample has no label"),
    ("split:val", "the sample is in this split; `split:none` is in no split"),
    (
        "format:png",
        "how the image is encoded: jpeg, png, webp, gif, bmp, tiff, tga, qoi, ico, pnm, farbfeld, hdr, exr, raw, unknown",
    ),
    ("path:holiday/", "the path has this in it"),
    ("path:holiday/*.jpg", "the whole path fits this, `*` for any run of characters"),
    (
        "issue:corrupt",
        "the sample has this issue: corrupt, truncated, empty, unreadable, missing, oversized, misnamed, unsupported, annotation",
    ),
    ("issue:any", "the sample has an issue"),
    (
        "is:starred",
        "its state: unlabelled, labelled, multilabel, boxed, broken, unmeasured, starred, reviewed, kept, pruned, unsure, answered, relabelled",
    ),
    ("origin:by-hand", "where the label comes from: imported, by-hand, confirmed, propagated"),
    ("by:Ada", "who labelled the sample or gave it a box; `by:none` is nobody here"),
    ("given:cat", "the class that the source gives"),
    ("tag:ripe", "the sample has this tag; `tag:none` has none"),
    ("note:rotten", "its note has this in it"),
    (
        "flag:duplicate",
        "what the analysis found: duplicate, leak, label-conflict, wrong-label, outlier, dark, light, odd-aspect-ratio, low-information, blurry, odd-size, grey; `flag:any` is any of them",
    ),
    ("pixels:grey", "what a stored pixel is made of: grey, grey-alpha, rgb, rgba, palette, cmyk, unknown"),
    (
        "width>=640",
        "a number compares: `>=`, `<=`, `>`, `<`, `=`, `!=`; an unknown number never does. Fields: width, height, aspect, megapixels, bytes, bits, orientation, brightness, contrast, saturation, sharpness, labels, boxes, score.dark, score.light, score.aspect, score.information, score.blur, score.size, score.colour, score.outlier, score.unique, score.label, score.distance, model.error, model.kl, model.density, model.distance",
    ),
    (
        "box.at:0.5..0.75,0..0.25",
        "a box has its centre in this part of the picture, of its width and of its height; an upper end is not in it, but for 1",
    ),
    ("box.size:0.1..0.2", "a box is so large: √(width × height) as a part of the picture's"),
    ("width:640..800", "a range, both ends included; `640..` and `..800` are open"),
    ("bytes>2MB", "a number with a unit: k, M, G; for bytes also kB, MB, GB and KiB, MiB, GiB"),
    ("modified>=2024-01-31", "when the file was changed, by day, month (`2024-01`) or year (`2024`), in UTC"),
    (
        "attr.NAME:value",
        "the dataset's own column NAME has this value; just `NAME:value` where no field above has that name. Ranges and comparisons read the value as a number",
    ),
    ("-label:dog", "not this; `not label:dog` is the same"),
    ("cat dog", "both hold; `cat and dog` is the same"),
    ("cat or dog", "one of them holds"),
    ("(cat or dog) split:val", "brackets group"),
];

/// Reads any text as a query and checks that its normal form reads back: for fuzzing.
///
/// # Panics
/// When the normal form of a query that was read is not an equal query, which is a bug here.
pub fn fuzz(text: &str) {
    let vocabulary = Vocabulary {
        classes: Names::new(vec!["cat".into(), "Traffic light".into()]),
        splits: Names::new(vec!["train".into(), "val".into()]),
        attributes: vec![AttributeWords { name: "note".into(), values: vec!["a b".into()] }],
    };
    if let Ok(query) = parse(text, &vocabulary) {
        let normal = query.to_string();
        // The normal form can be longer than what was written, and so too long.
        if normal.len() <= MAX_BYTES {
            assert_eq!(parse(&normal, &vocabulary).as_ref(), Ok(&query), "{text:?} is {normal:?}");
        }
        let pick = Pick::Class("cat".into());
        selected_terms(&with_term(text, &pick, Click::Add, &vocabulary), &vocabulary);
    }
    let middle = (0..=text.len() / 2).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    for condition in conditions(text, &vocabulary) {
        without_condition(text, &condition, &vocabulary);
    }
    let range = Brush::range("width", Range { from: 0.5, to: 2.0, is_closed: false });
    with_brushes(text, &[range], Stroke::Grow, &vocabulary);
    for cursor in [0, middle, text.len()] {
        complete(text, cursor, &vocabulary);
    }
}
