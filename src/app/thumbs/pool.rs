//! Textures that thumbnails of all sizes share: pages of slots, a bounded number of them.
//!
//! A page holds thumbnails of one size. It refuses to know how thumbnails come to be.

use std::collections::HashMap;

use egui::{ColorImage, Context, Rect, TextureHandle, TextureOptions, Vec2, vec2};

use super::EDGES;
use crate::dataset::SampleId;
use crate::ui::Thumb;

/// A sample and an index into [`EDGES`].
pub(super) type Key = (SampleId, u8);

/// Side of a page in pixels: 4 MiB of texture, which are made within a millisecond.
const PAGE: u32 = 1024;

/// Pixels of small images stay pixels when enlarged.
const OPTIONS: TextureOptions = TextureOptions {
    magnification: egui::TextureFilter::Nearest,
    minification: egui::TextureFilter::Linear,
    wrap_mode: egui::TextureWrapMode::ClampToEdge,
    mipmap_mode: None,
};

/// What a thumbnail is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// It is on screen: all that is not on screen gives way to it.
    Visible,
    /// It may come on screen, or stands in there for another size: only what nobody asks for gives
    /// way to it.
    Ahead,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    key: Option<Key>,
    /// The frame in which it was last drawn for good.
    drawn: u64,
    /// The frame in which it was last drawn at all, or wanted ahead.
    asked: u64,
}

impl Slot {
    /// Whether it can be given up: it holds nothing, or what it holds was of no use in this frame
    /// and the one before.
    fn gives_way(&self, purpose: Use, frame: u64) -> bool {
        let last = if purpose == Use::Visible { self.drawn } else { self.asked };
        self.key.is_none() || last + 1 < frame
    }
}

struct Page {
    texture: TextureHandle,
    size: u8,
    slots: Vec<Slot>,
    /// Slots that hold nothing.
    empty: usize,
}

impl Page {
    /// Makes it a page for that size, with nothing in it.
    fn reset(&mut self, size: u8) {
        self.size = size;
        self.slots = vec![Slot::default(); per_page(size)];
        self.empty = self.slots.len();
    }
}

/// Where a thumbnail lies.
#[derive(Clone, Copy)]
struct Place {
    page: usize,
    slot: usize,
    /// Its own size in pixels.
    pixels: [u16; 2],
}

/// The pages and what lies in them.
pub(super) struct Pool {
    pages: Vec<Page>,
    most_pages: usize,
    there: HashMap<Key, Place>,
    /// Frames count from 2, so that a slot that was never used is an old one.
    frame: u64,
    /// Where the search for a slot goes on, so that those that were used lately come last.
    hand: usize,
}

/// How many more thumbnails of each size have a place.
pub(super) struct Room {
    /// By size, in pages that hold something in use.
    slots: [usize; EDGES.len()],
    /// Whole pages that any size can have.
    pages: usize,
}

impl Room {
    /// Takes a place for a thumbnail of that size; whether there was one.
    pub fn take(&mut self, size: u8) -> bool {
        if self.slots[size as usize] == 0 {
            // A size that has a page's worth of places to spare can do with a page less.
            let spare =
                || (0..EDGES.len() as u8).find(|other| self.slots[*other as usize] >= per_page(*other));
            if self.pages > 0 {
                self.pages -= 1;
                self.slots[size as usize] += per_page(size);
            } else if let Some(other) = spare() {
                self.slots[other as usize] -= per_page(other);
                self.slots[size as usize] += per_page(size);
            }
        }
        let slots = &mut self.slots[size as usize];
        let is_there = *slots > 0;
        *slots -= usize::from(is_there);
        is_there
    }
}

impl Pool {
    pub fn new(most_pages: usize) -> Self {
        Self { pages: Vec::new(), most_pages, there: HashMap::new(), frame: 2, hand: 0 }
    }

    /// What lies there, for drawing in this frame: for good, or in the place of another size.
    pub fn draw(&mut self, key: Key, purpose: Use) -> Option<Thumb> {
        let place = *self.there.get(&key)?;
        let page = &mut self.pages[place.page];
        let slot = &mut page.slots[place.slot];
        slot.asked = self.frame;
        if purpose == Use::Visible {
            slot.drawn = self.frame;
        }
        let min = corner(page.size, place.slot);
        let drawn = vec2(f32::from(place.pixels[0]), f32::from(place.pixels[1]));
        // Half a pixel in, so that filtering does not reach the neighbour's pixels.
        let inset = Vec2::splat(0.5).min(drawn * 0.25);
        let side = PAGE as f32;
        let uv =
            Rect::from_min_max(((min + inset) / side).to_pos2(), ((min + drawn - inset) / side).to_pos2());
        Some(Thumb { texture: page.texture.id(), uv, size: drawn })
    }

    pub fn has(&self, key: Key) -> bool {
        self.there.contains_key(&key)
    }

    /// Notes that a thumbnail is likely to be drawn soon; whether it is there.
    pub fn keep(&mut self, key: Key) -> bool {
        let Some(place) = self.there.get(&key) else { return false };
        self.pages[place.page].slots[place.slot].asked = self.frame;
        true
    }

    pub fn end_frame(&mut self) {
        self.frame += 1;
    }

    /// How many more thumbnails could be put in, by what they are for.
    pub fn room(&self, purpose: Use) -> Room {
        let mut room = Room { slots: [0; EDGES.len()], pages: self.most_pages - self.pages.len() };
        for page in &self.pages {
            let givers = page.slots.iter().filter(|slot| slot.gives_way(purpose, self.frame)).count();
            if givers == page.slots.len() {
                room.pages += 1;
            } else {
                room.slots[page.size as usize] += givers;
            }
        }
        room
    }

    /// Puts a thumbnail in, in the place of something of less use; not at all where there is
    /// nothing of less use.
    pub fn insert(&mut self, ctx: &Context, key: Key, image: ColorImage, purpose: Use) {
        if self.there.contains_key(&key) {
            return;
        }
        let Some((page, slot)) = self.place_for(ctx, key.1, purpose) else { return };
        let pixels = image.size.map(|side| side as u16);
        let at = corner(key.1, slot);
        let page_of = &mut self.pages[page];
        match page_of.slots[slot].key {
            Some(before) => drop(self.there.remove(&before)),
            None => page_of.empty -= 1,
        }
        let drawn = if purpose == Use::Visible { self.frame } else { 0 };
        page_of.slots[slot] = Slot { key: Some(key), drawn, asked: self.frame };
        page_of.texture.set_partial([at.x as usize, at.y as usize], image, OPTIONS);
        self.there.insert(key, Place { page, slot, pixels });
    }

    /// Drops a sample in every size.
    pub fn forget(&mut self, sample: SampleId) {
        for size in 0..EDGES.len() as u8 {
            if let Some(place) = self.there.remove(&(sample, size)) {
                let page = &mut self.pages[place.page];
                page.slots[place.slot] = Slot::default();
                page.empty += 1;
            }
        }
    }

    /// Drops everything; the pages stay for what comes next.
    pub fn clear(&mut self) {
        self.there.clear();
        for page in &mut self.pages {
            page.reset(page.size);
        }
    }

    /// A page and a slot in it to fill: an empty one, one of a new page, the next one that is of no
    /// use to anybody, one of a page of another size that is of no use, and for what is on screen
    /// also one that is only wanted ahead.
    fn place_for(&mut self, ctx: &Context, size: u8, purpose: Use) -> Option<(usize, usize)> {
        let with_room = |page: &Page| page.size == size && page.empty > 0;
        if let Some(at) = self.pages.iter().position(with_room) {
            return self.pages[at].slots.iter().position(|slot| slot.key.is_none()).map(|slot| (at, slot));
        }
        if self.pages.len() < self.most_pages {
            self.pages.push(page(ctx, size, self.pages.len()));
            return Some((self.pages.len() - 1, 0));
        }
        let uses = if purpose == Use::Visible { &[Use::Ahead, Use::Visible][..] } else { &[Use::Ahead] };
        for purpose in uses {
            let found = self.slot_of(size, *purpose);
            if let Some(place) = found.or_else(|| self.page_of_others(size, *purpose)) {
                return Some(place);
            }
        }
        (purpose == Use::Visible).then(|| self.scattered_page(size)).flatten()
    }

    /// Makes a page of another size one of this size where what is on screen of it has room in the other
    /// pages of its size, and is made again there: thumbnails in use may be scattered over more pages
    /// than they fill.
    fn scattered_page(&mut self, size: u8) -> Option<(usize, usize)> {
        let givers =
            |page: &Page| page.slots.iter().filter(|slot| slot.gives_way(Use::Visible, self.frame)).count();
        let mut to_spare = [0; EDGES.len()];
        for page in &self.pages {
            to_spare[page.size as usize] += givers(page);
        }
        let others = self
            .pages
            .iter()
            .enumerate()
            .filter(|(_, page)| page.size != size && to_spare[page.size as usize] >= per_page(page.size));
        let at = others.max_by_key(|(_, page)| givers(page)).map(|(at, _)| at)?;
        Some(self.give_page(at, size))
    }

    /// Makes a page one of another size.
    fn give_page(&mut self, at: usize, size: u8) -> (usize, usize) {
        let page = &mut self.pages[at];
        for key in page.slots.iter().filter_map(|slot| slot.key) {
            self.there.remove(&key);
        }
        page.reset(size);
        (at, 0)
    }

    /// The next slot of that size that gives way.
    fn slot_of(&mut self, size: u8, purpose: Use) -> Option<(usize, usize)> {
        let pages: Vec<usize> = (0..self.pages.len()).filter(|at| self.pages[*at].size == size).collect();
        let (each, count) = (per_page(size), per_page(size) * pages.len());
        let place = |step: usize| (pages[step / each], step % each);
        let found = (0..count).map(|step| (self.hand + step) % count).find(|at| {
            let (page, slot) = place(*at);
            self.pages[page].slots[slot].gives_way(purpose, self.frame)
        })?;
        self.hand = found + 1;
        Some(place(found))
    }

    /// Makes a page of another size, in which nothing is of use, one of this size. Of several the one
    /// that was of use last is left.
    fn page_of_others(&mut self, size: u8, purpose: Use) -> Option<(usize, usize)> {
        let frame = self.frame;
        let others = self.pages.iter().enumerate().filter(|(_, page)| {
            page.size != size && page.slots.iter().all(|slot| slot.gives_way(purpose, frame))
        });
        let last_use = |page: &Page| page.slots.iter().map(|slot| slot.asked).max();
        let at = others.min_by_key(|(_, page)| last_use(page)).map(|(at, _)| at)?;
        Some(self.give_page(at, size))
    }
}

fn page(ctx: &Context, size: u8, number: usize) -> Page {
    let blank = ColorImage::filled([PAGE as usize; 2], egui::Color32::TRANSPARENT);
    let texture = ctx.load_texture(format!("thumbnails-{number}"), blank, OPTIONS);
    let slots = vec![Slot::default(); per_page(size)];
    Page { texture, size, empty: slots.len(), slots }
}

fn per_side(size: u8) -> usize {
    (PAGE / EDGES[size as usize]) as usize
}

fn per_page(size: u8) -> usize {
    per_side(size) * per_side(size)
}

/// Top left corner of a slot in its page, in pixels.
fn corner(size: u8, slot: usize) -> Vec2 {
    let (per_side, edge) = (per_side(size), EDGES[size as usize] as f32);
    vec2((slot % per_side) as f32 * edge, (slot / per_side) as f32 * edge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_do_not_overlap() {
        for (slot, expected) in [(0, vec2(0.0, 0.0)), (3, vec2(768.0, 0.0)), (4, vec2(0.0, 256.0))] {
            assert_eq!(corner(3, slot), expected);
        }
        assert_eq!((per_page(0), per_page(4)), (1024, 4));
    }

    #[test]
    fn room_is_shared_between_sizes() {
        let mut room = Room { slots: [0, 0, 0, 0, 3], pages: 1 };
        let taken = (0..100).filter(|_| room.take(4)).count();
        assert_eq!(taken, 3 + 4, "its own slots, and then the page");
        assert!(!room.take(3), "which is gone for others");
        let mut room = Room { slots: [0, 0, 0, 16, 3], pages: 0 };
        let taken = (0..100).filter(|_| room.take(4)).count();
        assert_eq!(taken, 3 + 4, "a size with a page to spare gives one");
        assert!(!room.take(3), "and has it no more");
    }

    #[test]
    fn what_is_scattered_over_pages_moves_together() {
        let ctx = Context::default();
        let mut pool = Pool::new(2);
        let image = || ColorImage::filled([2, 2], egui::Color32::WHITE);
        for sample in 0..32 {
            pool.insert(&ctx, (sample, 3), image(), Use::Visible);
        }
        // Half of each page stays on screen, so that no page is free.
        for _ in 0..4 {
            pool.end_frame();
            for sample in (0..32).step_by(2) {
                pool.draw((sample, 3), Use::Visible);
            }
        }
        let mut room = pool.room(Use::Visible);
        assert_eq!((0..9).filter(|_| room.take(4)).count(), 4);
        pool.insert(&ctx, (40, 4), image(), Use::Visible);
        assert!(pool.has((40, 4)));
        // The other page has room for those that went.
        for sample in (0..32).step_by(2) {
            pool.insert(&ctx, (sample, 3), image(), Use::Visible);
        }
        assert!((0..32).step_by(2).all(|sample| pool.has((sample, 3))) && pool.has((40, 4)));
    }

    #[test]
    fn what_was_on_screen_in_the_last_two_frames_stays() {
        let ctx = Context::default();
        let mut pool = Pool::new(4);
        let image = || ColorImage::filled([2, 2], egui::Color32::WHITE);
        for sample in 0..16 {
            pool.insert(&ctx, (sample, 4), image(), Use::Visible);
        }
        for age in 0..2 {
            pool.insert(&ctx, (99, 4), image(), Use::Visible);
            assert!(pool.draw((99, 4), Use::Visible).is_none(), "{age} frames ago all was drawn");
            pool.end_frame();
        }
        pool.insert(&ctx, (99, 4), image(), Use::Ahead);
        assert!(pool.keep((99, 4)), "two frames later one gives way");
        assert_eq!((0..16).filter(|sample| pool.keep((*sample, 4))).count(), 15);
        // What is ahead gives way to what is seen, and not the other way round.
        pool.insert(&ctx, (98, 4), image(), Use::Ahead);
        assert!(!pool.keep((98, 4)));
        pool.insert(&ctx, (97, 4), image(), Use::Visible);
        assert!(pool.draw((97, 4), Use::Visible).is_some());
    }
}
