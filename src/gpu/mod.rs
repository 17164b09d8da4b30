//! Drawing on the graphics device what egui has no shape for.
//!
//! | file | what | shader |
//! | --- | --- | --- |
//! | [`sheet`] | pictures of one size in a grid, straight from where a decoder left them | `shaders/sheet.wgsl` |
//! | [`mosaic`] | pictures of any sizes, each at its place, straight from augmented tiles | `shaders/mosaic.wgsl` |
//! | [`points`] | a cloud of up to a million points and more | `shaders/points.wgsl` |
//! | [`cells`] | the memory that a sheet is drawn from | |
//! | [`augment`] | the stages of augmentation plans, for many pictures at once, equal to the processor's | `shaders/augment/*.wgsl` |
//!
//! Those that draw have one pipeline each and paint by a callback among egui's shapes. [`install`] tells the renderer,
//! once, that there will be such callbacks; without it, and with no graphics device at all, they draw nothing.
//! Pipelines are made when first needed and are kept in the renderer; what belongs to a frame is kept in the
//! callback and goes with it.
//!
//! This room refuses to know datasets and the state of the user interface.

use std::marker::PhantomData;
use std::sync::OnceLock;

use eframe::egui_wgpu::{Callback, CallbackResources, CallbackTrait, RenderState, ScreenDescriptor};
use egui::{PaintCallback, PaintCallbackInfo, Rect};
use wgpu::util::DeviceExt;

pub mod augment;
pub mod cells;
pub mod mosaic;
pub mod points;
pub mod sheet;

/// The text of every shader, by the name of its file.
pub const SHADERS: [(&str, &str); 6] = [
    ("sheet.wgsl", sheet::SHADER),
    ("mosaic.wgsl", mosaic::SHADER),
    ("points.wgsl", points::SHADER),
    ("augment/gather.wgsl", augment::GATHER),
    ("augment/statistics.wgsl", augment::STATISTICS),
    ("augment/jpeg.wgsl", augment::JPEG),
];

/// Lets callbacks of this room draw into what this renderer draws into. They draw with one sample for each
/// pixel and without depth, as eframe does unless it is told otherwise.
pub fn install(render: &RenderState) {
    let target = Target { format: render.target_format };
    render.renderer.write().callback_resources.insert(target);
}

/// What is drawn into.
#[derive(Clone, Copy)]
struct Target {
    format: wgpu::TextureFormat,
}

impl Target {
    fn of(resources: &CallbackResources) -> Option<Self> {
        resources.get::<Self>().copied()
    }
}

/// Something that a frame has drawn by a pipeline of its own.
trait Drawing: Send + Sync + Sized + 'static {
    const RECIPE: Recipe;

    /// What the shader reads; `None` where the device did not take it.
    fn bind(&self, gpu: Gpu<'_>, screen: &ScreenDescriptor, pipeline: &Pipeline) -> Option<wgpu::BindGroup>;

    fn vertices(&self) -> u32;
}

#[derive(Clone, Copy)]
struct Gpu<'a> {
    device: &'a wgpu::Device,
    queue: &'a wgpu::Queue,
}

/// What draws it among egui's shapes.
fn callback(rect: Rect, drawing: impl Drawing) -> PaintCallback {
    Callback::new_paint_callback(rect, Framed { drawing, bound: OnceLock::new() })
}

/// A drawing of a frame.
struct Framed<D> {
    drawing: D,
    bound: OnceLock<Option<wgpu::BindGroup>>,
}

/// The pipeline of a kind of drawing, kept in the renderer; `None` where the device cannot have it.
struct Kept<D>(Option<Pipeline>, PhantomData<fn(D)>);

impl<D: Drawing> CallbackTrait for Framed<D> {
    fn prepare(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        screen: &ScreenDescriptor,
        _: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        if let Some(target) = Target::of(resources) {
            let make = || Kept::<D>(Pipeline::new(device, target, &D::RECIPE), PhantomData);
            let kept = resources.entry().or_insert_with(make);
            let bind = || self.drawing.bind(Gpu { device, queue }, screen, kept.0.as_ref()?);
            self.bound.get_or_init(bind);
        }
        Vec::new()
    }

    fn paint(
        &self,
        info: PaintCallbackInfo,
        pass: &mut wgpu::RenderPass<'static>,
        resources: &CallbackResources,
    ) {
        let pipeline = resources.get::<Kept<D>>().and_then(|kept| kept.0.as_ref());
        if let (Some(Some(bound)), Some(pipeline)) = (self.bound.get(), pipeline) {
            whole_screen(pass, info.screen_size_px);
            pass.set_pipeline(&pipeline.pipeline);
            pass.set_bind_group(0, bound, &[]);
            pass.draw(0..self.drawing.vertices(), 0..1);
        }
    }
}

/// What differs between the pipelines.
struct Recipe {
    label: &'static str,
    shader: &'static str,
    topology: wgpu::PrimitiveTopology,
    /// What it reads besides its uniform, which is binding 0.
    storage: &'static [wgpu::BindGroupLayoutEntry],
}

/// A pipeline whose shader finds all that it draws by the number of a vertex, and what it is bound to.
struct Pipeline {
    pipeline: wgpu::RenderPipeline,
    bindings: wgpu::BindGroupLayout,
}

impl Pipeline {
    /// `None` where the device cannot have it: one that lets no shader read storage.
    fn new(device: &wgpu::Device, target: Target, recipe: &Recipe) -> Option<Self> {
        or_warned(device, recipe.label, || Self::unchecked(device, target, recipe))
    }

    fn unchecked(device: &wgpu::Device, target: Target, recipe: &Recipe) -> Self {
        let label = Some(recipe.label);
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label,
            source: wgpu::ShaderSource::Wgsl(recipe.shader.into()),
        });
        let uniform = entry(0, wgpu::ShaderStages::VERTEX_FRAGMENT, wgpu::BufferBindingType::Uniform);
        let entries: Vec<_> = std::iter::once(uniform).chain(recipe.storage.iter().copied()).collect();
        let bindings =
            device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label, entries: &entries });
        let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label,
            bind_group_layouts: &[Some(&bindings)],
            immediate_size: 0,
        });
        // Such a target turns what it is given into what is stored.
        let fragment = if target.format.is_srgb() { "fragment_linear" } else { "fragment_stored" };
        let pipeline = device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label,
            layout: Some(&layout),
            vertex: wgpu::VertexState {
                module: &module,
                entry_point: Some("vertex"),
                compilation_options: Default::default(),
                buffers: &[],
            },
            primitive: wgpu::PrimitiveState { topology: recipe.topology, ..Default::default() },
            depth_stencil: None,
            multisample: wgpu::MultisampleState::default(),
            fragment: Some(wgpu::FragmentState {
                module: &module,
                entry_point: Some(fragment),
                compilation_options: Default::default(),
                targets: &[Some(wgpu::ColorTargetState {
                    format: target.format,
                    blend: Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING),
                    write_mask: wgpu::ColorWrites::ALL,
                })],
            }),
            multiview_mask: None,
            cache: None,
        });
        Self { pipeline, bindings }
    }
}

/// A buffer that shaders read as one `var<uniform>`, of 4 bytes each word.
fn uniform(device: &wgpu::Device, words: &[u32]) -> wgpu::Buffer {
    device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
        label: Some("uniform"),
        contents: &bytes_of(words.iter().copied()),
        usage: wgpu::BufferUsages::UNIFORM,
    })
}

fn bytes_of(words: impl IntoIterator<Item = u32>) -> Vec<u8> {
    words.into_iter().flat_map(u32::to_ne_bytes).collect()
}

/// Storage that shaders of these stages read.
const fn storage(binding: u32, visibility: wgpu::ShaderStages) -> wgpu::BindGroupLayoutEntry {
    entry(binding, visibility, wgpu::BufferBindingType::Storage { read_only: true })
}

const fn entry(
    binding: u32,
    visibility: wgpu::ShaderStages,
    ty: wgpu::BufferBindingType,
) -> wgpu::BindGroupLayoutEntry {
    let ty = wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None };
    wgpu::BindGroupLayoutEntry { binding, visibility, ty, count: None }
}

/// What is made, or a line in the log where the device does not take it: wgpu would end the program.
fn or_warned<T>(device: &wgpu::Device, what: &str, make: impl FnOnce() -> T) -> Option<T> {
    let refused = device.push_error_scope(wgpu::ErrorFilter::Validation);
    let full = device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
    let made = make();
    let full = pollster::block_on(full.pop());
    match full.or(pollster::block_on(refused.pop())) {
        None => Some(made),
        Some(error) => {
            tracing::warn!("{what} cannot be drawn: {error}");
            None
        }
    }
}

/// Places on the screen are told to shaders in its own pixels: egui's viewport of a callback would be rounded
/// and cut at the edges.
fn whole_screen(pass: &mut wgpu::RenderPass<'_>, screen_px: [u32; 2]) {
    let [width, height] = screen_px;
    pass.set_viewport(0.0, 0.0, width as f32, height as f32, 0.0, 1.0);
}

fn screen_px(screen: &ScreenDescriptor) -> [f32; 2] {
    screen.size_in_pixels.map(|side| side as f32)
}
