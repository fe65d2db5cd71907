//! Discounts for everybody, as the chatbot tells of them (contract 04 §3.10).

use axum::{Extension, Json, extract::State};
use casa_domain::{
    money::displayed,
    pricing::book::{AutomaticDiscount, PriceBook, Trigger},
};
use casa_gateways::{BotField, Chatbot};
use casa_web::{ApiResult, AppState, MaybeStaffOrBot, Query};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::push::{self, SyncResults};

/// The discounts for everybody.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BotDiscounts {
    /// Always true.
    success: bool,
    /// By name.
    global_discounts: Vec<BotDiscount>,
    /// How many.
    count: usize,
    /// The same in words, Spanish.
    message: String,
    /// What became of the push, if one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    chatbot_sync_results: Option<SyncResults>,
}

/// A discount that needs no code and no level.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BotDiscount {
    /// Its id.
    id: Uuid,
    /// Its name.
    name: String,
    /// What it is.
    description: String,
    /// What it looks at, in words.
    trigger_display: String,
    /// 0 to 100.
    discount_percentage: f64,
    /// Most dollars; null for no cap.
    max_discount_usd: Option<f64>,
    /// Who gets it, one sentence.
    requirements: String,
    /// When and on what it counts, parts separated by ` | `.
    restrictions: String,
}

/// Discounts in force that demand no level, also those whose dates have passed or are still to come.
/// `send_to_chatbotbuilder=true` also hands the answer to the chatbot platform, for staff and the bot.
#[utoipa::path(
    get,
    path = "/api/v1/bot/global-discount/",
    tag = "bot",
    operation_id = "bot_global_discount",
    params((
        "send_to_chatbotbuilder" = Option<String>, Query,
        description = "`true`, in any case, pushes the answer to the chatbot platform too.",
    )),
    responses((status = 200, description = "The discounts", body = BotDiscounts)),
    security((), ("staff" = []), ("bot" = [])),
)]
pub(crate) async fn list(
    MaybeStaffOrBot(asker): MaybeStaffOrBot,
    State(state): State<AppState>,
    Extension(chatbot): Extension<Option<Chatbot>>,
    query: Query,
) -> ApiResult<Json<BotDiscounts>> {
    let book = state.store.prices().book().await?;
    let mut answer = BotDiscounts::new(&book);
    if push::wanted(&query) {
        let field = BotField::GlobalDiscounts;
        let result = push::push(asker.as_ref(), chatbot.as_ref(), field, &answer).await;
        answer.chatbot_sync_results = Some(result);
    }
    Ok(Json(answer))
}

impl BotDiscounts {
    fn new(book: &PriceBook) -> Self {
        let open =
            |discount: &&AutomaticDiscount| discount.is_active && discount.required_achievements.is_empty();
        let global_discounts: Vec<_> = book.discounts.iter().filter(open).map(BotDiscount::new).collect();
        let count = global_discounts.len();
        let message = match count {
            0 => "No hay descuentos globales activos.".to_owned(),
            1 => "Se encontró 1 descuento global activo.".to_owned(),
            _ => format!("Se encontraron {count} descuentos globales activos."),
        };
        Self { success: true, global_discounts, count, message, chatbot_sync_results: None }
    }
}

impl BotDiscount {
    fn new(discount: &AutomaticDiscount) -> Self {
        let label = discount.trigger.label();
        let description = discount.description.clone().filter(|text| !text.is_empty());
        Self {
            id: discount.id.0,
            name: discount.name.clone(),
            description: description.unwrap_or_else(|| format!("Descuento {label}")),
            trigger_display: label.to_owned(),
            discount_percentage: displayed::number(discount.discount_percentage),
            // Zero is no cap either (contract 04 §2).
            max_discount_usd: discount.max_discount_usd.filter(|cap| !cap.is_zero()).map(displayed::number),
            requirements: requirements(discount.trigger).to_owned(),
            restrictions: restrictions(discount),
        }
    }
}

fn requirements(trigger: Trigger) -> &'static str {
    match trigger {
        Trigger::Birthday => "Para clientes que llegan en el mes de su cumpleaños.",
        Trigger::Returning => "Para clientes que ya tienen una reserva aprobada.",
        Trigger::FirstTime => "Para clientes que hacen su primera reserva.",
        Trigger::LastMinute => "Para reservas con llegada hoy o mañana.",
        Trigger::Loyalty | Trigger::GlobalPromotion => "Para todos los clientes.",
    }
}

fn restrictions(discount: &AutomaticDiscount) -> String {
    let mut parts = Vec::new();
    if discount.restrict_weekdays {
        parts.push("Solo llegadas de domingo a jueves".to_owned());
    }
    if discount.restrict_weekends {
        parts.push("Solo llegadas de viernes o sábado".to_owned());
    }
    if discount.apply_only_to_base_price {
        parts.push("Solo sobre el precio base, para una persona".to_owned());
    }
    let written = |date: chrono::NaiveDate| date.format("%d/%m/%Y").to_string();
    match (discount.start_date.map(written), discount.end_date.map(written)) {
        (Some(start), Some(end)) => parts.push(format!("Llegadas del {start} al {end}")),
        (Some(start), None) => parts.push(format!("Llegadas desde el {start}")),
        (None, Some(end)) => parts.push(format!("Llegadas hasta el {end}")),
        (None, None) => {}
    }
    if parts.is_empty() { "Sin restricciones".to_owned() } else { parts.join(" | ") }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn discount(fields: Value) -> AutomaticDiscount {
        let mut whole = json!({
            "id": Uuid::nil(), "created": "2025-01-01T00:00:00Z", "updated": "2025-01-01T00:00:00Z",
            "name": "Mayo", "trigger": "global_promotion", "discount_percentage": "9.25",
        });
        whole.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    fn restrictions_keep_their_order() {
        for (fields, expected) in [
            (json!({}), "Sin restricciones"),
            (
                json!({
                    "restrict_weekdays": true, "restrict_weekends": true, "apply_only_to_base_price": true,
                    "start_date": "2026-05-04", "end_date": "2026-12-31",
                }),
                "Solo llegadas de domingo a jueves | Solo llegadas de viernes o sábado \
                 | Solo sobre el precio base, para una persona | Llegadas del 04/05/2026 al 31/12/2026",
            ),
            (
                json!({"restrict_weekends": true, "end_date": "2026-02-01"}),
                "Solo llegadas de viernes o sábado | Llegadas hasta el 01/02/2026",
            ),
            (json!({"start_date": "2026-02-01"}), "Llegadas desde el 01/02/2026"),
            (json!({"specific_weekdays": "0,1"}), "Sin restricciones"),
        ] {
            assert_eq!(restrictions(&discount(fields)), expected);
        }
    }

    #[test]
    fn only_active_discounts_without_levels_are_told() {
        let book = PriceBook {
            discounts: vec![
                discount(json!({"max_discount_usd": "25.00", "description": ""})),
                discount(json!({"is_active": false})),
                discount(json!({"required_achievements": [Uuid::nil()]})),
                discount(
                    json!({"end_date": "2020-01-01", "trigger": "birthday", "max_discount_usd": "0.00"}),
                ),
            ],
            ..PriceBook::default()
        };
        let answer = serde_json::to_value(BotDiscounts::new(&book)).unwrap();
        assert_eq!((&answer["success"], &answer["count"]), (&json!(true), &json!(2)));
        assert!(answer.get("chatbot_sync_results").is_none());
        let [first, second] = answer["global_discounts"].as_array().unwrap().as_slice() else { panic!() };
        assert_eq!(first["discount_percentage"], 9.25);
        assert_eq!(first["max_discount_usd"], 25.0);
        assert_eq!(first["description"], "Descuento Promoción Global");
        assert_eq!(second["max_discount_usd"], Value::Null);
        assert_eq!(second["trigger_display"], "Mes de Cumpleaños");
    }
}
