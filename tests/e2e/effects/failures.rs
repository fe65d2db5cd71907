//! Vendors that fail, each in every way.

use casa_gateways::Gateways;
use reqwest::Method;

use crate::{
    Setting, Stranger,
    registration::{in_the_table, is_complete},
    send,
    table::{facts, reactions, rows},
    vendors::{ALL, Fault, META, TELEGRAM, WHATSAPP},
};

/// Registers somebody, as staff do or as guests do themselves.
async fn register(setting: &Setting, stranger: Stranger) -> String {
    let body = Some(stranger.body());
    let (status, answer, key) = if stranger.0.is_multiple_of(2) {
        let (status, answer) = setting.send(Method::POST, "clients/", body).await;
        (status, answer, "id")
    } else {
        let path = "clients/public-register/";
        let (status, answer) = send(&setting.http, &setting.casa, None, Method::POST, path, body).await;
        (status, answer, "client_id")
    };
    assert_eq!(status, 201, "{answer}");
    answer[key].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_vendor_is_asked_again_and_no_other() {
    let setting = Setting::new(&[]).await;
    let mut number = 100;
    for vendor in ALL {
        for fault in [Fault::Status(429), Fault::Status(500), Fault::Dropped] {
            let strangers = [Stranger(number), Stranger(number + 1)];
            number += 2;
            setting.vendors.forget();
            setting.vendors.will(vendor, &[fault; 3]);
            let guests = [register(&setting, strangers[0]).await, register(&setting, strangers[1]).await];
            setting.settle().await;
            for (stranger, guest) in strangers.into_iter().zip(&guests) {
                is_complete(&setting, stranger, guest).await;
            }
            // A vendor that hangs up may have acted all the same: it hears of a guest once more for each such call, and
            // for no other reason. None of the others hears anything twice.
            for other in ALL {
                let calls = setting.vendors.calls(other);
                let failed = calls.iter().filter(|call| call.fault.is_some()).count();
                assert_eq!(
                    (calls.len() - failed, failed),
                    (2, if other == vendor { 3 } else { 0 }),
                    "{fault:?}"
                );
            }
        }
    }
    let waiting = facts(&setting.casa.shared).await.into_iter().filter(|fact| fact.index.is_some());
    assert_eq!(waiting.count(), 0);
}

/// Contract 02 §5: status 200 is success, whatever comes with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_with_status_200_counts_as_done() {
    let setting = Setting::new(&[]).await;
    for (number, vendor) in (200..).zip(ALL) {
        setting.vendors.will(vendor, &[Fault::Page]);
        let guest = register(&setting, Stranger(number)).await;
        setting.settle().await;
        for other in ALL {
            let calls = Stranger(number).calls(&setting.vendors, other);
            assert_eq!(calls.len(), 1);
            assert_eq!(calls[0].fault.is_some(), other == vendor);
        }
        in_the_table(&setting, &guest).await;
    }
}

/// What a vendor refuses for good: a welcome is tried in its other shapes and then let go; the rest is put aside for
/// people to look at, and nothing else waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_holds_nothing_else_up() {
    let setting = Setting::new(&[]).await;
    setting.vendors.will(WHATSAPP, &[Fault::Status(400); 5]);
    let guest = register(&setting, Stranger(300)).await;
    setting.settle().await;
    let shapes: Vec<_> = Stranger(300).calls(&setting.vendors, WHATSAPP);
    assert_eq!(shapes.len(), 5);
    in_the_table(&setting, &guest).await;
    let open = facts(&setting.casa.shared).await.into_iter().filter(|fact| fact.index.is_some());
    assert_eq!(open.count(), 0, "a welcome that is refused is no reason to go on");

    // Telegram is down for longer than anybody tries.
    setting.vendors.forget();
    setting.vendors.will(TELEGRAM, &[Fault::Status(500); 6]);
    let guest = register(&setting, Stranger(301)).await;
    setting.settle().await;
    in_the_table(&setting, &guest).await;
    let calls = |vendor| Stranger(301).calls(&setting.vendors, vendor).len();
    assert_eq!((calls(META), calls(WHATSAPP), calls(TELEGRAM)), (1, 1, 6));
    let shared = &setting.casa.shared;
    let mut open = facts(shared).await;
    open.retain(|fact| fact.index.is_some());
    assert_eq!(open.len(), 1, "{open:?}");
    let parked = open.remove(0);
    assert_eq!((parked.index.as_deref(), &parked.doc["client"]), (Some("PARKED"), &guest.into()));
    assert!(parked.reason.as_ref().unwrap().contains("Telegram"), "{parked:?}");
    assert!(!parked.reason.as_ref().unwrap().contains("secret"));

    // Nothing happens by itself; delivered once more, only what is missing is done.
    setting.settle().await;
    assert_eq!(calls(TELEGRAM), 6);
    let gateways = Gateways { telegram: Some(telegram(&setting)), ..Gateways::default() };
    reactions(shared, gateways).handle(&parked.image()).await.unwrap();
    assert_eq!((calls(META), calls(WHATSAPP), calls(TELEGRAM)), (1, 1, 7));
    let rows = rows(shared, &parked.pk).await;
    let fact = rows.iter().find(|row| row.sk == "A").unwrap();
    assert_eq!(fact.index, None, "handled now");
    reactions(shared, Gateways::default()).handle(&parked.image()).await.unwrap();
    assert_eq!(calls(TELEGRAM), 7);
}

fn telegram(setting: &Setting) -> casa_gateways::Telegram {
    let settings = setting.vendors.settings();
    let setting = |name: &str| settings.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let base = setting("TELEGRAM_API_URL").unwrap();
    casa_gateways::Telegram::new(&base, "bot-secret", [None, None, None, setting("CLIENTS_CHAT_ID")])
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_a_silent_vendor() {
    let setting = Setting::new(&[]).await;
    let mut guests = Vec::new();
    // One vendor at a time falls silent, while the guests before still wait for theirs.
    for (number, vendor) in (400..).zip([META, TELEGRAM, WHATSAPP]) {
        setting.vendors.will(vendor, &[Fault::Late]);
        guests.push((Stranger(number), vendor, register(&setting, Stranger(number)).await));
        for _ in 0..1500 {
            if Stranger(number).calls(&setting.vendors, vendor).len() == 1 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
    for (_, _, guest) in &guests {
        assert_eq!(setting.get(&format!("clients/{guest}/")).await["id"], guest.as_str());
    }
    setting.settle().await;
    for (stranger, silent, guest) in guests {
        is_complete(&setting, stranger, &guest).await;
        // The call that was given up after ten seconds may have done its work: at least once, and here twice.
        for vendor in ALL {
            let expected = if vendor == silent { 2 } else { 1 };
            assert_eq!(stranger.calls(&setting.vendors, vendor).len(), expected, "{vendor}");
        }
    }
}
