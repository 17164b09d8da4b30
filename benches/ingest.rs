//! What ingest costs per image, in processor time of one thread.
//!
//! `LENSLET_TEST_DATA=… cargo bench --bench ingest`. It measures whole passes over the flowers
//! (decode, thumbnail of 128 px, pixel statistics, content hash) and, on photos of 12 megapixels
//! made of enlarged flowers, the reduced decoding against a full one by `image`.
//!
//! With `LENSLET_PYTHON` naming a Python that has Pillow (and simplejpeg, libjpeg-turbo's scaled
//! decode), those are measured in the same run: rates of different runs on a shared machine do not
//! compare.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{PixelType, Resizer};
use lenslet::media::{Payload, Raster, decode, encode_thumbnail, measure, thumbnail};

/// Longest side of the thumbnails that ingest makes, in pixels.
const EDGE: u32 = 128;

/// Prints what Pillow's `Image.thumbnail` and simplejpeg do of the JPEGs under `argv[1]` per second
/// of this thread.
const PYTHON: &str = r#"
import glob, io, sys, time
files = [open(path, "rb").read() for path in sorted(glob.glob(sys.argv[1] + "/**/*.jpg", recursive=True))]
def rate(name, work):
    best = float("inf")
    for _ in range(5):
        start = time.thread_time()
        for data in files:
            work(data)
        best = min(best, time.thread_time() - start)
    print(name, len(files) / best)
from PIL import Image
def pillow(data):
    Image.open(io.BytesIO(data)).thumbnail((128, 128))
rate("pillow", pillow)
try:
    import simplejpeg
except ImportError:
    sys.exit()
rate("simplejpeg", lambda data: simplejpeg.decode_jpeg(data, min_height=128, min_width=128, min_factor=1))
"#;

/// Shortest batch of calls that is timed.
const BATCH_SECONDS: f64 = 0.4;

const PHOTO_WIDTH: u32 = 4000;
const PHOTO_HEIGHT: u32 = 3000;

fn main() {
    let Some(root) = std::env::var_os("LENSLET_TEST_DATA") else {
        println!("skipped: LENSLET_TEST_DATA is not set, so the flowers are not there");
        return;
    };
    let folder = PathBuf::from(root).join("flowers");
    let flowers = read_jpegs(&folder);
    if flowers.is_empty() {
        println!("skipped: LENSLET_TEST_DATA has no flowers");
        return;
    }
    small_photos(&flowers, &references(&folder));
    for (name, progressive) in [("baseline", false), ("progressive", true)] {
        large_photo(name, &photo(&flowers, progressive));
    }
}

/// Name and rate of what other libraries do, when a Python with them was named.
fn references(folder: &Path) -> Vec<(String, f64)> {
    let Some(python) = std::env::var_os("LENSLET_PYTHON") else {
        println!("no comparison with Pillow: LENSLET_PYTHON is not set");
        return Vec::new();
    };
    match Command::new(python).arg("-c").arg(PYTHON).arg(folder).output() {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(|line| line.split_once(' '))
            .filter_map(|(name, rate)| Some((name.to_owned(), rate.parse().ok()?)))
            .collect(),
        Ok(output) => {
            println!("no comparison with Pillow: {}", String::from_utf8_lossy(&output.stderr).trim());
            Vec::new()
        }
        Err(error) => {
            println!("no comparison with Pillow: {error}");
            Vec::new()
        }
    }
}

fn small_photos(flowers: &[Payload], references: &[(String, f64)]) {
    let count = flowers.len() as f64;
    for (name, rate) in references {
        println!("{name}: {rate:.0} images per processor second");
    }
    let per_second = |name: &str, work: &dyn Fn(&Payload)| {
        let rate = count / best_of(5, || flowers.iter().for_each(work));
        let ratios: Vec<String> =
            references.iter().map(|(name, other)| format!("{:.2} × {name}", rate / other)).collect();
        println!("  {name:<24} {rate:>8.0} images per processor second   {}", ratios.join(", "));
    };
    println!("{} flowers:", flowers.len());
    per_second("measure", &|payload| {
        black_box(measure(payload, "flower.jpg", EDGE));
    });
    per_second("decode alone", &|payload| {
        black_box(decode(payload).is_ok());
    });
    per_second("thumbnail alone", &|payload| {
        black_box(thumbnail(payload, EDGE).is_ok());
    });
    let thumbnails: Vec<Raster> =
        flowers.iter().filter_map(|payload| thumbnail(payload, EDGE).ok()).collect();
    let seconds = best_of(5, || {
        for thumbnail in &thumbnails {
            black_box(encode_thumbnail(thumbnail));
        }
    });
    println!("  {:<24} {:>8.0} images per processor second", "encode_thumbnail", count / seconds);
}

fn large_photo(name: &str, bytes: &[u8]) {
    let payload = Payload::Encoded(bytes.to_vec());
    println!("{name} JPEG of {PHOTO_WIDTH} × {PHOTO_HEIGHT}, {} kB:", bytes.len() / 1000);
    let full = best_of(5, || {
        black_box(image::load_from_memory_with_format(bytes, image::ImageFormat::Jpeg).is_ok());
    });
    println!("  {:<24} {:>8.1} ms", "full decode by image", full * 1e3);
    let rows: [(&str, &dyn Fn()); 2] = [
        ("thumbnail", &|| {
            black_box(thumbnail(&payload, EDGE).is_ok());
        }),
        ("measure", &|| {
            black_box(measure(&payload, "photo.jpg", EDGE));
        }),
    ];
    for (name, work) in rows {
        let seconds = best_of(5, work);
        println!("  {name:<24} {:>8.1} ms   {:.2} × as fast", seconds * 1e3, full / seconds);
    }
}

/// The least processor seconds of one call over several batches. The system counts a thread's time
/// in ticks of some milliseconds, so a batch is long enough for those not to matter.
fn best_of(batches: usize, work: impl Fn()) -> f64 {
    let start = Instant::now();
    work();
    let calls = (BATCH_SECONDS / start.elapsed().as_secs_f64().max(1e-6)).ceil().max(1.0);
    let batch = |_| {
        let start = processor_seconds();
        for _ in 0..calls as usize {
            work();
        }
        (processor_seconds() - start) / calls
    };
    (0..batches).map(batch).fold(f64::INFINITY, f64::min)
}

/// Seconds that this thread has run, where the system tells; else the time of day.
fn processor_seconds() -> f64 {
    thread_local!(static START: Instant = Instant::now());
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    nanos.map_or_else(|| START.with(|start| start.elapsed().as_secs_f64()), |nanos| nanos / 1e9)
}

fn read_jpegs(folder: &Path) -> Vec<Payload> {
    let mut paths = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "jpg") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths.iter().filter_map(|path| std::fs::read(path).ok()).map(Payload::Encoded).collect()
}

/// A mosaic of flowers, each twice its size, with a little grain as sensors have it, at quality 90
/// with halved chroma.
fn photo(flowers: &[Payload], progressive: bool) -> Vec<u8> {
    let (width, height) = (PHOTO_WIDTH as usize, PHOTO_HEIGHT as usize);
    let tile = 500usize;
    let mut pixels = vec![0u8; width * height * 3];
    let pictures = flowers.iter().filter_map(|payload| decode(payload).ok()).map(|decoded| decoded.raster);
    let mut pictures =
        pictures.filter(|raster| raster.channels == 3 && raster.width >= 240 && raster.height >= 240);
    let mut grain = 1u32;
    for top in (0..height).step_by(tile) {
        for left in (0..width).step_by(tile) {
            let Some(picture) = pictures.next().and_then(|picture| picture.crop(0, 0, 240, 240)) else {
                continue;
            };
            let mut large = Image::new(tile as u32, tile as u32, PixelType::U8x3);
            let source = ImageRef::new(240, 240, &picture.data, PixelType::U8x3)
                .expect("a cropped raster fits its size");
            Resizer::new().resize(&source, &mut large, None).expect("both have the same pixel type");
            for (y, row) in large.buffer().chunks_exact(tile * 3).enumerate() {
                let at = ((top + y) * width + left) * 3;
                for (to, from) in pixels[at..at + tile * 3].iter_mut().zip(row) {
                    grain = grain.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    *to = from.saturating_add((grain >> 30) as u8);
                }
            }
        }
    }
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 90);
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
    encoder.set_progressive(progressive);
    encoder
        .encode(&pixels, PHOTO_WIDTH as u16, PHOTO_HEIGHT as u16, jpeg_encoder::ColorType::Rgb)
        .expect("writing to memory does not fail");
    bytes
}
