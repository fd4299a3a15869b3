//! Attacks on the header and the claims, as data: one row an attack. Every token is truly signed,
//! so that nothing but the rule under test can refuse it. The tests of the service use this file
//! too, with tokens of its own.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

pub(crate) const OK: &str = "ok";

/// What an attack is called, the token, and the rule that refuses it.
pub(crate) type Row = (String, String, &'static str);

/// Signs a message.
type Sign<'k> = dyn Fn(&[u8]) -> Vec<u8> + 'k;

/// Whoever has an ES256 key, and a token of it that is good at 1,700,000,000 s, of the issuer
/// `https://auth.example.com`.
pub(crate) struct Forger<'k> {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    /// The public key, as it is published.
    pub(crate) public: String,
    pub(crate) sign: Box<Sign<'k>>,
}

impl Forger<'_> {
    /// A token of exactly this header and payload.
    pub(crate) fn token(&self, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
        self.signed(&format!("{}.{}", encode(header), encode(payload)))
    }

    /// A token of exactly this header and payload, both encoded, however that was done.
    pub(crate) fn signed(&self, input: &str) -> String {
        let signature = (self.sign)(input.as_bytes());
        format!("{input}.{}", encode(signature))
    }

    /// A token that nothing is wrong with.
    pub(crate) fn good(&self) -> String {
        self.token(self.header.to_string(), self.claims.to_string())
    }
}

/// `object` with the members of `changes`; a member that becomes null is taken away.
pub(crate) fn with(mut object: Value, changes: &str) -> String {
    let changes: Value = serde_json::from_str(changes).unwrap();
    let members = object.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => members.remove(name),
            _ => members.insert(name.clone(), value.clone()),
        };
    }
    object.to_string()
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Rows of changes to the header.
pub(crate) fn header_rows(forger: &Forger<'_>) -> Vec<Row> {
    let row = |(changes, expected): &(&str, &'static str)| {
        let header = with(forger.header.clone(), changes);
        let token = forger.token(header, forger.claims.to_string());
        (changes.to_string(), token, *expected)
    };
    HEADERS.iter().map(row).collect()
}

/// Rows of changes to the claims.
pub(crate) fn claim_rows(forger: &Forger<'_>) -> Vec<Row> {
    let row = |(changes, expected): &(&str, &'static str)| {
        let claims = with(forger.claims.clone(), changes);
        let token = forger.token(forger.header.to_string(), claims);
        (changes.to_string(), token, *expected)
    };
    CLAIMS.iter().map(row).collect()
}

/// Changes to the header of a good ES256 token; `null` takes a member away.
#[rustfmt::skip]
const HEADERS: &[(&str, &str)] = &[
    // R1, R2, I24: the algorithm
    (r#"{}"#, OK),
    (r#"{"alg":"none"}"#, "algorithm_not_allowed"),
    (r#"{"alg":"None"}"#, "algorithm_not_allowed"),
    (r#"{"alg":"NONE"}"#, "algorithm_not_allowed"),
    (r#"{"alg":"nOnE"}"#, "algorithm_not_allowed"),
    (r#"{"alg":""}"#, "algorithm_not_allowed"),
    (r#"{"alg":null}"#, "algorithm_not_allowed"),
    (r#"{"alg":["ES256"]}"#, "algorithm_not_allowed"),
    (r#"{"alg":"es256"}"#, "algorithm_not_allowed"),
    (r#"{"alg":"ES256 "}"#, "algorithm_not_allowed"),
    (r#"{"alg":"ES384"}"#, "algorithm_not_allowed"),
    (r#"{"alg":"PS256"}"#, "algorithm_not_allowed"),
    (r#"{"alg":"HS256"}"#, "algorithm_not_allowed"),
    (r#"{"alg":"RS256"}"#, "algorithm_mismatch"),
    (r#"{"alg":"EdDSA"}"#, "algorithm_mismatch"),
    // R2: keys from elsewhere
    (r#"{"jwk":{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}}"#, "forbidden_header"),
    (r#"{"jku":"https://evil.example/jwks.json"}"#, "forbidden_header"),
    (r#"{"x5u":"https://evil.example/cert.pem"}"#, "forbidden_header"),
    (r#"{"x5c":["MIIB"]}"#, "forbidden_header"),
    (r#"{"kid":null}"#, "missing"),
    (r#"{"kid":7}"#, "missing"),
    (r#"{"kid":""}"#, "unknown_key"),
    (r#"{"kid":"unknown"}"#, "unknown_key"),
    (r#"{"kid":"../../../../dev/null"}"#, "unknown_key"),
    (r#"{"kid":"x' UNION SELECT 'secret"}"#, "unknown_key"),
    (r#"{"kid":"https://evil.example/key"}"#, "unknown_key"),
    // R2, R3: extensions, encryption
    (r#"{"crit":["exp"]}"#, "forbidden_header"),
    (r#"{"crit":[]}"#, "forbidden_header"),
    (r#"{"b64":false,"crit":["b64"]}"#, "forbidden_header"),
    (r#"{"b64":true}"#, "forbidden_header"),
    (r#"{"zip":"DEF"}"#, "forbidden_header"),
    (r#"{"enc":"A256GCM"}"#, "forbidden_header"),
    // R4: the type
    (r#"{"typ":"AT+JWT"}"#, OK),
    (r#"{"typ":"application/at+jwt"}"#, OK),
    (r#"{"typ":"Application/AT+jwt"}"#, OK),
    (r#"{"typ":"JWT"}"#, "type"),
    (r#"{"typ":"logout+jwt"}"#, "type"),
    (r#"{"typ":"at+jwt;x"}"#, "type"),
    (r#"{"typ":["at+jwt"]}"#, "type"),
    (r#"{"typ":null}"#, "type"),
];

/// Changes to good claims.
#[rustfmt::skip]
const CLAIMS: &[(&str, &str)] = &[
    (r#"{}"#, OK),
    // R4: present, and of the right type
    (r#"{"iss":null}"#, "missing"),
    (r#"{"sub":null}"#, "missing"),
    (r#"{"aud":null}"#, "missing"),
    (r#"{"exp":null}"#, "missing"),
    (r#"{"iat":null}"#, "missing"),
    (r#"{"jti":null}"#, "missing"),
    (r#"{"client_id":null}"#, "missing"),
    (r#"{"sub":""}"#, "missing"),
    (r#"{"jti":""}"#, "missing"),
    (r#"{"client_id":""}"#, "missing"),
    (r#"{"sub":7}"#, "claims_malformed"),
    (r#"{"roles":"admin"}"#, "claims_malformed"),
    (r#"{"ver":"3"}"#, "claims_malformed"),
    (r#"{"iss":"https://evil.example"}"#, "issuer"),
    (r#"{"iss":"https://auth.example.com/"}"#, "issuer"),
    (r#"{"iss":"HTTPS://AUTH.EXAMPLE.COM"}"#, "issuer"),
    (r#"{"iss":["https://auth.example.com","https://evil.example"]}"#, "claims_malformed"),
    (r#"{"aud":"api"}"#, OK),
    (r#"{"aud":["other","api-2"]}"#, OK),
    (r#"{"aud":"other"}"#, "audience"),
    (r#"{"aud":"API"}"#, "audience"),
    (r#"{"aud":"web-client","nonce":"n","azp":"web-client"}"#, "audience"),
    (r#"{"aud":[]}"#, "audience"),
    (r#"{"aud":7}"#, "claims_malformed"),
    (r#"{"aud":["api",7]}"#, "claims_malformed"),
    (r#"{"aud":{"api":true}}"#, "claims_malformed"),
    // R7: time; now is 1,700,000,000
    (r#"{"exp":"1700000600"}"#, "claims_malformed"),
    (r#"{"exp":1700000600.5}"#, "claims_malformed"),
    (r#"{"exp":1e300}"#, "claims_malformed"),
    (r#"{"exp":18446744073709551615}"#, "claims_malformed"),
    (r#"{"exp":9223372036854775807}"#, "claims_malformed"),
    (r#"{"exp":9007199254740992}"#, "claims_malformed"),
    (r#"{"exp":9007199254740991}"#, OK),
    (r#"{"exp":-1}"#, "claims_malformed"),
    (r#"{"exp":true}"#, "claims_malformed"),
    (r#"{"exp":1699999991}"#, OK),
    (r#"{"exp":1699999990}"#, "expired"),
    (r#"{"exp":0}"#, "expired"),
    (r#"{"iat":"1700000000"}"#, "claims_malformed"),
    (r#"{"iat":-1}"#, "claims_malformed"),
    (r#"{"iat":1700000009}"#, OK),
    (r#"{"iat":1700000010}"#, OK),
    (r#"{"iat":1700000011}"#, "issued_in_future"),
    (r#"{"iat":1700000060}"#, "issued_in_future"),
    (r#"{"nbf":1700000010}"#, OK),
    (r#"{"nbf":1700000060}"#, "not_yet_valid"),
    (r#"{"nbf":"0"}"#, "claims_malformed"),
    (r#"{"nbf":-1}"#, "claims_malformed"),
    // What is wrong beside that is told first.
    (r#"{"exp":1699999000,"ver":"3"}"#, "claims_malformed"),
    (r#"{"exp":1699999000,"sub":""}"#, "missing"),
    (r#"{"exp":1699999000,"iss":"https://evil.example"}"#, "issuer"),
    (r#"{"exp":1699999000,"aud":"other"}"#, "audience"),
    // R4: what may be absent is of its type where it is there
    (r#"{"roles":null,"amr":null,"scope":null,"sid":null}"#, OK),
    (r#"{"ver":null,"acr":null,"auth_time":null,"email":null,"email_verified":null}"#, OK),
    (r#"{"roles":[],"amr":[],"scope":""}"#, OK),
    (r#"{"roles":[7]}"#, "claims_malformed"),
    (r#"{"amr":"pwd"}"#, "claims_malformed"),
    (r#"{"amr":[1]}"#, "claims_malformed"),
    (r#"{"scope":["read"]}"#, "claims_malformed"),
    (r#"{"sid":7}"#, "claims_malformed"),
    (r#"{"acr":1}"#, "claims_malformed"),
    (r#"{"auth_time":"1700000000"}"#, "claims_malformed"),
    (r#"{"auth_time":1700000000.5}"#, "claims_malformed"),
    (r#"{"email":["a@example.org"]}"#, "claims_malformed"),
    (r#"{"email_verified":"true"}"#, "claims_malformed"),
    (r#"{"jti":7}"#, "claims_malformed"),
    (r#"{"client_id":["web"]}"#, "claims_malformed"),
    (r#"{"ver":9007199254740991}"#, OK),
    (r#"{"ver":9007199254740992}"#, "claims_malformed"),
    (r#"{"ver":1.5}"#, "claims_malformed"),
];
