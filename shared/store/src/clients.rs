//! Guests' records: the aggregate, its row in the list, and the look-ups that keep document and referral code unique.

use std::collections::BTreeSet;

use casa_domain::{
    ClientId,
    client::Client,
    event::{Event, What},
    text::{fold, matches_all},
};
use uuid::Uuid;

use crate::{
    Audit, Store, StoreError,
    item::{self, Item, Span, document, key_item, number, read, s, text},
    keys, outbox,
    transaction::{Expression, Guards, Transaction, absent, at_version, pointer, versioned},
};

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

    /// Every client that is not deleted, unordered. Reads the whole list, spread over eight partitions queried at
    /// once: 1 read unit per 10 clients or so.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all(&self) -> Result<Vec<Client>, StoreError> {
        let mut clients = self.rows().await?;
        clients.retain(|client| !client.deleted);
        Ok(clients)
    }

    /// The clients whose names or e-mail address contain all of these folded terms, deleted ones included: their
    /// reservations still name them. Reads the whole list.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn named(&self, terms: &[String]) -> Result<Vec<ClientId>, StoreError> {
        let fits = |client: &Client| {
            let texts = [Some(&client.first_name), client.last_name.as_ref(), client.email.as_ref()];
            let fields: Vec<_> = texts.into_iter().flatten().map(|text| fold(text)).collect();
            matches_all(terms, &fields)
        };
        Ok(self.rows().await?.iter().filter(|client| fits(client)).map(|client| client.id).collect())
    }

    async fn rows(&self) -> Result<Vec<Client>, StoreError> {
        let mut tasks = tokio::task::JoinSet::new();
        for shard in 0..keys::CLIENT_SHARDS {
            let store = self.0.clone();
            tasks.spawn(async move { store.query(&format!("CLIENTS#{shard}"), Span::all()).await });
        }
        let mut clients = Vec::new();
        while let Some(items) = tasks.join_next().await {
            let items = items.map_err(|error| StoreError::Service(error.to_string()))??;
            for item in &items {
                clients.push(read(item)?);
            }
        }
        Ok(clients)
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

    /// Enters a client with the fact that it was. A document held by a deleted client passes to the new one
    /// (contract 03 §3.1, check 5).
    ///
    /// # Errors
    /// [`StoreError::Taken`] with `document` or `referral_code`, [`StoreError::Changed`] when the id exists.
    pub async fn enter(&self, client: &Client, audit: Option<&Audit>) -> Result<(), StoreError> {
        let table = self.0.table();
        let mut transaction = Transaction::default();
        let holder = self.by_document(&client.document_type, &client.number_doc).await?;
        let free = match holder.filter(|holder| holder.client.deleted) {
            Some(deleted) => Expression::new("attribute_not_exists(pk) OR #to = :deleted")
                .name("#to", "to")
                .value(":deleted", s(deleted.client.id.to_string())),
            None => absent(),
        };
        let by_document = keys::client_document(&client.document_type, &client.number_doc);
        transaction.put(table, pointer(&by_document, client.id), Some(free), Guards::Unique("document"))?;
        if let Some(code) = &client.referral_code {
            let by_code = pointer(&keys::client_referral_code(code), client.id);
            transaction.put(table, by_code, Some(absent()), Guards::Unique("referral_code"))?;
        }
        let item = versioned(document(&keys::client(client.id), client)?, 1);
        transaction.put(table, item, Some(absent()), Guards::Version)?;
        transaction.put(table, document(&keys::client_row(client.id), client)?, None, Guards::Nothing)?;
        if !client.tel_number.is_empty() {
            let by_phone = keys::client_phone(&client.tel_number, client.id);
            transaction.put(table, key_item(&by_phone), None, Guards::Nothing)?;
        }
        if let Some(audit) = audit {
            audit.write(self.0, &mut transaction)?;
            let what = What::ClientCreated { client: client.id };
            outbox::write(self.0, &mut transaction, &Event { id: Uuid::new_v4(), at: client.created, what })?;
        }
        transaction.commit(self.0).await
    }
}

/// Adds a changed client to a transaction: the aggregate at its version and its row in the list. Document, phone and
/// referral code must be unchanged.
pub(crate) fn replace(
    store: &Store,
    transaction: &mut Transaction,
    seen: &StoredClient,
    after: &Client,
) -> Result<(), StoreError> {
    let item = versioned(document(&keys::client(after.id), after)?, seen.version + 1);
    transaction.put(store.table(), item, Some(at_version(seen.version)), Guards::Version)?;
    transaction.put(store.table(), document(&keys::client_row(after.id), after)?, None, Guards::Nothing)
}
