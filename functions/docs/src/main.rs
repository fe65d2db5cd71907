//! The function `docs`.

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    casa_web::serve(docs::routes()).await
}
