//! What is answered, and what is refused of bodies and parameters (contract 07 §3; §8 defects 6 to 9).

use casa_domain::music::{Action, MediaKind, QueueOption};
use casa_tests::export::id;
use serde_json::{Value, json};

use crate::{
    bridge::{self, MISSING},
    world::{STAY, Who, World, start, told},
};

const NOW: &str = "2026-03-11T12:00:00";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_make_no_sense() {
    let world = World::new(&[NOW]).await;
    let media = |media: Value| json!({"media_id": media, "media_type": "track", "queue_option": "play"});
    let option = |option: Value| json!({"media_id": "x", "media_type": "track", "queue_option": option});
    let mut cases: Vec<(&str, Value)> = Vec::new();
    let volumes = [json!(101), json!(-1), json!("x"), json!(null), json!([5]), json!({"a": 1}), json!(1e300)];
    cases.extend(volumes.map(|volume| ("players/p1/volume/", json!({ "volume": volume }))));
    let switches = [json!("x"), json!(1), json!(0), json!(null), json!([true]), json!({}), json!("")];
    cases.extend(switches.map(|on| ("players/p1/power/", json!({ "powered": on }))));
    let odd =
        [json!(""), json!([]), json!(["x", 5]), json!(null), json!(5), json!({"uri": "x"}), json!([[]])];
    cases.extend(odd.map(|one| ("players/p1/play-media/", media(one))));
    cases.push(("players/p1/play-media/", media(json!(vec!["x"; 101]))));
    cases.push(("players/p1/play-media/", media(json!("x".repeat(2001)))));
    let odd = [json!("shuffle"), json!(5), json!(null), json!(["play"]), json!("")];
    cases.extend(odd.map(|one| ("players/p1/play-media/", option(one))));
    cases.push(("players/p1/play-media/", json!({"media_id": "x", "queue_option": "play"})));
    cases
        .push(("players/p1/play-media/", json!({"media_id": "x", "media_type": "", "queue_option": "play"})));
    let queries = [json!(""), json!(null), json!(5), json!(["x"]), json!("x".repeat(301))];
    cases.extend(queries.map(|query| ("search/", json!({ "query": query }))));
    let kinds = [json!([5]), json!([null]), json!(5), json!({"a": 1})];
    cases.extend(kinds.map(|kinds| ("search/", json!({"query": "x", "media_types": kinds}))));
    let limits = [json!(0), json!(101), json!(-1), json!("x"), json!(1.5), json!([1]), json!(true)];
    cases.extend(limits.map(|limit| ("search/", json!({"query": "x", "limit": limit}))));
    let houses = [json!(""), json!(null), json!(5), json!([]), json!({})];
    cases.extend(houses.map(|house| ("auto-power-on/", json!({ "property_id": house }))));
    for path in
        ["players/p1/volume/", "players/p1/power/", "players/p1/play-media/", "search/", "auto-power-on/"]
    {
        cases.push((path, json!({})));
        cases.push((path, json!([])));
        cases.push((path, json!("x")));
    }
    for (path, body) in cases {
        let (status, answer) = world.post(Who::Host, NOW, path, &body).await;
        let told = body.to_string().chars().take(80).collect::<String>();
        assert_eq!(status, 400, "{path} {told}: {answer}");
        assert!(answer["success"] == false && answer["error"].is_string(), "{path} {told}: {answer}");
    }
    for (body, kind, right) in [("{", "application/json", 400), ("{}", "text/plain", 415)] {
        for path in ["players/p1/volume/", "search/", "auto-power-on/"] {
            let request = world.request(Who::Host, NOW, "POST", path).header("content-type", kind).body(body);
            let (status, answer) = told(request).await;
            assert_eq!(status, right, "{path}: {answer}");
            assert!(answer["success"] == false && answer["error"].is_string(), "{path}: {answer}");
            // Who may not steer is told that first.
            if path.starts_with("players/") {
                let request =
                    world.request(Who::Stranger, NOW, "POST", path).header("content-type", kind).body(body);
                assert_eq!(told(request).await.0, 403, "{path}");
            }
        }
    }
    for query in ["limit=0", "limit=501", "limit=x", "offset=-1", "offset=1000001", "offset=1.5"] {
        let (status, answer) =
            world.ask(Who::Stranger, NOW, "GET", &format!("library/tracks/?{query}")).await;
        assert_eq!((status, &answer["success"]), (400, &json!(false)), "{query}");
    }
    for house in ["x", &id(5), &id(6), &id(999)] {
        let (status, answer) =
            world.post(Who::Host, NOW, "auto-power-on/", &json!({ "property_id": house })).await;
        assert_eq!((status, &answer["success"]), (404, &json!(false)), "{house}");
    }
    assert_eq!(world.bridge.take(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_arrives_and_what_comes_back_is_shown() {
    let world = World::new(&[NOW]).await;
    let cases = [
        ("volume", json!({"volume": "55"}), Action::Volume { level: 55 }),
        ("volume", json!({"volume": 55.9}), Action::Volume { level: 55 }),
        ("power", json!({"powered": "false"}), Action::Power { on: false }),
        (
            "play-media",
            json!({"media_id": ["library://track/1", "b"], "media_type": "x", "queue_option": "REPLACE"}),
            Action::PlayMedia {
                media: vec!["library://track/1".to_owned(), "b".to_owned()],
                option: QueueOption::Replace,
            },
        ),
    ];
    for (verb, body, action) in cases {
        let (status, answer) = world.post(Who::Accepted, NOW, &format!("players/p1/{verb}/"), &body).await;
        assert_eq!(status, 200, "{verb}: {answer}");
        assert!(answer["success"] == true && answer["message"].is_string(), "{verb}: {answer}");
        let asked = world.bridge.take();
        assert_eq!((asked.len(), &asked[0].action), (1, &action));
        assert_eq!(asked[0].player.as_deref(), Some("p1"));
        if verb == "volume" {
            assert!(answer["message"].as_str().unwrap().ends_with("55%"), "{answer}");
        }
    }
    let form = [("volume", "7")];
    let (status, _) = told(world.request(Who::Host, NOW, "POST", "players/p1/volume/").form(&form)).await;
    assert_eq!((status, &world.bridge.take()[0].action), (200, &Action::Volume { level: 7 }));

    let (_, queue) = world.ask(Who::Host, NOW, "GET", "players/p1/queue/").await;
    let queue = &queue["queue"];
    assert_eq!(
        (&queue["queue_id"], &queue["state"], &queue["current_index"]),
        (&json!("q"), &json!("playing"), &json!(1))
    );
    assert_eq!(
        (&queue["total_items"], &queue["current_track"]["uri"]),
        (&json!(3), &json!("library://track/1"))
    );
    assert_eq!(queue["all_items"].as_array().unwrap().len(), 3);
    world.bridge.take();
    let body = json!({"query": " hola ", "media_types": ["Tracks", "zzz"], "limit": 5});
    let (status, found) = world.post(Who::Stranger, NOW, "search/", &body).await;
    assert_eq!((status, &found["query"]), (200, &json!("hola")), "{found}");
    let wanted = Action::Search { query: "hola".to_owned(), kinds: vec![MediaKind::Track], limit: 5 };
    assert_eq!(world.bridge.take()[0].action, wanted);
    assert_eq!(found["results"]["tracks"][0]["duration"], 180);
    for kind in ["artists", "albums", "playlists"] {
        assert_eq!(found["results"][kind], json!([]), "{kind}");
    }
    let (_, tracks) = world.ask(Who::Stranger, NOW, "GET", "library/tracks/?limit=2&offset=4").await;
    assert_eq!((&tracks["limit"], &tracks["offset"]), (&json!(2), &json!(4)));
    assert_eq!(tracks["tracks"].as_array().unwrap().len(), 2);
    assert_eq!(world.bridge.take()[0].action, Action::LibraryTracks { limit: 2, offset: 4 });

    let missing = json!({"media_id": MISSING, "media_type": "track", "queue_option": "play"});
    assert_eq!(world.post(Who::Host, NOW, "players/p1/play-media/", &missing).await.0, 404);
    // Paths work with and without their last slash.
    assert_eq!(world.ask(Who::Host, NOW, "POST", "players/p1/play").await.0, 200);
    assert_eq!(world.ask(Who::Host, NOW, "GET", "players/p1/play/").await.0, 405);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_connection_nothing_is_a_failure_of_ours() {
    let world = World::new(&[NOW]).await;
    bridge::say(&world.shared.store(), false).await;
    let clear = format!("players/p1/clear-queue/?reservation_id={}", id(STAY));
    for (who, method, path, body) in [
        (Who::Host, "POST", "players/p1/play/", None),
        (Who::Host, "GET", "players/p1/queue/", None),
        (Who::Host, "POST", &clear, None),
        (Who::Host, "POST", "players/p1/volume/", Some(json!({"volume": 1}))),
        (Who::Host, "POST", "auto-power-on/", Some(json!({"property_id": id(1)}))),
        (Who::Stranger, "POST", "search/", Some(json!({"query": "x"}))),
        (Who::Stranger, "GET", "library/tracks/", None),
        (Who::Staff, "GET", "debug/all-players/", None),
        (Who::Staff, "POST", "auto-power-on-all/", None),
    ] {
        let request = world.request(who, NOW, method, path);
        let request = match &body {
            Some(body) => request.json(body),
            None => request,
        };
        let (status, answer) = told(request).await;
        assert_eq!(status, 503, "{path}: {answer}");
        assert!(answer["success"] == false && answer["error"].is_string(), "{path}: {answer}");
    }
    let (status, health) = world.ask(Who::Nobody, NOW, "GET", "health/").await;
    assert_eq!((status, &health["status"], &health["connected"]), (500, &json!("error"), &json!(false)));
    let (status, players) = world.ask(Who::Host, NOW, "GET", "players/").await;
    assert_eq!(status, 200);
    assert_eq!(players["players"][0]["error"], "No se pudo conectar a Music Assistant");
    bridge::say(&world.shared.store(), true).await;
    let (status, health) = world.ask(Who::Nobody, NOW, "GET", "health/").await;
    assert_eq!((status, &health["status"], &health["players_count"]), (200, &json!("connected"), &json!(3)));
    assert_eq!(health["schema_version"], 28);

    // Where there is no music server at all.
    let off = start(&world.shared, NOW, &[]);
    let answer = reqwest::get(off.url("music/health/")).await.unwrap();
    assert_eq!(answer.status(), 200);
    let health: Value = answer.json().await.unwrap();
    assert_eq!((&health["status"], &health["connected"]), (&json!("unavailable"), &json!(false)));
}
