//! Pixels a block at a time, channel by channel, compiled for the fastest instructions that the machine has.
//!
//! Channels lie next to each other in a picture. What treats many pixels alike is several times as fast where
//! a channel's values lie together; a block is small enough to stay in the nearest cache meanwhile. This file
//! refuses to know what is done to the values.

use crate::media::Raster;

/// Pixels that are taken at once.
pub const BLOCK: usize = 512;

/// The values of a block: red, green and blue.
pub type Planes = [[u8; BLOCK]; 3];

/// Something done to blocks of red, green and blue.
pub trait Kernel {
    /// Changes a block whose first pixel is this one, in the order of the picture. The last block of a
    /// picture is filled up with black, and what becomes of that is left out. It has to be
    /// `#[inline(always)]`.
    fn block(&mut self, planes: &mut Planes, first: usize);
}

/// Changes all pixels of a picture in colour. Alpha stays.
pub fn change<K: Kernel>(picture: &mut Raster, kernel: K) {
    debug_assert!(picture.channels >= 3, "it is a picture in colour");
    match picture.channels {
        3 => walk::<3, K>(&mut picture.data, kernel),
        _ => walk::<4, K>(&mut picture.data, kernel),
    }
}

/// Changes all pixels of a grey picture: `red` is grey. Alpha stays.
pub fn change_grey<K: Kernel>(picture: &mut Raster, mut kernel: K) {
    let channels = usize::from(picture.channels);
    let mut planes = [[0; BLOCK]; 3];
    for (block, pixels) in picture.data.chunks_mut(BLOCK * channels).enumerate() {
        for (grey, pixel) in planes[0].iter_mut().zip(pixels.chunks_exact(channels)) {
            *grey = pixel[0];
        }
        fastest(Change { kernel: &mut kernel, planes: &mut planes, first: block * BLOCK });
        for (grey, pixel) in planes[0].iter().zip(pixels.chunks_exact_mut(channels)) {
            pixel[0] = *grey;
        }
    }
}

/// Rec. 601 luma of each pixel, rounded; of a grey picture, its values.
pub fn luma(picture: &Raster) -> Vec<u8> {
    match picture.channels {
        1 => picture.data.clone(),
        2 => picture.data.as_chunks::<2>().0.iter().map(|pixel| pixel[0]).collect(),
        channels => {
            let mut luma = vec![0; picture.pixels()];
            match channels {
                3 => luma_of::<3>(&picture.data, &mut luma),
                _ => luma_of::<4>(&picture.data, &mut luma),
            }
            luma
        }
    }
}

/// Does the work, compiled for the best instructions as far as it is inlined: `call` has to be
/// `#[inline(always)]`.
pub fn fastest<T: pulp::NullaryFnOnce>(work: T) -> T::Output {
    pulp::Arch::new().dispatch(work)
}

/// The nearest whole number, for 0 to 255: beyond 2²³, floating-point numbers have no fraction.
#[inline(always)]
pub fn to_byte(level: f32) -> u8 {
    (level + 8_388_608.0).to_bits() as u8
}

fn walk<const CHANNELS: usize, K: Kernel>(data: &mut [u8], mut kernel: K) {
    let mut planes = [[0; BLOCK]; 3];
    for (block, pixels) in data.as_chunks_mut::<CHANNELS>().0.chunks_mut(BLOCK).enumerate() {
        if pixels.len() < BLOCK {
            planes = [[0; BLOCK]; 3];
        }
        shuffled(Apart { pixels: &*pixels, planes: &mut planes });
        fastest(Change { kernel: &mut kernel, planes: &mut planes, first: block * BLOCK });
        shuffled(Together { planes: &planes, pixels });
    }
}

/// [`fastest`] for putting channels apart and together, for which the compiler knows better shuffles at the
/// third level of x86-64 than at the fourth: the whole of a matrix takes a seventh less time.
fn shuffled<T: pulp::NullaryFnOnce>(work: T) -> T::Output {
    #[cfg(target_arch = "x86_64")]
    if let Some(machine) = pulp::x86::V3::try_new() {
        return machine.vectorize(work);
    }
    fastest(work)
}

struct Change<'a, K> {
    kernel: &'a mut K,
    planes: &'a mut Planes,
    first: usize,
}

impl<K: Kernel> pulp::NullaryFnOnce for Change<'_, K> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.kernel.block(self.planes, self.first);
    }
}

struct Apart<'a, const CHANNELS: usize> {
    pixels: &'a [[u8; CHANNELS]],
    planes: &'a mut Planes,
}

impl<const CHANNELS: usize> pulp::NullaryFnOnce for Apart<'_, CHANNELS> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let [red, green, blue] = self.planes;
        for (((pixel, red), green), blue) in self.pixels.iter().zip(red).zip(green).zip(blue) {
            (*red, *green, *blue) = (pixel[0], pixel[1], pixel[2]);
        }
    }
}

struct Together<'a, const CHANNELS: usize> {
    planes: &'a Planes,
    pixels: &'a mut [[u8; CHANNELS]],
}

impl<const CHANNELS: usize> pulp::NullaryFnOnce for Together<'_, CHANNELS> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let [red, green, blue] = self.planes;
        for (((pixel, red), green), blue) in self.pixels.iter_mut().zip(red).zip(green).zip(blue) {
            (pixel[0], pixel[1], pixel[2]) = (*red, *green, *blue);
        }
    }
}

fn luma_of<const CHANNELS: usize>(data: &[u8], luma: &mut [u8]) {
    let mut planes = [[0; BLOCK]; 3];
    for (pixels, luma) in data.as_chunks::<CHANNELS>().0.chunks(BLOCK).zip(luma.chunks_mut(BLOCK)) {
        shuffled(Apart { pixels, planes: &mut planes });
        fastest(Luma { planes: &planes, luma });
    }
}

struct Luma<'a> {
    planes: &'a Planes,
    luma: &'a mut [u8],
}

impl pulp::NullaryFnOnce for Luma<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let [red, green, blue] = self.planes;
        for (((luma, r), g), b) in self.luma.iter_mut().zip(red).zip(green).zip(blue) {
            *luma = super::mix::luma([*r, *g, *b]);
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// The picture that peers were given, `width` at most 32 and `height` at most 16: with alpha, that is 7
    /// times the column.
    ///
    /// y, x, c = np.mgrid[0:16, 0:32, 0:3]
    /// p = ((x * 7 + y * 13 + c * 29 + x * y % 11 * 5) % 200 + 20).astype(np.uint8)
    pub fn picture(width: u32, height: u32, channels: u8) -> Raster {
        let value = |x: u32, y: u32, channel: u32| match (channels, channel) {
            (2, 1) | (4, 3) => x * 7,
            _ => (x * 7 + y * 13 + channel * 29 + x * y % 11 * 5) % 200 + 20,
        };
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let values =
            places.flat_map(|(x, y)| (0..u32::from(channels)).map(move |channel| value(x, y, channel) as u8));
        Raster::new(width, height, channels, values.collect()).unwrap()
    }

    /// What is recorded of a peer's picture `a`: every 97th value, and a sum that all have a part in.
    ///
    /// a = np.asarray(a).ravel().astype(int)
    /// a[::97].tolist(), int((a * (np.arange(a.size) % 251 + 1)).sum())
    pub fn told(picture: &Raster) -> (Vec<u8>, u64) {
        let sum = picture
            .data
            .iter()
            .enumerate()
            .map(|(at, value)| u64::from(*value) * (at as u64 % 251 + 1))
            .sum();
        (picture.data.iter().step_by(97).copied().collect(), sum)
    }

    /// Whether a change of pictures is the same for all numbers of pixels and channels: a picture cut in two,
    /// alpha beside, grey as three equal channels.
    pub fn holds_for_all_shapes(change: impl Fn(&mut Raster), grey_is_as_colour: bool) {
        for (width, height) in [(1, 1), (1, 7), (7, 1), (32, 16)] {
            let changed = |mut picture: Raster| {
                change(&mut picture);
                picture
            };
            let [grey, see_through] = [1, 2].map(|channels| picture(width, height, channels));
            let expected = changed(grey.clone());
            let found = changed(see_through.clone());
            assert!(
                found
                    .data
                    .chunks(2)
                    .zip(see_through.data.chunks(2))
                    .all(|(found, before)| found[1] == before[1])
            );
            assert_eq!(found.opaque(), expected, "{width} × {height}");
            let [colour, see_through] = [3, 4].map(|channels| picture(width, height, channels));
            let found = changed(see_through.clone());
            assert!(
                found
                    .data
                    .chunks(4)
                    .zip(see_through.data.chunks(4))
                    .all(|(found, before)| found[3] == before[3])
            );
            assert_eq!(found.opaque(), changed(colour), "{width} × {height}");
            if grey_is_as_colour {
                let thrice = grey.data.iter().flat_map(|value| [*value; 3]).collect();
                let found = changed(Raster::new(width, height, 3, thrice).unwrap());
                assert!(found.data.chunks(3).zip(&expected.data).all(|(found, value)| found == [*value; 3]));
            }
        }
    }

    #[test]
    fn every_pixel_is_changed_and_alpha_stays() {
        struct Add;
        impl Kernel for Add {
            #[inline(always)]
            fn block(&mut self, planes: &mut Planes, _: usize) {
                for (plane, by) in planes.iter_mut().zip(1..) {
                    plane.iter_mut().for_each(|value| *value = value.wrapping_add(by));
                }
            }
        }
        for (channels, width) in [(3, 1), (3, 511), (3, 512), (4, 513), (4, 1100)] {
            let data: Vec<u8> = (0..width * u32::from(channels)).map(|at| (at * 31) as u8).collect();
            let mut picture = Raster::new(width, 1, channels, data.clone()).unwrap();
            change(&mut picture, Add);
            let by = |at: usize| [1, 2, 3, 0][at % usize::from(channels)];
            let expected: Vec<u8> =
                data.iter().enumerate().map(|(at, value)| value.wrapping_add(by(at))).collect();
            assert_eq!(picture.data, expected, "{channels} {width}");
        }
    }

    #[test]
    fn luma_is_pillow_s() {
        // told(Image.fromarray(p).convert("L"))
        let luma = Raster::new(32, 16, 1, luma(&picture(32, 16, 3))).unwrap();
        assert_eq!(told(&luma), (vec![44, 105, 141, 184, 48, 119], 7_633_271));
    }
}
