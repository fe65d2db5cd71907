//! The contracts function.

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    casa_web::serve(contracts::routes(contracts::Landlord::from_env())).await
}
