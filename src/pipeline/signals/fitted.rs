//! The whitening of a dataset's descriptions, which a project keeps with the name of the encoder that
//! they are by: descriptions by different ones cannot be compared.

use super::look::Raw;
use crate::analysis::encoder::{Encoder, HandMade};
use crate::analysis::whiten::{Whitened, Whitening};
use crate::jobs::{Cancelled, Control};
use crate::store::blob::{Fields, numbers, write_all};
use crate::store::{Project, StoreError};

/// The names under which a project keeps it.
const BY_HAND: &str = "whitening";
const BY_MODEL: &str = "trained whitening";
/// A dataset that has more than this many times the rows by now is fitted anew.
const GROWTH: u64 = 2;

/// A whitening that was fitted to a dataset.
pub struct Fitted {
    whitening: Whitening,
    /// [`Encoder::id`] of what the descriptions are by.
    encoder: String,
    /// Samples that the dataset had.
    rows: u64,
    /// Tells it from others; never 0.
    pub id: u32,
}

impl Fitted {
    /// Fits to an encoder's descriptions of a dataset that has so many rows.
    pub fn to(
        encoder: &dyn Encoder,
        raws: &[Raw],
        rows: usize,
        control: &Control,
    ) -> Result<Self, Cancelled> {
        let (wait, go_on) = (|| control.checkpoint(), || control.go_on());
        let whitening = Whitening::while_going_on(raws, encoder.numbers(), &wait, &go_on)?;
        Ok(Self::new(whitening, encoder.id(), rows as u64))
    }

    fn new(whitening: Whitening, encoder: &str, rows: u64) -> Self {
        let mut fitted = Self { whitening, encoder: encoder.to_owned(), rows, id: 0 };
        let hash = blake3::hash(&fitted.encode());
        let [a, b, c, d, ..] = *hash.as_bytes();
        fitted.id = u32::from_le_bytes([a, b, c, d]).max(1);
        fitted
    }

    /// The one that the project keeps, if it is there, whole and of this encoder.
    pub fn load(project: &Project, encoder: &dyn Encoder) -> Option<Self> {
        let raw = project.load_part(part_of(encoder.id())).unwrap_or_else(|error| {
            tracing::warn!("the whitening: {error}");
            None
        })?;
        let mut fields = Fields(&raw);
        let rows = *fields.numbers::<u64>(1).ok()?.first()?;
        let name = *fields.numbers::<u32>(1).ok()?.first()? as usize;
        if fields.take(name).ok()? != encoder.id().as_bytes() {
            return None;
        }
        let count = fields.0.len() / size_of::<f32>();
        let numbers = fields.numbers::<f32>(count).ok()?;
        let whitening = Whitening::from_numbers(encoder.numbers(), &numbers)?;
        Some(Self::new(whitening, encoder.id(), rows))
    }

    pub fn save(&self, project: &Project) -> Result<(), StoreError> {
        project.save_part(part_of(&self.encoder), &self.encode())
    }

    /// Whether a dataset of so many rows is still much the one that this was fitted to.
    pub fn is_fit_for(&self, rows: usize) -> bool {
        rows as u64 <= self.rows.saturating_mul(GROWTH)
    }

    pub fn apply(&self, raw: &Raw) -> Whitened {
        self.whitening.apply(raw)
    }

    fn encode(&self) -> Vec<u8> {
        let mut raw = numbers([self.rows]);
        write_all(&mut raw, [self.encoder.len() as u32]);
        raw.extend(self.encoder.as_bytes());
        write_all(&mut raw, self.whitening.numbers());
        raw
    }
}

/// The name of the whitening of this encoder's descriptions.
fn part_of(encoder: &str) -> &'static str {
    if encoder == HandMade.id() { BY_HAND } else { BY_MODEL }
}
