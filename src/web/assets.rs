//! Static files, embedded so that one file deploys, and named by what they
//! hold: a browser that has one never asks for it again.

use std::io::Write as _;
use std::sync::LazyLock;

use actix_web::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, HeaderMap, VARY};
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use super::error::not_found;

/// Under its hashed name a file never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Under its plain one it may, with the next version.
const SHORT: &str = "public, max-age=300";

struct Asset {
    name: &'static str,
    kind: &'static str,
    content: &'static [u8],
    /// `app.BASE64URL.css`
    hashed_name: String,
    gzipped: Vec<u8>,
}

static ALL: LazyLock<[Asset; 4]> = LazyLock::new(|| {
    [
        asset(
            "app.css",
            "text/css; charset=utf-8",
            include_bytes!("../../static/app.css"),
        ),
        asset(
            "app.js",
            "text/javascript; charset=utf-8",
            include_bytes!("../../static/app.js"),
        ),
        asset(
            "icon.svg",
            "image/svg+xml",
            include_bytes!("../../static/icon.svg"),
        ),
        asset(
            "icons.svg",
            "image/svg+xml",
            include_bytes!("../../static/icons.svg"),
        ),
    ]
});

fn asset(name: &'static str, kind: &'static str, content: &'static [u8]) -> Asset {
    let digest = Sha256::digest(content);
    let hash = BASE64_URL_SAFE_NO_PAD.encode(&digest[..9]);
    let (stem, extension) = name.split_once('.').unwrap_or((name, ""));
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing to memory does not fail; an empty one would not be sent.
    let gzipped = encoder.write_all(content).and_then(|()| encoder.finish());
    Asset {
        name,
        kind,
        content,
        hashed_name: format!("{stem}.{hash}.{extension}"),
        gzipped: gzipped.unwrap_or_default(),
    }
}

/// The address of a static file, for templates.
///
/// # Panics
/// When there is no such file: every template is rendered by a test.
pub fn href(name: &str) -> String {
    let found = ALL.iter().find(|asset| asset.name == name);
    let asset = found.unwrap_or_else(|| panic!("no static file {name}"));
    format!("/static/{}", asset.hashed_name)
}

pub async fn serve(request: HttpRequest, name: Path<String>) -> HttpResponse {
    for asset in &*ALL {
        if *name == asset.hashed_name {
            return asset.answer(request.headers(), FOR_EVER);
        }
        if *name == asset.name {
            return asset.answer(request.headers(), SHORT);
        }
    }
    not_found(request).await
}

/// For those who do not read where a page says that its icon is.
pub async fn favicon(request: HttpRequest) -> HttpResponse {
    serve(request, Path::from("icon.svg".to_owned())).await
}

impl Asset {
    fn answer(&'static self, asked: &HeaderMap, cache: &'static str) -> HttpResponse {
        let mut answer = HttpResponse::Ok();
        answer
            .content_type(self.kind)
            .insert_header((CACHE_CONTROL, cache))
            .insert_header((VARY, "accept-encoding"));
        if takes_gzip(asked) && !self.gzipped.is_empty() {
            answer.insert_header((CONTENT_ENCODING, "gzip"));
            return answer.body(self.gzipped.as_slice());
        }
        answer.body(self.content)
    }
}

/// RFC 9110 §12.5.3, as far as browsers make use of it.
fn takes_gzip(asked: &HeaderMap) -> bool {
    let lines = asked.get_all(ACCEPT_ENCODING);
    let mut codings = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','));
    codings.any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = weight.trim().trim_start_matches("q=");
        name.trim().eq_ignore_ascii_case("gzip") && weight.parse::<f32>() != Ok(0.0)
    })
}
