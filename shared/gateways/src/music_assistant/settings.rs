//! Where the music server is, how to get in, and the bounds of a connection.

use std::{env, fmt, path::PathBuf, time::Duration};

use reqwest::Url;

/// A secret that no log shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A token as the music server made it.
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// The token itself, for the server only.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The settings name no music server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The address is none, or its scheme is not one of http, https, ws and wss.
    #[error("MUSIC_ASSISTANT_URL is not an address of http, https, ws or wss")]
    Url,
    /// The file of the certificate authority cannot be read, or holds no certificate.
    #[error("MUSIC_ASSISTANT_CA cannot be read as certificates")]
    Ca,
}

/// Where the music server is, how to get in, and the bounds of a connection (contract 07 §5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Address of the WebSocket, ending in `/ws`; without user, password, query and fragment.
    socket: Url,
    /// Address of the server over HTTP, without a slash at its end; pictures are below it.
    base: String,
    /// The token for servers of schema 28 and newer.
    pub token: Option<Token>,
    /// A PEM file. Its authorities are trusted in place of the system's.
    pub ca: Option<PathBuf>,
    /// How long each step of connecting may take: reaching the server, its first words, the token. 10 seconds.
    pub handshake: Duration,
    /// How often a ping is sent. After two that stay unanswered the connection counts as lost. 30 seconds.
    pub ping_every: Duration,
    /// How many commands may be under way at once; those beyond fail with [`super::Error::Busy`]. 256.
    pub in_flight: usize,
}

impl Settings {
    /// What `MUSIC_ASSISTANT_URL`, `MUSIC_ASSISTANT_TOKEN` and `MUSIC_ASSISTANT_CA` say; `None` without an address, which
    /// switches the feature off. Empty ones count as not set.
    ///
    /// # Errors
    /// [`SettingsError::Url`].
    pub fn from_env() -> Result<Option<Self>, SettingsError> {
        Self::from(|name| env::var(name).ok())
    }

    fn from(setting: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, SettingsError> {
        let setting = |name| {
            let value: Option<String> = setting(name);
            value.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
        };
        let Some(url) = setting("MUSIC_ASSISTANT_URL") else { return Ok(None) };
        let mut settings = Self::new(&url)?;
        settings.token = setting("MUSIC_ASSISTANT_TOKEN").map(Token);
        settings.ca = setting("MUSIC_ASSISTANT_CA").map(PathBuf::from);
        Ok(Some(settings))
    }

    /// A server at `url`: its base of http, https, ws or wss, with a path where it stands behind one. `/ws` is added unless
    /// the path ends in it already.
    ///
    /// # Errors
    /// [`SettingsError::Url`].
    pub fn new(url: &str) -> Result<Self, SettingsError> {
        let mut base = Url::parse(url.trim()).map_err(|_| SettingsError::Url)?;
        let (web, socket) = match base.scheme() {
            "http" | "ws" => ("http", "ws"),
            "https" | "wss" => ("https", "wss"),
            _ => return Err(SettingsError::Url),
        };
        if !base.has_host() {
            return Err(SettingsError::Url);
        }
        // The address is sent to guests as the beginning of those of pictures.
        base.set_username("").and_then(|()| base.set_password(None)).map_err(|()| SettingsError::Url)?;
        base.set_query(None);
        base.set_fragment(None);
        let path = base.path().trim_end_matches('/');
        let path = path.strip_suffix("/ws").unwrap_or(path).trim_end_matches('/').to_owned();
        base.set_path(&path);
        base.set_scheme(web).map_err(|()| SettingsError::Url)?;
        let text = base.as_str().trim_end_matches('/').to_owned();
        base.set_path(&format!("{path}/ws"));
        base.set_scheme(socket).map_err(|()| SettingsError::Url)?;
        Ok(Self {
            socket: base,
            base: text,
            token: None,
            ca: None,
            handshake: Duration::from_secs(10),
            ping_every: Duration::from_secs(30),
            in_flight: 256,
        })
    }

    /// The same with a token.
    #[must_use]
    pub fn with_token(self, token: impl Into<String>) -> Self {
        Self { token: Some(Token::new(token)), ..self }
    }

    /// Address of the WebSocket.
    pub fn socket(&self) -> &str {
        self.socket.as_str()
    }

    /// Address of the server over HTTP, without a slash at its end.
    pub fn base(&self) -> &str {
        &self.base
    }

    pub(super) fn socket_url(&self) -> &Url {
        &self.socket
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::settings;

    #[test]
    fn addresses_of_all_schemes_lead_to_the_socket() {
        for (url, socket, base) in [
            ("http://ma.test:8095", "ws://ma.test:8095/ws", "http://ma.test:8095"),
            ("https://ma.test/", "wss://ma.test/ws", "https://ma.test"),
            ("ws://ma.test/ws", "ws://ma.test/ws", "http://ma.test"),
            ("wss://ma.test/casa/musica/", "wss://ma.test/casa/musica/ws", "https://ma.test/casa/musica"),
            ("https://u:secret@ma.test/casa?x=1#y", "wss://ma.test/casa/ws", "https://ma.test/casa"),
            (" http://[::1]:8095/ws/ ", "ws://[::1]:8095/ws", "http://[::1]:8095"),
        ] {
            let settings = Settings::new(url).unwrap();
            assert_eq!((settings.socket(), settings.base()), (socket, base), "{url}");
        }
        for url in ["", "ma.test:8095", "ftp://ma.test", "http://", "/ws"] {
            assert_eq!(Settings::new(url), Err(SettingsError::Url), "{url}");
        }
    }

    #[test]
    fn without_an_address_the_feature_is_off() {
        for table in [&[][..], &[("MUSIC_ASSISTANT_URL", " ")], &[("MUSIC_ASSISTANT_TOKEN", "t")]] {
            assert_eq!(Settings::from(settings(table)), Ok(None));
        }
        let wrong = [("MUSIC_ASSISTANT_URL", "casa")];
        assert_eq!(Settings::from(settings(&wrong)), Err(SettingsError::Url));
    }

    #[test]
    fn the_token_is_never_shown() {
        let table = [
            ("MUSIC_ASSISTANT_URL", "https://ma.test"),
            ("MUSIC_ASSISTANT_TOKEN", "secret"),
            ("MUSIC_ASSISTANT_CA", "/etc/casa.pem"),
        ];
        let settings = Settings::from(settings(&table)).unwrap().unwrap();
        assert_eq!(settings.token.as_ref().unwrap().reveal(), "secret");
        assert_eq!(settings.ca, Some(PathBuf::from("/etc/casa.pem")));
        assert!(!format!("{settings:?}").contains("secret"), "{settings:?}");
        assert_eq!(settings.clone().with_token("other").token, Some(Token::new("other")));
    }
}
