//! Scope tokens (RFC 6749 §3.3).

use std::fmt;

/// What the owner of an account does with it: `/v1/me…`.
pub const ACCOUNT_SCOPE: &str = "account";
/// What an administrator of this service does: `/v1/admin/…`.
pub const ADMIN_SCOPE: &str = "admin";

/// Scope tokens (RFC 6749 §3.3), each once, in the order given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope(String);

impl Scope {
    /// Parses scope tokens with one space between; nothing if the text is none, or empty.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words: Vec<&str> = Vec::new();
        for word in text.split(' ') {
            let byte = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
            if word.is_empty() || !word.bytes().all(byte) {
                return None;
            }
            if !words.contains(&word) {
                words.push(word);
            }
        }
        Some(Self(words.join(" ")))
    }

    /// The scope tokens.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ')
    }

    /// Whether this scope token is among them.
    pub fn has(&self, word: &str) -> bool {
        self.words().any(|own| own == word)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_words_each_once() {
        let scope = Scope::parse("account admin account").unwrap();
        assert_eq!(scope.to_string(), "account admin");
        assert!(scope.has("admin") && !scope.has("adm"));
        for text in [
            "", " ", "a  b", " a", "a ", "a\"b", "a\\b", "é", "a\tb", "a\u{0}b",
        ] {
            assert_eq!(Scope::parse(text), None, "{text:?}");
        }
    }
}
