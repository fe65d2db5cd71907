//! The table's stream as a Lambda function. Records that fail are named one by one, so only they come again; after the
//! last try they go to the dead-letter queue (`template.yaml`).
//!
//! The records of a batch are handled at once: one after the other they would, while a vendor is silent, take longer than
//! the function may, and what was under way when it is ended would be done twice.

use aws_lambda_events::{
    event::dynamodb::{Event, EventRecord},
    streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse},
};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use reactions::{Image, React};

#[tokio::main]
async fn main() -> Result<(), Error> {
    casa_web::start_logs(true);
    let react = React::from_env().await?;
    run(service_fn(|event: LambdaEvent<Event>| handle(&react, event.payload))).await
}

async fn handle(react: &React, event: Event) -> Result<DynamoDbEventResponse, Error> {
    let tasks: Vec<_> = event
        .records
        .into_iter()
        .map(|record| {
            let (react, sequence) = (react.clone(), record.change.sequence_number.clone());
            // A task of its own, so that one that panics fails like any other.
            (sequence, tokio::spawn(async move { one(&react, record).await }))
        })
        .collect();
    let mut failures = DynamoDbEventResponse::default();
    for (sequence, task) in tasks {
        if let Err(problem) = task.await.map_err(Error::from).flatten() {
            tracing::error!(%problem, "a fact could not be handled");
            let mut failure = DynamoDbBatchItemFailure::default();
            failure.item_identifier = sequence;
            failures.batch_item_failures.push(failure);
        }
    }
    Ok(failures)
}

async fn one(react: &React, record: EventRecord) -> Result<(), Error> {
    if record.event_name != "INSERT" {
        return Ok(());
    }
    let image: Image = serde_dynamo::from_item(record.change.new_image)?;
    Ok(react.handle(&image).await?)
}
