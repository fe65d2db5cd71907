//! Entries of the activity feed about reservations (contract 05 §4.3, 08 §4.9). Neither prices nor names go into
//! them: the feed is public and names are shortened when it is read.

use casa_domain::{
    event::What,
    reservation::{Origin, Status},
    spanish::date_range,
};
use casa_store::Activity;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::stays::Told;

/// An entry to write; visibility and importance come from the settings of its type.
pub(crate) type Entry = Activity;

/// The entries that a fact causes. Their ids follow from the fact, so that a repeated fact writes nothing twice.
pub(crate) fn entries(told: &Told<'_>) -> Vec<Entry> {
    let one = told.reservation;
    let Some(client) = one.client else { return Vec::new() };
    let shown = matches!(one.origin, Origin::Staff | Origin::Client);
    let mut data = json!({
        "property_name": told.house.map(|house| house.name.as_str()).unwrap_or_default(),
        "dates": date_range(one.check_in_date, one.check_out_date),
        "check_in": one.check_in_date,
        "check_out": one.check_out_date,
    });
    let with = |data: &Value, key: &str, value: Value| {
        let mut data = data.clone();
        data[key] = value;
        data
    };
    let origin = |data: &Value| with(data, "origin", json!(one.origin));
    let change = |data: &Value, text: &str| with(data, "status_change", json!(text));
    let made: Vec<(&str, &str, Value)> = match told.event.what {
        What::ReservationCreated { status, .. } if shown => {
            let mut made = vec![("reservation_made", "Nueva Reserva", origin(&data))];
            if status == Status::Approved {
                made.push((
                    "reservation_confirmed",
                    "Reserva Confirmada",
                    change(&data, "approved_from_admin"),
                ));
            }
            made
        }
        What::ReservationStatusChanged { to: Status::Approved, .. } if shown => match one.origin {
            Origin::Client => {
                vec![("reservation_confirmed", "Reserva Confirmada", change(&data, "approved"))]
            }
            _ => vec![("payment_completed", "Pago Completado", change(&data, "approved_by_admin"))],
        },
        What::ReservationStatusChanged { to: Status::Cancelled, .. } if shown => {
            vec![("reservation_made", "Nueva Reserva", change(&data, "cancelled"))]
        }
        What::ReservationDeleted { .. } => {
            data["guests"] = json!(one.guests);
            data["deletion_reason"] = json!("manual_deletion");
            vec![("reservation_auto_deleted_cron", "Reserva Expirada", data)]
        }
        _ => Vec::new(),
    };
    made.into_iter()
        .map(|(activity_type, title, activity_data)| Activity {
            id: Uuid::new_v5(&told.event.id, activity_type.as_bytes()),
            created: told.event.at,
            activity_type: activity_type.to_owned(),
            title: title.to_owned(),
            description: String::new(),
            client: Some(client.0),
            event: None,
            property_location: Some(one.house.0),
            activity_data,
            is_public: true,
            importance_level: 2,
            deleted: false,
        })
        .collect()
}
