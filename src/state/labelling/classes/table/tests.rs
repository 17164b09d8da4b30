use super::*;
use crate::dataset::{Dataset, DatasetBuilder, Facts, Layout, NewSample};

fn dataset(labels: &[&[&str]]) -> Dataset {
    let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
    for (at, labels) in labels.iter().enumerate() {
        builder.push(NewSample { path: &format!("{at}.png"), labels, ..NewSample::default() });
    }
    builder.finish().0
}

fn table(labels: &[&[&str]]) -> ClassTable {
    let dataset = dataset(labels);
    let facts = Facts::new(dataset.len());
    ClassTable::new(&Snapshot::new(dataset.into(), &[], facts, Arc::default()))
}

fn told(table: &ClassTable) -> Vec<String> {
    let tell = |line: &ClassLine| {
        let sign = if line.class.is_some() { "" } else { "*" };
        format!("{}{sign}{} {}/{}", " ".repeat(line.depth), line.title(), line.samples, line.sum)
    };
    table.lines.iter().map(tell).collect()
}

fn animals() -> ClassTable {
    table(&[&["animal/cat"], &["car"], &["animal/dog/poodle"], &["animal/cat", "car"], &["animal"], &["bus"]])
}

#[test]
fn strokes_in_names_make_a_tree_with_sums() {
    let expected =
        ["animal 1/4", " cat 2/2", " *dog 0/1", "  poodle 1/1", "car 2/2", "bus 1/1"].map(str::to_owned);
    assert_eq!(told(&animals()), expected);
    for (labels, expected) in [
        (&[&["a/"] as &[&str], &["/b"], &["c//d"]] as &[&[&str]], vec!["a/ 1/1", "/b 1/1", "c//d 1/1"]),
        (&[&["a/b"], &["a"]], vec!["a 1/2", " b 1/1"]),
        (&[], vec![]),
    ] {
        assert_eq!(told(&table(labels)), expected);
    }
}

#[test]
fn lines_are_found_by_their_names() {
    let table = animals();
    for (text, expected) in
        [("", vec![0, 1, 2, 3, 4, 5]), (" CA", vec![1, 4]), ("dog", vec![3]), ("zebra", vec![])]
    {
        assert_eq!(table.listed(text), expected, "{text}");
    }
    let above = BTreeSet::from([LineKey::Above("animal/dog".into()), LineKey::Class("bus".into())]);
    assert_eq!(table.identities_of(&above), ["animal/dog/poodle", "bus"]);
    assert_eq!(table.counted(&["animal/cat", "car"]), (3, 0));
}

#[test]
fn a_renamed_parent_takes_those_under_it_along() {
    let table = animals();
    let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(one, two)| ((*one).to_owned(), (*two).to_owned())).collect()
    };
    for (at, name, renames, merges) in [
        (5, " lorry ", pairs(&[("bus", "lorry")]), pairs(&[])),
        (5, "car", pairs(&[]), pairs(&[("bus", "car")])),
        (2, "car", pairs(&[("animal/dog/poodle", "car/poodle")]), pairs(&[])),
        (
            0,
            "beast",
            pairs(&[
                ("animal", "beast"),
                ("animal/cat", "beast/cat"),
                ("animal/dog/poodle", "beast/dog/poodle"),
            ]),
            pairs(&[]),
        ),
    ] {
        assert_eq!(table.renaming(at, name), Ok(Renaming { renames, merges }), "{at} {name}");
    }
    for name in ["", "  ", &"x".repeat(201)] {
        assert!(table.renaming(0, name).is_err(), "{name:?}");
    }
    let renamed = table.renaming(0, "beast").unwrap().apply(&Classes::default());
    assert_eq!(renamed.name("animal/dog/poodle"), "beast/dog/poodle");
}

#[test]
fn lines_are_moved_among_those_beside_them() {
    let table = animals();
    let order = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    let (animal, cat, poodle) = ("animal", "animal/cat", "animal/dog/poodle");
    for (at, by, expected) in [
        (0, 1, order(&["car", animal, cat, poodle, "bus"])),
        (0, 9, order(&["car", "bus", animal, cat, poodle])),
        (5, -1, order(&[animal, cat, poodle, "bus", "car"])),
        (1, 1, order(&[animal, poodle, cat, "car", "bus"])),
        (0, -1, None),
        (3, 1, None),
    ] {
        assert_eq!(table.moved(at, by), expected, "{at} by {by}");
    }
    assert_eq!(table.placed(5, Some(0)), order(&["bus", animal, cat, poodle, "car"]));
    assert_eq!(table.sibling_over(5, 3), Some(0));
    assert_eq!(table.sibling_over(1, 5), None);
    assert_eq!(table.sorted(SortBy::Name), order(&[animal, cat, poodle, "bus", "car"]).unwrap());
    assert_eq!(table.sorted(SortBy::Count), order(&[animal, cat, poodle, "car", "bus"]).unwrap());
}
