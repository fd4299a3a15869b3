//! After an erasure nothing personal is left: every column of every table is searched.

use auth_service::http::views::AuditEvent;
use serde_json::{Value, json};

use super::{at, behind_proxy, login};
use crate::support::database::Database;
use crate::support::{PASSWORD, Service, Sql, both, recorded};

const ADDRESS: &str = "Erasable.Person@example.org";
const NAME: &str = "Erasable Augusta";
const CLAIM: &str = "erasable-plan";
const AGENT: &str = "Erasable/1.0";
/// Where the account's owner was, and where somebody who guessed at the password was.
const PLACES: [&str; 2] = ["198.51.100.7", "203.0.113.9"];

/// Every row of every table, a line each: its table, then its columns as text, small letters;
/// bytes are written in hexadecimal.
async fn everything(database: &Database) -> Vec<String> {
    let mut sql = Sql::of(database).await;
    let is_sqlite = database.url.starts_with("sqlite:");
    let tables = match is_sqlite {
        true => "SELECT name AS line FROM sqlite_schema WHERE type = 'table'",
        false => {
            "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS line FROM pg_tables \
             WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        }
    };
    let tables = sql.lines(tables).await;
    assert!(tables.len() >= 6, "{tables:?}");
    let mut all = Vec::new();
    for table in tables {
        let row = match is_sqlite {
            true => {
                let columns = format!(
                    "SELECT 'quote(\"' || name || '\")' AS line FROM pragma_table_info('{table}')"
                );
                sql.lines(&columns).await.join(" || ' ' || ")
            }
            false => "row_to_json(t)::text".to_owned(),
        };
        let rows = sql
            .lines(&format!("SELECT {row} AS line FROM {table} t"))
            .await;
        let named = rows
            .into_iter()
            .map(|row| format!("{table} {row}").to_lowercase());
        all.extend(named);
    }
    all
}

/// The rows that hold a text, or its bytes.
fn holding<'a>(rows: &'a [String], text: &str) -> Vec<&'a String> {
    let text = text.to_lowercase();
    let bytes: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let holds = |row: &&String| row.contains(&text) || row.contains(&bytes);
    rows.iter().filter(holds).collect()
}

/// Does whatever leaves a trace; returns what must not be found afterwards.
async fn leave_traces(service: &Service, admin: &str) -> (String, Vec<String>) {
    let owner = at(service, PLACES[0]).with("user-agent", AGENT);
    let tokens = owner.signup(ADDRESS).await;
    let path = format!("/v1/admin/users/{}", tokens.user);
    let patch = json!({ "name": NAME, "claims": { "plan": CLAIM }, "roles": ["staff"] });
    let patched = at(service, "192.0.2.77")
        .bearer(admin)
        .patch(&path, patch)
        .await;
    assert_eq!(patched.status, 200, "{}", patched.text);
    let second = owner.login(ADDRESS).await;
    crate::revocation::logout(&owner, &second).await;
    let stolen = owner.login(ADDRESS).await;
    owner.refresh(&stolen.refresh).await.tokens();
    service.advance(60);
    let reused = at(service, PLACES[1]).refresh(&stolen.refresh).await;
    reused.expect(401, "refresh_token_reused");
    let guesser = at(service, PLACES[1]);
    let guessed = login(&guesser, ADDRESS, "eleven quiet herons wade").await;
    guessed.expect(401, "invalid_credentials");
    let fresh = owner.login(ADDRESS).await;
    let change =
        json!({ "current_password": PASSWORD, "new_password": "seven quiet harbours hum" });
    let changed = owner
        .bearer(&fresh.access)
        .post("/v1/me/password", change)
        .await;
    assert_eq!(changed.status, 204, "{}", changed.text);
    let hash = recorded::password_hash(&service.database, &ADDRESS.to_lowercase()).await;
    let mut personal: Vec<String> = [ADDRESS, "erasable", NAME, CLAIM, AGENT]
        .map(str::to_owned)
        .into();
    personal.extend(PLACES.map(str::to_owned));
    personal.push(hash);
    (tokens.user, personal)
}

fn without_traces(mut event: Value) -> Value {
    for name in ["address", "user_agent", "request_id"] {
        event[name] = Value::Null;
    }
    event
}

both! {
    async fn no_column_of_any_table_holds_what_was_erased(backend: Backend) {
        let service = behind_proxy(backend).await;
        let admin = service.admin().await;
        let (user, personal) = leave_traces(&service, &admin.access).await;
        let before = everything(&service.database).await;
        for text in &personal {
            assert!(!holding(&before, text).is_empty(), "this test would not see {text}");
        }
        let trail: Vec<_> = service.audit().await.into_iter().map(|event| json!(AuditEvent::from(event))).collect();

        let erased = service.bearer(&admin.access).post(&format!("/v1/admin/users/{user}/erase"), Value::Null).await;
        assert_eq!(erased.status, 204, "{}", erased.text);
        let after = everything(&service.database).await;
        for text in &personal {
            assert_eq!(holding(&after, text), [""; 0], "{text}");
        }

        // The trail has grown by one event, and no other has gone or says something else.
        let mut kept: Vec<_> = service.audit().await.into_iter().map(|event| json!(AuditEvent::from(event))).collect();
        let last = kept.remove(0);
        assert_eq!((&last["event"], &last["subject_id"], &last["actor_id"]), (&json!("account.erased"), &json!(user), &json!(admin.user)));
        assert_eq!(kept.len(), trail.len());
        for (kept, was) in kept.into_iter().zip(trail) {
            match kept["subject_id"] == json!(user) && kept["actor_id"] != json!(admin.user) {
                true => assert_eq!(kept, without_traces(was)),
                false => assert_eq!(kept, was),
            }
        }
    }
}
