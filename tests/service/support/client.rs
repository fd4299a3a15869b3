//! A client of the service, as a test reads best.

use std::net::SocketAddr;

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use super::{PASSWORD, documented, secrets};

/// Talks to one service.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    /// The public listener, such as `http://127.0.0.1:1234`.
    pub base: String,
    /// The internal listener.
    pub internal: String,
    /// Headers that every request carries.
    pub headers: HeaderMap,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as JSON; `null` where it is none.
    pub body: Value,
    /// The body as it came.
    pub text: String,
}

/// What somebody who is signed in holds.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
    /// The session.
    pub session: String,
    /// The account.
    pub user: String,
    /// Its email address.
    pub email: String,
}

impl Answer {
    /// The `code` of a problem, or nothing.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// A header as text, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// Fails the test unless the status and the `code` are these.
    #[track_caller]
    pub fn expect(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.text);
        self
    }

    /// The token body. Fails the test if it is none.
    #[track_caller]
    pub fn tokens(&self) -> Tokens {
        assert!(
            (200..300).contains(&self.status),
            "{} {}",
            self.status,
            self.text
        );
        let text = |value: &Value| value.as_str().expect("a token body").to_owned();
        let tokens = Tokens {
            access: text(&self.body["access_token"]),
            refresh: text(&self.body["refresh_token"]),
            session: text(&self.body["session_id"]),
            user: text(&self.body["user"]["id"]),
            email: text(&self.body["user"]["email"]),
        };
        secrets::note(&tokens.access);
        secrets::note(&tokens.refresh);
        tokens
    }
}

impl Client {
    /// A client of the service at these addresses.
    pub fn new(base: String, internal: String) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client can be made");
        Self {
            http,
            base,
            internal,
            headers: HeaderMap::new(),
        }
    }

    /// A client of the service that listens here.
    pub fn at(public: SocketAddr, internal: SocketAddr) -> Self {
        Self::new(format!("http://{public}"), format!("http://{internal}"))
    }

    /// The same client with one more header on every request.
    pub fn with(&self, name: &'static str, value: &str) -> Self {
        let mut other = self.clone();
        other
            .headers
            .append(name, value.parse().expect("a header value"));
        other
    }

    /// The same client with this `User-Agent`, whatever its characters.
    pub fn with_agent(&self, agent: &str) -> Self {
        let mut other = self.clone();
        let agent = HeaderValue::from_bytes(agent.as_bytes()).expect("a header value");
        other.headers.insert("user-agent", agent);
        other
    }

    /// The same client, signed in.
    pub fn bearer(&self, access: &str) -> Self {
        self.with("authorization", &format!("Bearer {access}"))
    }

    /// Sends a request; fails the test if no answer comes.
    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.try_send(method, path, body)
            .await
            .expect("the service answers")
    }

    /// Sends a request to the public listener.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> reqwest::Result<Answer> {
        let base = if path.starts_with("http") {
            ""
        } else {
            &self.base
        };
        let mut request = self
            .http
            .request(method.clone(), format!("{base}{path}"))
            .headers(self.headers.clone());
        if let Some(body) = body {
            for field in ["password", "current_password", "new_password"] {
                secrets::note(body[field].as_str().unwrap_or_default());
            }
            request = request.json(&body);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        let answer = Answer {
            status,
            headers,
            body,
            text,
        };
        documented::check(method.as_str(), path, &answer);
        Ok(answer)
    }

    /// `GET`
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    /// `GET` from the internal listener.
    pub async fn get_internal(&self, path: &str) -> Answer {
        self.get(&format!("{}{path}", self.internal)).await
    }

    /// `POST`
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    /// `PATCH`
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    /// `DELETE` without a body
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// Makes an account with [`PASSWORD`] and signs in.
    pub async fn signup(&self, email: &str) -> Tokens {
        let body = json!({ "email": email, "password": PASSWORD });
        self.post("/v1/signup", body).await.tokens()
    }

    /// What making an account with [`PASSWORD`] is answered.
    pub async fn signup_answer(&self, email: &str) -> Answer {
        let body = json!({ "email": email, "password": PASSWORD });
        self.post("/v1/signup", body).await
    }

    /// Signs in with [`PASSWORD`].
    pub async fn login(&self, email: &str) -> Tokens {
        let body = json!({ "email": email, "password": PASSWORD });
        self.post("/v1/login", body).await.tokens()
    }

    /// Signs an administrator in with [`PASSWORD`], to administer.
    pub async fn login_as_admin(&self, email: &str) -> Tokens {
        let scope = "account admin";
        let body = json!({ "email": email, "password": PASSWORD, "scope": scope });
        self.post("/v1/login", body).await.tokens()
    }

    /// Presents a refresh token.
    pub async fn refresh(&self, token: &str) -> Answer {
        secrets::note(token);
        self.post("/v1/refresh", json!({ "refresh_token": token }))
            .await
    }

    /// Asks for the account with an access token.
    pub async fn me(&self, access: &str) -> Answer {
        self.bearer(access).get("/v1/me").await
    }
}
