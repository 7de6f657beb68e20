//! Each provider's variables: `GITHUB_…` and `VERCEL_…` alike.

use url::Url;

use super::public_url::is_loopback;
use super::reader::Reader;
use crate::provider::Provider;
use crate::secret::Secret;

/// One provider, as registered there.
#[derive(Clone)]
pub struct ProviderConfig {
    pub provider: Provider,
    pub client_id: String,
    pub client_secret: Secret,
    /// Where people are sent to approve, without a trailing slash.
    pub url: String,
    /// Where programs speak to it, without a trailing slash.
    pub api_url: String,
    /// What is asked for.
    pub scopes: Vec<String>,
}

struct Defaults {
    prefix: &'static str,
    url: &'static str,
    api_url: &'static str,
    scopes: &'static str,
}

const fn defaults(provider: Provider) -> Defaults {
    match provider {
        Provider::GitHub => Defaults {
            prefix: "GITHUB",
            url: "https://github.com",
            api_url: "https://api.github.com",
            scopes: "read:user user:email",
        },
        Provider::Vercel => Defaults {
            prefix: "VERCEL",
            url: "https://vercel.com",
            api_url: "https://api.vercel.com",
            scopes: "openid email profile offline_access",
        },
    }
}

impl ProviderConfig {
    /// `None` when the provider is not set up, or not set up well.
    pub(super) fn read(
        reader: &mut Reader,
        provider: Provider,
        in_production: bool,
    ) -> Option<Self> {
        let defaults = defaults(provider);
        let name = |suffix: &str| format!("{}_{suffix}", defaults.prefix);
        let url = base_url(reader, &name("URL"), defaults.url, in_production);
        let api_url = base_url(reader, &name("API_URL"), defaults.api_url, in_production);
        let (id_name, secret_name) = (name("CLIENT_ID"), name("CLIENT_SECRET"));
        let client_id = reader.text(&id_name);
        let client_secret = reader.secret(&secret_name);
        let scopes = reader.text(&name("SCOPES")).unwrap_or(defaults.scopes);
        let missing = match (client_id.is_some(), client_secret.is_some()) {
            (true, false) if !reader.complained_of(&secret_name) => Some((&secret_name, &id_name)),
            (false, true) => Some((&id_name, &secret_name)),
            _ => None,
        };
        if let Some((missing, present)) = missing {
            let mend = format!(
                "not set, though {present} is. Set both to offer {}, or neither",
                provider.label()
            );
            reader.problem(missing, mend);
        }
        Some(Self {
            provider,
            client_id: client_id?.to_owned(),
            client_secret: client_secret?,
            url,
            api_url,
            scopes: scopes
                .split([' ', ','])
                .filter(|scope| !scope.is_empty())
                .map(str::to_owned)
                .collect(),
        })
    }

    /// The provider's own origins: forms may lead there, pictures come from there.
    pub fn origins(&self) -> impl Iterator<Item = String> {
        [&self.url, &self.api_url].into_iter().filter_map(|url| {
            let url = Url::parse(url).ok()?;
            Some(url.origin().ascii_serialization())
        })
    }
}

fn base_url(reader: &mut Reader, name: &str, default: &str, in_production: bool) -> String {
    let check = |text: &str| {
        let url = Url::parse(text).map_err(|_| format!("is no URL. The usual one is {default}"))?;
        let loopback = url.host().is_some_and(|host| is_loopback(&host));
        match url.scheme() {
            "https" | "http" if loopback && in_production => Err(format!(
                "is on loopback, where only a simulator lives, and PUBLIC_URL is public. The usual one is {default}"
            )),
            "https" => Ok(()),
            "http" if loopback => Ok(()),
            _ => Err("must be https (http only to loopback)".to_owned()),
        }?;
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            return Err("must have no query, no fragment and no user".to_owned());
        }
        Ok(text.trim_end_matches('/').to_owned())
    };
    reader.parsed(name, default.to_owned(), check)
}
