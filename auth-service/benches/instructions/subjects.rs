//! What is counted.

use std::hint::black_box;

use auth_service::{logs, signin};
use kernel::config::LogFormat;
use kernel::passwords::Password;
use serde_json::{Map, Value};

use crate::http::{Line, after, text};
use crate::setup::{EMAIL, PASSWORD, PAUSE, Rooms};

/// So often before counting begins: connections are open, statements prepared, buffers grown.
pub const WARM: u32 = 50;

pub struct Subject {
    pub name: &'static str,
    /// How often it is counted: starting takes some 500,000 instructions more or less each time,
    /// which must be nothing beside all of these.
    pub times: u32,
    /// What is left out of it, being counted by itself.
    pub without: Option<&'static str>,
    /// Makes it ready to be done again and again.
    prepare: fn(Rooms) -> Box<dyn FnMut()>,
}

pub const SUBJECTS: &[Subject] = &[
    Subject {
        name: "refresh",
        times: 1000,
        without: None,
        prepare: refresh,
    },
    Subject {
        name: "login",
        times: 1000,
        without: Some("hash"),
        prepare: login,
    },
    Subject {
        name: "hash",
        times: 2000,
        without: None,
        prepare: hash,
    },
    Subject {
        name: "verify",
        times: 10000,
        without: None,
        prepare: forward_auth,
    },
    Subject {
        name: "mint",
        times: 2000,
        without: None,
        prepare: mint,
    },
    Subject {
        name: "check",
        times: 2000,
        without: None,
        prepare: check,
    },
];

/// Does one subject so often.
pub fn run(name: &str, times: u32) {
    let subject = SUBJECTS
        .iter()
        .find(|subject| subject.name == name)
        .unwrap();
    let rooms = Rooms::open(|settings| {
        // The least that argon2 is defined for.
        settings.passwords.argon2_memory_kib = 8;
        settings.passwords.argon2_iterations = 1;
        settings.log.format = LogFormat::Json;
    });
    logs::start(&rooms.ctx.settings.log, rooms.ctx.settings.mode, None).unwrap();
    let mut once = (subject.prepare)(rooms);
    for _ in 0..times {
        once();
    }
}

fn post(path: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nuser-agent: instructions\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// `POST /v1/refresh`, each with the token of the one before.
fn refresh(rooms: Rooms) -> Box<dyn FnMut()> {
    let mut line = Line::to(rooms);
    let mut token = line.rooms.ada.refresh_token.clone();
    Box::new(move || {
        line.rooms.clock.advance(PAUSE);
        let body = serde_json::json!({ "refresh_token": token });
        let answer = line.ask(&post("/v1/refresh", &body));
        let start = after(answer, br#""refresh_token":""#).unwrap();
        let next = text(&answer[start..start + token.len()]);
        assert_ne!(next, token, "it rotates");
        token = next.into_owned();
    })
}

/// `POST /v1/login`
fn login(rooms: Rooms) -> Box<dyn FnMut()> {
    let mut line = Line::to(rooms);
    let body = serde_json::json!({ "email": EMAIL, "password": PASSWORD });
    let request = post("/v1/login", &body);
    Box::new(move || {
        line.ask(&request);
    })
}

/// What `login` hashes.
fn hash(rooms: Rooms) -> Box<dyn FnMut()> {
    let password = Password::parse(PASSWORD).unwrap();
    let hashed = rooms.ctx.hasher.hash(password.clone());
    let hashed = rooms.runtime.block_on(hashed).unwrap();
    Box::new(move || {
        let verdict = rooms
            .ctx
            .hasher
            .verify(password.clone(), Some(hashed.clone()));
        assert!(rooms.runtime.block_on(verdict).unwrap().matches);
    })
}

/// `GET /v1/verify` with a token that was verified before.
fn forward_auth(rooms: Rooms) -> Box<dyn FnMut()> {
    let mut line = Line::to(rooms);
    let token = &line.rooms.ada.access.jwt;
    let request = format!(
        "GET /v1/verify HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n"
    );
    let mut done = 0;
    Box::new(move || {
        if done % 1000 == 0 {
            line.rooms.believe();
        }
        done += 1;
        line.ask(request.as_bytes());
    })
}

/// An access token and a refresh token.
fn mint(rooms: Rooms) -> Box<dyn FnMut()> {
    let (session, user) = rooms.rows();
    let now = rooms.clock.now();
    Box::new(move || {
        let issued = signin::issue(&rooms.ctx, session.clone(), user.clone(), None, now);
        black_box(issued.unwrap());
    })
}

/// An access token that was never seen before, as other services check it.
fn check(rooms: Rooms) -> Box<dyn FnMut()> {
    let ring = rooms.ctx.keyring.ring().unwrap();
    let now = rooms.clock.now().as_secs();
    Box::new(move || {
        let (keys, _) = ring.verifying();
        let token = black_box(&rooms.ada.access.jwt);
        let claims =
            shared_claims::verify::<Map<String, Value>>(token, keys, &rooms.ctx.policy, now);
        black_box(claims.unwrap());
    })
}
