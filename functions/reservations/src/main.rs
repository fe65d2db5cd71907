//! Staff reservations as a Lambda function.

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    casa_web::serve(reservations::routes()).await
}
