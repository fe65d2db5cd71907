//! The levels that guests can reach, as the chatbot tells of them (contract 04 §3.10).

use axum::{Extension, Json, extract::State};
use casa_domain::level::Level;
use casa_gateways::{BotField, Chatbot};
use casa_web::{ApiResult, AppState, MaybeStaffOrBot, Query};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::push::{self, SyncResults};

/// Shown where a level has no icon of its own.
const DEFAULT_ICON: &str = "🏆";

/// The levels that can be reached.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BotLevels {
    /// Always true.
    success: bool,
    /// The first to reach first.
    levels: Vec<BotLevel>,
    /// How many.
    count: usize,
    /// The same in words, Spanish.
    message: String,
    /// What became of the push, if one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    chatbot_sync_results: Option<SyncResults>,
}

/// A level.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BotLevel {
    /// Its id.
    id: Uuid,
    /// Icon and name.
    level_name: String,
    /// What it stands for.
    description: String,
    /// What it takes; all of it.
    requirements: BotRequirements,
    /// The same in words, Spanish.
    requirements_text: String,
    /// Position in lists.
    order: i64,
}

/// What a level takes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BotRequirements {
    /// Approved stays.
    required_reservations: i64,
    /// Referred guests.
    required_referrals: i64,
    /// Approved stays of referred guests.
    required_referral_reservations: i64,
}

/// Levels that guests can reach, the first to reach first. `send_to_chatbotbuilder=true` also hands the answer to the
/// chatbot platform, for staff and the bot.
#[utoipa::path(
    get,
    path = "/api/v1/bot/levels/",
    tag = "bot",
    operation_id = "bot_levels",
    params((
        "send_to_chatbotbuilder" = Option<String>, Query,
        description = "`true`, in any case, pushes the answer to the chatbot platform too.",
    )),
    responses((status = 200, description = "The levels", body = BotLevels)),
    security((), ("staff" = []), ("bot" = [])),
)]
pub(crate) async fn list(
    MaybeStaffOrBot(asker): MaybeStaffOrBot,
    State(state): State<AppState>,
    Extension(chatbot): Extension<Option<Chatbot>>,
    query: Query,
) -> ApiResult<Json<BotLevels>> {
    let book = state.store.prices().book().await?;
    let mut answer = BotLevels::new(&book.levels);
    if push::wanted(&query) {
        let result = push::push(asker.as_ref(), chatbot.as_ref(), BotField::Levels, &answer).await;
        answer.chatbot_sync_results = Some(result.brief());
    }
    Ok(Json(answer))
}

impl BotLevels {
    fn new(levels: &[Level]) -> Self {
        let mut open: Vec<_> = levels.iter().filter(|level| level.is_active && !level.deleted).collect();
        open.sort_by_key(|level| level.place());
        let levels: Vec<_> = open.into_iter().map(BotLevel::new).collect();
        let count = levels.len();
        let message = match count {
            0 => "No hay niveles activos.".to_owned(),
            1 => "Se encontró 1 nivel activo.".to_owned(),
            _ => format!("Se encontraron {count} niveles activos."),
        };
        Self { success: true, levels, count, message, chatbot_sync_results: None }
    }
}

impl BotLevel {
    fn new(level: &Level) -> Self {
        let icon = level.icon.as_deref().filter(|icon| !icon.is_empty()).unwrap_or(DEFAULT_ICON);
        Self {
            id: level.id.0,
            level_name: format!("{icon} {}", level.name),
            description: level.description.clone(),
            requirements: BotRequirements {
                required_reservations: level.required_reservations,
                required_referrals: level.required_referrals,
                required_referral_reservations: level.required_referral_reservations,
            },
            requirements_text: requirements_text(level),
            order: level.order,
        }
    }
}

fn requirements_text(level: &Level) -> String {
    let parts: Vec<_> = [
        (level.required_reservations, "reserva aprobada", "reservas aprobadas"),
        (level.required_referrals, "cliente referido", "clientes referidos"),
        (
            level.required_referral_reservations,
            "reserva aprobada de sus referidos",
            "reservas aprobadas de sus referidos",
        ),
    ]
    .into_iter()
    .filter(|(count, ..)| *count > 0)
    .map(|(count, one, several)| format!("{count} {}", if count == 1 { one } else { several }))
    .collect();
    if parts.is_empty() { "Nivel base, sin requisitos".to_owned() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn level(name: &str, fields: Value) -> Level {
        let mut whole = json!({"id": Uuid::nil(), "created": "2025-01-01T00:00:00Z", "name": name});
        whole.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    fn requirements_are_joined() {
        for (fields, expected) in [
            (json!({}), "Nivel base, sin requisitos"),
            (json!({"required_reservations": 1}), "1 reserva aprobada"),
            (
                json!({"required_reservations": 5, "required_referrals": 1, "required_referral_reservations": 2}),
                "5 reservas aprobadas, 1 cliente referido, 2 reservas aprobadas de sus referidos",
            ),
            (json!({"required_referrals": 3}), "3 clientes referidos"),
        ] {
            assert_eq!(requirements_text(&level("x", fields)), expected);
        }
    }

    #[test]
    fn active_levels_come_in_their_order() {
        let levels = [
            level("tercero", json!({"order": 2})),
            level("apagado", json!({"is_active": false})),
            level("borrado", json!({"deleted": true})),
            level("segundo", json!({"order": 1, "required_reservations": 1, "icon": "🌱"})),
            level("joven", json!({"order": 1, "created": "2025-01-02T00:00:00Z", "icon": ""})),
            level("primero", json!({"order": 1})),
        ];
        let answer = serde_json::to_value(BotLevels::new(&levels)).unwrap();
        let names: Vec<_> =
            answer["levels"].as_array().unwrap().iter().map(|level| level["level_name"].clone()).collect();
        assert_eq!(names, ["🏆 primero", "🏆 joven", "🌱 segundo", "🏆 tercero"]);
        assert_eq!(answer["count"], 4);
    }
}
