//! How reservations end before their stay: points go back to the guest once, in the transaction that frees the nights
//! (decision 11; contract 05 §4.3 D).

use casa_domain::{event, points::Kind, reservation::Reservation};
use casa_store::{
    Store, StoreError,
    reservations::{Change, PointsSpent, Stored},
};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

/// Takes the points off a reservation that ends and answers the movement that gives them back to its guest; `None` when it
/// was paid without points, they went back before, or its guest is gone.
///
/// # Errors
/// [`StoreError`].
pub async fn points_back(store: &Store, ending: &mut Reservation) -> Result<Option<PointsSpent>, StoreError> {
    let Some(client) = ending.client.filter(|_| ending.points_redeemed > Decimal::ZERO) else {
        return Ok(None);
    };
    if store.points().happened(client, Kind::Refunded, ending.id).await? {
        return Ok(None);
    }
    let Some(client) = store.clients().get(client).await? else { return Ok(None) };
    let points = ending.release_points();
    let description = "Puntos devueltos por una reserva anulada".to_owned();
    Ok(Some(PointsSpent { client, points: -points, description }))
}

/// The change that deletes a reservation, with its points and its fact.
///
/// # Errors
/// [`StoreError`].
pub async fn deleted<'a>(
    store: &Store,
    stored: &'a Stored,
    now: DateTime<Utc>,
) -> Result<Change<'a>, StoreError> {
    let before = &stored.booked.reservation;
    let mut after = before.clone();
    (after.deleted, after.updated) = (true, now);
    let points = points_back(store, &mut after).await?;
    let returned = points.as_ref().map(|points| -points.points).unwrap_or_default();
    Ok(Change {
        points,
        facts: event::facts(Some(before), &after, returned),
        ..Change::new(Some(stored), after, stored.booked.client.clone())
    })
}
