// A cloud of round points, each in the middle of a triangle. Begins with colour.wgsl.

struct View {
    /// Of what is drawn into.
    screen_px: vec2<f32>,
    /// Where the centre lies on the screen.
    origin_px: vec2<f32>,
    /// The centre, in the units of the points.
    center: vec2<f32>,
    /// Pixels for each unit, to the right and downwards.
    scale_px: vec2<f32>,
    radius_px: f32,
}

@group(0) @binding(0) var<uniform> view: View;
@group(0) @binding(1) var<storage, read> places: array<vec2<f32>>;
/// Red in the lowest byte, alpha in the highest: as stored, times alpha.
@group(0) @binding(2) var<storage, read> colours: array<u32>;

struct Corner {
    @builtin(position) position: vec4<f32>,
    /// From the middle of the point.
    @location(0) from_middle_px: vec2<f32>,
    /// As stored, times its alpha.
    @location(1) @interpolate(flat) colour: vec4<f32>,
}

@vertex
fn vertex(@builtin(vertex_index) index: u32) -> Corner {
    // Corners follow from the number of the vertex: an instance for each point would leave most of what works
    // on instances idle.
    let point = index / 3u;
    var corner: Corner;
    corner.colour = unpack4x8unorm(colours[point]);
    if corner.colour.a == 0.0 {
        // Beyond the screen, all three corners in one place.
        corner.position = vec4<f32>(2.0, 2.0, 0.0, 1.0);
        return corner;
    }
    // Around the circle within which anything is covered: a right angle, each leg 2 + √2 radii long.
    let which = index % 3u;
    let away = vec2<f32>(f32(which == 1u), f32(which == 2u)) * 3.4142137 - 1.0;
    corner.from_middle_px = away * (view.radius_px + 0.5);
    let middle_px = view.origin_px + (places[point] - view.center) * view.scale_px;
    corner.position = clip_from_screen(middle_px + corner.from_middle_px, view.screen_px);
    return corner;
}

@fragment
fn fragment_stored(corner: Corner) -> @location(0) vec4<f32> {
    return corner.colour * covered(corner.from_middle_px);
}

@fragment
fn fragment_linear(corner: Corner) -> @location(0) vec4<f32> {
    return linear_from_stored(corner.colour) * covered(corner.from_middle_px);
}

/// How much of a pixel the point covers, by the distance of their middles.
fn covered(from_middle_px: vec2<f32>) -> f32 {
    return clamp(view.radius_px + 0.5 - length(from_middle_px), 0.0, 1.0);
}
