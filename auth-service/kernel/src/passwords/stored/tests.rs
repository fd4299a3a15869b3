//! Known answers come from argon2-cffi, bcrypt, passlib, werkzeug, Django, libxcrypt and Python's
//! hashlib.

use std::sync::Arc;

use super::*;

const RIGHT: &str = "correct horse battery staple";

const KNOWN: [&str; 22] = [
    "$argon2id$v=19$m=64,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$LfR+3mNY7Repl21PztuJehADbUMqSs7xfSY7/Ji9IKw",
    "$argon2id$v=19$m=128,t=3,p=2$AAECAwQFBgcICQoLDA0ODw$idc0Y4uN42cpnberHHihHljkaFFtihzra9UbSLfGAMI",
    "$argon2i$v=19$m=64,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$LhHRz4t6ELVYGt19AvAYa7aN/3sMrww/m0fJJIW52fY",
    "$argon2i$v=16$m=64,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$W2L7P3MOA3nTv0kX33CqqTW87QMZIZtI+jish9e9P1Q",
    "$argon2i$m=64,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$W2L7P3MOA3nTv0kX33CqqTW87QMZIZtI+jish9e9P1Q",
    "$argon2d$v=19$m=64,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$dghoiRPSRKBbaaCRimSJwR//QWj12/Ib4j98W2I/aGM",
    "$2b$04$5lxftB8TVIozZhtHVu7ESuygBTesB.NAORHaK25XdNmXUeLOoQmR6",
    "$2a$04$5x9mhp/8tTfi1P3apmlMKeya0nIAWfbnmCA1uf2YUGki1mdkTtzu.",
    "$2y$04$CCCCCCCCCCCCCCCCCCCCC.0uP/2zHIr81tVya45gVnDFLBmqu9l4W",
    "$scrypt$ln=10,r=8,p=2$AAECAwQFBgcICQoLDA0ODw$wk79EttC618m617oirShLZuxJkXcX6rXHrrS9rQQ/44",
    "$scrypt$ln=10,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$mp90zEQd5XGhjEv4WArVH4Z0XRSzkGWtJK2S/AXJlRU",
    "$7$8U..../....Mq4YHD2syxYT.MsH1Ek0n1$SZM7UpTI1y0jPJTuQaN0plVHJEtp5Yn0dTCUIXAdVA.",
    "scrypt:1024:8:1$UNXAm8Tir73PW1wh$24c8ae75b85887016fa1e69db58fae3729faa1c60ca946df68dbafd132fbc391ad85a11f6a9ed14ac096f24d36ec031862ad2f02d34e1cfde6420bf9db132fea",
    "pbkdf2:sha256:1000$fT8mqImbN9LLoQ8l$fa0a536ea3187afc48ad211dfc27bb197cf4f0e04ed866158433d3129844fe52",
    "pbkdf2:sha1:1000$IJBSlZqQkWDaoGv3$b51b95b5b24eda06b38cdc87dae9dc1338f81b43",
    "$pbkdf2-sha256$1000$.vr6.vr6.vr6.vr6.vr6/w$g5yhUSELWNlN8J8QBb/SB.Ca1SN0CXllogSvU245EPg",
    "$pbkdf2$1000$.vr6.vr6.vr6.vr6.vr6/w$.LfnHjrXmK7It2LpuxMSRib5vU4",
    "$pbkdf2-sha512$1000$.vr6.vr6.vr6.vr6.vr6/w$8evNRxtMj4ZXMoVRPim/cOJkNZb1EkVGDmJ3dI4uRaLEVEILG41XOJhhMxv0eKv5KCBrJXHnNVM4/zCzCAMVFg",
    "$pbkdf2-sha1$i=1000,l=20$AAECAwQFBgcICQoLDA0ODw$AOm/kOb/+YAZ3ZwSogYgNu9fO1g",
    "$pbkdf2-sha256$i=1000,l=32$AAECAwQFBgcICQoLDA0ODw$ppsXnjrdPB4KryJ6DrOqKqhkWrhv7PbKAMF1Eml8cZ4",
    "pbkdf2_sha256$1000$seasalt$3xmXbyk2QpiyNcnoBbzRPwEBsYPTbDlRdtmLyBvQltA=",
    "pbkdf2_sha1$1000$seasalt$9iRYj0as1r5j+cCBxB+HMlxkyr4=",
];

/// Of 199 times `x`, then `a`.
const LONG: [&str; 3] = [
    "$argon2id$v=19$m=64,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$7nPBxEBUG5NuG6MEdJ1lrtbGyqlHeJxm4AvT4QKwKKc",
    "$scrypt$ln=4,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$vFEjOmYQC4EudWFZKQ9D3qrGqxTqFyKRnn7h9DZqEp4",
    "$pbkdf2-sha256$100$AAECAwQFBgcICQoLDA0ODw$c3swBcsRAN2wE9aEMWNjmdY4/3u87xT/xat6iqqVpX0",
];

fn verify(stored: &str, raw: &str) -> bool {
    // Smaller than one of the hashes needs, larger than the others do.
    let params = Params::new(100, 1, 1, None).unwrap();
    let mut memory = Memory::new(&params, Arc::default());
    let password = Password::parse(raw).unwrap();
    let stored = StoredHash::parse(stored, BOUNDS).unwrap();
    // Twice, so that what the first left in the memory is seen not to matter.
    let first = stored.verify(&password, &mut memory).unwrap();
    assert_eq!(stored.verify(&password, &mut memory), Ok(first));
    first
}

/// Room for every hash that is known here.
const BOUNDS: HashBounds = HashBounds {
    memory_kib: 1024 * 1024,
};

fn refusal(stored: &str) -> HashFormatError {
    StoredHash::parse(stored, BOUNDS).unwrap_err()
}

#[test]
fn known_answers_verify() {
    // R18
    for stored in KNOWN {
        assert!(verify(stored, RIGHT), "{stored}");
        assert!(!verify(stored, "correct horse battery stapl"), "{stored}");
        assert!(!verify(stored, "correct horse battery staple "), "{stored}");
    }
    let composed = "$2b$04$8eJk.Zzj9mAU7W2BjL9Lauwr5XqRLuatynPaoaOgB8YIQe3Qc.02i";
    assert!(verify(composed, "Zoe\u{308} u\u{308}ber \u{6c34}, enough")); // R17
}

#[test]
fn long_passwords_that_differ_in_the_last_byte_differ() {
    // I22
    let shared = "x".repeat(199);
    for stored in LONG {
        assert!(verify(stored, &format!("{shared}a")), "{stored}");
        assert!(!verify(stored, &format!("{shared}b")), "{stored}");
    }
    // bcrypt's hash of the first 72 bytes, which it would make of either.
    let stored = "$2b$04$K3U/BZsVodDmw8TTCoGOGuvRbc1rWaMyKSP.oairnMyBTIDbsVDAa";
    assert!(verify(stored, &shared[..72]));
    for length in [71, 73, 199] {
        assert!(!verify(stored, &shared[..length]), "{length}");
    }
    let stored = "$2b$04$EGK4Wd7pUiBKsibyoii9TeJaEN9KGO.o.khZxLKliOpcd4sKNNK1K";
    assert!(verify(stored, &"y".repeat(72)));
    assert!(!verify(stored, &"y".repeat(1024)));
}

#[test]
fn a_nul_never_matches_a_foreign_hash() {
    // I22
    for stored in KNOWN {
        assert!(!verify(stored, &format!("{RIGHT}\0")), "{stored}");
        assert!(!verify(stored, &format!("{RIGHT}\0more")), "{stored}");
        assert!(!verify(stored, "\0"), "{stored}");
    }
}

#[test]
fn only_argon2id_of_the_settings_stays() {
    // R18
    let params = Params::new(64, 2, 1, None).unwrap();
    let stays = |stored: &str| {
        StoredHash::parse(stored, BOUNDS)
            .unwrap()
            .is_at_least(&params)
    };
    assert!(KNOWN[..2].iter().all(|stored| stays(stored)));
    assert!(!KNOWN[2..].iter().any(|stored| stays(stored)));
    // The version, a short salt and a short tag.
    assert!(!stays(
        "$argon2id$v=16$m=64,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$W2L7P3MOA3nTv0kX33CqqTW87QMZIZtI+jish9e9P1Q"
    ));
    assert!(!stays(
        "$argon2id$v=19$m=64,t=2,p=1$AAECAwQFBgc$W2L7P3MOA3nTv0kX33CqqTW87QMZIZtI+jish9e9P1Q"
    ));
    assert!(!stays(
        "$argon2id$v=19$m=64,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODw"
    ));
}

#[test]
fn what_would_stall_sign_ins_is_refused() {
    let salt = "AAECAwQFBgcICQoLDA0ODw";
    for costly in [
        format!("$argon2id$v=19$m=1048577,t=1,p=1${salt}${salt}"),
        format!("$argon2id$v=19$m=64,t=101,p=1${salt}${salt}"),
        format!("$argon2id$v=19$m=1048576,t=5,p=1${salt}${salt}"),
        format!("$argon2id$v=19$m=4294967295,t=4294967295,p=4294967295${salt}${salt}"),
        "$2b$16$5lxftB8TVIozZhtHVu7ESuygBTesB.NAORHaK25XdNmXUeLOoQmR6".to_owned(),
        format!("$scrypt$ln=21,r=8,p=1${salt}${salt}"),
        format!("$scrypt$ln=18,r=8,p=5${salt}${salt}"),
        format!("$scrypt$ln=1,r=1,p=4294967295${salt}${salt}"),
        format!("$scrypt$ln=4294967295,r=4294967295,p=4294967295${salt}${salt}"),
        format!("$7$zzzzzzzzzzz{salt}${salt}"),
        format!("$pbkdf2-sha512$10000001${salt}${salt}"),
    ] {
        let refusal = refusal(&costly);
        let too_much = matches!(
            refusal,
            HashFormatError::TooCostly { .. } | HashFormatError::TooMuchMemory { .. }
        );
        assert!(too_much, "{costly}: {refusal}");
    }
}

#[test]
fn what_is_malformed_is_refused() {
    for stored in [
        "",
        "plain",
        "$",
        "$1$salt$x",
        "{SSHA}eA==",
        &"$2b$".repeat(1000),
    ] {
        assert_eq!(refusal(stored), HashFormatError::Unknown, "{stored}");
    }
    let unsupported = "$2x$04$CCCCCCCCCCCCCCCCCCCCC.0uP/2zHIr81tVya45gVnDFLBmqu9l4W";
    assert_eq!(
        refusal(unsupported),
        HashFormatError::Unsupported("bcrypt $2x$")
    );
    let salt = "AAECAwQFBgcICQoLDA0ODw";
    for stored in [
        format!("$argon2id$v=19$m=64,t=2${salt}${salt}"),
        format!("$argon2id$v=19$t=2,m=64,p=1${salt}${salt}"),
        format!("$argon2id$v=19$m=+64,t=2,p=1${salt}${salt}"),
        format!("$argon2id$v=19$m=64,t=2,p=1,keyid=AA${salt}${salt}"),
        format!("$argon2id$v=18$m=64,t=2,p=1${salt}${salt}"),
        format!("$argon2x$v=19$m=64,t=2,p=1${salt}${salt}"),
        format!("$argon2id$v=19$m=64,t=0,p=1${salt}${salt}"),
        format!("$argon2id$v=19$m=64,t=2,p=0${salt}${salt}"),
        format!("$argon2id$v=19$m=64,t=2,p=1$AAEC${salt}"),
        format!("$argon2id$v=19$m=64,t=2,p=1${salt}$AAEC"),
        format!("$argon2id$v=19$m=64,t=2,p=1${salt}$"),
        format!("$argon2id$v=19$m=64,t=2,p=1${salt}"),
        "$2b$".to_owned(),
        "$2b$04$aaaaaaaaaaaaaaaaaaaaa\u{a3}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".to_owned(),
        "$2b$03$5lxftB8TVIozZhtHVu7ESuygBTesB.NAORHaK25XdNmXUeLOoQmR6".to_owned(),
        format!("$scrypt$ln=0,r=8,p=1${salt}${salt}"),
        format!("$scrypt$ln=10,r=0,p=1${salt}${salt}"),
        format!("scrypt:1000:8:1$salt${}", "00".repeat(32)),
        "scrypt:1024:8:1$salt$zz".to_owned(),
        "$7$8U..../...\u{e9}x$y".to_owned(),
        format!("$pbkdf2-sha256$0${salt}${salt}"),
        format!("$pbkdf2-md5$1000${salt}${salt}"),
        format!("$pbkdf2-sha256$i=1000,l=32${salt}${salt}"),
        format!("$pbkdf2-sha256$1000$${salt}"),
        format!("pbkdf2:sha256:1000$salt${}0", "00".repeat(32)),
    ] {
        let refusal = refusal(&stored);
        assert!(
            matches!(refusal, HashFormatError::Malformed(_)),
            "{stored}: {refusal}"
        );
    }
}
