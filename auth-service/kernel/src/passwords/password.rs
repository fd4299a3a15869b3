//! A password as somebody typed it: normalised once, bounded, never printed.

use std::fmt;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// The longest password, in characters (code points after NFC). Longer ones are refused, never cut.
pub const MAX_LENGTH: usize = 1024;

/// A password in NFC (Unicode Standard Annex #15), of 1 to [`MAX_LENGTH`] characters.
///
/// Clones share one copy, which is wiped when the last of them is dropped.
#[derive(Clone)]
pub struct Password(Arc<Zeroizing<String>>);

impl Password {
    /// Takes what somebody typed, at sign-up and at sign-in alike; a new password must pass the
    /// [`Policy`](super::Policy) besides.
    ///
    /// # Errors
    /// [`PasswordError::Empty`] and [`PasswordError::TooLong`].
    pub fn parse(raw: &str) -> Result<Self, PasswordError> {
        // Room for the longest, so that no copy is left behind by growing.
        let mut text = Zeroizing::new(String::with_capacity((MAX_LENGTH + 1) * 4));
        text.extend(raw.nfc().take(MAX_LENGTH + 1));
        match text.chars().count() {
            0 => Err(PasswordError::Empty),
            length if length > MAX_LENGTH => Err(PasswordError::TooLong),
            _ => Ok(Self(Arc::new(text))),
        }
    }

    /// Its length in characters.
    pub fn length(&self) -> usize {
        self.0.chars().count()
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Why a password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Nothing was typed.
    #[error("enter a password")]
    Empty,
    /// More than [`MAX_LENGTH`] characters.
    #[error("use at most {MAX_LENGTH} characters")]
    TooLong,
    /// Fewer characters than the policy asks for.
    #[error("use at least {min} characters")]
    TooShort {
        /// The policy's minimum, in characters.
        min: usize,
    },
    /// A common password, a repetition, a run of keys, or little more than one.
    #[error("this password is too easy to guess")]
    Common,
    /// Little more than the account's own email address or name, or the service's name.
    #[error("this password is too close to your email address, your name or this service")]
    ContainsAccount,
}

impl PasswordError {
    /// The stable name that clients may rely on.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "password_empty",
            Self::TooLong => "password_too_long",
            Self::TooShort { .. } => "password_too_short",
            Self::Common => "password_common",
            Self::ContainsAccount => "password_contains_account",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composed_and_decomposed_are_one_password() {
        // R17
        let composed = Password::parse("Zo\u{eb} \u{fc}ber").unwrap();
        let decomposed = Password::parse("Zoe\u{308} u\u{308}ber").unwrap();
        assert_eq!(composed.as_str(), decomposed.as_str());
        assert_eq!(composed.length(), 8);
        // NFC, not NFKC: a ligature is not its letters.
        assert_eq!(Password::parse("\u{fb01}").unwrap().as_str(), "\u{fb01}");
    }

    #[test]
    fn length_is_counted_in_characters_after_normalising() {
        // R16
        for (raw, wanted) in [
            ("", Err(PasswordError::Empty)),
            ("a", Ok(1)),
            (&"a".repeat(1024), Ok(1024)),
            (&"a".repeat(1025), Err(PasswordError::TooLong)),
            (&"e\u{301}".repeat(1024), Ok(1024)),
            (&"e\u{301}".repeat(1025), Err(PasswordError::TooLong)),
            (&"\u{1f600}".repeat(1024), Ok(1024)),
            (&"a".repeat(10_000_000), Err(PasswordError::TooLong)),
        ] {
            assert_eq!(Password::parse(raw).map(|p| p.length()), wanted);
        }
    }

    #[test]
    fn nothing_is_trimmed_or_printed() {
        let password = Password::parse("  hunter2\0 ").unwrap();
        assert_eq!(password.as_str(), "  hunter2\0 ");
        assert_eq!(format!("{password:?}"), "[redacted]");
    }
}
