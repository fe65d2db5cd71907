//! The music bridge as a container. `music-bridge check` asks a running one whether it runs.

use std::{error::Error, net::Ipv4Addr, process::ExitCode, time::Duration};

use aws_config::{BehaviorVersion, timeout::TimeoutConfig};
use casa_store::Store;
use music_bridge::{Bridge, Settings, health_port, is_running};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

// One thread: it waits nearly all the time, and every further thread costs memory.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let port = health_port()?;
    if std::env::args().nth(1).as_deref() == Some("check") {
        let runs = is_running((Ipv4Addr::LOCALHOST, port).into()).await;
        return Ok(if runs { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    casa_web::start_logs(true);
    let settings = Settings::from_env()?;
    // A request that hangs must not hang for ever; a question to the queue waits for up to twenty seconds by itself.
    let sdk = aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts(5)).load().await;
    let sqs = aws_sdk_sqs::config::Builder::from(&sdk).timeout_config(timeouts(30)).build();
    let table = std::env::var("CASA_TABLE").unwrap_or_else(|_| "casa".to_owned());
    let store = Store::connect(&sdk, table);
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await?;
    let mut terminate = signal(SignalKind::terminate())?;

    let mut bridge = Bridge::start(settings, store, aws_sdk_sqs::Client::from_conf(sqs));
    let health = tokio::spawn(bridge.serve_health(listener));
    tokio::select! {
        ended = bridge.ended() => ended?,
        ended = health => ended??,
        _ = terminate.recv() => {
            tracing::info!("asked to stop");
            bridge.stop().await?;
        }
        _ = tokio::signal::ctrl_c() => bridge.stop().await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// So many seconds per attempt.
fn timeouts(seconds: u64) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .operation_attempt_timeout(Duration::from_secs(seconds))
        .build()
}
