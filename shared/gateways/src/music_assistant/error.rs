//! How a command can fail, and what its caller is told of that.

use casa_domain::music::Failure;

/// A command did not come to its result.
///
/// The difference that matters is whether the server may have carried it out: after [`Error::NotSent`] and [`Error::Busy`]
/// surely not, after [`Error::Interrupted`] and [`Error::TimedOut`] perhaps (contract 07 §5).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no connection, or it was lost, or time ran out, before anything of the command was written: it was surely
    /// not carried out.
    #[error("the command was not sent")]
    NotSent,
    /// The connection was lost after the command was written and before its answer: it may have been carried out.
    #[error("the connection was lost before the answer")]
    Interrupted,
    /// The server did not answer in time: the command may still be carried out.
    #[error("no answer in time")]
    TimedOut,
    /// Too many commands are under way ([`crate::music_assistant::Settings::in_flight`]): it was not sent.
    #[error("too many commands are under way")]
    Busy,
    /// The server refused it.
    #[error("refused with code {code}")]
    Refused {
        /// The protocol's code (contract 07 §6.3), also one that is not known here.
        code: i64,
        /// The server's words, cut to a bound: for logs only, never for guests.
        details: String,
    },
    /// The server answered something that cannot be understood. What was asked for was done, if it was a command.
    #[error("the answer cannot be understood")]
    Unreadable,
    /// The server does not know the player.
    #[error("the player is not known")]
    UnknownPlayer,
    /// The server knows the player and cannot reach it; it ignores commands for such a player without a word.
    #[error("the player is not available")]
    PlayerUnavailable,
}

/// Codes of the protocol that mean something to us (contract 07 §6.3).
pub(super) mod code {
    pub(crate) const MEDIA_NOT_FOUND: i64 = 2;
    pub(crate) const AUDIO: i64 = 7;
    pub(crate) const PLAYER_UNAVAILABLE: i64 = 10;
    pub(crate) const INVALID_COMMAND: i64 = 12;
    pub(crate) const UNPLAYABLE_MEDIA: i64 = 13;
    pub(crate) const INVALID_PROVIDER_URI: i64 = 14;
    pub(crate) const INVALID_PROVIDER_ID: i64 = 15;
    pub(crate) const AUTHENTICATION_FAILED: i64 = 21;
    pub(crate) const SETUP_REQUIRED: i64 = 503;
}

impl Error {
    /// What the guest's side is told.
    #[must_use]
    pub fn failure(&self) -> Failure {
        match self {
            Self::NotSent => Failure::Offline,
            Self::Interrupted => Failure::Interrupted,
            Self::TimedOut => Failure::TimedOut,
            Self::UnknownPlayer => Failure::UnknownPlayer,
            Self::PlayerUnavailable => Failure::PlayerUnavailable,
            Self::Refused { code: code::PLAYER_UNAVAILABLE, .. } => Failure::PlayerUnavailable,
            Self::Refused {
                code:
                    code::MEDIA_NOT_FOUND
                    | code::AUDIO
                    | code::UNPLAYABLE_MEDIA
                    | code::INVALID_PROVIDER_URI
                    | code::INVALID_PROVIDER_ID,
                ..
            } => Failure::Media,
            Self::Busy | Self::Refused { .. } | Self::Unreadable => Failure::Refused,
        }
    }

    /// Whether the server surely did nothing of it, so that any command may be sent again.
    #[must_use]
    pub fn is_certainly_undone(&self) -> bool {
        !matches!(self, Self::Interrupted | Self::TimedOut | Self::Unreadable)
    }
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        error.failure()
    }
}

/// A connection did not come about (contract 07 §6.2, §6.4).
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The server cannot be reached, its certificate is not trusted, or there is no music server behind the address.
    #[error("the music server cannot be reached: {0}")]
    Unreachable(String),
    /// It did not answer in time.
    #[error("the music server did not answer in time")]
    TimedOut,
    /// It answered something that cannot be understood.
    #[error("what answers is no music server that is understood")]
    Unreadable,
    /// Nobody has set the server up yet.
    #[error("the music server waits to be set up")]
    SetupRequired,
    /// The server speaks only versions of the protocol that are newer than ours.
    #[error("the music server asks for schema {min_supported} at least")]
    TooNew {
        /// The oldest version it speaks.
        min_supported: u32,
    },
    /// The server wants a token and none is configured.
    #[error("the music server asks for a token and MUSIC_ASSISTANT_TOKEN is not set")]
    TokenMissing,
    /// The server does not take the token.
    #[error("the music server refused the token with code {code}")]
    TokenRefused {
        /// The protocol's code: 20 missing, 21 failed, 23 invalid or expired.
        code: i64,
    },
    /// The connection was lost again before it was ready.
    #[error("the music server hung up")]
    HungUp,
    /// The settings cannot be used.
    #[error(transparent)]
    Settings(#[from] super::SettingsError),
}
