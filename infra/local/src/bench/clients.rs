//! What it costs to find guests in short and long books: table reads and bytes of a cold process, of a warm one and after
//! an edit elsewhere, and how long one who types waits.

use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use super::load::{Load, Pressure, press};
use super::{Cost, Site, Table, data, machine, received};
use crate::Failure;
use crate::cli::BenchClientsArgs;
use crate::output::say;

const PATH: &str = "clients/";
/// What somebody types: names, parts of a document, of a phone, of an address, several words, nothing; with pages of the
/// panel's pickers, of its list, and of the default hundred, in every order the panel has.
const SEARCHES: [&str; 12] = [
    "page=1&page_size=10&search=mar",
    "page=1&page_size=10&search=Mar%C3%ADa+Qui",
    "page=1&page_size=10&search=4711",
    "page=1&page_size=10&search=51900",
    "page=1&page_size=10&search=persona77",
    "page=1&page_size=10&search=",
    "search=rojas",
    "search=%22Quispe+Rojas%22&ordering=last_name",
    "page=3&page_size=25&ordering=-points_balance",
    "page=2&page_size=25&ordering=last_name",
    "page=1&page_size=25&ordering=-level&search=ana",
    "search=nadie-se-llama-as%C3%AD",
];

#[derive(Serialize)]
struct Measured {
    clients: u32,
    import_seconds: f64,
    /// The dearest of the searches in each state, by units.
    cold: Cost,
    warm: Cost,
    edited: Cost,
    /// One who types.
    alone: Load,
    /// Many at once.
    together: Load,
}

/// `casa bench clients`.
pub(super) async fn run(arguments: BenchClientsArgs) -> Result<(), Failure> {
    let load = &arguments.load;
    let pressure = Pressure { clients: load.clients.into(), time: Duration::from_secs(load.seconds.into()) };
    let mut sizes = Vec::new();
    for clients in arguments.guests {
        tracing::info!("a book of {clients} guests");
        sizes.push(measure(clients, pressure).await?);
    }
    if load.json {
        let document = json!({
            "bench": "clients", "machine": machine(), "seconds": load.seconds, "clients": load.clients,
            "sizes": sizes,
        });
        say(&format!("{document:#}"));
    } else {
        print(&sizes, pressure);
    }
    Ok(())
}

async fn measure(clients: u32, pressure: Pressure) -> Result<Measured, Failure> {
    let site = Site::start(data::guest_book(clients as usize)?, None).await?;
    let token = Some(site.token.as_str());
    let path = |search: &str| format!("{PATH}?{search}");
    let reads = |mut cost: Cost| {
        cost.tally = cost.tally.reads();
        cost
    };
    let fresh = site.fresh().await?;
    let (cold, _) = fresh.ask(&path(SEARCHES[0]), token).await?;
    let mut warm = Vec::new();
    for search in SEARCHES {
        warm.push(fresh.ask(&path(search), token).await?.0);
    }
    let id = data::guest(clients as usize / 2);
    let edit = site.http.patch(site.owner.url(&format!("{PATH}{id}/"))).bearer_auth(&site.token);
    received(edit.json(&json!({ "last_name": "Recién Cambiado", "email": "nuevo@correo.example" }))).await?;
    fresh.settle().await?;
    let (edited, found) = fresh.ask(&path("search=recien+cambiado"), token).await?;
    if found["count"] != 1 {
        return Err(Failure::new("a process did not see another's edit"));
    }
    drop(fresh);
    let urls: Vec<_> = SEARCHES.iter().map(|search| site.owner.url(&path(search))).collect();
    // The first request of the owner fills its own book.
    received(site.http.get(&urls[0]).bearer_auth(&site.token)).await?;
    let one = Pressure { clients: 1, ..pressure };
    let alone = press(&site.owner, urls.clone(), token, one).await?;
    let together = press(&site.owner, urls, token, pressure).await?;
    let dearest =
        warm.into_iter().max_by(|a, b| a.tally.units.unwrap_or(0.0).total_cmp(&b.tally.units.unwrap_or(0.0)));
    let warm = dearest.unwrap_or_else(|| cold.clone());
    let import_seconds = site.import.as_secs_f64();
    let (cold, warm, edited) = (reads(cold), reads(warm), reads(edited));
    Ok(Measured { clients, import_seconds, cold, warm, edited, alone, together })
}

fn print(sizes: &[Measured], pressure: Pressure) {
    let all = |show: fn(&Measured) -> String| sizes.iter().map(show);
    let units = |cost: &Cost| super::known(cost.tally.units, 1);
    let mut table = Table::new("finding guests", all(|m| m.clients.to_string()));
    table.line("one who types: median ms", all(|m| format!("{:.1}", m.alone.p50_ms)));
    table.line("95 % within ms", all(|m| format!("{:.1}", m.alone.p95_ms)));
    table.line("99 % within ms", all(|m| format!("{:.1}", m.alone.p99_ms)));
    table.line("processor ms per answer", all(|m| super::known(m.alone.cpu_ms, 2)));
    table.line(
        &format!("{} at once: answers per second", pressure.clients),
        all(|m| format!("{:.0}", m.together.per_second)),
    );
    table.line("95 % within ms", all(|m| format!("{:.1}", m.together.p95_ms)));
    table.line("failures", all(|m| (m.alone.failures + m.together.failures).to_string()));
    table.section("table reads: requests");
    table.line("cold process", all(|m| m.cold.tally.requests.to_string()));
    table.line("warm, the dearest search", all(|m| m.warm.tally.requests.to_string()));
    table.line("after an edit elsewhere", all(|m| m.edited.tally.requests.to_string()));
    table.section("table reads: units");
    table.line("cold process", sizes.iter().map(|m| units(&m.cold)));
    table.line("warm, the dearest search", sizes.iter().map(|m| units(&m.warm)));
    table.line("after an edit elsewhere", sizes.iter().map(|m| units(&m.edited)));
    table.section("milliseconds of the first answer");
    table.line("cold process", all(|m| format!("{:.0}", m.cold.milliseconds)));
    table.print();
    say("");
    for measured in sizes {
        let words = |cost: &Cost| cost.tally.words();
        say(&format!(
            "{} guests: cold {}; warm {}; imported in {:.0} s",
            measured.clients,
            words(&measured.cold),
            words(&measured.warm),
            measured.import_seconds
        ));
    }
    if let (Some(first), Some(last)) = (sizes.first(), sizes.last())
        && first.alone.p95_ms > 0.0
    {
        let ratio = last.alone.p95_ms / first.alone.p95_ms;
        say(&format!(
            "95 % of answers, {} over {} guests: {ratio:.1} times as long",
            last.clients, first.clients
        ));
    }
    super::print_machine();
}
