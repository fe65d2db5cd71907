//! The function `accounts`.

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    casa_web::serve(accounts::routes()).await
}
