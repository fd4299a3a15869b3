//! Claims from JSON in one pass, which finds a repeated member as it goes (RFC 7519 §4).

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;

use super::{Audience, Claims};
use crate::json::{Name, Unambiguous};

impl<'de, C: Deserialize<'de>> Deserialize<'de> for Claims<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ClaimsVisitor(PhantomData))
    }
}

struct ClaimsVisitor<C>(PhantomData<C>);

/// What was read so far. A claim that may be absent is of its type where it is there: never null.
#[derive(Default)]
struct Read {
    iss: Option<String>,
    sub: Option<String>,
    aud: Option<Audience>,
    exp: Option<i64>,
    iat: Option<i64>,
    nbf: Option<i64>,
    jti: Option<String>,
    sid: Option<String>,
    client_id: Option<String>,
    scope: Option<String>,
    roles: Option<Vec<String>>,
    auth_time: Option<i64>,
    acr: Option<String>,
    amr: Option<Vec<String>>,
    ver: Option<i64>,
    email: Option<String>,
    email_verified: Option<bool>,
    others: Vec<(String, Value)>,
}

impl<'de, C: Deserialize<'de>> Visitor<'de> for ClaimsVisitor<C> {
    type Value = Claims<C>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of claims")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Claims<C>, A::Error> {
        let mut read = Read::default();
        while let Some(Name(name)) = entries.next_key()? {
            match &*name {
                "iss" => once(&mut read.iss, &mut entries)?,
                "sub" => once(&mut read.sub, &mut entries)?,
                "aud" => once(&mut read.aud, &mut entries)?,
                "exp" => once(&mut read.exp, &mut entries)?,
                "iat" => once(&mut read.iat, &mut entries)?,
                "nbf" => once(&mut read.nbf, &mut entries)?,
                "jti" => once(&mut read.jti, &mut entries)?,
                "sid" => once(&mut read.sid, &mut entries)?,
                "client_id" => once(&mut read.client_id, &mut entries)?,
                "scope" => once(&mut read.scope, &mut entries)?,
                "roles" => once(&mut read.roles, &mut entries)?,
                "auth_time" => once(&mut read.auth_time, &mut entries)?,
                "acr" => once(&mut read.acr, &mut entries)?,
                "amr" => once(&mut read.amr, &mut entries)?,
                "ver" => once(&mut read.ver, &mut entries)?,
                "email" => once(&mut read.email, &mut entries)?,
                "email_verified" => once(&mut read.email_verified, &mut entries)?,
                _ => {
                    let Unambiguous(value) = entries.next_value()?;
                    read.others.push((name.into_owned(), value));
                }
            }
        }
        read.claims()
    }
}

fn once<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    claim: &mut Option<T>,
    entries: &mut A,
) -> Result<(), A::Error> {
    match claim.replace(entries.next_value()?) {
        Some(_) => Err(repeated()),
        None => Ok(()),
    }
}

fn repeated<E: Error>() -> E {
    E::custom("duplicate member")
}

impl Read {
    fn claims<'de, C: Deserialize<'de>, E: Error>(self) -> Result<Claims<C>, E> {
        Ok(Claims {
            iss: self.iss.ok_or_else(|| E::missing_field("iss"))?,
            sub: self.sub.ok_or_else(|| E::missing_field("sub"))?,
            aud: self.aud.ok_or_else(|| E::missing_field("aud"))?,
            exp: self.exp.ok_or_else(|| E::missing_field("exp"))?,
            iat: self.iat.ok_or_else(|| E::missing_field("iat"))?,
            nbf: self.nbf,
            jti: self.jti.ok_or_else(|| E::missing_field("jti"))?,
            sid: self.sid,
            client_id: self
                .client_id
                .ok_or_else(|| E::missing_field("client_id"))?,
            scope: self.scope.unwrap_or_default(),
            roles: self.roles.unwrap_or_default(),
            auth_time: self.auth_time,
            acr: self.acr,
            amr: self.amr.unwrap_or_default(),
            ver: self.ver,
            email: self.email,
            email_verified: self.email_verified,
            custom: custom(self.others)?,
        })
    }
}

fn custom<'de, C: Deserialize<'de>, E: Error>(mut others: Vec<(String, Value)>) -> Result<C, E> {
    others.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    if others.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(repeated());
    }
    C::deserialize(MapDeserializer::new(others.into_iter()))
        .map_err(|error: serde_json::Error| E::custom(error))
}
