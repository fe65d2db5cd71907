//! What a booking costs from the guest's click to its approval, in writes of the table, and how many a second the embedded
//! table holds; then every night is looked at. The functions run in this process, without what follows from facts.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::http::Method;
use casa_domain::{HouseId, ReservationId, Status, Stay};
use casa_web::{AppState, Aws};
use chrono::{Days, NaiveDate};
use serde::Serialize;
use serde_json::json;

use super::counter::{Counter, Tally};
use super::inside::{JSON, ask, guest_token};
use super::pace::{Pace, side_by_side};
use super::{Table, data, machine};
use crate::Failure;
use crate::cli::BenchBookingArgs;
use crate::embedded::{Endpoints, Given};
use crate::import::import_rows;
use crate::local::{Local, Wish};
use crate::output::say;
use crate::sdk::Clients;

/// Houses to book.
const HOUSES: u16 = 60;
/// Nights of every booking.
const NIGHTS: u64 = 2;
/// The first night that is booked, in days from the bench's day.
const FIRST: u64 = 7;
/// Bookings that are counted one by one, to see that each costs the same.
const COUNTED: usize = 5;
/// Between the parts of a multipart body.
const BOUNDARY: &str = "casa-bench-boundary";

/// What one step wrote.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Step {
    name: &'static str,
    tally: Tally,
}

#[derive(Serialize)]
struct Measured {
    houses: u16,
    /// Each step of a booking, as every one of the counted bookings cost.
    steps: Vec<Step>,
    /// Whether all the counted bookings wrote the same.
    fixed: bool,
    bookings: usize,
    failures: usize,
    /// How fast each kind of step went.
    paces: Vec<(&'static str, Pace)>,
    /// All of them together.
    seconds: f64,
    /// Bookings made, with a voucher and approved, in the time of all steps.
    per_second: f64,
    nights_held: usize,
    violations: usize,
}

/// `casa bench booking`.
pub(super) async fn run(arguments: BenchBookingArgs) -> Result<(), Failure> {
    let local = Local::open(Wish { clock: data::CLOCK.parse().ok(), ..Wish::default() }).await?;
    let measured = Box::pin(measure(&local, &arguments)).await;
    local.close().await;
    let measured = measured?;
    if arguments.json {
        let document = json!({ "bench": "booking", "machine": machine(), "measured": measured });
        say(&format!("{document:#}"));
    } else {
        print(&measured, &arguments);
    }
    Ok(())
}

/// A place on the calendar that nobody else books.
#[derive(Clone, Copy)]
struct Place {
    house: usize,
    check_in: NaiveDate,
    guest: usize,
}

fn place(number: usize, today: NaiveDate) -> Place {
    let houses = usize::from(HOUSES);
    let turn = u64::try_from(number / houses).unwrap_or_default();
    Place {
        house: number % houses,
        check_in: today + Days::new(FIRST + turn * NIGHTS),
        guest: number % data::GUESTS,
    }
}

async fn measure(local: &Local, arguments: &BenchBookingArgs) -> Result<Measured, Failure> {
    let mut rows = data::priced_houses(HOUSES)?.rows;
    rows.retain(|row| {
        row["model"] != "reservation.reservation" && row["model"] != "property.specialdatepricing"
    });
    import_rows(local, rows).await?;
    let site = Arc::new(Site::new(&local.state).await?);

    let counter = Counter::start(&local.endpoints().dynamodb, super::client()?).await?;
    let endpoints = Endpoints { dynamodb: counter.address.clone(), ..local.endpoints().clone() };
    let clients = Clients::new(&endpoints, &Given::default()).await;
    let aws = Aws { dynamodb: clients.dynamodb, s3: clients.s3, sqs: clients.sqs };
    let counted = AppState::with_sdk(local.state.settings.as_ref().clone(), aws);
    let counted = Site { router: router(counted), ..Site::clone(&site) };
    let mut runs = Vec::new();
    // The first one warms the process up.
    for number in 0..=COUNTED {
        runs.push(counted.book(place(number, site.today), &counter).await?);
    }
    runs.remove(0);
    let steps = runs.first().cloned().unwrap_or_default();
    let fixed = runs.iter().all(|run| writes(run) == writes(&steps));

    let first = COUNTED + 1;
    let last = first + usize::from(arguments.bookings);
    let places: Vec<Place> = (first..last).map(|number| place(number, site.today)).collect();
    let clients = usize::from(arguments.clients);
    // One kind of step after the other, so that each has a rate of its own.
    let (made, booking) = side_by_side(clients, places, {
        let site = Arc::clone(&site);
        move |place| {
            let site = Arc::clone(&site);
            async move { Ok((place, site.make(place).await?)) }
        }
    })
    .await?;
    let (sent, voucher) = side_by_side(clients, made, {
        let site = Arc::clone(&site);
        move |(place, id): (Place, String)| {
            let site = Arc::clone(&site);
            async move { site.pay(place, &id).await.map(|()| id) }
        }
    })
    .await?;
    let (approved, approval) = side_by_side(clients, sent, {
        let site = Arc::clone(&site);
        move |id: String| {
            let site = Arc::clone(&site);
            async move { site.approve(&id).await }
        }
    })
    .await?;
    let paces = vec![("booking", booking), ("voucher", voucher), ("approval", approval)];
    let seconds: f64 = paces.iter().map(|(_, pace)| pace.seconds).sum();
    let failures = usize::from(arguments.bookings) - approved.len();
    let (nights_held, violations) = Box::pin(look(&local.state, &site, last - failures)).await?;
    Ok(Measured {
        houses: HOUSES,
        steps,
        fixed,
        bookings: approved.len(),
        failures,
        paces,
        seconds,
        per_second: super::ratio(approved.len(), seconds),
        nights_held,
        violations,
    })
}

/// The requests and items that the steps wrote.
fn writes(steps: &[Step]) -> Vec<(&'static str, usize, BTreeMap<String, usize>)> {
    steps
        .iter()
        .map(|step| (step.name, step.tally.items_written, step.tally.clone().writes().operations))
        .collect()
}

/// The functions that a booking passes, and who asks.
#[derive(Clone)]
struct Site {
    router: Router,
    staff: String,
    guests: Arc<[String]>,
    voucher: Arc<[u8]>,
    today: NaiveDate,
}

fn router(state: AppState) -> Router {
    let routes = bookings::routes().merge(reservations::routes());
    casa_web::app(routes, state)
}

impl Site {
    async fn new(state: &AppState) -> Result<Self, Failure> {
        let now = state.clock.now();
        let staff = state.store.users().by_email(data::EMAIL).await?;
        let staff = staff.ok_or_else(|| Failure::new("the bench's member of staff is missing"))?;
        let staff = state.tokens.pair(&staff, now);
        let staff = staff.map_err(|_| Failure::new("a token could not be signed"))?.access;
        let mut guests = Vec::new();
        for number in 0..data::GUESTS {
            guests.push(guest_token(state, number).await?);
        }
        let voucher = voucher()?.into();
        Ok(Self {
            router: router(state.clone()),
            staff,
            guests: guests.into(),
            voucher,
            today: state.clock.today(),
        })
    }

    /// Books, sends a voucher and approves; answers what each step cost.
    async fn book(&self, place: Place, counter: &Counter) -> Result<Vec<Step>, Failure> {
        counter.take();
        let id = self.make(place).await?;
        let mut steps = vec![Step { name: "booking", tally: counter.take() }];
        self.pay(place, &id).await?;
        steps.push(Step { name: "voucher", tally: counter.take() });
        self.approve(&id).await?;
        steps.push(Step { name: "approval", tally: counter.take() });
        Ok(steps)
    }

    fn guest(&self, place: Place) -> &str {
        self.guests.get(place.guest).map(String::as_str).unwrap_or_default()
    }

    /// Books as the place's guest; answers the booking's id.
    async fn make(&self, place: Place) -> Result<String, Failure> {
        let check_out = place.check_in + Days::new(NIGHTS);
        let body = json!({
            "property": data::house(place.house), "check_in_date": place.check_in, "check_out_date": check_out,
            "guests": 2, "seller": 1, "discount_code": data::CODE,
        });
        let path = "/api/v1/clients/reservations/create/";
        let body = body.to_string().into();
        let made = ask(&self.router, Method::POST, path, self.guest(place), JSON, body).await?;
        Ok(made["reservation"]["id"].as_str().unwrap_or_default().to_owned())
    }

    /// Sends the voucher of a booking.
    async fn pay(&self, place: Place, id: &str) -> Result<(), Failure> {
        let path = format!("/api/v1/clients/voucher/upload/{id}/");
        let multipart = format!("multipart/form-data; boundary={BOUNDARY}");
        let body = self.multipart().into();
        ask(&self.router, Method::POST, &path, self.guest(place), &multipart, body).await.map(drop)
    }

    /// Approves a booking.
    async fn approve(&self, id: &str) -> Result<(), Failure> {
        let path = format!("/api/v1/reservations/{id}/");
        let body = json!({ "status": "approved" }).to_string().into();
        ask(&self.router, Method::PATCH, &path, &self.staff, JSON, body).await.map(drop)
    }

    fn multipart(&self) -> Vec<u8> {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"voucher\"; filename=\"voucher.png\"\r\n\
             Content-Type: image/png\r\n\r\n"
        );
        [head.as_bytes(), &self.voucher, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat()
    }
}

/// A small picture, as a phone's screenshot compresses.
fn voucher() -> Result<Vec<u8>, Failure> {
    let picture = image::RgbImage::from_fn(240, 320, |x, y| {
        let line = u8::try_from((x / 8 + y / 4) % 7).unwrap_or_default();
        image::Rgb([250 - line * 20, 250, 240])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).map_err(|error| Failure::new(error.to_string()))?;
    Ok(bytes.into_inner())
}

/// Looks at every night of the houses: how many are held, and how many not as the reservations say.
async fn look(state: &AppState, site: &Site, bookings: usize) -> Result<(usize, usize), Failure> {
    let houses: Vec<HouseId> =
        (0..usize::from(HOUSES)).filter_map(|number| data::house(number).parse().ok()).collect();
    let from = site.today + Days::new(FIRST);
    let turns = bookings.div_ceil(usize::from(HOUSES)) + 1;
    let until = from + Days::new(u64::try_from(turns).unwrap_or_default() * NIGHTS);
    let mut held: BTreeMap<(HouseId, NaiveDate), ReservationId> = BTreeMap::new();
    let mut start = from;
    while start < until {
        let end = (start + Days::new(300)).min(until);
        let range = Stay::new(start, end).map_err(|error| Failure::new(error.to_string()))?;
        for (house, nights) in state.store.calendar().held_in(&houses, range).await? {
            held.extend(nights.into_iter().map(|(night, holder)| ((house, night), holder)));
        }
        start = end;
    }
    let mut holders: Vec<ReservationId> = held.values().copied().collect();
    holders.sort_unstable();
    holders.dedup();
    let mut claimed: BTreeMap<(HouseId, NaiveDate), ReservationId> = BTreeMap::new();
    let mut violations = 0;
    for ids in holders.chunks(100) {
        for (id, stored) in state.store.reservations().get_many(ids).await? {
            let one = &stored.booked.reservation;
            violations += usize::from(one.status != Status::Approved || one.deleted);
            for night in one.stay().into_iter().flat_map(Stay::iter) {
                violations += usize::from(claimed.insert((one.house, night), id).is_some());
            }
        }
    }
    violations += held.iter().filter(|(night, holder)| claimed.get(night) != Some(holder)).count();
    violations += claimed.len().abs_diff(held.len());
    violations += holders.len().abs_diff(bookings);
    Ok((held.len(), violations))
}

fn print(measured: &Measured, arguments: &BenchBookingArgs) {
    let mut table = Table::new(
        "one booking",
        ["write requests", "items written", "units", "all requests"].map(str::to_owned),
    );
    let mut all = (0, 0, 0);
    for step in &measured.steps {
        let writes = step.tally.clone().writes();
        all = (all.0 + writes.requests, all.1 + step.tally.items_written, all.2 + step.tally.requests);
        table.line(
            step.name,
            [
                writes.requests.to_string(),
                step.tally.items_written.to_string(),
                super::known(step.tally.units, 1),
                step.tally.requests.to_string(),
            ],
        );
    }
    table.line("together", [all.0.to_string(), all.1.to_string(), String::new(), all.2.to_string()]);
    table.print();
    let same = if measured.fixed { "the same" } else { "NOT the same" };
    say(&format!("{COUNTED} bookings one after the other wrote {same}"));
    for step in &measured.steps {
        say(&format!("{}: {}", step.name, step.tally.words()));
    }
    say("");
    for (name, pace) in &measured.paces {
        say(&format!(
            "{name}: {:.0} per second by {} clients; median {:.1} ms, 99 % within {:.1} ms",
            pace.per_second, arguments.clients, pace.p50_ms, pace.p99_ms
        ));
    }
    say(&format!(
        "{} bookings (made, voucher, approved) over {} houses: {:.0} per second, {:.1} s; {} failures",
        measured.bookings, measured.houses, measured.per_second, measured.seconds, measured.failures
    ));
    say(&format!("{} nights held, {} violations", measured.nights_held, measured.violations));
    super::print_machine();
}
