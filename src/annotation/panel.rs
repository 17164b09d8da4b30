//! Several people's answers to the same samples.
//!
//! An answer is the set of labels that a person gave: `cat` and `cat + dog` are different answers. A sample without a
//! label has no answer of that person.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::report::ClassRow;
use super::{Annotated, AnnotationError, Annotations, MatchBy};
use crate::analysis::agreement::{self, Alpha, Confusion, Dispute, Fleiss, UNRATED};
use crate::jobs::{Cancelled, Control};

pub use super::report::{AgreementReport, ConfusionCell, DisputeRow, PairRow};

/// The most people whose answers are compared: every two of them are a pair.
pub const MAX_PEOPLE: usize = 1000;

/// The answers of people, one column each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panel {
    /// Each of a different name.
    pub people: Vec<String>,
    /// Samples that anybody answered, in the order in which they came.
    pub paths: Vec<String>,
    /// The different answers: labels in the order of letters.
    pub answers: Vec<Vec<String>>,
    /// Of each person the answer to each sample, by its number, or [`UNRATED`].
    pub ratings: Vec<Vec<u32>>,
    /// Samples that could not be compared: without a hash of their content where that is asked for.
    pub left_out: u64,
    /// Samples that a person answered again: the last answer counts.
    pub again: u64,
}

/// What somebody's annotations are called where they do not name the person: the name of their file.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    pub name: &'a str,
    pub annotations: &'a Annotations,
}

impl Panel {
    /// Puts answers side by side. A file in which people are named gives a column for each of them, else it is one
    /// person's. By [`MatchBy::Either`] samples meet by path. More than [`MAX_PEOPLE`] are refused.
    pub fn of(files: &[Told<'_>], by: MatchBy) -> Result<Self, AnnotationError> {
        let mut panel = Self::default();
        let mut rows: HashMap<Key<'_>, usize> = HashMap::new();
        let mut numbers: HashMap<Vec<String>, u32> = HashMap::new();
        for file in files {
            let mut columns: HashMap<&str, usize> = HashMap::new();
            for sample in &file.annotations.samples {
                if sample.labels.is_empty() {
                    continue;
                }
                let Some(key) = Key::of(sample, by) else {
                    panel.left_out += 1;
                    continue;
                };
                let person = if sample.by.is_empty() { file.name } else { &sample.by };
                let column = *columns.entry(person).or_insert_with(|| panel.person(person, file.name));
                if panel.people.len() > MAX_PEOPLE {
                    return Err(AnnotationError::TooManyPeople(file.name.to_owned()));
                }
                let row = *rows.entry(key).or_insert_with(|| {
                    panel.paths.push(sample.path.clone());
                    panel.paths.len() - 1
                });
                let mut labels = sample.labels.clone();
                labels.sort_unstable();
                let next = panel.answers.len() as u32;
                let answer = *numbers.entry(labels).or_insert_with_key(|labels| {
                    panel.answers.push(labels.clone());
                    next
                });
                let ratings = &mut panel.ratings[column];
                if ratings.len() <= row {
                    ratings.resize(row + 1, UNRATED);
                }
                panel.again += u64::from(ratings[row] != UNRATED);
                ratings[row] = answer;
            }
            if columns.is_empty() {
                // Who answered nothing is there, too.
                panel.person(file.name, file.name);
            }
            if panel.people.len() > MAX_PEOPLE {
                return Err(AnnotationError::TooManyPeople(file.name.to_owned()));
            }
        }
        let rows = panel.paths.len();
        panel.ratings.iter_mut().for_each(|ratings| ratings.resize(rows, UNRATED));
        Ok(panel)
    }

    /// A column for a person, with the file where another file has a person of that name.
    fn person(&mut self, name: &str, file: &str) -> usize {
        let mut whole = name.to_owned();
        let mut number = 1;
        while self.people.contains(&whole) {
            number += 1;
            let first = number == 2 && name != file;
            whole = if first { format!("{name} ({file})") } else { format!("{name} {number}") };
        }
        self.people.push(whole);
        self.ratings.push(Vec::new());
        self.people.len() - 1
    }

    fn slices(&self) -> Vec<&[u32]> {
        self.ratings.iter().map(Vec::as_slice).collect()
    }

    /// How many samples each person answered.
    pub fn answered(&self) -> Vec<u64> {
        let count = |ratings: &Vec<u32>| ratings.iter().filter(|answer| **answer != UNRATED).count() as u64;
        self.ratings.iter().map(count).collect()
    }

    /// Samples that two people or more answered.
    pub fn shared(&self) -> u64 {
        (0..self.paths.len()).filter(|row| self.answers_to(*row).nth(1).is_some()).count() as u64
    }

    /// Each person's answer to a sample, those who gave none left out.
    pub fn answers_to(&self, row: usize) -> impl Iterator<Item = (usize, &[String])> {
        let answers = self.ratings.iter().enumerate().map(move |(person, ratings)| (person, ratings[row]));
        let given = answers.filter(|(_, answer)| *answer != UNRATED);
        given.map(|(person, answer)| (person, self.answers[answer as usize].as_slice()))
    }

    /// An answer as a text.
    pub fn answer_text(&self, answer: u32) -> String {
        self.answers.get(answer as usize).map(|labels| labels.join(" + ")).unwrap_or_default()
    }

    /// Every two people with their confusion.
    pub fn pairs(&self, control: &Control) -> Result<Vec<(usize, usize, Confusion)>, Cancelled> {
        let all =
            (0..self.people.len()).flat_map(|one| (one + 1..self.people.len()).map(move |two| (one, two)));
        let pair = |(one, two): (usize, usize)| {
            control.checkpoint()?;
            Ok((one, two, Confusion::of(&self.ratings[one], &self.ratings[two])))
        };
        all.map(pair).collect()
    }

    pub fn fleiss(&self) -> Option<Fleiss> {
        agreement::fleiss(&self.slices())
    }

    pub fn alpha(&self) -> Option<Alpha> {
        agreement::krippendorff(&self.slices())
    }

    /// Samples on which people differ, the most disputed first.
    pub fn disputes(&self) -> Vec<Dispute> {
        agreement::disputes(&self.slices())
    }

    /// How far people agree on each class, in the order of letters.
    pub fn class_rows(&self) -> Vec<ClassRow> {
        let classes: BTreeSet<&String> = self.answers.iter().flatten().collect();
        let mut counts: BTreeMap<&str, Named> =
            classes.iter().map(|class| (class.as_str(), Named::default())).collect();
        let (mut samples, mut answers) = (0u64, 0u64);
        for row in 0..self.paths.len() {
            let given: Vec<&[String]> = self.answers_to(row).map(|(_, labels)| labels).collect();
            if given.len() < 2 {
                continue;
            }
            samples += 1;
            answers += given.len() as u64;
            let mut namings: BTreeMap<&str, u64> = BTreeMap::new();
            for label in given.iter().flat_map(|labels| labels.iter()) {
                *namings.entry(label).or_default() += 1;
            }
            for (class, count) in namings {
                if let Some(named) = counts.get_mut(class) {
                    named.add(count, given.len() as u64);
                }
            }
        }
        let row = |(class, named): (&str, Named)| ClassRow {
            class: class.to_owned(),
            named: named.named,
            agreement: named.agreement(),
            alpha: if samples == 0 { None } else { named.alpha(answers) },
        };
        counts.into_iter().map(row).collect()
    }
}

/// How often a class was named, over samples with two answers or more.
#[derive(Clone, Copy, Debug, Default)]
struct Named {
    named: u64,
    /// Pairs of answers to a sample that both name it, and namings times the other answers: both counted one way.
    both: u64,
    either: u64,
    /// Σ k(m − k) / (m − 1), with k of m answers naming it.
    apart: f64,
}

impl Named {
    fn add(&mut self, count: u64, answers: u64) {
        self.named += count;
        self.both += count * (count - 1);
        self.either += count * (answers - 1);
        self.apart += (count * (answers - count)) as f64 / (answers - 1) as f64;
    }

    /// The share of namings that another answer's meets: the specific agreement of J. L. Fleiss, *Statistical Methods
    /// for Rates and Proportions*, 1981, chapter 13, over all pairs of people.
    fn agreement(&self) -> Option<f64> {
        (self.either > 0).then(|| self.both as f64 / self.either as f64)
    }

    /// Krippendorff's alpha of naming it or not, of so many answers.
    fn alpha(&self, answers: u64) -> Option<f64> {
        let (named, all) = (self.named as f64, answers as f64);
        let expected = named * (all - named);
        // 1 − D_o / D_e, with D_o = 2 Σ apart / n and D_e = 2 named (n − named) / (n (n − 1)).
        (expected > 0.0).then(|| 1.0 - self.apart * (all - 1.0) / expected)
    }
}

/// What samples meet by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key<'a> {
    Path(&'a str),
    Content([u8; 16]),
}

impl<'a> Key<'a> {
    fn of(sample: &'a Annotated, by: MatchBy) -> Option<Self> {
        match by {
            MatchBy::Path | MatchBy::Either => Some(Self::Path(sample.path.trim_start_matches("./"))),
            MatchBy::Content => sample.content.map(Self::Content),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `path label+label @person #content`.
    fn said(lines: &[&str]) -> Annotations {
        let sample = |line: &&str| {
            let mut words = line.split(' ');
            let path = words.next().unwrap().to_owned();
            let mut sample = Annotated { path, ..Annotated::default() };
            for word in words {
                if let Some(person) = word.strip_prefix('@') {
                    sample.by = person.to_owned();
                } else if let Some(content) = word.strip_prefix('#') {
                    sample.content = Some([content.parse().unwrap(); 16]);
                } else {
                    sample.labels = word.split('+').map(str::to_owned).collect();
                }
            }
            sample
        };
        Annotations::of_samples(lines.iter().map(sample).collect())
    }

    fn panel(files: &[(&str, &Annotations)], by: MatchBy) -> Panel {
        let told: Vec<Told<'_>> =
            files.iter().map(|(name, annotations)| Told { name, annotations }).collect();
        Panel::of(&told, by).unwrap()
    }

    #[test]
    fn people_are_named_by_their_answers_or_by_their_file() {
        let one = said(&["1 cat @Ada", "2 cat @Ada", "1 dog @Grace", "3"]);
        let two = said(&["./1 cat", "2 dog+cat", "2 cat+dog"]);
        let three = said(&["1 cat @Ada"]);
        let panel = panel(&[("one", &one), ("two", &two), ("three", &three)], MatchBy::Path);
        assert_eq!(panel.people, ["Ada", "Grace", "two", "Ada (three)"]);
        assert_eq!(panel.paths, ["1", "2"]);
        assert_eq!(panel.ratings, [[0, 0], [1, UNRATED], [0, 2], [0, UNRATED]]);
        assert_eq!(panel.answers, [vec!["cat"], vec!["dog"], vec!["cat", "dog"]]);
        assert_eq!((panel.again, panel.shared(), panel.answered()), (1, 2, vec![2, 1, 2, 1]));
    }

    #[test]
    fn more_people_than_can_be_compared_are_refused() {
        let of = |people: usize| {
            let lines: Vec<String> = (0..people).map(|at| format!("1 cat @p{at}")).collect();
            let annotations = said(&lines.iter().map(String::as_str).collect::<Vec<_>>());
            let told = [Told { name: "all", annotations: &annotations }];
            Panel::of(&told, MatchBy::Path).map(|panel| panel.people.len()).map_err(|error| error.to_string())
        };
        assert_eq!(of(MAX_PEOPLE), Ok(MAX_PEOPLE));
        assert!(of(MAX_PEOPLE + 1).unwrap_err().contains("1000 people"));
    }

    #[test]
    fn samples_meet_by_content_whatever_they_are_called() {
        let one = said(&["a/1 cat #1", "a/2 cat"]);
        let two = said(&["b/9 dog #1"]);
        let panel = panel(&[("one", &one), ("two", &two)], MatchBy::Content);
        assert_eq!((panel.paths.len(), panel.left_out), (1, 1));
        assert_eq!(panel.disputes().len(), 1);
    }

    #[test]
    fn a_report_has_the_figures_of_the_answers() {
        // The ten units of Krippendorff's first example, as labels: α = 0.095.
        let of = |answers: &str| {
            let lines: Vec<String> =
                answers.chars().enumerate().map(|(at, answer)| format!("{at} {answer}")).collect();
            said(&lines.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let (one, two) = (of("0100000010"), of("1110010000"));
        let panel = panel(&[("one", &one), ("two", &two)], MatchBy::Path);
        let report = AgreementReport::of(&panel, &Control::new()).unwrap();
        let alpha = report.alpha.unwrap().alpha.unwrap();
        assert!((alpha - 0.095).abs() < 5e-4, "{alpha}");
        // Of two answers each is the other's opposite.
        for class in &report.classes {
            assert!((class.alpha.unwrap() - alpha).abs() < 1e-12, "{class:?}");
        }
        // Both say 0 five times, of 14; both say 1 once, of 6.
        let agreements: Vec<f64> = report.classes.iter().map(|class| class.agreement.unwrap()).collect();
        assert!((agreements[0] - 10.0 / 14.0).abs() < 1e-12, "{agreements:?}");
        assert!((agreements[1] - 2.0 / 6.0).abs() < 1e-12, "{agreements:?}");
        assert_eq!((report.disputes.len(), report.pairs[0].samples), (4, 10));
        assert!((report.pairs[0].observed - 0.6).abs() < 1e-12);
    }
}
