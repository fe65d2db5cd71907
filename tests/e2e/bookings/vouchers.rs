//! Vouchers.

use casa_domain::Status;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use super::{Setting, booked, stay};

/// A picture.
fn picture() -> Vec<u8> {
    let picture = image::RgbImage::from_pixel(20, 30, image::Rgb([200, 220, 240]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

#[tokio::test]
async fn the_first_waits_and_later_ones_are_reviewed() {
    let setting = Setting::new().await;
    let booking = booked(&setting.book(0, stay(10, 2)).await);
    let path = format!("clients/voucher/status/{booking}/");
    let (_, status) = setting.ask(0, Method::GET, &path).await;
    assert_eq!(
        (&status["time_remaining_seconds"], &status["deadline_expired"]),
        (&json!(3600), &json!(false))
    );
    for (number, text, state) in [
        (1, "Primer voucher", "pending"),
        (2, "Segundo voucher", "under_review"),
        (3, "Voucher #3", "under_review"),
    ] {
        let (code, taken) = setting.send_voucher(0, &booking, "Mi vóucher (1).png", picture()).await;
        assert_eq!(code, 200, "{taken}");
        assert_eq!(
            (&taken["vouchers_uploaded"], &taken["voucher_description"]),
            (&json!(number), &json!(text))
        );
        let (_, status) = setting.ask(0, Method::GET, &path).await;
        assert_eq!((&status["status"], &status["payment_confirmed"]), (&json!(state), &json!(true)));
        assert_eq!(
            (&status["time_remaining_seconds"], &status["deadline_expired"]),
            (&json!(null), &json!(null))
        );
    }
    assert_eq!(setting.change(&booking, json!({"status": "approved"})).await, 200);
    let (code, refused) = setting.send_voucher(0, &booking, "v.png", picture()).await;
    assert_eq!(code, 400, "approved bookings wait for nothing: {refused}");
    assert_eq!(setting.reservation(&booking).await.status, Status::Approved);
    let (code, _) = setting.send_voucher(1, &booking, "v.png", picture()).await;
    assert_eq!(code, 404, "not theirs");
}

#[tokio::test]
async fn vouchers_at_once_are_counted_one_by_one() {
    let setting = Setting::new().await;
    let booking = booked(&setting.book(0, stay(10, 2)).await);
    let answers = join_all((0..4).map(|_| setting.send_voucher(0, &booking, "v.png", picture()))).await;
    let mut numbers: Vec<_> =
        answers.iter().filter_map(|(_, taken)| taken["vouchers_uploaded"].as_u64()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4], "{answers:?}");
    assert_eq!(setting.reservation(&booking).await.status, Status::UnderReview);
}

#[tokio::test]
async fn what_is_no_voucher_is_refused_and_changes_nothing() {
    let setting = Setting::new().await;
    let booking = booked(&setting.book(0, stay(10, 2)).await);
    let mut polyglot = picture();
    polyglot.extend_from_slice(b"<html><script>alert(1)</script></html>");
    let mut bomb = picture();
    // The header says 60,000 by 60,000 pixels.
    bomb[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
    for (name, bytes) in [
        ("voucher.png", b"<!doctype html><html></html>".to_vec()),
        ("voucher.png", polyglot),
        ("voucher.png", bomb),
        ("voucher.png", Vec::new()),
        ("../../etc/voucher.png", picture()),
        ("carpeta\\voucher.png", picture()),
        ("voucher.pdf", b"%PDF-1.7\n1 0 obj << /S /JavaScript /JS (app.alert(1)) >> endobj\n%%EOF".to_vec()),
        ("voucher.exe", b"MZ\x90\0".to_vec()),
        ("voucher.png", vec![0x89; 11 * 1024 * 1024]),
    ] {
        let (code, refused) = setting.send_voucher(0, &booking, name, bytes).await;
        assert_eq!(code, 400, "{name}: {refused}");
        assert!(refused["message"].as_str().is_some_and(|text| text.len() > 10), "{name}: {refused}");
    }
    let one = setting.reservation(&booking).await;
    assert_eq!((one.status, one.payment_voucher_uploaded), (Status::Incomplete, false));
    assert!(one.payment_voucher_deadline.is_some());
}
