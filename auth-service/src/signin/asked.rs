//! The audience and scope that a client asks for, and what the first-party client may be granted.

use kernel::config::Settings;

use crate::sessions::{ACCOUNT_SCOPE, ADMIN_SCOPE, Grantee, NotGranted, Scope, Within};

/// An audience and a scope, where they are named.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The services.
    pub audience: Option<Vec<String>>,
    /// Scope tokens with a space between (RFC 6749 §3.3).
    pub scope: Option<String>,
}

impl Asked {
    /// What a sign-in of the first party is granted. The scope `admin` comes with the service
    /// itself as the only audience, so that no API ever sees a token that administers.
    ///
    /// # Errors
    /// [`NotGranted`]
    pub fn grantee(&self, settings: &Settings) -> Result<Grantee, NotGranted> {
        let Within { audience, scope } = self.within(settings)?;
        let scope = scope.or_else(|| Scope::parse(&settings.tokens.scope));
        let scope = scope.ok_or(NotGranted::Scope)?;
        let only_itself = || vec![settings.issuer.clone()];
        let audience = match (scope.has(ADMIN_SCOPE), audience) {
            (false, audience) => audience,
            (true, None) => Some(only_itself()),
            (true, Some(audience)) if audience == only_itself() => Some(audience),
            (true, Some(_)) => return Err(NotGranted::Audience),
        };
        Ok(Grantee {
            client: settings.tokens.client_id.clone(),
            audience,
            scope,
        })
    }

    /// What a refresh of the first party asks for, checked against the settings. `None`: everything
    /// that its session was granted.
    ///
    /// # Errors
    /// [`NotGranted`]
    pub(super) fn narrowed(&self, settings: &Settings) -> Result<Option<Within>, NotGranted> {
        match self {
            Self {
                audience: None,
                scope: None,
            } => Ok(None),
            asked => asked.within(settings).map(Some),
        }
    }

    fn within(&self, settings: &Settings) -> Result<Within, NotGranted> {
        let (tokens, mut audience) = (&settings.tokens, self.audience.clone());
        if let Some(asked) = &mut audience {
            asked.sort();
            asked.dedup();
        }
        let known = |name: &String| *name == settings.issuer || tokens.audience.contains(name);
        let may = |asked: &Vec<String>| !asked.is_empty() && asked.iter().all(known);
        let audience_is_known = audience.as_ref().is_none_or(may);
        let scope = self.scope.as_deref().map(Scope::parse);
        let known = |word: &str| {
            [ACCOUNT_SCOPE, ADMIN_SCOPE].contains(&word)
                || tokens.scope.split(' ').any(|own| own == word)
        };
        let may = |asked: &Option<Scope>| asked.iter().any(|scope| scope.words().all(known));
        NotGranted::unless(audience_is_known, scope.as_ref().is_none_or(may))?;
        let scope = scope.flatten();
        Ok(Within { audience, scope })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(audience: &[&str], scope: Option<&str>) -> Asked {
        let audience: Vec<String> = audience.iter().map(|name| (*name).to_owned()).collect();
        Asked {
            audience: (!audience.is_empty()).then_some(audience),
            scope: scope.map(str::to_owned),
        }
    }

    #[test]
    fn a_sign_in_is_granted_what_the_first_party_may_ask() {
        // R22
        let settings = Settings::default();
        let issuer = settings.issuer.as_str();
        let granted = |asked: Asked| {
            let granted = asked.grantee(&settings);
            granted.map(|to| (to.audience.unwrap_or_default(), to.scope.to_string()))
        };
        let own = || vec![issuer.to_owned()];
        for (asked, expected) in [
            (asked(&[], None), Ok((vec![], "account".into()))),
            (
                asked(&["api"], None),
                Ok((vec!["api".into()], "account".into())),
            ),
            (
                asked(&[issuer], Some("account")),
                Ok((own(), "account".into())),
            ),
            (asked(&[], Some("admin")), Ok((own(), "admin".into()))),
            (
                asked(&[issuer], Some("account admin")),
                Ok((own(), "account admin".into())),
            ),
            (asked(&["api"], Some("admin")), Err(NotGranted::Audience)),
            (
                asked(&["api", issuer], Some("admin")),
                Err(NotGranted::Audience),
            ),
            (asked(&["billing"], None), Err(NotGranted::Audience)),
            (asked(&[""], None), Err(NotGranted::Audience)),
            (asked(&[], Some("")), Err(NotGranted::Scope)),
            (asked(&[], Some("account  admin")), Err(NotGranted::Scope)),
            (asked(&[], Some("payments")), Err(NotGranted::Scope)),
        ] {
            let what = format!("{asked:?}");
            assert_eq!(granted(asked), expected, "{what}");
        }
        let nobody = Asked {
            audience: Some(Vec::new()),
            scope: None,
        };
        assert_eq!(granted(nobody), Err(NotGranted::Audience));
    }
}
