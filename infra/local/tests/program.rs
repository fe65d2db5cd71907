//! The built program: what it keeps over a kill, who may share its data, what it refuses.
#![allow(clippy::expect_used, reason = "helpers of tests")]

mod common;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::primitives::ByteStream;
use casa::embedded::{Endpoints, Given};
use casa::sdk::Clients;
use serde_json::{Value, json};

fn casa(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_casa"));
    for (name, _) in std::env::vars() {
        if ["AWS_", "CASA_", "CHATBOT_", "TELEGRAM_"].iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A running `casa dev`; killed when dropped.
struct Dev {
    child: Child,
    base: String,
    endpoints: Endpoints,
}

impl Dev {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().expect("started");
        let mut lines = BufReader::new(child.stdout.take().expect("output")).lines();
        let mut after = |prefix: &str| {
            lines
                .by_ref()
                .map(|line| line.expect("line"))
                .find_map(|line| line.strip_prefix(prefix).map(|rest| rest.trim().to_owned()))
                .expect("the start block")
        };
        let base = after("API").trim_end_matches("/api/v1/").to_owned();
        let endpoints = Endpoints {
            dynamodb: after("export AWS_ENDPOINT_URL_DYNAMODB="),
            s3: after("export AWS_ENDPOINT_URL_S3="),
            sqs: after("export AWS_ENDPOINT_URL_SQS="),
        };
        // Reads on, so that the program never writes to a closed pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, base, endpoints }
    }

    async fn login(&self, email: &str, password: &str) -> u16 {
        reqwest::Client::new()
            .post(format!("{}/api/v1/login/", self.base))
            .json(&json!({ "email": email, "password": password }))
            .send()
            .await
            .expect("answer")
            .status()
            .as_u16()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        // SIGKILL, on purpose: nothing may depend on an orderly end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn create_user(data: &Path, email: &str, password: &str) -> Output {
    let arguments = [
        "user",
        "create",
        "--email",
        email,
        "--first-name",
        "Ana",
        "--last-name",
        "Ríos",
        "--group",
        "admin",
        "--data",
        text(data),
    ];
    let mut child = casa(&arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    // The program may refuse before it reads.
    let _ = writeln!(child.stdin.take().expect("input"), "{password}");
    child.wait_with_output().expect("ended")
}

#[tokio::test]
async fn table_files_and_queues_survive_a_kill() {
    let folder = tempfile::tempdir().expect("folder");
    let data = folder.path().join("data");
    let queue;
    {
        let dev = Dev::start(casa(&["dev", "--port", "0", "--data", text(&data)]));
        let clients = Clients::new(&dev.endpoints, &Given::default()).await;
        let item = |name: &str| AttributeValue::S(name.to_owned());
        clients
            .dynamodb
            .put_item()
            .table_name("casa")
            .item("pk", item("X#1"))
            .item("sk", item("A"))
            .send()
            .await
            .expect("put");
        let body = ByteStream::from_static(b"kept");
        clients.s3.put_object().bucket("casa-files").key("a/b.txt").body(body).send().await.expect("put");
        let created = clients.sqs.create_queue().queue_name("kept").send().await.expect("queue");
        queue = created.queue_url.expect("url");
        clients.sqs.send_message().queue_url(&queue).message_body("kept").send().await.expect("sent");
    }
    let dev = Dev::start(casa(&["dev", "--port", "0", "--data", text(&data)]));
    let clients = Clients::new(&dev.endpoints, &Given::default()).await;
    let key = |name: &str| AttributeValue::S(name.to_owned());
    let item = clients
        .dynamodb
        .get_item()
        .table_name("casa")
        .key("pk", key("X#1"))
        .key("sk", key("A"))
        .send()
        .await
        .expect("get");
    assert!(item.item.is_some());
    let object = clients.s3.get_object().bucket("casa-files").key("a/b.txt").send().await.expect("get");
    assert_eq!(&object.body.collect().await.expect("body").into_bytes()[..], b"kept");
    // The address names the old port; the queue is found by its name.
    let received = clients.sqs.receive_message().queue_url(&queue).send().await.expect("received");
    assert_eq!(received.messages()[0].body(), Some("kept"));
}

#[tokio::test]
async fn people_are_entered_with_and_without_a_running_dev_and_sessions_survive_a_restart() {
    let folder = tempfile::tempdir().expect("folder");
    let data = folder.path().join("data");
    let first = create_user(&data, "ana@personal.example", "una-clave-larga");
    assert!(first.status.success(), "{}", said(&first));
    let again = create_user(&data, "Ana@personal.example", "una-clave-larga");
    assert_eq!(again.status.code(), Some(1));
    assert!(said(&again).contains("exists already"), "{}", said(&again));

    let token;
    {
        let dev = Dev::start(casa(&["dev", "--port", "0", "--data", text(&data)]));
        assert_eq!(dev.login("ana@personal.example", "una-clave-larga").await, 200);
        let second = create_user(&data, "luz@personal.example", "otra-clave-larga");
        assert!(second.status.success(), "{}", said(&second));
        assert_eq!(dev.login("luz@personal.example", "otra-clave-larga").await, 200);

        let changed = casa(&[
            "user",
            "password",
            "luz@personal.example",
            "--password",
            "la-tercera-clave",
            "--data",
            text(&data),
        ])
        .output()
        .expect("ended");
        assert!(changed.status.success(), "{}", said(&changed));
        assert_ne!(dev.login("luz@personal.example", "otra-clave-larga").await, 200);
        assert_eq!(dev.login("luz@personal.example", "la-tercera-clave").await, 200);

        let answer: Value = reqwest::Client::new()
            .post(format!("{}/api/v1/login/", dev.base))
            .json(&json!({ "email": "ana@personal.example", "password": "una-clave-larga" }))
            .send()
            .await
            .expect("answer")
            .json()
            .await
            .expect("JSON");
        token = answer["token"].as_str().or(answer["access"].as_str()).expect("token").to_owned();

        let refused = casa(&["dev", "--port", "0", "--data", text(&data)]).output().expect("ended");
        assert_eq!(refused.status.code(), Some(1));
        assert!(
            said(&refused).contains(&format!("export AWS_ENDPOINT_URL_DYNAMODB={}", dev.endpoints.dynamodb))
        );
    }
    let dev = Dev::start(casa(&["dev", "--port", "0", "--data", text(&data)]));
    let checked = reqwest::Client::new()
        .get(format!("{}/api/v1/test/login/", dev.base))
        .bearer_auth(token)
        .send()
        .await
        .expect("answer");
    assert_eq!(checked.status(), 200);
}

#[tokio::test]
async fn several_processes_share_one_table() {
    let folder = tempfile::tempdir().expect("folder");
    let first = Dev::start(casa(&["dev", "--port", "0", "--data", text(folder.path()), "--demo"]));
    let mut command = casa(&["dev", "--port", "0", "--data", text(folder.path())]);
    command
        .env("AWS_ENDPOINT_URL_DYNAMODB", &first.endpoints.dynamodb)
        .env("AWS_ENDPOINT_URL_S3", &first.endpoints.s3)
        .env("AWS_ENDPOINT_URL_SQS", &first.endpoints.sqs);
    let second = Dev::start(command);
    assert_eq!(second.endpoints, first.endpoints);
    assert_eq!(second.login("admin@demo.example", "Demo-admin-1").await, 200);
    for dev in [&first, &second] {
        let settled: Value = reqwest::Client::new()
            .post(format!("{}/_casa/settle", dev.base))
            .send()
            .await
            .expect("answer")
            .json()
            .await
            .expect("JSON");
        assert_eq!(settled["settled"], true);
    }
}

#[tokio::test]
async fn the_demonstration_shows_houses_with_pictures() {
    let dev = Dev::start(casa(&["dev", "--memory", "--port", "0", "--demo"]));
    let list: Value = reqwest::get(format!("{}/api/v1/property/", dev.base))
        .await
        .expect("answer")
        .json()
        .await
        .expect("JSON");
    let houses = list["results"].as_array().expect("houses");
    assert_eq!(houses.len(), 3);
    for house in houses {
        let path = house["main_photo"]["image_url_final"].as_str().expect("photo");
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", dev.base) };
        let photo = reqwest::get(url).await.expect("answer");
        assert_eq!(photo.headers()["content-type"], "image/png");
    }
    let unknown =
        reqwest::Client::new().post(format!("{}/_casa/run/nothing", dev.base)).send().await.expect("answer");
    assert_eq!(unknown.status(), 404);
    let body: Value = unknown.json().await.expect("JSON");
    assert!(body["jobs"].is_array());
}

#[test]
fn imports_are_idempotent_and_report() {
    let folder = tempfile::tempdir().expect("folder");
    let data = folder.path().join("data");
    let dump = folder.path().join("dump.json");
    let rows = json!([
        { "model": "auth.group", "pk": 1, "fields": { "name": "admin", "permissions": [] } },
        { "model": "ajedrez.partida", "pk": 7, "fields": { "blancas": "Ana" } },
    ]);
    std::fs::write(&dump, rows.to_string()).expect("written");
    let media = folder.path().join("media");
    std::fs::create_dir_all(media.join("x")).expect("folder");
    std::fs::write(media.join("x/a.txt"), "a").expect("written");
    for _ in 0..2 {
        let output = casa(&["import", text(&dump), "--media", text(&media), "--data", text(&data)])
            .output()
            .expect("ended");
        assert!(output.status.success(), "{}", said(&output));
        assert!(said(&output).contains("ajedrez.partida"), "{}", said(&output));
        assert!(said(&output).contains("1 files of"), "{}", said(&output));
    }
}

#[test]
fn mistakes_have_clear_words_and_their_exit_code() {
    let folder = tempfile::tempdir().expect("folder");
    let broken = folder.path().join("broken.json");
    std::fs::write(&broken, "[{").expect("written");
    let data = folder.path().join("data");
    for (arguments, code, words) in [
        (vec!["dev", "--memory", "--data", "x"], 2, "cannot be used with"),
        (vec!["dev", "--clock", "noon"], 2, "--clock"),
        (vec!["import"], 2, "required"),
        (vec!["import", "missing.json"], 1, "missing.json"),
        (vec!["import", text(&broken)], 1, "not a complete JSON file"),
        (vec!["dev", "--memory", "--media", "missing"], 1, "missing is not a folder"),
        (
            vec![
                "user",
                "create",
                "--email",
                "x",
                "--first-name",
                "A",
                "--last-name",
                "B",
                "--password",
                "12345678",
            ],
            1,
            "not an e-mail",
        ),
        (
            vec!["user", "password", "a@b.example", "--password", "short", "--data", text(&data)],
            1,
            "at least 8",
        ),
        (
            vec!["user", "password", "a@b.example", "--password", "long-enough", "--data", text(&data)],
            1,
            "nobody signs in as",
        ),
    ] {
        let output = casa(&arguments).current_dir(folder.path()).output().expect("ended");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains(words), "{arguments:?}: {}", said(&output));
    }
}
