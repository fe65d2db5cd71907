//! `GET music/players/` (contract 07 §3.1).

use std::collections::HashMap;

use axum::{Json, extract::State};
use casa_domain::{
    Client, ClientId, House, Reservation,
    music::{Playback, Player, names, session},
};
use casa_web::{
    ApiResult, AppState, Guest,
    openapi::{Detail, ForGuests},
};
use chrono::{NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{access::with_players, answers::picture};

/// The players of the houses.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MusicPlayers {
    /// Always true.
    success: bool,
    /// Whether there is a music server at all.
    music_assistant_available: bool,
    /// One per house with a player.
    players: Vec<MusicPlayer>,
}

/// A player of a house.
#[derive(Debug, Default, PartialEq, Serialize, ToSchema)]
pub(crate) struct MusicPlayer {
    /// The music server's id.
    player_id: String,
    /// The music server's name, or that of the house.
    name: String,
    /// Name of the house.
    property_name: String,
    /// `idle`, `paused`, `playing` or `unknown`; null where it is not known.
    #[schema(value_type = Option<String>)]
    playback_state: Option<Playback>,
    /// `player`, `group`, …
    r#type: Option<String>,
    /// 0 to 100.
    volume_level: Option<u8>,
    /// On or off; null where it cannot be switched or is not known.
    powered: Option<bool>,
    /// Whether it can be reached; null where there is no music server.
    available: Option<bool>,
    /// What it plays.
    current_media: Option<MusicMedia>,
    /// Why nothing is known, where there is no connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    /// Why nothing is known, where there is no music server.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
    /// The stay under way, if the guest who asks takes part in its session.
    #[serde(skip_serializing_if = "Option::is_none")]
    reservation: Option<MusicStay>,
}

/// What a player plays.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct MusicMedia {
    /// The piece.
    title: Option<String>,
    /// Who plays it.
    artist: Option<String>,
    /// An address of its picture.
    image: Option<String>,
}

/// A stay under way.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct MusicStay {
    /// First words of the host's names.
    client_name: String,
    /// Whether the host's Facebook account is linked.
    facebook_linked: bool,
    /// The host's picture there.
    profile_picture: Option<String>,
    /// Day of arrival.
    check_in_date: NaiveDate,
    /// Day of departure.
    check_out_date: NaiveDate,
}

/// What is known of players.
enum Known {
    /// There is no music server.
    Off,
    /// There is no connection to it.
    Lost,
    /// What it last told, by id.
    Told(HashMap<String, Player>),
}

/// The players of all houses, as the music server last told of them. Only those who take part in the session of the stay
/// under way are told whose it is.
#[utoipa::path(
    get,
    path = "/api/v1/music/players/",
    tag = "music",
    operation_id = "music_players",
    responses(
        (status = 200, description = "The players, also while there is no connection to them", body = MusicPlayers),
        (status = 503, description = "The table does not answer", body = Detail),
        ForGuests,
    ),
    security(("client" = []))
)]
pub(crate) async fn list(
    Guest(guest): Guest,
    State(state): State<AppState>,
) -> ApiResult<Json<MusicPlayers>> {
    let catalogue = state.store.houses().catalogue().await?;
    let houses = with_players(&catalogue);
    let (mut known, mut stays) = tokio::try_join!(known(&state), own_stays(&state, &guest.client, &houses))?;
    let players = houses.iter().map(|house| {
        let shown = MusicPlayer::new(house, &mut known);
        MusicPlayer { reservation: stays.remove(&house.id), ..shown }
    });
    let players = players.collect();
    Ok(Json(MusicPlayers { success: true, music_assistant_available: state.music.is_some(), players }))
}

async fn known(state: &AppState) -> ApiResult<Known> {
    if state.music.is_none() {
        return Ok(Known::Off);
    }
    let music = state.store.music();
    let (bridge, players) = tokio::try_join!(music.bridge(), music.players())?;
    // The bridge reports by the machine's clock.
    if !bridge.is_some_and(|bridge| bridge.is_up(Utc::now())) {
        return Ok(Known::Lost);
    }
    Ok(Known::Told(players.into_iter().map(|player| (player.player_id.clone(), player)).collect()))
}

/// The stays under way in whose sessions a guest takes part, by house.
async fn own_stays(
    state: &AppState,
    guest: &Client,
    houses: &[&House],
) -> ApiResult<HashMap<casa_domain::HouseId, MusicStay>> {
    let ids: Vec<_> = houses.iter().map(|house| house.id).collect();
    let around = state.store.reservations().around(&ids, state.clock.today()).await?;
    let local = state.clock.local_now();
    let current: Vec<&Reservation> = ids
        .iter()
        .filter_map(|id| {
            let of_house = around.iter().map(|stay| &stay.reservation).filter(|stay| stay.house == *id);
            session::current(of_house, local)
        })
        .collect();
    let foreign: Vec<_> =
        current.iter().filter(|stay| stay.client != Some(guest.id)).map(|stay| stay.id).collect();
    let rows = state.store.music().participations(&foreign, guest.id).await?;
    let joined: Vec<_> =
        current.into_iter().filter(|stay| session::role(stay, &rows, guest.id).is_some()).collect();
    let mut hosts: Vec<ClientId> =
        joined.iter().filter_map(|stay| stay.client).filter(|host| *host != guest.id).collect();
    hosts.sort();
    hosts.dedup();
    let hosts = if hosts.is_empty() { Vec::new() } else { state.store.clients().get_many(&hosts).await? };
    let by_id: HashMap<_, _> = hosts.iter().chain([guest]).map(|host| (host.id, host)).collect();
    let shown = joined.into_iter().filter_map(|stay| {
        let host = by_id.get(&stay.client?)?;
        Some((stay.house, MusicStay::new(stay, host)))
    });
    Ok(shown.collect())
}

impl MusicStay {
    fn new(stay: &Reservation, host: &Client) -> Self {
        Self {
            client_name: names::on_player(host),
            facebook_linked: host.facebook_linked,
            profile_picture: picture(host),
            check_in_date: stay.check_in_date,
            check_out_date: stay.check_out_date,
        }
    }
}

impl MusicPlayer {
    fn new(house: &House, known: &mut Known) -> Self {
        let id = house.player_id.clone().unwrap_or_default();
        let unknown = Self {
            player_id: id.clone(),
            name: house.name.clone(),
            property_name: house.name.clone(),
            available: Some(false),
            ..Self::default()
        };
        match known {
            Known::Off => Self { available: None, note: Some("La música no está habilitada."), ..unknown },
            Known::Lost => Self { error: Some("No se pudo conectar a Music Assistant"), ..unknown },
            Known::Told(players) => match players.remove(&id) {
                None => Self { name: format!("{} (sin conexión)", house.name), ..unknown },
                Some(player) => Self {
                    name: player.name,
                    playback_state: Some(player.playback),
                    r#type: Some(player.kind),
                    volume_level: player.volume_level,
                    powered: player.powered,
                    available: Some(player.available),
                    current_media: player.media.map(|media| MusicMedia {
                        title: media.title,
                        artist: media.artist,
                        image: media.image,
                    }),
                    ..unknown
                },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use casa_domain::music::Media;
    use serde_json::json;

    fn house() -> House {
        serde_json::from_value(json!({
            "id": uuid::Uuid::nil(), "created": "2025-01-01T00:00:00Z", "name": "Casa Uno", "player_id": "p1",
        }))
        .unwrap()
    }

    fn shown(mut known: Known) -> serde_json::Value {
        serde_json::to_value(MusicPlayer::new(&house(), &mut known)).unwrap()
    }

    #[test]
    fn the_four_cases() {
        let media = Media { title: Some("Canción".to_owned()), artist: None, image: None };
        let player = Player {
            player_id: "p1".to_owned(),
            name: "Sala".to_owned(),
            kind: "player".to_owned(),
            available: true,
            powered: Some(true),
            playback: Playback::Playing,
            volume_level: Some(30),
            media: Some(media),
            queue: None,
        };
        let seen = shown(Known::Told(HashMap::from([("p1".to_owned(), player)])));
        assert_eq!(seen["name"], "Sala");
        assert_eq!(
            (seen["playback_state"].as_str(), seen["type"].as_str()),
            (Some("playing"), Some("player"))
        );
        assert_eq!(seen["current_media"]["title"], "Canción");
        let seen = shown(Known::Told(HashMap::new()));
        assert_eq!((&seen["name"], &seen["available"]), (&json!("Casa Uno (sin conexión)"), &json!(false)));
        assert_eq!(seen["playback_state"], json!(null));
        let seen = shown(Known::Lost);
        assert_eq!(seen["error"], "No se pudo conectar a Music Assistant");
        assert_eq!(seen["available"], false);
        let seen = shown(Known::Off);
        assert!(seen["note"].is_string() && seen["available"].is_null() && seen.get("error").is_none());
        assert!(seen.get("reservation").is_none());
    }
}
