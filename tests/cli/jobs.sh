# TIMEOUT: 300 submit, jobs and worker from end to end: documents both ways, every state, results, refusals, a terminal that closes.
. "$(dirname "$0")/lib.sh"
export LIMN_MODELS=$SOURCE/assets/models LIMN_STATE=$work/state
m=lenet_fashion
for i in 1 2; do "$FIXTURE" image p$i.png 28 28 "$i"; done
state() { "$LIMN" jobs show "$1" --json 2>/dev/null | "$FIXTURE" json job/state; }
pid() { "$LIMN" jobs list --json 2>/dev/null | "$FIXTURE" json workers/0/pid 2>/dev/null; }
# await ID STATE: until the job is in it, or nothing will change any more
await() {
    ok
    local now
    for _ in $(seq 1 600); do
        now=$(state "$1")
        [ "$now" = "$2" ] && return
        case $now in done | failed | cancelled) break ;; esac
        sleep 0.1
    done
    bad "job $1 is $(state "$1"), expected $2"
}
leave() { # no worker outlives its test
    local p
    p=$(pid) && kill "$p" && for _ in $(seq 1 100); do kill -0 "$p" 2>/dev/null || break; sleep 0.1; done
}
trap 'leave; chmod -R u+w "$work"; rm -rf "$work"' EXIT

# ---- the queue without a worker
run jobs; code 0; nothing; says "no jobs"
run submit --no-worker explain $m p1.png --device cpu --npy maps -m gradient; code 0
check [ "$(cat "$out")" = 1 ]
run submit --no-worker explain -dcpu --npy=./maps $m p1.png --method=gradient; code 0
check [ "$(cat "$out")" = 2 ]
echo '{"schema": 1, "command": "explain", "args": {"model": "lenet_fashion", "image": ["p1.png"], "device": "cpu",
    "method": "gradient", "npy": "maps"}}' >job.json
run submit --no-worker job.json; code 0
last="submit -"; "$LIMN" submit --no-worker - --json <job.json >"$out" 2>"$err"; code=$?; code 2 # options come first
"$LIMN" submit --no-worker --json - <job.json >"$out" 2>"$err"; code=$?; code 0; json id 4
last="the same document"
doc() { "$LIMN" jobs show "$1" --json 2>/dev/null | "$FIXTURE" json job/document; }
for i in 2 3 4; do check [ "$("$LIMN" jobs show 1 | tail -1)" = "$("$LIMN" jobs show $i | tail -1)" ]; done
check [ "$("$LIMN" jobs show 1 --json | "$FIXTURE" json job/document/args/image/0)" = "$work/p1.png" ]
check [ "$("$LIMN" jobs show 1 --json | "$FIXTURE" json job/document/args/model)" = "$LIMN_MODELS/$m.safetensors" ]
check [ "$(stat -c %a "$LIMN_STATE" "$LIMN_STATE/jobs.db" | xargs)" = "700 600" ]

run jobs list --json; code 0; json jobs/0/id 4; json counts/queued
run jobs cancel 3 4; code 0; check [ "$(state 3)" = cancelled ]
run jobs cancel 3; code 2; one_line; says "cancelled"
run jobs retry 3; code 0 # starts a worker
leave
run jobs show 99; code 2; one_line
run jobs show one; code 2; one_line
run jobs cancel; code 2; one_line
run jobs lost; code 2; one_line; says "list"
run jobs list --state failed,nope; code 2; one_line
run jobs clear 1000; code 2; one_line

# ---- refused when submitted
run submit explain $m none.png; code 3; one_line; says none.png
run submit explain $m p1.png --labels none.txt; code 3; one_line
run submit explain nosuchmodel p1.png; code 2; one_line
run submit explain $m p1.png --metod x; code 2; one_line; says "--method"
run submit explain $m; code 2; one_line
run submit devices; code 2; one_line
run submit nosuchcommand x; code 2; one_line
run submit none.json; code 3; one_line
run submit classify $m p1.png --device nosuchdevice; code 2; one_line
run submit explain $m "$(printf 'p\xff.png')"; code 3; one_line
cp p1.png "$(printf 'p\xff.png')"
run submit explain $m "$(printf 'p\xff.png')"; code 2; one_line; says UTF-8
for bad in "$SOURCE"/tests/corpus/job/reject/*.json; do
    run submit --no-worker "$bad"
    ok; [ "$code" -eq 2 ] || [ "$code" -eq 3 ] || bad "exit code $code for $(basename "$bad")"
    one_line
done
for good in "$SOURCE"/tests/corpus/job/accept/*.json; do
    run submit --no-worker "$good"; code 0
    run jobs cancel "$(cat "$out")"; code 0
done

# ---- results: the same as without a queue, in a folder of their own or where options say
rm -rf maps
run jobs clear; code 0
run jobs cancel --all; code 0
run submit --no-worker explain $m p1.png p2.png --device cpu -m gradcam --npy maps; id=$(cat "$out")
run submit --no-worker classify $m p1.png --device cpu; id2=$(cat "$out")
run worker --once --device cpu; code 0
check [ "$(state "$id")" = done ]; check [ "$(state "$id2")" = done ]
run explain $m p1.png p2.png --device cpu -m gradcam --npy direct -o direct; code 0
for i in 1 2; do
    check cmp -s maps/p$i.gradcam.npy direct/p$i.gradcam.npy
    exists "$LIMN_STATE/results/$id/p$i.gradcam.png"
done
run jobs show "$id" --json; code 0; json job/artifacts/4/kind json; json job/exit 0; json job/model_sha256; json job/ran_on
check [ "$("$FIXTURE" json command <"$LIMN_STATE/results/$id2/result.json")" = classify ]
for f in events out err; do absent "$LIMN_STATE/run/$id.$f"; done
run jobs list; code 0; prints done; prints "5 files"
run jobs retry "$id"; code 2; one_line

# ---- every command that can wait does as a job what it does at once
leave
mkdir data; "$FIXTURE" idx data 60 20 3
f=recipe:lenet a=recipe:lenet+decoder4@pool2
declare -A as_job
put() { run submit --no-worker "$@"; code 0; as_job[$1]=$(cat "$out"); }
put compare $m p1.png --device cpu -m gradcam,gradient
put train classifier data --device cpu --epochs 1 --batch 20
put test $f data --device cpu --confusion confusion.png
put shift $f $a p1.png --device cpu --inner conv2 --strengths -1:1:3
put reconstruct $a p1.png --device cpu
put bench $f --device cpu --runs 1
for c in $("$LIMN" --help | awk '/^  [a-z]/ { print $1 }'); do
    last="$c as a job"
    "$LIMN" help "$c" >"$out"
    if grep -q -- --submit "$out"; then
        check [ "$c" = explain -o "$c" = classify -o -n "${as_job[$c]:-}" ] # a new one wants a line above
        for word in $(sed -n '1s/Usage: limn [a-z]* //p' "$out" | grep -oE '\b[A-Z]+\b' | tr '[:upper:]' '[:lower:]'); do
            check sh -c "! grep -q -- '--$word\b' '$out'" # operands and options are told apart by name
        done
    fi
done
run worker --once --device cpu; code 0
for c in "${!as_job[@]}"; do
    last="$c as a job"; check [ "$(state "${as_job[$c]}")" = done ]
done
exists "$LIMN_STATE/results/${as_job[compare]}/p1.sheet.png"; exists confusion.png
exists "$LIMN_STATE/results/${as_job[train]}/best.safetensors"; exists "$LIMN_STATE/results/${as_job[shift]}/p1.shift.gif"

# ---- the device fails: the job says so, and the next one runs
run submit --no-worker explain $m p1.png --device reference; code 0; ref=$(cat "$out")
run submit --no-worker explain $m p1.png --device cpu; id=$(cat "$out")
LIMN_INJECT=vulkan:150+ run worker --once --device cpu; code 0
check [ "$(state "$id")" = failed ]
run jobs show "$id" --json; json job/exit 7
check sh -c "\"$LIMN\" jobs show $id | grep -q 'hint.*batch'"
check [ "$(state "$ref")" = queued ] # of another device
run jobs retry "$id"; code 0; await "$id" done
leave
run worker --once --device reference; code 0; check [ "$(state "$ref")" = done ]

# ---- failures say what and what next; a retry that can, goes well
cp p1.png gone.png
run submit --no-worker classify $m gone.png --device cpu; id=$(cat "$out"); rm gone.png
run worker --once --device cpu; code 0
check [ "$(state "$id")" = failed ]
run jobs show "$id" --json; json job/exit 3
check sh -c "\"$LIMN\" jobs show $id | grep -q 'error.*gone.png'"
check sh -c "\"$LIMN\" jobs show $id | grep -q '^hint'"
run jobs log "$id"; code 0; prints "gone.png"
run jobs list --state failed; code 0; prints gone.png
cp p1.png gone.png
mkdir theirs; echo theirs >theirs/gone.gradcam.png
run submit --no-worker explain $m gone.png --device cpu -o theirs; id3=$(cat "$out")
run classify $m p1.png --device cpu --json --progress none --submit; code 0; id4=$(cat "$out")
check [ -n "$(pid)" ] # started by --submit
run worker --device cpu --background; code 0 # a second one is not needed
run jobs retry "$id"; code 0
await "$id" done
await "$id4" done
await "$id3" failed # what is not the job's own is not replaced, by a retry neither
run jobs retry "$id3"; code 0; await "$id3" failed
check [ "$(cat theirs/gone.gradcam.png)" = theirs ]

# ---- the worker lives in a session of its own: its starter's terminal and group may go
p=$(pid)
check [ "$(ps -o sid= -p "$p" | tr -d ' ')" != "$(ps -o sid= -p $$ | tr -d ' ')" ]
check [ "$(ps -o tty= -p "$p" | tr -d ' ')" = "?" ]
leave
if command -v script >/dev/null; then
    last="submit on a terminal that closes"
    script -qec "'$LIMN' submit classify $m p1.png --device cpu" /dev/null >"$out" 2>&1 </dev/null
    id=$(tr -d '\r' <"$out" | grep -xE '[0-9]+')
    await "$id" done
    p=$(pid)
    check kill -HUP "$p"
    run submit classify $m p2.png --device cpu; id=$(cat "$out")
    await "$id" done
    check [ "$(pid)" = "$p" ]
fi

# ---- cancel while it runs; a killed program, a killed worker
for i in $(seq 1 40); do cp p1.png many$i.png; done
run submit explain recipe:resnet18 many*.png --device cpu -m all --batch 1; id=$(cat "$out")
await "$id" running
run jobs cancel "$id"; code 0
await "$id" cancelled
run jobs show "$id" --json; code 0
run submit explain recipe:resnet18 many?.png --device cpu -m gradcam --batch 1; id=$(cat "$out")
await "$id" running
for _ in $(seq 1 100); do child=$(pgrep -P "$(pid)") && break; sleep 0.05; done
check kill -KILL "$child"
await "$id" done
run submit explain recipe:resnet18 many1.png --device cpu -o after -m gradcam; id=$(cat "$out")
await "$id" running
kill -KILL "$(pid)"
await "$id" interrupted
run jobs list; says "worker"
run worker --device cpu --background; code 0
await "$id" done
exists after/many1.gradcam.png
no_litter
check [ -z "$(find "$work" -name '.limn-*')" ]

# ---- names cannot reach the terminal
evil=$(printf 'e\033]0;title\007\033[31m.png'); cp p1.png "$evil"
run submit classify $m "$evil" --device cpu; code 0; id=$(cat "$out")
await "$id" done
for c in list "show $id" "log $id"; do
    run jobs $c; code 0
    check sh -c "! grep -q \"\$(printf '\\033')\" '$out' '$err'"
done

# ---- a store that cannot be written can be read
leave
if unshare -rm mount --bind "$LIMN_STATE" "$LIMN_STATE" 2>/dev/null; then
    on_read_only() {
        last="$* (read-only)"
        unshare -rm sh -c 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"' "$LIMN_STATE" "$LIMN" "$@" \
            >"$out" 2>"$err"
        code=$?
    }
    on_read_only jobs; code 0; prints "SUBMITTED"
    on_read_only jobs show "$id"; code 0
    on_read_only jobs clear; code 4; one_line
    on_read_only submit --no-worker classify $m p1.png --device cpu; code 4; one_line; nothing
    on_read_only worker --once --device cpu; code 4; one_line
fi

# ---- a store that is not one
mkdir broken; head -c 4096 /dev/urandom >broken/jobs.db
run jobs --store broken; code 3; one_line; says jobs.db
run submit --store broken classify $m p1.png --device cpu; code 3; one_line
run worker --store broken --once --device cpu; code 3; one_line
run jobs --store /dev/null; code 4; one_line

# ---- a store of somebody else is not touched, one that others could read is closed to them, two homes are two stores
if [ "$(id -u)" = 0 ] && mkdir theirs.d && chown 12345 theirs.d; then
    for c in jobs "submit classify $m p1.png --device cpu" "worker --once --device cpu"; do
        set -- $c
        first=$1; shift
        run "$first" --store theirs.d "$@"; code 4; one_line; says "another user"
    done
    check [ -z "$(ls -A theirs.d)" ]
fi
mkdir -m 755 open.d
run jobs --store open.d; code 0; check [ "$(stat -c %a open.d open.d/jobs.db | xargs)" = "700 600" ]
for h in home1 home2; do
    mkdir $h
    LIMN_STATE= HOME=$work/$h run submit --no-worker classify $m p1.png --device cpu; code 0; check [ "$(cat "$out")" = 1 ]
    exists "$h/.local/state/limn/jobs.db"
done
finish
