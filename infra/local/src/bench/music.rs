//! How long a guest's tap takes to the music server, and what the way there and back adds to a search. The function, the
//! table, the queue, the bridge and the simulated music server run in this process; the requests come one after the other.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Method;
use casa_music_simulator::Simulator;
use serde::Serialize;
use serde_json::json;

use super::inside::{JSON, ask, guest_token};
use super::load::percentile;
use super::{data, machine, milliseconds};
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
        times.sort_unstable();
        let at = |percent| milliseconds(percentile(&times, percent));
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
    let token = guest_token(&local.state, 0).await?;
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
        ask(&router, Method::POST, &path, &token, JSON, Body::empty()).await?;
        let answered = asked.elapsed();
        let frame = simulator.executed().last().map(|executed| executed.at);
        let frame = frame.ok_or_else(|| Failure::new("nothing reached the music server"))?;
        let wanted = json!({ "query": "tone", "limit": 10 }).to_string().into();
        let asked_then = Instant::now();
        ask(&router, Method::POST, "/api/v1/music/search/", &token, JSON, wanted).await?;
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
