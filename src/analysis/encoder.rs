//! What turns a picture into numbers whose distances mean likeness.
//!
//! The descriptor here is made by hand and needs no model. A trained encoder's latent or a pretrained
//! network's features can take its place: what follows (whitening, neighbours, outliers) asks for no
//! more than this.

use super::descriptor::{self, NUMBERS};
use super::picture::Picture;

/// An encoder of pictures.
pub trait Encoder: Send + Sync {
    /// Its name and version: numbers that were kept are those of the encoder with this name only.
    fn id(&self) -> &str;

    /// How many numbers it gives.
    fn numbers(&self) -> usize;

    /// The numbers of a picture: the same for the same picture, on any thread. `None` where there are
    /// none.
    fn encode(&self, picture: &Picture<'_>) -> Option<Vec<f32>>;
}

/// The descriptor that is made by hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HandMade;

impl Encoder for HandMade {
    fn id(&self) -> &str {
        "hand-made 1"
    }

    fn numbers(&self) -> usize {
        NUMBERS
    }

    fn encode(&self, picture: &Picture<'_>) -> Option<Vec<f32>> {
        Some(descriptor::describe(picture)?.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoder_can_be_chosen_while_running() {
        let encoder: Box<dyn Encoder> = Box::new(HandMade);
        let data: Vec<u8> = (0..60).collect();
        let picture = Picture::new(5, 4, 3, &data).unwrap();
        let numbers = encoder.encode(&picture).unwrap();
        assert_eq!(numbers.len(), encoder.numbers());
        assert_eq!(numbers, descriptor::describe(&picture).unwrap());
    }
}
