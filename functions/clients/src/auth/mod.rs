//! Guests' own accounts: registration, one-time codes, passwords, sign-in, profile, Facebook (contract 02 §3.1 to §3.7,
//! §3.9).

mod answers;
mod change;
mod codes;
mod complete;
mod csrf;
mod document;
mod facebook;
mod guard;
mod login;
mod mask;
mod own_code;
mod passwords;
mod profile;
mod register;
mod registration;
mod send_code;
mod verify;

use std::sync::Arc;

use axum::Extension;
use casa_gateways::Gateways;
use casa_web::{AppState, OpenApiRouter};
use utoipa_axum::routes;

/// The vendors, as handlers take them.
type Vendors = Extension<Arc<Gateways>>;

/// Most characters of a password (contract 02 §3.6).
const LONGEST_PASSWORD: usize = 128;
/// Most characters of a one-time code (contract 02 §3.5).
const LONGEST_CODE: usize = 6;
/// Most characters of a phone (contract 02 §1.1).
const LONGEST_PHONE: usize = 50;

/// The endpoints of guests' accounts, which send codes and ask Facebook through these vendors.
pub(crate) fn routes(gateways: Gateways) -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(verify::verify_document))
        .routes(routes!(register::public_register))
        .routes(routes!(complete::complete_register))
        .routes(routes!(send_code::for_registration))
        .routes(routes!(send_code::for_password))
        .routes(routes!(passwords::setup))
        .routes(routes!(passwords::forgot))
        .routes(routes!(passwords::reset))
        .routes(routes!(login::login))
        .routes(routes!(profile::profile))
        .routes(routes!(facebook::link))
        .routes(routes!(facebook::unlink))
        .routes(routes!(csrf::csrf_token))
        .layer(Extension(Arc::new(gateways)))
}
