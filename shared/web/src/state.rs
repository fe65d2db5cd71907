//! What handlers share: the table, the bucket, the clock and the settings.

use std::sync::Arc;

use casa_store::Store;

use crate::{Clock, Files, Queue, Settings, client_book::ClientBook, tokens::Tokens};

/// Clients of the services we use.
#[derive(Clone, Debug)]
pub struct Aws {
    /// The table's service.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// The bucket's service.
    pub s3: aws_sdk_s3::Client,
    /// The queues' service.
    pub sqs: aws_sdk_sqs::Client,
}

/// What handlers share. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AppState {
    /// The table.
    pub store: Store,
    /// The bucket.
    pub files: Files,
    /// Takes commands to the music server, where there is one.
    pub music: Option<Queue>,
    /// The clock.
    pub clock: Clock,
    /// Signs and checks tokens.
    pub tokens: Arc<Tokens>,
    /// The settings.
    pub settings: Arc<Settings>,
    /// The book of guests; ask [`AppState::client_book`] for it.
    pub(crate) guests: ClientBook,
}

impl AppState {
    /// The state with SDK clients as the environment configures them.
    pub async fn connect(settings: Settings) -> Self {
        let sdk = aws_config::defaults(aws_config::BehaviorVersion::latest()).load().await;
        // Local servers know buckets by path only.
        let by_path = std::env::var_os("AWS_ENDPOINT_URL_S3").is_some()
            || std::env::var_os("AWS_ENDPOINT_URL").is_some();
        let s3 = aws_sdk_s3::config::Builder::from(&sdk).force_path_style(by_path).build();
        let aws = Aws {
            dynamodb: aws_sdk_dynamodb::Client::new(&sdk),
            s3: aws_sdk_s3::Client::from_conf(s3),
            sqs: aws_sdk_sqs::Client::new(&sdk),
        };
        Self::with_sdk(settings, aws)
    }

    /// The state with given SDK clients.
    pub fn with_sdk(settings: Settings, aws: Aws) -> Self {
        Self {
            store: Store::new(aws.dynamodb, &settings.table),
            files: Files::new(aws.s3, &settings.bucket, &settings.secret.0),
            music: settings.music_queue.as_ref().map(|url| Queue::new(aws.sqs, url)),
            clock: settings.clock,
            tokens: Arc::new(Tokens::new(&settings)),
            settings: Arc::new(settings),
            guests: ClientBook::default(),
        }
    }
}
