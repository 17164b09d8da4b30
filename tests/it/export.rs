//! Tests of `export::dataset` from outside: what a part of a dataset opens as after it was exported.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, Int64Array, RecordBatch, StringArray, StructArray};
use arrow::datatypes::{DataType, Field, Fields};
use lenslet::dataset::query::Snapshot;
use lenslet::dataset::{Dataset, Facts, Layout, SampleId};
use lenslet::export::ExportError;
use lenslet::export::dataset::{Consent, Kind, Linking, Options, Plan, Report, Table, plan, run};
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
