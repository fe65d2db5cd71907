//! A table with some houses and prices.

use aws_sdk_dynamodb::{
    config::{BehaviorVersion, Credentials, Region},
    types::StreamSpecification,
};
use casa_domain::HouseId;
use casa_store::{Store, import::Importer};
use casa_tests::export::{id, row};
use casa_web::{AppState, Aws, Settings};
use serde_json::json;

use crate::world::STAYS;

/// An embedded table, gone when dropped.
pub struct Table {
    pub state: AppState,
}

/// The house of a stay.
pub fn house(number: usize) -> HouseId {
    id(u32::try_from(number).unwrap() + 1).parse().unwrap()
}

impl Table {
    /// Houses whose nights cost 380 soles, and a pool for 190.
    pub async fn new() -> Self {
        let database = dynoxide::Database::memory().unwrap();
        let keys = Credentials::new("test", "test", None, None, "test");
        let region = Region::new("us-east-1");
        let dynamodb = aws_sdk_dynamodb::Client::from_conf(
            aws_sdk_dynamodb::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(region.clone())
                .credentials_provider(keys.clone())
                .http_client(casa::embedded::reach(database))
                .build(),
        );
        // Nothing here touches bucket or queues.
        let s3 = aws_sdk_s3::Config::builder()
            .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
            .region(region.clone())
            .credentials_provider(keys.clone());
        let sqs = aws_sdk_sqs::Config::builder()
            .behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest())
            .region(region)
            .credentials_provider(keys);
        let aws = Aws {
            dynamodb: dynamodb.clone(),
            s3: aws_sdk_s3::Client::from_conf(s3.build()),
            sqs: aws_sdk_sqs::Client::from_conf(sqs.build()),
        };
        let settings =
            Settings::for_local("only-for-tests-only-for-tests-only-for-tests".to_owned()).unwrap();
        let state = AppState::with_sdk(settings, aws);
        state.store.create_table_if_missing().await.unwrap();
        // Nobody reads the stream, and writing it takes longer than everything else.
        let silent = StreamSpecification::builder().stream_enabled(false).build().unwrap();
        let table = dynamodb.update_table().table_name(&state.settings.table);
        table.stream_specification(silent).send().await.unwrap();
        fill(&state.store).await;
        Self { state }
    }
}

async fn fill(store: &Store) {
    let mut rows = vec![row(
        "property.additionalservice",
        id(900),
        json!({
            "name": "Piscina temperada", "price_usd": "50.00", "is_active": true, "post_action": "temperature_pool",
            "properties": [],
        }),
    )];
    for number in 0..STAYS {
        rows.push(row(
            "property.property",
            house(number).to_string(),
            json!({
                "name": format!("Casa {number}"), "slug": format!("casa-{number}"), "capacity_max": 10,
                "precio_desde": "100.00", "caracteristicas": [], "detalle_dormitorios": {},
            }),
        ));
    }
    let report = Importer::new(store.clone()).run(rows, &mut |_, _| ()).await.unwrap();
    assert!(report.rejected.is_empty(), "{report}");
}
