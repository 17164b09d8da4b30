//! Layouts as people have them: what each one opens as, sample by sample.

use std::io::Write;

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

/// A file of a layout: an image where only the path is told.
#[derive(Clone)]
pub struct File(String, Vec<u8>);

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

fn show(name: &str, files: &[Vec<File>]) {
    show_at(name, "", files)
}

fn show_at(name: &str, opened: &str, files: &[Vec<File>]) {
    let folder = tempfile::tempdir().unwrap();
    for File(path, content) in files.iter().flatten() {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    println!("== {name}");
    match import::open(folder.path().join(opened).to_str().unwrap(), &Control::new()) {
        Ok(Imported { dataset, issues }) => {
            println!("   {:?} classes {:?}", dataset.layout, dataset.labels.classes);
            for row in rows(&dataset) {
                println!("   {row}");
            }
            for attribute in &dataset.attributes {
                println!("   .{} {:?}", attribute.name, attribute.values.iter().collect::<Vec<_>>());
            }
            for issue in issues {
                println!("   ! {} {}: {}", issue.kind.name(), issue.path, issue.message);
            }
        }
        Err(error) => println!("   ERROR {error}"),
    }
}

#[test]
fn explore() {
    show("classes named like splits", &[images("train/1.png bus/1.png car/2.png test/1.png")]);
    show(
        "roboflow yolo",
        &[
            images("train/images/a.png valid/images/b.png test/images/c.png"),
            text("train/labels/a.txt", "0 0.5 0.5 0.1 0.1\n"),
            text("valid/labels/b.txt", "1 0.5 0.5 0.1 0.1\n"),
            text("test/labels/c.txt", "1 0.5 0.5 0.1 0.1\n"),
            text(
                "data.yaml",
                "train: ../train/images\nval: ../valid/images\ntest: ../test/images\nnc: 2\nnames: ['cat', 'dog']\n",
            ),
        ],
    );
    show(
        "roboflow yolo one deeper",
        &[
            images("ds/train/images/a.png ds/valid/images/b.png"),
            text("ds/train/labels/a.txt", "0 0.5 0.5 0.1 0.1\n"),
            text("ds/valid/labels/b.txt", "1 0.5 0.5 0.1 0.1\n"),
            text(
                "ds/data.yaml",
                "train: ../train/images\nval: ../valid/images\nnc: 2\nnames: ['cat', 'dog']\n",
            ),
        ],
    );
    show(
        "yolo absolute",
        &[
            images("images/train/a.png images/val/b.png images/val/empty.png"),
            text("labels/train/a.txt", "0 0.5 0.5 0.1 0.1\n"),
            text("labels/val/b.txt", "1 0.5 0.5 0.1 0.1\n"),
            text(
                "data.yaml",
                "train: /home/u/data/images/train\nval: /home/u/data/images/val\nnc: 2\nnames: ['cat', 'dog']\n",
            ),
        ],
    );
    show(
        "yolo absolute path, one absolute and one not",
        &[
            images("images/train/a.png images/val/b.png images/val/empty.png"),
            text("labels/train/a.txt", "0 0.5 0.5 0.1 0.1\n"),
            text("labels/val/b.txt", "1 0.5 0.5 0.1 0.1\n"),
            text(
                "data.yaml",
                "path: /content/coco\ntrain: images/train\nval: /home/u/data/images/val\nnc: 2\nnames: ['cat', 'dog']\n",
            ),
        ],
    );
    show(
        "yolo lists with absolute paths",
        &[
            images("images/a.png images/b.png"),
            text("labels/a.txt", "0 0.5 0.5 0.1 0.1\n"),
            text("train.txt", "/home/u/images/a.png\n"),
            text("val.txt", "./images/b.png\n"),
            text("data.yaml", "train: train.txt\nval: val.txt\nnc: 2\nnames: ['cat', 'dog']\n"),
        ],
    );
    show(
        "darknet",
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
    );
    show("imagenet val flat", &[images("train/n01/1.JPEG train/n02/2.JPEG val/3.JPEG val/4.JPEG")]);
    show(
        "hf imagefolder metadata.csv",
        &[
            images("train/1.png train/2.png test/3.png"),
            text("train/metadata.csv", "file_name,text\n1.png,a cat\n2.png,a dog\n"),
            text("test/metadata.csv", "file_name,text\n3.png,a cow\n"),
        ],
    );
    show(
        "hf imagefolder metadata.jsonl",
        &[
            images("data/train/1.png data/train/2.png"),
            text(
                "data/train/metadata.jsonl",
                "{\"file_name\": \"1.png\", \"objects\": {\"bbox\": [[1,2,3,4]], \"categories\": [0]}}\n{\"file_name\": \"2.png\", \"objects\": {\"bbox\": [], \"categories\": []}}\n",
            ),
        ],
    );
    show(
        "kaggle",
        &[
            images(
                "train/images/1.jpg train/images/2.jpg test/images/3.jpg test/images/4.jpg test/images/5.jpg",
            ),
            text("train.csv", "id,label\n1,cat\n2,dog\n"),
            text("sample_submission.csv", "id,label\n3,cat\n4,cat\n5,cat\n"),
        ],
    );
    show(
        "dog breeds",
        &[
            images("train/a1.jpg train/a2.jpg test/b1.jpg test/b2.jpg test/b3.jpg test/b4.jpg test/b5.jpg"),
            text("labels.csv", "id,breed\na1,boston_bull\na2,dingo\n"),
            text("sample_submission.csv", "id,boston_bull,dingo\nb1,0.5,0.5\n"),
        ],
    );
    show(
        "nih",
        &[
            images("images_001/images/1.png images_002/images/2.png"),
            text(
                "Data_Entry_2017.csv",
                "Image Index,Finding Labels,Follow-up #,Patient ID\n1.png,Cardiomegaly|Emphysema,0,1\n2.png,No Finding,1,1\n",
            ),
            text("train_val_list.txt", "1.png\n"),
            text("test_list.txt", "2.png\n"),
        ],
    );
    show(
        "plant pathology",
        &[
            images("images/Train_0.jpg images/Train_1.jpg images/Test_0.jpg"),
            text(
                "train.csv",
                "image_id,healthy,multiple_diseases,rust,scab\nTrain_0,0,0,0,1\nTrain_1,0,1,1,0\n",
            ),
            text("test.csv", "image_id\nTest_0\n"),
        ],
    );
    show(
        "nested splits",
        &[images("dataset/train/cat/1.png dataset/train/dog/2.png dataset/val/cat/3.png dataset/banner.png")],
    );
    show(
        "lvis",
        &[
            images("train2017/000000000001.jpg val2017/000000000002.jpg"),
            text(
                "lvis_v1_train.json",
                r#"{"info": {}, "annotations": [{"id": 1, "image_id": 1, "category_id": 2, "bbox": [0,0,2,2], "segmentation": [[1,2,3,4]]}], "images": [{"id": 1, "coco_url": "http://images.cocodataset.org/train2017/000000000001.jpg", "neg_category_ids": [1]}], "categories": [{"id": 2, "name": "aerosol_can", "synset": "aerosol.n.02"}]}"#,
            ),
            text(
                "lvis_v1_val.json",
                r#"{"info": {}, "annotations": [{"id": 1, "image_id": 2, "category_id": 2, "bbox": [0,0,2,2]}], "images": [{"id": 2, "coco_url": "http://images.cocodataset.org/val2017/000000000002.jpg"}], "categories": [{"id": 2, "name": "aerosol_can"}]}"#,
            ),
        ],
    );
    show(
        "hidden",
        &[
            images("a/1.png b/2.png .git/3.png __MACOSX/a/._1.png a/._1.png .cache/x/4.png"),
            text(".DS_Store", "x"),
            text("a/.DS_Store", "x"),
        ],
    );
    show("masks beside", &[images("images/1.png images/2.png masks/1.png masks/2.png")]);
    show(
        "masks in splits",
        &[images("train/images/1.png train/masks/1.png val/images/2.png val/masks/2.png")],
    );
    show(
        "carvana",
        &[images("train/1.jpg train/2.jpg train_masks/1_mask.gif train_masks/2_mask.gif test/3.jpg")],
    );
    show(
        "camvid",
        &[images("train/1.png trainannot/1.png val/2.png valannot/2.png test/3.png testannot/3.png")],
    );
    show(
        "cityscapes",
        &[images(
            "leftImg8bit/train/aachen/a_leftImg8bit.png gtFine/train/aachen/a_gtFine_labelIds.png leftImg8bit/val/ulm/b_leftImg8bit.png gtFine/val/ulm/b_gtFine_labelIds.png",
        )],
    );
    show(
        "zip in folder",
        &[zip("data.zip", &images("train/cat/1.png train/dog/2.png val/cat/3.png")), text("README.md", "x")],
    );
    show(
        "zip beside a picture",
        &[zip("data.zip", &images("train/cat/1.png train/dog/2.png val/cat/3.png")), images("preview.png")],
    );
    show(
        "zips in zip",
        &[zip(
            "all.zip",
            &[
                zip("train.zip", &images("train/cat.0.jpg train/dog.0.jpg")),
                zip("test1.zip", &images("test1/1.jpg")),
                text("sampleSubmission.csv", "id,label\n1,0\n"),
            ]
            .concat(),
        )],
    );
    show(
        "tars in tar (imagenet)",
        &[tar(
            "ILSVRC2012_img_train.tar",
            &[
                tar("n01440764.tar", &images("n01440764_1.JPEG")),
                tar("n01443537.tar", &images("n01443537_2.JPEG")),
            ]
            .concat(),
        )],
    );
    show(
        "webdataset in split folders",
        &[
            tar("train/000.tar", &[images("a.jpg"), text("a.cls", "1")].concat()),
            tar("train/001.tar", &[images("b.jpg"), text("b.cls", "0")].concat()),
            tar("val/000.tar", &[images("c.jpg"), text("c.cls", "0")].concat()),
        ],
    );
    show(
        "tfds",
        &[
            text("cats/1.0.0/cats-train.tfrecord-00000-of-00002", "x"),
            text("cats/1.0.0/dataset_info.json", "{}"),
            text("cats/1.0.0/label.labels.txt", "cat\ndog\n"),
        ],
    );
    show(
        "coco with zipped images",
        &[
            zip("train2017.zip", &images("train2017/1.jpg train2017/2.jpg")),
            text(
                "annotations/instances_train2017.json",
                r#"{"images": [{"id": 1, "file_name": "1.jpg"}, {"id": 2, "file_name": "2.jpg"}], "annotations": [{"image_id": 1, "category_id": 1, "bbox": [0,0,1,1]}], "categories": [{"id": 1, "name": "cat"}]}"#,
            ),
        ],
    );
    show(
        "coco zipped everything",
        &[
            zip("train2017.zip", &images("train2017/1.jpg train2017/2.jpg")),
            zip(
                "annotations_trainval2017.zip",
                &text(
                    "annotations/instances_train2017.json",
                    r#"{"images": [{"id": 1, "file_name": "1.jpg"}, {"id": 2, "file_name": "2.jpg"}], "annotations": [{"image_id": 1, "category_id": 1, "bbox": [0,0,1,1]}], "categories": [{"id": 1, "name": "cat"}]}"#,
                ),
            ),
        ],
    );
    show(
        "coco split by folder, bare names twice",
        &[
            images("train/1.jpg val/1.jpg"),
            text(
                "train.json",
                r#"{"images": [{"id": 1, "file_name": "1.jpg"}], "annotations": [{"image_id": 1, "category_id": 1, "bbox": [0,0,1,1]}], "categories": [{"id": 1, "name": "cat"}]}"#,
            ),
            text(
                "val.json",
                r#"{"images": [{"id": 1, "file_name": "1.jpg"}], "annotations": [{"image_id": 1, "category_id": 1, "bbox": [0,0,1,1]}], "categories": [{"id": 1, "name": "dog"}]}"#,
            ),
        ],
    );
    show(
        "coco names another folder's image",
        &[
            images("train2017/1.jpg"),
            text(
                "annotations/instances_val2017.json",
                r#"{"images": [{"id": 1, "file_name": "val2017/1.jpg"}], "annotations": [{"image_id": 1, "category_id": 1, "bbox": [0,0,1,1]}], "categories": [{"id": 1, "name": "dog"}]}"#,
            ),
        ],
    );
    let voc = |name: &str, class: &str| {
        format!(
            "<annotation><folder>x</folder><filename>{name}</filename><object><name>{class}</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>3</ymax></bndbox></object></annotation>"
        )
    };
    show(
        "voc full",
        &[
            images(
                "VOCdevkit/VOC2012/JPEGImages/a.jpg VOCdevkit/VOC2012/JPEGImages/b.jpg VOCdevkit/VOC2012/JPEGImages/seg.jpg VOCdevkit/VOC2012/SegmentationClass/a.png VOCdevkit/VOC2012/SegmentationObject/a.png",
            ),
            text("VOCdevkit/VOC2012/Annotations/a.xml", &voc("a.jpg", "cat")),
            text("VOCdevkit/VOC2012/Annotations/b.xml", &voc("b.jpg", "dog")),
            text("VOCdevkit/VOC2012/ImageSets/Main/train.txt", "a\n"),
            text("VOCdevkit/VOC2012/ImageSets/Main/val.txt", "b\n"),
            text("VOCdevkit/VOC2012/ImageSets/Segmentation/val.txt", "a\n"),
        ],
    );
    show(
        "voc beside images",
        &[
            images("train/a.jpg test/b.jpg"),
            text("train/a.xml", &voc("a.jpg", "cat")),
            text("test/b.xml", &voc("b.jpg", "dog")),
        ],
    );
    show(
        "open images",
        &[
            images("train/000a1.jpg train/000b2.jpg validation/000c3.jpg"),
            text(
                "train-annotations-bbox.csv",
                "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,IsDepiction,IsInside\n000a1,xclick,/m/01g317,1,0.1,0.2,0.3,0.4,0,0,0,0,0\n000a1,xclick,/m/0h9mv,1,0.1,0.2,0.3,0.4,0,1,0,0,0\n000b2,xclick,/m/0h9mv,1,0.1,0.2,0.3,0.4,0,0,0,0,0\n",
            ),
            text(
                "validation-annotations-bbox.csv",
                "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax\n000c3,xclick,/m/01g317,1,0.1,0.2,0.3,0.4\n",
            ),
            text("class-descriptions-boxable.csv", "/m/01g317,Person\n/m/0h9mv,Tire\n"),
        ],
    );
    show(
        "tf detection csv",
        &[
            images("images/a.jpg images/b.jpg"),
            text(
                "labels.csv",
                "filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,5,4,cat,1,1,2,2\na.jpg,5,4,dog,1,1,2,2\nb.jpg,5,4,cat,1,1,2,2\n",
            ),
        ],
    );
    show(
        "semicolons",
        &[images("a.png b.png"), text("l.csv", "datei;klasse\r\na.png;Katze\r\nb.png;Hund\r\n")],
    );
    show(
        "utf16",
        &[
            images("a.png b.png"),
            vec![File(
                "l.csv".into(),
                [
                    b"\xff\xfe".to_vec(),
                    "path\tlabel\r\na.png\tcat\r\nb.png\tdög\r\n"
                        .encode_utf16()
                        .flat_map(u16::to_le_bytes)
                        .collect(),
                ]
                .concat(),
            )],
        ],
    );
    show(
        "json list",
        &[
            images("img/a.png img/b.png"),
            text(
                "data.json",
                r#"[{"image": "a.png", "meta": {"class": "cat"}}, {"image": "b.png", "meta": {"class": "dog"}}]"#,
            ),
        ],
    );
    show(
        "nested jsonl",
        &[
            images("img/a.png img/b.png"),
            text(
                "data.jsonl",
                "{\"image\": {\"path\": \"img/a.png\"}, \"annotations\": {\"label\": \"cat\"}}\n{\"image\": {\"path\": \"img/b.png\"}, \"annotations\": {\"label\": \"dog\"}}\n",
            ),
        ],
    );
    show(
        "json of names",
        &[images("img/a.png img/b.png"), text("labels.json", r#"{"a.png": "cat", "b.png": "dog"}"#)],
    );
    show(
        "json wrapped",
        &[
            images("img/a.png img/b.png"),
            text(
                "labels.json",
                r#"{"data": [{"file": "a.png", "label": "cat"}, {"file": "b.png", "label": "dog"}]}"#,
            ),
        ],
    );
    show(
        "celeba",
        &[
            images("img_align_celeba/000001.jpg img_align_celeba/000002.jpg"),
            text("list_attr_celeba.csv", "image_id,Smiling,Young\n000001.jpg,1,-1\n000002.jpg,-1,1\n"),
            text("list_eval_partition.csv", "image_id,partition\n000001.jpg,0\n000002.jpg,2\n"),
        ],
    );
    show(
        "imagenette",
        &[
            images("imagenette2/train/n01/1.JPEG imagenette2/val/n01/2.JPEG"),
            text(
                "imagenette2/noisy_imagenette.csv",
                "path,noisy_labels_0,noisy_labels_1,noisy_labels_5,is_valid\ntrain/n01/1.JPEG,n01,n01,n02,False\nval/n01/2.JPEG,n01,n01,n01,True\n",
            ),
        ],
    );
    show(
        "stage1",
        &[images("stage1_train/a/images/a.png stage1_train/a/masks/x.png stage1_test/b/images/b.png")],
    );
    show(
        "pets",
        &[
            images(
                "images/Abyssinian_1.jpg images/beagle_2.jpg annotations/trimaps/Abyssinian_1.png annotations/trimaps/beagle_2.png",
            ),
            text("annotations/list.txt", "#Image CLASS-ID SPECIES BREED ID\nAbyssinian_1 1 1 1\n"),
        ],
    );
    show(
        "many folders of ids",
        &[
            (0..20).flat_map(|at| images(&format!("train/{at}/i{at}.jpg"))).collect(),
            text(
                "train.csv",
                &format!(
                    "id,landmark_id\n{}",
                    (0..20).map(|at| format!("i{at},{}\n", at % 3)).collect::<String>()
                ),
            ),
        ],
    );
    show(
        "cifar python",
        &[
            text("cifar-10-batches-py/data_batch_1", "\u{80}x"),
            text("cifar-10-batches-py/batches.meta", "x"),
            text("cifar-10-batches-py/test_batch", "x"),
        ],
    );
    show(
        "npy depth beside images",
        &[
            images("rgb/1.png rgb/2.png rgb/3.png"),
            (1..4)
                .map(|at| {
                    File(format!("depth/{at}.npy"), {
                        let t = "{'descr': '|u1', 'fortran_order': False, 'shape': (6, 5, 3), }";
                        let mut b = b"\x93NUMPY\x01\x00".to_vec();
                        b.extend((t.len() as u16).to_le_bytes());
                        b.extend(t.as_bytes());
                        b.extend(vec![7; 90]);
                        b
                    })
                })
                .collect(),
        ],
    );
    show("class above split upper", &[images("Cat/TRAIN/1.png Cat/Val/2.png Dog/TRAIN/3.png")]);
    show(
        "gender",
        &[images("Training/male/1.png Training/female/2.png Validation/male/3.png Validation/female/4.png")],
    );
    show("kaggle caltech", &[images("train/train/cat/1.png train/train/dog/2.png test/test/3.png")]);
    show(
        "double nested",
        &[images(
            "seg_train/seg_train/forest/1.png seg_train/seg_train/sea/2.png seg_test/seg_test/forest/3.png seg_pred/seg_pred/4.png",
        )],
    );
    show(
        "chest xray",
        &[images(
            "chest_xray/train/NORMAL/1.png chest_xray/train/PNEUMONIA/2.png chest_xray/test/NORMAL/3.png chest_xray/val/PNEUMONIA/4.png chest_xray/__MACOSX/x/._a.png",
        )],
    );
    show(
        "fruits",
        &[images(
            "fruits-360/Training/Apple/1.png fruits-360/Test/Apple/2.png fruits-360/test-multiple_fruits/x.png",
        )],
    );
    show(
        "gtsrb",
        &[
            images("Train/0/1.png Train/1/2.png Test/00001.png Meta/0.png Meta/1.png"),
            text(
                "Train.csv",
                "Width,Height,Roi.X1,ClassId,Path\n5,4,1,0,Train/0/1.png\n5,4,1,1,Train/1/2.png\n",
            ),
            text("Test.csv", "Width,Height,Roi.X1,ClassId,Path\n5,4,1,1,Test/00001.png\n"),
            text("Meta.csv", "Path,ClassId,ShapeId\nMeta/0.png,0,1\nMeta/1.png,1,1\n"),
        ],
    );
    show(
        "ham10000",
        &[
            images("HAM10000_images_part_1/ISIC_1.jpg HAM10000_images_part_2/ISIC_2.jpg"),
            text(
                "HAM10000_metadata.csv",
                "lesion_id,image_id,dx,dx_type,age\nHAM_1,ISIC_1,bkl,histo,80\nHAM_2,ISIC_2,nv,histo,40\n",
            ),
            text("hmnist_28_28_L.csv", "pixel0000,pixel0001,label\n169,171,2\n25,77,2\n"),
        ],
    );
    show("two spaces", &[images("a b/x 1.png a b/x 2.png")]);
    show(
        "labelme",
        &[
            images("a.png b.png"),
            text(
                "a.json",
                r#"{"version": "5", "flags": {}, "shapes": [{"label": "cat", "points": [[0,0],[1,1]], "shape_type": "rectangle"}], "imagePath": "a.png", "imageData": null}"#,
            ),
        ],
    );
    show(
        "via",
        &[
            images("a.png b.png"),
            text(
                "via_region_data.json",
                r#"{"a.png123": {"filename": "a.png", "size": 123, "regions": []}}"#,
            ),
        ],
    );
}
