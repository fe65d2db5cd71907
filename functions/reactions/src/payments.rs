//! Card payments as the team hears of them (contract 06 §3.1, §3.2).

use casa_domain::{
    event::Event,
    ids::{PaymentId, ReservationId},
    money::fixed2,
    payment::{Cause, Payment, Purpose, Vendor},
};
use casa_gateways::Chat;
use rust_decimal::Decimal;

use crate::{
    Failures, React, ReactError,
    notices::{guest, house, phone, stay},
    stays::{Scene, Told},
};

impl React {
    /// A card was charged.
    pub(crate) async fn about_taken(
        &self,
        event: &Event,
        payment: PaymentId,
        reservation: ReservationId,
    ) -> Result<(), ReactError> {
        let Some((payment, scene)) = self.payment_scene(payment, reservation).await? else { return Ok(()) };
        let text = taken(&scene.told(event), &payment);
        self.once(event, "telegram", self.tell(Chat::Clients, &text)).await
    }

    /// Money went back to a card.
    pub(crate) async fn about_given_back(
        &self,
        event: &Event,
        payment: PaymentId,
        reservation: ReservationId,
        amount: Decimal,
        cause: Cause,
    ) -> Result<(), ReactError> {
        let Some((payment, scene)) = self.payment_scene(payment, reservation).await? else { return Ok(()) };
        let text = given_back(&scene.told(event), &payment, amount, cause);
        self.once(event, "telegram", self.tell(Chat::Clients, &text)).await
    }

    /// A refund was refused: somebody must look at it, so two channels hear of it.
    pub(crate) async fn about_troubled(
        &self,
        event: &Event,
        payment: PaymentId,
        reservation: ReservationId,
    ) -> Result<(), ReactError> {
        let Some((payment, scene)) = self.payment_scene(payment, reservation).await? else { return Ok(()) };
        let text = troubled(&scene.told(event), &payment);
        let mut failures = Failures::default();
        for (effect, chat) in [("telegram-operations", Chat::Operations), ("telegram-clients", Chat::Clients)]
        {
            failures.note(self.once(event, effect, self.tell(chat, &text)).await);
        }
        failures.first()
    }

    async fn payment_scene(
        &self,
        payment: PaymentId,
        reservation: ReservationId,
    ) -> Result<Option<(Payment, Scene)>, ReactError> {
        let Some(stored) = self.state.store.payments().get(payment).await? else { return Ok(None) };
        Ok(self.scene(reservation).await?.map(|scene| (stored.payment, scene)))
    }
}

/// The gateway and its id of the payment.
fn gateway(payment: &Payment) -> String {
    let name = match payment.vendor {
        Vendor::MercadoPago => "MercadoPago",
        Vendor::OpenPay => "OpenPay",
    };
    match &payment.transaction {
        Some(transaction) => format!("Pasarela: {name} (operación {transaction})"),
        None => format!("Pasarela: {name}"),
    }
}

/// What was bought beside the stay.
fn service(purpose: Purpose) -> Option<&'static str> {
    match purpose {
        Purpose::Reservation => None,
        Purpose::TemperaturePool => Some("Temperado de piscina"),
        Purpose::LateCheckout => Some("Late checkout"),
    }
}

/// Guest, house and dates, with the service where it is one.
fn subject(told: &Told<'_>, payment: &Payment) -> String {
    let service = service(payment.purpose).map(|name| format!("Servicio: {name}\n")).unwrap_or_default();
    format!("{service}Cliente: {}\nCasa: {}\n{}", guest(told), house(told), stay(told))
}

fn taken(told: &Told<'_>, payment: &Payment) -> String {
    let title = match payment.purpose {
        Purpose::Reservation if payment.partial => "Pago parcial con tarjeta",
        Purpose::Reservation => "Pago con tarjeta",
        Purpose::TemperaturePool | Purpose::LateCheckout => "Servicio adicional pagado con tarjeta",
    };
    let note = if payment.booked {
        ""
    } else {
        "\nLa reserva ya no podía recibirlo: el dinero vuelve a la tarjeta."
    };
    format!(
        "💳 {title}\n{}\nMonto: S/{}\n{}\nTeléfono: +{}{note}",
        subject(told, payment),
        fixed2(payment.amount),
        gateway(payment),
        phone(told)
    )
}

fn given_back(told: &Told<'_>, payment: &Payment, amount: Decimal, cause: Cause) -> String {
    let (title, why) = match cause {
        Cause::Staff => ("↩️ Devolución a la tarjeta", "la pidió el equipo"),
        Cause::Unusable => ("↩️ Devolución a la tarjeta", "la reserva ya no podía recibir el pago"),
        Cause::Gateway => ("↩️ Devolución a la tarjeta", "se hizo en la pasarela"),
        Cause::Chargeback => ("⚠️ Contracargo", "el banco del cliente retiró el dinero"),
    };
    format!(
        "{title}\n{}\nMonto: S/{} de S/{}\nMotivo: {why}\n{}",
        subject(told, payment),
        fixed2(amount),
        fixed2(payment.amount),
        gateway(payment)
    )
}

fn troubled(told: &Told<'_>, payment: &Payment) -> String {
    format!(
        "🚨 La pasarela rechazó una devolución: hay que revisarla\n{}\nMonto del pago: S/{}\nYa devuelto: S/{}\n{}\n\
         Teléfono: +{}\nReserva: {}",
        subject(told, payment),
        fixed2(payment.amount),
        fixed2(payment.refunded()),
        gateway(payment),
        phone(told),
        told.reservation.id
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn a_payment_is_told_with_what_finds_it_again() {
        let (scene, event, mut payment) = (samples::scene(), samples::event(), samples::payment());
        assert_eq!(
            taken(&scene.told(&event), &payment),
            "💳 Pago con tarjeta\nCliente: Ana María Lira Paz\nCasa: Casa desconocida\nEntrada: Lunes 5 de enero\n\
             Salida: Jueves 8 de enero\nMonto: S/350.00\nPasarela: MercadoPago (operación 123456)\n\
             Teléfono: +51900000050"
        );
        payment.partial = true;
        assert!(taken(&scene.told(&event), &payment).starts_with("💳 Pago parcial con tarjeta\n"));
        payment.purpose = Purpose::LateCheckout;
        (payment.vendor, payment.booked) = (Vendor::OpenPay, false);
        let text = taken(&scene.told(&event), &payment);
        for part in ["Servicio adicional", "Servicio: Late checkout\n", "OpenPay (", "vuelve a la tarjeta."] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn money_that_goes_back_says_why() {
        let (scene, event, payment) = (samples::scene(), samples::event(), samples::payment());
        let of = |cause| given_back(&scene.told(&event), &payment, "100".parse().unwrap(), cause);
        let texts: std::collections::BTreeSet<_> = Cause::ALL.iter().map(|cause| of(*cause)).collect();
        assert_eq!(texts.len(), Cause::ALL.len());
        assert!(of(Cause::Chargeback).starts_with("⚠️ Contracargo\n"));
        assert!(of(Cause::Staff).contains("Monto: S/100.00 de S/350.00\nMotivo: la pidió el equipo\n"));
        let text = troubled(&scene.told(&event), &payment);
        assert!(text.contains("revisarla") && text.contains(&scene.reservation.id.to_string()), "{text}");
    }
}
