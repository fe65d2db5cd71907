//! Guests pay by card: the stay, or something beside it.

use std::time::Duration;

use axum::{Extension, Json, extract::State};
use casa_domain::{ClientId, ReservationId};
use casa_gateways::Cards;
use casa_jobs::payments::{self, Asked};
use casa_web::{
    ApiError, ApiResult, AppState, Form, Guest, IdPath,
    guard::{Guard, Limit},
    openapi::{ForGuests, WithBody},
};
use http::StatusCode;

use crate::{
    Usual,
    answer::{self, Done},
    problem::{PaymentProblem, Problem, no_reservation, shaped, signed_in},
    wish::{AdditionInput, Input, Subject, Wish},
};

/// Tries are counted within this time.
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Tries of one guest: enough for a stay and what is bought beside it, too few to try out stolen cards.
const PER_GUEST: Limit = Limit { most: 10, window: WINDOW };
/// Tries at one reservation.
const PER_RESERVATION: Limit = Limit { most: 6, window: WINDOW };

/// Pays what is due for a reservation, or a part of it, by card.
#[utoipa::path(
    post,
    path = "/api/v1/payment/process/{reservation_id}/",
    tag = "payments",
    operation_id = "payment_process",
    params(("reservation_id" = String, Path, description = "A reservation of the guest who asks")),
    request_body(content(
        (Input = "application/json"),
        (Input = "application/x-www-form-urlencoded"),
        (Input = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "The money was taken.", body = Done),
        (status = 400, description = "Something is wrong, or the card was refused, or the gateway has not decided yet.", body = PaymentProblem),
        (status = 404, description = "No such reservation of this guest.", body = PaymentProblem),
        (status = 409, description = "Another payment is under way, or the money goes back because the reservation could not take it any more.", body = PaymentProblem),
        (status = 429, description = "Too many tries: wait.", body = PaymentProblem,
            headers(("Retry-After" = u64, description = "Seconds to wait."))),
        (status = 503, description = "The outcome is not known yet, and the payment must not be repeated; or the gateway or the table does not answer.", body = PaymentProblem),
        ForGuests,
        WithBody,
    ),
    security(("client" = [])),
)]
pub(crate) async fn process(
    guest: Result<Guest, ApiError>,
    State(state): State<AppState>,
    cards: Extension<Cards>,
    usual: Extension<Usual>,
    id: Result<IdPath<ReservationId>, ApiError>,
    form: Result<Form, ApiError>,
) -> ApiResult<Json<Done>> {
    let desk = Desk { state, cards: cards.0, usual: usual.0, subject: Subject::Stay };
    desk.serve(guest, id, form).await
}

/// Pays the heated pool or late check-out of a reservation by card.
#[utoipa::path(
    post,
    path = "/api/v1/payment/additional-services/{reservation_id}/",
    tag = "payments",
    operation_id = "payment_additional_services",
    params(("reservation_id" = String, Path, description = "A reservation of the guest who asks")),
    request_body(content(
        (AdditionInput = "application/json"),
        (AdditionInput = "application/x-www-form-urlencoded"),
        (AdditionInput = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "The money was taken, and the service is part of the reservation.", body = Done),
        (status = 400, description = "Something is wrong, or the card was refused, or the gateway has not decided yet.", body = PaymentProblem),
        (status = 404, description = "No such reservation of this guest.", body = PaymentProblem),
        (status = 409, description = "Another payment is under way, or the money goes back because the reservation could not take it any more.", body = PaymentProblem),
        (status = 429, description = "Too many tries: wait.", body = PaymentProblem,
            headers(("Retry-After" = u64, description = "Seconds to wait."))),
        (status = 503, description = "The outcome is not known yet, and the payment must not be repeated; or the gateway or the table does not answer.", body = PaymentProblem),
        ForGuests,
        WithBody,
    ),
    security(("client" = [])),
)]
pub(crate) async fn additional_services(
    guest: Result<Guest, ApiError>,
    State(state): State<AppState>,
    cards: Extension<Cards>,
    usual: Extension<Usual>,
    id: Result<IdPath<ReservationId>, ApiError>,
    form: Result<Form, ApiError>,
) -> ApiResult<Json<Done>> {
    let desk = Desk { state, cards: cards.0, usual: usual.0, subject: Subject::Addition };
    desk.serve(guest, id, form).await
}

/// Where guests pay.
struct Desk {
    state: AppState,
    cards: Cards,
    usual: Usual,
    subject: Subject,
}

impl Desk {
    async fn serve(
        self,
        guest: Result<Guest, ApiError>,
        id: Result<IdPath<ReservationId>, ApiError>,
        form: Result<Form, ApiError>,
    ) -> ApiResult<Json<Done>> {
        let guest = signed_in(guest)?;
        let IdPath(reservation) = id.map_err(|_| no_reservation())?;
        // Not found comes before what is wrong with the body.
        self.find(reservation, guest.client.id).await?;
        let form = form.map_err(shaped)?;
        let wish = Wish::read(&form, self.subject, self.usual.0)?;
        self.count(guest.client.id, reservation).await?;
        let asked = Asked {
            guest,
            reservation,
            purpose: wish.purpose,
            amount: wish.amount,
            partial: wish.partial,
            vendor: wish.vendor,
            token: wish.token,
            method: wish.method,
            installments: wish.installments,
            device_session: wish.device_session,
        };
        let Self { state, cards, .. } = self;
        // A guest who closes the page does not stop a charge half-way.
        let paying = tokio::spawn(async move { payments::pay(&state, &cards, asked).await });
        match paying.await {
            Ok(Ok(paid)) => answer::tried(paid),
            Ok(Err(problem)) => Err(answer::untried(problem)),
            Err(_) => {
                tracing::error!("a payment ended without an answer");
                let message =
                    "No se pudo completar el pago. Consulte su reserva antes de intentarlo otra vez.";
                Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, message).error())
            }
        }
    }

    async fn find(&self, id: ReservationId, guest: ClientId) -> ApiResult<()> {
        let stored = self.state.store.reservations().get(id).await.map_err(|error| shaped(error.into()))?;
        let own = stored.is_some_and(|stored| stored.booked.reservation.is_of(guest));
        own.then_some(()).ok_or_else(no_reservation)
    }

    /// Counts a try (defect 16 of contract 06 §8). Only guests' own reservations get here, so that nobody uses up the
    /// tries of somebody else.
    async fn count(&self, guest: ClientId, reservation: ReservationId) -> ApiResult<()> {
        let secret = &self.state.settings.secret;
        let of_guest = Guard::of("card").per_subject(secret, &guest.to_string(), PER_GUEST);
        let of_stay = Guard::of("card-stay").per_subject(secret, &reservation.to_string(), PER_RESERVATION);
        for guard in [of_guest, of_stay] {
            guard.obey(&self.state.store, too_many).await?;
        }
        Ok(())
    }
}

fn too_many(seconds: u64) -> ApiError {
    let message = "Demasiados intentos de pago. Intente de nuevo en unos minutos.";
    let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, message).code("TOO_MANY_ATTEMPTS");
    problem.with("retry_after", seconds).error().retry_after(seconds)
}
