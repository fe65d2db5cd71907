//! The people who clean and repair (contract 10 §2.1).

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

use crate::{
    ids::{PersonId, StaffId},
    reservation::choices,
};

choices! {
    /// What a person is employed for (contract 10 §2.1; the last two by decision 13).
    StaffType {
        /// Cleans.
        #[default]
        Cleaning = "cleaning",
        /// Repairs.
        Maintenance = "maintenance",
        /// Cleans and repairs.
        Both = "both",
        /// Supervises.
        Supervisor = "supervisor",
        /// Administers.
        Admin = "admin",
    }
}

choices! {
    /// Whether a person is at work these days; only active people get tasks (contract 10 §2.1).
    PersonStatus {
        /// At work.
        #[default]
        Active = "active",
        /// No longer employed, or not for now.
        Inactive = "inactive",
        /// On holiday.
        Vacation = "vacation",
        /// Ill.
        Sick = "sick",
    }
}

impl StaffType {
    /// Whether the engine may give such a person a cleaning (rule B, contract 10 §4.4).
    pub fn cleans(self) -> bool {
        matches!(self, Self::Cleaning | Self::Both)
    }
}

/// A member of the personnel: the columns that planning needs (contract 10 §2.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffMember {
    /// Their id.
    pub id: PersonId,
    /// Removed, kept for history.
    #[serde(default)]
    pub deleted: bool,
    /// The login of this person, where there is one.
    pub user: Option<StaffId>,
    /// Given names.
    pub first_name: String,
    /// Family names.
    pub last_name: String,
    /// What they are employed for.
    #[serde(default)]
    pub staff_type: StaffType,
    /// Whether they are at work these days.
    #[serde(default)]
    pub status: PersonStatus,
    /// Whether Saturdays and Sundays are working days (rule A1).
    pub can_work_weekends: bool,
    /// Most small houses a day; 2 and above are all two (rule A4).
    pub max_properties_per_day: u32,
    /// Days on which they do not work besides the weekend. Empty unless the schedules are to count (contract 10 §8,
    /// defect 18: off by default).
    #[serde(default)]
    pub days_off: BTreeSet<NaiveDate>,
}

impl StaffMember {
    /// A person with the defaults of every column that has one.
    pub fn new(id: PersonId, first_name: &str, last_name: &str) -> Self {
        Self {
            id,
            deleted: false,
            user: None,
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
            staff_type: StaffType::default(),
            status: PersonStatus::default(),
            can_work_weekends: true,
            max_properties_per_day: 3,
            days_off: BTreeSet::new(),
        }
    }

    /// "first last" (contract 10 §3.1).
    pub fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }

    /// Whether they are employed and neither ill nor away.
    pub fn at_work(&self) -> bool {
        !self.deleted && self.status == PersonStatus::Active
    }

    /// Whether the engine may give them cleanings at all (rule B: type, status, not deleted).
    pub fn cleans(&self) -> bool {
        self.at_work() && self.staff_type.cleans()
    }

    /// Whether `date` is a working day of theirs (rule A1, and the days off where they count).
    pub fn works_on(&self, date: NaiveDate) -> bool {
        (self.can_work_weekends || !weekend(date)) && !self.days_off.contains(&date)
    }

    /// The order in which the engine looks at people (rule B); the id settles equal names.
    pub(crate) fn order(&self) -> (&str, &str, PersonId) {
        (&self.first_name, &self.last_name, self.id)
    }
}

/// Saturday or Sunday.
pub(crate) fn weekend(date: NaiveDate) -> bool {
    matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}
