//! The queue of commands, as the bridge uses it.

use std::time::Duration;

use aws_sdk_sqs::{
    Client,
    error::DisplayErrorContext,
    types::{ChangeMessageVisibilityBatchRequestEntry, Message, MessageSystemAttributeName as Attribute},
};

use crate::settings::Settings;

/// Messages of one request; more are not possible.
const MOST: i32 = 10;

/// The queue failed.
#[derive(Debug, thiserror::Error)]
#[error("the queue failed: {0}")]
pub(crate) struct LineError(String);

/// A message in hand.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// Its order: messages of one group are handled one after the other.
    pub(crate) group: String,
    /// What it says.
    pub(crate) body: String,
    id: String,
    receipt: String,
}

/// The queue of commands, and the one for messages that nobody can read.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    client: Client,
    url: String,
    parked: Option<String>,
    hide: i32,
    wait: i32,
}

impl Line {
    pub(crate) fn new(client: Client, settings: &Settings) -> Self {
        Self {
            client,
            url: settings.queue.clone(),
            parked: settings.parked.clone(),
            hide: seconds(settings.pace.hide),
            wait: seconds(settings.pace.receive),
        }
    }

    /// Waits for messages; those of one group are in order. None after a while without any.
    pub(crate) async fn receive(&self) -> Result<Vec<Received>, LineError> {
        let ask = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(MOST)
            .visibility_timeout(self.hide)
            .wait_time_seconds(self.wait)
            .message_system_attribute_names(Attribute::MessageGroupId);
        let answer = Box::pin(ask.send()).await.map_err(failed)?;
        Ok(answer.messages.unwrap_or_default().into_iter().filter_map(read).collect())
    }

    /// Takes a message out of the queue.
    pub(crate) async fn delete(&self, message: &Received) -> Result<(), LineError> {
        let ask = self.client.delete_message().queue_url(&self.url).receipt_handle(&message.receipt);
        Box::pin(ask.send()).await.map_err(failed)?;
        Ok(())
    }

    /// Hides messages for another while, so that nobody else receives them while they are in hand.
    pub(crate) async fn hide(&self, messages: &[Received]) -> Result<(), LineError> {
        self.change(messages, self.hide).await
    }

    /// Gives messages back: the next receiver has them at once.
    pub(crate) async fn give_back(&self, messages: &[Received]) -> Result<(), LineError> {
        self.change(messages, 0).await
    }

    async fn change(&self, messages: &[Received], seconds: i32) -> Result<(), LineError> {
        if messages.is_empty() {
            return Ok(());
        }
        let mut ask = self.client.change_message_visibility_batch().queue_url(&self.url);
        for (number, message) in messages.iter().enumerate() {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(number.to_string())
                .receipt_handle(&message.receipt)
                .visibility_timeout(seconds)
                .build()
                .map_err(|error| LineError(error.to_string()))?;
            ask = ask.entries(entry);
        }
        Box::pin(ask.send()).await.map_err(failed)?;
        Ok(())
    }

    /// Puts a message aside for people to look at.
    pub(crate) async fn park(&self, message: &Received) -> Result<(), LineError> {
        let Some(parked) = &self.parked else { return Ok(()) };
        let ask = self
            .client
            .send_message()
            .queue_url(parked)
            .message_body(&message.body)
            .message_group_id(&message.group)
            .message_deduplication_id(&message.id);
        Box::pin(ask.send()).await.map_err(failed)?;
        Ok(())
    }
}

fn read(message: Message) -> Option<Received> {
    let group = message.attributes.and_then(|mut all| all.remove(&Attribute::MessageGroupId));
    Some(Received {
        group: group.unwrap_or_default(),
        body: message.body.unwrap_or_default(),
        id: message.message_id.unwrap_or_default(),
        receipt: message.receipt_handle?,
    })
}

fn seconds(time: Duration) -> i32 {
    i32::try_from(time.as_secs()).unwrap_or(i32::MAX)
}

fn failed(error: impl std::error::Error) -> LineError {
    LineError(DisplayErrorContext(&error).to_string())
}
