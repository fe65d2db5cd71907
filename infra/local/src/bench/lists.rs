//! What a page of the reservation list costs with short and long lists: table reads of a cold process, of a warm one
//! and after an edit elsewhere, and how many pages a second come out.

use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use super::load::{Load, Pressure, press};
use super::{Cost, Site, Table, data, machine, received};
use crate::Failure;
use crate::cli::BenchListsArgs;
use crate::output::say;

const PATH: &str = "reservations/";

#[derive(Serialize)]
struct Measured {
    reservations: u16,
    import_seconds: f64,
    cold: Cost,
    warm: Cost,
    edited: Cost,
    load: Load,
}

/// `casa bench lists`.
pub(super) async fn run(arguments: BenchListsArgs) -> Result<(), Failure> {
    let load = &arguments.load;
    let pressure = Pressure { clients: load.clients.into(), time: Duration::from_secs(load.seconds.into()) };
    let mut sizes = Vec::new();
    for reservations in arguments.reservations {
        tracing::info!("a list of {reservations} reservations");
        sizes.push(measure(reservations, pressure).await?);
    }
    if load.json {
        let document = json!({
            "bench": "lists", "machine": machine(), "seconds": load.seconds, "clients": load.clients,
            "sizes": sizes,
        });
        say(&format!("{document:#}"));
    } else {
        print(&sizes, pressure);
    }
    Ok(())
}

async fn measure(reservations: u16, pressure: Pressure) -> Result<Measured, Failure> {
    let site = Site::start(data::long_list(reservations.into())?, None).await?;
    let token = Some(site.token.as_str());
    let fresh = site.fresh().await?;
    // Only reads count here: signing in and the stream's reader are not what this is about.
    let reads = |mut cost: Cost| {
        cost.tally = cost.tally.reads();
        cost
    };
    let (cold, _) = fresh.ask(PATH, token).await?;
    let (warm, page) = fresh.ask(PATH, token).await?;
    let id = page["results"][0]["id"].as_str().unwrap_or_default();
    let edit = site.http.patch(site.owner.url(&format!("{PATH}{id}/"))).bearer_auth(&site.token);
    received(edit.json(&json!({ "guests": 5 }))).await?;
    fresh.settle().await?;
    let (edited, _) = fresh.ask(PATH, token).await?;
    drop(fresh);
    let load = press(&site.owner, vec![site.owner.url(PATH)], token, pressure).await?;
    let import_seconds = site.import.as_secs_f64();
    let (cold, warm, edited) = (reads(cold), reads(warm), reads(edited));
    Ok(Measured { reservations, import_seconds, cold, warm, edited, load })
}

fn print(sizes: &[Measured], pressure: Pressure) {
    let all = |show: fn(&Measured) -> String| sizes.iter().map(show);
    let mut table = Table::new("page 1 of the reservation list", all(|m| m.reservations.to_string()));
    table.line("bytes", all(|m| m.warm.answer_bytes.to_string()));
    table.line("pages per second", all(|m| format!("{:.0}", m.load.per_second)));
    let name = format!("median milliseconds, {} clients", pressure.clients);
    table.line(&name, all(|m| format!("{:.1}", m.load.p50_ms)));
    table.line("processor ms per page", all(|m| super::known(m.load.cpu_ms, 2)));
    table.section("table reads");
    table.line("cold process", all(|m| m.cold.tally.requests.to_string()));
    table.line("warm", all(|m| m.warm.tally.requests.to_string()));
    table.line("after an edit elsewhere", all(|m| m.edited.tally.requests.to_string()));
    table.print();
    say("");
    for measured in sizes {
        let words = |cost: &Cost| cost.tally.words();
        say(&format!(
            "{} reservations: cold {}; warm {}; after an edit {}",
            measured.reservations,
            words(&measured.cold),
            words(&measured.warm),
            words(&measured.edited)
        ));
    }
    if let (Some(first), Some(last)) = (sizes.first(), sizes.last())
        && first.load.per_second > 0.0
    {
        let ratio = last.load.per_second / first.load.per_second;
        let (long, short) = (last.reservations, first.reservations);
        say(&format!("pages per second, {long} over {short}: {ratio:.2}"));
    }
    super::print_machine();
}
