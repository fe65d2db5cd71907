//! A FIFO queue that functions send to.

use aws_sdk_sqs::{Client, error::DisplayErrorContext};
use uuid::Uuid;

/// The queue did not take a message.
#[derive(Debug, thiserror::Error)]
#[error("the queue failed: {0}")]
pub struct QueueError(String);

/// A FIFO queue. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Queue {
    client: Client,
    url: String,
}

impl Queue {
    /// The queue at an address.
    #[must_use]
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self { client, url: url.into() }
    }

    /// Sends a message, which is received after the earlier ones of the same `order`. One whose `id` was sent in the last five
    /// minutes is not sent again.
    ///
    /// # Errors
    /// [`QueueError`]; the message may or may not have been sent. Sending it again is right.
    pub async fn send(&self, body: String, order: &str, id: Uuid) -> Result<(), QueueError> {
        let ask = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .message_group_id(group(order))
            .message_deduplication_id(id.to_string());
        // The SDK's futures are large; everything that sends would carry them.
        match Box::pin(ask.send()).await {
            Ok(_) => Ok(()),
            Err(error) => Err(QueueError(DisplayErrorContext(&error).to_string())),
        }
    }
}

/// The order as queues accept it: up to 128 visible ASCII characters. Anything else is stood for by a digest.
fn group(order: &str) -> String {
    let fits = (1..=128).contains(&order.len()) && order.bytes().all(|byte| byte.is_ascii_graphic());
    if fits { order.to_owned() } else { Uuid::new_v5(&Uuid::NAMESPACE_OID, order.as_bytes()).to_string() }
}

#[cfg(test)]
mod tests {
    use super::group;

    #[test]
    fn every_player_has_an_order_of_its_own() {
        assert_eq!(group("RINCON_347E5C:1400"), "RINCON_347E5C:1400");
        assert_eq!(group(&"a".repeat(128)).len(), 128);
        let odd = ["sala de estar", "salón", "", &"a".repeat(129)].map(group);
        for (at, one) in odd.iter().enumerate() {
            assert_eq!(one.len(), 36);
            assert!(!odd[at + 1..].contains(one));
        }
    }
}
