//! The referral programme as others see it: the ranking of a month and of all months, the public figures, and which stays
//! a referrer's page shows (contract 03 §4.C to §4.E, §4.G).

use std::{cmp::Reverse, collections::HashMap, ops::Range};

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    client::Client,
    ids::ClientId,
    money::to_cents,
    points::{Entry, Kind},
    reservation::{Reservation, Status, choices},
    time::Month,
};

/// From when on a day of arrival counts as staying, local time (contract 03 §4.E).
const CHECK_IN: NaiveTime = hour(15);
/// Until when a day of departure counts as staying, local time.
const CHECK_OUT: NaiveTime = hour(11);
/// A place this far down, or farther, is not told as anybody's best (contract 03 §4.C.6).
const NO_PLACE: u32 = 999;

const fn hour(hour: u32) -> NaiveTime {
    match NaiveTime::from_hms_opt(hour, 0, 0) {
        Some(time) => time,
        None => NaiveTime::MIN,
    }
}

/// A referrer's row in the ranking of a month, every column of the original (contract 03 §2.5). Imported months may have
/// any number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranked {
    /// Its id.
    pub id: Uuid,
    /// When it was entered.
    pub created: DateTime<Utc>,
    /// When it was worked out last.
    pub updated: DateTime<Utc>,
    /// Soft-deleted: ranks nowhere.
    #[serde(default)]
    pub deleted: bool,
    /// The referrer.
    pub client: ClientId,
    /// The year.
    pub year: i32,
    /// The month.
    pub month: u32,
    /// Approved reservations of guests referred, entered in the month.
    #[serde(default)]
    pub referral_reservations_count: u64,
    /// Guests referred in the month.
    #[serde(default)]
    pub referrals_made_count: u64,
    /// What those reservations cost, soles.
    #[serde(default)]
    pub total_referral_revenue: Decimal,
    /// Points for referring, credited in the month.
    #[serde(default)]
    pub points_earned: Decimal,
    /// From 1.
    #[serde(default)]
    pub position: Option<u32>,
}

impl Ranked {
    /// The same figures in the same place, whoever worked them out and when.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let what = |row: &Self| {
            let counts = (row.referral_reservations_count, row.referrals_made_count, row.position);
            (
                row.client,
                row.year,
                row.month,
                row.deleted,
                counts,
                row.total_referral_revenue,
                row.points_earned,
            )
        };
        what(self) == what(other)
    }

    /// By which the rows of a month are listed: place, rows without one last, ties by creation and id (decision 22).
    pub fn place(&self) -> impl Ord + use<> {
        (self.position.unwrap_or(u32::MAX), self.created, self.id)
    }
}

/// What a referrer's place in a month is worked out from. It may hold more than the month's: what lies outside counts for
/// nothing.
#[derive(Clone, Debug)]
pub struct Ground {
    /// The referrer.
    pub referrer: Client,
    /// The guests referred.
    pub referred: Vec<Client>,
    /// Their reservations.
    pub stays: Vec<Reservation>,
    /// The referrer's ledger.
    pub ledger: Vec<Entry>,
}

/// Whether a reservation counts in the ranking of the month that begins and ends at these instants.
pub fn counts(stay: &Reservation, window: &Range<DateTime<Utc>>) -> bool {
    stay.status == Status::Approved && !stay.deleted && window.contains(&stay.created)
}

/// The ranking of a month, worked out at `now`: those whose referred guests entered at least one approved reservation
/// in the `window` of instants that is the local month; most reservations first, then most soles, ties by the
/// referrer's creation and id (contract 03 §4.C; decision 22). Row ids follow from month and referrer.
pub fn monthly(
    month: Month,
    window: &Range<DateTime<Utc>>,
    grounds: &[Ground],
    now: DateTime<Utc>,
) -> Vec<Ranked> {
    let mut ranked: Vec<_> = grounds
        .iter()
        .filter(|ground| !ground.referrer.deleted)
        .map(|ground| (&ground.referrer, figures(month, window, ground, now)))
        .filter(|(_, row)| row.referral_reservations_count > 0)
        .collect();
    ranked.sort_by_key(|(referrer, row)| {
        let most = Reverse((row.referral_reservations_count, row.total_referral_revenue));
        (most, referrer.created, referrer.id)
    });
    (1..).zip(ranked).map(|(position, (_, row))| Ranked { position: Some(position), ..row }).collect()
}

fn figures(month: Month, window: &Range<DateTime<Utc>>, ground: &Ground, now: DateTime<Utc>) -> Ranked {
    let client = ground.referrer.id;
    let stays: Vec<_> = ground.stays.iter().filter(|stay| counts(stay, window)).collect();
    let made = |one: &&Client| !one.deleted && window.contains(&one.created);
    let paid = |entry: &&Entry| is_for_referring(entry) && window.contains(&entry.created);
    Ranked {
        id: Uuid::new_v5(&client.0, format!("ranking {month}").as_bytes()),
        created: now,
        updated: now,
        deleted: false,
        client,
        year: month.year(),
        month: month.number(),
        referral_reservations_count: stays.len() as u64,
        referrals_made_count: ground.referred.iter().filter(made).count() as u64,
        total_referral_revenue: to_cents(stays.iter().filter_map(|stay| stay.price_sol).sum()),
        points_earned: to_cents(ground.ledger.iter().filter(paid).map(|entry| entry.points).sum()),
        position: None,
    }
}

/// Whether an entry of a ledger is a referrer's share.
pub fn is_for_referring(entry: &Entry) -> bool {
    entry.transaction_type == Kind::Referral && !entry.deleted
}

/// A referrer over all months.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Historical {
    /// The referrer.
    pub client: ClientId,
    /// Approved reservations of guests referred.
    pub reservations: u64,
    /// What they cost, soles.
    pub revenue: Decimal,
    /// Guests referred in months with a row.
    pub new_referrals: u64,
    /// Points for referring.
    pub points: Decimal,
    /// Months with a row.
    pub months: u64,
    /// The best place of any month, if it is one worth telling.
    pub best: Option<u32>,
}

/// The ranking over all months: those with any new referral, most reservations first, then most new referrals; ties in
/// the order in which the months, newest first, name them (contract 03 §4.C.6).
pub fn history(rows: &[Ranked]) -> Vec<Historical> {
    let mut rows: Vec<_> = rows.iter().filter(|row| !row.deleted).collect();
    rows.sort_by_key(|row| (Reverse((row.year, row.month)), row.place()));
    let mut order: Vec<Historical> = Vec::new();
    let mut known: HashMap<ClientId, usize> = HashMap::new();
    for row in rows {
        let at = *known.entry(row.client).or_insert_with(|| {
            order.push(Historical::nothing(row.client));
            order.len() - 1
        });
        if let Some(sum) = order.get_mut(at) {
            sum.add(row);
        }
    }
    order.retain(|sum| sum.new_referrals > 0);
    order.sort_by_key(|sum| Reverse((sum.reservations, sum.new_referrals)));
    order
}

impl Historical {
    fn nothing(client: ClientId) -> Self {
        let (revenue, points) = (Decimal::ZERO, Decimal::ZERO);
        Self { client, reservations: 0, revenue, new_referrals: 0, points, months: 0, best: None }
    }

    fn add(&mut self, row: &Ranked) {
        self.reservations += row.referral_reservations_count;
        self.revenue += row.total_referral_revenue;
        self.new_referrals += row.referrals_made_count;
        self.points += row.points_earned;
        self.months += 1;
        let place = row.position.filter(|place| *place < NO_PLACE);
        self.best = self.best.into_iter().chain(place).min();
    }
}

/// A referrer in the public figures: nothing in it tells who it is beyond a first name and an initial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referrer {
    /// The referrer.
    pub client: ClientId,
    /// When the referrer's record was entered.
    pub created: DateTime<Utc>,
    /// The name that others may see.
    pub name: String,
    /// Guests referred who are not deleted.
    pub referrals: u64,
    /// Those of them with an approved reservation.
    pub with_reservations: u64,
}

choices! {
    /// Which referrers the public figures are of.
    Scope {
        /// All.
        #[default]
        All = "all",
        /// Those with a referred guest who has an approved reservation.
        WithReservations = "with_reservations",
    }
}

choices! {
    /// What referrers are compared by.
    Order {
        /// Guests referred.
        #[default]
        Referrals = "total_referrals",
        /// Those with an approved reservation.
        WithReservations = "referrals_with_reservations",
    }
}

/// The public figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicFigures<'a> {
    /// The referrers, in order.
    pub referrers: Vec<&'a Referrer>,
    /// Guests they referred.
    pub referrals: u64,
    /// Those of them with an approved reservation.
    pub with_reservations: u64,
}

/// The public figures: the most of what is asked for first, ties by id (contract 03 §4.D leaves their order open).
pub fn public_figures(all: &[Referrer], scope: Scope, order: Order) -> PublicFigures<'_> {
    let mut referrers: Vec<_> = all
        .iter()
        .filter(|one| one.referrals > 0)
        .filter(|one| scope == Scope::All || one.with_reservations > 0)
        .collect();
    referrers.sort_by_key(|one| {
        let most = match order {
            Order::Referrals => one.referrals,
            Order::WithReservations => one.with_reservations,
        };
        (Reverse(most), one.client)
    });
    let referrals = referrers.iter().map(|one| one.referrals).sum();
    let with_reservations = referrers.iter().map(|one| one.with_reservations).sum();
    PublicFigures { referrers, referrals, with_reservations }
}

/// Whether somebody is in the house at a local moment: from 15:00 of the day of arrival until 11:00 of the day of
/// departure (contract 03 §4.E).
pub fn is_staying(check_in: NaiveDate, check_out: NaiveDate, at: NaiveDateTime) -> bool {
    check_in.and_time(CHECK_IN) <= at && at < check_out.and_time(CHECK_OUT)
}

/// First name and initial apart, as a ranking shows a guest to everybody (contract 03 §4.G).
pub fn name_in_parts(client: &Client) -> (String, Option<String>) {
    match client.short_name().rsplit_once(' ') {
        Some((first, initial)) => (first.to_owned(), Some(initial.to_owned())),
        None => (client.short_name(), None),
    }
}

#[cfg(test)]
#[path = "referrals/tests.rs"]
mod tests;
