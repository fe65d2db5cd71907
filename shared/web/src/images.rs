//! Pictures from strangers, decoded within limits: photos of houses and receipts.

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, metadata::Orientation,
};
use tokio::sync::Semaphore;

use crate::FileKind;

/// Longest side in pixels.
pub const LONGEST_SIDE: u32 = 12_000;
/// Most pixels: what the memory of a function holds with room to spare.
pub const MOST_PIXELS: u64 = 50_000_000;
/// Most bytes a decoder may ask for.
const MOST_MEMORY: u64 = 256 * 1024 * 1024;
/// How many pictures a process works on at once: each may take a few hundred megabytes.
const AT_ONCE: usize = 2;

static ROOM: Semaphore = Semaphore::const_new(AT_ONCE);

/// A file that does not become a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Not a JPEG, PNG, WebP or GIF image.
    Kind,
    /// More pixels than [`LONGEST_SIDE`] or [`MOST_PIXELS`] allow.
    Pixels,
    /// Damaged.
    Damaged,
}

impl From<ImageError> for Unreadable {
    fn from(problem: ImageError) -> Self {
        match problem {
            ImageError::Limits(_) => Self::Pixels,
            _ => Self::Damaged,
        }
    }
}

/// A decoded image; of a moving one the first picture.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Its pixels as stored.
    pub image: DynamicImage,
    /// How to turn them so that the picture stands upright (EXIF).
    pub orientation: Orientation,
}

/// Whether files of this kind can be decoded here.
pub fn is_picture(kind: FileKind) -> bool {
    format(kind).is_some()
}

fn format(kind: FileKind) -> Option<ImageFormat> {
    match kind {
        FileKind::Jpeg => Some(ImageFormat::Jpeg),
        FileKind::Png => Some(ImageFormat::Png),
        FileKind::Webp => Some(ImageFormat::WebP),
        FileKind::Gif => Some(ImageFormat::Gif),
        FileKind::Heic | FileKind::Pdf => None,
    }
}

/// Decodes an image of this kind. The header is judged before anything is decoded. This takes time, so callers leave the
/// asynchronous threads with [`apart`].
///
/// # Errors
/// [`Unreadable`].
pub fn decode(bytes: &[u8], kind: FileKind) -> Result<Picture, Unreadable> {
    let format = format(kind).ok_or(Unreadable::Kind)?;
    let reader = || ImageReader::with_format(Cursor::new(bytes), format);
    let (width, height) = reader().into_dimensions()?;
    check_size(width, height)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    let mut reader = reader();
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    // The pixels themselves count towards the memory; a decoder does not look at that by itself.
    limits.reserve(decoder.total_bytes())?;
    decoder.set_limits(limits)?;
    // Metadata that cannot be read say nothing about the pixels.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    Ok(Picture { image: DynamicImage::from_decoder(decoder)?, orientation })
}

/// Whether an image of this size in pixels may be decoded.
///
/// # Errors
/// [`Unreadable::Damaged`] when it has no pixels, [`Unreadable::Pixels`] when it has too many.
pub fn check_size(width: u32, height: u32) -> Result<(), Unreadable> {
    let fits = width.max(height) <= LONGEST_SIDE && u64::from(width) * u64::from(height) <= MOST_PIXELS;
    match (width, height) {
        (0, _) | (_, 0) => Err(Unreadable::Damaged),
        _ if fits => Ok(()),
        _ => Err(Unreadable::Pixels),
    }
}

/// Works on a picture on a thread of its own kind: it takes too long for the others. At most a few at once, so that a
/// flood of uploads waits instead of taking all memory. `None` when the work panicked: a decoder has met a file that
/// it cannot read.
pub async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let room = ROOM.acquire().await.ok()?;
    let work = move || {
        // The room is free again when the work ends, not when its caller stops waiting.
        let _room = room;
        work()
    };
    tokio::task::spawn_blocking(work).await.ok()
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use tokio::task::JoinSet;

    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(check_size(10_000, 5_000), Ok(()));
        assert_eq!(check_size(12_000, 4_000), Ok(()));
        assert_eq!(check_size(0, 5), Err(Unreadable::Damaged));
        assert_eq!(check_size(12_001, 1), Err(Unreadable::Pixels));
        assert_eq!(check_size(10_000, 5_001), Err(Unreadable::Pixels));
        assert_eq!(check_size(u32::MAX, u32::MAX), Err(Unreadable::Pixels));
    }

    #[test]
    fn what_is_no_image_is_not_decoded() {
        assert_eq!(decode(b"%PDF-1.7", FileKind::Pdf).unwrap_err(), Unreadable::Kind);
        assert_eq!(decode(b"\x89PNG\r\n\x1a\nrest", FileKind::Png).unwrap_err(), Unreadable::Damaged);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn few_work_at_once_and_a_panic_harms_nobody() {
        static WORKING: AtomicUsize = AtomicUsize::new(0);
        static MOST: AtomicUsize = AtomicUsize::new(0);
        let mut tasks = JoinSet::new();
        for number in 0..8 {
            tasks.spawn(apart(move || {
                MOST.fetch_max(WORKING.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(20));
                WORKING.fetch_sub(1, Ordering::SeqCst);
                assert!(number != 3, "a decoder that fails");
                number
            }));
        }
        let mut done: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
        done.sort_unstable();
        assert_eq!(done, [0, 1, 2, 4, 5, 6, 7]);
        assert!((1..=AT_ONCE).contains(&MOST.load(Ordering::SeqCst)));
    }
}
