//! Points and levels that follow from facts (contract 02 §4.7, §4.9), and what is told of them.

use casa_domain::{
    ClientId,
    event::{Event, What},
    ids::LevelId,
    level::Level,
    money::displayed,
    points,
    reservation::Reservation,
};
use casa_gateways::Chat;
use casa_jobs::{award, standing};
use casa_store::Activity;
use serde_json::json;
use uuid::Uuid;

use crate::{Failures, React, ReactError};

impl React {
    /// Reviews the levels of a guest and of whoever referred the guest, whose standing depends on theirs.
    pub(crate) async fn review_around(&self, guest: ClientId) -> Result<(), ReactError> {
        standing::review(&self.state, guest).await?;
        Ok(())
    }

    /// Works out anew the public figures of whoever referred these guests. It repeats without harm, so it needs no mark.
    pub(crate) async fn refresh_figures_of(&self, guests: &[ClientId]) -> Result<(), ReactError> {
        Box::pin(self.state.store.referrers().refresh_those_of(guests)).await?;
        Ok(())
    }

    /// The same for a referrer.
    pub(crate) async fn refresh_figures(&self, referrer: ClientId) -> Result<(), ReactError> {
        Box::pin(self.state.store.referrers().refresh(referrer)).await?;
        Ok(())
    }

    /// Reviews the levels of one guest.
    pub(crate) async fn review(&self, guest: ClientId) -> Result<(), ReactError> {
        self.state.store.levels().review(guest, self.state.clock.now()).await?;
        Ok(())
    }

    /// Credits a stay that is over.
    pub(crate) async fn award(&self, stay: &Reservation) -> Result<(), ReactError> {
        award::if_due(&self.state, stay).await?;
        Ok(())
    }

    /// Points a guest earned go into the activity feed.
    pub(crate) async fn about_points(&self, event: &Event) -> Result<(), ReactError> {
        let What::PointsEarned { client, reservation, points, referred } = event.what else { return Ok(()) };
        let store = &self.state.store;
        let Some(stay) = store.reservations().get(reservation).await?.map(|stored| stored.booked.reservation)
        else {
            return Ok(());
        };
        let catalogue = store.houses().catalogue().await?;
        let house = catalogue.house(stay.house).map(|house| house.name.clone()).unwrap_or_default();
        let mut data = json!({
            "points": displayed::number(points),
            "property_name": house,
            "reservation_id": reservation,
        });
        match referred {
            None => {
                data["reason"] = json!("una reserva");
                data["effective_price"] = json!(displayed::number(points::effective(&stay)));
            }
            Some(guest) => {
                let guest = store.clients().get(guest).await?.map(|stored| stored.client.short_name());
                data["reason"] =
                    json!(format!("referir a {}", guest.unwrap_or_else(|| "un amigo".to_owned())));
                data["is_referral"] = json!(true);
            }
        }
        let entry = Activity {
            id: Uuid::new_v5(&event.id, b"points_earned"),
            created: event.at,
            activity_type: "points_earned".to_owned(),
            title: "Puntos Ganados".to_owned(),
            description: String::new(),
            client: Some(client.0),
            event: None,
            property_location: Some(stay.house.0),
            activity_data: data,
            is_public: true,
            importance_level: 2,
            deleted: false,
        };
        self.once(event, "activity", self.enter(entry)).await
    }

    /// New levels are told to the team, but not the one that everybody begins with (contract 02 §4.9.3, path A).
    pub(crate) async fn about_levels(
        &self,
        event: &Event,
        guest: ClientId,
        reached: &[LevelId],
    ) -> Result<(), ReactError> {
        let Some(guest) = self.state.store.clients().get(guest).await? else { return Ok(()) };
        let book = self.state.store.prices().book().await?;
        let told = worth_telling(&book.levels, reached);
        if told.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = told.iter().map(|level| format!("• {}", level.icon_and_name())).collect();
        let text = format!("🏆 {} alcanzó:\n{}", guest.client.card().full_name(), names.join("\n"));
        let mut failures = Failures::default();
        failures.note(self.once(event, "telegram", self.tell(Chat::Clients, &text)).await);
        failures.first()
    }
}

/// The levels among those reached that are not the lowest of all.
fn worth_telling<'a>(levels: &'a [Level], reached: &[LevelId]) -> Vec<&'a Level> {
    let open = || levels.iter().filter(|level| level.is_active && !level.deleted);
    let lowest = open().min_by_key(|level| level.place()).map(|level| level.id);
    let find = |id: &LevelId| levels.iter().find(|level| level.id == *id);
    reached.iter().filter(|id| Some(**id) != lowest).filter_map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_level_is_no_news() {
        let level = |name: &str, order: i64| -> Level {
            let id = Uuid::new_v5(&Uuid::nil(), name.as_bytes());
            let row = json!({"id": id, "created": "2025-01-01T00:00:00Z", "name": name, "order": order});
            serde_json::from_value(row).unwrap()
        };
        let levels = [level("Bosque", 2), level("Semilla", 0), level("Brote", 1)];
        let told = |reached: &[usize]| {
            let ids: Vec<_> = reached.iter().map(|index| levels[*index].id).collect();
            worth_telling(&levels, &ids).iter().map(|level| level.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(told(&[1]), [""; 0]);
        assert_eq!(told(&[1, 2]), ["Brote"]);
    }
}
