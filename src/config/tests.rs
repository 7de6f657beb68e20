use super::*;

const WHOLE: [(&str, &str); 3] = [
    ("PUBLIC_URL", "https://login.example.com"),
    ("DATABASE_URL", "postgres://vestibule@db/vestibule"),
    ("KEYS_FILE", "keys.json"),
];

fn problems(changes: &[(&str, &str)]) -> Vec<String> {
    let environment = WHOLE.iter().chain(changes).copied().collect();
    match Config::read(&environment) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

fn config(changes: &[(&str, &str)]) -> Config {
    let environment = WHOLE.iter().chain(changes).copied().collect();
    Config::read(&environment).ok().unwrap()
}

#[test]
fn an_empty_environment_lists_every_missing_variable() {
    let problems = Config::read(&Environment::default()).err().unwrap();
    let variables: Vec<_> = problems
        .iter()
        .map(|problem| problem.variable.as_str())
        .collect();

    assert_eq!(variables, ["PUBLIC_URL", "DATABASE_URL", "KEYS_FILE"]);
}

#[test]
fn what_is_left_out_has_its_documented_default() {
    let config = config(&[]);

    assert_eq!(config.bind.to_string(), "127.0.0.1:8080");
    assert_eq!(config.database.pool_size, 10);
    assert!(!config.auto_migrate);
    assert_eq!(config.session.idle, Duration::from_hours(14 * 24));
    assert_eq!(config.session.max_age, Duration::from_hours(90 * 24));
    assert_eq!(config.shutdown_drain, Duration::from_secs(5));
    assert_eq!(config.audit_retention, Duration::from_hours(180 * 24));
    assert!(config.database.statement_cache);
    assert_eq!(config.providers().count(), 0);
}

#[test]
fn every_problem_is_reported_at_once_under_its_variable() {
    let problems = problems(&[
        ("PUBLIC_URL", "http://login.example.com"),
        ("BIND", "8080"),
        ("DATABASE_URL", "mysql://db"),
        ("DATABASE_POOL_SIZE", "0"),
        ("AUTO_MIGRATE", "maybe"),
        ("GITHUB_CLIENT_ID", "id"),
        ("VERCEL_CLIENT_SECRET", "secret"),
        ("GITHUB_URL", "http://github.example.com"),
        ("SESSION_IDLE_TIMEOUT", "soon"),
        ("TRUSTED_PROXIES", "everyone"),
        ("LOG_FORMAT", "xml"),
        ("AUDIT_RETENTION", "9999y"),
        ("DATABASE_STATEMENT_CACHE", "2"),
    ]);
    for variable in [
        "PUBLIC_URL",
        "BIND",
        "DATABASE_URL",
        "DATABASE_POOL_SIZE",
        "AUTO_MIGRATE",
        "GITHUB_CLIENT_SECRET",
        "VERCEL_CLIENT_ID",
        "GITHUB_URL",
        "SESSION_IDLE_TIMEOUT",
        "TRUSTED_PROXIES",
        "LOG_FORMAT",
        "AUDIT_RETENTION",
        "DATABASE_STATEMENT_CACHE",
    ] {
        let lines = problems
            .iter()
            .filter(|line| line.starts_with(&format!("{variable}:")));
        assert_eq!(lines.count(), 1, "{variable} in {problems:#?}");
    }
}

/// A host of `labels` labels of one letter each.
fn origin(letter: &str, labels: usize) -> String {
    format!("https://{}example", format!("{letter}.").repeat(labels))
}

#[test]
fn a_public_url_is_measured_as_the_cookie_carries_it() {
    assert!(PublicUrl::parse(&origin("a", 120)).is_ok(), "255 bytes");
    assert!(PublicUrl::parse(&origin("a", 121)).is_err());
    // Each of these labels takes eight bytes as Punycode.
    assert!(PublicUrl::parse(&origin("ü", 30)).is_ok());
    assert!(PublicUrl::parse(&origin("ü", 31)).is_err());
}

#[test]
fn a_public_url_is_an_origin_and_nothing_more() {
    for good in [
        "https://a.example",
        "https://a.example:8443/",
        "http://localhost:8080",
        "http://127.0.0.1",
        "http://[::1]:1",
    ] {
        assert!(PublicUrl::parse(good).is_ok(), "{good}");
    }
    for bad in [
        "a.example",
        "ftp://a.example",
        "http://a.example",
        "https://a.example/path",
        "https://u:p@a.example",
        "https://a.example/?q",
        "https://",
    ] {
        assert!(PublicUrl::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn only_the_public_host_is_ours() {
    let url = PublicUrl::parse("https://a.example").unwrap();
    for good in ["a.example", "A.example", "a.example:443"] {
        assert!(url.is_host(good, 8080), "{good}");
    }
    for bad in [
        "b.example",
        "a.example:8080",
        "a.example:",
        "a.example:x",
        "a.example.",
        "",
        "a.example:+443",
    ] {
        assert!(!url.is_host(bad, 8080), "{bad}");
    }
    let local = PublicUrl::parse("http://localhost:8080").unwrap();
    assert!(local.is_host("localhost:8080", 8082) && local.is_host("localhost:8082", 8082));
    assert!(!local.is_host("localhost:8083", 8082) && !local.is_host("localhost", 8082));
    let six = PublicUrl::parse("http://[::1]:8080").unwrap();
    assert!(six.is_host("[::1]:8080", 8080) && !six.is_host("[::1]", 8080));
}

#[test]
fn a_simulator_is_refused_in_production() {
    let simulated = [
        ("GITHUB_CLIENT_ID", "id"),
        ("GITHUB_CLIENT_SECRET", "s"),
        ("GITHUB_API_URL", "http://localhost:8081"),
    ];

    assert!(problems(&simulated)[0].starts_with("GITHUB_API_URL: is on loopback"));
    let on_loopback: Vec<_> = simulated
        .into_iter()
        .chain([("PUBLIC_URL", "http://localhost:8080")])
        .collect();
    assert!(problems(&on_loopback).is_empty());
}

#[test]
fn a_secret_may_lie_in_a_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "s3cret\n").unwrap();
    let path = file.path().to_str().unwrap();
    let config = config(&[
        ("VERCEL_CLIENT_ID", "id"),
        ("VERCEL_CLIENT_SECRET_FILE", path),
    ]);

    assert_eq!(config.vercel.unwrap().client_secret.expose(), "s3cret");
    let both = [
        ("VERCEL_CLIENT_ID", "id"),
        ("VERCEL_CLIENT_SECRET", "x"),
        ("VERCEL_CLIENT_SECRET_FILE", path),
    ];
    assert_eq!(
        problems(&both),
        ["VERCEL_CLIENT_SECRET: VERCEL_CLIENT_SECRET_FILE is set as well. Set one of them"]
    );
    let missing = [("DATABASE_URL", ""), ("DATABASE_URL_FILE", "/nowhere")];
    assert!(problems(&missing)[0].starts_with("DATABASE_URL_FILE: the file cannot be read"));
}
