//! The bot function.

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    casa_web::serve(bot::routes(casa_gateways::Gateways::from_env().chatbot)).await
}
