//! The life of a booking, as its guest, the team and the advertisements hear of it: confirmed, paid, called off, lapsed
//! (contract 05 §5.1 to §5.4, 06 §5.3, §5.4, 03 §4.F; defects 7 and 15 of 05 §8).

use casa_domain::{
    client::Client,
    event::Event,
    ids::ReservationId,
    money::fixed2,
    pricing::{book::Policy, policy},
    reservation::{Currency, Reservation, Status},
};
use casa_gateways::{Buyer, Chat, Purchase, Trace};
use rust_decimal::Decimal;

use crate::{
    Failures, React, ReactError,
    notices::{guest, house, phone, stay},
    stays::{Scene, Told},
    unless_refused,
};

impl React {
    /// A booking from the site was approved: its guest hears of it.
    pub(crate) async fn about_confirmed(
        &self,
        event: &Event,
        reservation: ReservationId,
    ) -> Result<(), ReactError> {
        let Some(scene) = self.scene(reservation).await? else { return Ok(()) };
        // Told late, after an outage, it may not be true any more.
        if scene.reservation.deleted || scene.reservation.status != Status::Approved {
            return Ok(());
        }
        self.once(event, "whatsapp", self.say_approved(&scene)).await
    }

    /// A guest called a reservation off: the team decides on what goes back.
    pub(crate) async fn about_called_off(
        &self,
        event: &Event,
        reservation: ReservationId,
        points: Decimal,
    ) -> Result<(), ReactError> {
        let Some(scene) = self.scene(reservation).await? else { return Ok(()) };
        let told = scene.told(event);
        let days = (told.reservation.check_in_date - told.clock.local_date(event.at)).num_days();
        let book = self.state.store.prices().book().await?;
        let policy = policy::policy(&book, told.reservation.house, Some(days));
        let payments = self.state.store.payments().of(reservation).await?;
        let by_card = payments.iter().map(|payment| payment.left()).sum();
        let text = called_off(&told, Paid { by_card, points }, policy, days);
        let mut failures = Failures::default();
        failures.note(self.once(event, "telegram", self.tell(Chat::Clients, &text)).await);
        failures.note(self.once(event, "whatsapp", self.say_cancelled(&scene)).await);
        failures.first()
    }

    /// A booking lapsed unpaid. The team hears of it when the house was to be used at once (contract 05 §6).
    pub(crate) async fn about_lapsed(
        &self,
        event: &Event,
        reservation: ReservationId,
    ) -> Result<(), ReactError> {
        let Some(scene) = self.scene(reservation).await? else { return Ok(()) };
        let told = scene.told(event);
        let mut failures = Failures::default();
        failures.note(self.once(event, "whatsapp", self.say_cancelled(&scene)).await);
        if is_soon(&told) {
            failures.note(self.once(event, "telegram", self.tell(Chat::Clients, &lapsed(&told))).await);
        }
        failures.first()
    }

    /// A purchase goes to the advertisements that may have led to it.
    pub(crate) async fn about_purchase(
        &self,
        event: &Event,
        reservation: ReservationId,
    ) -> Result<(), ReactError> {
        let Some(scene) = self.scene(reservation).await? else { return Ok(()) };
        self.once(event, "meta", self.report_purchase(event, &scene)).await
    }

    async fn report_purchase(&self, event: &Event, scene: &Scene) -> Result<(), ReactError> {
        match &self.gateways.conversions {
            Some(pixel) => Ok(pixel.purchase(&purchase(&scene.told(event))).await?),
            None => Ok(()),
        }
    }

    /// Starts the chatbot's flow for a guest who has paid everything, where the chatbot knows the guest.
    pub(crate) async fn start_payment_flow(&self, scene: &Scene) -> Result<(), ReactError> {
        let contact = reachable(scene).and_then(|client| client.id_manychat.as_deref()).map(str::trim);
        match (&self.gateways.chatbot, contact.filter(|contact| !contact.is_empty())) {
            (Some(chatbot), Some(contact)) => {
                unless_refused("a payment flow", chatbot.payment_complete(contact).await)
            }
            _ => Ok(()),
        }
    }

    async fn say_approved(&self, scene: &Scene) -> Result<(), ReactError> {
        let (Some(whatsapp), Some((client, phone))) = (&self.gateways.whatsapp, with_phone(scene)) else {
            return Ok(());
        };
        let (name, amount) = (addressed(client), approved_amount(&scene.reservation));
        let arrival = format!("con ingreso el {}", scene.reservation.check_in_date.format("%d/%m/%Y"));
        let said = whatsapp.payment_approved(phone, &name, &amount, &arrival).await;
        unless_refused("an approval", said)
    }

    async fn say_cancelled(&self, scene: &Scene) -> Result<(), ReactError> {
        let (Some(whatsapp), Some((client, phone))) = (&self.gateways.whatsapp, with_phone(scene)) else {
            return Ok(());
        };
        unless_refused("a cancellation", whatsapp.reservation_cancelled(phone, &addressed(client)).await)
    }
}

/// The guest, unless the record was deleted.
fn reachable(scene: &Scene) -> Option<&Client> {
    scene.client.as_ref().filter(|client| !client.deleted)
}

/// The guest with a number of their own.
fn with_phone(scene: &Scene) -> Option<(&Client, &str)> {
    let client = reachable(scene)?;
    let phone = client.tel_number.as_str();
    phone.contains(|letter: char| letter.is_ascii_digit()).then_some((client, phone))
}

/// How messages call a guest: first word of the given names, first word of the family names (contract 06 §5.3).
fn addressed(client: &Client) -> String {
    let first = |text: &str| text.split_whitespace().next().map(str::to_owned);
    let words = [first(&client.first_name), client.last_name.as_deref().and_then(first)];
    let name = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
    if name.is_empty() { "Cliente".to_owned() } else { name }
}

/// The advance as the message says it (contract 05 §5.2).
fn approved_amount(reservation: &Reservation) -> String {
    match reservation.advance_payment.filter(|advance| !advance.is_zero()) {
        Some(advance) if reservation.advance_payment_currency == Currency::Usd => {
            format!("${}", fixed2(advance))
        }
        advance => format!("S/{}", fixed2(advance.unwrap_or_default())),
    }
}

/// Whether a stay was to begin on the local day of its fact or the day after.
fn is_soon(told: &Told<'_>) -> bool {
    let days = (told.reservation.check_in_date - told.clock.local_date(told.event.at)).num_days();
    (0..=1).contains(&days)
}

fn lapsed(told: &Told<'_>) -> String {
    format!(
        "⌛ Reserva vencida sin pago\nCliente: {}\nCasa: {}\n{}\nTotal: S/ {}\nTeléfono: +{}",
        guest(told),
        house(told),
        stay(told),
        fixed2(told.reservation.price_sol.unwrap_or_default()),
        phone(told)
    )
}

/// What came in for a reservation beside its advance, in soles and points.
#[derive(Clone, Copy, Debug)]
struct Paid {
    /// What cards were charged and did not get back: a part of the advance.
    by_card: Decimal,
    /// Points that went back already.
    points: Decimal,
}

fn called_off(told: &Told<'_>, paid: Paid, policy: Option<&Policy>, days: i64) -> String {
    let one = told.reservation;
    let sign = match one.advance_payment_currency {
        Currency::Sol => "S/",
        Currency::Usd => "$",
    };
    let mut advance = format!("Pagado: {sign} {}", fixed2(one.advance_payment.unwrap_or_default()));
    if paid.by_card > Decimal::ZERO {
        advance.push_str(&format!(" (con tarjeta: S/ {})", fixed2(paid.by_card)));
    }
    let before = if days == 1 { "1 día".to_owned() } else { format!("{days} días") };
    let policy = match policy {
        Some(policy) => {
            format!("devolución del {} % ({})", policy.refund_percentage.normalize(), policy.name)
        }
        None => "sin política".to_owned(),
    };
    format!(
        "❌ Reserva anulada por el cliente\nCliente: {}\nCasa: {}\n{}\nTotal: S/ {}\n{advance}\nPuntos devueltos: {}\n\
         Anulada {before} antes del ingreso: {policy}\nTeléfono: +{}\nReserva: {}",
        guest(told),
        house(told),
        stay(told),
        fixed2(one.price_sol.unwrap_or_default()),
        fixed2(paid.points),
        phone(told),
        one.id
    )
}

fn purchase(told: &Told<'_>) -> Purchase {
    let one = told.reservation;
    let buyer = told.client.map(|client| Buyer {
        phone: client.tel_number.clone(),
        email: client.email.clone(),
        first_name: client.first_name.clone(),
        last_name: client.last_name.clone(),
        birthday: client.date,
    });
    Purchase {
        reservation: one.id,
        at: told.event.at,
        value: one.price_usd.unwrap_or_default(),
        buyer: buyer.unwrap_or_default(),
        trace: Trace {
            ip: one.ip_cliente.clone(),
            user_agent: one.user_agent.clone(),
            fbc: one.fbc.clone(),
            fbp: one.fbp.clone(),
            fbclid: one.fbclid.clone(),
            utm_source: one.utm_source.clone(),
            utm_medium: one.utm_medium.clone(),
            utm_campaign: one.utm_campaign.clone(),
        },
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::samples;

    #[test]
    fn guests_are_called_by_two_words() {
        let mut client = samples::scene().client.unwrap();
        assert_eq!(addressed(&client), "Ana Lira");
        client.last_name = Some("  ".to_owned());
        assert_eq!(addressed(&client), "Ana");
        (client.first_name, client.last_name) = (String::new(), None);
        assert_eq!(addressed(&client), "Cliente");
    }

    /// Contract 05 §5.2.
    #[test]
    fn amounts_follow_the_currency_of_the_advance() {
        let mut one = samples::scene().reservation;
        for (advance, currency, said) in [
            (Some("350"), Currency::Sol, "S/350.00"),
            (Some("92.11"), Currency::Usd, "$92.11"),
            (Some("0"), Currency::Usd, "S/0.00"),
            (None, Currency::Sol, "S/0.00"),
        ] {
            one.advance_payment = advance.map(|amount| amount.parse().unwrap());
            one.advance_payment_currency = currency;
            assert_eq!(approved_amount(&one), said);
        }
    }

    #[test]
    fn only_guests_with_a_number_are_written_to() {
        let mut scene = samples::scene();
        assert!(with_phone(&scene).is_some());
        let client = scene.client.as_mut().unwrap();
        client.tel_number = "-".to_owned();
        assert!(with_phone(&scene).is_none());
        let client = scene.client.as_mut().unwrap();
        (client.tel_number, client.deleted) = ("51900000050".to_owned(), true);
        assert!(with_phone(&scene).is_none());
        scene.client = None;
        assert!(with_phone(&scene).is_none());
    }

    #[test]
    fn soon_is_today_or_tomorrow_here() {
        let (mut scene, mut event) = (samples::scene(), samples::event());
        // The fourth of January here, the fifth in UTC.
        event.at = "2026-01-05T04:59:00Z".parse().unwrap();
        for (day, soon) in [(3, false), (4, true), (5, true), (6, false)] {
            scene.reservation.check_in_date = NaiveDate::from_ymd_opt(2026, 1, day).unwrap();
            assert_eq!(is_soon(&scene.told(&event)), soon, "{day}");
        }
    }

    #[test]
    fn the_team_reads_what_it_needs_for_a_refund() {
        let (mut scene, event) = (samples::scene(), samples::event());
        scene.reservation.advance_payment = Some("350".parse().unwrap());
        let row = r#"{"id": "00000000-0000-4000-8000-000000000001", "name": "Flexible", "days_before_checkin": 7,
            "refund_percentage": "50.00"}"#;
        let policy: Policy = serde_json::from_str(row).unwrap();
        let paid = Paid { by_card: "100".parse().unwrap(), points: "40".parse().unwrap() };
        let text = called_off(&scene.told(&event), paid, Some(&policy), 8);
        for part in [
            "Cliente: Ana María Lira Paz",
            "Entrada: Lunes 5 de enero",
            "Pagado: S/ 350.00 (con tarjeta: S/ 100.00)",
            "Puntos devueltos: 40.00",
            "Anulada 8 días antes del ingreso: devolución del 50 % (Flexible)",
            "Teléfono: +51900000050",
        ] {
            assert!(text.contains(part), "{text}");
        }
        scene.reservation.advance_payment_currency = Currency::Usd;
        let paid = Paid { by_card: Decimal::ZERO, points: Decimal::ZERO };
        let text = called_off(&scene.told(&event), paid, None, 1);
        assert!(text.contains("Pagado: $ 350.00\n"), "{text}");
        assert!(text.contains("Anulada 1 día antes del ingreso: sin política\n"), "{text}");
    }

    #[test]
    fn a_purchase_carries_the_price_and_the_visit() {
        let (mut scene, event) = (samples::scene(), samples::event());
        scene.reservation.price_usd = Some("92.11".parse().unwrap());
        scene.reservation.fbclid = Some("clic".to_owned());
        let told = purchase(&scene.told(&event));
        assert_eq!((told.reservation, told.at), (scene.reservation.id, event.at));
        assert_eq!(told.value.to_string(), "92.11");
        assert_eq!(told.buyer.birthday, NaiveDate::from_ymd_opt(1990, 3, 9));
        assert_eq!(told.trace.fbclid.as_deref(), Some("clic"));
        (scene.client, scene.reservation.price_usd) = (None, None);
        let told = purchase(&scene.told(&event));
        assert_eq!((told.buyer, told.value), (Buyer::default(), Decimal::ZERO));
    }
}
