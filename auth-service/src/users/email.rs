//! An email address, parsed once into a type that can't hold a bad one.

use std::fmt;
use unicode_normalization::UnicodeNormalization;

use email_address::{EmailAddress, Options};

use super::visible::is_blank;

/// RFC 5321 §4.5.3.1.3: 256 octets with the angle brackets.
const MAX_LEN: usize = 254;

/// An address as its owner writes it, and the form by which it is compared.
#[derive(Clone, PartialEq, Eq)]
pub struct Email {
    address: String,
    key: String,
}

/// The text is not an email address, or not one that an account can get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnEmail {
    /// It is none.
    #[error("this is not an email address")]
    Malformed,
    /// It holds a character that nobody sees.
    #[error("an email address can't hold the invisible character U+{:04X}", u32::from(*.0))]
    Hidden(char),
}

impl Email {
    /// Parses the address of a new account, with white space around it forgiven. It holds nothing
    /// that nobody sees: with it, an address passes for another.
    ///
    /// # Errors
    /// [`NotAnEmail`]
    pub fn new(text: &str) -> Result<Self, NotAnEmail> {
        if let Some(hidden) = text.trim().chars().find(|c| is_blank(*c)) {
            // Blanks and controls of ASCII are seen, and simply no part of an address.
            return Err(match hidden.is_ascii() {
                true => NotAnEmail::Malformed,
                false => NotAnEmail::Hidden(hidden),
            });
        }
        Self::parse(text)
    }

    /// Parses an address to look an account up by, with white space around it forgiven.
    ///
    /// # Errors
    /// [`NotAnEmail::Malformed`]
    pub fn parse(text: &str) -> Result<Self, NotAnEmail> {
        let address: String = text.trim().nfc().collect();
        let options = Options::default()
            .without_display_text()
            .without_domain_literal();
        let parsed = EmailAddress::parse_with_options(&address, options)
            .map_err(|_| NotAnEmail::Malformed)?;
        let quoted = parsed.local_part().starts_with('"');
        if address.len() > MAX_LEN || quoted || address.chars().any(char::is_control) {
            return Err(NotAnEmail::Malformed);
        }
        let domain =
            idna::domain_to_ascii_strict(parsed.domain()).map_err(|_| NotAnEmail::Malformed)?;
        let key = format!("{}@{domain}", fold(parsed.local_part()));
        Ok(Self { address, key })
    }

    /// As its owner writes it.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The canonical form: two addresses are the same account's if this is the same.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// Upper, then lower, then NFKC: the Kelvin sign, the long s and the dotless i all meet the ASCII
/// letter that they could be taken for (Django's CVE-2019-19844).
fn fold(local: &str) -> String {
    let compatible: String = local.nfkc().collect();
    compatible.to_uppercase().to_lowercase().nfkc().collect()
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.address, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> String {
        Email::parse(text).unwrap().key().to_owned()
    }

    #[test]
    fn looks_alike_is_the_same_account() {
        // I21
        let ascii = key("mike.kiss@example.org");
        for other in [
            "MIKE.KISS@EXAMPLE.ORG",
            " mike.kiss@example.org\n",
            "mi\u{212A}e.kiss@example.org",
            "mike.ki\u{17F}s@example.org",
            "m\u{131}ke.kiss@example.org",
            "mike.kiss@ex\u{FF41}mple.org",
            "\u{FF4D}ike.kiss@example.org",
        ] {
            assert_eq!(key(other), ascii, "{other}");
        }
        assert_ne!(key("mike@example.org"), key("mike@example.com"));
    }

    #[test]
    fn composed_and_decomposed_are_one() {
        assert_eq!(
            key("andr\u{E9}@example.org"),
            key("andre\u{301}@example.org")
        );
        assert_eq!(key("a@b\u{FC}cher.example"), key("a@xn--bcher-kva.example"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.org", "a".repeat(250));
        for text in [
            "",
            "a",
            "@",
            "a@",
            "@b",
            "a b@c.de",
            "a@b c.de",
            "a@@b.de",
            "a@b.de\r\nBcc: x@y.de",
            "Eve <eve@example.org>",
            "\"a b\"@example.org",
            "a@[127.0.0.1]",
            "a\u{0}@b.de",
            &long,
        ] {
            assert_eq!(Email::parse(text), Err(NotAnEmail::Malformed), "{text:?}");
            assert_eq!(Email::new(text), Err(NotAnEmail::Malformed), "{text:?}");
        }
    }

    #[test]
    fn no_account_gets_an_address_with_what_nobody_sees() {
        for hidden in [
            '\u{115F}',
            '\u{1160}',
            '\u{3164}',
            '\u{FFA0}',
            '\u{200B}',
            '\u{200D}',
            '\u{202E}',
            '\u{2028}',
            '\u{2066}',
            '\u{AD}',
            '\u{FEFF}',
            '\u{E0061}',
            '\u{FE0F}',
            '\u{A0}',
            '\u{3000}',
            '\u{2800}',
        ] {
            for text in [
                format!("a{hidden}da@example.org"),
                format!("ada@exa{hidden}mple.org"),
            ] {
                assert_eq!(
                    Email::new(&text),
                    Err(NotAnEmail::Hidden(hidden)),
                    "{text:?}"
                );
            }
        }
        let said = NotAnEmail::Hidden('\u{3164}').to_string();
        assert!(said.contains("U+3164"), "{said}");
        for seen in [
            "andr\u{E9}@example.org",
            "\u{5D0}\u{5D1}@example.org",
            " ada@example.org\n",
        ] {
            assert!(Email::new(seen).is_ok(), "{seen:?}");
        }
    }
}
