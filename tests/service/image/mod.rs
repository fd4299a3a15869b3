//! The root file system of the container, without a container engine: `deploy/image-root` makes it
//! from the binary that the other tests use, and the service runs from it as its pods say, with
//! nothing else to see, nothing to write to, no right and no variable but its settings.

mod big;
mod jail;
mod runs;
mod trust;
