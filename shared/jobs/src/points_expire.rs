//! `points-expire`: takes points that have lapsed (contract 02 §6.4).

use casa_domain::points;
use casa_store::Moved;
use casa_web::AppState;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::JobError;

/// Takes what has lapsed; with `dry_run` only says what would be taken. Answers from how many guests, and how many points.
///
/// # Errors
/// [`JobError`].
pub async fn run(state: &AppState, dry_run: bool) -> Result<Value, JobError> {
    let now = state.clock.now();
    let book = state.client_book().await.map_err(|_| JobError::Unavailable)?;
    let lapsed = book.with_points(|client| points::lapsed(client, now).is_some());
    let (mut guests, mut taken, mut failed) = (0, Decimal::ZERO, 0);
    for client in &lapsed {
        if dry_run {
            guests += 1;
            taken += client.points_balance;
            continue;
        }
        // Decided anew on the record as it stands: points may have been spent, or given, since.
        match state.store.points().move_points(client.id, now, |client| points::lapsed(client, now)).await {
            Ok(Moved::Done(_, entry)) => {
                guests += 1;
                taken -= entry.points;
            }
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, client = %client.id, "lapsed points could not be taken");
                failed += 1;
            }
        }
    }
    if failed > 0 {
        return Err(JobError::Partly(format!("points of {failed} guests could not be taken")));
    }
    Ok(json!({ "guests": guests, "points": taken }))
}
