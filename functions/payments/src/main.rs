//! The payments function.

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    casa_web::serve(payments::routes(casa_gateways::Cards::from_env())).await
}
