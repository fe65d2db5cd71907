//! Scheduled jobs on one machine: by the clock while `casa dev` runs, and by command.

use std::time::Duration;

use casa_gateways::Gateways;
use casa_web::AppState;
use reactions::React;
use schedules::Job;

use crate::Failure;
use crate::cli::{RecalculateArgs, RunArgs};
use crate::embedded::Stop;
use crate::home::DataFolder;
use crate::local::{Local, Wish};
use crate::output::say;

/// How often the clock is looked at.
const LOOK: Duration = Duration::from_secs(10);

/// `casa run`: one job now, its effects included.
pub(crate) async fn run(arguments: RunArgs) -> Result<(), Failure> {
    let known = || Job::ALL.map(Job::name).join(", ");
    let job = Job::named(&arguments.job)
        .ok_or_else(|| Failure::new(format!("there is no job {}; there are {}", arguments.job, known())))?;
    let folder = DataFolder::open(arguments.data.as_deref())?;
    let wish = Wish { folder: Some(folder), share: true, clock: arguments.clock, ..Wish::default() };
    let local = Local::open(wish).await?;
    let result = once(job, &local, arguments.dry_run).await;
    local.close().await;
    say(&result?);
    Ok(())
}

async fn once(job: Job, local: &Local, dry_run: bool) -> Result<String, Failure> {
    let (state, gateways) = (&local.state, Gateways::from_env());
    let failed = |error: String| Failure::new(format!("{}: {error}", job.name()));
    let report =
        schedules::run(job, state, &gateways, dry_run).await.map_err(|error| failed(error.to_string()))?;
    if !dry_run {
        carry_out_effects(local, gateways).await?;
    }
    serde_json::to_string_pretty(&report).map_err(|error| failed(error.to_string()))
}

/// What waits in the outbox. A running `casa dev` on the same data does this itself: two processes at once could not know
/// of a message that the other is just sending.
async fn carry_out_effects(local: &Local, gateways: Gateways) -> Result<(), Failure> {
    if !local.is_alone() {
        return Ok(());
    }
    let react = React::new(local.state.clone(), gateways);
    for image in react.pending().await? {
        if let Err(error) = react.handle(&image).await {
            tracing::warn!(%error, "an effect waits for the next try");
        }
    }
    Ok(())
}

/// `casa recalculate`: reports first, mends with `--apply`.
pub(crate) async fn recalculate(arguments: RecalculateArgs) -> Result<(), Failure> {
    let folder = DataFolder::open(arguments.data.as_deref())?;
    let wish = Wish { folder: Some(folder), share: true, clock: arguments.clock, ..Wish::default() };
    let local = Local::open(wish).await?;
    let result = recalculated(&local, &arguments).await;
    local.close().await;
    say(&result?);
    Ok(())
}

async fn recalculated(local: &Local, arguments: &RecalculateArgs) -> Result<String, Failure> {
    let failed = |error: String| Failure::new(format!("recalculate: {error}"));
    let findings = casa_jobs::recalculate::run(&local.state, arguments.client, arguments.apply).await;
    let findings = findings.map_err(|error| failed(error.to_string()))?;
    if arguments.apply {
        carry_out_effects(local, Gateways::from_env()).await?;
    }
    serde_json::to_string_pretty(&findings).map_err(|error| failed(error.to_string()))
}

/// Runs every job at its hour until `stop`. Where the business's clock stands still, no hour strikes.
pub(crate) async fn by_the_clock(state: AppState, gateways: Gateways, stop: Stop) {
    if state.clock.is_frozen() {
        return;
    }
    let mut done = None;
    loop {
        tokio::select! {
            () = stop.wait() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        let now = state.clock.now();
        let minute = now.timestamp().div_euclid(60);
        if done == Some(minute) {
            continue;
        }
        done = Some(minute);
        let local = now.with_timezone(&state.clock.offset(now));
        for job in Job::ALL.into_iter().filter(|job| job.hour().strikes(local)) {
            // Its outcome is in the log; the next hour tries again.
            let _ = schedules::run(job, &state, &gateways, false).await;
        }
    }
}
