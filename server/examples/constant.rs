//! The least an HTTP server of this kind can do: an actix handler that answers a POST with a constant. `benches/flags_http`
//! measures the evaluation of a flag against it.
//!
//! `constant ADDRESS WORKERS`

use actix_web::{App, HttpResponse, HttpServer, web};

/// As long as the answer of one flag.
const ANSWER: &str = r#"{"key":"digest","reason":"SPLIT","variant":"daily","value":"daily","metadata":{"version":"0123456789abcdef0123456789abcdef","experiment":"digest","rule":"digest"}}"#;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Reads the body: actix closes the connection of a request whose body was left lying, which costs far more.
async fn constant(_body: web::Bytes) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(ANSWER)
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let mut words = std::env::args().skip(1);
    let address = words.next().unwrap_or_else(|| "127.0.0.1:8081".to_owned());
    let workers = words.next().and_then(|word| word.parse().ok()).unwrap_or(1);
    let path = "/ofrep/v1/evaluate/flags/{key:.+}";
    HttpServer::new(move || App::new().route(path, web::post().to(constant)))
        .workers(workers)
        .bind(address)?
        .run()
        .await
}
