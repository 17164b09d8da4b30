//! Tests of `export::dataset` from outside: what a part of a dataset opens as after it was exported.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, Int64Array, RecordBatch, StringArray, StructArray};
use arrow::datatypes::{DataType, Field, Fields};
use lenslet::augment::pipeline::{Pipeline, Settings, Step};
use lenslet::dataset::query::Snapshot;
use lenslet::dataset::{Dataset, Facts, Layout, SampleId};
use lenslet::export::ExportError;
use lenslet::export::dataset::{
    Augmentation, Consent, Kind, Linking, Options, Plan, Report, Table, plan, run,
};
use lenslet::import::{self, Imported, dataset_reader};
use lenslet::jobs::Control;
use lenslet::media::Payload;
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use super::data::real_data;

/// A path and what the file holds.
type File = (String, Vec<u8>);

/// A small PNG, different for each seed.
fn png(seed: u8) -> Vec<u8> {
    let image = image::RgbImage::from_fn(8, 6, |x, y| image::Rgb([seed, x as u8 * 9, y as u8 * 7]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// Small images at these paths.
fn images(paths: &[&str]) -> Vec<File> {
    paths.iter().enumerate().map(|(at, path)| ((*path).to_owned(), png(at as u8))).collect()
}

fn file(path: &str, content: impl Into<Vec<u8>>) -> File {
    (path.to_owned(), content.into())
}

fn write(folder: &Path, files: &[File]) {
    for (path, content) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn tar(files: &[File]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        builder.append_data(&mut header, path, &content[..]).unwrap();
    }
    builder.into_inner().unwrap()
}

fn zip(files: &[File]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (path, content) in files {
        writer.start_file(path.as_str(), zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn idx(dims: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, dims.len() as u8];
    dims.iter().for_each(|dim| bytes.extend(dim.to_be_bytes()));
    bytes.extend(values);
    bytes
}

fn npy(descr: &str, shape: &str, values: &[u8]) -> Vec<u8> {
    let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.extend(values);
    bytes
}

fn cifar(labels: &[&[u8]], seed: u8) -> Vec<u8> {
    let pixels = |row: usize| (0..3072).map(move |at| seed ^ (row * 7 + at % 251) as u8);
    labels.iter().enumerate().flat_map(|(row, label)| label.iter().copied().chain(pixels(row))).collect()
}

fn parquet(columns: Vec<(&str, ArrayRef)>, features: Option<&str>, rows_per_group: usize) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )
    .unwrap();
    let metadata = features.map(|features| {
        vec![KeyValue::new("huggingface".to_owned(), format!("{{\"info\": {{\"features\": {features}}}}}"))]
    });
    let properties = WriterProperties::builder()
        .set_key_value_metadata(metadata)
        .set_max_row_group_row_count(Some(rows_per_group))
        .set_compression(parquet::basic::Compression::SNAPPY)
        .build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

/// Hugging Face's column of images.
fn image_struct(images: &[Vec<u8>]) -> ArrayRef {
    let fields = Fields::from(vec![
        Field::new("bytes", DataType::Binary, true),
        Field::new("path", DataType::Utf8, true),
    ]);
    let bytes: Vec<Option<&[u8]>> = images.iter().map(|image| Some(&image[..])).collect();
    let paths: Vec<Option<String>> = (0..images.len()).map(|at| Some(format!("picture {at}.png"))).collect();
    let columns: Vec<ArrayRef> = vec![Arc::new(BinaryArray::from(bytes)), Arc::new(StringArray::from(paths))];
    Arc::new(StructArray::new(fields, columns, None))
}

fn open(path: &Path) -> Imported {
    import::open(path.to_str().unwrap(), &Control::new()).unwrap_or_else(|error| panic!("{error}"))
}

fn snapshot(path: &Path) -> Snapshot {
    let Imported { dataset, issues } = open(path);
    let facts = Facts::new(dataset.len());
    Snapshot::new(dataset.into(), &issues, facts, Default::default())
}

/// What a sample is, wherever it lies: hash of its content, split, labels and boxes.
fn told(dataset: &Dataset, reader: &import::Reader, sample: SampleId) -> String {
    let content = match reader.sample(dataset, sample) {
        Ok(Payload::Encoded(bytes)) => image::load_from_memory(&bytes)
            .map_or_else(|_| blake3::hash(&bytes), |image| pixels_hash(image.width(), &image.to_rgba8())),
        Ok(Payload::Raster(raster)) => {
            let pixels = raster.data.chunks(raster.channels.into()).flat_map(|pixel| match *pixel {
                [grey] => [grey, grey, grey, 255],
                [red, green, blue] => [red, green, blue, 255],
                [red, green, blue, alpha] => [red, green, blue, alpha],
                _ => panic!("{} channels", raster.channels),
            });
            pixels_hash(raster.width, &pixels.collect::<Vec<u8>>())
        }
        Err(error) => blake3::hash(error.to_string().as_bytes()),
    };
    let labels: Vec<&str> = dataset.labels.names(sample).collect::<BTreeSet<_>>().into_iter().collect();
    let boxes: BTreeSet<String> = dataset
        .boxes
        .get(sample)
        .iter()
        .map(|one| {
            let class = &dataset.labels.classes[one.class as usize];
            let [x, y, w, h] = one.rect.map(|side| (f64::from(side) * 1e4).round() / 1e4);
            format!("{class}@{x},{y},{w},{h}{}", if one.relative { "r" } else { "" })
        })
        .collect();
    let boxes: Vec<String> = boxes.into_iter().collect();
    let split = dataset.split(sample).unwrap_or("-");
    format!("{} {split} [{}] [{}]", &content.to_hex()[..8], labels.join("|"), boxes.join("|"))
}

fn pixels_hash(width: u32, pixels: &[u8]) -> blake3::Hash {
    blake3::hash(&[&width.to_le_bytes(), pixels].concat())
}

fn all_told(dataset: &Dataset, samples: &[SampleId]) -> Vec<String> {
    let reader = dataset_reader(dataset);
    let mut told: Vec<String> = samples.iter().map(|sample| told(dataset, &reader, *sample)).collect();
    told.sort();
    told
}

/// Plans and writes; what speaks against it is the error.
fn export(
    snapshot: &Snapshot,
    samples: &[SampleId],
    options: &Options,
) -> Result<(Plan, Report), ExportError> {
    let reader = dataset_reader(&snapshot.dataset);
    let planned = plan(snapshot, samples, &reader, options, &Control::new())?;
    let report = run(&planned, &reader, &Control::new())?;
    Ok((planned, report))
}

/// Checks that samples are the same, and tells the first that differ.
#[track_caller]
fn assert_same(got: &[String], expected: &[String], name: &str) {
    let differing: Vec<_> =
        got.iter().zip(expected).filter(|(got, expected)| got != expected).take(3).collect();
    assert!(
        got.len() == expected.len() && differing.is_empty(),
        "{name}: {} of {}, {differing:#?}",
        got.len(),
        expected.len()
    );
}

/// Every file below a folder but ours, with its content.
fn listing(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(next) = left.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found.retain(|path| !path.starts_with(".lenslet-export"));
    found.sort();
    found
}

/// A dataset for tests: its files, what of it is opened, and which samples stay.
struct Case {
    name: &'static str,
    layout: Layout,
    files: Vec<File>,
    opened: &'static str,
    /// Whether a sample of that path stays.
    stays: fn(&str) -> bool,
}

/// A small dataset of each layout, packed and not.
fn cases() -> Vec<Case> {
    let case = |name, layout, files, stays: fn(&str) -> bool| Case { name, layout, files, opened: "", stays };
    let folder = images(&[
        "train/cat/1.png",
        "train/cat/2.png",
        "train/dog/1.png",
        "train/dog/a b, \"c\".png",
        "train/loose.png",
        "val/cat/1.png",
        "val/cat/3.png",
        "val/dog/9.png",
    ]);
    let not_2 = |path: &str| !(path.ends_with("2.png") || path.ends_with("3.png"));
    let flat = images(&["img/a.png", "img/b.png", "img/c.png", "img/sub/d.png"]);
    let with = |images: &[File], more: &[File]| [images, more].concat();
    let members: Vec<File> = (0..6)
        .flat_map(|at| {
            vec![
                file(&format!("{at:03}.png"), png(at)),
                file(&format!("{at:03}.cls"), (at % 2).to_string()),
                file(&format!("{at:03}.json"), format!("{{\"caption\": \"picture {at}\"}}")),
                file(&format!("{at:03}.depth.npy"), vec![at; 9]),
            ]
        })
        .collect();
    let pixels: Vec<u8> = (0..6 * 4).map(|at| at * 5).collect();
    let even_row: fn(&str) -> bool = |path| path.ends_with(['0', '2', '4', '6', '8']);
    let hf_images: Vec<Vec<u8>> = (0..7).map(png).collect();
    let hf_labels: ArrayRef = Arc::new(Int64Array::from(vec![0, 1, 1, 0, 1, 0, 1]));
    let hf_ids: ArrayRef = Arc::new(StringArray::from_iter_values((0..7).map(|at| format!("id {at}"))));
    let features =
        r#"{"image": {"_type": "Image"}, "label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}"#;
    let named: ArrayRef =
        Arc::new(StringArray::from_iter_values(["img/a.png", "img/b.png", "img/c.png", "img/sub/d.png"]));
    let kinds: ArrayRef = Arc::new(StringArray::from_iter_values(["x", "y", "x", "y"]));
    let coco = r#"{"info": {"year": 2020.50}, "annotations": [
        {"id": 1, "image_id": 7, "category_id": 1, "bbox": [1, 2, 3.5, 4], "segmentation": [[1.250, 2, 3, 4]], "odd": {"a": [1e3]}},
        {"id": 2, "image_id": 8, "category_id": 2, "bbox": [0, 0, 2, 2]},
        {"id": 3, "image_id": 9, "category_id": 2, "bbox": [2, 2, 2, 2], "iscrowd": 0}],
        "images": [{"id": 7, "file_name": "a.png", "licence": 3.0}, {"id": 8, "file_name": "b.png"},
        {"id": 9, "file_name": "c.png"}, {"id": 10, "file_name": "sub/d.png"}],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}, {"id": 3, "name": "eel"}], "more": [1, 2]}"#;
    let xml = |name: &str, class: &str| {
        format!(
            "<annotation><filename>{name}.png</filename><object><name>{class}</name><difficult>1</difficult><bndbox>\
             <xmin>1</xmin><ymin>2</ymin><xmax>4</xmax><ymax>5</ymax></bndbox></object></annotation>"
        )
    };
    vec![
        case("folder", Layout::ImageFolder, folder.clone(), not_2),
        case("folder in a zip", Layout::ImageFolder, vec![file("data.zip", zip(&folder))], not_2),
        Case {
            opened: "a.tgz",
            ..case("folder in a tgz", Layout::ImageFolder, vec![file("a.tgz", gzip(&tar(&folder)))], not_2)
        },
        case(
            "csv",
            Layout::Manifest,
            with(
                &flat,
                &[file(
                    "list.csv",
                    "id;path;label;note\r\n1;img/a.png;cat;\"x; \"\"y\"\"\"\r\n2;img/b.png;dog;\r\n\
                 3;img/c.png;cat;z\r\n4;img/sub/d.png;dog;007\r\n",
                )],
            ),
            |path| !path.ends_with("b.png"),
        ),
        case(
            "csv with boxes",
            Layout::Manifest,
            with(
                &flat,
                &[file(
                    "list.csv",
                    "path,label,xmin,ymin,xmax,ymax\nimg/a.png,cat,1,1,4,5\nimg/a.png,dog,2,2,3,3\n\
                 img/b.png,dog,0,0,2,2\nimg/c.png,,,,,\nimg/sub/d.png,cat,1,2,7,6\n",
                )],
            ),
            |path| !path.ends_with("b.png"),
        ),
        case(
            "csv without names",
            Layout::Manifest,
            with(
                &flat,
                &[file("list.csv", "img/a.png,cat\nimg/b.png,dog\nimg/c.png,cat\nimg/sub/d.png,dog\n")],
            ),
            |path| !path.ends_with("a.png"),
        ),
        case(
            "json lines",
            Layout::Manifest,
            with(
                &flat,
                &[file(
                    "img/metadata.jsonl",
                    "{\"file_name\": \"a.png\", \"labels\": [\"cat\", \"dog\"], \"w\": 1.50}\n\n\
                 {\"file_name\": \"b.png\", \"labels\": []}\n{\"file_name\": \"c.png\", \"labels\": [\"eel\"]}\n\
                 {\"file_name\": \"sub/d.png\", \"labels\": [\"cat\"], \"split\": \"val\"}\n",
                )],
            ),
            |path| !path.ends_with("c.png"),
        ),
        case(
            "json",
            Layout::Manifest,
            with(
                &flat,
                &[file(
                    "list.json",
                    "[{\"path\": \"img/a.png\", \"label\": \"cat\", \"n\": 1.0},\n\
                 {\"path\": \"img/b.png\", \"label\": \"dog\"}, {\"path\": \"img/c.png\", \"label\": \"]\"},\
                 {\"path\": \"img/sub/d.png\", \"label\": \"dog\"}]",
                )],
            ),
            |path| !path.ends_with("b.png"),
        ),
        case(
            "coco",
            Layout::Coco,
            with(
                &flat,
                &[
                    file("annotations/instances_train.json", coco),
                    file(
                        "annotations/captions_train.json",
                        "{\"images\": [{\"id\": 7, \"file_name\": \"a.png\"}], \"annotations\": [{\"image_id\": 7, \"caption\": \"x\"}]}",
                    ),
                ],
            ),
            |path| !path.ends_with("b.png"),
        ),
        case(
            "yolo",
            Layout::Yolo,
            with(
                &images(&[
                    "images/train/a.png",
                    "images/train/b.png",
                    "images/val/c.png",
                    "images/val/d.png",
                ]),
                &[
                    file(
                        "data.yaml",
                        "# mine\npath: /elsewhere/set\ntrain: images/train\nval: val.txt\nnames: [cat, dog, eel]\n",
                    ),
                    file("val.txt", "./images/val/c.png\n./images/val/d.png\n"),
                    file("labels/train/a.txt", "0 0.5 0.5 0.25 0.5\n2 0.5 0.5 1 1\n"),
                    file("labels/train/b.txt", "1 0.5 0.5 0.25 0.5\n"),
                    file("labels/val/c.txt", "1 0.25 0.5 0.5 0.5\n"),
                    file("labels/val/d.txt", ""),
                ],
            ),
            |path| !(path.ends_with("b.png") || path.ends_with("d.png")),
        ),
        case(
            "voc",
            Layout::Voc,
            with(
                &images(&[
                    "JPEGImages/a.png",
                    "JPEGImages/b.png",
                    "JPEGImages/c.png",
                    "SegmentationClass/a.png",
                ]),
                &[
                    file("Annotations/a.xml", xml("a", "cat")),
                    file("Annotations/b.xml", xml("b", "dog")),
                    file("Annotations/c.xml", xml("c", "eel")),
                    file("ImageSets/Main/train.txt", "a\nb\n"),
                    file("ImageSets/Main/val.txt", "c\n"),
                    file("ImageSets/Main/cat_train.txt", "a  1\nb -1\n"),
                ],
            ),
            |path| path.contains("JPEGImages") && !path.ends_with("b.png"),
        ),
        case(
            "idx",
            Layout::Idx,
            vec![
                file("train-images-idx3-ubyte.gz", gzip(&idx(&[6, 2, 2], &pixels))),
                file("train-labels-idx1-ubyte.gz", gzip(&idx(&[6], &[3, 1, 4, 1, 5, 9]))),
                file("t10k-images-idx3-ubyte", idx(&[3, 1, 2], &[9, 8, 7, 6, 5, 4])),
                file("t10k-labels-idx1-ubyte", idx(&[3], &[3, 4, 5])),
            ],
            even_row,
        ),
        case(
            "cifar-10",
            Layout::Cifar,
            vec![
                file("batches.meta.txt", "airplane\nautomobile\nbird\n"),
                file("data_batch_1.bin", cifar(&[&[0], &[2], &[1], &[1], &[0]], 3)),
                file("test_batch.bin", cifar(&[&[1], &[0], &[2]], 100)),
            ],
            even_row,
        ),
        case(
            "cifar-100",
            Layout::Cifar,
            vec![
                file("train.bin", cifar(&[&[1, 0], &[0, 1], &[1, 1]], 3)),
                file("test.bin", cifar(&[&[1, 1], &[0, 0]], 100)),
                file("fine_label_names.txt", "apple\nbear\n"),
                file("coarse_label_names.txt", "animal\nfruit\n"),
            ],
            even_row,
        ),
        case(
            "npy",
            Layout::Numpy,
            vec![
                file("train/images.npy", npy("|u1", "(6, 2, 2)", &pixels)),
                file(
                    "train/labels.npy",
                    npy("<i8", "(6,)", &(0..6i64).flat_map(i64::to_le_bytes).collect::<Vec<u8>>()),
                ),
                file(
                    "test/images.npy",
                    npy(
                        "<f4",
                        "(3, 1, 1, 3)",
                        &(0..9u8).flat_map(|at| (f32::from(at) / 9.0).to_le_bytes()).collect::<Vec<u8>>(),
                    ),
                ),
                file("test/labels.npy", npy("|u1", "(3, 2)", &[0, 1, 1, 1, 1, 0])),
            ],
            even_row,
        ),
        case(
            "npz",
            Layout::Numpy,
            vec![file("split.npz", include_bytes!("fixtures/split.npz").to_vec())],
            |path| path.ends_with("train.npy#1") || path.contains("test"),
        ),
        case(
            "parquet",
            Layout::Parquet,
            vec![file(
                "train-00000-of-00001.parquet",
                parquet(
                    vec![("image", image_struct(&hf_images)), ("label", hf_labels), ("id", hf_ids)],
                    Some(features),
                    3,
                ),
            )],
            |path| !path.ends_with(['1', '3', '4', '5']),
        ),
        case(
            "parquet of paths",
            Layout::Parquet,
            with(
                &flat,
                &[file("list.parquet", parquet(vec![("file_name", named), ("label", kinds)], None, 2))],
            ),
            |path| !path.ends_with("c.png"),
        ),
        case(
            "webdataset",
            Layout::WebDataset,
            vec![
                file("set-train-0000.tar", tar(&members[..12])),
                file("set-train-0001.tar.gz", gzip(&tar(&members[12..16]))),
                file("set-test-0000.tgz", gzip(&tar(&members[16..]))),
                file("classes.txt", "cat\ndog\n"),
            ],
            |path| !(path.contains("001.png") || path.contains("004.png")),
        ),
    ]
}

impl Case {
    /// Writes the dataset and opens it: its folder, the snapshot and the samples that stay.
    fn open(&self) -> (tempfile::TempDir, Snapshot, Vec<SampleId>) {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &self.files);
        let snapshot = snapshot(&folder.path().join(self.opened));
        let dataset = &snapshot.dataset;
        assert_eq!(dataset.layout, self.layout, "{}", self.name);
        let samples = (0..dataset.len() as SampleId).filter(|sample| (self.stays)(dataset.path(*sample)));
        let samples: Vec<SampleId> = samples.collect();
        assert!(!samples.is_empty() && samples.len() < dataset.len(), "{}", self.name);
        (folder, snapshot, samples)
    }
}

#[test]
fn every_layout_comes_back_as_it_was_without_what_goes() {
    for case in cases() {
        let (folder, snapshot, samples) = case.open();
        let before = listing(folder.path());
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("new/deep");
        let (plan, report) = export(&snapshot, &samples, &Options::new(target.clone()))
            .unwrap_or_else(|error| panic!("{}: {error}", case.name));
        assert_eq!(report.issues, [], "{}", case.name);
        assert!(report.complete && report.verified == plan.files, "{} {report:?}", case.name);
        let again = open(&target).dataset;
        let all: Vec<SampleId> = (0..again.len() as SampleId).collect();
        assert_eq!(again.layout, case.layout, "{} {:?}", case.name, listing(&target));
        assert_eq!(
            all_told(&again, &all),
            all_told(&snapshot.dataset, &samples),
            "{} {:?}",
            case.name,
            plan.warnings
        );
        let attributes = |dataset: &Dataset, samples: &[SampleId]| -> BTreeSet<String> {
            let of = |sample: &SampleId| {
                dataset
                    .attributes
                    .iter()
                    .map(|attribute| format!("{}={}", attribute.name, attribute.values.get(*sample as usize)))
                    .collect::<Vec<_>>()
                    .join(" ")
            };
            samples.iter().map(of).collect()
        };
        assert_eq!(attributes(&again, &all), attributes(&snapshot.dataset, &samples), "{}", case.name);
        if case.layout != Layout::Parquet {
            // The other classes keep their names and numbers.
            let classes = &snapshot.dataset.labels.classes;
            let numbered =
                matches!(case.layout, Layout::Coco | Layout::Yolo | Layout::Cifar | Layout::WebDataset);
            assert!(!numbered || &again.labels.classes == classes, "{}", case.name);
        }
        assert_eq!(listing(folder.path()), before, "{}: the source is as it was", case.name);
    }
}

#[test]
fn any_dataset_becomes_a_folder_shards_or_a_table() {
    for case in cases() {
        let (folder, snapshot, samples) = case.open();
        for kind in [
            Kind::ImageFolder,
            Kind::WebDataset,
            Kind::Manifest(Table::Csv),
            Kind::Manifest(Table::JsonLines),
            Kind::Manifest(Table::Parquet),
        ] {
            let name = format!("{} as {kind:?}", case.name);
            let place = tempfile::tempdir().unwrap();
            let options = Options { kind, shard_samples: 2, ..Options::new(place.path().join("new")) };
            let (plan, report) =
                export(&snapshot, &samples, &options).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(report.complete && report.failed == 0, "{name} {report:?}");
            let again = open(&options.target).dataset;
            let all: Vec<SampleId> = (0..again.len() as SampleId).collect();
            let told = all_told(&again, &all);
            let expected = all_told(&snapshot.dataset, &samples);
            let is_told = |part: &str| plan.warnings.iter().any(|warning| warning.contains(part));
            // What a layout cannot hold is told before.
            let plain = |told: &[String]| -> Vec<String> {
                let mut plain: Vec<String> = told
                    .iter()
                    .map(|told| {
                        let mut parts: Vec<&str> = told.splitn(4, [' ']).collect();
                        if is_told("another split") {
                            parts[1] = "";
                        }
                        if is_told("another label") || is_told("more than one label") {
                            parts[2] = "";
                        }
                        if kind != Kind::Manifest(Table::Csv) && (is_told("boxes") || is_told("Boxes")) {
                            parts[3] = "";
                        }
                        parts.join(" ")
                    })
                    .collect();
                plain.sort();
                plain
            };
            assert_eq!(
                plain(&told),
                plain(&expected),
                "{name} {:?} {:?}",
                plan.warnings,
                listing(&options.target)
            );
        }
        drop(folder);
    }
}

/// The case of that name.
fn case(name: &str) -> Case {
    cases().into_iter().find(|case| case.name == name).unwrap()
}

/// What a plan refuses, or nothing.
fn refused(snapshot: &Snapshot, samples: &[SampleId], options: &Options) -> String {
    let reader = dataset_reader(&snapshot.dataset);
    let planned = plan(snapshot, samples, &reader, options, &Control::new()).unwrap();
    if !planned.refusals.is_empty() {
        let was_there = options.target.exists();
        assert!(matches!(run(&planned, &reader, &Control::new()), Err(ExportError::Refused(_))));
        assert_eq!(options.target.exists(), was_there, "nothing is written");
    }
    planned.refusals.join("\n")
}

#[test]
fn links_lead_to_the_source_and_what_is_packed_has_none() {
    if cfg!(windows) {
        return; // Links need a right that not every account has.
    }
    for (name, kind, linking, linked, made) in [
        ("folder", Kind::Same, Linking::HardLink, 6, 0),
        ("folder", Kind::Same, Linking::SymLink, 6, 0),
        ("folder", Kind::ImageFolder, Linking::HardLink, 6, 0),
        ("folder in a zip", Kind::ImageFolder, Linking::SymLink, 0, 6),
        ("yolo", Kind::Same, Linking::HardLink, 2, 4),
        ("idx", Kind::Manifest(Table::Csv), Linking::SymLink, 0, 6),
        ("folder", Kind::WebDataset, Linking::HardLink, 0, 3),
    ] {
        let (folder, snapshot, samples) = case(name).open();
        let place = tempfile::tempdir().unwrap();
        let options = Options { kind, linking, ..Options::new(place.path().join("new")) };
        let (_, report) = export(&snapshot, &samples, &options).unwrap();
        let counts = report.counts;
        let told = (counts.hard_linked + counts.sym_linked, counts.made + counts.copied + counts.cloned);
        assert_eq!(told, (linked, made), "{name} {kind:?} {linking:?}");
        assert!(report.complete, "{name} {kind:?} {linking:?}");
        assert_eq!(
            all_told(&open(&options.target).dataset, &(0..samples.len() as u32).collect::<Vec<_>>()).len(),
            samples.len()
        );
        #[cfg(unix)]
        if name == "folder" && kind == Kind::Same {
            use std::os::unix::fs::MetadataExt;
            let [old, new] = [folder.path(), &options.target].map(|at| at.join("train/cat/1.png"));
            assert_eq!(old.metadata().unwrap().ino(), new.metadata().unwrap().ino());
            assert_eq!(new.symlink_metadata().unwrap().is_symlink(), linking == Linking::SymLink);
            // Another file in a link's place is found out.
            std::fs::remove_file(&new).unwrap();
            std::fs::write(&new, std::fs::read(&old).unwrap()).unwrap();
            let (_, report) = export(&snapshot, &samples, &options).unwrap();
            assert!(!report.complete || linking == Linking::SymLink, "{report:?}");
        }
        drop(folder);
    }
    for (name, part) in [
        ("folder in a zip", "6 samples of 6 samples lie packed in a zip and cannot be linked"),
        ("idx", "packed in an IDX array"),
        ("parquet", "packed in a Parquet file"),
        ("webdataset", "packed in a tar"),
    ] {
        let (_folder, snapshot, samples) = case(name).open();
        let place = tempfile::tempdir().unwrap();
        for linking in [Linking::HardLink, Linking::SymLink] {
            let options = Options { linking, ..Options::new(place.path().join("new")) };
            let refused = refused(&snapshot, &samples, &options);
            assert!(refused.contains(part) && refused.contains("choose copies"), "{refused}");
        }
    }
}

#[test]
fn a_table_alone_names_the_source() {
    for name in ["folder", "coco", "csv", "parquet of paths"] {
        let (_folder, snapshot, samples) = case(name).open();
        for (table, file) in [
            (None, "metadata.csv"),
            (Some(Table::Csv), "metadata.csv"),
            (Some(Table::JsonLines), "metadata.jsonl"),
            (Some(Table::Parquet), "metadata.parquet"),
        ] {
            let place = tempfile::tempdir().unwrap();
            let kind = table.map_or(Kind::Same, Kind::Manifest);
            let options =
                Options { kind, linking: Linking::ManifestOnly, ..Options::new(place.path().to_owned()) };
            let (_, report) = export(&snapshot, &samples, &options).unwrap();
            assert_eq!((report.files, listing(place.path())), (1, vec![file.to_owned()]), "{name}");
            let again = open(&place.path().join(file)).dataset;
            let all: Vec<SampleId> = (0..again.len() as SampleId).collect();
            assert_eq!(all_told(&again, &all), all_told(&snapshot.dataset, &samples), "{name} {file}");
        }
    }
    if cfg!(unix) {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &images(&["cat/1\\2.png", "dog/1.png"]));
        let snapshot = snapshot(folder.path());
        let place = tempfile::tempdir().unwrap();
        let options = Options { linking: Linking::ManifestOnly, ..Options::new(place.path().to_owned()) };
        let (plan, _) = export(&snapshot, &[0, 1], &options).unwrap();
        let table = std::fs::read_to_string(place.path().join("metadata.csv")).unwrap();
        assert!(table.contains(folder.path().join("cat/1\\2.png").to_str().unwrap()), "{table}");
        assert!(plan.warnings.iter().any(|warning| warning.contains("1 file have \\ in them")), "{plan:?}");
    }
    let (_folder, snapshot, samples) = case("idx").open();
    let place = tempfile::tempdir().unwrap();
    let options = Options { linking: Linking::ManifestOnly, ..Options::new(place.path().to_owned()) };
    let (plan, _) = export(&snapshot, &samples, &options).unwrap();
    assert!(
        plan.warnings.iter().any(|warning| warning.contains("where no path leads")),
        "{:?}",
        plan.warnings
    );
}

#[test]
fn a_target_is_empty_or_ours() {
    let (folder, snapshot, samples) = case("folder").open();
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    write(
        place.path(),
        &[file("full/notes.txt", "mine"), file("full/train/cat/1.png", "old"), file("file", "x")],
    );
    let before = listing(folder.path());
    let inside = folder.path().join("train/new");
    let around = folder.path().parent().unwrap().to_owned();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(folder.path(), at("link")).unwrap();
        let linked = refused(&snapshot, &samples, &Options::new(at("link/new")));
        assert!(linked.contains("inside the dataset"), "{linked}");
    }
    for consent in [Consent::Empty, Consent::Overwrite] {
        for (target, part) in [
            (folder.path().to_owned(), "inside the dataset"),
            (inside.clone(), "inside the dataset"),
            (around.clone(), "dataset lies in the target"),
            (at("file"), "this is a file"),
        ] {
            let refused = refused(&snapshot, &samples, &Options { consent, ..Options::new(target) });
            assert!(refused.to_lowercase().contains(part), "{refused}");
        }
    }
    assert_eq!(listing(folder.path()), before);

    let options = Options::new(at("full"));
    let told = refused(&snapshot, &samples, &options);
    assert!(told.contains("is not empty"), "{told}");
    let consenting = Options { consent: Consent::Overwrite, ..options.clone() };
    let (plan, report) = export(&snapshot, &samples, &consenting).unwrap();
    assert!(report.complete && plan.warnings.iter().any(|warning| warning.contains("all others stay")));
    assert_eq!(std::fs::read_to_string(at("full/notes.txt")).unwrap(), "mine", "others' files stay");
    assert_eq!(std::fs::read(at("full/train/cat/1.png")).unwrap(), case("folder").files[0].1);
    assert_eq!(refused(&snapshot, &samples, &options), "", "now it is ours");
    let told = refused(&snapshot, &samples[1..], &options);
    assert!(told.contains("another export"), "{told}");
    let none = refused(&snapshot, &[], &options);
    assert!(none.contains("No sample is left"), "{none}");
}

#[cfg(unix)]
#[test]
fn a_folder_that_a_link_of_the_dataset_leads_to_belongs_to_it() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    write(
        place.path(),
        &images(&["elsewhere/deep/1.png", "elsewhere/deep/2.png", "set/cat/1.png", "set/cat/2.png"]),
    );
    std::os::unix::fs::symlink(at("elsewhere"), at("set/dog")).unwrap();
    let snapshot = snapshot(&at("set"));
    let all: Vec<SampleId> = (0..snapshot.len() as SampleId).collect();
    assert_eq!(all.len(), 4);
    for (target, part) in
        [("elsewhere/new", "inside the dataset"), ("elsewhere", "lies in the target"), ("else", "")]
    {
        let told = refused(&snapshot, &all, &Options::new(at(target)));
        assert!(told.contains(part) && told.is_empty() == part.is_empty(), "{target}: {told}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_a_link_of_the_dataset_leads_to_is_never_replaced() {
    use std::os::unix::fs::symlink;
    let shard = |at: u8| tar(&[file("0.png", png(at)), file("0.cls", "1"), file("1.png", png(at + 1))]);
    let yolo = [
        file("set/data.yaml", "train: images\nnames: [cat]\n"),
        file("set/images/a.png", png(1)),
        file("set/images/b.png", png(2)),
        file("real/labels/a.txt", "0 0.5 0.5 0.25 0.5\n"),
    ];
    // What lies where, links as (link, leads to), what is opened, the target and what is refused.
    let photos = || images(&["photos/cat/1.png", "photos/cat/2.png"]);
    let files = [("view/cat/1.png", "photos/cat/1.png"), ("view/cat/2.png", "photos/cat/2.png")];
    let on_the_way = [("way/1.png", "photos/cat/1.png"), ("view/cat/1.png", "way/1.png")];
    let shards = || vec![file("real/shards/a.tar", shard(1)), file("real/shards/b.tar", shard(5))];
    let table = || [photos(), vec![file("view/list.csv", "path,label\n1.png,a\n2.png,b\n")]].concat();
    let named = [("view/1.png", "photos/cat/1.png"), ("view/2.png", "photos/cat/2.png")];
    let around = "lies in the target";
    for (name, files, links, opened, target, part) in [
        ("files", photos(), &files[..], "view", "photos", around),
        ("files below", photos(), &files, "view", "photos/cat", around),
        ("files beside", photos(), &files, "view", "photos/new", ""),
        ("links to links", photos(), &on_the_way, "view", "way", around),
        ("a table's files", table(), &named, "view", "photos", around),
        ("a folder of shards", shards(), &[("d/shards", "real/shards")], "d", "real", around),
        ("within it", shards(), &[("d/shards", "real/shards")], "d", "real/shards/new", "inside the dataset"),
        ("shards", shards(), &[("d/a.tar", "real/shards/a.tar")], "d", "real/shards", around),
        ("labels", yolo.to_vec(), &[("set/labels", "real/labels")], "set", "real", around),
    ] {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        write(place.path(), &files);
        for (link, leads_to) in links {
            std::fs::create_dir_all(at(link).parent().unwrap()).unwrap();
            symlink(at(leads_to), at(link)).unwrap();
        }
        let snapshot = snapshot(&at(opened));
        let all: Vec<SampleId> = (0..snapshot.len() as SampleId).collect();
        assert!(!all.is_empty(), "{name}");
        for kind in [Kind::Same, Kind::ImageFolder] {
            for linking in [Linking::Copy, Linking::SymLink] {
                let consent = Consent::Overwrite;
                let options = Options { kind, linking, consent, ..Options::new(at(target)) };
                if linking == Linking::SymLink && name.contains("shards") {
                    continue; // What is packed has no links.
                }
                let told = refused(&snapshot, &all, &options);
                let is_as_expected = told.contains(part) && told.is_empty() == part.is_empty();
                assert!(is_as_expected, "{name} {kind:?} {linking:?}: {told}");
            }
        }
        for (path, content) in &files {
            assert_eq!(&std::fs::read(at(path)).unwrap(), content, "{name}: {path} is as it was");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn hard_links_are_refused_where_any_folder_is_on_another_disk() {
    use std::os::unix::fs::{MetadataExt, symlink};
    let place = tempfile::tempdir().unwrap();
    let Ok(other) = tempfile::tempdir_in("/dev/shm") else { return };
    let disk = |path: &Path| path.metadata().unwrap().dev();
    if disk(place.path()) == disk(other.path()) {
        return; // There is one file system here.
    }
    write(place.path(), &images(&["set/cat/1.png", "set/cat/2.png"]));
    write(other.path(), &images(&["3.png", "4.png"]));
    symlink(other.path(), place.path().join("set/dog")).unwrap();
    let snapshot = snapshot(&place.path().join("set"));
    assert_eq!(snapshot.len(), 4);
    let target = place.path().join("new");
    let options = Options { linking: Linking::HardLink, ..Options::new(target) };
    let cats: Vec<SampleId> = (0..2).collect();
    assert_eq!(refused(&snapshot, &cats, &options), "");
    let told = refused(&snapshot, &[0, 1, 2, 3], &options);
    assert!(told.contains("different file systems") && told.contains("dog/3.png"), "{told}");
}

#[test]
fn an_interrupted_export_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..600).map(|at| format!("{}/{at}.png", ["cat", "dog"][at % 2])).collect();
    write(
        folder.path(),
        &names.iter().map(|name| file(name, vec![name.len() as u8; 3000])).collect::<Vec<_>>(),
    );
    let snapshot = snapshot(folder.path());
    let samples: Vec<SampleId> = (0..500).collect();
    let reader = dataset_reader(&snapshot.dataset);
    let place = tempfile::tempdir().unwrap();
    let options = Options::new(place.path().join("new"));
    let planned = || plan(&snapshot, &samples, &reader, &options, &Control::new()).unwrap();

    // Cancelled while it writes.
    let first = planned();
    assert_eq!((first.files, first.finished, first.bytes_to_write), (500, 0, 1_500_000));
    let control = Control::new();
    let ended = std::thread::scope(|scope| {
        let writing = scope.spawn(|| run(&first, &reader, &control));
        while control.progress().done < 30_000 && !writing.is_finished() {
            std::thread::yield_now();
        }
        control.cancel();
        writing.join().unwrap()
    });
    assert!(matches!(ended, Err(ExportError::Cancelled(_))), "{ended:?}");
    let second = planned();
    assert!(second.finished > 0 && second.finished < 500, "{}", second.finished);
    assert_eq!(second.bytes_to_write, 3000 * (500 - second.finished));

    // Killed while it writes: a line is cut off, a file is half there, another is gone.
    let list = options.target.join(".lenslet-export.files.jsonl");
    let text = std::fs::read_to_string(&list).unwrap();
    std::fs::write(&list, &text[..text.len() - 20]).unwrap();
    write(&options.target, &[file(".lenslet-export.parts/7", "half")]);
    let finished: Vec<&str> = text.lines().collect();
    let path = |line: &str| line.split("\"path\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    std::fs::write(options.target.join(path(finished[0])), "short").unwrap();
    let third = planned();
    assert_eq!(third.finished, second.finished - 2);
    let report = run(&third, &reader, &Control::new()).unwrap();
    assert_eq!((report.resumed, report.verified, report.complete), (third.finished, 500, true));
    assert_eq!(listing(&options.target).len(), 500);
    assert!(!options.target.join(".lenslet-export.parts").exists());
    for name in listing(&options.target) {
        assert_eq!(
            std::fs::read(options.target.join(&name)).unwrap(),
            std::fs::read(folder.path().join(&name)).unwrap()
        );
    }

    // A finished one is verified again; what was changed since is found and then replaced.
    let changed = options.target.join(path(finished[1]));
    std::fs::write(&changed, vec![0; 3000]).unwrap();
    let report = run(&planned(), &reader, &Control::new()).unwrap();
    assert_eq!((report.differing, report.complete), (vec![path(finished[1])], false));
    let report = run(&planned(), &reader, &Control::new()).unwrap();
    assert_eq!((report.resumed, report.complete, report.differing.len()), (499, true, 0));
    assert_eq!(
        std::fs::read(&changed).unwrap(),
        std::fs::read(folder.path().join(path(finished[1]))).unwrap()
    );
}

#[test]
fn more_than_is_free_is_refused_whatever_sizes_are_claimed() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &images(&["cat/1.png", "cat/2.png", "dog/1.png"]));
    for (claimed, kind, linking, fits) in [
        ([1 << 60, 1 << 60, 1], Kind::Same, Linking::Copy, false),
        ([u64::MAX, u64::MAX, 1], Kind::Same, Linking::Copy, false),
        ([u64::MAX, 2, 3], Kind::ImageFolder, Linking::Copy, false),
        ([u64::MAX - 9, u64::MAX, 3], Kind::WebDataset, Linking::Copy, false),
        ([u64::MAX, u64::MAX, 1], Kind::Manifest(Table::Csv), Linking::Copy, false),
        ([u64::MAX, u64::MAX, 1], Kind::Same, Linking::SymLink, true),
        ([u64::MAX, u64::MAX, 1], Kind::Same, Linking::ManifestOnly, true),
    ] {
        let Imported { mut dataset, issues } = open(folder.path());
        dataset.bytes = claimed.to_vec();
        let facts = Facts::new(dataset.len());
        let snapshot = Snapshot::new(dataset.into(), &issues, facts, Default::default());
        let place = tempfile::tempdir().unwrap();
        let options = Options { kind, linking, ..Options::new(place.path().join("new")) };
        let reader = dataset_reader(&snapshot.dataset);
        let planned = plan(&snapshot, &[0, 1, 2], &reader, &options, &Control::new()).unwrap();
        if planned.free_bytes.is_none() {
            return; // The system does not say.
        }
        let told = refused(&snapshot, &[0, 1, 2], &options);
        assert_eq!(told.is_empty(), fits, "{claimed:?} {kind:?} {linking:?}: {told}");
        let is_told = told.contains("The export needs") && told.contains("free some space, choose links");
        assert!(fits || is_told, "{told}");
    }
}

#[test]
fn other_files_that_tables_name_come_along() {
    let pictures = images(&["images/1.png", "images/2.png", "images/3.png", "images/4.png"]);
    let masks = images(&["masks/m1.png", "masks/m2.png", "masks/m3.png", "masks/orphan.png"]);
    let all = || [&pictures[..], &masks, &[file("depth/d1.npy", "depth")]].concat();
    let coco = |annotations: &str| {
        let ids = |at: usize| format!("{{\"id\": {at}, \"file_name\": \"images/{at}.png\"}}");
        let listed: Vec<String> = (1..5).map(ids).collect();
        format!(
            "{{\"images\": [{}], \"annotations\": [{annotations}], \"categories\": [{{\"id\": 1, \"name\": \"cat\"}}]}}",
            listed.join(", ")
        )
    };
    let panoptic: Vec<String> = (1..5)
        .map(|at| format!("{{\"image_id\": {at}, \"file_name\": \"{at}.png\", \"segments_info\": [{{\"id\": 1, \"category_id\": 1}}]}}"))
        .collect();
    for (name, layout, more, expected, told) in [
        (
            "a column",
            Layout::Manifest,
            vec![file(
                "list.csv",
                "image,mask,depth,kind\nimages/1.png,masks/m1.png,depth/d1.npy,a\nimages/2.png,masks/m2.png,,b\n\
                 images/3.png,masks/m3.png,,a\nimages/4.png,,,b\n",
            )],
            &["depth/d1.npy", "masks/m1.png", "masks/m3.png"][..],
            &["2 images are no samples", "masks/m2.png first"][..],
        ),
        (
            "a list of them",
            Layout::Manifest,
            vec![file(
                "images/metadata.jsonl",
                "{\"file_name\": \"1.png\", \"more\": {\"masks\": [\"../masks/m1.png\", \"../masks/m2.png\"]}}\n\
                 {\"file_name\": \"2.png\", \"more\": {\"masks\": [\"../masks/m3.png\"]}}\n\
                 {\"file_name\": \"3.png\", \"text\": \"as in 2.png.\"}\n{\"file_name\": \"4.png\"}\n",
            )],
            &["masks/m1.png", "masks/m2.png"],
            &["2 images are no samples"],
        ),
        (
            "another sample",
            Layout::Manifest,
            vec![file(
                "list.csv",
                "image,before,kind\nimages/1.png,images/2.png,a\nimages/2.png,,b\nimages/3.png,images/4.png,a\n\
                 images/4.png,,b\n",
            )],
            &["images/2.png"],
            &["1 sample that go are copied all the same"],
        ),
        (
            "panoptic masks",
            Layout::Coco,
            [
                images(&["annotations/panoptic/1.png", "annotations/panoptic/2.png"]),
                vec![
                    file(
                        "annotations/instances.json",
                        coco("{\"id\": 1, \"image_id\": 1, \"category_id\": 1, \"bbox\": [1, 1, 2, 2]}"),
                    ),
                    file("annotations/panoptic.json", coco(&panoptic.join(", "))),
                ],
            ]
            .concat(),
            &["annotations/panoptic/1.png"],
            &["5 images are no samples", "annotations/panoptic/2.png first"],
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &[all(), more.clone()].concat());
        let snapshot = snapshot(folder.path());
        let dataset = &snapshot.dataset;
        assert_eq!((dataset.layout, dataset.len()), (layout, 4), "{name} {:?}", dataset.paths);
        let samples = (0..4).filter(|sample| dataset.path(*sample) != "images/2.png");
        let samples: Vec<SampleId> = samples.collect();
        let place = tempfile::tempdir().unwrap();
        let (plan, report) = export(&snapshot, &samples, &Options::new(place.path().join("new"))).unwrap();
        assert!(report.complete, "{name} {report:?}");
        let described = more.iter().map(|(path, _)| path.as_str()).filter(|path| !path.ends_with(".png"));
        let mut expected = [&["images/1.png", "images/3.png", "images/4.png"][..], expected].concat();
        expected.extend(described);
        expected.sort_unstable();
        assert_eq!(listing(&place.path().join("new")), expected, "{name}");
        for told in told {
            let is_told = plan.warnings.iter().any(|warning| warning.contains(told));
            assert!(is_told, "{name}: {told} in {:?}", plan.warnings);
        }
        let again = open(&place.path().join("new")).dataset;
        assert_eq!(all_told(&again, &[0, 1, 2]), all_told(dataset, &samples), "{name}");
    }
    // What leads back or nowhere is told.
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    write(&root.join("set"), &all());
    write(&root, &[file("out.png", png(1))]);
    let set = root.join("set");
    let rows = format!(
        "image,mask,kind\nimages/1.png,{}/masks/m1.png,a\nimages/2.png,../out.png,b\nimages/3.png,,a\n\
         images/4.png,{}/out.png,b\n",
        set.display(),
        root.display()
    );
    write(&set, &[file("list.csv", rows)]);
    let snapshot = snapshot(&set);
    let place = tempfile::tempdir().unwrap();
    let (plan, _) = export(&snapshot, &[0, 1, 2, 3], &Options::new(place.path().join("new"))).unwrap();
    assert!(place.path().join("new/masks/m1.png").is_file());
    for told in ["1 file beside the images by their whole path", "1 file beside the images and outside"] {
        assert!(plan.warnings.iter().any(|warning| warning.contains(told)), "{told} {:?}", plan.warnings);
    }
}

#[test]
fn arrays_that_share_labels_or_cannot_be_read_are_not_mixed_up() {
    let pixels: Vec<u8> = (0..6 * 4).collect();
    let more: Vec<u8> = pixels.iter().map(|value| value + 100).collect();
    let array = |name: &str, values: &[u8]| file(name, npy("|u1", "(6, 2, 2)", values));
    let numbers = |name: &str| file(name, npy("|u1", "(6,)", &[5, 4, 3, 2, 1, 0]));
    let objects = |name: &str| file(name, npy("|O", "(6,)", b"pickled"));
    let two = || vec![array("images.npy", &pixels), array("masks.npy", &more), numbers("labels.npy")];
    let entries =
        [array("x.npy", &pixels), numbers("y.npy"), objects("meta.npy"), file("notes/about.txt", "mine")];
    let keeps: fn(&str) -> bool = |path| path.ends_with(['1', '4']);
    let but_masks: fn(&str) -> bool = |path| path.starts_with("masks") || path.ends_with(['1', '4']);
    let no_masks: fn(&str) -> bool = |path| !path.starts_with("masks") && path.ends_with(['1', '4']);
    for (name, files, stays, refusal, told, whole) in [
        ("the same rows", two(), keeps, "", "", &[][..]),
        ("other rows", two(), but_masks, "the labels of images.npy and of masks.npy", "", &[]),
        ("one array goes", two(), no_masks, "", "the file is left out", &[]),
        ("rows of several", [two(), vec![numbers("ids.npy")]].concat(), keeps, "", "", &[]),
        (
            "rows of either",
            [two(), vec![numbers("ids.npy")]].concat(),
            but_masks,
            "ids.npy has as many rows as several arrays",
            "",
            &[],
        ),
        (
            "objects",
            [two(), vec![objects("objects.npy"), file("broken.npz", "no zip")]].concat(),
            keeps,
            "",
            "(and 1 more) cannot be read as an array",
            &["broken.npz", "objects.npy"],
        ),
        (
            "objects in an archive",
            vec![file("a.npz", zip(&entries))],
            keeps,
            "",
            "a.npz/meta.npy cannot be read",
            &[],
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &files);
        let snapshot = snapshot(folder.path());
        let dataset = &snapshot.dataset;
        assert_eq!(dataset.layout, Layout::Numpy, "{name}");
        let samples = (0..dataset.len() as SampleId).filter(|sample| stays(dataset.path(*sample)));
        let samples: Vec<SampleId> = samples.collect();
        let place = tempfile::tempdir().unwrap();
        let options = Options::new(place.path().join("new"));
        let refused = refused(&snapshot, &samples, &options);
        assert!(refused.contains(refusal) && refused.is_empty() == refusal.is_empty(), "{name}: {refused}");
        if !refusal.is_empty() {
            assert!(refused.contains("choose image-folder"), "{refused}");
            continue;
        }
        let (plan, report) = export(&snapshot, &samples, &options).unwrap();
        assert!(report.complete, "{name} {report:?}");
        let is_told = plan.warnings.iter().any(|warning| warning.contains(told));
        assert!(is_told || told.is_empty(), "{name} {:?}", plan.warnings);
        let again = open(&options.target).dataset;
        let all: Vec<SampleId> = (0..again.len() as SampleId).collect();
        assert_eq!(all_told(&again, &all), all_told(dataset, &samples), "{name}");
        for path in whole {
            let [old, new] = [folder.path(), &options.target].map(|at| std::fs::read(at.join(path)).unwrap());
            assert!(old == new, "{name} {path}");
        }
        if name == "rows of several" {
            let ids = std::fs::read(options.target.join("ids.npy")).unwrap();
            assert!(ids.ends_with(&[4, 1]) && String::from_utf8_lossy(&ids).contains("(2,)"), "{ids:?}");
        }
        if name == "objects in an archive" {
            let archive = std::fs::File::open(options.target.join("a.npz")).unwrap();
            let mut archive = zip::ZipArchive::new(archive).unwrap();
            let names: BTreeSet<String> =
                archive.file_names().map(|name| name.unwrap().into_owned()).collect();
            let expected: BTreeSet<String> = entries.iter().map(|(name, _)| name.clone()).collect();
            assert_eq!(names, expected);
            for (name, content) in &entries[2..] {
                let mut read = Vec::new();
                archive.by_name(name).unwrap().read_to_end(&mut read).unwrap();
                assert_eq!(&read, content, "{name}");
            }
        }
    }
}

#[test]
fn any_export_goes_on_where_it_was() {
    for (name, kind, linking) in [
        ("folder in a zip", Kind::Same, Linking::Copy),
        ("yolo", Kind::Same, Linking::Copy),
        ("coco", Kind::Same, Linking::HardLink),
        ("voc", Kind::Same, Linking::SymLink),
        ("csv", Kind::Same, Linking::Copy),
        ("idx", Kind::Same, Linking::Copy),
        ("cifar-100", Kind::Same, Linking::Copy),
        ("npy", Kind::Same, Linking::Copy),
        ("webdataset", Kind::Same, Linking::Copy),
        ("parquet of paths", Kind::Same, Linking::Copy),
        ("parquet", Kind::ImageFolder, Linking::Copy),
        ("coco", Kind::WebDataset, Linking::Copy),
        ("npz", Kind::Manifest(Table::Parquet), Linking::Copy),
        ("folder", Kind::Manifest(Table::Csv), Linking::HardLink),
    ] {
        if cfg!(windows) && linking == Linking::SymLink {
            continue; // Links need a right that not every account has.
        }
        let (_folder, snapshot, samples) = case(name).open();
        let name = format!("{name} as {kind:?}");
        let place = tempfile::tempdir().unwrap();
        let options = Options { kind, linking, shard_samples: 1, ..Options::new(place.path().join("new")) };
        let reader = dataset_reader(&snapshot.dataset);
        let planned = || plan(&snapshot, &samples, &reader, &options, &Control::new()).unwrap();
        let cancelled = Control::new();
        cancelled.cancel();
        assert!(matches!(run(&planned(), &reader, &cancelled), Err(ExportError::Cancelled(_))), "{name}");
        let first = run(&planned(), &reader, &Control::new()).unwrap();
        assert!(first.complete && first.resumed == 0, "{name} {first:?}");
        let told = |target: &Path| {
            let dataset = open(target).dataset;
            all_told(&dataset, &(0..dataset.len() as SampleId).collect::<Vec<_>>())
        };
        let whole = told(&options.target);

        // Killed: every other file is not there, the last line of the list is cut off, and a file was
        // being written.
        let made = listing(&options.target);
        let gone: Vec<&String> = made.iter().step_by(2).collect();
        gone.iter().for_each(|path| std::fs::remove_file(options.target.join(path)).unwrap());
        let list = options.target.join(".lenslet-export.files.jsonl");
        let text = std::fs::read_to_string(&list).unwrap();
        std::fs::write(&list, &text[..text.len() - 5]).unwrap();
        write(&options.target, &[file(".lenslet-export.parts/0", "half")]);
        let second = planned();
        let left = made.len() - gone.len();
        let tables = usize::from(matches!(kind, Kind::Manifest(_)));
        let finished = second.finished as usize;
        assert!(finished <= left && finished + 1 + tables >= left, "{name}: {finished} of {left}");
        let report = run(&second, &reader, &Control::new()).unwrap();
        assert_eq!((report.resumed, report.complete), (second.finished, true), "{name} {report:?}");
        assert_eq!((listing(&options.target), told(&options.target)), (made, whole), "{name}");
        assert!(!options.target.join(".lenslet-export.parts").exists(), "{name}");
    }
}

#[test]
fn a_table_alone_has_every_column() {
    let (_folder, snapshot, samples) = case("csv").open();
    let columns = lenslet::dataset::columns::all_columns(&snapshot);
    // As the table calls them; the path is in a column of its own as well.
    let expected: BTreeSet<String> = columns
        .iter()
        .map(|column| match column.name.as_ref() {
            "labels" => "label_count".to_owned(),
            "boxes" => "box_count".to_owned(),
            name => name.to_owned(),
        })
        .chain(["file_name".to_owned()])
        .collect();
    assert!(expected.contains("label") && expected.contains("bytes") && expected.len() > 20, "{expected:?}");
    for (table, file) in [
        (Table::Csv, "metadata.csv"),
        (Table::JsonLines, "metadata.jsonl"),
        (Table::Parquet, "metadata.parquet"),
    ] {
        let place = tempfile::tempdir().unwrap();
        let kind = Kind::Manifest(table);
        let linking = Linking::ManifestOnly;
        export(&snapshot, &samples, &Options { kind, linking, ..Options::new(place.path().to_owned()) })
            .unwrap();
        let path = place.path().join(file);
        // Attributes keep their own names where no other column has them.
        let found: BTreeSet<String> = match table {
            Table::Csv => {
                csv::Reader::from_path(&path).unwrap().headers().unwrap().iter().map(str::to_owned).collect()
            }
            Table::JsonLines => std::fs::read_to_string(&path)
                .unwrap()
                .lines()
                .flat_map(|line| {
                    let row: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).unwrap();
                    row.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
                })
                .collect(),
            Table::Parquet => {
                let file = std::fs::File::open(&path).unwrap();
                let builder = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file);
                builder.unwrap().schema().fields().iter().map(|field| field.name().clone()).collect()
            }
        };
        // The dataset's own column `note` gives way to that of notes by hand.
        let found: BTreeSet<String> = found.into_iter().collect();
        if table == Table::JsonLines {
            // Without a value there is no key.
            assert!(found.is_subset(&expected), "{:?}", found.difference(&expected));
            for name in ["file_name", "path", "label", "bytes", "attr.note", "attr.id"] {
                assert!(found.contains(name), "{name} in {found:?}");
            }
        } else {
            assert_eq!(found, expected, "{file}");
        }
    }
}

#[test]
fn labels_that_changed_make_another_export() {
    let label = |text: &str| text.as_bytes().to_vec();
    let idx_labels = gzip(&idx(&[6], &[3, 1, 4, 1, 6, 9]));
    let csv = |class: &str| label(&format!("path,label\nimg/a.png,{class}\nimg/b.png,dog\nimg/c.png,cat\n"));
    for (name, kind, changed, old, new) in [
        ("yolo", Kind::Same, "labels/train/a.txt", None, label("1 0.5 0.5 0.25 0.5\n2 0.5 0.5 1 1\n")),
        (
            "coco",
            Kind::Same,
            "annotations/captions_train.json",
            None,
            label("{\"images\": [{\"id\": 7, \"file_name\": \"a.png\"}], \"annotations\": []}"),
        ),
        ("voc", Kind::Same, "ImageSets/Main/cat_train.txt", None, label("a -1\nb  1\n")),
        ("idx", Kind::Same, "train-labels-idx1-ubyte.gz", None, idx_labels),
        ("npy", Kind::Same, "test/labels.npy", None, npy("|u1", "(3, 2)", &[1, 0, 1, 1, 1, 0])),
        ("cifar-10", Kind::Same, "batches.meta.txt", None, label("aeroplane\nautomobile\nbird\n")),
        ("webdataset", Kind::Same, "classes.txt", None, label("lynx\ndog\n")),
        ("csv", Kind::Same, "list.csv", Some(csv("cat")), csv("dog")),
        ("csv", Kind::WebDataset, "list.csv", Some(csv("cat")), csv("dog")),
    ] {
        let mut case = case(name);
        case.files.extend(old.map(|old| file(changed, old)));
        let (folder, before, samples) = case.open();
        let place = tempfile::tempdir().unwrap();
        let options = Options { kind, ..Options::new(place.path().join("new")) };
        export(&before, &samples, &options).unwrap();
        assert_eq!(refused(&before, &samples, &options), "", "{name}: it goes on");

        // A label is corrected; the time of change is another one whatever the clock's steps are.
        std::fs::write(folder.path().join(changed), new).unwrap();
        let later = std::time::SystemTime::now() + std::time::Duration::from_secs(7);
        let touched = std::fs::File::options().append(true).open(folder.path().join(changed)).unwrap();
        touched.set_modified(later).unwrap();
        let after = snapshot(folder.path());
        let told = refused(&after, &samples, &options);
        assert!(told.contains("before it changed") && told.contains("replaced"), "{name} {kind:?}: {told}");
        let anew = Options { consent: Consent::Overwrite, ..options.clone() };
        let (plan, report) = export(&after, &samples, &anew).unwrap();
        assert_eq!((plan.finished, report.resumed, report.complete), (0, 0, true), "{name} {kind:?}");
        let again = open(&options.target).dataset;
        let all: Vec<SampleId> = (0..again.len() as SampleId).collect();
        assert_eq!(all_told(&again, &all), all_told(&after.dataset, &samples), "{name} {kind:?}");
        // Agreeing to replace is for all files, each time.
        let (_, report) = export(&after, &samples, &anew).unwrap();
        assert_eq!(report.resumed, 0, "{name} {kind:?}");
    }
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_goes_on() {
    for kind in [Kind::Same, Kind::ImageFolder, Kind::WebDataset, Kind::Manifest(Table::Csv)] {
        let (folder, snapshot, samples) = case("folder").open();
        std::fs::remove_file(folder.path().join("train/dog/1.png")).unwrap();
        let place = tempfile::tempdir().unwrap();
        let options = Options { kind, ..Options::new(place.path().join("new")) };
        let (_, report) = export(&snapshot, &samples, &options).unwrap();
        let told: Vec<&str> = report.issues.iter().map(|issue| issue.path.as_str()).collect();
        assert_eq!((told, report.failed, report.complete), (vec!["train/dog/1.png"], 1, false), "{kind:?}");
        assert!(report.issues[0].message.contains("not there"), "{:?}", report.issues);
        let dataset = open(&options.target).dataset;
        let there = (0..dataset.len() as u32)
            .filter(|sample| dataset_reader(&dataset).sample(&dataset, *sample).is_ok());
        assert_eq!(there.count(), 5, "{kind:?}");
        // It is tried again each time, and is there when the file is back.
        let (_, report) = export(&snapshot, &samples, &options).unwrap();
        assert_eq!((report.failed, report.complete), (1, false), "{kind:?}: it is still missing");
        write(folder.path(), &[file("train/dog/1.png", png(2))]);
        let (_, report) = export(&snapshot, &samples, &options).unwrap();
        assert_eq!((report.failed, report.complete), (0, true), "{kind:?} {report:?}");
        let again = open(&options.target).dataset;
        let all: Vec<SampleId> = (0..again.len() as SampleId).collect();
        let contents = |told: Vec<String>| -> BTreeSet<String> {
            told.iter().map(|told| told.split(' ').next().unwrap().to_owned()).collect()
        };
        let expected = contents(all_told(&snapshot.dataset, &samples));
        assert_eq!(contents(all_told(&again, &all)), expected, "{kind:?}");
        let (_, report) = export(&snapshot, &samples, &options).unwrap();
        let tables = u64::from(matches!(kind, Kind::Manifest(_)));
        assert_eq!(report.resumed, report.files - tables, "{kind:?}");
    }
}

#[test]
fn a_table_of_variants_names_what_was_written_and_no_more() {
    let shorter = |path: &Path| {
        let file = std::fs::File::options().write(true).open(path).unwrap();
        // The second half of the rows is gone.
        file.set_len(file.metadata().unwrap().len() - 18).unwrap();
    };
    let gone = |path: &Path| std::fs::remove_file(path).unwrap();
    let pixels: Vec<u8> = (0..36).collect();
    let pictures = ["a/0.png", "a/1.png", "b/2.png"];
    for (name, files, damaged, damage) in [
        (
            "array",
            vec![file("set.npy", npy("|u1", "(4, 3, 3)", &pixels))],
            "set.npy",
            &shorter as &dyn Fn(&Path),
        ),
        ("folder", images(&pictures), "a/1.png", &gone),
    ] {
        let home = tempfile::tempdir().unwrap();
        let source = home.path().join("source");
        write(&source, &files);
        let snapshot = snapshot(&source);
        let samples: Vec<SampleId> = (0..snapshot.dataset.len() as SampleId).collect();
        let flip = Settings::with("horizontal_flip", &[]).unwrap();
        let pipeline = Pipeline { name: String::new(), steps: vec![Step::new(0, flip)] };
        let augmentation = Augmentation {
            pipeline: pipeline.into(),
            seed: 1,
            variants: lenslet::export::dataset::Each::All(1),
            with_originals: true,
            device: None,
        };
        let options = Options {
            kind: Kind::ImageFolder,
            augmentation: Some(augmentation),
            ..Options::new(home.path().join("new"))
        };
        let reader = dataset_reader(&snapshot.dataset);
        let planned = plan(&snapshot, &samples, &reader, &options, &Control::new()).unwrap();
        damage(&source.join(damaged));
        let report = run(&planned, &reader, &Control::new()).unwrap();
        assert!(report.failed > 0 && !report.complete, "{name}: {report:?}");
        let table = std::fs::read_to_string(options.target.join("metadata.jsonl")).unwrap();
        let named: BTreeSet<String> = table
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["file_name"].clone())
            .map(|name| name.as_str().unwrap().to_owned())
            .collect();
        let there: BTreeSet<String> =
            listing(&options.target).into_iter().filter(|path| path.ends_with(".png")).collect();
        assert_eq!(named, there, "{name}: {report:?}");
        assert_eq!(there.len() as u64 + report.failed, 2 * samples.len() as u64, "{name}");
    }
}

#[test]
fn files_and_samples_that_are_missing_are_counted_apart() {
    let broken = |path: &Path| std::fs::write(path, "{ no").unwrap();
    let gone = |path: &Path| std::fs::remove_file(path).unwrap();
    let shorter = |path: &Path| {
        let file = std::fs::File::options().write(true).open(path).unwrap();
        // The last sample that stays, 003, lies in the middle of it.
        file.set_len(file.metadata().unwrap().len() / 2).unwrap();
    };
    for (name, damaged, damage, samples_lost, files_lost) in [
        ("coco", "annotations/instances_train.json", &broken as &dyn Fn(&Path), 0, 1),
        ("yolo", "labels/train/a.txt", &gone, 0, 1),
        ("idx", "t10k-labels-idx1-ubyte", &gone, 0, 1),
        ("idx", "t10k-images-idx3-ubyte", &gone, 2, 1),
        ("cifar-10", "test_batch.bin", &gone, 2, 1),
        ("npy", "test/images.npy", &gone, 2, 1),
        ("parquet", "train-00000-of-00001.parquet", &gone, 3, 1),
        ("webdataset", "set-train-0000.tar", &shorter, 1, 0),
        ("webdataset", "set-train-0000.tar", &gone, 2, 0),
        ("folder", "train/cat/1.png", &gone, 1, 0),
    ] {
        let name = format!("{name}, {damaged}");
        let (folder, snapshot, samples) = case(name.split(',').next().unwrap()).open();
        let place = tempfile::tempdir().unwrap();
        let options = Options::new(place.path().join("new"));
        let reader = dataset_reader(&snapshot.dataset);
        let planned = plan(&snapshot, &samples, &reader, &options, &Control::new()).unwrap();
        damage(&folder.path().join(damaged));
        let report = run(&planned, &reader, &Control::new()).unwrap();
        let lost = (report.failed, report.failed_files, report.complete);
        assert_eq!(lost, (samples_lost, files_lost, false), "{name} {report:?}");
        assert!(!report.issues.is_empty() && report.lost().is_some(), "{name}");
        assert_eq!(report.files, report.verified, "{name}");
        let told = serde_json::to_value(&report).unwrap();
        assert_eq!(told["issues"][0]["path"], report.issues[0].path, "{name}");
        assert!(told["issues"][0]["message"].as_str().unwrap().contains("could not be exported"), "{name}");
        let state = std::fs::read_to_string(options.target.join(".lenslet-export.json")).unwrap();
        assert!(state.contains("\"complete\": false"), "{name} {state}");
    }
}

#[test]
fn annotations_and_tables_keep_every_byte_of_what_stays() {
    for (name, path, expected) in [
        (
            "coco",
            "annotations/instances_train.json",
            "{\"info\": {\"year\": 2020.50}, \"annotations\": [{\"id\": 1, \"image_id\": 7, \"category_id\": 1, \"bbox\": [1, 2, 3.5, 4], \
             \"segmentation\": [[1.250, 2, 3, 4]], \"odd\": {\"a\": [1e3]}},\n{\"id\": 3, \"image_id\": 9, \"category_id\": 2, \
             \"bbox\": [2, 2, 2, 2], \"iscrowd\": 0}],\n        \"images\": [{\"id\": 7, \"file_name\": \"a.png\", \"licence\": 3.0},\n\
             {\"id\": 9, \"file_name\": \"c.png\"},\n{\"id\": 10, \"file_name\": \"sub/d.png\"}],\n        \"categories\": [{\"id\": 1, \
             \"name\": \"cat\"}, {\"id\": 2, \"name\": \"dog\"}, {\"id\": 3, \"name\": \"eel\"}], \"more\": [1, 2]}",
        ),
        (
            "csv",
            "list.csv",
            "id;path;label;note\r\n1;img/a.png;cat;\"x; \"\"y\"\"\"\r\n3;img/c.png;cat;z\r\n4;img/sub/d.png;dog;007\r\n",
        ),
        (
            "json",
            "list.json",
            "[\n{\"path\": \"img/a.png\", \"label\": \"cat\", \"n\": 1.0},\n{\"path\": \"img/c.png\", \"label\": \"]\"},\n\
          {\"path\": \"img/sub/d.png\", \"label\": \"dog\"}\n]\n",
        ),
        ("voc", "ImageSets/Main/cat_train.txt", "a  1\n"),
        ("yolo", "val.txt", "./images/val/c.png\n"),
        (
            "yolo",
            "data.yaml",
            "# mine\n# path: /elsewhere/set\ntrain: images/train\nval: val.txt\nnames: [cat, dog, eel]\n",
        ),
    ] {
        let (_folder, snapshot, samples) = case(name).open();
        let place = tempfile::tempdir().unwrap();
        export(&snapshot, &samples, &Options::new(place.path().join("new"))).unwrap();
        assert_eq!(std::fs::read_to_string(place.path().join("new").join(path)).unwrap(), expected, "{name}");
    }
    // Parquet: schema, metadata, compression and groups.
    let (folder, snapshot, samples) = case("parquet").open();
    let place = tempfile::tempdir().unwrap();
    export(&snapshot, &samples, &Options::new(place.path().join("new"))).unwrap();
    let about = |folder: &Path| {
        let file = std::fs::File::open(folder.join("train-00000-of-00001.parquet")).unwrap();
        let builder = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        let file = builder.metadata().file_metadata();
        let pairs: BTreeSet<(String, Option<String>)> = file
            .key_value_metadata()
            .unwrap()
            .iter()
            .map(|pair| (pair.key.clone(), pair.value.clone()))
            .collect();
        let groups: Vec<(i64, String)> = builder
            .metadata()
            .row_groups()
            .iter()
            .map(|group| (group.num_rows(), format!("{:?}", group.column(0).compression())))
            .collect();
        let features: Vec<_> = pairs.into_iter().filter(|(key, _)| key == "huggingface").collect();
        assert_eq!(features.len(), 1);
        (builder.schema().fields().clone(), features, groups)
    };
    let (old, new) = (about(folder.path()), about(&place.path().join("new")));
    assert_eq!((old.0, old.1), (new.0, new.1));
    assert_eq!(new.2, [(2, "SNAPPY".to_owned()), (1, "SNAPPY".to_owned())]);
    // WebDataset: all members of a sample.
    let (_folder, snapshot, samples) = case("webdataset").open();
    let place = tempfile::tempdir().unwrap();
    export(&snapshot, &samples, &Options::new(place.path().join("new"))).unwrap();
    let shard = std::fs::File::open(place.path().join("new/set-train-0000.tar")).unwrap();
    let mut shard = tar::Archive::new(shard);
    let names: Vec<String> = shard
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap().path().unwrap().to_string_lossy().into_owned())
        .collect();
    let members = |key: &str| ["png", "cls", "json", "depth.npy"].map(|ending| format!("{key}.{ending}"));
    assert_eq!(names, [members("000"), members("002")].concat());
}

#[test]
fn names_of_any_kind_become_files() {
    let hostile = [
        ("a/x.png", "cat"),
        ("b/x.png", "cat"),
        ("c/X.PNG", "cat"),
        ("d/y.png", "../../up"),
        ("e/y.png", "/root"),
        ("f/y.png", "CON"),
        ("g/y.png", "con"),
        ("h/y.png", ".hidden"),
        ("i/y.png", "a\\b:c"),
        ("j/y.png", "日本/東京"),
    ];
    let mut files: Vec<File> =
        hostile.iter().enumerate().map(|(at, (path, _))| file(path, png(at as u8))).collect();
    let rows: String = hostile.iter().map(|(path, label)| format!("{path},{label}\n")).collect();
    files.push(file("list.csv", format!("path,label\n{rows}")));
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &files);
    let snapshot = snapshot(folder.path());
    let all: Vec<SampleId> = (0..snapshot.len() as SampleId).collect();
    assert_eq!(all.len(), hostile.len());
    let place = tempfile::tempdir().unwrap();
    let options = Options { kind: Kind::ImageFolder, ..Options::new(place.path().join("new")) };
    let (plan, report) = export(&snapshot, &all, &options).unwrap();
    assert!(report.complete && report.failed == 0);
    let mut expected = vec![
        "_CON/y.png",
        "_.hidden/y.png",
        "_con-2/y.png",
        "a_b_c/y.png",
        "cat/X-3.PNG",
        "cat/x-2.png",
        "cat/x.png",
        "root/y.png",
        "up/y.png",
        "日本/東京/y.png",
    ];
    expected.sort_unstable();
    assert_eq!(listing(&options.target), expected);
    for part in ["2 files get another name", "6 folders cannot have the name"] {
        assert!(plan.warnings.iter().any(|warning| warning.contains(part)), "{part} {:?}", plan.warnings);
    }
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1, "nothing is beside the target");
    // Tables and shards keep the labels.
    for kind in [Kind::WebDataset, Kind::Manifest(Table::Csv)] {
        let place = tempfile::tempdir().unwrap();
        let options = Options { kind, ..Options::new(place.path().join("new")) };
        export(&snapshot, &all, &options).unwrap();
        let again = open(&options.target).dataset;
        assert_eq!(all_told(&again, &all), all_told(&snapshot.dataset, &all), "{kind:?}");
    }
}

#[test]
fn names_that_no_file_can_have_are_refused_before_anything_is_written() {
    let long = format!("cat/{}.png", "x".repeat(300));
    for (names, part) in [
        (["cat/x.png", "cat/x.png/y.png"], "a file and a folder"),
        (["cat/x.png", &long], "more than 255 bytes"),
        (["cat/x.png", "cat/a\0b.png"], "a zero byte"),
        (["cat/x.png", "cat/y.png"], ""),
    ] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &[file("data.zip", zip(&images(&names)))]);
        let snapshot = snapshot(folder.path());
        assert_eq!(snapshot.len(), 2, "{part} {:?}", snapshot.dataset.paths);
        let place = tempfile::tempdir().unwrap();
        let told = refused(&snapshot, &[0, 1], &Options::new(place.path().join("new")));
        assert!(told.contains(part) && told.is_empty() == part.is_empty(), "{told}");
        assert!(part.is_empty() || told.contains("choose image-folder"), "{told}");
        // What it says to choose instead.
        let options = Options { kind: Kind::ImageFolder, ..Options::new(place.path().join("folder")) };
        let (_, report) = export(&snapshot, &[0, 1], &options).unwrap();
        assert!(report.complete && report.files == 2, "{part} {report:?}");
    }
}

#[cfg(unix)]
#[test]
fn names_that_are_not_utf8_are_kept_or_become_readable() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &images(&["cat/1.png", "dog/1.png", "dog/2.png"]));
    let odd = std::ffi::OsStr::from_bytes(b"cat/caf\xe9.png");
    if std::fs::write(folder.path().join(odd), png(9)).is_err() {
        return; // This file system takes no such names.
    }
    let snapshot = snapshot(folder.path());
    let all: Vec<SampleId> = (0..snapshot.len() as SampleId).collect();
    for (kind, expected) in [
        (Kind::Same, odd.to_owned()),
        (Kind::ImageFolder, "cat/caf_xE9.png".into()),
        (Kind::Manifest(Table::Csv), "images/cat/caf_xE9.png".into()),
    ] {
        let place = tempfile::tempdir().unwrap();
        let options = Options { kind, ..Options::new(place.path().join("new")) };
        let (_, report) = export(&snapshot, &all, &options).unwrap();
        assert!(report.complete && report.failed == 0);
        assert!(options.target.join(&expected).is_file(), "{kind:?} {:?}", listing(&options.target));
        assert_eq!(all_told(&open(&options.target).dataset, &all), all_told(&snapshot.dataset, &all));
        let (plan, report) = export(&snapshot, &all, &options).unwrap();
        let tables = u64::from(kind != Kind::Same && kind != Kind::ImageFolder);
        assert_eq!(
            (plan.finished, report.resumed),
            (4, 4),
            "{kind:?}: tables, {tables} here, are made again"
        );
    }
}

#[test]
fn tables_that_would_lead_back_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &images(&["set/img/1.png", "set/img/2.png", "out/3.png"]));
    let root = folder.path().canonicalize().unwrap();
    let rows = |rows: &[String]| format!("path,label\n{}\n", rows.join("\n"));
    for (name, table, part) in [
        (
            "whole paths",
            rows(&[format!("{}/set/img/1.png,a", root.display()), "img/2.png,b".into()]),
            "1 image by their whole path",
        ),
        (
            "steps out",
            rows(&["img/1.png,a".into(), "../out/3.png,b".into()]),
            "1 image outside the dataset by a path relative",
        ),
        ("elsewhere", rows(&["img/1.png,a".into(), format!("{}/out/3.png,b", root.display())]), ""),
    ] {
        std::fs::write(root.join("set/list.csv"), table).unwrap();
        let snapshot = snapshot(&root.join("set/list.csv"));
        let all: Vec<SampleId> = (0..snapshot.len() as SampleId).collect();
        assert_eq!(all.len(), 2, "{name}");
        let place = tempfile::tempdir().unwrap();
        let told = refused(&snapshot, &all, &Options::new(place.path().join("new")));
        assert!(told.contains(part) && told.is_empty() == part.is_empty(), "{name}: {told}");
        if part.is_empty() {
            let around = refused(
                &snapshot,
                &all,
                &Options { consent: Consent::Overwrite, ..Options::new(root.join("out")) },
            );
            assert!(around.contains("lies in the target"), "{around}");
        }
        // What it says to choose instead.
        for kind in [Kind::ImageFolder, Kind::WebDataset, Kind::Manifest(Table::Csv)] {
            let options = Options { kind, ..Options::new(place.path().join(format!("{kind:?}"))) };
            let (_, report) = export(&snapshot, &all, &options).unwrap();
            let again = open(&options.target).dataset;
            assert_eq!((report.failed, again.len()), (0, 2), "{name} {kind:?}");
        }
    }
}

#[test]
fn a_parquet_table_that_would_lead_back_is_refused() {
    for (whole, part) in [(false, ""), (true, "1 image by their whole path")] {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        write(&root, &images(&["img/a.png", "img/b.png"]));
        let first = if whole { format!("{}/img/a.png", root.display()) } else { "img/a.png".to_owned() };
        let names: ArrayRef = Arc::new(StringArray::from(vec![first, "img/b.png".to_owned()]));
        let kinds: ArrayRef = Arc::new(StringArray::from(vec!["x", "y"]));
        let table = parquet(vec![("file_name", names), ("label", kinds)], None, 2);
        write(&root, &[file("list.parquet", table)]);
        let snapshot = snapshot(&root);
        assert_eq!((snapshot.dataset.layout, snapshot.len()), (Layout::Parquet, 2));
        let place = tempfile::tempdir().unwrap();
        let told = refused(&snapshot, &[0, 1], &Options::new(place.path().join("new")));
        assert!(told.contains(part) && told.is_empty() == part.is_empty(), "{told}");
        let options = Options { kind: Kind::ImageFolder, ..Options::new(place.path().join("folder")) };
        let (_, report) = export(&snapshot, &[0, 1], &options).unwrap();
        assert!(report.complete, "{report:?}");
    }
}

#[test]
fn a_source_that_changed_is_refused_or_told() {
    // The rows are not where they were.
    let (folder, snapshot, samples) = case("idx").open();
    std::fs::remove_file(folder.path().join("t10k-images-idx3-ubyte")).unwrap();
    let place = tempfile::tempdir().unwrap();
    let told = refused(&snapshot, &samples, &Options::new(place.path().join("new")));
    assert!(told.contains("t10k-images-idx3-ubyte") && told.contains("rescan"), "{told}");
    let (folder, snapshot, samples) = case("webdataset").open();
    std::fs::remove_file(folder.path().join("set-test-0000.tgz")).unwrap();
    let told = refused(&snapshot, &samples, &Options::new(place.path().join("new")));
    assert!(told.contains("not in the shards any more"), "{told}");
    // The whole is gone.
    let (folder, snapshot, samples) = case("coco").open();
    drop(folder);
    let reader = dataset_reader(&snapshot.dataset);
    let gone = plan(&snapshot, &samples, &reader, &Options::new(place.path().join("new")), &Control::new());
    assert!(matches!(gone, Err(ExportError::Source(_))), "{gone:?}");
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

/// Exports every third sample of real data in its own layout and compares.
#[test]
fn real_datasets_come_back() {
    for (name, opened, layout) in [
        ("coco128-yolo", "", Layout::Yolo),
        ("raccoon-voc", "", Layout::Voc),
        ("fashion-mnist", "t10k-images-idx3-ubyte.gz", Layout::Idx),
        ("hf-parquet", "", Layout::Parquet),
        ("webdataset", "sample.tgz", Layout::WebDataset),
        ("omniglot", "images_background_small1.zip", Layout::ImageFolder),
    ] {
        let Some(source) = real_data(name) else { return };
        let snapshot = snapshot(&source.join(opened));
        let dataset = &snapshot.dataset;
        assert_eq!(dataset.layout, layout, "{name}");
        let samples: Vec<SampleId> = (0..dataset.len() as SampleId).step_by(3).collect();
        let place = tempfile::tempdir().unwrap();
        let options = Options::new(place.path().join("new"));
        let (plan, report) = export(&snapshot, &samples, &options).unwrap();
        assert!(report.complete && report.failed == 0, "{name} {report:?}");
        let again = open(&options.target).dataset;
        let all: Vec<SampleId> = (0..again.len() as SampleId).collect();
        assert_eq!(again.layout, layout, "{name}");
        let warned = format!("{name} {:?}", plan.warnings);
        assert_same(&all_told(&again, &all), &all_told(dataset, &samples), &warned);
    }
}
