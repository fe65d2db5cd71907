//! The media function.

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    casa_web::serve(media::routes()).await
}
