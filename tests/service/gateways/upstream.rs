//! The service behind the gateway: tells what reached it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::{Value, json};

/// A server that answers each request with what it is. Ends when it is dropped.
pub struct Upstream {
    /// Where it listens, on the loopback.
    pub port: u16,
    reached: Arc<AtomicUsize>,
    server: ServerHandle,
}

async fn tell(
    request: HttpRequest,
    body: web::Bytes,
    reached: web::Data<AtomicUsize>,
) -> HttpResponse {
    reached.fetch_add(1, Ordering::SeqCst);
    let headers = request.headers().iter();
    let headers: Vec<[String; 2]> = headers
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            [name.as_str().to_owned(), value]
        })
        .collect();
    let target = request.uri().path_and_query().map(ToString::to_string);
    HttpResponse::Ok().json(json!({
        "method": request.method().as_str(),
        "target": target,
        "headers": headers,
        "body": String::from_utf8_lossy(&body),
    }))
}

impl Upstream {
    /// Starts one on a free port.
    pub fn start() -> Self {
        let reached = Arc::new(AtomicUsize::new(0));
        let data = web::Data::from(reached.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .app_data(web::PayloadConfig::new(4 << 20))
                .default_service(web::to(tell))
        });
        let server = server
            .workers(1)
            .disable_signals()
            .bind(("127.0.0.1", 0))
            .expect("a free port");
        let port = server.addrs()[0].port();
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self {
            port,
            reached,
            server: handle,
        }
    }

    /// How many requests reached it.
    pub fn reached(&self) -> usize {
        self.reached.load(Ordering::SeqCst)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

/// The values of a header in what the upstream told, by its name in lower case.
pub fn values<'a>(told: &'a Value, name: &str) -> Vec<&'a str> {
    let headers = told["headers"].as_array().expect("the upstream answered");
    headers
        .iter()
        .filter(|header| header[0] == name)
        .filter_map(|header| header[1].as_str())
        .collect()
}
