//! The first and the last days of the calendar are days like others: they can be booked, and nothing overflows.

use casa_tests::contents::Contents;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::{Setting, fields::booking};

async fn call(setting: &Setting, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
    let request = setting.http.request(method, setting.casa.url(path)).bearer_auth(&setting.token);
    let request = if let Some(body) = body { request.json(body) } else { request };
    let answer: Response = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let bytes = answer.bytes().await.unwrap();
    (status, if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() })
}

fn is_date(text: &str) -> bool {
    let shape: String = text.chars().map(|char| if char.is_ascii_digit() { '0' } else { char }).collect();
    shape == "0000-00-00"
}

/// Everything that shows stays still answers, and every date it shows is one.
async fn everything_is_shown(setting: &Setting, ids: &[String]) {
    let slug = setting.set.rows("property.property")[0].1["slug"].as_str().unwrap().to_owned();
    let mut paths: Vec<String> = [
        "reservations/?page_size=none",
        "reservations/?page=last",
        "reservations/?year=1&month=1",
        "reservations/?year=9999&month=12",
        "reservations/?year=9999&month=12&from_check_in=true",
        "reservations/?from=today",
        "vistacalendario/?year=1",
        "vistacalendario/?year=9999",
        "vistacalendario/?year=9999&month=12",
        "vistacalendario/?year=1&month=1",
    ]
    .map(str::to_owned)
    .into();
    paths.extend(
        ["year=1", "year=9999", "year=1&month=1&day=1", "year=9999&month=12&day=31"]
            .map(|when| format!("property/{slug}/calendar-occupancy/?{when}")),
    );
    paths.extend(ids.iter().map(|id| format!("reservations/{id}/")));
    for path in paths {
        let (status, body) = call(setting, Method::GET, &path, None).await;
        assert_eq!(status, 200, "{path}: {body}");
        let lists = [body.as_array(), body["results"].as_array(), body["data"]["occupancy"].as_array()];
        let rows: Vec<_> = lists.into_iter().flatten().flatten().chain([&body]).collect();
        for row in rows {
            for key in ["check_in_date", "check_out_date", "late_check_out_date", "start_date", "end_date"] {
                let date = row[key].as_str();
                assert!(date.is_none_or(is_date), "{path}: {key} {date:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_edges_of_the_calendar() {
    let setting = Setting::new().await;
    let mut ids = Vec::new();
    for (from, to) in
        [("0001-01-01", "0001-01-03"), ("9999-12-28", "9999-12-31"), ("2033-01-01", "2034-01-02")]
    {
        let mut body = booking(&setting);
        (body["check_in_date"], body["check_out_date"]) = (json!(from), json!(to));
        let (status, answer) = call(&setting, Method::POST, "reservations/", Some(&body)).await;
        assert_eq!(status, 201, "{from}: {answer}");
        ids.push(answer["id"].as_str().unwrap().to_owned());
        let (status, _) = call(&setting, Method::POST, "reservations/", Some(&body)).await;
        assert_eq!(status, 400, "{from}: these nights are sold");
    }
    everything_is_shown(&setting, &ids).await;

    let settle = setting.http.post(format!("{}/_casa/settle", setting.casa.base));
    assert_eq!(settle.send().await.unwrap().status(), 200);
    let before = Contents::of(&setting.casa.shared).await;
    for (id, why) in [(&ids[1], "there is no day after the last"), (&ids[2], "one night too many")] {
        let late = json!({"late_checkout": true});
        let (status, answer) =
            call(&setting, Method::PATCH, &format!("reservations/{id}/"), Some(&late)).await;
        assert_eq!(status, 400, "{why}: {answer}");
    }
    assert_eq!(before.differences(&Contents::of(&setting.casa.shared).await), Vec::<String>::new());
    everything_is_shown(&setting, &ids).await;

    for id in &ids {
        assert_eq!(
            call(&setting, Method::DELETE, &format!("reservations/{id}/"), None).await,
            (204, Value::Null)
        );
    }
    let mut body = booking(&setting);
    (body["check_in_date"], body["check_out_date"]) = (json!("9999-12-29"), json!("9999-12-30"));
    assert_eq!(
        call(&setting, Method::POST, "reservations/", Some(&body)).await.0,
        201,
        "the nights are free again"
    );
}
