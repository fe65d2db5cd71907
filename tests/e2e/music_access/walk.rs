//! Every endpoint, as everybody, at every moment.

use casa_tests::{document::operations, export::id};
use serde_json::{Value, json};

use tokio::task::JoinSet;

use crate::world::{STAY, Who, World, told};

/// An hour and a minute before and after which somebody else has the house.
const MOMENTS: [&str; 6] = [
    "2026-03-10T10:59:59",
    "2026-03-10T14:59:59",
    "2026-03-10T15:00:00",
    "2026-03-12T10:59:59",
    "2026-03-12T11:00:00",
    "2026-03-12T15:00:00",
];

/// By what it is decided who may.
#[derive(Clone, Copy, Debug)]
enum Rule {
    /// Those of the stay under way in the house of this player.
    Control(&'static str),
    /// The host of the stay, while it lasts.
    Clear,
    /// Every guest.
    Guests,
    /// Guests who did not ask before, until the stay is over.
    Ask,
    /// The host of the stay, who is answered with this; at any time.
    Host(u16),
    /// The host and those let in, at any time.
    Session,
    /// Staff.
    Staff,
    /// Anybody.
    Anybody,
}

/// An endpoint with a request that would do something.
struct Endpoint {
    method: &'static str,
    path: String,
    body: Option<Value>,
    rule: Rule,
}

fn endpoints() -> Vec<Endpoint> {
    let mut all = Vec::new();
    let mut add = |method, path: String, body, rule| all.push(Endpoint { method, path, body, rule });
    for player in ["p1", "p2", "p3", "p9", "zzz"] {
        let rule = Rule::Control(player);
        let path = |verb: &str| format!("players/{player}/{verb}/");
        add("POST", path("play"), None, rule);
        if player != "p1" {
            // One endpoint more would say the same of them.
            continue;
        }
        for verb in ["pause", "stop", "next", "previous"] {
            add("POST", path(verb), None, rule);
        }
        add("POST", path("volume"), Some(json!({"volume": 30})), rule);
        add("POST", path("power"), Some(json!({"powered": true})), rule);
        add("GET", path("queue"), None, rule);
        let media = json!({"media_id": "library://track/1", "media_type": "track", "queue_option": "add"});
        add("POST", path("play-media"), Some(media), rule);
    }
    let clear = format!("players/p1/clear-queue/?reservation_id={}", id(STAY));
    add("POST", clear, None, Rule::Clear);
    let of_house = |house: u32| Some(json!({"property_id": id(house)}));
    for (house, player) in [(1, "p1"), (2, "p2"), (3, "p3"), (4, "p9")] {
        add("POST", "auto-power-on/".to_owned(), of_house(house), Rule::Control(player));
    }
    add("GET", "players/".to_owned(), None, Rule::Guests);
    add("POST", "search/".to_owned(), Some(json!({"query": "hola"})), Rule::Guests);
    add("GET", "library/tracks/".to_owned(), None, Rule::Guests);
    let session = |rest: &str| format!("sessions/{}/{rest}", id(STAY));
    add("POST", session("request-access/"), None, Rule::Ask);
    add("GET", session("requests/"), None, Rule::Host(200));
    // This request has an answer.
    add("POST", session(&format!("requests/{}/accept/", id(303))), None, Rule::Host(400));
    add("POST", session(&format!("requests/{}/reject/", id(301))), None, Rule::Host(400));
    add("GET", session("participants/"), None, Rule::Session);
    // This one was taken out already.
    add("DELETE", session(&format!("participants/{}/", id(304))), None, Rule::Host(404));
    add("GET", "debug/all-players/".to_owned(), None, Rule::Staff);
    add("GET", "auto-power-on-all/".to_owned(), None, Rule::Staff);
    add("POST", "auto-power-on-all/".to_owned(), None, Rule::Staff);
    add("GET", "health/".to_owned(), None, Rule::Anybody);
    all
}

/// Those who may steer a player at a moment.
fn people(player: &str, moment: &str) -> &'static [Who] {
    match player {
        "p1" if moment < "2026-03-10T11:00:00" => &[Who::Yesterday],
        "p1" if moment < "2026-03-10T15:00:00" => &[],
        "p1" if moment < "2026-03-12T11:00:00" => &[Who::Host, Who::Accepted],
        "p1" if moment < "2026-03-12T15:00:00" => &[],
        "p1" => &[Who::Tomorrow],
        "p2" => &[Who::Neighbour],
        _ => &[],
    }
}

fn wanted(rule: Rule, who: Who, moment: &str) -> u16 {
    let may = |yes: bool, status: u16| if yes { status } else { 403 };
    match (rule, who) {
        (Rule::Anybody, _) | (Rule::Staff, Who::Staff) => 200,
        (Rule::Staff, _) | (_, Who::Staff | Who::Nobody) => 401,
        (Rule::Guests, _) => 200,
        (Rule::Control(player), who) => may(people(player, moment).contains(&who), 200),
        (Rule::Clear, who) => may(who == Who::Host && people("p1", moment).contains(&who), 200),
        (Rule::Host(status), who) => may(who == Who::Host, status),
        (Rule::Session, who) => may([Who::Host, Who::Accepted].contains(&who), 200),
        (Rule::Ask, Who::Host | Who::Accepted | Who::Pending | Who::Rejected) => 400,
        (Rule::Ask, _) if moment >= "2026-03-12T11:00:00" => 400,
        (Rule::Ask, _) => 201,
    }
}

/// What everybody is answered who asks at once.
async fn everybody(world: &World, endpoint: &Endpoint, moment: &str) -> Vec<(Who, (u16, Value))> {
    let mut tasks = JoinSet::new();
    for who in Who::ALL {
        let request = world.request(who, moment, endpoint.method, &endpoint.path);
        let request = match &endpoint.body {
            Some(body) => request.json(body),
            None => request,
        };
        tasks.spawn(async move { (who, told(request).await) });
    }
    tasks.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_at_every_moment() {
    let world = World::new(&MOMENTS).await;
    let endpoints = endpoints();
    // Nothing is left out.
    for operation in operations(world.at(MOMENTS[0])).await {
        let Some(path) = operation.path.strip_prefix("/api/v1/music/") else { continue };
        let parts: Vec<_> = path.split('/').collect();
        let is_one = |one: &&Endpoint| {
            let sent: Vec<_> = one.path.split('?').next().unwrap().split('/').collect();
            let fits = |(part, sent): (&&str, &&str)| part.starts_with('{') || part == sent;
            one.method == operation.method && sent.len() == parts.len() && parts.iter().zip(&sent).all(fits)
        };
        assert!(endpoints.iter().any(|one| is_one(&one)), "{} is new", operation.name());
    }
    let mut complaints = Vec::new();
    for moment in MOMENTS {
        for endpoint in &endpoints {
            let told = || format!("{} {} at {moment}", endpoint.method, endpoint.path);
            let mut done = 0;
            for (who, (status, body)) in everybody(&world, endpoint, moment).await {
                let right = wanted(endpoint.rule, who, moment);
                if status != right {
                    complaints.push(format!("{} as {who:?}: {status} instead of {right}: {body}", told()));
                }
                let refuses = [400, 403, 404].contains(&status);
                if refuses && (body["success"] != false || !body["error"].is_string()) {
                    complaints.push(format!("{} as {who:?}: {body}", told()));
                }
                done += usize::from(status == 200);
                if status == 201 {
                    // As if it had not been asked.
                    let row = body["request_id"].as_str().unwrap();
                    let path = format!("sessions/{}/participants/{row}/", id(STAY));
                    let (status, body) = world.ask(Who::Host, moment, "DELETE", &path).await;
                    assert_eq!(status, 200, "{body}");
                }
            }
            // Whoever was refused had nothing done.
            let asked = world.bridge.take();
            let steers = matches!(endpoint.rule, Rule::Control(_) | Rule::Clear);
            if steers && asked.len() != done || done == 0 && !asked.is_empty() {
                complaints.push(format!("{}: {done} may, and this was done: {asked:?}", told()));
            }
        }
    }
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

/// A stay that is cancelled, deleted or loses its approval gives nothing any more, with the next request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rights_end_at_once() {
    let now = "2026-03-11T12:00:00";
    let world = World::new(&[now]).await;
    let play = "players/p1/play/";
    let path = |rest: &str| format!("sessions/{}/{rest}", id(STAY));
    assert_eq!(world.ask(Who::Accepted, now, "POST", play).await.0, 200);
    let expel = path(&format!("participants/{}/", id(301)));
    assert_eq!(world.ask(Who::Host, now, "DELETE", &expel).await.0, 200);
    assert_eq!(world.ask(Who::Accepted, now, "POST", play).await.0, 403);
    assert_eq!(world.ask(Who::Host, now, "DELETE", &expel).await.0, 404, "twice");

    let store = world.shared.store();
    let reservations = store.reservations();
    for status in ["pending", "under_review", "incomplete", "cancelled", "rejected", "approved"] {
        let stored = reservations.get(id(STAY).parse().unwrap()).await.unwrap().unwrap();
        let mut after = stored.booked.reservation.clone();
        after.status = status.parse().unwrap();
        let card = stored.booked.client.clone();
        let change = casa_store::reservations::Change::new(Some(&stored), after, card);
        reservations.commit(change, chrono::Utc::now()).await.unwrap();
        let right = if status == "approved" { 200 } else { 403 };
        assert_eq!(world.ask(Who::Host, now, "POST", play).await.0, right, "{status}");
    }
}

/// Contract 07 §8, defect 11: who owns some stay and takes part in another does not empty that one's queue.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unrelated_stay_empties_no_queue() {
    let now = "2026-03-11T12:00:00";
    let world = World::new(&[now]).await;
    let ask = format!("sessions/{}/request-access/", id(STAY));
    let (status, body) = world.ask(Who::Neighbour, now, "POST", &ask).await;
    assert_eq!(status, 201, "{body}");
    let row = body["request_id"].as_str().unwrap();
    let accept = format!("sessions/{}/requests/{row}/accept/", id(STAY));
    assert_eq!(world.ask(Who::Host, now, "POST", &accept).await.0, 200);
    assert_eq!(world.ask(Who::Neighbour, now, "POST", "players/p1/play/").await.0, 200);
    let clear =
        |player: &str, stay: u32| format!("players/{player}/clear-queue/?reservation_id={}", id(stay));
    for (who, player, stay, right) in [
        (Who::Neighbour, "p1", crate::world::ELSEWHERE, 403),
        (Who::Neighbour, "p1", STAY, 403),
        (Who::Neighbour, "p2", crate::world::ELSEWHERE, 200),
        (Who::Host, "p2", STAY, 403),
        (Who::Host, "p1", crate::world::AFTER, 403),
        (Who::Host, "p1", 999, 404),
        (Who::Host, "p1", STAY, 200),
    ] {
        let (status, body) = world.ask(who, now, "POST", &clear(player, stay)).await;
        assert_eq!(status, right, "{who:?} {player} {stay}: {body}");
    }
    for (query, right) in [("", 400), ("?reservation_id=", 400), ("?reservation_id=x", 404)] {
        let path = format!("players/p1/clear-queue/{query}");
        assert_eq!(world.ask(Who::Host, now, "POST", &path).await.0, right, "{query}");
    }
}
