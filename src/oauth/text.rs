//! What a stranger may put into a profile, made harmless.

use url::{Host, Url};

/// What the database keeps of a name.
const LONGEST_NAME: usize = 255;
/// RFC 5321 §4.5.3.1.3, less the brackets.
const LONGEST_EMAIL: usize = 254;
const LONGEST_URL: usize = 1024;

/// A name for showing: no control characters, nothing that turns the writing
/// direction around, no white space at its ends, cut at a character.
pub(super) fn name(text: &str) -> Option<String> {
    let visible = |c: &char| !c.is_control() && !turns_direction(*c);
    let folded = text.replace(['\r', '\n', '\t'], " ");
    let mut name: String = folded.chars().filter(visible).collect();
    name.truncate(name.floor_char_boundary(LONGEST_NAME));
    let name = name.trim();

    (!name.is_empty()).then(|| name.to_owned())
}

/// An e-mail for showing; whatever is not plausibly one is left out.
pub(super) fn email(text: &str) -> Option<String> {
    let plain = |c: char| !c.is_control() && !c.is_whitespace() && !turns_direction(c);
    let plausible = text.len() <= LONGEST_EMAIL && text.contains('@') && text.chars().all(plain);

    plausible.then(|| text.to_owned())
}

/// A picture's address: https, or what lives on the provider's own loopback
/// address, in the demo.
pub(super) fn picture(text: &str, provider_url: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let simulated = Url::parse(provider_url)
        .is_ok_and(|provider| provider.scheme() == "http" && provider.origin() == url.origin());
    let allowed = url.scheme() == "https" && matches!(url.host(), Some(Host::Domain(_)));
    let bare = url.username().is_empty() && url.password().is_none();

    ((allowed || simulated) && bare && url.as_str().len() <= LONGEST_URL).then(|| url.into())
}

/// Marks, embeddings, overrides and isolates (Unicode Standard Annex 9).
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_letters_and_lose_their_tricks() {
        assert_eq!(
            name("  Ada\r\nLovelace\0 ").as_deref(),
            Some("Ada  Lovelace")
        );
        assert_eq!(name("evil\u{202E}gnp.exe").as_deref(), Some("evilgnp.exe"));
        assert_eq!(
            name("<b>{{7*7}}").as_deref(),
            Some("<b>{{7*7}}"),
            "pages escape it"
        );
        assert_eq!(name(" \n\u{200F}"), None);
        let long = name(&"é".repeat(10_000)).unwrap();
        assert!(long.len() <= LONGEST_NAME && long.chars().all(|c| c == 'é'));
    }

    #[test]
    fn an_email_is_whole_or_not_there() {
        assert_eq!(email("ada@example.com").as_deref(), Some("ada@example.com"));
        for bad in [
            "",
            "ada",
            "a@b\r\nBcc: x",
            "a b@c",
            &format!("{}@example.com", "a".repeat(255)),
        ] {
            assert_eq!(email(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn pictures_come_over_https_or_from_the_simulator() {
        let github = "https://github.com";
        let simulator = "http://localhost:8081";
        assert!(picture("https://avatars.githubusercontent.com/u/1?v=4", github).is_some());
        assert!(
            picture(
                "http://localhost:8081/_simulator/avatars/ada.svg",
                simulator
            )
            .is_some()
        );
        for bad in [
            "http://example.com/a.png",
            "javascript:alert(1)",
            "data:image/svg+xml,x",
            "//x/y",
            "",
            "https://u:p@example.com/",
            "http://localhost:9/a.svg",
            "https://127.0.0.1/a",
        ] {
            assert_eq!(picture(bad, github), None, "{bad}");
        }
    }
}
