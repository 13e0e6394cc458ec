//! What a request asks for. query -> Options, or the sentence that says what is wrong with it.

use image::ImageFormat;

/// The longest side of a result, in pixels.
pub const LONGEST_SIDE: u32 = 4096;
const DEFAULT_QUALITY: u8 = 80;

/// How an image comes into a box of another shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fit {
    /// As large as the box allows, the whole image.
    Contain,
    /// As small as the box allows, what stands out is cut off on both sides.
    Cover,
    /// Exactly the box, distorted.
    Fill,
}

/// A region of the source, in pixels from the upper left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

#[derive(Debug, PartialEq)]
pub struct Options {
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub fit: Fit,
    pub crop: Option<Region>,
    /// None: that of the source.
    pub format: Option<ImageFormat>,
    /// Of JPEG; the other two are encoded without loss.
    pub quality: u8,
}

impl Options {
    pub fn parse(query: &str) -> Result<Self, String> {
        let mut options =
            Self { width: None, height: None, fit: Fit::Contain, crop: None, format: None, quality: DEFAULT_QUALITY };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            match key {
                "width" => options.width = Some(number(key, value, LONGEST_SIDE)?),
                "height" => options.height = Some(number(key, value, LONGEST_SIDE)?),
                "quality" => options.quality = number(key, value, 100)? as u8,
                "crop" => options.crop = Some(region(value)?),
                "fit" => options.fit = fit(value)?,
                "format" => options.format = Some(format(value)?),
                _ => return Err("a parameter is unknown; there are width, height, fit, crop, format, quality".into()),
            }
        }
        Ok(options)
    }
}

fn number(key: &str, value: &str, most: u32) -> Result<u32, String> {
    match value.parse() {
        Ok(number @ 1..) if number <= most => Ok(number),
        _ => Err(format!("{key} is a number from 1 to {most}")),
    }
}

fn region(value: &str) -> Result<Region, String> {
    // Many clients encode the comma.
    let value = value.replace("%2C", ",").replace("%2c", ",");
    let numbers: Result<Vec<u32>, _> = value.split(',').map(str::parse).collect();
    match numbers.as_deref() {
        Ok(&[x, y, width, height]) if width > 0 && height > 0 => Ok(Region { x, y, width, height }),
        _ => Err("crop is x,y,width,height in pixels".into()),
    }
}

fn fit(value: &str) -> Result<Fit, String> {
    match value {
        "contain" => Ok(Fit::Contain),
        "cover" => Ok(Fit::Cover),
        "fill" => Ok(Fit::Fill),
        _ => Err("fit is contain, cover or fill".into()),
    }
}

fn format(value: &str) -> Result<ImageFormat, String> {
    match value {
        "jpeg" => Ok(ImageFormat::Jpeg),
        "png" => Ok(ImageFormat::Png),
        "webp" => Ok(ImageFormat::WebP),
        _ => Err("format is jpeg, png or webp".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_a_default() {
        let options = Options::parse("").unwrap();

        assert_eq!((options.width, options.fit, options.crop, options.quality), (None, Fit::Contain, None, 80));
    }

    #[test]
    fn every_parameter_is_read() {
        let options = Options::parse("width=4096&height=1&fit=cover&crop=0,1,2,3&format=webp&quality=100").unwrap();

        assert_eq!((options.width, options.height, options.fit), (Some(4096), Some(1), Fit::Cover));
        assert_eq!(options.crop, Some(Region { x: 0, y: 1, width: 2, height: 3 }));
        assert_eq!(Options::parse("crop=0%2C1%2c2,3").unwrap().crop, options.crop);
        assert_eq!((options.format, options.quality), (Some(ImageFormat::WebP), 100));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (query, words) in [
            ("width=0", "width is a number from 1 to 4096"),
            ("height=4097", "height is a number from 1 to 4096"),
            ("width=-1", "width is"),
            ("width", "width is"),
            ("quality=101", "quality is a number from 1 to 100"),
            ("crop=1,2,3", "crop is"),
            ("crop=1,2,0,4", "crop is"),
            ("crop=1,2,3,4,5", "crop is"),
            ("crop=1,2,x,3,4", "crop is"),
            ("fit=", "fit is"),
            ("format=gif", "format is"),
            ("size=1", "unknown"),
        ] {
            assert!(Options::parse(query).unwrap_err().contains(words), "{query}");
        }
    }
}
