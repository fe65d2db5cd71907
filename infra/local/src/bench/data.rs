//! Invented exports in the format of the original's `dumpdata`. Nothing in them is random, so that figures can be
//! compared between runs.

use chrono::{Days, NaiveDate};
use serde_json::{Map, Value, json};

use crate::Failure;

/// A member of staff who may see and sell everything.
pub(super) const EMAIL: &str = "medir@personal.example";
/// Their password.
pub(super) const PASSWORD: &str = "Medir-2025";
/// The guest who asks: has stayed, and holds levels.
pub(super) const GUEST: usize = 7;
/// A code that is valid everywhere.
pub(super) const CODE: &str = "MEDIR10";
/// When quotes are asked for.
pub(super) const CLOCK: &str = "2026-03-02T10:00:00-05:00";

/// Guests.
pub(super) const GUESTS: usize = 200;
/// Lengths of the stays of a house in turn, and the free nights after each: 22 of 31 nights are held.
const STAYS: [u64; 8] = [2, 3, 1, 4, 2, 3, 5, 2];
const GAPS: [u64; 8] = [1, 2, 0, 1, 2, 1, 1, 1];
/// Nights with stays, where that is not too many reservations.
const NIGHTS: u64 = 730;
/// Most reservations, so that the import takes less than a minute in a release build.
const RESERVATIONS: u64 = 12_000;
/// Special dates: month, day, least nights, what.
const SPECIAL: [(u32, u32, u32, &str); 5] = [
    (2, 14, 1, "San Valentín"),
    (5, 1, 2, "Día del Trabajo"),
    (7, 28, 3, "Fiestas Patrias"),
    (12, 24, 1, "Nochebuena"),
    (12, 31, 3, "Año Nuevo"),
];

/// The id of an invented row.
pub(super) fn id(kind: usize, number: usize) -> String {
    format!("00000000-0000-4000-8{kind:03}-{number:012}")
}

/// The id of a house.
pub(super) fn house(number: usize) -> String {
    id(1, number)
}

/// The id of a guest.
pub(super) fn guest(number: usize) -> String {
    id(2, number)
}

/// The id of the player in the house of [`stay_with_music`].
pub(super) const PLAYER: &str = "bench-player";

/// A house with a player, and the first guest in it at [`CLOCK`].
pub(super) fn stay_with_music() -> Result<Vec<Value>, Failure> {
    let mut export = Export::default();
    export.people()?;
    export.house_with_prices(0);
    for row in export.0.iter_mut().filter(|row| row["model"] == "property.property") {
        row["fields"]["player_id"] = json!(PLAYER);
    }
    let today = today();
    export.reservation(0, house(0), (today - Days::new(1), today + Days::new(2)), "approved");
    Ok(export.0)
}

/// Rows that grow.
#[derive(Default)]
struct Export(Vec<Value>);

impl Export {
    fn add(&mut self, model: &str, pk: impl Into<Value>, fields: Value) {
        let stamp = json!("2015-01-01T10:00:00Z");
        let mut all = Map::from_iter([
            ("created".to_owned(), stamp.clone()),
            ("updated".to_owned(), stamp),
            ("deleted".to_owned(), json!(false)),
        ]);
        if let Value::Object(fields) = fields {
            all.extend(fields);
        }
        self.0.push(json!({ "model": model, "pk": pk.into(), "fields": all }));
    }

    fn people(&mut self) -> Result<(), Failure> {
        let password =
            casa_domain::password::hash(PASSWORD).map_err(|error| Failure::new(error.to_string()))?;
        let user = json!({
            "email": EMAIL, "username": EMAIL, "is_active": true, "groups": [1], "password": password,
        });
        self.add("auth.group", 1, json!({ "name": "admin" }));
        self.add("accounts.customuser", 1, user);
        for number in 0..GUESTS {
            let fields = json!({
                "document_type": "dni", "number_doc": format!("{number:08}"), "last_name": "Apellido Sintético",
                "first_name": format!("Nombre{number}"), "email": format!("persona{number}@correo.example"),
                "tel_number": "900", "date": format!("19{:02}-{:02}-11", 60 + number % 40, 1 + number % 12),
            });
            self.add("clients.clients", guest(number), fields);
        }
        Ok(())
    }

    fn reservation(&mut self, number: usize, house: String, nights: (NaiveDate, NaiveDate), status: &str) {
        let fields = json!({
            "client": guest(number % GUESTS), "property": house, "seller": null, "guests": 4,
            "check_in_date": nights.0, "check_out_date": nights.1, "origin": "aus", "price_usd": "250.00",
            "price_sol": "950.00", "advance_payment": "500.00", "status": status,
            "tel_contact_number": "51900000000", "comentarios_reservas": "Llegan después del almuerzo",
        });
        self.add("reservation.reservation", id(3, number), fields);
    }

    /// The original's names: with them the second and the fourth house may swap guests, so that searches try moves.
    fn house_with_prices(&mut self, number: usize) {
        let (name, slug) = (format!("Casa Austin {}", number + 1), format!("casa-austin-{}", number + 1));
        let fields = json!({
            "name": name, "slug": slug, "location": "Lima", "capacity_max": 10, "background_color": "#336699",
            "titulo": format!("Título de {name}"), "descripcion": format!("{name} con piscina y parrilla."),
            "dormitorios": 4, "banos": 3, "hora_ingreso": "15:00:00", "hora_salida": "11:00:00",
            "precio_extra_persona": "5.00", "precio_desde": "95.00",
            "caracteristicas": ["Wifi", "Piscina", "Jardín", "Parrilla", "Terraza"],
        });
        self.add("property.property", house(number), fields);
        let tens = number % 10;
        let rates = json!({
            "property": house(number), "weekday_low_season_usd": format!("9{tens}.50"),
            "weekend_low_season_usd": format!("13{tens}.00"), "weekday_high_season_usd": format!("11{tens}.25"),
            "weekend_high_season_usd": format!("19{tens}.90"),
        });
        self.add("property.propertypricing", id(4, number), rates);
        for (at, (month, day, nights, what)) in SPECIAL.into_iter().enumerate() {
            let fields = json!({
                "property": house(number), "month": month, "day": day, "description": what,
                "price_usd": format!("2{tens}0.00"), "minimum_consecutive_nights": nights, "is_active": true,
            });
            self.add("property.specialdatepricing", id(5, number * SPECIAL.len() + at), fields);
        }
    }

    fn price_tables(&mut self, houses: usize) {
        self.add("property.exchangerate", id(6, 0), json!({ "usd_to_sol": "3.745", "is_active": true }));
        for (at, (name, from, to)) in
            [("Verano", (12, 15), (3, 15)), ("Fiestas Patrias", (7, 20), (8, 5))].into_iter().enumerate()
        {
            let fields = json!({
                "name": name, "season_type": "high", "start_month": from.0, "start_day": from.1,
                "end_month": to.0, "end_day": to.1, "is_active": true,
            });
            self.add("property.seasonpricing", id(7, at), fields);
        }
        let services =
            [("Piscina temperada", true, false), ("Limpieza", false, false), ("Desayuno", true, true)];
        for (at, (name, per_night, per_person)) in services.into_iter().enumerate() {
            let fields = json!({
                "name": name, "description": name, "price_usd": "18.50", "service_type": "optional",
                "is_per_night": per_night, "is_per_person": per_person, "is_active": true, "properties": [],
            });
            self.add("property.additionalservice", id(8, at), fields);
        }
        for (at, trigger) in
            ["birthday", "returning", "first_time", "loyalty", "last_minute", "global_promotion"]
                .into_iter()
                .enumerate()
        {
            let fields = json!({
                "name": format!("Regla {trigger}"), "trigger": trigger, "discount_percentage": "5.00",
                "max_discount_usd": "40.00", "restrict_weekends": at == 5, "is_active": true,
                "required_achievements": if at == 3 { vec![id(9, 1)] } else { Vec::new() },
            });
            self.add("property.automaticdiscount", id(10, at), fields);
        }
        for weekday in 0..7 {
            let fields = json!({
                "name": format!("Salida día {weekday}"), "weekday": weekday, "allows_late_checkout": weekday < 5,
                "discount_type": "percentage", "discount_value": "30.00", "is_active": true,
            });
            self.add("property.latecheckoutconfig", id(11, weekday), fields);
        }
        for (at, (days, refund)) in [(7, "80.00"), (30, "10.00")].into_iter().enumerate() {
            let fields = json!({
                "name": format!("Política {days}"), "description": "", "days_before_checkin": days,
                "refund_percentage": refund, "is_default": at == 0, "is_active": true, "properties": [],
            });
            self.add("property.cancellationpolicy", id(14, at), fields);
        }
        let code = json!({
            "code": CODE, "description": "Para medir", "discount_type": "percentage", "discount_value": "10.00",
            "start_date": "2026-01-01", "end_date": "2027-12-31", "usage_limit": null, "used_count": 0,
            "is_active": true, "properties": (0..houses).map(house).collect::<Vec<_>>(),
        });
        self.add("property.discountcode", id(12, 0), code);
    }

    fn levels(&mut self) {
        for level in 0..4 {
            let fields = json!({
                "name": format!("Nivel {level}"), "description": "", "icon": "🌱", "is_active": true,
                "required_reservations": level * 3, "required_referrals": 0,
                "required_referral_reservations": 0, "order": level,
            });
            self.add("clients.achievement", id(9, level), fields);
        }
        for level in 0..2 {
            let fields = json!({
                "client": guest(GUEST), "achievement": id(9, level), "earned_at": "2025-01-01T10:00:00Z",
            });
            self.add("clients.clientachievement", id(13, level), fields);
        }
    }
}

/// So many reservations of one night over six houses and the years they need; every third is cancelled.
pub(super) fn long_list(reservations: usize) -> Result<Vec<Value>, Failure> {
    let mut export = Export::default();
    export.people()?;
    for number in 0..6 {
        let fields = json!({ "name": format!("Casa {number}"), "slug": format!("casa-{number}") });
        export.add("property.property", house(number), fields);
    }
    let first = NaiveDate::from_ymd_opt(2016, 1, 1).unwrap_or_default();
    for (number, turn) in (0..reservations).zip((0_u64..).flat_map(|turn| [turn; 6])) {
        let check_in = first + Days::new(turn + turn / 3);
        let status = if number % 3 == 2 { "cancelled" } else { "approved" };
        export.reservation(number, house(number % 6), (check_in, check_in + Days::new(1)), status);
    }
    Ok(export.0)
}

/// Houses with prices and stays.
pub(super) struct Priced {
    /// The export.
    pub rows: Vec<Value>,
    /// Reservations in it.
    pub reservations: usize,
    /// Nights of each house, from the day of [`CLOCK`] on, that the stays spread over.
    pub nights: u64,
    /// Whether these are fewer than two years.
    pub reduced: bool,
    /// Two nights that are free in the first house.
    pub free: (NaiveDate, NaiveDate),
}

/// The day of [`CLOCK`].
fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 2).unwrap_or_default()
}

/// So many houses with prices, seven of ten nights sold.
pub(super) fn priced_houses(houses: u16) -> Result<Priced, Failure> {
    let cycle: u64 = STAYS.iter().chain(&GAPS).sum();
    let nights = NIGHTS.min(RESERVATIONS * cycle / (u64::from(houses.max(1)) * 8));
    let houses = usize::from(houses);
    let mut export = Export::default();
    export.people()?;
    export.price_tables(houses);
    export.levels();
    let (mut reservations, mut free) = (0, None);
    for number in 0..houses {
        export.house_with_prices(number);
        // Each house is at another place of the turn.
        let turn = STAYS.iter().zip(GAPS).cycle().skip(number % STAYS.len());
        let mut night = 0;
        for (stay, gap) in turn {
            if night + stay > nights {
                break;
            }
            let (check_in, check_out) = (today() + Days::new(night), today() + Days::new(night + stay));
            export.reservation(reservations, house(number), (check_in, check_out), "approved");
            reservations += 1;
            if free.is_none() && gap == 2 && night > 7 {
                free = Some((check_out, check_out + Days::new(2)));
            }
            night += stay + gap;
        }
    }
    let free = free.unwrap_or_else(|| (today() + Days::new(nights), today() + Days::new(nights + 2)));
    Ok(Priced { rows: export.0, reservations, nights, reduced: nights < NIGHTS, free })
}

/// Given and family names that guests of [`guest_book`] have in turn.
const GIVEN: [&str; 16] = [
    "María",
    "José",
    "Ana Lucía",
    "Carlos",
    "Rosa",
    "Luis Alberto",
    "Carmen",
    "Jorge",
    "Marisol",
    "Víctor",
    "Julia",
    "Manuel",
    "Elena",
    "Pedro",
    "Marta",
    "Ñusta",
];
const FAMILY: [&str; 17] = [
    "Quispe", "Rojas", "Huamán", "Flores", "Mamani", "Sánchez", "García", "Torres", "Vásquez", "Chávez",
    "Marín", "Castillo", "Ramos", "Peña", "Salazar", "Núñez", "Quiroz",
];

/// A member of staff and so many guests, of whom a tenth have points and one holds levels.
pub(super) fn guest_book(guests: usize) -> Result<Vec<Value>, Failure> {
    let password = casa_domain::password::hash(PASSWORD).map_err(|error| Failure::new(error.to_string()))?;
    let user = json!({
        "email": EMAIL, "username": EMAIL, "is_active": true, "groups": [1], "password": password,
    });
    let mut export = Export::default();
    export.add("auth.group", 1, json!({ "name": "admin" }));
    export.add("accounts.customuser", 1, user);
    export.levels();
    for number in 0..guests {
        // 7919 shares no factor with the lists' lengths or with the numbers of documents.
        let (document, phone) = (number * 7919 % 100_000_000, number * 7919 % 10_000_000);
        let fields = json!({
            "document_type": "dni", "number_doc": format!("{document:08}"), "first_name": GIVEN[number % 16],
            "last_name": format!("{} {}", FAMILY[number % 17], FAMILY[number / 17 % 17]), "sex": "f",
            "email": format!("persona{number}@correo.example"), "tel_number": format!("5190{phone:07}"),
            "date": format!("19{:02}-{:02}-{:02}", 50 + number % 50, 1 + number % 12, 1 + number % 28),
            "points_balance": if number % 10 == 0 { format!("{}.50", number % 900) } else { "0.00".to_owned() },
            "points_expires_at": (number % 10 == 0).then_some("2031-01-01T05:00:00Z"),
            "referral_code": format!("{number:X}"),
        });
        export.add("clients.clients", guest(number), fields);
    }
    Ok(export.0)
}

/// Questions about many different stays within `nights` from the day of [`CLOCK`] on.
pub(super) fn questions(nights: u64) -> Vec<String> {
    let span = nights.saturating_sub(12).clamp(1, 365);
    let question = |number: u64| {
        // 37 shares no factor with the usual spans, so that neighbours in the list are far apart in the year.
        let check_in = today() + Days::new(2 + number * 37 % span);
        let check_out = check_in + Days::new(1 + number % 5);
        let guests = 1 + number % 8;
        format!("check_in_date={check_in}&check_out_date={check_out}&guests={guests}")
    };
    (0..365).map(question).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn about_seven_of_ten_nights_are_held() {
        let small = priced_houses(6).expect("export");
        assert!(!small.reduced);
        let held = small.rows.iter().filter(|row| row["model"] == "reservation.reservation");
        let day = |row: &Value, name: &str| row["fields"][name].as_str()?.parse::<NaiveDate>().ok();
        let held: i64 = held
            .filter_map(|row| Some((day(row, "check_out_date")? - day(row, "check_in_date")?).num_days()))
            .sum();
        assert!((65..75).contains(&(held * 100 / (6 * 730))), "{held}");
        let large = priced_houses(600).expect("export");
        assert!(large.reduced && large.reservations <= 12_600, "{}", large.reservations);
        assert!(large.nights > 60 && large.free.0 < today() + Days::new(large.nights));
    }

    #[test]
    fn questions_stay_within_the_nights() {
        let until = today() + Days::new(77);
        for question in questions(77) {
            let check_out = question.split('&').nth(1).and_then(|part| part.split_once('='));
            let check_out: NaiveDate = check_out.expect("date").1.parse().expect("date");
            assert!(check_out <= until, "{question}");
        }
    }
}
