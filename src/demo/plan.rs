//! Who is who: each sample's class, label, split, fault and original, before anything is drawn.
//!
//! Counts are exact (quotas over shuffled orders), so that 2 % means 2 %. The plan takes eight
//! bytes a sample, and everything else about a sample follows from (seed, sample).

use super::face::CLASSES;
use super::fault::{Fault, Treatment};
use super::random::{Purpose, Stream};

/// Names of the splits, which are folders.
pub const SPLITS: [&str; 3] = ["train", "val", "test"];

/// Stands for "no label" in the column of labels.
const UNLABELLED: u8 = u8::MAX;
/// Stands for "no original".
const ORIGINAL: u32 = u32::MAX;

/// An image file's encoding and the name that it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding {
    /// JPEG of that quality, or PNG.
    pub jpeg_quality: Option<u8>,
    pub extension: &'static str,
}

/// A line of `truth.csv` beyond what the sample itself says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub fault: Fault,
    /// The original of a copy.
    pub of: Option<u32>,
    pub detail: String,
}

/// The columns.
pub struct Plan {
    seed: u64,
    class: Vec<u8>,
    label: Vec<u8>,
    split: Vec<u8>,
    /// The fault in the file or picture; label and split faults follow from the other columns.
    fault: Vec<Option<Fault>>,
    original: Vec<u32>,
    /// Digits of a file's number.
    digits: usize,
}

impl Plan {
    /// The plan for so many samples.
    pub fn new(samples: u32, seed: u64) -> Self {
        let count = samples as usize;
        let mut plan = Self {
            seed,
            class: vec![0; count],
            label: Vec::new(),
            split: (0..samples).map(|at| draw_split(seed, at)).collect(),
            fault: vec![None; count],
            original: vec![ORIGINAL; count],
            digits: samples.saturating_sub(1).to_string().len().max(6),
        };
        plan.deal_classes();
        plan.label = plan.class.clone();
        let order = plan.order(Purpose::FaultOrder);
        let free = plan.deal_faults(&order);
        let copies = (0..samples).filter(|&at| plan.fault[at as usize].is_some_and(Fault::is_copy)).collect();
        let (leaks, doubles) = plan.deal_copies(copies);
        // Copies under two labels are wrongly labelled too and count among those.
        let wrong = Fault::WrongLabel.count(samples).saturating_sub(doubles.len() as u32) as usize;
        let wrong = &order[free..][..wrong.min(count - free)];
        for &sample in wrong {
            plan.label[sample as usize] = plan.other_label(sample);
        }
        plan.deal_missing_labels(&doubles, wrong);
        plan.find_originals(&leaks, &doubles);
        plan
    }

    /// Number of samples.
    pub fn samples(&self) -> u32 {
        self.class.len() as u32
    }

    /// Path below the dataset's folder, `/`-separated.
    pub fn path(&self, sample: u32) -> String {
        let (split, number) = (self.split(sample), format!("{sample:0width$}", width = self.digits));
        let extension = self.encoding(sample).extension;
        match self.label(sample) {
            Some(label) => format!("{split}/{}/{number}.{extension}", class_name(label)),
            None => format!("{split}/{number}.{extension}"),
        }
    }

    /// The class whose letter is to be drawn.
    pub fn class(&self, sample: u32) -> usize {
        usize::from(self.class[sample as usize])
    }

    /// The class that a person sees, if the file shows any letter.
    pub fn shown(&self, sample: u32) -> Option<usize> {
        let hidden = matches!(self.fault[sample as usize], Some(Fault::NearlyEmpty | Fault::Empty));
        (!hidden).then(|| self.class(sample))
    }

    /// The folder it lies in.
    pub fn label(&self, sample: u32) -> Option<usize> {
        let label = self.label[sample as usize];
        (label != UNLABELLED).then_some(usize::from(label))
    }

    pub fn split(&self, sample: u32) -> &'static str {
        SPLITS[usize::from(self.split[sample as usize])]
    }

    /// The sample whose picture is drawn: its own, or a copy's original.
    pub fn drawn(&self, sample: u32) -> u32 {
        self.original(sample).unwrap_or(sample)
    }

    /// What is done to the sample.
    pub fn treatment(&self, sample: u32) -> Treatment {
        Treatment::new(self.fault[sample as usize], &mut self.stream(sample, Purpose::Fault))
    }

    /// How the file is encoded and what it is called.
    pub fn encoding(&self, sample: u32) -> Encoding {
        let mut stream = self.stream(sample, Purpose::Encoding);
        let own = if stream.percent(60) { Some(stream.range(76, 94) as u8) } else { None };
        let jpeg_quality = match (self.fault[sample as usize], self.original(sample)) {
            (Some(Fault::IdenticalCopy), Some(original)) => self.encoding(original).jpeg_quality,
            (Some(Fault::ReencodedCopy), Some(original)) => match self.encoding(original).jpeg_quality {
                Some(_) if stream.percent(40) => None,
                _ => Some(stream.range(36, 62) as u8),
            },
            _ => own,
        };
        let named_jpeg = jpeg_quality.is_some() != (self.fault[sample as usize] == Some(Fault::Misnamed));
        Encoding { jpeg_quality, extension: if named_jpeg { "jpg" } else { "png" } }
    }

    /// Everything that is wrong with a sample on purpose.
    pub fn findings(&self, sample: u32) -> Vec<Finding> {
        let mut findings = Vec::new();
        let original = self.original(sample);
        let mut add = |fault, of, detail| findings.push(Finding { fault, of, detail });
        if let Some(fault) = self.fault[sample as usize] {
            let detail = match (fault, self.encoding(sample).jpeg_quality) {
                (Fault::ReencodedCopy, Some(quality)) => format!("JPEG quality {quality}"),
                (Fault::ReencodedCopy, None) => "PNG".to_owned(),
                (Fault::Misnamed, Some(_)) => "content is JPEG".to_owned(),
                (Fault::Misnamed, None) => "content is PNG".to_owned(),
                _ => self.treatment(sample).to_string(),
            };
            add(fault, original, detail);
        }
        if let Some(original) = original {
            if self.split(original) != self.split(sample) {
                add(Fault::AcrossSplits, Some(original), format!("original in {}", self.split(original)));
            }
            if let (Some(label), Some(first)) = (self.label(sample), self.label(original))
                && label != first
            {
                add(Fault::TwoLabels, Some(original), format!("original under {}", class_name(first)));
            }
        }
        match (self.label(sample), self.shown(sample)) {
            (None, _) => add(Fault::MissingLabel, None, String::new()),
            (Some(label), Some(class)) if label != class => {
                add(Fault::WrongLabel, None, format!("shows {}", class_name(class)));
            }
            _ => {}
        }
        findings
    }

    /// The sample's numbers for one purpose.
    pub fn stream(&self, sample: u32, purpose: Purpose) -> Stream {
        Stream::new(self.seed, sample, purpose)
    }

    fn original(&self, sample: u32) -> Option<u32> {
        let original = self.original[sample as usize];
        (original != ORIGINAL).then_some(original)
    }

    /// All samples, shuffled.
    fn order(&self, purpose: Purpose) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.samples()).collect();
        self.stream(0, purpose).shuffle(&mut order);
        order
    }

    /// Zipf's law with exponent 1: the k-th class has a k-th of the first one's samples.
    fn deal_classes(&mut self) {
        let order = self.order(Purpose::ClassOrder);
        let whole: f64 = (1..=CLASSES).map(|rank| 1.0 / rank as f64).sum();
        let (mut from, mut share) = (0, 0.0);
        for class in 0..CLASSES {
            share += 1.0 / (class + 1) as f64 / whole;
            // Rounding must not leave the last sample without a class.
            let to = if class + 1 == CLASSES {
                order.len()
            } else {
                (share * order.len() as f64).round() as usize
            };
            for &sample in &order[from..to] {
                self.class[sample as usize] = class as u8;
            }
            from = to;
        }
    }

    /// Gives each fault of file or picture to so many of the order; where the rest of it begins.
    fn deal_faults(&mut self, order: &[u32]) -> usize {
        let mut next = 0;
        for fault in Fault::ALL {
            use Fault::{AcrossSplits, MissingLabel, TwoLabels, WrongLabel};
            if matches!(fault, AcrossSplits | TwoLabels | WrongLabel | MissingLabel) {
                continue;
            }
            let end = (next + fault.count(self.samples()) as usize).min(order.len());
            for &sample in &order[next..end] {
                self.fault[sample as usize] = Some(fault);
            }
            next = end;
        }
        next
    }

    /// Chooses which copies lie in another split and which under another label.
    fn deal_copies(&self, mut copies: Vec<u32>) -> (Vec<u32>, Vec<u32>) {
        self.stream(0, Purpose::CopyOrder).shuffle(&mut copies);
        let leaks = (Fault::AcrossSplits.count(self.samples()) as usize).min(copies.len());
        let mut doubles = copies.split_off(leaks);
        doubles.truncate(Fault::TwoLabels.count(self.samples()) as usize);
        (copies, doubles)
    }

    /// Takes labels away, but not the wrong ones.
    fn deal_missing_labels(&mut self, doubles: &[u32], wrong: &[u32]) {
        let mut kept = vec![false; self.label.len()];
        for &sample in doubles.iter().chain(wrong) {
            kept[sample as usize] = true;
        }
        let order = self.order(Purpose::LabelOrder);
        let missing = order.into_iter().filter(|&sample| !kept[sample as usize]);
        for sample in missing.take(Fault::MissingLabel.count(self.samples()) as usize) {
            self.label[sample as usize] = UNLABELLED;
        }
    }

    /// Gives every copy a faultless, labelled original of its class.
    fn find_originals(&mut self, leaks: &[u32], doubles: &[u32]) {
        let mut pools: [Vec<u32>; CLASSES] = Default::default();
        for sample in 0..self.samples() {
            let at = sample as usize;
            if self.fault[at].is_none() && self.label[at] == self.class[at] {
                pools[self.class(sample)].push(sample);
            }
        }
        for sample in 0..self.samples() {
            let at = sample as usize;
            if !self.fault[at].is_some_and(Fault::is_copy) {
                continue;
            }
            // In a tiny dataset a class may have none: then one of the next class that has some.
            let near = (0..CLASSES).map(|step| &pools[(self.class(sample) + step) % CLASSES]);
            let Some(pool) = near.into_iter().find(|pool| !pool.is_empty()) else {
                self.fault[at] = None;
                continue;
            };
            let original = self.stream(sample, Purpose::Original).pick(pool);
            self.original[at] = original;
            self.class[at] = self.class[original as usize];
            self.split[at] = self.split[original as usize];
            if self.label[at] != UNLABELLED {
                self.label[at] = self.class[at];
            }
        }
        let copied = |plan: &Self, sample: u32| plan.original(sample).is_some();
        for &sample in leaks {
            if copied(self, sample) {
                let step = 1 + self.stream(sample, Purpose::Split).below(2) as u8;
                self.split[sample as usize] = (self.split[sample as usize] + step) % SPLITS.len() as u8;
            }
        }
        for &sample in doubles {
            if copied(self, sample) {
                self.label[sample as usize] = self.other_label(sample);
            }
        }
    }

    /// Any label but the right one.
    fn other_label(&self, sample: u32) -> u8 {
        let step = 1 + self.stream(sample, Purpose::Label).below(CLASSES as u32 - 1) as u8;
        (self.class[sample as usize] + step) % CLASSES as u8
    }
}

/// The letter of a class.
pub fn class_name(class: usize) -> char {
    char::from(b'a' + class as u8)
}

/// 70 % train, 15 % val, 15 % test.
fn draw_split(seed: u64, sample: u32) -> u8 {
    match Stream::new(seed, sample, Purpose::Split).below(100) {
        0..70 => 0,
        70..85 => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn counts(plan: &Plan) -> BTreeMap<Fault, u32> {
        let mut counts = BTreeMap::new();
        for sample in 0..plan.samples() {
            for finding in plan.findings(sample) {
                *counts.entry(finding.fault).or_default() += 1;
            }
        }
        counts
    }

    #[test]
    fn every_fault_has_its_count_at_every_size() {
        for (samples, seed) in [(200, 1), (201, 9), (333, 5), (1000, 7), (3000, 1), (50_000, 2)] {
            let counts = counts(&Plan::new(samples, seed));
            for fault in Fault::ALL {
                let count = counts.get(&fault).copied().unwrap_or(0);
                assert_eq!(count, fault.count(samples), "{fault:?} of {samples}");
            }
        }
    }

    #[test]
    fn small_plans_hold_together() {
        for samples in 1..200 {
            let plan = Plan::new(samples, 4);
            for sample in 0..samples {
                let drawn = plan.drawn(sample);
                assert_eq!(plan.class(sample), plan.class(drawn));
                assert!(drawn == sample || plan.findings(drawn).is_empty());
            }
        }
    }

    #[test]
    fn classes_thin_out_and_splits_keep_their_shares() {
        let plan = Plan::new(30_000, 3);
        let mut classes = [0; CLASSES];
        let mut train = 0;
        for sample in 0..plan.samples() {
            classes[plan.class(sample)] += 1;
            train += u32::from(plan.split(sample) == "train");
        }
        assert!(classes.is_sorted_by(|more, fewer| more > fewer), "{classes:?}");
        assert_eq!((classes[0] as f64 / classes[9] as f64).round(), 10.0);
        assert!((20_400..21_600).contains(&train), "{train}");
    }

    #[test]
    fn copies_have_faultless_originals() {
        let plan = Plan::new(5000, 8);
        for sample in 0..plan.samples() {
            for finding in plan.findings(sample) {
                assert_eq!(
                    finding.of.is_some(),
                    finding.fault.is_copy()
                        || matches!(finding.fault, Fault::AcrossSplits | Fault::TwoLabels)
                );
                if let Some(original) = finding.of {
                    assert!(plan.findings(original).is_empty());
                }
            }
        }
    }
}
