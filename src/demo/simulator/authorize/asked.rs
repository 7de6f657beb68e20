//! What an authorize request asks, checked before anybody sees it.

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;
use url::Url;

use crate::demo::simulator::params::Params;
use crate::demo::simulator::pkce;
use crate::demo::simulator::world::World;
use crate::provider::Provider;

/// Filtered to these, and all of them when none are asked for (Vercel,
/// "Authorization Server API").
const VERCEL_SCOPES: [&str; 4] = ["email", "offline_access", "openid", "profile"];

/// Where the answer goes. Until this much is known, nobody is redirected.
pub struct Asker<'a> {
    pub client_id: &'a str,
    pub redirect_uri: &'a str,
    pub address: Url,
    state: Option<&'a str>,
}

pub struct Terms {
    pub scopes: Vec<String>,
    pub challenge: Option<String>,
}

impl<'a> Asker<'a> {
    pub fn read(
        provider: Provider,
        params: &'a Params,
        world: &World,
    ) -> Result<Self, &'static str> {
        let client_id = params.get("client_id").ok_or("client_id is missing.")?;
        let client = world
            .client(provider, client_id)
            .ok_or("No application with this client_id is registered here.")?;
        let redirect_uri = params
            .get("redirect_uri")
            .ok_or("redirect_uri is missing.")?;
        if !client
            .redirect_uris
            .iter()
            .any(|registered| registered == redirect_uri)
        {
            return Err("The redirect_uri is not one that this application has registered.");
        }
        let address = Url::parse(redirect_uri).map_err(|_| "The redirect_uri is no address.")?;
        Ok(Self {
            client_id,
            redirect_uri,
            address,
            state: params.get("state"),
        })
    }

    pub fn send_back(&self, pairs: &[(&str, &str)]) -> HttpResponse {
        let mut address = self.address.clone();
        let state = self.state.map(|state| ("state", state));
        address
            .query_pairs_mut()
            .extend_pairs(pairs.iter().copied().chain(state));

        HttpResponse::Found()
            .insert_header((LOCATION, String::from(address)))
            .insert_header(("Cache-Control", "no-store"))
            .insert_header(("Referrer-Policy", "no-referrer"))
            .finish()
    }
}

impl Terms {
    pub fn read(provider: Provider, params: &Params) -> Result<Self, (&'static str, &'static str)> {
        match (provider, params.get("response_type")) {
            (_, Some("code")) | (Provider::GitHub, None) => {}
            (_, None) => return Err(("invalid_request", "response_type is required")),
            _ => return Err(("unsupported_response_type", "response_type must be code")),
        }
        let challenge = challenge(provider, params).map_err(|why| ("invalid_request", why))?;
        let mut scopes = params.scopes();
        if provider == Provider::Vercel {
            if scopes.is_empty() {
                scopes = VERCEL_SCOPES.map(str::to_owned).to_vec();
            }
            scopes.retain(|scope| VERCEL_SCOPES.contains(&scope.as_str()));
        }
        Ok(Self { scopes, challenge })
    }
}

/// A method that is left out would mean `plain` (RFC 7636 §4.3), which
/// neither provider takes.
fn challenge(provider: Provider, params: &Params) -> Result<Option<String>, &'static str> {
    match (
        params.get("code_challenge"),
        params.get("code_challenge_method"),
    ) {
        (None, None) if provider == Provider::GitHub => Ok(None),
        (None, _) => Err("code_challenge is required"),
        (Some(challenge), Some("S256")) if pkce::is_challenge(challenge) => {
            Ok(Some(challenge.to_owned()))
        }
        (Some(_), Some("S256")) => Err("code_challenge is not a SHA-256 in base64url"),
        (Some(_), _) => Err("code_challenge_method must be S256"),
    }
}
