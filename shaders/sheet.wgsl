// Pictures of one size, drawn as cells of a grid straight from a buffer of numbers. Begins with colour.wgsl.

struct Sheet {
    /// Of what is drawn into.
    screen_px: vec2<f32>,
    /// The upper left corner of the first cell, a whole pixel.
    origin_px: vec2<f32>,
    /// Of all cells and the gaps between them.
    extent_px: vec2<f32>,
    /// Side of a cell.
    cell_px: f32,
    /// From a cell to the next one.
    pitch_px: f32,
    columns: u32,
    /// Cells that there are pictures for.
    cells: u32,
    /// Side of a picture, in its own pixels.
    size: u32,
    /// 1 grey, 3 red, green and blue.
    channels: u32,
    /// Where the pictures begin in the buffer, in numbers.
    first: u32,
}

@group(0) @binding(0) var<uniform> sheet: Sheet;
/// [cells, size, size, channels], 0 to 1, as stored in a picture file.
@group(0) @binding(1) var<storage, read> values: array<f32>;

@vertex
fn vertex(@builtin(vertex_index) index: u32) -> @builtin(position) vec4<f32> {
    let corner = vec2<f32>(f32(index & 1u), f32(index >> 1u));
    return clip_from_screen(sheet.origin_px + corner * sheet.extent_px, sheet.screen_px);
}

@fragment
fn fragment_stored(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    return colour_at(position.xy - sheet.origin_px);
}

@fragment
fn fragment_linear(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    return linear_from_stored(colour_at(position.xy - sheet.origin_px));
}

/// The colour of the pixel whose middle is here, from the sheet's upper left corner; nothing in gaps and
/// behind the last picture.
fn colour_at(at_px: vec2<f32>) -> vec4<f32> {
    let place = floor(at_px / sheet.pitch_px);
    let in_cell_px = at_px - place * sheet.pitch_px;
    let cell = u32(place.y) * sheet.columns + u32(place.x);
    if any(in_cell_px >= vec2<f32>(sheet.cell_px)) || u32(place.x) >= sheet.columns || cell >= sheet.cells {
        discard;
    }
    let per_px = f32(sheet.size) / sheet.cell_px;
    var colour: vec3<f32>;
    if per_px <= 1.0 {
        colour = nearest(cell, in_cell_px * per_px);
    } else {
        colour = mean(cell, (in_cell_px - 0.5) * per_px, (in_cell_px + 0.5) * per_px);
    }
    // A byte, as a picture file would hold it.
    return vec4<f32>(floor(clamp(colour, vec3<f32>(0.0), vec3<f32>(1.0)) * 255.0 + 0.5) / 255.0, 1.0);
}

fn nearest(cell: u32, at: vec2<f32>) -> vec3<f32> {
    return value(cell, min(vec2<u32>(at), vec2<u32>(sheet.size - 1u)));
}

/// The mean over what a pixel of the screen covers, between these places in the picture.
fn mean(cell: u32, low: vec2<f32>, high: vec2<f32>) -> vec3<f32> {
    let size = f32(sheet.size);
    let start = clamp(low, vec2<f32>(0.0), vec2<f32>(size));
    let end = clamp(high, vec2<f32>(0.0), vec2<f32>(size));
    var sum = vec3<f32>(0.0);
    var weights = 0.0;
    for (var y = u32(start.y); y < min(u32(ceil(end.y)), sheet.size); y++) {
        let high_part = min(f32(y + 1u), end.y) - max(f32(y), start.y);
        for (var x = u32(start.x); x < min(u32(ceil(end.x)), sheet.size); x++) {
            let part = (min(f32(x + 1u), end.x) - max(f32(x), start.x)) * high_part;
            sum += value(cell, vec2<u32>(x, y)) * part;
            weights += part;
        }
    }
    return sum / max(weights, 1e-9);
}

fn value(cell: u32, at: vec2<u32>) -> vec3<f32> {
    let place = sheet.first + ((cell * sheet.size + at.y) * sheet.size + at.x) * sheet.channels;
    if sheet.channels == 1u {
        return vec3<f32>(values[place]);
    }
    return vec3<f32>(values[place], values[place + 1u], values[place + 2u]);
}
