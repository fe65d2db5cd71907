//! Rows of the imported data that have no aggregate of their own yet: kept whole under the key their aggregate will
//! use. Also the activity feed, which reactions write.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use casa_domain::time::sortable;

use crate::{Store, StoreError, item::document, keys::Key, music::participants};

/// An entry of the activity feed (contract 08 §2.4).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Activity {
    /// Deterministic: the same cause writes the same entry.
    pub id: uuid::Uuid,
    /// When it happened.
    pub created: DateTime<Utc>,
    /// One of the documented types.
    pub activity_type: String,
    /// At most 200 characters.
    pub title: String,
    /// Longer text, may be empty.
    #[serde(default)]
    pub description: String,
    /// Whose activity it is.
    pub client: Option<uuid::Uuid>,
    /// The contest or event it is about.
    #[serde(default)]
    pub event: Option<uuid::Uuid>,
    /// The house it is about.
    #[serde(default)]
    pub property_location: Option<uuid::Uuid>,
    /// Free per type.
    pub activity_data: Value,
    /// Shown to everybody.
    pub is_public: bool,
    /// 1 to 5.
    pub importance_level: u8,
    /// Soft-deleted.
    #[serde(default)]
    pub deleted: bool,
}

/// How entries of one activity type are made (contract 08 §2.5).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ActivitySettings {
    /// Whether entries are made at all.
    pub is_enabled: bool,
    /// Whether they are public.
    pub is_public_by_default: bool,
    /// 1 to 5.
    pub default_importance_level: u8,
}

impl Default for ActivitySettings {
    /// What counts where no row exists for a type.
    fn default() -> Self {
        Self { is_enabled: true, is_public_by_default: true, default_importance_level: 2 }
    }
}

/// Rows without an aggregate of their own yet.
#[derive(Debug)]
pub struct Records<'a>(pub(crate) &'a Store);

impl Records<'_> {
    /// Writes an entry of the activity feed; the same id again changes nothing else.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_activity(&self, activity: &Activity) -> Result<(), StoreError> {
        let key = activity_key(activity.created, &activity.id.to_string());
        self.0.put(document(&key, activity)?).await
    }

    /// How entries of this type are made; the documented defaults where no row exists.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn activity_settings(&self, activity_type: &str) -> Result<ActivitySettings, StoreError> {
        let key = Key::new("FEEDCONFIG", activity_type);
        Ok(self.0.get_document(&key).await?.unwrap_or_default())
    }
}

pub(crate) fn activity_key(created: DateTime<Utc>, id: &str) -> Key {
    Key::new(format!("FEED#{}", created.format("%Y-%m")), format!("{}#{id}", sortable(created)))
}

/// The key of an imported row, by model; `None` for models this system does not know.
pub(crate) fn key_of(model: &str, pk: &str, fields: &Map<String, Value>) -> Option<Key> {
    let field = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or("none");
    let instant = |name: &str| match field(name).parse::<DateTime<Utc>>() {
        Ok(instant) => sortable(instant),
        Err(_) => field(name).to_owned(),
    };
    let month = |name: &str| field(name).chars().take(7).collect::<String>();
    let kind = model.rsplit('.').next().unwrap_or(model);
    Some(match model {
        "property.exchangerate"
        | "property.seasonpricing"
        | "property.additionalservice"
        | "property.cancellationpolicy"
        | "property.automaticdiscount"
        | "property.dynamicdiscountconfig"
        | "property.latecheckoutconfig"
        | "property.referraldiscountbylevel" => Key::new(crate::keys::PRICES, format!("{kind}#{pk}")),
        "clients.mensajefidelidad" => Key::new("TEXTS", format!("LOYALTY#{:0>12}", pk)),
        "clients.tokenapiclients" => Key::new("TEXTS", format!("LOOKUP#{}#{pk}", instant("created"))),
        "clients.referralpointsconfig" => Key::new("LEVELS", format!("REFERRAL#{}#{pk}", instant("created"))),
        "clients.achievement" => Key::new("LEVELS", format!("LEVEL#{pk}")),
        "clients.clientpoints" => {
            Key::new(format!("CLIENT#{}", field("client")), format!("POINTS#{}#{pk}", instant("created")))
        }
        participants::MODEL => participants::key_of_row(field("reservation"), field("client")),
        "reservation.paymenttoken" => Key::new(format!("PAYTOKEN#{}", field("token")), "A"),
        "staff.staffmember" => Key::new("PEOPLE", pk),
        "staff.worktask" => Key::new(
            format!("TASKS#{}", month("scheduled_date")),
            format!("{}#{pk}", field("scheduled_date")),
        ),
        "staff.timetracking" => {
            Key::new(format!("PUNCHES#{}", month("timestamp")), format!("{}#{pk}", instant("timestamp")))
        }
        "staff.workschedule" => {
            Key::new(format!("SHIFTS#{}", month("date")), format!("{}#{pk}", field("date")))
        }
        "staff.taskphoto" => {
            Key::new(format!("TASK#{}", field("work_task")), format!("PHOTO#{}#{pk}", instant("uploaded_at")))
        }
        "staff.propertycleaninggap" => {
            Key::new(format!("GAPS#{}", month("gap_date")), format!("{}#{pk}", field("gap_date")))
        }
        "events.eventcategory" => Key::new("EVENTS", format!("CATEGORY#{pk}")),
        "events.event" => Key::new("EVENTS", format!("EVENT#{pk}")),
        "events.eventregistration" => {
            Key::new(format!("EVENT#{}", field("event")), format!("REGISTRATION#{}", field("client")))
        }
        "events.activityfeed" => activity_key(field("created").parse().unwrap_or(DateTime::UNIX_EPOCH), pk),
        "events.activityfeedconfig" => Key::new("FEEDCONFIG", field("activity_type")),
        "admin.logentry" => {
            Key::new(format!("AUDIT#{}", month("action_time")), format!("{}#{pk}", instant("action_time")))
        }
        _ => return None,
    })
}

/// Keys that stand beside an imported row and say no more than that they are there: points that moved for a reservation
/// do not move for it again.
pub(crate) fn companions(model: &str, fields: &Map<String, Value>) -> Vec<Key> {
    let field = |name: &str| fields.get(name).and_then(Value::as_str);
    let deleted = fields.get("deleted").and_then(Value::as_bool).unwrap_or_default();
    let once = ["earned", "referral", "redeemed", "refunded"];
    match (model, field("client"), field("reservation"), field("transaction_type")) {
        ("clients.clientpoints", Some(client), Some(reservation), Some(kind))
            if once.contains(&kind) && !deleted =>
        {
            let ids = client.parse().ok().zip(reservation.parse().ok());
            ids.map(|(client, reservation)| crate::keys::points_once(client, kind, reservation))
                .into_iter()
                .collect()
        }
        _ => Vec::new(),
    }
}
