use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::{Folder, load};
use crate::config::secrets::{decode_key, is_made_up, redact};
use crate::config::{Mode, Settings, effective_toml};
use crate::entropy::Entropy;

const SECRET: &str = "hunter2hunter2";

#[test]
fn no_refusal_shows_a_secret() {
    let folder = Folder::new();
    for text in [
        "keys.encryption_keys = 'hunter2hunter2'",
        "keys.encryption_keys = [['hunter2hunter2']]",
        "keys.encryption_keys = [271828]",
        "keys.encryption_keys = { a = 'hunter2hunter2' }",
        "database.url = ['hunter2hunter2']",
        "redis.url = ['hunter2hunter2']",
        "databse.url = 'hunter2hunter2'",
        "database.url = 'postgres://u:hunter2hunter2@h",
        "database.url = hunter2hunter2",
        "database.url = 'hunter2hunter2' hunter2hunter2",
    ] {
        let error = load(Some(&folder.file(text)), &[]).unwrap_err();
        assert!(
            !error.contains("hunter") && !error.contains("271828"),
            "{error}"
        );
    }
}

#[test]
fn neither_problems_nor_debug_nor_the_effective_settings_show_a_secret() {
    let mut settings = Settings {
        mode: Mode::Production,
        ..Settings::default()
    };
    settings.database.url = format!("mysql://u:{SECRET}@h/db");
    settings.redis.url = Some(format!("http://:{SECRET}@h"));
    settings.issuer = format!("https://u:{SECRET}@h");
    settings.keys.encryption_keys = vec![SECRET.into(), SECRET.into()];
    let problems = settings.validate().unwrap_err();
    let problems = problems.iter().map(ToString::to_string).collect::<String>();
    assert!(!problems.contains("hunter"), "{problems}");

    settings.issuer = "https://h".into();
    let effective = effective_toml(&settings);
    assert!(!effective.contains("hunter"), "{effective}");
    assert!(effective.contains("url = \"mysql://u:***@h/db\"\n"));
    assert!(effective.contains("# encryption_keys: 2 not shown\n"));
    let debug = format!("{settings:?}");
    assert!(!debug.contains("hunter"), "{debug}");
}

#[test]
fn a_password_is_redacted_wherever_it_stands() {
    for (url, shown) in [
        ("postgres://u:p@h:5432/d", "postgres://u:***@h:5432/d"),
        ("postgres://u:p/@?x@h/d", "postgres://u:***@h/d"),
        (
            "postgres://u@h/d?password=p&a=b",
            "postgres://u@h/d?password=***&a=b",
        ),
        ("redis://:p@h", "redis://:***@h"),
        ("redis://h:6379", "redis://h:6379"),
        ("sqlite://./data/auth.db", "sqlite://./data/auth.db"),
        ("host=h password=p", "***"),
    ] {
        assert_eq!(redact(url), shown);
    }
}

#[test]
fn a_key_is_read_in_each_base64_and_no_other_length() {
    let key = [0xfb; 32];
    for text in [
        STANDARD.encode(key),
        STANDARD_NO_PAD.encode(key),
        URL_SAFE_NO_PAD.encode(key),
    ] {
        assert_eq!(*decode_key(&text).unwrap(), key, "{text}");
    }
    for text in [
        String::new(),
        STANDARD.encode([1; 31]),
        STANDARD.encode([1; 33]),
        "#".repeat(44),
    ] {
        assert!(decode_key(&text).is_none(), "{text}");
    }
}

#[test]
fn chance_never_looks_made_up() {
    let entropy = Entropy::seeded(1);
    assert!((0..10_000).all(|_| !is_made_up(&entropy.bytes::<32>().into())));
}
