//! The contract of a reservation: who gets it, what it says, and whose template it is made from.

#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

use std::io::{Cursor, Read};

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use casa_domain::password;
use casa_store::NewStaffUser;
use casa_tests::{
    Casa, Options,
    export::{id, row},
};
use casa_web::{AppState, Aws, Settings};
use chrono::Utc;
use contracts::Landlord;
use reqwest::Client;
use serde_json::{Value, json};
use zip::ZipArchive;

const EMAIL: &str = "contratos@personal.example";
const PASSWORD: &str = "Contratos-2025";
/// As the servers of a test have it.
const SECRET: &str = "only-for-tests-only-for-tests-only-for-tests";
/// Stays of the export.
const PLAIN: u32 = 101;
const HOSTILE: u32 = 102;
const COMPANY: u32 = 103;
const NOBODY: u32 = 104;
const DELETED: u32 = 105;
const BARE: u32 = 106;

fn guest(number: u32, kind: &str, first: &str, last: Option<&str>) -> Value {
    let fields = json!({
        "document_type": kind, "number_doc": format!("6{number:07}"), "first_name": first, "last_name": last,
        "tel_number": format!("51900000{number:03}"), "points_balance": "0.00",
    });
    row("clients.clients", id(number), fields)
}

fn stay(number: u32, guest: Option<u32>, day: u32, more: Value) -> Value {
    let mut fields = json!({
        "client": guest.map(id), "property": id(1), "seller": null, "guests": 4, "price_usd": "1250.50",
        "check_in_date": format!("2026-03-{day:02}"), "check_out_date": format!("2026-03-{:02}", day + 2),
        "price_sol": "1000.00", "origin": "aus", "status": "approved", "points_redeemed": "0.00",
    });
    fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    row("reservation.reservation", id(number), fields)
}

fn export() -> Value {
    let house = json!({
        "name": "Villa Lúcuma", "slug": "villa-lucuma", "capacity_max": 10, "precio_desde": "100.00",
        "caracteristicas": [], "detalle_dormitorios": {},
    });
    json!([
        row("property.property", id(1), house),
        guest(50, "dni", "José María", Some("Ñahui Peña")),
        guest(51, "pas", "#panic() $1 *x*", Some("<w:p>&{{ dni }}")),
        guest(52, "ruc", "Empresa", Some("SAC")),
        guest(53, "cex", "Ana", None),
        stay(PLAIN, Some(50), 5, json!({})),
        stay(HOSTILE, Some(51), 8, json!({})),
        stay(COMPANY, Some(52), 11, json!({})),
        stay(NOBODY, None, 14, json!({"origin": "air"})),
        stay(DELETED, Some(50), 17, json!({"deleted": true})),
        stay(BARE, Some(53), 20, json!({"price_usd": null, "status": "cancelled"})),
    ])
}

/// What the function has, on the servers of a running program.
fn state(casa: &Casa) -> AppState {
    let end = |name: &str| casa.shared.endpoint(name);
    let credentials =
        Credentials::new(end("AWS_ACCESS_KEY_ID"), end("AWS_SECRET_ACCESS_KEY"), None, None, "test");
    let dynamodb = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(credentials.clone())
        .endpoint_url(end("AWS_ENDPOINT_URL_DYNAMODB"))
        .build();
    let s3 = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(credentials)
        .endpoint_url(end("AWS_ENDPOINT_URL_S3"))
        .force_path_style(true)
        .build();
    let sqs = aws_sdk_sqs::Config::builder().behavior_version(BehaviorVersion::latest()).build();
    let aws = Aws {
        dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb),
        s3: aws_sdk_s3::Client::from_conf(s3),
        sqs: aws_sdk_sqs::Client::from_conf(sqs),
    };
    AppState::with_sdk(Settings::for_local(SECRET.to_owned()).unwrap(), aws)
}

/// A program with the export, and beside it a server of this function alone, whose landlord is known.
struct Setting {
    casa: Casa,
    state: AppState,
    base: String,
    token: String,
    http: Client,
}

/// What was answered.
struct Answer {
    status: u16,
    kind: String,
    disposition: String,
    bytes: Vec<u8>,
}

impl Answer {
    fn error(&self) -> String {
        let body: Value = serde_json::from_slice(&self.bytes).unwrap();
        body["error"].as_str().unwrap_or_default().to_owned()
    }

    fn text(&self) -> String {
        let text = if self.kind == "application/pdf" {
            pdf_extract::extract_text_from_mem(&self.bytes).unwrap()
        } else {
            word(&self.bytes)
        };
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// The body of a file of Word, tags left out.
fn word(bytes: &[u8]) -> String {
    let mut body = String::new();
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    archive.by_name("word/document.xml").unwrap().read_to_string(&mut body).unwrap();
    let body = body.replace("</w:p>", " ");
    let text: String =
        body.split('<').map(|part| part.split_once('>').map_or("", |(_, text)| text)).collect();
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

impl Setting {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("export.json");
        std::fs::write(&file, export().to_string()).unwrap();
        let arguments = ["--memory", "--import", file.to_str().unwrap()].map(str::to_owned).to_vec();
        let casa = Casa::start(&Options { arguments, ..Options::default() });
        // Whoever signs in may read reservations, and so contracts.
        let new = NewStaffUser {
            email: EMAIL.to_owned(),
            first_name: "Tania".to_owned(),
            last_name: "Vela".to_owned(),
            password_hash: password::hash(PASSWORD).unwrap(),
            groups: Vec::new(),
            superuser: false,
            is_staff: true,
        };
        casa.shared.store().users().create(new, Utc::now()).await.unwrap();
        let token = casa.sign_in(EMAIL, PASSWORD).await;
        let state = state(&casa);
        let landlord = Landlord {
            name: "Inversiones Ficticias".to_owned(),
            document: "RUC 20000000001".to_owned(),
            address: "Calle Inventada 123".to_owned(),
        };
        let application = casa_web::app(contracts::routes(landlord), state.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/api/v1", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, application).await });
        Self { casa, state, base, token, http: Client::new() }
    }

    async fn ask(&self, path: &str, token: Option<&str>) -> Answer {
        let mut request = self.http.get(format!("{}/reservations/{path}", self.base));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.unwrap();
        let header = |name: &str| {
            answer.headers().get(name).map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
        };
        let (kind, disposition) = (header("content-type"), header("content-disposition"));
        let status = answer.status().as_u16();
        Answer { status, kind, disposition, bytes: answer.bytes().await.unwrap().to_vec() }
    }

    async fn contract(&self, stay: u32, query: &str) -> Answer {
        self.ask(&format!("{}/contrato/{query}", id(stay)), Some(&self.token)).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contract_names_the_stay_and_both_parties() {
    let setting = Setting::new().await;
    for (query, kind, name) in [
        ("", "application/pdf", "pdf"),
        ("?format=docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    ] {
        let answer = setting.contract(PLAIN, query).await;
        assert_eq!((answer.status, answer.kind.as_str()), (200, kind));
        let plain = format!("attachment; filename=\"Villa Lucuma_contract.{name}\"");
        assert_eq!(
            answer.disposition,
            format!("{plain}; filename*=UTF-8''Villa%20L%C3%BAcuma_contract.{name}")
        );
        let text = answer.text();
        for part in [
            "JOSÉ MARÍA ÑAHUI PEÑA",
            "DNI número 60000050",
            "Villa Lúcuma",
            "5 de marzo del 2026 a las 3:00 p.m.",
            "7 de marzo del 2026 a las 11:00 a.m.",
            "$1250.50",
            "4 persona(s)",
            "Inversiones Ficticias",
            "RUC 20000000001",
            "Calle Inventada 123",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        let hostile = setting.contract(HOSTILE, query).await.text();
        assert!(hostile.contains("#PANIC() $1 *X* <W:P>&{{ DNI }}"), "{hostile}");
        assert!(hostile.contains("PASAPORTE número 60000051"), "{hostile}");
        let bare = setting.contract(BARE, query).await.text();
        assert!(bare.contains("CARNET DE EXTRANJERÍA número 60000053") && bare.contains("$0.00"), "{bare}");
    }
    // Without the slash and with a name for the format, the same document.
    let answer = setting.ask(&format!("{}/contrato?format=pdf", id(PLAIN)), Some(&setting.token)).await;
    assert_eq!((answer.status, answer.kind.as_str()), (200, "application/pdf"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gets_no_contract() {
    let setting = Setting::new().await;
    let contract = |stay: u32| format!("{}/contrato/", id(stay));
    for (path, status) in [
        (contract(COMPANY), 400),
        (contract(NOBODY), 404),
        (contract(DELETED), 404),
        (contract(999), 404),
        ("no-uuid/contrato/".to_owned(), 404),
        ("%FF/contrato/".to_owned(), 404),
        (format!("{}?format=odt", contract(PLAIN)), 400),
    ] {
        let answer = setting.ask(&path, Some(&setting.token)).await;
        assert_eq!((answer.status, answer.error().is_empty()), (status, false), "{path}");
    }
    for token in [None, Some("x.y.z")] {
        assert_eq!(setting.ask(&contract(PLAIN), token).await.status, 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_in_the_bucket_wins_unless_it_is_broken() {
    let setting = Setting::new().await;
    let put = async |key: &str, bytes: Vec<u8>| {
        setting.state.files.put(key, bytes, "application/octet-stream").await.unwrap();
    };
    let typst = |text: &str| text.as_bytes().to_vec();
    put("contracts/template.typ", typst("Propio: #sys.inputs.nombre, #sys.inputs.checkin")).await;
    let text = setting.contract(PLAIN, "").await.text();
    assert_eq!(text, "Propio: JOSÉ MARÍA ÑAHUI PEÑA, 5 de marzo del 2026");
    for broken in ["#sys.inputs.otro", "#read(\"/etc/hostname\")", "#let x ="] {
        put("contracts/template.typ", typst(broken)).await;
        let answer = setting.contract(PLAIN, "").await;
        assert!(answer.status == 200 && answer.text().contains("CONTRATO DE ALQUILER"), "{broken}");
    }

    // A template that is a contract already says the same of everybody.
    let filled = setting.contract(PLAIN, "?format=docx").await.bytes;
    put("contracts/template.docx", filled).await;
    let text = setting.contract(HOSTILE, "?format=docx").await.text();
    assert!(text.contains("JOSÉ MARÍA") && !text.contains("#PANIC()"), "{text}");
    put("contracts/template.docx", b"no es un documento".to_vec()).await;
    let text = setting.contract(HOSTILE, "?format=docx").await.text();
    assert!(text.contains("#PANIC()"), "{text}");

    // Neither is anybody's to download.
    for key in ["contracts/template.typ", "contracts/template.docx"] {
        let answer = setting.http.get(format!("{}/media/{key}", setting.casa.base)).send().await.unwrap();
        assert_eq!(answer.status(), 404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn contracts_asked_for_at_once_do_not_mix_guests() {
    let setting = Setting::new().await;
    let asked = (0..8).map(|number| {
        let (stay, own, other) =
            if number % 2 == 0 { (PLAIN, "ÑAHUI", "#PANIC") } else { (HOSTILE, "#PANIC", "ÑAHUI") };
        let (setting, query) = (&setting, if number < 4 { "" } else { "?format=docx" });
        async move {
            let text = setting.contract(stay, query).await.text();
            assert!(text.contains(own) && !text.contains(other), "{text}");
        }
    });
    let mut asked: Vec<_> = asked.map(Box::pin).collect();
    // All at once: each is polled as soon as it can go on.
    std::future::poll_fn(|context| {
        asked.retain_mut(|one| one.as_mut().poll(context).is_pending());
        if asked.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}
