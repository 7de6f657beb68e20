# What is done to a server, by us and by the supervisor.
# Expects: pg_ctl, home, socket.

data=$home/data

# Whether process $1 is this cluster's postmaster. The number in a file left
# behind may be somebody else's by now, and the killed postmaster of a container
# without an init stays as a zombie, which has no arguments.
is_postmaster() {
    if [ -r "/proc/$1/cmdline" ]; then
        arguments=$(tr '\0' ' ' <"/proc/$1/cmdline")
    else
        arguments=$(ps -ww -p "$1" -o args=)
    fi 2>/dev/null
    case $arguments in
    *"postgres -D $data "*) return 0 ;;
    *) return 1 ;;
    esac
}

# Stops the server, if one runs, in mode $1; one that does not listen, harder.
# A postmaster under SIGSTOP hears nothing, so it is let go on first.
stop() {
    read -r pid 2>/dev/null <"$data/postmaster.pid" || return 0
    is_postmaster "$pid" || return 0
    kill -CONT "$pid"
    "$pg_ctl" stop -D "$data" -m "$1" -t 30 ||
        "$pg_ctl" stop -D "$data" -m immediate -t 5 ||
        kill -KILL "$pid"
}

# Clears what a killed run left: a server, files half made, a process id that
# now means another process and for which Postgres would refuse to start. The
# file itself stays, with a number that is dead for sure, because its last line
# is how Postgres finds out that backends of a killed server still live.
settle() {
    stop fast
    rm -rf "$home"/data.new.* "$socket/.s.PGSQL.5432" "$socket/.s.PGSQL.5432.lock"
    read -r pid 2>/dev/null <"$data/postmaster.pid" || return 0
    kill -0 "$pid" 2>/dev/null || return 0
    sh -c : &
    dead=$!
    wait "$dead"
    sed "1s/.*/$dead/" "$data/postmaster.pid" >"$data/postmaster.pid.new" &&
        mv "$data/postmaster.pid.new" "$data/postmaster.pid"
}

# Makes the cluster, under another name until it is whole. Arguments: initdb and
# its options. Not every system has C.UTF-8; C is everywhere.
initialise() {
    if [ -e "$data" ]; then
        echo "$data is in the way and is no cluster"
        return 1
    fi
    new=$home/data.new.$$
    "$@" -D "$new" --locale=C.UTF-8 || {
        rm -rf "$new"
        "$@" -D "$new" --locale=C || return 1
    }
    mv "$new" "$data"
}
