//! How long a guest's tap takes to the music server, and what the way there and back adds to a search. The function, the
//! table, the queue, the bridge and the simulated music server run in this process; the requests come one after the other.

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, header};
use casa_music_simulator::Simulator;
use serde::Serialize;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::{data, machine, percentile};
use crate::Failure;
use crate::bridge::Music;
use crate::cli::BenchMusicArgs;
use crate::import::import_rows;
use crate::local::{Local, Wish};
use crate::output::say;

/// For how long the bridge may look for its server.
const UNTIL_CONNECTED: Duration = Duration::from_secs(20);

#[derive(Serialize)]
struct Figures {
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
}

impl Figures {
    fn of(mut times: Vec<Duration>) -> Self {
        let mut at = |percent| percentile(&mut times, percent);
        Self { p50_ms: at(50), p95_ms: at(95), p99_ms: at(99) }
    }
}

#[derive(Serialize)]
struct Measured {
    times: u16,
    /// From `POST …/play/` to the command's frame at the music server.
    to_frame: Figures,
    /// Until the guest has the answer.
    play: Figures,
    /// A search until the guest has the answer, less the music server's own time, which is next to nothing here.
    search: Figures,
}

/// `casa bench music`.
pub(super) async fn run(arguments: BenchMusicArgs) -> Result<(), Failure> {
    let local = Local::open(Wish { clock: data::CLOCK.parse().ok(), ..Wish::default() }).await?;
    import_rows(&local, data::stay_with_music()?).await?;
    let music = Music::start(&local).await?;
    let measured = match music.as_ref().and_then(Music::simulator) {
        Some(simulator) => Box::pin(measure(&local, simulator, arguments.times)).await,
        None => Err(Failure::new("a real music server is named by MUSIC_ASSISTANT_URL: it would play")),
    };
    if let Some(music) = music {
        music.stop().await;
    }
    local.close().await;
    let measured = measured?;
    if arguments.json {
        let document = json!({ "bench": "music", "machine": machine(), "measured": measured });
        say(&format!("{document:#}"));
        return Ok(());
    }
    say(&format!("{} of each, one after the other", measured.times));
    for (name, figures) in [
        ("POST play to the frame", &measured.to_frame),
        ("POST play to its answer", &measured.play),
        ("search to its answer", &measured.search),
    ] {
        let Figures { p50_ms, p95_ms, p99_ms } = figures;
        say(&format!("{name:<24} p50 {p50_ms:.1} ms  p95 {p95_ms:.1} ms  p99 {p99_ms:.1} ms"));
    }
    super::print_machine();
    Ok(())
}

async fn measure(local: &Local, simulator: &Simulator, times: u16) -> Result<Measured, Failure> {
    let router = casa_web::app(music::routes(), local.state.clone());
    let id = data::guest(0).parse().map_err(|_| Failure::new("a guest's id"))?;
    let guest =
        local.state.store.clients().get(id).await?.ok_or_else(|| Failure::new("a guest is missing"))?;
    let token = local.state.tokens.guest_pair(&guest.client, local.state.clock.now());
    let token = token.map_err(|_| Failure::new("a token could not be signed"))?.access;
    let begun = Instant::now();
    loop {
        let bridge = local.state.store.music().bridge().await?;
        if bridge.is_some_and(|bridge| bridge.connected) {
            break;
        }
        if begun.elapsed() > UNTIL_CONNECTED {
            return Err(Failure::new("the bridge does not find its server"));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (mut to_frame, mut play, mut search) = (Vec::new(), Vec::new(), Vec::new());
    // The first ones warm the process up.
    for number in 0..times + 5 {
        let path = format!("/api/v1/music/players/{}/play/", data::PLAYER);
        let asked = Instant::now();
        send(&router, &path, &token, Value::Null).await?;
        let answered = asked.elapsed();
        let frame = simulator.executed().last().map(|executed| executed.at);
        let frame = frame.ok_or_else(|| Failure::new("nothing reached the music server"))?;
        let asked_then = Instant::now();
        send(&router, "/api/v1/music/search/", &token, json!({ "query": "tone", "limit": 10 })).await?;
        if number >= 5 {
            to_frame.push(frame.saturating_duration_since(asked));
            play.push(answered);
            search.push(asked_then.elapsed());
        }
    }
    Ok(Measured {
        times,
        to_frame: Figures::of(to_frame),
        play: Figures::of(play),
        search: Figures::of(search),
    })
}

async fn send(router: &Router, path: &str, token: &str, body: Value) -> Result<(), Failure> {
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(if body.is_null() { Body::empty() } else { Body::from(body.to_string()) })
        .map_err(|error| Failure::new(error.to_string()))?;
    let answer = router.clone().oneshot(request).await.map_err(|error| Failure::new(error.to_string()))?;
    let status = answer.status();
    let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX)
        .await
        .map_err(|error| Failure::new(error.to_string()))?;
    if status.is_success() {
        return Ok(());
    }
    let said: String = String::from_utf8_lossy(&bytes).chars().take(300).collect();
    Err(Failure::new(format!("{path} answered {status}: {said}")))
}
