//! Clocks elsewhere and our own: switching players on (contract 07 §3.9; §8 defects 4, 5 and 18).

use std::sync::{Arc, Mutex};

use casa_domain::music::{Action, Command};
use casa_tests::export::id;
use serde_json::{Value, json};

use crate::{
    bridge,
    world::{KEY, Who, World, told},
};

const BEGUN: &str = "2026-03-10T15:05:00";
const DURING: &str = "2026-03-11T12:00:00";
const LAST: &str = "2026-03-12T10:55:00";
const OVER: &str = "2026-03-12T11:05:00";
const NEXT: &str = "2026-03-12T15:05:00";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_elsewhere_has_a_key() {
    let world = World::new(&[DURING]).await;
    for method in ["POST", "GET"] {
        let request = || world.request(Who::Nobody, DURING, method, "auto-power-on-all/");
        for wrong in ["", "la-llave-del-reloj", "otra-llave-cualquiera-larga"] {
            assert_eq!(told(request().header("X-Music-Key", wrong)).await.0, 401, "{method} {wrong}");
        }
        assert_eq!(told(request().header("X-Bot-Key", KEY)).await.0, 401);
        let (status, body) = told(request().header("X-Music-Key", KEY)).await;
        assert_eq!(status, 200, "{body}");
        assert_eq!((&body["total_properties"], &body["powered_on_count"]), (&json!(4), &json!(2)), "{body}");
        let results: Vec<_> = body["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                (one["player_id"].as_str().unwrap(), one["action"].as_str().unwrap(), &one["player_powered"])
            })
            .collect();
        // House 3 is closed for a stay of nobody, and the music server does not know its player; house 4 has only a hold.
        let wanted = [
            ("p1", "powered_on", &json!(true)),
            ("p2", "powered_on", &json!(true)),
            ("p3", "error", &Value::Null),
            ("p9", "none", &Value::Null),
        ];
        assert_eq!(results, wanted);
        assert_eq!(players(&world.bridge.take()), ["p1 on", "p2 on"]);
    }
    let store = world.shared.store();
    let mut on = bridge::player("p1");
    on.powered = Some(true);
    store.music().keep_players(&[on], &[]).await.unwrap();
    let (_, body) = world.ask(Who::Staff, DURING, "POST", "auto-power-on-all/").await;
    assert_eq!(
        (&body["results"][0]["action"], &body["results"][0]["player_powered"]),
        (&json!("none"), &json!(true))
    );
    world.bridge.take();
    let (_, body) = world.post(Who::Host, DURING, "auto-power-on/", &json!({"property_id": id(1)})).await;
    assert_eq!((&body["action"], &body["player_powered"]), (&json!("none"), &json!(true)));
    let (_, body) =
        world.post(Who::Neighbour, DURING, "auto-power-on/", &json!({"property_id": id(2)})).await;
    assert_eq!((&body["action"], &body["player_powered"]), (&json!("powered_on"), &json!(true)));
}

/// What was asked of which player, sorted.
fn players(commands: &[Command]) -> Vec<String> {
    let told = |command: &Command| {
        let what = match command.action {
            Action::Power { on: true } => "on",
            Action::Power { on: false } => "off",
            Action::Stop => "stop",
            _ => "?",
        };
        format!("{} {what}", command.player.as_deref().unwrap())
    };
    let mut told: Vec<_> = commands.iter().map(told).collect();
    told.sort();
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn players_are_switched_once_per_stay() {
    let world = World::new(&[BEGUN, DURING, LAST, OVER, NEXT]).await;
    let run = async |job: &str, moment: &str| {
        let address = format!("{}/_casa/run/{job}", world.at(moment).base);
        told(reqwest::Client::new().post(address)).await
    };
    let power = async |moment: &str| {
        let (status, body) = run("music-power", moment).await;
        assert_eq!(status, 200, "{moment}: {body}");
        players(&world.bridge.take())
    };
    assert_eq!(power(BEGUN).await, ["p1 on", "p2 on"], "p3 is not known, p9's guest has not paid");
    // A guest who switched it off is left in peace.
    for moment in [BEGUN, DURING, LAST] {
        assert_eq!(power(moment).await, Vec::<String>::new(), "{moment}");
    }
    // The last guest left it on.
    let store = world.shared.store();
    let mut on = bridge::player("p1");
    on.powered = Some(true);
    store.music().keep_players(&[on], &[]).await.unwrap();
    // While there is no connection, nothing is done, and it is done afterwards.
    bridge::say(&store, false).await;
    assert_eq!(power(OVER).await, Vec::<String>::new());
    bridge::say(&store, true).await;
    assert_eq!(power(OVER).await, ["p1 off", "p1 stop"]);
    assert_eq!(power(OVER).await, Vec::<String>::new());
    store.music().keep_players(&[bridge::player("p1")], &[]).await.unwrap();
    assert_eq!(power(NEXT).await, ["p1 on"], "the next guest");
    assert_eq!(power(NEXT).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn staff_are_told_once_when_the_music_is_lost_and_when_it_is_back() {
    let told_staff = Arc::<Mutex<Vec<String>>>::default();
    let seen = Arc::clone(&told_staff);
    let router = axum::Router::new().fallback(move |body: String| async move {
        let message: Value = serde_json::from_str(&body).unwrap();
        seen.lock().unwrap().push(message["text"].as_str().unwrap().to_owned());
        axum::Json(json!({"ok": true}))
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let settings =
        [("TELEGRAM_API_URL", address.as_str()), ("TELEGRAM_BOT_TOKEN", "x"), ("PERSONAL_CHAT_ID", "1")];
    let world = World::with(&[DURING], &settings).await;
    let store = world.shared.store();
    for (connected, notices) in [(true, 0), (false, 1), (false, 1), (true, 2), (true, 2), (false, 3)] {
        bridge::say(&store, connected).await;
        let address = format!("{}/_casa/run/music-watch", world.at(DURING).base);
        let (status, body) = told(reqwest::Client::new().post(address)).await;
        assert_eq!(status, 200, "{body}");
        assert_eq!(told_staff.lock().unwrap().len(), notices, "{connected}: {body}");
    }
    let texts = told_staff.lock().unwrap().clone();
    assert!(texts[0].contains("No hay conexión") && texts[1].contains("volvió"), "{texts:?}");
}
