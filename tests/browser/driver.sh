# Runs a chromedriver with everything that it starts, and ends all of it however
# the tests end: standard input is a pipe that they hold at the other end, and
# nobody writes. What browsers leave in their folders goes as well.

trap '' INT TERM HUP
TMPDIR=$(mktemp -d /tmp/browsers.XXXXXX)
export TMPDIR
chromedriver --port=0 --log-level=SEVERE &

while read -r line; do :; done

# This session's processes, whatever groups they have made.
for turn in 1 2 3; do
    others=$(ps -o pid= -s $$ | grep -v -w -e $$)
    kill -KILL $others 2>/dev/null
done
rm -rf -- "$TMPDIR" || { sleep 1 && rm -rf -- "$TMPDIR"; }
