//! The commands of the program, on a folder.

use std::process::Command;

use casa_tests::program;

use super::*;

/// Runs the program with a folder; what it prints.
pub(crate) fn command(data: &Path, words: &[&str]) -> (bool, String) {
    let mut command = Command::new(program());
    for name in ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_SQS", "CASA_CLOCK"] {
        command.env_remove(name);
    }
    command.env("CASA_LOG", "error").args(words).arg("--data").arg(data);
    let output = command.output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

pub(crate) fn reported(data: &Path, words: &[&str]) -> Value {
    let (success, text) = command(data, words);
    assert!(success, "{words:?}: {text}");
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{words:?}: {text}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_work_on_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let level = json!({
        "name": "Semilla", "description": "", "icon": null, "required_reservations": 0, "required_referrals": 0,
        "required_referral_reservations": 0, "is_active": true, "order": 0,
    });
    let rows = stays().into_iter().chain([row("clients.achievement", id(20), level)]);
    let file = write(folder.path(), &export(rows));
    assert!(command(&data, &["import", file.to_str().unwrap()]).0);

    let award = ["run", "points-award", "--clock", EARLY];
    let rehearsal = reported(&data, &[&award[..], &["--dry-run"]].concat());
    assert_eq!((&rehearsal["credited"], &rehearsal["points"]), (&json!(3), &json!("185.00")));
    let recalculate = |more: &[&str]| reported(&data, &[&["recalculate", "--clock", EARLY], more].concat());
    let found = recalculate(&[]);
    let of = |found: &Value, key: &str| found[key].as_array().unwrap().len();
    assert_eq!(
        (of(&found, "uncredited"), of(&found, "balances"), of(&found, "levels")),
        (3, 0, 3),
        "{found}"
    );
    assert_eq!(reported(&data, &award), rehearsal, "neither of them changed anything");
    assert_eq!(reported(&data, &award)["credited"], 0);
    for job in
        ["points-expire", "referral-ranking", "sheets-sync", "client-book", "pool-heating", "bookings-expire"]
    {
        assert!(reported(&data, &["run", job, "--dry-run", "--clock", EARLY]).is_object());
    }
    assert!(!command(&data, &["run", "reboot"]).0);

    // Drift, written past everything that keeps balance and ledger together.
    let arguments = ["--data", data.to_str().unwrap(), "--clock", EARLY].map(str::to_owned).to_vec();
    let options = Options { arguments, ..Options::default() };
    let casa = Casa::start(&options);
    let clients = casa.shared.store();
    let seen = clients.clients().get(client(BETO)).await.unwrap().unwrap();
    let after = Record { points_balance: "12.34".parse().unwrap(), ..seen.client.clone() };
    clients.clients().change(&seen, &after, None, Vec::new()).await.unwrap();
    // While a process serves the folder, the command asks it.
    let drift = json!([{"client": id(BETO), "balance": "12.34", "ledger": "50.00"}]);
    assert_eq!(recalculate(&[])["balances"], drift);
    drop((clients, casa));

    let found = recalculate(&[]);
    assert_eq!((&found["balances"], &found["mended"]), (&drift, &json!(false)));
    assert_eq!(recalculate(&["--client", &id(CARO), "--apply"])["balances"], json!([]), "only this guest");
    let mended = recalculate(&["--apply"]);
    assert_eq!((&mended["balances"], of(&mended, "levels")), (&drift, 2), "Caro has hers: {mended}");
    let after = recalculate(&["--apply"]);
    for key in ["uncredited", "balances", "levels"] {
        assert_eq!(of(&after, key), 0, "{after}");
    }
    let casa = Casa::start(&options);
    assert_eq!(ledger(&casa.shared, BETO).await, [entry(Kind::Earned, "50.00")], "mended without an entry");
    assert_eq!(ledger(&casa.shared, ANA).await, [entry(Kind::Referral, "100.00")]);
}
