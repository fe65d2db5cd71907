//! What requests ask for, taken from the private guest.

use std::io::Cursor;

use casa_tests::{document::Operation, replay::NOBODY};
use reqwest::{
    RequestBuilder,
    multipart::{Form, Part},
};
use serde_json::{Map, Value, json};

use crate::{
    Setting,
    seed::{ELSEWHERE, FACEBOOK, PRIVATE, STAYS},
};

/// The addresses of an operation with everything that stands for the private guest in each place of a path.
///
/// # Panics
/// When the operation has a place that nothing is known of.
pub(crate) fn paths(setting: &Setting, operation: &Operation) -> Vec<String> {
    let names = operation.path_parameters();
    let path = operation.path.strip_prefix("/api/v1/").unwrap();
    let first = |model: &str| setting.set.rows(model)[0].0.clone();
    let stays = STAYS.map(str::to_owned);
    let hers = [ELSEWHERE, PRIVATE.id, PRIVATE.number, PRIVATE.code, PRIVATE.phone, PRIVATE.email];
    let hers: Vec<String> = stays.iter().cloned().chain(hers.map(str::to_owned)).collect();
    let values = match names.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => return vec![operation.path.clone()],
        ["id"] if path.starts_with("photos/") => vec![first("property.propertyphoto")],
        ["id"] if path.contains("/automaticdiscount/") => vec![first("property.automaticdiscount")],
        ["id"] if path.starts_with("payments/") || path.starts_with("calendar-feeds/") => {
            vec![NOBODY.to_owned()]
        }
        ["id" | "reservation_id" | "uuid" | "client_id" | "code"] => hers,
        ["reservation_id", "request_id" | "participant_id"] => hers,
        ["player_id"] => vec!["player_0".to_owned(), NOBODY.to_owned()],
        ["slug"] => vec![setting.seed.house.1.clone()],
        ["number"] => vec!["1".to_owned()],
        _ => panic!("{} has a new kind of path: say here what of a guest it could name", operation.name()),
    };
    values.iter().map(|value| operation.path_with(value)).collect()
}

/// Every documented parameter of an operation.
///
/// # Panics
/// When it has one that nothing is known of.
pub(crate) fn query(setting: &Setting, operation: &Operation) -> Vec<(String, String)> {
    let value = |name: &str| match name {
        "client_id" => PRIVATE.id,
        "document_type" => "dni",
        "number_doc" => PRIVATE.number,
        "search" => "Zoraida",
        "page" => "1",
        "page_size" | "limit" => "1000",
        // A day of the stay that is going on, and a month of the rankings.
        "year" => "2025",
        "month" => "11",
        "day" => "12",
        "scope" => "all",
        "order_by" => "total_referrals",
        "property_id" | "property_uuid" => setting.seed.house.0.as_str(),
        "q" => setting.seed.house.1.as_str(),
        "reservation" | "reservation_id" | "data.id" => STAYS[0],
        "offset" => "0",
        "status" => "approved",
        "gateway" => "mercadopago",
        "check_in_date" => "2026-01-05",
        "check_out_date" => "2026-01-08",
        "checkout_date" => "2025-11-15",
        "guests" => "2",
        // Codes are repeated as they were sent.
        "discount_code" => "NADA99",
        "additional_services" => "",
        "send_to_chatbotbuilder" => "false",
        "format" => "json",
        _ => panic!(
            "{} has the new parameter {name}: say here what of a guest it could name",
            operation.name()
        ),
    };
    operation.query.iter().map(|name| (name.clone(), value(name).to_owned())).collect()
}

/// Names by which a guest might be asked for although no document says so.
pub(crate) fn undocumented() -> Vec<(String, String)> {
    let names = [
        ("client_id", PRIVATE.id),
        ("client", PRIVATE.id),
        ("user_id", PRIVATE.id),
        ("id", STAYS[0]),
        ("reservation", STAYS[0]),
        ("reservation_id", STAYS[0]),
        ("uuid_external", ELSEWHERE),
        ("document_type", "dni"),
        ("number_doc", PRIVATE.number),
        ("referral_code", PRIVATE.code),
        ("search", "Zoraida"),
    ];
    names.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

/// A body with every documented field; `None` where none is taken.
///
/// # Panics
/// When there is a field that nothing is known of.
pub(crate) fn body(setting: &Setting, operation: &Operation) -> Option<Value> {
    let value = |name: &str| match name {
        "document_type" => json!("dni"),
        "number_doc" => json!(PRIVATE.number),
        "first_name" => json!("Ana"),
        "last_name" => json!("Vilca"),
        "email" => json!(PRIVATE.email),
        "tel_number" => json!(PRIVATE.phone),
        "sex" => json!("f"),
        "date" => json!("1990-01-01"),
        "password" | "confirm_password" => json!("Otra-clave-1"),
        "otp_code" => json!("000000"),
        "referral_code" => json!(PRIVATE.code),
        "access_token" => json!(format!("user-{FACEBOOK}")),
        "check_in_date" => json!("2026-01-05"),
        "check_out_date" => json!("2026-01-08"),
        "guests" => json!(2),
        "property" => json!(setting.seed.house.0),
        "refresh" | "token" => json!("garbage"),
        // A booking that can be made, and a payment that could be.
        "amount" => json!("7654.32"),
        "temperature_pool" | "partial" | "payment_confirmed" => json!(false),
        "price_usd" | "price_sol" | "price_latecheckout" | "seller" => json!(null),
        "advance_payment_currency" => json!("sol"),
        "points_to_redeem" => json!("0.00"),
        "discount_code" | "voucher_type" => json!(""),
        "comentarios_reservas" | "utm_source" | "utm_medium" | "utm_campaign" => json!("Ninguno"),
        "fbclid" | "fbc" | "fbp" | "device_session_id" => json!(FACEBOOK),
        "tel_contact_number" => json!(PRIVATE.phone),
        "payment_method_id" => json!("visa"),
        "installments" => json!(1),
        "gateway" => json!("mercadopago"),
        "service_type" => json!("late_checkout"),
        "type" => json!("payment"),
        "data" | "transaction" => json!({"id": STAYS[0]}),
        "verification_code" => json!("abc123"),
        // What players are asked.
        "volume" => json!(40),
        "powered" => json!(true),
        "media_id" => json!("library://track/1"),
        "media_type" => json!("track"),
        "queue_option" => json!("play"),
        "query" => json!("Zambo"),
        "media_types" => json!(["tracks"]),
        "limit" => json!(5),
        "property_id" => json!(setting.seed.house.0),
        _ => panic!("{} has the new field {name}: say here what of a guest it could name", operation.name()),
    };
    (!operation.bodies.is_empty()).then(|| {
        operation.fields.keys().map(|name| (name.clone(), value(name))).collect::<Map<_, _>>().into()
    })
}

/// A request with a body in the form that the operation takes; files are small pictures.
pub(crate) fn filled(request: RequestBuilder, operation: &Operation, body: &Value) -> RequestBuilder {
    if operation.bodies.contains("application/json") {
        return request.json(body);
    }
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let fields = body.as_object().into_iter().flatten();
    let form = fields.fold(Form::new(), |form, (name, value)| form.text(name.clone(), text(value)));
    request.multipart(form.part("voucher", Part::bytes(picture()).file_name("voucher.png")))
}

/// A small picture.
fn picture() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image::RgbImage::new(24, 16).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}
