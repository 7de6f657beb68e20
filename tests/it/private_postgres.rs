//! A Postgres of our own: starts everywhere, leaves nothing behind.

mod owner;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use diesel::{Connection, PgConnection, RunQueryDsl, sql_query};
use nix::unistd::geteuid;
use vestibule::demo::postgres::{PrivatePostgres, StartError};

use owner::{Owner, is_alive, signal, socket_of, until};

/// A data directory; what was made for it elsewhere goes with it.
struct DataDir(tempfile::TempDir);

impl DataDir {
    /// As the demo makes it: nobody else can enter.
    fn closed() -> Self {
        let only_ours = fs::Permissions::from_mode(0o700);
        let directory = tempfile::Builder::new().permissions(only_ours).tempdir();
        Self(directory.unwrap())
    }

    /// One that the server's user can reach when we are root.
    fn open() -> Self {
        let directory = Self::closed();
        open(directory.path());
        directory
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Where its cluster lives.
    fn home(&self) -> PathBuf {
        home_of(self.path())
    }
}

impl Drop for DataDir {
    fn drop(&mut self) {
        PrivatePostgres::erase(self.path()).unwrap();
    }
}

fn open(directory: &Path) {
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).unwrap();
}

fn home_of(data_dir: &Path) -> PathBuf {
    match fs::read_to_string(data_dir.join("postgres-location")) {
        Ok(elsewhere) => elsewhere.trim_end().into(),
        Err(_) => data_dir.join("postgres"),
    }
}

fn answers(url: &str) -> bool {
    PgConnection::establish(url)
        .is_ok_and(|mut conn| sql_query("select 1").execute(&mut conn).is_ok())
}

fn run(url: &str, sql: &str) {
    let mut conn = PgConnection::establish(url).unwrap();
    sql_query(sql).execute(&mut conn).unwrap();
}

/// Leaves a sign in the data, to be found by `remembers`.
fn write_down(postgres: &PrivatePostgres) {
    postgres.ensure_database("diary").unwrap();
    run(
        &postgres.url("diary"),
        "create table if not exists written ()",
    );
}

fn remembers(postgres: &PrivatePostgres) -> bool {
    let mut diary = PgConnection::establish(&postgres.url("diary")).unwrap();
    sql_query("select from written").execute(&mut diary).is_ok()
}

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
    std::os::unix::fs::symlink(planted.path(), &link).unwrap();

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
