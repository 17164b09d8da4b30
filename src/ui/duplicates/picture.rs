//! Draws a sample's picture in any rectangle, from the smallest texture that has enough pixels.

use egui::epaint::{Mesh, Vertex};
use egui::{Color32, Painter, Pos2, Rect, Shape, TextureId, Vec2, pos2};

use crate::analysis::symmetry::Symmetry;
use crate::dataset::SampleId;
use crate::state::Session;
use crate::ui::theme::Tokens;
use crate::ui::{Full, FullPicture, Pencil};

const WHOLE: Rect = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
/// Thumbnails have at most this many pixels along their longer side.
const THUMBNAIL: f32 = 512.0;
/// Bytes of one pixel that a whole picture takes: decoded, its texture, and the smaller ones.
const BYTES_PER_PIXEL: u64 = 9;

/// How a picture is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drawing {
    pub sample: SampleId,
    /// Where the whole picture lies, in points; only what the painter's clip shows is seen.
    pub rect: Rect,
    /// How it is laid before that.
    pub laid: Symmetry,
    pub tint: Color32,
}

/// The whole pictures of one frame, and how many bytes more they may take.
#[derive(Debug)]
pub(super) struct Whole {
    left: u64,
    samples: Vec<SampleId>,
}

impl Whole {
    /// As many as take a bounded part of memory; the first one is shown however large it is.
    pub fn some() -> Self {
        Self { left: 384 << 20, samples: Vec::new() }
    }

    /// Thumbnails alone.
    pub fn none() -> Self {
        Self { left: 0, samples: Vec::new() }
    }

    /// Whether this sample still fits.
    fn takes(&mut self, sample: SampleId, [width, height]: [u32; 2]) -> bool {
        if self.samples.contains(&sample) {
            return true;
        }
        let bytes = u64::from(width) * u64::from(height) * BYTES_PER_PIXEL;
        let fits = bytes <= self.left || (self.left > 0 && self.samples.is_empty());
        if fits {
            self.left = self.left.saturating_sub(bytes);
            self.samples.push(sample);
        }
        fits
    }

    /// Says which were drawn, so that they stay.
    pub fn told(self, pencil: &mut Pencil<'_>) {
        if !self.samples.is_empty() {
            pencil.pictures.full_together(&self.samples);
        }
    }
}

/// Width and height of a sample, in pixels; `None` before it is measured.
pub(super) fn size_of(session: &Session, sample: SampleId) -> Option<[u32; 2]> {
    if sample as usize >= session.snapshot.len() {
        return None;
    }
    let fact = session.snapshot.facts.get(sample);
    (fact.width > 0 && fact.height > 0).then_some([fact.width, fact.height])
}

/// A size after a symmetry.
pub(super) fn laid_size([width, height]: [u32; 2], laid: Symmetry) -> [u32; 2] {
    if laid.turns % 2 == 1 { [height, width] } else { [width, height] }
}

/// Draws a picture, or what stands in its place until it is there.
pub(super) fn picture_ui(
    painter: &Painter,
    pencil: &mut Pencil<'_>,
    session: &Session,
    drawing: &Drawing,
    whole: &mut Whole,
    tokens: &Tokens,
) {
    let edge = drawing.rect.size().max_elem() * painter.pixels_per_point();
    let size = size_of(session, drawing.sample);
    let has_more = size.is_none_or(|[width, height]| width.max(height) as f32 > THUMBNAIL);
    if edge > THUMBNAIL
        && has_more
        && whole.takes(drawing.sample, size.unwrap_or([2048, 2048]))
        && let FullPicture::Ready(full) = pencil.pictures.full(drawing.sample)
    {
        return full_ui(painter, &full, drawing);
    }
    match pencil.pictures.thumbnail(drawing.sample, edge.round() as u32) {
        Some(thumb) => part_ui(painter, thumb.texture, thumb.uv, WHOLE, drawing),
        None => {
            painter.rect_filled(drawing.rect, 3.0, tokens.raised);
        }
    }
}

/// Draws a whole picture.
pub(super) fn full_ui(painter: &Painter, full: &Full, drawing: &Drawing) {
    let raster = &full.decoded.raster;
    let size = Vec2::new(raster.width as f32, raster.height as f32);
    let drawn = drawing.rect.size().max_elem() * painter.pixels_per_point();
    let zoom = drawn / size.max_elem().max(1.0);
    let enough = full.reduced.iter().rev().find(|reduced| reduced.scale >= zoom);
    let is_complete = full.tiles.last().is_some_and(|(rect, _)| rect.max == size.to_pos2());
    if let Some(reduced) = enough.or(full.reduced.first().filter(|_| !is_complete)) {
        part_ui(painter, reduced.texture.id(), WHOLE, WHOLE, drawing);
        if enough.is_some() {
            return;
        }
    }
    for (rect, texture) in &full.tiles {
        let part =
            Rect::from_min_max((rect.min.to_vec2() / size).to_pos2(), (rect.max.to_vec2() / size).to_pos2());
        part_ui(painter, texture.id(), WHOLE, part, drawing);
    }
}

/// Draws a texture as a part of the picture, from 0 to 1 each way.
fn part_ui(painter: &Painter, texture: TextureId, uv: Rect, part: Rect, drawing: &Drawing) {
    let mut mesh = Mesh::with_texture(texture);
    let corners = |rect: Rect| [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom()];
    for (corner, uv) in corners(part).into_iter().zip(corners(uv)) {
        let at = laid_point(corner, drawing.laid).to_vec2() * drawing.rect.size();
        mesh.vertices.push(Vertex { pos: drawing.rect.min + at, uv, color: drawing.tint });
    }
    if mesh.calc_bounds().intersects(painter.clip_rect()) {
        mesh.add_triangle(0, 1, 2);
        mesh.add_triangle(0, 2, 3);
        painter.add(Shape::mesh(mesh));
    }
}

/// Where a point of a picture, from 0 to 1 each way, comes to lie.
fn laid_point(at: Pos2, laid: Symmetry) -> Pos2 {
    let mirrored = if laid.mirrored { pos2(1.0 - at.x, at.y) } else { at };
    (0..laid.turns % 4).fold(mirrored, |at, _| pos2(1.0 - at.y, at.x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_laid_as_pixels_are() {
        // Two by one: the left pixel is at (0.25, 0.5).
        for (mirrored, turns, expected) in [
            (false, 0, [0.25, 0.5]),
            (true, 0, [0.75, 0.5]),
            (false, 1, [0.5, 0.25]),
            (false, 2, [0.75, 0.5]),
            (true, 1, [0.5, 0.75]),
        ] {
            let at = laid_point(pos2(0.25, 0.5), Symmetry { mirrored, turns });
            assert_eq!([at.x, at.y], expected, "{mirrored} {turns}");
        }
    }

    #[test]
    fn whole_pictures_are_drawn_as_far_as_they_have_room() {
        let takes = |left, sizes: [[u32; 2]; 3]| {
            let mut whole = Whole { left, samples: Vec::new() };
            [0, 1, 2].map(|at: usize| whole.takes(at as SampleId, sizes[at]))
        };
        let room = BYTES_PER_PIXEL * 100;
        assert_eq!(takes(room, [[5, 10], [10, 10], [5, 10]]), [true, false, true]);
        assert_eq!(takes(room, [[20, 20], [1, 1], [1, 1]]), [true, false, false]);
        assert_eq!(takes(0, [[1, 1]; 3]), [false; 3]);
    }
}
