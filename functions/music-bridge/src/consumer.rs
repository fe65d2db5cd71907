//! Receives commands while this bridge acts: those of one player one after the other, others at the same time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    command::{Verdict, handle},
    lease::Tenure,
    line::Received,
    shared::Shared,
};

/// Groups that are worked on at the same time; when as many are, no more commands are received.
const TOGETHER: usize = 64;
/// The pause after the queue failed.
const QUEUE_FAILED: Duration = Duration::from_secs(1);
/// How long what runs may take to say how it ended once another bridge may act.
const GRACE: Duration = Duration::from_millis(500);
/// From so many groups on those that nobody waits for are forgotten.
const MANY_TURNS: usize = 256;

/// One turn per group. The queue hands out no second batch of a group while one is in hand, unless hiding the first one
/// failed: then the second waits here for the first to end.
#[derive(Debug, Default)]
struct Turns(Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>);

impl Turns {
    fn of(&self, group: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.len() >= MANY_TURNS {
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        }
        Arc::clone(turns.entry(group.to_owned()).or_default())
    }
}

/// Receives and carries out commands until the signal to stop; then what runs may end, and the rest is given back.
pub(crate) async fn run(shared: &Arc<Shared>) {
    let turns = Arc::new(Turns::default());
    let places = Arc::new(Semaphore::new(TOGETHER));
    let mut running = JoinSet::new();
    while !shared.is_stopping() {
        tokio::select! {
            () = shared.until_stopping() => {}
            Some(ended) = running.join_next(), if !running.is_empty() => tell_of_panic(ended),
            tenure = shared.until_acting() => receive(shared, tenure, &turns, &places, &mut running).await,
        }
    }
    let ending = async {
        while let Some(ended) = running.join_next().await {
            tell_of_panic(ended);
        }
    };
    if timeout(shared.settings.pace.farewell, ending).await.is_err() {
        // Whoever acts next finds them begun, and answers them as interrupted.
        tracing::warn!("some commands did not end in time");
    }
}

fn tell_of_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a command broke its bridge");
    }
}

/// Receives once and lets the received run.
async fn receive(
    shared: &Arc<Shared>,
    tenure: Tenure,
    turns: &Arc<Turns>,
    places: &Arc<Semaphore>,
    running: &mut JoinSet<()>,
) {
    while let Some(ended) = running.try_join_next() {
        tell_of_panic(ended);
    }
    let received = async {
        // Room for what one receive may bring; the semaphore is never closed.
        let room = places.acquire_many(10).await;
        drop(room);
        shared.line.receive().await
    };
    let received = tokio::select! {
        received = received => received,
        () = shared.until_stopping() => return,
        () = shared.until_not_acting(tenure.fence) => return,
    };
    let messages = match received {
        Ok(messages) => messages,
        Err(error) => {
            tracing::warn!(%error, "no commands can be received");
            sleep(QUEUE_FAILED).await;
            return;
        }
    };
    for batch in by_group(messages) {
        let (shared, turns, places) = (Arc::clone(shared), Arc::clone(turns), Arc::clone(places));
        running.spawn(async move {
            let _place = places.acquire().await;
            carry_out(&shared, tenure, &turns, batch).await;
        });
    }
}

/// The messages of each group, in their order.
fn by_group(messages: Vec<Received>) -> Vec<Vec<Received>> {
    let mut batches: Vec<Vec<Received>> = Vec::new();
    for message in messages {
        match batches.iter_mut().find(|batch| batch.iter().any(|other| other.group == message.group)) {
            Some(batch) => batch.push(message),
            None => batches.push(vec![message]),
        }
    }
    batches
}

/// Carries out commands of one group, one after the other. One that has to wait makes those behind it wait too.
async fn carry_out(shared: &Shared, tenure: Tenure, turns: &Turns, batch: Vec<Received>) {
    let Some(group) = batch.first().map(|message| message.group.clone()) else { return };
    let in_hand = InHand::new(batch);
    let work = async {
        let turn = turns.of(&group);
        let _turn = turn.lock().await;
        while let Some(message) = in_hand.first() {
            if shared.is_stopping() || !shared.acts_under(tenure.fence) {
                break;
            }
            match handle(shared, tenure, &message).await {
                Verdict::Over => {
                    in_hand.remove_first();
                    if let Err(error) = shared.line.delete(&message).await {
                        // It comes again, is found answered, and is deleted then.
                        tracing::warn!(%error, "a command could not be deleted");
                    }
                }
                Verdict::GiveBack => break,
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = keep_hidden(shared, &in_hand) => {}
        // What hangs here must not be kept from the bridge that acts now.
        () = over(shared, tenure) => {}
    }
    let rest = in_hand.rest();
    if let Err(error) = shared.line.give_back(&rest).await {
        // They come into sight by themselves a little later.
        tracing::debug!(%error, "commands could not be given back");
    }
}

/// Waits until the tenure has been over for a moment.
async fn over(shared: &Shared, tenure: Tenure) {
    shared.until_not_acting(tenure.fence).await;
    sleep(GRACE).await;
}

/// Hides what is in hand again and again; never ends.
async fn keep_hidden(shared: &Shared, in_hand: &InHand) {
    loop {
        sleep(shared.settings.pace.hide.mul_f64(0.4)).await;
        if let Err(error) = shared.line.hide(&in_hand.rest()).await {
            tracing::warn!(%error, "commands in hand could not be hidden");
        }
    }
}

/// Messages that are not over yet.
struct InHand(Mutex<Vec<Received>>);

impl InHand {
    fn new(mut messages: Vec<Received>) -> Self {
        messages.reverse();
        Self(Mutex::new(messages))
    }

    fn messages(&self) -> MutexGuard<'_, Vec<Received>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn first(&self) -> Option<Received> {
        self.messages().last().cloned()
    }

    fn remove_first(&self) {
        self.messages().pop();
    }

    fn rest(&self) -> Vec<Received> {
        self.messages().iter().rev().cloned().collect()
    }
}
