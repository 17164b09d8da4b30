//! The graph of nearest neighbours in both directions, and labels that spread over it.

use std::collections::VecDeque;

use super::Answer;
use crate::analysis::neighbours::{NONE, Neighbours};
use crate::jobs::{Cancelled, Control};

/// Who is a neighbour of whom, by places of [`Neighbours`]: rows that are copies of each other are one place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    place_of: Vec<u32>,
    first: Vec<u32>,
    /// Where the neighbours of each place begin, and one more.
    starts: Vec<u32>,
    /// Places, with 2 where both name each other and 1 where one does.
    edges: Vec<(u32, f32)>,
    /// Sums of the weights of each place's edges.
    degrees: Vec<f32>,
    /// How dense it is around each place: the median of all mean squared distances to the neighbours, divided by its
    /// own, from 1/[`DENSEST`] to [`DENSEST`].
    typicality: Vec<f32>,
}

/// No place is called denser than this; copies would be infinitely so.
const DENSEST: f32 = 4.0;

/// What labels came to that were spread over the graph.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spread {
    /// The class with the most of each row's mass; [`NONE`] where none came.
    pub class: Vec<u32>,
    /// Its part of the mass, 0 to 1.
    pub share: Vec<f32>,
    /// All mass that came: how near the answers are.
    pub mass: Vec<f32>,
}

impl Graph {
    pub fn of(neighbours: &Neighbours) -> Self {
        let places = neighbours.first.len();
        let place = |row: u32| neighbours.place_of[row as usize];
        let mut pairs: Vec<(u32, u32)> = Vec::with_capacity(2 * neighbours.rows.len());
        for (from, near) in neighbours.rows.chunks(neighbours.each.max(1)).enumerate() {
            for to in near {
                pairs.push((from as u32, place(*to)));
                pairs.push((place(*to), from as u32));
            }
        }
        pairs.sort_unstable();
        let (mut starts, mut edges) = (vec![0u32; places + 1], Vec::new());
        for same in pairs.chunk_by(|one, two| one == two) {
            edges.push((same[0].1, same.len() as f32));
            starts[same[0].0 as usize + 1] += 1;
        }
        for at in 0..places {
            starts[at + 1] += starts[at];
        }
        let of = |at: usize| &edges[starts[at] as usize..starts[at + 1] as usize];
        let degrees = (0..places).map(|at| of(at).iter().map(|edge| edge.1).sum()).collect();
        let typicality = typicality(neighbours);
        let (place_of, first) = (neighbours.place_of.clone(), neighbours.first.clone());
        Self { place_of, first, starts, edges, degrees, typicality }
    }

    /// Rows of the dataset, with and without a description.
    pub fn rows(&self) -> usize {
        self.place_of.len()
    }

    /// How dense it is around a row, 1 being usual; 0 where it has no description.
    pub fn typicality(&self, row: usize) -> f32 {
        match self.place_of.get(row) {
            Some(place) if *place != NONE => self.typicality[*place as usize],
            _ => 0.0,
        }
    }

    /// The first row of each place, ascending.
    pub(super) fn first(&self) -> &[u32] {
        &self.first
    }

    pub(super) fn place_of(&self) -> &[u32] {
        &self.place_of
    }

    /// The neighbours of a place with their weights.
    pub(super) fn edges(&self, place: usize) -> &[(u32, f32)] {
        &self.edges[self.starts[place] as usize..self.starts[place + 1] as usize]
    }

    pub(super) fn degree(&self, place: usize) -> f32 {
        self.degrees[place]
    }

    /// Spreads the classes of answers to the rows around them: `(1 − α) (I − α D^−½ A D^−½)⁻¹ Y` with α 0.95 (D. Zhou et
    /// al., "Learning with Local and Global Consistency", NIPS 2003), where A is this graph and D its degrees.
    ///
    /// It is found by pushing what has not arrived from place to place until at most 10⁻⁴ of a degree is left at each
    /// (R. Andersen, F. Chung and K. Lang, "Local Graph Partitioning using PageRank Vectors", FOCS 2006): what an
    /// answer costs does not depend on how many rows there are. An answered row keeps what it has from others.
    pub fn spread(&self, answers: &[Answer], classes: usize, control: &Control) -> Result<Spread, Cancelled> {
        const ALPHA: f32 = 0.95;
        const LEFT: f32 = 1e-4;
        let places = self.first.len();
        let (mut best, mut all) = (vec![(NONE, 0.0f32); places], vec![0.0f32; places]);
        let (mut arrived, mut waiting) = (vec![0.0f32; places], vec![0.0f32; places]);
        for class in 0..classes as u32 {
            control.checkpoint()?;
            arrived.fill(0.0);
            waiting.fill(0.0);
            let mut queue = VecDeque::new();
            let mut is_queued = vec![false; places];
            for answer in answers.iter().filter(|answer| answer.class == class) {
                let place = self.place_of.get(answer.row as usize).copied().unwrap_or(NONE);
                if place != NONE {
                    waiting[place as usize] += self.degrees[place as usize].max(1.0).sqrt();
                    if !std::mem::replace(&mut is_queued[place as usize], true) {
                        queue.push_back(place as usize);
                    }
                }
            }
            while let Some(place) = queue.pop_front() {
                is_queued[place] = false;
                let mass = std::mem::take(&mut waiting[place]);
                arrived[place] += (1.0 - ALPHA) * mass;
                let part = ALPHA * mass / self.degrees[place].max(1.0);
                for (to, weight) in self.edges(place) {
                    let to = *to as usize;
                    waiting[to] += part * weight;
                    if waiting[to] > LEFT * self.degrees[to] && !std::mem::replace(&mut is_queued[to], true) {
                        queue.push_back(to);
                    }
                }
            }
            for (place, mass) in arrived.iter().enumerate() {
                // By the root of the degree, as the symmetric form has it.
                let mass = mass / self.degrees[place].max(1.0).sqrt();
                all[place] += mass;
                if mass > best[place].1 {
                    best[place] = (class, mass);
                }
            }
        }
        let mut spread = Spread::default();
        for place in &self.place_of {
            let known = (*place != NONE).then_some(*place as usize).filter(|place| all[*place] > 0.0);
            let (class, mass) = known.map_or((NONE, 0.0), |place| best[place]);
            let whole = known.map_or(0.0, |place| all[place]);
            spread.class.push(class);
            spread.share.push(if whole > 0.0 { mass / whole } else { 0.0 });
            spread.mass.push(whole);
        }
        Ok(spread)
    }
}

fn typicality(neighbours: &Neighbours) -> Vec<f32> {
    let each = neighbours.each.max(1);
    let mean = |near: &[u32]| near.iter().map(|squared| f64::from(*squared)).sum::<f64>() / each as f64;
    let means: Vec<f32> = neighbours.distances.chunks(each).map(|near| mean(near) as f32).collect();
    let mut sorted = means.clone();
    sorted.sort_unstable_by(f32::total_cmp);
    let Some(median) = sorted.get(sorted.len() / 2) else { return vec![1.0; neighbours.first.len()] };
    means.iter().map(|mean| (median / mean.max(1.0)).clamp(1.0 / DENSEST, DENSEST)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Drawn;
    use super::*;
    use crate::analysis::whiten::{AXES, Whitened};

    fn answer(row: u32, class: u32) -> Answer {
        Answer { row, class, drawn: Drawn::Chosen }
    }

    /// Two lines of points, far from each other, a copy of the first and a row without a description.
    fn lines() -> Graph {
        let point = |line: usize, at: usize| -> Whitened {
            std::array::from_fn(|axis| if axis == line { 100 } else { i8::from(axis == at + 2) * 20 })
        };
        let mut points: Vec<Option<Whitened>> = (0..24).map(|row| Some(point(row % 2, row / 2))).collect();
        points.push(points[0]);
        points.push(None);
        assert!(points.len() < AXES);
        let rows: Vec<Option<&Whitened>> = points.iter().map(Option::as_ref).collect();
        Graph::of(&Neighbours::of(&rows, 5, &Control::new()).unwrap())
    }

    #[test]
    fn edges_go_both_ways() {
        let graph = lines();
        for place in 0..24 {
            for (to, weight) in graph.edges(place) {
                let back = graph.edges(*to as usize).iter().find(|edge| edge.0 as usize == place);
                assert_eq!(back.map(|edge| edge.1), Some(*weight));
                assert_eq!(*to as usize % 2, place % 2, "lines are apart");
            }
            assert!(graph.degree(place) >= 5.0);
        }
        assert_eq!((graph.rows(), graph.typicality(25)), (26, 0.0));
        assert_eq!(graph.typicality(0), graph.typicality(24));
    }

    #[test]
    fn an_answer_spreads_to_what_hangs_together_with_it_and_no_further() {
        let graph = lines();
        let spread = graph.spread(&[answer(0, 1), answer(3, 0)], 2, &Control::new()).unwrap();
        for row in 0..24 {
            assert_eq!(spread.class[row], 1 - row as u32 % 2, "{row}");
            assert_eq!(spread.share[row], 1.0);
        }
        assert_eq!((spread.class[24], spread.class[25]), (1, NONE));
        let none = graph.spread(&[answer(25, 0)], 1, &Control::new()).unwrap();
        assert!(none.class.iter().all(|class| *class == NONE));
        let control = Control::new();
        control.cancel();
        assert_eq!(graph.spread(&[answer(0, 0)], 1, &control), Err(Cancelled));
    }
}
