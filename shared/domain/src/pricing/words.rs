//! What quotes say in words: messages, recommendations and texts for the chat (contract 04 §4.9; decision 1).

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;

use crate::{
    house::House,
    money::displayed::{shown, shown_exact},
    spanish,
    stay::Stay,
};

use super::{
    late_checkout::{LateQuote, LateRefusal},
    nights::is_weekend,
    protection::Violation,
    quote::{Discount, DiscountKind, Quote},
};

/// Told where services were asked for and the house offers none of them.
pub const SERVICES_WARNING: &str = "Los servicios solicitados no se ofrecen en esta casa.";

/// By which houses are ordered in an answer: the lower-case name without the number at its end, then that number; no
/// number counts as 0 (contract 04 §3.5).
pub fn natural_key(name: &str) -> (String, u128) {
    let text = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let number = &name[text.len()..];
    let number = if number.is_empty() { 0 } else { number.parse().unwrap_or(u128::MAX) };
    (text.to_lowercase(), number)
}

/// Whether a house can be had, and if not, why.
pub fn availability(is_free: bool, violation: Option<&Violation>) -> String {
    match violation {
        _ if !is_free => "La casa ya está reservada en esas fechas.".to_owned(),
        Some(violation) => violation.to_string(),
        None => "La casa está disponible en esas fechas.".to_owned(),
    }
}

/// The message of a whole quote, `available` of `houses` being free.
pub fn quote_message(available: usize, houses: usize) -> String {
    match (available, houses) {
        (0, _) => "No hay casas disponibles en esas fechas.".to_owned(),
        (1, 1) => "La casa está disponible en esas fechas.".to_owned(),
        (1, _) => "Hay 1 casa disponible en esas fechas.".to_owned(),
        _ => format!("Hay {available} casas disponibles en esas fechas."),
    }
}

/// Advice about one house, in the documented order (contract 04 §4.9.3).
pub fn house_recommendations(house: &House, available: bool, quote: &Quote<'_>) -> Vec<String> {
    let mut advice = Vec::new();
    if !available {
        advice.push(
            "Esta casa no está disponible en esas fechas: le sugerimos otras fechas u otra casa.".to_owned(),
        );
    }
    if let Some(capacity) = house.capacity_max.filter(|capacity| i64::from(quote.guests) > *capacity) {
        advice.push(format!("La capacidad máxima de la casa es de {capacity} {}.", persons(capacity)));
    }
    if quote.nights >= 7 {
        advice.push("Estadía larga: pregunte por beneficios a partir de una semana.".to_owned());
    }
    if quote.subtotal_usd >= Decimal::from(500) {
        advice.push("Por el monto de su estadía, pregunte por nuestros códigos de descuento.".to_owned());
    }
    if house.on_temperature_pool_url.as_deref().is_some_and(|address| !address.is_empty()) {
        advice.push("Esta casa tiene piscina temperada: puede agregarla a su reserva.".to_owned());
    }
    advice
}

/// Advice about the whole quote, in the documented order (contract 04 §4.9.4).
pub fn general_recommendations(available: usize, houses: usize, nights: i64, guests: u32) -> Vec<String> {
    let mut advice = Vec::new();
    if available == 0 {
        advice.push("No hay casas disponibles en esas fechas: le sugerimos probar con otras.".to_owned());
    } else if available < houses {
        let (are, free) = if available == 1 { ("Está", "disponible") } else { ("Están", "disponibles") };
        advice.push(format!("{are} {free} {available} de {houses} casas: reserve pronto."));
    }
    if nights >= 14 {
        advice.push("Para estadías de dos semanas o más, consulte por una tarifa especial.".to_owned());
    }
    if guests >= 8 {
        advice.push("Para grupos grandes, revise la capacidad de cada casa.".to_owned());
    }
    advice
}

fn persons(count: i64) -> &'static str {
    if count == 1 { "persona" } else { "personas" }
}

/// The guest's standing by approved reservations (contract 04 §4.9.1).
pub fn membership_level(approved: u64) -> &'static str {
    match approved {
        10.. => "platinum",
        5.. => "gold",
        2.. => "silver",
        _ => "bronze",
    }
}

/// A house in the answer to a quote.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The house's name.
    pub name: &'a str,
    /// Whether it can be had.
    pub available: bool,
    /// Its quote.
    pub quote: &'a Quote<'a>,
}

/// The header for a chat: the dates, the discount of the first available house, and a tip for small groups at a
/// weekend (contract 04 §4.9.6). `answers` are in result order.
pub fn message1(stay: Stay, guests: u32, answers: &[Answer<'_>]) -> String {
    let (from, to) = spanish::full_range(stay.check_in(), stay.check_out());
    let Some(first) = answers.iter().find(|answer| answer.available) else {
        return format!(
            "📅 Disponibilidad del {from} al {to}\n❌ No tenemos casas disponibles en esas fechas."
        );
    };
    let mut message = format!("📅 Del {from} al {to}");
    if let Some(line) = discount_line(&first.quote.discount) {
        message.push_str("\n✨ ");
        message.push_str(&line);
    }
    if guests < 5 && stay.iter().any(is_weekend) {
        message.push_str("\n💡 De domingo a jueves las noches cuestan menos.");
    }
    message
}

/// Numbers as floats are printed: `20.0%`, `$26.63`.
fn discount_line(discount: &Discount) -> Option<String> {
    match discount.kind {
        DiscountKind::None | DiscountKind::Error => None,
        DiscountKind::Automatic => Some(discount.description.clone()),
        DiscountKind::Code => {
            let code = discount.code_used.as_deref().unwrap_or_default();
            Some(if discount.percentage.is_zero() {
                format!("Descuento de ${:?} con el código {code}", shown(discount.amount_usd))
            } else {
                format!("Descuento de {:?}% con el código {code}", shown(discount.percentage))
            })
        }
    }
}

/// One line per available house with its price in both currencies, services excluded; asterisks are bold marks
/// (contract 04 §4.9.7). `answers` are in result order.
pub fn message2(answers: &[Answer<'_>]) -> String {
    let available = answers.iter().filter(|answer| answer.available);
    let lines: Vec<String> = available
        .map(|Answer { name, quote, .. }| {
            let (usd, sol) = (shown_exact(quote.final_usd), shown_exact(quote.final_sol()));
            format!("🏠 {name}: *${usd:.2}* ó *S/.{sol:.2}*")
        })
        .collect();
    if lines.is_empty() {
        return "Le sugerimos consultar por otras fechas; con gusto le ayudamos.".to_owned();
    }
    lines.join("\n")
}

/// The text of a late check-out answer (contract 04 §3.6).
pub fn late_checkout_message(
    house: &str,
    departure: NaiveDate,
    outcome: &Result<LateQuote, LateRefusal>,
) -> String {
    match outcome {
        Ok(quote) => {
            let (date, usd) = (spanish::full_date(departure), shown_exact(quote.price_usd));
            format!("Salida tardía disponible en {house} el {date} por ${usd:.2}.")
        }
        Err(refusal) => refusal.to_string(),
    }
}

/// "Monday" (contract 04 §3.6).
pub fn english_weekday(date: NaiveDate) -> &'static str {
    const NAMES: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    NAMES[date.weekday().num_days_from_monday() as usize]
}
