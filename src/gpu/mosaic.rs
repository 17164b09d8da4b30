//! Pictures of any sizes, each at a place of its own, drawn straight from [`Tiles`] in the memory of the graphics
//! device: nothing goes through the processor. Refuses to know who made the pictures.

use eframe::egui_wgpu::ScreenDescriptor;
use egui::{Painter, Rect, Shape};
use wgpu::util::DeviceExt;

use super::augment::{Place, Tiles};
use super::{Drawing, Gpu, Pipeline, Recipe, bytes_of, or_warned, screen_px, storage, uniform};

/// `shaders/mosaic.wgsl` with what it begins with.
pub const SHADER: &str =
    concat!(include_str!("../../shaders/colour.wgsl"), include_str!("../../shaders/mosaic.wgsl"));

/// One picture among tiles. A clone shares their memory.
#[derive(Clone, Debug)]
pub struct Tile {
    tiles: Tiles,
    at: usize,
}

impl PartialEq for Tile {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at && self.tiles.is_same_memory(&other.tiles)
    }
}

impl Tile {
    /// `None` where there are not so many tiles.
    pub fn new(tiles: &Tiles, at: usize) -> Option<Self> {
        (at < tiles.len()).then(|| Self { tiles: tiles.clone(), at })
    }

    fn place(&self) -> Place {
        self.tiles.places()[self.at]
    }

    /// Width and height in pixels.
    pub fn size(&self) -> [u32; 2] {
        self.place().size
    }
}

/// Pictures that are gathered while a frame is laid out, and then drawn together: a callback for each memory that
/// they lie in.
#[derive(Default)]
pub struct Mosaic {
    groups: Vec<Group>,
}

/// The pictures of one memory.
struct Group {
    tiles: Tiles,
    pieces: Vec<Piece>,
}

#[derive(Clone, Copy)]
struct Piece {
    place: Place,
    /// Where the whole picture lies, in egui's points.
    rect: Rect,
    /// What of it is drawn.
    visible: Rect,
}

impl Mosaic {
    /// Adds a picture that fills a rectangle, as far as it lies within the other one. A picture that is smaller
    /// than its place is drawn with sharp pixels, each the nearest one; of a larger one, the mean of what falls
    /// on a pixel of the screen.
    pub fn add(&mut self, tile: &Tile, rect: Rect, clip: Rect) {
        let visible = rect.intersect(clip);
        if !visible.is_positive() {
            return;
        }
        let piece = Piece { place: tile.place(), rect, visible };
        match self.groups.iter_mut().find(|group| group.tiles.is_same_memory(&tile.tiles)) {
            Some(group) => group.pieces.push(piece),
            None => self.groups.push(Group { tiles: tile.tiles.clone(), pieces: vec![piece] }),
        }
    }

    /// What draws them. Nothing is drawn of pictures that lie on another graphics device than the window's.
    pub fn shape(self) -> Shape {
        let callback = |group: Group| {
            let seen = group.pieces.iter().map(|piece| piece.visible).reduce(Rect::union);
            Shape::Callback(super::callback(seen.unwrap_or(Rect::NOTHING), group))
        };
        Shape::Vec(self.groups.into_iter().map(callback).collect())
    }
}

/// Draws one picture: see [`Mosaic::add`].
pub fn paint(painter: &Painter, rect: Rect, tile: &Tile) {
    let mut mosaic = Mosaic::default();
    mosaic.add(tile, rect, painter.clip_rect());
    painter.add(mosaic.shape());
}

impl Drawing for Group {
    const RECIPE: Recipe = Recipe {
        label: "a mosaic",
        shader: SHADER,
        topology: wgpu::PrimitiveTopology::TriangleList,
        storage: &[storage(1, wgpu::ShaderStages::FRAGMENT), storage(2, wgpu::ShaderStages::VERTEX_FRAGMENT)],
    };

    fn bind(
        &self,
        Gpu { device, .. }: Gpu<'_>,
        screen: &ScreenDescriptor,
        pipeline: &Pipeline,
    ) -> Option<wgpu::BindGroup> {
        let [width, height] = screen_px(screen).map(f32::to_bits);
        let screen_px = uniform(device, &[width, height, 0, 0]);
        let words = self.pieces.iter().flat_map(|piece| piece.words(screen.pixels_per_point));
        let pieces = device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
            label: Some("pieces"),
            contents: &bytes_of(words),
            usage: wgpu::BufferUsages::STORAGE,
        });
        let entries: Vec<_> = [&screen_px, self.tiles.buffer(), &pieces]
            .into_iter()
            .zip(0..)
            .map(|(buffer, binding)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
            .collect();
        // The pictures may lie on another device.
        or_warned(device, "a mosaic", || {
            device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some("a mosaic"),
                layout: &pipeline.bindings,
                entries: &entries,
            })
        })
    }

    fn vertices(&self) -> u32 {
        6 * self.pieces.len() as u32
    }
}

impl Piece {
    /// `Piece` of the shader.
    fn words(&self, pixels_per_point: f32) -> [u32; 12] {
        // Whole pixels, so that a picture at its own size is drawn as it is.
        let px = |rect: Rect| {
            let [low, high] = [rect.min, rect.max].map(|pos| (pos * pixels_per_point).round());
            [low.x, low.y, high.x, high.y]
        };
        let [left, top, right, bottom] = px(self.rect);
        let extent = [(right - left).max(1.0), (bottom - top).max(1.0)];
        let [low_x, low_y, high_x, high_y] = px(self.visible);
        let floats = [left, top, extent[0], extent[1], low_x, low_y, high_x, high_y];
        let Place { first, size: [width, height], .. } = self.place;
        let mut words = [0; 12];
        let all = floats.map(f32::to_bits).into_iter().chain([width, height, first, 0]);
        words.iter_mut().zip(all).for_each(|(word, value)| *word = value);
        words
    }
}
