//! The music function.

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    casa_web::serve(music::routes()).await
}
