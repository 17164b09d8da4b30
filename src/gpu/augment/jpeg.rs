//! JPEG's tables for the shader: those of `cpu/jpeg/blocks.rs`, in its order.

use crate::augment::cpu::jpeg::blocks::{BLOCK, CHROMA, LUMA, Rounding, rounding};

/// What coefficients are multiplied by to be in eighths, row by row; half a step and one by a step in
/// eighths; and what they are multiplied by after.
pub fn tables(quality: u32, is_chroma: bool) -> Vec<u32> {
    let steps = if is_chroma { &CHROMA } else { &LUMA };
    let all: Vec<Rounding> =
        (0..BLOCK * BLOCK).map(|at| rounding(steps, quality, [at / BLOCK, at % BLOCK])).collect();
    let entries: [fn(&Rounding) -> f32; 4] =
        [|one| one.eighths, |one| one.half, |one| one.over, |one| one.after];
    entries.iter().flat_map(|entry| all.iter().map(move |one| entry(one).to_bits())).collect()
}
