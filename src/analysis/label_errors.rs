//! Labels that are likely wrong: the neighbours of a sample agree on another class.
//!
//! The probability of a class is the part of a sample's neighbours that have it, the nearer ones counting
//! more, drawn towards how frequent the class is. The sample itself never votes, and neither do its
//! near-copies, which would agree with whatever label it has: the probabilities are out of fold.
//!
//! Confident learning (C. Northcutt, L. Jiang and I. Chuang, "Confident Learning: Estimating Uncertainty
//! in Dataset Labels", JAIR 70, 2021) estimates how many labels are wrong: a sample belongs to class *j*
//! where its probability is at least the mean probability of *j* over the samples that are labelled *j*.
//! Those that belong to another class than they are labelled are counted, and so many with the lowest
//! margin are flagged. The margin is (1 + *p* of the label − the largest other *p*) / 2.

use rayon::prelude::*;

use super::neighbours::Neighbours;

/// Not a class.
pub const NO_CLASS: u32 = u32::MAX;
/// Votes that the frequency of the classes counts as.
const PRIOR: f32 = 0.5;

/// What the neighbours say of each row's label.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelErrors {
    /// The margin, 0 to 1, low where another class is likelier; NaN without a label or neighbours.
    pub margins: Vec<f32>,
    /// The likeliest class, or [`NO_CLASS`].
    pub likeliest: Vec<u32>,
    /// The margin under which labels are likely wrong.
    pub threshold: f32,
    /// How many labels confident learning takes for wrong.
    pub wrong: usize,
}

impl LabelErrors {
    /// `labels` has the class of each row, or [`NO_CLASS`] where it has none or several, and `classes`
    /// their number. Neighbours nearer than the squared distance `near` are copies and do not vote.
    pub fn of(neighbours: &Neighbours, labels: &[u32], classes: usize, near: f64) -> Self {
        let rows = neighbours.place_of.len().min(labels.len());
        let mut counts = vec![0u32; classes];
        labels
            .iter()
            .filter(|class| (**class as usize) < classes)
            .for_each(|class| counts[*class as usize] += 1);
        let labelled = counts.iter().sum::<u32>().max(1) as f32;
        let prior: Vec<f32> = counts.iter().map(|count| *count as f32 / labelled).collect();
        let votes = Votes { neighbours, labels, prior: &prior, near };

        // The mean probability of each class over those that are labelled so.
        let own: Vec<f32> = (0..rows)
            .into_par_iter()
            .map(|row| match prior.get(labels[row] as usize) {
                Some(_) => votes.of(row).map_or(f32::NAN, |votes| votes.probability(labels[row])),
                None => f32::NAN,
            })
            .collect();
        let (mut sums, mut known) = (vec![0.0f64; classes], vec![0u32; classes]);
        for (own, class) in own.iter().zip(labels).filter(|(own, _)| !own.is_nan()) {
            sums[*class as usize] += f64::from(*own);
            known[*class as usize] += 1;
        }
        let usual: Vec<f32> =
            sums.iter().zip(&known).map(|(sum, known)| (sum / f64::from((*known).max(1))) as f32).collect();

        let judged: Vec<(f32, u32, bool)> = (0..rows)
            .into_par_iter()
            .map(|row| {
                let label = labels[row];
                let Some(votes) = votes.of(row) else { return (f32::NAN, NO_CLASS, false) };
                let likeliest = votes.likeliest(NO_CLASS).0;
                if label as usize >= classes {
                    return (f32::NAN, likeliest, false);
                }
                let margin = (1.0 + votes.probability(label) - votes.likeliest(label).1) / 2.0;
                let belongs = votes.belongs_to(&usual);
                (margin, likeliest, belongs.is_some_and(|class| class != label))
            })
            .collect();
        let wrong = judged.iter().filter(|(.., is_wrong)| *is_wrong).count();
        let mut margins: Vec<f32> =
            judged.iter().map(|(margin, ..)| *margin).filter(|margin| !margin.is_nan()).collect();
        margins.sort_unstable_by(f32::total_cmp);
        // Never where the label is the likeliest class.
        let threshold = margins.get(wrong).copied().unwrap_or(0.5).min(0.5);
        let (margins, likeliest) = judged.into_iter().map(|(margin, class, _)| (margin, class)).unzip();
        Self { margins, likeliest, threshold, wrong }
    }
}

/// Who votes for which class.
struct Votes<'a> {
    neighbours: &'a Neighbours,
    labels: &'a [u32],
    prior: &'a [f32],
    near: f64,
}

/// The votes for one row.
struct Ballot<'a> {
    /// Classes that have a vote, and their votes.
    votes: Vec<(u32, f32)>,
    total: f32,
    prior: &'a [f32],
}

impl<'a> Votes<'a> {
    /// The votes for a row; `None` where nobody votes.
    fn of(&self, row: usize) -> Option<Ballot<'a>> {
        let mut ballot = Ballot { votes: Vec::new(), total: 0.0, prior: self.prior };
        let voters = self.neighbours.near(row).filter(|(_, squared)| f64::from(*squared) >= self.near);
        for (rank, (other, _)) in voters.enumerate() {
            let class = self.labels.get(other as usize).copied().unwrap_or(NO_CLASS);
            if class as usize >= self.prior.len() {
                continue;
            }
            let weight = 1.0 / (1.0 + 0.25 * rank as f32);
            match ballot.votes.iter_mut().find(|(known, _)| *known == class) {
                Some((_, votes)) => *votes += weight,
                None => ballot.votes.push((class, weight)),
            }
            ballot.total += weight;
        }
        (ballot.total > 0.0).then_some(ballot)
    }
}

impl Ballot<'_> {
    fn probability(&self, class: u32) -> f32 {
        let votes = self.votes.iter().find(|(known, _)| *known == class).map_or(0.0, |(_, votes)| *votes);
        (votes + PRIOR * self.prior[class as usize]) / (self.total + PRIOR)
    }

    /// The likeliest class but for one, and its probability. Without a vote a class is none.
    fn likeliest(&self, but: u32) -> (u32, f32) {
        let others = self.votes.iter().filter(|(class, _)| *class != but);
        let probable = others.map(|(class, _)| (*class, self.probability(*class)));
        // Of equal ones the lower class.
        probable.fold((NO_CLASS, 0.0), |best, other| match best.1.total_cmp(&other.1) {
            std::cmp::Ordering::Less => other,
            std::cmp::Ordering::Equal if other.0 < best.0 => other,
            _ => best,
        })
    }

    /// The class that it is confidently of, if there is one.
    fn belongs_to(&self, usual: &[f32]) -> Option<u32> {
        let confident = self.votes.iter().map(|(class, _)| (*class, self.probability(*class)));
        let confident = confident.filter(|(class, probability)| *probability >= usual[*class as usize]);
        confident.max_by(|one, two| one.1.total_cmp(&two.1).then(two.0.cmp(&one.0))).map(|(class, _)| class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::whiten::Whitened;
    use crate::jobs::Control;

    /// Two clusters on a line, one after the other.
    fn clusters() -> Neighbours {
        let at = |place: usize| {
            let mut row = [0; 128];
            row[0] = if place < 12 { place as i8 } else { 80 + place as i8 };
            row
        };
        let rows: Vec<Whitened> = (0..24).map(at).collect();
        let rows: Vec<Option<&Whitened>> = rows.iter().map(Some).collect();
        Neighbours::of(&rows, 5, &Control::new()).unwrap()
    }

    #[test]
    fn a_label_that_no_neighbour_has_comes_first() {
        let neighbours = clusters();
        let mut labels: Vec<u32> = (0..24).map(|row| u32::from(row >= 12)).collect();
        (labels[5], labels[20], labels[3]) = (1, 0, NO_CLASS);
        let found = LabelErrors::of(&neighbours, &labels, 2, 0.0);
        let flagged: Vec<usize> = (0..24).filter(|row| found.margins[*row] < found.threshold).collect();
        assert_eq!((flagged, found.wrong), (vec![5, 20], 2));
        assert!(found.margins[3].is_nan() && found.likeliest[3] == 0);
        assert_eq!((found.likeliest[5], found.likeliest[20]), (0, 1));
        let known = found.margins.iter().filter(|margin| !margin.is_nan());
        assert!(known.clone().all(|margin| (0.0..=1.0).contains(margin)));
    }

    #[test]
    fn copies_do_not_vote_and_without_votes_nothing_is_said() {
        let neighbours = clusters();
        let labels = vec![0; 24];
        let nobody = LabelErrors::of(&neighbours, &labels, 1, f64::INFINITY);
        assert!(nobody.margins.iter().all(|margin| margin.is_nan()));
        assert_eq!((nobody.wrong, nobody.likeliest[0]), (0, NO_CLASS));
        let all = LabelErrors::of(&neighbours, &labels, 1, 0.0);
        assert_eq!(all.wrong, 0);
        assert!(LabelErrors::of(&Neighbours::default(), &[], 0, 0.0).margins.is_empty());
    }
}
