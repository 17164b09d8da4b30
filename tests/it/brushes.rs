//! Brushes on charts as changes of a query's text.

use lenslet::dataset::query::{
    Brush, Range, Stroke, asked_range, conditions, parse, with_brushes, without_condition,
};

use crate::query::zoo;

fn range(column: &str, from: f64, to: f64) -> Brush {
    Brush::range(column, Range { from, to, is_closed: false })
}

#[test]
fn brushes_take_the_place_of_what_is_asked_of_their_columns() {
    use Stroke::{Grow, Set, Toggle};
    let zoo = zoo();
    let width = || vec![range("width", 640.0, 800.0)];
    let plane = || vec![range("width", 1.0, 2.0), range("height", 3.0, 4.0)];
    let shares = || vec![Brush::classes(["cat"]), Brush::split(Some("val"))];
    let single = || vec![range("brightness", f64::from(0.1f32), f64::from(0.3f32))];
    let last = || vec![Brush::range("width", Range { from: 5.0, to: 9.0, is_closed: true })];
    for (text, brushes, stroke, expected) in [
        ("", width(), Toggle, "width>=640 width<800"),
        ("", width(), Set, "width>=640 width<800"),
        ("width>=640 width<800", width(), Toggle, ""),
        ("width>=640 width<800", width(), Set, "width>=640 width<800"),
        ("width>=640", width(), Toggle, "width>=640 width<800"),
        ("label:cat width>5 split:val", width(), Toggle, "label:cat width>=640 width<800 split:val"),
        ("width>5 -width:7 photo", width(), Toggle, "width>=640 width<800 photo"),
        ("(width<3 or label:cat)", width(), Set, "(width<3 or label:cat) width>=640 width<800"),
        ("width<3 or width>9", width(), Set, "width>=640 width<800"),
        ("width>=1 width<2", width(), Grow, "width>=1 width<800"),
        ("photo", width(), Grow, "photo width>=640 width<800"),
        ("", last(), Toggle, "width>=5 width<=9"),
        ("width>=5 width<=9", vec![range("width", 1.0, 9.0)], Grow, "width>=1 width<=9"),
        ("", plane(), Set, "width>=1 width<2 height>=3 height<4"),
        ("width>=1 width<2 height>=3 height<4", plane(), Toggle, ""),
        ("width>=1 width<2", plane(), Toggle, "width>=1 width<2 height>=3 height<4"),
        ("", single(), Set, "brightness>=0.1 brightness<0.3"),
        ("", vec![range("attr.score", 0.5, 1.0)], Toggle, "attr.score>=0.5 attr.score<1"),
        ("score:10", vec![range("attr.score", 0.5, 1.0)], Toggle, "attr.score>=0.5 attr.score<1"),
        ("", shares(), Toggle, "label:cat split:val"),
        ("label:cat split:val", shares(), Toggle, ""),
        (
            "-label:dog is:labelled",
            vec![Brush::classes(["cat", "dog"])],
            Toggle,
            "label:cat label:dog is:labelled",
        ),
        (
            "(label:cat or label:dog)",
            vec![Brush::classes(["cat"])],
            Toggle,
            "(label:cat or label:dog) label:cat",
        ),
        ("is:kept", vec![Brush::value("verdict", "prune").expect("a verdict")], Toggle, "is:pruned"),
        ("label:cat", vec![Brush::unlabelled()], Toggle, "is:unlabelled"),
        ("", vec![Brush::split(None)], Toggle, "split:none"),
        ("width>", width(), Set, "width>=640 width<800"),
    ] {
        let found = with_brushes(text, &brushes, stroke, zoo.vocabulary());
        // In the normal form, which is what is shown.
        let normal = parse(expected, zoo.vocabulary()).unwrap().to_string();
        assert_eq!(found, normal, "{text} {brushes:?} {stroke:?}");
    }
    let png = Brush::value("format", "png").expect("a format");
    assert_eq!(with_brushes("width>5", &[png], Stroke::Toggle, zoo.vocabulary()), "width>5 format:png");
    let value = Brush::value("attr.source", "my camera").expect("an attribute");
    let text = with_brushes("", &[value], Stroke::Toggle, zoo.vocabulary());
    assert_eq!(text, "attr.source:\"my camera\"");
    assert_eq!(parse(&text, zoo.vocabulary()).unwrap().mask(&zoo).count(), 1);
    for (column, value) in [("path", "a"), ("flags", "dark"), ("issues", "empty"), ("verdict", "maybe")] {
        assert_eq!(Brush::value(column, value), None);
    }
    assert_eq!(Brush::value("format", "nothing"), None);
}

#[test]
fn conditions_on_one_column_are_one_and_go_together() {
    let zoo = zoo();
    let words = zoo.vocabulary();
    let text = "width>=1 label:cat width<2 photo (split:val or label:dog) -label:dog";
    let found = conditions(text, words);
    assert_eq!(
        found,
        ["width>=1 width<2", "label:cat -label:dog", "photo", "(split:val or label:dog)"]
            .map(|one| { parse(one, words).unwrap().to_string() })
    );
    assert_eq!(
        without_condition(text, &found[0], words),
        "label:cat -label:dog photo (split:val or label:dog)"
    );
    let mut left = text.to_owned();
    for condition in &found {
        left = without_condition(&left, condition, words);
    }
    assert_eq!(left, "");
    assert_eq!(without_condition("photo", "nothing", words), "photo");
    assert!(conditions("width>", words).is_empty());
}

#[test]
fn what_is_asked_of_a_column_is_a_range() {
    let zoo = zoo();
    let asked = |text: &str, column: &str| asked_range(text, column, zoo.vocabulary());
    let range = |from, to, is_closed| Some(Range { from, to, is_closed });
    for (text, column, expected) in [
        ("width>=1 width<2", "width", range(1.0, 2.0, false)),
        ("width>=1 width<=2", "width", range(1.0, 2.0, true)),
        ("width:3..5,8..9", "width", range(3.0, 9.0, true)),
        ("width>=4", "width", range(4.0, f64::INFINITY, true)),
        ("label:cat width<2", "width", range(f64::NEG_INFINITY, 2.0, false)),
        ("brightness<0.1", "brightness", range(f64::NEG_INFINITY, f64::from(0.1f32), false)),
        ("attr.score>=0.5", "attr.score", range(0.5, f64::INFINITY, true)),
        ("-width:3", "width", None),
        ("width>1 or label:cat", "width", None),
        ("", "width", None),
    ] {
        assert_eq!(asked(text, column), expected, "{text}");
    }
}

#[test]
fn ranges_grow_to_the_least_that_holds_both() {
    let range = |from, to, is_closed| Range { from, to, is_closed };
    for (one, two, expected) in [
        (range(1.0, 2.0, false), range(4.0, 5.0, true), range(1.0, 5.0, true)),
        (range(1.0, 2.0, true), range(0.0, 2.0, false), range(0.0, 2.0, true)),
        (range(1.0, 9.0, false), range(2.0, 3.0, true), range(1.0, 9.0, false)),
    ] {
        assert_eq!((one.hull(two), two.hull(one)), (expected, expected));
    }
    assert!(range(1.0, 2.0, true).contains(2.0) && !range(1.0, 2.0, false).contains(2.0));
}
