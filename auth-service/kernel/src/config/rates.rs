//! `limits`: how often what may be asked.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use utoipa::ToSchema;

use super::durations::{parse, text};

/// How often something may be done. Written `60/1m`: 60 at once, and as many more come back evenly
/// over each minute; or `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// As often as one likes.
    Unlimited,
    /// `count` at once; they come back one by one, all of them within `period`.
    Per {
        /// From 1 to [`Rate::MAX_COUNT`].
        count: u32,
        /// From a second to a day.
        period: Duration,
    },
}

impl Rate {
    /// The largest count.
    pub const MAX_COUNT: u32 = 1_000_000;

    const fn per(count: u32, seconds: u64) -> Self {
        let period = Duration::from_secs(seconds);
        Self::Per { count, period }
    }

    /// Whether it can be counted.
    pub(super) fn is_sound(self) -> bool {
        let day = Duration::from_secs(24 * 60 * 60);
        match self {
            Self::Unlimited => true,
            Self::Per { count, period } => {
                let seconds = Duration::from_secs(1)..=day;
                (1..=Self::MAX_COUNT).contains(&count) && seconds.contains(&period)
            }
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unlimited => f.write_str("none"),
            Self::Per { count, period } => write!(f, "{count}/{}", text(*period)),
        }
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(written: &str) -> Result<Self, String> {
        if written == "none" {
            return Ok(Self::Unlimited);
        }
        let rate = written.split_once('/').and_then(|(count, period)| {
            let (count, period) = (count.trim().parse().ok()?, parse(period.trim())?);
            Some(Self::Per { count, period })
        });
        rate.ok_or_else(|| format!("`{written}` is no rate such as 60/1m, and not `none`"))
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// Declares the limits once: their settings, their defaults, and their names everywhere else.
macro_rules! limits {
    ($($(#[doc = $text:literal])+ $variant:ident $name:ident = $count:literal in $seconds:literal,)+) => {
        /// `limits`
        #[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct Rates {
            $($(#[doc = $text])+ #[schema(value_type = String)] pub $name: Rate,)+
        }

        impl Default for Rates {
            fn default() -> Self {
                Self { $($name: Rate::per($count, $seconds),)+ }
            }
        }

        /// One of the limits, by its setting.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Limit { $($(#[doc = $text])+ $variant,)+ }

        impl Limit {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Its name in headers, logs and Redis.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($name),)+ }
            }

            /// Its setting's dotted name.
            pub const fn setting(self) -> &'static str {
                match self { $(Self::$variant => concat!("limits.", stringify!($name)),)+ }
            }
        }

        impl Rates {
            /// How often, by this limit.
            pub fn of(&self, limit: Limit) -> Rate {
                match limit { $(Limit::$variant => self.$name,)+ }
            }

            /// The same rate for all.
            pub fn all(rate: Rate) -> Self {
                Self { $($name: rate,)+ }
            }
        }
    };
}

limits! {
    /// Sign-ins from an address (IPv6: its /64).
    SignInAddress sign_in_address = 120 in 60,
    /// Sign-ins to an account. A device that the account knows counts by itself.
    SignInAccount sign_in_account = 60 in 600,
    /// Sign-ups from an address.
    SignUpAddress sign_up_address = 60 in 600,
    /// Sign-ups with one email address.
    SignUpAccount sign_up_account = 20 in 600,
    /// How often an account that is signed in may be asked for its password: to change it, or to
    /// delete the account.
    PasswordAccount password_account = 30 in 600,
    /// Refreshes and log-outs of a session. Counted in each replica, never in Redis.
    RefreshSession refresh_session = 120 in 60,
    /// Calls with an access token, good or bad, from an address. Counted in each replica.
    CallAddress call_address = 6000 in 60,
    /// Calls with an access token of an account, but for the admin API. Counted in each replica.
    CallAccount call_account = 1200 in 60,
    /// Calls of the admin API by an account. Counted in each replica.
    AdminAccount admin_account = 6000 in 60,
}
