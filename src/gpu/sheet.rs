//! Pictures of one size as cells of a grid, drawn straight from [`Cells`] in the memory of the graphics device:
//! nothing goes through the processor. Refuses to know who made the pictures.

use std::num::NonZeroU64;

use eframe::egui_wgpu::ScreenDescriptor;
use egui::{Painter, Pos2, Rect, Vec2, vec2};

use super::cells::Cells;
use super::{Drawing, Gpu, Pipeline, Recipe, or_warned, screen_px, storage, uniform};

/// `shaders/sheet.wgsl` with what it begins with.
pub const SHADER: &str =
    concat!(include_str!("../../shaders/colour.wgsl"), include_str!("../../shaders/sheet.wgsl"));

/// How cells lie beside each other, in pixels of the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    pub columns: usize,
    /// What does not fit in these is not drawn.
    pub rows: usize,
    /// Side of a cell. A picture that is smaller is drawn with sharp pixels, each the nearest one; of a larger
    /// one, the mean of what falls on a pixel.
    pub cell_px: f32,
    /// Between cells, where nothing is drawn.
    pub gap_px: f32,
}

impl Grid {
    /// Of all cells together.
    pub fn size_px(&self) -> Vec2 {
        let side = |cells: usize| cells as f32 * self.pitch_px() - if cells > 0 { self.gap_px } else { 0.0 };
        vec2(side(self.columns), side(self.rows))
    }

    /// From a cell to the next one.
    fn pitch_px(&self) -> f32 {
        self.cell_px + self.gap_px
    }

    fn is_drawable(&self) -> bool {
        self.columns > 0 && self.rows > 0 && self.cell_px > 0.0 && self.gap_px >= 0.0
    }
}

/// Draws cells, row after row, from this corner on; the corner goes to the nearest whole pixel. Nothing is
/// drawn where the pictures lie on another graphics device than the window's.
pub fn paint(painter: &Painter, left_top: Pos2, cells: &Cells, grid: Grid) {
    let pixels_per_point = painter.ctx().pixels_per_point();
    let rect = Rect::from_min_size(left_top, grid.size_px() / pixels_per_point);
    if cells.count == 0 || cells.bytes() == 0 || !grid.is_drawable() || !painter.clip_rect().intersects(rect)
    {
        return;
    }
    painter.add(super::callback(rect, Sheet { left_top, cells: cells.clone(), grid }));
}

/// A sheet of a frame.
struct Sheet {
    left_top: Pos2,
    cells: Cells,
    grid: Grid,
}

impl Drawing for Sheet {
    const RECIPE: Recipe = Recipe {
        label: "a sheet",
        shader: SHADER,
        topology: wgpu::PrimitiveTopology::TriangleStrip,
        storage: &[storage(1, wgpu::ShaderStages::FRAGMENT)],
    };

    fn bind(
        &self,
        Gpu { device, .. }: Gpu<'_>,
        screen: &ScreenDescriptor,
        pipeline: &Pipeline,
    ) -> Option<wgpu::BindGroup> {
        // Where a binding may begin is coarser than where others place what they keep in a buffer.
        let alignment = u64::from(device.limits().min_storage_buffer_offset_alignment).max(1);
        let offset = self.cells.offset / alignment * alignment;
        let before = self.cells.offset - offset;
        let uniform = uniform(device, &self.words(screen, (before / size_of::<f32>() as u64) as u32));
        let values = wgpu::BufferBinding {
            buffer: &self.cells.buffer,
            offset,
            size: NonZeroU64::new(before + self.cells.bytes()),
        };
        // It may be a buffer of another device, or a larger one than this one binds.
        or_warned(device, "a sheet", || {
            device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some("a sheet"),
                layout: &pipeline.bindings,
                entries: &[
                    wgpu::BindGroupEntry { binding: 0, resource: uniform.as_entire_binding() },
                    wgpu::BindGroupEntry { binding: 1, resource: wgpu::BindingResource::Buffer(values) },
                ],
            })
        })
    }

    fn vertices(&self) -> u32 {
        4
    }
}

impl Sheet {
    /// `Sheet` of the shader.
    fn words(&self, screen: &ScreenDescriptor, first: u32) -> [u32; 16] {
        let origin = (self.left_top * screen.pixels_per_point).round();
        let [width, height] = screen_px(screen);
        let extent = self.grid.size_px();
        let floats =
            [width, height, origin.x, origin.y, extent.x, extent.y, self.grid.cell_px, self.grid.pitch_px()];
        let drawn = self.cells.count.min(self.grid.columns * self.grid.rows);
        let whole = [self.grid.columns, drawn, self.cells.size, self.cells.channels];
        let mut words = [0; 16];
        let all =
            floats.map(f32::to_bits).into_iter().chain(whole.map(|number| number as u32)).chain([first]);
        words.iter_mut().zip(all).for_each(|(word, value)| *word = value);
        words
    }
}
