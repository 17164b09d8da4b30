//! What a model says of samples with their latents as raw bytes, and back. Each sample says what it was then: of
//! one that is another by now nothing is known.
//!
//! This file refuses to know where the bytes are kept and what the numbers mean.

use std::borrow::Cow;

use super::blob::{Damage, Fields, Number, numbers, write_all};
use super::thumbnails::stamp;
use crate::dataset::chunks::CHUNK;
use crate::dataset::query::Snapshot;
use crate::dataset::{Fact, SampleId};

/// The layout of the bytes; another one is read as damage, and what it says is computed again when asked for.
const VERSION: u32 = 1;
/// Stands for the content of a sample that was not measured.
const NO_CONTENT: [u8; 16] = Fact::UNMEASURED.content;

/// What a model said of samples, with where they lie in its latent space.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeptLatents<'a> {
    /// Numbers of a latent.
    pub latent: usize,
    pub samples: Cow<'a, [SampleId]>,
    /// What each of them was.
    pub seen: Vec<Seen>,
    /// Figures of each sample, one after the other by figure.
    pub figures: [Cow<'a, [f32]>; FIGURES],
    /// μ and ln σ² of each sample: `samples × latent`.
    pub means: Cow<'a, [f32]>,
    pub log_variances: Cow<'a, [f32]>,
    /// Weights, means and variances of the mixture that fits all samples together.
    pub mixture: [Cow<'a, [f64]>; 3],
}

/// Figures of a sample.
pub const FIGURES: usize = 5;

/// What a sample was when a model was asked about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Fingerprint of its file's size and time.
    pub stamp: u64,
    /// Hash of its content; zeros where that was not measured.
    pub content: [u8; 16],
    /// The class that the model was told.
    pub class: u32,
}

impl Seen {
    /// What a sample is now.
    pub fn of(snapshot: &Snapshot, sample: SampleId, class: u32) -> Self {
        let row = sample as usize;
        let chunk = snapshot.facts.chunks().get(row / CHUNK);
        let content = chunk.and_then(|chunk| chunk.content.get(row % CHUNK)).copied();
        let dataset = &snapshot.dataset;
        let stamp = stamp(dataset.bytes[row], dataset.modified_ms[row]);
        Self { stamp, content: content.unwrap_or(NO_CONTENT), class }
    }

    /// Whether a model says the same of both: they have the same content, or, where that is not known, came from
    /// a file of the same size and time.
    pub fn is_same(&self, other: &Self) -> bool {
        let is_known = self.content != NO_CONTENT && other.content != NO_CONTENT;
        let is_file_same = if is_known { self.content == other.content } else { self.stamp == other.stamp };
        is_file_same && self.class == other.class
    }
}

impl KeptLatents<'_> {
    /// How many bytes [`encode`](Self::encode) makes of them.
    pub fn bytes(&self) -> u64 {
        let of_sample = 4 + (8 + 16 + 4) + 4 * FIGURES + 2 * 4 * self.latent;
        let mixture: usize = self.mixture.iter().map(|values| values.len()).sum();
        (HEAD * 4 + 8 * mixture) as u64 + (of_sample * self.samples.len()) as u64
    }

    /// The latents as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let components = self.mixture[0].len();
        let mut raw = numbers([VERSION, self.samples.len() as u32, self.latent as u32, components as u32]);
        raw.reserve_exact(self.bytes() as usize - raw.len());
        write_all(&mut raw, self.samples.iter().copied());
        write_all(&mut raw, self.seen.iter().map(|seen| seen.stamp));
        write_all(&mut raw, self.seen.iter().map(|seen| seen.content));
        write_all(&mut raw, self.seen.iter().map(|seen| seen.class));
        for values in self.figures.iter().chain([&self.means, &self.log_variances]) {
            write_all(&mut raw, values.iter().copied());
        }
        for values in &self.mixture {
            write_all(&mut raw, values.iter().copied());
        }
        raw
    }

    /// The latents in these bytes.
    pub fn decode(raw: &[u8]) -> Result<KeptLatents<'static>, Damage> {
        let mut fields = Fields(raw);
        let head: Vec<u32> = fields.numbers(HEAD)?;
        let [version, samples, latent, components] = head[..] else {
            return Err(Damage("the latents have no head"));
        };
        if version != VERSION {
            return Err(Damage("the latents have another layout"));
        }
        let (count, latent, components) = (samples as usize, latent as usize, components as usize);
        let samples: Vec<SampleId> = fields.numbers(count)?;
        let stamps: Vec<u64> = fields.numbers(count)?;
        let contents: Vec<[u8; 16]> = fields.numbers(count)?;
        let classes: Vec<u32> = fields.numbers(count)?;
        let seen = stamps.into_iter().zip(contents).zip(classes);
        let seen = seen.map(|((stamp, content), class)| Seen { stamp, content, class }).collect();
        let mut figures: [Cow<'static, [f32]>; FIGURES] = Default::default();
        for values in &mut figures {
            *values = Cow::Owned(fields.numbers(count)?);
        }
        let (means, log_variances) =
            (product(&mut fields, count, latent)?, product(&mut fields, count, latent)?);
        let weights = product(&mut fields, components, 1)?;
        let mixture =
            [weights, product(&mut fields, components, latent)?, product(&mut fields, components, latent)?];
        fields.end()?;
        Ok(KeptLatents { latent, samples: samples.into(), seen, figures, means, log_variances, mixture })
    }
}

/// Numbers before the columns.
const HEAD: usize = 4;

fn product<T: Number + 'static>(
    fields: &mut Fields<'_>,
    rows: usize,
    each: usize,
) -> Result<Cow<'static, [T]>, Damage> {
    let count = rows.checked_mul(each).ok_or(Damage("a count is too large"))?;
    Ok(Cow::Owned(fields.numbers(count)?))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::store) fn latents(samples: usize, latent: usize) -> KeptLatents<'static> {
        let values = |count: usize, from: f32| -> Cow<'static, [f32]> {
            (0..count).map(|at| from + at as f32).collect()
        };
        let seen = |at: usize| Seen { stamp: at as u64 * 7, content: [at as u8; 16], class: at as u32 % 3 };
        KeptLatents {
            latent,
            samples: (0..samples as SampleId).rev().collect(),
            seen: (0..samples).map(seen).collect(),
            figures: std::array::from_fn(|figure| values(samples, figure as f32 * 100.0)),
            means: values(samples * latent, -3.0),
            log_variances: values(samples * latent, 0.5),
            mixture: [vec![0.25, 0.75], vec![1.0; 2 * latent], vec![0.5; 2 * latent]].map(Cow::Owned),
        }
    }

    #[test]
    fn latents_come_back_and_damage_does_not() {
        for (samples, latent) in [(0, 3), (1, 1), (5, 16)] {
            let kept = latents(samples, latent);
            let raw = kept.encode();
            assert_eq!(raw.len() as u64, kept.bytes());
            assert_eq!(KeptLatents::decode(&raw).as_ref(), Ok(&kept), "{samples} × {latent}");
            for len in 0..raw.len() {
                assert!(KeptLatents::decode(&raw[..len]).is_err(), "{len}");
            }
            for at in 0..HEAD * 4 {
                let mut other = raw.clone();
                other[at] ^= 0x80;
                assert!(KeptLatents::decode(&other).is_err(), "{samples} × {latent}: {at}");
            }
        }
    }

    #[test]
    fn a_sample_is_the_same_by_its_content_or_by_its_file() {
        let seen = |stamp: u64, content: u8, class: u32| Seen { stamp, content: [content; 16], class };
        for (other, is_same) in [
            (seen(1, 5, 2), true),
            // Touched, and written anew with the same size and time.
            (seen(9, 5, 2), true),
            (seen(1, 6, 2), false),
            // Not measured yet.
            (seen(1, 0, 2), true),
            (seen(9, 0, 2), false),
            (seen(1, 5, 3), false),
        ] {
            assert_eq!(seen(1, 5, 2).is_same(&other), is_same, "{other:?}");
            assert_eq!(other.is_same(&seen(1, 5, 2)), is_same, "{other:?}");
        }
    }
}
