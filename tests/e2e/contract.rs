//! The recorded answers of the original API, replayed: all independent requests against one server, every story against
//! a fresh one.

use casa_tests::replay::{Replay, Set};

async fn replayed(files: &[&str]) {
    let set = Set::compact();
    let casa = set.start();
    let mut replay = Replay::new(&set, &casa.base);
    let mut differences = Vec::new();
    for file in files {
        differences.extend(replay.all(&set.recordings(file)).await);
    }
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

#[tokio::test]
async fn independent_requests() {
    let areas = [
        "auth",
        "properties",
        "reservations",
        "calendar",
        "pricing",
        "late-checkout",
        "discount-codes",
        "erp-availability",
        "bot",
        "clients",
        "client-auth",
        "points",
        "referrals",
        "tracking",
        "qr",
        "client-bookings",
        "vouchers",
        "music-sessions",
    ];
    let files = areas.map(|area| format!("recordings/{area}.jsonl"));
    replayed(&files.each_ref().map(String::as_str)).await;
}

#[tokio::test]
async fn story_of_tokens() {
    replayed(&["stories/auth-refresh.jsonl"]).await;
}

#[tokio::test]
async fn story_of_who_takes_part_in_the_music() {
    replayed(&["stories/music-access.jsonl"]).await;
}

#[tokio::test]
async fn story_of_photos() {
    replayed(&["stories/photos.jsonl"]).await;
}

#[tokio::test]
async fn story_of_kinds_of_reservations() {
    replayed(&["stories/staff-reservation-kinds.jsonl"]).await;
}

#[tokio::test]
async fn story_of_a_reservation() {
    replayed(&["stories/staff-reservation.jsonl"]).await;
}

#[tokio::test]
async fn story_of_generated_codes() {
    replayed(&["stories/generated-codes.jsonl"]).await;
}

#[tokio::test]
async fn story_of_a_guest() {
    replayed(&["stories/clients-crud.jsonl"]).await;
}

#[tokio::test]
async fn story_of_points_moved_by_staff() {
    replayed(&["stories/points-staff.jsonl"]).await;
}

#[tokio::test]
async fn story_of_points_earned() {
    replayed(&["stories/points-earned.jsonl"]).await;
}

#[tokio::test]
async fn story_of_searches() {
    replayed(&["stories/tracking.jsonl"]).await;
}

#[tokio::test]
async fn story_of_a_registration_and_a_booking() {
    replayed(&["stories/client-register-book.jsonl"]).await;
}

#[tokio::test]
async fn story_of_codes_used_by_bookings() {
    replayed(&["stories/discount-code-usage.jsonl"]).await;
}

#[tokio::test]
async fn story_of_a_booking_paid_with_points() {
    replayed(&["stories/points-booking.jsonl"]).await;
}

#[tokio::test]
async fn story_of_a_referred_guest() {
    replayed(&["stories/referral-flow.jsonl"]).await;
}
