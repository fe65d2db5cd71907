//! Sessions: what they show, who asks and who is let in (contract 07 §3.11, §3.12; §8 defects 6, 15 and 16).

use casa_tests::{contents, export::id};
use serde_json::json;

use crate::world::{AFTER, BEFORE, STAY, UNPAID, Who, World};

const BEGUN: &str = "2026-03-10T15:00:00";
const BEFORE_IT: &str = "2026-03-10T14:59:59";
const OVER: &str = "2026-03-12T11:00:00";
const LATER: &str = "2026-03-11T20:00:00";

fn session(stay: u32, rest: &str) -> String {
    format!("sessions/{}/{rest}", id(stay))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_three_states() {
    let world = World::new(&[BEFORE_IT, BEGUN, OVER]).await;
    let path = session(STAY, "participants/");
    let (_, body) = world.ask(Who::Accepted, BEFORE_IT, "GET", &path).await;
    let scheduled = json!({
        "success": true, "session_active": false, "status": "not_started", "message": "Sesión programada",
        "activation_datetime": "2026-03-10T15:00:00-05:00", "activation_date": "10/03/2026",
        "activation_time": "15:00", "reservation_id": id(STAY), "property_name": "Casa 1",
    });
    assert_eq!(body, scheduled);
    let (_, body) = world.ask(Who::Accepted, OVER, "GET", &path).await;
    let ended = json!({
        "success": true, "session_active": false, "status": "ended", "message": "Sesión finalizada",
        "termination_datetime": "2026-03-12T11:00:00-05:00", "termination_date": "12/03/2026",
        "termination_time": "11:00", "reservation_id": id(STAY), "property_name": "Casa 1",
    });
    assert_eq!(body, ended);
    let (_, body) = world.ask(Who::Accepted, BEGUN, "GET", &path).await;
    let active = json!({
        "success": true, "session_active": true, "status": "active", "reservation_id": id(STAY),
        "property_name": "Casa 1",
        "host": {
            "id": id(Who::Host.number()), "name": "Ana Lucia perez Host", "facebook_linked": true,
            "profile_picture": "https://img.example/cara.jpg",
        },
        "participants": [{
            "id": id(301), "client_id": id(Who::Accepted.number()), "name": "Ana Lucia P.",
            "facebook_linked": false, "profile_picture": null, "accepted_at": "2026-03-09T11:00:00+00:00",
        }],
        "session_ends_at": "2026-03-12T11:00:00-05:00",
    });
    assert_eq!(body, active);
    let (_, body) = world.ask(Who::Host, BEGUN, "GET", &session(STAY, "requests/")).await;
    let one = |number: u32, who: Who| {
        json!({
            "id": id(number), "client_id": id(who.number()), "name": format!("Ana Lucia perez {who:?}"),
            "requested_at": format!("2026-03-09T1{}:00:00+00:00", number % 10),
        })
    };
    let requests = json!({
        "success": true, "reservation_id": id(STAY), "property_name": "Casa 1",
        "pending_requests": [one(302, Who::Pending)], "rejected_requests": [one(303, Who::Rejected)],
    });
    assert_eq!(body, requests);
}

/// Contract 07 §9, example 12, and what becomes of a refusal.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asking_being_let_in_and_being_taken_out() {
    let world = World::new(&[BEGUN, LATER]).await;
    let ask = session(STAY, "request-access/");
    let play = "players/p1/play/";
    let (status, body) = world.ask(Who::Stranger, BEGUN, "POST", &ask).await;
    assert_eq!((status, &body["success"]), (201, &json!(true)), "{body}");
    let row = body["request_id"].as_str().unwrap().to_owned();
    let answer = |how: &str| session(STAY, &format!("requests/{row}/{how}/"));
    let (status, body) = world.ask(Who::Stranger, BEGUN, "POST", &ask).await;
    assert_eq!((status, &body["status"]), (400, &json!("pending")));
    assert_eq!(world.ask(Who::Stranger, BEGUN, "POST", play).await.0, 403);
    assert_eq!(world.ask(Who::Host, BEGUN, "POST", &answer("accept")).await.0, 200);
    assert_eq!(world.ask(Who::Stranger, BEGUN, "POST", play).await.0, 200);
    for how in ["accept", "reject"] {
        assert_eq!(world.ask(Who::Host, BEGUN, "POST", &answer(how)).await.0, 400, "{how} again");
    }
    let (status, body) = world.ask(Who::Stranger, BEGUN, "POST", &ask).await;
    assert_eq!((status, &body["status"]), (400, &json!("accepted")));
    let expel = session(STAY, &format!("participants/{row}/"));
    assert_eq!(world.ask(Who::Host, BEGUN, "DELETE", &expel).await.0, 200);
    assert_eq!(world.ask(Who::Stranger, BEGUN, "POST", play).await.0, 403);
    let (status, body) = world.ask(Who::Stranger, BEGUN, "POST", &ask).await;
    assert_eq!((status, &body["request_id"]), (201, &json!(row)), "the same id");
    assert_eq!(world.ask(Who::Host, BEGUN, "POST", &answer("reject")).await.0, 200);
    let (status, body) = world.ask(Who::Stranger, BEGUN, "POST", &ask).await;
    assert_eq!((status, &body["status"]), (400, &json!("rejected")), "at once");
    let (status, body) = world.ask(Who::Stranger, LATER, "POST", &ask).await;
    assert_eq!((status, &body["request_id"]), (201, &json!(row)), "more than a day later: {body}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_and_what_is_anothers() {
    let world = World::new(&[BEGUN, OVER]).await;
    for (who, method, path, right) in [
        (Who::Stranger, "POST", session(999, "request-access/"), 404),
        (Who::Stranger, "POST", "sessions/x/request-access/".to_owned(), 404),
        (Who::Stranger, "POST", session(BEFORE, "request-access/"), 400),
        (Who::Stranger, "POST", session(AFTER, "request-access/"), 201),
        (Who::Stranger, "POST", session(UNPAID, "request-access/"), 201),
        (Who::Host, "GET", session(999, "requests/"), 404),
        (Who::Host, "GET", "sessions/x/requests/".to_owned(), 404),
        (Who::Host, "GET", session(AFTER, "requests/"), 403),
        (Who::Host, "GET", session(999, "participants/"), 404),
        (Who::Host, "GET", "sessions/x/participants/".to_owned(), 404),
        (Who::Host, "GET", session(AFTER, "participants/"), 403),
        (Who::Host, "POST", session(STAY, "requests/x/accept/"), 404),
        (Who::Host, "POST", session(STAY, &format!("requests/{}/accept/", id(999))), 404),
        // It was taken out.
        (Who::Host, "POST", session(STAY, &format!("requests/{}/accept/", id(304))), 404),
        // A request for another stay.
        (Who::Tomorrow, "POST", session(AFTER, &format!("requests/{}/accept/", id(302))), 404),
        (Who::Tomorrow, "POST", session(STAY, &format!("requests/{}/accept/", id(302))), 403),
        (Who::Pending, "POST", session(STAY, &format!("requests/{}/accept/", id(302))), 403),
        (Who::Accepted, "DELETE", session(STAY, &format!("participants/{}/", id(301))), 403),
        (Who::Host, "DELETE", session(STAY, "participants/x/"), 404),
        (Who::Host, "DELETE", "sessions/x/participants/x/".to_owned(), 404),
    ] {
        let (status, body) = world.ask(who, BEGUN, method, &path).await;
        assert_eq!(status, right, "{method} {path} as {who:?}: {body}");
        assert_eq!(body["success"], right == 201, "{path}: {body}");
    }
    let (status, body) = world.ask(Who::Stranger, OVER, "POST", &session(STAY, "request-access/")).await;
    assert_eq!((status, &body["success"]), (400, &json!(false)), "it is over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_limited() {
    let world = World::new(&[BEGUN]).await;
    let ask = session(STAY, "request-access/");
    for number in 0..10 {
        let (status, body) = world.ask(Who::Stranger, BEGUN, "POST", &ask).await;
        assert_eq!(status, 201, "{number}: {body}");
        // What changes nothing is not counted.
        assert_eq!(world.ask(Who::Stranger, BEGUN, "POST", &ask).await.0, 400);
        let row = body["request_id"].as_str().unwrap();
        let expel = session(STAY, &format!("participants/{row}/"));
        assert_eq!(world.ask(Who::Host, BEGUN, "DELETE", &expel).await.0, 200);
    }
    let (status, body) = world.ask(Who::Stranger, BEGUN, "POST", &ask).await;
    assert_eq!((status, &body["success"]), (429, &json!(false)), "{body}");
    assert_eq!(world.ask(Who::Neighbour, BEGUN, "POST", &ask).await.0, 201, "others may");
    contents::end_throttle_windows(&world.shared).await;
    assert_eq!(world.ask(Who::Stranger, BEGUN, "POST", &ask).await.0, 201);
}
