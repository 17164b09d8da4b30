//! Pictures of one size in memory of the graphics device. Refuses to know who made them and how they are drawn.

use std::any::Any;
use std::sync::Arc;

/// Pictures in a buffer: `[count, size, size, channels]` numbers of 32 bits from 0 to 1, one after the other.
/// A number is the part of 255 that a picture file would hold.
///
/// Whoever made them has handed all work that writes them to the device's queue.
#[derive(Clone, Debug)]
pub struct Cells {
    /// A buffer that shaders may read as storage. Other things may lie in it beside the pictures.
    pub buffer: wgpu::Buffer,
    /// Where the pictures begin in it, in bytes: a multiple of 4.
    pub offset: u64,
    pub count: usize,
    /// Side of each, in pixels.
    pub size: usize,
    /// 1 grey, 3 red, green and blue.
    pub channels: usize,
    /// Holds that part of the buffer for them, for as long as it lives.
    pub keep: Arc<dyn Any + Send + Sync>,
}

impl Cells {
    /// All pictures together, in bytes.
    pub fn bytes(&self) -> u64 {
        (self.count * self.size * self.size * self.channels * size_of::<f32>()) as u64
    }
}
