//! What a user agent is, in words that a person recognises.

use woothee::parser::Parser;

/// What the parser says when it does not know.
const UNKNOWN: &str = "UNKNOWN";

/// Such as "Firefox on Linux". User agents say what they like: a hint for
/// people, nothing to go by.
pub fn describe(user_agent: &str) -> String {
    let parsed = Parser::new().parse(user_agent);
    let known = parsed.filter(|parsed| parsed.name != UNKNOWN && parsed.category != "misc");
    let Some(parsed) = known else {
        return product(user_agent).unwrap_or_else(|| "Unknown browser".to_owned());
    };
    match system(parsed.os) {
        Some(system) => format!("{} on {system}", browser(parsed.name)),
        None => browser(parsed.name).to_owned(),
    }
}

fn browser(name: &str) -> &str {
    match name {
        "SamsungBrowser" => "Samsung Internet",
        name => name,
    }
}

fn system(name: &str) -> Option<&str> {
    match name {
        UNKNOWN => None,
        "Mac OSX" => Some("macOS"),
        // Browsers no longer tell which Windows.
        name if name.starts_with("Windows") => Some("Windows"),
        name => Some(name),
    }
}

/// Programs name themselves first: `curl/8.5.0` (RFC 9110 §10.1.5).
fn product(user_agent: &str) -> Option<String> {
    const LONGEST: usize = 40;
    let token = |c: &char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(*c);
    let name: String = user_agent.chars().take_while(token).take(LONGEST).collect();
    (!name.is_empty() && name != "Mozilla").then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_in_words() {
        for (user_agent, words) in [
            (
                "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
                "Firefox on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
                "Safari on macOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1",
                "Chrome on iPhone",
            ),
            ("curl/8.5.0", "curl"),
            ("python-requests/2.31", "python-requests"),
            ("", "Unknown browser"),
            ("Mozilla/5.0 (nothing known)", "Unknown browser"),
            ("<script>alert(1)</script>", "Unknown browser"),
        ] {
            assert_eq!(describe(user_agent), words, "{user_agent}");
        }
    }
}
