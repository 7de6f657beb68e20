//! One look at what a provider says about a person right now, made with their
//! stored token: so that it is seen to work.

use serde::Deserialize;

use super::{OAuthError, ProviderClient, json, text};
use crate::provider::Provider;
use crate::secret::Secret;
use crate::strict_json::Object;

/// More than this are not listed.
const MOST_TEAMS: usize = 20;

/// What a provider says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overview {
    GitHub {
        repositories: u64,
        /// Calls that are left this hour, and of how many; not every server
        /// counts.
        calls_left: Option<(u64, u64)>,
    },
    Vercel {
        teams: Vec<String>,
    },
}

#[derive(Deserialize)]
struct GitHubUser {
    public_repos: u64,
    /// Told to tokens that may see them.
    #[serde(default)]
    total_private_repos: Option<u64>,
}

#[derive(Deserialize)]
struct Teams {
    teams: Vec<Object<Team>>,
}

#[derive(Deserialize)]
struct Team {
    name: Option<String>,
    slug: String,
}

#[derive(Deserialize)]
struct RateLimit {
    rate: Rate,
}

#[derive(Deserialize)]
struct Rate {
    limit: u64,
    remaining: u64,
}

impl ProviderClient<'_> {
    /// Asks, with an access token of the person's.
    ///
    /// # Errors
    /// [`OAuthError::rejects_the_token`] when the provider does not accept the
    /// token any more.
    pub async fn overview(&self, token: &Secret) -> Result<Overview, OAuthError> {
        match self.config.provider {
            Provider::GitHub => self.github_overview(token).await,
            Provider::Vercel => self.vercel_overview(token).await,
        }
    }

    async fn github_overview(&self, token: &Secret) -> Result<Overview, OAuthError> {
        let api = &self.config.api_url;
        let answer = self.http.get(&format!("{api}/user"), token).await?;
        let Object(user) = json::read::<Object<GitHubUser>>(&answer)?;
        // Asking for it costs none of it.
        let limit = self.http.get(&format!("{api}/rate_limit"), token).await;
        let limit = limit
            .and_then(|answer| json::read::<RateLimit>(&answer))
            .ok();
        Ok(Overview::GitHub {
            repositories: user
                .public_repos
                .saturating_add(user.total_private_repos.unwrap_or_default()),
            calls_left: limit.map(|RateLimit { rate }| (rate.remaining, rate.limit)),
        })
    }

    async fn vercel_overview(&self, token: &Secret) -> Result<Overview, OAuthError> {
        let api = &self.config.api_url;
        let answer = self.http.get(&format!("{api}/v2/teams"), token).await?;
        if answer.status() == 403 {
            // Vercel says the same of a token that is over and of one that may
            // not see teams; userinfo tells them apart.
            let url = format!("{api}/login/oauth/userinfo");
            let info = self.http.get(&url, token).await?;
            if info.status() == 401 {
                return Err(OAuthError::Refused("status_401".to_owned()));
            }
        }
        let Teams { teams } = json::read(&answer)?;
        let names = teams.into_iter().filter_map(|Object(team)| {
            let name = team.name.as_deref().and_then(text::name);
            name.or_else(|| text::name(&team.slug))
        });
        Ok(Overview::Vercel {
            teams: names.take(MOST_TEAMS).collect(),
        })
    }
}
