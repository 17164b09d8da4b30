//! JPEG's tables for the shader, with what its cosine transform scales: see `cpu/jpeg/blocks.rs`.

/// What coefficients are multiplied by to be in eighths, row by row; half a step and one by a step in
/// eighths; and what they are multiplied by after.
pub fn tables(quality: u32, is_chroma: bool) -> Vec<u32> {
    let quality = quality.clamp(1, 100);
    let percent = if quality < 50 { 5000 / quality } else { 200 - 2 * quality };
    let steps = if is_chroma { &CHROMA } else { &LUMA };
    let scale = |at: usize| SCALES[at / 8] * SCALES[at % 8];
    let step = |at: usize| ((steps[at] * percent + 50) / 100).clamp(1, 255);
    let eighths = (0..64).map(|at| (1.0 / scale(at)) as f32);
    let half = (0..64).map(|at| (4 * step(at)) as f32 + 0.5);
    let over = (0..64).map(|at| 1.0 / (8 * step(at)) as f32);
    let after = (0..64).map(|at| (scale(at) * f64::from(step(at)) / 8.0) as f32);
    eighths.chain(half).chain(over).chain(after).map(f32::to_bits).collect()
}

/// Steps at quality 50, row by row: tables K.1 and K.2 of ITU-T T.81.
const LUMA: [u32; 64] = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17,
    22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78,
    87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];
const CHROMA: [u32; 64] = [
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
];

/// What the transform scales the k-th coefficient by: 1, then √2 cos(kπ/16).
const SCALES: [f64; 8] = [
    1.0,
    1.387_039_845_322_147_5,
    1.306_562_964_876_376_5,
    1.175_875_602_419_358_8,
    1.0,
    0.785_694_958_387_102_1,
    0.541_196_100_146_197,
    0.275_899_379_282_943_1,
];
