use std::time::Duration;

use super::*;
use crate::metrics::Metrics;

const RIGHT: &str = "correct horse battery staple";

fn settings() -> config::Passwords {
    config::Passwords {
        hash_workers: 1,
        argon2_memory_kib: 64,
        queue_deadline: Duration::from_secs(30),
        ..config::Passwords::default()
    }
}

fn start(settings: &config::Passwords) -> Result<Hasher, StartError> {
    Hasher::start(settings, Entropy::seeded(1), Metrics::default().hashing)
}

fn hasher(settings: &config::Passwords) -> Hasher {
    start(settings).unwrap()
}

fn password(raw: &str) -> Password {
    Password::parse(raw).unwrap()
}

async fn verify(hasher: &Hasher, raw: &str, stored: &str) -> Verdict {
    let stored = Some(stored.to_owned());
    hasher.verify(password(raw), stored).await.unwrap()
}

const NO: Verdict = Verdict {
    matches: false,
    is_outdated: false,
};
const YES: Verdict = Verdict {
    matches: true,
    is_outdated: false,
};

#[tokio::test]
async fn hashes_as_the_settings_say() {
    // R18
    let hasher = hasher(&config::Passwords {
        hash_workers: 1,
        ..config::Passwords::default()
    });
    let stored = hasher.hash(password(RIGHT)).await.unwrap();
    let parts: Vec<&str> = stored.split('$').collect();
    assert_eq!(parts[1..4], ["argon2id", "v=19", "m=19456,t=2,p=1"]);
    // 16 and 32 bytes in base64.
    assert_eq!((parts[4].len(), parts[5].len()), (22, 43));
    assert_eq!(verify(&hasher, RIGHT, &stored).await, YES);
    assert_eq!(verify(&hasher, "correct horse", &stored).await, NO);
    assert_ne!(hasher.hash(password(RIGHT)).await.unwrap(), stored);
}

#[tokio::test]
async fn composed_and_decomposed_passwords_are_one() {
    // R17
    let hasher = hasher(&settings());
    let composed = "Zo\u{eb} keeps quiet herons";
    let decomposed = "Zoe\u{308} keeps quiet herons";
    let stored = hasher.hash(password(composed)).await.unwrap();
    assert_eq!(verify(&hasher, decomposed, &stored).await, YES);
    assert_eq!(verify(&hasher, "Zoe keeps quiet herons", &stored).await, NO);
}

#[tokio::test]
async fn every_character_counts() {
    // I22, R16
    let hasher = hasher(&settings());
    for length in [200, 1024] {
        let shared = "x".repeat(length - 1);
        let stored = hasher.hash(password(&format!("{shared}a"))).await.unwrap();
        assert!(
            verify(&hasher, &format!("{shared}a"), &stored)
                .await
                .matches
        );
        assert_eq!(verify(&hasher, &format!("{shared}b"), &stored).await, NO);
    }
    let stored = hasher.hash(password("with a NUL\0 in it")).await.unwrap();
    assert_eq!(verify(&hasher, "with a NUL\0 in it", &stored).await, YES);
    assert_eq!(verify(&hasher, "with a NUL", &stored).await, NO);
    assert_eq!(verify(&hasher, "with a NUL\0 in It", &stored).await, NO);
}

#[tokio::test]
async fn a_weaker_or_foreign_hash_is_outdated_when_it_matches() {
    // R18
    let now = config::Passwords {
        argon2_memory_kib: 128,
        argon2_iterations: 3,
        argon2_parallelism: 2,
        ..settings()
    };
    let strong = hasher(&now);
    let foreign = "$2b$04$5lxftB8TVIozZhtHVu7ESuygBTesB.NAORHaK25XdNmXUeLOoQmR6".to_owned();
    let mut weaker = vec![foreign];
    for weak in [
        config::Passwords {
            argon2_memory_kib: 127,
            ..now.clone()
        },
        config::Passwords {
            argon2_iterations: 2,
            ..now.clone()
        },
        config::Passwords {
            argon2_parallelism: 1,
            ..now.clone()
        },
    ] {
        weaker.push(hasher(&weak).hash(password(RIGHT)).await.unwrap());
    }
    for stored in weaker {
        let verdict = verify(&strong, RIGHT, &stored).await;
        assert!(verdict.matches && verdict.is_outdated);
        let rehash = strong.hash(password(RIGHT)).await.unwrap();
        assert!(
            rehash.starts_with("$argon2id$v=19$m=128,t=3,p=2$"),
            "{rehash}"
        );
        assert_eq!(verify(&strong, RIGHT, &rehash).await, YES);
        assert_eq!(verify(&strong, "wrong", &stored).await, NO);
    }
    let stronger = strong.hash(password(RIGHT)).await.unwrap();
    assert_eq!(verify(&hasher(&settings()), RIGHT, &stronger).await, YES);
}

#[tokio::test]
async fn an_unknown_user_costs_what_a_wrong_password_costs() {
    // R21
    let hasher = hasher(&settings());
    let stored = hasher.hash(password(RIGHT)).await.unwrap();
    let bcrypt = "$2b$04$5lxftB8TVIozZhtHVu7ESuygBTesB.NAORHaK25XdNmXUeLOoQmR6".to_owned();
    let runs = || hasher.stats().argon2_runs;
    // A password that bcrypt cannot tell from another is not answered sooner, either.
    let long = "x".repeat(73);
    for (raw, stored) in [
        (RIGHT, None),
        ("wrong", Some(stored)),
        (&long, Some(bcrypt)),
    ] {
        let before = runs();
        assert_eq!(hasher.verify(password(raw), stored).await, Ok(NO));
        assert_eq!(runs() - before, 1);
    }
}

#[tokio::test]
async fn judges_new_passwords() {
    // R16
    let hasher = hasher(&settings());
    let inputs = vec!["alice.smith@example.com".to_owned()];
    let check = |raw| hasher.check_new(password(raw), inputs.clone());
    assert_eq!(check(RIGHT).await, Ok(()));
    let refused = |error| Err(CheckError::Refused(error));
    assert_eq!(
        check("short").await,
        refused(PasswordError::TooShort { min: 15 })
    );
    assert_eq!(
        check("aaaaaaaaaaaaaaa").await,
        refused(PasswordError::Common)
    );
    assert_eq!(
        check("alice.smith@example.com").await,
        refused(PasswordError::ContainsAccount)
    );
}

#[tokio::test]
async fn a_flood_is_shed_and_says_so() {
    // L10
    let hasher = hasher(&config::Passwords {
        queue_length: 2,
        argon2_memory_kib: 19_456,
        ..settings()
    });
    let flood = (0..20).map(|_| hasher.verify(password(RIGHT), None));
    let answers = futures_util::future::join_all(flood).await;
    let busy = answers
        .iter()
        .filter(|answer| **answer == Err(HashError::Busy));
    assert_eq!(busy.count(), 17);
    assert_eq!(
        hasher.stats(),
        Stats {
            queue_depth: 0,
            shed: 17,
            argon2_runs: 3
        }
    );
}

// I31
#[tokio::test]
async fn every_hash_that_the_settings_make_can_be_verified_and_more_memory_is_refused_not_taken() {
    let bounds = config::Passwords::default().hash_bounds();
    for (memory, passes, lanes) in [(8, 100, 1), (512, 1, 64), (19_456, 2, 1), (65_536, 1, 4)] {
        let mut settings = config::Settings::default();
        settings.passwords = config::Passwords {
            argon2_memory_kib: memory,
            argon2_iterations: passes,
            argon2_parallelism: lanes,
            ..self::settings()
        };
        assert_eq!(settings.validate(), Ok(()));
        let strong = hasher(&settings.passwords);
        let stored = strong.hash(password(RIGHT)).await.unwrap();
        assert_eq!(verify(&strong, RIGHT, &stored).await, YES);
        // By whoever has the settings of before, too.
        assert!(
            verify(&hasher(&self::settings()), RIGHT, &stored)
                .await
                .matches
        );
        assert_eq!(strong.can_verify(&stored), Ok(()));
    }
    let hasher = hasher(&settings());
    let salt = "AAECAwQFBgcICQoLDA0ODw";
    for (hash, needed) in [
        (
            format!("$argon2id$v=19$m=65537,t=1,p=1${salt}${salt}"),
            65_537,
        ),
        (
            format!("$argon2id$v=19$m=1048576,t=1,p=1${salt}${salt}"),
            1_048_576,
        ),
        (format!("$scrypt$ln=17,r=8,p=1${salt}${salt}"), 131_072),
    ] {
        let refused = hasher.verify(password(RIGHT), Some(hash.clone())).await;
        let Err(HashError::Stored(why)) = refused else {
            panic!("{hash}: {refused:?}")
        };
        assert_eq!(hasher.can_verify(&hash), Err(why));
        let HashFormatError::TooMuchMemory {
            needed: asked,
            limit,
            ..
        } = why
        else {
            panic!("{hash}: {why}")
        };
        assert_eq!((asked, limit), (needed, bounds.memory_kib));
        assert!(why.to_string().contains("passwords.max_hash_memory_kib"));
    }
}

#[test]
fn memory_that_is_not_to_be_had_is_an_error_and_no_abort() {
    // I31: an allocation of this many KiB is beyond every address space.
    let params = Params::new(u32::MAX, 1, 1, None).unwrap();
    let mut memory = Memory::of_blocks(usize::MAX / 1024);
    let made = ArgonHash::make(&params, [0; 16], &password(RIGHT), &mut memory);
    assert_eq!(made.err(), Some(argon2::Error::OutOfMemory));
}

#[tokio::test]
async fn what_cannot_be_is_an_error() {
    let bad = config::Passwords {
        argon2_iterations: 0,
        ..settings()
    };
    let refused = start(&bad).err();
    assert!(matches!(refused, Some(StartError::Parameters(_))));

    let hasher = hasher(&settings());
    let corrupt = hasher.verify(password(RIGHT), Some("plain".to_owned()));
    assert_eq!(
        corrupt.await,
        Err(HashError::Stored(HashFormatError::Unknown))
    );
}
