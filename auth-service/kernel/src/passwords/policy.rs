//! Is a new password hard enough to guess?

use unicode_normalization::UnicodeNormalization;

use super::password::{Password, PasswordError};

/// A password must withstand this many guesses, as powers of ten; a shorter one must withstand as
/// many as a random one of its length does.
const LEAST_MAGNITUDE: usize = 10;

/// Characters that zxcvbn judges at once. Its work grows with the cube of the length, it looks at
/// no more than 100, and its factorials overflow beyond 20 pieces.
const PIECE: usize = 20;

/// Words of the account that are looked for, and the shortest that counts, in characters.
const MAX_WORDS: usize = 32;
const MIN_WORD: usize = 3;

/// What a new password must satisfy: length and guessability, no composition rules
/// (NIST SP 800-63B-4 §3.1.1.2).
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// The fewest characters (code points after NFC).
    pub min_length: usize,
}

impl Policy {
    /// Whether `password` may become the password of an account. `inputs` is what a guesser would
    /// try first for this very account: its email address and name, the name of the service.
    ///
    /// Common passwords are those of the list inside the crate `zxcvbn`. Takes up to some
    /// milliseconds of computing: never call it from an async task, but by way of
    /// [`Hasher::check_new`](super::Hasher::check_new).
    ///
    /// # Errors
    /// [`PasswordError::TooShort`], [`PasswordError::Common`], [`PasswordError::ContainsAccount`].
    pub fn check(&self, password: &Password, inputs: &[&str]) -> Result<(), PasswordError> {
        let length = password.length();
        if length < self.min_length {
            return Err(PasswordError::TooShort {
                min: self.min_length,
            });
        }
        let guesses = 10_u64.pow(length.min(LEAST_MAGNITUDE) as u32);
        match without_words(password.as_str(), inputs) {
            Some(rest) if !withstands(&rest, guesses) => Err(PasswordError::ContainsAccount),
            _ if !withstands(password.as_str(), guesses) => Err(PasswordError::Common),
            _ => Ok(()),
        }
    }
}

/// Whether some piece of `text` is estimated to take that many guesses: what surrounds it can only
/// add to them.
fn withstands(text: &str, guesses: u64) -> bool {
    let chars: Vec<char> = text.chars().collect();
    chars.chunks(PIECE).any(|piece| {
        let piece: String = piece.iter().collect();
        zxcvbn::zxcvbn(&piece, &[]).guesses() >= guesses
    })
}

/// `text` with the words of the account cut out, if there were any in it.
fn without_words(text: &str, inputs: &[&str]) -> Option<String> {
    let text = text.to_lowercase();
    let inputs: Vec<String> = inputs
        .iter()
        .map(|input| input.nfc().collect::<String>().to_lowercase())
        .collect();
    let mut words: Vec<&str> = inputs
        .iter()
        .flat_map(|input| input.split(|c: char| !c.is_alphanumeric()))
        .filter(|word| word.chars().count() >= MIN_WORD)
        .take(MAX_WORDS)
        .collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let rest = words
        .iter()
        .fold(text.clone(), |rest, word| rest.replace(word, ""));
    (rest != text).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUTS: [&str; 3] = ["alice.smith@example.com", "Alice Smith", "auth-service"];

    fn check(min_length: usize, raw: &str) -> Result<(), PasswordError> {
        Policy { min_length }.check(&Password::parse(raw).unwrap(), &INPUTS)
    }

    #[test]
    fn length_has_a_minimum_and_nothing_else_is_prescribed() {
        // R16
        let short = Err(PasswordError::TooShort { min: 15 });
        assert_eq!(check(15, "kvmztqhwpxrbnc"), short);
        assert_eq!(check(15, "kvmztqhwpxrbncd"), Ok(()));
        assert_eq!(check(8, "k7#vQ9!m"), Ok(()));
    }

    #[test]
    fn the_guessable_is_refused() {
        // R16
        for raw in [
            "aaaaaaaaaaaaaaa",
            &"a".repeat(1024),
            "123456789012345",
            "qwertyuiopasdfgh",
            "qwertyuiopasdfghjklzxcvbnm",
            "abcdefghijklmnopqrstuvwxyz",
            "passwordpassword",
            &"password".repeat(100),
            "Password123456789",
            "abcabcabcabcabcabc",
            "999999999999999999999",
        ] {
            assert_eq!(check(15, raw), Err(PasswordError::Common), "{raw}");
        }
        for raw in ["password", "iloveyou", "sunshine1", "P@ssw0rd", "12345678"] {
            assert_eq!(check(8, raw), Err(PasswordError::Common), "{raw}");
        }
    }

    #[test]
    fn the_account_itself_is_refused() {
        // R16
        for raw in [
            "alice.smith@example.com",
            "Alice.Smith.2024!",
            "smithaliceexample",
            "auth-service-alice-smith",
        ] {
            let refused = check(15, raw).unwrap_err();
            assert_eq!(refused, PasswordError::ContainsAccount, "{raw}");
        }
        assert_eq!(check(15, "alice keeps nine quiet herons"), Ok(()));
    }

    #[test]
    fn passphrases_of_random_words_are_accepted() {
        // R16
        for raw in [
            "correct horse battery staple",
            "gravel-otter-lantern-mosaic",
            "plumber tundra violin",
            "neun stille Graureiher im Schilf",
            "\u{732b}\u{304c}\u{5c4b}\u{6839}\u{306e}\u{4e0a}\u{3067}\u{4e5d}\u{56de}\u{9cf4}\u{3044}\u{305f}\u{591c}\u{660e}\u{3051}",
        ] {
            assert_eq!(check(15, raw), Ok(()), "{raw}");
        }
    }

    #[test]
    fn a_long_password_of_many_pieces_neither_panics_nor_stalls() {
        let overflows = "the1/1/2001\u{65e5}\u{672c}1/1/2001thei2020theaaaAaazzof@$!aa2020asdf\
            passwordloveqwe123aXy9loveofP4sslovethe\u{65e5}\u{672c} P4s";
        for piece in ["a1b2", "aabb", "the of and ", "P@55w0rD", overflows] {
            let raw: String = piece.repeat(300).chars().take(1024).collect();
            withstands(&raw, u64::MAX);
        }
    }
}
