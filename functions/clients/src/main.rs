//! The function `clients`.

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    casa_web::serve(clients::routes(casa_gateways::Gateways::from_env())).await
}
