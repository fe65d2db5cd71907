//! Bad ids, addresses, methods and query strings.

use casa_tests::document::{METHODS, Operation};
use reqwest::Method;

use crate::{Probe, Setting};

/// Percent-encodes everything but letters, digits, `-`, `_`.
fn encoded(bytes: &[u8]) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
    bytes
        .iter()
        .map(|byte| if plain(byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// Values that stand for nothing, already encoded.
fn junk() -> Vec<String> {
    let mut junk: Vec<String> = [
        "-1",
        "NaN",
        "1e400",
        "null",
        "undefined",
        "Invalid Date",
        "2025-02-30",
        "0000-01-01",
        "99999-01-01",
        "1.5",
        "١٢٣",
        "１２",
        "é",
        "'",
        "\"",
        "<script>",
        "{}",
        "[]",
        "{id}",
        "a/b",
        "../..",
        "../../etc/passwd",
        "\\",
        "a\0b",
        "\r\nx: y",
        " ",
        ";",
        "a b",
        "true",
        "0x10",
        "+5",
        "--",
        "00000000-0000-4000-8000-00000000000",
        "00000000-0000-4000-8000-0000000000000",
        "00000000-0000-4000-8000-00000000000g",
        "urn:uuid:00000000-0000-4000-8000-000000000000",
        "{00000000-0000-4000-8000-000000000000}",
        "00000000000040008000000000000000",
    ]
    .iter()
    .map(|text| encoded(text.as_bytes()))
    .collect();
    junk.push(encoded(&[0xFF, 0xFE]));
    junk.push(encoded(&[0xC3]));
    junk.push("x".repeat(3000));
    junk.push("9".repeat(400));
    junk.extend(["%", "%zz", "%2", "%u0041"].map(str::to_owned));
    junk
}

fn probe(setting: &Setting, operation: &Operation, path: &str, what: &str, wanted: &[u16]) -> Probe {
    Probe {
        what: what.to_owned(),
        operation: operation.clone(),
        request: setting.request(operation, path),
        wanted: wanted.to_vec(),
        names: None,
    }
}

/// A malformed id is an unknown one.
pub(crate) fn ids(setting: &Setting) -> Vec<Probe> {
    let mut probes = Vec::new();
    for operation in setting.operations.iter().filter(|one| !one.path_parameters().is_empty()) {
        for value in junk() {
            // The number before `photos/` is not looked at.
            let ignored =
                operation.path.contains("{number}") && value.bytes().all(|byte| byte.is_ascii_digit());
            // With a plain `/` or `%` these would be other addresses.
            if !ignored {
                // Automatic discounts tell what is no id from what is unknown (contract 04 §3.9).
                let wanted: &[u16] = if operation.path.contains("/automaticdiscount/") {
                    &[400, 404]
                } else if operation.path.contains("/music/players/") {
                    // A player's id is any text, and nobody may steer a player of no house (contract 07 §4.2).
                    // Emptying a queue wants to know of which stay first.
                    if operation.path.ends_with("/clear-queue/") { &[400] } else { &[403] }
                } else {
                    &[404]
                };
                probes.push(probe(setting, operation, &operation.path_with(&value), &value, wanted));
            }
        }
    }
    probes
}

/// Some of them for query parameters, which are many.
fn values() -> Vec<String> {
    let mut values: Vec<String> = [
        "-1",
        "NaN",
        "1e400",
        "null",
        "Invalid Date",
        "2025-02-30",
        "0000-01-01",
        "99999-01-01",
        "1.5",
        "١٢٣",
        "'",
        "{}",
        "a\0b",
        "\r\nx: y",
        " ",
        "+5",
    ]
    .iter()
    .map(|text| encoded(text.as_bytes()))
    .collect();
    values.extend(["%", "%zz", "%FF%FE"].map(str::to_owned));
    values.extend(["x".repeat(3000), "9".repeat(400)]);
    values
}

/// Query strings that are none.
pub(crate) fn queries(setting: &Setting) -> Vec<Probe> {
    let strings = [
        "?".to_owned(),
        "%".to_owned(),
        "%zz=%zz".to_owned(),
        "%00=%00".to_owned(),
        "page=%00&page_size=%00".to_owned(),
        "a=%FF%FE&%FF=1".to_owned(),
        "=&&&==&".to_owned(),
        "page=1&page=2&page=x".to_owned(),
        "page[]=1&page[a]=2".to_owned(),
        "page_size=1&page_size=none&page_size=-1".to_owned(),
        "page=99999999999999999999999&page_size=99999999999999999999".to_owned(),
        "page=18446744073709551615&page_size=1000".to_owned(),
        "a=b&".repeat(2000),
        format!("search={}", "x".repeat(8000)),
        "exclude=%FF".to_owned(),
    ];
    let each = |operation: &Operation| {
        let path = setting.harmless(operation);
        let send = |query: &String| {
            let what: String = query.chars().take(60).collect();
            probe(setting, operation, &format!("{path}?{}{query}", short(operation)), &what, &[])
        };
        strings.iter().map(send).collect::<Vec<_>>()
    };
    setting.operations.iter().flat_map(each).collect()
}

/// What keeps the answers of a list short. A later parameter of the same name counts more, so junk still does.
fn short(operation: &Operation) -> &'static str {
    let has = |name: &str| operation.query.iter().any(|one| one == name);
    match (has("page_size"), has("month")) {
        (true, _) => "page_size=1&",
        (false, true) => "year=2030&month=1&",
        (false, false) => "",
    }
}

/// Every documented parameter with every kind of junk, alone and twice.
pub(crate) fn parameters(setting: &Setting) -> Vec<Probe> {
    let mut probes = Vec::new();
    for operation in &setting.operations {
        let path = setting.harmless(operation);
        let short = short(operation);
        for name in &operation.query {
            for value in values() {
                let what = format!("{name}={}", value.chars().take(40).collect::<String>());
                probes.push(probe(setting, operation, &format!("{path}?{short}{name}={value}"), &what, &[]));
            }
            let what = format!("{name} twice");
            probes.push(probe(
                setting,
                operation,
                &format!("{path}?{short}{name}=1&{name}=%00x"),
                &what,
                &[],
            ));
        }
    }
    probes
}

/// Parameters whose contract says what happens to nonsense.
pub(crate) fn refused(setting: &Setting) -> Vec<Probe> {
    let table: &[(&str, &[&str], u16)] = &[
        (
            "/api/v1/reservations/",
            &["year=2025&month=13", "year=x&month=1", "year=0&month=1", "search=%00"],
            400,
        ),
        ("/api/v1/reservations/", &["page=0", "page=-1", "page=x", "page=999999", "page=1e3"], 404),
        (
            "/api/v1/vistacalendario/",
            &["year=0", "year=NaN", "year=99999", "year=2025&month=0", "year=2025&month=x"],
            400,
        ),
        (
            "/api/v1/export/monthly/",
            &["", "year=2025", "month=5", "year=2025&month=13", "year=NaN&month=1"],
            400,
        ),
        ("/api/v1/photos/", &["property_id=7", "property_id=null", "property_id=%00"], 400),
        ("/api/v1/photos/", &["page=0", "page=x", "page=99999999999999999999"], 404),
        ("/api/v1/property/", &["page=0", "page=x"], 404),
        ("/api/v1/clients/", &["page=0", "page=x"], 404),
        (
            "/api/v1/property/{slug}/calendar-occupancy/",
            &[
                "",
                "year=0",
                "year=NaN",
                "year=99999",
                "year=2025&month=13",
                "year=2025&month=2&day=30",
                "year=2025&day=1",
            ],
            400,
        ),
        ("/api/v1/profit/", &["", "year=x", "year=0", "year=10000", "year=-1"], 400),
        ("/api/v1/profit-resume/", &["", "year=NaN", "year=0", "year=99999"], 400),
        ("/api/v1/get-ics/", &["", "q=", "q=%20"], 400),
        ("/api/v1/get-ics/", &["q=nada", "q=%00", "q=../../etc/passwd"], 404),
        ("/api/v1/homeassistant/", &[""], 400),
        ("/api/v1/homeassistant/", &["property_uuid=x", "property_uuid=%00"], 404),
        (
            "/api/v1/payments/",
            &["year=0", "month=13", "year=x", "reservation=x", "status=zzz", "gateway=paypal"],
            400,
        ),
        ("/api/v1/payments/", &["page=0", "page=x", "page=999999"], 404),
        (
            "/api/v1/music/library/tracks/",
            &["limit=0", "limit=501", "limit=x", "limit=1.5", "offset=-1", "offset=1000001", "offset=%00"],
            400,
        ),
        ("/api/v1/reservations/{id}/contrato/", &["format=doc", "format=%00", "format=PDF"], 400),
    ];
    let mut probes = Vec::new();
    for (path, queries, status) in table {
        let operation = setting.operations.iter().find(|one| one.path == *path && one.method == "GET");
        let operation = operation.unwrap_or_else(|| panic!("{path} is documented"));
        let path = setting.harmless(operation);
        for query in *queries {
            probes.push(probe(setting, operation, &format!("{path}?{query}"), query, &[*status]));
        }
    }
    probes
}

/// Methods that an address does not have. They are not documented one by one: 405 is what all of them answer, but for
/// links that may be opened in a browser (contract 05 §3.7).
pub(crate) fn methods(setting: &Setting) -> Vec<Probe> {
    let mut probes = Vec::new();
    for operation in &setting.operations {
        let path = setting.set.existing(operation);
        let has = |method: &str| {
            setting.operations.iter().any(|one| one.path == operation.path && one.method == method)
        };
        for method in METHODS.into_iter().chain(["BREW", "TRACE"]).filter(|method| !has(method)) {
            let url = format!("{}{path}", setting.casa.base);
            let method: Method = method.parse().unwrap();
            let in_browser = operation.path.contains("/confirm/") && METHODS.contains(&method.as_str());
            let (status, media_type) =
                if in_browser { (400, "text/html") } else { (405, "application/json") };
            probes.push(Probe {
                what: format!("{method} instead"),
                operation: beyond(operation, status, media_type),
                request: setting.http.request(method, url).bearer_auth(&setting.token),
                wanted: vec![status],
                names: (!in_browser).then(|| "detail".to_owned()),
            });
        }
    }
    probes
}

/// The operation with a status that belongs to no operation.
fn beyond(operation: &Operation, status: u16, media_type: &str) -> Operation {
    let mut operation = operation.clone();
    operation.answers.insert(status, [media_type.to_owned()].into());
    operation
}

/// Addresses that do not exist, files of others and files outside the bucket.
pub(crate) fn addresses(setting: &Setting) -> Vec<Probe> {
    let long = format!("/api/v1/{}/", "x/".repeat(1000));
    let receipt = setting.set.rows("reservation.rentalreceipt")[0].1["file"].as_str().unwrap().to_owned();
    let (receipt, signed) =
        (format!("/media/{receipt}"), format!("/media/{receipt}?expires=99999999999&signature="));
    let mut probes = Vec::new();
    let mut paths: Vec<String> = [
        "/",
        "/api",
        "/api/",
        "/api/v1/nothing/",
        "/api/v1/%FF/",
        "/api/v1/%00/",
        "/api/v2/login/",
        "//api//v1//login//",
        "/api/v1/login/x/",
        "/api/v1/reservations//",
        "/media/",
        "/media/%FF.png",
        "/media/a%00.png",
        "/media/..%2f..%2fetc%2fpasswd",
        "/media/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/media/property_photos%2f..%2f..%2fx.png",
        "/media/property_photos/",
        "/media/property_photos",
        "/media/property_photos/nothing.png",
        "/media/events/evidence/e4.png",
        "/media/task_photos/t0.png",
        "/media//etc/passwd",
        "/media/C:%5Cx.png",
        "/api/v1/schema/docs/%FF",
        "/api/v1/schema/docs/nothing.js",
        "/api/v1/schema/docs/..%2f..%2fCargo.toml",
        "/%",
        "/%zz",
        "/.env",
        "/.git/config",
    ]
    .map(str::to_owned)
    .into();
    paths.extend([
        long,
        receipt,
        signed.clone(),
        format!("{signed}AAAA"),
        format!("{signed}%FF"),
        signed.replace("999", "x"),
    ]);
    for path in paths {
        let operation = setting.operations.iter().find(|one| one.path == "/api/v1/").unwrap();
        probes.push(probe(setting, &beyond(operation, 404, "application/json"), &path, &path, &[404]));
    }
    probes
}
