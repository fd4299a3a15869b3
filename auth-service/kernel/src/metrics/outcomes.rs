//! The values that labels can have: closed lists, so that no client makes a series of its own.

/// What a counter tells apart.
pub trait Outcome: Copy + 'static {
    /// The label's name.
    const LABEL: &'static str;
    /// All there are, in the order of [`place`](Self::place).
    const ALL: &'static [Self];
    /// The label's value.
    fn name(self) -> &'static str;
    /// Its place in [`ALL`](Self::ALL).
    fn place(self) -> usize;
}

macro_rules! outcomes {
    ($(#[$doc:meta])* $type:ident by $label:literal {
        $($(#[$of:meta])* $variant:ident = $name:literal),+ $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $type {
            $($(#[$of])* $variant),+
        }

        impl Outcome for $type {
            const LABEL: &'static str = $label;
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }

            fn place(self) -> usize {
                self as usize
            }
        }
    };
}

outcomes! {
    /// How a sign-in by password ended.
    Login by "result" {
        /// With a session.
        Success = "success",
        /// The address and the password do not belong together.
        InvalidCredentials = "invalid_credentials",
        /// There were too many failures before.
        RateLimited = "rate_limited",
        /// Too many passwords were being hashed.
        Busy = "busy",
        /// The service failed.
        Error = "error",
    }
}

outcomes! {
    /// What became of a presented refresh token.
    Refresh by "outcome" {
        /// It was exchanged for the next one.
        Rotated = "rotated",
        /// It was answered with the session's current one, within the reuse window.
        Replayed = "replayed",
        /// It was used before the window; its session was ended.
        Reused = "reused",
        /// It is none of ours.
        Invalid = "invalid",
        /// Its session has expired.
        Expired = "expired",
        /// Its session was ended before.
        Revoked = "revoked",
        /// More was asked for than its session was granted; nothing was consumed.
        NotGranted = "not_granted",
        /// Its session came too often; nothing was consumed.
        RateLimited = "rate_limited",
        /// The service failed; nothing was consumed.
        Error = "error",
    }
}
