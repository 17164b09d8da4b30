//! The samples that were decoded, least recently used ones going first.

use std::collections::HashMap;
use std::sync::Arc;

use super::entry_of;
use super::workers::{Loaded, ReducedImage};
use crate::dataset::SampleId;
use crate::media::Metadatum;
use crate::ui::Full;

/// Samples remembered as too large to be decoded in advance.
const REMEMBERED: usize = 32;

/// What is known of a sample that was loaded.
pub(super) enum Entry {
    Failed {
        message: String,
        metadata: Arc<Vec<Metadatum>>,
    },
    Picture {
        full: Arc<Full>,
        /// Images whose textures are not made yet.
        waiting: Vec<ReducedImage>,
    },
}

struct Slot {
    entry: Entry,
    bytes: u64,
    /// When it was last asked for, in the cache's own count.
    used: u64,
}

/// A bounded map of [`Entry`]s.
pub(super) struct Cache {
    slots: HashMap<SampleId, Slot>,
    cap_bytes: u64,
    bytes: u64,
    clock: u64,
    /// Neighbours that did not fit beside the sample that was looked at: decoding them in advance
    /// again would only drop them again.
    too_large: Vec<SampleId>,
}

impl Cache {
    pub fn new(cap_bytes: u64) -> Self {
        Self { slots: HashMap::new(), cap_bytes, bytes: 0, clock: 0, too_large: Vec::new() }
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub fn contains(&self, sample: SampleId) -> bool {
        self.slots.contains_key(&sample)
    }

    pub fn was_too_large(&self, sample: SampleId) -> bool {
        self.too_large.contains(&sample)
    }

    /// Another sample is looked at: beside it there may be room.
    pub fn retry_large(&mut self) {
        self.too_large.clear();
    }

    /// The entry of a sample that is looked at.
    pub fn touch(&mut self, sample: SampleId) -> Option<&mut Entry> {
        self.clock += 1;
        let slot = self.slots.get_mut(&sample)?;
        slot.used = self.clock;
        Some(&mut slot.entry)
    }

    /// Adds a sample and drops others until all fit: first old ones, then those decoded in
    /// advance, never those that are `looked_at`.
    pub fn insert(
        &mut self,
        sample: SampleId,
        loaded: Loaded,
        looked_at: &[SampleId],
        prefetched: &[SampleId],
    ) {
        self.remove(sample);
        self.clock += 1;
        let bytes = loaded.bytes();
        self.bytes += bytes;
        self.slots.insert(sample, Slot { entry: entry_of(loaded), bytes, used: self.clock });
        while self.bytes > self.cap_bytes {
            let near = |id: SampleId| prefetched.iter().position(|near| *near == id);
            // The farthest neighbour goes before the nearest; strangers go before either.
            let rank = |id: SampleId| near(id).map_or(0, |at| prefetched.len() - at);
            let others = self.slots.iter().filter(|(id, _)| !looked_at.contains(id));
            let Some(dropped) = others.min_by_key(|(id, slot)| (rank(**id), slot.used)).map(|(id, _)| *id)
            else {
                break;
            };
            if near(dropped).is_some() {
                if self.too_large.len() >= REMEMBERED {
                    self.too_large.remove(0);
                }
                self.too_large.push(dropped);
            }
            self.drop_slot(dropped);
        }
    }

    /// Drops a sample, and what was remembered of it.
    pub fn remove(&mut self, sample: SampleId) {
        self.too_large.retain(|id| *id != sample);
        self.drop_slot(sample);
    }

    /// The samples that could not be loaded.
    pub fn failed(&self) -> Vec<SampleId> {
        let failed = self.slots.iter().filter(|(_, slot)| matches!(slot.entry, Entry::Failed { .. }));
        failed.map(|(sample, _)| *sample).collect()
    }

    pub fn clear(&mut self) {
        self.slots.clear();
        self.too_large.clear();
        self.bytes = 0;
    }

    fn drop_slot(&mut self, sample: SampleId) {
        if let Some(slot) = self.slots.remove(&sample) {
            self.bytes -= slot.bytes;
        }
    }
}
