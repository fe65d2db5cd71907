//! Images: what is accepted, and thumbnails (contract 04 §4.10). Pure; decoding takes time, so callers leave the
//! asynchronous threads.

use casa_web::{
    FileKind,
    images::{LONGEST_SIDE, Unreadable, decode, is_picture},
};
use image::{DynamicImage, imageops::FilterType};

/// Most bytes of an image.
pub const MOST_BYTES: usize = 20 * 1024 * 1024;

/// Size of a thumbnail in pixels.
pub const WIDTH: u32 = 400;
/// Size of a thumbnail in pixels.
pub const HEIGHT: u32 = 300;
/// Quality of the WebP encoding, of 100.
const QUALITY: f32 = 85.0;

/// An image that is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Not a JPEG, PNG, WebP or GIF image.
    Kind,
    /// More than [`MOST_BYTES`].
    Bytes,
    /// More pixels than may be decoded.
    Pixels,
    /// Damaged.
    Damaged,
}

impl From<Unreadable> for Refused {
    fn from(problem: Unreadable) -> Self {
        match problem {
            Unreadable::Kind => Self::Kind,
            Unreadable::Pixels => Self::Pixels,
            Unreadable::Damaged => Self::Damaged,
        }
    }
}

impl Refused {
    /// The reason in Spanish.
    pub fn message(self) -> &'static str {
        match self {
            Self::Kind => "Formato no admitido. Envíe una imagen JPEG, PNG, WebP o GIF.",
            Self::Bytes => "La imagen supera el máximo de 20 MB.",
            Self::Pixels => "La imagen tiene demasiados píxeles.",
            Self::Damaged => "La imagen está dañada o no se puede leer.",
        }
    }
}

/// The kind of an image, from its content.
///
/// # Errors
/// [`Refused::Bytes`] and [`Refused::Kind`].
pub fn accepted_kind(bytes: &[u8]) -> Result<FileKind, Refused> {
    if bytes.len() > MOST_BYTES {
        return Err(Refused::Bytes);
    }
    let kind = FileKind::sniff(bytes).ok_or(Refused::Kind)?;
    if is_picture(kind) { Ok(kind) } else { Err(Refused::Kind) }
}

/// The thumbnail of an image: scaled to cover 400×300, middle part, WebP. Transparency is dropped and the EXIF
/// orientation ignored (contract 04 §4.10.1).
///
/// # Errors
/// [`Refused`] when the image is not one we accept.
pub fn thumbnail(bytes: &[u8]) -> Result<Vec<u8>, Refused> {
    let image = decode(bytes, accepted_kind(bytes)?)?.image;
    let small = cover(image.into_rgb8().into());
    let encoded = webp::Encoder::from_rgb(small.to_rgb8().as_raw(), WIDTH, HEIGHT)
        .encode_simple(false, QUALITY)
        .map_err(|_| Refused::Damaged)?;
    Ok(encoded.to_vec())
}

/// The smallest size with the same proportions that covers a thumbnail, fractions cut off.
fn scaled_size(width: u32, height: u32) -> (u32, u32) {
    let cut = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let (wide, high) = (u64::from(width), u64::from(height));
    if wide * u64::from(HEIGHT) > high * u64::from(WIDTH) {
        (cut(wide * u64::from(HEIGHT) / high), HEIGHT)
    } else {
        (WIDTH, cut(high * u64::from(WIDTH) / wide))
    }
}

fn cover(image: DynamicImage) -> DynamicImage {
    let (mut width, mut height) = scaled_size(image.width(), image.height());
    let mut image = image;
    // A long thin strip would grow beyond all measure before it is cropped, so its middle is cut out first.
    if width > LONGEST_SIDE || height > LONGEST_SIDE {
        let cut_width = image.width().min((image.height() * 4).div_ceil(3));
        let cut_height = image.height().min((image.width() * 3).div_ceil(4));
        let (left, top) = ((image.width() - cut_width) / 2, (image.height() - cut_height) / 2);
        image = image.crop_imm(left, top, cut_width, cut_height);
        (width, height) = scaled_size(cut_width, cut_height);
    }
    let scaled = image.resize_exact(width, height, FilterType::Lanczos3);
    scaled.crop_imm((width - WIDTH) / 2, (height - HEIGHT) / 2, WIDTH, HEIGHT)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    fn png(image: &DynamicImage) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    /// Contract 04 §4.10.1.
    #[test]
    fn scaling_covers_and_cuts_fractions_off() {
        assert_eq!(scaled_size(800, 600), (400, 300));
        assert_eq!(scaled_size(24, 18), (400, 300));
        assert_eq!(scaled_size(1000, 300), (1000, 300));
        assert_eq!(scaled_size(1000, 700), (428, 300));
        assert_eq!(scaled_size(700, 1000), (400, 571));
        assert_eq!(scaled_size(1, 1), (400, 400));
        for (width, height) in [(1, 12_000), (12_000, 1), (4001, 3000), (4000, 3001), (401, 300)] {
            let (scaled_width, scaled_height) = scaled_size(width, height);
            assert!(scaled_width >= WIDTH && scaled_height >= HEIGHT, "{width}×{height}");
        }
    }

    /// Contract 04 §9, example 51, with the left or upper edge of the crop.
    #[test]
    fn example_51_thumbnail_sources() {
        for ((width, height), scaled, edge) in [
            ((1000, 400), (750, 300), (175, 0)),
            ((300, 900), (400, 1200), (0, 450)),
            ((100, 75), (400, 300), (0, 0)),
        ] {
            let (wide, high) = scaled_size(width, height);
            assert_eq!((wide, high), scaled, "{width}×{height}");
            assert_eq!(((wide - WIDTH) / 2, (high - HEIGHT) / 2), edge, "{width}×{height}");
        }
    }

    #[test]
    fn thumbnails_show_the_middle() {
        // Red, green and blue thirds, so wide that only the green one remains.
        let strip = RgbImage::from_fn(1200, 300, |x, _| {
            Rgb([[200, 0, 0], [0, 200, 0], [0, 0, 200]][x as usize / 400])
        });
        let bytes = thumbnail(&png(&strip.into())).unwrap();
        assert_eq!(FileKind::sniff(&bytes), Some(FileKind::Webp));
        let small = image::load_from_memory(&bytes).unwrap().to_rgb8();
        assert_eq!(small.dimensions(), (WIDTH, HEIGHT));
        let Rgb([red, green, blue]) = *small.get_pixel(200, 150);
        assert!(red < 30 && green > 170 && blue < 30, "{red} {green} {blue}");
    }

    #[test]
    fn transparency_is_dropped() {
        let clear = RgbaImage::from_pixel(40, 30, Rgba([0, 200, 0, 0]));
        let small = image::load_from_memory(&thumbnail(&png(&clear.into())).unwrap()).unwrap();
        assert!(!small.color().has_alpha());
        assert!(small.to_rgb8().get_pixel(10, 10).0[1] > 170);
    }

    #[test]
    fn thin_strips_do_not_grow_beyond_measure() {
        for (width, height) in [(12_000, 1), (1, 12_000)] {
            let strip = RgbImage::from_pixel(width, height, Rgb([9, 9, 9]));
            assert!(thumbnail(&png(&strip.into())).is_ok(), "{width}×{height}");
        }
    }

    /// A header that promises far more than the file holds is refused before decoding.
    #[test]
    fn bombs_are_refused() {
        let mut gif = Cursor::new(Vec::new());
        DynamicImage::from(RgbaImage::new(1, 1)).write_to(&mut gif, ImageFormat::Gif).unwrap();
        let gif = gif.into_inner();
        let bomb = |width: u16, height: u16| {
            let mut bytes = gif.clone();
            bytes[6..8].copy_from_slice(&width.to_le_bytes());
            bytes[8..10].copy_from_slice(&height.to_le_bytes());
            thumbnail(&bytes).map(|_| ())
        };
        assert_eq!(bomb(1, 1), Ok(()));
        assert_eq!(bomb(65_535, 65_535), Err(Refused::Pixels));
        assert_eq!(bomb(12_001, 1), Err(Refused::Pixels));
        assert_eq!(bomb(8_000, 8_000), Err(Refused::Pixels));
        assert_eq!(thumbnail(&gif[..20]), Err(Refused::Damaged));
    }

    #[test]
    fn other_files_are_refused() {
        for junk in [&b""[..], b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", b"hello"] {
            assert_eq!(thumbnail(junk), Err(Refused::Kind));
        }
        assert_eq!(thumbnail(b"\x89PNG\r\n\x1a\nrest"), Err(Refused::Damaged));
        assert_eq!(accepted_kind(&vec![0; MOST_BYTES + 1]), Err(Refused::Bytes));
    }
}
