//! The own table as a connector of the SDK: a request of this process reaches it as a call, not through a socket.
//!
//! Of what a table request costs here, more than half was HTTP on both sides and parsing on the server's that the SDK makes
//! needless. Everything else stays as it is: the SDK builds, signs, retries and reads as in a deployment, and other
//! processes come through the address.

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// An HTTP client for the SDK that knows one address: this table.
pub fn reach(database: Database) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(Direct(database));
    http_client_fn(move |_, _| connector.clone())
}

struct Direct(Database);

impl std::fmt::Debug for Direct {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Direct")
    }
}

impl HttpConnector for Direct {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let database = self.0.clone();
        // A call may wait for the table's lock, as it would in the server: polled where the request is, one at a time.
        HttpConnectorFuture::new(async move { answer(&database, &request) })
    }
}

fn answer(database: &Database, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let operation = request.headers().get("x-amz-target").and_then(|target| target.split_once('.'));
    let operation = operation.map(|(_, operation)| operation).unwrap_or_default();
    let (status, body) = match carry_out(database, operation, request.body().bytes().unwrap_or_default()) {
        Ok(body) => (200, body),
        Err(error) => (error.status_code(), error.to_json()),
    };
    let status =
        StatusCode::try_from(status).map_err(|error| ConnectorError::other(Box::new(error), None))?;
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    Ok(response)
}

fn carry_out(database: &Database, operation: &str, body: &[u8]) -> Result<String, DynoxideError> {
    match operation {
        "GetItem" => write(&database.get_item(read(body)?)?),
        "PutItem" => write(&database.put_item(read(body)?)?),
        "UpdateItem" => write(&database.update_item(read(body)?)?),
        "DeleteItem" => write(&database.delete_item(read(body)?)?),
        "Query" => write(&database.query(read(body)?)?),
        "Scan" => write(&database.scan(read(body)?)?),
        "BatchGetItem" => write(&database.batch_get_item(read(body)?)?),
        "BatchWriteItem" => write(&database.batch_write_item(read(body)?)?),
        "TransactGetItems" => write(&database.transact_get_items(read(body)?)?),
        "TransactWriteItems" => write(&database.transact_write_items(read(body)?)?),
        "CreateTable" => write(&database.create_table(read(body)?)?),
        "UpdateTable" => write(&database.update_table(read(body)?)?),
        "DescribeTable" => write(&database.describe_table(read(body)?)?),
        "DescribeTimeToLive" => write(&database.describe_time_to_live(read(body)?)?),
        "UpdateTimeToLive" => write(&database.update_time_to_live(read(body)?)?),
        other => Err(DynoxideError::ValidationException(format!("{other} is not asked of the own table"))),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, DynoxideError> {
    serde_json::from_slice(body).map_err(|error| DynoxideError::SerializationException(error.to_string()))
}

fn write<T: Serialize>(answer: &T) -> Result<String, DynoxideError> {
    serde_json::to_string(answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}
