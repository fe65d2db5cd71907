//! What a quote and the staff's search cost with few and many houses: table requests of a cold process, of a warm one
//! and after a booking elsewhere, and how many a second come out; beside the figures of the original.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::data::{self, Priced};
use super::load::{Load, Pressure, press};
use super::{Cost, Fresh, Site, Table, known, machine, received};
use crate::Failure;
use crate::cli::BenchQuoteArgs;
use crate::output::say;

const QUOTE: &str = "properties/calculate-pricing/";
const SEARCH: &str = "properties/calculate-pricing-erp/";

/// The original, measured with six houses on two cores.
#[derive(Serialize)]
struct Original {
    houses: usize,
    quote_queries: usize,
    quote_cpu_ms: f64,
    quotes_per_second: f64,
    search_queries: usize,
    search_cpu_ms: f64,
}

const ORIGINAL: Original = Original {
    houses: 6,
    quote_queries: 447,
    quote_cpu_ms: 420.0,
    quotes_per_second: 2.0,
    search_queries: 702,
    search_cpu_ms: 570.0,
};

/// What was brought in.
#[derive(Serialize)]
struct Data {
    reservations: usize,
    nights: u64,
    reduced: bool,
    import_seconds: f64,
}

#[derive(Serialize)]
struct Quotes {
    cold: Cost,
    warm: Cost,
    after_booking: Cost,
    one_house: Cost,
    guest: Cost,
    code: Cost,
    /// Houses that the quote called free before the booking and after it.
    free_houses: [Option<u64>; 2],
    load: Load,
}

#[derive(Serialize)]
struct Searches {
    cold: Cost,
    warm: Cost,
    load: Load,
}

/// How many times the original's figure ours is (or, for throughput, the other way round).
#[derive(Serialize)]
struct Ratios {
    quote_requests: f64,
    quote_cpu: Option<f64>,
    quotes_per_second: f64,
    search_requests: f64,
    search_cpu: Option<f64>,
}

#[derive(Serialize)]
struct Measured {
    houses: u16,
    data: Data,
    quote: Quotes,
    search: Searches,
    ratios: Ratios,
}

/// `casa bench quote`.
pub(super) async fn run(arguments: BenchQuoteArgs) -> Result<(), Failure> {
    let load = &arguments.load;
    let pressure = Pressure { clients: load.clients.into(), time: Duration::from_secs(load.seconds.into()) };
    let mut sizes = Vec::new();
    for houses in arguments.houses {
        sizes.push(measure(houses, pressure).await?);
    }
    if load.json {
        let document = json!({
            "bench": "quote", "machine": machine(), "seconds": load.seconds, "clients": load.clients,
            "original": ORIGINAL, "sizes": sizes,
        });
        say(&format!("{document:#}"));
    } else {
        print(&sizes, pressure);
    }
    Ok(())
}

async fn measure(houses: u16, pressure: Pressure) -> Result<Measured, Failure> {
    let Priced { rows, reservations, nights, reduced, free } = data::priced_houses(houses)?;
    tracing::info!("{houses} houses with {reservations} reservations");
    let site = Site::start(rows, Some(data::CLOCK)).await?;
    let import_seconds = site.import.as_secs_f64();
    let data = Data { reservations, nights, reduced, import_seconds };
    let stay = format!("check_in_date={}&check_out_date={}&guests=4", free.0, free.1);
    let token = Some(site.token.as_str());

    // One process after the other, so that none works in the background while another one is counted.
    let fresh = site.fresh().await?;
    let (cold, warm) = twice(&fresh, &format!("{SEARCH}?{stay}"), token).await?;
    drop(fresh);
    let urls = |path: &str| {
        let questions = data::questions(nights).into_iter();
        questions.map(|question| site.owner.url(&format!("{path}?{question}"))).collect()
    };
    let load = press(&site.owner, urls(SEARCH), token, pressure).await?;
    let search = Searches { cold: cold.0, warm: warm.0, load };

    let fresh = site.fresh().await?;
    let path = format!("{QUOTE}?{stay}");
    let (cold, warm) = twice(&fresh, &path, None).await?;
    book(&site, &free).await?;
    fresh.settle().await?;
    let after_booking = fresh.ask(&path, None).await?;
    let ask = async |more: String| Ok::<_, Failure>(fresh.ask(&format!("{path}&{more}"), None).await?.0);
    let one_house = ask(format!("property_id={}", data::house(0))).await?;
    let guest = ask(format!("client_id={}", data::guest(data::GUEST))).await?;
    let code = ask(format!("discount_code={}", data::CODE)).await?;
    drop(fresh);
    let load = press(&site.owner, urls(QUOTE), None, pressure).await?;
    let free_houses = [&warm.1, &after_booking.1].map(|body| body["data"]["totalCasasDisponibles"].as_u64());
    let (cold, warm, after_booking) = (cold.0, warm.0, after_booking.0);
    let quote = Quotes { cold, warm, after_booking, one_house, guest, code, free_houses, load };
    let ratios = ratios(&quote, &search);
    Ok(Measured { houses, data, quote, search, ratios })
}

/// The same question to a process that has read nothing and again: what each cost and said.
async fn twice(
    fresh: &Fresh<'_>,
    path: &str,
    token: Option<&str>,
) -> Result<((Cost, Value), (Cost, Value)), Failure> {
    Ok((fresh.ask(path, token).await?, fresh.ask(path, token).await?))
}

/// Books the first house at the process that owns the table.
async fn book(site: &Site, nights: &(chrono::NaiveDate, chrono::NaiveDate)) -> Result<(), Failure> {
    let body = json!({
        "property": data::house(0), "client": data::guest(0), "origin": "aus", "guests": 2,
        "check_in_date": nights.0, "check_out_date": nights.1, "price_sol": "1500.00", "price_usd": "400.00",
    });
    let request = site.http.post(site.owner.url("reservations/")).bearer_auth(&site.token).json(&body);
    received(request).await.map(drop)
}

fn ratios(quote: &Quotes, search: &Searches) -> Ratios {
    let requests = |queries: usize, cost: &Cost| super::ratio(queries, super::float(cost.tally.requests));
    Ratios {
        quote_requests: requests(ORIGINAL.quote_queries, &quote.warm),
        quote_cpu: quote.load.cpu_ms.filter(|ms| *ms > 0.0).map(|ms| ORIGINAL.quote_cpu_ms / ms),
        quotes_per_second: quote.load.per_second / ORIGINAL.quotes_per_second,
        search_requests: requests(ORIGINAL.search_queries, &search.warm),
        search_cpu: search.load.cpu_ms.filter(|ms| *ms > 0.0).map(|ms| ORIGINAL.search_cpu_ms / ms),
    }
}

fn print(sizes: &[Measured], pressure: Pressure) {
    let all = |show: fn(&Measured) -> String| sizes.iter().map(show);
    let mut table = Table::new("houses", all(|m| m.houses.to_string()));
    table.line("reservations", all(|m| m.data.reservations.to_string()));
    table.line("nights they spread over, 7 of 10 held", all(|m| m.data.nights.to_string()));
    table.line("seconds to start and import", all(|m| format!("{:.1}", m.data.import_seconds)));

    table.section("per request:  table requests / capacity units / KB from the table / ms");
    table.line("quote of all houses, cold process", all(|m| cells(&m.quote.cold)));
    table.line("  warm", all(|m| cells(&m.quote.warm)));
    table.line("  warm, after a booking elsewhere", all(|m| cells(&m.quote.after_booking)));
    table.line("  warm, one house", all(|m| cells(&m.quote.one_house)));
    table.line("  warm, for a known guest", all(|m| cells(&m.quote.guest)));
    table.line("  warm, with a discount code", all(|m| cells(&m.quote.code)));
    table.line("staff's search, cold process", all(|m| cells(&m.search.cold)));
    table.line("  warm", all(|m| cells(&m.search.warm)));
    table.line(
        "free houses before and after the booking",
        all(|m| {
            m.quote.free_houses.map(|free| free.map_or("?".to_owned(), |free| free.to_string())).join(" / ")
        }),
    );

    table.section(&format!("{} clients for {} s, varied dates", pressure.clients, pressure.time.as_secs()));
    load_lines(&mut table, "quotes", all_loads(sizes, |m| &m.quote.load));
    load_lines(&mut table, "searches", all_loads(sizes, |m| &m.search.load));

    table.section(&format!("times the original, which had {} houses", ORIGINAL.houses));
    let Original { quote_queries, quote_cpu_ms, quotes_per_second, search_queries, search_cpu_ms, .. } =
        ORIGINAL;
    let times = |value: Option<f64>| value.map_or("?".to_owned(), |value| format!("{value:.1}x"));
    let mut line = |name: String, pick: fn(&Measured) -> Option<f64>| {
        table.line(&name, sizes.iter().map(|m| times(pick(m))));
    };
    line(format!("{quote_queries} queries per quote, to warm requests"), |m| Some(m.ratios.quote_requests));
    line(format!("{quote_cpu_ms:.0} processor ms per quote"), |m| m.ratios.quote_cpu);
    line(format!("{quotes_per_second:.0} quotes per second"), |m| Some(m.ratios.quotes_per_second));
    line(format!("{search_queries} queries per search, to warm requests"), |m| {
        Some(m.ratios.search_requests)
    });
    line(format!("{search_cpu_ms:.0} processor ms per search"), |m| m.ratios.search_cpu);
    table.print();

    say("");
    for measured in sizes {
        let (quote, search) = (&measured.quote, &measured.search);
        say(&format!(
            "{} houses: quote cold {}; warm {}; search cold {}; warm {}",
            measured.houses,
            quote.cold.tally.words(),
            quote.warm.tally.words(),
            search.cold.tally.words(),
            search.warm.tally.words()
        ));
    }
    for measured in sizes.iter().filter(|measured| measured.data.reduced) {
        let (houses, nights) = (measured.houses, measured.data.nights);
        say(&format!(
            "{houses} houses: stays in {nights} nights only instead of two years, to import quickly"
        ));
    }
    super::print_machine();
}

fn all_loads(sizes: &[Measured], of: fn(&Measured) -> &Load) -> Vec<&Load> {
    sizes.iter().map(of).collect()
}

fn load_lines(table: &mut Table, name: &str, loads: Vec<&Load>) {
    let all = |show: fn(&Load) -> String| loads.iter().copied().map(show);
    table.line(&format!("{name} per second"), all(|l| format!("{:.1}", l.per_second)));
    let waits = |l: &Load| format!("{:.1} / {:.1} / {:.1}", l.p50_ms, l.p95_ms, l.p99_ms);
    table.line("  ms: p50 / p95 / p99", all(waits));
    table.line("  processor ms each, table included", all(|l| known(l.cpu_ms, 2)));
    table.line("  failures", all(|l| l.failures.to_string()));
}

fn cells(cost: &Cost) -> String {
    let kilobytes = super::float(cost.tally.table_bytes) / 1024.0;
    let units = known(cost.tally.units, 1);
    format!("{} / {units} / {kilobytes:.0} / {:.1}", cost.tally.requests, cost.milliseconds)
}
