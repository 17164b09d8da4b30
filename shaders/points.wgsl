// A cloud of round points, each an instance of one square. Begins with colour.wgsl.

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

struct Square {
    @builtin(position) position: vec4<f32>,
    /// From the middle of the point.
    @location(0) from_middle_px: vec2<f32>,
    /// As stored, times its alpha.
    @location(1) @interpolate(flat) colour: vec4<f32>,
}

@vertex
fn vertex(
    @builtin(vertex_index) index: u32,
    @location(0) place: vec2<f32>,
    @location(1) colour: vec4<f32>,
) -> Square {
    var square: Square;
    square.colour = colour;
    if colour.a == 0.0 {
        // Beyond the screen, all four corners in one place.
        square.position = vec4<f32>(2.0, 2.0, 0.0, 1.0);
        return square;
    }
    let corner = vec2<f32>(f32(index & 1u), f32(index >> 1u)) * 2.0 - 1.0;
    square.from_middle_px = corner * (view.radius_px + 1.0);
    let middle_px = view.origin_px + (place - view.center) * view.scale_px;
    square.position = clip_from_screen(middle_px + square.from_middle_px, view.screen_px);
    return square;
}

@fragment
fn fragment_stored(square: Square) -> @location(0) vec4<f32> {
    return square.colour * covered(square.from_middle_px);
}

@fragment
fn fragment_linear(square: Square) -> @location(0) vec4<f32> {
    return linear_from_stored(square.colour) * covered(square.from_middle_px);
}

/// How much of a pixel the point covers, by the distance of their middles.
fn covered(from_middle_px: vec2<f32>) -> f32 {
    return clamp(view.radius_px + 0.5 - length(from_middle_px), 0.0, 1.0);
}
