//! Layouts as people have them: what each one opens as, sample by sample. Each is the smallest folder
//! of its kind.

use std::io::Write;
use std::path::Path;

use lenslet::dataset::{Dataset, SampleId};
use lenslet::import::{self, Imported};
use lenslet::jobs::Control;

/// A small PNG, different for each seed.
fn png(seed: u8) -> Vec<u8> {
    let image = image::RgbImage::from_fn(5, 4, |x, y| image::Rgb([seed, x as u8 * 9, y as u8 * 7]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// A path and what the file holds.
#[derive(Clone)]
struct File(String, Vec<u8>);

/// Small images at these paths.
fn images(paths: &str) -> Vec<File> {
    paths.split_whitespace().enumerate().map(|(at, path)| File(path.into(), png(at as u8))).collect()
}

fn text(path: &str, content: &str) -> Vec<File> {
    vec![File(path.into(), content.into())]
}

fn tar(path: &str, files: &[File]) -> Vec<File> {
    let mut builder = tar::Builder::new(Vec::new());
    for File(path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        builder.append_data(&mut header, path, &content[..]).unwrap();
    }
    vec![File(path.into(), builder.into_inner().unwrap())]
}

fn zip(path: &str, files: &[File]) -> Vec<File> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for File(path, content) in files {
        writer.start_file(path.as_str(), zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    vec![File(path.into(), writer.finish().unwrap().into_inner())]
}

fn rows(dataset: &Dataset) -> Vec<String> {
    (0..dataset.len() as SampleId)
        .map(|sample| {
            let labels: Vec<&str> = dataset.labels.names(sample).collect();
            let labels = if labels.is_empty() { "-".to_owned() } else { labels.join(",") };
            let boxes = dataset.boxes.get(sample).len();
            let boxes = if boxes > 0 { format!(" {boxes} boxes") } else { String::new() };
            format!("{} {} {labels}{boxes}", dataset.path(sample), dataset.split(sample).unwrap_or("-"))
        })
        .collect()
}

/// What a file or folder among these files opens as.
fn told(files: &[Vec<File>], opened: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for File(path, content) in files.iter().flatten() {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    told_of(&folder.path().join(opened))
}

/// The layout, a row for each sample, and `! path: message` for each issue.
fn told_of(path: &Path) -> Vec<String> {
    let control = Control::new();
    let opened = import::open(path.to_str().unwrap(), &control);
    let progress = control.progress();
    assert!(progress.total == 0 || progress.done <= progress.total, "{progress:?}");
    match opened {
        Ok(Imported { dataset, issues }) => {
            let mut told = vec![dataset.layout.title().to_owned()];
            told.extend(rows(&dataset));
            told.extend(issues.iter().map(|issue| format!("! {}: {}", issue.path, issue.message)));
            told
        }
        Err(error) => vec![format!("! {error}")],
    }
}

/// Checks what files open as. An issue is told by its path and the beginning of its message.
#[track_caller]
fn check(name: &str, files: &[Vec<File>], expected: &[&str]) {
    check_opened(name, files, "", expected);
}

/// [`check`], where one of the files is opened.
#[track_caller]
fn check_opened(name: &str, files: &[Vec<File>], opened: &str, expected: &[&str]) {
    let told = told(files, opened);
    let same = told.len() == expected.len()
        && told.iter().zip(expected).all(|(told, expected)| {
            if expected.starts_with('!') { told.contains(&expected[2..]) } else { told == expected }
        });
    assert!(same, "{name}: expected {expected:#?}, and it is {told:#?}");
}

#[test]
fn image_folders() {
    check(
        "two splits among classes",
        &[images("train/1.png train/2.png test/3.png bus/4.png")],
        &[
            "Image folder",
            "bus/4.png bus -",
            "test/3.png test -",
            "train/1.png train -",
            "train/2.png train -",
        ],
    );
    check(
        "a class named like a split",
        &[images("train/1.png bus/1.png car/2.png")],
        &["Image folder", "bus/1.png - bus", "car/2.png - car", "train/1.png - train"],
    );
    check(
        "ImageNet with a flat val",
        &[images("train/n01/1.JPEG train/n02/2.JPEG val/3.JPEG")],
        &["Image folder", "train/n01/1.JPEG train n01", "train/n02/2.JPEG train n02", "val/3.JPEG val -"],
    );
    check(
        "nested, with a picture at the top",
        &[images("dataset/train/cat/1.png dataset/train/dog/2.png dataset/val/cat/3.png dataset/banner.png")],
        &[
            "Image folder",
            "dataset/banner.png - -",
            "dataset/train/cat/1.png train cat",
            "dataset/train/dog/2.png train dog",
            "dataset/val/cat/3.png val cat",
        ],
    );
    check(
        "what systems leave behind",
        &[
            images("a/1.png b/2.png .git/3.png __MACOSX/a/._1.png a/._1.png .cache/x/4.png"),
            text(".DS_Store", "x"),
            text("a/.DS_Store", "x"),
        ],
        &["Image folder", "a/1.png - a", "b/2.png - b"],
    );
    check(
        "Intel's scenes, as they unpack",
        &[images("seg_train/seg_train/sea/1.png seg_test/seg_test/ice/2.png seg_pred/seg_pred/3.png")],
        &[
            "Image folder",
            "seg_pred/seg_pred/3.png seg_pred -",
            "seg_test/seg_test/ice/2.png test ice",
            "seg_train/seg_train/sea/1.png train sea",
        ],
    );
    check(
        "class above split, in capitals",
        &[images("Cat/TRAIN/1.png Cat/Val/2.png Dog/TRAIN/3.png")],
        &["Image folder", "Cat/TRAIN/1.png train Cat", "Cat/Val/2.png val Cat", "Dog/TRAIN/3.png train Dog"],
    );
    check(
        "FER2013 unpacked",
        &[images("Training/sad/1.png Training/shy/4.png PublicTest/sad/2.png PrivateTest/shy/3.png")],
        &[
            "Image folder",
            "PrivateTest/shy/3.png test shy",
            "PublicTest/sad/2.png val sad",
            "Training/sad/1.png train sad",
            "Training/shy/4.png train shy",
        ],
    );
    for (name, paths, rows, mask) in [
        ("masks beside images", "images/1.png masks/1.png", &["images/1.png - -"][..], "masks/1.png"),
        (
            "masks in splits",
            "train/images/1.png train/masks/1.png val/images/2.png",
            &["train/images/1.png train -", "val/images/2.png val -"],
            "train/masks/1.png",
        ),
        (
            "Carvana",
            "train/1.jpg train_masks/1_mask.gif test/2.jpg",
            &["test/2.jpg test -", "train/1.jpg train -"],
            "train_masks/1_mask.gif",
        ),
        (
            "nuclei",
            "stage1_train/a/images/a.png stage1_train/a/masks/x.png stage1_test/b/images/b.png",
            &["stage1_test/b/images/b.png test b", "stage1_train/a/images/a.png train a"],
            "stage1_train/a/masks/x.png",
        ),
        (
            "Oxford's pets",
            "images/cat_1.jpg annotations/trimaps/cat_1.png",
            &["images/cat_1.jpg - -"],
            "annotations/trimaps/cat_1.png",
        ),
    ] {
        let mask = format!("! {mask}: this seems to be a mask");
        check(name, &[images(paths)], &[&["Image folder"], rows, &[&mask]].concat());
    }
}

#[test]
fn tables_beside_images() {
    check(
        "Hugging Face's metadata",
        &[
            images("train/1.png train/2.png test/3.png"),
            text("train/metadata.csv", "file_name,text\n1.png,a cat\n2.png,a dog\n"),
            text("test/metadata.csv", "file_name,text\n3.png,a cow\n"),
        ],
        &["Manifest", "test/3.png test -", "train/1.png train -", "train/2.png train -"],
    );
    check(
        "Hugging Face's metadata of objects",
        &[
            images("train/1.png train/2.png"),
            text(
                "train/metadata.jsonl",
                "{\"file_name\": \"1.png\", \"objects\": {\"bbox\": [[1, 2, 3, 4]], \"categories\": [\"cat\"]}}\n\
                 {\"file_name\": \"2.png\", \"objects\": {\"bbox\": [], \"categories\": []}}\n",
            ),
        ],
        &["Manifest", "train/1.png train cat", "train/2.png train -"],
    );
    check(
        "ids, and more test images than labelled ones",
        &[
            images("train/images/1.jpg test/images/2.jpg test/images/3.jpg test/images/4.jpg"),
            text("train.csv", "id,label\n1,cat\n"),
            text("sample_submission.csv", "id,label\n2,cat\n3,cat\n4,cat\n"),
        ],
        &[
            "Manifest",
            "train/images/1.jpg train cat",
            "test/images/2.jpg test -",
            "test/images/3.jpg test -",
            "test/images/4.jpg test -",
        ],
    );
    check(
        "masks and thumbnails that no row names",
        &[images("img/1.png thumbs/1.png"), text("m.csv", "path,label\nimg/1.png,cat\n")],
        &["Manifest", "img/1.png - cat", "! thumbs/1.png: no row of a table names this image"],
    );
    check(
        "chest X-rays",
        &[
            images("images_001/images/1.png images_002/images/2.png"),
            text("Data.csv", "Image Index,Finding Labels,Age\n1.png,Mass|Edema,50\n2.png,No Finding,51\n"),
        ],
        &["Manifest", "images_001/images/1.png - Mass,Edema", "images_002/images/2.png - No Finding"],
    );
    let ids: String = (0..20).map(|at| format!("i{at},{}\n", at % 2)).collect();
    let many: Vec<File> = (0..20).flat_map(|at| images(&format!("train/{at}/i{at}.jpg"))).collect();
    let rows: Vec<String> = (0..20).map(|at| format!("train/{at}/i{at}.jpg train {}", at % 2)).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    check(
        "landmarks, by id in many folders",
        &[many, text("train.csv", &format!("id,landmark_id\n{ids}"))],
        &[&["Manifest"], &rows[..]].concat(),
    );
    check(
        "Open Images",
        &[
            images("train/0a.jpg train/0b.jpg validation/0c.jpg"),
            text(
                "train-annotations-bbox.csv",
                "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsGroupOf\n\
                 0a,x,/m/1,1,0.1,0.2,0.3,0.4,0\n0a,x,/m/2,1,0.1,0.2,0.3,0.4,1\n0b,x,/m/2,1,0.1,0.1,0.3,0.4,0\n",
            ),
            text(
                "validation-annotations-bbox.csv",
                "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax\n0c,x,/m/1,1,0.1,0.2,0.3,0.4\n",
            ),
        ],
        &[
            "Manifest",
            "train/0a.jpg train /m/1,/m/2 2 boxes",
            "train/0b.jpg train /m/2",
            "validation/0c.jpg val /m/1 1 boxes",
            "! train-annotations-bbox.csv: the box in line 4 is not four numbers with a size",
        ],
    );
    check(
        "CelebA",
        &[
            images("img/1.jpg img/2.jpg"),
            text("attributes.csv", "image_id,Smiling,Young\n1.jpg,1,-1\n2.jpg,-1,1\n"),
            text("partition.csv", "image_id,partition\n2.jpg,val\n1.jpg,train\n"),
        ],
        &["Manifest", "img/1.jpg train Smiling", "img/2.jpg val Young"],
    );
    let celeba = ["1.jpg train Smiling", "2.jpg val Young", "3.jpg test Smiling,Young"]
        .map(|row| format!("img_align_celeba/img_align_celeba/{row}"));
    check(
        "CelebA as it is downloaded",
        &[
            celeba.iter().flat_map(|row| images(row.split(' ').next().unwrap())).collect(),
            text("list_attr_celeba.csv", "image_id,Smiling,Young\n1.jpg,1,-1\n2.jpg,-1,1\n3.jpg,1,1\n"),
            text("list_bbox_celeba.csv", "image_id,x_1,y_1,width,height\n1.jpg,95,71,226,313\n"),
            text("list_eval_partition.csv", "image_id,partition\n1.jpg,0\n2.jpg,1\n3.jpg,2\n"),
            text("list_landmarks_align_celeba.csv", "image_id,lefteye_x,lefteye_y\n1.jpg,69,109\n"),
        ],
        &["Manifest", &celeba[0], &celeba[1], &celeba[2]],
    );
    check(
        "FER2013's usage",
        &[
            images("img/1.png img/2.png img/3.png"),
            text("l.csv", "Usage,image,emotion\nTraining,1.png,0\nPublicTest,2.png,1\nPrivateTest,3.png,1\n"),
        ],
        &["Manifest", "img/1.png train 0", "img/2.png val 1", "img/3.png test 1"],
    );
    check(
        "car detection: boxes of one kind",
        &[
            images("training_images/a.jpg training_images/b.jpg testing_images/c.jpg"),
            text(
                "train_solution_bounding_boxes (1).csv",
                "image,xmin,ymin,xmax,ymax\na.jpg,1,1,3,3.5\na.jpg,2,1,4,3\nb.jpg,0,1,2,2\n",
            ),
        ],
        &[
            "Manifest",
            "training_images/a.jpg train object 2 boxes",
            "training_images/b.jpg train object 1 boxes",
            "testing_images/c.jpg test -",
        ],
    );
    check(
        "frames of one name in many folders are not the first folder's",
        &[
            (0..6).flat_map(|at| images(&format!("v{at}/0.jpg"))).collect(),
            text(
                "l.csv",
                &(0..6).fold("video,frame,label\n".into(), |rows, at| format!("{rows}v{at},0.jpg,cat\n")),
            ),
        ],
        &[
            "Image folder",
            "v0/0.jpg - v0",
            "v1/0.jpg - v1",
            "v2/0.jpg - v2",
            "v3/0.jpg - v3",
            "v4/0.jpg - v4",
            "v5/0.jpg - v5",
        ],
    );
    check_opened(
        "addresses",
        &[
            images("b.png"),
            text("m.csv", "url,label\nhttps://example.org/x/a.png,cat\nhttps://example.org/x/b.png,dog\n"),
        ],
        "m.csv",
        &[
            "Manifest",
            "https://example.org/x/a.png - cat",
            "b.png - dog",
            "! m.csv: images that the table names by their address on a network, here 1, are not downloaded",
        ],
    );
    check(
        "entries of a list",
        &[
            images("a.png b.png"),
            text(
                "l.json",
                r#"[{"image": "a.png", "label": "cat"}, 3, {"image": "b.png"}, {"image": "c.png"}, {"label": "x"}, {"#,
            ),
        ],
        &[
            "Manifest",
            "a.png - cat",
            "b.png - -",
            "c.png - -",
            "! l.json: entry 2 cannot be read",
            "! l.json: entry 6 cannot be read: the JSON breaks off",
            "! c.png: l.json, entry 4 names this file and it is not there",
            "! l.json: entry 5 names no file",
        ],
    );
    for (count, issue) in [
        (300, "! a.png: the samples have more than 256 attributes"),
        (1030, "! l.csv: the table has more than 1024 columns"),
    ] {
        let names: String = (0..count).map(|at| format!(",n{at}")).collect();
        let files = [
            images("a.png"),
            text("l.csv", &format!("path,label{names}\na.png,cat{}\n", ",t".repeat(count))),
        ];
        let told = told(&files, "");
        assert!(told.iter().any(|told| told.starts_with(issue)), "{told:?}");
    }
    check(
        "traffic signs, with a table for each split",
        &[
            images("Train/0/1.png Train/1/2.png Test/3.png Meta/0.png"),
            text("Train.csv", "Width,Roi.X1,ClassId,Path\n5,1,0,Train/0/1.png\n5,1,1,Train/1/2.png\n"),
            text("Test.csv", "Width,Roi.X1,ClassId,Path\n5,1,1,Test/3.png\n"),
        ],
        &[
            "Manifest",
            "Test/3.png test 1",
            "Train/0/1.png train 0",
            "Train/1/2.png train 1",
            "! Meta/0.png: no row of a table names",
        ],
    );
    let utf16 = "path\tlabel\r\na.png\tcat\r\nb.png\tdög\r\n".encode_utf16().flat_map(u16::to_le_bytes);
    let utf16 = File("l.csv".into(), b"\xff\xfe".iter().copied().chain(utf16).collect());
    check(
        "UTF-16 with tabs",
        &[images("a.png b.png"), vec![utf16]],
        &["Manifest", "a.png - cat", "b.png - dög"],
    );
    check(
        "semicolons and names of columns in another language",
        &[
            images("a.png b.png c.png d.png"),
            text(
                "l.csv",
                "\u{feff}datei;klasse\r\na.png;Katze\r\nb.png;Hund\r\nc.png;Hund\r\nd.png;Katze\r\n",
            ),
        ],
        &["Manifest", "a.png - Katze", "b.png - Hund", "c.png - Hund", "d.png - Katze"],
    );
    for (name, file, content) in [
        (
            "a list of objects",
            "data.json",
            r#"[{"image": "a.png", "meta": {"class": "cat"}}, {"image": "b.png", "meta": {"class": "dog"}}]"#,
        ),
        (
            "objects in objects",
            "data.jsonl",
            "{\"image\": {\"path\": \"img/a.png\"}, \"annotations\": [{\"label\": \"cat\"}]}\n\
             {\"image\": {\"path\": \"img/b.png\"}, \"annotations\": [{\"label\": \"dog\"}]}\n",
        ),
    ] {
        let files = [images("img/a.png img/b.png"), text(file, content)];
        check(name, &files, &["Manifest", "img/a.png - cat", "img/b.png - dog"]);
    }
}

#[test]
fn many_tables() {
    let paths: Vec<String> = (0..100).map(|at| format!("{at:02}/a.png")).collect();
    let each = |count: usize, name: &str, content: &str| -> Vec<File> {
        let image = |at: usize| images(&paths[at]).into_iter();
        (0..count).flat_map(|at| image(at).chain(text(&format!("{at:02}/{name}"), content))).collect()
    };
    let expect = |count: usize| -> Vec<String> {
        let rows = paths[..count].iter().map(|path| format!("{path} - cat"));
        ["Manifest".to_owned()].into_iter().chain(rows).collect()
    };
    let check = |name: &str, files: &[Vec<File>], expected: &[String]| {
        check(name, files, &expected.iter().map(String::as_str).collect::<Vec<_>>());
    };
    let metadata = each(100, "metadata.jsonl", "{\"file_name\": \"a.png\", \"label\": \"cat\"}\n");
    check("metadata in each of many folders", &[metadata], &expect(100));
    let mut expected = expect(64);
    expected.push("! : 3 tables more than are looked at were left unread".into());
    expected.push("! 64/a.png: no row of a table names".into());
    let tables = each(67, "labels.csv", "path,label\na.png,cat\n");
    check("another table in each of many folders", &[tables], &expected);
    let rows: String = paths.iter().map(|path| format!("{path},cat\n")).collect();
    let sidecars = each(100, "a.json", "{\"shapes\": [], \"imagePath\": \"a.png\"}");
    // Deeper than they are: JSON comes last all the same.
    let table = text("meta/of/all/labels.csv", &format!("path,label\n{rows}"));
    check("a table and a file of another program beside each image", &[sidecars, table], &expect(100));
}

#[cfg(unix)]
#[test]
fn names_that_are_not_utf8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let name = |bytes: &'static [u8]| Path::new(OsStr::from_bytes(bytes));
    let folder = tempfile::tempdir().unwrap();
    let mut builder = tar::Builder::new(Vec::new());
    let content = png(1);
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    builder.append_data(&mut header, name(b"caf\xe9.png"), &content[..]).unwrap();
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Link);
    link.set_size(0);
    builder.append_link(&mut link, "x.png", name(b"caf\xe9.png")).unwrap();
    let archive = folder.path().join("t.tar");
    std::fs::write(&archive, builder.into_inner().unwrap()).unwrap();
    assert_eq!(told_of(&archive), ["Image folder", "caf\\xE9.png - -", "x.png - -"]);
    std::fs::remove_file(archive).unwrap();

    for path in ["images", "labels"] {
        std::fs::create_dir(folder.path().join(path)).unwrap();
    }
    // Not every disk takes such a name.
    if std::fs::write(folder.path().join(name(b"images/caf\xe9.png")), content).is_err() {
        return;
    }
    std::fs::write(folder.path().join(name(b"labels/caf\xe9.txt")), "0 0.5 0.5 0.1 0.1\n").unwrap();
    std::fs::write(folder.path().join("classes.txt"), "cat\n").unwrap();
    assert_eq!(told_of(folder.path()), ["YOLO", "images/caf\\xE9.png - cat 1 boxes"]);
}

#[test]
fn images_with_boxes() {
    let labels =
        |folder: &str, name: &str| text(&format!("{folder}/labels/{name}.txt"), "1 0.5 0.5 0.1 0.1\n");
    for (name, folder, yaml) in [
        ("Roboflow, from the file's folder", "", "train: ../train/images\nval: ../valid/images\n"),
        ("Roboflow, one folder deeper", "ds/", "train: ../train/images\nval: ../valid/images\n"),
        ("absolute paths", "", "train: /home/u/ds/train/images\nval: /home/u/ds/valid/images\n"),
        ("an absolute base", "", "path: /content/ds\ntrain: train/images\nval: valid/images\n"),
    ] {
        let yaml = format!("{yaml}nc: 2\nnames: [cat, dog]\n");
        check(
            name,
            &[
                images(&format!("{folder}train/images/a.png {folder}valid/images/b.png {folder}logo.png")),
                labels(&format!("{folder}train"), "a"),
                text(&format!("{folder}data.yaml"), &yaml),
            ],
            &[
                "YOLO",
                &format!("{folder}train/images/a.png train dog 1 boxes"),
                &format!("{folder}valid/images/b.png val -"),
                &format!("! {folder}logo.png: no label file and no split is there for this image"),
            ],
        );
    }
    check(
        "Darknet",
        &[
            images("obj/a.png obj/b.png"),
            text("obj/a.txt", "0 0.5 0.5 0.1 0.1\n"),
            text("obj.names", "cat\ndog\n"),
            text(
                "obj.data",
                "classes=2\ntrain = data/train.txt\nvalid = data/test.txt\nnames = data/obj.names\n",
            ),
            text("train.txt", "data/obj/a.png\n"),
            text("test.txt", "data/obj/b.png\n"),
        ],
        &["YOLO", "obj/a.png train cat 1 boxes", "obj/b.png val -"],
    );
    check(
        "YOLO's file below many others in the order of names",
        &[
            images("images/train/a.png"),
            (0..20).flat_map(|at| text(&format!("configs/{at:02}.yaml"), "lr: 1\n")).collect(),
            text("data.yaml", "train: images/train\nnames: [cat]\n"),
        ],
        &["YOLO", "images/train/a.png train -"],
    );
    check(
        "a path of too many folders",
        &[
            images("images/a.png"),
            text("data.yaml", &format!("train: {}\nval: images\nnames: [cat]\n", "a/".repeat(20_000))),
        ],
        &["YOLO", "images/a.png val -", "! data.yaml: the path of split train is longer than any folder's"],
    );
    let coco = |image: &str| {
        format!(
            r#"{{"images": [{{"id": 1, {image}}}], "categories": [{{"id": 2, "name": "cat"}}],
                "annotations": [{{"image_id": 1, "category_id": 2, "bbox": [0, 0, 2, 2]}}]}}"#
        )
    };
    check(
        "LVIS",
        &[
            images("train2017/1.jpg val2017/2.jpg"),
            text(
                "lvis_v1_train.json",
                &coco(r#""coco_url": "http://images.cocodataset.org/train2017/1.jpg""#),
            ),
            text("lvis_v1_val.json", &coco(r#""coco_url": "http://images.cocodataset.org/val2017/2.jpg""#)),
        ],
        &["COCO", "train2017/1.jpg train cat 1 boxes", "val2017/2.jpg val cat 1 boxes"],
    );
    check(
        "an image of the same name in another folder is another image",
        &[
            images("train2017/1.jpg"),
            text("a/instances_val2017.json", &coco(r#""file_name": "val2017/1.jpg""#)),
        ],
        &[
            "COCO",
            "a/val2017/1.jpg val cat 1 boxes",
            "! a/val2017/1.jpg: a/instances_val2017.json lists this image, and it is not there",
            "! train2017/1.jpg: no annotation file lists this image",
        ],
    );
    check(
        "COCO as it is downloaded",
        &[
            zip("train2017.zip", &images("train2017/1.jpg")),
            zip(
                "annotations.zip",
                &text("annotations/instances_train2017.json", &coco(r#""file_name": "1.jpg""#)),
            ),
        ],
        &["COCO", "train2017.zip/train2017/1.jpg train cat 1 boxes"],
    );
    check(
        "COCO that lists no image leaves the folder, and says so",
        &[images("a/1.jpg"), text("x.json", &coco(r#""width": 3"#))],
        &["Image folder", "a/1.jpg - -", "! this looks like COCO but could not be read as such"],
    );
    let voc = |name: &str| {
        format!(
            "<annotation><filename>{name}</filename><object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin>\
             <xmax>2</xmax><ymax>3</ymax></bndbox></object></annotation>"
        )
    };
    check(
        "VOC with segmentations",
        &[
            images("VOC/JPEGImages/a.jpg VOC/JPEGImages/b.jpg VOC/SegmentationClass/a.png"),
            text("VOC/Annotations/a.xml", &voc("a.jpg")),
            text("VOC/ImageSets/Main/train.txt", "a\n"),
        ],
        &[
            "Pascal VOC",
            "VOC/JPEGImages/a.jpg train cat 1 boxes",
            "VOC/JPEGImages/b.jpg - -",
            "! VOC/SegmentationClass/a.png: no annotation file lies beside this image",
        ],
    );
    check(
        "frames of one name in many folders",
        &[
            images("Data/x/0.jpg Data/y/0.jpg"),
            text("Annotations/y/0.xml", &voc("0")),
            text("Annotations/x/0.xml", &voc("0")),
        ],
        &["Pascal VOC", "Data/x/0.jpg - cat 1 boxes", "Data/y/0.jpg - cat 1 boxes"],
    );
}

#[test]
fn archives() {
    check(
        "an archive beside a picture",
        &[zip("data.zip", &images("train/cat/1.png")), zip("more.zip", &[]), images("preview.png")],
        &["Image folder", "preview.png - -", "! data.zip: this archive was not opened (nor 1 more here)"],
    );
    check(
        "zips in a zip",
        &[zip(
            "all.zip",
            &[
                zip("train.zip", &images("train/cat.0.jpg")),
                zip("test1.zip", &images("test1/1.jpg")),
                text("sampleSubmission.csv", "id,label\n1,0\n"),
            ]
            .concat(),
        )],
        &[
            "Image folder",
            "all.zip/test1.zip/test1/1.jpg test -",
            "all.zip/train.zip/train/cat.0.jpg train -",
        ],
    );
    check(
        "ImageNet's tar of tars",
        &[tar(
            "train.tar",
            &[tar("n02.tar", &images("n02_1.JPEG")), tar("n01.tar", &images("n01_1.JPEG"))].concat(),
        )],
        &["Image folder", "train.tar/n01.tar/n01_1.JPEG train n01", "train.tar/n02.tar/n02_1.JPEG train n02"],
    );
    let sample = |name: &str, label: &str| {
        [images(&format!("{name}.jpg")), text(&format!("{name}.cls"), label)].concat()
    };
    check(
        "shards in the folders of splits",
        &[
            tar("train/000.tar", &sample("a", "1")),
            tar("train/001.tar", &sample("b", "0")),
            tar("val/000.tar", &sample("c", "0")),
        ],
        &[
            "WebDataset",
            "train/000.tar/a.jpg train 1",
            "train/001.tar/b.jpg train 0",
            "val/000.tar/c.jpg val 0",
        ],
    );
}

#[test]
fn arrays() {
    let npy = |path: &str, rows: usize| {
        let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({rows}, 6, 5, 3), }}");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(vec![7; rows * 90]);
        vec![File(path.into(), bytes)]
    };
    check(
        "arrays beside as many images are something of those",
        &[images("rgb/1.png rgb/2.png"), npy("depth/1.npy", 1), npy("depth/2.npy", 1)],
        &["Image folder", "rgb/1.png - -", "rgb/2.png - -"],
    );
    check(
        "arrays beside a picture",
        &[images("preview.png"), npy("x.npy", 2)],
        &["NumPy", "x.npy#0 - -", "x.npy#1 - -", "! x.npy: no array of labels"],
    );
}

#[test]
fn what_cannot_be_read_is_told() {
    check(
        "TFRecord",
        &[text("cats-train.tfrecord-00000-of-00002", "x"), text("info.json", "{}"), text("README", "x")],
        &["! among 1 without an ending, 1 .json, 1 .tfrecord files; looked for COCO, Pascal VOC"],
    );
    check(
        "CIFAR for Python",
        &[text("cifar/data_batch_1", "x"), text("cifar/batches.meta", "x")],
        &["! get the binary version of the same images: "],
    );
}
