//! Wrong values of what guests book and pay with, and of what administrators bring in from elsewhere.

use serde_json::{Value, json};

use crate::{
    Probe, Setting,
    fields::{Field, find, probe, wrong},
};

/// Every field of an operation's body with everything it refuses, in a body that is whole but for that.
fn each(setting: &Setting, path: &str, good: &Value, fields: &[Field], names: Option<&str>) -> Vec<Probe> {
    let operation = find(setting, "POST", path);
    let mut probes = Vec::new();
    for (name, kind) in fields {
        for value in wrong(kind) {
            // What a browser works out is rounded to the cent (contract 06 §3.1).
            if *name == "amount" && value == "1.234" {
                continue;
            }
            let mut body = good.clone();
            body[*name] = value;
            probes.push(probe(setting, operation, &body, names.or(Some(name))));
        }
    }
    probes
}

/// Bookings of guests (contract 03 §3.11).
pub(crate) fn bookings(setting: &Setting) -> Vec<Probe> {
    let path = "clients/reservations/create/";
    let house = &setting.set.rows("property.property")[0].0;
    let good = json!({"property": house, "check_in_date": "2033-03-10", "check_out_date": "2033-03-12", "guests": 2});
    let fields = [
        ("property", "id"),
        ("check_in_date", "date"),
        ("check_out_date", "date"),
        ("guests", "whole"),
        ("temperature_pool", "boolean"),
        ("tel_contact_number", "text"),
        ("comentarios_reservas", "text"),
        ("price_usd", "money"),
        ("price_sol", "money"),
        ("price_latecheckout", "money"),
        ("advance_payment_currency", "choice"),
        ("seller", "whole"),
        ("points_to_redeem", "money"),
        ("discount_code", "text"),
    ];
    let mut probes = each(setting, path, &good, &fields, Some("message"));
    let operation = find(setting, "POST", path);
    for (name, value) in [
        ("guests", json!(0)),
        ("guests", json!(-1)),
        ("guests", json!(1_000_000)),
        ("guests", json!(null)),
        ("price_sol", json!("1.00")),
        ("price_latecheckout", json!("50.00")),
        ("points_to_redeem", json!("-0.01")),
        ("points_to_redeem", json!("99999999.00")),
        ("discount_code", json!("NADA99")),
        ("seller", json!(999_999)),
        ("check_in_date", json!("2020-01-01")),
        ("check_out_date", json!("2033-03-10")),
        ("check_out_date", json!("2034-03-12")),
        ("check_out_date", json!("9999-12-31")),
    ] {
        let mut body = good.clone();
        body[name] = value;
        probes.push(probe(setting, operation, &body, Some("message")));
    }
    for name in ["property", "check_in_date", "check_out_date"] {
        let mut part = good.clone();
        part.as_object_mut().unwrap().remove(name);
        probes.push(probe(setting, operation, &part, Some("message")));
    }
    probes
}

/// Payments by card (contract 06 §3.1, §3.2). What is wrong with them is told before a gateway is asked.
pub(crate) fn payments(setting: &Setting) -> Vec<Probe> {
    let stay = json!({"token": "ok-1", "amount": 5});
    let beside = json!({"token": "ok-1", "amount": 5, "service_type": "late_checkout"});
    let fields = [
        ("token", "text"),
        ("amount", "money"),
        ("payment_method_id", "text"),
        ("installments", "whole"),
        ("gateway", "choice"),
        ("device_session_id", "text"),
    ];
    let of_stay = [&fields[..], &[("partial", "boolean")]].concat();
    let of_beside = [&fields[..], &[("service_type", "choice")]].concat();
    let message = Some("message");
    let mut probes = each(setting, "payment/process/{reservation_id}/", &stay, &of_stay, message);
    let path = "payment/additional-services/{reservation_id}/";
    probes.extend(each(setting, path, &beside, &of_beside, message));
    probes
}

/// Calendars elsewhere.
pub(crate) fn calendars(setting: &Setting) -> Vec<Probe> {
    let house = &setting.set.rows("property.property")[0].0;
    let good = json!({"property": house, "name": "Otra", "url": "https://elsewhere.example/a.ics"});
    let path = "calendar-feeds/";
    let mut probes =
        each(setting, path, &good, &[("property", "id"), ("name", "text"), ("url", "text")], None);
    let operation = find(setting, "POST", path);
    for url in [
        "",
        "nada",
        "ftp://elsewhere.example/a.ics",
        "file:///etc/passwd",
        "javascript:1",
        "https://",
        "//x/a.ics",
    ] {
        let mut body = good.clone();
        body["url"] = json!(url);
        probes.push(probe(setting, operation, &body, Some("url")));
    }
    probes
}
