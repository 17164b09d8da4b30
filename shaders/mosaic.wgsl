// Pictures of any sizes, each at a place of its own, drawn straight from a buffer of pixels. Begins with
// colour.wgsl.

struct Screen {
    /// Of what is drawn into.
    screen_px: vec2<f32>,
}

struct Piece {
    /// The upper left corner of the picture on the screen, and its sides there.
    origin_px: vec2<f32>,
    extent_px: vec2<f32>,
    /// What is drawn of it: from here to there.
    low_px: vec2<f32>,
    high_px: vec2<f32>,
    /// Of the picture, in its own pixels.
    size: vec2<u32>,
    /// Its first pixel in the buffer.
    first: u32,
    /// Fills the record.
    unused: u32,
}

@group(0) @binding(0) var<uniform> screen: Screen;
/// A word for each pixel: red in the lowest byte, straight alpha in the highest, as stored in a picture file.
@group(0) @binding(1) var<storage, read> pixels: array<u32>;
@group(0) @binding(2) var<storage, read> pieces: array<Piece>;

struct Corner {
    @builtin(position) position: vec4<f32>,
    @location(0) @interpolate(flat) piece: u32,
}

@vertex
fn vertex(@builtin(vertex_index) index: u32) -> Corner {
    // Two triangles for each piece.
    let number = index / 6u;
    let which = array<u32, 6>(0u, 1u, 2u, 2u, 1u, 3u)[index % 6u];
    let piece = pieces[number];
    let part = vec2<f32>(f32(which & 1u), f32(which >> 1u));
    var corner: Corner;
    corner.piece = number;
    corner.position = clip_from_screen(mix(piece.low_px, piece.high_px, part), screen.screen_px);
    return corner;
}

@fragment
fn fragment_stored(corner: Corner) -> @location(0) vec4<f32> {
    let colour = colour_at(corner.piece, corner.position.xy);
    return vec4<f32>(colour.rgb * colour.a, colour.a);
}

@fragment
fn fragment_linear(corner: Corner) -> @location(0) vec4<f32> {
    let colour = linear_from_stored(colour_at(corner.piece, corner.position.xy));
    return vec4<f32>(colour.rgb * colour.a, colour.a);
}

/// The colour with straight alpha of the pixel of the screen whose middle is here: that of the nearest pixel of
/// a picture that is enlarged, and of a larger one the mean of what falls on it.
fn colour_at(number: u32, at_px: vec2<f32>) -> vec4<f32> {
    let piece = pieces[number];
    let per_px = vec2<f32>(piece.size) / piece.extent_px;
    let at = at_px - piece.origin_px;
    if all(per_px <= vec2<f32>(1.0)) {
        let place = clamp(vec2<i32>(floor(at * per_px)), vec2<i32>(0), vec2<i32>(piece.size) - 1);
        return pixel(piece, vec2<u32>(place));
    }
    let size = vec2<f32>(piece.size);
    // At least one pixel wide, where one side is enlarged and the other is not.
    let half = max(per_px, vec2<f32>(1.0)) * 0.5;
    let middle = clamp(at * per_px, half, max(size - half, half));
    let start = clamp(middle - half, vec2<f32>(0.0), size);
    let end = clamp(middle + half, vec2<f32>(0.0), size);
    var sum = vec4<f32>(0.0);
    var weights = 0.0;
    for (var y = u32(start.y); y < min(u32(ceil(end.y)), piece.size.y); y++) {
        let high_part = min(f32(y + 1u), end.y) - max(f32(y), start.y);
        for (var x = u32(start.x); x < min(u32(ceil(end.x)), piece.size.x); x++) {
            let part = (min(f32(x + 1u), end.x) - max(f32(x), start.x)) * high_part;
            let colour = pixel(piece, vec2<u32>(x, y));
            // What cannot be seen has no colour.
            sum += vec4<f32>(colour.rgb * colour.a, colour.a) * part;
            weights += part;
        }
    }
    if sum.a <= 0.0 {
        return vec4<f32>(0.0);
    }
    return vec4<f32>(sum.rgb / sum.a, sum.a / max(weights, 1e-9));
}

fn pixel(piece: Piece, at: vec2<u32>) -> vec4<f32> {
    return unpack4x8unorm(pixels[piece.first + at.y * piece.size.x + at.x]);
}
