//! Reservations as answers show them, to staff and to their guests (contract 05 §3.1).

mod people;
mod surroundings;

use casa_domain::{
    money::fixed2,
    reservation::{Receipt, Reservation},
    time::local_iso,
};
use casa_store::{StaffDirectory, reservations::Booked};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

pub use people::{GuestBody, SellerBody};
pub use surroundings::Surroundings;

use crate::{BaseUrl, Clock, Files, houses::PropertyDetail};

/// What staff and guests read when nights are taken; the panel shows it as it is (contract 05 §3.1).
pub const NIGHTS_TAKEN: &str = "Esta propiedad esta reservada en este rango de fecha";

/// The columns that every shape of a reservation repeats as they are.
#[derive(Debug, Serialize, ToSchema)]
#[allow(missing_docs)] // the columns are the contract's (05 §2.1)
pub struct Columns<'a> {
    #[serde(rename = "ManychatFecha")]
    pub manychat_fecha: i64,
    pub late_checkout: bool,
    pub late_check_out_date: Option<NaiveDate>,
    pub comentarios_reservas: Option<&'a str>,
    pub check_in_date: NaiveDate,
    pub check_out_date: NaiveDate,
    pub guests: u32,
    pub price_usd: Option<String>,
    pub price_sol: Option<String>,
    pub advance_payment: Option<String>,
    pub advance_payment_currency: &'static str,
    pub uuid_external: Option<&'a str>,
    pub origin: &'static str,
    pub status: &'static str,
    pub tel_contact_number: Option<&'a str>,
    pub full_payment: bool,
    pub temperature_pool: bool,
    /// Promised to stay in its house: never moved to make room.
    pub fixed: bool,
    pub ip_cliente: Option<&'a str>,
    pub user_agent: Option<&'a str>,
    pub referer: Option<&'a str>,
    pub fbclid: Option<&'a str>,
    pub utm_source: Option<&'a str>,
    pub utm_medium: Option<&'a str>,
    pub utm_campaign: Option<&'a str>,
    pub fbp: Option<&'a str>,
    pub fbc: Option<&'a str>,
    pub points_redeemed: String,
    pub discount_code_used: Option<&'a str>,
    pub price_temperature_pool: Option<String>,
    pub payment_voucher_deadline: Option<String>,
    pub payment_voucher_uploaded: bool,
    pub payment_confirmed: bool,
    pub payment_approved_notification_sent: bool,
}

fn money(amount: Option<Decimal>) -> Option<String> {
    amount.map(fixed2)
}

impl<'a> Columns<'a> {
    fn new(one: &'a Reservation, clock: &Clock) -> Self {
        let local = |instant: DateTime<Utc>| local_iso(instant, clock.offset(instant));
        Self {
            manychat_fecha: one.manychat_fecha,
            late_checkout: one.late_checkout,
            late_check_out_date: one.late_check_out_date,
            comentarios_reservas: one.comentarios_reservas.as_deref(),
            check_in_date: one.check_in_date,
            check_out_date: one.check_out_date,
            guests: one.guests,
            price_usd: money(one.price_usd),
            price_sol: money(one.price_sol),
            advance_payment: money(one.advance_payment),
            advance_payment_currency: one.advance_payment_currency.as_str(),
            uuid_external: one.uuid_external.as_deref(),
            origin: one.origin.as_str(),
            status: one.status.as_str(),
            tel_contact_number: one.tel_contact_number.as_deref(),
            full_payment: one.full_payment,
            temperature_pool: one.temperature_pool,
            fixed: one.fixed,
            ip_cliente: one.ip_cliente.as_deref(),
            user_agent: one.user_agent.as_deref(),
            referer: one.referer.as_deref(),
            fbclid: one.fbclid.as_deref(),
            utm_source: one.utm_source.as_deref(),
            utm_medium: one.utm_medium.as_deref(),
            utm_campaign: one.utm_campaign.as_deref(),
            fbp: one.fbp.as_deref(),
            fbc: one.fbc.as_deref(),
            points_redeemed: fixed2(one.points_redeemed),
            discount_code_used: one.discount_code_used.as_deref(),
            price_temperature_pool: money(one.price_temperature_pool),
            payment_voucher_deadline: one.payment_voucher_deadline.map(local),
            payment_voucher_uploaded: one.payment_voucher_uploaded,
            payment_confirmed: one.payment_confirmed,
            payment_approved_notification_sent: one.payment_approved_notification_sent,
        }
    }
}

/// A receipt with an address that works for an hour or two.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceiptBody {
    /// Its id.
    pub id: Uuid,
    /// Absolute, signed, short-lived address of the file.
    pub file: String,
}

impl ReceiptBody {
    /// The receipt as the detail shows it.
    pub fn new(receipt: &Receipt, files: &Files, base: &BaseUrl, now: DateTime<Utc>) -> Self {
        Self { id: receipt.id.0, file: files.private_url(base, &receipt.file, now) }
    }
}

/// A reservation in the list, and with `recipts` in the detail.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReservationBody)]
pub struct ReservationBody<'a> {
    /// Its id.
    pub id: Uuid,
    /// Paid for late check-out, soles.
    pub price_latecheckout: Option<String>,
    /// The guest.
    pub client: GuestBody<'a>,
    /// The seller.
    pub seller: SellerBody<'a>,
    /// The house.
    pub property: Option<&'a PropertyDetail>,
    /// Left to pay, soles; may be negative.
    pub resta_pagar: String,
    /// Left to pay, dollars; may be negative.
    pub resta_pagar_usd: String,
    /// Nights, the late check-out night included.
    pub number_nights: i64,
    /// Whether the guest has not left yet.
    pub is_upcoming: bool,
    /// Label of the status.
    pub status_display: &'static str,
    /// Receipts; only in the detail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipts: Option<Vec<ReceiptBody>>,
    /// The columns.
    #[serde(flatten)]
    pub columns: Columns<'a>,
}

impl<'a> ReservationBody<'a> {
    /// The reservation as the list shows it on the clock's day.
    pub fn new(
        booked: &'a Booked,
        house: Option<&'a PropertyDetail>,
        staff: &'a StaffDirectory,
        clock: &Clock,
    ) -> Self {
        let one = &booked.reservation;
        Self {
            id: one.id.0,
            price_latecheckout: money(one.price_latecheckout),
            client: GuestBody::new(booked.client.as_ref()),
            seller: SellerBody::new(one.seller, staff),
            property: house,
            resta_pagar: one.left_in_soles(),
            resta_pagar_usd: one.left_in_dollars(),
            number_nights: one.nights(),
            is_upcoming: one.is_upcoming(clock.today()),
            status_display: one.status.label(),
            recipts: None,
            columns: Columns::new(one, clock),
        }
    }
}

/// A reservation as answered to a write: ids instead of objects.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReservationWritten)]
pub struct WrittenBody<'a> {
    /// Its id.
    pub id: Uuid,
    /// Paid for late check-out, soles.
    pub price_latecheckout: Option<String>,
    /// The columns.
    #[serde(flatten)]
    pub columns: Columns<'a>,
    /// The guest's id.
    pub client: Option<Uuid>,
    /// The house's id.
    pub property: Uuid,
    /// The seller's id.
    pub seller: Option<i64>,
}

impl<'a> WrittenBody<'a> {
    /// The reservation as stored.
    pub fn new(one: &'a Reservation, clock: &Clock) -> Self {
        Self {
            id: one.id.0,
            price_latecheckout: money(one.price_latecheckout),
            columns: Columns::new(one, clock),
            client: one.client.map(|client| client.0),
            property: one.house.0,
            seller: one.seller,
        }
    }
}
