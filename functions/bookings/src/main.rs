//! The bookings function.

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    casa_web::serve(bookings::routes()).await
}
