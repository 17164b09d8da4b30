//! Photos and edited copies of them, by each method that finds near-duplicates.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io::Cursor;
use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use lenslet::dataset::query::Snapshot;
use lenslet::dataset::{SampleId, Signals};
use lenslet::import::{self, dataset_reader};
use lenslet::jobs::Control;
use lenslet::media::{self, Payload};
use lenslet::pipeline::cores;
use lenslet::pipeline::duplicates::duplicates;
use lenslet::pipeline::signals::{self, Wanted};
use lenslet::review::Method;
use rayon::prelude::*;

use super::opened::Opened;
use super::pairs::Pairs;
use super::{figure, row};

/// Photos of a set at most.
const PHOTOS: usize = 500;
/// The quality of a copy that is not there for its compression.
const QUALITY: u8 = 90;

/// Prints a table for each set of photos.
pub fn tables(data: &Path, shows_pairs: bool) {
    println!("## Edited copies of photos");
    for (name, source) in [
        ("flowers", "flowers"),
        ("CIFAR-10 test images", "cifar10/cifar10-test-jpg.tar"),
        ("COCO photos", "coco128-yolo"),
        ("raccoon photos", "raccoon-voc"),
    ] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let made = Made::of(&data.join(source), folder.path());
        let opened = Opened::at(folder.path());
        println!("\n### {} {name}\n", made.names.len());
        println!("{} pictures with their copies.", opened.snapshot.len());
        if made.left_out > 0 {
            println!("{} more photos are left out, being the same file as another.", made.left_out);
        }
        let false_pairs = table(&opened.snapshot);
        if shows_pairs {
            tell_pairs(&made, &false_pairs);
        }
    }
}

/// Prints the table of a set, and gives the pairs of pictures of two photos that the last method takes
/// for copies.
fn table(snapshot: &Snapshot) -> Vec<(Picture, Picture)> {
    let control = Control::new();
    let (reader, none) = (dataset_reader(&snapshot.dataset), Signals::new(snapshot.len()));
    let looked = signals::run(snapshot, &reader, None, none, Wanted::KEPT, cores(), &control, &|_| {});
    let signals = looked.expect("nobody cancels it").signals;
    let samples: Vec<SampleId> = (0..snapshot.len() as SampleId).collect();
    let pictures: Vec<Picture> =
        samples.iter().map(|sample| Picture::named(snapshot.dataset.path(*sample))).collect();
    let sample_of: HashMap<Picture, usize> =
        pictures.iter().enumerate().map(|(sample, picture)| (*picture, sample)).collect();
    let is_right = |a: usize, b: usize| pictures[a].photo == pictures[b].photo;

    let edits: Vec<&str> = EDITS.iter().map(|edit| edit.name).collect();
    println!("\n| method | {} | precision | false pairs | of these of two originals |", edits.join(" | "));
    println!("| --- |{}", " --- |".repeat(EDITS.len() + 3));
    let mut false_pairs = Vec::new();
    for (method, symmetries) in [
        (Method::Phash, false),
        (Method::Phash, true),
        (Method::Descriptor, false),
        (Method::Combined, false),
        (Method::Combined, true),
    ] {
        let threshold = method.default_threshold();
        let found = duplicates(&signals, &samples, method, symmetries, threshold, &control);
        let pairs = Pairs::of(&found.expect("nobody cancels it").pairs, method, samples.len());
        let recall = |edit: usize| {
            let copies = pictures.iter().enumerate().filter(|(_, picture)| picture.edit == edit);
            let original = |picture: &Picture| sample_of[&Picture { edit: 0, ..*picture }];
            let is_found = copies.map(|(copy, picture)| pairs.contains(copy, original(picture)));
            let (found, all) = is_found.fold((0, 0), |(found, all), is| (found + usize::from(is), all + 1));
            f64::from(found as u32) / f64::from(all)
        };
        let recall: Vec<f64> = (1..=EDITS.len()).map(recall).collect();
        let (right, wrong) = pairs.count(is_right);
        false_pairs =
            pairs.list(|a, b| !is_right(a, b)).into_iter().map(|(a, b)| (pictures[a], pictures[b])).collect();
        let of_originals = false_pairs.iter().filter(|(one, two)| one.edit + two.edit == 0).count();
        println!(
            "| `{}` ≤ {threshold}{} | {} | {} | {wrong} | {of_originals} |",
            method.name(),
            if symmetries { ", symmetries" } else { "" },
            row(&recall),
            figure(right as f64 / (right + wrong).max(1) as f64),
        );
    }
    let peers: Vec<String> =
        EDITS.iter().map(|edit| edit.peer.map_or_else(|| "–".to_owned(), figure)).collect();
    println!("| imagededup, pHash ≤ 10 | {} | {} | – | – |", peers.join(" | "), figure(PRECISION_PEER));
    let goals: Vec<f64> = EDITS.iter().map(|edit| edit.goal).collect();
    println!("| *goal* | {} | {} | | |", row(&goals), figure(PRECISION_GOAL));
    false_pairs
}

/// A photo or a copy of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Picture {
    photo: usize,
    /// 0 for the photo itself, then the place in [`EDITS`] from 1.
    edit: usize,
}

impl Picture {
    fn file_name(self) -> String {
        format!("{:04}-{}.jpg", self.photo, self.edit)
    }

    fn named(file_name: &str) -> Self {
        let numbers = file_name.trim_end_matches(".jpg").split_once('-');
        let (photo, edit) = numbers.expect("it was named so");
        let number = |text: &str| text.parse().expect("it was named so");
        Self { photo: number(photo), edit: number(edit) }
    }
}

/// Prints which photos were taken for each other, in how many pairs of their copies, of which edits.
fn tell_pairs(made: &Made, pairs: &[(Picture, Picture)]) {
    let mut photos: BTreeMap<(usize, usize), Vec<String>> = BTreeMap::new();
    let name = |edit: usize| if edit == 0 { "itself" } else { EDITS[edit - 1].name };
    for (one, two) in pairs {
        let (one, two) = if one.photo < two.photo { (one, two) } else { (two, one) };
        let edits = format!("{} and {}", name(one.edit), name(two.edit));
        photos.entry((one.photo, two.photo)).or_default().push(edits);
    }
    println!();
    for ((one, two), edits) in photos {
        println!("- {} and {}: {}", made.names[one], made.names[two], edits.join(", "));
    }
}

/// What is done to a photo.
struct Edit {
    name: &'static str,
    quality: u8,
    edit: fn(&RgbImage) -> RgbImage,
    /// What is asked of the recall.
    goal: f64,
    /// What imagededup's pHash was measured to reach, where it was.
    peer: Option<f64>,
}

const EDITS: [Edit; 8] = [
    Edit { name: "JPEG quality 30", quality: 30, edit: RgbImage::clone, goal: 0.98, peer: Some(1.0) },
    Edit { name: "halved", quality: QUALITY, edit: halved, goal: 0.98, peer: Some(1.0) },
    Edit { name: "brightened", quality: QUALITY, edit: brightened, goal: 0.98, peer: Some(1.0) },
    Edit { name: "grey", quality: QUALITY, edit: grey, goal: 0.98, peer: Some(1.0) },
    Edit { name: "mirrored", quality: QUALITY, edit: imageops::flip_horizontal, goal: 0.98, peer: Some(0.0) },
    Edit { name: "rotated by 90°", quality: QUALITY, edit: imageops::rotate90, goal: 0.98, peer: None },
    Edit { name: "5 % crop", quality: QUALITY, edit: cropped, goal: 0.8, peer: Some(0.54) },
    Edit { name: "5° turn", quality: QUALITY, edit: turned, goal: 0.8, peer: Some(0.48) },
];
/// The precision that is asked for, and that of imagededup's pHash.
const PRECISION_GOAL: f64 = 0.99;
const PRECISION_PEER: f64 = 0.987;

/// Half as wide and half as high, rounded, by Lanczos' filter.
fn halved(photo: &RgbImage) -> RgbImage {
    let half = |side: u32| side.div_ceil(2);
    imageops::resize(photo, half(photo.width()), half(photo.height()), FilterType::Lanczos3)
}

/// Every value 1.3 times as large, cut at 255.
fn brightened(photo: &RgbImage) -> RgbImage {
    let mut copy = photo.clone();
    copy.iter_mut().for_each(|value| *value = (f32::from(*value) * 1.3).round().min(255.0) as u8);
    copy
}

/// Luma (ITU-R BT.601) in all three channels.
fn grey(photo: &RgbImage) -> RgbImage {
    let mut copy = photo.clone();
    for pixel in copy.pixels_mut() {
        let [r, g, b] = pixel.0.map(f32::from);
        pixel.0 = [(0.299 * r + 0.587 * g + 0.114 * b).round() as u8; 3];
    }
    copy
}

/// 5 % of the side cut off at each border, rounded.
fn cropped(photo: &RgbImage) -> RgbImage {
    let cut = |side: u32| (f64::from(side) * 0.05).round() as u32;
    let (x, y) = (cut(photo.width()), cut(photo.height()));
    imageops::crop_imm(photo, x, y, photo.width() - 2 * x, photo.height() - 2 * y).to_image()
}

/// Turned by 5° about its middle in the same frame, values between pixels by their four neighbours;
/// what lies outside is black.
fn turned(photo: &RgbImage) -> RgbImage {
    let (sine, cosine) = 5f32.to_radians().sin_cos();
    let (width, height) = photo.dimensions();
    let middle = ((width as f32 - 1.0) / 2.0, (height as f32 - 1.0) / 2.0);
    RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (x as f32 - middle.0, y as f32 - middle.1);
        let (u, v) = (middle.0 + x * cosine + y * sine, middle.1 - x * sine + y * cosine);
        let (left, above) = (u.floor(), v.floor());
        let mut sum = [0.0f32; 3];
        for (column, row) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)] {
            let (at_x, at_y) = (left + column, above + row);
            let is_inside = at_x >= 0.0 && at_y >= 0.0 && at_x < width as f32 && at_y < height as f32;
            if is_inside {
                let part = (1.0 - (u - at_x).abs()) * (1.0 - (v - at_y).abs());
                let pixel = photo.get_pixel(at_x as u32, at_y as u32);
                sum.iter_mut().zip(pixel.0).for_each(|(sum, value)| *sum += part * f32::from(value));
            }
        }
        Rgb(sum.map(|value| value.round() as u8))
    })
}

/// Photos with their copies in a folder.
struct Made {
    /// Photos of which the file is that of another.
    left_out: usize,
    /// The path of each photo in its source.
    names: Vec<String>,
}

impl Made {
    /// Writes photos from all over a source and their copies, and what they are in their names.
    fn of(source: &Path, folder: &Path) -> Self {
        let control = Control::new();
        let path = source.to_str().expect("the folder of test data is named in UTF-8");
        let dataset = import::open(path, &control).expect("the data can be opened").dataset;
        let reader = dataset_reader(&dataset);
        let count = dataset.len().min(PHOTOS);
        let chosen: Vec<usize> = (0..count).map(|at| at * dataset.len() / count).collect();
        let (mut hashes, mut photos) = (HashSet::new(), Vec::new());
        for row in &chosen {
            let payload = reader.sample(&dataset, *row as SampleId).expect("the photo can be read");
            let Payload::Encoded(bytes) = payload else { panic!("the photo is a file") };
            if hashes.insert(blake3::hash(&bytes)) {
                photos.push((*row, bytes));
            }
        }
        photos.par_iter().enumerate().for_each(|(photo, (_, bytes))| {
            let at = |edit: usize| folder.join(Picture { photo, edit }.file_name());
            fs::write(at(0), bytes).expect("the folder can be written to");
            let pixels = pixels(bytes);
            for (edit, Edit { quality, edit: change, .. }) in (1..).zip(&EDITS) {
                let mut jpeg = Cursor::new(Vec::new());
                JpegEncoder::new_with_quality(&mut jpeg, *quality)
                    .encode_image(&change(&pixels))
                    .expect("a picture can be encoded");
                fs::write(at(edit), jpeg.into_inner()).expect("the folder can be written to");
            }
        });
        let name = |(row, _): &(usize, Vec<u8>)| dataset.path(*row as SampleId).to_owned();
        Self { left_out: chosen.len() - photos.len(), names: photos.iter().map(name).collect() }
    }
}

/// A photo upright and in colour.
fn pixels(bytes: &[u8]) -> RgbImage {
    let raster = media::decode(&Payload::Encoded(bytes.to_vec())).expect("the photo can be decoded").raster;
    let rgb = match raster.channels {
        1 => raster.data.iter().flat_map(|value| [*value; 3]).collect(),
        3 => raster.data,
        other => panic!("a photo has one channel or three, not {other}"),
    };
    RgbImage::from_raw(raster.width, raster.height, rgb).expect("it has as many pixels as it says")
}
