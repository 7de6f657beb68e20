# Stops the server however its owner ends. Standard input is a pipe that the
# owner, and every command that is at work on the cluster, hold at its other
# end: nobody writes, and it ends when the last of them is gone. Standard output
# is the lock on the data directory, held until we end too.
# Arguments: the mode to stop in, then what to remove.

trap '' INT TERM HUP
mode=$1
shift

while read -r line; do :; done

stop "$mode" >>"$home/server.log" 2>&1
if [ $# -gt 0 ]; then
    # A killed server's last process may still be writing.
    rm -rf -- "$@" || { sleep 1 && rm -rf -- "$@"; }
fi
