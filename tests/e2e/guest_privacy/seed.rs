//! Two invented guests among those of the set, one of whom has everything a guest can have, under names and numbers that
//! occur nowhere else.

use std::{fs, path::PathBuf};

use casa_tests::replay::Set;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The password of both, and its hash.
pub(crate) const PASSWORD: &str = "Root-A2025";
const HASH: &str = "pbkdf2_sha256$1000$saltroot$0SAhm8E9+/6643HCWQv/112NNjhIXjozfBxhkPoodKI=";

/// The guest who looks around.
pub(crate) const CURIOUS: Person = Person {
    id: "a0000000-0000-4000-8000-00000000000a",
    number: "71000001",
    first_name: "Curioso",
    last_name: "Mirón",
    phone: "51911111111",
    email: "curioso@personal.example",
    code: "CUR001",
};

/// The guest whose data are looked for.
pub(crate) const PRIVATE: Person = Person {
    id: "b0000000-0000-4000-8000-00000000000b",
    number: "73918264",
    first_name: "Zoraida Filomena",
    last_name: "Quispichuco Wamaní",
    phone: "51973310846",
    email: "zoraida.q@reservada.example",
    code: "ZQW741",
};

/// A guest whom the private one referred.
const REFERRED: Person = Person {
    id: "c0000000-0000-4000-8000-00000000000c",
    number: "72000003",
    first_name: "Tiburcio",
    last_name: "Ñaupari",
    phone: "51922222222",
    email: "tiburcio@personal.example",
    code: "TIB001",
};

/// Stays of the private guest: going on, over, to come.
pub(crate) const STAYS: [&str; 3] = [
    "b1111111-0000-4000-8000-00000000000b",
    "b2222222-0000-4000-8000-00000000000b",
    "b3333333-0000-4000-8000-00000000000b",
];
/// The id that one of them has elsewhere.
pub(crate) const ELSEWHERE: &str = "feedc0de-0000-4000-8000-00000000000b";
/// Her account on Facebook; the vendors' stand-in takes `user-<account>` for its token.
pub(crate) const FACEBOOK: &str = "998877665544";

/// Who a guest is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person {
    pub id: &'static str,
    pub number: &'static str,
    pub first_name: &'static str,
    pub last_name: &'static str,
    pub phone: &'static str,
    pub email: &'static str,
    pub code: &'static str,
}

/// What must not be seen, by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Her first given name.
    FirstName,
    /// Her first family name.
    LastName,
    /// Her other names.
    FurtherNames,
    /// Her referral code.
    Code,
    /// Her id.
    Id,
    /// The ids of her stays.
    Stay,
    /// What her stays cost.
    Price,
    /// Everything that nobody else ever sees.
    Secret,
}

/// Texts that occur only in the private guest's data, in lower case.
pub(crate) const TRACES: [(Kind, &str); 21] = [
    (Kind::FirstName, "zoraida"),
    (Kind::LastName, "quispichuco"),
    (Kind::FurtherNames, "filomena"),
    (Kind::FurtherNames, "wamaní"),
    (Kind::Code, "zqw741"),
    (Kind::Id, PRIVATE.id),
    (Kind::Stay, STAYS[0]),
    (Kind::Stay, STAYS[1]),
    (Kind::Stay, STAYS[2]),
    (Kind::Secret, ELSEWHERE),
    (Kind::Secret, "73918264"),
    (Kind::Secret, "973310846"),
    (Kind::Secret, "zoraida.q"),
    (Kind::Secret, "1971-03-29"),
    (Kind::Secret, "944455566"),
    (Kind::Price, "7654.32"),
    (Kind::Secret, "4321.09"),
    (Kind::Secret, "llega con su perro"),
    (Kind::Secret, "prefiere silencio"),
    (Kind::Secret, "puntos de su estadía secreta"),
    (Kind::Secret, "comprobante_de_z"),
];

/// The traces in a text that are not of the kinds that may be there.
pub(crate) fn traces(text: &str, allowed: &[Kind]) -> Vec<&'static str> {
    let text = text.to_lowercase();
    let found = TRACES.iter().filter(|(kind, trace)| !allowed.contains(kind) && text.contains(trace));
    found.map(|(_, trace)| *trace).collect()
}

/// A data set in a folder that goes with it.
#[derive(Debug)]
pub(crate) struct Seed {
    folder: TempDir,
    /// The house in which the private guest is staying now, by id and by its name in addresses.
    pub house: (String, String),
}

impl Seed {
    /// The rows of the set and those of the two guests.
    pub fn new(set: &Set) -> Self {
        let mut rows: Vec<Value> =
            serde_json::from_str(&fs::read_to_string(set.path("dataset.json")).unwrap()).unwrap();
        let house = free_house(set);
        rows.extend(new_rows(set, &house.0));
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("dataset.json"), Value::from(rows).to_string()).unwrap();
        Self { folder, house }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("dataset.json")
    }
}

/// A house that nobody has these days.
fn free_house(set: &Set) -> (String, String) {
    let is_taken = |house: &str| {
        set.rows("reservation.reservation").iter().any(|(_, one)| {
            let date = |name: &str| one[name].as_str().unwrap().to_owned();
            let is_now = date("check_in_date").as_str() < "2025-11-16"
                && date("check_out_date").as_str() > "2025-11-09";
            one["property"] == house && one["deleted"] == false && is_now
        })
    };
    let free =
        set.rows("property.property").iter().find(|(id, one)| one["deleted"] == false && !is_taken(id));
    let (id, fields) = free.expect("a house is free");
    (id.clone(), fields["slug"].as_str().unwrap().to_owned())
}

fn new_rows(set: &Set, house: &str) -> Vec<Value> {
    // What a row says is that of the first one of its kind but for what is named here.
    let row = |model: &str, pk: &str, changes: Value| {
        let mut fields = set.rows(model)[0].1.clone();
        fields.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        json!({"model": model, "pk": pk, "fields": fields})
    };
    let guest = |one: &Person, more: Value| {
        let mut fields = json!({
            "document_type": "dni", "number_doc": one.number, "first_name": one.first_name, "last_name": one.last_name,
            "sex": "f", "email": one.email, "date": "1980-07-07", "tel_number": one.phone, "password": HASH,
            "is_password_set": true, "referral_code": one.code, "referred_by": null, "deleted": false,
            "points_balance": "0.00", "points_expires_at": null,
        });
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row("clients.clients", one.id, fields)
    };
    let private = json!({
        "date": "1971-03-29", "comentarios_clientes": "Prefiere silencio", "points_balance": "4321.09",
        "points_expires_at": "2027-01-01T05:00:00Z", "facebook_id": FACEBOOK, "facebook_linked": true,
        "facebook_profile_data": {"id": FACEBOOK, "name": "Perfil Z"}, "facebook_linked_at": "2025-05-05T05:00:00Z",
    });
    let stay = |id: &str, from: &str, to: &str, more: Value| {
        let mut fields = json!({
            "client": PRIVATE.id, "property": house, "check_in_date": from, "check_out_date": to, "status": "approved",
            "origin": "client", "deleted": false, "price_sol": "7654.32", "advance_payment": "7654.32",
            "tel_contact_number": "51944455566", "comentarios_reservas": "Llega con su perro", "uuid_external": null,
        });
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row("reservation.reservation", id, fields)
    };
    let level = &set.rows("clients.achievement").iter().find(|(_, one)| one["deleted"] == false).unwrap().0;
    let ranking = |id: &str, month: u32| {
        let month =
            json!({"client": PRIVATE.id, "year": 2025, "month": month, "position": 9, "deleted": false});
        row("clients.referralranking", id, month)
    };
    vec![
        guest(&CURIOUS, json!({})),
        guest(&PRIVATE, private),
        guest(&REFERRED, json!({"referred_by": PRIVATE.id})),
        stay(STAYS[0], "2025-11-10", "2025-11-15", json!({"uuid_external": ELSEWHERE})),
        stay(STAYS[1], "2024-05-10", "2024-05-12", json!({})),
        stay(STAYS[2], "2027-03-01", "2027-03-04", json!({})),
        // What puts her into the ranking of the month that is running.
        stay(
            "c1111111-0000-4000-8000-00000000000c",
            "2027-06-01",
            "2027-06-04",
            json!({"client": REFERRED.id, "created": "2025-11-05T15:00:00Z", "price_sol": "900.00"}),
        ),
        row(
            "reservation.rentalreceipt",
            "b4444444-0000-4000-8000-00000000000b",
            json!({
                "reservation": STAYS[0], "deleted": false, "file": format!("rental_recipt/{}/comprobante_de_z.png", STAYS[0]),
            }),
        ),
        row(
            "clients.clientpoints",
            "b5555555-0000-4000-8000-00000000000b",
            json!({
                "client": PRIVATE.id, "reservation": STAYS[1], "transaction_type": "earned", "points": "4321.09",
                "description": "Puntos de su estadía secreta", "deleted": false,
            }),
        ),
        row(
            "clients.searchtracking",
            "b6666666-0000-4000-8000-00000000000b",
            json!({
                "client": PRIVATE.id, "property": house, "check_in_date": "2027-03-01", "check_out_date": "2027-03-04",
                "deleted": false,
            }),
        ),
        row(
            "clients.clientachievement",
            "b7777777-0000-4000-8000-00000000000b",
            json!({
                "client": PRIVATE.id, "achievement": level, "deleted": false,
            }),
        ),
        ranking("b8888888-0000-4000-8000-00000000000b", 10),
        ranking("b9999999-0000-4000-8000-00000000000b", 11),
    ]
}
