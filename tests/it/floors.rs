//! The house's floors look down, never up: `src/lib.rs` draws them.

use std::fs;
use std::path::{Path, PathBuf};

/// Each room and its floor.
const FLOORS: [(&str, u8); 28] = [
    ("config", 0),
    ("clock", 0),
    ("error", 0),
    ("provider", 0),
    ("secret", 0),
    ("strict_json", 0),
    ("crypto", 1),
    ("db", 1),
    ("schema", 1),
    ("models", 2),
    ("oauth", 2),
    ("sign_in", 3),
    ("revocations", 3),
    ("endings", 3),
    ("programs", 3),
    ("sweep", 3),
    ("vault", 3),
    ("withdrawals", 3),
    ("connections", 3),
    ("hand_outs", 3),
    ("leaving", 3),
    ("reseal", 3),
    ("web", 4),
    ("demo", 5),
    ("cli", 6),
    ("main", 7),
    ("lib", 7),
    ("tests", 7),
];
/// Rooms on one floor that do not know each other.
const STRANGERS: [(&str, &str); 2] = [("models", "oauth"), ("oauth", "models")];
/// Look twice at 200, split at 300.
const LONGEST_FILE: usize = 300;

pub fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn room_of(path: &Path) -> String {
    let inside = path.strip_prefix(root()).unwrap();
    let first = inside.components().next().unwrap().as_os_str();
    first.to_str().unwrap().trim_end_matches(".rs").to_owned()
}

fn floor(room: &str) -> u8 {
    let found = FLOORS.iter().find(|(name, _)| *name == room);
    found
        .unwrap_or_else(|| panic!("{room} has no floor: draw it in lib.rs and here"))
        .1
}

/// The rooms that a source names, by `crate::room`.
fn looks(text: &str) -> Vec<String> {
    let word = |rest: &str| {
        rest.chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect()
    };
    text.split("crate::").skip(1).map(word).collect()
}

#[test]
fn no_floor_looks_up() {
    for path in sources(&root()) {
        let (room, text) = (room_of(&path), fs::read_to_string(&path).unwrap());
        for seen in looks(&text) {
            assert!(
                floor(&seen) <= floor(&room),
                "{} looks up to {seen}",
                path.display()
            );
            assert!(
                !STRANGERS.contains(&(&room, &seen)),
                "{} knows {seen}",
                path.display()
            );
            assert!(
                seen != "demo" || ["demo", "cli"].contains(&&*room),
                "{} knows the demo",
                path.display()
            );
        }
    }
}

/// `super::super::…` can climb out of a room without a word of `crate::`.
#[test]
fn nobody_leaves_a_room_through_the_roof() {
    // Diesel's tables are modules that a macro makes.
    let written = |path: &PathBuf| room_of(path) != "schema";
    for path in sources(&root()).into_iter().filter(written) {
        let inside = path.strip_prefix(root()).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        // Modules within the file are one deeper: those that are called tests.
        let (code, tests) = text.split_once("mod tests {").unwrap_or((&text, ""));
        for (text, depth) in [
            (code, inside.components().count()),
            (tests, inside.components().count() + 1),
        ] {
            assert!(
                !text.contains(&"super::".repeat(depth)),
                "{} climbs to the crate",
                path.display()
            );
        }
    }
}

#[test]
fn nothing_below_the_web_knows_its_request_types() {
    for path in sources(&root())
        .iter()
        .filter(|path| floor(&room_of(path)) < 4)
    {
        let text = fs::read_to_string(path).unwrap();
        assert!(!text.contains("actix_web"), "{}", path.display());
    }
}

/// Sessions go by the database's clock; keys are older than any database and
/// go by this machine's.
#[test]
fn nothing_but_keys_asks_this_machine_what_time_it_is() {
    for path in sources(&root()) {
        let room = room_of(&path);
        if ["clock", "crypto", "demo", "cli"].contains(&&*room) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let (code, _) = text.split_once("mod tests {").unwrap_or((&text, ""));
        assert!(!code.contains("Utc::now"), "{}", path.display());
    }
}

#[test]
fn files_are_small_and_stand_beside_their_folders() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for path in sources(&root()).into_iter().chain(sources(&tests)) {
        assert_ne!(path.file_name().unwrap(), "mod.rs", "{}", path.display());
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(
            lines <= LONGEST_FILE,
            "{} has {lines} lines",
            path.display()
        );
    }
}

#[test]
fn every_migration_goes_both_ways() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    for entry in fs::read_dir(folder).unwrap() {
        for file in ["up.sql", "down.sql"] {
            let text = fs::read_to_string(entry.as_ref().unwrap().path().join(file)).unwrap();
            assert!(!text.trim().is_empty());
        }
    }
}
