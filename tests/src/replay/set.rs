//! The set of recordings: its data, its files and who signs in.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{Recording, parse, read, text};
use crate::{Casa, Options, document::Operation};

/// A folder with recordings, the files they upload and the users who sign in.
#[derive(Clone, Debug)]
pub struct Set {
    folder: PathBuf,
    pub(super) users: Value,
    /// The data set by model.
    rows: HashMap<String, Vec<(String, Value)>>,
}

impl Set {
    /// The set in a folder.
    ///
    /// # Panics
    /// When its `users.json` or `dataset.json` cannot be read.
    pub fn open(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        let users = parse(&read(&folder.join("users.json")));
        let mut rows: HashMap<String, Vec<(String, Value)>> = HashMap::new();
        for row in parse(&read(&folder.join("dataset.json"))).as_array_mut().into_iter().flatten() {
            rows.entry(text(&row["model"])).or_default().push((text(&row["pk"]), row["fields"].take()));
        }
        Self { folder, users, rows }
    }

    /// The compact set that comes with these tests.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn compact() -> Self {
        Self::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/golden-compact"))
    }

    /// A server with the set's data, its clock stopped at the instant of the recordings.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn start(&self) -> Casa {
        let path = |name: &str| self.path(name).to_string_lossy().into_owned();
        let (data, media) = (path("dataset.json"), path("media"));
        let arguments = ["--memory", "--import", &data, "--media", &media, "--clock", self.clock()]
            .map(str::to_owned)
            .to_vec();
        Casa::start(&Options { arguments, ..Options::default() })
    }

    /// E-mail address and password of a member of staff.
    ///
    /// # Panics
    /// When there is none of that name.
    pub fn staff(&self, name: &str) -> (&str, &str) {
        let user = &self.users["staff"][name];
        match (user["email"].as_str(), user["password"].as_str()) {
            (Some(email), Some(password)) => (email, password),
            _ => panic!("nobody is called {name}"),
        }
    }

    /// Document number (a `dni`) and password of a guest who can sign in and has reservations.
    ///
    /// # Panics
    /// When there is none.
    pub fn guest(&self) -> (&str, &str) {
        let guests = self.users["clients"].as_object();
        // Those of stories register first.
        let known = guests.into_iter().flatten().filter(|(_, guest)| guest["story"] != true);
        let mut with_stays = known.filter(|(number, _)| {
            let id = &self.guest_row(number).0;
            self.rows("reservation.reservation").iter().any(|(_, one)| is_stay_of(one, id))
        });
        match with_stays.next().map(|(number, guest)| (number.as_str(), guest["password"].as_str())) {
            Some((number, Some(password))) => (number, password),
            _ => panic!("no guest can sign in"),
        }
    }

    /// Id and fields of the guest with a document.
    ///
    /// # Panics
    /// When there is none.
    pub fn guest_row(&self, number: &str) -> &(String, Value) {
        let found = self.rows("clients.clients").iter().find(|(_, one)| one["number_doc"] == number);
        found.unwrap_or_else(|| panic!("nobody has the document {number}"))
    }

    /// The first live reservation of a guest.
    ///
    /// # Panics
    /// When there is none.
    pub fn reservation_of(&self, guest: &str) -> String {
        let found = self.rows("reservation.reservation").iter().find(|(_, one)| is_stay_of(one, guest));
        found.map_or_else(|| panic!("{guest} has no reservation"), |(id, _)| id.clone())
    }

    /// The rows of a model with their ids, in the order of the data set.
    pub fn rows(&self, model: &str) -> &[(String, Value)] {
        self.rows.get(model).map_or(&[], Vec::as_slice)
    }

    /// The path of an operation with its parameters naming a row that exists (a reservation of `vendedor1` that has not
    /// begun). New kinds of paths get an id that nothing has.
    pub fn existing(&self, operation: &Operation) -> String {
        let first = |model: &str| self.rows(model).first().map(|(id, _)| id.clone()).unwrap_or_default();
        let path = operation.path.strip_prefix("/api/v1/").unwrap_or_default();
        let value = match path.split('/').next().unwrap_or_default() {
            "reservations" | "vistacalendario" => self.reservation(),
            "photos" => first("property.propertyphoto"),
            "profit" => first("property.profitpropertyairbnb"),
            "recipt" | "delete-recipe" => first("reservation.rentalreceipt"),
            "property" if path.contains("automaticdiscount") => first("property.automaticdiscount"),
            "admin" => first("property.property"),
            "property" => text(&self.rows("property.property")[0].1["slug"]),
            "properties" => "1".to_owned(),
            "bot" => text(&self.rows("clients.clients")[0].1["number_doc"]),
            "qr" | "confirm" => self.reservation(),
            "payment" => self.reservation_of(&self.guest_row(self.guest().0).0),
            "clients" if path.contains("by-referral-code") => {
                text(&self.guest_row(self.guest().0).1["referral_code"])
            }
            "clients" if path.contains("reservations") || path.contains("voucher") => {
                self.reservation_of(&self.guest_row(self.guest().0).0)
            }
            "clients" => self.guest_row(self.guest().0).0.clone(),
            _ => NOBODY.to_owned(),
        };
        operation.path_with(&value)
    }

    /// A live reservation of `vendedor1` that has not begun, approved, not Airbnb's.
    ///
    /// # Panics
    /// When there is none.
    pub fn reservation(&self) -> String {
        let today = &self.clock()[..10];
        let seller =
            self.rows("accounts.customuser").iter().find(|(_, user)| user["username"] == "vendedor1");
        let Some((seller, _)) = seller else { panic!("no vendedor1") };
        let suits = |one: &Value| {
            let check_in = one["check_in_date"].as_str().unwrap_or_default();
            one["deleted"] == false
                && one["origin"] == "aus"
                && one["status"] == "approved"
                && text(&one["seller"]) == *seller
                && one["late_checkout"] == false
                && check_in > today
        };
        let found = self.rows("reservation.reservation").iter().find(|(_, one)| suits(one));
        found.map_or_else(|| panic!("no such reservation"), |(id, _)| id.clone())
    }

    /// What an operation must be asked beside its path to answer 200; empty, or a query with its `?`.
    pub fn question(&self, operation: &Operation) -> String {
        let Some((house, fields)) = self.rows("property.property").first() else { return String::new() };
        match operation.path.rsplit('/').nth(1).unwrap_or_default() {
            "calendar-occupancy" => "?year=2025".to_owned(),
            "calculate-pricing" | "calculate-pricing-erp" => {
                "?check_in_date=2026-01-05&check_out_date=2026-01-08".to_owned()
            }
            "calculate-late-checkout" => format!("?property_id={house}&checkout_date=2026-01-05"),
            "get-ics" => format!("?q={}", text(&fields["slug"])),
            "homeassistant" => format!("?property_uuid={house}"),
            _ => String::new(),
        }
    }

    /// Confirms the purchase that [`Self::existing`] names for `confirm/{uuid}/`: whoever confirms it again changes nothing.
    ///
    /// # Panics
    /// When the server does not take it.
    pub async fn confirm(&self, casa: &Casa) {
        let http = reqwest::Client::new();
        let confirm = casa.url(&format!("confirm/{}/", self.reservation()));
        // What it sets off is over as well.
        for address in [confirm, format!("{}/_casa/settle", casa.base)] {
            let answer = http.post(&address).send().await.map(|answer| answer.status().as_u16());
            assert!(answer.as_ref().is_ok_and(|status| *status == 200), "{address}: {answer:?}");
        }
    }

    /// The path of a file of the set.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The instant at which the recordings were made.
    pub fn clock(&self) -> &str {
        self.users["clock"].as_str().unwrap_or_default()
    }

    /// The recordings of a file, in order.
    ///
    /// # Panics
    /// When it cannot be read or has none.
    pub fn recordings(&self, file: &str) -> Vec<Recording> {
        let text = read(&self.path(file));
        let recordings: Vec<_> =
            text.lines().filter(|line| !line.trim().is_empty()).map(|line| Recording(parse(line))).collect();
        assert!(!recordings.is_empty(), "{file} has no recordings");
        recordings
    }
}

fn is_stay_of(reservation: &Value, guest: &str) -> bool {
    reservation["deleted"] == false && reservation["client"] == guest
}

/// An id that no row has.
pub const NOBODY: &str = "00000000-0000-4000-8000-000000000000";
