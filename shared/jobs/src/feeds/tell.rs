//! What staff are told of calendars: a conflict once, and trouble once it lasts.

use casa_domain::{
    feed::{FAILURES_TO_TELL, Feed},
    spanish::full_range,
};
use casa_gateways::{Chat, Telegram};
use casa_store::StoreError;
use casa_web::AppState;

use super::{FeedConflict, FeedReport};

/// Conflicts of one calendar that are looked at; more need no list.
const MOST: usize = 100;
/// Conflicts listed in one notice.
const LISTED: usize = 20;
/// Stands among what was told for the notice of lasting trouble; no conflict has this name.
const TROUBLE: &str = "trouble";

/// Tells staff what they do not know yet, and notes in `feed` what they know then. `names` has the name of each conflict of
/// the report, in its order. A notice that cannot be sent is tried again by the next run.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn tell(
    state: &AppState,
    telegram: &Telegram,
    feed: &mut Feed,
    report: &FeedReport,
    names: &[String],
) -> Result<(), StoreError> {
    if report.not_modified {
        feed.told.retain(|name| name != TROUBLE);
        return Ok(());
    }
    let catalogue = state.store.houses().catalogue().await?;
    let house = catalogue.house(feed.house).map_or("una casa", |house| house.name.as_str());
    if let Some(problem) = &report.problem {
        let is_new = !feed.told.iter().any(|name| name == TROUBLE);
        if feed.failures >= FAILURES_TO_TELL && is_new && send(telegram, &trouble(feed, house, problem)).await
        {
            feed.told.push(TROUBLE.to_owned());
        }
        return Ok(());
    }
    let standing: Vec<_> = names.iter().zip(&report.conflicts).take(MOST).collect();
    let new: Vec<_> = standing
        .iter()
        .filter(|(name, _)| !feed.told.contains(name))
        .map(|(_, conflict)| *conflict)
        .collect();
    let known = new.is_empty() || send(telegram, &conflicts(feed, house, &new)).await;
    let told = std::mem::take(&mut feed.told);
    let names = standing.into_iter().map(|(name, _)| name.clone());
    feed.told = names.filter(|name| known || told.contains(name)).collect();
    Ok(())
}

async fn send(telegram: &Telegram, text: &str) -> bool {
    let sent = telegram.send(Chat::Operations, text).await;
    if let Err(error) = &sent {
        tracing::warn!(%error, "a notice about a calendar waits for the next run");
    }
    sent.is_ok()
}

fn trouble(feed: &Feed, house: &str, problem: &str) -> String {
    format!(
        "⚠️ El calendario «{}» de {house} no se pudo leer {} veces seguidas.\n{problem}",
        feed.name, feed.failures
    )
}

fn conflicts(feed: &Feed, house: &str, new: &[&FeedConflict]) -> String {
    let mut text = format!("⚠️ El calendario «{}» de {house} choca con reservas existentes:", feed.name);
    for conflict in new.iter().take(LISTED) {
        let (from, to) = full_range(conflict.check_in, conflict.check_out);
        let holders: Vec<_> = conflict.held_by.iter().map(ToString::to_string).collect();
        text.push_str(&format!("\n• Del {from} al {to}: {}", holders.join(", ")));
    }
    if new.len() > LISTED {
        text.push_str(&format!("\n… y {} más.", new.len() - LISTED));
    }
    text
}

#[cfg(test)]
mod tests {
    use casa_domain::{HouseId, feed::FeedAddress, ids::FeedId};
    use chrono::NaiveDate;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn notices_name_dates_and_holders_and_no_address() {
        let url = FeedAddress::parse("https://host.example/secreto.ics").unwrap();
        let (id, now) = (Uuid::from_u128(7), "2025-11-12T15:30:00Z".parse().unwrap());
        let mut feed = Feed::new(FeedId(id), HouseId(id), "Airbnb".to_owned(), url, now);
        let day = |day| NaiveDate::from_ymd_opt(2025, 12, day).unwrap();
        let conflict = FeedConflict { check_in: day(10), check_out: day(12), held_by: vec![id] };
        let text = conflicts(&feed, "Casa Uno", &[&conflict]);
        assert_eq!(
            text,
            format!(
                "⚠️ El calendario «Airbnb» de Casa Uno choca con reservas existentes:\n\
                 • Del 10 al 12 de diciembre de 2025: {id}"
            )
        );
        let many = vec![&conflict; 25];
        assert!(conflicts(&feed, "Casa Uno", &many).ends_with("… y 5 más."));
        feed.failures = 3;
        let text = trouble(&feed, "Casa Uno", "No se pudo conectar.");
        assert!(text.contains("3 veces") && !text.contains("secreto"), "{text}");
    }
}
