//! Searches for free nights, as staff see them and as they go to the sheet.

mod record;
mod sheet;

pub use record::{Export, SearchClient, SearchOrigin, SearchProperty, records};
pub use sheet::{Pace, SheetResult, Since, SyncReport, push, sync, sync_at};
