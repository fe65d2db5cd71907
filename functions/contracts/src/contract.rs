//! `GET reservations/{id}/contrato/` (contract 05 §3.1).

use axum::{
    Extension,
    extract::{Path, State, rejection::PathRejection},
    response::Response,
};
use casa_domain::ReservationId;
use casa_web::{
    ApiError, ApiResult, AppState, Query, Staff,
    openapi::{Detail, ForStaff},
};
use http::StatusCode;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    answer,
    fields::{Fields, Refused},
    writer::{Format, Writer, own_template},
};

/// Why there is no contract.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code)] // describes an error, which is built by hand
pub(crate) struct ContractProblem {
    /// What is wrong, in Spanish.
    error: String,
}

fn problem(status: StatusCode, text: &str) -> ApiError {
    ApiError::new(status, json!({ "error": text }))
}

fn missing() -> ApiError {
    problem(StatusCode::NOT_FOUND, "La reserva no existe.")
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoGuest => problem(StatusCode::NOT_FOUND, "La reserva no tiene cliente."),
            Refused::DocumentOfCompany => problem(
                StatusCode::BAD_REQUEST,
                "El contrato requiere un cliente con DNI, pasaporte o carnet de extranjería.",
            ),
        }
    }
}

/// The kind of document that is asked for; PDF where nothing is said.
fn format(query: &Query) -> ApiResult<Format> {
    match query.get("format") {
        None | Some("pdf") => Ok(Format::Pdf),
        Some("docx") => Ok(Format::Docx),
        Some(_) => Err(problem(StatusCode::BAD_REQUEST, "El formato debe ser pdf o docx.")),
    }
}

/// The contract of a reservation to sign, in any status.
#[utoipa::path(
    get,
    path = "/api/v1/reservations/{id}/contrato/",
    tag = "contracts",
    operation_id = "reservations_contract",
    params(
        ("id" = String, Path, description = "Id of the reservation"),
        ("format" = Option<String>, Query, description = "`pdf` (default) or `docx`"),
    ),
    responses(
        (status = 200, description = "The document, as a download named after the house", content(
            (Vec<u8> = "application/pdf"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        )),
        (status = 400, description = "Another format, or a guest with the document of a company",
            body = ContractProblem),
        (status = 404, description = "No such reservation, or one without a guest", body = ContractProblem),
        (status = 500, description = "The document could not be made", body = ContractProblem),
        (status = 503, description = "The table or the bucket does not answer", body = Detail),
        ForStaff,
    ),
    security(("staff" = []))
)]
pub(crate) async fn show(
    _: Staff,
    State(state): State<AppState>,
    Extension(writer): Extension<Writer>,
    id: Result<Path<String>, PathRejection>,
    query: Query,
) -> ApiResult<Response> {
    let Path(id) = id.map_err(|_| missing())?;
    let id: ReservationId = id.parse().map_err(|_| missing())?;
    let format = format(&query)?;
    let (reservations, houses) = (state.store.reservations(), state.store.houses());
    let (stored, catalogue) = tokio::try_join!(reservations.get(id), houses.catalogue())?;
    let booked = stored
        .map(|stored| stored.booked)
        .filter(|booked| !booked.reservation.deleted)
        .ok_or_else(missing)?;
    let house = catalogue.house(booked.reservation.house).map_or("", |house| house.name.as_str());
    let fields = Fields::new(&booked, house, &writer.landlord)?;
    let own = own_template(&state.files, format).await?;
    let document = writer.write(own, format, fields).await.map_err(|reason| {
        tracing::error!(%reason, "no contract could be written");
        problem(StatusCode::INTERNAL_SERVER_ERROR, "No se pudo generar el contrato.")
    })?;
    Ok(answer::download(document, format, house))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        let of = |query: &str| format(&Query::parse(query)).map_err(|error| error.status().as_u16());
        for (query, expected) in [
            ("", Ok(Format::Pdf)),
            ("format=", Ok(Format::Pdf)),
            ("format=pdf", Ok(Format::Pdf)),
            ("format=docx", Ok(Format::Docx)),
            ("format=doc", Err(400)),
        ] {
            assert_eq!(of(query), expected, "{query}");
        }
    }
}
