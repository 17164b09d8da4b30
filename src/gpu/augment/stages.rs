//! Stage by stage, the steps that do it.

use super::program::{
    Draft, Entry, Fusing, Kind, MOST_PIXELS, RUN, Span, Step, gather, operation, statistic,
};
use super::{Place, jpeg, resize, veil};
use crate::augment::cpu::clahe::{limit, tile_sides};
use crate::augment::cpu::colour::Fixed;
use crate::augment::cpu::filter::is_even_mean;
use crate::augment::cpu::tone::cut_off;
use crate::augment::cpu::warp::exact::Exact;
use crate::augment::cpu::warp::places::{per_square_pixel, steps};
use crate::augment::stage::{
    Between, Convolve, Erase, Fill, Filter, How, Interpolation, Map, Mix, Noise, NoiseKind, Paint, Resize,
    Size, Stage, Tone, Warp, within,
};

/// Parts that are looked through for every pixel, at most; more of them become a bit for each pixel.
const MOST_PARTS: usize = 12;

/// The widest neighbourhood of a median: what is counted fits 16 bits.
const MOST_RADIUS: u32 = 120;

/// How far a warp may move pixels as they are.
const FARTHEST: i64 = 1 << 21;

/// The steps of one tile.
pub struct Compiler<'a> {
    draft: &'a mut Draft,
    partners: std::slice::Iter<'a, Option<Place>>,
    fusing: Fusing,
    /// When the next step is done.
    time: u32,
    channels: u8,
    tile: Tile,
    /// A step that more operations may come to.
    pending: Option<Pending>,
    /// Memory that is not used any more once that step is done.
    later: Vec<Span>,
}

/// What a step leaves.
#[derive(Clone, Copy)]
struct Tile {
    span: Span,
    size: Size,
    /// It is read again later.
    is_kept: bool,
}

struct Pending {
    gather: u32,
    told: u32,
    size: Size,
    scratch: u32,
    is_wide: bool,
    map: u32,
    operations: Vec<u32>,
    count: u32,
    /// A bit for each kind.
    kinds: u32,
}

impl<'a> Compiler<'a> {
    pub fn new(draft: &'a mut Draft, source: Place, partners: &'a [Option<Place>], fusing: Fusing) -> Self {
        let span = Span { first: source.first, words: source.pixels() as usize };
        let tile = Tile { span, size: source.size, is_kept: true };
        let partners = partners.iter();
        let later = Vec::new();
        Self { draft, partners, fusing, time: 0, channels: source.channels, tile, pending: None, later }
    }

    /// Where the result is.
    pub fn compile(mut self, stages: &[Stage]) -> Option<Place> {
        self.stages(stages)?;
        self.flush()?;
        Some(Place { first: self.tile.span.first, size: self.tile.size, channels: self.channels })
    }

    fn is_grey(&self) -> bool {
        self.channels < 3
    }

    /// The size as it is now.
    fn size(&self) -> Size {
        self.pending.as_ref().map_or(self.tile.size, |pending| pending.size)
    }

    fn pixels(&self) -> usize {
        self.size()[0] as usize * self.size()[1] as usize
    }

    fn stages(&mut self, stages: &[Stage]) -> Option<()> {
        stages.iter().try_for_each(|stage| self.stage(stage))
    }

    fn stage(&mut self, stage: &Stage) -> Option<()> {
        match stage {
            Stage::Warp(warp) => self.warp(warp),
            Stage::Resize(resize) => self.resize(resize),
            Stage::Lut(tables) => self.lut(tables),
            Stage::Matrix(rows) => self.matrix(rows),
            Stage::Hsv { hue, saturation, value } => self.hsv(*hue, *saturation, *value),
            Stage::Tone(tone) => self.tone(*tone),
            Stage::Clahe { clip, tiles } => self.clahe(*clip, *tiles),
            Stage::Convolve(convolve) => self.convolve(convolve, [0.0, -1.0]),
            Stage::Median { radius: 0 } => Some(()),
            Stage::Median { radius } if *radius > MOST_RADIUS => None,
            Stage::Median { radius } => {
                let told = self.draft.put([*radius]);
                self.neighbours(gather::MEDIAN, told, *radius)
            }
            Stage::Unsharp { blur, amount, threshold } => self.convolve(blur, [*amount, threshold.max(0.0)]),
            Stage::Noise(noise) => self.noise(noise),
            Stage::Erase(erase) => self.erase(erase),
            Stage::Jpeg { quality, subsampled } => self.jpeg(*quality, *subsampled),
            Stage::Veil(veil) => {
                let size = self.size();
                let words = veil::words(self.draft, veil, size, self.channels)?;
                self.operate(words[0], &words[1..])
            }
            Stage::Blend(parts) => self.blend(parts),
            Stage::Mix(mix) => self.mix(mix),
        }
    }

    /// Begins a step.
    fn gather(&mut self, gather: u32, told: u32, size: Size) -> Option<()> {
        self.flush()?;
        let is_possible =
            size[0] > 0 && size[1] > 0 && u64::from(size[0]) * u64::from(size[1]) <= MOST_PIXELS;
        let operations = Vec::new();
        let pending = Pending {
            gather,
            told,
            size,
            scratch: 0,
            is_wide: false,
            map: 0,
            operations,
            count: 0,
            kinds: 0,
        };
        self.pending = is_possible.then_some(pending);
        is_possible.then_some(())
    }

    /// Begins a step that looks so far around.
    fn neighbours(&mut self, gather: u32, told: u32, radius: u32) -> Option<()> {
        let size = self.size();
        self.gather(gather, told, size)?;
        self.pending.as_mut()?.is_wide = is_wide(size, radius);
        Some(())
    }

    /// Does something to pixels by themselves.
    fn operate(&mut self, kind: u32, told: &[u32]) -> Option<()> {
        let is_alone = |pending: &Pending| pending.kinds & !(1 << kind) == 0;
        let is_fitting = self.fusing == Fusing::Chains || self.pending.as_ref().is_none_or(is_alone);
        if self.pending.is_none() || !is_fitting {
            let size = self.size();
            self.gather(gather::COPY, 0, size)?;
        }
        let pending = self.pending.as_mut()?;
        pending.operations.push(kind | (told.len() as u32 + 1) << 8);
        pending.operations.extend_from_slice(told);
        pending.count += 1;
        pending.kinds |= 1 << kind;
        Some(())
    }

    fn numbers(&mut self, kind: u32, told: &[f32]) -> Option<()> {
        let told: Vec<u32> = told.iter().map(|number| number.to_bits()).collect();
        self.operate(kind, &told)
    }

    /// Has the pending step done.
    fn flush(&mut self) -> Option<()> {
        let Some(pending) = self.pending.take() else { return Some(()) };
        let pixels = pending.size[0] as usize * pending.size[1] as usize;
        let span = self.draft.take(pixels);
        let operations = self.draft.put(pending.operations.iter().copied());
        let step = Step {
            before: self.tile.span.first,
            after: span.first,
            size_before: self.tile.size,
            size_after: pending.size,
            is_grey: self.is_grey(),
            told: pending.told,
            operations,
            count: pending.count,
            scratch: pending.scratch,
        };
        let operations = match self.fusing {
            Fusing::Kinds => pending.kinds,
            _ if pending.kinds == 0 => 0,
            _ if pending.kinds & !operation::USUAL == 0 => operation::USUAL,
            _ => operation::ALL,
        };
        let Pending { gather, is_wide, map, .. } = pending;
        let kind = Kind { entry: Entry::Gather, gather, operations, is_wide, map };
        self.draft.gather(self.time, kind, step)?;
        self.time += 1;
        self.drop_tile();
        self.later.drain(..).for_each(|span| self.draft.give_back(span));
        self.tile = Tile { span, size: pending.size, is_kept: false };
        Some(())
    }

    fn drop_tile(&mut self) {
        if !self.tile.is_kept {
            self.draft.give_back(self.tile.span);
        }
    }

    /// A step that leaves something in the memory and the tile as it is.
    fn beside(&mut self, kind: Kind, told: u32, scratch: u32, groups: [u32; 2]) -> Option<()> {
        debug_assert!(self.pending.is_none(), "the tile is there");
        let (before, size) = (self.tile.span.first, self.tile.size);
        let is_grey = self.is_grey();
        let step =
            Step { before, size_before: size, size_after: size, is_grey, told, scratch, ..Step::default() };
        self.draft.step(self.time, kind, step, groups)
    }

    fn warp(&mut self, warp: &Warp) -> Option<()> {
        let window = within(warp.window, self.size());
        let (fill, colour) = match warp.fill {
            Fill::Constant(colour) => (0, self.colour(colour) | 0xff00_0000),
            Fill::Edge => (1, 0),
            Fill::Reflect => (2, 0),
            Fill::Wrap => (3, 0),
        };
        let head = [fill, colour].into_iter().chain(window);
        if let Some(Exact(rows)) = Exact::of(&warp.map) {
            if rows.as_flattened().iter().any(|number| number.abs() > FARTHEST) {
                return None;
            }
            let map = rows.as_flattened().iter().map(|number| *number as i32 as u32);
            let told = self.draft.put(head.chain(map));
            return self.gather(gather::EXACT, told, warp.size);
        }
        let (kind, map): (u32, Vec<u32>) = match &warp.map {
            Map::Projective(rows) => {
                let is_affine = rows[2] == [0.0, 0.0, 1.0];
                (u32::from(!is_affine), rows.as_flattened().iter().map(|number| number.to_bits()).collect())
            }
            Map::Lattice(lattice) => {
                let nodes = [lattice.columns, lattice.rows];
                let steps = steps(lattice, warp.size);
                let is_smooth = u32::from(lattice.between == Between::Smooth);
                let shifts = lattice.shifts.as_flattened().iter().map(|number| number.to_bits());
                (
                    2,
                    [nodes[0], nodes[1], is_smooth]
                        .into_iter()
                        .chain(steps.map(f32::to_bits))
                        .chain(shifts)
                        .collect(),
                )
            }
            Map::Radial { centre, k } => {
                let numbers = [centre[0], centre[1], k[0], k[1], per_square_pixel(warp.size)];
                (3, numbers.map(f32::to_bits).to_vec())
            }
        };
        let told = self.draft.put(head.chain(map));
        let way = match warp.interpolation {
            Interpolation::Nearest => gather::NEAREST,
            Interpolation::Bilinear => gather::BILINEAR,
            Interpolation::Bicubic => gather::BICUBIC,
        };
        self.gather(way, told, warp.size)?;
        self.pending.as_mut()?.map = kind;
        Some(())
    }

    /// A colour as a pixel without alpha: of a grey one, its luma.
    fn colour(&self, colour: [u8; 3]) -> u32 {
        colour_word(colour, self.channels)
    }

    fn resize(&mut self, resize: &Resize) -> Option<()> {
        let size = self.size();
        let [left, top, width, height] = within(resize.window, size);
        let to = resize.size;
        if to == [width, height] {
            let map = [1, 0, 0, 0, 1, 0];
            let told = self.draft.put([1, 0, left, top, width, height].into_iter().chain(map));
            return self.gather(gather::EXACT, told, to);
        }
        if resize.filter == Filter::Nearest {
            let columns = resize::nearest_columns(width, to[0]).into_iter().map(|x| x + left);
            let rows = resize::nearest_rows(height, to[1]).into_iter().map(|y| y + top);
            let told = self.draft.put(columns.chain(rows));
            return self.gather(gather::CHOSEN, told, to);
        }
        // Columns first, as the processor does, which has 8 bits in between.
        let (mut left, mut top) = (left, top);
        let mut stride = size[0];
        if to[1] != height {
            let told = resize::put(self.draft, left, resize::weights(resize.filter, height, to[1]), top);
            self.gather(gather::RESIZE_COLUMNS, told, [width, to[1]])?;
            (left, top, stride) = (0, 0, width);
        }
        if to[0] != width {
            let told =
                resize::put(self.draft, top * stride, resize::weights(resize.filter, width, to[0]), left);
            self.gather(gather::RESIZE_ROWS, told, to)?;
        }
        Some(())
    }

    fn lut(&mut self, tables: &[[u8; 256]; 3]) -> Option<()> {
        let is_one = self.is_grey() || (tables[0] == tables[1] && tables[1] == tables[2]);
        let count = if is_one { 1 } else { 3 };
        let words =
            tables[..count].as_flattened().as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes));
        let told = self.draft.put(words);
        self.operate(operation::LUT, &[told, if is_one { 0 } else { 64 }])
    }

    fn matrix(&mut self, rows: &[[f32; 4]; 3]) -> Option<()> {
        if self.is_grey() {
            return Some(());
        }
        let Some(fixed) = Fixed::new(rows) else {
            return self.numbers(operation::LINEAR, rows.as_flattened());
        };
        let factors = fixed.factors.as_flattened();
        let numbers = fixed.sums.iter().chain(factors).map(|number| i32::from(*number) as u32);
        let told: Vec<u32> = numbers.chain([fixed.fraction]).collect();
        self.operate(operation::MATRIX, &told)
    }

    fn hsv(&mut self, hue: f32, saturation: [f32; 2], value: [f32; 2]) -> Option<()> {
        if self.is_grey() {
            let level = |v: usize| (v as f32 * value[0] + value[1] * 255.0).clamp(0.0, 255.0);
            let table = std::array::from_fn(|v| level(v).round_ties_even() as u8);
            return self.lut(&[table; 3]);
        }
        let sixths = (hue - hue.floor()) * 6.0;
        self.numbers(operation::HSV, &[sixths, saturation[0], saturation[1], value[0], value[1] * 255.0])
    }

    fn tone(&mut self, tone: Tone) -> Option<()> {
        let told = match tone {
            Tone::Equalize => [statistic::EQUALIZE, 0],
            Tone::Autocontrast { cutoff } => {
                [statistic::AUTOCONTRAST, cut_off(self.pixels() as u64, cutoff) as u32]
            }
            Tone::Contrast { factor } => [statistic::CONTRAST, factor.to_bits()],
        };
        let tables = self.statistic(told, 192)?;
        self.operate(operation::TABLE, &[tables.first])
    }

    /// What is known of the whole tile, so many words of it.
    fn statistic(&mut self, told: [u32; 2], words: usize) -> Option<Span> {
        self.flush()?;
        let found = self.draft.take(words);
        let told = self.draft.put(told);
        self.beside(Kind::of(Entry::WholeTile), told, found.first, [1, 1])?;
        self.time += 1;
        self.later.push(found);
        Some(found)
    }

    fn clahe(&mut self, clip: f32, tiles: [u32; 2]) -> Option<()> {
        self.flush()?;
        let size = self.size();
        let tiles = [0, 1].map(|side| tiles[side].clamp(1, size[side]));
        let sides = tile_sides(size, tiles);
        let limit = if clip > 0.0 { limit(clip, sides[0] * sides[1]) } else { 0 };
        let tables = self.draft.take(64 * tiles[0] as usize * tiles[1] as usize);
        let told = self.draft.put([tiles[0], tiles[1], sides[0], sides[1], tables.first, limit]);
        self.beside(Kind::of(Entry::PartsOfTile), told, 0, [tiles[0].checked_mul(tiles[1])?, 1])?;
        self.time += 1;
        self.gather(gather::CLAHE, told, size)?;
        self.later.push(tables);
        Some(())
    }

    /// `sharpening` is amount and threshold; a threshold below 0 is none.
    fn convolve(&mut self, convolve: &Convolve, sharpening: [f32; 2]) -> Option<()> {
        let [amount, threshold] = sharpening.map(f32::to_bits);
        match convolve {
            Convolve::Separable(weights) => {
                self.flush()?;
                let radius = weights.len() as u32 / 2;
                // Whole numbers are summed where all weights are the same.
                let is_mean = is_even_mean(weights);
                let factor: f32 = if is_mean { 1.0 / (weights.len() * weights.len()) as f32 } else { 1.0 };
                let weights = weights.iter().map(|weight| if is_mean { 1.0 } else { *weight }.to_bits());
                let head = [weights.len() as u32, factor.to_bits(), amount, threshold];
                let none = std::iter::repeat_n(0, RUN as usize - 1);
                let told = self.draft.put(head.into_iter().chain(none.clone()).chain(weights).chain(none));
                let sums = self.draft.take(3 * self.pixels());
                let (before, size, is_grey) = (self.tile.span.first, self.tile.size, self.is_grey());
                let scratch = sums.first;
                let step = Step {
                    before,
                    size_before: size,
                    size_after: size,
                    is_grey,
                    told,
                    scratch,
                    ..Step::default()
                };
                let is_wide = is_wide(size, radius);
                let kind = Kind { gather: gather::ROWS, is_wide, ..Kind::of(Entry::Gather) };
                self.draft.gather(self.time, kind, step)?;
                self.time += 1;
                self.neighbours(gather::COLUMNS, told, radius)?;
                self.pending.as_mut()?.scratch = scratch;
                self.later.push(sums);
            }
            Convolve::Full { side, weights, plus } => {
                let radius = (*side / 2) as i32;
                let present = (0i32..).zip(weights).filter(|(_, weight)| **weight != 0.0);
                let taps = present.flat_map(|(at, weight)| {
                    let [x, y] = [at % *side as i32 - radius, at / *side as i32 - radius];
                    [x as u32, y as u32, weight.to_bits()]
                });
                let taps: Vec<u32> = taps.collect();
                let head = [taps.len() as u32 / 3, plus.to_bits(), amount, threshold];
                let told = self.draft.put(head.into_iter().chain(taps));
                self.neighbours(gather::FULL, told, radius as u32)?;
            }
        }
        Some(())
    }

    fn noise(&mut self, noise: &Noise) -> Option<()> {
        let [first, second] = noise.key.0;
        let (kind, told): (u32, [u32; 4]) = match noise.kind {
            NoiseKind::Normal { mean, deviation, per_channel } => {
                (operation::NORMAL, [mean.to_bits(), deviation.to_bits(), u32::from(per_channel), 0])
            }
            NoiseKind::Factor { low, high, per_channel } => {
                (operation::FACTOR, [low.to_bits(), (high - low).to_bits(), u32::from(per_channel), 0])
            }
            NoiseKind::Shot { scale } => (operation::SHOT, [scale.to_bits(), 0, 0, 0]),
            NoiseKind::Iso { colour, intensity } => {
                (operation::ISO, [colour.to_bits(), intensity.to_bits(), 0, 0])
            }
            NoiseKind::SaltAndPepper { salt, pepper } => {
                (operation::REPLACE, [salt.to_bits(), 0xff_ffff, (salt + pepper).to_bits(), 0])
            }
            NoiseKind::Dropout { part, colour } => {
                let colour = self.colour(colour);
                (operation::REPLACE, [part.to_bits(), colour, part.to_bits(), colour])
            }
        };
        self.operate(kind, &[first, second, told[0], told[1], told[2], told[3]])
    }

    fn erase(&mut self, erase: &Erase) -> Option<()> {
        let paint = match erase.with {
            Paint::Colour(colour) => [0, self.colour(colour), 0],
            Paint::Noise(key) => [1, key.0[0], key.0[1]],
            Paint::Mean => [2, self.statistic([statistic::MEAN, 0], 1)?.first, 0],
        };
        let size = self.size();
        let (count, parts) = if erase.parts.len() <= MOST_PARTS && !erase.parts.is_empty() {
            (erase.parts.len() as u32, self.draft.put(erase.parts.as_flattened().iter().copied()))
        } else {
            (0, self.draft.put(bits(&erase.parts, size)))
        };
        self.operate(operation::ERASE, &[count, parts, paint[0], paint[1], paint[2]])
    }

    fn jpeg(&mut self, quality: u32, subsampled: bool) -> Option<()> {
        self.flush()?;
        let size = self.size();
        let coarse = if subsampled { size.map(|side| side.div_ceil(2)) } else { size };
        let pixels = |size: Size| size[0] * size[1];
        let planes = [(size, 0), (coarse, pixels(size)), (coarse, pixels(size) + pixels(coarse))];
        let count = if self.is_grey() { 1 } else { 3 };
        let scratch = self.draft.take(3 * self.pixels());
        for (plane, (plane_size, first)) in (0..).zip(&planes[..count]) {
            let head = [plane, u32::from(subsampled), plane_size[0], plane_size[1], *first];
            let told = self.draft.put(head.into_iter().chain(jpeg::tables(quality, plane > 0)));
            let blocks = plane_size[0].div_ceil(8) * plane_size[1].div_ceil(8);
            self.beside(Kind::of(Entry::Blocks), told, scratch.first, [blocks.div_ceil(8), 1])?;
        }
        self.time += 1;
        let told = self.draft.put([u32::from(subsampled)]);
        self.gather(gather::JPEG, told, size)?;
        self.pending.as_mut()?.scratch = scratch.first;
        self.later.push(scratch);
        Some(())
    }

    fn blend(&mut self, parts: &[(f32, Vec<Stage>)]) -> Option<()> {
        self.flush()?;
        let whole = self.tile;
        let sums = self.draft.take(4 * self.pixels());
        let (_, before_last) = parts.split_last()?;
        for (at, (weight, stages)) in parts.iter().enumerate() {
            self.tile = Tile { is_kept: true, ..whole };
            self.stages(stages)?;
            if self.size() != whole.size {
                return None;
            }
            let told = [sums.first, weight.to_bits(), u32::from(at == 0)];
            if at == before_last.len() {
                self.operate(operation::SUM, &told)?;
            } else {
                self.operate(operation::ADD, &told)?;
                self.flush()?;
                self.drop_tile();
            }
        }
        self.later.push(sums);
        if !whole.is_kept {
            self.later.push(whole.span);
        }
        Some(())
    }

    fn mix(&mut self, mix: &Mix) -> Option<()> {
        // What the job says of the partner; without one, the stage does nothing.
        let Some(partner) = self.partners.next()? else { return Some(()) };
        if partner.size != self.size() || partner.channels != self.channels {
            return None;
        }
        let first = partner.first;
        match mix.how {
            How::Weighted { own } => self.operate(operation::WEIGHTED, &[first, own.to_bits()]),
            How::Pasted([left, top, width, height]) => {
                self.operate(operation::PASTED, &[first, left, top, width, height])
            }
        }
    }
}

/// A colour as a pixel without alpha: of a grey one, its luma.
pub fn colour_word([r, g, b]: [u8; 3], channels: u8) -> u32 {
    let [r, g, b] = [r, g, b].map(u32::from);
    if channels > 2 {
        return r | g << 8 | b << 16;
    }
    ((r * 19_595 + g * 38_470 + b * 7_471 + 0x8000) >> 16) * 0x01_0101
}

/// Whether mirrors are seen in mirrors.
fn is_wide(size: Size, radius: u32) -> bool {
    size[0].min(size[1]) < radius + RUN
}

/// A bit for each pixel: whether it is in a part.
fn bits(parts: &[[u32; 4]], [width, height]: Size) -> Vec<u32> {
    let mut words = vec![0u32; (width as usize * height as usize).div_ceil(32)];
    for [left, top, part_width, part_height] in parts {
        for y in *top..(top + part_height).min(height) {
            let row = y as usize * width as usize;
            for at in row + *left as usize..row + (left + part_width).min(width) as usize {
                words[at / 32] |= 1 << (at % 32);
            }
        }
    }
    words
}
