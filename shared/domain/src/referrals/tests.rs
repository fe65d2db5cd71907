use serde_json::json;

use super::*;

/// The instant as local time in Lima.
fn lima(text: &str) -> DateTime<Utc> {
    format!("{text}-05:00").parse().unwrap()
}

fn window(month: Month) -> Range<DateTime<Utc>> {
    lima(&format!("{}T00:00:00", month.first_day()))..lima(&format!("{}T00:00:00", month.next().first_day()))
}

fn month(number: u32) -> Month {
    Month::new(2025, number).unwrap()
}

fn client(number: u128, first_name: &str, last_name: Option<&str>, created: &str) -> Client {
    serde_json::from_value(json!({
        "id": Uuid::from_u128(number), "created": created, "updated": created, "document_type": "dni",
        "number_doc": number.to_string(), "first_name": first_name, "last_name": last_name, "tel_number": "",
    }))
    .unwrap()
}

fn stay(created: &str, price: &str, status: &str) -> Reservation {
    serde_json::from_value(json!({
        "id": Uuid::new_v4(), "created": created, "updated": created, "property": Uuid::nil(),
        "check_in_date": "2026-01-01", "check_out_date": "2026-01-03", "status": status, "price_sol": price,
    }))
    .unwrap()
}

fn ground(referrer: u128, stays: Vec<Reservation>) -> Ground {
    let created = "2025-01-01T00:00:00Z";
    let referred = vec![client(referrer + 100, "Nueva", None, "2025-10-03T00:00:00Z")];
    Ground { referrer: client(referrer, "R", None, created), referred, stays, ledger: Vec::new() }
}

fn example_1() -> [Ground; 2] {
    [
        ground(
            1,
            vec![
                stay("2025-10-10T12:00:00Z", "1000.00", "approved"),
                stay("2025-11-01T04:59:00Z", "500.50", "approved"),
                stay("2025-11-01T05:00:00Z", "300.00", "approved"),
            ],
        ),
        ground(
            2,
            vec![
                stay("2025-10-05T12:00:00Z", "2000.00", "approved"),
                stay("2025-10-20T12:00:00Z", "100.00", "approved"),
                stay("2025-10-21T12:00:00Z", "9000.00", "pending"),
            ],
        ),
    ]
}

fn ranked(in_month: Month) -> Vec<Ranked> {
    monthly(in_month, &window(in_month), &example_1(), lima("2025-12-01T02:00:00"))
}

fn shown(rows: &[Ranked]) -> Vec<(u128, Option<u32>, u64, String)> {
    rows.iter()
        .map(|row| {
            let soles = row.total_referral_revenue.to_string();
            (row.client.0.as_u128(), row.position, row.referral_reservations_count, soles)
        })
        .collect()
}

/// Contract 03 §9, example 1.
#[test]
fn example_1_ranking() {
    let october = ranked(month(10));
    let expected = [(2, Some(1), 2, "2100.00".to_owned()), (1, Some(2), 2, "1500.50".to_owned())];
    assert_eq!(shown(&october), expected);
    assert_eq!(shown(&ranked(month(11))), [(1, Some(1), 1, "300.00".to_owned())]);
    assert_eq!(ranked(month(9)), []);
    assert_eq!(october, ranked(month(10)), "the same again has the same ids");
}

/// Contract 03 §9, example 2.
#[test]
fn example_2_history() {
    let rows = [ranked(month(10)), ranked(month(11))].concat();
    let history = history(&rows);
    let told: Vec<_> = history
        .iter()
        .map(|one| (one.client.0.as_u128(), one.reservations, one.revenue.normalize(), one.months, one.best))
        .collect();
    let soles = |text: &str| text.parse::<Decimal>().unwrap().normalize();
    assert_eq!(told, [(1, 3, soles("1800.5"), 2, Some(1)), (2, 2, soles("2100"), 1, Some(1))]);
    assert!(history.iter().all(|one| one.new_referrals == 1));
}

#[test]
fn history_leaves_out_who_referred_nobody_and_keeps_the_order_of_months() {
    let row = |client: u128, number: u32, stays: u64, made: u64, position: Option<u32>| Ranked {
        id: Uuid::from_u128(client * 100 + u128::from(number)),
        created: lima("2025-12-01T02:00:00"),
        updated: lima("2025-12-01T02:00:00"),
        deleted: false,
        client: ClientId(Uuid::from_u128(client)),
        year: 2025,
        month: number,
        referral_reservations_count: stays,
        referrals_made_count: made,
        total_referral_revenue: Decimal::ZERO,
        points_earned: Decimal::ZERO,
        position,
    };
    let gone = Ranked { deleted: true, ..row(1, 5, 50, 50, Some(1)) };
    let rows = [
        row(1, 3, 2, 1, Some(999)),
        row(2, 4, 2, 1, None),
        row(3, 4, 2, 1, Some(7)),
        row(4, 4, 9, 0, Some(1)),
        row(5, 2, 0, 3, Some(4)),
        gone,
    ];
    let order: Vec<_> = history(&rows).iter().map(|one| (one.client.0.as_u128(), one.best)).collect();
    assert_eq!(order, [(3, Some(7)), (2, None), (1, None), (5, Some(4))]);
}

#[test]
fn points_and_new_guests_count_in_their_month() {
    let mut one = ground(1, vec![stay("2025-10-10T12:00:00Z", "10", "approved")]);
    let entry = |created: &str, kind: &str, deleted: bool| -> Entry {
        serde_json::from_value(json!({
            "id": Uuid::new_v4(), "created": created, "client": Uuid::nil(), "transaction_type": kind,
            "points": "5.25", "deleted": deleted,
        }))
        .unwrap()
    };
    one.ledger = vec![
        entry("2025-10-31T23:59:59-05:00", "referral", false),
        entry("2025-10-01T00:00:00-05:00", "referral", false),
        entry("2025-11-01T00:00:00-05:00", "referral", false),
        entry("2025-10-15T00:00:00-05:00", "referral", true),
        entry("2025-10-15T00:00:00-05:00", "earned", false),
    ];
    one.referred.push(client(8, "Borrada", None, "2025-10-04T00:00:00Z"));
    one.referred[1].deleted = true;
    one.referred.push(client(9, "Antes", None, "2025-09-30T23:00:00Z"));
    let rows = monthly(month(10), &window(month(10)), &[one.clone()], lima("2025-11-01T02:00:00"));
    assert_eq!((rows[0].referrals_made_count, rows[0].points_earned.to_string()), (1, "10.50".to_owned()));
    one.referrer.deleted = true;
    assert_eq!(monthly(month(10), &window(month(10)), &[one], lima("2025-11-01T02:00:00")), []);
}

/// Equal counts and soles: the older record first, then the lower id.
#[test]
fn ties_have_an_order() {
    let at = |number, created: &str| Ground {
        referrer: client(number, "R", None, created),
        ..ground(number, vec![stay("2025-10-10T12:00:00Z", "10", "approved")])
    };
    let grounds =
        [at(3, "2025-02-01T00:00:00Z"), at(2, "2025-02-01T00:00:00Z"), at(9, "2025-01-01T00:00:00Z")];
    let rows = monthly(month(10), &window(month(10)), &grounds, lima("2025-11-01T02:00:00"));
    let order: Vec<_> = rows.iter().map(|row| row.client.0.as_u128()).collect();
    assert_eq!(order, [9, 2, 3]);
}

/// Contract 03 §9, example 3, with the names of §4.G.
#[test]
fn example_3_public_figures() {
    let one = |number: u128, first: &str, last: Option<&str>, with_reservations: u64| {
        let client = client(number, first, last, "2025-01-01T00:00:00Z");
        let (name, created) = (client.short_name(), client.created);
        Referrer { client: client.id, created, name, referrals: 1, with_reservations }
    };
    let all = [
        one(1, "Ana María", Some("rojas"), 1),
        one(2, "Beto", None, 1),
        one(3, "Dani", Some("Zu"), 0),
        Referrer { referrals: 0, ..one(4, "Nadie", None, 0) },
    ];
    let figures = public_figures(&all, Scope::All, Order::Referrals);
    assert_eq!((figures.referrals, figures.with_reservations), (3, 2));
    let names: Vec<_> = figures.referrers.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["Ana R.", "Beto", "Dani Z."]);
    let figures = public_figures(&all, Scope::WithReservations, Order::WithReservations);
    assert_eq!((figures.referrers.len(), figures.with_reservations), (2, 2));
}

/// Contract 03 §9, example 5.
#[test]
fn example_5_active_stay() {
    let day = |day| NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
    for (at, staying) in [
        ("2026-03-10T14:59:59", false),
        ("2026-03-10T15:00:00", true),
        ("2026-03-11T03:00:00", true),
        ("2026-03-12T10:59:59", true),
        ("2026-03-12T11:00:00", false),
    ] {
        assert_eq!(is_staying(day(10), day(12), at.parse().unwrap()), staying, "{at}");
    }
}

#[test]
fn names_come_in_two_parts() {
    let parts =
        |first: &str, last: Option<&str>| name_in_parts(&client(1, first, last, "2025-01-01T00:00:00Z"));
    assert_eq!(parts("Ana María", Some("rojas Paz")), ("Ana".to_owned(), Some("R.".to_owned())));
    assert_eq!(parts(" Beto ", None), ("Beto".to_owned(), None));
    assert_eq!(parts("", Some("Paz")), ("Usuario".to_owned(), Some("P.".to_owned())));
}
