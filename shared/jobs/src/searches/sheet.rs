//! Hands searches to the sheet (contract 03 §5.1, §6.3): a few at once, oldest first, again when something fails. The
//! script behind the sheet skips searches that it has, so that handing them over once more changes nothing.

use std::time::{Duration, Instant};

use casa_domain::time::utc_offset_iso;
use casa_gateways::{GatewayError, SheetReply, Sheets};
use casa_store::{
    StoreError,
    searches::{Mark, Wish},
};
use casa_web::AppState;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::record::{self, Export};

/// A run begins this long before the place where the last one ended: a search may be stored a little after another with
/// a later instant.
const OVERLAP: TimeDelta = TimeDelta::minutes(15);
/// How long a run may be silent until another may take the sheet.
const HELD: TimeDelta = TimeDelta::minutes(15);

/// How searches are handed over.
#[derive(Clone, Debug)]
pub struct Pace {
    /// Searches per call.
    pub batch: usize,
    /// How long a call may take.
    pub patience: Duration,
    /// How long to wait before each further try of a batch that failed.
    pub pauses: Vec<Duration>,
    /// After how long no further call begins.
    pub whole: Duration,
}

impl Default for Pace {
    /// That of the daily run.
    fn default() -> Self {
        Self {
            batch: 200,
            patience: Duration::from_secs(60),
            pauses: [2, 10, 30].map(Duration::from_secs).to_vec(),
            whole: Duration::from_secs(9 * 60),
        }
    }
}

impl Pace {
    /// That of a request: somebody waits for the answer, and the gateway for no longer than half a minute.
    pub fn of_a_request() -> Self {
        let seconds = Duration::from_secs;
        Self { batch: 200, patience: seconds(20), pauses: Vec::new(), whole: seconds(22) }
    }
}

/// From where on searches are handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// From where the last run ended; from the first one when there was none.
    LastRun,
    /// From an instant on.
    Instant(DateTime<Utc>),
    /// All.
    Beginning,
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SyncReport {
    /// Searches handed over; in a rehearsal those that would have been.
    pub records: usize,
    /// Calls that succeeded.
    pub batches: usize,
    /// Further tries after a failure.
    pub retries: usize,
    /// Whether everything there is was handed over.
    pub complete: bool,
    /// Up to which search the sheet has them all, after the run.
    pub position: Option<String>,
    /// Why the run ended early; without secrets.
    pub problem: Option<String>,
    /// Whether this was a rehearsal.
    pub dry_run: bool,
}

/// Hands the searches since then to the sheet. Where it is stays in the table after every batch, so that the next run
/// goes on there; of two at once one does nothing. In a rehearsal (`dry_run`) nothing is called and nothing kept.
///
/// # Errors
/// [`StoreError`]; what was handed over until then stays noted.
pub async fn sync(
    state: &AppState,
    sheets: &Sheets,
    since: Since,
    dry_run: bool,
) -> Result<SyncReport, StoreError> {
    sync_at(&Pace::default(), state, sheets, since, dry_run).await
}

/// [`sync`] at a pace of one's own.
///
/// # Errors
/// As [`sync`].
pub async fn sync_at(
    pace: &Pace,
    state: &AppState,
    sheets: &Sheets,
    since: Since,
    dry_run: bool,
) -> Result<SyncReport, StoreError> {
    let holder = Uuid::new_v4();
    let searches = state.store.searches();
    if !dry_run && !take(state, holder).await? {
        let problem = Some("another run is filling the sheet".to_owned());
        return Ok(SyncReport { problem, ..SyncReport::default() });
    }
    let run = Run { pace, state, sheets: (!dry_run).then_some(sheets), holder, begun: Instant::now() };
    let report = run.through(since).await;
    if !dry_run {
        searches.give_sheet(holder).await?;
    }
    if let Ok(report) = &report {
        tracing::info!(
            records = report.records,
            retries = report.retries,
            complete = report.complete,
            dry_run,
            problem = report.problem.as_deref(),
            "searches to the sheet"
        );
    }
    report
}

/// Takes the sheet, by the real clock: the business's may stand still.
async fn take(state: &AppState, holder: Uuid) -> Result<bool, StoreError> {
    let now = Utc::now();
    state.store.searches().take_sheet(holder, now, now + HELD).await
}

struct Run<'a> {
    pace: &'a Pace,
    state: &'a AppState,
    /// None in a rehearsal.
    sheets: Option<&'a Sheets>,
    holder: Uuid,
    begun: Instant,
}

impl Run<'_> {
    async fn through(&self, since: Since) -> Result<SyncReport, StoreError> {
        let searches = self.state.store.searches();
        let mut noted = searches.in_sheet().await?;
        let from = match since {
            Since::LastRun => noted.map(|mark| mark.at() - OVERLAP),
            Since::Instant(instant) => Some(instant),
            Since::Beginning => None,
        };
        // A run that begins behind what the sheet has leaves a gap, so where it ends says nothing.
        let gapless = from.is_none_or(|from| noted.is_some_and(|mark| from <= mark.at()));
        let mut report = SyncReport { dry_run: self.sheets.is_none(), ..SyncReport::default() };
        let mut wish = Wish { from, oldest_first: true, ..Wish::default() };
        loop {
            let found = searches.find(&wish, self.pace.batch).await?;
            if let Some(last) = found.rows.last().map(Mark::of) {
                if let Some(sheets) = self.sheets {
                    if self.begun.elapsed() >= self.pace.whole {
                        report.problem = Some("the time is up".to_owned());
                        break;
                    }
                    let records = record::records(&self.state.store, &found.rows).await?;
                    if let Err(problem) = self.stubbornly(sheets, &records, &mut report).await {
                        report.problem = Some(problem);
                        break;
                    }
                    report.batches += 1;
                    let further = gapless && noted.is_none_or(|noted| noted < last);
                    let ours = match further {
                        true => searches.note_in_sheet(self.holder, last).await?,
                        false => true,
                    };
                    if !ours || !take(self.state, self.holder).await? {
                        report.problem = Some("another run took the sheet".to_owned());
                        break;
                    }
                    if further {
                        noted = Some(last);
                    }
                }
                report.records += found.rows.len();
            }
            match found.next {
                Some(next) => wish.behind = Some(next),
                None => {
                    report.complete = true;
                    break;
                }
            }
        }
        report.position = noted.map(|mark| mark.to_string());
        Ok(report)
    }

    /// Tries a batch until it is taken, refused for good or tried often enough.
    async fn stubbornly(
        &self,
        sheets: &Sheets,
        records: &[Export],
        report: &mut SyncReport,
    ) -> Result<(), String> {
        let mut pauses = self.pace.pauses.iter();
        loop {
            let problem = match hand_over(sheets, records, self.state.clock.now(), self.pace.patience).await {
                Ok(_) => return Ok(()),
                Err(problem) => problem,
            };
            match pauses.next().filter(|_| problem.may_pass) {
                Some(pause) => tokio::time::sleep(*pause).await,
                None => return Err(problem.text),
            }
            tracing::warn!(problem = problem.text, "a batch of searches is tried again");
            report.retries += 1;
        }
    }
}

/// What became of a push that staff asked for (contract 03 §5.1).
#[derive(Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct SheetResult {
    /// Whether the sheet has everything.
    success: bool,
    /// What is wrong, in Spanish.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// Searches that the sheet has.
    #[serde(skip_serializing_if = "Option::is_none")]
    successful_sends: Option<usize>,
    /// Searches that it may lack.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_sends: Option<usize>,
    /// All of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    total_records: Option<usize>,
    /// What the script said; the sums where it was asked several times.
    #[serde(skip_serializing_if = "Option::is_none")]
    google_response: Option<Value>,
}

impl SheetResult {
    fn failed(message: &str) -> Self {
        Self { message: Some(message.to_owned()), ..Self::default() }
    }
}

/// Hands these searches over, oldest first, for as long as somebody waits. Where the daily run is does not change.
pub async fn push(
    sheets: Option<&Sheets>,
    newest_first: &[Export],
    now: DateTime<Utc>,
    pace: &Pace,
) -> SheetResult {
    let Some(sheets) = sheets else {
        return SheetResult::failed("La hoja de cálculo no está configurada.");
    };
    if newest_first.is_empty() {
        return SheetResult::failed("No hay búsquedas para enviar.");
    }
    let (begun, total) = (Instant::now(), newest_first.len());
    let records: Vec<Export> = newest_first.iter().rev().cloned().collect();
    let mut replies = Vec::new();
    let mut sent = 0;
    for batch in records.chunks(pace.batch) {
        let left = pace.whole.saturating_sub(begun.elapsed()).min(pace.patience);
        let problem = match hand_over(sheets, batch, now, left).await {
            Ok(reply) => {
                replies.push(reply);
                sent += batch.len();
                continue;
            }
            Err(problem) => problem,
        };
        tracing::warn!(problem = problem.text, sent, total, "a push of searches failed");
        return SheetResult {
            successful_sends: Some(sent),
            failed_sends: Some(total - sent),
            total_records: Some(total),
            ..SheetResult::failed(&problem.for_people)
        };
    }
    SheetResult {
        success: true,
        message: None,
        successful_sends: Some(sent),
        failed_sends: Some(0),
        total_records: Some(total),
        google_response: Some(summed(replies)),
    }
}

/// One reply as it is, several summed up.
fn summed(mut replies: Vec<Value>) -> Value {
    if replies.len() == 1 {
        return replies.remove(0);
    }
    let sum = |name: &str| replies.iter().filter_map(|reply| reply[name].as_u64()).sum::<u64>();
    json!({
        "success": true,
        "records_processed": sum("records_processed"),
        "records_skipped": sum("records_skipped"),
        "batches": replies.len(),
    })
}

/// Why a batch was not taken.
struct Problem {
    text: String,
    for_people: String,
    /// Whether the same may work later.
    may_pass: bool,
}

impl Problem {
    fn new(text: impl Into<String>, for_people: impl Into<String>) -> Self {
        Self { text: text.into(), for_people: for_people.into(), may_pass: true }
    }
}

async fn hand_over(
    sheets: &Sheets,
    records: &[Export],
    now: DateTime<Utc>,
    patience: Duration,
) -> Result<Value, Problem> {
    let values = records.iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>();
    let values = values.map_err(|error| Problem {
        may_pass: false,
        ..Problem::new(error.to_string(), "No se pudieron preparar los datos.")
    })?;
    let now = utc_offset_iso(now);
    let silent =
        || Problem::new("the script did not answer in time", "La hoja de cálculo no respondió a tiempo.");
    let answer = tokio::time::timeout(patience, sheets.insert(&values, &now)).await.map_err(|_| silent())?;
    match answer {
        Ok(SheetReply::Taken { reply }) => Ok(reply),
        Ok(SheetReply::Declined { message }) => {
            let message = message.unwrap_or_else(|| "La hoja de cálculo no aceptó los datos.".to_owned());
            Err(Problem::new("the script declined", message))
        }
        Ok(SheetReply::NotUnderstood) => Err(Problem::new(
            "the answer is not the script's",
            "La respuesta no es de la hoja de cálculo. Revise su dirección y sus permisos.",
        )),
        Err(error) => {
            let for_people = match &error {
                GatewayError::Unreachable { .. } => "La hoja de cálculo no respondió a tiempo.".to_owned(),
                GatewayError::Busy { .. } => {
                    "La hoja de cálculo no está disponible en este momento.".to_owned()
                }
                GatewayError::Refused { status, .. } => format!("Error HTTP {status}"),
            };
            let may_pass = !matches!(error, GatewayError::Refused { .. });
            Err(Problem { may_pass, ..Problem::new(error.to_string(), for_people) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_of_several_batches_are_summed() {
        let reply =
            |processed: u64| json!({"success": true, "records_processed": processed, "records_skipped": 1});
        assert_eq!(summed(vec![reply(5)]), reply(5));
        let sum = summed(vec![reply(5), reply(7)]);
        assert_eq!(
            (&sum["records_processed"], &sum["records_skipped"], &sum["batches"]),
            (&json!(12), &json!(2), &json!(2))
        );
    }

    #[tokio::test]
    async fn without_a_sheet_or_data_nothing_is_called() {
        let none = push(None, &[], Utc::now(), &Pace::default()).await;
        assert!(!none.success && none.message.is_some() && none.total_records.is_none());
        // Nobody listens there.
        let sheets = Sheets::new("http://127.0.0.1:9/exec").unwrap();
        let empty = push(Some(&sheets), &[], Utc::now(), &Pace::default()).await;
        assert!(!empty.success && empty.message.unwrap().contains("búsquedas"));
    }
}
