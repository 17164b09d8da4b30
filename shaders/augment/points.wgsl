// What is done to pixels by themselves, while they are in registers. A step has any number of such
// operations; each gives whole numbers from 0 to 255, as the stages of src/augment/stage.rs do.

/// The operations that this pipeline knows, a bit for each: the others cost nothing.
override OPERATIONS: u32 = 0xffffffffu;

const LUT: u32 = 1u;
const TABLE: u32 = 2u;
const MATRIX: u32 = 3u;
const HSV: u32 = 4u;
const NORMAL: u32 = 5u;
const FACTOR: u32 = 6u;
const SHOT: u32 = 7u;
const ISO: u32 = 8u;
const REPLACE: u32 = 9u;
const ERASE: u32 = 10u;
const FOG: u32 = 11u;
const STREAKS: u32 = 12u;
const SHADOW: u32 = 13u;
const VIGNETTE: u32 = 14u;
const FLARE: u32 = 15u;
const WEIGHTED: u32 = 16u;
const PASTED: u32 = 17u;
const ADD: u32 = 18u;
const SUM: u32 = 19u;
const LINEAR: u32 = 20u;

fn knows(operation: u32) -> bool {
    return (OPERATIONS & (1u << operation)) != 0u;
}

/// The pixel after all operations of the step.
fn operated(step: Step, place: vec2<u32>, before: vec4<f32>) -> vec4<f32> {
    var pixel = before;
    let index = place.y * step.size_after.x + place.x;
    var at = step.operations;
    for (var done = 0u; done < step.count; done++) {
        let kind = words[at] & 255u;
        let told = at + 1u;
        at += words[at] >> 8u;
        if knows(LUT) && kind == LUT {
            pixel = looked_up(words[told], words[told + 1u], pixel);
        }
        if knows(TABLE) && kind == TABLE {
            pixel = looked_up_in_memory(words[told], pixel);
        }
        if knows(MATRIX) && kind == MATRIX {
            pixel = multiplied(told, pixel);
        }
        if knows(LINEAR) && kind == LINEAR {
            pixel = linear(told, pixel);
        }
        if knows(HSV) && kind == HSV {
            pixel = shifted(told, pixel);
        }
        if knows(NORMAL) && kind == NORMAL {
            let own = normals(mixed(vec4<u32>(words[told], words[told + 1u], place)));
            let each = select(own.xxx, own, words[told + 4u] != 0u);
            pixel = changed(pixel, pixel.rgb + number(told + 2u) + number(told + 3u) * each);
        }
        if knows(FACTOR) && kind == FACTOR {
            let bits = mixed(vec4<u32>(words[told], words[told + 1u], place)).xyz;
            let each = select(bits.xxx, bits, words[told + 4u] != 0u);
            let part = vec3<f32>(unit(each.x), unit(each.y), unit(each.z));
            pixel = changed(pixel, pixel.rgb * (number(told + 2u) + number(told + 3u) * part));
        }
        if knows(SHOT) && kind == SHOT {
            let own = normals(mixed(vec4<u32>(words[told], words[told + 1u], place)));
            pixel = changed(pixel, pixel.rgb + sqrt(pixel.rgb * number(told + 2u)) * own);
        }
        if knows(ISO) && kind == ISO {
            let own = normals(mixed(vec4<u32>(words[told], words[told + 1u], place)));
            let scale = 1.0 + number(told + 3u) * own.y;
            pixel = as_at_high_iso(pixel, number(told + 2u) * own.x, scale, step.is_grey);
        }
        if knows(REPLACE) && kind == REPLACE {
            let own = unit(mixed(vec4<u32>(words[told], words[told + 1u], place)).x);
            let is_first = own < number(told + 2u);
            let is_second = !is_first && own < number(told + 4u);
            pixel = select(pixel, vec4<f32>(unpacked(words[told + 3u]).rgb, pixel.a), is_first);
            pixel = select(pixel, vec4<f32>(unpacked(words[told + 5u]).rgb, pixel.a), is_second);
        }
        if knows(ERASE) && kind == ERASE {
            pixel = erased(told, place, index, pixel);
        }
        if knows(FOG) && kind == FOG {
            pixel = veiled(pixel, 0xffffffu, fog(told, place));
        }
        if knows(STREAKS) && kind == STREAKS {
            pixel = veiled(pixel, words[told], streaks(told + 1u, place));
        }
        if knows(SHADOW) && kind == SHADOW {
            pixel = veiled(pixel, 0u, shadow(told, place));
        }
        if knows(VIGNETTE) && kind == VIGNETTE {
            let away = vec2<f32>(place) + 0.5 - vec2<f32>(number(told), number(told + 1u));
            pixel = veiled(pixel, 0u, min(number(told + 2u) * (away.x * away.x + away.y * away.y), 1.0));
        }
        if knows(FLARE) && kind == FLARE {
            pixel = veiled(pixel, words[told], flare(told + 1u, place));
        }
        if knows(WEIGHTED) && kind == WEIGHTED {
            let other = unpacked(memory[words[told] + index]);
            let own = number(told + 1u);
            pixel = vec4<f32>(rounded_up(pixel * own + other * (1.0 - own)).rgb, pixel.a);
        }
        if knows(PASTED) && kind == PASTED {
            let other = unpacked(memory[words[told] + index]);
            let from_corner = place - vec2<u32>(words[told + 1u], words[told + 2u]);
            let is_inside = all(from_corner < vec2<u32>(words[told + 3u], words[told + 4u]));
            pixel = select(pixel, vec4<f32>(other.rgb, pixel.a), is_inside);
        }
        if knows(ADD) && kind == ADD {
            add(words[told] + 4u * index, number(told + 1u) * pixel, words[told + 2u] != 0u);
        }
        if knows(SUM) && kind == SUM {
            let before_it = sum_of(words[told] + 4u * index, words[told + 2u] != 0u);
            pixel = rounded_up(before_it + number(told + 1u) * pixel);
        }
    }
    return select(pixel, pixel.rrra, step.is_grey);
}

/// With other values, rounded. Alpha stays.
fn changed(pixel: vec4<f32>, levels: vec3<f32>) -> vec4<f32> {
    return vec4<f32>(rounded(vec4<f32>(levels, 0.0)).rgb, pixel.a);
}

/// Every value through a table of 64 words, one `apart` from the other.
fn looked_up(tables: u32, apart: u32, pixel: vec4<f32>) -> vec4<f32> {
    let v = vec3<u32>(pixel.rgb);
    let r = (words[tables + (v.x >> 2u)] >> (8u * (v.x & 3u))) & 255u;
    let g = (words[tables + apart + (v.y >> 2u)] >> (8u * (v.y & 3u))) & 255u;
    let b = (words[tables + 2u * apart + (v.z >> 2u)] >> (8u * (v.z & 3u))) & 255u;
    return vec4<f32>(f32(r), f32(g), f32(b), pixel.a);
}

/// The same through tables that a step before has made.
fn looked_up_in_memory(tables: u32, pixel: vec4<f32>) -> vec4<f32> {
    let v = vec3<u32>(pixel.rgb);
    let r = (memory[tables + (v.x >> 2u)] >> (8u * (v.x & 3u))) & 255u;
    let g = (memory[tables + 64u + (v.y >> 2u)] >> (8u * (v.y & 3u))) & 255u;
    let b = (memory[tables + 128u + (v.z >> 2u)] >> (8u * (v.z & 3u))) & 255u;
    return vec4<f32>(f32(r), f32(g), f32(b), pixel.a);
}

/// Linear in 16 bits: what is added, then rows of factors, then how many bits are a fraction. The arithmetic
/// is explained in src/augment/cpu/colour.rs.
fn multiplied(told: u32, pixel: vec4<f32>) -> vec4<f32> {
    let level = (vec3<i32>(pixel.rgb) - 128) << vec3<u32>(8u);
    var found: vec3<i32>;
    for (var row = 0u; row < 3u; row++) {
        let at = told + 3u + 3u * row;
        let parts = (level * vec3<i32>(whole(at), whole(at + 1u), whole(at + 2u))) >> vec3<u32>(16u);
        found[row] = (whole(told + row) + parts.x + parts.y + parts.z) >> words[told + 12u];
    }
    return vec4<f32>(vec3<f32>(clamp(found, vec3<i32>(0), vec3<i32>(255))), pixel.a);
}

/// The same for factors of any size.
fn linear(told: u32, pixel: vec4<f32>) -> vec4<f32> {
    let known = vec4<f32>(pixel.rgb, 1.0);
    let red = vec4<f32>(number(told), number(told + 1u), number(told + 2u), number(told + 3u));
    let green = vec4<f32>(number(told + 4u), number(told + 5u), number(told + 6u), number(told + 7u));
    let blue = vec4<f32>(number(told + 8u), number(told + 9u), number(told + 10u), number(told + 11u));
    return changed(pixel, vec3<f32>(dot(red, known), dot(green, known), dot(blue, known)));
}

/// A shift in the HSV cone: hue in sixths, then factor and sum of saturation, and of value. The arithmetic is
/// explained in src/augment/cpu/colour.rs.
fn shifted(told: u32, pixel: vec4<f32>) -> vec4<f32> {
    let most = max(pixel.r, max(pixel.g, pixel.b));
    let c = most - min(pixel.r, min(pixel.g, pixel.b));
    let inverse = 1.0 / select(1.0, c * most, c > 0.0);
    let s = select(0.0, clamp(c * c * inverse * number(told + 1u) + number(told + 2u), 0.0, 1.0), c > 0.0);
    var part = vec2<f32>(pixel.r - pixel.g, 4.0);
    part = select(part, vec2<f32>(pixel.b - pixel.r, 2.0), most == pixel.g);
    part = select(part, vec2<f32>(pixel.g - pixel.b, 0.0), most == pixel.r);
    let turned = part.x * most * inverse + part.y + number(told);
    let h = turned - 6.0 * floor(turned * (1.0 / 6.0));
    let v = clamp(most * number(told + 3u) + number(told + 4u), 0.0, 255.0);
    var k = vec3<f32>(h) + vec3<f32>(5.0, 3.0, 1.0);
    k = select(k, k - 6.0, k >= vec3<f32>(6.0));
    let w = clamp(min(k, 4.0 - k), vec3<f32>(0.0), vec3<f32>(1.0));
    return changed(pixel, v - v * s * w);
}

/// Hue turned, in turns, and lightness scaled in the HSL double cone.
fn as_at_high_iso(pixel: vec4<f32>, turns: f32, scale: f32, is_grey: bool) -> vec4<f32> {
    let most = max(pixel.r, max(pixel.g, pixel.b));
    let least = min(pixel.r, min(pixel.g, pixel.b));
    let chroma = most - least;
    let over = 1.0 / max(chroma, 1.0);
    var hue = 4.0 + (pixel.r - pixel.g) * over;
    hue = select(hue, 2.0 + (pixel.b - pixel.r) * over, most == pixel.g);
    hue = select(hue, (pixel.g - pixel.b) * over, most == pixel.r);
    hue += 6.0 * turns;
    let lightness = most + least;
    let after = min(lightness * max(scale, 0.0), 510.0);
    let room = 255.0 - abs(lightness - 255.0);
    let left = chroma * (255.0 - abs(after - 255.0)) / max(room, 1.0);
    let turned = vec3<f32>(hue) + vec3<f32>(0.0, 4.0, 2.0);
    let around = turned - 6.0 * floor(turned * (1.0 / 6.0));
    let ramps = clamp(abs(around - 3.0) - 1.0, vec3<f32>(0.0), vec3<f32>(1.0));
    let colour = (after - left) * 0.5 + left * ramps;
    return changed(pixel, select(colour, pixel.rgb * scale, is_grey));
}

/// Painted over where it is in a part. Many parts are told as a bit for each pixel.
fn erased(told: u32, place: vec2<u32>, index: u32, pixel: vec4<f32>) -> vec4<f32> {
    let count = words[told];
    let parts = words[told + 1u];
    var is_inside = false;
    if count == 0u {
        is_inside = ((words[parts + (index >> 5u)] >> (index & 31u)) & 1u) != 0u;
    } else {
        for (var part = parts; part < parts + 4u * count; part += 4u) {
            let from_corner = place - vec2<u32>(words[part], words[part + 1u]);
            is_inside = is_inside || all(from_corner < vec2<u32>(words[part + 2u], words[part + 3u]));
        }
    }
    var paint = unpacked(words[told + 3u]).rgb;
    if words[told + 2u] == 1u {
        paint = vec3<f32>(mixed(vec4<u32>(words[told + 3u], words[told + 4u], place)).xyz >> vec3<u32>(24u));
    }
    if words[told + 2u] == 2u {
        paint = unpacked(memory[words[told + 3u]]).rgb;
    }
    return select(pixel, vec4<f32>(paint, pixel.a), is_inside);
}

/// Towards a colour by a part.
fn veiled(pixel: vec4<f32>, colour: u32, cover: f32) -> vec4<f32> {
    return changed(pixel, pixel.rgb + (unpacked(colour).rgb - pixel.rgb) * cover);
}

/// Four octaves of value noise: see src/augment/cpu/veil/clouds.rs.
fn fog(told: u32, place: vec2<u32>) -> f32 {
    var cover = 0.0;
    for (var octave = told; octave < told + 16u; octave += 4u) {
        let key = vec2<u32>(words[octave], words[octave + 1u]);
        let at = (vec2<f32>(place) + 0.5) * number(octave + 3u);
        let node = vec2<u32>(at);
        let part = at - floor(at);
        let way = part * part * (3.0 - 2.0 * part);
        let a = unit(mixed(vec4<u32>(key, node)).x);
        let b = unit(mixed(vec4<u32>(key, node + vec2<u32>(1u, 0u))).x);
        let c = unit(mixed(vec4<u32>(key, node + vec2<u32>(0u, 1u))).x);
        let d = unit(mixed(vec4<u32>(key, node + vec2<u32>(1u, 1u))).x);
        let left = a + (c - a) * way.y;
        let right = b + (d - b) * way.y;
        cover += number(octave + 2u) * (left + (right - left) * way.x);
    }
    return cover;
}

/// The distance from a line of two points.
fn from_line(at: vec2<f32>, start: vec2<f32>, end: vec2<f32>) -> f32 {
    let along = end - start;
    let square = dot(along, along);
    let over = select(0.0, 1.0 / square, square > 0.0);
    let away = at - start;
    return length(away - clamp(dot(away, along) * over, 0.0, 1.0) * along);
}

fn point(at: u32) -> vec2<f32> {
    return vec2<f32>(number(at), number(at + 1u));
}

/// Half the width with half a pixel, opacity, and for each square of 16 × 16 pixels the lines that are near
/// to it.
fn streaks(told: u32, place: vec2<u32>) -> f32 {
    let at = vec2<f32>(place) + 0.5;
    let square = (place.y >> 4u) * words[told + 2u] + (place.x >> 4u);
    let first = words[words[told + 3u] + square];
    let end = words[words[told + 3u] + square + 1u];
    var cover = 0.0;
    for (var near = first; near < end; near++) {
        let line = words[near];
        cover = max(cover, number(told) - from_line(at, point(line), point(line + 2u)));
    }
    return min(cover, 1.0) * number(told + 1u);
}

/// Depth, and the corners of a polygon, the first one again as the last.
fn shadow(told: u32, place: vec2<u32>) -> f32 {
    let at = vec2<f32>(place) + 0.5;
    let end = words[told + 2u] + 2u * words[told + 1u];
    var nearest = 1.0;
    var is_inside = false;
    for (var corner = words[told + 2u]; corner < end; corner += 2u) {
        let a = point(corner);
        let b = point(corner + 2u);
        nearest = min(nearest, from_line(at, a, b));
        let meets = (a.y <= at.y) != (b.y <= at.y);
        let crossing = a.x + (at.y - a.y) / select(1.0, b.y - a.y, meets) * (b.x - a.x);
        is_inside = is_inside != (meets && at.x > crossing);
    }
    return number(told) * clamp(0.5 + select(-nearest, nearest, is_inside), 0.0, 1.0);
}

/// Discs of light: middle, radius and opacity of each.
fn flare(told: u32, place: vec2<u32>) -> f32 {
    let at = vec2<f32>(place) + 0.5;
    let end = words[told + 1u] + 4u * words[told];
    var through = 1.0;
    for (var disc = words[told + 1u]; disc < end; disc += 4u) {
        let away = at - point(disc);
        let radius = number(disc + 2u);
        let left = select(0.0, max(1.0 - dot(away, away) / (radius * radius), 0.0), radius > 0.0);
        through *= 1.0 - number(disc + 3u) * left * left;
    }
    return 1.0 - through;
}

/// Adds to the sums of a pixel, or begins them.
fn add(at: u32, levels: vec4<f32>, is_first: bool) {
    let sums = sum_of(at, is_first) + levels;
    memory[at] = bitcast<u32>(sums.x);
    memory[at + 1u] = bitcast<u32>(sums.y);
    memory[at + 2u] = bitcast<u32>(sums.z);
    memory[at + 3u] = bitcast<u32>(sums.w);
}

fn sum_of(at: u32, is_first: bool) -> vec4<f32> {
    if is_first {
        return vec4<f32>(0.0);
    }
    let bits = vec4<u32>(memory[at], memory[at + 1u], memory[at + 2u], memory[at + 3u]);
    return bitcast<vec4<f32>>(bits);
}
