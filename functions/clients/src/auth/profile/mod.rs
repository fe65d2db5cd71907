//! `GET clients/client-auth/profile/` (contract 02 §3.7).

mod levels;

use std::collections::HashSet;

use axum::{Json, extract::State};
use casa_domain::{
    client::Client,
    level::Standing,
    money::{displayed, fixed2},
    pricing::{automatic::referral_percent, book::PriceBook},
    time::local_iso,
};
use casa_store::{StoreError, StoredClient};
use casa_web::{
    ApiResult, AppState, Clock, Guest,
    openapi::{ForGuests, Racing},
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use self::levels::{GuestLevels, GuestStats};
use super::own_code::with_code;

/// What guests see of themselves.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GuestProfile {
    /// The guest's id.
    id: Uuid,
    /// Given names, or the name of a company.
    first_name: String,
    /// Family names.
    last_name: Option<String>,
    /// E-mail address.
    email: Option<String>,
    /// Phone.
    tel_number: String,
    /// Kind of document.
    document_type: String,
    /// Its number.
    number_doc: String,
    /// Birth date.
    date: Option<NaiveDate>,
    /// `m`, `f` or `e` (company).
    sex: Option<String>,
    /// Last sign-in, local time.
    last_login: Option<String>,
    /// Points collected, lapsed ones too; two decimals.
    points_balance: String,
    /// When they lapse, local time.
    points_expires_at: Option<String>,
    /// Points that can be spent now.
    available_points: f64,
    /// Whether they have lapsed.
    points_are_expired: bool,
    /// Who referred the guest.
    referred_by_info: Option<GuestReferrer>,
    /// Own referral code.
    referral_code: String,
    /// Levels held and to come.
    level_info: GuestLevels,
    /// What the guest has done so far.
    achievements_stats: GuestStats,
    /// Whether a Facebook account is linked.
    facebook_linked: bool,
    /// Its picture.
    facebook_profile_picture: Option<String>,
    /// Its name.
    facebook_name: Option<String>,
    /// When it was linked, local time.
    facebook_linked_at: Option<String>,
}

/// Who referred a guest, and what that is worth at the first booking (contract 02 §4.8).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GuestReferrer {
    /// The referrer's id.
    id: Uuid,
    /// First name and initial.
    name: String,
    /// The referrer's code.
    referral_code: String,
    /// Whether the guest has an approved booking.
    has_used_discount: bool,
    /// Percentage of the first booking; absent once there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    discount_percentage: Option<f64>,
    /// Whether there is such a discount; absent once there was a booking.
    #[serde(skip_serializing_if = "Option::is_none")]
    discount_available: Option<bool>,
}

/// The guest who asks. A guest, or a referrer, who has no referral code yet is given one.
#[utoipa::path(
    get,
    path = "/api/v1/clients/client-auth/profile/",
    tag = "clients",
    operation_id = "client_profile",
    responses(
        (status = 200, description = "The guest.", body = GuestProfile),
        ForGuests,
        Racing,
    ),
    security(("client" = [])),
)]
pub(crate) async fn profile(
    Guest(guest): Guest,
    State(state): State<AppState>,
) -> ApiResult<Json<GuestProfile>> {
    GuestProfile::of(&state, guest).await.map(Json)
}

impl GuestProfile {
    /// The profile of a guest.
    ///
    /// # Errors
    /// 409 when races for a referral code kept being lost, 503.
    pub async fn of(state: &AppState, guest: StoredClient) -> ApiResult<Self> {
        let guest = with_code(state, guest).await?;
        let (levels, prices) = (state.store.levels(), state.store.prices());
        let (circle, book, referrer) = tokio::try_join!(
            levels.circle(guest.client.id),
            prices.book(),
            referrer_of(state, &guest.client)
        )?;
        let referrer = match referrer {
            Some(referrer) => Some(with_code(state, referrer).await?.client),
            None => None,
        };
        Ok(Self::new(guest.client, referrer.as_ref(), circle.standing, &book, &state.clock))
    }

    fn new(
        guest: Client,
        referrer: Option<&Client>,
        standing: Standing,
        book: &PriceBook,
        clock: &Clock,
    ) -> Self {
        let now = clock.now();
        let local = |instant: DateTime<Utc>| local_iso(instant, clock.offset(instant));
        let facebook = Facebook::of(&guest);
        Self {
            id: guest.id.0,
            last_login: guest.last_login.map(local),
            points_balance: fixed2(guest.points_balance),
            points_expires_at: guest.points_expires_at.map(local),
            available_points: displayed::number(guest.available_points(now)),
            points_are_expired: guest.points_expires_at.is_some_and(|expiry| expiry < now),
            referred_by_info: referrer.map(|referrer| GuestReferrer::new(referrer, standing, book)),
            level_info: GuestLevels::new(&guest, standing, &book.levels),
            achievements_stats: GuestStats::new(&guest, standing, &book.levels),
            facebook_linked: guest.facebook_linked,
            facebook_profile_picture: facebook.picture,
            facebook_name: facebook.name,
            facebook_linked_at: guest.facebook_linked_at.map(local),
            first_name: guest.first_name,
            last_name: guest.last_name,
            email: guest.email,
            tel_number: guest.tel_number,
            document_type: guest.document_type,
            number_doc: guest.number_doc,
            date: guest.date,
            sex: guest.sex,
            referral_code: guest.referral_code.unwrap_or_default(),
        }
    }
}

/// Who referred a guest, deleted or not.
async fn referrer_of(state: &AppState, guest: &Client) -> Result<Option<StoredClient>, StoreError> {
    match guest.referred_by {
        Some(referrer) => state.store.clients().get(referrer).await,
        None => Ok(None),
    }
}

impl GuestReferrer {
    fn new(referrer: &Client, standing: Standing, book: &PriceBook) -> Self {
        let has_used_discount = standing.reservations > 0;
        let held = referrer.levels.iter().filter(|held| !held.revoked).map(|held| held.level);
        let percent = referral_percent(book, &held.collect::<HashSet<_>>());
        Self {
            id: referrer.id.0,
            name: referrer.short_name(),
            referral_code: referrer.referral_code.clone().unwrap_or_default(),
            has_used_discount,
            discount_percentage: (!has_used_discount).then(|| displayed::number(percent.unwrap_or_default())),
            discount_available: (!has_used_discount).then_some(percent.is_some()),
        }
    }
}

/// What the linked Facebook account shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facebook {
    /// Its name.
    pub name: Option<String>,
    /// Address of its picture.
    pub picture: Option<String>,
}

impl Facebook {
    /// The account that the guest linked; nothing where none is.
    pub fn of(guest: &Client) -> Self {
        let stored = guest.facebook_profile_data.as_ref().filter(|_| guest.facebook_linked);
        let profile: Value = stored.and_then(|text| serde_json::from_str(&text.0).ok()).unwrap_or_default();
        Self {
            name: profile["name"].as_str().map(str::to_owned),
            picture: profile["picture"]["data"]["url"].as_str().map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests;
