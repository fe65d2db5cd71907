//! Carries out what guests and schedules ask for.

use std::time::Duration;

use casa_domain::music::{Action, Command, Player, QueuePage, Reply, command::MOST_QUEUE_ITEMS};
use tokio::time::Instant;

use super::{Connection, Error, Mirror, Transport};

/// Time that is left.
#[derive(Clone, Copy)]
struct Deadline(Instant);

impl Deadline {
    fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

/// Carries out one command within `patience`, which is what is left of its time. `known` is its player as the events tell of
/// it; the server is asked where it is `None`, because it ignores commands for players that it does not know or reach without
/// a word.
///
/// # Errors
/// [`Error`]; [`Error::Interrupted`] only where the server may have carried it out. [`Error::TimedOut`] is also that of a
/// question before the deed.
pub async fn run(
    connection: &Connection,
    command: &Command,
    known: Option<&Player>,
    patience: Duration,
) -> Result<Reply, Error> {
    let deadline = Deadline(Instant::now() + patience);
    match &command.action {
        Action::Search { query, kinds, limit } => {
            connection.search(query, kinds, *limit, patience).await.map(Reply::Found)
        }
        Action::LibraryTracks { limit, offset } => {
            connection.library_tracks(*limit, *offset, patience).await.map(Reply::Tracks)
        }
        Action::AllPlayers => {
            let (players, queues) =
                tokio::try_join!(connection.players(patience), connection.queues(patience))?;
            Ok(Reply::Players(Mirror::new(players, queues).players()))
        }
        action => {
            let player_id = command.player.as_deref().ok_or(Error::UnknownPlayer)?;
            reachable(connection, player_id, known, deadline).await?;
            steer(connection, player_id, action, deadline).await
        }
    }
}

async fn reachable(
    connection: &Connection,
    player_id: &str,
    known: Option<&Player>,
    deadline: Deadline,
) -> Result<(), Error> {
    let available = match known {
        Some(player) => player.available,
        None => {
            let player = connection.player(player_id, deadline.left()).await.map_err(nothing_done)?;
            player.ok_or(Error::UnknownPlayer)?.player.available
        }
    };
    if available { Ok(()) } else { Err(Error::PlayerUnavailable) }
}

async fn steer(
    connection: &Connection,
    player_id: &str,
    action: &Action,
    deadline: Deadline,
) -> Result<Reply, Error> {
    let left = deadline.left();
    let button = match action {
        Action::Play => Transport::Play,
        Action::Pause => Transport::Pause,
        Action::Stop => Transport::Stop,
        Action::Next => Transport::Next,
        Action::Previous => Transport::Previous,
        Action::Volume { level } => {
            connection.set_volume(player_id, *level, left).await?;
            return Ok(Reply::Nothing);
        }
        Action::Power { on } => {
            connection.set_power(player_id, *on, left).await?;
            return Ok(Reply::Nothing);
        }
        Action::ClearQueue => {
            let Some(queue) = connection.active_queue(player_id, left).await.map_err(nothing_done)? else {
                return Ok(Reply::Cleared(false));
            };
            connection.clear_queue(&queue.state.queue_id, deadline.left()).await?;
            return Ok(Reply::Cleared(true));
        }
        Action::PlayMedia { media, option } => {
            let queue = connection.active_queue(player_id, left).await.map_err(nothing_done)?;
            // Ordinary players have a queue of their own id, which the server makes active when something goes into it.
            let queue_id = queue.map_or_else(|| player_id.to_owned(), |queue| queue.state.queue_id);
            connection.play_media(&queue_id, media, *option, deadline.left()).await?;
            return Ok(Reply::Nothing);
        }
        Action::Queue => {
            let Some(queue) = connection.active_queue(player_id, left).await? else {
                return Ok(Reply::Queue(None));
            };
            let id = &queue.state.queue_id;
            let items = connection.queue_items(id, MOST_QUEUE_ITEMS, 0, deadline.left()).await?;
            return Ok(Reply::Queue(Some(QueuePage { state: queue.state, items })));
        }
        // They concern no player and never come here.
        Action::Search { .. } | Action::LibraryTracks { .. } | Action::AllPlayers => {
            return Err(Error::UnknownPlayer);
        }
    };
    connection.transport(player_id, button, left).await?;
    Ok(Reply::Nothing)
}

/// A question before the deed was interrupted: of the deed itself, surely nothing was sent.
fn nothing_done(error: Error) -> Error {
    match error {
        Error::Interrupted => Error::NotSent,
        error => error,
    }
}
