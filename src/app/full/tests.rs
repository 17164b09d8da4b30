use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use super::*;

/// A source that gives an image only when it is told to, and notes what was asked of it.
struct Gate {
    asked: Arc<Mutex<Vec<SampleId>>>,
    open: Sender<()>,
}

fn gated(edge: u32) -> (Gate, Source) {
    let asked: Arc<Mutex<Vec<SampleId>>> = Arc::default();
    let (open, wait) = channel::<()>();
    let (inner, wait): (_, Mutex<Receiver<()>>) = (asked.clone(), Mutex::new(wait));
    let source: Source = Arc::new(move |sample| {
        inner.lock().unwrap().push(sample);
        // A closed gate lets everything through.
        let _ = wait.lock().unwrap().recv();
        if sample == 13 {
            return Err("The file is not there.".into());
        }
        Ok(Payload::Raster(square(edge, sample as u8)))
    });
    (Gate { asked, open }, source)
}

fn square(edge: u32, value: u8) -> Raster {
    Raster::new(edge, edge, 1, vec![value; (edge * edge) as usize]).unwrap()
}

/// Steps until `done` holds.
fn until(mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(20), "it did not come about");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn open_source(edge: u32) -> Source {
    Arc::new(move |sample| Ok(Payload::Raster(square(edge, sample as u8))))
}

fn is_ready(pictures: &mut FullPictures, sample: SampleId, ctx: &Context) -> bool {
    matches!(pictures.get(sample, ctx), FullPicture::Ready(_))
}

#[test]
fn the_newest_request_wins_and_stale_ones_are_dropped() {
    let (gate, source) = gated(8);
    let ctx = Context::default();
    let mut pictures = FullPictures::new(source, ctx.clone());
    pictures.get(1, &ctx);
    pictures.prefetch(&[2]);
    until(|| gate.asked.lock().unwrap().len() == 2);
    // Both threads are busy: these wait, and only the last one stays wanted.
    for sample in [3, 4, 5, 6] {
        pictures.get(sample, &ctx);
        pictures.prefetch(&[sample + 100]);
    }
    drop(gate.open);
    until(|| is_ready(&mut pictures, 6, &ctx));
    until(|| gate.asked.lock().unwrap().len() == 4);
    let asked = gate.asked.lock().unwrap().clone();
    assert_eq!((asked[2], asked[3]), (6, 106), "{asked:?}");
}

#[test]
fn memory_is_bounded_and_the_current_sample_stays() {
    let ctx = Context::default();
    let one = 5 * 512 * 512;
    let mut pictures = FullPictures::with_cap(open_source(512), ctx.clone(), 4 * one);
    for sample in 0..20 {
        until(|| is_ready(&mut pictures, sample, &ctx));
        pictures.prefetch(&[sample + 1, sample + 2]);
        assert!(pictures.bytes() <= 4 * one, "{} bytes after {sample}", pictures.bytes());
    }
    // One that is larger than the cap by itself is shown; its neighbours are not tried over and over.
    let mut pictures = FullPictures::with_cap(open_source(512), ctx.clone(), one / 2);
    until(|| is_ready(&mut pictures, 1, &ctx));
    pictures.prefetch(&[2]);
    until(|| {
        pictures.prefetch(&[2]);
        pictures.cache.was_too_large(2)
    });
    assert!(is_ready(&mut pictures, 1, &ctx) && !pictures.cache.contains(2));
}

#[test]
fn prefetched_neighbours_are_there_at_once() {
    let ctx = Context::default();
    let mut pictures = FullPictures::new(open_source(64), ctx.clone());
    until(|| is_ready(&mut pictures, 5, &ctx));
    pictures.prefetch(&[6, 4]);
    until(|| {
        pictures.prefetch(&[6, 4]);
        pictures.cache.contains(6) && pictures.cache.contains(4)
    });
    assert!(is_ready(&mut pictures, 6, &ctx) && is_ready(&mut pictures, 4, &ctx));
}

#[test]
fn a_forgotten_sample_is_read_again_and_a_late_result_is_dropped() {
    let (gate, source) = gated(8);
    let ctx = Context::default();
    let mut pictures = FullPictures::new(source, ctx.clone());
    pictures.get(7, &ctx);
    until(|| gate.asked.lock().unwrap().len() == 1);
    pictures.forget(7);
    until(|| gate.asked.lock().unwrap().len() == 2);
    drop(gate.open);
    until(|| is_ready(&mut pictures, 7, &ctx));
    assert_eq!(*gate.asked.lock().unwrap(), [7, 7]);
    pictures.clear();
    assert_eq!(pictures.bytes(), 0);
    assert!(!pictures.cache.contains(7));
}

#[test]
fn a_sample_that_cannot_be_read_says_why() {
    let (gate, source) = gated(8);
    drop(gate.open);
    let ctx = Context::default();
    let mut pictures = FullPictures::new(source, ctx.clone());
    let mut said = String::new();
    until(|| match pictures.get(13, &ctx) {
        FullPicture::Failed { message, .. } => {
            said = message;
            true
        }
        _ => false,
    });
    assert_eq!(said, "The file is not there.");
    until(|| is_ready(&mut pictures, 7, &ctx));
    pictures.forget_failed();
    assert!(!pictures.cache.contains(13) && pictures.cache.contains(7));
}

#[test]
fn a_large_image_comes_as_reduced_images_and_tiles() {
    let ctx = Context::default();
    let raster = Raster::new(2500, 1100, 3, vec![9; 2500 * 1100 * 3]).unwrap();
    let inner = raster.clone();
    let source: Source = Arc::new(move |_| Ok(Payload::Raster(inner.clone())));
    let mut pictures = FullPictures::new(source, ctx.clone());
    let mut frames = 0;
    let full = loop {
        if let FullPicture::Ready(full) = pictures.get(0, &ctx) {
            frames += 1;
            assert_eq!(full.tiles.len(), frames, "one tile a frame");
            if full.tiles.len() == 6 {
                break full;
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    let sizes: Vec<[usize; 2]> = full.reduced.iter().map(|one| one.texture.size()).collect();
    assert_eq!(sizes, [[1250, 550], [625, 275], [312, 137], [156, 69]]);
    let covered: f32 = full.tiles.iter().map(|(rect, _)| rect.area()).sum();
    assert_eq!(covered, 2500.0 * 1100.0);
    for (rect, texture) in &full.tiles {
        assert_eq!(rect.size(), texture.size_vec2());
    }
    assert_eq!(full.decoded.raster, raster, "the image is given back whole");
    assert_eq!(full.histogram[0][9], 2500 * 1100);
}

#[test]
fn samples_that_are_looked_at_together_are_all_there() {
    let ctx = Context::default();
    let one = 5 * 512 * 512;
    // Room for two and a half, and four to look at beside a neighbour.
    let mut pictures = FullPictures::with_cap(open_source(512), ctx.clone(), 5 * one / 2);
    let together = [1, 2, 3, 4];
    until(|| {
        together.iter().for_each(|sample| drop(pictures.get(*sample, &ctx)));
        pictures.look_at_together(&together, &ctx);
        pictures.prefetch(&[5]);
        together.iter().all(|sample| pictures.cache.contains(*sample))
    });
    // Later, and elsewhere, they go.
    (0..3).for_each(|_| ctx.run_ui(Default::default(), |_| ()).textures_delta.clear());
    until(|| is_ready(&mut pictures, 9, &ctx));
    assert!(pictures.bytes() <= 5 * one / 2 && !pictures.cache.contains(1));
}
