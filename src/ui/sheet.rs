//! Pictures that a model made, as one texture, and cells of it on screen.
//!
//! The texture is made anew when the pictures change, and kept as long as they do not.

use std::sync::Arc;

use egui::{Color32, ColorImage, Context, Painter, Rect, TextureHandle, TextureOptions, Vec2, pos2, vec2};

use crate::train::score::Pictures;

/// Pictures beside each other in the texture.
const COLUMNS: usize = 32;

/// A texture of pictures.
#[derive(Default)]
pub struct SheetTexture {
    held: Option<(Arc<Pictures>, TextureHandle)>,
}

impl SheetTexture {
    /// The cells of these pictures.
    pub fn cells(&mut self, ctx: &Context, pictures: &Arc<Pictures>) -> Cells {
        let is_held = self.held.as_ref().is_some_and(|(held, _)| Arc::ptr_eq(held, pictures));
        if !is_held {
            let image = image_of(pictures);
            // Few pixels that are enlarged stay squares.
            let options =
                TextureOptions { magnification: egui::TextureFilter::Nearest, ..TextureOptions::LINEAR };
            let texture = match self.held.take() {
                Some((_, mut texture)) => {
                    texture.set(image, options);
                    texture
                }
                None => ctx.load_texture("pictures of a model", image, options),
            };
            self.held = Some((pictures.clone(), texture));
        }
        let texture = self.held.as_ref().map(|(_, texture)| texture.id()).unwrap_or_default();
        let (across, down) = shape_of(pictures.len());
        Cells { texture, count: pictures.len(), part: vec2(1.0 / across as f32, 1.0 / down as f32) }
    }
}

/// Columns and rows of a texture of so many pictures.
fn shape_of(count: usize) -> (usize, usize) {
    let across = count.clamp(1, COLUMNS);
    (across, count.div_ceil(across).max(1))
}

fn image_of(pictures: &Pictures) -> ColorImage {
    let (width, height, bytes) = pictures.sheet(shape_of(pictures.len()).0);
    match pictures.channels {
        1 => ColorImage::from_gray([width, height], &bytes),
        _ => ColorImage::from_rgb([width, height], &bytes),
    }
}

/// Pictures in a texture.
#[derive(Clone, Copy, Debug)]
pub struct Cells {
    texture: egui::TextureId,
    pub count: usize,
    /// Width and height of one of them, as parts of the texture.
    part: Vec2,
}

impl Cells {
    /// Draws one of them.
    pub fn paint(&self, painter: &Painter, at: usize, rect: Rect, tint: Color32) {
        if at >= self.count {
            return;
        }
        let across = self.count.clamp(1, COLUMNS);
        let (column, row) = (at % across, at / across);
        let corner = pos2(column as f32 * self.part.x, row as f32 * self.part.y);
        painter.image(self.texture, rect, Rect::from_min_size(corner, self.part), tint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_texture_has_a_place_for_every_picture() {
        for (count, shape) in [(0, (1, 1)), (1, (1, 1)), (31, (31, 1)), (33, (32, 2)), (1024, (32, 32))] {
            assert_eq!(shape_of(count), shape, "{count}");
        }
        for channels in [1, 3] {
            let pictures = Pictures { size: 4, channels, pixels: vec![7; 40 * 16 * channels] };
            let image = image_of(&pictures);
            assert_eq!(image.size, [128, 8]);
            assert_eq!(image.pixels[0], Color32::from_gray(7));
        }
    }
}
