//! One command: read, begun once, carried out while this bridge acts, answered.
//!
//! Nothing is ever done twice. A command is marked as begun in the table before anything of it is sent; who finds it begun
//! and not answered says that it was interrupted. Only what certainly was not sent, and questions that change nothing, are
//! sent again over the next connection, while somebody still waits.

use std::time::Duration;

use casa_domain::music::{Action, Answer, Command, Failure, Outcome, Reply};
use casa_gateways::music_assistant::{Connection, Error, run};
use casa_store::{StoreError, music::Claim};
use chrono::Utc;
use serde::Deserialize;
use tokio::time::sleep;
use uuid::Uuid;

use crate::{lease::Tenure, line::Received, shared::Shared};

/// A connection was lost or full: before the next try.
const AGAIN: Duration = Duration::from_millis(50);
/// How often the table is asked to take an answer.
const ANSWER_TRIES: u32 = 4;

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is answered or parked: it can be deleted.
    Over,
    /// Nothing was done of it: another, or this bridge later, does it, before those behind it.
    GiveBack,
}

/// Does what a message asks for.
pub(crate) async fn handle(shared: &Shared, tenure: Tenure, message: &Received) -> Verdict {
    match serde_json::from_str::<Command>(&message.body) {
        Ok(command) => carry_out(shared, tenure, &command).await,
        Err(_) => park(shared, message).await,
    }
}

/// Puts a message aside that is no command, and answers it where it says at least its id.
async fn park(shared: &Shared, message: &Received) -> Verdict {
    #[derive(Deserialize)]
    struct Torso {
        id: Uuid,
    }

    if let Err(error) = shared.line.park(message).await {
        tracing::error!(%error, "a message that nobody can read could not be parked");
        return Verdict::GiveBack;
    }
    // What it says may be personal, and is in the queue of parked ones.
    tracing::error!("a message that nobody can read was parked");
    shared.metrics.count(|counts| counts.parked += 1);
    if let Ok(Torso { id }) = serde_json::from_str(&message.body) {
        let answer = Answer { id, outcome: Outcome::Failed(Failure::Refused) };
        let _ = shared.store.music().answer(&answer, Utc::now()).await;
    }
    Verdict::Over
}

async fn carry_out(shared: &Shared, tenure: Tenure, command: &Command) -> Verdict {
    let mut begun = false;
    let mut asked_again = false;
    loop {
        let way = if !begun && command.is_expired(Utc::now()) {
            Err(Failure::Expired)
        } else {
            connection(shared, tenure, command).await.ok_or(Failure::Offline)
        };
        let given_up = shared.is_stopping() || !shared.acts_under(tenure.fence);
        if way.is_err() && given_up && !begun {
            return Verdict::GiveBack;
        }
        // Also before it is answered as not done: another bridge may have done it and be gone.
        if !begun {
            match begin(shared, command).await {
                Ok(true) => begun = true,
                Ok(false) => return Verdict::Over,
                Err(error) => {
                    tracing::warn!(%error, "a command could not begin");
                    return Verdict::GiveBack;
                }
            }
        }
        let connection = match way {
            Ok(connection) => connection,
            Err(failure) => return end(shared, command, Outcome::Failed(failure)).await,
        };
        let result = send(shared, tenure, command, &connection).await;
        let expired = command.is_expired(Utc::now());
        match result {
            Ok(reply) => return end(shared, command, Outcome::Done(reply)).await,
            Err(Error::NotSent | Error::Busy) if !expired => sleep(AGAIN).await,
            Err(Error::Interrupted) if is_question(&command.action) && !asked_again && !expired => {
                asked_again = true;
                sleep(AGAIN).await;
            }
            Err(error) => {
                if let Error::Refused { code, .. } = &error {
                    tracing::info!(code, "the music server refused a command");
                }
                return end(shared, command, Outcome::Failed(error.failure())).await;
            }
        }
    }
}

/// The connection, as soon as there is one; `None` when the command expires, another bridge acts or this one stops.
async fn connection(shared: &Shared, tenure: Tenure, command: &Command) -> Option<Connection> {
    if !shared.acts_under(tenure.fence) {
        return None;
    }
    if let Some(connection) = shared.connection() {
        return Some(connection);
    }
    let mut links = shared.link.subscribe();
    let linked =
        links.wait_for(|link| link.connection.as_ref().is_some_and(|connection| connection.end().is_none()));
    tokio::select! {
        biased;
        linked = linked => linked.ok()?.connection.clone(),
        () = sleep(left(command)) => None,
        () = shared.until_not_acting(tenure.fence) => None,
        () = shared.until_stopping() => None,
    }
}

/// Marks a command as begun; false where that happened before, and everything about it is said.
async fn begin(shared: &Shared, command: &Command) -> Result<bool, StoreError> {
    match shared.store.music().claim(command.id, shared.id, Utc::now()).await? {
        Claim::Begun => Ok(true),
        Claim::AlreadyBegun { answer: Some(_), .. } => Ok(false),
        Claim::AlreadyBegun { answer: None, .. } => {
            // A bridge began it and is gone, or is not allowed to answer any more: it may have been done.
            shared.metrics.count(|counts| counts.interrupted += 1);
            let answer = Answer { id: command.id, outcome: Outcome::Failed(Failure::Interrupted) };
            shared.store.music().answer(&answer, Utc::now()).await?;
            Ok(false)
        }
    }
}

/// Sends a command and waits for its result, as long as this bridge acts and somebody waits.
async fn send(
    shared: &Shared,
    tenure: Tenure,
    command: &Command,
    connection: &Connection,
) -> Result<Reply, Error> {
    let known = command.player.as_deref().and_then(|id| shared.player(id));
    // Marking it took time: the lease is looked at right before the first frame.
    if !shared.acts_under(tenure.fence) {
        return Err(Error::NotSent);
    }
    let waited = (Utc::now() - command.asked_at).to_std().unwrap_or_default();
    shared.metrics.time(waited);
    tokio::select! {
        result = run(connection, command, known.as_ref(), left(command)) => result,
        // Dropping it keeps what was not written from being written.
        () = shared.until_not_acting(tenure.fence) => Err(Error::Interrupted),
    }
}

/// Whether it only asks: doing it twice is the same as not doing it.
fn is_question(action: &Action) -> bool {
    matches!(
        action,
        Action::Queue | Action::Search { .. } | Action::LibraryTracks { .. } | Action::AllPlayers
    )
}

/// Time until nobody waits any more.
fn left(command: &Command) -> Duration {
    (command.expires_at - Utc::now()).to_std().unwrap_or_default()
}

/// Answers a command.
async fn end(shared: &Shared, command: &Command, outcome: Outcome) -> Verdict {
    shared.metrics.count(|counts| match &outcome {
        Outcome::Done(_) => counts.executed += 1,
        Outcome::Failed(Failure::Expired) => counts.expired += 1,
        Outcome::Failed(_) => counts.failed += 1,
    });
    let mut answer = Answer { id: command.id, outcome };
    for attempt in 1..=ANSWER_TRIES {
        match shared.store.music().answer(&answer, Utc::now()).await {
            Ok(_) => return Verdict::Over,
            Err(StoreError::TooLarge) => answer.outcome = Outcome::Failed(Failure::Refused),
            Err(error) => {
                tracing::warn!(%error, attempt, "a command could not be answered");
                sleep(AGAIN * attempt).await;
            }
        }
    }
    // It comes again, is found begun, and is answered as interrupted.
    Verdict::GiveBack
}
