//! Guests' records: what finds them follows every change, what must be unique stays so under contention, and the book in
//! memory shows what was committed.
#![allow(clippy::unwrap_used)] // helpers of tests fail loudly too

mod support;

use casa_domain::{Client, ClientId, event, text::search_terms};
use casa_store::{
    Store, StoreError,
    client_book::{Book, Lookup, Refreshed},
    reservations::Change,
};
use support::{change, now, reservation, table};
use uuid::Uuid;

fn id(number: u128) -> ClientId {
    // Spread over the shards as random ids are.
    ClientId(Uuid::from_u128(number << 120 | number))
}

fn client(number: u128, name: &str) -> Client {
    serde_json::from_value(serde_json::json!({
        "id": id(number), "created": now(), "updated": now(), "document_type": "dni",
        "number_doc": format!("{number:08}"), "first_name": name, "last_name": "Rojas",
        "tel_number": format!("51900{number}"), "referral_code": format!("COD{number}"),
    }))
    .unwrap()
}

async fn enter(store: &Store, client: &Client) {
    store.clients().enter(client, None, Vec::new()).await.unwrap();
}

async fn edit(store: &Store, number: u128, edit: impl Fn(&mut Client)) -> Result<Client, StoreError> {
    let seen = store.clients().get(id(number)).await.unwrap().unwrap();
    let mut after = seen.client.clone();
    edit(&mut after);
    store.clients().change(&seen, &after, None, Vec::new()).await.map(|stored| stored.client)
}

#[tokio::test]
async fn what_finds_a_guest_follows() {
    let store = table().await;
    enter(&store, &client(1, "Ana")).await;
    enter(&store, &client(2, "Beto")).await;
    edit(&store, 1, |one| {
        one.number_doc = "X1".into();
        one.tel_number = "999".into();
        one.facebook_id = Some("fb1".into());
        one.referred_by = Some(id(2));
    })
    .await
    .unwrap();
    let clients = store.clients();
    let found = |found: Option<casa_store::StoredClient>| found.map(|one| one.client.id);
    assert_eq!(found(clients.by_document("dni", "X1").await.unwrap()), Some(id(1)));
    assert_eq!(found(clients.by_document("dni", "00000001").await.unwrap()), None);
    assert_eq!(found(clients.by_phone_or_document("999").await.unwrap()), Some(id(1)));
    assert_eq!(found(clients.by_phone_or_document("519001").await.unwrap()), None);
    assert_eq!(found(clients.by_facebook("fb1").await.unwrap()), Some(id(1)));
    assert_eq!(clients.by_referral_code("cod1").await.unwrap(), Some(id(1)));
    assert_eq!(store.levels().circle(id(2)).await.unwrap().standing.referrals, 1);

    // What is free again can be taken; what is not, cannot.
    enter(&store, &Client { referral_code: None, ..client(3, "Carla") }).await;
    let third = edit(&store, 3, |one| one.number_doc = "00000001".into()).await;
    assert_eq!(third.unwrap().number_doc, "00000001");
    let taken = edit(&store, 3, |one| one.facebook_id = Some("fb1".into())).await;
    assert!(matches!(taken, Err(StoreError::Taken("facebook"))), "{taken:?}");
    let taken = edit(&store, 3, |one| one.number_doc = "X1".into()).await;
    assert!(matches!(taken, Err(StoreError::Taken("document"))), "{taken:?}");
    let taken = edit(&store, 3, |one| one.referral_code = Some("cod2".into())).await;
    assert!(matches!(taken, Err(StoreError::Taken("referral_code"))), "{taken:?}");

    // A deleted guest lets go of the account, and of the document when somebody else needs it.
    edit(&store, 1, |one| one.deleted = true).await.unwrap();
    edit(&store, 3, |one| one.facebook_id = Some("fb1".into())).await.unwrap();
    edit(&store, 3, |one| one.number_doc = "X1".into()).await.unwrap();
    let back = edit(&store, 1, |one| one.deleted = false).await;
    assert!(matches!(back, Err(StoreError::Taken(_))), "{back:?}");
    let back = edit(&store, 1, |one| {
        one.deleted = false;
        one.number_doc = "X9".into();
        one.facebook_id = None;
    });
    assert_eq!(back.await.unwrap().number_doc, "X9");
    assert_eq!(found(clients.by_document("dni", "X1").await.unwrap()), Some(id(3)));
    assert_eq!(store.levels().circle(id(2)).await.unwrap().standing.referrals, 1);
}

#[tokio::test]
async fn twenty_guests_who_want_one_document_are_one() {
    let store = table().await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 1..21 {
        let store = store.clone();
        tasks.spawn(async move {
            let one = Client { number_doc: "12345678".into(), ..client(number, "Ana") };
            store.clients().enter(&one, None, Vec::new()).await
        });
    }
    let mut entered = 0;
    while let Some(done) = tasks.join_next().await {
        match done.unwrap() {
            Ok(()) => entered += 1,
            Err(StoreError::Taken("document") | StoreError::Busy) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(entered, 1);
}

#[tokio::test]
async fn reservations_get_their_guests_new_card() {
    let store = table().await;
    enter(&store, &client(1, "Ana")).await;
    for number in 1..4 {
        let mut one = reservation(number, 1, i64::try_from(number).unwrap() * 40 - 25, 30);
        one.client = Some(id(1));
        let card = Some(client(1, "Ana").card());
        store.reservations().commit(Change { client: card, ..change(None, one) }, now()).await.unwrap();
    }
    let before = client(1, "Ana");
    let after = edit(&store, 1, |one| one.first_name = "Anita".into()).await.unwrap();
    let fact = event::client_changed(&before, &after).unwrap();
    assert!(
        matches!(fact, event::What::ClientChanged { card: true, contact: false, ref referrers, .. } if referrers.is_empty())
    );
    assert_eq!(store.reservations().renew_card(&after, now()).await.unwrap(), 3);
    assert_eq!(
        store.reservations().renew_card(&after, now()).await.unwrap(),
        0,
        "repeating it changes nothing"
    );
    let names = store.reservations().of_client(id(1)).await.unwrap();
    assert!(names.iter().all(|row| row.client.as_ref().unwrap().first_name == "Anita"));
    let heads = store.reservations().heads().await.unwrap();
    let wish = casa_store::reservations::Wish::default();
    let listed =
        store.reservations().list(&heads, &wish, casa_store::reservations::Page::Everything).await.unwrap();
    assert!(listed.rows.iter().all(|row| row.client.as_ref().unwrap().first_name == "Anita"));
    assert_eq!(listed.rows.len(), 3);
}

fn find(book: &Book, search: &str) -> Vec<String> {
    let terms = search_terms(search);
    let found = book.find(&Lookup { terms: &terms, ..Lookup::default() }, |_| (0, 1000));
    assert_eq!(found.total, found.clients.len());
    found.clients.into_iter().map(|client| client.first_name).collect()
}

#[tokio::test]
async fn the_book_shows_what_was_committed() {
    let store = table().await;
    for number in 1..40 {
        enter(&store, &client(number, "Ana")).await;
    }
    let book = Book::default();
    assert!(!book.is_usable(chrono::Utc::now()));
    book.fill(&store).await.unwrap();
    assert!(book.is_usable(chrono::Utc::now()));
    assert_eq!(find(&book, "rojas").len(), 39);

    // Others edit at once; whatever they were told is done is in the book of the next request.
    let mut tasks = tokio::task::JoinSet::new();
    for number in 1..40 {
        let store = store.clone();
        tasks.spawn(async move { edit(&store, number, |one| one.last_name = Some("Quiroz".into())).await });
    }
    let mut done = 0;
    while let Some(outcome) = tasks.join_next().await {
        outcome.unwrap().unwrap();
        done += 1;
        book.refresh(&store).await.unwrap();
        assert!(find(&book, "quiroz").len() >= done);
    }
    enter(&store, &client(77, "Nueva")).await;
    edit(&store, 3, |one| one.deleted = true).await.unwrap();
    book.refresh(&store).await.unwrap();
    assert_eq!((find(&book, "nueva").len(), find(&book, "quiroz").len(), find(&book, "").len()), (1, 38, 39));

    // A snapshot and the log since then say the same as the rows.
    let (bytes, from) = book.to_bytes().unwrap();
    edit(&store, 77, |one| one.first_name = "Novísima".into()).await.unwrap();
    let other = Book::default();
    other.load(&bytes, from.unwrap()).unwrap();
    other.refresh(&store).await.unwrap();
    let whole = Book::default();
    whole.fill(&store).await.unwrap();
    book.refresh(&store).await.unwrap();
    for book in [&book, &other] {
        assert_eq!(find(book, ""), find(&whole, ""));
        assert_eq!(find(book, "novisima"), ["Novísima"]);
    }
}

#[tokio::test]
async fn clients_of_an_export_are_seen_although_the_log_says_nothing_of_them() {
    let store = table().await;
    enter(&store, &client(1, "Ana")).await;
    let book = Book::default();
    book.fill(&store).await.unwrap();
    assert!(matches!(book.refresh(&store).await.unwrap(), Refreshed::Current(_)));
    // Two of them want the same document: the second is told, the others come in all the same.
    let rows: Vec<_> = (2..40)
        .map(|number| {
            let mut fields = serde_json::to_value(client(number, "Ana")).unwrap();
            if number == 30 {
                fields["number_doc"] = serde_json::json!("00000007");
            }
            serde_json::json!({"model": "clients.clients", "pk": id(number), "fields": fields})
        })
        .collect();
    let report = casa_store::import::Importer::new(store.clone()).run(rows, &mut |_, _| {}).await.unwrap();
    assert_eq!((report.imported["clients.clients"], report.rejected.len()), (37, 1));
    let Refreshed::Outdated(instant) = book.refresh(&store).await.unwrap() else {
        panic!("nothing was told")
    };
    assert!(!book.is_as_of(Some(instant)));
    book.fill(&store).await.unwrap();
    assert!(matches!(book.refresh(&store).await.unwrap(), Refreshed::Current(_)));
    assert_eq!(find(&book, "ana").len(), 38);
}
