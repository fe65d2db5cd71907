//! Three houses, their stays and everybody who could want something of the music.

use std::collections::HashMap;

use casa::{
    embedded::{ACCESS_KEY, REGION, SECRET_KEY},
    local::{Local, Wish},
};
use casa_store::import::Importer;
use casa_tests::{
    Casa, Options, Shared,
    export::{id, row},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::bridge::Standin;

/// The secret of the servers under test.
const SECRET: &str = "only-for-tests-only-for-tests-only-for-tests";
/// The key of the clock elsewhere.
pub(crate) const KEY: &str = "la-llave-del-reloj-de-musica";
/// The stay around which everything turns: house 1 with player `p1`, 10 to 12 March 2026, so from 10 March 15:00 to 12 March
/// 11:00.
pub(crate) const STAY: u32 = 200;
/// The stay before it in the same house, to 10 March.
pub(crate) const BEFORE: u32 = 201;
/// The stay after it in the same house, from 12 March.
pub(crate) const AFTER: u32 = 202;
/// A stay of 9 to 13 March in house 2 with player `p2`.
pub(crate) const ELSEWHERE: u32 = 203;
/// A hold of 10 to 12 March in house 4 with player `p9`, for which nobody has paid.
pub(crate) const UNPAID: u32 = 204;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Who {
    /// The guest of the stay.
    Host,
    /// The host let them in.
    Accepted,
    /// They wait for an answer.
    Pending,
    /// The host turned them down.
    Rejected,
    /// The host let them in and took them out.
    Expelled,
    /// Nothing to do with it.
    Stranger,
    /// The guest of the stay before.
    Yesterday,
    /// The guest of the stay after.
    Tomorrow,
    /// The guest of a stay at the same time in another house.
    Neighbour,
    /// The guest of a hold at the same time that is not paid.
    Holder,
    /// A member of staff.
    Staff,
    /// Nobody.
    Nobody,
}

impl Who {
    /// Everybody.
    pub(crate) const ALL: [Self; 12] = [
        Self::Host,
        Self::Accepted,
        Self::Pending,
        Self::Rejected,
        Self::Expelled,
        Self::Stranger,
        Self::Yesterday,
        Self::Tomorrow,
        Self::Neighbour,
        Self::Holder,
        Self::Staff,
        Self::Nobody,
    ];

    /// The number of their record, for guests.
    pub(crate) fn number(self) -> u32 {
        100 + Self::ALL.iter().position(|one| *one == self).map_or(99, |at| u32::try_from(at).unwrap())
    }
}

/// Rows of people who asked to join the stay: their number, and what became of it.
pub(crate) const ROWS: [(Who, u32, &str, bool); 4] = [
    (Who::Accepted, 301, "accepted", false),
    (Who::Pending, 302, "pending", false),
    (Who::Rejected, 303, "rejected", false),
    (Who::Expelled, 304, "accepted", true),
];

fn stay(number: u32, house: u32, who: Option<Who>, dates: (&str, &str), status: &str) -> Value {
    row(
        "reservation.reservation",
        id(number),
        json!({
            "client": who.map(|who| id(who.number())), "property": id(house), "check_in_date": dates.0,
            "check_out_date": dates.1, "status": status, "origin": "aus", "guests": 2, "price_sol": "100.00",
            "price_usd": "30.00",
        }),
    )
}

fn export() -> Vec<Value> {
    let mut rows = vec![
        row("auth.group", 1, json!({"name": "admin"})),
        row(
            "accounts.customuser",
            14,
            json!({
                "email": "gema@personal.example", "username": "gema", "first_name": "Gema", "last_name": "Ordóñez",
                "is_active": true, "groups": [1], "password": "",
            }),
        ),
        stay(STAY, 1, Some(Who::Host), ("2026-03-10", "2026-03-12"), "approved"),
        stay(BEFORE, 1, Some(Who::Yesterday), ("2026-03-08", "2026-03-10"), "approved"),
        stay(AFTER, 1, Some(Who::Tomorrow), ("2026-03-12", "2026-03-14"), "approved"),
        stay(ELSEWHERE, 2, Some(Who::Neighbour), ("2026-03-09", "2026-03-13"), "approved"),
        stay(UNPAID, 4, Some(Who::Holder), ("2026-03-10", "2026-03-12"), "incomplete"),
        // Nobody's: the house is closed.
        stay(205, 3, None, ("2026-03-09", "2026-03-13"), "approved"),
    ];
    for (number, created, player) in [
        (1, "2025-01-01T10:00:00Z", Some("p1")),
        (2, "2025-01-02T10:00:00Z", Some("p2")),
        (3, "2025-01-03T10:00:00Z", Some("p3")),
        (4, "2025-01-04T10:00:00Z", Some("p9")),
        // Entered by mistake: the player is house 1's.
        (5, "2025-01-05T10:00:00Z", Some("p1")),
        (6, "2025-01-06T10:00:00Z", None),
    ] {
        let fields = json!({
            "created": created, "name": format!("Casa {number}"), "slug": format!("casa-{number}"),
            "caracteristicas": [], "detalle_dormitorios": {}, "player_id": player,
        });
        rows.push(row("property.property", id(number), fields));
    }
    for who in Who::ALL {
        let profile = json!({"picture": {"data": {"url": "https://img.example/cara.jpg"}}});
        let linked = who == Who::Host;
        rows.push(row(
            "clients.clients",
            id(who.number()),
            json!({
                "document_type": "dni", "number_doc": format!("70000{}", who.number()),
                "first_name": "Ana Lucia", "last_name": format!("perez {who:?}"),
                "tel_number": format!("51900000{}", who.number()), "facebook_linked": linked,
                "facebook_profile_data": linked.then_some(profile),
            }),
        ));
    }
    for (who, number, status, deleted) in ROWS {
        let at = format!("2026-03-09T1{}:00:00Z", number % 10);
        rows.push(row(
            "reservation.musicsessionparticipant",
            id(number),
            json!({
                "deleted": deleted, "reservation": id(STAY), "client": id(who.number()), "status": status,
                "requested_at": at, "accepted_at": (status == "accepted").then_some(&at),
                // Later than it can be, so that the pause after it is not over at any moment here.
                "rejected_at": (status == "rejected").then_some("2026-03-11T18:00:00Z"),
            }),
        ));
    }
    rows
}

/// Servers with the data, and running programs over them, one per moment: the clock of each stands still.
pub(crate) struct World {
    /// The servers, for others.
    pub shared: Shared,
    /// The stand-in for the bridge.
    pub bridge: Standin,
    moments: HashMap<&'static str, Casa>,
    http: Client,
    tokens: HashMap<Who, String>,
    _servers: Local,
}

impl World {
    /// The data, and a program for each of these moments (local, `2026-03-10T15:00:00`).
    pub(crate) async fn new(moments: &[&'static str]) -> Self {
        Self::with(moments, &[]).await
    }

    /// The same with further settings.
    pub(crate) async fn with(moments: &[&'static str], settings: &[(&str, &str)]) -> Self {
        let servers = Local::open(Wish::default()).await.unwrap();
        let store = servers.state.store.clone();
        let report = Importer::new(store).run(export(), &mut |_, _| ()).await.unwrap();
        assert!(report.rejected.is_empty() && report.conflicts.is_empty(), "{report:?}");
        let endpoints = servers.endpoints();
        let shared = Shared::default()
            .with("AWS_ENDPOINT_URL_DYNAMODB", &endpoints.dynamodb)
            .with("AWS_ENDPOINT_URL_S3", &endpoints.s3)
            .with("AWS_ENDPOINT_URL_SQS", &endpoints.sqs)
            .with("AWS_ACCESS_KEY_ID", ACCESS_KEY)
            .with("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
            .with("AWS_REGION", REGION);
        let queue = servers.queues.as_ref().unwrap().commands.clone();
        let bridge = Standin::start(servers.clients.sqs.clone(), &queue, &shared.store()).await;
        let own = [("CASA_MUSIC_QUEUE_URL", queue.as_str()), ("CASA_MUSIC_KEY", KEY)];
        let settings: Vec<_> = own.iter().chain(settings).copied().collect();
        let started = moments.iter().map(|moment| (*moment, start(&shared, moment, &settings)));
        let moments = started.collect();
        let tokens = Who::ALL.into_iter().map(|who| (who, token(who))).collect();
        Self { shared, bridge, moments, http: Client::new(), tokens, _servers: servers }
    }

    /// The program whose clock shows a moment.
    pub(crate) fn at(&self, moment: &str) -> &Casa {
        &self.moments[moment]
    }

    /// A request to a path below `music/` as somebody at a moment.
    pub(crate) fn request(&self, who: Who, moment: &str, method: &str, path: &str) -> RequestBuilder {
        let method: Method = method.parse().unwrap();
        let request = self.http.request(method, self.at(moment).url(&format!("music/{path}")));
        match who {
            Who::Nobody => request,
            who => request.bearer_auth(&self.tokens[&who]),
        }
    }

    /// Sends a request without a body and gives status and body.
    pub(crate) async fn ask(&self, who: Who, moment: &str, method: &str, path: &str) -> (u16, Value) {
        told(self.request(who, moment, method, path)).await
    }

    /// Posts a body.
    pub(crate) async fn post(&self, who: Who, moment: &str, path: &str, body: &Value) -> (u16, Value) {
        told(self.request(who, moment, "POST", path).json(body)).await
    }
}

/// A program over these servers at a moment; without the queue there is no music.
pub(crate) fn start(shared: &Shared, moment: &str, settings: &[(&str, &str)]) -> Casa {
    let arguments = ["--memory", "--clock", &format!("{moment}-05:00")].map(str::to_owned).to_vec();
    let environment = settings.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    Casa::start(&Options { arguments, environment, shared: Some(shared.clone()), ..Options::default() })
}

/// Status and body of the answer.
pub(crate) async fn told(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

/// A token as signing in gives it, good for years.
fn token(who: Who) -> String {
    let common =
        json!({"token_type": "access", "exp": 4_102_444_800_i64, "iat": 1, "jti": "x", "session": 0});
    let own = match who {
        Who::Staff => json!({"user_id": 14, "kind": "staff"}),
        guest => json!({
            "client_id": id(guest.number()), "user_id": id(guest.number()), "document_type": "dni",
            "number_doc": format!("70000{}", guest.number()), "kind": "client",
        }),
    };
    let mut claims = common;
    claims.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap()
}
