//! The window drawn off-screen to a PNG, for documentation and tests.

use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use eframe::egui_wgpu::{self, RendererOptions, ScreenDescriptor, WgpuError};
use egui::{Context, Pos2, RawInput, Rect, vec2};

use super::graphics::{self, Ask};
use super::{App, Start};
use crate::cli::args::{ScreenshotOptions, ScreenshotView};
use crate::state::{Action, Command, Dialog, Pane};
use crate::store::{Paths, Settings, Theme};

/// How long a dataset may take to be ready.
const PATIENCE: Duration = Duration::from_secs(600);

/// Renders the program's window to a PNG. Its project and settings are temporary.
pub fn screenshot(options: &ScreenshotOptions) -> anyhow::Result<()> {
    let home = tempfile::tempdir().context("no temporary folder could be made")?;
    let paths = Paths::within(home.path());
    let theme = if options.light { Theme::Light } else { Theme::Dark };
    let settings = Settings { theme, ..Settings::default() };
    let ctx = Context::default();
    let mut screen = Screen::new(&ctx, options.size, options.scale)?;
    let graphics = Some(graphics::shared(&screen.render));
    let start = Start { source: options.path.clone(), graphics, ..Start::default() };
    let mut app = App::new(&ctx, paths, settings, None, start);

    let deadline = Instant::now() + PATIENCE;
    let wants_dataset = options.path.is_some();
    let mut is_prepared = false;
    let mut calm = 0;
    // A few calm frames: panels take their size in the first, pictures come in the next.
    while calm < 4 {
        screen.frame(&ctx, &mut app);
        if let Some(problem) =
            app.state().notices.iter().find(|notice| notice.level == crate::state::Level::Error)
        {
            return Err(anyhow!("{}", problem.text));
        }
        let is_there = !wants_dataset || app.state().session.is_some();
        if is_there && !is_prepared {
            is_prepared = true;
            prepare(&mut app, options);
            continue;
        }
        calm = if is_there && app.is_settled() { calm + 1 } else { 0 };
        if Instant::now() > deadline {
            return Err(anyhow!("the dataset was not ready within {} minutes", PATIENCE.as_secs() / 60));
        }
        if calm == 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    let picture = screen.read()?;
    app.leave();
    picture.save(&options.out).with_context(|| format!("{} could not be written", options.out.display()))
}

fn prepare(app: &mut App, options: &ScreenshotOptions) {
    if !options.filter.is_empty() {
        let (text, cursor) = (options.filter.clone(), options.filter.len());
        app.act(Action::SearchTyped { text, cursor });
        app.act(Action::SearchEntered);
    }
    match options.view {
        ScreenshotView::Welcome | ScreenshotView::Grid => {}
        ScreenshotView::Table => app.panels().show(Pane::Table),
        ScreenshotView::Issues => app.panels().show(Pane::Issues),
        ScreenshotView::Charts => app.panels().show(Pane::Charts),
        ScreenshotView::Palette => app.act(Action::Run(Command::Palette)),
        ScreenshotView::Shortcuts => app.act(Action::ShowDialog(Dialog::Shortcuts)),
        ScreenshotView::Settings => app.act(Action::ShowDialog(Dialog::Settings)),
        ScreenshotView::QueryHelp => app.act(Action::ShowDialog(Dialog::QueryHelp)),
    }
}

/// A picture to draw into, and what draws it.
struct Screen {
    render: egui_wgpu::RenderState,
    texture: wgpu::Texture,
    descriptor: ScreenDescriptor,
    size: (u32, u32),
    started: Instant,
}

const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

fn render_state(ask: Ask) -> Result<egui_wgpu::RenderState, WgpuError> {
    let configuration = graphics::configuration(ask);
    let instance = pollster::block_on(configuration.wgpu_setup.new_instance());
    let render = egui_wgpu::RenderState::create(&configuration, &instance, None, RendererOptions::default());
    pollster::block_on(render)
}

impl Screen {
    fn new(ctx: &Context, size: (u32, u32), scale: f32) -> anyhow::Result<Self> {
        let scale = scale.clamp(0.5, 4.0);
        ctx.set_pixels_per_point(scale);
        let mut render = render_state(Ask::Shared);
        if let Err(WgpuError::RequestDeviceError(_)) = render {
            render = render_state(Ask::WindowOnly);
        }
        let render = render.map_err(|error| {
            anyhow!(
                "no graphics adapter was found ({error}); install a driver, or a software one \
                 (Debian, Ubuntu: mesa-vulkan-drivers)"
            )
        })?;
        let pixels = [(size.0 as f32 * scale) as u32, (size.1 as f32 * scale) as u32];
        let limit = render.device.limits().max_texture_dimension_2d;
        if pixels.iter().any(|side| *side > limit) {
            return Err(anyhow!(
                "the picture would be {} × {} px; the adapter draws up to {limit}",
                pixels[0],
                pixels[1]
            ));
        }
        let texture = render.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("screenshot"),
            size: wgpu::Extent3d { width: pixels[0], height: pixels[1], depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: render.target_format,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        debug_assert!(matches!(render.target_format, FORMAT | wgpu::TextureFormat::Bgra8Unorm));
        let descriptor = ScreenDescriptor { size_in_pixels: pixels, pixels_per_point: scale };
        Ok(Self { render, texture, descriptor, size, started: Instant::now() })
    }

    /// Runs and draws a frame.
    fn frame(&mut self, ctx: &Context, app: &mut App) {
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(self.size.0 as f32, self.size.1 as f32))),
            time: Some(self.started.elapsed().as_secs_f64()),
            max_texture_side: Some(self.render.device.limits().max_texture_dimension_2d as usize),
            focused: true,
            ..RawInput::default()
        };
        app.logic(ctx);
        let mut output = ctx.run_ui(input, |ui| app.ui(ui));
        let jobs = ctx.tessellate(output.shapes, output.pixels_per_point);
        let mut renderer = self.render.renderer.write();
        let (device, queue) = (&self.render.device, &self.render.queue);
        for (id, deltas) in output.textures_delta.set.drain() {
            for delta in deltas {
                renderer.update_texture(device, queue, id, &delta);
            }
        }
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let extra = renderer.update_buffers(device, queue, &mut encoder, &jobs, &self.descriptor);
        let view = self.texture.create_view(&wgpu::TextureViewDescriptor::default());
        {
            let pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
                label: Some("screenshot"),
                color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                    view: &view,
                    depth_slice: None,
                    resolve_target: None,
                    ops: wgpu::Operations {
                        load: wgpu::LoadOp::Clear(wgpu::Color::BLACK),
                        store: wgpu::StoreOp::Store,
                    },
                })],
                ..wgpu::RenderPassDescriptor::default()
            });
            renderer.render(&mut pass.forget_lifetime(), &jobs, &self.descriptor);
        }
        queue.submit(extra.into_iter().chain([encoder.finish()]));
        for id in output.textures_delta.free.drain() {
            renderer.free_texture(&id);
        }
    }

    /// The picture as drawn last.
    fn read(&self) -> anyhow::Result<image::RgbaImage> {
        let [width, height] = self.descriptor.size_in_pixels;
        let (device, queue) = (&self.render.device, &self.render.queue);
        let row = (width * 4).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        let buffer = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("screenshot"),
            size: u64::from(row) * u64::from(height),
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.copy_texture_to_buffer(
            self.texture.as_image_copy(),
            wgpu::TexelCopyBufferInfo {
                buffer: &buffer,
                layout: wgpu::TexelCopyBufferLayout {
                    offset: 0,
                    bytes_per_row: Some(row),
                    rows_per_image: None,
                },
            },
            self.texture.size(),
        );
        queue.submit([encoder.finish()]);
        let (sender, receiver) = crossbeam_channel::bounded(1);
        buffer.slice(..).map_async(wgpu::MapMode::Read, move |result| {
            // The receiver waits below.
            let _ = sender.send(result);
        });
        device.poll(wgpu::PollType::wait_indefinitely()).context("the graphics adapter stopped answering")?;
        receiver
            .recv()
            .context("the graphics adapter stopped answering")?
            .context("the picture could not be read")?;
        let mapped = buffer.slice(..).get_mapped_range().context("the picture could not be read")?;
        let is_bgra = self.render.target_format == wgpu::TextureFormat::Bgra8Unorm;
        let mut pixels = Vec::with_capacity((width * height * 4) as usize);
        for line in mapped.chunks_exact(row as usize) {
            pixels.extend_from_slice(&line[..(width * 4) as usize]);
        }
        for pixel in pixels.chunks_exact_mut(4) {
            if is_bgra {
                pixel.swap(0, 2);
            }
            pixel[3] = 255;
        }
        image::RgbaImage::from_raw(width, height, pixels)
            .context("the picture has another size than was asked for")
    }
}
