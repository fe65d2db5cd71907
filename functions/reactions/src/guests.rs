//! What facts about guests cause (contract 02 §4.1).

use casa_domain::{Client, ClientId, event::Event};
use casa_gateways::{Chat, Person};
use casa_store::Activity;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Failures, React, ReactError, unless_refused};

/// What the feed says referring is worth where nothing is configured (contract 02 §4.1.4).
const USUAL_SHARE: Decimal = Decimal::from_parts(100, 0, 0, false, 1);

impl React {
    /// A guest was entered: levels, the advertising audience, the activity feed, the team and the guest are told.
    pub(crate) async fn about_new_guest(&self, event: &Event, guest: ClientId) -> Result<(), ReactError> {
        let Some(stored) = self.state.store.clients().get(guest).await? else { return Ok(()) };
        let client = stored.client;
        let mut failures = Failures::default();
        failures.note(self.once(event, "levels", self.review_around(guest)).await);
        failures.note(self.refresh_figures_of(&[guest]).await);
        failures.note(self.once(event, "meta", self.add_to_audience(&client)).await);
        failures.note(self.once(event, "activity", self.registered(event, &client)).await);
        failures.note(self.once(event, "telegram", self.tell(Chat::Clients, &new_guest(&client))).await);
        failures.note(self.once(event, "welcome", self.welcome(&client)).await);
        failures.first()
    }

    /// A guest's record changed: what others keep of it follows.
    pub(crate) async fn about_changed_guest(
        &self,
        event: &Event,
        guest: ClientId,
        card: bool,
        contact: bool,
        referrers: &[ClientId],
    ) -> Result<(), ReactError> {
        let mut failures = Failures::default();
        if card {
            failures.note(self.renew_card(guest).await);
        }
        for (number, referrer) in referrers.iter().enumerate() {
            let effect = format!("levels-{number}");
            failures.note(self.once(event, &effect, self.review(*referrer)).await);
        }
        if !referrers.is_empty() {
            failures.note(self.once(event, "levels", self.review(guest)).await);
        }
        // Names and numbers of the public figures: the guest's own, and those of whoever referred the guest.
        for referrer in referrers.iter().chain([&guest]) {
            failures.note(self.refresh_figures(*referrer).await);
        }
        if contact && let Some(stored) = self.state.store.clients().get(guest).await? {
            failures.note(self.once(event, "meta", self.add_to_audience(&stored.client)).await);
        }
        failures.first()
    }

    /// A guest chose a password.
    pub(crate) async fn about_password(&self, event: &Event, guest: ClientId) -> Result<(), ReactError> {
        let Some(stored) = self.state.store.clients().get(guest).await? else { return Ok(()) };
        let text = format!("🔐 {} configuró su contraseña.", stored.client.card().full_name());
        self.once(event, "telegram", self.tell(Chat::Clients, &text)).await
    }

    /// Reservations repeat their guest's card. Every run looks at all of them, so it needs no mark.
    pub(crate) async fn renew_card(&self, guest: ClientId) -> Result<(), ReactError> {
        if let Some(stored) = self.state.store.clients().get(guest).await? {
            self.state.store.reservations().renew_card(&stored.client, self.state.clock.now()).await?;
        }
        Ok(())
    }

    async fn add_to_audience(&self, client: &Client) -> Result<(), ReactError> {
        let Some(meta) = &self.gateways.meta else { return Ok(()) };
        if client.deleted {
            return Ok(());
        }
        let person = Person { email: client.email.clone(), phone: Some(client.tel_number.clone()) };
        Ok(meta.add(&[person]).await?)
    }

    async fn welcome(&self, client: &Client) -> Result<(), ReactError> {
        let Some(whatsapp) = &self.gateways.whatsapp else { return Ok(()) };
        if client.tel_number.is_empty() {
            return Ok(());
        }
        let name = client.first_name.split_whitespace().next().unwrap_or("Cliente");
        unless_refused("a welcome", whatsapp.welcome(&client.tel_number, name).await)
    }

    /// The entry of the feed is made whatever the settings of its type say, as documented.
    async fn registered(&self, event: &Event, client: &Client) -> Result<(), ReactError> {
        let store = &self.state.store;
        let referrer = match client.referred_by {
            Some(referrer) => store.clients().get(referrer).await?.map(|stored| stored.client),
            None => None,
        };
        let share = store.prices().book().await?.referral_share.unwrap_or(USUAL_SHARE);
        let (text, info) = match referrer {
            None => (String::new(), Value::Null),
            Some(referrer) => (
                format!("Referido por {}", referrer.short_name()),
                json!({
                    "id": referrer.id,
                    "name": referrer.short_name(),
                    "referral_code": referrer.referral_code,
                    "points_percentage": casa_domain::money::displayed::number(share),
                }),
            ),
        };
        let entry = Activity {
            id: Uuid::new_v5(&event.id, b"client_registered"),
            created: event.at,
            activity_type: "client_registered".to_owned(),
            title: "Nuevo Cliente".to_owned(),
            description: String::new(),
            client: Some(client.id.0),
            event: None,
            property_location: None,
            activity_data: json!({
                "referral_info": text,
                "referred_by_info": info,
                "registration_method": "web_form",
            }),
            is_public: true,
            importance_level: 2,
            deleted: false,
        };
        Ok(store.records().add_activity(&entry).await?)
    }
}

/// What the team reads of a new guest.
fn new_guest(client: &Client) -> String {
    let kind = match client.document_type.as_str() {
        "dni" => "DNI",
        "cex" => "Carné de extranjería",
        "pas" => "Pasaporte",
        "ruc" => "RUC",
        other => other,
    };
    format!(
        "👤 Nuevo cliente\nNombre: {}\n{kind}: {}\nCorreo: {}\nTeléfono: +{}\nContraseña: {}\nCódigo de referido: {}",
        client.card().full_name(),
        client.number_doc,
        client.email.as_deref().filter(|email| !email.is_empty()).unwrap_or("sin correo"),
        client.tel_number.trim_start_matches('+'),
        if client.is_password_set { "configurada" } else { "pendiente" },
        client.referral_code.as_deref().unwrap_or("sin código"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_team_reads_what_it_needs() {
        let client: Client = serde_json::from_value(json!({
            "id": Uuid::nil(), "created": "2025-01-01T00:00:00Z", "updated": "2025-01-01T00:00:00Z",
            "document_type": "pas", "number_doc": "X1", "first_name": "Ana", "last_name": "Rojas", "email": "",
            "tel_number": "+51900", "referral_code": "ANA123",
        }))
        .unwrap();
        let text = new_guest(&client);
        for part in ["Ana Rojas", "Pasaporte: X1", "sin correo", "+51900", "pendiente", "ANA123"] {
            assert!(text.contains(part), "{text}");
        }
        assert!(!text.contains("++"));
    }
}
