//! The properties function.

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    casa_web::serve(properties::routes()).await
}
