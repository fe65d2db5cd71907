//! Hands an answer to the chatbot platform too, for those who may (contract 04 §3.10, §5.2, §8 D9).

use casa_gateways::{BotField, Chatbot, GatewayError};
use casa_web::{Query, StaffOrBot};
use serde::Serialize;
use utoipa::ToSchema;

/// What became of the push to the chatbot platform.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct SyncResults {
    /// Whether the platform took the answer.
    successful_sync: bool,
    /// That it did, in Spanish.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// The platform's HTTP status; with discounts only.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_status: Option<u16>,
    /// The beginning of the platform's text; with discounts only.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_data: Option<String>,
    /// Why it did not, in Spanish.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl SyncResults {
    fn failed(why: impl Into<String>) -> Self {
        Self { error: Some(why.into()), ..Self::default() }
    }

    /// Without the platform's own words, as the levels show it.
    #[must_use]
    pub fn brief(self) -> Self {
        Self { response_status: None, response_data: None, ..self }
    }
}

/// Whether the request asks for a push.
pub(crate) fn wanted(query: &Query) -> bool {
    query.get("send_to_chatbotbuilder").is_some_and(|word| word.eq_ignore_ascii_case("true"))
}

/// Puts an answer into a field of the bot. Strangers may not: they would make the platform busy at will.
pub(crate) async fn push(
    asker: Option<&StaffOrBot>,
    chatbot: Option<&Chatbot>,
    field: BotField,
    answer: &impl Serialize,
) -> SyncResults {
    if asker.is_none() {
        return SyncResults::failed("Solo el personal o el chatbot pueden enviar datos a la plataforma.");
    }
    let Some(chatbot) = chatbot else {
        return SyncResults::failed("La plataforma del chatbot no está configurada.");
    };
    let sent = match serde_json::to_value(answer) {
        Ok(value) => chatbot.put(field, &value).await,
        Err(problem) => {
            tracing::error!(%problem, "an answer cannot be written as JSON");
            return SyncResults::failed("No se pudieron preparar los datos.");
        }
    };
    match sent {
        Ok(Some(taken)) => SyncResults {
            successful_sync: true,
            message: Some("Los datos se enviaron a la plataforma del chatbot.".to_owned()),
            response_status: Some(taken.status),
            response_data: Some(taken.text),
            error: None,
        },
        Ok(None) => SyncResults::failed("El campo del chatbot para estos datos no está configurado."),
        Err(problem) => {
            tracing::warn!(%problem, "a push to the chatbot failed");
            SyncResults::failed(match problem {
                GatewayError::Unreachable { .. } => {
                    "La plataforma del chatbot no respondió. Intente de nuevo.".to_owned()
                }
                GatewayError::Busy { .. } => {
                    "La plataforma del chatbot no está disponible en este momento. Intente de nuevo."
                        .to_owned()
                }
                GatewayError::Refused { status, .. } => {
                    format!("La plataforma del chatbot rechazó los datos (estado {status}).")
                }
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::{Form, Router, extract::Path, routing::post};
    use http::StatusCode;
    use serde_json::{Value, json};

    use super::*;

    type Seen = Arc<Mutex<Vec<(String, Vec<(String, String)>)>>>;

    async fn platform(answer: StatusCode) -> (Chatbot, Seen) {
        let seen = Seen::default();
        let record = Arc::clone(&seen);
        let router = Router::new().route(
            "/api/accounts/bot_fields/{id}",
            post(move |Path(id): Path<String>, Form(form): Form<Vec<(String, String)>>| async move {
                record.lock().unwrap().push((id, form));
                (answer, "hecho")
            }),
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (Chatbot::new(&base, "secret", [Some("11".to_owned()), None]).unwrap(), seen)
    }

    async fn pushed(asker: Option<StaffOrBot>, chatbot: Option<&Chatbot>, field: BotField) -> Value {
        let answer = json!({"success": true, "message": "Árbol"});
        serde_json::to_value(push(asker.as_ref(), chatbot, field, &answer).await).unwrap()
    }

    #[test]
    fn only_the_word_asks() {
        for (query, expected) in [
            ("send_to_chatbotbuilder=true", true),
            ("send_to_chatbotbuilder=TRUE", true),
            ("send_to_chatbotbuilder=1", false),
            ("send_to_chatbotbuilder=", false),
            ("send_to_chatbotbuilder=true%20", false),
            ("", false),
        ] {
            assert_eq!(wanted(&Query::parse(query)), expected, "{query}");
        }
    }

    #[tokio::test]
    async fn the_bot_pushes_once() {
        let (chatbot, seen) = platform(StatusCode::CREATED).await;
        let result = pushed(Some(StaffOrBot::Bot), Some(&chatbot), BotField::GlobalDiscounts).await;
        assert_eq!(result["successful_sync"], true);
        assert_eq!((&result["response_status"], &result["response_data"]), (&json!(201), &json!("hecho")));
        assert!(result["message"].is_string() && result.get("error").is_none());
        let value = r#"{"success":true,"message":"Árbol"}"#.to_owned();
        assert_eq!(*seen.lock().unwrap(), [("11".to_owned(), vec![("value".to_owned(), value)])]);
    }

    #[tokio::test]
    async fn strangers_push_nothing() {
        let (chatbot, seen) = platform(StatusCode::OK).await;
        let result = pushed(None, Some(&chatbot), BotField::GlobalDiscounts).await;
        assert_eq!(result["successful_sync"], false);
        assert!(result["error"].is_string());
        assert!(seen.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn failures_are_told() {
        let (chatbot, seen) = platform(StatusCode::FORBIDDEN).await;
        let refused = pushed(Some(StaffOrBot::Bot), Some(&chatbot), BotField::GlobalDiscounts).await;
        assert!(refused["error"].as_str().unwrap().contains("403"), "{refused}");
        assert_eq!(seen.lock().unwrap().len(), 1);
        for chatbot in [None, Some(&chatbot)] {
            let unset = pushed(Some(StaffOrBot::Bot), chatbot, BotField::Levels).await;
            assert!(unset["successful_sync"] == false && unset["error"].is_string(), "{unset}");
        }
        assert_eq!(seen.lock().unwrap().len(), 1);
    }
}
