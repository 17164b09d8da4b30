//! A dataset at one moment, and what is worked out of it once and shared.
//!
//! It refuses to know how the dataset comes to change: each change is another snapshot.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use rayon::prelude::*;

use super::bitmask::Bitmask;
use super::pattern::{Extent, Matcher, Pattern, fold, fold_into};
use super::syntax::parse_number;
use crate::dataset::columns::{Column, ColumnKind, kind_of};
use crate::dataset::edit::{Direction, SampleSet};
use crate::dataset::facts::FactChunk;
use crate::dataset::natural::{self, NaturalOrder};
use crate::dataset::{
    Boxes, ClassId, Dataset, Decision, Facts, Findings, InForce, Issue, LabelOrigin, Labelling, Labels,
    ModelColumns, Origin, SampleId, SplitId, Strings,
};

/// What a query, a sort or a count is asked of. Cloning it copies pointers.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub dataset: Arc<Dataset>,
    /// One row per sample of `dataset`.
    pub facts: Facts,
    /// [`Mark::bit`](crate::dataset::edit::Mark::bit)s, one per sample of `dataset`.
    pub marks: Arc<Vec<u8>>,
    /// What is to become of each sample; rows beyond are undecided.
    pub decisions: Arc<Vec<Decision>>,
    /// What an analysis found; empty before one.
    pub findings: Arc<Findings>,
    /// What a trained model says of samples, if one was asked.
    pub model: Option<Arc<ModelColumns>>,
    /// The labels and boxes that count, in place of those of `dataset`.
    pub in_force: InForce,
    /// What a person said of samples and classes.
    pub labelling: Arc<Labelling>,
    /// The vocabulary with the classes that count, where they are not the dataset's.
    vocabulary: Option<Arc<Vocabulary>>,
    /// Bits of the issues found while listing, one per sample of `dataset`.
    listed: Arc<Vec<u16>>,
    derived: Arc<Derived>,
}

impl Snapshot {
    /// A snapshot of a dataset that was not seen before. Rows that `facts` or `marks` lack are
    /// taken as unmeasured and unmarked. Of `issues` those that were found while listing count for
    /// their samples; those of the content are in the facts.
    pub fn new(dataset: Arc<Dataset>, issues: &[Issue], facts: Facts, marks: Arc<Vec<u8>>) -> Self {
        let listed = listed_bits(dataset.len(), issues);
        let derived = Arc::new(Derived::new(dataset.clone()));
        let (decisions, findings, model, vocabulary) = Default::default();
        let in_force = InForce::given(&dataset);
        let labelling = Arc::new(Labelling::new(dataset.len()));
        Self {
            dataset,
            facts,
            marks,
            decisions,
            findings,
            model,
            in_force,
            labelling,
            vocabulary,
            listed,
            derived,
        }
        .grown()
    }

    /// The same dataset, listed again: with these issues and facts.
    pub fn relisted(&self, issues: &[Issue], facts: Facts) -> Self {
        Self { listed: listed_bits(self.len(), issues), facts, ..self.clone() }.grown()
    }

    /// The same dataset with newer facts and marks; what was worked out of it stays shared.
    pub fn with(&self, facts: Facts, marks: Arc<Vec<u8>>) -> Self {
        Self { facts, marks, ..self.clone() }.grown()
    }

    /// The same with these decisions.
    pub fn deciding(&self, decisions: Arc<Vec<Decision>>) -> Self {
        Self { decisions, ..self.clone() }
    }

    /// The same under this labelling. Takes time in proportion to the rows.
    pub fn labelled(&self, labelling: &Arc<Labelling>) -> Self {
        let in_force = InForce::new(&self.dataset, labelling);
        Self { labelling: labelling.clone(), ..self.clone() }.counting(in_force)
    }

    /// The same under a labelling that says something else of these samples and the same of classes.
    pub fn relabelled(&self, labelling: &Arc<Labelling>, samples: &SampleSet) -> Self {
        let mut in_force = self.in_force.clone();
        in_force.update(&self.dataset, labelling, samples);
        Self { labelling: labelling.clone(), ..self.clone() }.counting(in_force)
    }

    fn counting(self, in_force: InForce) -> Self {
        let classes = &in_force.labels.classes;
        let vocabulary = if *classes == self.dataset.labels.classes {
            None
        } else if *classes == self.in_force.labels.classes {
            self.vocabulary.clone()
        } else {
            Some(Arc::new(self.derived.vocabulary().with_classes(classes.clone())))
        };
        Self { in_force, vocabulary, ..self }
    }

    /// The labels that count.
    pub fn labels(&self) -> &Arc<Labels> {
        &self.in_force.labels
    }

    /// The colour that a person chose for a class, sRGB.
    pub fn chosen_colour(&self, class: ClassId) -> Option<[u8; 3]> {
        self.in_force.colours.get(class as usize).copied().flatten()
    }

    /// Where what was said last of a sample's labels or boxes comes from; `None` where it has none and nothing was said.
    pub fn origin(&self, sample: SampleId) -> Option<LabelOrigin> {
        if self.labelling.answer(sample).is_none() && self.labels().get(sample).is_empty() {
            return None;
        }
        let signed = self.labelling.signature(sample).map(|signature| signature.origin);
        // Nobody noted of older boxes where they come from.
        let has_own_boxes = || self.labelling.boxes(sample).is_some_and(|boxes| !boxes.is_empty());
        let unsigned = || if has_own_boxes() { LabelOrigin::ByHand } else { LabelOrigin::Imported };
        Some(signed.unwrap_or_else(unsigned))
    }

    /// Whether a sample has other labels than its source gives it.
    pub fn is_relabelled(&self, sample: SampleId) -> bool {
        let (labels, given) = (self.labels(), &self.dataset.labels);
        if Arc::ptr_eq(labels, given) {
            return false;
        }
        let identities = &self.in_force.identities;
        let now = labels.get(sample).iter().map(|class| identities.get(*class as usize).map(String::as_str));
        let mut now: Vec<&str> = now.flatten().collect();
        let mut before: Vec<&str> = given.names(sample).collect();
        now.sort_unstable();
        before.sort_unstable();
        now != before
    }

    /// The boxes that count.
    pub fn boxes(&self) -> &Arc<Boxes> {
        &self.in_force.boxes
    }

    /// The same with these findings.
    pub fn finding(&self, findings: Arc<Findings>) -> Self {
        Self { findings, ..self.clone() }
    }

    /// The same with what a model says of its samples.
    pub fn modelled(&self, model: Option<Arc<ModelColumns>>) -> Self {
        Self { model, ..self.clone() }
    }

    /// The same samples in other splits: one of `names` each, or [`NO_SPLIT`](crate::dataset::NO_SPLIT).
    pub fn in_splits(&self, names: Vec<String>, splits: Vec<SplitId>) -> Self {
        let dataset = Dataset { split_names: names, splits, ..Dataset::clone(&self.dataset) };
        let dataset = Arc::new(dataset);
        let derived = Arc::new(Derived::new(dataset.clone()));
        let renamed =
            |_: &Arc<Vocabulary>| Arc::new(derived.vocabulary().with_classes(self.labels().classes.clone()));
        let vocabulary = self.vocabulary.as_ref().map(renamed);
        Self { dataset, derived, vocabulary, ..self.clone() }
    }

    /// What is to become of a sample.
    pub fn decision(&self, sample: SampleId) -> Decision {
        self.decisions.get(sample as usize).copied().unwrap_or_default()
    }

    /// [`IssueKind::bit`](crate::dataset::IssueKind::bit)s of all issues of one sample.
    pub fn issues(&self, sample: SampleId) -> u16 {
        self.listed[sample as usize] | self.facts.get(sample).issues
    }

    /// Bits of the issues found while listing, one per sample.
    pub fn listed_issues(&self) -> &Arc<Vec<u16>> {
        &self.listed
    }

    /// Number of rows, gone ones included.
    pub fn len(&self) -> usize {
        self.dataset.len()
    }

    pub fn is_empty(&self) -> bool {
        self.dataset.is_empty()
    }

    /// What is worked out of the dataset once.
    pub fn derived(&self) -> &Derived {
        &self.derived
    }

    /// The names that queries on this dataset can use.
    pub fn vocabulary(&self) -> &Vocabulary {
        match &self.vocabulary {
            Some(vocabulary) => vocabulary,
            None => self.derived.vocabulary(),
        }
    }

    /// What a column's values are read from here: while it is equal, so are they.
    pub fn reading(&self, column: &Column) -> Reading {
        Reading { dataset: DatasetRef(Arc::downgrade(&self.dataset)), of: SortedOf::new(self, column) }
    }

    /// All that a query reads from here: while it is equal, it finds the same.
    pub fn stamp(&self) -> Stamp {
        let of = SortedOf {
            facts: self.facts.chunks().iter().map(Arc::downgrade).collect(),
            marks: Arc::downgrade(&self.marks),
            decisions: Arc::downgrade(&self.decisions),
            findings: Arc::downgrade(&self.findings),
            model: self.model.as_ref().map(Arc::downgrade).unwrap_or_default(),
            labels: Arc::downgrade(self.labels()),
            boxes: Arc::downgrade(self.boxes()),
            labelling: Arc::downgrade(&self.labelling),
        };
        let all = Reading { dataset: DatasetRef(Arc::downgrade(&self.dataset)), of };
        Stamp { all, listed: Arc::downgrade(&self.listed) }
    }

    fn grown(mut self) -> Self {
        let rows = self.dataset.len();
        self.facts.grow(rows);
        if self.marks.len() < rows {
            Arc::make_mut(&mut self.marks).resize(rows, 0);
        }
        self
    }
}

/// The bits of the issues that were found while listing, one per row.
fn listed_bits(rows: usize, issues: &[Issue]) -> Arc<Vec<u16>> {
    let mut listed = vec![0; rows];
    for issue in issues.iter().filter(|issue| issue.origin == Origin::Listing) {
        if let Some(bits) = issue.sample.and_then(|sample| listed.get_mut(sample as usize)) {
            *bits |= issue.kind.bit();
        }
    }
    listed.into()
}

/// What follows from a dataset alone, worked out when it is first asked for and then kept.
///
/// The first question can take a good part of a second on a million samples: ask it, or
/// [`Self::prepare`], off the interface's thread.
#[derive(Debug)]
pub struct Derived {
    dataset: Arc<Dataset>,
    vocabulary: OnceLock<Vocabulary>,
    folded_paths: OnceLock<Folded>,
    natural: OnceLock<NaturalOrder>,
    present: OnceLock<Bitmask>,
    attributes: Vec<AttributeIndex>,
    sorts: Mutex<VecDeque<CachedSort>>,
}

/// What queries need of one attribute.
#[derive(Debug, Default)]
struct AttributeIndex {
    kind: OnceLock<ColumnKind>,
    folded: OnceLock<Folded>,
    numbers: OnceLock<Vec<f64>>,
    ranks: OnceLock<Vec<u32>>,
}

/// Sorted rows and what they were sorted from.
#[derive(Debug)]
struct CachedSort {
    column: String,
    direction: Direction,
    /// Weak pointers tell apart what there was, since their addresses cannot be used again, and do
    /// not keep it.
    of: SortedOf,
    order: Arc<Vec<SampleId>>,
}

/// What the values of a column are read from; see [`Snapshot::reading`].
#[derive(Debug, Default, PartialEq)]
pub struct Reading {
    dataset: DatasetRef,
    of: SortedOf,
}

/// All that a query reads, without keeping it; see [`Snapshot::stamp`].
#[derive(Debug, Default)]
pub struct Stamp {
    all: Reading,
    listed: Weak<Vec<u16>>,
}

impl PartialEq for Stamp {
    fn eq(&self, other: &Self) -> bool {
        self.all == other.all && self.listed.ptr_eq(&other.listed)
    }
}

/// Weak pointers to one dataset are equal.
#[derive(Debug, Default)]
struct DatasetRef(Weak<Dataset>);

impl PartialEq for DatasetRef {
    fn eq(&self, other: &Self) -> bool {
        self.0.ptr_eq(&other.0)
    }
}

/// What of a snapshot an order was sorted from, beside the dataset: empty where the column does not
/// read it.
#[derive(Debug, Default)]
pub(super) struct SortedOf {
    facts: Vec<Weak<FactChunk>>,
    marks: Weak<Vec<u8>>,
    decisions: Weak<Vec<Decision>>,
    findings: Weak<Findings>,
    model: Weak<ModelColumns>,
    labels: Weak<Labels>,
    boxes: Weak<Boxes>,
    labelling: Weak<Labelling>,
}

impl SortedOf {
    pub(super) fn new(snapshot: &Snapshot, column: &Column) -> Self {
        let mut of = Self::default();
        if column.reads_facts() {
            of.facts = snapshot.facts.chunks().iter().map(Arc::downgrade).collect();
        }
        if column.reads_marks() {
            of.marks = Arc::downgrade(&snapshot.marks);
        }
        if column.reads_decisions() {
            of.decisions = Arc::downgrade(&snapshot.decisions);
        }
        if column.reads_findings() {
            of.findings = Arc::downgrade(&snapshot.findings);
        }
        if column.reads_model() {
            of.model = snapshot.model.as_ref().map(Arc::downgrade).unwrap_or_default();
        }
        if column.reads_labels() {
            of.labels = Arc::downgrade(snapshot.labels());
            of.boxes = Arc::downgrade(snapshot.boxes());
        }
        if column.reads_labelling() {
            of.labelling = Arc::downgrade(&snapshot.labelling);
        }
        of
    }
}

impl PartialEq for SortedOf {
    fn eq(&self, other: &Self) -> bool {
        self.facts.len() == other.facts.len()
            && self.facts.iter().zip(&other.facts).all(|(one, two)| one.ptr_eq(two))
            && self.marks.ptr_eq(&other.marks)
            && self.decisions.ptr_eq(&other.decisions)
            && self.findings.ptr_eq(&other.findings)
            && self.model.ptr_eq(&other.model)
            && self.labels.ptr_eq(&other.labels)
            && self.boxes.ptr_eq(&other.boxes)
            && self.labelling.ptr_eq(&other.labelling)
    }
}

impl Derived {
    /// How many sorted orders are kept, 4 bytes a row each.
    const SORTS: usize = 4;

    fn new(dataset: Arc<Dataset>) -> Self {
        let attributes = dataset.attributes.iter().map(|_| AttributeIndex::default()).collect();
        Self {
            dataset,
            vocabulary: OnceLock::new(),
            folded_paths: OnceLock::new(),
            natural: OnceLock::new(),
            present: OnceLock::new(),
            attributes,
            sorts: Mutex::default(),
        }
    }

    /// Works out all that the first filter, search and view will ask for.
    pub fn prepare(&self) {
        self.vocabulary();
        self.present();
        self.natural();
        self.folded_paths();
        (0..self.attributes.len()).into_par_iter().for_each(|at| {
            self.attribute_kind(at);
        });
    }

    /// Whether [`Self::prepare`] has nothing left to do.
    pub fn is_prepared(&self) -> bool {
        self.vocabulary.get().is_some()
            && self.present.get().is_some()
            && self.natural.get().is_some()
            && self.folded_paths.get().is_some()
            && self.attributes.iter().all(|attribute| attribute.kind.get().is_some())
    }

    pub fn vocabulary(&self) -> &Vocabulary {
        self.vocabulary.get_or_init(|| Vocabulary::of(&self.dataset))
    }

    /// The paths in lower case.
    pub fn folded_paths(&self) -> &Strings {
        let paths = &self.dataset.paths;
        self.folded_paths.get_or_init(|| Folded::of(paths)).of_original(paths)
    }

    /// The natural order of the paths, gone rows included.
    pub fn natural(&self) -> &NaturalOrder {
        self.natural.get_or_init(|| {
            let paths = &self.dataset.paths;
            NaturalOrder::of(paths.len(), |row| paths.get(row))
        })
    }

    /// The rows that are not gone.
    pub fn present(&self) -> &Bitmask {
        let gone = &self.dataset.gone;
        self.present.get_or_init(|| Bitmask::from_fn(gone.len(), |row| !gone[row]))
    }

    /// What the values of attribute `at` are.
    pub fn attribute_kind(&self, at: usize) -> ColumnKind {
        *self.attributes[at].kind.get_or_init(|| kind_of(&self.dataset.attributes[at].values))
    }

    /// The values of attribute `at` in lower case. `at` is an index into [`Dataset::attributes`].
    pub fn folded_attribute(&self, at: usize) -> &Strings {
        let values = &self.dataset.attributes[at].values;
        self.attributes[at].folded.get_or_init(|| Folded::of(values)).of_original(values)
    }

    /// The values of attribute `at` as numbers; NaN where one is not a number.
    pub fn attribute_numbers(&self, at: usize) -> &[f64] {
        let values = &self.dataset.attributes[at].values;
        self.attributes[at].numbers.get_or_init(|| {
            let number = |row| parse_number(values.get(row)).unwrap_or(f64::NAN);
            (0..values.len()).into_par_iter().with_min_len(4096).map(number).collect()
        })
    }

    /// The place of each value of attribute `at` in natural order; equal values share theirs.
    pub fn attribute_ranks(&self, at: usize) -> &[u32] {
        let values = &self.dataset.attributes[at].values;
        self.attributes[at].ranks.get_or_init(|| natural::ranks(values.len(), |row| values.get(row)))
    }

    /// The kept order of that column, or what `sort` makes.
    pub(super) fn sorted(
        &self,
        key: (&str, Direction),
        of: SortedOf,
        sort: impl FnOnce() -> Vec<SampleId>,
    ) -> Arc<Vec<SampleId>> {
        if let Some(order) = self.kept_sort(key, &of) {
            return order;
        }
        // Sorted without the lock: a second thread may do the same work, and never waits.
        let order = Arc::new(sort());
        let (column, direction) = key;
        let mut sorts = self.sorts.lock().unwrap_or_else(PoisonError::into_inner);
        sorts.retain(|kept| (kept.column.as_str(), kept.direction) != key);
        if sorts.len() >= Self::SORTS {
            sorts.pop_front();
        }
        sorts.push_back(CachedSort { column: column.to_owned(), direction, of, order: order.clone() });
        order
    }

    /// The kept order of that column, if it was made from this.
    pub(super) fn kept_sort(&self, key: (&str, Direction), of: &SortedOf) -> Option<Arc<Vec<SampleId>>> {
        let sorts = self.sorts.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = sorts.iter().find(|kept| (kept.column.as_str(), kept.direction) == key)?;
        (kept.of == *of).then(|| kept.order.clone())
    }
}

/// A column in lower case; nothing when the column is that already.
#[derive(Debug)]
struct Folded(Option<Strings>);

impl Folded {
    fn of(strings: &Strings) -> Self {
        let text = strings.text();
        if text.is_ascii() && !text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Self(None);
        }
        const ROWS: usize = 16_384;
        let fold_rows = |part: usize| {
            let rows = part * ROWS..strings.len().min((part + 1) * ROWS);
            let (mut text, mut ends) = (String::new(), Vec::with_capacity(rows.len()));
            for row in rows {
                fold_into(strings.get(row), &mut text);
                ends.push(text.len() as u64);
            }
            (text, ends)
        };
        let parts: Vec<_> = (0..strings.len().div_ceil(ROWS)).into_par_iter().map(fold_rows).collect();
        let mut text = String::with_capacity(parts.iter().map(|(text, _)| text.len()).sum());
        let mut ends = Vec::with_capacity(strings.len());
        for (part, part_ends) in parts {
            let start = text.len() as u64;
            ends.extend(part_ends.iter().map(|end| start + end));
            text.push_str(&part);
        }
        let folded = Strings::from_parts(text, ends);
        Self(Some(folded.expect("ends were taken while the text was appended")))
    }

    fn of_original<'a>(&'a self, original: &'a Strings) -> &'a Strings {
        self.0.as_ref().unwrap_or(original)
    }
}

/// The names that a query can use, for checking and completing it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vocabulary {
    pub classes: Names,
    pub splits: Names,
    pub attributes: Vec<AttributeWords>,
}

/// An attribute's name and some of its values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AttributeWords {
    pub name: String,
    /// A few of the short values, in the order in which they were met.
    pub values: Vec<String>,
}

impl Vocabulary {
    /// Rows looked at, and values kept, for [`AttributeWords::values`].
    const ROWS: usize = 4096;
    const VALUES: usize = 64;
    const VALUE_BYTES: usize = 64;

    /// What that dataset's queries can name.
    pub fn of(dataset: &Dataset) -> Self {
        let attributes = dataset.attributes.iter().map(|attribute| {
            let mut seen = HashSet::new();
            let values = attribute.values.iter().take(Self::ROWS);
            let short = values.filter(|value| !value.is_empty() && value.len() <= Self::VALUE_BYTES);
            let values = short.filter(|value| seen.insert(*value)).take(Self::VALUES);
            AttributeWords { name: attribute.name.clone(), values: values.map(str::to_owned).collect() }
        });
        Self {
            classes: Names::new(dataset.labels.classes.clone()),
            splits: Names::new(dataset.split_names.clone()),
            attributes: attributes.collect(),
        }
    }

    /// The same with other classes.
    pub fn with_classes(&self, classes: Vec<String>) -> Self {
        Self { classes: Names::new(classes), ..self.clone() }
    }
}

/// Names that are found exactly, or else in any case.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Names {
    names: Vec<String>,
    folded: Vec<String>,
    ids: HashMap<String, usize>,
    folded_ids: HashMap<String, Vec<usize>>,
}

impl Names {
    pub fn new(names: Vec<String>) -> Self {
        let folded: Vec<String> = names.iter().map(|name| fold(name)).collect();
        let ids = names.iter().enumerate().map(|(id, name)| (name.clone(), id)).collect();
        let mut folded_ids: HashMap<String, Vec<usize>> = HashMap::new();
        for (id, name) in folded.iter().enumerate() {
            folded_ids.entry(name.clone()).or_default().push(id);
        }
        Self { names, folded, ids, folded_ids }
    }

    /// The names as given.
    pub fn all(&self) -> &[String] {
        &self.names
    }

    /// The names in lower case.
    pub fn folded(&self) -> &[String] {
        &self.folded
    }

    /// The names that a pattern means: for text without a star the name that is exactly this, or
    /// else those that differ in case only.
    pub fn matching(&self, pattern: &Pattern) -> Vec<usize> {
        if let Some(name) = pattern.as_literal() {
            return match self.ids.get(name) {
                Some(id) => vec![*id],
                None => self.folded_ids.get(&fold(name)).cloned().unwrap_or_default(),
            };
        }
        let matcher = Matcher::new(pattern, Extent::Whole);
        let fits = |id: &usize| matcher.is_match(self.folded[*id].as_bytes());
        (0..self.names.len()).filter(fits).collect()
    }
}
