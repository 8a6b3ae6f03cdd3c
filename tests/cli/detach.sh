# TIMEOUT: 200 a connection breaks while a training runs: tmux is ended, or killed, with the front end in it. The job goes on, the view is gone, the next one shows it.
. "$(dirname "$0")/lib.sh"
command -v tmux >/dev/null || exit 77
export LIMN_MODELS=$SOURCE/assets/models LIMN_STATE=$work/state XDG_CONFIG_HOME=$work TMUX_TMPDIR=$work
unset TMUX
mkdir data; "$FIXTURE" idx data 300 50 7
on() { tmux -L limn -f /dev/null "$@"; }
view() { on new-session -d -x 110 -y 30 -e LIMN_STATE="$LIMN_STATE" "exec '$LIMN' tui"; }
screen() { on capture-pane -p 2>/dev/null; }
job() { "$LIMN" jobs show 1 --json 2>/dev/null | "$FIXTURE" json "job/$1"; }
worker() { "$LIMN" jobs list --json 2>/dev/null | "$FIXTURE" json workers/0/pid 2>/dev/null; }
trap 'on kill-server 2>/dev/null; p=$(worker) && kill "$p"; sleep 0.3; chmod -R u+w "$work"; rm -rf "$work"' EXIT
# until COMMAND: true within 40 s
until_true() {
    ok
    for _ in $(seq 400); do "$@" && return; sleep 0.1; done
    bad "never true: $*"
    screen
}
shows() { screen | grep -qF -- "$1"; }
is() { [ "$(job "$1")" = "$2" ]; }
gone() { ! kill -0 "$1" 2>/dev/null; }
further() { awk -v a="$(job part)" -v b="$1" 'BEGIN { exit !(a > b) }'; }

run submit --no-worker train classifier data --device cpu --epochs 60 --batch 10 --seed 3 -o trained; code 0
last="the view starts the worker"
view
until_true is state running
for way in kill-server SIGKILL; do
    last="tmux: $way"
    until_true shows "train"
    until_true shows "running"
    seen=$(on display-message -p '#{pane_pid}')
    check [ "$(cat "/proc/$seen/comm")" = limn ]
    w=$(worker) part=$(job part)
    case $way in
    kill-server) on kill-server ;;
    SIGKILL) kill -KILL "$(on display-message -p '#{pid}')" ;;
    esac
    until_true gone "$seen"
    until_true further "$part"
    check is state running
    check [ "$(worker)" = "$w" ]
    view
done
until_true shows "running"
run jobs cancel 1; code 0 # it was shown running, and it is told to stop
until_true shows "cancelled"
on send-keys q
until_true sh -c '! tmux -L limn has-session 2>/dev/null'
finish
