//! Wrong values of single fields, and dates that make no stay.

use casa_tests::{document::Operation, replay::NOBODY};
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::{Probe, Setting, refusals};

pub(crate) fn find<'a>(setting: &'a Setting, method: &str, path: &str) -> &'a Operation {
    let found =
        setting.operations.iter().find(|one| one.method == method && one.path == format!("/api/v1/{path}"));
    found.unwrap_or_else(|| panic!("{method} {path} is documented"))
}

pub(crate) fn probe(setting: &Setting, operation: &Operation, body: &Value, names: Option<&str>) -> Probe {
    sent(setting, operation, body.to_string(), names)
}

fn sent(setting: &Setting, operation: &Operation, body: String, names: Option<&str>) -> Probe {
    let request = setting.request(operation, &setting.set.existing(operation));
    Probe {
        what: body.chars().take(300).collect(),
        operation: operation.clone(),
        request: request.header(CONTENT_TYPE, "application/json").body(body),
        wanted: refusals(operation, &[400]),
        names: names.map(str::to_owned),
    }
}

/// Values that no field of any kind takes, for every field that the document names.
pub(crate) fn every_field(setting: &Setting) -> Vec<Probe> {
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    let long = "x".repeat(1024 * 1024);
    let values = [json!([]), json!({}), json!(["x"]), json!({"a": null}), deep, json!("a\0b"), json!(long)];
    // Written once: a megabyte takes its time.
    let texts = values.map(|value| value.to_string());
    let mut probes = Vec::new();
    for operation in setting.operations.iter().filter(|one| !one.bodies.is_empty()) {
        for name in operation.fields.keys() {
            if operation.bodies.contains("application/json") {
                let named = named(operation, name);
                for text in texts.iter().filter(|text| !is_fine(name, text)) {
                    let body = format!("{{\"{name}\": {text}}}");
                    let mut probe = sent(setting, operation, body, named);
                    if name == "config_name" {
                        // A text is a name, and a name that no template has is a 404 (contract 04 §3.8).
                        probe.wanted.push(404);
                    }
                    if operation.path.ends_with("/auto-power-on/") {
                        // So is a text that is no house (contract 07 §3.9).
                        probe.wanted.push(404);
                    }
                    probes.push(probe);
                }
                continue;
            }
            for text in ["a\0b", &long] {
                let request = setting.request(operation, &setting.set.existing(operation));
                probes.push(Probe {
                    what: format!("{name} as a form, {} characters", text.len()),
                    operation: operation.clone(),
                    request: request.form(&[(name.as_str(), text)]),
                    wanted: refusals(operation, &[400]),
                    names: Some("detail".to_owned()),
                });
            }
        }
    }
    probes
}

/// No special dates at all are a set of special dates too.
fn is_fine(field: &str, text: &str) -> bool {
    field == "dates_data" && text == "[]"
}

/// The key under which a wrong field is told, where it is told.
fn named<'a>(operation: &Operation, field: &'a str) -> Option<&'a str> {
    let path = operation.path.strip_prefix("/api/v1/").unwrap_or_default();
    // A sentence for the guest (contract 02 §0, 03 §3.11, 06 §3.1).
    let of_guests = [
        "clients/client-auth/",
        "clients/verify-document/",
        "clients/public-register/",
        "clients/complete-register/",
        "clients/reservations/",
        "payment/process/",
        "payment/additional-services/",
    ];
    if of_guests.iter().any(|prefix| path.starts_with(prefix)) {
        return Some("message");
    }
    match path {
        "clients/points/adjust/" | "clients/points/redeem/" => return Some("error"),
        "clients/track-search/" => return Some("errors"),
        // What is no text counts as nothing.
        "confirm/{uuid}/" => return None,
        "payments/{id}/refund/" => return Some("detail"),
        _ if path.starts_with("payment/webhooks/") => return Some("detail"),
        _ if path.starts_with("music/") => return Some("error"),
        _ => {}
    }
    if operation.path.contains("/generate-") {
        // These number what is wrong (contract 04 §3.7, §3.8).
        return Some("error");
    }
    // Without a plan, the booking it makes room for is not looked at.
    Some(if field == "booking" { "plan" } else { field })
}

/// A field's name and kind.
pub(crate) type Field = (&'static str, &'static str);

/// Kinds of fields, with what they refuse.
pub(crate) fn wrong(kind: &str) -> Vec<Value> {
    let list = match kind {
        "date" => json!([
            "2025-02-30",
            "0000-01-01",
            "99999-01-01",
            "-2025-01-01",
            "Invalid Date",
            "2025-13-01",
            "2025-1-1",
            "20250101",
            "2025-01-01T00:00:00Z",
            "01/02/2025",
            "١٢٣٤-٠١-٠١",
            "2025-01-0１",
            "NaN",
            20250101,
            1.5,
            true,
            [],
            {}
        ]),
        "id" => json!(["x", "7", 7, "00000000-0000-4000-8000-00000000000", NOBODY, true, [], {}]),
        "money" => json!([
            "NaN",
            "Infinity",
            "-Infinity",
            "1e400",
            "1e30",
            "abc",
            "1.234",
            "١٢",
            "1,5",
            "0x10",
            "--1",
            "1 2",
            "9999999999999999999999",
            1e300,
            true,
            [],
            {}
        ]),
        "whole" => json!([
            "NaN",
            "x",
            -2_147_483_649_i64,
            1.5,
            "1e3",
            "١",
            1e300,
            "99999999999999999999",
            true,
            [],
            {}
        ]),
        "boolean" => json!(["quizás", 2, -1, "NaN", 1.5, [], {}]),
        "choice" => json!(["zzz", "Approved", 1, true, "\u{0}", [], {}]),
        "instant" => {
            json!(["ayer", "2025-02-30T00:00:00Z", "99999-01-01T00:00:00Z", "2025-01-01", 1, true, [], {}])
        }
        "short text" => json!(["a\u{0}b", [], {}, "xxxxxxx", ["dni"]]),
        "nothing" => json!(["", "  ", null, [], {}, true]),
        _ => json!(["a\u{0}b", true, [], {}, "x".repeat(20_000)]),
    };
    list.as_array().unwrap().clone()
}

/// A booking that would be accepted.
pub(crate) fn booking(setting: &Setting) -> Value {
    let house = &setting.set.rows("property.property")[0].0;
    let guests = setting.set.rows("clients.clients");
    let guest =
        guests.iter().find(|(_, one)| one["deleted"] == false && one["points_balance"] == "0.00").unwrap();
    json!({
        "property": house, "client": guest.0, "check_in_date": "2033-03-10", "check_out_date": "2033-03-12", "origin": "aus",
        "guests": 2, "price_sol": "100.00", "price_usd": "30.00",
    })
}

/// Every writable field of a reservation with everything it refuses, changing one and entering one.
pub(crate) fn reservation(setting: &Setting) -> Vec<Probe> {
    let fields = [
        ("property", "id"),
        ("client", "id"),
        ("check_in_date", "date"),
        ("check_out_date", "date"),
        ("late_check_out_date", "date"),
        ("origin", "choice"),
        ("status", "choice"),
        ("advance_payment_currency", "choice"),
        ("guests", "whole"),
        ("seller", "whole"),
        ("ManychatFecha", "whole"),
        ("price_usd", "money"),
        ("price_sol", "money"),
        ("advance_payment", "money"),
        ("price_latecheckout", "money"),
        ("price_temperature_pool", "money"),
        ("points_to_redeem", "money"),
        ("points_redeemed", "money"),
        ("full_payment", "boolean"),
        ("temperature_pool", "boolean"),
        ("late_checkout", "boolean"),
        ("payment_voucher_uploaded", "boolean"),
        ("payment_confirmed", "boolean"),
        ("payment_voucher_deadline", "instant"),
        ("tel_contact_number", "text"),
        ("comentarios_reservas", "text"),
        ("uuid_external", "text"),
        ("discount_code_used", "text"),
        ("ip_cliente", "text"),
        ("user_agent", "text"),
        ("referer", "text"),
        ("utm_source", "text"),
        ("fbclid", "text"),
    ];
    let more = [
        ("property", json!(null)),
        ("property", json!("")),
        ("client", json!(null)),
        ("check_in_date", json!(null)),
        ("check_out_date", json!("")),
        ("guests", json!(-1)),
        ("guests", json!(1_000_000)),
        ("seller", json!(-1)),
        ("seller", json!(999_999)),
        ("price_latecheckout", json!(null)),
        ("points_to_redeem", json!("-0.01")),
    ];
    let all = fields.iter().flat_map(|(name, kind)| wrong(kind).into_iter().map(move |value| (*name, value)));
    let (create, patch) =
        (find(setting, "POST", "reservations/"), find(setting, "PATCH", "reservations/{id}/"));
    let put = find(setting, "PUT", "reservations/{id}/");
    let good = booking(setting);
    let mut probes = Vec::new();
    for (name, value) in all.chain(more) {
        probes.push(probe(setting, patch, &json!({name: value}), Some(name)));
        let mut whole = good.clone();
        whole[name] = value;
        probes.push(probe(setting, create, &whole, Some(name)));
        probes.push(probe(setting, put, &whole, Some(name)));
    }
    for name in ["property", "client", "check_in_date", "check_out_date"] {
        let mut part = good.clone();
        part.as_object_mut().unwrap().remove(name);
        probes.push(probe(setting, create, &part, Some(name)));
    }
    probes
}

/// The fields of guests, earnings, date checks and sign-ins.
pub(crate) fn others(setting: &Setting) -> Vec<Probe> {
    let house = &setting.set.rows("property.property")[0].0;
    let guest = json!({"document_type": "dni", "number_doc": "76543210", "first_name": "Ana", "last_name": "Vilca",
        "tel_number": "51999888777", "email": "ana@personal.example"});
    let earning = json!({"month": 1, "year": 2031, "profit_sol": "10.00"});
    let dates = json!({"property": house, "check_in_date": "2033-03-10", "check_out_date": "2033-03-12",
        "reservation_id": setting.set.reservation()});
    let table: [(&str, &str, &Value, &[Field]); 6] = [
        (
            "POST",
            "clients/",
            &guest,
            &[
                ("document_type", "choice"),
                ("first_name", "text"),
                ("last_name", "text"),
                ("tel_number", "text"),
                ("sex", "choice"),
                ("email", "text"),
                ("date", "date"),
                ("manychat", "whole"),
                ("enviado_meta", "boolean"),
                ("referred_by", "id"),
                ("comentarios_clientes", "text"),
            ],
        ),
        (
            "PATCH",
            "profit/{id}/",
            &json!({}),
            &[("month", "whole"), ("year", "whole"), ("profit_sol", "money")],
        ),
        ("PUT", "profit/{id}/", &earning, &[("month", "whole"), ("year", "whole"), ("profit_sol", "money")]),
        (
            "POST",
            "prop/check-avaible/",
            &dates,
            &[("property", "id"), ("check_in_date", "date"), ("check_out_date", "date")],
        ),
        (
            "PATCH",
            "prop/check-avaible/",
            &dates,
            &[
                ("property", "id"),
                ("check_in_date", "date"),
                ("check_out_date", "date"),
                ("reservation_id", "id"),
            ],
        ),
        (
            "POST",
            "login/",
            &json!({"email": "a@personal.example", "password": "x"}),
            &[("email", "text"), ("password", "text")],
        ),
    ];
    let mut probes = Vec::new();
    for (method, path, good, fields) in table {
        let operation = find(setting, method, path);
        for (name, kind) in fields {
            for value in wrong(kind) {
                // A check asks nothing of ids but their form.
                if path.starts_with("prop/") && value == NOBODY {
                    continue;
                }
                let mut body = good.clone();
                body[*name] = value;
                probes.push(probe(setting, operation, &body, Some(name)));
            }
        }
    }
    probes
}

/// Dates that are dates but make no stay, or no longer do once late check-out is granted.
pub(crate) fn stays(setting: &Setting) -> Vec<Probe> {
    let (create, patch) =
        (find(setting, "POST", "reservations/"), find(setting, "PATCH", "reservations/{id}/"));
    let (put, check) =
        (find(setting, "PUT", "reservations/{id}/"), find(setting, "POST", "prop/check-avaible/"));
    let good = booking(setting);
    let mut probes = Vec::new();
    for (from, to, late) in [
        ("2033-03-12", "2033-03-10", false),
        ("2033-03-10", "2033-03-10", false),
        ("2033-01-01", "2034-01-03", false),
        ("0001-01-01", "9999-12-31", false),
        ("2033-03-10", "9999-12-31", false),
        ("9999-12-31", "9999-12-31", false),
        ("9999-12-31", "0001-01-01", false),
        ("2033-03-10", "2033-03-10", true),
        ("2033-01-01", "2034-01-02", true),
        ("9999-12-29", "9999-12-31", true),
    ] {
        let mut body = good.clone();
        (body["check_in_date"], body["check_out_date"]) = (json!(from), json!(to));
        if !late {
            let dates = json!({"check_in_date": from, "check_out_date": to});
            probes.push(probe(setting, patch, &dates, Some("detail")));
            probes.push(probe(setting, put, &body, Some("detail")));
            probes.push(probe(setting, check, &body, Some("condition")));
        }
        body["late_checkout"] = json!(late);
        probes.push(probe(setting, create, &body, Some("detail")));
    }
    probes
}
