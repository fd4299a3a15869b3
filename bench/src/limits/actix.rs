//! actix alone: an empty handler, and one that gives away what it holds. Served by a process of
//! its own, this binary again, so that its processor time can be told.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, ETAG};
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpResponse, HttpServer, rt};

use crate::deployment::free_address;
use crate::load::{Same, once, write_get};
use crate::machine;
use crate::subject::{Http, Result};

/// The first argument that makes this binary serve instead of measure.
pub const SERVE: &str = "serve-limits";

/// Serves `/empty`, and the file at `/static`, until it is killed.
///
/// # Errors
/// When the address is taken.
pub fn serve(address: &str, file: &str) -> Result<()> {
    let document = Data::new(Bytes::from(std::fs::read(file)?));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(document.clone())
            .route("/empty", web::get().to(HttpResponse::Ok))
            .route("/static", web::get().to(fixed))
    });
    let server = server.workers(machine::cores()).bind(address)?.run();
    Ok(rt::System::new().block_on(server)?)
}

/// As many header fields as the key set is sent with.
async fn fixed(document: Data<Bytes>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/jwk-set+json")
        .insert_header((CACHE_CONTROL, "public, max-age=600"))
        .insert_header((ETAG, "\"sixteen-letters-\""))
        .body(Bytes::clone(&document))
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
    pub fn start(folder: &Path, document: &[u8]) -> Result<Self> {
        let (address, file) = (free_address()?, folder.join("document"));
        std::fs::write(&file, document)?;
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
