//! `deploy/` and `k8s/`, judged without a cluster: what `kubectl kustomize` makes of each overlay
//! passes the schemas, keeps to the restricted pod security profile, and says of the service what
//! is true of it. Run by `make check`; what runs the image itself is in `image`.

pub mod overlay;

mod container;
mod profile;
mod restricted;
mod rolling;
mod schemas;
mod settings;
mod upgrades;
mod wiring;
