//! The invented data set of `casa dev --demo`.
//!
//! `demo/demo.json` is an export like any other, with three conventions for its texts, replaced when it is loaded:
//! `@+3` is the date three days from today, `@-40T15:00:00Z` an instant forty days ago, and `@hash:secret` the hash of
//! a password. So the houses are always busy around today, and nobody's hash is in the repository.

mod paint;

use casa_domain::password;
use casa_web::Files;
use chrono::{Days, NaiveDate};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::Failure;

const DUMP: &str = include_str!("../../demo/demo.json");

/// A member of staff of the demonstration, to be shown at the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// E-mail address to sign in with.
    pub email: String,
    /// Password.
    pub password: String,
}

/// The rows of the demonstration as of a day, and who can sign in.
///
/// # Errors
///
/// When the file that is built into the program is not an export.
pub fn rows(today: NaiveDate) -> Result<(Vec<Value>, Vec<Login>), Failure> {
    let mut rows: Vec<Value> =
        serde_json::from_str(DUMP).map_err(|error| Failure::new(format!("demo.json: {error}")))?;
    let mut logins = Vec::new();
    for row in &mut rows {
        let fields = row.get_mut("fields").and_then(Value::as_object_mut);
        let Some(fields) = fields else { continue };
        let plain =
            fields.get("password").and_then(Value::as_str).and_then(|text| text.strip_prefix("@hash:"));
        if let (Some(plain), Some(email)) = (plain, fields.get("email").and_then(Value::as_str)) {
            logins.push(Login { email: email.to_owned(), password: plain.to_owned() });
        }
        for value in fields.values_mut() {
            if let Value::String(text) = value
                && let Some(rest) = text.strip_prefix('@')
            {
                *text = replacement(rest, today)
                    .ok_or_else(|| Failure::new(format!("demo.json: {text} means nothing")))?;
            }
        }
    }
    Ok((rows, logins))
}

/// What stands for a text after its `@`.
fn replacement(text: &str, today: NaiveDate) -> Option<String> {
    if let Some(plain) = text.strip_prefix("hash:") {
        return password::hash(plain).ok();
    }
    let (days, time) = text.find('T').map_or((text, ""), |at| text.split_at(at));
    let days: i64 = days.parse().ok()?;
    let distance = Days::new(days.unsigned_abs());
    let day = if days < 0 { today.checked_sub_days(distance) } else { today.checked_add_days(distance) };
    Some(format!("{}{time}", day?))
}

/// Paints the photos the rows name and puts those into the bucket that are not there; answers how many.
///
/// # Errors
///
/// When the bucket fails.
pub async fn photos(rows: &[Value], files: &Files) -> Result<usize, Failure> {
    let mut painting = JoinSet::new();
    let photos = rows.iter().filter(|row| row["model"] == "property.propertyphoto");
    for (number, photo) in photos.enumerate() {
        let fields = &photo["fields"];
        let view = fields["order"].as_u64().unwrap_or_default();
        // Three photos per house, in the order of the file.
        let scene = paint::Scene { house: number / 3, view: usize::try_from(view).unwrap_or_default() };
        for (field, kind) in [("image_file", paint::Kind::Photo), ("thumbnail", paint::Kind::Thumbnail)] {
            let key = fields[field].as_str().unwrap_or_default().to_owned();
            if !key.is_empty() && files.size(&key).await.map_err(broken)?.is_none() {
                painting.spawn_blocking(move || (key, paint::paint(scene, kind)));
            }
        }
    }
    let mut painted = 0;
    while let Some(done) = painting.join_next().await {
        let (key, picture) = done.map_err(broken)?;
        let (bytes, content_type) = picture.map_err(broken)?;
        files.put(&key, bytes, content_type).await.map_err(broken)?;
        painted += 1;
    }
    Ok(painted)
}

fn broken(error: impl std::fmt::Display) -> Failure {
    Failure::new(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn dates_move_with_today() {
        let today = NaiveDate::from_ymd_opt(2026, 2, 27).expect("date");
        assert_eq!(replacement("+3", today).as_deref(), Some("2026-03-02"));
        assert_eq!(replacement("-40T15:00:00Z", today).as_deref(), Some("2026-01-18T15:00:00Z"));
        assert_eq!(replacement("soon", today), None);
    }

    #[test]
    fn three_people_can_sign_in_and_no_sign_is_left() {
        let (rows, logins) = rows(NaiveDate::from_ymd_opt(2026, 2, 27).expect("date")).expect("rows");
        assert_eq!(logins.len(), 3);
        assert!(logins.iter().all(|login| login.email.ends_with("@demo.example")));
        assert!(!serde_json::to_string(&rows).expect("json").contains("\"@"));
    }

    #[test]
    fn no_two_stays_hold_one_night() {
        let (rows, _) = rows(NaiveDate::from_ymd_opt(2026, 2, 27).expect("date")).expect("rows");
        let mut stays: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
        for row in rows.iter().filter(|row| row["model"] == "reservation.reservation") {
            let text = |name: &str| row["fields"][name].as_str().expect("text");
            if !["cancelled", "rejected"].contains(&text("status")) {
                stays
                    .entry(text("property"))
                    .or_default()
                    .push((text("check_in_date"), text("check_out_date")));
            }
        }
        assert_eq!(stays.len(), 3);
        for house in stays.values_mut() {
            house.sort_unstable();
            assert!(house.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{house:?}");
        }
    }
}
