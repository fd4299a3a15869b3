//! Pages of a listing: a cursor that says where the last one ended.

use actix_web::dev::Payload;
use actix_web::web::Query;
use actix_web::{FromRequest, HttpRequest};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::{Ready, ready};
use std::num::NonZeroUsize;
use utoipa::ToSchema;

use kernel::id::Id;

use super::problem::Problem;

/// How many items a page has where nobody says.
const DEFAULT_LIMIT: usize = 50;
/// How many items a page has at most.
const MAX_LIMIT: usize = 200;

/// A page of a listing.
#[derive(Serialize, ToSchema)]
pub struct Page<T> {
    /// The items of this page.
    items: Vec<T>,
    /// The `cursor` of the next page; `null` on the last.
    next_cursor: Option<Id>,
}

impl<T> Page<T> {
    /// A page that ends with the item `last`, if there is `more` after it.
    pub fn new(items: Vec<T>, more: bool, last: impl Fn(&T) -> Id) -> Self {
        let next_cursor = items.last().filter(|_| more).map(last);
        Self { items, next_cursor }
    }
}

/// The number of items that a page shall have.
pub fn limit(asked: Option<NonZeroUsize>) -> usize {
    asked.map_or(DEFAULT_LIMIT, |asked| asked.get().min(MAX_LIMIT))
}

/// The query of a request, of exactly these parameters.
pub struct Search<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Search<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.query_string();
        // Postgres has no NUL in a text, so no text to look for has one.
        let query = match text.contains("%00") {
            true => None,
            false => Query::<T>::from_query(text).ok(),
        };
        ready(query.map(|query| Self(query.into_inner())).ok_or_else(|| {
            Problem::malformed("a query parameter is not known, or not of the right type")
        }))
    }
}
