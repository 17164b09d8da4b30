//! Operations on display pixels: checked making, orientation, cropping, counting.
//!
//! It refuses to know files and formats.

use super::{MAX_PIXELS, Raster};

/// Side of the tiles in which a picture is turned, so that reads and writes both stay in cache.
const TILE: usize = 32;

impl Raster {
    /// A raster of these pixels, or `None` when a side is 0, the size is over [`MAX_PIXELS`], the
    /// channels are not 1 to 4, or `data` is not `width × height × channels` bytes.
    pub fn new(width: u32, height: u32, channels: u8, data: Vec<u8>) -> Option<Self> {
        let pixels = u64::from(width) * u64::from(height);
        let fits = pixels > 0
            && pixels <= MAX_PIXELS
            && (1..=4).contains(&channels)
            && data.len() as u64 == pixels * u64::from(channels);
        fits.then_some(Self { width, height, channels, data })
    }

    /// `width × height`.
    pub fn pixels(&self) -> usize {
        self.width as usize * self.height as usize
    }

    /// Whether a pixel can be see-through.
    pub fn has_alpha(&self) -> bool {
        matches!(self.channels, 2 | 4)
    }

    /// The channels of one pixel, or `None` outside the picture.
    pub fn pixel(&self, x: u32, y: u32) -> Option<&[u8]> {
        if x >= self.width || y >= self.height {
            return None;
        }
        let channels = usize::from(self.channels);
        let at = (y as usize * self.width as usize + x as usize) * channels;
        self.data.get(at..at + channels)
    }

    /// Red, green, blue and straight alpha: `width × height × 4` bytes.
    pub fn to_rgba(&self) -> Vec<u8> {
        let mut rgba = Vec::with_capacity(self.pixels() * 4);
        match self.channels {
            1 => rgba.extend(self.data.iter().flat_map(|&v| [v, v, v, 255])),
            2 => rgba.extend(self.data.as_chunks::<2>().0.iter().flat_map(|&[v, a]| [v, v, v, a])),
            3 => rgba.extend(self.data.as_chunks::<3>().0.iter().flat_map(|&[r, g, b]| [r, g, b, 255])),
            _ => rgba.extend_from_slice(&self.data),
        }
        rgba
    }

    /// Rec. 601 luma of each pixel, alpha ignored: `width × height` bytes.
    pub fn to_luma(&self) -> Vec<u8> {
        match self.channels {
            1 => self.data.clone(),
            2 => self.data.as_chunks::<2>().0.iter().map(|pixel| pixel[0]).collect(),
            3 => self.data.as_chunks::<3>().0.iter().map(|&[r, g, b]| luma(r, g, b)).collect(),
            _ => self.data.as_chunks::<4>().0.iter().map(|&[r, g, b, _]| luma(r, g, b)).collect(),
        }
    }

    /// The same pixels without what says how see-through they are: 1 or 3 channels. It takes no memory.
    pub fn opaque(mut self) -> Self {
        let pixels = self.pixels();
        match self.channels {
            2 => {
                for at in 0..pixels {
                    self.data[at] = self.data[at * 2];
                }
                self.channels = 1;
            }
            4 => {
                for at in 0..pixels {
                    let [r, g, b] = [self.data[at * 4], self.data[at * 4 + 1], self.data[at * 4 + 2]];
                    self.data[at * 3..at * 3 + 3].copy_from_slice(&[r, g, b]);
                }
                self.channels = 3;
            }
            _ => return self,
        }
        self.data.truncate(pixels * usize::from(self.channels));
        self
    }

    /// [`Self::to_luma`] in the place of the pixels.
    pub fn into_luma(self) -> Vec<u8> {
        let pixels = self.pixels();
        let mut data = match self.channels {
            3 => self.data,
            4 => self.opaque().data,
            _ => return self.opaque().data,
        };
        // Piece by piece, so that what is read and what is written do not overlap.
        let mut piece = [0u8; 4096];
        for start in (0..pixels).step_by(piece.len()) {
            let count = piece.len().min(pixels - start);
            let colours = data[start * 3..(start + count) * 3].as_chunks::<3>().0;
            for (to, &[r, g, b]) in piece.iter_mut().zip(colours) {
                *to = luma(r, g, b);
            }
            data[start..start + count].copy_from_slice(&piece[..count]);
        }
        data.truncate(pixels);
        data
    }

    /// How often each value occurs, per channel in the order of [`Raster::channels`].
    pub fn histogram(&self) -> Vec<[u32; 256]> {
        let channels = usize::from(self.channels).max(1);
        let mut counts = vec![[0u32; 256]; channels];
        for pixel in self.data.chunks_exact(channels) {
            for (count, &value) in counts.iter_mut().zip(pixel) {
                count[usize::from(value)] += 1;
            }
        }
        counts
    }

    /// The part that begins at `x`, `y`; `None` when it is empty or reaches outside the picture.
    pub fn crop(&self, x: u32, y: u32, width: u32, height: u32) -> Option<Self> {
        let inside = width > 0
            && height > 0
            && x.checked_add(width)? <= self.width
            && y.checked_add(height)? <= self.height;
        if !inside {
            return None;
        }
        let channels = usize::from(self.channels);
        let row = width as usize * channels;
        let mut data = Vec::with_capacity(row * height as usize);
        for line in y..y + height {
            let at = (line as usize * self.width as usize + x as usize) * channels;
            data.extend_from_slice(&self.data[at..at + row]);
        }
        Some(Self { width, height, channels: self.channels, data })
    }

    /// The picture upright, given the EXIF orientation (1 to 8) that it is stored in. Other numbers
    /// leave it as it is.
    pub fn oriented(self, orientation: u8) -> Self {
        if !(2..=8).contains(&orientation) {
            return self;
        }
        match self.channels {
            1 => self.orient::<1>(orientation),
            2 => self.orient::<2>(orientation),
            3 => self.orient::<3>(orientation),
            _ => self.orient::<4>(orientation),
        }
    }

    fn orient<const C: usize>(mut self, orientation: u8) -> Self {
        let (width, height) = (self.width as usize, self.height as usize);
        let (stored, _) = self.data.as_chunks_mut::<C>();
        match orientation {
            2 => stored.chunks_exact_mut(width).for_each(<[_]>::reverse),
            3 => stored.reverse(),
            4 => {
                for y in 0..height / 2 {
                    let (top, bottom) = stored.split_at_mut((height - 1 - y) * width);
                    top[y * width..(y + 1) * width].swap_with_slice(&mut bottom[..width]);
                }
            }
            _ => {
                let stored = &*stored;
                let mut turned = vec![[0u8; C]; stored.len()];
                for tile_y in (0..height).step_by(TILE) {
                    for tile_x in (0..width).step_by(TILE) {
                        for x in tile_x..(tile_x + TILE).min(width) {
                            for y in tile_y..(tile_y + TILE).min(height) {
                                let (to_x, to_y) = match orientation {
                                    5 => (y, x),
                                    6 => (height - 1 - y, x),
                                    7 => (height - 1 - y, width - 1 - x),
                                    _ => (y, width - 1 - x),
                                };
                                turned[to_y * height + to_x] = stored[y * width + x];
                            }
                        }
                    }
                }
                return Self {
                    width: self.height,
                    height: self.width,
                    channels: self.channels,
                    data: turned.into_flattened(),
                };
            }
        }
        self
    }
}

/// Rec. 601 luma, rounded: 0.299 R + 0.587 G + 0.114 B in 16-bit fixed point, as Pillow's `L`.
pub(super) fn luma(r: u8, g: u8, b: u8) -> u8 {
    ((u32::from(r) * 19_595 + u32::from(g) * 38_470 + u32::from(b) * 7_471 + 0x8000) >> 16) as u8
}

/// Size after turning a stored picture upright.
pub(super) fn oriented_size(width: u32, height: u32, orientation: u8) -> (u32, u32) {
    if (5..=8).contains(&orientation) { (height, width) } else { (width, height) }
}

/// Where the pixel shown at `x`, `y` is stored, for a stored picture of `width × height`. The
/// position must be inside the upright picture.
pub(super) fn stored_position(x: u32, y: u32, width: u32, height: u32, orientation: u8) -> (u32, u32) {
    match orientation {
        2 => (width - 1 - x, y),
        3 => (width - 1 - x, height - 1 - y),
        4 => (x, height - 1 - y),
        5 => (y, x),
        6 => (y, height - 1 - x),
        7 => (width - 1 - y, height - 1 - x),
        8 => (width - 1 - y, x),
        _ => (x, y),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two columns and three rows: 1 2 / 3 4 / 5 6.
    fn sample(channels: u8) -> Raster {
        let data = (1..=6u8).flat_map(|value| vec![value; usize::from(channels)]).collect();
        Raster::new(2, 3, channels, data).expect("the size fits the data")
    }

    #[test]
    fn orientation_turns_the_picture_upright() {
        let rows: [(u8, u32, [u8; 6]); 10] = [
            (0, 2, [1, 2, 3, 4, 5, 6]),
            (1, 2, [1, 2, 3, 4, 5, 6]),
            (2, 2, [2, 1, 4, 3, 6, 5]),
            (3, 2, [6, 5, 4, 3, 2, 1]),
            (4, 2, [5, 6, 3, 4, 1, 2]),
            (5, 3, [1, 3, 5, 2, 4, 6]),
            (6, 3, [5, 3, 1, 6, 4, 2]),
            (7, 3, [6, 4, 2, 5, 3, 1]),
            (8, 3, [2, 4, 6, 1, 3, 5]),
            (9, 2, [1, 2, 3, 4, 5, 6]),
        ];
        for channels in 1..=4 {
            for (orientation, width, expected) in rows {
                let upright = sample(channels).oriented(orientation);
                let shown: Vec<u8> =
                    upright.data.chunks_exact(usize::from(channels)).map(|pixel| pixel[0]).collect();
                assert_eq!((upright.width, &shown[..]), (width, &expected[..]), "orientation {orientation}");
                let size = oriented_size(2, 3, orientation);
                assert_eq!((upright.width, upright.height), size);
                for y in 0..size.1 {
                    for x in 0..size.0 {
                        let (from_x, from_y) = stored_position(x, y, 2, 3, orientation);
                        assert_eq!(upright.pixel(x, y), sample(channels).pixel(from_x, from_y));
                    }
                }
            }
        }
    }

    #[test]
    fn turning_a_picture_larger_than_a_tile_keeps_every_pixel() {
        let data: Vec<u8> = (0..70 * 45u32).map(|at| (at % 251) as u8).collect();
        let picture = Raster::new(70, 45, 1, data).expect("the size fits the data");
        let turned = picture.clone().oriented(6).oriented(8);
        assert_eq!(turned, picture);
    }

    #[test]
    fn sizes_that_do_not_fit_are_refused() {
        assert!(Raster::new(0, 1, 1, vec![]).is_none());
        assert!(Raster::new(1, 1, 5, vec![0; 5]).is_none());
        assert!(Raster::new(2, 2, 3, vec![0; 11]).is_none());
        assert!(Raster::new(u32::MAX, u32::MAX, 4, vec![]).is_none());
    }

    #[test]
    fn crops_stay_inside() {
        let part = sample(1).crop(1, 1, 1, 2).expect("inside");
        assert_eq!(part.data, [4, 6]);
        assert!(sample(1).crop(1, 1, 2, 1).is_none());
        assert!(sample(1).crop(u32::MAX, 0, 2, 1).is_none());
    }

    #[test]
    fn grey_becomes_rgba_and_luma() {
        let grey_alpha = Raster::new(1, 1, 2, vec![7, 9]).expect("fits");
        assert_eq!(grey_alpha.to_rgba(), [7, 7, 7, 9]);
        assert_eq!(grey_alpha.histogram()[1][9], 1);
        let rgb = Raster::new(2, 1, 3, vec![255, 255, 255, 255, 0, 0]).expect("fits");
        assert_eq!(rgb.to_luma(), [255, 76]);
    }

    #[test]
    fn what_is_done_in_place_is_what_is_done_beside_it() {
        for channels in 1..=4u8 {
            let count = 70 * 101 * usize::from(channels);
            let data: Vec<u8> = (0..count).map(|at| (at * 37 % 251) as u8).collect();
            let raster = Raster::new(70, 101, channels, data).expect("fits");
            let own = raster.clone();
            let place = own.data.as_ptr();
            let luma = own.into_luma();
            assert_eq!((luma.as_ptr(), &luma), (place, &raster.to_luma()), "{channels}");
            let opaque = raster.clone().opaque();
            assert_eq!(opaque.channels, if channels < 3 { 1 } else { 3 });
            assert_eq!(opaque.to_luma(), raster.to_luma());
            assert!((0..3).all(|y| raster.pixel(1, y).unwrap().starts_with(opaque.pixel(1, y).unwrap())));
        }
    }
}
