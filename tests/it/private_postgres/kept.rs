//! The demo's cluster: its data stays, its processes do not.

use std::fs;

use vestibule::demo::postgres::{PrivatePostgres, StartError};

use super::{
    DataDir, answers,
    owner::{Owner, is_alive, signal, until},
    remembers, run, write_down,
};

#[test]
fn data_is_kept_from_one_run_to_the_next() {
    let data_dir = DataDir::closed();
    let first = PrivatePostgres::start(data_dir.path()).unwrap();
    write_down(&first);
    first.stop();

    let second = PrivatePostgres::start(data_dir.path()).unwrap();

    assert!(remembers(&second));
}

#[test]
fn a_second_start_says_who_runs() {
    let data_dir = DataDir::closed();
    let owner = Owner::of(data_dir.path());

    let Err(refusal) = PrivatePostgres::start(data_dir.path()) else {
        panic!("two servers on one data directory");
    };

    let who = format!("(process {})", owner.pid());
    assert!(refusal.to_string().contains(&who), "{refusal}");
    assert!(answers(&owner.url));
}

#[test]
fn the_server_of_a_killed_process_stops_and_the_next_start_works() {
    let data_dir = DataDir::closed();
    let mut owner = Owner::of(data_dir.path());
    run(&owner.url, "create database diary");
    run(
        &owner.url.replace("/postgres?", "/diary?"),
        "create table written ()",
    );
    owner.kill();

    // At once: the previous server may still be stopping.
    let next = PrivatePostgres::start(data_dir.path()).unwrap();

    assert!(remembers(&next));
    assert!(!is_alive(owner.postmaster));
    until("the supervisor is gone", || !is_alive(owner.supervisor));
}

#[test]
fn a_server_that_lost_its_supervisor_too_is_stopped_by_the_next_start() {
    let data_dir = DataDir::closed();
    let mut owner = Owner::of(data_dir.path());
    signal("KILL", owner.supervisor);
    owner.kill();
    assert!(is_alive(owner.postmaster));

    let next = PrivatePostgres::start(data_dir.path()).unwrap();

    assert!(!is_alive(owner.postmaster));
    assert!(answers(&next.url("postgres")));
}

#[test]
fn a_process_that_took_over_a_stale_number_is_left_in_peace() {
    let data_dir = DataDir::closed();
    let bystander = PrivatePostgres::start_throwaway().unwrap();
    let first = PrivatePostgres::start(data_dir.path()).unwrap();
    // A second name keeps the file, and whose it is, when the server removes it.
    let pid_file = data_dir.home().join("data/postmaster.pid");
    let kept = pid_file.with_extension("kept");
    fs::hard_link(&pid_file, &kept).unwrap();
    let written = fs::read_to_string(&pid_file).unwrap();
    first.stop();
    let (_, rest) = written.split_once('\n').unwrap();
    fs::write(
        &kept,
        format!("{}\n{rest}", bystander.postmaster_pid().unwrap()),
    )
    .unwrap();
    fs::rename(&kept, &pid_file).unwrap();

    let next = PrivatePostgres::start(data_dir.path()).unwrap();

    assert!(answers(&next.url("postgres")));
    assert!(answers(&bystander.url("postgres")));
}

#[test]
fn a_cluster_half_made_is_made_again() {
    let data_dir = DataDir::closed();
    PrivatePostgres::start(data_dir.path()).unwrap().stop();
    let half_made = data_dir.home().join("data.new.1");
    fs::rename(data_dir.home().join("data"), &half_made).unwrap();

    let next = PrivatePostgres::start(data_dir.path()).unwrap();

    assert!(answers(&next.url("postgres")));
    assert!(!half_made.exists());
}

#[test]
fn an_erased_cluster_is_gone_and_a_running_one_is_not_erased() {
    let data_dir = DataDir::closed();
    let postgres = PrivatePostgres::start(data_dir.path()).unwrap();
    let home = data_dir.home();

    let refusal = PrivatePostgres::erase(data_dir.path());
    assert!(matches!(refusal, Err(StartError::AlreadyRunning { .. })));
    postgres.stop();
    PrivatePostgres::erase(data_dir.path()).unwrap();

    assert!(!home.exists());
}
