//! Commands of guests and schedules, from the question to its answer.

use std::time::Duration;

use casa_domain::music::{Action, Command, Failure, MediaKind, Playback, Player, QueueOption, Reply};
use casa_gateways::music_assistant::{Connection, Error, run};
use casa_music_simulator::{Fault, Options, Track};
use serde_json::json;

use crate::{PATIENCE, SALA, TERRAZA, connected, playing};

fn command(player: Option<&str>, action: Action) -> Command {
    // Neither the id nor the times matter to who carries it out.
    serde_json::from_value(json!({
        "id": "00000000-0000-0000-0000-000000000001", "player": player, "action": action,
        "asked_at": "2026-03-10T20:00:00Z", "expires_at": "2026-03-10T20:00:10Z",
    }))
    .unwrap()
}

async fn ask(connection: &Connection, player: Option<&str>, action: Action) -> Result<Reply, Error> {
    run(connection, &command(player, action), None, PATIENCE).await
}

fn media(option: QueueOption) -> Action {
    Action::PlayMedia { media: vec!["library://track/1".to_owned()], option }
}

/// All that steer a player.
fn steering() -> Vec<Action> {
    vec![
        Action::Play,
        Action::Pause,
        Action::Stop,
        Action::Next,
        Action::Previous,
        Action::Volume { level: 9 },
        Action::Power { on: true },
        Action::ClearQueue,
        media(QueueOption::Add),
        Action::Queue,
    ]
}

#[tokio::test]
async fn each_action_is_carried_out_once_and_in_order() {
    let (simulator, connection, _events) = connected(playing()).await;
    for action in [
        Action::Next,
        Action::Previous,
        Action::Pause,
        Action::Play,
        Action::Volume { level: 33 },
        Action::Power { on: false },
        Action::Power { on: true },
        media(QueueOption::Add),
        Action::Stop,
    ] {
        assert_eq!(ask(&connection, Some(SALA), action.clone()).await, Ok(Reply::Nothing), "{action:?}");
    }
    assert_eq!(ask(&connection, Some(SALA), Action::ClearQueue).await, Ok(Reply::Cleared(true)));
    let commands: Vec<_> = simulator.executed_for(SALA).into_iter().map(|(command, _)| command).collect();
    let expected = "players/cmd/next players/cmd/previous players/cmd/pause players/cmd/play players/cmd/volume_set \
                    players/cmd/power players/cmd/power player_queues/play_media players/cmd/stop player_queues/clear";
    assert_eq!(commands.join(" "), expected);
    assert_eq!(simulator.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn questions_are_answered() {
    let mut options = playing();
    options.library = Track::many(60);
    options.players[0] = options.players[0].clone().with_queue(Track::many(501));
    let (_simulator, connection, _events) = connected(options).await;
    let Reply::Queue(Some(page)) = ask(&connection, Some(SALA), Action::Queue).await.unwrap() else {
        panic!()
    };
    assert_eq!((page.state.items, page.items.len(), page.state.current_index), (501, 500, Some(0)));
    let search = Action::Search { query: "pieza".to_owned(), kinds: vec![MediaKind::Track], limit: 50 };
    let Reply::Found(found) = ask(&connection, None, search).await.unwrap() else { panic!() };
    assert_eq!((found.tracks.len(), found.albums.len()), (50, 0));
    let tracks = Action::LibraryTracks { limit: 50, offset: 50 };
    let Reply::Tracks(tracks) = ask(&connection, None, tracks).await.unwrap() else { panic!() };
    assert_eq!((tracks.len(), tracks[0].name.as_str()), (10, "Pieza 00051"));
    let Reply::Players(players) = ask(&connection, None, Action::AllPlayers).await.unwrap() else { panic!() };
    assert_eq!(players.len(), 2);
    assert_eq!((players[0].playback, players[0].queue.as_ref().unwrap().items), (Playback::Playing, 501));
}

#[tokio::test]
async fn a_player_without_a_queue_can_be_given_music() {
    let mut options = Options::default();
    // Its leader is gone, so that the server names no active queue.
    options.players[1].synced_to = Some("gone".to_owned());
    let (simulator, connection, _events) = connected(options).await;
    assert_eq!(ask(&connection, Some(TERRAZA), Action::Queue).await, Ok(Reply::Queue(None)));
    assert_eq!(ask(&connection, Some(TERRAZA), Action::ClearQueue).await, Ok(Reply::Cleared(false)));
    assert!(simulator.executed_for(TERRAZA).is_empty());
    assert_eq!(ask(&connection, Some(TERRAZA), media(QueueOption::Replace)).await, Ok(Reply::Nothing));
    assert_eq!(simulator.player(TERRAZA).unwrap().items.len(), 1);
}

#[tokio::test]
async fn players_that_are_not_there_are_not_told_to_have_obeyed() {
    let (simulator, connection, _events) = connected(playing()).await;
    simulator.change_player(TERRAZA, |player| player.available = false);
    for action in steering() {
        let unknown = ask(&connection, Some("nope"), action.clone()).await.unwrap_err();
        assert_eq!(unknown.failure(), Failure::UnknownPlayer, "{action:?}");
        let nobody = ask(&connection, None, action.clone()).await.unwrap_err();
        assert_eq!(nobody.failure(), Failure::UnknownPlayer, "{action:?}");
        let unavailable = ask(&connection, Some(TERRAZA), action.clone()).await.unwrap_err();
        assert_eq!(unavailable.failure(), Failure::PlayerUnavailable, "{action:?}");
    }
    assert!(simulator.received().iter().all(|frame| frame["command"] == "players/get"));
}

#[tokio::test]
async fn what_the_caller_knows_of_a_player_is_not_asked_again() {
    let (simulator, connection, _events) = connected(playing()).await;
    let Reply::Players(players) = ask(&connection, None, Action::AllPlayers).await.unwrap() else { panic!() };
    let asked = simulator.received().len();
    let play = command(Some(SALA), Action::Play);
    assert_eq!(run(&connection, &play, Some(&players[0]), PATIENCE).await, Ok(Reply::Nothing));
    let gone = Player { available: false, ..players[0].clone() };
    assert_eq!(run(&connection, &play, Some(&gone), PATIENCE).await, Err(Error::PlayerUnavailable));
    assert_eq!(simulator.received().len(), asked + 1);
}

#[tokio::test]
async fn a_connection_lost_before_the_deed_leaves_it_undone() {
    for (lost_at, fault, error, done) in [
        ("players/get", Fault::DropAfter, Error::NotSent, 0),
        ("player_queues/get_active_queue", Fault::DropAfter, Error::NotSent, 0),
        ("player_queues/play_media", Fault::DropBefore, Error::Interrupted, 0),
        ("player_queues/play_media", Fault::DropAfter, Error::Interrupted, 1),
    ] {
        let (simulator, connection, _events) = connected(playing()).await;
        simulator.fault(lost_at, fault.clone());
        let end = ask(&connection, Some(SALA), media(QueueOption::Add)).await;
        assert_eq!(end, Err(error.clone()), "{lost_at} {fault:?}");
        assert_eq!(end.unwrap_err().is_certainly_undone(), error == Error::NotSent);
        assert_eq!(simulator.executed_for(SALA).len(), done, "{lost_at} {fault:?}");
    }
}

#[tokio::test]
async fn all_steps_share_one_patience() {
    let (simulator, connection, _events) = connected(playing()).await;
    simulator.fault("player_queues/play_media", Fault::NoAnswer);
    let play = command(Some(SALA), media(QueueOption::Add));
    let end = run(&connection, &play, None, Duration::from_millis(300)).await;
    assert_eq!(end, Err(Error::TimedOut));
    assert_eq!(end.unwrap_err().failure(), Failure::TimedOut);
    let late = run(&connection, &play, None, Duration::ZERO).await;
    assert_eq!(late, Err(Error::NotSent), "without any time left nothing is sent");
}

#[tokio::test]
async fn refusals_say_whether_the_media_is_at_fault() {
    let (simulator, connection, _events) = connected(playing()).await;
    let nothing =
        Action::PlayMedia { media: vec!["library://track/404".to_owned()], option: QueueOption::Play };
    let refused = ask(&connection, Some(SALA), nothing).await.unwrap_err();
    assert_eq!(Failure::from(&refused), Failure::Media);
    for (code, failure) in [
        (2, Failure::Media),
        (13, Failure::Media),
        (14, Failure::Media),
        (10, Failure::PlayerUnavailable),
        (11, Failure::Refused),
        (22, Failure::Refused),
        (4321, Failure::Refused),
    ] {
        simulator.fault("player_queues/play_media", Fault::Refuse(code, String::new()));
        let refused = ask(&connection, Some(SALA), media(QueueOption::Add)).await.unwrap_err();
        assert_eq!(refused.failure(), failure, "{code}");
    }
}
