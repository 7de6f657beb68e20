//! A cluster for one test run: nothing of it may stay.

use std::{fs, os::unix::fs::PermissionsExt};

use vestibule::demo::postgres::{PrivatePostgres, StartError};

use super::{
    answers,
    owner::{Owner, is_alive, signal, socket_of, until},
    remembers, run, write_down,
};

#[test]
fn a_throwaway_starts_and_answers_sql() {
    let postgres = PrivatePostgres::start_throwaway().unwrap();
    postgres.ensure_database("hall").unwrap();
    postgres.ensure_database("hall").unwrap();

    assert!(answers(&postgres.url("hall")));
}

#[test]
fn a_database_is_copied_from_its_template() {
    let postgres = PrivatePostgres::start_throwaway().unwrap();
    write_down(&postgres);

    postgres.create_from_template("copy", "diary").unwrap();

    run(&postgres.url("copy"), "select from written");
}

#[test]
fn a_name_that_would_need_quoting_is_refused() {
    let postgres = PrivatePostgres::start_throwaway().unwrap();

    for name in ["", "Hall", "x\"; drop database postgres; --"] {
        let refusal = postgres.ensure_database(name);
        assert!(matches!(refusal, Err(StartError::BadName(_))), "{name}");
    }
}

#[test]
fn nobody_else_may_enter_the_socket_s_directory() {
    let postgres = PrivatePostgres::start_throwaway().unwrap();

    let socket = socket_of(&postgres.url("postgres"));

    assert_eq!(
        fs::metadata(socket).unwrap().permissions().mode() & 0o777,
        0o700
    );
}

#[test]
fn two_throwaways_do_not_disturb_each_other() {
    let one = PrivatePostgres::start_throwaway().unwrap();
    let other = PrivatePostgres::start_throwaway().unwrap();
    let home = socket_of(&other.url("postgres"));

    other.stop();

    assert!(!home.exists());
    assert!(answers(&one.url("postgres")));
}

#[test]
fn a_throwaway_vanishes_with_the_process_that_started_it() {
    let mut owner = Owner::of_a_throwaway();
    assert!(answers(&owner.url));

    owner.kill();

    until("server and supervisor are gone", || {
        !is_alive(owner.postmaster) && !is_alive(owner.supervisor)
    });
    assert!(!socket_of(&owner.url).exists());
}

#[test]
fn a_throwaway_whose_supervisor_was_killed_vanishes_when_dropped() {
    let postgres = PrivatePostgres::start_throwaway().unwrap();
    let home = socket_of(&postgres.url("postgres"));
    let postmaster = postgres.postmaster_pid().unwrap();
    signal("KILL", postgres.supervisor_pid().try_into().unwrap());

    drop(postgres);

    assert!(!is_alive(postmaster));
    assert!(!home.exists());
}

#[test]
fn a_stopped_process_is_stopped_all_the_same() {
    let postgres = PrivatePostgres::start_throwaway().unwrap();
    let home = socket_of(&postgres.url("postgres"));
    let postmaster = postgres.postmaster_pid().unwrap();
    signal("STOP", postmaster);

    drop(postgres);

    assert!(!is_alive(postmaster));
    assert!(!home.exists());
}

#[test]
fn a_halted_server_is_away_until_it_is_resumed() {
    let postgres = PrivatePostgres::start_throwaway().unwrap();
    write_down(&postgres);

    postgres.halt();
    assert!(!answers(&postgres.url("postgres")));
    postgres.resume().unwrap();
    assert!(remembers(&postgres));

    postgres.stop_immediately();
    assert!(!answers(&postgres.url("postgres")));
    postgres.resume().unwrap();
    assert!(remembers(&postgres));
}

#[test]
fn a_killed_postmaster_is_resumed_on_the_same_data() {
    let postgres = PrivatePostgres::start_throwaway().unwrap();
    write_down(&postgres);
    signal("KILL", postgres.postmaster_pid().unwrap());

    postgres.resume().unwrap();

    assert!(remembers(&postgres));
}
