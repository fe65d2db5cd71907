//! Guests' records: the aggregate, its row in the list, its entry in the log of changes, and the look-ups that keep
//! document, referral code and Facebook account unique.

use std::collections::BTreeSet;

use casa_domain::{
    ClientId,
    client::Client,
    event::{Event, What},
};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::{
    Audit, Store, StoreError,
    item::{self, Item, Span, document, key_item, n, number, read, s, text},
    keys::{self, Key},
    outbox,
    transaction::{Expression, Guards, Transaction, absent, at_version, pointer, versioned},
};

/// For how many days an entry of the log of changes is kept. Copies of the list that are older are read anew.
pub(crate) const LOG_DAYS: i64 = 30;
/// Kinds of document (contract 02 §1.1).
const DOCUMENT_KINDS: [&str; 4] = ["dni", "cex", "pas", "ruc"];

/// A client as read, with the version a change must name.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredClient {
    /// The client.
    pub client: Client,
    /// Its version.
    pub version: u64,
}

impl StoredClient {
    pub(crate) fn from_item(item: &Item) -> Result<Self, StoreError> {
        Ok(Self { client: read(item)?, version: number(item, "v").unwrap_or_default() })
    }
}

/// Guests' records.
#[derive(Debug)]
pub struct Clients<'a>(pub(crate) &'a Store);

impl Clients<'_> {
    /// The client with this id, deleted ones included; one read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get(&self, id: ClientId) -> Result<Option<StoredClient>, StoreError> {
        self.0.get(&keys::client(id)).await?.as_ref().map(StoredClient::from_item).transpose()
    }

    /// The client that holds this document, deleted ones included.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn by_document(&self, kind: &str, number: &str) -> Result<Option<StoredClient>, StoreError> {
        let Some(pointer) = self.0.get(&keys::client_document(kind, number)).await? else { return Ok(None) };
        match text(&pointer, "to").and_then(|id| id.parse().ok()) {
            Some(id) => self.get(id).await,
            None => Ok(None),
        }
    }

    /// The client who is not deleted and has exactly this phone number or document number, the lowest id of several
    /// (contract 03 §3.7). A handful of small reads.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn by_phone_or_document(&self, text: &str) -> Result<Option<StoredClient>, StoreError> {
        if text.is_empty() {
            return Ok(None);
        }
        let mut ids = BTreeSet::new();
        for item in self.0.query(&keys::client_phone_pk(text), Span::all()).await? {
            ids.extend(item::text(&item, "sk").and_then(|id| id.parse::<ClientId>().ok()));
        }
        let documents = DOCUMENT_KINDS.map(|kind| keys::client_document(kind, text));
        for item in self.0.get_many(&documents).await?.values() {
            ids.extend(item::text(item, "to").and_then(|id| id.parse::<ClientId>().ok()));
        }
        let wanted: Vec<_> = ids.iter().map(|id| keys::client(*id)).collect();
        let items = self.0.get_many(&wanted).await?;
        for key in &wanted {
            if let Some(stored) = items.get(key).map(StoredClient::from_item).transpose()?
                && !stored.client.deleted
                && (stored.client.tel_number == text || stored.client.number_doc == text)
            {
                return Ok(Some(stored));
            }
        }
        Ok(None)
    }

    /// The id of the client whose own referral code this is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn by_referral_code(&self, code: &str) -> Result<Option<ClientId>, StoreError> {
        let pointer = self.0.get(&keys::client_referral_code(code)).await?;
        Ok(pointer.as_ref().and_then(|item| text(item, "to")).and_then(|id| id.parse().ok()))
    }

    /// The client who linked this Facebook account, deleted ones included.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn by_facebook(&self, account: &str) -> Result<Option<StoredClient>, StoreError> {
        let pointer = self.0.get(&keys::client_facebook(account)).await?;
        match pointer.as_ref().and_then(|item| text(item, "to")).and_then(|id| id.parse().ok()) {
            Some(id) => self.get(id).await,
            None => Ok(None),
        }
    }

    /// Several clients, deleted ones included; one request per hundred. Unknown ids are left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get_many(&self, ids: &[ClientId]) -> Result<Vec<Client>, StoreError> {
        let wanted: BTreeSet<Key> = ids.iter().map(|id| keys::client(*id)).collect();
        let items = self.0.get_many(&wanted.into_iter().collect::<Vec<_>>()).await?;
        items.values().map(|item| Ok(StoredClient::from_item(item)?.client)).collect()
    }

    /// Enters a client. A document held by a deleted client passes to the new one (contract 03 §3.1, check 5).
    ///
    /// # Errors
    /// [`StoreError::Taken`] with `document`, `referral_code` or `facebook`, [`StoreError::Changed`] when the id exists.
    pub async fn enter(
        &self,
        client: &Client,
        audit: Option<&Audit>,
        facts: Vec<What>,
    ) -> Result<(), StoreError> {
        let mut transaction = Transaction::default();
        let gives_up = self.deleted_holder(client).await?;
        self.write_new(&mut transaction, client, gives_up)?;
        write_log(self.0, &mut transaction, client, 1)?;
        self.tell(&mut transaction, client, audit, facts)?;
        transaction.commit(self.0).await
    }

    /// Enters clients of an export in one transaction, without entries in the log of changes: the importer tells the
    /// readers of the log to begin anew ([`crate::client_book`]). At most [`Self::AT_ONCE`] clients.
    ///
    /// # Errors
    /// Any, also when two of them, or one and a client of the table, want the same: enter them one by one then.
    pub(crate) async fn enter_many(&self, clients: &[Client]) -> Result<(), StoreError> {
        let mut transaction = Transaction::default();
        for client in clients {
            self.write_new(&mut transaction, client, None)?;
        }
        transaction.commit(self.0).await
    }

    /// Clients that [`Self::enter_many`] takes: each is seven items at most.
    pub(crate) const AT_ONCE: usize = 14;

    /// Replaces a client as read by `after`, with everything that finds it: a new document, phone, Facebook account or
    /// referrer, a first referral code, its deletion or return. The client's reservations keep the old card until
    /// [`crate::Reservations::renew_card`]; the fact [`What::ClientChanged`] sees to that.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when the client is not as read, [`StoreError::Taken`] with `document`, `referral_code` or
    /// `facebook`.
    pub async fn change(
        &self,
        seen: &StoredClient,
        after: &Client,
        audit: Option<&Audit>,
        facts: Vec<What>,
    ) -> Result<StoredClient, StoreError> {
        let mut transaction = Transaction::default();
        let before = &seen.client;
        let document = by_document(after);
        if by_document(before) != document || (before.deleted && !after.deleted) {
            let gives_up = self.deleted_holder(after).await?;
            claim_document(self.0, &mut transaction, after, gives_up)?;
        }
        if by_document(before) != document && self.points_to(&by_document(before), after.id).await? {
            transaction.delete_when(
                self.0.table(),
                &by_document(before),
                held_by(after.id),
                Guards::Version,
            )?;
        }
        move_finders(self.0, &mut transaction, Some(before), after)?;
        replace(self.0, &mut transaction, seen, after)?;
        self.tell(&mut transaction, after, audit, facts)?;
        transaction.commit(self.0).await?;
        Ok(StoredClient { client: after.clone(), version: seen.version + 1 })
    }

    fn tell(
        &self,
        transaction: &mut Transaction,
        client: &Client,
        audit: Option<&Audit>,
        facts: Vec<What>,
    ) -> Result<(), StoreError> {
        if let Some(audit) = audit {
            audit.write(self.0, transaction)?;
        }
        for what in facts {
            let event = Event { id: Uuid::now_v7(), at: client.updated, what };
            outbox::write(self.0, transaction, &event)?;
        }
        Ok(())
    }

    /// The deleted client who holds the document of this one, and gives it up.
    async fn deleted_holder(&self, client: &Client) -> Result<Option<ClientId>, StoreError> {
        let holder = self.by_document(&client.document_type, &client.number_doc).await?;
        Ok(holder.filter(|holder| holder.client.deleted).map(|holder| holder.client.id))
    }

    /// Whether a pointer is there and means this client.
    async fn points_to(&self, pointer: &Key, id: ClientId) -> Result<bool, StoreError> {
        Ok(self.0.get(pointer).await?.is_some_and(|item| text(&item, "to") == Some(&id.to_string())))
    }

    /// Adds a new client with everything that finds it; the entry of the log is the caller's.
    fn write_new(
        &self,
        transaction: &mut Transaction,
        client: &Client,
        gives_up: Option<ClientId>,
    ) -> Result<(), StoreError> {
        claim_document(self.0, transaction, client, gives_up)?;
        move_finders(self.0, transaction, None, client)?;
        let item = versioned(document(&keys::client(client.id), client)?, 1);
        transaction.put(self.0.table(), item, Some(absent()), Guards::Version)?;
        write_row(self.0, transaction, client, 1)
    }
}

fn by_document(client: &Client) -> Key {
    keys::client_document(&client.document_type, &client.number_doc)
}

/// Adds the claim of a client's document, which a deleted holder may give up.
fn claim_document(
    store: &Store,
    transaction: &mut Transaction,
    client: &Client,
    gives_up: Option<ClientId>,
) -> Result<(), StoreError> {
    let free = unless_held(client.id, gives_up);
    let by_document = pointer(&by_document(client), client.id);
    transaction.put(store.table(), by_document, Some(free), Guards::Unique("document"))
}

/// Adds what else finds a client: claims a first referral code and a Facebook account, enters phone and referrer, and lets
/// go of those that are no longer the client's.
fn move_finders(
    store: &Store,
    transaction: &mut Transaction,
    before: Option<&Client>,
    after: &Client,
) -> Result<(), StoreError> {
    let table = store.table();
    let id = after.id;
    let old_code = before.and_then(|before| before.referral_code.as_ref());
    if let Some(code) = after.referral_code.as_ref().filter(|code| Some(*code) != old_code) {
        let by_code = pointer(&keys::client_referral_code(code), id);
        transaction.put(table, by_code, Some(absent()), Guards::Unique("referral_code"))?;
    }

    let account =
        |client: &Client| client.facebook_id.clone().filter(|one| !client.deleted && !one.is_empty());
    let (had, has) = (before.and_then(account), account(after));
    if had != has {
        if let Some(account) = &has {
            let by_account = pointer(&keys::client_facebook(account), id);
            transaction.put(table, by_account, Some(unless_held(id, None)), Guards::Unique("facebook"))?;
        }
        if let Some(account) = &had {
            transaction.delete_when(table, &keys::client_facebook(account), held_by(id), Guards::Version)?;
        }
    }

    let finders = |client: &Client| {
        let phone = Some(&client.tel_number).filter(|phone| !phone.is_empty());
        [
            phone.map(|phone| keys::client_phone(phone, id)),
            client.referred_by.map(|referrer| keys::referred(referrer, id)),
        ]
    };
    for (had, has) in before.map(finders).unwrap_or_default().into_iter().zip(finders(after)) {
        if had != has {
            if let Some(key) = &has {
                transaction.put(table, key_item(key), None, Guards::Nothing)?;
            }
            if let Some(key) = &had {
                transaction.delete(table, key)?;
            }
        }
    }
    Ok(())
}

/// The pointer is free, is this client's already, or belongs to a client who gives it up.
fn unless_held(id: ClientId, gives_up: Option<ClientId>) -> Expression {
    let expression =
        Expression::new("attribute_not_exists(pk) OR #to = :own OR #to = :gone").name("#to", "to");
    let gone = gives_up.unwrap_or(id).to_string();
    expression.value(":own", s(id.to_string())).value(":gone", s(gone))
}

fn held_by(id: ClientId) -> Expression {
    Expression::new("#to = :own").name("#to", "to").value(":own", s(id.to_string()))
}

/// Adds the row of the list.
fn write_row(
    store: &Store,
    transaction: &mut Transaction,
    client: &Client,
    version: u64,
) -> Result<(), StoreError> {
    let row = versioned(document(&keys::client_row(client.id), client)?, version);
    transaction.put(store.table(), row, None, Guards::Nothing)
}

/// Adds the entry of the log of changes. The log runs on the real clock even where the business's stands still: readers
/// follow it.
fn write_log(
    store: &Store,
    transaction: &mut Transaction,
    client: &Client,
    version: u64,
) -> Result<(), StoreError> {
    let now: DateTime<Utc> = Utc::now();
    let mut entry = versioned(document(&keys::client_log(now, client.id), client)?, version);
    entry.insert("ttl".to_owned(), n(log_ttl(now)));
    transaction.put(store.table(), entry, None, Guards::Nothing)
}

/// When an entry of the log that is written now may go.
pub(crate) fn log_ttl(now: DateTime<Utc>) -> i64 {
    (now + TimeDelta::days(LOG_DAYS)).timestamp()
}

/// Adds a changed client to a transaction: the aggregate at its version, its row in the list and the log. Document,
/// phone, Facebook account, referral code, referrer and `deleted` must be unchanged.
pub(crate) fn replace(
    store: &Store,
    transaction: &mut Transaction,
    seen: &StoredClient,
    after: &Client,
) -> Result<(), StoreError> {
    let item = versioned(document(&keys::client(after.id), after)?, seen.version + 1);
    transaction.put(store.table(), item, Some(at_version(seen.version)), Guards::Version)?;
    write_row(store, transaction, after, seen.version + 1)?;
    write_log(store, transaction, after, seen.version + 1)
}
