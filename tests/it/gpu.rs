//! What is drawn on the graphics device by itself: pictures where a decoder left them, and clouds of points.
//! Needs a graphics adapter, a software one will do; without one it says so and does nothing.

use std::sync::Arc;

use eframe::egui_wgpu::{RenderState, Renderer, RendererOptions};
use egui::{Color32, LayerId, Painter, Pos2, Rect, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::wgpu::WgpuTestRenderer;
use image::{Rgba, RgbaImage};
use lenslet::gpu::augment::Tiles;
use lenslet::gpu::cells::Cells;
use lenslet::gpu::mosaic::{Mosaic, Tile};
use lenslet::gpu::points::{self, Points, View};
use lenslet::gpu::sheet::{self, Grid};
use lenslet::gpu::{SHADERS, install};
use lenslet::jobs::Control;
use lenslet::media::Raster;
use lenslet::train::config::{Channels, Likelihood, Shape};
use lenslet::train::device::{Choice, Graphics, Kind, Processor, needs};
use lenslet::train::model::Numbers;
use lenslet::train::score::Pictures;
use lenslet::train::{ondevice, score};
use wgpu::util::DeviceExt;

const BACKGROUND: Rgba<u8> = Rgba([0, 0, 0, 0]);

/// A device that training and drawing share.
pub fn graphics() -> Option<Graphics> {
    graphics_of(needs)
}

/// A device of which this is asked.
fn graphics_of(needs: fn(&wgpu::Adapter) -> wgpu::DeviceDescriptor<'static>) -> Option<Graphics> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapter = pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default()));
    let adapter = match adapter {
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

/// egui's renderer on this device.
pub fn render_state(graphics: &Graphics, target_format: wgpu::TextureFormat) -> RenderState {
    let renderer = Renderer::new(&graphics.device, target_format, RendererOptions::PREDICTABLE);
    RenderState {
        adapter: graphics.adapter.clone(),
        available_adapters: Vec::new(),
        instance: graphics.instance.clone(),
        device: graphics.device.clone(),
        queue: graphics.queue.clone(),
        target_format,
        renderer: Arc::new(egui::mutex::RwLock::new(renderer)),
    }
}

/// What is drawn on a screen of this size, at one pixel for each of egui's points, as it is stored.
fn drawn(render: RenderState, size: [u32; 2], draw: impl Fn(&Painter) + 'static) -> RgbaImage {
    drawn_densely(render, size, 1.0, draw)
}

/// The same at so many pixels for each point.
fn drawn_densely(
    render: RenderState,
    size: [u32; 2],
    pixels_per_point: f32,
    draw: impl Fn(&Painter) + 'static,
) -> RgbaImage {
    let mut harness = Harness::builder()
        .with_size(size.map(|side| side as f32))
        .with_pixels_per_point(pixels_per_point)
        .renderer(WgpuTestRenderer::from_render_state(render))
        .build_ui(move |ui| draw(&ui.ctx().layer_painter(LayerId::background())));
    harness.run();
    harness.render().expect("it can be drawn")
}

fn drawn_on(graphics: &Graphics, size: [u32; 2], draw: impl Fn(&Painter) + 'static) -> RgbaImage {
    let render = render_state(graphics, wgpu::TextureFormat::Rgba8Unorm);
    install(&render);
    drawn(render, size, draw)
}

/// Numbers without an order, from 0 to 1.
fn numbers(count: usize) -> Vec<f32> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(0x9e37_79b9).rotate_left(13).wrapping_add(0x7f4a_7c15);
        (state >> 8) as f32 / (1 << 24) as f32
    };
    (0..count).map(|_| next()).collect()
}

/// Pictures in a buffer, behind so many other numbers.
fn cells(device: &wgpu::Device, before: usize, values: &[f32], size: usize, channels: usize) -> Cells {
    let filled = std::iter::repeat_n(&7.0, before).chain(values).chain([&7.0; 5]);
    let contents: Vec<u8> = filled.flat_map(|number| number.to_ne_bytes()).collect();
    let buffer = device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
        label: None,
        contents: &contents,
        usage: wgpu::BufferUsages::STORAGE,
    });
    let count = values.len() / (size * size * channels);
    Cells { buffer, offset: 4 * before as u64, count, size, channels, keep: Arc::new(()) }
}

/// A value of a cell's pixel as a byte: what a sheet has to show.
fn byte(values: &[f32], size: usize, channels: usize, cell: usize, [x, y]: [usize; 2], channel: usize) -> u8 {
    (values[((cell * size + y) * size + x) * channels + channel] * 255.0).round() as u8
}

#[test]
fn shaders_are_valid_and_all_of_them_are_known() {
    let folders =
        ["/shaders", "/shaders/augment"].map(|name| format!("{}{name}", env!("CARGO_MANIFEST_DIR")));
    let entries = folders.iter().flat_map(|folder| std::fs::read_dir(folder).expect("a folder"));
    for path in entries.map(|entry| entry.expect("a file").path()).filter(|path| path.is_file()) {
        let text = std::fs::read_to_string(&path).expect("a text");
        assert!(SHADERS.iter().any(|(_, shader)| shader.contains(&text)), "{}", path.display());
    }
    let Some(graphics) = graphics() else { return };
    for (name, shader) in SHADERS {
        let scope = graphics.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let _ = graphics.device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(name),
            source: wgpu::ShaderSource::Wgsl(shader.into()),
        });
        assert_eq!(pollster::block_on(scope.pop()).map(|error| error.to_string()), None, "{name}");
    }
}

/// A decoder of random weights, large enough for strong contrasts.
fn decoder(shape: &Shape) -> Numbers {
    let weights = shape.weights().into_iter().map(|weight| {
        let bound = 4.0 / (weight.fan_in.max(1) as f32).sqrt();
        numbers(weight.count()).into_iter().map(|number| (number * 2.0 - 1.0) * bound).collect()
    });
    weights.collect()
}

#[test]
fn a_sheet_shows_what_the_decoder_left_on_the_device() {
    let Some(graphics) = graphics() else { return };
    let gpu = match Processor::choose_beside(Choice::Gpu, &graphics) {
        Ok(gpu) => gpu,
        Err(error) => return eprintln!("skipped: {error}"),
    };
    let control = Control::new();
    for (size, channels, classes) in [(17, Channels::Grey, 0), (16, Channels::Colour, 3)] {
        let shape = Shape {
            size,
            channels,
            latent: 5,
            width: 4,
            depth: 2,
            hidden: 16,
            likelihood: Likelihood::Bernoulli,
            classes,
        };
        let latents: Vec<f32> = numbers(7 * 5).iter().map(|number| number * 4.0 - 2.0).collect();
        let of_classes = [0, 1, 2, 0, 1, 2, 0];
        let on_cpu = Processor::cpu().model(&shape, decoder(&shape));
        let nothing = ondevice::decode(&graphics, &on_cpu, &latents, &of_classes, &control);
        assert!(nothing.expect("no failure").is_none(), "what lies on the processor is not on the device");
        let pictures = score::decode(&on_cpu, &latents, &of_classes, &control).expect("pictures");

        let model = gpu.model(&shape, decoder(&shape));
        let cells = ondevice::decode(&graphics, &model, &latents, &of_classes, &control);
        let cells = cells.expect("no failure").expect("it is on the device");
        assert_eq!((cells.count, cells.size, cells.channels), (7, size, channels.count()));

        let (width, height, sheet) = pictures.sheet(3);
        let range = sheet.iter().max().zip(sheet.iter().min()).expect("pixels");
        assert!(range.0 - range.1 > 200, "these pictures would hide what is wrong: {range:?}");
        for zoom in [1, 3] {
            let grid = Grid { columns: 3, rows: 3, cell_px: (zoom * size) as f32, gap_px: 0.0 };
            let kept = cells.clone();
            let screen = [width * zoom + 5, height * zoom + 4].map(|side| side as u32);
            let shown = drawn_on(&graphics, screen, move |painter| {
                sheet::paint(painter, pos2(2.0, 3.0), &kept, grid);
            });
            let mut most = 0;
            for (x, y, pixel) in shown.enumerate_pixels() {
                let [x, y] = [x as i64 - 2, y as i64 - 3].map(|at| at.div_euclid(zoom as i64));
                let is_within = (0..width as i64).contains(&x) && (0..height as i64).contains(&y);
                let cell = y / size as i64 * 3 + x / size as i64;
                if !is_within || cell >= 7 {
                    assert_eq!(*pixel, BACKGROUND, "{x} {y}");
                    continue;
                }
                let at = (y as usize * width + x as usize) * channels.count();
                for channel in 0..3 {
                    let expected = sheet[at + channel.min(channels.count() - 1)];
                    most = most.max(pixel.0[channel].abs_diff(expected));
                }
                assert_eq!(pixel.0[3], 255);
            }
            assert!(most <= 2, "{size} px at {zoom}: {most} of 255 apart");
        }
    }
}

#[test]
fn what_another_thread_decoded_is_there_and_stays_after_it_decoded_more() {
    let Some(graphics) = graphics() else { return };
    let Ok(gpu) = Processor::choose_beside(Choice::Gpu, &graphics) else { return };
    let shape = Shape { latent: 5, width: 4, hidden: 16, ..Shape::preset(16, Channels::Grey) };
    let model = gpu.model(&shape, decoder(&shape));
    let control = Control::new();
    let latents = |seed: usize| -> Vec<f32> {
        numbers(6 * 5 + seed)[seed..].iter().map(|number| number * 4.0 - 2.0).collect()
    };
    let on_cpu = Processor::cpu().model(&shape, decoder(&shape));
    let expected = score::decode(&on_cpu, &latents(0), &[], &control).expect("pictures").sheet(3).2;
    for more in [0, 20] {
        let decode = |seed| {
            let cells = ondevice::decode(&graphics, &model, &latents(seed), &[], &control);
            cells.expect("no failure").expect("it is on the device")
        };
        let decode_all = || {
            let first = decode(0);
            (1..=more).for_each(|seed| drop(decode(seed)));
            first
        };
        let cells = std::thread::scope(|scope| scope.spawn(decode_all).join()).expect("no panic");
        let grid = Grid { columns: 3, rows: 2, cell_px: 16.0, gap_px: 0.0 };
        let shown =
            drawn_on(&graphics, [48, 32], move |painter| sheet::paint(painter, Pos2::ZERO, &cells, grid));
        let apart = shown.pixels().zip(&expected).map(|(pixel, byte)| pixel.0[0].abs_diff(*byte)).max();
        assert!(apart <= Some(2), "{more} more: {apart:?} of 255 apart");
    }
}

#[test]
fn a_coarse_sheet_repeats_what_the_decoder_left_on_the_device() {
    let Some(graphics) = graphics() else { return };
    let Ok(gpu) = Processor::choose_beside(Choice::Gpu, &graphics) else { return };
    let shape = Shape { latent: 5, width: 4, hidden: 16, ..Shape::preset(16, Channels::Grey) };
    let (model, on_cpu) =
        (gpu.model(&shape, decoder(&shape)), Processor::cpu().model(&shape, decoder(&shape)));
    let control = Control::new();
    let latents: Vec<f32> = numbers(4 * 5).iter().map(|number| number * 4.0 - 2.0).collect();
    let shown = [0, 0, 1, 0, 0, 1, 2, 2, 3];
    let none = ondevice::decode_repeated(&graphics, &on_cpu, &latents, &[], &shown, &control);
    assert!(none.expect("no failure").is_none(), "what lies on the processor is not on the device");
    let cells = ondevice::decode_repeated(&graphics, &model, &latents, &[], &shown, &control);
    let cells = cells.expect("no failure").expect("it is on the device");
    ondevice::wait(&model).expect("the device goes on");
    assert_eq!((cells.count, cells.size, control.progress().done), (9, 16, 4));
    let pictures = score::decode(&on_cpu, &latents, &[], &control).expect("pictures");
    let pixels = shown.iter().flat_map(|picture| pictures.get(*picture as usize).expect("it").to_vec());
    let expected = Pictures { pixels: pixels.collect(), ..pictures }.sheet(3).2;
    let grid = Grid { columns: 3, rows: 3, cell_px: 16.0, gap_px: 0.0 };
    let shown = drawn_on(&graphics, [48, 48], move |painter| sheet::paint(painter, Pos2::ZERO, &cells, grid));
    let apart = shown.pixels().zip(&expected).map(|(pixel, byte)| pixel.0[0].abs_diff(*byte)).max();
    assert!(apart <= Some(2), "{apart:?} of 255 apart");
}

#[test]
fn a_sheet_is_exact_wherever_its_numbers_begin_and_whatever_it_is_drawn_into() {
    let Some(graphics) = graphics() else { return };
    let (size, channels) = (16, 3);
    let values = numbers(5 * size * size * channels);
    for format in [wgpu::TextureFormat::Rgba8Unorm, wgpu::TextureFormat::Rgba8UnormSrgb] {
        for before in [0, 1, 7, 64, 1003] {
            let cells = cells(&graphics.device, before, &values, size, channels);
            let render = render_state(&graphics, format);
            install(&render);
            // Four columns, of two rows what there is, with gaps.
            let grid = Grid { columns: 4, rows: 2, cell_px: 32.0, gap_px: 3.0 };
            assert_eq!(grid.size_px(), vec2(4.0 * 35.0 - 3.0, 67.0));
            let shown =
                drawn(render, [140, 70], move |painter| sheet::paint(painter, Pos2::ZERO, &cells, grid));
            for (x, y, pixel) in shown.enumerate_pixels() {
                let ([column, x], [row, y]) = ([x / 35, x % 35], [y / 35, y % 35]);
                let cell = (row * 4 + column) as usize;
                if x >= 32 || y >= 32 || cell >= 5 {
                    assert_eq!(*pixel, BACKGROUND);
                    continue;
                }
                let at = [x as usize / 2, y as usize / 2];
                let expected = [0, 1, 2].map(|channel| byte(&values, size, channels, cell, at, channel));
                let apart = (0..3).map(|channel| pixel.0[channel].abs_diff(expected[channel])).max();
                assert!(apart <= Some(0), "{format:?} {before} {at:?}: {pixel:?} is not {expected:?}");
            }
        }
    }
}

#[test]
fn a_sheet_that_is_smaller_than_its_pictures_shows_means() {
    let Some(graphics) = graphics() else { return };
    let size = 16;
    let values = numbers(4 * size * size);
    let cells = cells(&graphics.device, 0, &values, size, 1);
    let grid = Grid { columns: 2, rows: 2, cell_px: 4.0, gap_px: 1.0 };
    let shown = drawn_on(&graphics, [9, 9], move |painter| sheet::paint(painter, Pos2::ZERO, &cells, grid));
    for cell in 0..4 {
        for (x, y) in (0..4).flat_map(|y| (0..4).map(move |x| (x, y))) {
            let covered = (0..16).map(|at| [4 * x + at % 4, 4 * y + at / 4]);
            let sum: f32 = covered.map(|[x, y]| values[(cell * size + y) * size + x]).sum();
            let pixel = shown.get_pixel((cell % 2 * 5 + x) as u32, (cell / 2 * 5 + y) as u32);
            assert!((f32::from(pixel.0[0]) - sum / 16.0 * 255.0).abs() < 0.6, "{cell} {x} {y}");
        }
    }
}

/// Pictures of all kinds for a mosaic: grey, without and with alpha.
fn rasters() -> [Raster; 3] {
    let noise = |seed: u32, count: usize| -> Vec<u8> {
        (0..count as u32).map(|at| (at.wrapping_mul(2_654_435_761).rotate_left(seed) >> 24) as u8).collect()
    };
    let raster = |width: u32, height: u32, channels: u8| {
        let count = width as usize * height as usize * usize::from(channels);
        Raster::new(width, height, channels, noise(channels.into(), count)).expect("a picture")
    };
    [raster(8, 6, 1), raster(12, 8, 3), raster(8, 8, 4)]
}

#[test]
fn a_mosaic_shows_pictures_of_any_size_where_they_belong() {
    let Some(graphics) = graphics() else { return };
    let rasters = rasters();
    let tiles = Tiles::upload(&graphics.device, &rasters.each_ref()).expect("they are small");
    let tile = |at: usize| Tile::new(&tiles, at).expect("it is there");
    assert_eq!(tile(1).size(), [12, 8]);
    assert!(Tile::new(&tiles, 3).is_none());
    // The first as it is, the second three times as large and cut on its left, the third a quarter as large.
    let places = [(2.0, 3.0, 1.0, 0.0), (20.0, 4.0, 3.0, 25.0), (70.0, 10.0, 0.25, 0.0)];
    for format in [wgpu::TextureFormat::Rgba8Unorm, wgpu::TextureFormat::Rgba8UnormSrgb] {
        let render = render_state(&graphics, format);
        install(&render);
        let shown_tiles = [0, 1, 2].map(tile);
        let shown = drawn(render, [100, 40], move |painter| {
            let mut mosaic = Mosaic::default();
            for (tile, (left, top, zoom, cut)) in shown_tiles.iter().zip(places) {
                let size = tile.size().map(|side| side as f32 * zoom);
                let rect = Rect::from_min_size(pos2(left, top), vec2(size[0], size[1]));
                let clip = Rect::from_min_max(pos2(cut, 0.0), pos2(100.0, 40.0));
                mosaic.add(tile, rect, clip);
            }
            mosaic.add(&shown_tiles[0], Rect::from_min_size(pos2(90.0, 0.0), vec2(8.0, 6.0)), Rect::NOTHING);
            painter.add(mosaic.shape());
        });
        for (x, y, pixel) in shown.enumerate_pixels() {
            let at = |place: usize| {
                let (left, top, zoom, cut) = places[place];
                let [column, row] = [(x as f32 + 0.5 - left) / zoom, (y as f32 + 0.5 - top) / zoom];
                let [width, height] = [rasters[place].width as f32, rasters[place].height as f32];
                let is_in = column >= 0.0 && row >= 0.0 && column < width && row < height && x as f32 >= cut;
                is_in.then_some([column as usize, row as usize])
            };
            let value = |place: usize, [column, row]: [usize; 2], channel: usize| {
                let raster = &rasters[place];
                let channels = usize::from(raster.channels);
                raster.data[(row * raster.width as usize + column) * channels + channel]
            };
            if let Some(at) = at(0) {
                assert_eq!(pixel.0[..3], [value(0, at, 0); 3], "{format:?} {x} {y}");
            } else if let Some(at) = at(1) {
                assert_eq!(
                    pixel.0[..3],
                    [0, 1, 2].map(|channel| value(1, at, channel)),
                    "{format:?} {x} {y}"
                );
            } else if at(2).is_none() {
                assert_eq!(*pixel, BACKGROUND, "{format:?} {x} {y}");
            } else if format == wgpu::TextureFormat::Rgba8Unorm {
                // The mean of four by four, of each as much as can be seen of it.
                let [column, row] = [(x - 70) as usize * 4, (y - 10) as usize * 4];
                let covered = || (0..16).map(|at| [column + at % 4, row + at / 4]);
                for channel in 0..4 {
                    let sum: f32 = covered()
                        .map(|at| {
                            let alpha = f32::from(value(2, at, 3)) / 255.0;
                            if channel == 3 {
                                alpha * 255.0
                            } else {
                                f32::from(value(2, at, channel)) * alpha
                            }
                        })
                        .sum();
                    let apart = (f32::from(pixel.0[channel]) - sum / 16.0).abs();
                    assert!(apart <= 1.0, "{x} {y} {channel}: {apart}");
                }
            }
        }
    }
}

#[test]
fn callbacks_draw_nothing_where_they_cannot() {
    let Some(graphics) = graphics() else { return };
    let values = numbers(4 * 4);
    let here = cells(&graphics.device, 0, &values, 4, 1);
    let grid = Grid { columns: 1, rows: 1, cell_px: 8.0, gap_px: 0.0 };
    let draw = move |painter: &Painter, cells: &Cells| {
        sheet::paint(painter, Pos2::ZERO, cells, grid);
        let cloud = Points::new(&[[0.0; 2]], &[Color32::WHITE]);
        let view = View { center: [0.0; 2], scale: vec2(1.0, 1.0), radius_px: 2.0 };
        points::paint(painter, Rect::from_min_size(pos2(12.0, 12.0), vec2(8.0, 8.0)), &cloud, view);
    };
    let count = |image: &RgbaImage| image.pixels().filter(|pixel| pixel.0[3] > 0).count();

    // A renderer that was told nothing.
    let render = render_state(&graphics, wgpu::TextureFormat::Rgba8Unorm);
    let cells = here.clone();
    assert_eq!(count(&drawn(render, [20, 20], move |painter| draw(painter, &cells))), 0);
    // No renderer at all.
    let cells = here.clone();
    Harness::builder().build_ui(move |ui| draw(ui.painter(), &cells)).run();
    // Another device than that of the window: the points are drawn.
    let Some(other) = self::graphics() else { return };
    let cells = here.clone();
    let shown = drawn_on(&other, [20, 20], move |painter| draw(painter, &cells));
    assert_eq!(shown.get_pixel(0, 0), &BACKGROUND);
    assert!((12..30).contains(&count(&shown)), "{}", count(&shown));
    // And all of it.
    let cells = here.clone();
    let shown = drawn_on(&graphics, [20, 20], move |painter| draw(painter, &cells));
    assert!(count(&shown) > 64 + 12);
    // A device whose shaders read no storage.
    let small = |_: &wgpu::Adapter| wgpu::DeviceDescriptor {
        required_limits: wgpu::Limits::downlevel_webgl2_defaults(),
        ..Default::default()
    };
    let Some(small) = graphics_of(small) else { return };
    assert!(Processor::choose_beside(Choice::Gpu, &small).is_err(), "nor is it one to train on");
    assert_eq!(Processor::choose_beside(Choice::Auto, &small).map(|processor| processor.kind), Ok(Kind::Cpu));
    let cells = here.clone();
    assert_eq!(count(&drawn_on(&small, [20, 20], move |painter| draw(painter, &cells))), 0);
    // Nothing to draw is no trouble.
    let nothing = self::cells(&graphics.device, 0, &[], 4, 1);
    let shown = drawn_on(&graphics, [20, 20], move |painter| {
        sheet::paint(painter, Pos2::ZERO, &nothing, grid);
        sheet::paint(painter, Pos2::ZERO, &nothing, Grid { columns: 0, ..grid });
        let view = View { center: [0.0; 2], scale: vec2(1.0, 1.0), radius_px: 2.0 };
        points::paint(painter, painter.clip_rect(), &Points::new(&[], &[]), view);
        points::paint(painter, Rect::NOTHING, &Points::new(&[[0.0; 2]], &[Color32::WHITE]), view);
    });
    assert_eq!(count(&shown), 0);
}

#[test]
fn a_software_driver_is_taken_only_where_it_is_asked_for() {
    let Some(graphics) = graphics() else { return };
    let kind = |choice| Processor::choose_beside(choice, &graphics).map(|processor| processor.kind);
    assert_eq!(kind(Choice::Cpu), Ok(Kind::Cpu));
    assert_eq!(kind(Choice::Gpu), Ok(Kind::Gpu));
    let expected = if graphics.is_software() { Kind::Cpu } else { Kind::Gpu };
    assert_eq!(kind(Choice::Auto), Ok(expected));
}

const RED: Color32 = Color32::from_rgb(255, 0, 0);
const GREEN: Color32 = Color32::from_rgb(0, 255, 0);
const BLUE: Color32 = Color32::from_rgb(0, 0, 255);

/// The pixel here, where egui's background is nothing.
fn at(image: &RgbaImage, x: u32, y: u32) -> [u8; 4] {
    image.get_pixel(x, y).0
}

#[test]
fn points_lie_where_the_view_says_in_their_order_and_colours() {
    let Some(graphics) = graphics() else { return };
    let rect = Rect::from_min_size(pos2(10.0, 20.0), vec2(81.0, 61.0));
    let view = View { center: [100.0, -3.0], scale: vec2(10.0, -20.0), radius_px: 4.0 };
    // The middle, to its right, above it, over the first one, and where nothing is.
    let places =
        [[100.0, -3.0], [103.0, -3.0], [100.0, -2.0], [100.2, -3.0], [f32::NAN, 0.0], [99.0, f32::INFINITY]];
    let middles = places.map(|place| view.screen_from_cloud(rect, place));
    assert_eq!(middles[..3], [pos2(50.5, 50.5), pos2(80.5, 50.5), pos2(50.5, 30.5)]);
    let [x, y] = view.cloud_from_screen(rect, middles[1]);
    assert!((x - 103.0).abs() < 1e-4 && (y + 3.0).abs() < 1e-4);

    let show = |points: &Points| {
        let points = points.clone();
        drawn_on(&graphics, [120, 100], move |painter| points::paint(painter, rect, &points, view))
    };
    let mut cloud = Points::new(&places, &[RED, GREEN, BLUE, GREEN, RED, RED]);
    assert_eq!(cloud.len(), 6);
    let shown = show(&cloud);
    assert_eq!(
        [at(&shown, 47, 50), at(&shown, 80, 50), at(&shown, 50, 30)],
        [RED, GREEN, BLUE].map(|color| color.to_array())
    );
    assert_eq!(
        [at(&shown, 50, 50), at(&shown, 55, 50)],
        [GREEN.to_array(); 2],
        "later ones lie over earlier ones"
    );
    assert_eq!([at(&shown, 50, 40), at(&shown, 76, 46)], [BACKGROUND.0; 2], "points are round");
    let edge = at(&shown, 80 + 3, 50 + 3);
    assert!(edge[3] > 0 && edge[3] < 255, "and smooth at the edge: {edge:?}");

    // Colours change alone; alpha 0 hides, half of it shines through, and what has none is not drawn.
    cloud.set_colors(&[BLUE, Color32::TRANSPARENT, Color32::from_rgba_premultiplied(64, 0, 0, 128)]);
    let shown = show(&cloud);
    assert_eq!(
        [at(&shown, 50, 50), at(&shown, 80, 50), at(&shown, 55, 50)],
        [BLUE.to_array(), BACKGROUND.0, BACKGROUND.0]
    );
    assert_eq!(at(&shown, 50, 30), [64, 0, 0, 128]);

    // Nothing is drawn outside of the rectangle.
    let moved = View { center: [104.0, -3.0], ..view };
    let points = Points::new(&places[..1], &[RED]);
    let shown = drawn_on(&graphics, [120, 100], move |painter| points::paint(painter, rect, &points, moved));
    assert_eq!([at(&shown, 9, 50), at(&shown, 10, 50)], [BACKGROUND.0, RED.to_array()]);
}

#[test]
fn on_a_dense_screen_pixels_stay_pixels_and_places_are_in_points() {
    let Some(graphics) = graphics() else { return };
    let white = cells(&graphics.device, 3, &[1.0; 4], 2, 1);
    let rect = Rect::from_min_size(pos2(10.0, 10.0), vec2(20.0, 10.0));
    let view = View { center: [0.5, 0.0], scale: vec2(10.0, 10.0), radius_px: 1.0 };
    let render = render_state(&graphics, wgpu::TextureFormat::Rgba8Unorm);
    install(&render);
    let shown = drawn_densely(render, [40, 20], 2.0, move |painter| {
        let grid = Grid { columns: 1, rows: 1, cell_px: 6.0, gap_px: 0.0 };
        sheet::paint(painter, pos2(1.3, 2.0), &white, grid);
        points::paint(painter, rect, &Points::new(&[[0.0; 2], [1.0, 0.0]], &[RED, GREEN]), view);
    });
    assert_eq!(shown.dimensions(), (80, 40));
    let filled: Vec<(u32, u32)> = shown
        .enumerate_pixels()
        .filter(|(_, _, pixel)| pixel.0 == [255; 4])
        .map(|(x, y, _)| (x, y))
        .collect();
    assert_eq!((filled.len(), filled[0], filled[35]), (36, (3, 4), (8, 9)));
    // The rectangle's middle is at 40 × 30 pixels, and the points are half a unit, 10 pixels, from it.
    for (x, color) in [(30, RED), (50, GREEN)] {
        let around = [at(&shown, x - 1, 29), at(&shown, x, 29), at(&shown, x - 1, 30), at(&shown, x, 30)];
        assert!(around.iter().all(|pixel| pixel[3] > 200), "{color:?}: {around:?}");
        assert_eq!([at(&shown, x - 3, 30), at(&shown, x + 2, 30)], [BACKGROUND.0; 2]);
        let kept = if color == RED { 0 } else { 1 };
        assert!(around[0][kept] > 200 && around[0][1 - kept] == 0);
    }
}
