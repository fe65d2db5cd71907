//! The job that keeps the ranking of a month (contract 03 §4.C, §6.1, §8 D18).

use casa_domain::time::Month;
use casa_store::{Saved, StoreError};
use casa_web::AppState;
use serde::Serialize;

use crate::month;

/// What a run did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RankingReport {
    /// The month.
    pub month: Month,
    /// Referrers who rank in it; what was there already where nothing was done.
    pub ranked: usize,
    /// Rows written, new or changed; in a rehearsal none.
    pub written: usize,
    /// Rows taken out.
    pub removed: usize,
    /// Whether the month had its ranking already, so that nothing was done.
    pub had_one: bool,
    /// Whether this was a rehearsal.
    pub dry_run: bool,
}

/// Works out and keeps the ranking of a month; without one, of the local month before this one. A month that has its
/// ranking stays as it is unless `force`; a month that is not over, or whose writing broke off, can be done at any time.
/// The same again changes nothing. In a rehearsal (`dry_run`) nothing is kept.
///
/// # Errors
/// [`StoreError`]; the next run begins the month again.
pub async fn run(
    state: &AppState,
    month: Option<Month>,
    force: bool,
    dry_run: bool,
) -> Result<RankingReport, StoreError> {
    let month = month.unwrap_or_else(|| before(Month::of(state.clock.today())));
    let rankings = state.store.rankings();
    if !force && rankings.has_month(month).await? {
        let ranked = rankings.month(month.year(), month.number()).await?.len();
        return Ok(RankingReport { month, ranked, written: 0, removed: 0, had_one: true, dry_run });
    }
    let rows = month::ranking(state, month).await?;
    let saved = if dry_run { Saved::default() } else { rankings.save_month(month, &rows).await? };
    tracing::info!(%month, ranked = rows.len(), written = saved.written, dry_run, "ranking of a month");
    let (ranked, Saved { written, removed }) = (rows.len(), saved);
    Ok(RankingReport { month, ranked, written, removed, had_one: false, dry_run })
}

/// The month before.
fn before(month: Month) -> Month {
    month.first_day().pred_opt().map_or(month, Month::of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_month_before() {
        let month = |text: &str| text.parse::<Month>().unwrap();
        assert_eq!(before(month("2026-01")), month("2025-12"));
        assert_eq!(before(month("2025-12")), month("2025-11"));
    }
}
