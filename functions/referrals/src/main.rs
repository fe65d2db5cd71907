//! The referrals function.

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    casa_web::serve(referrals::routes(casa_gateways::Gateways::from_env().sheets)).await
}
