//! Every kind of token, signed with the service's own key.

use auth_service::accounts::{NewUser, create};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kernel::audit::Actor;
use serde_json::{Value, json};

use crate::support::Service;

/// What makes a kind of token: what differs from the one that a sign-in is given by default.
pub struct Kind {
    pub name: &'static str,
    pub claims: fn(&mut Value, &Scene<'_>),
}

/// Whose token it is, and where.
pub struct Scene<'a> {
    pub issuer: &'a str,
    pub now: i64,
}

macro_rules! kinds {
    ($($name:literal => |$claims:ident, $scene:ident| $change:block)+) => {
        &[$(Kind {
            name: $name,
            claims: |$claims: &mut Value, $scene: &Scene<'_>| {
                let _ = $scene;
                $change
            },
        }),+]
    };
}

fn administers(claims: &mut Value, scene: &Scene<'_>) {
    claims["aud"] = json!([scene.issuer]);
    claims["scope"] = json!("admin");
    claims["roles"] = json!(["auth:admin"]);
}

pub const KINDS: &[Kind] = kinds! {
    "by default" => |claims, scene| { let _ = claims; }
    // What every API receives where whoever signs in asks for it alone: shown to administer before.
    "for an API, by an app's administrator" => |claims, scene| {
        claims["aud"] = json!(["api"]);
        claims["roles"] = json!(["admin"]);
    }
    "for an API, by an administrator" => |claims, scene| {
        administers(claims, scene);
        claims["aud"] = json!(["api"]);
        claims["scope"] = json!("account admin");
    }
    "by default, by an administrator" => |claims, scene| {
        claims["roles"] = json!(["auth:admin"]);
    }
    "for the account" => |claims, scene| { claims["aud"] = json!([scene.issuer]); }
    "for the account, without a scope" => |claims, scene| {
        claims["aud"] = json!([scene.issuer]);
        claims["scope"] = json!("");
    }
    "for the account, of look-alike scopes" => |claims, scene| {
        claims["aud"] = json!([scene.issuer]);
        claims["scope"] = json!("accounts Account account:read admins Admin");
        claims["roles"] = json!(["auth:admin"]);
    }
    "to administer" => |claims, scene| { administers(claims, scene); }
    "to administer, for an API too" => |claims, scene| {
        administers(claims, scene);
        claims["aud"] = json!(["api", scene.issuer]);
    }
    "to administer, by nobody" => |claims, scene| {
        administers(claims, scene);
        claims["roles"] = json!([]);
    }
    "to administer, by an app's administrator" => |claims, scene| {
        administers(claims, scene);
        claims["roles"] = json!(["admin", "Auth:admin", "auth:admins", "auth"]);
    }
    "to administer, signed in long ago" => |claims, scene| {
        administers(claims, scene);
        claims["auth_time"] = json!(scene.now - 301);
    }
    "to administer, signed in nobody knows when" => |claims, scene| {
        administers(claims, scene);
        claims.as_object_mut().expect("claims").remove("auth_time");
    }
    "to administer, given to another client" => |claims, scene| {
        administers(claims, scene);
        claims["client_id"] = json!("their-app");
    }
    "of another client, for the account" => |claims, scene| {
        claims["aud"] = json!([scene.issuer]);
        claims["client_id"] = json!("their-app");
    }
    "of another client, for its own API" => |claims, scene| {
        claims["aud"] = json!(["their-api"]);
        claims["client_id"] = json!("their-app");
        claims["scope"] = json!("account admin");
        claims["roles"] = json!(["auth:admin"]);
    }
    "of a client itself" => |claims, scene| {
        administers(claims, scene);
        claims["aud"] = json!(["api", scene.issuer]);
        claims["scope"] = json!("account admin");
        claims["sub"] = json!("first-party");
        claims.as_object_mut().expect("claims").remove("sid");
    }
    "of no session" => |claims, scene| {
        claims.as_object_mut().expect("claims").remove("sid");
    }
    "of nobody" => |claims, scene| { claims["sub"] = json!("somebody"); }
    "of the release before" => |claims, scene| {
        claims["aud"] = json!(["api"]);
        claims.as_object_mut().expect("claims").remove("acr");
    }
    "of the release before, by its administrator" => |claims, scene| {
        administers(claims, scene);
        claims["aud"] = json!(["api"]);
        claims["scope"] = json!("account admin");
        claims["roles"] = json!(["admin", "auth:admin"]);
        claims.as_object_mut().expect("claims").remove("acr");
    }
    "of another client, without acr" => |claims, scene| {
        claims["aud"] = json!(["api"]);
        claims["client_id"] = json!("their-app");
        claims.as_object_mut().expect("claims").remove("acr");
    }
    "expired" => |claims, scene| { claims["exp"] = json!(scene.now - 11); }
    "revoked" => |claims, scene| { claims["ver"] = json!(0); }
};

/// A token of this kind, of an account of its own that has all that it says.
pub async fn token(service: &Service, kind: &Kind, number: usize) -> String {
    let settings = &service.ctx.settings;
    let now = service.ctx.clock.now().as_secs();
    let new = NewUser {
        email: format!("holder-{number}@example.org"),
        password: None,
        name: None,
        roles: Vec::new(),
        email_verified: false,
    };
    let (operator, caller) = (Actor::Operator, Default::default());
    let made = create(&service.ctx, new, operator, &caller).await;
    let user = made.expect("an account");
    let mut claims = json!({
        "iss": settings.issuer, "sub": user.id, "aud": ["api", settings.issuer],
        "exp": now + 600, "iat": now, "jti": service.ctx.entropy.uuid(),
        "sid": service.ctx.entropy.uuid(), "client_id": "first-party", "scope": "account",
        "roles": [], "auth_time": now, "acr": "1", "amr": ["pwd"], "ver": 1,
    });
    let scene = Scene {
        issuer: &settings.issuer,
        now,
    };
    (kind.claims)(&mut claims, &scene);
    if kind.name == "revoked" {
        let ended = auth_service::sessions::end_all(&service.ctx, user.id, operator, &caller);
        ended.await.expect("they end");
    }
    signed(service, &claims)
}

/// The claims as an access token.
pub fn signed(service: &Service, claims: &Value) -> String {
    let ring = service.ctx.keyring.ring().expect("keys");
    let key = ring.active(service.ctx.clock.now()).expect("a key");
    let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
    let message = format!("{}.{payload}", key.header);
    let signature = URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes()));
    format!("{message}.{signature}")
}
