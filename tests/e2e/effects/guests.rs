//! A guest's record changes: cards of reservations, the audience, levels around it and the public figures follow.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    ANA, BETO, CARO, DINO, FOREST, SEED, Setting, hash, id,
    vendors::{ALL, Fault, META, TELEGRAM, WHATSAPP},
};

/// Names, friends and friends who stayed, as the public sees them.
fn figures(stats: &Value) -> Vec<(String, u64, u64)> {
    let rows = stats["top_rankings"].as_array().unwrap().iter();
    let row = |one: &Value| {
        let number = |key: &str| one[key].as_u64().unwrap();
        let name = one["client_name"].as_str().unwrap().to_owned();
        (name, number("total_referrals"), number("referrals_with_reservations"))
    };
    rows.map(row).collect()
}

fn figure(name: &str, friends: u64, stayed: u64) -> (String, u64, u64) {
    (name.to_owned(), friends, stayed)
}

impl Setting {
    /// Edits a guest as the staff's form does, which always sends the family names.
    async fn edit(&self, guest: u32, mut body: Value) {
        if body.get("last_name").is_none() {
            body["last_name"] = json!(self.record(&id(guest)).await.last_name);
        }
        self.patch(&format!("clients/{}/", id(guest)), body).await;
        self.settle().await;
    }

    async fn figures(&self) -> Vec<(String, u64, u64)> {
        figures(&self.get("clients/referral-stats/?limit=50").await)
    }

    /// What friends of a referrer are promised.
    async fn promised(&self, guest: u32) -> f64 {
        let page = self.get(&format!("clients/by-referral-code/COD{guest:03}/")).await;
        page["client"]["referral_discount_percentage"].as_f64().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_keep_of_a_guest_follows() {
    let stays = [
        (1, BETO, "2025-12-01", "2025-12-04", "approved"),
        (2, BETO, "2025-12-24", "2026-01-02", "pending"),
        (3, BETO, "2024-02-01", "2024-02-03", "cancelled"),
    ];
    let setting = Setting::new(&stays).await;
    setting.vendors.will(META, &[Fault::Status(500), Fault::Status(429)]);
    let change =
        json!({"first_name": "Benito", "email": "benito@correo.example", "tel_number": "51911111111"});
    setting.edit(BETO, change).await;
    for (number, ..) in stays {
        let one = setting.get(&format!("reservations/{}/", id(100 + number))).await;
        assert!(one.to_string().contains("Benito") && !one.to_string().contains("Beto"), "{one}");
    }
    let list = setting.get("reservations/?page_size=50").await.to_string();
    assert!(list.contains("Benito") && !list.contains("Beto"), "{list}");

    let calls = setting.vendors.calls(META);
    let row = json!([hash("benito@correo.example"), hash("+51911111111")]);
    assert!(calls.iter().all(|call| call.body["payload"]["data"] == json!([row])), "{calls:?}");
    assert_eq!(calls.len(), 3, "two refusals and one row");
    assert!(setting.vendors.calls(WHATSAPP).is_empty() && setting.vendors.calls(TELEGRAM).is_empty());

    // What nobody else keeps causes no call.
    setting.vendors.forget();
    setting.edit(BETO, json!({"comentarios_clientes": "Prefiere la tarde", "sex": "m"})).await;
    setting.edit(BETO, json!({"first_name": "Benito"})).await;
    assert!(ALL.iter().all(|vendor| setting.vendors.calls(vendor).is_empty()));

    // Names of referrers in the public figures.
    assert_eq!(setting.figures().await, [figure("Ana L.", 1, 1)]);
    setting.edit(ANA, json!({"first_name": "Anita Sol", "last_name": "Zárate"})).await;
    assert_eq!(setting.figures().await, [figure("Anita Z.", 1, 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn levels_and_figures_follow_the_referrer() {
    let setting = Setting::new(&[(1, BETO, "2025-12-01", "2025-12-04", "approved")]).await;
    assert_eq!(setting.figures().await, [figure("Ana L.", 1, 1)]);
    setting.edit(BETO, json!({"referred_by": id(CARO)})).await;
    assert_eq!(setting.levels(CARO).await, (vec![SEED, FOREST], 2));
    assert_eq!(setting.levels(ANA).await, (vec![SEED], 1), "reviewed too: no friend is left");
    assert_eq!(setting.figures().await, [figure("Caro N.", 1, 1)]);
    assert_eq!((setting.promised(CARO).await, setting.promised(ANA).await), (12.0, 0.0));
    let told = setting.told_of_levels();
    assert!(told.iter().any(|text| text.contains("Caro Nieto") && text.contains("Bosque")), "{told:?}");
    assert!(told.iter().all(|text| !text.contains("Semilla") && !text.contains("Ana")), "{told:?}");

    // Back again: taken from one, given to the other; then to nobody.
    setting.edit(BETO, json!({"referred_by": id(ANA)})).await;
    assert_eq!(setting.levels(CARO).await, (vec![SEED], 2));
    assert_eq!(setting.levels(ANA).await, (vec![SEED, FOREST], 2));
    assert_eq!(setting.figures().await, [figure("Ana L.", 1, 1)]);
    assert_eq!((setting.promised(CARO).await, setting.promised(ANA).await), (0.0, 12.0));
    setting.edit(BETO, json!({"referred_by": null})).await;
    assert_eq!((setting.levels(ANA).await.0, setting.figures().await), (vec![SEED], vec![]));

    // Restored, not doubled.
    setting.edit(BETO, json!({"referred_by": id(ANA)})).await;
    assert_eq!(setting.levels(ANA).await, (vec![SEED, FOREST], 2));

    // A friend who is deleted counts no more as a friend; a referrer who is deleted is shown to nobody.
    let delete = |guest: u32| setting_delete(&setting, guest);
    setting.edit(DINO, json!({"referred_by": id(CARO)})).await;
    assert_eq!(setting.figures().await, [figure("Ana L.", 1, 1), figure("Caro N.", 1, 0)]);
    delete(DINO).await;
    assert_eq!(setting.figures().await, [figure("Ana L.", 1, 1)]);
    delete(ANA).await;
    assert_eq!(setting.figures().await, []);
    let (status, _) =
        setting.send(Method::GET, &format!("clients/by-referral-code/COD{ANA:03}/"), None).await;
    assert_eq!(status, 404);
    delete(BETO).await;
    assert_eq!(setting.levels(BETO).await.1, setting.levels(BETO).await.0.len());
}

async fn setting_delete(setting: &Setting, guest: u32) {
    let (status, body) = setting.send(Method::DELETE, &format!("clients/{}/", id(guest)), None).await;
    assert_eq!(status, 204, "{body}");
    setting.settle().await;
}
