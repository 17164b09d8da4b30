//! What is done to a finished picture to make a copy or a fault of it. Integers only.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

/// 8-bit RGB, top row first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    /// `width × height × 3` bytes.
    pub rgb: Vec<u8>,
}

impl Picture {
    /// A black picture, in the memory that this one has.
    pub fn reset(&mut self, width: u32, height: u32) {
        self.width = width;
        self.height = height;
        self.rgb.clear();
        self.rgb.resize(width as usize * height as usize * 3, 0);
    }

    /// Left and right change places.
    pub fn mirror(&mut self) {
        for row in self.rgb.chunks_exact_mut(self.width as usize * 3) {
            row.reverse();
            row.as_chunks_mut::<3>().0.iter_mut().for_each(|pixel| pixel.reverse());
        }
    }

    /// Turns clockwise by so many quarters.
    pub fn turn(&mut self, quarters: u32) {
        for _ in 0..quarters % 4 {
            let (width, height) = (self.width as usize, self.height as usize);
            let mut turned = vec![0; self.rgb.len()];
            for (y, row) in turned.chunks_exact_mut(height * 3).enumerate() {
                for (x, pixel) in row.as_chunks_mut::<3>().0.iter_mut().enumerate() {
                    let from = ((height - 1 - x) * width + y) * 3;
                    pixel.copy_from_slice(&self.rgb[from..from + 3]);
                }
            }
            (self.width, self.height) = (self.height, self.width);
            self.rgb = turned;
        }
    }

    /// Another size, by a triangle filter: its weights need no transcendental function.
    pub fn resize(&mut self, width: u32, height: u32) {
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
        let from = ImageRef::new(self.width, self.height, &self.rgb, PixelType::U8x3)
            .expect("a picture has width × height × 3 bytes");
        let mut to = Image::new(width, height, PixelType::U8x3);
        Resizer::new().resize(&from, &mut to, &options).expect("both images have the same pixel type");
        *self = Self { width, height, rgb: to.into_vec() };
    }

    /// Adds `percent` of the whole range to every value.
    pub fn brighten(&mut self, percent: i32) {
        self.map(|value| value + percent * 255 / 100);
    }

    /// Too little light: about an eighth of it.
    pub fn darken(&mut self, part: i32) {
        self.map(|value| value * part / 256);
    }

    /// Scales the light so that the brightest pixel has that luma.
    pub fn expose(&mut self, brightest: i32) {
        let now = self.rgb.as_chunks::<3>().0.iter().map(|pixel| luma(*pixel)).max().unwrap_or(0);
        self.map(|value| value * brightest / i32::from(now.max(1)));
    }

    /// Too much light: what is not white is nearly so.
    pub fn overexpose(&mut self, part: i32) {
        self.map(|value| 255 - (255 - value) * part / 256);
    }

    /// Light that falls off with the square of the distance from the middle, as in a lens that is wide
    /// open: by `part` of 256 in the corners.
    pub fn vignette(&mut self, part: u32) {
        let (width, height) = (self.width as i32, self.height as i32);
        // Twice a pixel's way from the middle, of 256 to the border; the square is at most 2¹⁶.
        let square = |at: i32, of: i32| ((2 * at + 1 - of) * 256 / of).pow(2) as u32;
        let across: Vec<u32> = (0..width).map(|x| square(x, width)).collect();
        for (y, row) in self.rgb.chunks_exact_mut(width as usize * 3).enumerate() {
            let along = square(y as i32, height);
            for (pixel, across) in row.as_chunks_mut::<3>().0.iter_mut().zip(&across) {
                let light = (1 << 16) - (((across + along) / 2 * part) >> 8);
                *pixel = pixel.map(|value| ((u32::from(value) * light + (1 << 15)) >> 16) as u8);
            }
        }
    }

    /// Equal red, green and blue (the luma of ITU-R BT.601, in 1/256).
    pub fn grey(&mut self) {
        for pixel in self.rgb.as_chunks_mut::<3>().0 {
            *pixel = [luma(*pixel); 3];
        }
    }

    /// Out of focus: three box blurs are nearly a Gaussian one.
    pub fn blur(&mut self, radius: u32) {
        for _ in 0..3 {
            box_blur(&mut self.rgb, self.width as usize, self.height as usize, 3, radius as usize);
        }
    }

    fn map(&mut self, change: impl Fn(i32) -> i32) {
        let table: [u8; 256] = std::array::from_fn(|value| change(value as i32).clamp(0, 255) as u8);
        for value in &mut self.rgb {
            *value = table[usize::from(*value)];
        }
    }
}

/// Brightness of a pixel (ITU-R BT.601).
pub fn luma([red, green, blue]: [u8; 3]) -> u8 {
    ((77 * u32::from(red) + 150 * u32::from(green) + 29 * u32::from(blue) + 128) >> 8) as u8
}

/// The mean over a square of side `2 × radius + 1`, whose part outside repeats the border, in
/// interleaved channels: a running sum along rows, then one along columns.
pub fn box_blur(values: &mut [u8], width: usize, height: usize, channels: usize, radius: usize) {
    if width == 0 || height == 0 {
        return;
    }
    let stride = width * channels;
    let mut line = vec![0u8; width.max(height)];
    for y in 0..height {
        for channel in 0..channels {
            blur_line(values, y * stride + channel, channels, width, radius, &mut line);
        }
    }
    for start in 0..stride {
        blur_line(values, start, stride, height, radius, &mut line);
    }
}

fn blur_line(values: &mut [u8], start: usize, step: usize, count: usize, radius: usize, line: &mut [u8]) {
    for (at, value) in line[..count].iter_mut().enumerate() {
        *value = values[start + at * step];
    }
    let line = &line[..count];
    let last = count - 1;
    let side = 2 * radius as u32 + 1;
    let mut sum = (radius as u32 + 1) * u32::from(line[0]);
    for at in 1..=radius {
        sum += u32::from(line[at.min(last)]);
    }
    for at in 0..count {
        values[start + at * step] = ((sum + side / 2) / side) as u8;
        sum += u32::from(line[(at + radius + 1).min(last)]);
        sum -= u32::from(line[at.saturating_sub(radius)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(width: u32, height: u32) -> Picture {
        Picture { width, height, rgb: (0..width * height * 3).map(|at| at as u8).collect() }
    }

    #[test]
    fn mirroring_and_turning_move_pixels_whole() {
        let start = numbered(3, 2);
        let mut picture = start.clone();
        picture.mirror();
        assert_eq!(picture.rgb[..9], [6, 7, 8, 3, 4, 5, 0, 1, 2]);
        picture.mirror();
        assert_eq!(picture, start);
        picture.turn(1);
        assert_eq!((picture.width, picture.height), (2, 3));
        assert_eq!(picture.rgb[..6], [9, 10, 11, 0, 1, 2], "the lower left pixel comes to the upper left");
        picture.turn(3);
        assert_eq!(picture, start);
    }

    #[test]
    fn light_goes_down_and_up() {
        for (change, white, black) in [
            (Picture::darken as fn(&mut Picture, i32), 31, 0),
            (Picture::overexpose as fn(&mut Picture, i32), 255, 224),
        ] {
            let mut picture = Picture { width: 1, height: 2, rgb: vec![255, 255, 255, 0, 0, 0] };
            change(&mut picture, 32);
            assert_eq!((picture.rgb[0], picture.rgb[3]), (white, black));
        }
    }

    #[test]
    fn a_blur_keeps_a_plain_picture_and_spreads_a_point() {
        let mut plain = vec![200; 7 * 5 * 3];
        box_blur(&mut plain, 7, 5, 3, 2);
        assert_eq!(plain, vec![200; 7 * 5 * 3]);
        let mut point = vec![0; 5 * 5];
        point[12] = 90;
        box_blur(&mut point, 5, 5, 1, 1);
        let middle: Vec<u8> = (1..4).flat_map(|y| point[y * 5 + 1..y * 5 + 4].to_vec()).collect();
        assert_eq!(middle, [10; 9]);
        box_blur(&mut [7; 2], 2, 1, 1, 40);
    }
}
