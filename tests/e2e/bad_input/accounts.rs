//! Wrong values of what guests send about themselves.

use casa_tests::replay::NOBODY;
use serde_json::{Value, json};

use crate::{
    Probe, Setting,
    fields::{Field, find, wrong},
};

/// Registrations, codes, passwords, sign-ins, points and searches that are whole but for one field.
pub(crate) fn accounts(setting: &Setting) -> Vec<Probe> {
    let (number, secret) = setting.set.guest();
    let guest = setting.set.guest_row(number).0.as_str();
    let person = json!({
        "document_type": "dni", "number_doc": "76543210", "first_name": "Ana", "last_name": "Vilca", "sex": "f",
        "email": "ana@personal.example", "date": "1990-01-01", "tel_number": "51999888777", "otp_code": "123456",
        "password": "Una-clave-1", "confirm_password": "Una-clave-1",
    });
    let document = json!({"document_type": "dni", "number_doc": number});
    let with = |more: Value| {
        let mut body = document.clone();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let named: [Field; 2] = [("document_type", "short text"), ("number_doc", "text")];
    let secrets: [Field; 2] = [("otp_code", "short text"), ("password", "text")];
    let personal: [Field; 9] = [
        ("document_type", "choice"),
        ("number_doc", "text"),
        ("first_name", "text"),
        ("last_name", "text"),
        ("tel_number", "text"),
        ("sex", "choice"),
        ("email", "text"),
        ("date", "date"),
        ("password", "text"),
    ];
    let choose = with(json!({"otp_code": "123456", "password": "Una-clave-1"}));
    let search = json!({"check_in_date": "2033-03-10", "check_out_date": "2033-03-12", "guests": 2});
    let adjust = json!({"client_id": guest, "points": "5.00", "reason": "Prueba"});
    let table: [(&str, &Value, Vec<Field>); 11] = [
        ("public-register/", &person, personal.to_vec()),
        ("complete-register/", &person, [&personal[..], &[("otp_code", "short text")]].concat()),
        ("verify-document/", &document, named.to_vec()),
        ("client-auth/request-otp/", &document, named.to_vec()),
        ("client-auth/forgot-password/", &document, named.to_vec()),
        ("client-auth/request-otp-registration/", &json!({}), vec![("tel_number", "text")]),
        ("client-auth/setup-password/", &choose, [named, secrets].concat()),
        ("client-auth/reset-password/", &choose, [named, secrets].concat()),
        ("client-auth/login/", &with(json!({"password": secret})), [&named[..], &secrets[1..]].concat()),
        ("points/redeem/", &document, vec![("points_to_redeem", "money")]),
        ("points/adjust/", &adjust, vec![("client_id", "id"), ("points", "money"), ("reason", "nothing")]),
    ];
    let mut probes = Vec::new();
    let mut add = |path: &str, good: &Value, name: &str, value: Value| {
        let operation = find(setting, "POST", &format!("clients/{path}"));
        let mut body = good.clone();
        body[name] = value;
        // Some of these count how often a host asks.
        let request = setting.request_from(probes.len() / 40, operation, &operation.path);
        probes.push(Probe {
            what: body.to_string().chars().take(300).collect(),
            operation: operation.clone(),
            request: request.json(&body),
            // An id that is none belongs to nobody, and no more does a document of an unknown kind.
            wanted: if matches!(name, "client_id" | "document_type") { vec![400, 404] } else { vec![400] },
            names: None,
        });
    };
    for (path, good, fields) in table {
        for (name, kind) in fields {
            for value in wrong(kind) {
                // Points are rounded to cents (contract 02 §3.12).
                if !(path == "points/adjust/" && value == "1.234") {
                    add(path, good, name, value);
                }
            }
        }
    }
    for (name, kind) in
        [("check_in_date", "date"), ("check_out_date", "date"), ("guests", "whole"), ("property", "id")]
    {
        for value in wrong(kind) {
            // Generous as the original: a month without its zero, part of a guest, a house that is gone (contract 03 §3.8).
            if value != "2025-1-1" && value != 1.5 && value != NOBODY {
                add("track-search/", &search, name, value);
            }
        }
    }
    probes
}
