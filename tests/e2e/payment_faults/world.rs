//! A few stays whose schedules run at the same time, under one clock, with the jobs between them.

use std::sync::{Arc, Mutex};

use casa_domain::{
    ReservationId,
    payment::{Purpose, Vendor},
    reservation::{Origin, Reservation, Status},
};
use casa_gateways::Cards;
use casa_store::{StoredClient, reservations::Change};
use casa_tests::card_fakes::{Fate, Payment};
use casa_web::{AppState, Clock};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use rust_decimal::Decimal;
use tokio::task::JoinSet;

use crate::{
    Wire,
    bank::{Bank, STILL},
    books,
    guests::{Deed, Wish, cut, guest, guest_id, pays},
    staff::{Edit, Ledger, edits, expires, hears, neighbour, refunds, settles, settles_one},
    table::{Table, house},
    tally::Tally,
};

/// Stays of a world: each is one schedule.
pub const STAYS: usize = 8;
pub const VENDORS: [Vendor; 2] = [Vendor::MercadoPago, Vendor::OpenPay];

/// A stay with its guest.
pub struct Booking {
    pub id: ReservationId,
    pub guest: StoredClient,
    /// Day of departure at the start.
    pub departure: NaiveDate,
    pub ledger: Arc<Mutex<Ledger>>,
    tokens: Vec<String>,
    /// What happened, for failures.
    pub told: Vec<String>,
}

pub struct World {
    pub seed: u64,
    wire: Wire,
    pub state: AppState,
    pub cards: Cards,
    /// The cards once nothing goes wrong any more.
    patient: Cards,
    pub banks: [Bank; 2],
    dice: StdRng,
    pub bookings: Vec<Booking>,
    pub tally: Arc<Tally>,
    /// Changes that only a webhook tells of, which comes again until it is taken.
    hints: Vec<(usize, String)>,
}

impl World {
    /// The world of a seed; `place` tells those on one table apart.
    pub async fn new(table: &Table, wire: Wire, seed: u64, place: u64, tally: Arc<Tally>) -> Self {
        let mut dice = StdRng::seed_from_u64(seed);
        let now: DateTime<Utc> = "2026-01-05T15:00:00Z".parse().unwrap();
        let (first, one) = Bank::start(wire, VENDORS[0], dice.random(), now).await;
        let (second, other) = Bank::start(wire, VENDORS[1], dice.random(), now).await;
        let mut world = Self {
            seed,
            wire,
            state: table.state.clone(),
            cards: Cards::with([one.hasty, other.hasty]),
            patient: Cards::with([one.patient, other.patient]),
            banks: [first, second],
            dice,
            bookings: Vec::new(),
            tally,
            hints: Vec::new(),
        };
        world.set_clock(now);
        // A Sunday to a Wednesday, another week for every world.
        let arrival = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap() + TimeDelta::weeks(2 * place as i64);
        for number in 0..STAYS {
            world.book(number, arrival).await;
        }
        world
    }

    async fn book(&mut self, number: usize, arrival: NaiveDate) {
        let (now, departure) = (self.state.clock.now(), arrival + TimeDelta::days(3));
        let id = ReservationId(uuid::Uuid::new_v4());
        let mut one = Reservation::new(id, house(number), arrival, departure, now);
        one.client = Some(guest_id(number));
        one.guests = 1;
        (one.price_sol, one.price_usd) = (Some(Decimal::from(1000)), Some(Decimal::from(250)));
        if self.dice.random_bool(0.6) {
            (one.origin, one.status) = (Origin::Client, Status::Incomplete);
            one.start_deadline(now);
        } else {
            (one.origin, one.status) = (Origin::Staff, Status::Approved);
        }
        self.state.store.reservations().commit(Change::new(None, one, None), now).await.unwrap();
        self.bookings.push(Booking {
            id,
            guest: guest(number, now),
            departure,
            ledger: Arc::default(),
            tokens: Vec::new(),
            told: Vec::new(),
        });
    }

    fn set_clock(&mut self, now: DateTime<Utc>) {
        self.state.clock = Clock::frozen_at(now.fixed_offset(), self.state.clock.zone());
        for bank in &self.banks {
            bank.tick(now);
        }
    }

    async fn pass(&mut self, time: TimeDelta) {
        if self.wire == Wire::Http {
            tokio::time::sleep(STILL).await;
        }
        self.set_clock(self.state.clock.now() + time);
    }

    /// The payments of a stay at its gateways, and at which.
    pub fn payments_of(&self, booking: usize) -> Vec<(usize, Payment)> {
        let id = self.bookings[booking].id.to_string();
        let at = |bank: usize| self.banks[bank].payments().into_iter().map(move |payment| (bank, payment));
        (0..2).flat_map(at).filter(|(_, payment)| payment.description.contains(&id)).collect()
    }

    /// Plays the schedules, lets the faults end, and looks at the books.
    pub async fn play(mut self) {
        for _ in 0..self.dice.random_range(3..7) {
            self.at_the_banks().await;
            self.step().await;
            let seconds = *[0, 5, 50, 130, 240, 700, 1_800, 4_000].choose(&mut self.dice).unwrap();
            self.pass(TimeDelta::seconds(seconds)).await;
        }
        self.calm_down().await;
        for booking in 0..STAYS {
            books::check(&self, booking).await;
        }
    }

    /// What banks and gateways decide by themselves.
    async fn at_the_banks(&mut self) {
        for booking in 0..STAYS {
            for (bank, payment) in self.payments_of(booking) {
                let left = payment.amount - payment.refunded();
                let told = match payment.fate {
                    Fate::Pending if self.dice.random_bool(0.4) => {
                        let approved = self.dice.random_bool(0.7);
                        self.banks[bank].resolve(&payment.id, approved).await;
                        format!("{} resolved: {approved}", payment.id)
                    }
                    Fate::Approved if self.dice.random_bool(0.05) => {
                        self.banks[bank].charge_back(&payment.id).await;
                        self.hints.push((bank, payment.id.clone()));
                        format!("{} charged back", payment.id)
                    }
                    Fate::Approved if left > Decimal::ONE && self.dice.random_bool(0.06) => {
                        let amount = if self.dice.random_bool(0.5) { left } else { Decimal::ONE };
                        self.banks[bank].refund_in_panel(&payment.id, amount).await;
                        self.hints.push((bank, payment.id.clone()));
                        format!("{} refunded in the panel: {amount}", payment.id)
                    }
                    _ => continue,
                };
                self.bookings[booking].told.push(told);
            }
        }
    }

    /// One thing or two per stay, and the jobs, all at once.
    async fn step(&mut self) {
        let mut running: JoinSet<(usize, String)> = JoinSet::new();
        let mut start = |who: usize, deed: Deed| {
            running.spawn(async move { (who, deed.await) });
        };
        for bank in 0..2 {
            let lag = if self.dice.random_bool(0.1) { 2 } else { 0 };
            self.banks[bank].lag(lag);
        }
        for booking in 0..STAYS {
            let deed = self.deed(booking);
            start(booking, deed);
            if self.dice.random_bool(0.3) {
                let second = self.deed(booking);
                start(booking, second);
            }
        }
        let (state, cards) = (&self.state, &self.cards);
        if self.dice.random_bool(0.35) {
            let deed = settles(state.clone(), cards.clone());
            let deed =
                if self.dice.random_bool(0.3) { cut(deed, self.dice.random_range(1..60)) } else { deed };
            start(STAYS, deed);
        }
        if self.dice.random_bool(0.25) {
            start(STAYS, expires(state.clone()));
        }
        while let Some(done) = running.join_next().await {
            let (who, told) = done.unwrap_or_else(|failure| panic!("seed {}: {failure}", self.seed));
            let outcome = told.rsplit(": ").next().unwrap_or_default();
            if told == "killed" {
                self.tally.count("killed");
            } else if told.starts_with("mercadopago ") || told.starts_with("openpay ") {
                self.tally.count(&format!("guest: {outcome}"));
            }
            if let Some(booking) = self.bookings.get_mut(who) {
                booking.told.push(told);
            }
        }
        for booking in &mut self.bookings {
            booking.told.push(format!("-- {}", self.state.clock.now()));
        }
    }

    /// Something that happens to a stay.
    fn deed(&mut self, booking: usize) -> Deed {
        let (state, cards, id) = (self.state.clone(), self.cards.clone(), self.bookings[booking].id);
        let ledger = Arc::clone(&self.bookings[booking].ledger);
        let deed = match self.dice.random_range(0..100) {
            0..58 => {
                let wish = self.wish(booking);
                pays(state, cards, self.bookings[booking].guest.clone(), id, wish)
            }
            58..68 => refunds(state, cards, id, &mut self.dice),
            68..78 => {
                let known = self.payments_of(booking);
                let unknown = (self.dice.random_range(0..2), "999999".to_owned());
                let (bank, transaction) = known
                    .choose(&mut self.dice)
                    .map_or(unknown, |(bank, payment)| (*bank, payment.id.clone()));
                hears(state, cards, VENDORS[bank], transaction)
            }
            78..82 => {
                let known = self.payments_of(booking);
                match known.choose(&mut self.dice) {
                    Some((_, payment)) => settles_one(state, cards, payment.reference.parse().unwrap()),
                    None => settles(state, cards),
                }
            }
            // Those end as wholes: what they did is noted after them.
            82..87 => return neighbour(state, id, ledger),
            number => {
                let edit = match number {
                    87..90 => Edit::Cancel,
                    90..93 => Edit::Approve,
                    93..96 => Edit::Raise,
                    96..98 => Edit::Extend,
                    _ => Edit::Delete,
                };
                return edits(state, id, edit, ledger);
            }
        };
        if self.dice.random_bool(0.2) { cut(deed, self.dice.random_range(1..50)) } else { deed }
    }

    fn wish(&mut self, booking: usize) -> Wish {
        let tokens = &mut self.bookings[booking].tokens;
        let again = tokens.last().filter(|_| self.dice.random_bool(0.2)).cloned();
        let token = again.unwrap_or_else(|| {
            let kind = match self.dice.random_range(0..20) {
                0..14 => "ok",
                14..16 => "decline",
                16..19 => "pending",
                _ => "invalid",
            };
            format!("{kind}-{}", uuid::Uuid::from_u128(self.dice.random()).simple())
        });
        tokens.push(token.clone());
        let purpose = match self.dice.random_range(0..10) {
            0..5 => Purpose::Reservation,
            5..7 => Purpose::TemperaturePool,
            _ => Purpose::LateCheckout,
        };
        Wish {
            purpose,
            half: purpose == Purpose::Reservation && self.dice.random_bool(0.4),
            wrong: self.dice.random_bool(0.05),
            vendor: VENDORS[self.dice.random_range(0..2)],
            token,
        }
    }

    /// The faults end, webhooks that were not taken come again, and the jobs run until nothing is left to do.
    async fn calm_down(&mut self) {
        for bank in &self.banks {
            bank.calm();
        }
        self.cards = self.patient.clone();
        self.pass(TimeDelta::minutes(3)).await;
        for booking in 0..STAYS {
            for (bank, payment) in self.payments_of(booking) {
                if payment.fate == Fate::Pending {
                    let approved = self.dice.random_bool(0.5);
                    self.banks[bank].resolve(&payment.id, approved).await;
                }
            }
        }
        for _ in 0..12 {
            self.pass(TimeDelta::minutes(6)).await;
            let mut hints = std::mem::take(&mut self.hints);
            for (number, bank) in self.banks.iter().enumerate() {
                hints.extend(bank.take_hints().into_iter().map(|transaction| (number, transaction)));
            }
            for (bank, transaction) in hints {
                let heard =
                    casa_jobs::payments::hear(&self.state, &self.cards, VENDORS[bank], &transaction).await;
                if heard.is_err() {
                    self.hints.push((bank, transaction));
                }
            }
            let told = settles(self.state.clone(), self.cards.clone()).await;
            for booking in &mut self.bookings {
                booking.told.push(format!("{told} -- {}", self.state.clock.now()));
            }
            if self.hints.is_empty() && self.state.store.payments().unsettled().await.unwrap().is_empty() {
                break;
            }
        }
        if self.wire == Wire::Http {
            self.hear_of_everything().await;
        }
        expires(self.state.clone()).await;
        let open = self.state.store.payments().unsettled().await.unwrap();
        if let Some(id) = open.first() {
            let payment = self.state.store.payments().get(*id).await.unwrap().unwrap().payment;
            let whose = self.bookings.iter().find(|booking| booking.id == payment.reservation);
            let told = whose.map(|booking| booking.told.join("\n  ")).unwrap_or_default();
            panic!("seed {}: unsettled {payment:#?}\n  {told}", self.seed);
        }
    }

    /// Webhooks come until they are taken. A gateway over HTTP may have charged after its client had given up and, by the
    /// business's clock, long after: then only its webhook tells.
    async fn hear_of_everything(&mut self) {
        for (number, bank) in self.banks.iter().enumerate() {
            for payment in bank.payments() {
                let heard =
                    casa_jobs::payments::hear(&self.state, &self.cards, VENDORS[number], &payment.id).await;
                assert!(heard.is_ok(), "seed {}: {heard:?}", self.seed);
            }
        }
        self.pass(TimeDelta::minutes(6)).await;
        settles(self.state.clone(), self.cards.clone()).await;
    }
}
