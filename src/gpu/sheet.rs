//! Pictures of one size as cells of a grid, drawn straight from [`Cells`] in the memory of the graphics device:
//! nothing goes through the processor. Refuses to know who made the pictures.

use std::num::NonZeroU64;
use std::sync::OnceLock;

use eframe::egui_wgpu::{Callback, CallbackResources, CallbackTrait, ScreenDescriptor};
use egui::{PaintCallbackInfo, Painter, Pos2, Rect, Vec2, vec2};

use super::cells::Cells;
use super::{Pipeline, Recipe, Target, or_warned, screen_px, storage, uniform, whole_screen};

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
    let sheet = Sheet { left_top, cells: cells.clone(), grid, bound: OnceLock::new() };
    painter.add(Callback::new_paint_callback(rect, sheet));
}

/// A sheet of a frame.
struct Sheet {
    left_top: Pos2,
    cells: Cells,
    grid: Grid,
    /// What the shader reads; `None` where the device did not take it.
    bound: OnceLock<Option<wgpu::BindGroup>>,
}

/// The pipeline, kept in the renderer; `None` where the device cannot have it.
struct SheetPipeline(Option<Pipeline>);

impl SheetPipeline {
    fn new(device: &wgpu::Device, target: Target) -> Self {
        let recipe = Recipe {
            label: "a sheet",
            shader: SHADER,
            topology: wgpu::PrimitiveTopology::TriangleStrip,
            storage: &[storage(1, wgpu::ShaderStages::FRAGMENT)],
        };
        Self(Pipeline::new(device, target, &recipe))
    }
}

impl CallbackTrait for Sheet {
    fn prepare(
        &self,
        device: &wgpu::Device,
        _: &wgpu::Queue,
        screen: &ScreenDescriptor,
        _: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        if let Some(target) = Target::of(resources) {
            let pipeline = resources.entry().or_insert_with(|| SheetPipeline::new(device, target));
            self.bound.get_or_init(|| self.bind(device, screen, pipeline.0.as_ref()?));
        }
        Vec::new()
    }

    fn paint(
        &self,
        info: PaintCallbackInfo,
        pass: &mut wgpu::RenderPass<'static>,
        resources: &CallbackResources,
    ) {
        let pipeline = resources.get::<SheetPipeline>().and_then(|pipeline| pipeline.0.as_ref());
        if let (Some(Some(bound)), Some(pipeline)) = (self.bound.get(), pipeline) {
            whole_screen(pass, info.screen_size_px);
            pass.set_pipeline(&pipeline.pipeline);
            pass.set_bind_group(0, bound, &[]);
            pass.draw(0..4, 0..1);
        }
    }
}

impl Sheet {
    fn bind(
        &self,
        device: &wgpu::Device,
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
