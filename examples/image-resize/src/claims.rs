//! What a file says of itself, read before a decoder believes it. bytes -> what decoding takes besides the pixels.
//!
//! The decoders look at the size of the image themselves. What is looked at here, they make room for without asking.

use image::ImageFormat;

use crate::picture::{MOST_PIXELS, Problem};

/// Bytes that a decoder keeps besides the `pixels` that it gives back; an error for files that promise what they lack.
pub fn working_memory(bytes: &[u8], format: ImageFormat, pixels: u64) -> Result<u64, Problem> {
    match format {
        ImageFormat::Jpeg => jpeg(bytes, pixels).ok_or(Problem::Malformed),
        ImageFormat::WebP => Ok(chunks(bytes.get(12..).unwrap_or_default(), false)? * pixels),
        _ => Ok(0),
    }
}

/// An image in several scans is kept as coefficients, of two bytes each, until the last. None for half a file: the
/// decoder would take it, and fill the rest with gray.
fn jpeg(bytes: &[u8], pixels: u64) -> Option<u64> {
    let (mut rest, mut coefficients, mut components, mut progressive) = (bytes, 0, 0, false);
    loop {
        let marker = rest.windows(2).position(|two| two[0] == 0xff && !matches!(two[1], 0 | 1 | 0xd0..=0xd9 | 0xff))?;
        rest = &rest[marker..];
        let length = usize::from(u16::from_be_bytes([*rest.get(2)?, *rest.get(3)?]));
        let segment = rest.get(4..2 + length)?;
        match rest[1] {
            0xc0..=0xc2 => {
                let sampling = segment.get(6..)?.chunks(3).filter_map(|component| component.get(1));
                let (across, down) =
                    (sampling.clone().map(|both| both >> 4).max()?, sampling.clone().map(|b| b & 15).max()?);
                let samples: u64 = sampling.map(|both| u64::from(both >> 4) * u64::from(both & 15)).sum();
                coefficients = 2 * (pixels * samples).div_ceil((u64::from(across) * u64::from(down)).max(1));
                (components, progressive) = (*segment.get(5)?, rest[1] == 0xc2);
            }
            0xda => {
                let whole = rest.windows(2).rev().any(|two| two == [0xff, 0xd9]);
                let several = progressive || *segment.first()? < components;
                return whole.then_some(if several { coefficients } else { 0 });
            }
            _ => {}
        }
        rest = &rest[2 + length..];
    }
}

/// Bytes for each pixel that decoding WebP takes, by the chunks that there are. None of them may end behind the file:
/// the decoder makes room for what a chunk claims. Nor may a frame be larger than an image.
fn chunks(mut rest: &[u8], in_frame: bool) -> Result<u64, Problem> {
    let mut bytes_per_pixel = 0;
    while let Some((head, behind)) = rest.split_at_checked(8) {
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let data = behind.get(..length).ok_or(Problem::Malformed)?;
        bytes_per_pixel |= match &head[..4] {
            // Brightness for each pixel, colors for each four.
            b"VP8 " if frame_pixels(data) > MOST_PIXELS => return Err(Problem::TooLarge),
            b"VP8 " => 0b0010,
            // Red, green, blue and alpha, also of an image without alpha.
            b"VP8L" => 0b0100,
            b"ALPH" => 0b0101,
            // The canvas, and the frame that is laid on it.
            b"ANMF" if !in_frame => 0b1000 | chunks(data.get(16..).unwrap_or_default(), true)?,
            _ => 0,
        };
        rest = behind.get(length + length % 2..).unwrap_or_default();
    }
    Ok(bytes_per_pixel)
}

fn frame_pixels(data: &[u8]) -> u64 {
    let side =
        |at: usize| data.get(at..at + 2).map_or(0, |two| u64::from(u16::from_le_bytes([two[0], two[1]]) & 0x3fff));
    side(6) * side(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webp(chunks: &[(&[u8; 4], u32, &[u8])]) -> Vec<u8> {
        let mut file = b"RIFF\0\0\0\0WEBP".to_vec();
        for (name, claimed, data) in chunks {
            file.extend([&name[..], &claimed.to_le_bytes(), data].concat());
        }
        file
    }

    #[test]
    fn chunks_of_webp_say_what_they_take() {
        let frame = [0, 0, 0, 0x9d, 1, 0x2a, 0x10, 0, 0x10, 0];
        let huge = [0, 0, 0, 0x9d, 1, 0x2a, 0xff, 0x3f, 0xff, 0x3f];
        let inner = [&[0; 16][..], b"VP8L\0\0\0\0"].concat();
        for (file, expected) in [
            (webp(&[(b"VP8 ", 10, &frame)]), Ok(200)),
            (webp(&[(b"VP8L", 1, b"xy")]), Ok(400)),
            (webp(&[(b"ALPH", 0, b""), (b"VP8 ", 10, &frame)]), Ok(700)),
            (webp(&[(b"ANMF", 24, &inner)]), Ok(1200)),
            (webp(&[(b"VP8 ", 10, &huge)]), Err(Problem::TooLarge)),
            (webp(&[(b"EXIF", 1 << 30, b"x")]), Err(Problem::Malformed)),
            (webp(&[(b"ANMF", 24, &[0xff; 24])]), Err(Problem::Malformed)),
        ] {
            assert_eq!(working_memory(&file, ImageFormat::WebP, 100), expected);
        }
    }

    /// The markers of a JPEG of three components, the first with twice the samples in both directions.
    fn jpeg_of(frame: u8, scan: u8, end: &[u8]) -> Vec<u8> {
        let frame = [&[0xff, frame, 0, 17, 8, 0, 8, 0, 8, 3][..], &[1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0]].concat();
        [b"\xff\xd8\xff\xe0\x00\x04\xff\xd9", &frame[..], &[0xff, 0xda, 0, 3, scan, 7, 7], end].concat()
    }

    #[test]
    fn scans_of_a_jpeg_say_what_they_take() {
        for (frame, scan, end, expected) in [
            (0xc0, 3, b"\xff\xd9", Ok(0)),
            (0xc0, 1, b"\xff\xd9", Ok(300)),
            (0xc2, 3, b"\xff\xd9", Ok(300)),
            (0xc0, 3, b"\xff\x00", Err(Problem::Malformed)),
        ] {
            assert_eq!(working_memory(&jpeg_of(frame, scan, end), ImageFormat::Jpeg, 100), expected);
        }
        assert_eq!(working_memory(b"\xff\xd8\xff", ImageFormat::Jpeg, 100), Err(Problem::Malformed));
    }
}
