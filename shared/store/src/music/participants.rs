//! Who asked to take part in the music of a stay: one item per stay and guest, beside the reservation, for good. Imported
//! rows are such items as they come.
//!
//! A change names the item as it was read, so that of two at once one decides again. How many requests of a stay are open
//! is counted beside them, in the same transaction: nobody's requests exceed the limit by coming at once.

use casa_domain::{
    ClientId, ReservationId,
    music::{
        Access, Participant,
        session::{self, MOST_OPEN},
    },
};

use super::Music;
use crate::{
    StoreError,
    item::{Item, Span, document, n, read, s, text},
    keys::{self, Key},
    reservations::{Stored, stored},
    transaction::{Expression, Guards, Transaction, absent},
};

/// A row as read, with what a change of it must name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredParticipant {
    /// The row.
    pub participant: Participant,
    /// Its text in the table.
    seen: String,
}

/// A stay with everybody who ever asked to join it.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// The stay, deleted ones included.
    pub stay: Stored,
    /// Who asked, those whom the host took out included; the newest request first (ties: decision 22).
    pub participants: Vec<StoredParticipant>,
}

impl Session {
    /// The row of a guest, deleted or not.
    #[must_use]
    pub fn of(&self, client: ClientId) -> Option<&StoredParticipant> {
        self.participants.iter().find(|one| one.participant.client == client)
    }

    /// What a guest is in it; `None` for strangers.
    #[must_use]
    pub fn role(&self, client: ClientId) -> Option<session::Role> {
        let rows = self.participants.iter().map(|one| &one.participant);
        session::role(&self.stay.booked.reservation, rows, client)
    }

    /// The rows that stand with a status, the newest request first.
    pub fn with(&self, status: Access) -> impl Iterator<Item = &Participant> {
        self.participants.iter().map(|one| &one.participant).filter(move |one| one.is(status))
    }

    fn open(&self) -> usize {
        self.with(Access::Pending).count()
    }
}

impl Music<'_> {
    /// A stay with everybody who asked to join it; one query, nothing else of the stay is read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn session(&self, id: ReservationId) -> Result<Option<Session>, StoreError> {
        let itself = keys::reservation(id);
        let span = Span { from: itself.sk.clone(), ..Span::prefix(keys::MUSIC_OF) };
        let items = self.0.query(&itself.pk, span).await?;
        let mut stay = None;
        let mut participants = Vec::new();
        for item in &items {
            match text(item, "sk").unwrap_or_default() {
                sk if sk == itself.sk => stay = Some(stored(item)?),
                sk if sk.starts_with(keys::MUSIC_OF) => participants.push(seen(item)?),
                _ => {}
            }
        }
        participants.sort_by_key(|StoredParticipant { participant: one, .. }| {
            std::cmp::Reverse((one.requested_at, one.created, one.id))
        });
        Ok(stay.map(|stay| Session { stay, participants }))
    }

    /// The rows of a guest at these (distinct) stays, where there are any; one request per hundred stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn participations(
        &self,
        stays: &[ReservationId],
        client: ClientId,
    ) -> Result<Vec<Participant>, StoreError> {
        let wanted: Vec<_> = stays.iter().map(|stay| keys::music_of(*stay, client)).collect();
        self.0.get_many(&wanted).await?.values().map(read).collect()
    }

    /// Enters a request (`before` absent) or changes a row, in one transaction with the number of open requests.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when the row is not what was read: read and decide again. [`StoreError::Taken`] when a request
    /// would be one more than [`MOST_OPEN`].
    pub async fn save_participant(
        &self,
        session: &Session,
        before: Option<&StoredParticipant>,
        after: &Participant,
    ) -> Result<(), StoreError> {
        let (table, mut transaction) = (self.0.table(), Transaction::default());
        let unchanged = match before {
            None => absent(),
            Some(before) => Expression::new("doc = :seen").value(":seen", s(&before.seen)),
        };
        let item = document(&keys::music_of(after.reservation, after.client), after)?;
        transaction.put(table, item, Some(unchanged), Guards::Version)?;
        let was_open = before.is_some_and(|before| before.participant.is(Access::Pending));
        let delta = i32::from(after.is(Access::Pending)) - i32::from(was_open);
        if delta != 0 {
            count(&mut transaction, table, session, after.reservation, delta)?;
        }
        transaction.commit(self.0).await
    }
}

/// Moves the number of open requests. Where none was counted yet (imported rows) it begins with those that were read.
fn count(
    transaction: &mut Transaction,
    table: &str,
    session: &Session,
    reservation: ReservationId,
    delta: i32,
) -> Result<(), StoreError> {
    let open = session.open();
    if delta > 0 && open >= MOST_OPEN as usize {
        return Err(StoreError::Taken(TOO_MANY));
    }
    let mut change = Expression::new("SET #open = if_not_exists(#open, :read) + :delta")
        .name("#open", "open")
        .value(":read", n(open))
        .value(":delta", n(delta));
    let few = (delta > 0).then_some("attribute_not_exists(#open) OR #open < :most");
    if few.is_some() {
        change = change.value(":most", n(MOST_OPEN));
    }
    let key = keys::music_requests(reservation);
    transaction.update(table, &key, change, few, Guards::Unique(TOO_MANY))
}

/// What is refused beyond the limit.
const TOO_MANY: &str = "request";

fn seen(item: &Item) -> Result<StoredParticipant, StoreError> {
    let text = text(item, "doc").unwrap_or_default().to_owned();
    Ok(StoredParticipant { participant: read(item)?, seen: text })
}

/// Whether an imported row can be read: one that cannot would take its whole session down.
pub(crate) fn check(model: &str, record: serde_json::Value) -> Result<(), String> {
    if model != MODEL {
        return Ok(());
    }
    serde_json::from_value::<Participant>(record).map(drop).map_err(|error| error.to_string())
}

/// The original's name of these rows.
pub(crate) const MODEL: &str = "reservation.musicsessionparticipant";

/// The key of an imported row.
pub(crate) fn key_of_row(reservation: &str, client: &str) -> Key {
    Key::new(format!("RES#{reservation}"), format!("{}{client}", keys::MUSIC_OF))
}
