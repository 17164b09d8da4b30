//! From which class samples went to which, with the query that asks for them.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use super::SetNames;
use crate::dataset::query::{Choice, Comparison, Node, Pattern, Quantity, Query, SaidField, Snapshot, Test};

/// One side of a [`ClassPair`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PairSide {
    /// A class that was lost, or that came; by identity.
    Class(String),
    /// The sample had no class at all, or has none now.
    Unlabelled,
    /// No class was lost while one came, or none came while one was lost.
    Kept,
}

/// A class that samples lost and one that they gained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassPair {
    pub lost: PairSide,
    pub gained: PairSide,
    /// Samples that [`ClassPair::query`] asks for.
    pub count: u64,
}

impl PairSide {
    /// The class's name, or a word for none.
    pub fn text<'a>(&'a self, snapshot: &'a Snapshot) -> &'a str {
        match self {
            Self::Class(identity) => snapshot.labelling.classes().name(identity),
            Self::Unlabelled => "unlabelled",
            Self::Kept => "as before",
        }
    }
}

impl ClassPair {
    /// The query for its samples.
    pub fn query(&self, snapshot: &Snapshot) -> String {
        query(&self.lost, &self.gained, snapshot)
    }
}

/// Whether labels went so, from these identities to those, both sorted.
pub(super) fn is_of(lost: &PairSide, gained: &PairSide, from: &[&str], to: &[&str]) -> bool {
    let had = |class: &str| from.contains(&class);
    let has = |class: &str| to.contains(&class);
    match (lost, gained) {
        (PairSide::Class(lost), PairSide::Class(gained)) => {
            had(lost) && !has(lost) && has(gained) && !had(gained)
        }
        (PairSide::Unlabelled, PairSide::Class(gained)) => from.is_empty() && has(gained),
        (PairSide::Class(lost), PairSide::Unlabelled) => had(lost) && to.is_empty(),
        (PairSide::Kept, PairSide::Class(gained)) => {
            !from.is_empty() && to.len() > 1 && has(gained) && !had(gained)
        }
        (PairSide::Class(lost), PairSide::Kept) => !to.is_empty() && had(lost) && !has(lost),
        _ => false,
    }
}

/// The pairs among labels that went from one set to another, those of most samples first.
pub(super) fn of(names: &SetNames<'_>, sets: &HashMap<(u32, u32), u64>) -> Vec<ClassPair> {
    let mut there: BTreeSet<(PairSide, PairSide)> = BTreeSet::new();
    let class = |class: &&str| PairSide::Class((*class).to_owned());
    for (from, to) in sets.keys() {
        let (from, to) = (names.given(*from), names.now(*to));
        let lost: Vec<PairSide> = from.iter().filter(|one| !to.contains(one)).map(class).collect();
        let gained: Vec<PairSide> = to.iter().filter(|one| !from.contains(one)).map(class).collect();
        let or = |sides: Vec<PairSide>, is_unlabelled: bool| match sides.is_empty() {
            true if is_unlabelled => vec![PairSide::Unlabelled],
            true => vec![PairSide::Kept],
            false => sides,
        };
        let (lost, gained) = (or(lost, from.is_empty()), or(gained, to.is_empty()));
        for one in &lost {
            there.extend(gained.iter().map(|two| (one.clone(), two.clone())));
        }
    }
    let count = |lost: &PairSide, gained: &PairSide| -> u64 {
        let of_pair =
            |((from, to), _): &(&(u32, u32), &u64)| is_of(lost, gained, names.given(*from), names.now(*to));
        sets.iter().filter(of_pair).map(|(_, count)| count).sum()
    };
    let pair =
        |(lost, gained): (PairSide, PairSide)| ClassPair { count: count(&lost, &gained), lost, gained };
    let mut pairs: Vec<ClassPair> = there.into_iter().map(pair).collect();
    pairs.sort_by_key(|pair| Reverse(pair.count));
    pairs
}

fn query(lost: &PairSide, gained: &PairSide, snapshot: &Snapshot) -> String {
    let is_given = |class: &str| snapshot.dataset.labels.classes.iter().any(|one| one == class);
    let is_now = |class: &str| snapshot.in_force.identities.iter().any(|one| one == class);
    let name = |class: &str| snapshot.labelling.classes().name(class).to_owned();
    let choice = |name: &str| vec![Choice::Name(Pattern::literal(name))];
    let given = |class: &str| Node::Test(Test::Said(SaidField::Given, choice(class)));
    let label = |class: &str| Node::Test(Test::Label(choice(&name(class))));
    let none_given = || Node::Test(Test::Said(SaidField::Given, vec![Choice::None]));
    let none_now = || Node::Test(Test::Label(vec![Choice::None]));
    let mut nodes = Vec::new();
    match lost {
        PairSide::Class(class) => {
            nodes.push(given(class));
            // A class that is there no more has no name to ask for, and no sample has it.
            if is_now(class) && *gained != PairSide::Unlabelled {
                nodes.push(label(class).negated());
            }
        }
        PairSide::Unlabelled => nodes.push(none_given()),
        PairSide::Kept => {
            nodes.push(none_given().negated());
            let several = Comparison::More(Quantity::Number(1.0));
            nodes.push(Node::Test(Test::Number { column: "labels", test: several }));
        }
    }
    match gained {
        PairSide::Class(class) => {
            nodes.push(label(class));
            if is_given(class) && *lost != PairSide::Unlabelled {
                nodes.push(given(class).negated());
            }
        }
        PairSide::Unlabelled => nodes.push(none_now()),
        PairSide::Kept => nodes.push(none_now().negated()),
    }
    let first = nodes.remove(0);
    Query::new(Some(Node::and(first, nodes))).to_string()
}
