//! Passwords cannot be tried out.

use casa_tests::{Casa, Options, contents};
use reqwest::header;
use serde_json::json;
use tokio::task::JoinSet;

use crate::{Setting, sign_in};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_is_slowed_down_across_processes() {
    let setting = Setting::new();
    let second = Casa::start(&Options {
        arguments: vec!["--memory".to_owned()],
        shared: Some(setting.casa.shared.clone()),
        ..Options::default()
    });
    let addresses = [setting.casa.url("login/"), second.url("login/")];
    let guesses = async |emails: Vec<String>| {
        let mut tasks = JoinSet::new();
        for (number, email) in emails.into_iter().enumerate() {
            let (http, address) = (setting.http.clone(), addresses[number % 2].clone());
            tasks.spawn(async move {
                let body = json!({"email": email, "password": format!("guess {number}")});
                let answer = http.post(address).json(&body).send().await.unwrap();
                let wait =
                    answer.headers().get(header::RETRY_AFTER).map(|value| value.to_str().unwrap().to_owned());
                (answer.status().as_u16(), wait)
            });
        }
        let (mut wrong, mut refused) = (0, 0);
        while let Some(answer) = tasks.join_next().await {
            match answer.unwrap() {
                (401, _) => wrong += 1,
                (429, wait) => {
                    let seconds: u64 = wait.unwrap().parse().unwrap();
                    assert!((1..=900).contains(&seconds), "{seconds}");
                    refused += 1;
                }
                other => panic!("{other:?}"),
            }
        }
        (wrong, refused)
    };

    // One account from everywhere. Sixty tries, in any case of the address, so that others may still sign in from here.
    let (email, password) = setting.set.staff("vendedor1");
    let spelt =
        |number: usize| if number.is_multiple_of(3) { email.to_uppercase() } else { email.to_owned() };
    let (wrong, refused) = guesses((0..60).map(spelt).collect()).await;
    assert!(wrong <= 10, "{wrong} guesses were looked at");
    assert_eq!((wrong, refused), (10, 50), "and not fewer: failures of others lock nobody out early");
    for address in &addresses {
        let (status, _) = sign_in(&setting.http, address, email, password).await;
        assert_eq!(status, 429, "the right password too");
    }
    let (another, its_password) = setting.set.staff("gerente");
    assert_eq!(sign_in(&setting.http, &addresses[1], another, its_password).await.0, 200, "others sign in");

    // Many accounts from one address: a hundred tries, 62 of which happened above.
    let (wrong, refused) =
        guesses((0..100).map(|number| format!("nobody{number}@personal.example")).collect()).await;
    assert_eq!((wrong, refused), (38, 62));
    assert_eq!(sign_in(&setting.http, &addresses[0], another, its_password).await.0, 429);

    // Windows end.
    contents::end_throttle_windows(&setting.casa.shared).await;
    for address in &addresses {
        assert_eq!(sign_in(&setting.http, address, email, password).await.0, 200);
    }
    // A hundred at one account, the same right after.
    let (wrong, refused) = guesses(vec![email.to_owned(); 100]).await;
    assert_eq!((wrong, refused), (10, 90));
    assert_eq!(sign_in(&setting.http, &addresses[1], email, password).await.0, 429);
}
