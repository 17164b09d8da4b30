// What every shader here begins with: colours in the space that the target wants.

/// Linear 0 to 1 from sRGB as it is stored (IEC 61966-2-1). Alpha stays.
fn linear_from_stored(colour: vec4<f32>) -> vec4<f32> {
    let low = colour.rgb / 12.92;
    let high = pow((colour.rgb + 0.055) / 1.055, vec3<f32>(2.4));
    return vec4<f32>(select(high, low, colour.rgb < vec3<f32>(0.04045)), colour.a);
}

/// The place in clip space of a place on the screen, in pixels from its upper left corner.
fn clip_from_screen(at_px: vec2<f32>, screen_px: vec2<f32>) -> vec4<f32> {
    let at = at_px / screen_px * 2.0 - 1.0;
    return vec4<f32>(at.x, -at.y, 0.0, 1.0);
}
