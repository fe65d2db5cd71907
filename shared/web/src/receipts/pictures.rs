//! Pictures, written anew from their pixels alone: no place, no device, nothing hidden inside or behind them.

use std::io::Cursor;

use image::{
    DynamicImage, ExtendedColorType, ImageEncoder, ImageFormat, ImageResult, Rgb, RgbImage,
    codecs::jpeg::JpegEncoder,
};

use super::{LARGEST, Refused, ends, markers};
use crate::{
    FileKind,
    images::{self, Unreadable},
};

/// Quality of the JPEG encoding, of 100: print on a receipt stays legible.
const QUALITY: u8 = 85;

impl From<Unreadable> for Refused {
    fn from(problem: Unreadable) -> Self {
        match problem {
            Unreadable::Kind => Self::Kind,
            Unreadable::Pixels => Self::Pixels,
            Unreadable::Damaged => Self::Damaged,
        }
    }
}

/// The picture, upright and without metadata, and its kind: JPEG for photos (JPEG and WebP), PNG for drawings (PNG and
/// the first picture of a GIF) unless that is too large. Colour profiles are dropped with the rest.
///
/// # Errors
/// [`Refused`] for what is damaged, too large to decode, or another kind of file as well.
pub(super) fn anew(bytes: &[u8], kind: FileKind) -> Result<(FileKind, Vec<u8>), Refused> {
    if markers::holds_page(bytes)
        || markers::holds_pdf(bytes)
        || markers::is_archive(bytes)
        || markers::is_another_file(ends::behind(bytes, kind))
    {
        return Err(Refused::Mixed);
    }
    let picture = images::decode(bytes, kind)?;
    let mut image = picture.image;
    image.apply_orientation(picture.orientation);
    if matches!(kind, FileKind::Png | FileKind::Gif) {
        let drawn = png(&image).map_err(|_| Refused::Damaged)?;
        if drawn.len() <= LARGEST {
            return Ok((FileKind::Png, drawn));
        }
    }
    let photo = jpeg(image).map_err(|_| Refused::Damaged)?;
    // Noise grows when it is written anew.
    if photo.len() > 2 * LARGEST { Err(Refused::Pixels) } else { Ok((FileKind::Jpeg, photo)) }
}

fn png(image: &DynamicImage) -> ImageResult<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png)?;
    Ok(bytes.into_inner())
}

/// JPEG knows no transparency: what can be seen through stands on white paper.
fn jpeg(image: DynamicImage) -> ImageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
    let (width, height) = (image.width(), image.height());
    if image.color().has_alpha() {
        let paper = on_white(image);
        encoder.write_image(&paper, width, height, ExtendedColorType::Rgb8)?;
    } else if image.color().has_color() {
        encoder.write_image(&image.into_rgb8(), width, height, ExtendedColorType::Rgb8)?;
    } else {
        encoder.write_image(&image.into_luma8(), width, height, ExtendedColorType::L8)?;
    }
    Ok(bytes)
}

fn on_white(image: DynamicImage) -> RgbImage {
    let image = image.into_rgba8();
    let mut paper = RgbImage::new(image.width(), image.height());
    for (point, Rgb(seen)) in image.pixels().zip(paper.pixels_mut()) {
        let [red, green, blue, cover] = point.0;
        let over = |colour: u8| {
            let sum = u16::from(colour) * u16::from(cover) + 255 * (255 - u16::from(cover));
            u8::try_from(sum / 255).unwrap_or(u8::MAX)
        };
        *seen = [over(red), over(green), over(blue)];
    }
    paper
}
