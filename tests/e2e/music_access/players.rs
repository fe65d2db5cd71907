//! What `/players/` shows whom (contract 07 §3.1, §8 defects 2, 13 and 17).

use casa_tests::export::id;
use serde_json::{Value, json};

use crate::world::{STAY, Who, World};

const DURING: &str = "2026-03-11T12:00:00";
const BETWEEN: &str = "2026-03-12T12:00:00";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stay_is_shown_to_those_who_take_part() {
    let world = World::new(&[DURING, BETWEEN]).await;
    for moment in [DURING, BETWEEN] {
        for who in Who::ALL.into_iter().filter(|who| ![Who::Staff, Who::Nobody].contains(who)) {
            let (status, answer) = world.ask(who, moment, "GET", "players/").await;
            assert_eq!((status, &answer["success"]), (200, &json!(true)));
            let players = answer["players"].as_array().unwrap();
            // The player of house 5 is house 1's, house 6 has none.
            let names: Vec<_> = players.iter().map(|one| one["property_name"].as_str().unwrap()).collect();
            assert_eq!(names, ["Casa 1", "Casa 2", "Casa 3", "Casa 4"]);
            let shown: Vec<_> = players
                .iter()
                .filter(|one| one.get("reservation").is_some())
                .map(|one| one["player_id"].as_str().unwrap())
                .collect();
            let wanted: &[&str] = match who {
                Who::Host | Who::Accepted if moment == DURING => &["p1"],
                Who::Neighbour => &["p2"],
                _ => &[],
            };
            assert_eq!(shown, wanted, "{who:?} at {moment}: {answer}");
            let text = answer.to_string();
            let sees_host = wanted.contains(&"p1");
            assert_eq!(text.contains("cara.jpg"), sees_host, "{who:?} at {moment}: {text}");
            assert_eq!(text.contains("2026-03-10"), sees_host, "{who:?} at {moment}: {text}");
        }
    }
    let (_, answer) = world.ask(Who::Accepted, DURING, "GET", "players/").await;
    let stay = json!({
        "client_name": "Ana Perez", "facebook_linked": true, "profile_picture": "https://img.example/cara.jpg",
        "check_in_date": "2026-03-10", "check_out_date": "2026-03-12",
    });
    assert_eq!(answer["players"][0]["reservation"], stay);
    let known: Value = json!({
        "player_id": "p1", "name": "Parlante p1", "property_name": "Casa 1", "playback_state": "idle",
        "type": "player", "volume_level": 20, "powered": false, "available": true, "current_media": null,
        "reservation": stay,
    });
    assert_eq!(answer["players"][0], known);
    // The music server does not know this one.
    let unknown = &answer["players"][2];
    assert_eq!((&unknown["name"], &unknown["available"]), (&json!("Casa 3 (sin conexión)"), &json!(false)));

    // Who was taken out sees it no longer.
    let expel = format!("sessions/{}/participants/{}/", id(STAY), id(301));
    assert_eq!(world.ask(Who::Host, DURING, "DELETE", &expel).await.0, 200);
    let (_, answer) = world.ask(Who::Accepted, DURING, "GET", "players/").await;
    assert!(answer["players"][0].get("reservation").is_none());
}
