//! A guest's profile for the chatbot (contract 03 §3.7). Personal data, so for staff and the bot only; nothing is
//! written (03 §8, D2).

use std::time::Duration;

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use casa_domain::{
    Client, ReservationId, Status,
    level::{self, HeldLevel, Level},
    money::displayed,
    time::utc_offset_iso,
};
use casa_store::{Catalogue, reservations::Booked};
use casa_web::{
    ApiError, ApiResult, AppState, Clock, RemoteAddress, StaffOrBot,
    guard::{Guard, Limit},
    openapi::ForStaff,
};
use chrono::NaiveDate;
use http::StatusCode;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

/// Guests that an address may ask for.
const ASKED: Limit = Limit { most: 600, window: Duration::from_secs(15 * 60) };
/// No phone and no document is longer (contract 02 §1.1).
const LONGEST: usize = 50;

/// A guest who was found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BotGuestAnswer {
    /// Always true.
    success: bool,
    /// The guest.
    client_profile: BotGuest,
}

/// No guest was found.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code)] // describes an error, which is built by hand
pub(crate) struct BotGuestMissing {
    /// Always false.
    success: bool,
    /// What is wrong, in Spanish.
    message: String,
}

/// A guest.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BotGuest {
    /// Its id.
    id: Uuid,
    /// Given names, or the name of a company.
    first_name: String,
    /// Family names, may be empty.
    last_name: String,
    /// Both.
    full_name: String,
    /// E-mail address.
    email: Option<String>,
    /// Phone with country code.
    tel_number: String,
    /// Kind of document, in words.
    document_type: String,
    /// Its number.
    number_doc: String,
    /// Birth date.
    birth_date: Option<NaiveDate>,
    /// Points that can be spent now.
    available_points: f64,
    /// Points collected, lapsed ones too.
    points_balance: f64,
    /// Own referral code; empty where the guest has none yet.
    referral_code: String,
    /// The highest level the guest holds.
    highest_level: Option<BotGuestLevel>,
    /// Approved stays that are not over, by check-in.
    upcoming_reservations: Vec<BotStay>,
    /// Whether an approved stay is over.
    has_past_reservations: bool,
    /// Whether the guest has chosen a password.
    is_password_set: bool,
}

/// A level that the guest holds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BotGuestLevel {
    /// Icon and name.
    name_icono: String,
    /// What it stands for.
    description: String,
    /// When it was reached, UTC.
    earned_at: String,
}

/// A stay to come.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BotStay {
    /// Id of the reservation.
    id: Uuid,
    /// Name of the house.
    property_name: String,
    /// First night.
    check_in_date: NaiveDate,
    /// Day of departure.
    check_out_date: NaiveDate,
    /// How many sleep there.
    guests: u32,
    /// How many nights.
    nights: i64,
    /// Price in soles.
    price_sol: f64,
    /// Where it stands, in words.
    status: String,
    /// Whether everything is paid.
    payment_full: bool,
    /// Whether the pool is heated.
    temperature_pool: bool,
}

/// The guest with exactly this phone number or document number; of several the one with the lowest id.
#[utoipa::path(
    get,
    path = "/api/v1/bot/client/{identifier}/",
    tag = "bot",
    operation_id = "bot_client",
    params(("identifier" = String, Path, description = "A phone number as stored, or the number of a document.")),
    responses(
        (status = 200, description = "The guest", body = BotGuestAnswer),
        (status = 404, description = "No such guest", body = BotGuestMissing),
        (status = 429, description = "Too many guests were asked for: wait.", body = BotGuestMissing,
            headers(("Retry-After" = u64, description = "Seconds to wait."))),
        ForStaff,
    ),
    security(("staff" = []), ("bot" = [])),
)]
pub(crate) async fn profile(
    _: StaffOrBot,
    State(state): State<AppState>,
    RemoteAddress(address): RemoteAddress,
    identifier: Result<Path<String>, PathRejection>,
) -> ApiResult<Json<BotGuestAnswer>> {
    let Path(identifier) = identifier.map_err(|_| missing())?;
    if identifier.chars().count() > LONGEST {
        return Err(missing());
    }
    // A key that got into wrong hands does not give the whole book away at once (contract 03 §8, D2).
    Guard::of("bot-client").per_address(&address, ASKED).obey(&state.store, too_many).await?;
    let found = state.store.clients().by_phone_or_document(&identifier).await?;
    let client = found.ok_or_else(missing)?.client;
    let (prices, stays, houses) = (state.store.prices(), state.store.reservations(), state.store.houses());
    let (book, stays, houses) =
        tokio::try_join!(prices.book(), stays.of_client(client.id), houses.catalogue())?;
    let client_profile = BotGuest::new(client, &book.levels, &stays, &houses, &state.clock);
    Ok(Json(BotGuestAnswer { success: true, client_profile }))
}

fn too_many(seconds: u64) -> ApiError {
    let message = "Demasiadas consultas. Intente de nuevo en unos minutos.";
    ApiError::new(StatusCode::TOO_MANY_REQUESTS, json!({ "success": false, "message": message }))
        .retry_after(seconds)
}

fn missing() -> ApiError {
    let message = "No encontramos un cliente con ese teléfono o documento.";
    ApiError::new(StatusCode::NOT_FOUND, json!({ "success": false, "message": message }))
}

impl BotGuest {
    /// The guest with the highest of all `levels` that the guest holds, and `stays` by check-in.
    fn new(client: Client, levels: &[Level], stays: &[Booked], houses: &Catalogue, clock: &Clock) -> Self {
        let today = clock.today();
        let approved = stays.iter().filter(|stay| stay.reservation.status == Status::Approved);
        let is_past = |stay: &&Booked| stay.reservation.check_out_date < today;
        let has_past_reservations = approved.clone().any(|stay| is_past(&stay));
        let mut upcoming: Vec<_> = approved.filter(|stay| !is_past(stay)).collect();
        upcoming.sort_by_key(|stay| order(stay));
        Self {
            id: client.id.0,
            full_name: client.card().full_name(),
            available_points: displayed::number(client.available_points(clock.now())),
            points_balance: displayed::number(client.points_balance),
            first_name: client.first_name,
            last_name: client.last_name.unwrap_or_default(),
            email: client.email,
            tel_number: client.tel_number,
            document_type: document_label(&client.document_type).to_owned(),
            number_doc: client.number_doc,
            birth_date: client.date,
            referral_code: client.referral_code.unwrap_or_default(),
            highest_level: level::highest(&client.levels, levels).map(BotGuestLevel::new),
            upcoming_reservations: upcoming.into_iter().map(|stay| BotStay::new(stay, houses)).collect(),
            has_past_reservations,
            is_password_set: client.is_password_set,
        }
    }
}

/// By check-in, ties by creation and id (decision 22).
fn order(stay: &Booked) -> (NaiveDate, chrono::DateTime<chrono::Utc>, ReservationId) {
    let one = &stay.reservation;
    (one.check_in_date, one.created, one.id)
}

impl BotGuestLevel {
    fn new(one: HeldLevel<'_>) -> Self {
        Self {
            name_icono: one.level.icon_and_name(),
            description: one.level.description.clone(),
            earned_at: utc_offset_iso(one.held.earned_at),
        }
    }
}

impl BotStay {
    fn new(stay: &Booked, houses: &Catalogue) -> Self {
        let one = &stay.reservation;
        Self {
            id: one.id.0,
            property_name: houses.house(one.house).map(|house| house.name.clone()).unwrap_or_default(),
            check_in_date: one.check_in_date,
            check_out_date: one.check_out_date,
            guests: one.guests,
            nights: (one.check_out_date - one.check_in_date).num_days(),
            price_sol: displayed::number(one.price_sol.unwrap_or_default()),
            status: one.status.label().to_owned(),
            payment_full: one.full_payment,
            temperature_pool: one.temperature_pool,
        }
    }
}

/// The kind of document in words (contract 03 §2.1).
fn document_label(kind: &str) -> &str {
    match kind {
        "dni" => "Documento Nacional de Identidad",
        "cex" => "Carnet de Extranjeria",
        "pas" => "Pasaporte",
        "ruc" => "RUC",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn clock() -> Clock {
        Clock::frozen_at("2025-11-12T23:30:00-05:00".parse().unwrap(), "America/Lima".parse().unwrap())
    }

    fn stay(check_in: &str, check_out: &str, status: &str) -> Booked {
        serde_json::from_value(json!({
            "r": {
                "id": Uuid::new_v4(), "created": "2025-01-01T00:00:00Z", "updated": "2025-01-01T00:00:00Z",
                "property": Uuid::nil(), "check_in_date": check_in, "check_out_date": check_out,
                "status": status, "price_sol": "481.42", "guests": 4,
            },
            "c": null, "h": null,
        }))
        .unwrap()
    }

    fn level(name: &str, stays: i64) -> Level {
        let id = Uuid::new_v5(&Uuid::nil(), name.as_bytes());
        serde_json::from_value(json!({
            "id": id, "created": "2025-01-01T00:00:00Z", "name": name, "icon": "🌱", "required_reservations": stays,
        }))
        .unwrap()
    }

    /// What is shown of a guest who holds the first of these levels and lost the others.
    fn shown(levels: &[Level], stays: &[Booked]) -> Value {
        let held = |(number, level): (usize, &Level)| {
            json!({
                "id": level.id, "level": level.id, "earned_at": "2025-01-05T15:59:17.899Z", "revoked": number > 0,
            })
        };
        let client: Client = serde_json::from_value(json!({
            "id": Uuid::nil(), "created": "2025-01-01T00:00:00Z", "updated": "2025-01-01T00:00:00Z",
            "document_type": "cex", "number_doc": "848125651", "first_name": "Ana", "tel_number": "51900",
            "points_balance": "138.73", "points_expires_at": "2025-11-12T00:00:00Z",
            "levels": levels.iter().enumerate().map(held).collect::<Vec<_>>(),
        }))
        .unwrap();
        serde_json::to_value(BotGuest::new(client, levels, stays, &Catalogue::default(), &clock())).unwrap()
    }

    #[test]
    fn a_guest_with_nothing() {
        let guest = shown(&[], &[]);
        assert_eq!(guest["document_type"], "Carnet de Extranjeria");
        assert_eq!((&guest["full_name"], &guest["last_name"]), (&json!("Ana"), &json!("")));
        assert_eq!((&guest["available_points"], &guest["points_balance"]), (&json!(0.0), &json!(138.73)));
        assert_eq!((&guest["highest_level"], &guest["referral_code"]), (&Value::Null, &json!("")));
        assert_eq!(
            (&guest["upcoming_reservations"], &guest["has_past_reservations"]),
            (&json!([]), &json!(false))
        );
    }

    #[test]
    fn stays_are_told_apart_by_the_local_date() {
        let stays = [
            stay("2026-03-02", "2026-03-04", "approved"),
            stay("2025-11-10", "2025-11-12", "approved"),
            stay("2025-11-20", "2025-11-21", "pending"),
            stay("2025-11-01", "2025-11-02", "cancelled"),
        ];
        let guest = shown(&[level("Semilla", 1), level("Bosque", 5)], &stays);
        let dates: Vec<_> = guest["upcoming_reservations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|stay| (stay["check_in_date"].clone(), stay["nights"].clone()))
            .collect();
        assert_eq!(dates, [(json!("2025-11-10"), json!(2)), (json!("2026-03-02"), json!(2))]);
        assert_eq!(guest["has_past_reservations"], false, "leaving today is not past");
        assert_eq!(guest["upcoming_reservations"][0]["price_sol"], 481.42);
        assert_eq!(guest["upcoming_reservations"][0]["status"], "Aprobada");
        assert_eq!(guest["highest_level"]["name_icono"], "🌱 Semilla");
        assert_eq!(guest["highest_level"]["earned_at"], "2025-01-05T15:59:17.899000+00:00");
        let guest = shown(&[], &[stay("2025-11-09", "2025-11-11", "approved")]);
        assert_eq!(guest["has_past_reservations"], true);
    }
}
