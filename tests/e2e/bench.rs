//! The benchmark of quotes runs and keeps what quotes promise: one table request where the process is warm.

use std::process::{Command, Stdio};

use serde_json::Value;

#[test]
fn a_quote_costs_one_table_request() {
    let arguments = ["bench", "quote", "--houses", "2", "--seconds", "1", "--clients", "2", "--json"];
    let output = Command::new(casa_tests::program()).args(arguments).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["machine"]["build"].is_string() && report["original"]["quote_queries"] == 447);

    let size = &report["sizes"][0];
    assert_eq!(size["houses"], 2);
    assert!(size["data"]["reservations"].as_u64().unwrap() > 300, "{size:#}");
    let (quote, search) = (&size["quote"], &size["search"]);
    for warm in ["warm", "after_booking", "one_house", "guest", "code"] {
        assert_eq!(quote[warm]["requests"], 1, "{warm}: {quote:#}");
    }
    assert!(quote["cold"]["requests"].as_u64().unwrap() <= 4, "{quote:#}");
    for cold in [quote, search].map(|part| &part["cold"]) {
        assert!(
            cold["units"].as_f64().unwrap() > 0.0 && cold["table_bytes"].as_u64().unwrap() > 0,
            "{cold:#}"
        );
    }
    for load in [quote, search].map(|part| &part["load"]) {
        assert!(load["answers"].as_u64().unwrap() > 0 && load["failures"] == 0, "{load:#}");
        assert!(load["p50_ms"].as_f64().unwrap() <= load["p99_ms"].as_f64().unwrap(), "{load:#}");
    }
    let [before, after] = [0, 1].map(|at| quote["free_houses"][at].as_u64().unwrap());
    assert_eq!(before - after, 1, "a warm process sees what another one booked");
}
