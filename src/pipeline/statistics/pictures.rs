//! The average picture of all samples and of each class, how much its pixels vary, and its colours.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Subject;
use super::classes::most_frequent;
use crate::analysis::Picture;
use crate::analysis::distribution::palette::COLOURS;
use crate::analysis::distribution::{ColourTally, MeanImage, Swatch};
use crate::analysis::picture::SMALL_EDGE;
use crate::dataset::{ClassId, SampleId};
use crate::import::Reader;
use crate::jobs::{Cancelled, Control};
use crate::media;
use crate::pipeline::pass;

/// Longest side that pictures are decoded to before they come to squares, in pixels.
const DECODED: u32 = 2 * SMALL_EDGE as u32;
/// Sums of all samples that threads add to in turn.
const SHARDS: usize = 8;
/// The seed of palettes: the same pictures have the same colours.
const SEED: u64 = 1;

/// What pictures look like together.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureFigures {
    /// Pictures brought to 64 × 64 pixels, whatever their shape: red, green and blue.
    pub mean: MeanImage,
    pub palette: Vec<Swatch>,
}

/// The pictures of some samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Pictures {
    pub all: PictureFigures,
    /// The most frequent classes, the most frequent first.
    pub classes: Vec<(ClassId, PictureFigures)>,
    /// Samples that could not be read, with a sentence each, in the order of rows.
    pub left_out: Vec<(SampleId, String)>,
}

/// What is summed.
struct Tally {
    mean: MeanImage,
    colours: ColourTally,
}

impl Tally {
    fn new() -> Self {
        Self { mean: MeanImage::new(SMALL_EDGE, SMALL_EDGE, 3), colours: ColourTally::default() }
    }

    fn add(&mut self, pixels: &[[u8; 3]]) {
        if self.mean.add(pixels.as_flattened()) {
            self.colours.add(pixels);
        }
    }

    fn finish(self) -> PictureFigures {
        PictureFigures { palette: self.colours.palette(COLOURS, SEED), mean: self.mean }
    }
}

/// Looks at every picture of these rows, on `threads` threads. So many classes have figures of their own.
pub fn pictures(
    subject: Subject<'_>,
    reader: &Reader,
    classes: usize,
    threads: usize,
    control: &Control,
) -> Result<Pictures, Cancelled> {
    let labels = subject.snapshot.labels();
    let shown = most_frequent(&counts(subject), classes);
    let mut place_of = vec![usize::MAX; labels.classes.len()];
    shown.iter().enumerate().for_each(|(place, class)| place_of[*class as usize] = place);
    let all: Vec<Mutex<Tally>> = (0..SHARDS).map(|_| Mutex::new(Tally::new())).collect();
    let of_classes: Vec<Mutex<Tally>> = shown.iter().map(|_| Mutex::new(Tally::new())).collect();
    let one = |sample: SampleId, left_out: &mut Vec<(SampleId, String)>| {
        // Sums of whole numbers are the same in any order.
        let added = small(subject, reader, sample, |pixels| {
            lock(&all[sample as usize % SHARDS]).add(pixels);
            let places = labels.get(sample).iter().map(|class| place_of[*class as usize]);
            places.filter_map(|place| of_classes.get(place)).for_each(|tally| lock(tally).add(pixels));
        });
        left_out.extend(added.err().map(|message| (sample, message)));
    };
    control.begin("Averaging pictures", subject.rows.len() as u64);
    let left_out: Mutex<Vec<(SampleId, String)>> = Mutex::default();
    let hand_over = |found: Vec<(SampleId, String)>| lock(&left_out).extend(found);
    pass::each_batch("average", subject.rows, threads, control, &one, &hand_over)?;
    control.begin("Finding colours", 0);
    let mut whole = Tally::new();
    for shard in all {
        let shard = into_inner(shard);
        whole.mean.merge(&shard.mean);
        whole.colours.merge(&shard.colours);
    }
    let mut left_out = into_inner(left_out);
    left_out.sort();
    let mut classes = Vec::new();
    for (class, tally) in shown.into_iter().zip(of_classes) {
        control.checkpoint()?;
        classes.push((class, into_inner(tally).finish()));
    }
    Ok(Pictures { all: whole.finish(), classes, left_out })
}

fn counts(subject: Subject<'_>) -> Vec<u64> {
    let mut counts = vec![0; subject.class_names().len()];
    for place in 0..subject.rows.len() {
        subject.classes_at(place).iter().for_each(|class| counts[*class as usize] += 1);
    }
    counts
}

/// Gives a sample's small picture to `take`, or says why there is none.
fn small(
    subject: Subject<'_>,
    reader: &Reader,
    sample: SampleId,
    take: impl FnOnce(&[[u8; 3]]),
) -> Result<(), String> {
    let payload = reader.sample(&subject.snapshot.dataset, sample).map_err(|error| error.message)?;
    let raster = media::thumbnail(&payload, DECODED).map_err(|error| error.message)?.opaque();
    let (width, height, channels) =
        (raster.width as usize, raster.height as usize, usize::from(raster.channels));
    let picture = Picture::new(width, height, channels, &raster.data);
    let small = picture.as_ref().and_then(Picture::small);
    small.map(|small| take(small.pixels())).ok_or_else(|| "there is no memory for its pixels".to_owned())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn into_inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(PoisonError::into_inner)
}
