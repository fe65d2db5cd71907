//! A guest as answers show them (contract 03 §2.1, §3.1).

use casa_domain::{
    client::Client,
    level::{self, HeldLevel, Level},
    money::fixed2,
    time::local_iso,
};
use casa_web::Clock;
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

/// A guest, every column that staff may see. The password hash and one-time codes never leave the table: their keys
/// stay, empty (contract 03 §8, D3).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClientBody {
    /// Its id.
    id: Uuid,
    /// The highest level the guest holds.
    level_info: Option<ClientLevel>,
    /// `dni`, `cex`, `pas` or `ruc`.
    document_type: String,
    /// Number of the document.
    number_doc: String,
    /// Given names, or the name of a company.
    first_name: String,
    /// Family names.
    last_name: Option<String>,
    /// `m`, `f` or `e` (company).
    sex: Option<String>,
    /// E-mail address.
    email: Option<String>,
    /// Birth date.
    date: Option<NaiveDate>,
    /// Phone with country code.
    tel_number: String,
    /// Sent to the advertising audience.
    enviado_meta: bool,
    /// State in the chatbot.
    manychat: Option<i64>,
    /// Contact id in the chatbot.
    id_manychat: Option<String>,
    /// Notes of staff.
    comentarios_clientes: Option<String>,
    /// Always null.
    password: Option<String>,
    /// Whether the guest has chosen a password.
    is_password_set: bool,
    /// Always null.
    otp_code: Option<String>,
    /// Always null.
    otp_expires_at: Option<String>,
    /// Last sign-in of the guest, local time.
    last_login: Option<String>,
    /// Facebook account.
    facebook_id: Option<String>,
    /// Whether it is linked.
    facebook_linked: bool,
    /// The stored profile.
    #[schema(value_type = Option<serde_json::Value>)]
    facebook_profile_data: Option<Box<RawValue>>,
    /// When it was linked, local time.
    facebook_linked_at: Option<String>,
    /// Points, two decimals.
    points_balance: String,
    /// When they lapse, local time.
    points_expires_at: Option<String>,
    /// Own referral code.
    referral_code: Option<String>,
    /// Who referred this guest.
    referred_by: Option<Uuid>,
}

/// A level that a guest holds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClientLevel {
    /// Its name.
    name: String,
    /// What it stands for.
    description: String,
    /// An emoji.
    icon: Option<String>,
    /// When it was reached, UTC.
    earned_at: String,
}

impl ClientBody {
    /// The guest with the highest of all `levels` that the guest holds.
    pub fn new(client: Client, levels: &[Level], clock: &Clock) -> Self {
        let local = |instant: DateTime<Utc>| local_iso(instant, clock.offset(instant));
        Self {
            id: client.id.0,
            level_info: level::highest(&client.levels, levels).map(ClientLevel::new),
            document_type: client.document_type,
            number_doc: client.number_doc,
            first_name: client.first_name,
            last_name: client.last_name,
            sex: client.sex,
            email: client.email,
            date: client.date,
            tel_number: client.tel_number,
            enviado_meta: client.enviado_meta,
            manychat: client.manychat,
            id_manychat: client.id_manychat,
            comentarios_clientes: client.comentarios_clientes,
            password: None,
            is_password_set: client.is_password_set,
            otp_code: None,
            otp_expires_at: None,
            last_login: client.last_login.map(local),
            facebook_id: client.facebook_id,
            facebook_linked: client.facebook_linked,
            facebook_profile_data: client
                .facebook_profile_data
                .and_then(|text| RawValue::from_string(text.0).ok()),
            facebook_linked_at: client.facebook_linked_at.map(local),
            points_balance: fixed2(client.points_balance),
            points_expires_at: client.points_expires_at.map(local),
            referral_code: client.referral_code,
            referred_by: client.referred_by.map(|referrer| referrer.0),
        }
    }

    /// As the list shows it: the panel's pickers call text functions on the last name, so a missing one is an empty
    /// text there (contract 11 §8, row 14). A missing sex stays null, as recorded.
    #[must_use]
    pub fn in_list(self) -> Self {
        Self { last_name: self.last_name.or_else(|| Some(String::new())), ..self }
    }
}

impl ClientLevel {
    pub fn new(one: HeldLevel<'_>) -> Self {
        Self {
            name: one.level.name.clone(),
            description: one.level.description.clone(),
            icon: one.level.icon.clone(),
            earned_at: utc(one.held.earned_at),
        }
    }
}

/// An instant in UTC with `Z`, microseconds only when they are not zero: nested values built by hand are written so
/// (contract 02 §0).
fn utc(instant: DateTime<Utc>) -> String {
    let whole = instant.timestamp_subsec_micros() == 0;
    instant.to_rfc3339_opts(if whole { SecondsFormat::Secs } else { SecondsFormat::Micros }, true)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn level(name: &str, stays: i64) -> Level {
        let id = Uuid::new_v5(&Uuid::nil(), name.as_bytes());
        let row = json!({"id": id, "created": "2025-01-01T00:00:00Z", "name": name, "required_reservations": stays});
        serde_json::from_value(row).unwrap()
    }

    #[test]
    fn secrets_stay_and_shapes_hold() {
        let levels = [level("Semilla", 1), level("Brote", 2), level("Bosque", 5)];
        let client: Client = serde_json::from_value(json!({
            "id": Uuid::nil(), "created": "2025-01-01T00:00:00Z", "updated": "2025-01-01T00:00:00Z",
            "document_type": "dni", "number_doc": "1", "first_name": "Ana", "tel_number": "51900",
            "password": "pbkdf2_sha256$1$a$b", "points_balance": "12.5",
            "points_expires_at": "2026-05-23T05:00:00Z", "facebook_profile_data": "{\"id\":\"fb\"}",
            "levels": levels.iter().map(|level| json!({
                "id": level.id, "level": level.id, "earned_at": "2025-11-09T09:36:46.503Z",
                "revoked": level.name == "Bosque",
            })).collect::<Vec<_>>(),
        }))
        .unwrap();
        let clock = Clock::system("America/Lima".parse().unwrap());
        let body = serde_json::to_value(ClientBody::new(client, &levels, &clock).in_list()).unwrap();
        for key in ["password", "otp_code", "otp_expires_at", "sex", "date"] {
            assert_eq!(body.get(key), Some(&serde_json::Value::Null), "{key}");
        }
        assert_eq!(body["last_name"], "");
        assert_eq!(body["points_balance"], "12.50");
        assert_eq!(body["points_expires_at"], "2026-05-23T00:00:00-05:00");
        assert_eq!(body["facebook_profile_data"], json!({"id": "fb"}));
        assert_eq!(body["level_info"]["name"], "Brote");
        assert_eq!(body["level_info"]["earned_at"], "2025-11-09T09:36:46.503000Z");
    }
}
