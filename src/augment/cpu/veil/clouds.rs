//! Fog: four octaves of value noise.

use super::Cover;
use crate::augment::random::Key;

/// Octaves; each one has half the scale and half the weight of the one before.
const OCTAVES: u32 = 4;

/// `density · cloud(x, y)`, the cloud from 0 to 1.
///
/// An octave has a value for each node of a lattice, uniform from 0 to 1 (the upper 24 bits of the first
/// number of `key.child(octave)` at the node's column and row), and between nodes `3t² − 2t³` of the way from
/// one to the next, along the columns and along the rows. A pixel's middle at (x, y) is at (x, y) / scale.
pub struct Clouds {
    octaves: Vec<Octave>,
}

/// An octave of fog by its numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Layer {
    pub key: Key,
    pub weight: f32,
    /// One by the scale in pixels.
    pub over: f32,
}

/// The octaves of fog of this density, the first one of `scale` pixels.
pub(crate) fn layers(key: Key, density: f32, scale: f32) -> impl Iterator<Item = Layer> {
    let total: f32 = (0..OCTAVES).map(|octave| 1.0 / (1u32 << octave) as f32).sum();
    (0..OCTAVES).map(move |octave| {
        let part = 1.0 / (1u32 << octave) as f32;
        // Finer than pixels there is nothing to be seen.
        let over = 1.0 / (scale * part).max(1.0);
        Layer { key: key.child(octave), weight: density * part / total, over }
    })
}

struct Octave {
    key: Key,
    weight: f32,
    over: f32,
    /// Of each column of the picture, how far between nodes it is.
    way: Vec<f32>,
    /// Where each node's columns of the picture begin, and after the last one where they end.
    starts: Vec<usize>,
    /// The values of the two rows of nodes around, and which rows they are.
    nodes: [Vec<f32>; 2],
    row: Option<u32>,
}

impl Clouds {
    pub fn new(key: Key, density: f32, scale: f32, [width, _]: [usize; 2]) -> Self {
        Self { octaves: layers(key, density, scale).map(|layer| Octave::new(layer, width)).collect() }
    }
}

impl Octave {
    fn new(Layer { key, weight, over }: Layer, width: usize) -> Self {
        let mut way = Vec::with_capacity(width);
        let mut starts = vec![0];
        for x in 0..width {
            let place = (x as f32 + 0.5) * over;
            while starts.len() <= place as usize {
                starts.push(x);
            }
            way.push(smooth(place - place.floor()));
        }
        starts.push(width);
        let nodes = [vec![0.0; starts.len()], vec![0.0; starts.len()]];
        Self { key, weight, over, way, starts, nodes, row: None }
    }

    fn fill(&mut self, row: u32) {
        let Self { key, nodes: [above, below], row: before, .. } = self;
        let values = |nodes: &mut [f32], row: u32| {
            for (column, node) in (0..).zip(nodes) {
                *node = (key.at(column, row)[0] >> 8) as f32 * (1.0 / 16_777_216.0);
            }
        };
        if *before == Some(row) {
            return;
        }
        values(above, row);
        values(below, row + 1);
        *before = Some(row);
    }
}

impl Cover for Clouds {
    #[inline(always)]
    fn row(&mut self, y: usize, cover: &mut [f32]) -> std::ops::Range<usize> {
        cover.fill(0.0);
        for octave in &mut self.octaves {
            let place = (y as f32 + 0.5) * octave.over;
            octave.fill(place as u32);
            let down = smooth(place - place.floor());
            let [above, below] = &octave.nodes;
            let mut left = above[0] + (below[0] - above[0]) * down;
            for (node, ends) in octave.starts.windows(2).enumerate() {
                let right = above[node + 1] + (below[node + 1] - above[node + 1]) * down;
                let (part, way) = (&mut cover[ends[0]..ends[1]], &octave.way[ends[0]..ends[1]]);
                for (cover, way) in part.iter_mut().zip(way) {
                    *cover += octave.weight * (left + (right - left) * way);
                }
                left = right;
            }
        }
        0..cover.len()
    }
}

#[inline(always)]
fn smooth(part: f32) -> f32 {
    part * part * (3.0 - 2.0 * part)
}
