//! Stays of the past from a sheet (contract 05 §6, `import_reservations`, with its quirks repaired): every row is looked at
//! for itself, says why where it cannot be entered, and is entered in a transaction of its own that claims its nights. They
//! come in quietly: nobody is told, and no points move. The same again enters nothing.

use std::collections::{BTreeMap, HashMap, HashSet};

use casa_domain::{HouseId, Origin, Reservation, ReservationId, Status, client::ClientCard, stay::Stay};
use casa_store::StoreError;
use casa_store::reservations::Change;
use casa_web::{AppState, Clock};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Serialize;
use uuid::Uuid;

use super::args::SheetImportArgs;
use super::cells;
use super::known::{Key, Known, Named, keys};
use super::sheet::{Column, Row};
use crate::Failure;
use crate::output::Progress;

/// Ids of imported stays follow from guest, house and dates within this name space.
const IDS: Uuid = Uuid::from_u128(0x5d0a_7f43_6c7b_4a52_9d21_b3f0_6e1c_8a94);

/// Why a row is not entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reason {
    ClientNotFound,
    PropertyNotFound,
    InvalidDates,
    MissingData,
    Duplicates,
    Overlap,
    OtherErrors,
}

impl Reason {
    const ALL: [Self; 7] = [
        Self::ClientNotFound,
        Self::PropertyNotFound,
        Self::InvalidDates,
        Self::MissingData,
        Self::Duplicates,
        Self::Overlap,
        Self::OtherErrors,
    ];
}

/// A row that is not entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Refused {
    row: u32,
    reason: Reason,
    detail: String,
}

impl Refused {
    pub(super) fn new(row: u32, reason: Reason, detail: impl Into<String>) -> Self {
        Self { row, reason, detail: detail.into() }
    }
}

/// A row that is worth a look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Warning {
    row: u32,
    warning: &'static str,
}

/// What an import found and did.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Rows that say something, within the limit.
    rows: usize,
    /// Rows that can be entered.
    importable: usize,
    /// Rows that were entered.
    imported: usize,
    /// Whether they were to be.
    committed: bool,
    /// How many were not, by reason.
    errors: BTreeMap<Reason, usize>,
    /// Each of them.
    refused: Vec<Refused>,
    /// Rows that can be entered and are worth a look first.
    warnings: Vec<Warning>,
}

/// A row that makes sense in itself.
#[derive(Clone, Debug, PartialEq)]
struct Candidate {
    row: u32,
    key: Key,
    stay: Stay,
    reservation: Reservation,
    guest: ClientCard,
    warnings: Vec<&'static str>,
}

/// Looks at the rows and reports; enters what can be entered when told to.
pub(super) async fn run(
    state: &AppState,
    rows: &[Row],
    arguments: &SheetImportArgs,
) -> Result<Report, Failure> {
    let rows = rows.get(..arguments.limit.unwrap_or(rows.len())).unwrap_or(rows);
    let known = Known::read(state).await?;
    let (candidates, mut refused) = candidates(rows, &known, arguments.day_first, &state.clock);
    let ids: HashSet<ReservationId> = candidates.iter().map(|one| one.reservation.id).collect();
    let ids: Vec<_> = ids.into_iter().collect();
    let entered = state.store.reservations().get_many(&ids).await?.into_keys().collect();
    let chosen = choose(candidates, &known, &entered, &mut refused);
    let importable = chosen.len();
    let warn = |one: &Candidate| {
        let row = one.row;
        one.warnings.iter().map(move |warning| Warning { row, warning }).collect::<Vec<_>>()
    };
    let warnings = chosen.iter().flat_map(warn).collect();
    let imported = if arguments.commit { enter(state, chosen, &mut refused).await? } else { 0 };
    refused.sort_by_key(|one| one.row);
    let mut errors = BTreeMap::from(Reason::ALL.map(|reason| (reason, 0)));
    for one in &refused {
        *errors.entry(one.reason).or_default() += 1;
    }
    let committed = arguments.commit;
    Ok(Report { rows: rows.len(), importable, imported, committed, errors, refused, warnings })
}

/// The rows that make sense in themselves, and why the others do not.
fn candidates(rows: &[Row], known: &Known, day_first: bool, clock: &Clock) -> (Vec<Candidate>, Vec<Refused>) {
    let (mut candidates, mut refused) = (Vec::new(), Vec::new());
    for row in rows {
        match candidate(row, known, day_first, clock) {
            Ok(one) => candidates.push(one),
            Err((reason, detail)) => refused.push(Refused::new(row.number, reason, detail)),
        }
    }
    (candidates, refused)
}

fn candidate(
    row: &Row,
    known: &Known,
    day_first: bool,
    clock: &Clock,
) -> Result<Candidate, (Reason, &'static str)> {
    let named = known.named(row, day_first)?;
    let stay = Stay::new(named.check_in, named.check_out)
        .map_err(|_| (Reason::InvalidDates, "check-out must be 1 to 366 nights after check-in"))?;
    let other = |detail| move || (Reason::OtherErrors, detail);
    let amount = |column| cells::amount(row.cell(column)).ok_or_else(other("a price cannot be read"));
    let (sol, usd) = (amount(Column::PriceSol)?, amount(Column::PriceUsd)?);
    let guests = cells::guests(row.cell(Column::Guests));
    let guests = guests.ok_or_else(other("the number of guests cannot be read"))?;
    let key = named.key();
    let mut warnings = Vec::new();
    if named.ambiguous {
        warnings.push(if day_first {
            "a date was read day first and could be meant month first"
        } else {
            "a date was read month first and could be meant day first (--day-first)"
        });
    }
    if clock.today() < named.check_out {
        warnings.push("the stay is not over: nobody will be told of it");
    } else if since_the_system(named.check_in) {
        warnings.push("from 2024-04-01 on stays were entered in the system itself");
    }
    let reservation = reservation(&named, (sol, usd), guests, known, clock);
    Ok(Candidate { row: row.number, key, stay, reservation, guest: named.guest, warnings })
}

/// Whether the original was in use on a day (contract 05 §6 warns from then on).
fn since_the_system(day: NaiveDate) -> bool {
    NaiveDate::from_ymd_opt(2024, 4, 1).is_some_and(|first| first <= day)
}

fn reservation(
    named: &Named,
    (sol, usd): (Decimal, Decimal),
    guests: u32,
    known: &Known,
    clock: &Clock,
) -> Reservation {
    let (guest, house, check_in, check_out) = named.key();
    let id = Uuid::new_v5(&IDS, format!("{guest}/{house}/{check_in}/{check_out}").as_bytes());
    let now = clock.now();
    let mut one = Reservation::new(ReservationId(id), house, check_in, check_out, now);
    // As if entered on the day of arrival: neither today's list nor this month's ranking of referrers counts it.
    one.created = clock.start_of(check_in).min(now);
    one.client = Some(guest);
    one.seller = known.seller;
    one.guests = guests;
    (one.price_sol, one.price_usd, one.advance_payment) = (Some(sol), Some(usd), Some(sol));
    one.full_payment = true;
    (one.status, one.origin) = (Status::Approved, Origin::Staff);
    one.tel_contact_number = Some(named.guest.tel_number.clone()).filter(|number| !number.is_empty());
    one
}

/// Who is in the way of a row.
#[derive(Clone, Copy)]
enum Who {
    Row(u32),
    Stay(ReservationId),
}

impl std::fmt::Display for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Row(row) => write!(f, "row {row}"),
            Self::Stay(id) => write!(f, "reservation {id}"),
        }
    }
}

/// The candidates that are new and whose nights are free, earlier rows first. `entered`: ids of candidates that the table
/// knows, deleted ones included.
fn choose(
    candidates: Vec<Candidate>,
    known: &Known,
    entered: &HashSet<ReservationId>,
    refused: &mut Vec<Refused>,
) -> Vec<Candidate> {
    let mut seen: HashMap<Key, Who> = HashMap::new();
    let mut nights: HashMap<HouseId, Vec<(Stay, Who)>> = HashMap::new();
    for stay in &known.stays {
        let who = Who::Stay(stay.reservation.id);
        seen.extend(keys(stay).map(|key| (key, who)));
        if let Some(hold) = stay.hold {
            nights.entry(hold.house).or_default().push((hold.stay, who));
        }
    }
    let mut chosen = Vec::new();
    for one in candidates {
        let taken = nights.entry(one.reservation.house).or_default();
        let problem = if let Some(who) = seen.get(&one.key) {
            Some((Reason::Duplicates, format!("the same as {who}")))
        } else if entered.contains(&one.reservation.id) {
            Some((Reason::Duplicates, "was imported and deleted since".to_owned()))
        } else {
            let who = taken.iter().find(|(stay, _)| stay.overlaps(one.stay));
            who.map(|(_, who)| (Reason::Overlap, format!("a night is held by {who}")))
        };
        match problem {
            Some((reason, detail)) => refused.push(Refused::new(one.row, reason, detail)),
            None => {
                seen.insert(one.key, Who::Row(one.row));
                taken.push((one.stay, Who::Row(one.row)));
                chosen.push(one);
            }
        }
    }
    chosen
}

/// Enters stays one by one; answers how many.
async fn enter(
    state: &AppState,
    chosen: Vec<Candidate>,
    refused: &mut Vec<Refused>,
) -> Result<usize, Failure> {
    let reservations = state.store.reservations();
    let (total, mut progress, mut imported) = (chosen.len(), Progress::new("stays"), 0);
    for (done, one) in chosen.into_iter().enumerate() {
        progress.set(done, total);
        let (row, id) = (one.row, one.reservation.id);
        // Without facts nothing follows from it.
        let change = Change::new(None, one.reservation, Some(one.guest));
        match reservations.commit(change, state.clock.now()).await {
            Ok(_) => imported += 1,
            // Somebody booked, or imported the same, since the rows were looked at.
            Err(StoreError::NightTaken) => {
                refused.push(Refused::new(row, Reason::Overlap, "a night was sold meanwhile"));
            }
            Err(StoreError::Changed) if reservations.get(id).await?.is_some() => {
                refused.push(Refused::new(row, Reason::Duplicates, "was entered meanwhile"));
            }
            Err(error @ (StoreError::Changed | StoreError::TooLarge)) => {
                refused.push(Refused::new(row, Reason::OtherErrors, error.to_string()));
            }
            Err(error) => {
                return Err(Failure::new(format!(
                    "{error}; {imported} of {total} stays were entered, the same command goes on"
                )));
            }
        }
    }
    progress.finish(total);
    Ok(imported)
}

#[cfg(test)]
pub(super) mod tests;
