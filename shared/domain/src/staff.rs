//! Members of staff who can sign in, and what their groups allow (contract 01 §2.2, §2.3).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    ids::StaffId,
    reservation::{Origin, Reservation},
};

/// A member of staff who can sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffUser {
    /// Their id.
    pub id: StaffId,
    /// Sign-in name; matched in any case.
    pub email: String,
    /// Unique name, not used to sign in.
    #[serde(default)]
    pub username: String,
    /// Password hash.
    pub password: String,
    /// Given names.
    #[serde(default)]
    pub first_name: String,
    /// Family names.
    #[serde(default)]
    pub last_name: String,
    /// Switched off users cannot sign in and their tokens stop working.
    pub is_active: bool,
    /// May enter the administration.
    #[serde(default)]
    pub is_staff: bool,
    /// All administration rights; gives no role by itself.
    #[serde(default)]
    pub is_superuser: bool,
    /// Key of the photo in the bucket.
    #[serde(default, deserialize_with = "crate::house::empty_is_none")]
    pub profile_photo: Option<String>,
    /// When they were entered.
    pub created: DateTime<Utc>,
    /// When they joined, if that is known to differ.
    #[serde(default)]
    pub date_joined: Option<DateTime<Utc>>,
    /// Last visit to the administration.
    #[serde(default)]
    pub last_login: Option<DateTime<Utc>>,
    /// Their groups, lowest group id first: the panel takes the first as the role.
    #[serde(default)]
    pub groups: Vec<Group>,
    /// Grows with every change that must end all sessions (decision 4).
    #[serde(default)]
    pub session: u32,
}

/// A group, which is a role by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Group {
    /// Its id.
    pub id: i64,
    /// Its name; `admin`, `vendedor` and `mantenimiento` mean something to us.
    pub name: String,
}

impl StaffUser {
    /// Whether the user is in the group of exactly that name.
    pub fn has_role(&self, role: &str) -> bool {
        self.groups.iter().any(|group| group.name == role)
    }

    /// Whether the user is in the group `admin`.
    pub fn is_admin(&self) -> bool {
        self.has_role("admin")
    }

    /// Whether the user may write reservations: administrators, sellers and superusers (contract 05 §8.2).
    pub fn may_sell(&self) -> bool {
        self.is_superuser || self.is_admin() || self.has_role("vendedor")
    }

    /// Whether the user may change this reservation: administrators any, others their own and Airbnb's
    /// (contract 05 §3.1).
    pub fn may_change(&self, reservation: &Reservation) -> bool {
        self.is_admin()
            || self.is_superuser
            || reservation.origin == Origin::Airbnb
            || reservation.seller == Some(self.id)
    }
}
