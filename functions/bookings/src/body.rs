//! What a guest sends to book (contract 03 §3.11). Every other key is ignored.

use casa_domain::{HouseId, StaffId, reservation::Currency};
use casa_web::{ApiResult, Form};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::refusal::of_fields;

/// Digits of totals, two of them behind the point.
const TOTAL: u32 = 20;
/// Digits of points and extras.
const EXTRA: u32 = 10;
/// Most guests a booking may name.
const MOST_GUESTS: i64 = 1000;

/// A booking as the guest asks for it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Asked {
    pub house: HouseId,
    pub check_in: NaiveDate,
    pub check_out: NaiveDate,
    pub guests: u32,
    pub pool: bool,
    pub phone: Option<String>,
    pub notes: Option<String>,
    /// Dollars, as the site shows them.
    pub price_usd: Option<Decimal>,
    /// Soles, as the site shows them.
    pub price_sol: Option<Decimal>,
    pub price_late: Option<Decimal>,
    pub currency: Currency,
    pub seller: Option<StaffId>,
    pub points: Decimal,
    pub code: Option<String>,
}

/// A booking.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code)] // describes the body, which is read field by field
pub(crate) struct BookingNew {
    /// The house.
    property: Uuid,
    /// `YYYY-MM-DD`, today or later.
    check_in_date: String,
    /// `YYYY-MM-DD`.
    check_out_date: String,
    /// 1 to 1000; 1 when left out.
    guests: Option<u32>,
    /// Heated pool, at the price of the service.
    temperature_pool: Option<bool>,
    /// Up to 255 characters.
    tel_contact_number: Option<String>,
    /// Notes for the staff.
    comentarios_reservas: Option<String>,
    /// Dollars as quoted; may be left out.
    price_usd: Option<String>,
    /// Soles as quoted; may be left out.
    price_sol: Option<String>,
    /// Only nothing: late check-out is bought afterwards.
    price_latecheckout: Option<String>,
    /// `sol` or `usd`.
    advance_payment_currency: Option<String>,
    /// The member of staff who sold it; the house's own when left out.
    seller: Option<i64>,
    /// Points to pay with, one sol each.
    points_to_redeem: Option<String>,
    /// A discount code, in any case.
    discount_code: Option<String>,
}

impl Asked {
    /// Reads a body.
    ///
    /// # Errors
    /// 400 with every field that is wrong.
    pub(crate) fn read(form: &Form) -> ApiResult<Self> {
        let mut checked = form.check();
        let house = checked.id("property");
        let house = checked.required("property", house);
        let check_in = checked.date("check_in_date");
        let check_in = checked.required("check_in_date", check_in);
        let check_out = checked.date("check_out_date");
        let check_out = checked.required("check_out_date", check_out);
        let guests = checked.integer("guests", 1, MOST_GUESTS);
        let guests = checked.not_null("guests", guests).value();
        let pool = checked.boolean("temperature_pool").value().unwrap_or_default();
        let phone = checked.text("tel_contact_number", 255).value();
        let notes = checked.text("comentarios_reservas", 10_000).value();
        let price_usd = checked.money("price_usd", TOTAL).value();
        let price_sol = checked.money("price_sol", TOTAL).value();
        let price_late = checked.money("price_latecheckout", EXTRA).value();
        let currency = checked.choice("advance_payment_currency").value().unwrap_or_default();
        let seller = checked.integer("seller", 0, i64::MAX).value();
        // Only its spelling is checked: a booking of a guest comes from the site.
        checked.choice::<casa_domain::reservation::Origin>("origin");
        let points = checked.money("points_to_redeem", EXTRA).value().unwrap_or_default();
        if points.is_sign_negative() && !points.is_zero() {
            checked.wrong("points_to_redeem", "Asegúrese de que este valor sea mayor o igual a 0.");
        }
        let code = checked.text("discount_code", 20).value();
        checked.finish().map_err(of_fields)?;
        // Whatever is missing here was noted above, and ended the checks.
        let missing = || crate::refusal::rule("Complete la propiedad y las fechas.");
        Ok(Self {
            house: house.ok_or_else(missing)?,
            check_in: check_in.ok_or_else(missing)?,
            check_out: check_out.ok_or_else(missing)?,
            guests: guests.and_then(|guests| u32::try_from(guests).ok()).unwrap_or(1),
            pool,
            phone,
            notes,
            price_usd,
            price_sol,
            price_late,
            currency,
            seller,
            points,
            code,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(body: Value) -> Result<Asked, Value> {
        let form = Form::from_json(body.as_object().unwrap().clone());
        Asked::read(&form).map_err(|refusal| refusal.body().clone())
    }

    #[test]
    fn every_wrong_field_is_told() {
        let refusal =
            read(json!({ "property": "x", "check_in_date": "y", "check_out_date": "z", "guests": 0 }));
        let refusal = refusal.unwrap_err();
        let keys: Vec<_> = refusal["errors"].as_object().unwrap().keys().collect();
        assert_eq!(keys, ["property", "check_in_date", "check_out_date", "guests"]);
        assert_eq!(refusal["success"], false);
    }

    #[test]
    fn numbers_and_texts_are_prices() {
        let body = json!({
            "property": "846e44e0-6590-4a1c-8b47-73a85a3a0ef0", "check_in_date": "2025-12-10",
            "check_out_date": "2025-12-12", "price_usd": 192.28, "price_sol": "720.09", "client": "ignored",
        });
        let asked = read(body).unwrap();
        assert_eq!(asked.price_usd, Some("192.28".parse().unwrap()));
        assert_eq!(asked.price_sol, Some("720.09".parse().unwrap()));
        assert_eq!((asked.guests, asked.pool, asked.points), (1, false, Decimal::ZERO));
    }
}
