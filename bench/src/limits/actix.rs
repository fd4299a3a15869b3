//! actix alone: an empty handler, and one that gives away what it holds. Served by a process of
//! its own, this binary again, so that its processor time can be told.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpResponse, HttpServer, rt};
use serde::{Deserialize, Serialize};

use crate::deployment::free_address;
use crate::load::{Answer, Same, once, write_get};
use crate::machine;
use crate::subject::{Http, Result};

/// The first argument that makes this binary serve instead of measure.
pub const SERVE: &str = "serve-limits";

/// What the static route gives away.
#[derive(Serialize, Deserialize)]
pub struct Document {
    headers: Vec<(String, String)>,
    body: String,
}

impl Document {
    /// The same bytes, and the header fields that say what they are and how long they may be kept.
    pub fn like(answer: &Answer<'_>) -> Self {
        let fields = ["content-type", "cache-control", "etag"];
        let values = fields.iter().flat_map(|name| {
            let values = answer.headers(name).into_iter();
            values.map(|value| ((*name).to_owned(), value.to_owned()))
        });
        Self {
            headers: values.collect(),
            body: String::from_utf8_lossy(answer.body).into_owned(),
        }
    }
}

/// Serves `/empty`, and the document in this file at `/static`, until it is killed.
///
/// # Errors
/// When the address is taken.
pub fn serve(address: &str, file: &str) -> Result<()> {
    let document: Document = serde_json::from_slice(&std::fs::read(file)?)?;
    let body = Bytes::from(document.body);
    let document = Data::new((document.headers, body));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(document.clone())
            .route("/empty", web::get().to(HttpResponse::Ok))
            .route("/static", web::get().to(fixed))
    });
    let server = server.workers(machine::cores()).bind(address)?.run();
    Ok(rt::System::new().block_on(server)?)
}

async fn fixed(document: Data<(Vec<(String, String)>, Bytes)>) -> HttpResponse {
    let (headers, body) = &**document;
    let mut answer = HttpResponse::Ok();
    for (name, value) in headers {
        answer.insert_header((name.as_str(), value.as_str()));
    }
    answer.body(body.clone())
}

/// The process that serves them.
pub struct LimitServer {
    child: Child,
    address: SocketAddr,
}

impl LimitServer {
    /// Starts it; `document` is what its static route gives away.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(folder: &Path, document: &Document) -> Result<Self> {
        let (address, file) = (free_address()?, folder.join("document"));
        std::fs::write(&file, serde_json::to_vec(document)?)?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(SERVE).arg(address.to_string()).arg(&file);
        let child = command.stdin(Stdio::null()).spawn()?;
        let server = Self { child, address };
        let mut request = Vec::new();
        write_get(&mut request, "/empty", &[]);
        for _ in 0..500 {
            if once(address, &request, |answer| answer.status).is_ok_and(|status| status == 200) {
                return Ok(server);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Err("the limits are not served".into())
    }

    /// One of its routes.
    pub fn route(&self, name: &str, path: &'static str, connections: usize) -> Http<'static> {
        let target = (self.address, Some(self.child.id()));
        Http::new(name, target, connections, move |_| {
            Box::new(Same::get(path, &[]))
        })
    }
}

impl Drop for LimitServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
