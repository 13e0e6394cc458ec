//! Pixels: foreign bytes -> Picture, within limits; Picture -> another size; Picture -> bytes.

use std::io::{self, Cursor, Write};

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{InnerPixel, U8x3, U8x4};
use fast_image_resize::{MulDiv, PixelTrait, ResizeOptions, Resizer};
use image::codecs::{gif, jpeg, png, tiff, webp};
use image::metadata::Orientation;
use image::{
    ColorType, DynamicImage, ImageDecoder, ImageEncoder, ImageError, ImageFormat, ImageResult, Limits, RgbImage,
    RgbaImage,
};

use crate::claims;
use crate::options::{Fit, Options, Region};
use crate::room;

/// What a source may have: the photo of a phone with 12 megapixels.
pub const MOST_PIXELS: u64 = 4096 * 3072;
/// The largest result, in bytes.
const MOST_RESULT: usize = 16 << 20;
/// What a PNG may unpack besides its pixels: rows, and the color profile, which is compressed and may be a bomb.
const MOST_UNPACKED: u64 = 4 << 20;

/// An image of eight bits a channel, RGB or RGBA, upright, with its color profile.
pub struct Picture {
    pub pixels: DynamicImage,
    profile: Option<Vec<u8>>,
}

/// Why there is no picture.
#[derive(Debug, PartialEq)]
pub enum Problem {
    Malformed,
    TooLarge,
    /// The region that is asked for is none of a picture of this width and height.
    Outside(u32, u32),
    ResultTooLarge,
}

impl Picture {
    /// Decodes `bytes`; what that takes is known before there is room for a single pixel.
    pub fn decode(bytes: &[u8], format: ImageFormat) -> Result<Self, Problem> {
        let source = Cursor::new(bytes);
        let mut limits = Limits::default();
        limits.max_alloc = Some(MOST_UNPACKED);
        match format {
            ImageFormat::Jpeg => Self::read(jpeg::JpegDecoder::new(source), bytes, format),
            ImageFormat::Gif => Self::read(gif::GifDecoder::new(source), bytes, format),
            ImageFormat::Tiff => Self::read(tiff::TiffDecoder::new(source), bytes, format),
            ImageFormat::Png => Self::read(png::PngDecoder::with_limits(source, limits), bytes, format),
            _ => Self::read(webp::WebPDecoder::new(source), bytes, format),
        }
    }

    fn read(decoder: ImageResult<impl ImageDecoder>, bytes: &[u8], format: ImageFormat) -> Result<Self, Problem> {
        let mut decoder = decoder.map_err(reason)?;
        let (width, height) = decoder.dimensions();
        if area(width, height) > MOST_PIXELS {
            return Err(Problem::TooLarge);
        }
        let kept = claims::working_memory(bytes, format, area(width, height))?;
        let orientation = decoder.orientation().map_err(reason)?;
        if !room::is_there(memory(&decoder, orientation, kept)) {
            return Err(Problem::TooLarge);
        }
        // A profile of another color space than RGB describes what the decoder has converted already.
        let profile = decoder.icc_profile().ok().flatten().filter(|profile| profile.get(16..20) == Some(b"RGB "));
        let decoded = DynamicImage::from_decoder(decoder).map_err(reason)?;
        let has_alpha = decoded.color().has_alpha();
        let mut pixels = if has_alpha { decoded.into_rgba8().into() } else { decoded.into_rgb8().into() };
        DynamicImage::apply_orientation(&mut pixels, orientation);
        Ok(Self { pixels, profile })
    }

    /// The region and size that the options ask for, to be encoded as `format`.
    pub fn transform(self, options: &Options, format: ImageFormat) -> Result<Self, Problem> {
        let (width, height) = (self.pixels.width(), self.pixels.height());
        let region = options.crop.unwrap_or(Region { x: 0, y: 0, width, height });
        if region.x.checked_add(region.width).is_none_or(|right| right > width)
            || region.y.checked_add(region.height).is_none_or(|bottom| bottom > height)
        {
            return Err(Problem::Outside(width, height));
        }
        let size = fitted((region.width, region.height), options);
        let stays = (region.width, region.height) == size && size == (width, height);
        let bytes_per_pixel = u64::from(self.pixels.color().bytes_per_pixel());
        // The resizer works on the columns first: what it keeps is as wide as the region and as high as the result.
        let (between, new) = if stays { (0, 0) } else { (area(region.width, size.1), area(size.0, size.1)) };
        // The encoder of WebP copies the pixels to four bytes each, and holds the result until it is whole.
        let kept = if format == ImageFormat::WebP { (4 + 2 * bytes_per_pixel) * area(size.0, size.1) } else { 0 };
        let pixels = (area(width, height) + new) * bytes_per_pixel;
        if !room::is_there(pixels + kept.max(between * bytes_per_pixel)) {
            return Err(Problem::ResultTooLarge);
        }
        if stays { Ok(self) } else { self.resize(region, size, options.fit).ok_or(Problem::ResultTooLarge) }
    }

    /// Lanczos, as Pillow computes it. Colors are multiplied by alpha, so that no dark edges appear; here and in place, as
    /// the resizer would make a copy for it. A region that keeps its size is copied.
    fn resize(self, region: Region, size: (u32, u32), fit: Fit) -> Option<Self> {
        let (width, height) = (self.pixels.width(), self.pixels.height());
        let pixels = match self.pixels {
            DynamicImage::ImageRgba8(image) if size != (region.width, region.height) => {
                let mut source = image.into_raw();
                let mut colors = TypedImage::<U8x4>::from_buffer(width, height, &mut source).ok()?;
                MulDiv::new().multiply_alpha_inplace_typed(&mut colors).ok()?;
                let mut result = resize::<U8x4>(&source, (width, height), region, size, fit)?;
                let mut colors = TypedImage::<U8x4>::from_buffer(size.0, size.1, &mut result).ok()?;
                MulDiv::new().divide_alpha_inplace_typed(&mut colors).ok()?;
                RgbaImage::from_raw(size.0, size.1, result)?.into()
            }
            DynamicImage::ImageRgba8(image) => {
                let result = resize::<U8x4>(&image, (width, height), region, size, fit)?;
                RgbaImage::from_raw(size.0, size.1, result)?.into()
            }
            image => {
                let result = resize::<U8x3>(image.as_bytes(), (width, height), region, size, fit)?;
                RgbImage::from_raw(size.0, size.1, result)?.into()
            }
        };
        Some(Self { pixels, profile: self.profile })
    }

    pub fn encode(self, format: ImageFormat, quality: u8) -> Result<Vec<u8>, Problem> {
        let mut bytes = Bounded(Vec::new());
        match format {
            ImageFormat::Jpeg => {
                let opaque = on_white(self.pixels);
                write(&opaque, self.profile, jpeg::JpegEncoder::new_with_quality(&mut bytes, quality))
            }
            ImageFormat::Png => {
                let (compression, filter) = (png::CompressionType::Default, png::FilterType::Adaptive);
                let encoder = png::PngEncoder::new_with_quality(&mut bytes, compression, filter);
                write(&self.pixels, self.profile, encoder)
            }
            _ => write(&self.pixels, self.profile, webp::WebPEncoder::new_lossless(&mut bytes)),
        }
        .map_err(|_| Problem::ResultTooLarge)?;
        Ok(bytes.0)
    }
}

/// Takes bytes up to the largest result: what noise becomes as PNG has no other limit.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MOST_RESULT {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn reason(error: ImageError) -> Problem {
    if matches!(error, ImageError::Limits(_)) { Problem::TooLarge } else { Problem::Malformed }
}

/// Bytes that decoding takes: the pixels as they come, what the decoder keeps, a second copy in eight bits where they come
/// as something else, and one that is turned upright.
fn memory(decoder: &impl ImageDecoder, orientation: Orientation, kept: u64) -> u64 {
    let (width, height) = decoder.dimensions();
    let color = decoder.color_type();
    let copy = area(width, height) * if color.has_alpha() { 4 } else { 3 };
    let turned = if orientation == Orientation::NoTransforms { 0 } else { copy };
    let copies = match color {
        // A picture that is turned goes where the decoder has been.
        ColorType::Rgb8 | ColorType::Rgba8 => kept.max(turned),
        _ => kept + copy + turned,
    };
    decoder.total_bytes() + copies
}

fn area(width: u32, height: u32) -> u64 {
    u64::from(width) * u64::from(height)
}

/// Width and height of the result for a region of this size.
fn fitted((width, height): (u32, u32), options: &Options) -> (u32, u32) {
    let scaled = |length: u32, numerator: u32, denominator: u32| {
        let exact = u64::from(length) * u64::from(numerator);
        let rounded = (exact + u64::from(denominator) / 2) / u64::from(denominator);
        rounded.clamp(1, crate::options::LONGEST_SIDE.into()) as u32
    };
    match (options.width, options.height) {
        (None, None) => (width, height),
        (Some(wanted), None) => (wanted, scaled(height, wanted, width)),
        (None, Some(wanted)) => (scaled(width, wanted, height), wanted),
        (Some(box_width), Some(box_height)) if options.fit == Fit::Contain => {
            if u64::from(box_width) * u64::from(height) <= u64::from(box_height) * u64::from(width) {
                (box_width, scaled(height, box_width, width))
            } else {
                (scaled(width, box_height, height), box_height)
            }
        }
        (Some(box_width), Some(box_height)) => (box_width, box_height),
    }
}

fn resize<P: PixelTrait + InnerPixel>(
    source: &[u8],
    (width, height): (u32, u32),
    region: Region,
    size: (u32, u32),
    fit: Fit,
) -> Option<Vec<u8>> {
    let mut result = vec![0; size.0 as usize * size.1 as usize * P::size()];
    let source = TypedImageRef::<P>::from_buffer(width, height, source).ok()?;
    let mut target = TypedImage::<P>::from_buffer(size.0, size.1, &mut result).ok()?;
    let (x, y, across, down) = cut(region, size, fit);
    let options = ResizeOptions::new().crop(x, y, across, down).use_alpha(false);
    Resizer::new().resize_typed(&source, &mut target, &options).ok()?;
    Some(result)
}

/// The part of the region that has the shape of the result, in the region's middle, where that is asked for.
fn cut(region: Region, (width, height): (u32, u32), fit: Fit) -> (f64, f64, f64, f64) {
    let (x, y) = (f64::from(region.x), f64::from(region.y));
    let (across, down) = (f64::from(region.width), f64::from(region.height));
    if fit != Fit::Cover {
        return (x, y, across, down);
    }
    let shape = f64::from(width) / f64::from(height);
    let (cut_across, cut_down) = (across.min(down * shape), down.min(across / shape));
    (x + (across - cut_across) / 2.0, y + (down - cut_down) / 2.0, cut_across, cut_down)
}

/// JPEG knows no alpha: what can be seen through becomes white. In place, because a second copy may be too much.
fn on_white(pixels: DynamicImage) -> DynamicImage {
    let (width, height) = (pixels.width(), pixels.height());
    let DynamicImage::ImageRgba8(image) = pixels else { return pixels };
    let mut bytes = image.into_raw();
    let count = bytes.len() / 4;
    for pixel in 0..count {
        let alpha = u32::from(bytes[pixel * 4 + 3]);
        for channel in 0..3 {
            let color = u32::from(bytes[pixel * 4 + channel]);
            bytes[pixel * 3 + channel] = ((color * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
        }
    }
    bytes.truncate(count * 3);
    RgbImage::from_raw(width, height, bytes).unwrap_or_default().into()
}

fn write(pixels: &DynamicImage, profile: Option<Vec<u8>>, mut encoder: impl ImageEncoder) -> ImageResult<()> {
    if let Some(profile) = profile {
        // Every encoder here takes one.
        let _ = encoder.set_icc_profile(profile);
    }
    encoder.write_image(pixels.as_bytes(), pixels.width(), pixels.height(), pixels.color().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_has_the_size_that_is_asked_for() {
        for (source, query, expected) in [
            ((400, 300), "", (400, 300)),
            ((400, 300), "width=200", (200, 150)),
            ((400, 300), "height=100", (133, 100)),
            ((400, 300), "width=100&height=100", (100, 75)),
            ((300, 400), "width=100&height=100", (75, 100)),
            ((400, 300), "width=100&height=100&fit=cover", (100, 100)),
            ((400, 300), "width=10&height=90&fit=fill", (10, 90)),
            ((4000, 1), "width=10", (10, 1)),
            ((1, 4000), "width=4096", (4096, 4096)),
        ] {
            assert_eq!(fitted(source, &Options::parse(query).unwrap()), expected, "{query}");
        }
    }

    #[test]
    fn what_is_seen_through_becomes_white() {
        let source = RgbaImage::from_raw(3, 1, vec![10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 200, 51]).unwrap();

        let opaque = on_white(source.into());

        assert_eq!(opaque.into_rgb8().into_raw(), [10, 20, 30, 255, 255, 255, 204, 224, 244]);
    }

    #[test]
    fn covering_cuts_the_sides_or_top_and_bottom() {
        let region = Region { x: 10, y: 20, width: 400, height: 300 };

        assert_eq!(cut(region, (100, 100), Fit::Cover), (60.0, 20.0, 300.0, 300.0));
        assert_eq!(cut(region, (400, 100), Fit::Cover), (10.0, 120.0, 400.0, 100.0));
        assert_eq!(cut(region, (100, 100), Fit::Fill), (10.0, 20.0, 400.0, 300.0));
    }
}
