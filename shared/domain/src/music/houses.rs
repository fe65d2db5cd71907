//! Which house a player stands in. The original let two houses name the same player and failed on it; of such houses the one
//! entered first has it, the others have none (contract 07 §2.2 and §8, defect 13).

use std::collections::BTreeMap;

use crate::{House, HouseId};

/// The player of a house that is offered, as it is configured there.
fn player(house: &House) -> Option<&str> {
    house.player_id.as_deref().filter(|player| !player.is_empty() && !house.deleted)
}

/// The house in which the player with this id stands.
pub fn house_of<'a>(houses: impl IntoIterator<Item = &'a House>, id: &str) -> Option<&'a House> {
    let has = |house: &&House| player(house) == Some(id);
    houses.into_iter().filter(has).min_by_key(|house| (house.created, house.id))
}

/// The houses in which a player stands, in the order given.
pub fn with_players<'a>(houses: impl IntoIterator<Item = &'a House>) -> Vec<&'a House> {
    let houses: Vec<_> = houses.into_iter().filter(|house| player(house).is_some()).collect();
    let mut owners: BTreeMap<&str, (_, HouseId)> = BTreeMap::new();
    for house in &houses {
        if let Some(id) = player(house) {
            let own = (house.created, house.id);
            owners.entry(id).and_modify(|owner| *owner = own.min(*owner)).or_insert(own);
        }
    }
    let is_owner = |house: &&House| {
        player(house).and_then(|id| owners.get(id)).is_some_and(|(_, owner)| *owner == house.id)
    };
    houses.into_iter().filter(is_owner).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn house(number: u128, created: &str, player: Option<&str>, deleted: bool) -> House {
        serde_json::from_value(json!({
            "id": uuid::Uuid::from_u128(number), "created": created, "name": format!("Casa {number}"),
            "deleted": deleted, "player_id": player,
        }))
        .unwrap()
    }

    #[test]
    fn of_two_houses_with_one_player_the_first_has_it() {
        let houses = [
            house(1, "2025-03-01T00:00:00Z", Some("p1"), false),
            house(2, "2025-02-01T00:00:00Z", Some("p1"), false),
            house(3, "2025-01-01T00:00:00Z", Some("p1"), true),
            house(4, "2025-01-01T00:00:00Z", Some("p2"), false),
            house(5, "2025-01-01T00:00:00Z", Some(""), false),
            house(6, "2025-01-01T00:00:00Z", None, false),
        ];
        let id = |house: &House| house.id.0.as_u128();
        for (player, owner) in [("p1", Some(2)), ("p2", Some(4)), ("", None), ("p3", None)] {
            assert_eq!(house_of(&houses, player).map(id), owner, "{player}");
        }
        assert_eq!(with_players(&houses).into_iter().map(id).collect::<Vec<_>>(), [2, 4]);
    }
}
