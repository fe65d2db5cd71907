//! What the bridge takes of memory, as a process of its own.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use casa::embedded::{ACCESS_KEY, REGION, SECRET_KEY};
use casa_domain::music::{Action, Outcome, Reply};
use casa_jobs::music::ask;
use casa_music_simulator::{Options, Player, Track};
use tokio::time::sleep;

use crate::stage::{Stage, volume};

/// The most it may take (requirement), in KB.
const MOST: u64 = 30 * 1024;

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The program beside this test's own, where it was built.
fn program() -> Option<PathBuf> {
    let folder = std::env::current_exe().ok()?.parent()?.parent()?.to_owned();
    Some(folder.join("music-bridge")).filter(|program| program.exists())
}

/// A line of `/proc/<pid>/status`, in KB.
fn memory(pid: u32, line: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|text| text.strip_prefix(line)?.split_whitespace().next()?.parse().ok())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_players_and_a_long_queue_fit() {
    let Some(program) = program() else {
        println!("not measured: music-bridge is not built");
        return;
    };
    let mut players: Vec<_> = (0..49).map(|number| Player::new(format!("p{number}"), "Casa")).collect();
    players.push(Player::new("larga", "Casa").with_queue(Track::many(5000)));
    let stage = Stage::with(Options { players, library: Track::many(500), ..Options::default() }).await;
    let (endpoints, queues) = (stage.local.endpoints(), stage.local.queues.as_ref().unwrap());
    let child = Command::new(program)
        .env_clear()
        .env("AWS_ENDPOINT_URL_DYNAMODB", &endpoints.dynamodb)
        .env("AWS_ENDPOINT_URL_SQS", &endpoints.sqs)
        .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
        .env("AWS_REGION", REGION)
        .env("CASA_TABLE", &stage.local.state.settings.table)
        .env("CASA_MUSIC_QUEUE_URL", &queues.commands)
        .env("CASA_MUSIC_PARKED_URL", &queues.parked)
        .env("CASA_HEALTH_PORT", "0")
        .env("CASA_LOG", "warn")
        .env("MUSIC_ASSISTANT_URL", stage.server.url())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let process = Process(child);
    let pid = process.0.id();

    let mut kept = 0;
    for _ in 0..3000 {
        kept = stage.local.state.store.music().players().await.unwrap().len();
        if kept == 50 {
            break;
        }
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(kept, 50);
    for _ in 0..20 {
        let page = ask(&stage.local.state, Action::Queue, Some("larga".to_owned())).await;
        assert!(matches!(page, Outcome::Done(Reply::Queue(Some(_)))), "{page:?}");
    }
    for number in 0..500 {
        stage.send(&[volume(&format!("p{}", number % 49), number % 101)]).await;
    }
    stage.drained().await;
    let (now, most) = (memory(pid, "VmRSS:"), memory(pid, "VmHWM:"));
    println!("debug build, 50 players, a queue of 5,000: {now:?} KB, at most {most:?} KB");
    if let Some(now) = now {
        assert!(now < MOST, "{now} KB");
    }
    drop(process);
    stage.close().await;
}
