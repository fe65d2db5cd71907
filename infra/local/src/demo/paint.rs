//! Paints simple pictures of houses, so that a demonstration shows something without shipping photos.
//!
//! All in whole numbers: coordinates are pixels of an 800×600 picture, colours go from 0 to 255.

use std::io::Cursor;

use image::codecs::png::{CompressionType, FilterType as PngFilter, PngEncoder};
use image::imageops::FilterType;
use image::{DynamicImage, ImageError, ImageFormat, Rgb, RgbImage};

const WIDTH: u32 = 800;
const HEIGHT: u32 = 600;
/// Where the meadow begins.
const HORIZON: u32 = 400;

/// What a picture shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene {
    /// Which house.
    pub(super) house: usize,
    /// Its view: by day, at sunset, at night.
    pub(super) view: usize,
}

/// How a picture is stored.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// 800×600 PNG.
    Photo,
    /// 400×300 WebP, as contract 04 §4.10 has it.
    Thumbnail,
}

type Colour = [u8; 3];

/// The colours of a view: sky above and at the horizon, meadow at the horizon and in front, sun or moon, windows.
struct Light {
    sky: [Colour; 2],
    meadow: [Colour; 2],
    disc: Colour,
    disc_at: (u32, u32),
    window: Colour,
    /// How much of a house's own colour is left, of 100.
    brightness: u32,
}

const LIGHTS: [Light; 3] = [
    Light {
        sky: [[70, 140, 220], [200, 228, 245]],
        meadow: [[130, 180, 90], [70, 125, 55]],
        disc: [255, 244, 190],
        disc_at: (650, 110),
        window: [170, 205, 225],
        brightness: 100,
    },
    Light {
        sky: [[70, 60, 120], [250, 165, 95]],
        meadow: [[120, 110, 60], [60, 65, 40]],
        disc: [255, 205, 120],
        disc_at: (690, 235),
        window: [255, 214, 130],
        brightness: 75,
    },
    Light {
        sky: [[10, 14, 40], [45, 55, 100]],
        meadow: [[30, 50, 45], [15, 25, 25]],
        disc: [235, 235, 215],
        disc_at: (600, 90),
        window: [255, 205, 95],
        brightness: 40,
    },
];

/// Walls and roof of each house.
const HOUSES: [[Colour; 2]; 3] =
    [[[238, 228, 240], [110, 75, 160]], [[245, 238, 220], [40, 130, 120]], [[250, 225, 180], [190, 90, 50]]];

/// Paints a scene; answers the file and its media type.
pub(super) fn paint(scene: Scene, kind: Kind) -> Result<(Vec<u8>, &'static str), ImageError> {
    let light = &LIGHTS[scene.view % LIGHTS.len()];
    let colours = &HOUSES[scene.house % HOUSES.len()];
    let picture = RgbImage::from_fn(WIDTH, HEIGHT, |x, y| Rgb(pixel(scene.house, light, colours, x, y)));
    let picture = DynamicImage::ImageRgb8(picture);
    let mut bytes = Cursor::new(Vec::new());
    let content_type = match kind {
        Kind::Photo => {
            // Five times as quick as the usual settings in a debug build, and small enough.
            picture.write_with_encoder(PngEncoder::new_with_quality(
                &mut bytes,
                CompressionType::Fast,
                PngFilter::Sub,
            ))?;
            "image/png"
        }
        Kind::Thumbnail => {
            let small = picture.resize_exact(400, 300, FilterType::Triangle);
            small.write_to(&mut bytes, ImageFormat::WebP)?;
            "image/webp"
        }
    };
    Ok((bytes.into_inner(), content_type))
}

fn pixel(house: usize, light: &Light, colours: &[Colour; 2], x: u32, y: u32) -> Colour {
    if let Some(colour) = house_pixel(house, light, colours, x, y) {
        return colour;
    }
    if y >= HORIZON {
        let pool = (x.abs_diff(620), y.abs_diff(520) * 3);
        if house != 1 && square(pool.0) + square(pool.1) < square(130) {
            return dim([90, 190, 215], light.brightness);
        }
        return blend(light.meadow[0], light.meadow[1], y - HORIZON, HEIGHT - HORIZON);
    }
    // Two hills far behind, as triangles.
    let ridge = (x.abs_diff(250) / 2 + 250).min(x.abs_diff(620) / 3 + 290);
    if y >= ridge {
        return blend(light.sky[1], light.meadow[0], 55, 100);
    }
    let (disc_x, disc_y) = light.disc_at;
    if square(x.abs_diff(disc_x)) + square(y.abs_diff(disc_y)) < square(42) {
        return light.disc;
    }
    blend(light.sky[0], light.sky[1], y, HORIZON)
}

/// The colour of the house at a point, if it stands there. Each house is a little narrower than the one before.
fn house_pixel(house: usize, light: &Light, colours: &[Colour; 2], x: u32, y: u32) -> Option<Colour> {
    let half = [210, 175, 140].get(house).copied().unwrap_or(160);
    let (middle, eaves, ground) = (330, 290, 470);
    let aside = x.abs_diff(middle);
    if (eaves..ground).contains(&y) && aside < half {
        if y > 385 && aside < 28 {
            return Some(dim([95, 60, 40], light.brightness));
        }
        let lit = (325..375).contains(&y) && (60..110).contains(&aside)
            || (325..375).contains(&y) && aside >= 130 && aside < half.saturating_sub(20);
        return Some(if lit { light.window } else { dim(colours[0], light.brightness) });
    }
    // The roof rises one pixel for every two towards the middle, with eaves beyond the walls.
    let roof = half + 30;
    let under_the_roof = y < eaves && aside < roof && y + (roof - aside) / 2 >= eaves;
    under_the_roof.then(|| dim(colours[1], light.brightness))
}

fn square(length: u32) -> u32 {
    length * length
}

fn dim(colour: Colour, brightness: u32) -> Colour {
    blend([0, 0, 0], colour, brightness, 100)
}

/// The colour `part` of `whole` of the way from one to another.
fn blend(from: Colour, to: Colour, part: u32, whole: u32) -> Colour {
    let mut mixed = from;
    for (channel, goal) in mixed.iter_mut().zip(to) {
        let sum = u32::from(*channel) * (whole - part.min(whole)) + u32::from(goal) * part.min(whole);
        *channel = u8::try_from(sum / whole).unwrap_or(u8::MAX);
    }
    mixed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_has_its_size_and_is_small() {
        for house in 0..3 {
            for view in 0..3 {
                let (bytes, _) = paint(Scene { house, view }, Kind::Photo).expect("painted");
                let picture = image::load_from_memory(&bytes).expect("readable");
                assert_eq!((picture.width(), picture.height()), (WIDTH, HEIGHT));
                assert!(bytes.len() < 100_000, "{} bytes", bytes.len());
            }
        }
        let (bytes, content_type) = paint(Scene { house: 0, view: 0 }, Kind::Thumbnail).expect("painted");
        let picture = image::load_from_memory(&bytes).expect("readable");
        assert_eq!((picture.width(), picture.height(), content_type), (400, 300, "image/webp"));
    }
}
