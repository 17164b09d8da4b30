// Tables out of histograms, made where the pictures are. Begins with tiles.wgsl. What the tables say is in
// src/augment/cpu/tone.rs and src/augment/cpu/clahe.rs; what is left out there is done in whole numbers here.

const EQUALIZE: u32 = 0u;
const AUTOCONTRAST: u32 = 1u;
const CONTRAST: u32 = 2u;
const MEAN: u32 = 3u;

const THREADS: u32 = 256u;

/// Of red, green and blue; or of luma.
var<workgroup> counts: array<atomic<u32>, 768>;
var<workgroup> sums: array<atomic<u32>, 4>;

/// The statistics of a whole tile. Told: which, and what it needs: pixels that are cut off, or a factor. What
/// comes out is in the scratch: three tables, 64 words each, or a pixel.
@compute @workgroup_size(256)
fn whole_tile(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let step = step_of(group.z);
    let kind = words[step.told];
    let count = step.size_before.x * step.size_before.y;
    if kind >= CONTRAST {
        var own = vec4<u32>(0u);
        for (var index = thread; index < count; index += THREADS) {
            let pixel = memory[step.before + index];
            own += vec4<u32>(pixel & 255u, (pixel >> 8u) & 255u, (pixel >> 16u) & 255u, luma(pixel));
        }
        atomicAdd(&sums[0], own.x);
        atomicAdd(&sums[1], own.y);
        atomicAdd(&sums[2], own.z);
        atomicAdd(&sums[3], own.w);
    } else {
        for (var index = thread; index < count; index += THREADS) {
            let pixel = memory[step.before + index];
            atomicAdd(&counts[pixel & 255u], 1u);
            atomicAdd(&counts[256u + ((pixel >> 8u) & 255u)], 1u);
            atomicAdd(&counts[512u + ((pixel >> 16u) & 255u)], 1u);
        }
    }
    workgroupBarrier();
    if kind == MEAN {
        if thread == 0u {
            let total = vec3<u32>(atomicLoad(&sums[0]), atomicLoad(&sums[1]), atomicLoad(&sums[2]));
            let means = (total + count / 2u) / count;
            memory[step.scratch] = means.x | (means.y << 8u) | (means.z << 16u);
        }
    } else if kind == CONTRAST {
        if thread < 192u {
            let mean = f32((2u * atomicLoad(&sums[3]) + count) / (2u * count));
            memory[step.scratch + thread] = contrasted((thread & 63u) * 4u, mean, number(step.told + 1u));
        }
    } else if thread < 3u {
        if kind == EQUALIZE {
            equalise(256u * thread, count, step.scratch + 64u * thread);
        } else {
            stretch(256u * thread, words[step.told + 1u], step.scratch + 64u * thread);
        }
    }
}

/// Four values away from the mean, rounded down.
fn contrasted(first: u32, mean: f32, factor: f32) -> u32 {
    var word = 0u;
    for (var at = 0u; at < 4u; at++) {
        let level = mean + factor * (f32(first + at) - mean);
        word |= u32(clamp(level, 0.0, 255.0)) << (8u * at);
    }
    return word;
}

fn equalise(histogram: u32, count: u32, table: u32) {
    var last = 0u;
    for (var value = 0u; value < 256u; value++) {
        let own = atomicLoad(&counts[histogram + value]);
        last = select(last, own, own > 0u);
    }
    let per_step = (count - last) / 255u;
    var below = per_step / 2u;
    var word = 0u;
    for (var value = 0u; value < 256u; value++) {
        let found = select(min(below / max(per_step, 1u), 255u), value, per_step == 0u);
        below += atomicLoad(&counts[histogram + value]);
        word = (word >> 8u) | (found << 24u);
        if (value & 3u) == 3u {
            memory[table + (value >> 2u)] = word;
        }
    }
}

fn stretch(histogram: u32, cut: u32, table: u32) {
    var low = 256u;
    var high = 0u;
    var from_below = 0u;
    var from_above = 0u;
    for (var value = 0u; value < 256u; value++) {
        from_below += atomicLoad(&counts[histogram + value]);
        low = select(low, value, low == 256u && from_below > cut);
        from_above += atomicLoad(&counts[histogram + 255u - value]);
        high = select(high, 255u - value, high == 0u && from_above > cut);
    }
    var word = 0u;
    for (var value = 0u; value < 256u; value++) {
        var found = value;
        if low < high {
            found = select((clamp(value, low, high) - low) * 255u / (high - low), 0u, value <= low);
        }
        word = (word >> 8u) | (found << 24u);
        if (value & 3u) == 3u {
            memory[table + (value >> 2u)] = word;
        }
    }
}

/// The tables of the parts of a tile, a workgroup for each. Told: columns and rows of parts, the sides of a
/// part, where the tables are, and the greatest count, 0 for no limit.
@compute @workgroup_size(64)
fn parts_of_tile(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let step = step_of(group.z);
    let size = vec2<i32>(step.size_before);
    let columns = words[step.told];
    let sides = vec2<u32>(words[step.told + 2u], words[step.told + 3u]);
    let is_part = group.x < columns * words[step.told + 1u];
    let corner = vec2<u32>(group.x % columns, group.x / columns) * sides;
    let pixels = sides.x * sides.y;
    for (var index = select(pixels, thread, is_part); index < pixels; index += 64u) {
        let at = vec2<i32>(corner + vec2<u32>(index % sides.x, index / sides.x));
        let pixel = memory[step.before + u32(mirrored(at.y, size.y) * size.x + mirrored(at.x, size.x))];
        atomicAdd(&counts[luma(pixel)], 1u);
    }
    workgroupBarrier();
    if thread == 0u && is_part {
        equalise_part(pixels, words[step.told + 5u], words[step.told + 4u] + 64u * group.x);
    }
}

fn equalise_part(pixels: u32, limit: u32, table: u32) {
    var cut = 0u;
    for (var value = 0u; value < 256u; value++) {
        let own = atomicLoad(&counts[value]);
        cut += select(0u, own - limit, limit > 0u && own > limit);
    }
    let left = cut % 256u;
    let stride = 256u / max(left, 1u);
    let scale = 255.0 / f32(pixels);
    var sum = 0u;
    var word = 0u;
    for (var value = 0u; value < 256u; value++) {
        let own = atomicLoad(&counts[value]);
        sum += select(own, min(own, limit), limit > 0u) + cut / 256u;
        sum += select(0u, 1u, value % stride == 0u && value / stride < left);
        let found = u32(clamp(round(f32(sum) * scale), 0.0, 255.0));
        word = (word >> 8u) | (found << 24u);
        if (value & 3u) == 3u {
            memory[table + (value >> 2u)] = word;
        }
    }
}
