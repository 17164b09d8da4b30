//! Classes after something was done to them: renamed, merged, removed, brought back, put in order, given a key or a
//! colour. Each gives other [`Classes`] and leaves those that there were, for an edit to hold both.

use super::{ClassEntry, Classes, Fate};

impl Classes {
    /// Those where a class has another name.
    pub fn renamed(&self, identity: &str, name: &str) -> Self {
        self.with(identity, |entry| entry.name = (name != identity).then(|| name.to_owned()))
    }

    /// Those where samples of some classes are of another one. A class that is there no more, and one that stands
    /// for the other, stays as it is; nothing changes where the other is there no more.
    pub fn merged<'a>(&self, from: impl IntoIterator<Item = &'a str>, into: &str) -> Self {
        let mut to = self.clone();
        let Some(into) = self.resolve(into) else { return to };
        for identity in from {
            // Both are alive, so that no ring comes to be.
            if to.is_alive(identity) && identity != into {
                to.entry_mut(identity).fate = Some(Fate::Merged(into.to_owned()));
            }
        }
        to
    }

    /// Those where samples of some classes have them no more.
    pub fn removed<'a>(&self, of: impl IntoIterator<Item = &'a str>) -> Self {
        let mut to = self.clone();
        for identity in of {
            if to.is_alive(identity) {
                to.entry_mut(identity).fate = Some(Fate::Removed);
            }
        }
        to
    }

    /// Those where a class is there again that was merged or removed. Where `is_taken` says that another has its name
    /// by now it gets a number behind it, and where another has its key it has none.
    pub fn brought_back(&self, identity: &str, is_taken: impl Fn(&str) -> bool) -> Self {
        if self.is_alive(identity) {
            return self.clone();
        }
        let was = self.name(identity).to_owned();
        let numbered = |number: u32| format!("{was} ({number})");
        let free = || (2..).map(numbered).find(|name| !is_taken(name));
        let name = if is_taken(&was) { free().unwrap_or_default() } else { was.clone() };
        let key = self.entry(identity).and_then(|entry| entry.key);
        let is_other = |(other, entry): (&String, &ClassEntry)| {
            entry.fate.is_none() && other != identity && entry.key == key
        };
        let is_key_taken = key.is_some() && self.entries.iter().any(is_other);
        self.with(identity, |entry| {
            entry.fate = None;
            entry.name = (name != identity).then_some(name);
            entry.key = key.filter(|_| !is_key_taken);
        })
    }

    /// Those in this order. Classes that it leaves out, since they are there no more, come behind it as they were.
    pub fn ordered(&self, order: Vec<String>) -> Self {
        let rest: Vec<String> = self.order.iter().filter(|one| !order.contains(one)).cloned().collect();
        let order = order.into_iter().chain(rest).collect();
        Self { order, ..self.clone() }
    }

    /// Those where a class has this key, or the next free one. Another class that has the key takes the one that this
    /// class had.
    pub fn keyed(&self, identity: &str, key: Option<char>, other: Option<(&str, Option<char>)>) -> Self {
        let to = self.with(identity, |entry| entry.key = key);
        match other.filter(|(other, _)| *other != identity) {
            Some((other, had)) => to.with(other, |entry| entry.key = had),
            None => to,
        }
    }

    /// Those where a class has this colour, in sRGB, or the one that follows from its place.
    pub fn coloured(&self, identity: &str, colour: Option<[u8; 3]>) -> Self {
        self.with(identity, |entry| entry.colour = colour)
    }

    /// Classes that were removed, or merged into another one.
    pub fn gone(&self) -> impl Iterator<Item = (&str, &Fate)> + '_ {
        self.entries.iter().filter_map(|(identity, entry)| Some((identity.as_str(), entry.fate.as_ref()?)))
    }

    fn is_alive(&self, identity: &str) -> bool {
        self.entry(identity).is_none_or(|entry| entry.fate.is_none())
    }

    /// These with one entry changed; one that says nothing is no entry.
    fn with(&self, identity: &str, change: impl FnOnce(&mut ClassEntry)) -> Self {
        let mut to = self.clone();
        let entry = to.entry_mut(identity);
        change(entry);
        if *entry == ClassEntry::default() {
            to.entries.remove(identity);
        }
        to
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dataset::labelling::{InForce, Labelling};
    use crate::dataset::{Dataset, DatasetBuilder, Layout, NewSample};

    const NAMES: [&str; 4] = ["ant", "bee", "cat", "dog"];

    /// Two samples of each class.
    fn dataset() -> Dataset {
        let mut builder = DatasetBuilder::new("/d", "/d", Layout::ImageFolder);
        for at in 0..8usize {
            let labels = [NAMES[at / 2]];
            builder.push(NewSample { path: &format!("{at}.png"), labels: &labels, ..NewSample::default() });
        }
        builder.finish().0
    }

    /// The classes of the source in force, by name, and how many samples each has.
    fn shown(classes: &Classes) -> Vec<(String, usize)> {
        let dataset = dataset();
        let mut labelling = Labelling::new(dataset.len());
        labelling.set_classes(classes.clone());
        let in_force = InForce::new(&dataset, &labelling);
        let count = |class: usize| (0..8).filter(|row| in_force.labels.get(*row) == [class as u32]).count();
        in_force.labels.classes.iter().enumerate().map(|(at, name)| (name.clone(), count(at))).collect()
    }

    #[test]
    fn each_change_of_classes_keeps_samples_with_them() {
        let none = Classes::default();
        let merged = none.merged(["ant", "bee"], "cat");
        let removed = none.removed(["ant"]);
        for (what, classes, expected) in [
            (
                "renamed",
                none.renamed("ant", "Ameise"),
                vec![("Ameise", 2), ("bee", 2), ("cat", 2), ("dog", 2)],
            ),
            (
                "renamed back",
                none.renamed("ant", "Ameise").renamed("ant", "ant"),
                vec![("ant", 2), ("bee", 2), ("cat", 2), ("dog", 2)],
            ),
            ("merged", merged.clone(), vec![("cat", 6), ("dog", 2)]),
            ("merged into one that was merged", merged.merged(["dog"], "ant"), vec![("cat", 8)]),
            (
                "merged into itself",
                none.merged(["cat"], "cat"),
                vec![("ant", 2), ("bee", 2), ("cat", 2), ("dog", 2)],
            ),
            (
                "merged and brought back",
                merged.brought_back("bee", |_| false),
                vec![("bee", 2), ("cat", 4), ("dog", 2)],
            ),
            ("removed", removed.clone(), vec![("bee", 2), ("cat", 2), ("dog", 2)]),
            (
                "nothing is merged into what is gone",
                removed.merged(["bee"], "ant"),
                vec![("bee", 2), ("cat", 2), ("dog", 2)],
            ),
            (
                "brought back beside another of its name",
                removed.renamed("bee", "ant").brought_back("ant", |name| name == "ant"),
                vec![("ant (2)", 2), ("ant", 2), ("cat", 2), ("dog", 2)],
            ),
            (
                "in order",
                none.ordered(vec!["dog".into(), "ant".into()]),
                vec![("dog", 2), ("ant", 2), ("bee", 2), ("cat", 2)],
            ),
        ] {
            let expected: Vec<(String, usize)> =
                expected.into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
            assert_eq!(shown(&classes), expected, "{what}");
        }
    }

    #[test]
    fn what_is_taken_back_leaves_no_trace() {
        let none = Classes::default();
        for there_and_back in [
            none.renamed("ant", "Ameise").renamed("ant", "ant"),
            none.removed(["ant"]).brought_back("ant", |_| false),
            none.keyed("ant", Some('x'), None).keyed("ant", None, None),
            none.coloured("ant", Some([1, 2, 3])).coloured("ant", None),
        ] {
            assert_eq!(there_and_back, none);
        }
    }

    #[test]
    fn a_key_that_another_class_has_is_swapped() {
        let classes = Classes::default().keyed("ant", Some('q'), None);
        let classes = classes.keyed("bee", Some('q'), Some(("ant", Some('2'))));
        let key = |identity: &str| classes.entry(identity).and_then(|entry| entry.key);
        assert_eq!((key("ant"), key("bee")), (Some('2'), Some('q')));
        // What was given away in the meantime is not taken again.
        let classes = classes.removed(["bee"]).keyed("cat", Some('q'), None).brought_back("bee", |_| false);
        assert_eq!(classes.entry("bee"), None);
    }

    proptest! {
        /// Whatever is done to classes in whatever order: each identity comes to a class that is there, or to none
        /// because of one that was removed, and no sample is lost but with a class that was removed.
        #[test]
        fn identities_always_come_to_an_end(deeds in prop::collection::vec((0..5u8, 0..4usize, 0..4usize), 0..24)) {
            let mut classes = Classes::default();
            for (deed, one, two) in deeds {
                let (one, two) = (NAMES[one], NAMES[two]);
                classes = match deed {
                    0 => classes.renamed(one, &format!("{two}!")),
                    1 => classes.merged([one], two),
                    2 => classes.removed([one]),
                    3 => classes.brought_back(one, |name| name == two),
                    _ => classes.ordered(vec![one.to_owned()]),
                };
                let mut lost = 0;
                for name in NAMES {
                    let mut at = name;
                    let mut steps = 0;
                    while let Some(Fate::Merged(into)) = classes.entry(at).and_then(|entry| entry.fate.as_ref()) {
                        at = into;
                        steps += 1;
                        prop_assert!(steps <= NAMES.len(), "a ring");
                    }
                    let is_removed = classes.entry(at).is_some_and(|entry| entry.fate == Some(Fate::Removed));
                    prop_assert_eq!(classes.resolve(name), (!is_removed).then_some(at));
                    lost += 2 * usize::from(is_removed);
                }
                let kept: usize = shown(&classes).iter().map(|(_, count)| count).sum();
                prop_assert_eq!(kept + lost, 8);
            }
        }
    }
}
