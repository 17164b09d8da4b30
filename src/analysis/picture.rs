//! The display pixels of one picture, and the small one that several signals are made of.

use std::cell::OnceCell;

use super::resize::{Filter, resized};

/// Pixels across and down of a [`Small`].
pub const SMALL_EDGE: usize = 64;

/// A picture as it is shown: upright and opaque.
#[derive(Debug)]
pub struct Picture<'a> {
    width: usize,
    height: usize,
    channels: usize,
    data: &'a [u8],
    small: OnceCell<Option<Small>>,
}

/// A picture brought to 64 × 64 pixels by means: red, green and blue, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Small(Vec<[u8; 3]>);

impl<'a> Picture<'a> {
    /// `channels` is 1 (grey) or 3 (red, green, blue), as `width × height × channels` bytes. `None`
    /// where it is not, or there is no pixel.
    pub fn new(width: usize, height: usize, channels: usize, data: &'a [u8]) -> Option<Self> {
        let is_whole = width * height > 0 && data.len() == width * height * channels;
        let picture = Self { width, height, channels, data, small: OnceCell::new() };
        (is_whole && matches!(channels, 1 | 3)).then_some(picture)
    }

    pub fn width(&self) -> usize {
        self.width
    }

    pub fn height(&self) -> usize {
        self.height
    }

    /// 1 (grey) or 3 (red, green, blue).
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// `width × height × channels` bytes.
    pub fn data(&self) -> &'a [u8] {
        self.data
    }

    /// The small picture, made when it is first asked for; `None` where there is no memory for it.
    pub fn small(&self) -> Option<&Small> {
        self.small.get_or_init(|| Small::of(self)).as_ref()
    }
}

impl Small {
    fn of(picture: &Picture<'_>) -> Option<Self> {
        let Picture { width, height, channels, data, .. } = *picture;
        let small = resized((width, height), data, channels, (SMALL_EDGE, SMALL_EDGE), Filter::Mean)?;
        Some(Self(match channels {
            1 => small.into_iter().map(|value| [value; 3]).collect(),
            _ => small.as_chunks::<3>().0.to_vec(),
        }))
    }

    /// Red, green and blue, row by row.
    pub fn pixels(&self) -> &[[u8; 3]] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_whole_and_its_small_one_is_its_means() {
        for (width, height, channels, bytes, is_picture) in [
            (2, 3, 1, 6, true),
            (2, 3, 3, 18, true),
            (2, 3, 2, 12, false),
            (2, 3, 3, 17, false),
            (0, 3, 3, 0, false),
        ] {
            let data = vec![9; bytes];
            let picture = Picture::new(width, height, channels, &data);
            assert_eq!(picture.is_some(), is_picture, "{width} × {height} × {channels}");
            let Some(picture) = picture else { continue };
            assert_eq!(picture.small().map(Small::pixels), Some(&[[9; 3]; SMALL_EDGE * SMALL_EDGE][..]));
        }
        // Of two by two pixels the mean, each channel by itself.
        let edge = 2 * SMALL_EDGE;
        let pixel = |at: usize| [(at % 2 * 100) as u8, (at / edge % 2 * 60) as u8, 7];
        let data: Vec<u8> = (0..edge * edge).flat_map(pixel).collect();
        let picture = Picture::new(edge, edge, 3, &data);
        assert_eq!(picture.unwrap().small().unwrap().pixels()[77], [50, 30, 7]);
    }
}
