//! A cloud of points, up to some millions, of which places are uploaded once and colours as often as they
//! change. Refuses to know what a point stands for.

use std::sync::{Arc, OnceLock};

use eframe::egui_wgpu::ScreenDescriptor;
use egui::{Color32, Painter, Pos2, Rect, Vec2};
use rayon::prelude::*;

use super::{Drawing, Gpu, Pipeline, Recipe, bytes_of, or_warned, screen_px, storage, uniform};

/// `shaders/points.wgsl` with what it begins with.
pub const SHADER: &str =
    concat!(include_str!("../../shaders/colour.wgsl"), include_str!("../../shaders/points.wgsl"));

/// Points of a cloud at most: their places are 128 MiB, which a shader may read on every device.
pub const MOST: usize = 1 << 24;

/// A place that no view comes near, for those that are not finite.
const FAR: f32 = 1e30;

/// Points with their colours. A clone shares their memory.
#[derive(Clone, Debug)]
pub struct Points {
    places: Arc<Column>,
    colors: Arc<Column>,
}

impl Points {
    /// Points at these places, in any unit, in the order in which they are drawn: later ones lie over earlier
    /// ones. One that is not finite is not drawn, nor are those beyond [`MOST`]. Colours are as in
    /// [`set_colors`](Self::set_colors).
    pub fn new(places: &[[f32; 2]], colors: &[Color32]) -> Self {
        let words = places.iter().take(MOST).flat_map(|place| {
            let is_finite = place.iter().all(|number| number.is_finite());
            if is_finite { *place } else { [FAR; 2] }.map(f32::to_bits)
        });
        Self {
            places: Arc::new(Column::new(2, bytes_of(words))),
            colors: Arc::new(Column::of_colors(colors)),
        }
    }

    /// Takes other colours, one for each point in their order, and leaves the places where they are. A point
    /// of alpha 0, or for which there is no colour, is not drawn.
    pub fn set_colors(&mut self, colors: &[Color32]) {
        self.colors = Arc::new(Column::of_colors(colors));
    }

    pub fn len(&self) -> usize {
        self.places.rows()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Points that have a place and a colour.
    fn drawn(&self) -> u32 {
        self.places.rows().min(self.colors.rows()) as u32
    }
}

/// What is seen of a cloud, and how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// What lies in the middle of the rectangle, in the unit of the points.
    pub center: [f32; 2],
    /// egui's points on the screen for each unit, to the right and downwards: `y` is under 0 where the
    /// larger is higher.
    pub scale: Vec2,
    /// Radius of a point, in pixels of the screen: 0.5 at least.
    pub radius_px: f32,
}

impl View {
    /// Where a place of the cloud is on the screen.
    pub fn screen_from_cloud(&self, rect: Rect, place: [f32; 2]) -> Pos2 {
        let [x, y] = place;
        rect.center() + egui::vec2(x - self.center[0], y - self.center[1]) * self.scale
    }

    /// The place of the cloud that is here on the screen.
    pub fn cloud_from_screen(&self, rect: Rect, pos: Pos2) -> [f32; 2] {
        let from_center = (pos - rect.center()) / self.scale;
        [self.center[0] + from_center.x, self.center[1] + from_center.y]
    }
}

/// Draws what is seen of the points in this rectangle.
pub fn paint(painter: &Painter, rect: Rect, points: &Points, view: View) {
    let visible = painter.clip_rect().intersect(rect);
    if points.drawn() == 0 || !visible.is_positive() {
        return;
    }
    painter.with_clip_rect(visible).add(super::callback(rect, Cloud { rect, points: points.clone(), view }));
}

/// Numbers of points, here and, once they were drawn, on a device.
#[derive(Debug)]
struct Column {
    /// Words of 4 bytes for each point.
    words: usize,
    bytes: Vec<u8>,
    /// `None` where the device had no memory for it.
    uploaded: OnceLock<Option<(wgpu::Device, wgpu::Buffer)>>,
}

impl Column {
    fn new(words: usize, bytes: Vec<u8>) -> Self {
        Self { words, bytes, uploaded: OnceLock::new() }
    }

    fn of_colors(colors: &[Color32]) -> Self {
        /// Colours that a thread writes at once.
        const PART: usize = 16_384;
        let colors = &colors[..colors.len().min(MOST)];
        let mut bytes = vec![0; colors.len() * size_of::<u32>()];
        let parts = bytes.par_chunks_mut(PART * size_of::<u32>()).zip(colors.par_chunks(PART));
        parts.for_each(|(bytes, colors)| {
            for (bytes, color) in bytes.chunks_exact_mut(size_of::<u32>()).zip(colors) {
                bytes.copy_from_slice(&color.to_array());
            }
        });
        Self::new(1, bytes)
    }

    fn rows(&self) -> usize {
        self.bytes.len() / (self.words * size_of::<u32>())
    }

    /// The numbers on a device. They stay on the first one, which a window has for its whole life; `None` on
    /// another.
    fn uploaded(&self, device: &wgpu::Device, queue: &wgpu::Queue) -> Option<&wgpu::Buffer> {
        let uploaded = self.uploaded.get_or_init(|| {
            let buffer = or_warned(device, "a cloud of points", || {
                device.create_buffer(&wgpu::BufferDescriptor {
                    label: Some("points"),
                    size: (self.bytes.len() as u64).max(4),
                    usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
                    mapped_at_creation: false,
                })
            })?;
            queue.write_buffer(&buffer, 0, &self.bytes);
            Some((device.clone(), buffer))
        });
        let (its, buffer) = uploaded.as_ref()?;
        (its == device).then_some(buffer)
    }
}

/// A cloud of a frame.
struct Cloud {
    rect: Rect,
    points: Points,
    view: View,
}

impl Drawing for Cloud {
    const RECIPE: Recipe = Recipe {
        label: "a cloud of points",
        shader: SHADER,
        topology: wgpu::PrimitiveTopology::TriangleList,
        storage: &[storage(1, wgpu::ShaderStages::VERTEX), storage(2, wgpu::ShaderStages::VERTEX)],
    };

    fn bind(
        &self,
        Gpu { device, queue }: Gpu<'_>,
        screen: &ScreenDescriptor,
        pipeline: &Pipeline,
    ) -> Option<wgpu::BindGroup> {
        let uniform = uniform(device, &self.words(screen));
        let places = self.points.places.uploaded(device, queue)?;
        let colors = self.points.colors.uploaded(device, queue)?;
        let entries: Vec<_> = [&uniform, places, colors]
            .into_iter()
            .zip(0..)
            .map(|(buffer, binding)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
            .collect();
        or_warned(device, "a cloud of points", || {
            device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some("a cloud of points"),
                layout: &pipeline.bindings,
                entries: &entries,
            })
        })
    }

    fn vertices(&self) -> u32 {
        3 * self.points.drawn()
    }
}

impl Cloud {
    /// `View` of the shader.
    fn words(&self, screen: &ScreenDescriptor) -> [u32; 12] {
        let [width, height] = screen_px(screen);
        let origin = self.rect.center() * screen.pixels_per_point;
        let scale = self.view.scale * screen.pixels_per_point;
        let [x, y] = self.view.center;
        let radius = self.view.radius_px.max(0.5);
        [width, height, origin.x, origin.y, x, y, scale.x, scale.y, radius, 0.0, 0.0, 0.0].map(f32::to_bits)
    }
}
