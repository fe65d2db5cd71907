//! Files: receipts that come with reservations, and photos of houses.

#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

use std::{collections::BTreeSet, io::Cursor};

use casa_tests::{
    Casa,
    contents::Contents,
    replay::{NOBODY, Set},
};
use image::{DynamicImage, ImageFormat, RgbImage};
use reqwest::{
    Client, Method, Response, header,
    multipart::{Form, Part},
};
use serde_json::Value;
use tokio::task::JoinSet;

struct Setting {
    set: Set,
    casa: Casa,
    http: Client,
    token: String,
}

impl Setting {
    async fn new(user: &str) -> Self {
        let set = Set::compact();
        let casa = set.start();
        let (email, password) = set.staff(user);
        let token = casa.sign_in(email, password).await;
        Self { set, casa, http: Client::new(), token }
    }

    async fn token_of(&self, user: &str) -> String {
        let (email, password) = self.set.staff(user);
        self.casa.sign_in(email, password).await
    }

    async fn send(&self, method: Method, path: &str, form: Form) -> (u16, Value) {
        let request = self.http.request(method, self.casa.url(path)).bearer_auth(&self.token).multipart(form);
        read(request.send().await.unwrap()).await
    }

    async fn call(&self, method: Method, path: &str, token: &str) -> (u16, Value) {
        let request = self.http.request(method, self.casa.url(path)).bearer_auth(token);
        read(request.send().await.unwrap()).await
    }

    async fn contents(&self) -> Contents {
        Contents::of(&self.casa.shared).await
    }

    /// Waits until nothing happens by itself any more (facts of earlier writes).
    async fn settle(&self) {
        let answer = self.http.post(format!("{}/_casa/settle", self.casa.base)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }

    /// A booking of an otherwise empty week of the first house.
    fn booking(&self, week: u32) -> Form {
        let guests = self.set.rows("clients.clients");
        let guest = guests.iter().find(|(_, one)| one["deleted"] == false).unwrap();
        let (from, to) = (format!("2034-{week:02}-03"), format!("2034-{week:02}-06"));
        let house = self.set.rows("property.property")[0].0.clone();
        Form::new()
            .text("property", house)
            .text("client", guest.0.clone())
            .text("check_in_date", from)
            .text("check_out_date", to)
            .text("origin", "aus")
            .text("price_sol", "100.00")
    }
}

async fn read(answer: Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let bytes = answer.bytes().await.unwrap();
    (status, if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() })
}

fn file(name: &str, bytes: impl Into<Vec<u8>>, kind: &str) -> Part {
    Part::bytes(bytes.into()).file_name(name.to_owned()).mime_str(kind).unwrap()
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let image = RgbImage::from_fn(width, height, |x, y| image::Rgb([(x % 256) as u8, (y % 256) as u8, 90]));
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(image).write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n";

/// Addresses of the receipts of a reservation, with their ids.
async fn receipts(setting: &Setting, reservation: &str) -> Vec<(String, String)> {
    let (status, body) =
        setting.call(Method::GET, &format!("reservations/{reservation}/"), &setting.token).await;
    assert_eq!(status, 200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    body["recipts"].as_array().unwrap().iter().map(|one| (text(&one["id"]), text(&one["file"]))).collect()
}

/// Status, media type and content at an address, without any header of ours.
async fn load(address: &str) -> (u16, String, Vec<u8>) {
    let answer = reqwest::get(address).await.unwrap();
    let media_type = answer.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
    (answer.status().as_u16(), media_type, answer.bytes().await.unwrap().to_vec())
}

#[tokio::test]
async fn receipts_from_beginning_to_end() {
    let setting = Setting::new("vendedor1").await;
    let picture = [png(30, 20), b"a secret behind the picture".to_vec()].concat();
    let form = setting.booking(1);
    let form = form.part("file", file("Depósito (1).PNG", picture.clone(), "image/png"));
    let form = form.part("file", file("voucher.pdf", PDF, "application/pdf"));
    let (status, body) = setting.send(Method::POST, "reservations/", form).await;
    assert_eq!(status, 201, "{body}");
    let id = body["id"].as_str().unwrap().to_owned();

    let mut found = receipts(&setting, &id).await;
    assert_eq!(found.len(), 2);
    found.sort_by_key(|(_, address)| address.contains(".pdf?"));
    let addresses: Vec<_> = found.iter().map(|(_, address)| address.clone()).collect();
    for (address, name) in addresses.iter().zip(["deposito-1_", "voucher_"]) {
        let folder = format!("{}/media/rental_recipt/{id}/{name}", setting.casa.base);
        assert!(address.starts_with(&folder), "{address}");
    }
    // The picture is written anew, the document kept as it is.
    let (status, kind, bytes) = load(&addresses[0]).await;
    assert_eq!((status, kind.as_str()), (200, "image/png"));
    let pixels = |bytes: &[u8]| image::load_from_memory(bytes).unwrap().to_rgb8();
    assert_eq!(pixels(&bytes), pixels(&picture));
    assert!(!bytes.windows(6).any(|part| part == b"secret"), "what was hidden in it is gone");
    assert_eq!(load(&addresses[1]).await, (200, "application/pdf".to_owned(), PDF.to_vec()));

    // Only the very address that was given works.
    let (good, other) = (&found[0].1, &found[1].1);
    let (path, query) = good.split_once('?').unwrap();
    let (expires, signature) = query.split_once("&signature=").unwrap();
    let later = format!("expires={}", expires["expires=".len()..].parse::<i64>().unwrap() + 1);
    for wrong in [
        path.to_owned(),
        format!("{path}?{expires}"),
        format!("{path}?signature={signature}"),
        format!("{path}?{later}&signature={signature}"),
        format!("{path}?{expires}&signature={}", signature.chars().rev().collect::<String>()),
        format!("{path}?{expires}&signature={}", &signature[1..]),
        format!("{path}?{}", other.split_once('?').unwrap().1),
        format!("{}?{query}", path.replace(&id, NOBODY)),
    ] {
        assert_eq!(load(&wrong).await.0, 404, "{wrong}");
        let signed_in = setting.http.get(&wrong).bearer_auth(&setting.token).send().await.unwrap();
        assert_eq!(signed_in.status(), 404, "a token is no signature: {wrong}");
    }

    // A change adds; it never replaces.
    let path = format!("reservations/{id}/");
    let form = Form::new().part("file", file("tercero.png", png(8, 8), "image/png"));
    assert_eq!(setting.send(Method::PATCH, &path, form).await.0, 200);
    let grown = receipts(&setting, &id).await;
    let ids = |list: &[(String, String)]| list.iter().map(|(id, _)| id.clone()).collect::<BTreeSet<_>>();
    assert!(grown.len() == 3 && ids(&grown).is_superset(&ids(&found)));

    // Only who may change the reservation removes its receipts, by both addresses, once.
    let stranger = setting.token_of("vendedor2").await;
    for (address, (receipt, file)) in ["recipt", "delete-recipe"].into_iter().zip(&grown) {
        let path = format!("{address}/{receipt}/");
        assert_eq!(load(file).await.0, 200);
        assert_eq!(setting.call(Method::DELETE, &path, &stranger).await.0, 404);
        assert_eq!(load(file).await.0, 200);
        assert_eq!(setting.call(Method::DELETE, &path, &setting.token).await, (204, Value::Null));
        assert_eq!(setting.call(Method::DELETE, &path, &setting.token).await.0, 404);
        assert_eq!(load(file).await.0, 404, "the file goes with its row");
    }
    assert_eq!(ids(&receipts(&setting, &id).await), ids(&grown[2..]));
}

#[tokio::test]
async fn unusable_receipts_leave_nothing_behind() {
    let setting = Setting::new("vendedor1").await;
    let reservation = format!("reservations/{}/", setting.set.reservation());
    let before = setting.contents().await;
    let with = |end: &[u8]| [&png(4, 4), end].concat();
    let script = [&PDF[..9], b"<</S /JavaScript /JS (app.alert(1))>>\n", &PDF[9..]].concat();
    let junk: [(&str, Vec<u8>, &str); 17] = [
        ("empty.png", Vec::new(), "image/png"),
        ("page.png", b"<html><script>alert(1)</script>".to_vec(), "image/png"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), "image/svg+xml"),
        ("program.pdf", b"MZ\x90\0\x03".to_vec(), "application/pdf"),
        ("archive.zip", b"PK\x03\x04".to_vec(), "application/zip"),
        ("short.png", b"\x89PN".to_vec(), "image/png"),
        ("text.jpg", b"GIF7a".to_vec(), "image/jpeg"),
        ("film.heic", b"\0\0\0\x18ftypmp42".to_vec(), "image/heic"),
        ("photo.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1".to_vec(), "image/heic"),
        ("bomb.png", bomb(60_000, 60_000), "image/png"),
        ("archive.png", with(b"PK\x03\x04 and its directory PK\x05\x06"), "image/png"),
        ("page.png", with(b"<html><script>alert(1)</script>"), "image/png"),
        ("script.pdf", script, "application/pdf"),
        ("half.pdf", b"%PDF-1.7\n1 0 obj <<>>".to_vec(), "application/pdf"),
        ("../../etc/voucher.png", png(4, 4), "image/png"),
        ("..\\voucher.png", png(4, 4), "image/png"),
        ("large.png", [png(4, 4), vec![0; 10 * 1024 * 1024]].concat(), "image/png"),
    ];
    for (name, bytes, kind) in junk {
        // A good file before the bad one must not stay either.
        let with = |form: Form| {
            form.part("file", file("good.png", png(4, 4), "image/png"))
                .part("file", file(name, bytes.clone(), kind))
        };
        for (method, path, form) in [
            (Method::POST, "reservations/", with(setting.booking(2))),
            (Method::PATCH, reservation.as_str(), with(Form::new())),
        ] {
            let (status, body) = setting.send(method.clone(), path, form).await;
            assert_eq!(status, 400, "{method} {name}: {body}");
            assert!(body["file"][0].is_string() && body["detail"].is_string(), "{body}");
        }
    }
    let many =
        (0..11).fold(setting.booking(2), |form, _| form.part("file", file("a.png", png(2, 2), "image/png")));
    assert_eq!(setting.send(Method::POST, "reservations/", many).await.0, 400);
    // Good files with something else wrong: the nights are taken, a field is wrong, the guest does not exist.
    let taken = || setting.booking(3).part("file", file("a.png", png(2, 2), "image/png"));
    let wrong = setting.booking(2).text("guests", "x").part("file", file("a.png", png(2, 2), "image/png"));
    let nobody =
        setting.booking(2).text("client", NOBODY).part("file", file("a.png", png(2, 2), "image/png"));
    for form in [wrong, nobody] {
        assert_eq!(setting.send(Method::POST, "reservations/", form).await.0, 400);
    }
    assert_eq!(before.differences(&setting.contents().await), Vec::<String>::new());

    assert_eq!(setting.send(Method::POST, "reservations/", taken()).await.0, 201);
    setting.settle().await;
    let before = setting.contents().await;
    assert_eq!(setting.send(Method::POST, "reservations/", taken()).await.0, 400);
    let dates = Form::new().text("check_in_date", "2034-03-03").text("check_out_date", "2034-03-05");
    let house = setting.set.rows("property.property")[0].0.clone();
    let moved = dates.text("property", house).part("file", file("a.png", png(2, 2), "image/png"));
    assert_eq!(setting.send(Method::PATCH, &reservation, moved).await.0, 400);
    assert_eq!(before.differences(&setting.contents().await), Vec::<String>::new());
}

/// A PNG whose header promises `width` × `height` pixels, with the right checksum and hardly any data.
fn bomb(width: u32, height: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    bytes.extend(&header);
    bytes.extend(checksum(&header).to_be_bytes());
    bytes.extend(b"\0\0\0\0IEND\xae\x42\x60\x82");
    bytes
}

/// CRC-32 as PNG uses it.
fn checksum(bytes: &[u8]) -> u32 {
    let step = |sum: u32| if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 };
    !bytes.iter().fold(u32::MAX, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), |sum, _| step(sum)))
}

#[tokio::test]
async fn photos_are_stored_with_a_thumbnail_and_bombs_are_not() {
    let setting = Setting::new("gerente").await;
    let house = setting.set.rows("property.property")[0].0.clone();
    let original = png(640, 480);
    let form = || Form::new().text("property_id", house.clone());
    let sent = form().text("alt_text", "Frente").text("is_main", "true");
    let sent = sent.part("image_file", file("Frente de la casa.png", original.clone(), "image/png"));
    let (status, body) = setting.send(Method::POST, "photos/upload_photo/", sent).await;
    assert_eq!(status, 201, "{body}");
    let address = |key: &str| {
        let path = body[key].as_str().unwrap();
        assert!(path.starts_with(&format!("/media/property_photos/{house}/")), "{path}");
        format!("{}{path}", setting.casa.base)
    };
    assert_eq!(load(&address("image_url_final")).await, (200, "image/png".to_owned(), original));
    let (status, kind, bytes) = load(&address("image_thumbnail")).await;
    assert_eq!((status, kind.as_str()), (200, "image/webp"));
    let small = image::load_from_memory_with_format(&bytes, ImageFormat::WebP).unwrap();
    assert_eq!((small.width(), small.height()), (400, 300));

    let before = setting.contents().await;
    assert_eq!(checksum(b"IEND"), 0xAE42_6082);
    let mut cut = png(64, 64);
    cut.truncate(cut.len() / 2);
    for (name, bytes, kind) in [
        ("bomb.png", bomb(60_000, 60_000), "image/png"),
        ("bomb2.png", bomb(12_001, 1), "image/png"),
        ("bomb3.png", bomb(u32::MAX, u32::MAX), "image/png"),
        ("nothing.png", bomb(0, 0), "image/png"),
        ("half.png", cut, "image/png"),
        ("empty.png", Vec::new(), "image/png"),
        ("page.png", b"<html></html>".to_vec(), "image/png"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), "image/svg+xml"),
        ("paper.png", PDF.to_vec(), "image/png"),
        ("noise.webp", b"RIFF\x10\0\0\0WEBPVP8 \x04\0\0\0\xff\xff\xff\xff".to_vec(), "image/webp"),
        ("noise.gif", b"GIF89a\xff\xff\xff\xff\x80\xff\xff".to_vec(), "image/gif"),
        ("noise.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0\xff\xff\xff".to_vec(), "image/jpeg"),
    ] {
        for path in ["photos/", "photos/upload_photo/", "properties/7/photos/"] {
            let sent = form().part("image_file", file(name, bytes.clone(), kind));
            let (status, body) = setting.send(Method::POST, path, sent).await;
            assert_eq!(status, 400, "{name}: {body}");
            assert!(body["detail"].is_string(), "{body}");
        }
    }
    assert_eq!(before.differences(&setting.contents().await), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_house_has_one_main_photo_whoever_uploads_at_once() {
    let setting = Setting::new("gerente").await;
    let house = setting.set.rows("property.property")[0].0.clone();
    let before = setting.contents().await;
    let mut tasks = JoinSet::new();
    for order in 0..20 {
        let form = Form::new()
            .text("property_id", house.clone())
            .text("order", order.to_string())
            .text("is_main", "true");
        let form = form.part("image_file", file("igual.png", png(16, 12), "image/png"));
        let request = setting.http.post(setting.casa.url("photos/upload_photo/")).bearer_auth(&setting.token);
        tasks.spawn(async move { read(request.multipart(form).send().await.unwrap()).await });
    }
    let mut entered = BTreeSet::new();
    while let Some(answer) = tasks.join_next().await {
        match answer.unwrap() {
            (201, body) => {
                assert_eq!(body["is_main"], true);
                entered.insert(body["id"].as_str().unwrap().to_owned());
            }
            // Others kept getting in between: nothing of it may stay.
            (status, body) => assert_eq!(status, 409, "{body}"),
        }
    }
    assert!(entered.len() >= 5, "{} of 20 got through", entered.len());
    let path = format!("photos/?property_id={house}&page_size=1000");
    let (_, list) = setting.call(Method::GET, &path, &setting.token).await;
    let photos = list["results"].as_array().unwrap();
    let main: Vec<_> =
        photos.iter().filter(|one| one["is_main"] == true).map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(main.len(), 1, "{main:?}");
    assert!(entered.contains(main[0]));
    assert!(entered.iter().all(|id| photos.iter().any(|one| one["id"] == id.as_str())));
    let files = setting.contents().await.files().len() - before.files().len();
    assert_eq!(files, 2 * entered.len(), "an image and a thumbnail each, none of those refused");
}
