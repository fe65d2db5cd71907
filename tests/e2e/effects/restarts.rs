//! A power cut between a change and what follows from it, and two processes that could both see to it.

use casa_tests::{Casa, Options, program};
use reqwest::{Client, Method};
use serde_json::json;

use crate::{
    ANA, BETO, CARO, CLOCK, FOREST, SEED, SPROUT, Setting, Stranger, administrator, export, id,
    registration::is_complete,
    settle,
    table::facts,
    vendors::{ALL, Fault, META, TELEGRAM, Vendors},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_process_carries_out_what_a_killed_one_left() {
    let (folder, vendors) = (tempfile::tempdir().unwrap(), Vendors::start().await);
    let file = folder.path().join("export.json");
    std::fs::write(&file, export(&[(1, BETO, "2025-10-01", "2025-10-04", "pending")]).to_string()).unwrap();
    let data = folder.path().join("data");
    let environment = vendors.settings();
    let start = |import: bool| {
        let mut arguments = vec!["--data", data.to_str().unwrap(), "--clock", CLOCK];
        if import {
            arguments.extend(["--import", file.to_str().unwrap()]);
        }
        Casa::start(&Options {
            arguments: arguments.into_iter().map(str::to_owned).collect(),
            environment: environment.clone(),
            ..Options::default()
        })
    };
    let mut casa = start(true);
    let token = administrator(&casa).await;
    vendors.always(Some(Fault::Status(500)));
    let mut setting = Setting { vendors, casa, http: Client::new(), token, _folder: folder };
    let mut guests = Vec::new();
    for number in 500..503 {
        let stranger = Stranger(number);
        let (status, answer) = setting.send(Method::POST, "clients/", Some(stranger.body())).await;
        assert_eq!(status, 201, "{answer}");
        guests.push((stranger, answer["id"].as_str().unwrap().to_owned()));
    }
    let approved = json!({"status": "approved"});
    setting.patch(&format!("reservations/{}/", id(101)), approved).await;
    setting.casa.kill();

    // The second process dies in the middle of a call.
    setting.vendors.always(Some(Fault::Late));
    setting.vendors.forget();
    casa = start(false);
    setting.vendors.wait(META, 1).await;
    let open = facts(&casa.shared).await.into_iter().filter(|fact| fact.index.is_some()).count();
    assert!(open >= 3, "{open}");
    casa.kill();
    let cut_off = setting.vendors.calls(META).len();
    assert!(cut_off <= 3, "each waits for its answer");

    setting.vendors.always(None);
    setting.casa = start(false);
    settle(&setting.casa).await;
    for (stranger, guest) in &guests {
        is_complete(&setting, *stranger, guest).await;
        for vendor in ALL {
            let calls = stranger.calls(&setting.vendors, vendor).len();
            assert!(calls == 1 || vendor == META && calls == 2, "{vendor}: {calls}");
        }
    }
    assert_eq!(setting.levels(BETO).await.0, [SEED, SPROUT]);
    assert_eq!(setting.levels(ANA).await.0, [SEED, FOREST]);
    assert_eq!(setting.record(&id(BETO)).await.points_balance.to_string(), "50.00");
    assert_eq!(setting.record(&id(ANA)).await.points_balance.to_string(), "100.00");
    let told = setting.told_of_levels();
    assert_eq!(told.len(), 2, "{told:?}");

    // And a fourth has nothing left to do.
    setting.casa.kill();
    setting.vendors.forget();
    setting.casa = start(false);
    settle(&setting.casa).await;
    assert!(ALL.iter().all(|vendor| setting.vendors.calls(vendor).is_empty()));
}

/// A command that works on the data of a running program leaves what follows to that program: two of them at once could
/// not know of a message that the other is just sending.
#[tokio::test(flavor = "multi_thread")]
async fn a_command_beside_a_running_program_sends_nothing_twice() {
    let (folder, vendors) = (tempfile::tempdir().unwrap(), Vendors::start().await);
    let file = folder.path().join("export.json");
    std::fs::write(&file, export(&[(1, BETO, "2025-12-01", "2025-12-04", "approved")]).to_string()).unwrap();
    let data = folder.path().join("data");
    let arguments = ["--data", data.to_str().unwrap(), "--clock", CLOCK, "--import", file.to_str().unwrap()];
    let casa = Casa::start(&Options {
        arguments: arguments.map(str::to_owned).to_vec(),
        environment: vendors.settings(),
        ..Options::default()
    });
    vendors.always(Some(Fault::Slow));
    let command = |words: &[&str]| {
        let mut command = tokio::process::Command::new(program());
        command.envs(vendors.settings()).args(words).args(["--clock", CLOCK, "--data"]).arg(&data);
        async move { assert!(command.output().await.unwrap().status.success()) }
    };
    command(&["recalculate", "--apply"]).await;
    settle(&casa).await;
    let texts: Vec<_> = vendors.calls(TELEGRAM).iter().map(|call| call.text().to_owned()).collect();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(
        texts.iter().any(|text| text.contains("Brote")) && texts.iter().any(|text| text.contains("Bosque"))
    );

    // Alone on the folder, the command sees to it itself.
    drop(casa);
    vendors.forget();
    std::fs::write(&file, export(&[(2, CARO, "2025-12-11", "2025-12-14", "approved")]).to_string()).unwrap();
    let mut import = std::process::Command::new(program());
    assert!(import.arg("import").arg(&file).arg("--data").arg(&data).output().unwrap().status.success());
    command(&["recalculate", "--apply"]).await;
    let texts: Vec<_> = vendors.calls(TELEGRAM).iter().map(|call| call.text().to_owned()).collect();
    assert!(texts.len() == 1 && texts[0].contains("Caro Nieto") && texts[0].contains("Brote"), "{texts:?}");
}
