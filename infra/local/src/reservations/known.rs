//! What the table knows that rows of a sheet refer to: guests by document, houses by name, and the stays there are.

use std::collections::HashMap;

use casa_domain::{Client, ClientId, HouseId, StaffId, client::ClientCard};
use casa_store::Catalogue;
use casa_store::reservations::{Booked, Page, Wish};
use casa_web::AppState;
use chrono::NaiveDate;

use super::sheet::{Column, Row, name};
use super::{cells, import::Reason};
use crate::Failure;

/// Who sells what a program enters, if there is such a user (contract 05 §6).
const SELLER: StaffId = 1;

/// What rows refer to.
#[derive(Debug, Default)]
pub(super) struct Known {
    guests: HashMap<String, Vec<ClientCard>>,
    houses: HashMap<String, Vec<HouseId>>,
    /// The stays that are not deleted.
    pub stays: Vec<Booked>,
    /// The seller of imported stays.
    pub seller: Option<StaffId>,
}

/// The guest, house and dates that a row names.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Named {
    pub guest: ClientCard,
    pub house: HouseId,
    pub check_in: NaiveDate,
    pub check_out: NaiveDate,
    /// Whether a date could also be read the other way round.
    pub ambiguous: bool,
}

/// Tells a stay from another one.
pub(super) type Key = (ClientId, HouseId, NaiveDate, NaiveDate);

impl Known {
    /// Reads everything. For commands only.
    pub(super) async fn read(state: &AppState) -> Result<Self, Failure> {
        let book = state.client_book().await;
        let everybody =
            book.map_err(|_| Failure::new("the table or the bucket failed; the log says how"))?.everybody();
        let guests = state.store.clients().get_many(&everybody).await?;
        let heads = state.store.reservations().heads().await?;
        let all = Wish::default();
        let listed = Box::pin(state.store.reservations().list(&heads, &all, Page::Everything)).await?;
        let seller = heads.staff().user(SELLER).map(|_| SELLER);
        Ok(Self { stays: listed.rows, seller, ..Self::of(&guests, heads.catalogue()) })
    }

    fn of(guests: &[Client], catalogue: &Catalogue) -> Self {
        let houses = catalogue.live().map(|house| (house.id, house.name.clone()));
        Self::with(guests.iter().filter(|guest| !guest.deleted).map(Client::card), houses)
    }

    /// Knows these guests and houses, and no stay.
    pub(super) fn with(
        guests: impl IntoIterator<Item = ClientCard>,
        houses: impl IntoIterator<Item = (HouseId, String)>,
    ) -> Self {
        let mut known = Self::default();
        for guest in guests {
            known.guests.entry(guest.number_doc.trim().to_owned()).or_default().push(guest);
        }
        for (house, named) in houses {
            known.houses.entry(name(&named)).or_default().push(house);
        }
        known
    }

    /// Whom, where and when a row means; else why it means nothing.
    pub(super) fn named(&self, row: &Row, day_first: bool) -> Result<Named, (Reason, &'static str)> {
        let missing = (Reason::MissingData, "house, document, check-in or check-out is blank");
        let house = cells::text(row.cell(Column::House)).ok_or(missing)?;
        let document = cells::document(row.cell(Column::Document)).ok_or(missing)?;
        let dates = [Column::CheckIn, Column::CheckOut].map(|column| row.cell(column));
        if dates.iter().any(|cell| cells::text(cell).is_none()) {
            return Err(missing);
        }
        let house = match self.houses.get(&name(&house)).map(Vec::as_slice) {
            Some([house]) => *house,
            Some([_, ..]) => return Err((Reason::PropertyNotFound, "several houses have this name")),
            _ => return Err((Reason::PropertyNotFound, "no house has this name")),
        };
        let guest = match self.guests.get(&document).map(Vec::as_slice) {
            Some([guest]) => guest.clone(),
            Some([_, ..]) => return Err((Reason::ClientNotFound, "several guests have this document")),
            _ => return Err((Reason::ClientNotFound, "no guest has this document")),
        };
        let [Some((check_in, one)), Some((check_out, other))] =
            dates.map(|cell| cells::date(cell, day_first))
        else {
            return Err((Reason::InvalidDates, "a date cannot be read"));
        };
        Ok(Named { guest, house, check_in, check_out, ambiguous: one || other })
    }
}

impl Named {
    /// What tells it from other stays.
    pub(super) fn key(&self) -> Key {
        (self.guest.id, self.house, self.check_in, self.check_out)
    }
}

/// The keys under which a stay is found again: with late check-out a sheet may have either day of departure.
pub(super) fn keys(stay: &Booked) -> impl Iterator<Item = Key> + use<> {
    let one = &stay.reservation;
    let (client, house, check_in) = (one.client, one.house, one.check_in_date);
    let departures = [Some(one.check_out_date), one.late_check_out_date.filter(|_| one.late_checkout)];
    departures.into_iter().flatten().filter_map(move |check_out| Some((client?, house, check_in, check_out)))
}
