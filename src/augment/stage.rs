//! What is done to a picture, once all luck is settled: a short list of stages, plain numbers that the CPU
//! kernels and the shaders both work from.
//!
//! Some seventy operations come down to these stages. A stage gives 8-bit values, so that what several of them
//! make is the same whether they run one by one or in one pass over the picture.

use super::random::Key;

/// Width and height in pixels.
pub type Size = [u32; 2];

/// One thing done to all of a picture. Unless it says otherwise, alpha stays as it is, and a grey picture is
/// treated as one channel.
#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    /// Every pixel of the result is looked up somewhere in the picture. Alpha goes along.
    Warp(Warp),
    /// A part of the picture at another size, each pixel the weighted mean of what it covers. Alpha goes along.
    Resize(Resize),
    /// Every value goes through a table of its channel; a grey picture through the first.
    Lut(Box<[[u8; 256]; 3]>),
    /// Linear in red, green and blue: rows `[r, g, b, 1]` in 0 to 255. A grey picture stays.
    Matrix([[f32; 4]; 3]),
    /// A shift in the HSV cone: hue in turns, saturation and value as factor and sum (0 to 1). A grey picture's
    /// value alone is changed.
    Hsv {
        hue: f32,
        saturation: [f32; 2],
        value: [f32; 2],
    },
    /// A table that follows from the picture's own histogram.
    Tone(Tone),
    /// Contrast-limited adaptive histogram equalisation of lightness: K. Zuiderveld, Graphics Gems IV, 1994.
    Clahe {
        clip: f32,
        tiles: [u32; 2],
    },
    /// Every value becomes a weighted sum of its neighbours. Alpha stays.
    Convolve(Convolve),
    /// The middle one of the values around, `2 radius + 1` a side, each channel by itself.
    Median {
        radius: u32,
    },
    /// `v + amount · (v − blurred v)` where they differ by at least `threshold` levels.
    Unsharp {
        blur: Convolve,
        amount: f32,
        threshold: f32,
    },
    Noise(Noise),
    /// Parts are painted over. Alpha stays.
    Erase(Erase),
    /// What storing it as a JPEG of this quality (1 to 100) does to the pixels.
    Jpeg {
        quality: u32,
        subsampled: bool,
    },
    /// Light and weather: see [`Veil`].
    Veil(Veil),
    /// The weighted mean of the picture after each list of stages, which must give the size they got.
    Blend(Vec<(f32, Vec<Stage>)>),
    /// Another picture of the dataset, brought to this one's size, is mixed in.
    Mix(Mix),
}

/// Where each pixel of the result comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Warp {
    /// Of the result.
    pub size: Size,
    /// The part of the source that counts as the picture: left, top, width, height in pixels. Outside of it
    /// is what `fill` says.
    pub window: [u32; 4],
    pub map: Map,
    pub interpolation: Interpolation,
    pub fill: Fill,
}

/// From places in the result to places in the window, both in pixels from the upper left corner: a pixel's middle
/// is at a half.
#[derive(Clone, Debug, PartialEq)]
pub enum Map {
    /// `(x, y, w) = M · (X, Y, 1)`, the place being `(x / w, y / w)`.
    Projective([[f32; 3]; 3]),
    /// The place itself, moved by a displacement that is given at the nodes of a lattice over the result.
    Lattice(Lattice),
    /// `r (1 + k₁ r² + k₂ r⁴)` from a centre, `r` in half diagonals: the radial part of D. C. Brown, "Decentering
    /// Distortion of Lenses", 1966.
    Radial { centre: [f32; 2], k: [f32; 2] },
}

/// Displacements in pixels at `columns × rows` nodes, row by row. Nodes are equally far apart: the first one is
/// on the upper left corner and the last one on the lower right.
#[derive(Clone, Debug, PartialEq)]
pub struct Lattice {
    pub columns: u32,
    pub rows: u32,
    pub shifts: Vec<[f32; 2]>,
    pub between: Between,
}

/// How a lattice is filled between its nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Between {
    /// Through the nodes, bilinear.
    Straight,
    /// A uniform cubic B-spline with the nodes as control points, the outer ones repeated.
    Smooth,
}

/// How a value between pixels is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interpolation {
    #[default]
    Bilinear,
    Nearest,
    /// Catmull-Rom: a = −½.
    Bicubic,
}

/// What is outside of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// Red, green, blue, opaque; a grey picture gets its luma.
    Constant([u8; 3]),
    /// The outermost pixels, repeated.
    Edge,
    /// Mirrored about the outermost pixels, which are not repeated.
    Reflect,
    /// The other side.
    Wrap,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resize {
    pub size: Size,
    /// The part of the source that is brought to that size: left, top, width, height in pixels.
    pub window: [u32; 4],
    pub filter: Filter,
}

/// Weights by distance, widened where a picture shrinks, as Pillow's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Filter {
    #[default]
    Bilinear,
    Nearest,
    Bicubic,
    Lanczos,
    /// The mean of what a pixel covers.
    Box,
}

/// Tables out of histograms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tone {
    /// Each channel's values equally often, as Pillow's `ImageOps.equalize`.
    Equalize,
    /// Each channel from 0 to 255, after this part of the pixels is cut off at either end, as Pillow's
    /// `ImageOps.autocontrast`.
    Autocontrast { cutoff: f32 },
    /// Values away from the mean luma by this factor, as Pillow's `ImageEnhance.Contrast`.
    Contrast { factor: f32 },
}

/// Weights of neighbours. Beyond the picture is its mirror image, as [`Fill::Reflect`].
#[derive(Clone, Debug, PartialEq)]
pub enum Convolve {
    /// The same weights, an odd number of them, along rows and then along columns.
    Separable(Vec<f32>),
    /// `side × side` weights, `side` odd, and what is added after.
    Full { side: u32, weights: Vec<f32>, plus: f32 },
}

/// Random changes of pixels by themselves: the numbers of a pixel are those of its place under the key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    pub key: Key,
    pub kind: NoiseKind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NoiseKind {
    /// `v + N(mean, deviation)` in levels; the same for all channels of a pixel, or each its own.
    Normal { mean: f32, deviation: f32, per_channel: bool },
    /// `v · U(low, high)`.
    Factor { low: f32, high: f32, per_channel: bool },
    /// `v + N(0, √(v · scale))` in levels: what counting photons does, by its normal approximation.
    Shot { scale: f32 },
    /// A sensor at high ISO: hue turned by N(0, colour) turns, and lightness scaled by N(1, intensity).
    Iso { colour: f32, intensity: f32 },
    /// This part of the pixels becomes white (the first) or black.
    SaltAndPepper { salt: f32, pepper: f32 },
    /// This part of the pixels becomes that colour.
    Dropout { part: f32, colour: [u8; 3] },
}

/// Painted-over parts: left, top, width, height in pixels, all inside.
#[derive(Clone, Debug, PartialEq)]
pub struct Erase {
    pub parts: Vec<[u32; 4]>,
    pub with: Paint,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Paint {
    Colour([u8; 3]),
    /// Every value uniform from 0 to 255.
    Noise(Key),
    /// The mean of the whole picture, each channel by itself.
    Mean,
}

/// Light and weather over a picture.
#[derive(Clone, Debug, PartialEq)]
pub enum Veil {
    /// Towards white by `density · cloud(x, y)`, where clouds are four octaves of value noise under the key, the
    /// first one of `scale` pixels.
    Fog { key: Key, density: f32, scale: f32 },
    /// Streaks from one point to another, in pixels, of this width and colour, opaque by a part.
    Streaks { lines: Vec<[f32; 4]>, width: f32, colour: [u8; 3], opacity: f32 },
    /// What lies in a polygon (even-odd, in pixels) is darkened to this part.
    Shadow { corners: Vec<[f32; 2]>, part: f32 },
    /// Darkened towards the corners: `1 − strength · d²`, `d` the distance from the centre in half diagonals.
    Vignette { centre: [f32; 2], strength: f32 },
    /// Discs of light: middle, radius in pixels, opacity; from full in the middle to none at the rim.
    Flare { discs: Vec<[f32; 4]>, colour: [u8; 3] },
}

/// Another picture mixed in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mix {
    /// Which other: a number over all 32 bits, to be brought to how many there are.
    pub partner: u32,
    pub how: How,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum How {
    /// This part of the picture, and the rest of the other: H. Zhang et al., "mixup", ICLR 2018.
    Weighted { own: f32 },
    /// The other one's pixels in a rectangle, left, top, width, height: S. Yun et al., "CutMix", ICCV 2019.
    Pasted([u32; 4]),
}

impl Stage {
    /// The size of the result for a picture of this size.
    pub fn size(&self, before: Size) -> Size {
        match self {
            Self::Warp(warp) => warp.size,
            Self::Resize(resize) => resize.size,
            _ => before,
        }
    }
}

impl Warp {
    /// A warp of all of a picture of this size onto the same size.
    pub fn of(size: Size, map: Map, interpolation: Interpolation, fill: Fill) -> Self {
        Self { size, window: whole(size), map, interpolation, fill }
    }
}

/// The part of a window that is inside of a picture of this size; one pixel at the least.
pub fn within([left, top, width, height]: [u32; 4], size: Size) -> [u32; 4] {
    let (left, top) = (left.min(size[0] - 1), top.min(size[1] - 1));
    [left, top, width.clamp(1, size[0] - left), height.clamp(1, size[1] - top)]
}

/// All of a picture as a window.
pub fn whole([width, height]: Size) -> [u32; 4] {
    [0, 0, width, height]
}
