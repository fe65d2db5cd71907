//! Settings from the environment. Their names are listed in `infra/README.md`.

use std::{env, str::FromStr, time::Duration};

use chrono_tz::Tz;

use crate::Clock;

/// A setting is missing or cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A required variable is not set.
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
    /// A variable has a value that makes no sense.
    #[error("the environment variable {0} has an unusable value: {1}")]
    Unusable(&'static str, String),
}

/// Settings of the functions.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Name of the table.
    pub table: String,
    /// Name of the bucket.
    pub bucket: String,
    /// Signs tokens and file links; at least 32 bytes. Never logged.
    pub secret: Secret,
    /// With it the chatbot does what otherwise only staff may; without one nobody does. Never logged.
    pub bot_key: Option<Secret>,
    /// With it the home automation asks who is in a house; without one everybody may. Never logged.
    pub home_key: Option<Secret>,
    /// With it a clock elsewhere switches players of music on; without one only staff do. Never logged.
    pub music_key: Option<Secret>,
    /// The clock, with the business zone.
    pub clock: Clock,
    /// Exact origins that browsers may call from.
    pub cors_origins: Vec<String>,
    /// Whether any origin on this machine may call too.
    pub local: bool,
    /// Life of an access token.
    pub access_life: Duration,
    /// Life of a refresh token.
    pub refresh_life: Duration,
    /// First name of the client and staff user that stand for Airbnb (decision 19).
    pub airbnb_name: String,
    /// First name of the client that stands for maintenance (decision 19).
    pub maintenance_name: String,
    /// The member of staff who sells what guests book on the site without naming anybody (contract 03 §4.F, B10).
    pub booking_seller: i64,
    /// Most stays that one rearrangement moves.
    pub most_moves: usize,
    /// Address of the FIFO queue of commands to the music server; without one there is no music (contract 07).
    pub music_queue: Option<String>,
}

/// More moves and a new booking might not fit one transaction of the table.
const MOST_MOVES: usize = 6;

/// A shorter key could be guessed.
const SHORTEST_KEY: usize = 16;

/// A text that does not show itself in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Settings {
    /// The settings that the environment gives; only `CASA_SECRET` is required.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn from_env() -> Result<Self, SettingsError> {
        let secret = text("CASA_SECRET").ok_or(SettingsError::Missing("CASA_SECRET"))?;
        Self::with_secret(secret, false)
    }

    /// As [`Settings::from_env`] with a given secret, for one machine.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn for_local(secret: String) -> Result<Self, SettingsError> {
        Self::with_secret(secret, true)
    }

    /// As [`Settings::from_env`] for functions that sign nothing and therefore are not given the secret: theirs is
    /// random.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn without_secret() -> Result<Self, SettingsError> {
        Self::with_secret(format!("{}{}", uuid::Uuid::new_v4(), uuid::Uuid::new_v4()), false)
    }

    fn with_secret(secret: String, local: bool) -> Result<Self, SettingsError> {
        if secret.len() < 32 {
            return Err(SettingsError::Unusable("CASA_SECRET", "shorter than 32 bytes".to_owned()));
        }
        let zone_name = text("CASA_TIME_ZONE").unwrap_or_else(|| "America/Lima".to_owned());
        let zone: Tz =
            zone_name.parse().map_err(|_| SettingsError::Unusable("CASA_TIME_ZONE", zone_name.clone()))?;
        let clock = match text("CASA_CLOCK") {
            None => Clock::system(zone),
            Some(instant) => Clock::frozen_at(
                instant.parse().map_err(|_| SettingsError::Unusable("CASA_CLOCK", instant.clone()))?,
                zone,
            ),
        };
        let origins = text("CASA_CORS_ORIGINS").unwrap_or_default();
        Ok(Self {
            table: text("CASA_TABLE").unwrap_or_else(|| "casa".to_owned()),
            bucket: text("CASA_BUCKET").unwrap_or_else(|| "casa-files".to_owned()),
            secret: Secret(secret),
            bot_key: key("CASA_BOT_KEY", text("CASA_BOT_KEY"))?,
            home_key: key("CASA_HOME_KEY", text("CASA_HOME_KEY"))?,
            music_key: key("CASA_MUSIC_KEY", text("CASA_MUSIC_KEY"))?,
            clock,
            cors_origins: origins
                .split(',')
                .map(str::trim)
                .filter(|one| !one.is_empty())
                .map(str::to_owned)
                .collect(),
            local,
            access_life: DAY * number("CASA_ACCESS_DAYS", 7)?,
            refresh_life: DAY * number("CASA_REFRESH_DAYS", 60)?,
            airbnb_name: text("CASA_AIRBNB_CLIENT").unwrap_or_else(|| "AirBnB".to_owned()),
            maintenance_name: text("CASA_MAINTENANCE_CLIENT").unwrap_or_else(|| "Mantenimiento".to_owned()),
            booking_seller: number("CASA_BOOKING_SELLER", 14)?,
            most_moves: number("CASA_MOST_MOVES", 4)?.min(MOST_MOVES),
            music_queue: text("CASA_MUSIC_QUEUE_URL"),
        })
    }
}

fn key(name: &'static str, key: Option<String>) -> Result<Option<Secret>, SettingsError> {
    match key {
        Some(key) if key.len() < SHORTEST_KEY => {
            Err(SettingsError::Unusable(name, format!("shorter than {SHORTEST_KEY} bytes")))
        }
        key => Ok(key.map(Secret)),
    }
}

fn text(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn number<T: FromStr>(name: &'static str, default: T) -> Result<T, SettingsError> {
    match text(name) {
        None => Ok(default),
        Some(value) => value.parse().map_err(|_| SettingsError::Unusable(name, value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_long_and_hidden() {
        assert_eq!(key("CASA_BOT_KEY", None).unwrap(), None);
        let long = key("CASA_BOT_KEY", Some("dieciséis-letras".to_owned())).unwrap();
        assert!(!format!("{long:?}").contains("letras"));
        let refused = key("CASA_BOT_KEY", Some("corta".to_owned())).unwrap_err().to_string();
        assert!(refused.contains("CASA_BOT_KEY") && !refused.contains("corta"), "{refused}");
    }
}
