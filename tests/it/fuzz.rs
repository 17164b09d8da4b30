//! Every hand-written parser on mutated input: none may panic, whatever the bytes.
//!
//! `LENSLET_FUZZ_SECS` is the time for each target (a quarter of a second without it);
//! `LENSLET_FUZZ_SEED` repeats a run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lenslet::import::ReadAt;

/// SplitMix64 (Steele, Lea & Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

/// Changes a few places: bits, bytes, numbers at the edges, pieces cut, repeated or taken from
/// another seed.
fn mutate(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len())].clone();
    for _ in 0..1 + random.below(6) {
        let at = random.below(bytes.len());
        match random.below(7) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
            1 if !bytes.is_empty() => bytes[at] = random.next() as u8,
            2 if !bytes.is_empty() => {
                bytes[at] = [0, 1, 0x7F, 0x80, 0xFF, b'"', b'\n', b'{'][random.below(8)]
            }
            3 => bytes.truncate(at),
            4 => {
                let piece = bytes[at..bytes.len().min(at + 1 + random.below(32))].to_vec();
                let to = random.below(bytes.len() + 1);
                bytes.splice(to..to, piece);
            }
            5 => {
                let other = &seeds[random.below(seeds.len())];
                let from = random.below(other.len());
                let piece = &other[from..other.len().min(from + 1 + random.below(64))];
                bytes.splice(at..at, piece.iter().copied());
            }
            _ => {
                let value = [0, 1, u32::MAX, i32::MAX as u32, 1 << 31][random.below(5)].to_be_bytes();
                for (byte, new) in bytes.iter_mut().skip(at).zip(value) {
                    *byte = new;
                }
            }
        }
        bytes.truncate(1 << 16);
    }
    bytes
}

fn fuzz(name: &str, seeds: &[&[u8]], target: impl Fn(&[u8])) {
    let read = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<f64>().ok());
    let time = Duration::from_secs_f64(read("LENSLET_FUZZ_SECS").unwrap_or(0.25));
    let seed = read("LENSLET_FUZZ_SEED").map_or(20_26_11, |seed| seed as u64);
    let seeds: Vec<Vec<u8>> = seeds.iter().map(|seed| seed.to_vec()).chain([Vec::new()]).collect();
    let mut random = Random(seed);
    let started = Instant::now();
    let mut runs = 0_u64;
    while runs < 50 || started.elapsed() < time {
        let input = mutate(&seeds, &mut random);
        let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| target(&input)));
        assert!(
            ran.is_ok(),
            "{name}: run {runs} of seed {seed} panicked on {:?}",
            String::from_utf8_lossy(&input)
        );
        runs += 1;
    }
    eprintln!("{name}: {runs} inputs");
}

/// The same for parsers of text.
fn fuzz_text(name: &str, seeds: &[&str], target: impl Fn(&str)) {
    let seeds: Vec<&[u8]> = seeds.iter().map(|seed| seed.as_bytes()).collect();
    fuzz(name, &seeds, |bytes| target(&String::from_utf8_lossy(bytes)));
}

struct Memory(Vec<u8>);

impl ReadAt for Memory {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<()> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.0.len());
        let end = start.checked_add(buffer.len()).filter(|end| *end <= self.0.len());
        let end = end.ok_or(std::io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(&self.0[start..end]);
        Ok(())
    }
}

fn memory(bytes: &[u8]) -> Arc<dyn ReadAt> {
    Arc::new(Memory(bytes.to_vec()))
}

#[test]
fn queries() {
    let seeds = [
        "label:cat,dog -split:val",
        "(a or \"b c\") width:640..800 bytes>2MB",
        "modified>=2024-01-31 attr.x:*",
    ];
    fuzz_text("query", &seeds, lenslet::dataset::query::fuzz);
}

#[test]
fn arrays() {
    let idx = [&[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2][..], &[7; 8]].concat();
    fuzz("idx", &[&idx], |bytes| lenslet::import::idx::fuzz(memory(bytes)));
    fuzz("cifar", &[&[3; 3073 * 2]], |bytes| lenslet::import::cifar::fuzz(memory(bytes)));
    let mut npy =
        b"\x93NUMPY\x01\x00\x46\x00{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2, 2), }".to_vec();
    npy.resize(10 + 0x46, b' ');
    npy.extend([9; 8]);
    fuzz("npy", &[&npy], |bytes| lenslet::import::numpy::fuzz(memory(bytes)));
}

#[test]
fn annotations() {
    let voc = br#"<annotation><filename>a.jpg</filename><size><width>4</width><height>4</height></size><object>
        <name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>3</xmax><ymax>3</ymax></bndbox></object></annotation>"#;
    fuzz("voc", &[voc], |bytes| drop(lenslet::import::voc::parse(bytes)));
    let coco = br#"{"images":[{"id":1,"file_name":"a.jpg"}],"categories":[{"id":1,"name":"cat"}],
        "annotations":[{"image_id":1,"category_id":1,"bbox":[1,2,3,4]}]}"#;
    fuzz("coco", &[coco], |bytes| drop(lenslet::import::coco::parse(bytes)));
    let yaml =
        "path: ../x\ntrain: images/train\nval: [a, b]\nkpt_shape: [17, 3]\nnames:\n  0: cat\n  3: dog\n";
    let darknet = "classes = 2\ntrain = data/train.txt\nvalid = ../test.txt\n";
    let labels = "0 0.5 0.5 0.1 0.1\n1 0.1 0.1 0.2 0.1 0.2 0.3\n";
    fuzz_text("yolo", &[yaml, darknet, labels], lenslet::import::yolo::fuzz);
    let members: [&[u8]; 3] =
        [b"7", br#"{"label": 1, "tags": ["a", 2], "w": 3}"#, br#"{"x": {"names": ["a"]}}"#];
    fuzz("webdataset", &members, lenslet::import::webdataset::fuzz_member);
}

#[test]
fn listings() {
    let patterns = ["train-{000..009}.tar", "{a,b}/*.tar", "**/[x].t?r"];
    fuzz_text("pattern", &patterns, |text| {
        drop(lenslet::import::tree::pattern::expand(text));
    });
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(4);
    tar.append_data(&mut header, "n".repeat(120), &b"data"[..]).expect("it is packed");
    tar.append_pax_extensions([("path", &b"b.png"[..]), ("size", b"4")]).expect("it is packed");
    tar.append_data(&mut header, "a.png", &b"data"[..]).expect("it is packed");
    for kind in [tar::EntryType::Link, tar::EntryType::Symlink, tar::EntryType::GNUSparse] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        tar.append_link(&mut header, "c.png", "b.png").expect("it is packed");
    }
    let tar = tar.into_inner().expect("it is packed");
    fuzz("tar", &[&tar], |bytes| {
        // A changed header has a wrong checksum, and would be refused for that alone.
        lenslet::import::tree::archive::fuzz_tar(bytes);
        lenslet::import::tree::archive::fuzz_tar(&with_checksums(bytes));
    });
}

/// Gives every block of a tar the checksum of a header.
fn with_checksums(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for block in bytes.chunks_exact_mut(512) {
        if block.iter().any(|byte| *byte != 0) {
            block[148..156].fill(b' ');
            let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
            block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        }
    }
    bytes
}

#[test]
fn tables() {
    let boxes = b"path,class,xmin,ymin,xmax,ymax,is_valid\na.png,cat;dog,1,2,3,4,True\n";
    let nested = b"{\"file_name\":\"a\",\"o\":[{\"label\":[1]},{\"label\":{\"x\":2}}]}\n";
    fuzz("manifest", &[b"path,label\na.png,cat\n", boxes, nested], lenslet::import::manifest::fuzz);
}

#[test]
fn labels() {
    let csv = b"path,content,size,label,boxes,time\na.png,00112233445566778899aabbccddeeff,4x3,cat;dog,\
        \"[{\"\"class\"\":\"\"cat\"\",\"\"rect\"\":[1,2,3,4]}]\",2026-01-31T12:00:00.5+02:00\n";
    let lines =
        br#"{"path":"a.png","size":[4,3],"label":["cat"],"boxes":[{"class":"cat","rect":[0.1,0.2,0.3,0.4],
        "relative":true}],"starred":true,"origin":"by-hand","time":"2026-01-31"}"#;
    let coco = br#"{"images":[{"id":1,"file_name":"a.jpg","width":4,"height":3}],"categories":[{"id":1,"name":"cat"}],
        "annotations":[{"image_id":1,"category_id":1,"bbox":[1,2,3,4]},{"image_id":1,"category_id":1}]}"#;
    let studio = br#"[{"data":{"image":"/data/local-files/?d=a%20b.png"},"annotations":[{"completed_by":{"email":"a"},
        "result":[{"type":"choices","from_name":"x","value":{"choices":["cat",["a","b"]]}},{"type":"rectanglelabels",
        "original_width":4,"original_height":3,"value":{"x":1,"y":2,"width":3,"height":4,"rotation":5,
        "rectanglelabels":["cat"]}}]}],"predictions":[{"result":[],"score":0.5}]}]"#;
    let task = br#"{"format":"lenslet-labelling-task","version":1,"classes":[{"name":"cat","key":"1"}],
        "samples":[{"path":"a.png","answer":{"label":["cat"],"unsure":true}}],"answered_by":"Ada"}"#;
    fuzz("labels", &[csv, lines, coco, studio, task], lenslet::annotation::fuzz);
}

#[test]
fn images() {
    let png = {
        let mut bytes = std::io::Cursor::new(Vec::new());
        let picture = image::RgbImage::from_pixel(4, 3, image::Rgb([9, 8, 7]));
        picture.write_to(&mut bytes, image::ImageFormat::Png).expect("it is encoded");
        bytes.into_inner()
    };
    let jpeg = {
        let mut bytes = std::io::Cursor::new(Vec::new());
        let picture = image::RgbImage::from_fn(32, 24, |x, y| image::Rgb([x as u8 * 8, y as u8 * 9, 77]));
        picture.write_to(&mut bytes, image::ImageFormat::Jpeg).expect("it is encoded");
        bytes.into_inner()
    };
    let scene = |format| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        image::Rgb32FImage::new(4, 3).write_to(&mut bytes, format).expect("it is encoded");
        bytes.into_inner()
    };
    let (exr, hdr) = (scene(image::ImageFormat::OpenExr), scene(image::ImageFormat::Hdr));
    // One pixel of a palette of 1 bit: width, height, bits, compression, photometric, strip, map.
    let tiff = b"II*\0\x08\0\0\0\x08\0\0\x01\x03\0\x01\0\0\0\x01\0\0\0\x01\x01\x03\0\x01\0\0\0\x01\0\0\0\
        \x02\x01\x03\0\x01\0\0\0\x01\0\0\0\x03\x01\x03\0\x01\0\0\0\x01\0\0\0\x06\x01\x03\0\x01\0\0\0\x03\0\0\0\
        \x11\x01\x03\0\x01\0\0\0\x7a\0\0\0\x17\x01\x03\0\x01\0\0\0\x01\0\0\0\x40\x01\x03\0\x06\0\0\0\x6e\0\0\0\
        \0\0\0\0\0\xff\0\xff\0\xff\0\xff\0\xff\0\xff\x80";
    let shown = lenslet::media::Payload::Encoded(tiff.to_vec());
    assert!(lenslet::media::decode(&shown).is_ok(), "{:?}", lenslet::media::decode(&shown));
    fuzz("image", &[&png, &jpeg, &exr, &hdr, tiff, b"P6 2 2 255 abcdefghijkl"], |bytes| {
        lenslet::media::measure(&lenslet::media::Payload::Encoded(bytes.to_vec()), "a.png", 128);
    });
}

#[test]
fn stored_blobs() {
    let sealed = lenslet::store::blob::seal(&[1, 2, 3, 4, 5, 6, 7, 8]);
    fuzz("blob", &[&sealed], |bytes| drop(lenslet::store::blob::unseal(bytes)));
    let facts = lenslet::store::fact_blob::encode(&lenslet::dataset::facts::FactChunk::new(2));
    fuzz("facts", &[&facts], |bytes| drop(lenslet::store::fact_blob::decode(bytes)));
}

#[test]
fn pipelines() {
    use lenslet::augment::formats::{Format, read, write};
    let files = [
        include_str!("fixtures/pipelines/groups.json"),
        include_str!("fixtures/pipelines/mixed.json"),
        include_str!("fixtures/pipelines/mixed.yaml"),
    ];
    let preset = lenslet::augment::presets::preset("strong").expect("it is there");
    let own = write(&preset, Format::Lenslet).0;
    fuzz_text("pipeline", &[files[0], files[1], files[2], &own], |text| {
        if let Ok(read) = read(text, None) {
            for format in Format::ALL {
                drop(write(&read.pipeline, format));
            }
        }
    });
}
