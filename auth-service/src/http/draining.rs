//! From the word to stop until the end: still serving, and sending clients elsewhere.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::middleware::Next;
use actix_web::web::Data;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set once the service has been told to stop: it is not ready any more, and still serves.
#[derive(Default)]
pub struct Draining(AtomicBool);

impl Draining {
    /// The service was told to stop.
    pub fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was.
    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Closes each connection after its answer once the service is stopping, so that a client opens
/// its next one elsewhere and none is cut while a request is on its way.
pub async fn say_goodbye<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let draining = request.app_data::<Data<Draining>>().cloned();
    let mut response = next.call(request).await?;
    if draining.is_some_and(|draining| draining.has_begun()) {
        let head = response.response_mut().head_mut();
        head.set_connection_type(ConnectionType::Close);
    }
    Ok(response)
}
