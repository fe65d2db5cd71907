//! `casa dev`: every function, the table's stream and the local servers in one process.

use std::future::IntoFuture as _;
use std::net::SocketAddr;
use std::time::Duration;

use casa_web::{AppState, OpenApiRouter};
use reactions::Image;
use tokio::net::TcpListener;

use crate::Failure;
use crate::bridge::Music;
use crate::cli::DevArgs;
use crate::control::with_control;
use crate::demo::{self, Login};
use crate::embedded::Stop;
use crate::home::DataFolder;
use crate::import::{bring_in, check_folder, import_rows, read_dumps};
use crate::local::{Local, Wish};
use crate::output::say;
use crate::pump::{Handler, Source, pump};

/// How long running requests may take to finish after the signal to stop.
const FAREWELL: Duration = Duration::from_secs(10);

/// The routes of each function, as `template.yaml` mounts them.
pub fn function_routes() -> Vec<OpenApiRouter<AppState>> {
    vec![
        accounts::routes(),
        bookings::routes(),
        bot::routes(casa_gateways::Gateways::from_env().chatbot),
        clients::routes(casa_gateways::Gateways::from_env()),
        contracts::routes(contracts::Landlord::from_env()),
        docs::routes(),
        media::routes(),
        music::routes(),
        payments::routes(casa_gateways::Cards::from_env()),
        pricing::routes(),
        properties::routes(),
        referrals::routes(casa_gateways::Gateways::from_env().sheets),
        reservations::routes(),
    ]
}

/// The routes of all functions together.
fn routes() -> OpenApiRouter<AppState> {
    function_routes().into_iter().fold(OpenApiRouter::new(), OpenApiRouter::merge)
}

/// Runs the system until SIGINT or SIGTERM.
pub(crate) async fn run(arguments: DevArgs) -> Result<(), Failure> {
    // Everything that can be wrong with the command is found before anything is written.
    let rows = read_dumps(&arguments.import)?;
    check_folder(arguments.media.as_deref())?;
    let address = SocketAddr::new(arguments.host, arguments.port);
    drop(bind(address).await?);
    let folder = match (arguments.memory, &arguments.data) {
        (true, _) => None,
        (false, data) => Some(DataFolder::open(data.as_deref())?),
    };
    let ports = crate::embedded::Ports {
        dynamodb: arguments.dynamodb_port,
        s3: arguments.s3_port,
        sqs: arguments.sqs_port,
    };
    let local = Local::open(Wish { folder, ports, clock: arguments.clock, share: false }).await?;
    let result = serve(&local, rows, &arguments, address).await;
    local.close().await;
    result
}

async fn serve(
    local: &Local,
    rows: Vec<serde_json::Value>,
    arguments: &DevArgs,
    address: SocketAddr,
) -> Result<(), Failure> {
    bring_in(local, rows, arguments.media.as_deref()).await?;
    let logins = if arguments.demo { load_demo(local).await? } else { Vec::new() };

    let (stopper, stop) = Stop::new();
    let gateways = casa_gateways::Gateways::from_env();
    let react = reactions::React::new(local.state.clone(), gateways.clone());
    let source = Source {
        client: local.clients.streams.clone(),
        table: local.state.settings.table.clone(),
        position: local.folder.as_ref().map(DataFolder::stream_position),
    };
    let (handle, pumping) = pump(Reactions(react), source, stop.clone());
    let pumping = tokio::spawn(pumping);

    let application = casa_web::app(routes(), local.state.clone());
    let application = with_control(application, local.state.clone(), gateways.clone(), handle);
    let timer = tokio::spawn(crate::jobs::by_the_clock(local.state.clone(), gateways, stop.clone()));
    let music = Music::start(local).await?;
    let listener = bind(address).await?;
    let bound = listener.local_addr()?;
    local.publish()?;
    say(&welcome(bound, local, music.as_ref(), &logins));

    let serving = axum::serve(listener, application.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown({
            let stop = stop.clone();
            async move { stop.wait().await }
        });
    let serving = tokio::spawn(serving.into_future());
    let asked = asked_to_stop();
    tokio::pin!(serving, asked);
    let result = tokio::select! {
        ended = &mut serving => flat(ended),
        () = &mut asked => {
            stopper.stop();
            match tokio::time::timeout(FAREWELL, &mut serving).await {
                Ok(ended) => flat(ended),
                Err(_) => {
                    tracing::warn!("some requests did not finish in time");
                    serving.abort();
                    Ok(())
                }
            }
        }
    };
    stopper.stop();
    if let Some(music) = music {
        music.stop().await;
    }
    let _ = timer.await;
    let _ = pumping.await;
    result
}

fn flat(ended: Result<std::io::Result<()>, tokio::task::JoinError>) -> Result<(), Failure> {
    ended.map_err(|error| Failure::new(error.to_string()))??;
    Ok(())
}

async fn load_demo(local: &Local) -> Result<Vec<Login>, Failure> {
    let (rows, logins) = demo::rows(local.state.clock.today())?;
    let painted = demo::photos(&rows, &local.state.files).await?;
    let report = import_rows(local, rows).await?;
    let entered: usize = report.imported.values().sum();
    tracing::info!("demonstration: {entered} rows entered, {painted} pictures painted");
    for row in &report.rejected {
        tracing::warn!("demonstration: {} {}: {}", row.model, row.pk, row.reason);
    }
    Ok(logins)
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .await
        .map_err(|error| Failure::new(format!("the API cannot listen on {address}: {error}")))
}

/// What a person needs to know at the start.
fn welcome(bound: SocketAddr, local: &Local, music: Option<&Music>, logins: &[Login]) -> String {
    let base = format!("http://{bound}");
    let data = local.folder.as_ref().map_or_else(
        || "in memory, gone when this process ends".to_owned(),
        |folder| folder.path().display().to_string(),
    );
    let mut text = format!(
        "\nAPI            {base}/api/v1/\nDocumentation  {base}/api/v1/schema/docs/\nData           {data}\n\
         Music          {}\n\n\
         # For the AWS CLI and cargo lambda watch:\n{}\n",
        Music::source(music),
        local.endpoints().exports(),
    );
    if let Some(folder) = &local.folder
        && std::env::var_os("CASA_SECRET").is_none()
    {
        // By name, so that the secret itself stands in no terminal and no log.
        text.push_str(&format!("export CASA_SECRET=$(cat '{}')\n", folder.path().join("secret").display()));
    }
    if !logins.is_empty() {
        text.push_str("\nStaff of the demonstration:\n");
        for login in logins {
            text.push_str(&format!("  {:<28} {}\n", login.email, login.password));
        }
    }
    let (email, password) = logins
        .first()
        .map_or(("you@example.com", "..."), |login| (login.email.as_str(), login.password.as_str()));
    text.push_str(&format!(
        "\nSign in:\n  curl -s {base}/api/v1/login/ -H 'Content-Type: application/json' \
         -d '{{\"email\": \"{email}\", \"password\": \"{password}\"}}'\n",
    ));
    text
}

/// Returns when the process is asked to end.
pub(crate) async fn asked_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

/// The reactions as the pump wants them.
#[derive(Clone)]
struct Reactions(reactions::React);

impl Handler for Reactions {
    async fn handle(&self, image: &Image) -> Result<(), String> {
        self.0.handle(image).await.map_err(|error| error.to_string())
    }

    async fn pending(&self) -> Result<Vec<Image>, String> {
        self.0.pending().await.map_err(|error| error.to_string())
    }

    async fn park(&self, image: &Image, reason: &str) -> Result<(), String> {
        self.0.park(image, reason).await.map_err(|error| error.to_string())
    }
}
