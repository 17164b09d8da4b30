use super::*;

/// Slopes with a little on top, as of a photograph from near.
fn slopes(width: u32, height: u32, channels: u8) -> Raster {
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let pixel = |x: u32, y: u32| {
        let r = 60 + 7 * x + 3 * y + x * y % 9;
        let g = 200 - 6 * x - 2 * y + (x + 2 * y) % 5;
        let b = 30 + 4 * x + 8 * y + 3 * x * y % 11;
        let all = [r, g, b, 7 * x + y].map(|value| value as u8);
        match channels {
            1 => all[..1].to_vec(),
            2 => vec![all[0], all[3]],
            3 => all[..3].to_vec(),
            _ => all.to_vec(),
        }
    };
    Raster::new(width, height, channels, pixels.flat_map(|(x, y)| pixel(x, y)).collect()).unwrap()
}

fn stored(mut picture: Raster, quality: u32, subsampled: bool) -> Raster {
    jpeg(&mut picture, quality, subsampled);
    picture
}

/// Every third row and column of what Pillow 13 makes of `slopes(16, 16, 3)`:
///
/// ```python
/// buffer = io.BytesIO(); Image.fromarray(rgb).save(buffer, "JPEG", quality=quality)
/// np.array(Image.open(buffer))[::3, ::3]
/// ```
#[test]
fn pillow_finds_the_same() {
    for (quality, expected) in [(30, &AT_30), (75, &AT_75)] {
        let found = stored(slopes(16, 16, 3), quality, true);
        let thirds = (0..6).flat_map(|y| (0..6).map(move |x| (3 * x, 3 * y)));
        let found: Vec<u8> = thirds.flat_map(|(x, y)| found.pixel(x, y).unwrap().to_vec()).collect();
        let off: Vec<u8> = found.iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).collect();
        let mean = off.iter().map(|off| f32::from(*off)).sum::<f32>() / off.len() as f32;
        assert!(off.iter().all(|off| *off <= 3) && mean < 0.3, "{quality}: {mean} {off:?}");
    }
}

#[test]
fn any_size_and_number_of_channels_is_stored() {
    for (width, height) in [(1, 1), (1, 9), (20, 1), (7, 8), (9, 17), (16, 15)] {
        let picture = slopes(width, height, 4);
        for subsampled in [false, true] {
            let full = stored(picture.clone(), 100, subsampled);
            // Without coarser chroma, best quality is next to no loss.
            if !subsampled {
                assert!(
                    full.data.iter().zip(&picture.data).all(|(a, b)| a.abs_diff(*b) <= 3),
                    "{width} {height}"
                );
            }
            let of = |picture: &Raster, channel: usize| {
                let step = usize::from(picture.channels);
                picture.data.iter().skip(channel).step_by(step).copied().collect::<Vec<_>>()
            };
            assert_eq!(of(&full, 3), of(&picture, 3));
            let opaque = stored(slopes(width, height, 3), 100, subsampled);
            assert!((0..3).all(|channel| of(&opaque, channel) == of(&full, channel)), "{width} {height}");
        }
        let (grey, with_alpha) =
            (stored(slopes(width, height, 1), 20, true), stored(slopes(width, height, 2), 20, true));
        assert!(grey.data.iter().eq(with_alpha.data.iter().step_by(2)), "{width} {height}");
        assert!(
            slopes(width, height, 2).data.iter().skip(1).step_by(2).eq(with_alpha
                .data
                .iter()
                .skip(1)
                .step_by(2))
        );
    }
}

#[test]
fn less_quality_is_more_loss() {
    let picture = slopes(16, 16, 3);
    let loss = |quality| {
        let stored = stored(picture.clone(), quality, true);
        stored.data.iter().zip(&picture.data).map(|(a, b)| u32::from(a.abs_diff(*b)).pow(2)).sum::<u32>()
    };
    let losses = [100, 80, 50, 20, 5].map(loss);
    assert!(losses.is_sorted(), "{losses:?}");
    // A flat picture is a step of each block's mean, of which there are many.
    let flat = Raster::new(16, 16, 3, [90, 90, 90].repeat(256)).unwrap();
    assert!(stored(flat, 75, true).data.iter().all(|value| value.abs_diff(90) <= 1));
}

const AT_30: [u8; 108] = [
    75, 191, 54, 84, 182, 59, 106, 163, 69, 131, 141, 80, 152, 121, 90, 161, 112, 95, 82, 190, 68, 89, 181,
    72, 111, 163, 81, 136, 139, 92, 158, 121, 103, 169, 111, 109, 93, 186, 95, 100, 177, 97, 124, 158, 108,
    147, 135, 119, 170, 116, 130, 177, 107, 133, 99, 174, 118, 107, 166, 122, 129, 145, 132, 156, 127, 147,
    180, 108, 158, 187, 99, 160, 108, 171, 144, 118, 160, 148, 140, 141, 159, 168, 121, 173, 190, 103, 182,
    198, 95, 187, 115, 169, 156, 124, 159, 161, 146, 141, 173, 173, 121, 185, 196, 102, 196, 204, 92, 200,
];
const AT_75: [u8; 108] = [
    71, 197, 36, 86, 183, 50, 108, 162, 64, 129, 148, 69, 151, 127, 83, 166, 113, 97, 76, 193, 60, 91, 178,
    73, 115, 158, 86, 133, 143, 91, 156, 123, 104, 171, 108, 117, 85, 187, 87, 100, 172, 98, 124, 152, 112,
    143, 136, 117, 165, 117, 131, 181, 103, 145, 96, 180, 103, 113, 167, 118, 133, 145, 131, 153, 130, 136,
    177, 110, 151, 192, 95, 164, 105, 174, 130, 122, 160, 145, 143, 138, 158, 162, 124, 163, 186, 104, 178,
    201, 89, 189, 110, 169, 151, 127, 157, 167, 148, 135, 179, 169, 120, 185, 191, 99, 198, 206, 85, 212,
];
