//! SDK clients for the local servers.
//!
//! The endpoints are set on the clients themselves: a process may not change its own environment safely once it has
//! threads, so they cannot come from there as they do in the functions.

use aws_config::{
    BehaviorVersion, Region, SdkConfig, stalled_stream_protection::StalledStreamProtectionConfig,
};
use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::SharedHttpClient;

use crate::embedded::{ACCESS_KEY, Endpoints, Given, REGION, SECRET_KEY};

/// One client per API.
#[derive(Debug, Clone)]
pub struct Clients {
    /// The table.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// The table's stream.
    pub streams: aws_sdk_dynamodbstreams::Client,
    /// The files.
    pub s3: aws_sdk_s3::Client,
    /// The queues.
    pub sqs: aws_sdk_sqs::Client,
}

impl Clients {
    /// Builds the clients for `endpoints`.
    ///
    /// Own servers get the keys they accept; given ones get the keys of the environment
    /// (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`) where it has some.
    pub async fn new(endpoints: &Endpoints, given: &Given) -> Self {
        Self::reaching(endpoints, given, None).await
    }

    /// The same, with a `way` to the table other than its address.
    pub async fn reaching(endpoints: &Endpoints, given: &Given, way: Option<SharedHttpClient>) -> Self {
        let own = configuration(own_keys()).await;
        let foreign = configuration(keys_of_environment().unwrap_or_else(own_keys)).await;
        let pick = |given: &Option<String>| if given.is_some() { &foreign } else { &own };
        let table = pick(&given.dynamodb);
        let mut dynamodb = aws_sdk_dynamodb::config::Builder::from(table).endpoint_url(&endpoints.dynamodb);
        if let Some(way) = way {
            dynamodb = dynamodb.http_client(way);
        }
        Self {
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb.build()),
            streams: aws_sdk_dynamodbstreams::Client::from_conf(
                aws_sdk_dynamodbstreams::config::Builder::from(table)
                    .endpoint_url(&endpoints.dynamodb)
                    .build(),
            ),
            s3: aws_sdk_s3::Client::from_conf(
                aws_sdk_s3::config::Builder::from(pick(&given.s3))
                    .endpoint_url(&endpoints.s3)
                    .force_path_style(true)
                    .build(),
            ),
            sqs: aws_sdk_sqs::Client::from_conf(
                aws_sdk_sqs::config::Builder::from(pick(&given.sqs)).endpoint_url(&endpoints.sqs).build(),
            ),
        }
    }
}

async fn configuration(keys: Credentials) -> SdkConfig {
    let region = std::env::var("AWS_REGION").ok().filter(|region| !region.is_empty());
    aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(region.unwrap_or_else(|| REGION.to_owned())))
        .credentials_provider(keys)
        // A busy machine answers late; its own servers do not stall.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .load()
        .await
}

fn own_keys() -> Credentials {
    Credentials::from_keys(ACCESS_KEY, SECRET_KEY, None)
}

fn keys_of_environment() -> Option<Credentials> {
    let read = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    Some(Credentials::from_keys(
        read("AWS_ACCESS_KEY_ID")?,
        read("AWS_SECRET_ACCESS_KEY")?,
        read("AWS_SESSION_TOKEN"),
    ))
}
