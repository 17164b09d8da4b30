// Blocks of 8 × 8 through JPEG's cosine transform, rounded to steps, and back. Begins with tiles.wgsl. The
// arithmetic is explained in src/augment/cpu/jpeg.rs and src/augment/cpu/jpeg/blocks.rs.

/// Eight blocks, one after the other.
var<workgroup> tile: array<f32, 512>;

/// A workgroup is eight blocks of a plane, a thread a column of one and then a row. Told: which plane (0
/// luma, 1 blue, 2 red), whether chroma has half the width and height, the size of the plane, where in the
/// scratch it begins, and then what coefficients are multiplied by before they are rounded to eighths, half a
/// step and one by a step in these, and what they are multiplied by after.
@compute @workgroup_size(64)
fn blocks(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let step = step_of(group.z);
    let size = vec2<i32>(i32(words[step.told + 2u]), i32(words[step.told + 3u]));
    let columns = (size.x + 7) / 8;
    let block = i32(group.x * 8u + (thread >> 3u));
    let is_block = block < columns * ((size.y + 7) / 8);
    let corner = 8 * vec2<i32>(block % columns, block / columns);
    let own = i32(thread & 7u);
    let start = (thread >> 3u) * 64u;
    var values: array<f32, 8>;
    for (var at = 0; at < 8; at++) {
        // Those at the edge are filled up with the last pixels.
        let place = min(corner + vec2<i32>(own, at), size - 1);
        values[at] = f32(value_of(step, place)) - 128.0;
    }
    values = transformed(values);
    for (var at = 0u; at < 8u; at++) {
        tile[start + 8u * at + u32(own)] = values[at];
    }
    workgroupBarrier();
    for (var at = 0u; at < 8u; at++) {
        values[at] = tile[start + 8u * u32(own) + at];
    }
    values = transformed(values);
    let before = step.told + 5u + 8u * u32(own);
    for (var at = 0u; at < 8u; at++) {
        // To eighths, as encoders have them, and then to steps, away from 0 where there is a half.
        let coefficient = round(values[at] * number(before + at));
        let steps = floor((abs(coefficient) + number(before + 64u + at)) * number(before + 128u + at));
        values[at] = select(steps, -steps, coefficient < 0.0) * number(before + 192u + at);
    }
    values = inverted(values);
    workgroupBarrier();
    for (var at = 0u; at < 8u; at++) {
        tile[start + 8u * u32(own) + at] = values[at];
    }
    workgroupBarrier();
    for (var at = 0u; at < 8u; at++) {
        values[at] = tile[start + 8u * at + u32(own)];
    }
    values = inverted(values);
    for (var at = 0; at < 8; at++) {
        let place = corner + vec2<i32>(own, at);
        if is_block && all(place < size) {
            let level = round(clamp(values[at] + 128.0, 0.0, 255.0));
            memory[step.scratch + words[step.told + 4u] + u32(place.y * size.x + place.x)] = u32(level);
        }
    }
}

/// A value of the plane.
fn value_of(step: Step, place: vec2<i32>) -> i32 {
    let size = vec2<i32>(step.size_before);
    let plane = words[step.told];
    if plane == 0u || words[step.told + 1u] == 0u {
        return part_of(step, place, plane);
    }
    // The mean of two by two; where there is a half, every other one is rounded up.
    let near = 2 * place;
    let far = min(near + 1, size - 1);
    let sum = part_of(step, near, plane) + part_of(step, vec2<i32>(far.x, near.y), plane)
        + part_of(step, vec2<i32>(near.x, far.y), plane) + part_of(step, far, plane);
    return (sum + 1 + (place.x & 1)) >> 2u;
}

/// Luma of a pixel, or what a colour differs from it by.
fn part_of(step: Step, place: vec2<i32>, plane: u32) -> i32 {
    let at = min(place, vec2<i32>(step.size_before) - 1);
    let pixel = memory[step.before + u32(at.y * i32(step.size_before.x) + at.x)];
    let r = i32(pixel & 255u);
    let g = i32((pixel >> 8u) & 255u);
    let b = i32((pixel >> 16u) & 255u);
    let blue = (-11059 * r - 21709 * g + 32768 * b + 8421375) >> 16u;
    let red = (32768 * r - 27439 * g - 5329 * b + 8421375) >> 16u;
    let y = (19595 * r + 38470 * g + 7471 * b + 32768) >> 16u;
    return select(select(red, blue, plane == 1u), y, plane == 0u);
}

/// The cosine transform, scaled.
fn transformed(t: array<f32, 8>) -> array<f32, 8> {
    let sum07 = t[0] + t[7];
    let sum16 = t[1] + t[6];
    let sum25 = t[2] + t[5];
    let sum34 = t[3] + t[4];
    let diff07 = t[0] - t[7];
    let diff16 = t[1] - t[6];
    let diff25 = t[2] - t[5];
    let diff34 = t[3] - t[4];
    let outer = sum07 + sum34;
    let inner = sum16 + sum25;
    let outer_less = sum07 - sum34;
    let turned = (sum16 - sum25 + outer_less) * 0.70710677;
    let a = diff34 + diff25;
    let b = (diff25 + diff16) * 0.70710677;
    let c = diff16 + diff07;
    let shared_part = (a - c) * 0.38268343;
    let low = a * 0.5411961 + shared_part;
    let high = c * 1.306563 + shared_part;
    let more = diff07 + b;
    let less = diff07 - b;
    return array<f32, 8>(
        outer + inner, more + high, outer_less + turned, less - low,
        outer - inner, less + low, outer_less - turned, more - high,
    );
}

/// The inverse, but for scales.
fn inverted(t: array<f32, 8>) -> array<f32, 8> {
    let sum04 = t[0] + t[4];
    let diff04 = t[0] - t[4];
    let sum26 = t[2] + t[6];
    let diff26 = (t[2] - t[6]) * 1.4142135 - sum26;
    let even0 = sum04 + sum26;
    let even3 = sum04 - sum26;
    let even1 = diff04 + diff26;
    let even2 = diff04 - diff26;
    let sum53 = t[5] + t[3];
    let diff53 = t[5] - t[3];
    let sum17 = t[1] + t[7];
    let diff17 = t[1] - t[7];
    let odd0 = sum17 + sum53;
    let shared_part = (diff53 + diff17) * 1.8477591;
    let odd1 = shared_part - diff53 * 2.613126 - odd0;
    let odd2 = (sum17 - sum53) * 1.4142135 - odd1;
    let odd3 = shared_part - diff17 * 1.0823922 - odd2;
    return array<f32, 8>(
        even0 + odd0, even1 + odd1, even2 + odd2, even3 + odd3,
        even3 - odd3, even2 - odd2, even1 - odd1, even0 - odd0,
    );
}
