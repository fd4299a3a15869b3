//! Who calls: where a request came from, and what its answer is to say of the limits.

use std::net::{IpAddr, Ipv6Addr};

use crate::limits::Told;

/// Where a request came from. The default is nobody in particular: the service itself, or somebody
/// at the command line.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// The client's address, by way of trusted proxies and proven front ends alone.
    pub address: Option<IpAddr>,
    /// The client's `User-Agent`, at most [`MAX_USER_AGENT`] characters.
    pub user_agent: Option<String>,
    /// The request's `x-request-id`.
    pub request_id: Option<String>,
    /// What its answer is to say of the limits.
    pub told: Told,
}

impl Caller {
    /// The address; the unspecified one where there is none, so that all of these count together.
    pub fn address_or_none(&self) -> IpAddr {
        self.address.unwrap_or(Ipv6Addr::UNSPECIFIED.into())
    }

    /// The `User-Agent`; empty where there is none.
    pub fn user_agent(&self) -> &str {
        self.user_agent.as_deref().unwrap_or_default()
    }
}

/// What is kept of a `User-Agent`, in characters.
pub const MAX_USER_AGENT: usize = 256;
