//! Every key of the table, in one place. `README.md` explains the patterns.

use casa_domain::{
    ids::{ClientId, EarningId, FeedId, HouseId, PaymentId, PhotoId, ReceiptId, ReservationId, StaffId},
    time::{Month, sortable},
};
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use uuid::Uuid;

/// Partition and sort key of an item.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    pub pk: String,
    pub sk: String,
}

impl Key {
    pub fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }
}

/// Sort key of the one item that stands for a whole aggregate.
pub(crate) const ITSELF: &str = "A";
/// Partition of houses and photos.
pub(crate) const CATALOGUE: &str = "CATALOGUE";
/// Partition of the staff directory.
pub(crate) const STAFF: &str = "STAFF";
/// Sort key of a partition's version.
pub(crate) const VERSION: &str = "VERSION";
/// Partition of price tables.
pub(crate) const PRICES: &str = "PRICES";
/// Partition of the levels that guests reach, and of what referring is worth; its version is that of the prices.
pub(crate) const LEVELS: &str = "LEVELS";

pub(crate) fn house(id: HouseId) -> Key {
    Key::new(CATALOGUE, format!("H#{id}"))
}

pub(crate) fn photo(house: HouseId, id: PhotoId) -> Key {
    Key::new(CATALOGUE, format!("P#{house}#{id}"))
}

pub(crate) fn earning(id: EarningId) -> Key {
    Key::new(format!("EARNING#{id}"), ITSELF)
}

pub(crate) fn earning_of(house: HouseId, year: u32, month: u32) -> Key {
    Key::new(earnings_pk(year), format!("{month:02}#{house}"))
}

/// Partition of the earnings of a year.
pub(crate) fn earnings_pk(year: u32) -> String {
    format!("EARNINGS#{year:04}")
}

pub(crate) fn staff(id: StaffId) -> Key {
    Key::new(STAFF, format!("U#{id:012}"))
}

pub(crate) fn staff_email(email: &str) -> Key {
    Key::new(format!("STAFFMAIL#{}", email.to_lowercase()), ITSELF)
}

pub(crate) fn client(id: ClientId) -> Key {
    Key::new(format!("CLIENT#{id}"), ITSELF)
}

/// The client list is spread over this many partitions.
pub(crate) const CLIENT_SHARDS: u8 = 8;

pub(crate) fn client_row(id: ClientId) -> Key {
    Key::new(clients_pk(id.0.as_bytes()[0] % CLIENT_SHARDS), id.to_string())
}

/// A partition of the client list.
pub(crate) fn clients_pk(shard: u8) -> String {
    format!("CLIENTS#{shard}")
}

pub(crate) fn client_document(kind: &str, number: &str) -> Key {
    Key::new(format!("DOCUMENT#{kind}#{number}"), ITSELF)
}

/// Referral codes are the same in any case (contract 02 §4.10).
pub(crate) fn client_referral_code(code: &str) -> Key {
    Key::new(format!("REFERRAL#{}", code.to_uppercase()), ITSELF)
}

pub(crate) fn client_points(client: ClientId, created: DateTime<Utc>, id: impl std::fmt::Display) -> Key {
    Key::new(format!("CLIENT#{client}"), format!("POINTS#{}#{id}", sortable(created)))
}

pub(crate) fn reservation(id: ReservationId) -> Key {
    Key::new(format!("RES#{id}"), ITSELF)
}

pub(crate) fn receipt(reservation: ReservationId, created: DateTime<Utc>, id: ReceiptId) -> Key {
    Key::new(format!("RES#{reservation}"), format!("RECEIPT#{}#{id}", sortable(created)))
}

pub(crate) fn receipt_lookup(id: ReceiptId) -> Key {
    Key::new(format!("RECEIPT#{id}"), ITSELF)
}

/// Partition of the list rows of reservations that check in (or still stay) in a year.
pub(crate) fn year(year: i32) -> String {
    format!("YEAR#{year:04}")
}

/// `<check-in>#<created>#<id>`: the documented order of the list, ties by creation, then id (decision 22).
fn order(check_in: NaiveDate, created: DateTime<Utc>, id: ReservationId) -> String {
    format!("{check_in}#{}#{id}", sortable(created))
}

pub(crate) fn arrival_row(check_in: NaiveDate, created: DateTime<Utc>, id: ReservationId) -> Key {
    Key::new(year(check_in.year()), format!("R#{}", order(check_in, created, id)))
}

pub(crate) fn staying_row(
    month: Month,
    check_in: NaiveDate,
    created: DateTime<Utc>,
    id: ReservationId,
) -> Key {
    Key::new(year(month.year()), format!("X#{month}#{}", order(check_in, created, id)))
}

pub(crate) fn client_stay_row(
    client: ClientId,
    check_in: NaiveDate,
    created: DateTime<Utc>,
    id: ReservationId,
) -> Key {
    Key::new(format!("CLIENT#{client}"), format!("STAY#{}", order(check_in, created, id)))
}

pub(crate) fn entered(day: NaiveDate) -> String {
    format!("ENTERED#{day}")
}

pub(crate) fn entered_row(created: DateTime<Utc>, id: ReservationId) -> Key {
    Key::new(entered(created.date_naive()), format!("{}#{id}", sortable(created)))
}

pub(crate) fn counts(in_year: i32) -> Key {
    Key::new(year(in_year), "COUNTS")
}

pub(crate) fn years() -> Key {
    Key::new("YEARS", ITSELF)
}

pub(crate) fn nights(house: HouseId, month: Month) -> Key {
    Key::new(format!("NIGHTS#{house}"), month.to_string())
}

/// Which nights of a month are held, of all houses.
pub(crate) fn occupancy(month: Month) -> Key {
    Key::new(format!("OCCUPANCY#{month}"), ITSELF)
}

/// How many reservations a client has per status.
pub(crate) fn client_counts(client: ClientId) -> Key {
    Key::new(format!("CLIENT#{client}"), "COUNTS")
}

/// The clients that a client referred.
pub(crate) fn referred_pk(referrer: ClientId) -> String {
    format!("REFERRED#{referrer}")
}

/// That a client was referred by another.
pub(crate) fn referred(referrer: ClientId, client: ClientId) -> Key {
    Key::new(referred_pk(referrer), client.to_string())
}

/// Keeps a Facebook account to one client.
pub(crate) fn client_facebook(account: &str) -> Key {
    Key::new(format!("FACEBOOK#{account}"), ITSELF)
}

/// The log of changed clients is spread over this many partitions.
pub(crate) const CLIENT_LOGS: u8 = 4;

/// Partition of the log of changed clients, by client.
pub(crate) fn client_log_pk(shard: u8) -> String {
    format!("CLIENTLOG#{shard}")
}

/// That a client changed at an instant of the real clock.
pub(crate) fn client_log(at: DateTime<Utc>, client: ClientId) -> Key {
    Key::new(client_log_pk(client.0.as_bytes()[0] % CLIENT_LOGS), format!("{}#{client}", sortable(at)))
}

/// That a movement of points of one kind happened for a reservation.
pub(crate) fn points_once(client: ClientId, kind: &str, reservation: ReservationId) -> Key {
    Key::new(format!("CLIENT#{client}"), format!("ONCE#{kind}#{reservation}"))
}

/// That a client has this phone number.
pub(crate) fn client_phone(phone: &str, client: ClientId) -> Key {
    Key::new(client_phone_pk(phone), client.to_string())
}

/// Partition of the clients with a phone number.
pub(crate) fn client_phone_pk(phone: &str) -> String {
    format!("PHONE#{phone}")
}

/// A discount code, the same in any case.
pub(crate) fn code(text: &str) -> Key {
    Key::new(format!("CODE#{}", text.trim().to_uppercase()), ITSELF)
}

/// What a house costs.
pub(crate) fn tariff(house: HouseId) -> Key {
    Key::new(PRICES, format!("HOUSE#{house}"))
}

pub(crate) fn event(id: Uuid) -> Key {
    Key::new(format!("OUT#{id}"), ITSELF)
}

pub(crate) fn audit(at: DateTime<Utc>, id: Uuid) -> Key {
    Key::new(format!("AUDIT#{}", at.format("%Y-%m")), format!("{}#{id}", sortable(at)))
}

pub(crate) fn throttle(subject: &str) -> Key {
    Key::new(format!("THROTTLE#{subject}"), ITSELF)
}

/// A one-time code.
pub(crate) fn one_time(subject: &str) -> Key {
    Key::new(format!("ONETIME#{subject}"), ITSELF)
}

/// Partition of the referrers' public figures.
pub(crate) const REFERRERS: &str = "REFERRERS";

pub(crate) fn referrer(id: ClientId) -> Key {
    Key::new(REFERRERS, format!("R#{id}"))
}

/// Partition of the monthly rankings.
pub(crate) const RANKINGS: &str = "RANKINGS";

/// How the rows of a month begin; imported months may have any number.
pub(crate) fn ranking_prefix(year: i32, month: u32) -> String {
    format!("{year:04}-{month:02}#")
}

pub(crate) fn ranking(year: i32, month: u32, client: ClientId) -> Key {
    Key::new(RANKINGS, format!("{}{client}", ranking_prefix(year, month)))
}

/// Which state the ranking of a month is in.
pub(crate) fn ranking_head(month: Month) -> Key {
    Key::new(format!("RANKING#{month}"), ITSELF)
}

/// The searches of a month are spread over this many partitions.
pub(crate) const SEARCH_SHARDS: u8 = 4;

/// A partition of the searches of a month (UTC).
pub(crate) fn searches_pk(month: Month, shard: u8) -> String {
    format!("SEARCHES#{month}#{shard}")
}

/// `<at>#<id>`: the order of searches in time.
pub(crate) fn search_order(at: DateTime<Utc>, id: Uuid) -> String {
    format!("{}#{id}", sortable(at))
}

pub(crate) fn search(at: DateTime<Utc>, id: Uuid) -> Key {
    let shard = id.as_bytes()[0] % SEARCH_SHARDS;
    Key::new(searches_pk(Month::of(at.date_naive()), shard), search_order(at, id))
}

/// A search under the guest who made it.
pub(crate) fn client_search(client: ClientId, at: DateTime<Utc>, id: Uuid) -> Key {
    Key::new(format!("CLIENT#{client}"), format!("SEARCH#{}", search_order(at, id)))
}

/// The months that have searches.
pub(crate) fn search_months() -> Key {
    Key::new("SEARCHMONTHS", ITSELF)
}

/// How far the sheet of searches is, and who is filling it.
pub(crate) fn sheet_sync() -> Key {
    Key::new("JOB#sheets-sync", "POSITION")
}

/// A payment by card.
pub(crate) fn payment(id: PaymentId) -> Key {
    Key::new(format!("PAYMENT#{id}"), ITSELF)
}

/// Partition of the payments started in a month (UTC).
pub(crate) fn payments_pk(month: Month) -> String {
    format!("PAYMENTS#{month}")
}

/// A payment in the list of its month.
pub(crate) fn payment_row(created: DateTime<Utc>, id: PaymentId) -> Key {
    Key::new(payments_pk(Month::of(created.date_naive())), format!("{}#{id}", sortable(created)))
}

/// How the payments of a reservation begin.
pub(crate) const PAYMENT_OF: &str = "PAYMENT#";

/// That a payment pays a reservation.
pub(crate) fn payment_of(reservation: ReservationId, created: DateTime<Utc>, id: PaymentId) -> Key {
    Key::new(format!("RES#{reservation}"), format!("{PAYMENT_OF}{}#{id}", sortable(created)))
}

/// Index partition of payments whose outcome is not known.
pub(crate) const PAYMENTS_UNSETTLED: &str = "PAYMENTS#UNSETTLED";

/// That a card token was used.
pub(crate) fn card_token(digest: &str) -> Key {
    Key::new(format!("CARDTOKEN#{digest}"), ITSELF)
}

/// That a request with an idempotency key was carried out.
pub(crate) fn once(subject: &str) -> Key {
    Key::new(format!("ONCE#{subject}"), ITSELF)
}

/// Index partition of bookings that lapse unpaid, by their deadline.
pub(crate) const DEADLINES: &str = "DEADLINES";

/// Partition of the reservations that another calendar knows under an id.
pub(crate) fn external_pk(uid: &str) -> String {
    format!("EXTERNAL#{uid}")
}

/// That a reservation is known elsewhere under an id.
pub(crate) fn external(uid: &str, reservation: ReservationId) -> Key {
    Key::new(external_pk(uid), reservation.to_string())
}

/// Partition of what a year's arrivals were billed.
pub(crate) fn billed_pk(year: i32) -> String {
    format!("BILLED#{year:04}")
}

/// What the arrivals of a year were billed in a house.
pub(crate) fn billed(year: i32, house: HouseId) -> Key {
    Key::new(billed_pk(year), house.to_string())
}

/// Partition of the calendars elsewhere.
pub(crate) const FEEDS: &str = "FEEDS";

/// A calendar elsewhere.
pub(crate) fn feed(id: FeedId) -> Key {
    Key::new(FEEDS, id.to_string())
}

/// Partition of what a calendar elsewhere told of its events.
pub(crate) fn told_pk(feed: FeedId) -> String {
    format!("TOLD#{feed}")
}

/// What a calendar elsewhere told of an event.
pub(crate) fn told(feed: FeedId, uid: &str) -> Key {
    Key::new(told_pk(feed), format!("U#{uid}"))
}

/// Who is reading a calendar elsewhere.
pub(crate) fn feed_reader(feed: FeedId) -> Key {
    Key::new(told_pk(feed), "READER")
}

/// How those begin who asked to take part in the music of a stay, beside the reservation.
pub(crate) const MUSIC_OF: &str = "MUSIC#";

/// That a guest asked to take part in the music of a stay.
pub(crate) fn music_of(reservation: ReservationId, client: ClientId) -> Key {
    Key::new(format!("RES#{reservation}"), format!("{MUSIC_OF}{client}"))
}

/// How many requests to take part in the music of a stay are open.
pub(crate) fn music_requests(reservation: ReservationId) -> Key {
    Key::new(format!("RES#{reservation}"), "MUSIC")
}

/// Partition of the players as the music server last told of them.
pub(crate) const MUSIC_PLAYERS: &str = "MUSIC#PLAYERS";

/// A player as the music server last told of it, by that server's id.
pub(crate) fn music_player(id: &str) -> Key {
    Key::new(MUSIC_PLAYERS, id)
}

/// How the bridge to the music server is.
pub(crate) fn music_bridge() -> Key {
    Key::new("MUSIC#BRIDGE", ITSELF)
}

/// Which of several bridges acts.
pub(crate) fn music_lease() -> Key {
    Key::new("MUSIC#BRIDGE", "LEASE")
}

/// That a command to the music server was begun, and how it ended.
pub(crate) fn music_command(id: Uuid) -> Key {
    Key::new(format!("MUSIC#DONE#{id}"), ITSELF)
}
