//! The recipes of `deploy/forward-auth/`, each in the real gateway that it is for, before a real
//! service and a real upstream. Only the three ports and the folder of keys are put in. Traefik
//! reads its recipe for Kubernetes from an API server that `tests/strangers/cluster.py` plays; that of
//! ingress-nginx is written down for nginx as its controller would (`tests/strangers/ingress_nginx.py`).

/// Runs a test with each gateway that is named.
macro_rules! with {
    ([$($module:ident: $kind:ident),+] $(#[$meta:meta])* async fn $name:ident($with:ident: Kind) $body:block) => {
        $(#[$meta])* mod $name {
            #[allow(unused_imports, reason = "not every test needs all of them")]
            use super::*;

            async fn test($with: Kind) $body

            $(#[tokio::test(flavor = "multi_thread")]
            async fn $module() {
                test(Kind::$kind).await;
            })+
        }
    };
}

/// Runs tests with every gateway.
macro_rules! every_gateway {
    ($($(#[$meta:meta])* async fn $name:ident($with:ident: Kind) $body:block)+) => {
        $(with! { [nginx: Nginx, caddy: Caddy, envoy: Envoy, haproxy: Haproxy, traefik: Traefik]
            $(#[$meta])* async fn $name($with: Kind) $body })+
    };
}

/// Runs tests with every recipe: those for Kubernetes, too.
macro_rules! every_recipe {
    ($($(#[$meta:meta])* async fn $name:ident($with:ident: Kind) $body:block)+) => {
        $(with! { [nginx: Nginx, caddy: Caddy, envoy: Envoy, haproxy: Haproxy, traefik: Traefik,
                traefik_kubernetes: TraefikKubernetes, ingress_nginx: IngressNginx]
            $(#[$meta])* async fn $name($with: Kind) $body })+
    };
}

/// Runs tests with the gateways that ask the service about each request.
macro_rules! asking_gateways {
    ($($(#[$meta:meta])* async fn $name:ident($with:ident: Kind) $body:block)+) => {
        $(with! { [nginx: Nginx, caddy: Caddy, envoy: Envoy, traefik: Traefik]
            $(#[$meta])* async fn $name($with: Kind) $body })+
    };
}

mod access;
mod cookies;
mod demands;
mod failing;
mod gateway;
mod haproxy;
mod hostile;
mod identity;
mod many;
mod recipes;
mod requests;
mod revoked;
mod rotation;
mod scene;
mod tap;
mod upstream;

use gateway::Kind;
use scene::Scene;
