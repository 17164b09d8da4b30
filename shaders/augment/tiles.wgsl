// What all shaders of augmentation share: the memory of tiles, and a step of a tile's program.

/// The programs: steps, what they are told, and lists of steps that are done together.
@group(0) @binding(0) var<storage, read> words: array<u32>;
/// Tiles, one after the other, a pixel a word: red in the lowest byte, alpha in the highest. Between them lie
/// tables and what else a step leaves to the next one.
@group(0) @binding(1) var<storage, read_write> memory: array<u32>;
/// Where in the words the list of this dispatch begins.
@group(0) @binding(2) var<uniform> list: vec4<u32>;

/// A step: see `Step` in src/gpu/augment/program.rs.
struct Step {
    /// The tile that is read, in the memory.
    before: u32,
    /// The tile that is written.
    after: u32,
    size_before: vec2<u32>,
    size_after: vec2<u32>,
    is_grey: bool,
    /// What the gather is told, in the words.
    told: u32,
    /// The operations on pixels by themselves, in the words, and how many there are.
    operations: u32,
    count: u32,
    /// What is left to another step, in the memory.
    scratch: u32,
}

/// The step of the tile that is this far in the list.
fn step_of(tile: u32) -> Step {
    let at = words[list.x + tile];
    var step: Step;
    step.before = words[at];
    step.after = words[at + 1u];
    step.size_before = vec2<u32>(words[at + 2u], words[at + 3u]);
    step.size_after = vec2<u32>(words[at + 4u], words[at + 5u]);
    step.is_grey = words[at + 6u] != 0u;
    step.told = words[at + 7u];
    step.operations = words[at + 8u];
    step.count = words[at + 9u];
    step.scratch = words[at + 10u];
    return step;
}

fn number(at: u32) -> f32 {
    return bitcast<f32>(words[at]);
}

fn whole(at: u32) -> i32 {
    return bitcast<i32>(words[at]);
}

/// Red, green, blue and alpha, 0 to 255.
fn unpacked(pixel: u32) -> vec4<f32> {
    return vec4<f32>((vec4<u32>(pixel) >> vec4<u32>(0u, 8u, 16u, 24u)) & vec4<u32>(255u));
}

/// The pixel of whole numbers from 0 to 255.
fn packed(levels: vec4<f32>) -> u32 {
    let bytes = vec4<u32>(levels) << vec4<u32>(0u, 8u, 16u, 24u);
    return bytes.x | bytes.y | bytes.z | bytes.w;
}

/// The nearest whole number from 0 to 255; of two, the even one.
fn rounded(levels: vec4<f32>) -> vec4<f32> {
    return round(clamp(levels, vec4<f32>(0.0), vec4<f32>(255.0)));
}

/// The same, of two the greater one.
fn rounded_up(levels: vec4<f32>) -> vec4<f32> {
    return floor(clamp(levels + 0.5, vec4<f32>(0.0), vec4<f32>(255.0)));
}

/// Luma of Rec. 601, rounded; of a grey pixel, its value.
fn luma(pixel: u32) -> u32 {
    let r = pixel & 255u;
    let g = (pixel >> 8u) & 255u;
    let b = (pixel >> 16u) & 255u;
    return (r * 19595u + g * 38470u + b * 7471u + 32768u) >> 16u;
}

/// The rest of a whole number by another one above 0, from 0 on. Both are below 2²⁴, where numbers of this
/// kind are exact: processors divide whole numbers one by one.
fn modulo(at: i32, by: i32) -> i32 {
    var rest = at - i32(floor(f32(at) / f32(by))) * by;
    rest = select(rest, rest + by, rest < 0);
    return select(rest, rest - by, rest >= by);
}

/// The place in `0..count` that is seen at `at` in two mirrors that stand on the first and the last one.
fn mirrored(at: i32, count: i32) -> i32 {
    let period = max(2 * (count - 1), 1);
    let around = modulo(at, period);
    return clamp(min(around, period - around), 0, count - 1);
}
