//! The classes that there are as lines of a list: a tree where names have `/` in them, with counts and sums.
//!
//! It is worked out when labels or classes change, not in each frame.

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::checked_name;
use crate::dataset::labelling::Classes;
use crate::dataset::query::{Snapshot, fold};
use crate::dataset::{ClassId, Labels, SampleId, natural};

/// What a line is of, whatever its name is now.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineKey {
    /// A class, by identity.
    Class(String),
    /// A part of names that is no class itself: the whole path to it.
    Above(String),
}

/// A class, or a part of names that several classes have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassLine {
    pub key: LineKey,
    /// The class's number, where it is one.
    pub class: Option<ClassId>,
    /// The whole name.
    pub path: String,
    /// The byte of `path` that the name without those above it starts at.
    pub from: usize,
    /// The line that it stands under.
    pub parent: Option<usize>,
    /// The line after the last one that stands under it.
    pub end: usize,
    /// How many stand above it.
    pub depth: usize,
    /// Samples of the class itself, and boxes.
    pub samples: u64,
    pub boxes: u64,
    /// Samples of the class and of those under it; one that has several of them counts for each.
    pub sum: u64,
    /// Whether the source has the class.
    pub is_given: bool,
}

impl ClassLine {
    /// The name without those above it.
    pub fn title(&self) -> &str {
        self.path.get(self.from..).unwrap_or(&self.path)
    }

    /// Whether others stand under it, in the line at this place.
    pub fn is_parent(&self, at: usize) -> bool {
        self.end > at + 1
    }
}

/// The classes as lines, and what they were worked out of.
#[derive(Clone, Debug, Default)]
pub struct ClassTable {
    pub lines: Vec<ClassLine>,
    /// Samples that have each set of [`Labels::sets`].
    by_set: Vec<u64>,
    of: Option<Ground>,
}

/// What a table is worked out of: labels, the identities of their classes, and what was decided of those.
type Ground = (Arc<Labels>, Arc<Vec<String>>, Arc<Classes>);

/// What giving a line another name comes to. Classes by identity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renaming {
    /// Classes with their new names.
    pub renames: Vec<(String, String)>,
    /// Classes whose new name another one has, and that one.
    pub merges: Vec<(String, String)>,
}

impl Renaming {
    /// The classes that it comes to.
    pub fn apply(&self, classes: &Classes) -> Classes {
        let renamed = |to: Classes, (identity, name): &(String, String)| to.renamed(identity, name);
        let to = self.renames.iter().fold(classes.clone(), renamed);
        let merged = |to: Classes, (from, into): &(String, String)| to.merged([from.as_str()], into);
        self.merges.iter().fold(to, merged)
    }
}

impl ClassTable {
    pub fn new(snapshot: &Snapshot) -> Self {
        let (labels, identities) = (snapshot.labels(), &snapshot.in_force.identities);
        let (by_set, samples, boxes) = counts(snapshot);
        let given: HashSet<&str> = snapshot.dataset.labels.classes.iter().map(String::as_str).collect();
        let mut tree = Tree::grown(&labels.classes);
        let mut lines = Vec::with_capacity(tree.nodes.len());
        tree.lay_out(0, None, 0, &mut |node, parent, depth| {
            let class = node.class;
            let identity = class.and_then(|class| identities.get(class)).cloned();
            let of = |counts: &[u64]| class.and_then(|class| counts.get(class)).copied().unwrap_or(0);
            let from = parent.map_or(0, |at: usize| {
                let above: &ClassLine = &lines[at];
                above.path.len() + 1
            });
            lines.push(ClassLine {
                is_given: identity.as_deref().is_some_and(|identity| given.contains(identity)),
                key: identity.map_or_else(|| LineKey::Above(node.path.clone()), LineKey::Class),
                class: class.map(|class| class as ClassId),
                from,
                parent,
                end: lines.len() + 1,
                depth,
                samples: of(&samples),
                boxes: of(&boxes),
                sum: of(&samples),
                path: node.path.clone(),
            });
            lines.len() - 1
        });
        for at in (0..lines.len()).rev() {
            let (end, sum) = (lines[at].end, lines[at].sum);
            if let Some(parent) = lines[at].parent {
                lines[parent].end = lines[parent].end.max(end);
                lines[parent].sum += sum;
            }
        }
        let of = Some((labels.clone(), identities.clone(), snapshot.labelling.classes().clone()));
        Self { lines, by_set, of }
    }

    /// Whether it is of these samples and classes. The same labels of other classes are other ones.
    pub fn is_of(&self, snapshot: &Snapshot) -> bool {
        self.of.as_ref().is_some_and(|(labels, identities, classes)| {
            Arc::ptr_eq(labels, snapshot.labels())
                && Arc::ptr_eq(identities, &snapshot.in_force.identities)
                && Arc::ptr_eq(classes, snapshot.labelling.classes())
        })
    }

    pub fn find(&self, key: &LineKey) -> Option<usize> {
        self.lines.iter().position(|line| line.key == *key)
    }

    /// The line of the class that has exactly this name.
    pub fn class_named(&self, name: &str) -> Option<&ClassLine> {
        self.lines.iter().find(|line| line.class.is_some() && line.path == name)
    }

    /// The lines that have the text in their names, in any case: all of them for no text.
    pub fn listed(&self, search: &str) -> Vec<usize> {
        let wanted = fold(search.trim());
        let fits = |at: &usize| {
            let line = &self.lines[*at];
            wanted.is_empty() || line.class.is_some() && fold(&line.path).contains(&wanted)
        };
        (0..self.lines.len()).filter(fits).collect()
    }

    /// The identities of the classes that lines are: of a line that is no class, those under it.
    pub fn identities_of(&self, keys: &BTreeSet<LineKey>) -> Vec<&str> {
        let mut found = BTreeSet::new();
        for (at, line) in self.lines.iter().enumerate().filter(|(_, line)| keys.contains(&line.key)) {
            match line.class {
                Some(_) => drop(found.insert(at)),
                None => found.extend(at..line.end),
            }
        }
        found.into_iter().filter_map(|at| self.identity(at)).collect()
    }

    /// The identity of the class that a line is.
    pub fn identity(&self, at: usize) -> Option<&str> {
        match &self.lines.get(at)?.key {
            LineKey::Class(identity) => Some(identity),
            LineKey::Above(_) => None,
        }
    }

    /// How many samples have one of these classes or more, and how many boxes are of them. Classes by identity.
    pub fn counted(&self, identities: &[&str]) -> (u64, u64) {
        let Some((labels, all, _)) = &self.of else { return (0, 0) };
        let wanted: HashSet<&str> = identities.iter().copied().collect();
        let is_meant: Vec<bool> = all.iter().map(|identity| wanted.contains(identity.as_str())).collect();
        let has = |set: &[ClassId]| set.iter().any(|class| is_meant.get(*class as usize) == Some(&true));
        let sets = labels.sets.iter().zip(&self.by_set);
        let samples = sets.filter(|(set, _)| has(set)).map(|(_, count)| count).sum();
        let is_line = |line: &&ClassLine| line.class.is_some_and(|class| is_meant[class as usize]);
        (samples, self.lines.iter().filter(is_line).map(|line| line.boxes).sum())
    }

    /// What giving a line this name comes to: classes under it go with it. Or what is wrong with the name.
    pub fn renaming(&self, at: usize, name: &str) -> Result<Renaming, String> {
        let name = checked_name(name)?;
        let Some(line) = self.lines.get(at) else { return Ok(Renaming::default()) };
        let mut others = HashMap::new();
        for (other, line) in
            self.lines.iter().enumerate().filter(|(other, _)| !(at..self.lines[at].end).contains(other))
        {
            if let Some(identity) = self.identity(other) {
                others.insert(line.path.as_str(), identity);
            }
        }
        let mut renaming = Renaming::default();
        for below in at..line.end {
            let Some(identity) = self.identity(below) else { continue };
            let rest = self.lines[below].path.get(line.path.len()..).unwrap_or_default();
            let new = format!("{name}{rest}");
            checked_name(&new)?;
            match others.get(new.as_str()) {
                Some(other) => renaming.merges.push((identity.to_owned(), (*other).to_owned())),
                None => renaming.renames.push((identity.to_owned(), new)),
            }
        }
        Ok(renaming)
    }

    /// Whether a line can stand before another one: they stand under the same.
    pub fn are_siblings(&self, one: usize, two: usize) -> bool {
        let parent = |at: usize| self.lines.get(at).map(|line| line.parent);
        one != two && parent(one).is_some() && parent(one) == parent(two)
    }

    /// The line that stands under the same as `at` and holds `other`, if one does.
    pub fn sibling_over(&self, at: usize, other: usize) -> Option<usize> {
        let parent = self.lines.get(at)?.parent;
        let mut now = other;
        while self.lines.get(now)?.parent != parent {
            now = self.lines[now].parent?;
        }
        Some(now)
    }

    /// Whether a line can be moved by so many places among those beside it.
    pub fn can_move(&self, at: usize, by: isize) -> bool {
        let siblings = self.siblings(at);
        let place = siblings.iter().position(|one| *one == at);
        place.is_some_and(|place| place.saturating_add_signed(by).min(siblings.len() - 1) != place)
    }

    /// The order of classes, by identity, once a line is moved by so many places among those beside it; `None` where
    /// that moves nothing.
    pub fn moved(&self, at: usize, by: isize) -> Option<Vec<String>> {
        let siblings = self.siblings(at);
        let place = siblings.iter().position(|one| *one == at)?;
        let to = place.saturating_add_signed(by).min(siblings.len() - 1);
        if to == place {
            return None;
        }
        let before = if to > place { siblings.get(to + 1).copied() } else { siblings.get(to).copied() };
        self.placed(at, before)
    }

    /// The order of classes once a line stands before another one beside it, or behind all of those.
    pub fn placed(&self, at: usize, before: Option<usize>) -> Option<Vec<String>> {
        let mut siblings = self.siblings(at);
        siblings.retain(|one| *one != at);
        let place = match before {
            Some(before) => siblings.iter().position(|one| *one == before)?,
            None => siblings.len(),
        };
        siblings.insert(place, at);
        let (first, last) = (*siblings.iter().min()?, *siblings.iter().max()?);
        let inner = siblings.iter().flat_map(|one| *one..self.lines[*one].end);
        let order = (0..first).chain(inner).chain(self.lines[last].end..self.lines.len());
        Some(order.filter_map(|at| self.identity(at)).map(str::to_owned).collect())
    }

    /// The order of classes by their names, or the largest first, each among those beside it.
    pub fn sorted(&self, by: SortBy) -> Vec<String> {
        let mut order = Vec::new();
        self.sort_into(None, by, &mut order);
        order.into_iter().filter_map(|at| self.identity(at)).map(str::to_owned).collect()
    }

    fn sort_into(&self, parent: Option<usize>, by: SortBy, order: &mut Vec<usize>) {
        let first = parent.map_or(0, |at| at + 1);
        let end = parent.map_or(self.lines.len(), |at| self.lines[at].end);
        let mut siblings = self.blocks(first, end);
        siblings.sort_by(|one, two| natural::compare(self.lines[*one].title(), self.lines[*two].title()));
        if by == SortBy::Count {
            siblings.sort_by_key(|at| std::cmp::Reverse(self.lines[*at].sum));
        }
        for at in siblings {
            order.push(at);
            self.sort_into(Some(at), by, order);
        }
    }

    /// The lines beside a line, itself among them.
    fn siblings(&self, at: usize) -> Vec<usize> {
        let parent = self.lines.get(at).and_then(|line| line.parent);
        let first = parent.map_or(0, |parent| parent + 1);
        self.blocks(first, parent.map_or(self.lines.len(), |parent| self.lines[parent].end))
    }

    /// Of these lines those that stand under none of them.
    fn blocks(&self, first: usize, end: usize) -> Vec<usize> {
        let mut blocks = Vec::new();
        let mut at = first;
        while at < end {
            blocks.push(at);
            at = self.lines[at].end;
        }
        blocks
    }
}

/// What classes are put in order by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortBy {
    Name,
    Count,
}

/// Samples that are there by set of classes, and samples and boxes by class.
fn counts(snapshot: &Snapshot) -> (Vec<u64>, Vec<u64>, Vec<u64>) {
    let labels = snapshot.labels();
    let gone = &snapshot.dataset.gone;
    let is_there = |row: usize| gone.get(row) != Some(&true);
    let mut by_set = vec![0; labels.sets.len()];
    for (_, set) in labels.of.iter().enumerate().filter(|(row, _)| is_there(*row)) {
        by_set[*set as usize] += 1;
    }
    let mut samples = vec![0; labels.classes.len()];
    for (set, count) in labels.sets.iter().zip(&by_set) {
        set.iter().for_each(|class| samples[*class as usize] += count);
    }
    let mut boxes = vec![0; labels.classes.len()];
    let all = snapshot.boxes();
    if !all.is_empty() {
        for row in (0..labels.of.len()).filter(|row| is_there(*row)) {
            for one in all.get(row as SampleId) {
                if let Some(count) = boxes.get_mut(one.class as usize) {
                    *count += 1;
                }
            }
        }
    }
    (by_set, samples, boxes)
}

/// Names as a tree, each level in the order in which it is first met.
struct Tree {
    /// The first one is the root.
    nodes: Vec<Node>,
}

#[derive(Default)]
struct Node {
    path: String,
    class: Option<usize>,
    below: Vec<usize>,
}

impl Tree {
    fn grown(names: &[String]) -> Self {
        let mut nodes = vec![Node::default()];
        let mut known: HashMap<&str, usize> = HashMap::new();
        for (class, name) in names.iter().enumerate() {
            // A name with nothing between two strokes is no path.
            let is_path = name.split('/').all(|part| !part.trim().is_empty());
            let inner = name.match_indices('/').map(|(at, _)| at).filter(|_| is_path);
            let mut at = 0;
            for end in inner.chain([name.len()]) {
                let path = &name[..end];
                let node =
                    known.get(path).copied().filter(|node| end < name.len() || nodes[*node].class.is_none());
                at = node.unwrap_or_else(|| {
                    let new = nodes.len();
                    nodes.push(Node { path: path.to_owned(), ..Node::default() });
                    nodes[at].below.push(new);
                    known.entry(path).or_insert(new);
                    new
                });
            }
            nodes[at].class = Some(class);
        }
        Self { nodes }
    }

    /// Calls `line` for each node below one, those above first: with the line that it stands under, and how deep.
    /// It gives the line's place.
    fn lay_out(
        &mut self,
        node: usize,
        parent: Option<usize>,
        depth: usize,
        line: &mut impl FnMut(&Node, Option<usize>, usize) -> usize,
    ) {
        for below in std::mem::take(&mut self.nodes[node].below) {
            let at = line(&self.nodes[below], parent, depth);
            self.lay_out(below, Some(at), depth + 1, line);
        }
    }
}
