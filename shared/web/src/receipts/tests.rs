//! Files as they come with a form: ordinary ones, and those that mean harm.

use std::io::Cursor;

use axum::{
    body::Body,
    extract::{DefaultBodyLimit, FromRequest, Request},
};
use image::{DynamicImage, GenericImageView, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use proptest::prelude::*;

use super::*;

/// A picture, red on the left and blue on the right.
pub(super) fn sample(width: u32, height: u32) -> DynamicImage {
    let colour = |x| if x < width / 2 { Rgb([220, 20, 20]) } else { Rgb([20, 20, 220]) };
    RgbImage::from_fn(width, height, |x, _| colour(x)).into()
}

pub(super) fn encoded(image: &DynamicImage, kind: FileKind) -> Vec<u8> {
    let format = match kind {
        FileKind::Png => ImageFormat::Png,
        FileKind::Webp => ImageFormat::WebP,
        FileKind::Gif => ImageFormat::Gif,
        _ => ImageFormat::Jpeg,
    };
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

const PICTURES: [FileKind; 4] = [FileKind::Jpeg, FileKind::Png, FileKind::Webp, FileKind::Gif];
const PDF: &[u8] = b"%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n";
const DIRECTORY: &[u8] = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// The form that a browser sends with these files, each a field, a name and the content.
async fn form(files: &[(&str, &str, &[u8])]) -> Form {
    let mut body = Vec::new();
    for (field, name, content) in files {
        let head =
            format!("--cut\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\r\n");
        body.extend([head.as_bytes(), content, b"\r\n"].concat());
    }
    body.extend(b"--cut--\r\n");
    let request = Request::post("/").header("content-type", "multipart/form-data; boundary=cut");
    let mut request = request.body(Body::from(body)).unwrap();
    DefaultBodyLimit::disable().apply(&mut request);
    Form::from_request(request, &()).await.unwrap()
}

async fn check(name: &str, content: &[u8]) -> Result<CheckedFile, String> {
    match checked(&form(&[("voucher", name, content)]).await, "voucher", 1).await {
        Ok(mut files) => Ok(files.remove(0)),
        Err(problem) => {
            assert_eq!(problem.status(), 400);
            Err(problem.body()["voucher"][0].as_str().unwrap().to_owned())
        }
    }
}

async fn refusal(name: &str, content: &[u8]) -> Option<String> {
    check(name, content).await.err()
}

fn said(refused: Refused) -> Option<String> {
    Some(refused.message().to_owned())
}

#[tokio::test]
async fn ordinary_files_pass() {
    for (kind, stored) in
        PICTURES.into_iter().zip([FileKind::Jpeg, FileKind::Png, FileKind::Jpeg, FileKind::Png])
    {
        let file = check("Depósito BCP (1).x", &encoded(&sample(60, 40), kind)).await.unwrap();
        assert_eq!((file.kind, file.stem.as_str()), (stored, "deposito-bcp-1"), "{kind:?}");
        assert_eq!(FileKind::sniff(&file.bytes), Some(stored));
        let image = image::load_from_memory(&file.bytes).unwrap().to_rgb8();
        assert_eq!(image.dimensions(), (60, 40));
        let ([red, _, _], [_, _, blue]) = (image.get_pixel(5, 20).0, image.get_pixel(55, 20).0);
        assert!(red > 180 && blue > 180, "{kind:?}");
    }
    let file = check("voucher.pdf", PDF).await.unwrap();
    assert_eq!((file.kind, &file.bytes[..]), (FileKind::Pdf, PDF), "byte for byte");
    // Drawings keep every point, grey ones stay grey, and what is clear stays clear or turns to paper.
    let clear: DynamicImage = RgbaImage::from_pixel(9, 9, Rgba([0, 0, 0, 0])).into();
    let png = check("a.png", &encoded(&clear, FileKind::Png)).await.unwrap();
    assert_eq!(image::load_from_memory(&png.bytes).unwrap(), clear);
    let paper = check("a.webp", &encoded(&clear, FileKind::Webp)).await.unwrap();
    assert!(image::load_from_memory(&paper.bytes).unwrap().get_pixel(4, 4).0.iter().all(|part| *part > 250));
    let grey = check("a.jpg", &encoded(&sample(20, 20).to_luma8().into(), FileKind::Jpeg)).await.unwrap();
    assert!(!image::load_from_memory(&grey.bytes).unwrap().color().has_color());
}

#[tokio::test]
async fn several_files_and_none() {
    let png = encoded(&sample(4, 4), FileKind::Png);
    let two = form(&[("file", "a.png", &png), ("other", "b.png", b"x"), ("file", "c.pdf", PDF)]).await;
    let files = checked(&two, "file", 2).await.unwrap();
    assert_eq!(files.iter().map(|file| file.stem.as_str()).collect::<Vec<_>>(), ["a", "c"]);
    assert_eq!(checked(&two, "file", 1).await.unwrap_err().body()["file"][0], "Envíe un solo archivo.");
    // What a browser sends for a field in which nothing was chosen.
    assert!(checked(&form(&[("file", "", b"")]).await, "file", 1).await.unwrap().is_empty());
    assert!(checked(&two, "voucher", 1).await.unwrap().is_empty());
}

#[tokio::test]
async fn names_with_paths_are_refused() {
    let png = encoded(&sample(4, 4), FileKind::Png);
    for name in [
        "../a.png",
        "..",
        "/etc/passwd",
        "a/b.png",
        "..\\..\\a.png",
        "C:\\fakepath\\a.png",
        "a\tb.png",
        "a\u{85}.png",
    ] {
        assert_eq!(refusal(name, &png).await, said(Refused::Name), "{name:?}");
    }
    for name in ["Mi voucher (2).png", "ñandú.PNG", "a..b.png", "...", "sin-extension", "50%2F50.png"] {
        assert_eq!(refusal(name, &png).await, None, "{name}");
    }
}

#[tokio::test]
async fn other_kinds_and_sizes_are_refused() {
    for (content, refused) in [
        (&b""[..], Refused::Empty),
        (b"<html><script>alert(1)</script></html>", Refused::Kind),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Refused::Kind),
        (b"MZ\x90\0\x03", Refused::Kind),
        (b"PK\x03\x04", Refused::Kind),
        (b" %PDF-1.7\n%%EOF", Refused::Kind),
        (b"\0\0\0\x18ftypheic\0\0\0\0", Refused::Heic),
        (&[0; LARGEST + 1], Refused::Large),
    ] {
        assert_eq!(refusal("a.png", content).await, said(refused));
    }
    assert!(Refused::Heic.message().contains("JPG"));
    for kind in PICTURES {
        let bytes = encoded(&sample(64, 64), kind);
        assert_eq!(refusal("half", &bytes[..20]).await, said(Refused::Damaged), "{kind:?}");
    }
}

/// A PNG chunk with its checksum.
fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let step = |sum: u32| if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 };
    let with_kind = [kind, data].concat();
    let sum =
        with_kind.iter().fold(u32::MAX, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), |sum, _| step(sum)));
    let length = u32::try_from(data.len()).unwrap();
    [&length.to_be_bytes(), &with_kind[..], &(!sum).to_be_bytes()].concat()
}

/// A picture whose header promises `width` × `height` pixels, in hardly any bytes.
fn bomb(width: u32, height: u32, kind: FileKind) -> Vec<u8> {
    if kind == FileKind::Png {
        let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
        let data = chunk(b"IDAT", &miniz_oxide::deflate::compress_to_vec_zlib(&[0; 100_000], 9));
        return [b"\x89PNG\r\n\x1a\n", &chunk(b"IHDR", &header)[..], &data, &chunk(b"IEND", b"")].concat();
    }
    let mut bytes = encoded(&sample(8, 8), kind);
    let (width, height) = (u16::try_from(width).unwrap(), u16::try_from(height).unwrap());
    if kind == FileKind::Gif {
        bytes[6..8].copy_from_slice(&width.to_le_bytes());
        bytes[8..10].copy_from_slice(&height.to_le_bytes());
    } else {
        let frame = bytes.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
        bytes[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
        bytes[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    }
    bytes
}

#[tokio::test]
async fn bombs_are_refused() {
    for kind in [FileKind::Png, FileKind::Gif, FileKind::Jpeg] {
        for (width, height) in [(60_000, 60_000), (12_001, 1), (1, 12_001), (8_000, 8_000)] {
            let bytes = bomb(width, height, kind);
            assert!(bytes.len() < 2000);
            assert_eq!(refusal("bomb", &bytes).await, said(Refused::Pixels), "{kind:?} {width}×{height}");
        }
    }
    assert_eq!(refusal("bomb", &bomb(0, 5, FileKind::Png)).await, said(Refused::Damaged));
    assert!(refusal("bomb", &bomb(u32::MAX, u32::MAX, FileKind::Png)).await.is_some());
}

/// EXIF with orientation 6 (turn right) and a place, little-endian.
fn exif() -> Vec<u8> {
    let mut tiff = b"II*\0\x08\0\0\0\x02\0".to_vec();
    tiff.extend(b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"); // orientation
    tiff.extend(b"\x25\x88\x04\0\x01\0\0\0\x26\0\0\0\0\0\0\0"); // the place stands at 38
    tiff.extend(b"\x02\0\x01\0\x02\0\x02\0\0\0S\0\0\0\x02\0\x05\0\x03\0\0\0\x44\0\0\0\0\0\0\0");
    tiff.extend(PLACE);
    tiff
}

/// Degrees, minutes and seconds of a latitude.
const PLACE: &[u8] = b"\x0c\0\0\0\x01\0\0\0\x1e\0\0\0\x01\0\0\0\x39\x30\0\0\xe8\x03\0\0";

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(bytes, part).is_some()
}

#[tokio::test]
async fn metadata_are_gone_and_the_picture_stands_upright() {
    let segment = |marker: u8, data: &[u8]| {
        [&[0xFF, marker][..], &u16::try_from(data.len() + 2).unwrap().to_be_bytes(), data].concat()
    };
    let plain = encoded(&sample(40, 20), FileKind::Jpeg);
    let with_exif = segment(0xE1, &[b"Exif\0\0", &exif()[..]].concat());
    let xmp = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>secret</x:xmpmeta>");
    let comment = segment(0xFE, b"secret");
    let profile = segment(0xE2, b"ICC_PROFILE\0\x01\x01secret");
    let film = b"\0\0\0\x18ftypmp42 secret film";
    let jpeg = [&plain[..2], &with_exif, &xmp, &comment, &profile, &plain[2..], film].concat();
    let mut png = encoded(&sample(40, 20), FileKind::Png);
    // Behind the header: 8 bytes of signature, 25 of IHDR.
    png.splice(33..33, [chunk(b"eXIf", &exif()), chunk(b"tEXt", b"Author\0secret")].concat());
    for (name, bytes) in
        [("a.jpg", [&jpeg[..], b"secret"].concat()), ("a.png", [&png[..], b"secret"].concat())]
    {
        assert!(holds(&bytes, PLACE));
        let file = check(name, &bytes).await.unwrap();
        for gone in [PLACE, b"Exif", b"eXIf", b"secret", b"xmpmeta", b"ICC", b"tEXt", b"ftyp"] {
            assert!(!holds(&file.bytes, gone), "{name}: {}", gone.escape_ascii());
        }
        assert!(ends::behind(&file.bytes, file.kind).is_empty());
        let image = image::load_from_memory(&file.bytes).unwrap().to_rgb8();
        assert_eq!(image.dimensions(), (20, 40), "{name} was turned");
        let ([red, _, _], [_, _, blue]) = (image.get_pixel(10, 4).0, image.get_pixel(10, 36).0);
        assert!(red > 180 && blue > 180, "{name}: what was left is above");
    }
}

#[tokio::test]
async fn files_of_two_kinds_are_refused() {
    let zip = [b"PK\x03\x04\x14\0 data", DIRECTORY].concat();
    for kind in PICTURES {
        let picture = encoded(&sample(16, 16), kind);
        for behind in [
            &zip[..],
            b"PK\x03\x04",
            b"%PDF-1.4 ...",
            b"<html><body>",
            b"\n\n<svg onload=alert(1)>",
            b"<?php system($_GET['c']);",
            b"MZ\x90\0",
            b"\0\x7fELF\x02",
            b"zzzz<SCRIPT>alert(1)</SCRIPT>",
        ] {
            let both = [&picture[..], behind].concat();
            let text = behind.escape_ascii();
            assert_eq!(refusal("a", &both).await, said(Refused::Mixed), "{kind:?} {text}");
        }
        let phone = [&picture[..], b"\xff\xd8\xff\xe1 another picture"].concat();
        assert_eq!(refusal("a", &phone).await, None, "{kind:?}");
    }
    // Inside: a text chunk, a comment, and the GIF that is a script.
    let mut png = encoded(&sample(16, 16), FileKind::Png);
    png.splice(33..33, chunk(b"tEXt", b"Comment\0<script>alert(1)</script>"));
    assert_eq!(refusal("a.png", &png).await, said(Refused::Mixed));
    let mut gif = encoded(&sample(16, 16), FileKind::Gif);
    let trailer = gif.len() - 1;
    gif.splice(trailer..trailer, *b"!\xfe\x13<script>alert(1);//\0");
    assert_eq!(refusal("a.gif", &gif).await, said(Refused::Mixed));
    assert_eq!(refusal("a.gif", b"GIF89a/*<script>*/=1;alert(1)").await, said(Refused::Mixed));
    assert_eq!(refusal("a.pdf", &[PDF, &zip[..], b"%%EOF"].concat()).await, said(Refused::Mixed));
}

/// Any file, beginning as one of the kinds or as none, whole or damaged.
fn any_file() -> impl Strategy<Value = Vec<u8>> {
    let starts: Vec<&[u8]> =
        vec![b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x40\0\0\0WEBPVP8 ", b"GIF89a", b"%PDF-1.7\n"];
    let noise = (prop::sample::select(starts), prop::collection::vec(any::<u8>(), 0..300));
    let noise = noise.prop_map(|(start, rest)| [start, &rest].concat());
    let mut whole: Vec<_> = PICTURES.into_iter().map(|kind| encoded(&sample(24, 16), kind)).collect();
    whole.push(PDF.to_vec());
    let damage = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8);
    let damaged = (prop::sample::select(whole), damage, any::<prop::sample::Index>());
    let damaged = damaged.prop_map(|(mut bytes, damage, end)| {
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(end.index(2 * bytes.len()) + 1);
        bytes
    });
    prop_oneof![noise, damaged]
}

proptest! {
    /// Our own reading never panics, whatever comes; what passes is a file of its kind that passes again.
    #[test]
    fn any_bytes_are_judged(bytes in any_file()) {
        for kind in PICTURES {
            ends::behind(&bytes, kind);
        }
        let _ = documents::check(&bytes);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        if let Ok(file) = runtime.block_on(check("a", &bytes)) {
            prop_assert_eq!(FileKind::sniff(&file.bytes), Some(file.kind));
            prop_assert_eq!(runtime.block_on(refusal("a", &file.bytes)), None);
        }
    }
}
