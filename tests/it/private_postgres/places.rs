//! Where a cluster lives, whatever path and user it is given.

use std::{fs, os::unix, path::Path};

use nix::unistd::geteuid;
use vestibule::demo::postgres::PrivatePostgres;

use super::{DataDir, answers, home_of, open, owner::socket_of, remembers, write_down};

#[test]
fn a_path_too_long_for_a_socket_gets_a_short_one() {
    let parent = DataDir::open();
    let data_dir = parent.path().join("long".repeat(25)).join("long path");
    fs::create_dir_all(&data_dir).unwrap();
    fs::read_dir(parent.path())
        .unwrap()
        .flatten()
        .for_each(|entry| open(&entry.path()));
    open(&data_dir);

    let postgres = PrivatePostgres::start(&data_dir).unwrap();
    let socket = socket_of(&postgres.url("postgres"));

    assert_eq!(
        home_of(&data_dir.canonicalize().unwrap()),
        data_dir.join("postgres")
    );
    assert!(!socket.starts_with(&data_dir), "{}", socket.display());
    assert!(answers(&postgres.url("postgres")));
    postgres.stop();
    assert!(!socket.exists());
    PrivatePostgres::erase(&data_dir).unwrap();
}

#[test]
fn a_path_that_a_shell_would_misread_is_avoided() {
    let parent = DataDir::open();
    let data_dir = parent.path().join("$(touch oops)`\"\\");
    fs::create_dir(&data_dir).unwrap();
    open(&data_dir);

    let postgres = PrivatePostgres::start(&data_dir).unwrap();

    assert!(answers(&postgres.url("postgres")));
    postgres.stop();
    PrivatePostgres::erase(&data_dir).unwrap();
}

#[test]
fn root_in_a_closed_directory_has_its_cluster_elsewhere_and_finds_it_again() {
    if !geteuid().is_root() {
        eprintln!("skipped: only root runs its server as somebody else");
        return;
    }
    let data_dir = DataDir::closed();
    let first = PrivatePostgres::start(data_dir.path()).unwrap();
    write_down(&first);
    first.stop();
    let home = data_dir.home();
    assert!(home.starts_with("/var/tmp"), "{}", home.display());

    let second = PrivatePostgres::start(data_dir.path()).unwrap();

    assert_eq!(data_dir.home(), home);
    assert!(remembers(&second));
}

#[test]
fn a_recorded_place_that_anybody_could_have_made_is_not_trusted() {
    if !geteuid().is_root() {
        eprintln!("skipped: only root runs its server as somebody else");
        return;
    }
    let data_dir = DataDir::closed();
    let record = data_dir.path().join("postgres-location");
    let planted = tempfile::Builder::new()
        .prefix("vestibule-")
        .tempdir_in("/var/tmp")
        .unwrap();
    let link = planted.path().with_extension("link");
    unix::fs::symlink(planted.path(), &link).unwrap();

    // Not theirs; a link; outside of where we make them.
    for place in [planted.path(), &link, Path::new("/var/lib/postgresql")] {
        fs::write(&record, place.to_str().unwrap()).unwrap();
        PrivatePostgres::start(data_dir.path()).unwrap().stop();
        assert_ne!(data_dir.home(), place);
        PrivatePostgres::erase(data_dir.path()).unwrap();
    }
    fs::remove_file(link).unwrap();
    assert_eq!(fs::read_dir(planted.path()).unwrap().count(), 0);
}
