//! What every API function needs: state, sign-in checks, the error body, pages, forms, files and serving.
//!
//! It must not know any one endpoint.

mod app;
pub mod client_book;
mod clock;
pub mod error;
mod files;
pub mod form;
pub mod guard;
pub mod guests;
pub mod houses;
pub mod images;
mod json;
mod keys;
mod logs;
pub mod openapi;
mod pages;
mod params;
pub mod passwords;
mod queue;
pub mod receipts;
pub mod reservations;
mod serve;
mod settings;
mod state;
pub mod tokens;
mod upload;

/// A time zone.
pub use chrono_tz::Tz as Zone;

pub use app::app;
pub use clock::Clock;
pub use error::{ApiError, ApiResult};
pub use files::{Fetched, FileError, Files, StoredFile};
pub use form::{Checked, Form};
pub use guests::{Guest, MaybeGuest};
pub use json::{json, render};
pub use keys::{HomeAutomation, MaybeStaffOrBot, MusicMachine, StaffOrBot};
pub use logs::start_logs;
pub use pages::{PageEnvelope, PageWish};
pub use params::{BaseUrl, IdPath, Query, RemoteAddress};
pub use queue::{Queue, QueueError};
pub use serve::serve;
pub use settings::{Settings, SettingsError};
pub use state::{AppState, Aws};
pub use tokens::{MaybeStaff, Staff};
pub use upload::{FileKind, Upload};
pub use utoipa_axum::router::OpenApiRouter;
