//! The media room from outside: real files of every format, orientation, thumbnails, broken files.

use std::path::{Path, PathBuf};

use lenslet::dataset::{ImageFormat, IssueKind, PixelKind};
use lenslet::media::{
    self, Decoded, MAX_PIXELS, Measured, Payload, Raster, decode, decode_thumbnail, encode_thumbnail,
    measure, metadata, thumbnail,
};
use proptest::prelude::*;

use crate::data::real_data;

const EDGE: u32 = 128;

fn encoded(path: &Path) -> Payload {
    Payload::Encoded(std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

fn measured(path: &Path) -> Measured {
    measure(&encoded(path), &path.to_string_lossy(), EDGE)
}

fn decoded(path: &Path) -> Decoded {
    decode(&encoded(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file under a folder, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("test data can be listed") {
            let path = entry.expect("test data can be listed").path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// What must hold of any file, whatever is in it.
fn check(path: &Path) -> Measured {
    let found = measured(path);
    let name = path.display();
    let fact = found.fact;
    assert!(fact.measured, "{name}");
    for (kind, message) in &found.issues {
        assert!(fact.has(*kind), "{name}: {kind:?} has no bit");
        assert!(message.ends_with('.') && message.len() > 20, "{name}: {message:?} is no sentence");
    }
    match (&found.thumbnail, decode(&encoded(path))) {
        (Some(small), Ok(decoded)) => {
            let raster = &decoded.raster;
            assert_eq!((fact.width, fact.height), (raster.width, raster.height), "{name}: size");
            assert_eq!(raster.data.len(), raster.pixels() * usize::from(raster.channels), "{name}");
            assert!(small.width.max(small.height) <= EDGE, "{name}: thumbnail is too large");
            assert!(fact.brightness.is_finite() && fact.sharpness.is_finite(), "{name}");
            assert!(!decoded.value_text(raster.width - 1, raster.height - 1).is_empty(), "{name}");
            assert_eq!(decoded.value_text(raster.width, 0), "", "{name}");
            let direct = thumbnail(&encoded(path), EDGE).expect("it was decoded above");
            assert_eq!((direct.width, direct.height), (small.width, small.height), "{name}");
        }
        (None, Err(error)) => assert!(fact.has(error.kind), "{name}: {error} is not among its issues"),
        (small, decoded) => panic!("{name}: thumbnail {}, but {decoded:?}", small.is_some()),
    }
    metadata(&encoded(path));
    found
}

#[test]
fn every_png_of_the_suite_is_shown_or_reported() {
    let Some(folder) = real_data("pngsuite") else { return };
    for path in files(&folder.join("png")) {
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        let found = check(&path);
        assert_eq!(found.thumbnail.is_none(), name.starts_with('x'), "{name}: {:?}", found.issues);
        assert_eq!(found.issues.is_empty(), !name.starts_with('x'), "{name}: {:?}", found.issues);
        if !name.starts_with('x') {
            // The name's letter 4 to 7: interlace, colour type, bits.
            let bits: u8 = name[6..8].parse().expect("PngSuite names end in the bits");
            let kind = match name.as_bytes()[4 - 1 + 1] {
                b'0' => PixelKind::Grey,
                b'2' => PixelKind::Rgb,
                b'3' => PixelKind::Palette,
                b'4' => PixelKind::GreyAlpha,
                _ => PixelKind::Rgba,
            };
            assert_eq!((found.fact.format, found.fact.pixel_kind), (ImageFormat::Png, kind), "{name}");
            assert_eq!(found.fact.bits, bits, "{name}");
        }
    }
}

#[test]
fn every_odd_image_is_shown_or_reported() {
    let Some(folder) = real_data("image-formats") else { return };
    let mut shown = 0;
    let mut reported = Vec::new();
    for path in files(&folder) {
        let name = path.to_string_lossy().into_owned();
        if !media::is_image_path(&name) {
            continue;
        }
        let found = check(&path);
        if found.thumbnail.is_some() {
            shown += 1;
        } else {
            reported.push((name, found.issues));
        }
    }
    for (name, issues) in &reported {
        eprintln!("{name}: {issues:?}");
    }
    assert!(shown >= 175 && reported.len() <= 14, "{shown} shown, {} reported", reported.len());
}

#[test]
fn orientations_give_the_upright_picture() {
    let Some(folder) = real_data("exif-orientation") else { return };
    for shape in ["Landscape", "Portrait"] {
        let upright = decoded(&folder.join(format!("{shape}_0.jpg"))).raster;
        let small = thumbnail(&encoded(&folder.join(format!("{shape}_0.jpg"))), EDGE).expect("a thumbnail");
        for orientation in 1..=8u8 {
            let path = folder.join(format!("{shape}_{orientation}.jpg"));
            let turned = decoded(&path);
            assert_eq!(turned.orientation, orientation);
            // The photos were compressed anew: Pillow too finds them up to 4.3 apart. The wrong way
            // round they are far more than that.
            assert!(difference(&upright, &turned.raster) < 5.0, "{}", path.display());
            assert!(difference(&upright, &turned.raster.oriented(2)) > 15.0, "{}", path.display());
            let fact = check(&path).fact;
            assert_eq!((fact.width, fact.height), (upright.width, upright.height), "{}", path.display());
            assert_eq!(fact.orientation, orientation);
            let reduced = thumbnail(&encoded(&path), EDGE).expect("a thumbnail");
            assert!(difference(&small, &reduced) < 2.0, "thumbnail of {}", path.display());
        }
    }
}

/// Mean absolute difference of two pictures of one size.
fn difference(a: &Raster, b: &Raster) -> f64 {
    assert_eq!((a.width, a.height, a.channels), (b.width, b.height, b.channels));
    let sum: u64 = a.data.iter().zip(&b.data).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.data.len() as f64
}

#[test]
fn other_collections_are_shown_or_reported() {
    let Some(folder) = real_data("imagededup") else { return };
    for path in files(&folder) {
        if media::is_image_path(&path.to_string_lossy()) {
            let found = check(&path);
            let corrupt = path.to_string_lossy().contains("corrupt");
            assert_eq!(found.thumbnail.is_none(), corrupt, "{}: {:?}", path.display(), found.issues);
        }
    }
    let misnamed = check(&folder.join("formats_images/ukbench09380.png"));
    assert_eq!(misnamed.fact.issues, IssueKind::Misnamed.bit());
    assert_eq!(misnamed.fact.format, ImageFormat::Jpeg);
}

#[test]
fn a_reduced_thumbnail_is_that_of_the_whole_picture() {
    let Some(folder) = real_data("exif-orientation") else { return };
    let path = folder.join("Landscape_6.jpg");
    let whole = decoded(&path).raster;
    let reduced = thumbnail(&encoded(&path), EDGE).expect("a thumbnail");
    let exact = thumbnail(&Payload::Raster(whole.clone()), EDGE).expect("a thumbnail");
    assert!(difference(&reduced, &exact) < 3.0, "{}", difference(&reduced, &exact));
    let (part, all) = (measured(&path).fact, measure(&Payload::Raster(whole), "", EDGE).fact);
    for (reduced, exact) in
        [(part.brightness, all.brightness), (part.contrast, all.contrast), (part.saturation, all.saturation)]
    {
        assert!((reduced - exact).abs() < 0.01, "{reduced} against {exact}");
    }
}

fn sample_rgb(width: u32, height: u32) -> Raster {
    let pixel = |x: u32, y: u32| [(x * 255 / width) as u8, (y * 255 / height) as u8, ((x ^ y) & 0x3F) as u8];
    let data = (0..height).flat_map(|y| (0..width).flat_map(move |x| pixel(x, y))).collect();
    Raster::new(width, height, 3, data).expect("the size fits")
}

/// The sample picture in a format that `image` writes.
fn written(width: u32, height: u32, format: image::ImageFormat) -> Vec<u8> {
    let raster = sample_rgb(width, height);
    let picture = image::RgbImage::from_raw(width, height, raster.data).expect("the size fits");
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).expect("writing to memory");
    bytes.into_inner()
}

#[test]
fn what_is_written_comes_back() {
    use image::ImageFormat as Written;
    let rows = [
        (Written::Png, ImageFormat::Png, "png"),
        (Written::WebP, ImageFormat::WebP, "webp"),
        (Written::Bmp, ImageFormat::Bmp, "bmp"),
        (Written::Tiff, ImageFormat::Tiff, "tif"),
        (Written::Tga, ImageFormat::Tga, "tga"),
        (Written::Qoi, ImageFormat::Qoi, "qoi"),
        (Written::Pnm, ImageFormat::Pnm, "ppm"),
    ];
    for (write, format, extension) in rows {
        let payload = Payload::Encoded(written(40, 30, write));
        let found = measure(&payload, &format!("a.{extension}"), EDGE);
        assert_eq!((found.fact.format, found.issues), (format, vec![]), "{extension}");
        let back = decode(&payload).expect("it was just written");
        assert_eq!(back.raster, sample_rgb(40, 30), "{extension}");
        assert_eq!((back.pixel_kind, back.bits), (PixelKind::Rgb, 8), "{extension}");
        assert_eq!(back.value_text(10, 5), "R 63 G 42 B 15", "{extension}");
    }
}

#[test]
fn broken_files_say_what_is_wrong() {
    let jpeg = written(300, 200, image::ImageFormat::Jpeg);
    let png = written(300, 200, image::ImageFormat::Png);
    let bmp = written(300, 200, image::ImageFormat::Bmp);
    let half = |bytes: &[u8]| bytes[..bytes.len() / 2].to_vec();
    let mut spoiled = png.clone();
    spoiled[60] ^= 0xFF;
    let mut huge = png.clone();
    huge[16..24].copy_from_slice(&[0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF]);
    let rows: [(&str, Vec<u8>, &str, IssueKind, bool); 15] = [
        ("empty", vec![], "a.jpg", IssueKind::Empty, false),
        ("text", b"hello there".to_vec(), "a.png", IssueKind::Unsupported, false),
        ("zeros", vec![0; 100], "a.png", IssueKind::Unsupported, false),
        ("half a JPEG", half(&jpeg), "a.jpg", IssueKind::Truncated, true),
        ("half a PNG", half(&png), "a.png", IssueKind::Truncated, true),
        ("half a BMP", half(&bmp), "a.bmp", IssueKind::Truncated, true),
        ("JPEG without an end", jpeg[..jpeg.len() - 2].to_vec(), "a.jpg", IssueKind::Truncated, true),
        ("PNG without an end", png[..png.len() - 12].to_vec(), "a.png", IssueKind::Truncated, true),
        ("JPEG's signature", jpeg[..10].to_vec(), "a.jpg", IssueKind::Truncated, false),
        ("PNG's signature", png[..8].to_vec(), "a.png", IssueKind::Truncated, false),
        ("PNG with a wrong byte", spoiled, "a.png", IssueKind::Corrupt, false),
        ("PNG of 2³¹ pixels a side", huge, "a.png", IssueKind::Oversized, false),
        (
            "PNM of 30,000 pixels a side",
            b"P5 30000 30000 255\n".to_vec(),
            "a.pgm",
            IssueKind::Oversized,
            false,
        ),
        ("PNM of no pixels", b"P5 0 5 255\n\0\0\0\0\0\0\0".to_vec(), "a.pgm", IssueKind::Corrupt, false),
        ("PNG called JPEG", png, "a.jpg", IssueKind::Misnamed, true),
    ];
    for (what, bytes, path, kind, shown) in rows {
        let found = measure(&Payload::Encoded(bytes.clone()), path, EDGE);
        let kinds: Vec<_> = found.issues.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, [kind], "{what}: {:?}", found.issues);
        assert_eq!(found.thumbnail.is_some(), shown, "{what}");
        assert_eq!(decode(&Payload::Encoded(bytes)).is_ok(), shown, "{what}");
    }
    const { assert!(MAX_PIXELS < 30_000 * 30_000) };
}

/// A TIFF of one uncompressed strip with these tags besides; all numbers are written as LONG or
/// SHORT, lists after the directory.
fn tiff(big_endian: bool, (width, height): (u32, u32), tags: &[(u16, &[u32])], data: &[u8]) -> Vec<u8> {
    let two = |value: u16| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    let four = |value: u32| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    let mut all: Vec<(u16, Vec<u32>)> = tags.iter().map(|(tag, values)| (*tag, values.to_vec())).collect();
    let offset = 8 + 2 + (all.len() as u32 + 6) * 12 + 4;
    all.extend([(256, vec![width]), (257, vec![height]), (278, vec![height])]);
    let lists: u32 =
        all.iter().filter(|(_, values)| values.len() > 2).map(|(_, values)| values.len() as u32 * 2).sum();
    all.extend([(259, vec![1]), (273, vec![offset + lists]), (279, vec![data.len() as u32])]);
    all.sort();
    let mut bytes = if big_endian { b"MM\0*".to_vec() } else { b"II*\0".to_vec() };
    bytes.extend(four(8));
    bytes.extend(two(all.len() as u16));
    let mut after = Vec::new();
    for (tag, values) in &all {
        bytes.extend(two(*tag));
        let is_long = values[0] > 65_535 || matches!(tag, 322 | 323);
        bytes.extend(two(if is_long { 4 } else { 3 }));
        bytes.extend(four(values.len() as u32));
        let shorts: Vec<u8> = values.iter().flat_map(|value| two(*value as u16)).collect();
        if is_long {
            bytes.extend(four(values[0]));
        } else if shorts.len() <= 4 {
            bytes.extend(shorts.iter().copied().chain([0; 4]).take(4));
        } else {
            bytes.extend(four(offset + after.len() as u32));
            after.extend(shorts);
        }
    }
    bytes.extend(four(0));
    bytes.extend(after);
    bytes.extend(data);
    bytes
}

#[test]
fn tiffs_of_palettes_few_bits_and_wide_numbers_are_shown() {
    use PixelKind::{Grey, GreyAlpha, Palette};
    // The second entry of a palette is a colour, the others are black.
    let map = |entries: usize, factor: u32| -> Vec<u32> {
        let channel = |value: u32| (0..entries).map(move |at| if at == 1 { value * factor } else { 0 });
        [10, 20, 30].into_iter().flat_map(channel).collect()
    };
    let palette = |big_endian, bits, map: &[u32], data: &[u8]| {
        tiff(big_endian, (3, 1), &[(258, &[bits]), (262, &[3]), (320, map)], data)
    };
    // Sample format 1 is a whole number, 2 one with a sign, 3 a float.
    let grey = |width, bits, format, data: &[u8]| {
        tiff(false, (width, 1), &[(258, &[bits]), (262, &[1]), (339, &[format])], data)
    };
    let floats = [2.5f32, 0.5, f32::NAN, 4.5].map(f32::to_le_bytes);
    let longs = [123_456i32, 0, 61_728].map(i32::to_le_bytes);
    let doubles = [-70_000f64, 70_000.0].map(f64::to_le_bytes);
    let signed = [1234i16, -1234, 0].map(i16::to_be_bytes);
    let big_endian: &[(u16, &[u32])] = &[(258, &[16]), (262, &[1]), (339, &[2])];
    let inverted: &[(u16, &[u32])] = &[(258, &[4]), (262, &[0])];
    let alpha: &[(u16, &[u32])] = &[(258, &[8, 8]), (262, &[1]), (277, &[2]), (338, &[2])];

    let lone = &[0, 0, 0, 10, 20, 30, 0, 0, 0];
    let outer = &[10, 20, 30, 0, 0, 0, 10, 20, 30];
    type Row<'a> = (Vec<u8>, PixelKind, u8, &'a [u8], &'a str);
    let rows: [Row; 13] = [
        (palette(false, 8, &map(256, 257), &[0, 1, 9]), Palette, 8, lone, "R 0 G 0 B 0"),
        (palette(true, 8, &map(256, 257), &[1, 9, 1]), Palette, 8, outer, "R 10 G 20 B 30"),
        (palette(false, 4, &map(16, 257), &[0x12, 0x1F]), Palette, 4, outer, "R 10 G 20 B 30"),
        // Some programs write colours of 8 bits.
        (palette(false, 4, &map(16, 1), &[0x12, 0x1F]), Palette, 4, outer, "R 10 G 20 B 30"),
        (palette(true, 1, &map(2, 257), &[0b0101_1111]), Palette, 1, lone, "R 0 G 0 B 0"),
        (grey(5, 2, 1, &[0b0001_1011, 0b0111_1111]), Grey, 2, &[0, 85, 170, 255, 85], "L 0"),
        (tiff(false, (3, 1), inverted, &[0x0F, 0x50]), Grey, 4, &[255, 0, 170], "L 255"),
        (grey(4, 32, 3, floats.as_flattened()), Grey, 32, &[128, 0, 0, 255], "L 2.500"),
        (grey(2, 16, 3, &[0x00, 0x38, 0x00, 0x3C]), Grey, 16, &[128, 255], "L 0.5000"),
        (grey(2, 64, 3, doubles.as_flattened()), Grey, 64, &[0, 255], "L -70000"),
        (grey(3, 32, 2, longs.as_flattened()), Grey, 32, &[255, 0, 128], "L 123456"),
        (tiff(true, (3, 1), big_endian, signed.as_flattened()), Grey, 16, &[255, 0, 128], "L 1234"),
        (tiff(false, (2, 1), alpha, &[7, 255, 9, 0]), GreyAlpha, 8, &[7, 255, 9, 0], "L 7 A 255"),
    ];
    for (row, (bytes, kind, bits, shown, text)) in rows.into_iter().enumerate() {
        let payload = Payload::Encoded(bytes);
        let back = decode(&payload).unwrap_or_else(|error| panic!("row {row}: {error}"));
        assert_eq!((back.format, back.pixel_kind, back.bits), (ImageFormat::Tiff, kind, bits), "row {row}");
        assert_eq!(back.raster.data, shown, "row {row}");
        assert_eq!(back.value_text(0, 0), text, "row {row}");
        let found = measure(&payload, "a.tif", EDGE);
        assert_eq!((found.fact.pixel_kind, found.issues), (kind, vec![]), "row {row}");
    }

    // Two rows, each of which begins a new byte, turned by a quarter.
    let turned: &[(u16, &[u32])] = &[(258, &[4]), (262, &[1]), (274, &[6])];
    let back = decode(&Payload::Encoded(tiff(false, (3, 2), turned, &[0x01, 0x20, 0x34, 0x5F])));
    let back = back.expect("it is whole");
    assert_eq!((back.orientation, back.raster.width), (6, 2));
    assert_eq!(back.raster.data, [51, 0, 68, 17, 85, 34]);
}

/// The sample picture in EXR, whose windows a test may change.
fn exr_with_window(name: &[u8], corner: [i32; 2]) -> Vec<u8> {
    let picture = image::Rgb32FImage::from_pixel(4, 3, image::Rgb([0.5, 0.25, 0.0]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::OpenExr).expect("writing to memory");
    let mut bytes = bytes.into_inner();
    let at = bytes.windows(name.len()).position(|window| window == name).expect("EXR has this attribute");
    // Name, type "box2i", its zero, the length, and the first corner are before the last corner.
    let corner_at = at + name.len() + 6 + 4 + 8;
    bytes[corner_at..corner_at + 8].copy_from_slice(corner.map(i32::to_le_bytes).as_flattened());
    bytes
}

#[test]
fn small_files_do_not_make_the_program_take_much_memory() {
    let png = |side: u32| {
        let picture = image::ImageBuffer::<image::Rgba<u16>, _>::from_pixel(1, 1, image::Rgba([1; 4]));
        let mut bytes = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut bytes, image::ImageFormat::Png).expect("writing to memory");
        let mut bytes = bytes.into_inner();
        bytes[16..24].copy_from_slice([side, side].map(u32::to_be_bytes).as_flattened());
        let mut crc = flate2::Crc::new();
        crc.update(&bytes[12..29]);
        bytes[29..33].copy_from_slice(&crc.sum().to_be_bytes());
        bytes
    };
    assert!(decode(&Payload::Encoded(exr_with_window(b"dataWindow\0", [3, 2]))).is_ok());
    let mut wide_blocks = exr_with_window(b"dataWindow\0", [1 << 30, 1 << 30]);
    // It is written in small tiles; without them, blocks are as wide as the picture.
    if let Some(at) = wide_blocks.windows(6).position(|window| window == b"tiles\0") {
        wide_blocks[at] = b'T';
    }
    let wide_tile: &[(u16, &[u32])] = &[
        (258, &[32]),
        (262, &[1]),
        (339, &[3]),
        (317, &[3]),
        (322, &[u32::MAX]),
        (323, &[1]),
        (324, &[8]),
        (325, &[8]),
    ];
    let mut tiled = tiff(false, (2, 1), wide_tile, &[0; 8]);
    // No strips, then: their tags become ones that mean nothing.
    for entry in tiled[10..].chunks_exact_mut(12).take(14) {
        if matches!(u16::from_le_bytes([entry[0], entry[1]]), 273 | 279 | 278) {
            entry[1] = 0xF0;
        }
    }
    for (what, bytes, message) in [
        ("a PNG of 1.3 GiB", png(13_000), "8 bytes per pixel"),
        (
            "a HDR of 3 GiB",
            b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 16384 +X 16384\n".to_vec(),
            "12 bytes per pixel",
        ),
        ("an EXR of 3 GiB", exr_with_window(b"displayWindow\0", [16_383, 16_383]), "12 bytes per pixel"),
        ("an EXR of wide blocks", wide_blocks, "parts take"),
        ("a TIFF of wide tiles", tiled, "parts are 4294967295 pixels wide"),
    ] {
        let found = measure(&Payload::Encoded(bytes), "a", EDGE);
        assert_eq!(found.fact.issues, IssueKind::Oversized.bit(), "{what}: {:?}", found.issues);
        assert!(found.issues[0].1.contains(message), "{what}: {:?}", found.issues);
    }
}

#[test]
fn figures_do_not_depend_on_the_encoding() {
    let mut random = 1u32;
    let mut noise = || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 24) as u8
    };
    // Detail that is finer than the scaled picture, on a slope.
    let picture = image::RgbImage::from_fn(1200, 800, |x, _| {
        image::Rgb([noise() / 2 + (x / 10) as u8, noise() / 2, noise() / 2])
    });
    let mut facts = Vec::new();
    use image::ImageFormat::{Bmp, Jpeg, Png, WebP};
    for format in [Png, Jpeg, Bmp, WebP] {
        let mut bytes = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).expect("writing to memory");
        facts.push((format, measure(&Payload::Encoded(bytes.into_inner()), "a", EDGE).fact));
    }
    let (_, png) = facts[0];
    assert!(png.contrast > 0.03 && png.saturation > 0.1, "{png:?}");
    for (format, fact) in &facts[1..] {
        for (one, other, name) in [
            (fact.brightness, png.brightness, "brightness"),
            (fact.contrast, png.contrast, "contrast"),
            (fact.saturation, png.saturation, "saturation"),
        ] {
            assert!((one - other).abs() < 0.01, "{format:?} {name}: {one}, as PNG {other}");
        }
    }
}

#[test]
fn what_cannot_be_decoded_still_says_how_it_is_oriented() {
    let mut png = written(300, 200, image::ImageFormat::Png);
    let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let chunk = [&(exif.len() as u32).to_be_bytes()[..], b"eXIf", exif, &[0; 4]].concat();
    png.splice(33..33, chunk);
    png[33 + 12 + exif.len() + 30] ^= 0xFF;
    let found = measure(&Payload::Encoded(png), "a.png", EDGE);
    assert_eq!(found.fact.issues, IssueKind::Corrupt.bit(), "{:?}", found.issues);
    assert_eq!((found.fact.orientation, found.fact.width, found.fact.height), (6, 200, 300));
}

#[test]
fn both_names_of_radiance_files_are_read() {
    let scene = image::Rgb32FImage::from_fn(9, 5, |x, y| image::Rgb([x as f32, y as f32, 0.5]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    scene.write_to(&mut bytes, image::ImageFormat::Hdr).expect("writing to memory");
    let bytes = bytes.into_inner();
    let rest = bytes.strip_prefix(b"#?RADIANCE").expect("it is written under this name");
    let [one, other] = [bytes.clone(), [b"#?RGBE", rest].concat()].map(Payload::Encoded);
    assert_eq!(decode(&one).expect("it was just written").raster, decode(&other).expect("the same").raster);
    assert_eq!(measure(&other, "a.hdr", EDGE).issues, []);
}

#[test]
fn deep_pixels_keep_their_values() {
    let data: Vec<u16> = vec![0, 1000, 51234, 65535];
    let picture = image::ImageBuffer::<image::Luma<u16>, _>::from_raw(2, 2, data).expect("fits");
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).expect("writing to memory");
    let back = decode(&Payload::Encoded(bytes.into_inner())).expect("it was just written");
    assert_eq!((back.pixel_kind, back.bits, back.raster.channels), (PixelKind::Grey, 16, 1));
    assert_eq!(back.raster.data, [0, 4, 199, 255]);
    assert_eq!(back.value_text(0, 1), "L 51234");
}

#[test]
fn scenes_in_linear_light_are_mapped() {
    let Some(folder) = real_data("image-formats") else { return };
    for (path, format, bits) in
        [("hdr/images/image1.hdr", ImageFormat::Hdr, 8), ("hdr/images/scale.hdr", ImageFormat::Hdr, 8)]
    {
        let shown = decoded(&folder.join(path));
        assert_eq!((shown.format, shown.bits), (format, bits), "{path}");
        let brightness = measured(&folder.join(path)).fact.brightness;
        assert!((0.1..0.9).contains(&brightness), "{path}: {brightness}");
    }
}

#[test]
fn ink_is_shown_as_light() {
    // A JPEG without Adobe's segment stores ink; with it, the inverse.
    let raster = [[0u8, 0, 0, 0], [0, 255, 255, 0]].repeat(128).concat();
    let mut bytes = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut bytes, 100);
    encoder.encode(&raster, 16, 16, jpeg_encoder::ColorType::Cmyk).expect("writing to memory");
    let back = decode(&Payload::Encoded(bytes)).expect("it was just written");
    assert_eq!((back.pixel_kind, back.raster.channels), (PixelKind::Cmyk, 3));
    assert!(back.value_text(0, 0).starts_with("C "), "{}", back.value_text(0, 0));
}

#[test]
fn tags_are_read_with_their_units() {
    let Some(folder) = real_data("exif-orientation") else { return };
    let lines = metadata(&encoded(&folder.join("Landscape_6.jpg")));
    let find = |name: &str| lines.iter().find(|line| line.name == name).map(|line| line.value.as_str());
    assert_eq!(find("Format"), Some("JPEG"));
    assert!(find("Orientation").is_some_and(|value| value.contains("right")), "{lines:#?}");
    assert!(find("XResolution").is_some_and(|value| value.contains("inch")), "{lines:#?}");
    let Some(folder) = real_data("pngsuite") else { return };
    let lines = metadata(&encoded(&folder.join("png/ctzn0g04.png")));
    assert!(lines.iter().any(|line| line.group == "Text" && line.name == "Title"), "{lines:#?}");
    let lines = metadata(&encoded(&folder.join("png/exif2c08.png")));
    assert!(lines.iter().any(|line| line.group == "EXIF"), "{lines:#?}");
}

#[test]
fn measures_of_tiny_arrays() {
    let raster = Raster::new(2, 1, 1, vec![0, 255]).expect("fits");
    let found = measure(&Payload::Raster(raster.clone()), "images.idx", EDGE);
    let fact = found.fact;
    assert_eq!((fact.format, fact.pixel_kind, fact.bits), (ImageFormat::Raw, PixelKind::Grey, 8));
    assert_eq!((fact.width, fact.height, fact.orientation), (2, 1, 1));
    assert_eq!((fact.brightness, fact.contrast, fact.saturation, fact.sharpness), (0.5, 0.5, 0.0, 0.0));
    assert_eq!(fact.content, blake3::hash(&[0, 255]).as_bytes()[..16]);
    assert_eq!((found.thumbnail, found.issues), (Some(raster), vec![]));
    let broken = Raster { width: 9, height: 9, channels: 3, data: vec![1] };
    let found = measure(&Payload::Raster(broken), "", EDGE);
    assert_eq!(found.fact.issues, IssueKind::Corrupt.bit());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(start in 0usize..14, tail in proptest::collection::vec(any::<u8>(), 0..600)) {
        const STARTS: [&[u8]; 14] = [
            b"", b"\xFF\xD8\xFF", b"\x89PNG\r\n\x1A\n", b"RIFF\xFF\0\0\0WEBPVP8 ", b"GIF89a", b"BM", b"II*\0",
            b"MM\0*", b"qoif", b"\0\0\x01\0\x01\0", b"P6 ", b"farbfeld\0\0\0", b"#?RADIANCE\n\n-Y ", b"\x76\x2F\x31\x01",
        ];
        let bytes = [STARTS[start], &tail].concat();
        let found = measure(&Payload::Encoded(bytes.clone()), "a.png", 64);
        prop_assert_eq!(found.thumbnail.is_none(), decode(&Payload::Encoded(bytes.clone())).is_err());
        metadata(&Payload::Encoded(bytes));
    }

    #[test]
    fn spoiled_images_never_panic(
        format in 0usize..8,
        spoils in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        whole in any::<bool>(),
    ) {
        use image::ImageFormat::*;
        let mut bytes = written(40, 30, [Jpeg, Png, WebP, Bmp, Tiff, Tga, Qoi, Gif][format]);
        for (at, value) in spoils {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if !whole {
            bytes.truncate(cut.index(bytes.len()));
        }
        let found = measure(&Payload::Encoded(bytes.clone()), "a.png", 16);
        prop_assert!(found.thumbnail.is_some() || !found.issues.is_empty());
        prop_assert!(thumbnail(&Payload::Encoded(bytes.clone()), 4).is_ok() == found.thumbnail.is_some());
        metadata(&Payload::Encoded(bytes));
    }

    #[test]
    fn thumbnails_survive_the_cache(width in 1u32..200, height in 1u32..200) {
        let raster = sample_rgb(width, height);
        let back = decode_thumbnail(&encode_thumbnail(&raster)).expect("it was just made");
        prop_assert_eq!((back.width, back.height), (width, height));
    }
}
