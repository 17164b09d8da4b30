//! What a frame costs the graphics device: 32×32 pictures that are decoded and drawn where they lie, and a
//! million points.
//!
//! `cargo bench --bench sheet`, on whatever adapter there is; its name is printed first. A frame is what egui
//! does for a window of 1280×960 pixels, from shapes to the end of the device's work.
//! `LENSLET_BENCH_POINTS=…` takes another number of points, `LENSLET_BENCH_ONLY=…` what has that in its name.
//! Limit: 16.7 ms, a frame 60 times a second.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui_wgpu::{RenderState, Renderer, RendererOptions, ScreenDescriptor};
use egui::{Color32, Context, LayerId, Painter, Pos2, RawInput, Rect, pos2, vec2};
use lenslet::gpu::install;
use lenslet::gpu::points::{self, Points, View};
use lenslet::gpu::sheet::{self, Grid};
use lenslet::jobs::Control;
use lenslet::train::config::{Channels, Shape};
use lenslet::train::device::{Choice, Graphics, Processor, needs};
use lenslet::train::{ondevice, score};

const SIDE: usize = 32;
const SCREEN: [u32; 2] = [1280, 960];
/// A software driver is no reason to wait for long.
const PATIENCE: Duration = Duration::from_secs(10);
const LIMIT_MS: f64 = 1000.0 / 60.0;

fn main() {
    let is_bench = std::env::args().any(|arg| arg == "--bench");
    let points = std::env::var("LENSLET_BENCH_POINTS").ok().and_then(|count| count.parse().ok());
    let points: usize = points.unwrap_or(if is_bench { 1_000_000 } else { 10_000 });
    let frames = if is_bench { 30 } else { 2 };
    let Some(graphics) = graphics() else { return };
    let about = graphics.adapter.get_info();
    println!("{} ({:?}, {:?})", about.name, about.backend, about.device_type);
    let screen = Screen::new(&graphics);
    if is_wanted("decoding and drawing") {
        decoded(&screen, &graphics, frames);
    }
    clouds(&screen, points, frames);
}

fn is_wanted(name: &str) -> bool {
    name.contains(&std::env::var("LENSLET_BENCH_ONLY").unwrap_or_default())
}

fn graphics() -> Option<Graphics> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let options = wgpu::RequestAdapterOptions {
        power_preference: wgpu::PowerPreference::HighPerformance,
        ..Default::default()
    };
    let adapter = match pollster::block_on(instance.request_adapter(&options)) {
        Ok(adapter) => adapter,
        Err(error) => {
            eprintln!("skipped: {error}");
            return None;
        }
    };
    let (device, queue) =
        pollster::block_on(adapter.request_device(&needs(&adapter))).expect("what the adapter offers");
    Some(Graphics::new(instance, adapter, device, queue))
}

/// A walk through the latent: each frame, all pictures are other ones.
fn decoded(screen: &Screen, graphics: &Graphics, frames: usize) {
    let processor = match Processor::choose_beside(Choice::Gpu, graphics) {
        Ok(processor) => processor,
        Err(error) => return eprintln!("skipped: {error}"),
    };
    let shape = Shape::preset(28, Channels::Grey);
    let numbers = shape.weights().iter().map(|weight| vec![0.01; weight.count()]).collect();
    let model = processor.model(&shape, numbers);
    let size = shape.size as f32;
    let grid = Grid { columns: SIDE, rows: SIDE, cell_px: size, gap_px: 1.0 };
    let mut drawing = Vec::new();
    let whole = frames_of(frames, |frame| {
        let latents = score::prior(shape.latent, SIDE * SIDE, frame as u64);
        let started = Instant::now();
        let cells = ondevice::decode(graphics, &model, &latents, &[], &Control::new());
        let cells = cells.expect("it can be decoded").expect("it is on the device");
        screen.frame(|painter| sheet::paint(painter, Pos2::ZERO, &cells, grid));
        let took = started.elapsed();
        drawing.push(timed(|| screen.frame(|painter| sheet::paint(painter, Pos2::ZERO, &cells, grid))));
        took
    });
    report("decoding and drawing 32×32 of 28 px", &whole);
    report("drawing them again", &drawing);
}

fn clouds(screen: &Screen, count: usize, frames: usize) {
    let mixed = |at: usize| (at as u32 ^ 0x5bd1_e995).wrapping_mul(0x9e37_79b9).rotate_left(11);
    let unit = |at: usize| mixed(at) as f32 / u32::MAX as f32 * 2.0 - 1.0;
    let places: Vec<[f32; 2]> = (0..count).map(|at| [unit(2 * at), unit(2 * at + 1)]).collect();
    let color = |at: usize| Color32::from_rgb(mixed(at) as u8, 128, 200);
    let colors = |shift: usize| (0..count).map(|at| color(at + shift)).collect::<Vec<_>>();
    let mut cloud = Points::new(&places, &colors(0));
    let rect = Rect::from_min_size(Pos2::ZERO, vec2(SCREEN[0] as f32, SCREEN[1] as f32));
    let others: Vec<Vec<Color32>> = (0..3).map(colors).collect();
    let view = |frame: usize, zoom: f32| View {
        center: [frame as f32 * 1e-3, 0.0],
        scale: vec2(480.0, -480.0) * zoom,
        radius_px: 1.5,
    };
    let mut time = |name: &str, zoom: f32, recolours: bool| {
        let name = format!("{count} points, {name}");
        if !is_wanted(&name) {
            return;
        }
        let times = frames_of(frames, |frame| {
            timed(|| {
                if recolours {
                    cloud.set_colors(&others[frame % others.len()]);
                }
                screen.frame(|painter| points::paint(painter, rect, &cloud, view(frame, zoom)));
            })
        });
        report(&name, &times);
    };
    time("all on screen", 1.0, false);
    time("near", 20.0, false);
    time("other colours each frame", 1.0, true);
}

/// A texture in the place of a window.
struct Screen {
    ctx: Context,
    render: RenderState,
    view: wgpu::TextureView,
}

impl Screen {
    fn new(graphics: &Graphics) -> Self {
        let format = wgpu::TextureFormat::Rgba8Unorm;
        let texture = graphics.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("screen"),
            size: wgpu::Extent3d { width: SCREEN[0], height: SCREEN[1], depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT,
            view_formats: &[],
        });
        let renderer = Renderer::new(&graphics.device, format, RendererOptions::default());
        let render = RenderState {
            adapter: graphics.adapter.clone(),
            available_adapters: Vec::new(),
            instance: graphics.instance.clone(),
            device: graphics.device.clone(),
            queue: graphics.queue.clone(),
            target_format: format,
            renderer: Arc::new(egui::mutex::RwLock::new(renderer)),
        };
        install(&render);
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        Self { ctx: Context::default(), render, view }
    }

    /// Draws a frame and waits until the device has done it.
    fn frame(&self, draw: impl Fn(&Painter)) {
        let screen_rect = Rect::from_min_max(Pos2::ZERO, pos2(SCREEN[0] as f32, SCREEN[1] as f32));
        let input = RawInput { screen_rect: Some(screen_rect), ..RawInput::default() };
        let mut output = self.ctx.run_ui(input, |ui| draw(&ui.ctx().layer_painter(LayerId::background())));
        let jobs = self.ctx.tessellate(output.shapes, output.pixels_per_point);
        let descriptor = ScreenDescriptor { size_in_pixels: SCREEN, pixels_per_point: 1.0 };
        let (device, queue) = (&self.render.device, &self.render.queue);
        let mut renderer = self.render.renderer.write();
        for (id, deltas) in output.textures_delta.set.drain() {
            deltas.iter().for_each(|delta| renderer.update_texture(device, queue, id, delta));
        }
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let extra = renderer.update_buffers(device, queue, &mut encoder, &jobs, &descriptor);
        let target = wgpu::RenderPassColorAttachment {
            view: &self.view,
            depth_slice: None,
            resolve_target: None,
            ops: wgpu::Operations {
                load: wgpu::LoadOp::Clear(wgpu::Color::BLACK),
                store: wgpu::StoreOp::Store,
            },
        };
        let pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            color_attachments: &[Some(target)],
            ..wgpu::RenderPassDescriptor::default()
        });
        renderer.render(&mut pass.forget_lifetime(), &jobs, &descriptor);
        queue.submit(extra.into_iter().chain([encoder.finish()]));
        device.poll(wgpu::PollType::wait_indefinitely()).expect("the device answers");
    }
}

/// So many frames and two before them, or as many as there is patience for.
fn frames_of(count: usize, mut frame: impl FnMut(usize) -> Duration) -> Vec<Duration> {
    let started = Instant::now();
    let is_enough = |done: usize| done >= 5 && started.elapsed() > PATIENCE;
    let mut times = Vec::new();
    while times.len() < count + 2 && !is_enough(times.len()) {
        times.push(frame(times.len()));
    }
    times
}

fn timed(what: impl FnOnce()) -> Duration {
    let started = Instant::now();
    what();
    started.elapsed()
}

/// The first two frames make pipelines and kernels, and are told apart.
fn report(name: &str, times: &[Duration]) {
    let ms = |time: &Duration| time.as_secs_f64() * 1000.0;
    let (first, rest) = times.split_at(2);
    let mut rest: Vec<f64> = rest.iter().map(ms).collect();
    rest.sort_by(f64::total_cmp);
    let (median, most) = (rest[rest.len() / 2], rest[rest.len() - 1]);
    let first = first.iter().map(ms).fold(0.0, f64::max);
    println!(
        "{name:<44} median {median:>8.2} ms, {:.2} of {LIMIT_MS:.1}  most {most:>8.2} ms  first {first:>8.1} ms",
        median / LIMIT_MS,
    );
}
