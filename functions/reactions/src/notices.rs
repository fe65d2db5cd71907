//! Telegram notices about reservations (contract 05 §5.1), by transition rather than on every save.

use casa_domain::{
    event::What,
    money::fixed2,
    reservation::{Currency, Origin},
    spanish::{long_date, month_name},
};
use casa_gateways::Chat;
use chrono::{Datelike, NaiveDate};

use crate::stays::Told;

/// A notice to send.
pub(crate) struct Notice {
    /// Names the effect, once per fact.
    pub effect: &'static str,
    /// Where to.
    pub chat: Chat,
    /// What.
    pub text: String,
}

/// The notices that a fact causes.
pub(crate) fn notices(told: &Told<'_>) -> Vec<Notice> {
    match told.event.what {
        What::ReservationCreated { .. } => created(told),
        _ => Vec::new(),
    }
}

fn created(told: &Told<'_>) -> Vec<Notice> {
    let mut notices = vec![match told.reservation.origin {
        Origin::Client => {
            Notice { effect: "telegram-web", chat: Chat::Clients, text: booked_on_the_site(told) }
        }
        _ => Notice { effect: "telegram-main", chat: Chat::Main, text: entered_by_staff(told) },
    }];
    if told.reservation.check_in_date == told.clock.local_date(told.event.at) {
        notices.push(Notice { effect: "telegram-today", chat: Chat::Arrivals, text: arrives_today(told) });
    }
    notices.push(Notice { effect: "telegram-operations", chat: Chat::Operations, text: operations(told) });
    notices
}

/// The guest's name.
pub(crate) fn guest(told: &Told<'_>) -> String {
    told.client.map(|client| client.card().full_name()).unwrap_or_else(|| "Sin cliente".to_owned())
}

/// The house's name.
pub(crate) fn house<'a>(told: &'a Told<'_>) -> &'a str {
    told.house.map(|house| house.name.as_str()).unwrap_or("Casa desconocida")
}

/// The guest's telephone number as entered, without a plus sign.
pub(crate) fn phone(told: &Told<'_>) -> String {
    let own = told.client.map(|client| client.tel_number.as_str()).filter(|phone| !phone.is_empty());
    let phone = own.or(told.reservation.tel_contact_number.as_deref()).unwrap_or_default();
    phone.trim().trim_start_matches('+').to_owned()
}

fn pool(told: &Told<'_>) -> &'static str {
    if told.reservation.temperature_pool { "Sí" } else { "No" }
}

/// Arrival and departure, a line each.
pub(crate) fn stay(told: &Told<'_>) -> String {
    let one = told.reservation;
    format!("Entrada: {}\nSalida: {}", long_date(one.check_in_date), long_date(one.check_out_date))
}

fn money(told: &Told<'_>) -> String {
    let one = told.reservation;
    let currency = match one.advance_payment_currency {
        Currency::Sol => "soles",
        Currency::Usd => "dólares",
    };
    format!(
        "Precio: $ {} / S/ {}\nAdelanto: {} {currency}",
        fixed2(one.price_usd.unwrap_or_default()),
        fixed2(one.price_sol.unwrap_or_default()),
        fixed2(one.advance_payment.unwrap_or_default())
    )
}

fn entered_by_staff(told: &Told<'_>) -> String {
    let banner = match told.reservation.origin {
        Origin::Airbnb => "🏡 Reserva de Airbnb",
        Origin::Maintenance => "🛠 Mantenimiento",
        Origin::Staff | Origin::Client => "🏡 Reserva de Casa Austin",
    };
    format!(
        "{banner}\nCasa: {}\nCliente: {}\n{}\nHuéspedes: {}\nPiscina temperada: {}\n{}\nTeléfono: +{}",
        house(told),
        guest(told),
        stay(told),
        told.reservation.guests,
        pool(told),
        money(told),
        phone(told)
    )
}

fn booked_on_the_site(told: &Told<'_>) -> String {
    format!(
        "💻 Reserva desde la web\nCliente: {}\nCasa: {}\n{}\nHuéspedes: {}\nPiscina temperada: {}\nTotal: S/ {}\nTeléfono: +{}",
        guest(told),
        house(told),
        stay(told),
        told.reservation.guests,
        pool(told),
        fixed2(told.reservation.price_sol.unwrap_or_default()),
        phone(told)
    )
}

fn arrives_today(told: &Told<'_>) -> String {
    format!(
        "📣 Reserva para hoy en {}\nCliente: {}\n{}\nHuéspedes: {}\nPiscina temperada: {}",
        house(told),
        guest(told),
        stay(told),
        told.reservation.guests,
        pool(told)
    )
}

fn operations(told: &Told<'_>) -> String {
    let today = told.clock.local_date(told.event.at);
    let birthday = told.client.and_then(|client| client.date).map_or_else(
        || "Cumpleaños: sin fecha".to_owned(),
        |born| {
            format!(
                "Cumpleaños: {} de {} (cumple {})",
                born.day(),
                month_name(born.month()),
                age_at_next_birthday(born, today)
            )
        },
    );
    let digits: String = phone(told).chars().filter(char::is_ascii_digit).collect();
    format!(
        "🗓 Nueva reserva en {}\nCliente: {}\n{birthday}\n{}\nHuéspedes: {}\nPiscina temperada: {}\nWhatsApp: https://wa.me/{digits}",
        house(told),
        guest(told),
        stay(told),
        told.reservation.guests,
        pool(told)
    )
}

/// The age reached on the next birthday; today's counts. Born on 29 February means 28 February in other years.
fn age_at_next_birthday(born: NaiveDate, today: NaiveDate) -> i32 {
    let birthday = |year: i32| {
        NaiveDate::from_ymd_opt(year, born.month(), born.day())
            .or_else(|| NaiveDate::from_ymd_opt(year, 2, 28))
    };
    let this_year = today.year() - born.year();
    match birthday(today.year()) {
        Some(day) if day < today => this_year + 1,
        _ => this_year,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn birthdays() {
        let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
        assert_eq!(age_at_next_birthday(day(1990, 11, 12), day(2025, 11, 12)), 35);
        assert_eq!(age_at_next_birthday(day(1990, 11, 11), day(2025, 11, 12)), 36);
        assert_eq!(age_at_next_birthday(day(1992, 2, 29), day(2025, 2, 28)), 33);
        assert_eq!(age_at_next_birthday(day(1992, 2, 29), day(2025, 3, 1)), 34);
    }
}
