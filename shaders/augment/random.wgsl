// Random numbers that depend on nothing but a key and a place: what src/augment/random.rs and
// src/augment/cpu/noise say, in the arithmetic of shaders.

/// `pcg4d` of M. Jarzynski and M. Olano, "Hash Functions for GPU Rendering", 2020.
fn mixed(place: vec4<u32>) -> vec4<u32> {
    var v = place * 1664525u + 1013904223u;
    v = stirred(v);
    v ^= v >> vec4<u32>(16u);
    return stirred(v);
}

fn stirred(before: vec4<u32>) -> vec4<u32> {
    var v = before;
    v.x += v.y * v.w;
    v.y += v.z * v.x;
    v.z += v.x * v.y;
    v.w += v.y * v.z;
    return v;
}

/// Uniform from 0 to 1, without 1: of the upper 24 bits.
fn unit(bits: u32) -> f32 {
    return f32(bits >> 8u) * (1.0 / 16777216.0);
}

/// Three normal numbers of a pixel's bits (G. E. P. Box and M. E. Muller, 1958). By polynomials, as no
/// shader's own logarithm and sine are promised to be near enough.
fn normals(bits: vec4<u32>) -> vec3<f32> {
    return vec3<f32>(radius(bits.x) * direction(bits.y), radius(bits.z) * direction(bits.w).x);
}

/// `√(−2 ln u)`.
fn radius(bits: u32) -> f32 {
    let whole = bitcast<u32>((f32(bits >> 8u) + 0.5) * (1.0 / 16777216.0));
    let exponent = bitcast<i32>(whole - 0x3f3504f3u) >> 23u;
    let part = bitcast<f32>(whole - bitcast<u32>(exponent << 23u));
    let f = (part - 1.0) / (part + 1.0);
    let square = f * f;
    let series = 1.0 + square * (0.33326713 + square * 0.20643752);
    return sqrt(max(-2.0 * (f32(exponent) * 0.6931472 + 2.0 * f * series), 0.0));
}

/// Cosine and sine of `2π b / 2³² − π/4`.
fn direction(bits: u32) -> vec2<f32> {
    let angle = (f32((bits << 2u) >> 8u) * (1.0 / 16777216.0) - 0.5) * 1.5707964;
    let square = angle * angle;
    let sine = angle * (1.0 - square * (0.16662834 - square * 0.00815299));
    let cosine = 1.0 - square * (0.49999895 - square * (0.04165629 - square * 0.00135978));
    let turned = select(vec2<f32>(cosine, sine), vec2<f32>(-sine, cosine), (bits & 0x40000000u) != 0u);
    return select(turned, -turned, (bits & 0x80000000u) != 0u);
}
