// Where a pixel comes from: what a step does first. Begins with random.wgsl, tiles.wgsl and points.wgsl.

/// Which of these this pipeline does.
override GATHER: u32 = 0u;
/// Whether a neighbourhood may be wider than the picture, and so be mirrored more than once.
override IS_WIDE: bool = false;
/// The map of a warp: 0 affine, 1 projective, 2 a lattice, 3 radial.
override MAP: u32 = 0u;

const COPY: u32 = 0u;
const EXACT: u32 = 1u;
const NEAREST: u32 = 2u;
const BILINEAR: u32 = 3u;
const BICUBIC: u32 = 4u;
const ROWS: u32 = 5u;
const COLUMNS: u32 = 6u;
const FULL: u32 = 7u;
const MEDIAN: u32 = 8u;
const RESIZE_ROWS: u32 = 9u;
const RESIZE_COLUMNS: u32 = 10u;
const CHOSEN: u32 = 11u;
const CLAHE: u32 = 12u;
const JPEG: u32 = 13u;

/// Places further out than this count as this far.
const FAR: f32 = 8388608.0;

/// Pixels of a thread, one below the other, or beside it where rows are summed. What is read of the step is
/// read once for all of them, and most neighbours of one are neighbours of the others.
const RUN: u32 = 4u;

@compute @workgroup_size(16, 8)
fn gather(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) own: vec3<u32>) {
    // By the number of the group, which is the same for all of its threads, and so is all that is read of the
    // step.
    let step = step_of(group.z);
    let place = group.xy * vec2<u32>(16u, 8u) + own.xy;
    if GATHER == ROWS {
        let first = vec2<u32>(RUN * place.x, place.y);
        if all(first < step.size_after) {
            sum_rows(step, first);
        }
    } else if GATHER == COLUMNS {
        let first = vec2<u32>(place.x, RUN * place.y);
        if all(first < step.size_after) {
            sum_columns(step, first);
        }
    } else {
        let warp = warp_of(step);
        for (var at = 0u; at < RUN; at++) {
            // A group's rows stay together, so that its threads read what lies together.
            let own_place = vec2<u32>(place.x, group.y * 8u * RUN + 8u * at + own.y);
            if all(own_place < step.size_after) {
                let index = own_place.y * step.size_after.x + own_place.x;
                let pixel = gathered(step, warp, own_place, index);
                memory[step.after + index] = packed(operated(step, own_place, pixel));
            }
        }
    }
}

fn gathered(step: Step, warp: Warp, place: vec2<u32>, index: u32) -> vec4<f32> {
    if GATHER == EXACT {
        return moved(step, warp, vec2<i32>(place));
    }
    if GATHER == NEAREST {
        return nearest(step, warp, place);
    }
    if GATHER == BILINEAR {
        return bilinear(step, warp, place);
    }
    if GATHER == BICUBIC {
        return bicubic(step, warp, place);
    }
    if GATHER == FULL {
        return finished(step, unpacked(memory[step.before + index]), around(step, place));
    }
    if GATHER == MEDIAN {
        return middle(step, place, memory[step.before + index]);
    }
    if GATHER == RESIZE_ROWS {
        return resized(step, place.x, place.y * step.size_before.x, 1u);
    }
    if GATHER == RESIZE_COLUMNS {
        return resized(step, place.y, place.x, step.size_before.x);
    }
    if GATHER == CHOSEN {
        let column = words[step.told + place.x];
        let row = words[step.told + step.size_after.x + place.y];
        return unpacked(memory[step.before + row * step.size_before.x + column]);
    }
    if GATHER == CLAHE {
        return equalised(step, place, memory[step.before + index]);
    }
    if GATHER == JPEG {
        return opened(step, vec2<i32>(place), memory[step.before + index]);
    }
    return unpacked(memory[step.before + index]);
}

// Warps are told the fill and its colour, and the window, and then the map.

struct Warp {
    /// The fill: 0 a colour, 1 the edge, 2 a mirror, 3 the other side.
    fill: u32,
    colour: u32,
    corner: vec2<u32>,
    window: vec2<i32>,
    /// The first numbers of the map, as bits.
    map: array<u32, 9>,
}

fn warp_of(step: Step) -> Warp {
    var warp: Warp;
    if GATHER < EXACT || GATHER > BICUBIC {
        return warp;
    }
    warp.fill = words[step.told];
    warp.colour = words[step.told + 1u];
    warp.corner = vec2<u32>(words[step.told + 2u], words[step.told + 3u]);
    warp.window = vec2<i32>(whole(step.told + 4u), whole(step.told + 5u));
    for (var at = 0u; at < 9u; at++) {
        warp.map[at] = words[step.told + 6u + at];
    }
    return warp;
}

/// The pixel of the window that one outside of it is, or −1 where it is none of them. `at` is no further out
/// than the window is wide.
fn inside(at: i32, count: i32, fill: u32) -> i32 {
    let last = count - 1;
    var found = clamp(at, 0, last);
    if fill == 2u {
        found = clamp(abs(last - abs(last - abs(at))), 0, last);
    }
    if fill == 3u {
        found = clamp(select(select(at, at - count, at > last), at + count, at < 0), 0, last);
    }
    return select(found, -1, fill == 0u && found != at);
}

/// The same for one that is anywhere.
fn inside_from_afar(at: i32, count: i32, fill: u32) -> i32 {
    var near = at;
    if fill == 2u {
        near = mirrored(at, count);
    }
    if fill == 3u {
        near = modulo(at, count);
    }
    return inside(near, count, fill);
}

/// A pixel of the window by its column and row there; −1 is outside.
fn pixel_of(step: Step, warp: Warp, at: vec2<i32>) -> vec4<f32> {
    let there = warp.corner + vec2<u32>(max(at, vec2<i32>(0)));
    let found = memory[step.before + there.y * step.size_before.x + there.x];
    return unpacked(select(found, warp.colour, at.x < 0 || at.y < 0));
}

fn moved(step: Step, warp: Warp, place: vec2<i32>) -> vec4<f32> {
    let x = bitcast<i32>(warp.map[0]) * place.x + bitcast<i32>(warp.map[1]) * place.y + bitcast<i32>(warp.map[2]);
    let y = bitcast<i32>(warp.map[3]) * place.x + bitcast<i32>(warp.map[4]) * place.y + bitcast<i32>(warp.map[5]);
    let column = inside_from_afar(x, warp.window.x, warp.fill);
    return pixel_of(step, warp, vec2<i32>(column, inside_from_afar(y, warp.window.y, warp.fill)));
}

/// Where a pixel comes from, in pixels from the upper left corner of the window.
fn source(step: Step, warp: Warp, place: vec2<u32>) -> vec2<f32> {
    let at = vec2<f32>(place) + 0.5;
    let x = bitcast<vec3<f32>>(vec3<u32>(warp.map[0], warp.map[1], warp.map[2]));
    let y = bitcast<vec3<f32>>(vec3<u32>(warp.map[3], warp.map[4], warp.map[5]));
    let z = bitcast<vec3<f32>>(vec3<u32>(warp.map[6], warp.map[7], warp.map[8]));
    var found: vec2<f32>;
    if MAP < 2u {
        found.x = x.x * at.x + (x.y * at.y + x.z);
        found.y = y.x * at.x + (y.y * at.y + y.z);
    }
    if MAP == 1u {
        found /= max(z.x * at.x + (z.y * at.y + z.z), 1e-6);
    }
    if MAP == 2u {
        found = at + displacement(step.told + 6u, at);
    }
    if MAP == 3u {
        let away = at - x.xy;
        let squared = (away.x * away.x + away.y * away.y) * y.y;
        found = x.xy + away * (1.0 + squared * (x.z + squared * y.x));
    }
    return min(max(found, vec2<f32>(-FAR)), vec2<f32>(FAR));
}

/// Between the nodes of a lattice: columns, rows, whether it is smooth, steps in a pixel, and then the nodes.
fn displacement(map: u32, at: vec2<f32>) -> vec2<f32> {
    let nodes = vec2<i32>(whole(map), whole(map + 1u));
    let steps = at * vec2<f32>(number(map + 3u), number(map + 4u));
    let cell = clamp(floor(steps), vec2<f32>(0.0), max(vec2<f32>(nodes) - 2.0, vec2<f32>(0.0)));
    let across = between(words[map + 2u], steps.x - cell.x);
    let down = between(words[map + 2u], steps.y - cell.y);
    var sum = vec2<f32>(0.0);
    for (var row = 0; row < 4; row++) {
        for (var column = 0; column < 4; column++) {
            let node = clamp(vec2<i32>(cell) + vec2<i32>(column - 1, row - 1), vec2<i32>(0), nodes - 1);
            let shift = map + 5u + 2u * u32(node.y * nodes.x + node.x);
            sum += down[row] * across[column] * vec2<f32>(number(shift), number(shift + 1u));
        }
    }
    return sum;
}

/// How much four nodes count at `t` between the second and the third: on a line, or of a cubic B-spline.
fn between(is_smooth: u32, t: f32) -> vec4<f32> {
    let straight = vec4<f32>(0.0, 1.0 - t, t, 0.0);
    let a = (((-1.0 / 6.0) * t + 0.5) * t - 0.5) * t + 1.0 / 6.0;
    let b = (0.5 * t - 1.0) * t * t + 2.0 / 3.0;
    let c = ((-0.5 * t + 0.5) * t + 0.5) * t + 1.0 / 6.0;
    return select(straight, vec4<f32>(a, b, c, t * t * t * (1.0 / 6.0)), is_smooth != 0u);
}

/// A place brought to where the fill repeats it from.
fn folded(at: f32, count: i32, fill: u32) -> f32 {
    let last = f32(count - 1);
    if fill == 1u {
        return clamp(at, 0.0, last);
    }
    if fill == 2u {
        let around = max(2.0 * last, 1.0);
        let place = at - floor(at / around) * around;
        return clamp(min(place, around - place), 0.0, last);
    }
    if fill == 3u {
        let around = last + 1.0;
        return clamp(at - floor(at / around) * around, 0.0, around);
    }
    return at;
}

fn nearest(step: Step, warp: Warp, place: vec2<u32>) -> vec4<f32> {
    let window = warp.window;
    let fill = warp.fill;
    let at = floor(source(step, warp, place));
    let x = inside(i32(folded(at.x, window.x, fill)), window.x, fill);
    let y = inside(i32(folded(at.y, window.y, fill)), window.y, fill);
    return pixel_of(step, warp, vec2<i32>(x, y));
}

fn bilinear(step: Step, warp: Warp, place: vec2<u32>) -> vec4<f32> {
    let window = warp.window;
    let fill = warp.fill;
    let middle = source(step, warp, place) - 0.5;
    let at = vec2<f32>(folded(middle.x, window.x, fill), folded(middle.y, window.y, fill));
    let first = floor(at);
    let way = at - first;
    let left = inside(i32(first.x), window.x, fill);
    let right = inside(i32(first.x) + 1, window.x, fill);
    let top = inside(i32(first.y), window.y, fill);
    let bottom = inside(i32(first.y) + 1, window.y, fill);
    let a = pixel_of(step, warp, vec2<i32>(left, top));
    let b = pixel_of(step, warp, vec2<i32>(right, top));
    let c = pixel_of(step, warp, vec2<i32>(left, bottom));
    let d = pixel_of(step, warp, vec2<i32>(right, bottom));
    let here = a + (c - a) * way.y;
    let next = b + (d - b) * way.y;
    return rounded(here + (next - here) * way.x);
}

fn bicubic(step: Step, warp: Warp, place: vec2<u32>) -> vec4<f32> {
    let window = warp.window;
    let fill = warp.fill;
    var at = source(step, warp, place) - 0.5;
    if fill != 1u {
        at = vec2<f32>(folded(at.x, window.x, fill), folded(at.y, window.y, fill));
    }
    let first = floor(at);
    let across = cubic(at.x - first.x);
    let down = cubic(at.y - first.y);
    var sum = vec4<f32>(0.0);
    for (var row = 0; row < 4; row++) {
        let y = inside(i32(first.y) + row - 1, window.y, fill);
        for (var column = 0; column < 4; column++) {
            let x = inside(i32(first.x) + column - 1, window.x, fill);
            sum += down[row] * across[column] * pixel_of(step, warp, vec2<i32>(x, y));
        }
    }
    return rounded(sum);
}

/// Catmull-Rom.
fn cubic(t: f32) -> vec4<f32> {
    return vec4<f32>(
        ((-0.5 * t + 1.0) * t - 0.5) * t,
        (1.5 * t - 2.5) * t * t + 1.0,
        ((-1.5 * t + 2.0) * t + 0.5) * t,
        (0.5 * t - 0.5) * t * t,
    );
}

// Neighbourhoods. A separable one is told how many weights there are, a factor for all, how it is finished
// (amount and threshold of sharpening, or a threshold below 0), and the weights.

/// The place of a neighbour.
fn neighbour(at: i32, count: i32) -> i32 {
    if IS_WIDE {
        return mirrored(at, count);
    }
    return clamp(abs((count - 1) - abs((count - 1) - at)), 0, count - 1);
}

/// Sums along a row, not rounded yet: no operation can follow. The weights have as many zeros on either side
/// as there are more pixels in a run than one.
fn sum_rows(step: Step, first: vec2<u32>) {
    let count = words[step.told];
    let start = i32(first.x) - i32(count / 2u);
    let row = step.before + first.y * step.size_before.x;
    var sums: array<vec3<f32>, 4>;
    for (var tap = 0u; tap < count + RUN - 1u; tap++) {
        let x = neighbour(start + i32(tap), i32(step.size_before.x));
        let levels = unpacked(memory[row + u32(x)]).rgb;
        let weight = step.told + 4u + tap;
        sums[0] += number(weight + 3u) * levels;
        sums[1] += number(weight + 2u) * levels;
        sums[2] += number(weight + 1u) * levels;
        sums[3] += number(weight) * levels;
    }
    for (var at = 0u; at < min(RUN, step.size_after.x - first.x); at++) {
        let to = step.scratch + 3u * (first.y * step.size_after.x + first.x + at);
        memory[to] = bitcast<u32>(sums[at].x);
        memory[to + 1u] = bitcast<u32>(sums[at].y);
        memory[to + 2u] = bitcast<u32>(sums[at].z);
    }
}

/// Sums of those sums along a column.
fn sum_columns(step: Step, first: vec2<u32>) {
    let count = words[step.told];
    let start = i32(first.y) - i32(count / 2u);
    var sums: array<vec3<f32>, 4>;
    for (var tap = 0u; tap < count + RUN - 1u; tap++) {
        let y = u32(neighbour(start + i32(tap), i32(step.size_before.y)));
        let at = step.scratch + 3u * (y * step.size_before.x + first.x);
        let numbers = bitcast<vec3<f32>>(vec3<u32>(memory[at], memory[at + 1u], memory[at + 2u]));
        let weight = step.told + 4u + tap;
        sums[0] += number(weight + 3u) * numbers;
        sums[1] += number(weight + 2u) * numbers;
        sums[2] += number(weight + 1u) * numbers;
        sums[3] += number(weight) * numbers;
    }
    for (var at = 0u; at < min(RUN, step.size_after.y - first.y); at++) {
        let place = vec2<u32>(first.x, first.y + at);
        let index = place.y * step.size_after.x + place.x;
        let before = unpacked(memory[step.before + index]);
        let pixel = finished(step, before, sums[at] * number(step.told + 1u));
        memory[step.after + index] = packed(operated(step, place, pixel));
    }
}

/// A neighbourhood of any shape: how many weights, what is added, how it is finished, and then columns, rows
/// and weights of neighbours, as seen from the pixel.
fn around(step: Step, place: vec2<u32>) -> vec3<f32> {
    let size = vec2<i32>(step.size_before);
    let end = step.told + 4u + 3u * words[step.told];
    var sum = vec3<f32>(number(step.told + 1u));
    for (var tap = step.told + 4u; tap < end; tap += 3u) {
        let at = vec2<i32>(place) + vec2<i32>(whole(tap), whole(tap + 1u));
        let index = neighbour(at.y, size.y) * size.x + neighbour(at.x, size.x);
        sum += number(tap + 2u) * unpacked(memory[step.before + u32(index)]).rgb;
    }
    return sum;
}

/// Rounded, or what sharpening makes of it. Alpha is that of before.
fn finished(step: Step, before: vec4<f32>, sums: vec3<f32>) -> vec4<f32> {
    let blurred = changed(before, sums);
    let amount = number(step.told + 2u);
    let threshold = number(step.told + 3u);
    let lost = before.rgb - blurred.rgb;
    let added = select(vec3<f32>(0.0), amount * lost, abs(lost) >= vec3<f32>(threshold));
    return select(changed(before, before.rgb + added), blurred, threshold < 0.0);
}

/// The middle value of a square, bit by bit from the top: a bit is set where no more than half of the
/// neighbours are less than what is found so far with it. Two channels are counted at once, each in half a
/// word.
fn middle(step: Step, place: vec2<u32>, before: u32) -> vec4<f32> {
    let radius = whole(step.told);
    let half = u32((2 * radius + 1) * (2 * radius + 1) / 2);
    let size = vec2<i32>(step.size_before);
    var found = vec2<u32>(0u);
    for (var bit = 0x800080u; bit >= 0x10001u; bit >>= 1u) {
        let tried = found | vec2<u32>(bit);
        var less = vec2<u32>(0u);
        for (var down = -radius; down <= radius; down++) {
            let row = step.before + u32(neighbour(i32(place.y) + down, size.y) * size.x);
            for (var across = -radius; across <= radius; across++) {
                let pixel = memory[row + u32(neighbour(i32(place.x) + across, size.x))];
                let values = vec2<u32>(pixel, pixel >> 8u) & vec2<u32>(0xff00ffu);
                less += ((tried + 0xff00ffu - values) >> vec2<u32>(8u)) & vec2<u32>(0x10001u);
            }
        }
        let low = select(vec2<u32>(0u), vec2<u32>(0xffffu), (less & vec2<u32>(0xffffu)) <= vec2<u32>(half));
        let high = select(vec2<u32>(0u), vec2<u32>(0xffff0000u), (less >> vec2<u32>(16u)) <= vec2<u32>(half));
        found |= vec2<u32>(bit) & (low | high);
    }
    return unpacked((found.x & 0xff00ffu) | ((found.y & 0xffu) << 8u) | (before & 0xff000000u));
}

// Other sizes: what is added to places, and of every column or row of the result, its first neighbour, how
// many there are and where in the words their weights are.

fn resized(step: Step, at: u32, start: u32, apart: u32) -> vec4<f32> {
    let told = step.told + 1u + 3u * at;
    let first = step.before + words[step.told] + start + words[told] * apart;
    let weights = words[told + 2u];
    var sum = vec4<f32>(0.0);
    for (var tap = 0u; tap < words[told + 1u]; tap++) {
        sum += number(weights + tap) * unpacked(memory[first + tap * apart]);
    }
    return rounded_up(sum);
}

/// Between the tables of four tiles: columns and rows of tiles, the sides of a tile, and where in the memory
/// the tables are.
fn equalised(step: Step, place: vec2<u32>, pixel: u32) -> vec4<f32> {
    let tiles = vec2<i32>(whole(step.told), whole(step.told + 1u));
    let sides = vec2<f32>(f32(words[step.told + 2u]), f32(words[step.told + 3u]));
    let at = vec2<f32>(place) * (1.0 / sides) - 0.5;
    let first = floor(at);
    let part = at - first;
    let low = clamp(vec2<i32>(first), vec2<i32>(0), tiles - 1);
    let high = clamp(vec2<i32>(first) + 1, vec2<i32>(0), tiles - 1);
    let before = luma(pixel);
    let left = from_table(step, low.y * tiles.x + low.x, before) * (1.0 - part.y)
        + from_table(step, high.y * tiles.x + low.x, before) * part.y;
    let right = from_table(step, low.y * tiles.x + high.x, before) * (1.0 - part.y)
        + from_table(step, high.y * tiles.x + high.x, before) * part.y;
    let after = round(left * (1.0 - part.x) + right * part.x);
    let levels = unpacked(pixel);
    return changed(levels, levels.rgb + (after - f32(before)));
}

fn from_table(step: Step, table: i32, value: u32) -> f32 {
    let word = memory[words[step.told + 4u] + 64u * u32(table) + (value >> 2u)];
    return f32((word >> (8u * (value & 3u))) & 255u);
}

/// From the planes that jpeg.wgsl has left: whether chroma has half the width and height.
fn opened(step: Step, place: vec2<i32>, before: u32) -> vec4<f32> {
    let size = vec2<i32>(step.size_after);
    let y = i32(memory[step.scratch + u32(place.y * size.x + place.x)]);
    let alpha = f32(before >> 24u);
    if step.is_grey {
        return vec4<f32>(vec3<f32>(f32(y)), alpha);
    }
    var blue: i32;
    var red: i32;
    let planes = step.scratch + u32(size.x * size.y);
    if words[step.told] == 0u {
        let at = planes + u32(place.y * size.x + place.x);
        blue = i32(memory[at]);
        red = i32(memory[at + u32(size.x * size.y)]);
    } else {
        // Three parts of the nearer value and one of the farther one, both ways.
        let half = (size + 1) / 2;
        let near = place / 2;
        let is_second = (place & vec2<i32>(1)) == vec2<i32>(1);
        let far = clamp(select(near - 1, near + 1, is_second), vec2<i32>(0), half - 1);
        let plus = select(8, 7, is_second.x);
        blue = (3 * of_column(planes, half, near.x, near.y, far.y)
            + of_column(planes, half, far.x, near.y, far.y) + plus) >> 4u;
        let other = planes + u32(half.x * half.y);
        red = (3 * of_column(other, half, near.x, near.y, far.y)
            + of_column(other, half, far.x, near.y, far.y) + plus) >> 4u;
    }
    blue -= 128;
    red -= 128;
    let r = y + ((91881 * red + 32768) >> 16u);
    let g = y + ((-22554 * blue - 46802 * red + 32768) >> 16u);
    let b = y + ((116130 * blue + 32768) >> 16u);
    return vec4<f32>(rounded(vec4<f32>(f32(r), f32(g), f32(b), 0.0)).rgb, alpha);
}

fn of_column(plane: u32, size: vec2<i32>, x: i32, near: i32, far: i32) -> i32 {
    return 3 * i32(memory[plane + u32(near * size.x + x)]) + i32(memory[plane + u32(far * size.x + x)]);
}
