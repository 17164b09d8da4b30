//! The formats that are more than files in folders: arrays, tables, and images with boxes.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, Float32Array, Int64Array, ListArray, RecordBatch, StringArray, StructArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields};
use lenslet::dataset::{Dataset, DatasetBuilder, Issue, IssueKind, SampleId};
use lenslet::import::{
    self, Fit, Format, Tree, cifar, coco, dataset_reader, idx, numpy, parquet as parquet_format, voc, yolo,
};
use lenslet::jobs::Control;
use lenslet::media::{Payload, Raster};
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use super::data::real_data;

const FORMATS: [&Format; 7] = [
    &idx::FORMAT,
    &cifar::FORMAT,
    &numpy::FORMAT,
    &parquet_format::FORMAT,
    &coco::FORMAT,
    &yolo::FORMAT,
    &voc::FORMAT,
];

/// Opens a source with the format that fits best, which has to be `format`.
fn open(format: &Format, source: &Path) -> (Dataset, Vec<Issue>) {
    let control = Control::new();
    let source = source.to_str().expect("temporary folders are UTF-8");
    let tree = Tree::open(source, &control).unwrap();
    let fits = FORMATS.iter().map(|format| ((format.detect)(&tree), format.layout));
    let (fit, layout) = fits.max_by_key(|(fit, _)| *fit).unwrap();
    assert_eq!((layout, fit.is_some()), (format.layout, true), "{fit:?}");
    assert!(fit >= Some(Fit::Likely));

    let mut builder = DatasetBuilder::new(&tree.root.to_string_lossy(), source, layout);
    for container in &tree.containers {
        builder.container(container.clone());
    }
    (format.import)(&tree, &mut builder, &control).unwrap();
    builder.finish()
}

/// `split/class,class` of each sample and how many there are; `-` for none.
fn tally(dataset: &Dataset) -> BTreeMap<String, usize> {
    let mut tally = BTreeMap::new();
    for sample in 0..dataset.len() as u32 {
        let labels: Vec<&str> = dataset.labels.names(sample).collect();
        let labels = if labels.is_empty() { "-".to_owned() } else { labels.join(",") };
        *tally.entry(format!("{}/{labels}", dataset.split(sample).unwrap_or("-"))).or_default() += 1;
    }
    tally
}

fn counts<const N: usize>(expected: [(&str, usize); N]) -> BTreeMap<String, usize> {
    expected.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
}

fn paths(dataset: &Dataset) -> Vec<&str> {
    dataset.paths.iter().collect()
}

/// Kind, path and message of each issue.
fn faults(issues: &[Issue]) -> Vec<String> {
    issues.iter().map(|issue| format!("{} {}: {}", issue.kind.name(), issue.path, issue.message)).collect()
}

#[track_caller]
fn assert_fault(issues: &[Issue], kind: IssueKind, path: &str, part: &str) {
    let found =
        issues.iter().any(|issue| issue.kind == kind && issue.path == path && issue.message.contains(part));
    assert!(found, "{kind:?} {path} {part} is not in {:#?}", faults(issues));
}

fn raster(dataset: &Dataset, sample: u32) -> Raster {
    match dataset_reader(dataset).sample(dataset, sample).unwrap() {
        Payload::Raster(raster) => raster,
        Payload::Encoded(_) => panic!("sample {sample} is an image file"),
    }
}

fn encoded(dataset: &Dataset, sample: u32) -> Vec<u8> {
    match dataset_reader(dataset).sample(dataset, sample).unwrap() {
        Payload::Encoded(bytes) => bytes,
        Payload::Raster(_) => panic!("sample {sample} is a row of an array"),
    }
}

/// A folder with these files.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    folder
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn idx_file(dims: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, dims.len() as u8];
    dims.iter().for_each(|dim| bytes.extend(dim.to_be_bytes()));
    bytes.extend(values);
    bytes
}

// --- IDX

#[test]
fn idx_pairs_images_with_labels_in_both_splits() {
    let pixels: Vec<u8> = (0..12).collect();
    let images = idx_file(&[3, 2, 2], &pixels);
    let folder = folder(&[
        ("raw/train-images-idx3-ubyte", &images),
        ("raw/train-images-idx3-ubyte.gz", &gzip(&images)),
        ("raw/train-labels.idx1-ubyte", &idx_file(&[3], &[7, 0, 7])),
        ("raw/t10k-images-idx3-ubyte.gz", &gzip(&idx_file(&[1, 1, 1, 3], &[1, 2, 3]))),
        ("raw/t10k-labels-idx1-ubyte.gz", &gzip(&idx_file(&[1], &[2]))),
        ("README.md", b"digits"),
    ]);
    let (dataset, issues) = open(&idx::FORMAT, folder.path());
    assert_eq!(faults(&issues), [""; 0]);
    assert_eq!(tally(&dataset), counts([("test/2", 1), ("train/0", 1), ("train/7", 2)]));
    assert_eq!(dataset.labels.classes, ["0", "2", "7"]);
    let last = dataset.paths.iter().position(|path| path == "raw/train-images-idx3-ubyte#2").unwrap() as u32;
    assert_eq!(raster(&dataset, last).data, [8, 9, 10, 11]);
    assert_eq!(dataset.bytes[last as usize], 4);
    let colour = dataset.paths.iter().position(|path| path.starts_with("raw/t10k")).unwrap() as u32;
    assert_eq!(raster(&dataset, colour), Raster { width: 1, height: 1, channels: 3, data: vec![1, 2, 3] });
}

#[test]
fn idx_keeps_the_whole_rows_of_a_cut_file_and_says_so() {
    let folder = folder(&[
        ("train-images-idx3-ubyte", &idx_file(&[100, 2, 2], &[9; 11])),
        ("train-labels-idx1-ubyte", &idx_file(&[3], &[1, 1, 1])),
        ("test-images-idx3-ubyte", &idx_file(&[1, 1, 1], &[5])),
    ]);
    let (dataset, issues) = open(&idx::FORMAT, folder.path());
    assert_eq!(tally(&dataset), counts([("test/-", 1), ("train/1", 2)]));
    assert_fault(&issues, IssueKind::Truncated, "train-images-idx3-ubyte", "promises 100 images and holds 2");
    assert_fault(&issues, IssueKind::Annotation, "train-labels-idx1-ubyte", "3 labels for the 100 images");
    assert_fault(&issues, IssueKind::Annotation, "test-images-idx3-ubyte", "no file of labels");
}

#[test]
fn idx_inside_an_archive_and_as_a_single_file() {
    let folder = folder(&[
        ("a-images-idx3-ubyte", &idx_file(&[1, 1, 1], &[5])),
        ("a-labels-idx1-ubyte", &idx_file(&[1], &[3])),
        ("b-images-idx3-ubyte", &idx_file(&[2, 1, 1], &[6, 7])),
    ]);
    let (dataset, _) = open(&idx::FORMAT, &folder.path().join("a-images-idx3-ubyte"));
    assert_eq!(tally(&dataset), counts([("-/3", 1)]));

    let mut tar = tar::Builder::new(Vec::new());
    tar.append_dir_all("mnist", folder.path()).unwrap();
    let archive = self::folder(&[("mnist.tar.gz", &gzip(&tar.into_inner().unwrap()))]);
    let (dataset, _) = open(&idx::FORMAT, &archive.path().join("mnist.tar.gz"));
    assert_eq!(tally(&dataset), counts([("-/-", 2), ("-/3", 1)]));
    let second = dataset.paths.iter().position(|path| path.ends_with("b-images-idx3-ubyte#1")).unwrap();
    assert_eq!(raster(&dataset, second as u32).data, [7]);
}

#[test]
fn real_fashion_mnist() {
    let Some(source) = real_data("fashion-mnist") else { return };
    let (dataset, issues) = open(&idx::FORMAT, &source);
    assert_eq!(faults(&issues), [""; 0]);
    assert_eq!((dataset.len(), dataset.labels.classes.len()), (70_000, 10));
    let tally = tally(&dataset);
    assert_eq!((tally["train/Sneaker"], tally["test/Ankle boot"], tally.len()), (6000, 1000, 20));
    // The first training image is a boot, dark at its corners.
    let first = dataset.paths.iter().position(|path| path == "train-images-idx3-ubyte.gz#0").unwrap() as u32;
    assert_eq!(dataset.labels.names(first).collect::<Vec<_>>(), ["Ankle boot"]);
    let raster = raster(&dataset, first);
    assert_eq!((raster.width, raster.height, raster.data[0]), (28, 28, 0));
    assert!(raster.data.iter().any(|value| *value > 200));
}

// --- CIFAR

fn cifar_records(labels: &[&[u8]]) -> Vec<u8> {
    let planes = |row: usize| (0..3).flat_map(move |plane| [(row * 3 + plane) as u8; 1024]);
    labels.iter().enumerate().flat_map(|(row, label)| label.iter().copied().chain(planes(row))).collect()
}

#[test]
fn cifar_ten_with_its_names() {
    let mut cut = cifar_records(&[&[1], &[200]]);
    cut.extend([0; 100]);
    let folder = folder(&[
        ("cifar-10-batches-bin/batches.meta.txt", b"airplane\nautomobile\nbird\n\n"),
        ("cifar-10-batches-bin/data_batch_1.bin", &cifar_records(&[&[0], &[2]])),
        ("cifar-10-batches-bin/data_batch_2.bin", &cut),
        ("cifar-10-batches-bin/test_batch.bin", &cifar_records(&[&[1]])),
        ("cifar-10-batches-bin/readme.html", b"x"),
    ]);
    let (dataset, issues) = open(&cifar::FORMAT, folder.path());
    let expected = [
        ("test/automobile", 1),
        ("train/-", 1),
        ("train/airplane", 1),
        ("train/automobile", 1),
        ("train/bird", 1),
    ];
    assert_eq!(tally(&dataset), counts(expected));
    let raster = raster(&dataset, 1);
    assert_eq!((raster.width, raster.channels, &raster.data[..4]), (32, 3, &[3, 4, 5, 3][..]));
    assert_fault(&issues, IssueKind::Annotation, "cifar-10-batches-bin/data_batch_2.bin#1", "label is 200");
    assert_fault(
        &issues,
        IssueKind::Truncated,
        "cifar-10-batches-bin/data_batch_2.bin",
        "100 bytes into record 2",
    );
}

#[test]
fn cifar_hundred_has_fine_labels_and_coarse_attributes() {
    let folder = folder(&[
        ("train.bin", &cifar_records(&[&[1, 0], &[0, 1]])),
        ("test.bin", &cifar_records(&[&[1, 1]])),
        ("fine_label_names.txt", b"apple\nbear\n"),
        ("coarse_label_names.txt", b"animal\nfruit\n"),
    ]);
    let (dataset, issues) = open(&cifar::FORMAT, folder.path());
    assert_eq!(faults(&issues), [""; 0]);
    assert_eq!(tally(&dataset), counts([("test/bear", 1), ("train/apple", 1), ("train/bear", 1)]));
    let coarse: Vec<&str> = dataset.attributes[0].values.iter().collect();
    assert_eq!(
        (dataset.attributes[0].name.as_str(), coarse),
        ("coarse_label", vec!["fruit", "fruit", "animal"])
    );
}

// --- NumPy

/// A `.npy` file of unsigned bytes.
fn npy(shape: &str, values: &[u8]) -> Vec<u8> {
    let text = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.extend(values);
    bytes
}

/// `split.npz` is what NumPy 2.4 writes:
/// `a = np.arange(36, dtype=np.uint8).reshape(2, 2, 3, 3)`
/// `np.savez_compressed("split.npz", x_train=a, y_train=np.array([[1], [0]]), x_test=a[:1],`
/// `    y_test=np.array([[0]]), class_names=np.array(["cat", "dög"]))`
#[test]
fn npz_as_numpy_writes_it() {
    let folder = folder(&[("split.npz", include_bytes!("fixtures/split.npz"))]);
    for source in [folder.path(), &folder.path().join("split.npz")] {
        let (dataset, issues) = open(&numpy::FORMAT, source);
        assert_eq!(faults(&issues), [""; 0]);
        assert_eq!(tally(&dataset), counts([("test/cat", 1), ("train/cat", 1), ("train/dög", 1)]));
        assert_eq!(dataset.labels.classes, ["cat", "dög"]);
        let second = dataset.paths.iter().position(|path| path == "split.npz/x_train.npy#1").unwrap() as u32;
        let raster = raster(&dataset, second);
        assert_eq!((raster.width, raster.height, raster.channels), (3, 2, 3));
        assert_eq!(raster.data, (18..36).collect::<Vec<u8>>());
    }
}

#[test]
fn npy_with_labels_beside_it_and_what_is_wrong() {
    let folder = folder(&[
        ("train/images.npy", &npy("(2, 1, 1)", &[1, 2])),
        ("train/labels.npy", &npy("(2, 3)", &[0, 1, 1, 0, 0, 0])),
        ("test/images.npy", &npy("(9, 1, 2)", &[1, 2, 3])),
        ("test/labels.npy", &npy("(9,)", &[5; 9])),
        ("test/broken.npy", b"\x93NUMPY\x01\x00\xff\xff"),
    ]);
    let (dataset, issues) = open(&numpy::FORMAT, folder.path());
    assert_eq!(tally(&dataset), counts([("test/5", 1), ("train/-", 1), ("train/1,2", 1)]));
    assert_fault(&issues, IssueKind::Truncated, "test/images.npy", "promises 9 images and holds 1");
    assert!(issues.iter().any(|issue| issue.path == "test/broken.npy"));
}

// --- Parquet

fn jpeg(shade: u8) -> Vec<u8> {
    vec![0xff, 0xd8, 0xff, shade]
}

fn write_parquet(path: &Path, columns: Vec<(&str, ArrayRef)>, features: Option<&str>, rows_per_group: usize) {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let metadata = features.map(|features| {
        vec![KeyValue::new("huggingface".to_owned(), format!("{{\"info\": {{\"features\": {features}}}}}"))]
    });
    let properties = WriterProperties::builder()
        .set_key_value_metadata(metadata)
        .set_max_row_group_row_count(Some(rows_per_group))
        .build();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn image_struct(bytes: Vec<Option<&[u8]>>, paths: Vec<Option<&str>>) -> ArrayRef {
    let fields = Fields::from(vec![
        Field::new("bytes", DataType::Binary, true),
        Field::new("path", DataType::Utf8, true),
    ]);
    let columns: Vec<ArrayRef> = vec![Arc::new(BinaryArray::from(bytes)), Arc::new(StringArray::from(paths))];
    Arc::new(StructArray::new(fields, columns, None))
}

#[test]
fn parquet_shards_with_named_classes() {
    let folder = tempfile::tempdir().unwrap();
    let features =
        r#"{"image": {"_type": "Image"}, "kind": {"names": ["cat", "dog"], "_type": "ClassLabel"}}"#;
    let (one, two) = (jpeg(1), jpeg(2));
    for (name, labels) in [
        ("data/train-00000-of-00002.parquet", vec![Some(1), Some(0), Some(1)]),
        ("data/train-00001-of-00002.parquet", vec![Some(0), Some(7), Some(0)]),
        ("data/test-00000-of-00001.parquet", vec![Some(-1), None, Some(1)]),
    ] {
        let images =
            image_struct(vec![Some(&one), Some(&two), None], vec![Some("a.jpg"), Some("b.jpg"), None]);
        let long = "é".repeat(2000);
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("image", images),
            ("kind", Arc::new(Int64Array::from(labels))),
            ("score", Arc::new(Float32Array::from(vec![0.5, 1.0, 2.0]))),
            ("caption", Arc::new(StringArray::from(vec![Some("x"), None, Some(&long)]))),
        ];
        write_parquet(&folder.path().join(name), columns, Some(features), 2);
    }
    let (dataset, issues) = open(&parquet_format::FORMAT, folder.path());
    let expected = [("test/-", 2), ("test/dog", 1), ("train/-", 1), ("train/cat", 3), ("train/dog", 2)];
    assert_eq!(tally(&dataset), counts(expected));
    assert_eq!(dataset.labels.classes, ["cat", "dog"]);
    assert_fault(&issues, IssueKind::Annotation, "data/train-00001-of-00002.parquet#1", "label is 7");
    assert_eq!(issues.len(), 1);

    assert_eq!(dataset.path(1), "data/test-00000-of-00001.parquet#1");
    assert_eq!((encoded(&dataset, 0), encoded(&dataset, 1)), (one, two));
    let missing = dataset_reader(&dataset).sample(&dataset, 2).unwrap_err();
    assert_eq!(missing.kind, IssueKind::Missing);
    let names: Vec<&str> = dataset.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
    assert_eq!(names, ["score", "caption", "image.path"]);
    assert_eq!(dataset.attributes[0].values.get(1), "1.0");
    assert_eq!(dataset.attributes[1].values.get(2).len(), parquet_format::MAX_TEXT);
    assert_eq!(dataset.attributes[2].values.iter().take(3).collect::<Vec<_>>(), ["a.jpg", "b.jpg", ""]);
}

#[test]
fn parquet_of_plain_bytes_and_of_paths() {
    let folder = folder(&[("paths/img/a.jpg", &jpeg(1))]);
    let bytes: ArrayRef = Arc::new(BinaryArray::from(vec![&jpeg(3)[..], &jpeg(4)]));
    let labels: ArrayRef = Arc::new(Int64Array::from(vec![10, 9]));
    write_parquet(&folder.path().join("bytes/x.parquet"), vec![("png", bytes), ("label", labels)], None, 9);
    let (dataset, issues) = open(&parquet_format::FORMAT, &folder.path().join("bytes"));
    assert_eq!(faults(&issues), [""; 0]);
    assert_eq!(dataset.labels.classes, ["9", "10"]);
    assert_eq!(encoded(&dataset, 1), jpeg(4));

    let files: ArrayRef = Arc::new(StringArray::from(vec!["img/a.jpg", "img/gone.jpg"]));
    let labels: ArrayRef = Arc::new(StringArray::from(vec!["cat", "dog"]));
    let splits: ArrayRef = Arc::new(StringArray::from(vec!["training", "holdout"]));
    let columns = vec![("file_name", files), ("label", labels), ("split", splits)];
    write_parquet(&folder.path().join("paths/x.parquet"), columns, None, 9);
    let (dataset, issues) = open(&parquet_format::FORMAT, &folder.path().join("paths"));
    assert_eq!(tally(&dataset), counts([("holdout/dog", 1), ("train/cat", 1)]));
    assert_eq!(paths(&dataset), ["img/a.jpg", "img/gone.jpg"]);
    assert_eq!(encoded(&dataset, 0), jpeg(1));
    assert_fault(&issues, IssueKind::Missing, "img/gone.jpg", "not there");
}

#[test]
fn parquet_with_boxes() {
    let floats = Float32Array::from(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 0.0, 0.0, 0.0, 1.0]);
    let number = Arc::new(Field::new_list_field(DataType::Float32, true));
    let quads = ListArray::new(number, OffsetBuffer::from_lengths([4, 4, 4]), Arc::new(floats), None);
    let quad = Arc::new(Field::new_list_field(arrow::array::Array::data_type(&quads).clone(), true));
    let class = Arc::new(Field::new_list_field(DataType::Int64, true));
    let lengths = || OffsetBuffer::from_lengths([2, 0, 1]);
    let boxes = ListArray::new(quad, lengths(), Arc::new(quads), None);
    let classes = ListArray::new(class, lengths(), Arc::new(Int64Array::from(vec![1, 0, 1])), None);
    let fields = Fields::from(vec![
        Field::new("bbox", arrow::array::Array::data_type(&boxes).clone(), true),
        Field::new("category", arrow::array::Array::data_type(&classes).clone(), true),
    ]);
    let objects = StructArray::new(fields, vec![Arc::new(boxes), Arc::new(classes)], None);
    let one = jpeg(1);
    let images = image_struct(vec![Some(&one); 3], vec![None; 3]);
    let features = r#"{"image": {"_type": "Image"}, "objects": {"feature": {"category":
        {"names": ["mask", "glove"], "_type": "ClassLabel"}}, "_type": "Sequence"}}"#;
    let folder = tempfile::tempdir().unwrap();
    let columns: Vec<(&str, ArrayRef)> = vec![("image", images), ("objects", Arc::new(objects))];
    write_parquet(&folder.path().join("train.parquet"), columns, Some(features), 9);
    let (dataset, issues) = open(&parquet_format::FORMAT, folder.path());
    assert_eq!(tally(&dataset), counts([("train/-", 2), ("train/mask,glove", 1)]));
    let rects: Vec<_> = dataset.boxes.get(0).iter().map(|one| (one.class, one.rect, one.relative)).collect();
    assert_eq!(rects, [(1, [1.0, 2.0, 3.0, 4.0], false), (0, [5.0, 6.0, 7.0, 8.0], false)]);
    assert_fault(&issues, IssueKind::Annotation, "train.parquet#2", "\"glove\" is not four numbers");
}

#[test]
fn parquet_that_is_damaged_is_an_issue() {
    let folder = tempfile::tempdir().unwrap();
    let bytes: Vec<Vec<u8>> = (0..200).map(|row| vec![row as u8; 500]).collect();
    let bytes: ArrayRef = Arc::new(BinaryArray::from_iter_values(bytes));
    let labels: ArrayRef = Arc::new(Int64Array::from_iter_values(0..200));
    let path = folder.path().join("a.parquet");
    write_parquet(&path, vec![("image", bytes), ("label", labels)], None, 50);
    let whole = std::fs::read(&path).unwrap();
    // Every kind of damage: what opens may be wrong, but nothing panics.
    for at in (0..whole.len()).step_by(whole.len() / 60) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0xff;
        std::fs::write(folder.path().join("b.parquet"), damaged).unwrap();
        let (dataset, _) = open(&parquet_format::FORMAT, folder.path());
        let reader = dataset_reader(&dataset);
        for sample in (0..dataset.len() as u32).step_by(37) {
            let _ = reader.sample(&dataset, sample);
        }
    }
    std::fs::write(folder.path().join("b.parquet"), &whole[..whole.len() / 2]).unwrap();
    let (dataset, issues) = open(&parquet_format::FORMAT, folder.path());
    assert_eq!(dataset.len(), 200);
    assert_fault(&issues, IssueKind::Corrupt, "b.parquet", "damaged");
}

#[test]
fn real_hugging_face_parquet() {
    let Some(source) = real_data("hf-parquet") else { return };
    let (dataset, issues) = open(&parquet_format::FORMAT, &source);
    assert_eq!(faults(&issues), [""; 0]);
    assert_eq!(dataset.len(), 184);
    assert_eq!(dataset.labels.classes, ["daisy", "dandelion", "roses", "sunflowers", "tulips"]);
    assert_eq!(dataset.split(0), Some("val"));
    let reader = dataset_reader(&dataset);
    for sample in 0..184 {
        let Ok(Payload::Encoded(bytes)) = reader.sample(&dataset, sample) else { panic!("an image file") };
        assert!(bytes.starts_with(&[0xff, 0xd8]), "sample {sample} is a JPEG");
    }
    let total: u64 = dataset.bytes.iter().sum();
    assert!((11_000_000..13_000_000).contains(&total), "{total}");
}

fn points(dataset: &Dataset, sample: SampleId) -> Vec<([f32; 2], bool)> {
    dataset.points.get(sample).iter().map(|one| (one.at, one.relative)).collect()
}

// --- COCO

#[test]
fn coco_with_splits_boxes_and_faults() {
    let train = r#"{"info": {}, "images": [
        {"id": 1, "file_name": "one.jpg", "width": 10, "height": 10},
        {"id": 2, "file_name": "two.jpg"}, {"id": 3, "file_name": "gone.jpg"}, {"id": 4}],
        "annotations": [
        {"id": 1, "image_id": 1, "category_id": 18, "bbox": [1, 2, 3, 4.5], "segmentation": [[1, 2, 3]],
            "keypoints": [2, 3, 2, 0, 0, 0, 4, 5.5, 1]},
        {"id": 2, "image_id": 1, "category_id": 3, "bbox": [0, 0, 5, 5]},
        {"id": 3, "image_id": 1, "category_id": 3, "bbox": [0, 0, -5, 5]},
        {"id": 4, "image_id": 99, "category_id": 3}, {"id": 5, "image_id": 1, "category_id": 77}],
        "categories": [{"id": 18, "name": "dog"}, {"id": 3, "name": "car"}]}"#;
    let val = r#"{"annotations": [{"image_id": 1, "category_id": 18, "keypoints": [1, 2]}],
        "images": [{"id": 1, "file_name": "one.jpg"}], "categories": [{"id": 18, "name": "dog"}]}"#;
    let captions = r#"{"images": [{"id": 1, "file_name": "one.jpg"}], "annotations": [{"image_id": 1, "caption": "a"}]}"#;
    let folder = folder(&[
        ("annotations/instances_train2017.json", train.as_bytes()),
        ("annotations/instances_val2017.json", val.as_bytes()),
        ("annotations/captions_train2017.json", captions.as_bytes()),
        ("train2017/one.jpg", &jpeg(1)),
        ("train2017/two.jpg", &jpeg(2)),
        ("train2017/extra.jpg", &jpeg(3)),
        ("val2017/one.jpg", &jpeg(4)),
    ]);
    let (dataset, issues) = open(&coco::FORMAT, folder.path());
    assert_eq!(tally(&dataset), counts([("train/-", 2), ("train/car,dog", 1), ("val/dog", 1)]));
    assert_eq!(dataset.labels.classes, ["car", "dog"]);
    let expected = ["train2017/one.jpg", "train2017/two.jpg", "val2017/one.jpg", "annotations/gone.jpg"];
    assert_eq!(paths(&dataset), expected);
    let boxes: Vec<_> = dataset.boxes.get(0).iter().map(|one| (one.class, one.rect)).collect();
    assert_eq!(boxes, [(1, [1.0, 2.0, 3.0, 4.5]), (0, [0.0, 0.0, 5.0, 5.0])]);
    assert_eq!(points(&dataset, 0), [([2.0, 3.0], false), ([4.0, 5.5], false)]);
    assert!((1..4).all(|sample| points(&dataset, sample).is_empty()));
    assert_fault(&issues, IssueKind::Annotation, "val2017/one.jpg", "key points of a \"dog\"");
    assert_fault(&issues, IssueKind::Missing, "annotations/gone.jpg", "not there");
    assert_fault(&issues, IssueKind::Annotation, "train2017/one.jpg", "box of a \"car\"");
    assert_fault(&issues, IssueKind::Annotation, "train2017/extra.jpg", "left out");
    let file = "annotations/instances_train2017.json";
    for part in ["1 images have no file_name", "1 annotations name an image", "1 annotations have a category"]
    {
        assert_fault(&issues, IssueKind::Annotation, file, part);
    }
}

#[test]
fn coco_beside_the_images_and_broken_files() {
    let file = |name: &str| {
        format!(
            r#"{{"images": [{{"id": "x", "file_name": "{name}"}}], "annotations": [], "categories": []}}"#
        )
    };
    let folder = folder(&[
        ("train/_annotations.coco.json", file("/home/somebody/a.jpg").as_bytes()),
        ("train/a.jpg", &jpeg(1)),
        ("valid/_annotations.coco.json", file("a.jpg").as_bytes()),
        ("valid/a.jpg", &jpeg(2)),
        ("test/_annotations.coco.json", b"{\"images\": [{\"file_name\": \"a.jpg\""),
    ]);
    let (dataset, issues) = open(&coco::FORMAT, folder.path());
    assert_eq!(paths(&dataset), ["train/a.jpg", "valid/a.jpg"]);
    assert_eq!(tally(&dataset), counts([("train/-", 1), ("val/-", 1)]));
    assert_fault(&issues, IssueKind::Annotation, "test/_annotations.coco.json", "cut short");
}

// --- YOLO

#[test]
fn yolo_with_yaml_splits_and_faults() {
    let yaml = "path: ../somewhere\ntrain: images/train\nval: [images/val, images/more]\ntest: test.txt\n\
        names:\n  0: cat\n  1: dog\n";
    let folder = folder(&[
        ("data.yaml", yaml.as_bytes()),
        ("images/train/a.jpg", &jpeg(1)),
        ("labels/train/a.txt", b"1 0.5 0.5 0.5 0.5\n0 0.1 0.1 0.2 0.1 0.2 0.3\n\n1 0.5\n7 0.5 0.5 0.1 0.1\n"),
        ("images/train/empty.jpg", &jpeg(2)),
        ("labels/train/empty.txt", b""),
        ("images/val/b.jpg", &jpeg(3)),
        ("images/more/c.jpg", &jpeg(4)),
        ("labels/more/c.txt", b"0 0.5 0.5 1 1"),
        ("images/held/d.jpg", &jpeg(5)),
        ("test.txt", b"./images/held/d.jpg\n./images/held/gone.jpg\n"),
        ("labels/train/lonely.txt", b"0 0.5 0.5 1 1"),
        ("runs/plot.png", b"x"),
    ]);
    let (dataset, issues) = open(&yolo::FORMAT, folder.path());
    let expected = [("test/-", 1), ("train/-", 1), ("train/cat,dog,7", 1), ("val/-", 1), ("val/cat", 1)];
    assert_eq!(tally(&dataset), counts(expected));
    let a = dataset.paths.iter().position(|path| path == "images/train/a.jpg").unwrap() as u32;
    let boxes: Vec<_> = dataset.boxes.get(a).iter().map(|one| (one.class, one.relative, one.rect)).collect();
    assert_eq!(boxes[0], (1, true, [0.25, 0.25, 0.5, 0.5]));
    assert_eq!((boxes.len(), boxes[1].0), (3, 0));
    assert_fault(&issues, IssueKind::Annotation, "labels/train/a.txt", "line 4: it has 1 numbers");
    assert_fault(&issues, IssueKind::Annotation, "labels/train/a.txt", "class 7 has no name");
    assert_fault(&issues, IssueKind::Missing, "labels/train/lonely.txt", "no image");
    assert_fault(&issues, IssueKind::Missing, "test.txt", "1 of its images");
}

#[test]
fn key_points_of_yolo() {
    let folder = folder(&[
        ("data.yaml", b"train: images\nkpt_shape: [2, 3]\nnames: [dog]\n"),
        ("images/a.jpg", &jpeg(1)),
        ("labels/a.txt", b"0 0.5 0.5 0.5 0.5 0.25 0.5 2 0 0 0\n0 0.5 0.5 1 1 0.75 0.5 1 0.1 0.2 1\n"),
        ("images/b.jpg", &jpeg(2)),
        ("labels/b.txt", b"0 0.5 0.5 0.5 0.5 0.25 0.5\n"),
    ]);
    let (dataset, issues) = open(&yolo::FORMAT, folder.path());
    assert_eq!(points(&dataset, 0), [([0.25, 0.5], true), ([0.75, 0.5], true), ([0.1, 0.2], true)]);
    assert_eq!((dataset.boxes.get(0).len(), dataset.boxes.get(1).len()), (2, 1));
    assert!(points(&dataset, 1).is_empty());
    assert_fault(&issues, IssueKind::Annotation, "labels/b.txt", "line 1: its 2 numbers after the box");
}

#[test]
fn yolo_without_yaml() {
    let folder = folder(&[
        ("obj_train_data/a.jpg", &jpeg(1)),
        ("obj_train_data/a.txt", b"1 0.5 0.5 0.5 0.5"),
        ("obj.names", b"cat\ndog\n"),
        ("train.txt", b"data/obj_train_data/a.jpg\n"),
    ]);
    let (dataset, issues) = open(&yolo::FORMAT, folder.path());
    assert_eq!(faults(&issues), [""; 0]);
    assert_eq!(tally(&dataset), counts([("train/dog", 1)]));
}

#[test]
fn real_coco128_yolo() {
    let Some(source) = real_data("coco128-yolo") else { return };
    let (dataset, issues) = open(&yolo::FORMAT, &source);
    assert_eq!((dataset.len(), dataset.labels.classes.len()), (64, 80));
    assert!((0..64).all(|sample| dataset.split(sample) == Some("train")));
    assert_fault(&issues, IssueKind::Missing, "config.yaml", "images/val2017");
    assert_eq!(issues.len(), 1, "{:#?}", faults(&issues));
    assert!(dataset.boxes.iter().all(|one| one.relative));
    let first = dataset.labels.names(0).collect::<Vec<_>>();
    assert_eq!(first, ["bowl", "orange", "broccoli"]);
}

// --- Pascal VOC

#[test]
fn voc_with_image_sets_and_faults() {
    let object = |name: &str, bounds: [i32; 4]| {
        let [left, top, right, bottom] = bounds;
        format!(
            "<object><name>{name}</name><difficult>1</difficult><bndbox><xmin>{left}</xmin><ymin>{top}</ymin>\
             <xmax>{right}</xmax><ymax>{bottom}</ymax></bndbox></object>"
        )
    };
    let xml = |name: &str, body: &str| {
        format!("<annotation><filename>{name}</filename>{body}</annotation>").into_bytes()
    };
    let folder = folder(&[
        ("VOC2007/Annotations/1.xml", &xml("1.jpg", &object("cat", [1, 2, 10, 20]))),
        ("VOC2007/Annotations/2.xml", &xml("1.jpg", &object("dog", [9, 2, 3, 4]))),
        ("VOC2007/Annotations/3.xml", b"<annotation><object>"),
        ("VOC2007/Annotations/4.xml", &xml("", &object("cat", [1, 1, 1, 1]))),
        ("VOC2007/JPEGImages/1.jpg", &jpeg(1)),
        ("VOC2007/JPEGImages/2.jpg", &jpeg(2)),
        ("VOC2007/JPEGImages/3.jpg", &jpeg(3)),
        ("VOC2007/JPEGImages/5.jpg", &jpeg(5)),
        ("VOC2007/ImageSets/Main/train.txt", b"1\n"),
        ("VOC2007/ImageSets/Main/trainval.txt", b"1\n2\n"),
        ("VOC2007/ImageSets/Main/test.txt", b"5\n"),
        ("VOC2007/ImageSets/Main/cat_val.txt", b"1 -1\n"),
    ]);
    let (dataset, issues) = open(&voc::FORMAT, folder.path());
    let expected = [("-/-", 1), ("-/cat", 1), ("test/-", 1), ("train/cat", 1), ("trainval/dog", 1)];
    assert_eq!(tally(&dataset), counts(expected));
    assert_eq!(dataset.boxes.get(0)[0].rect, [0.0, 1.0, 10.0, 19.0]);
    assert_eq!(dataset.attributes[0].values.get(0), "1");
    assert_fault(&issues, IssueKind::Annotation, "VOC2007/Annotations/2.xml", "is no box");
    assert_fault(&issues, IssueKind::Annotation, "VOC2007/Annotations/3.xml", "ends inside <object>");
    assert_fault(&issues, IssueKind::Missing, "VOC2007/Annotations/4", "4.xml describes this image");
    assert_eq!(issues.len(), 3, "{:#?}", faults(&issues));
}

#[test]
fn real_raccoons() {
    let Some(source) = real_data("raccoon-voc") else { return };
    let (dataset, issues) = open(&voc::FORMAT, &source);
    assert_eq!(faults(&issues), [""; 0]);
    assert_eq!((dataset.len(), &dataset.labels.classes[..]), (60, &["raccoon".to_owned()][..]));
    assert!((0..60).all(|sample| !dataset.boxes.get(sample).is_empty()));
}

#[test]
fn nothing_of_these_formats_is_seen_in_plain_folders() {
    let folder = folder(&[
        ("cat/a.jpg", &jpeg(1)),
        ("notes.txt", b"1 2 3"),
        ("config.yaml", b"name: x\nversion: 3\n"),
        ("data.json", b"{\"images\": 3}"),
        ("page.xml", b"<html/>"),
        ("train.bin", b"1234"),
        ("weights.gz", &gzip(b"hello")),
        ("x.npy", b"nothing"),
    ]);
    let tree = Tree::open(folder.path().to_str().unwrap(), &Control::new()).unwrap();
    for format in FORMATS {
        assert_eq!((format.detect)(&tree), None, "{:?}", format.layout);
    }
}

#[test]
fn files_that_hold_no_whole_sample_say_why() {
    let folder = folder(&[
        ("a/x-images-idx3-ubyte", &idx_file(&[5, 9, 9], &[1])),
        ("b/images.npy", &npy("(5, 9, 9)", &[1])),
        ("c/data_batch_1.bin", &[1; 99]),
        ("d/x.parquet", b"PAR1PAR1"),
    ]);
    for (name, part) in
        [("a", "holds 0"), ("b", "holds 0"), ("c/data_batch_1.bin", "cut short"), ("d", "damaged")]
    {
        let source = folder.path().join(name);
        let message = import::open(source.to_str().unwrap(), &Control::new()).unwrap_err().to_string();
        assert!(message.contains(part), "{name}: {message}");
    }
}

#[test]
fn a_cancelled_import_stops() {
    let Some(source) = real_data("fashion-mnist") else { return };
    let control = Control::new();
    let tree = Tree::open(source.to_str().unwrap(), &control).unwrap();
    control.cancel();
    let mut builder = DatasetBuilder::new("", "", idx::FORMAT.layout);
    assert!((idx::FORMAT.import)(&tree, &mut builder, &control).is_err());
    assert!(builder.is_empty());
}
