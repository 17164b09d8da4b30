//! From stages to what shaders do: steps, what they are told, and which of them are done together.
//!
//! A step of a tile reads the tile that the step before has left. It begins with a gather, which looks at
//! other pixels, and then does any number of operations on pixels by themselves. So a stage that looks around
//! and all those after it that do not are one step. This file refuses to know devices; the numbers here are
//! those of `shaders/augment`.

use std::collections::BTreeMap;

use super::stages::Compiler;
use super::{Job, Place};
use crate::augment::stage::Size;

/// Pixels of a tile at most: sums of values over a tile fit 32 bits twice.
pub const MOST_PIXELS: u64 = 1 << 22;

/// Words of all programs at most.
const MOST_WORDS: usize = 1 << 25;

/// Steps of one tile at most.
const MOST_STEPS: u32 = 4096;

/// Which pipeline does a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind {
    pub entry: Entry,
    /// What a pixel is made from: a constant of `gather.wgsl`.
    pub gather: u32,
    /// The operations on pixels by themselves that are known to it, a bit for each: the constants of
    /// `points.wgsl`.
    pub operations: u32,
    /// Whether a neighbourhood may be wider than the tile.
    pub is_wide: bool,
    /// The map of a warp: a number of `gather.wgsl`.
    pub map: u32,
}

/// Which function of the shaders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entry {
    Gather,
    WholeTile,
    PartsOfTile,
    Blocks,
}

impl Kind {
    pub fn of(entry: Entry) -> Self {
        Self { entry, gather: gather::COPY, operations: 0, is_wide: false, map: 0 }
    }
}

/// How operations on pixels by themselves are put into steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fusing {
    /// As many as come one after the other, by pipelines that know many of them: for graphics devices, which
    /// skip what is not done.
    Chains,
    /// Those of one kind, by pipelines that know nothing else: for processors that play graphics devices.
    /// Their drivers do all that might be done and leave out the results.
    Kinds,
}

/// What is done to some tiles.
#[derive(Debug)]
pub struct Program {
    pub words: Vec<u32>,
    /// Words of memory that it needs.
    pub memory: usize,
    /// Which sources are copied to where in the memory, in pixels.
    pub copies: Vec<(usize, u32)>,
    pub dispatches: Vec<Dispatch>,
    /// Where the results are.
    pub results: Vec<Place>,
}

/// Steps of several tiles that are done at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dispatch {
    pub kind: Kind,
    /// Where in the words their list is.
    pub list: u32,
    pub groups: [u32; 3],
}

/// The program of these jobs. `None` where the shaders cannot do it: a tile or all of them are too large, or
/// a job asks for something that it cannot have.
pub fn compile(sources: &[Place], jobs: &[Job], fusing: Fusing, most_memory: u64) -> Option<Program> {
    let mut draft = Draft::default();
    for job in jobs {
        for at in job.partners.iter().copied().flatten().chain([job.source]) {
            let place = sources.get(at)?;
            if place.pixels() > MOST_PIXELS {
                return None;
            }
            draft.copied(at, place.pixels() as usize);
        }
    }
    let held: BTreeMap<usize, u32> = draft.copies.iter().copied().collect();
    let source = |at: usize| Place { first: held[&at], ..sources[at] };
    let mut results = Vec::with_capacity(jobs.len());
    for job in jobs {
        let partners: Vec<Option<Place>> = job.partners.iter().map(|at| at.map(source)).collect();
        let compiler = Compiler::new(&mut draft, source(job.source), &partners, fusing);
        results.push(compiler.compile(job.stages)?);
        draft.free.clear();
        if draft.words.len() > MOST_WORDS || 4 * draft.memory as u64 > most_memory {
            return None;
        }
    }
    Some(draft.finish(results))
}

/// A program that is being written.
#[derive(Debug, Default)]
pub struct Draft {
    words: Vec<u32>,
    memory: usize,
    copies: Vec<(usize, u32)>,
    /// When it is done, by what, where its step is in the words, and how many groups of threads it takes.
    steps: Vec<(u32, Kind, u32, [u32; 2])>,
    /// Memory of the tile that is not used any more.
    free: Vec<Span>,
}

/// A part of the memory, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub first: u32,
    pub words: usize,
}

/// What is told to a shader of a step.
#[derive(Clone, Copy, Debug, Default)]
pub struct Step {
    pub before: u32,
    pub after: u32,
    pub size_before: Size,
    pub size_after: Size,
    pub is_grey: bool,
    pub told: u32,
    pub operations: u32,
    pub count: u32,
    pub scratch: u32,
}

/// Pixels of a thread: beside each other where rows are summed, and else one below the other.
pub const RUN: u32 = 4;

/// Sides of a workgroup of `gather`.
const GROUP: Size = [16, 8];

impl Draft {
    fn copied(&mut self, source: usize, pixels: usize) {
        if !self.copies.iter().any(|(at, _)| *at == source) {
            let span = self.new_span(pixels);
            self.copies.push((source, span.first));
        }
    }

    /// Writes words; says where they are.
    pub fn put(&mut self, words: impl IntoIterator<Item = u32>) -> u32 {
        let at = self.words.len();
        self.words.extend(words);
        at as u32
    }

    /// Words that come after this are put here.
    pub fn next(&self) -> u32 {
        self.words.len() as u32
    }

    fn new_span(&mut self, words: usize) -> Span {
        let first = self.memory as u32;
        self.memory = self.memory.saturating_add(words);
        Span { first, words }
    }

    /// Memory for so many words. What is there is of no use.
    pub fn take(&mut self, words: usize) -> Span {
        // A table would keep the place of a whole tile from others.
        let fits = |span: &Span| span.words >= words && span.words / 4 <= words;
        match self.free.iter().position(fits) {
            Some(at) => self.free.swap_remove(at),
            None => self.new_span(words),
        }
    }

    /// Gives memory back once the steps so far are done.
    pub fn give_back(&mut self, span: Span) {
        self.free.push(span);
    }

    /// A step that is done at this time. `None` where a tile has too many.
    pub fn step(&mut self, time: u32, kind: Kind, step: Step, groups: [u32; 2]) -> Option<()> {
        let Step { before, after, size_before, size_after, is_grey, told, operations, count, scratch } = step;
        let [a, b] = [size_before, size_after];
        let at = self.put([
            before,
            after,
            a[0],
            a[1],
            b[0],
            b[1],
            u32::from(is_grey),
            told,
            operations,
            count,
            scratch,
        ]);
        self.steps.push((time, kind, at, groups));
        (time < MOST_STEPS && groups.iter().all(|count| *count <= 65_535)).then_some(())
    }

    /// A gather for each pixel.
    pub fn gather(&mut self, time: u32, kind: Kind, step: Step) -> Option<()> {
        let run = match kind.gather {
            gather::ROWS => [RUN, 1],
            _ => [1, RUN],
        };
        let groups = [0, 1].map(|side| step.size_after[side].div_ceil(GROUP[side] * run[side]));
        self.step(time, kind, step, groups)
    }

    fn finish(self, results: Vec<Place>) -> Program {
        let Self { mut words, memory, copies, mut steps, .. } = self;
        // In turn; of those at the same time, the ones of a pipeline together.
        steps.sort_by_key(|(time, kind, ..)| (*time, *kind));
        let mut dispatches = Vec::new();
        for together in steps.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            // No more tiles than groups may be counted.
            for part in together.chunks(65_535) {
                let list = words.len() as u32;
                words.extend(part.iter().map(|step| step.2));
                let most = |side: usize| part.iter().map(|step| step.3[side]).max().unwrap_or(0);
                dispatches.push(Dispatch {
                    kind: part[0].1,
                    list,
                    groups: [most(0), most(1), part.len() as u32],
                });
            }
        }
        Program { words, memory, copies, dispatches, results }
    }
}

/// What a pixel is made from.
pub mod gather {
    pub const COPY: u32 = 0;
    pub const EXACT: u32 = 1;
    pub const NEAREST: u32 = 2;
    pub const BILINEAR: u32 = 3;
    pub const BICUBIC: u32 = 4;
    pub const ROWS: u32 = 5;
    pub const COLUMNS: u32 = 6;
    pub const FULL: u32 = 7;
    pub const MEDIAN: u32 = 8;
    pub const RESIZE_ROWS: u32 = 9;
    pub const RESIZE_COLUMNS: u32 = 10;
    pub const CHOSEN: u32 = 11;
    pub const CLAHE: u32 = 12;
    pub const JPEG: u32 = 13;
}

/// What is done to a pixel by itself.
pub mod operation {
    pub const LUT: u32 = 1;
    pub const TABLE: u32 = 2;
    pub const MATRIX: u32 = 3;
    pub const HSV: u32 = 4;
    pub const NORMAL: u32 = 5;
    pub const FACTOR: u32 = 6;
    pub const SHOT: u32 = 7;
    pub const ISO: u32 = 8;
    pub const REPLACE: u32 = 9;
    pub const ERASE: u32 = 10;
    pub const FOG: u32 = 11;
    pub const STREAKS: u32 = 12;
    pub const SHADOW: u32 = 13;
    pub const VIGNETTE: u32 = 14;
    pub const FLARE: u32 = 15;
    pub const WEIGHTED: u32 = 16;
    pub const PASTED: u32 = 17;
    pub const ADD: u32 = 18;
    pub const SUM: u32 = 19;
    pub const LINEAR: u32 = 20;

    /// A pipeline knows nothing but a gather, or these, or all: a few pipelines are made, and few of them are
    /// slow.
    pub const USUAL: u32 = 1 << LUT
        | 1 << TABLE
        | 1 << MATRIX
        | 1 << HSV
        | 1 << NORMAL
        | 1 << ERASE
        | 1 << WEIGHTED
        | 1 << PASTED;
    pub const ALL: u32 = (1 << (LINEAR + 1)) - 2;
}

/// Statistics of a whole tile.
pub mod statistic {
    pub const EQUALIZE: u32 = 0;
    pub const AUTOCONTRAST: u32 = 1;
    pub const CONTRAST: u32 = 2;
    pub const MEAN: u32 = 3;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::random::Key;
    use crate::augment::stage::{Convolve, Noise, NoiseKind, Stage, Tone};

    fn program(jobs: &[&[Stage]], fusing: Fusing) -> Option<Program> {
        let place = Place { first: 0, size: [20, 10], channels: 3 };
        let jobs: Vec<Job> = jobs.iter().map(|stages| Job { source: 0, stages, partners: &[] }).collect();
        compile(&[place], &jobs, fusing, 1 << 20)
    }

    #[test]
    fn what_looks_around_and_what_comes_after_is_one_step() {
        let table = || Stage::Lut(Box::new([std::array::from_fn(|value| 255 - value as u8); 3]));
        let hsv = || Stage::Hsv { hue: 0.1, saturation: [1.0, 0.0], value: [1.0, 0.0] };
        let kind = NoiseKind::Normal { mean: 0.0, deviation: 5.0, per_channel: true };
        let noise = || Stage::Noise(Noise { key: Key([1, 2]), kind });
        let median = || Stage::Median { radius: 1 };
        let blur = || Stage::Convolve(Convolve::Separable(vec![0.25, 0.5, 0.25]));
        let contrast = || Stage::Tone(Tone::Contrast { factor: 2.0 });
        let rows: [(&[Stage], usize, usize); 7] = [
            (&[], 0, 0),
            (&[table(), hsv(), noise()], 1, 3),
            (&[median(), table(), hsv()], 1, 2),
            (&[table(), table(), median()], 2, 2),
            // Rows and columns, and then what is done to their sums.
            (&[blur(), noise(), hsv()], 2, 3),
            // The statistics, and what is done by them.
            (&[contrast(), hsv()], 2, 3),
            (&[Stage::Blend(vec![(0.5, vec![]), (0.5, vec![median()])]), hsv()], 2, 3),
        ];
        for (stages, chains, kinds) in rows {
            for (fusing, expected) in [(Fusing::Chains, chains), (Fusing::Kinds, kinds)] {
                let found = program(&[stages], fusing).unwrap().dispatches.len();
                assert_eq!(found, expected, "{fusing:?}: {stages:?}");
            }
        }
    }

    #[test]
    fn tiles_are_done_together_where_a_pipeline_does_them() {
        let median = [Stage::Median { radius: 1 }];
        let jpeg = [Stage::Jpeg { quality: 50, subsampled: true }];
        let program = program(&[&median, &jpeg, &median], Fusing::Chains).unwrap();
        let tiles = |dispatch: &Dispatch| (dispatch.kind.entry, dispatch.groups[2]);
        let found: Vec<_> = program.dispatches.iter().map(tiles).collect();
        // Luma and two of chroma are planes of their own.
        assert_eq!(found, [(Entry::Gather, 2), (Entry::Blocks, 3), (Entry::Gather, 1)]);
        // A source is there once; memory of one tile is not another one's.
        assert_eq!(program.copies.len(), 1);
        assert_eq!(program.memory, 200 + 200 + (600 + 200) + 200);
    }

    #[test]
    fn there_are_bounds() {
        let wide = [Stage::Median { radius: 500 }];
        assert!(program(&[&wide], Fusing::Chains).is_none());
        let blurs = vec![Stage::Median { radius: 1 }; 8];
        let many = vec![&blurs[..]; 2000];
        assert!(program(&many[..10], Fusing::Chains).is_some() && program(&many, Fusing::Chains).is_none());
    }
}
