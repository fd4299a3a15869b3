//! What a room's value looks like on the wire.

mod audit;
mod key;
mod personal_data;
mod session;
mod token_pair;
mod user;

pub use audit::AuditEvent;
pub use key::{KeyInfo, State};
pub use personal_data::PersonalData;
pub use session::{SessionInfo, SessionRecord};
pub use token_pair::TokenPair;
pub use user::{AdminUserInfo, UserInfo};
