//! What several tests need.
#![allow(dead_code, clippy::expect_used, reason = "each test file uses its part")]

use casa::embedded::{Embedded, Given, Home, Ports};
use casa::sdk::Clients;

/// Servers over `home` on free ports, with their clients.
pub async fn start(home: &Home) -> (Embedded, Clients) {
    let given = Given::default();
    let embedded = Embedded::start(home, Ports::default(), &given, false).await.expect("servers start");
    let clients = Clients::new(embedded.endpoints(), &given).await;
    (embedded, clients)
}
