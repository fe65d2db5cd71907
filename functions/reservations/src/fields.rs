//! The writable fields of a reservation: read from a body, checked, and applied (contract 05 §3.1).

use casa_domain::{
    ClientId, HouseId, StaffUser,
    reservation::{Currency, Origin, Reservation, Status},
};
use casa_web::{
    ApiResult, AppState, Clock, Form, error,
    form::{Checked, Given},
};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Digits of totals and advances, two of them behind the point.
const TOTAL: u32 = 20;
/// Digits of points and extras.
const EXTRA: u32 = 10;
/// Most guests a body may name; more is a slip of the keyboard.
const MOST_GUESTS: i64 = 1000;

/// What a body says of each writable field.
#[derive(Clone, Debug)]
pub struct Fields {
    /// House.
    pub house: Given<HouseId>,
    /// Guest.
    pub client: Given<ClientId>,
    /// Check-in date.
    pub check_in: Given<NaiveDate>,
    /// Check-out date.
    pub check_out: Given<NaiveDate>,
    /// Origin.
    pub origin: Given<Origin>,
    /// Status.
    pub status: Given<Status>,
    /// Late check-out.
    pub late_checkout: Given<bool>,
    /// Paid in full.
    pub full_payment: Given<bool>,
    /// Points to spend.
    pub points_to_redeem: Given<Decimal>,
    /// Seller.
    pub seller: Given<i64>,
    late_check_out_date: Given<NaiveDate>,
    guests: Given<i64>,
    price_usd: Given<Decimal>,
    price_sol: Given<Decimal>,
    advance_payment: Given<Decimal>,
    currency: Given<Currency>,
    price_latecheckout: Given<Decimal>,
    price_temperature_pool: Given<Decimal>,
    temperature_pool: Given<bool>,
    fixed: Given<bool>,
    points_redeemed: Given<Decimal>,
    manychat_fecha: Given<i64>,
    flags: [(&'static str, Given<bool>); 3],
    voucher_deadline: Given<DateTime<Utc>>,
    texts: Vec<(&'static str, Given<String>)>,
}

/// Free texts with their longest length.
const TEXTS: [(&str, usize); 13] = [
    ("tel_contact_number", 255),
    ("comentarios_reservas", 10_000),
    ("uuid_external", 100),
    ("discount_code_used", 20),
    ("ip_cliente", 45),
    ("user_agent", 4_000),
    ("referer", 4_000),
    ("fbclid", 255),
    ("utm_source", 255),
    ("utm_medium", 255),
    ("utm_campaign", 255),
    ("fbp", 255),
    ("fbc", 255),
];

impl Fields {
    /// Reads every field; errors are noted in `checked`.
    pub fn read(checked: &mut Checked<'_>, clock: &Clock) -> Self {
        let texts = TEXTS.map(|(name, most)| (name, checked.text(name, most))).into_iter().collect();
        let flags = ["payment_voucher_uploaded", "payment_confirmed", "payment_approved_notification_sent"]
            .map(|name| (name, checked.boolean(name)));
        let points = checked.money("points_to_redeem", EXTRA);
        if points.clone().value().is_some_and(|points| points.is_sign_negative()) {
            checked.wrong("points_to_redeem", "Asegúrese de que este valor sea mayor o igual a 0.");
        }
        let required =
            |checked: &mut Checked<'_>, name: &str, given: Given<Decimal>| checked.not_null(name, given);
        let price_latecheckout = checked.money("price_latecheckout", EXTRA);
        Self {
            house: checked.id("property"),
            client: checked.id("client"),
            check_in: checked.date("check_in_date"),
            check_out: checked.date("check_out_date"),
            origin: checked.choice("origin"),
            status: checked.choice("status"),
            late_checkout: checked.boolean("late_checkout"),
            full_payment: checked.boolean("full_payment"),
            points_to_redeem: points,
            seller: checked.integer("seller", 0, i64::MAX),
            late_check_out_date: checked.date("late_check_out_date"),
            guests: checked.integer("guests", 0, MOST_GUESTS),
            price_usd: checked.money("price_usd", TOTAL),
            price_sol: checked.money("price_sol", TOTAL),
            advance_payment: checked.money("advance_payment", TOTAL),
            currency: checked.choice("advance_payment_currency"),
            price_latecheckout: required(checked, "price_latecheckout", price_latecheckout),
            price_temperature_pool: checked.money("price_temperature_pool", EXTRA),
            temperature_pool: checked.boolean("temperature_pool"),
            fixed: checked.boolean("fixed"),
            points_redeemed: checked.money("points_redeemed", EXTRA),
            manychat_fecha: checked.integer("ManychatFecha", i64::from(i32::MIN), i64::from(i32::MAX)),
            flags,
            voucher_deadline: checked.instant("payment_voucher_deadline", clock),
            texts,
        }
    }

    /// Writes what is given into `one`: everything but house, guest and points, and but what only administrators may
    /// change unless `by` is one (contract 05 §8.2).
    pub fn apply(self, one: &mut Reservation, by: &StaffUser) {
        self.check_in.set(&mut one.check_in_date);
        self.check_out.set(&mut one.check_out_date);
        self.origin.set(&mut one.origin);
        self.status.set(&mut one.status);
        self.late_checkout.set(&mut one.late_checkout);
        self.late_check_out_date.set_option(&mut one.late_check_out_date);
        self.full_payment.set(&mut one.full_payment);
        if let Some(guests) = self.guests.value() {
            one.guests = u32::try_from(guests).unwrap_or_default();
        }
        self.price_usd.set_option(&mut one.price_usd);
        self.price_sol.set_option(&mut one.price_sol);
        self.advance_payment.set_option(&mut one.advance_payment);
        self.currency.set(&mut one.advance_payment_currency);
        self.price_latecheckout.set_option(&mut one.price_latecheckout);
        self.price_temperature_pool.set_option(&mut one.price_temperature_pool);
        self.temperature_pool.set(&mut one.temperature_pool);
        self.fixed.set(&mut one.fixed);
        self.manychat_fecha.set(&mut one.manychat_fecha);
        self.voucher_deadline.set_option(&mut one.payment_voucher_deadline);
        if by.is_admin() || by.is_superuser {
            self.seller.set_option(&mut one.seller);
            self.points_redeemed.set(&mut one.points_redeemed);
        }
        for (name, given) in self.flags {
            given.set(match name {
                "payment_voucher_uploaded" => &mut one.payment_voucher_uploaded,
                "payment_confirmed" => &mut one.payment_confirmed,
                _ => &mut one.payment_approved_notification_sent,
            });
        }
        for (name, given) in self.texts {
            given.set_option(match name {
                "tel_contact_number" => &mut one.tel_contact_number,
                "comentarios_reservas" => &mut one.comentarios_reservas,
                "uuid_external" => &mut one.uuid_external,
                "discount_code_used" => &mut one.discount_code_used,
                "ip_cliente" => &mut one.ip_cliente,
                "user_agent" => &mut one.user_agent,
                "referer" => &mut one.referer,
                "fbclid" => &mut one.fbclid,
                "utm_source" => &mut one.utm_source,
                "utm_medium" => &mut one.utm_medium,
                "utm_campaign" => &mut one.utm_campaign,
                "fbp" => &mut one.fbp,
                _ => &mut one.fbc,
            });
        }
    }
}

/// Reads the fields of a body and ends the checks, with what `more` demands.
///
/// # Errors
/// 400 with every error.
pub fn read(form: &Form, clock: &Clock, more: impl FnOnce(&mut Checked<'_>, &Fields)) -> ApiResult<Fields> {
    let mut checked = form.check();
    let fields = Fields::read(&mut checked, clock);
    more(&mut checked, &fields);
    checked.finish()?;
    Ok(fields)
}

/// Demands that the seller whom a body names is a member of staff.
///
/// # Errors
/// 400 under `seller`; failures of the table.
pub async fn check_seller(fields: &Fields, state: &AppState) -> ApiResult<()> {
    let Some(seller) = fields.seller.clone().value() else { return Ok(()) };
    let staff = state.store.users().directory().await?;
    staff.user(seller).map(|_| ()).ok_or_else(|| error::field("seller", "El usuario no existe."))
}

/// Origins a body may name.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code, missing_docs)] // only its schema is used
enum OriginChoice {
    Air,
    Aus,
    Man,
    Client,
}

/// Statuses a body may name.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(dead_code, missing_docs)] // only its schema is used
enum StatusChoice {
    Incomplete,
    Pending,
    UnderReview,
    Approved,
    Rejected,
    Cancelled,
}

/// Currencies of an advance.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code, missing_docs)] // only its schema is used
enum CurrencyChoice {
    Sol,
    Usd,
}

/// The fields that may always be left out.
#[derive(Serialize, ToSchema)]
#[allow(dead_code, missing_docs)] // only its schema is used; the columns are the contract's (05 §2.1)
struct OptionalFields {
    origin: Option<OriginChoice>,
    status: Option<StatusChoice>,
    #[schema(maximum = 1000)]
    guests: Option<u32>,
    #[schema(pattern = r"^-?[0-9]{1,18}(\.[0-9]{1,2})?$")]
    price_usd: Option<String>,
    #[schema(pattern = r"^-?[0-9]{1,18}(\.[0-9]{1,2})?$")]
    price_sol: Option<String>,
    #[schema(pattern = r"^-?[0-9]{1,18}(\.[0-9]{1,2})?$")]
    advance_payment: Option<String>,
    advance_payment_currency: Option<CurrencyChoice>,
    full_payment: Option<bool>,
    temperature_pool: Option<bool>,
    /// Promised to stay in its house: never moved to make room.
    fixed: Option<bool>,
    late_checkout: Option<bool>,
    #[schema(value_type = String, required = false, pattern = r"^-?[0-9]{1,8}(\.[0-9]{1,2})?$")]
    price_latecheckout: Option<String>,
    #[schema(pattern = r"^[0-9]{1,8}(\.[0-9]{1,2})?$")]
    points_to_redeem: Option<String>,
    #[schema(max_length = 255)]
    tel_contact_number: Option<String>,
    #[schema(max_length = 10000)]
    comentarios_reservas: Option<String>,
    /// Receipts: images or PDF, 10 MB each.
    #[schema(value_type = Option<Vec<String>>, format = Binary)]
    file: Option<Vec<String>>,
}

/// A new reservation.
#[derive(Serialize, ToSchema)]
#[allow(dead_code, missing_docs)] // only its schema is used
pub struct ReservationNew {
    property: Uuid,
    client: Uuid,
    check_in_date: NaiveDate,
    check_out_date: NaiveDate,
    #[serde(flatten)]
    rest: OptionalFields,
}

/// A change of a reservation; a PUT demands house and dates.
#[derive(Serialize, ToSchema)]
#[allow(dead_code, missing_docs)] // only its schema is used
pub struct ReservationWrite {
    #[schema(value_type = Uuid, required = false)]
    property: Option<Uuid>,
    #[schema(value_type = Uuid, required = false)]
    client: Option<Uuid>,
    #[schema(value_type = NaiveDate, required = false)]
    check_in_date: Option<NaiveDate>,
    #[schema(value_type = NaiveDate, required = false)]
    check_out_date: Option<NaiveDate>,
    #[schema(minimum = 0)]
    seller: Option<i64>,
    #[serde(flatten)]
    rest: OptionalFields,
}
