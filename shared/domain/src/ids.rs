//! Identifiers: one type per kind of thing, so that a house cannot be passed where a reservation is meant.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            /// Reads the canonical dashed form or 32 hexadecimal digits.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )+};
}

uuid_ids! {
    /// A house (the API says "property").
    HouseId,
    /// A photo of a house.
    PhotoId,
    /// A guest's record (the API says "client").
    ClientId,
    /// A reservation.
    ReservationId,
    /// A payment receipt attached to a reservation.
    ReceiptId,
    /// A payment by card, from the first attempt on.
    PaymentId,
    /// A calendar elsewhere whose stays are brought into a house.
    FeedId,
    /// A row of monthly Airbnb earnings of a house.
    EarningId,
    /// A level that guests reach.
    LevelId,
    /// A service sold beside the stay.
    ServiceId,
    /// An automatic discount.
    DiscountId,
    /// A member of the cleaning and maintenance personnel (the API says "staff member").
    PersonId,
    /// A work task.
    TaskId,
    /// A request to take part in the music of a stay.
    ParticipantId,
    /// A row of a price table that nothing else refers to.
    RowId,
}

/// A member of staff who can sign in; a whole number, as documented (contract 01 §2.2).
pub type StaffId = i64;
