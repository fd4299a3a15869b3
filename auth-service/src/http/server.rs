//! The two listeners.

use actix_web::dev::Server;
use actix_web::middleware::{Condition, from_fn};
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use tokio::net::TcpSocket;

use super::api::docs;
use super::draining::Draining;
use super::{around, internal, routes, traced};
use crate::ctx::Ctx;
use crate::tls::Endpoint;

/// Both listeners, bound and not yet served.
pub struct Bound {
    /// Where the public listener listens.
    pub public_addr: SocketAddr,
    /// Where the internal listener listens.
    pub internal_addr: SocketAddr,
    /// TLS, if it is ours to do.
    pub tls: Option<Arc<Endpoint>>,
    public: Server,
    internal: Server,
    draining: Data<Draining>,
}

/// Threads of the internal listener: it is asked by probes and verifiers alone.
const INTERNAL_WORKERS: usize = 1;

/// Binds both listeners.
///
/// # Errors
/// When an address is taken or not ours, or the certificate can't be used.
pub fn bind(ctx: Data<Ctx>) -> io::Result<Bound> {
    let settings = ctx.settings.clone();
    let draining = Data::new(Draining::default());
    let tls = Endpoint::open(&settings).map_err(io::Error::other)?;
    let (public_addr, public_socket) = listen("listen", settings.listen)?;
    let (internal_addr, internal_socket) = listen("internal_listen", settings.internal_listen)?;
    let traces = settings.telemetry.otlp_endpoint.is_some();
    let timeout = settings.http.shutdown_timeout.as_secs();
    let (shared, goodbye, drain) = (ctx.clone(), draining.clone(), draining.clone());
    // Called once in each worker, on its thread.
    let public = HttpServer::new(move || {
        shared.db.serve_from_this_thread();
        App::new()
            .app_data(shared.clone())
            .app_data(goodbye.clone())
            .app_data(Data::new(docs::config()))
            .configure(|config| routes::public(config, &shared.metrics.requests))
            .wrap(from_fn(around::public))
            .wrap(Condition::new(traces, from_fn(traced::trace)))
    })
    .workers(settings.http.workers())
    .keep_alive(settings.http.keep_alive)
    .shutdown_timeout(timeout)
    .disable_signals();
    // One listener a server, so that each worker is set up once.
    let public = match &tls {
        Some(tls) => public.listen_rustls_0_23(public_socket, tls.config())?,
        None => public.listen(public_socket)?,
    };
    let internal = HttpServer::new(move || {
        App::new()
            .app_data(ctx.clone())
            .app_data(drain.clone())
            .configure(internal::routes)
            .default_service(web::to(routes::not_found))
            .wrap(from_fn(around::internal))
    })
    .workers(INTERNAL_WORKERS)
    .shutdown_timeout(1)
    .disable_signals();
    let internal = match tls.as_ref().filter(|_| settings.tls.internal) {
        Some(tls) => internal.listen_rustls_0_23(internal_socket, tls.config())?,
        None => internal.listen(internal_socket)?,
    };
    Ok(Bound {
        public_addr,
        internal_addr,
        tls,
        public: public.run(),
        internal: internal.run(),
        draining,
    })
}

/// `key` is the setting that names the address.
fn listen(key: &str, addr: SocketAddr) -> io::Result<(SocketAddr, TcpListener)> {
    let socket = bound(addr).map_err(|error| {
        let advice = format!(
            "can't listen on {addr}: {error}; set `{key}` to an address of this machine that \
             nothing else listens on"
        );
        io::Error::new(error.kind(), advice)
    })?;
    Ok((socket.local_addr()?, socket))
}

/// Connections that may wait to be accepted: gateways open hundreds at once, and one that finds no
/// place tries again only after a second.
const BACKLOG: u32 = 4096;

fn bound(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = match addr {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    socket.listen(BACKLOG)?.into_std()
}

impl Bound {
    /// Serves until `stop` comes. Then it says that it is not ready, serves on for `grace`, ends
    /// what is in flight, and returns; the internal listener goes last. Connections on which
    /// nothing is in flight end with the process.
    ///
    /// # Errors
    /// When a listener breaks.
    pub async fn serve(
        self,
        stop: impl Future<Output = ()>,
        grace: std::time::Duration,
    ) -> io::Result<()> {
        let (public, internal) = (self.public.handle(), self.internal.handle());
        let internal_server = tokio::spawn(self.internal);
        let mut public_server = tokio::spawn(self.public);
        tokio::select! {
            ended = &mut public_server => return ended?,
            () = stop => {}
        }
        tracing::info!("stopping: not ready any more, still serving");
        self.draining.begin();
        tokio::time::sleep(grace).await;
        let stopping = public.stop(true);
        tokio::pin!(stopping);
        // It waits for connections; those that rest between two requests are not worth it.
        tokio::select! {
            () = &mut stopping => public_server.await??,
            () = self.draining.nothing_in_flight() => {}
        }
        internal.stop(false).await;
        internal_server.await?
    }
}
