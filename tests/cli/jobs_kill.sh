# TIMEOUT: 280 worker and programs of jobs killed at random instants while a mixed queue runs: nothing is lost, nothing ends differently.
# KILLS (10) kills, from SEED (1); jobs_kill_all.sh does 100.
. "$(dirname "$0")/lib.sh"
export LIMN_MODELS=$SOURCE/assets/models LIMN_STATE=$work/state
kills=${KILLS:-10} RANDOM=${SEED:-1} m=lenet_fashion
for i in 1 2; do "$FIXTURE" image p$i.png 28 28 "$i"; done
mkdir data; "$FIXTURE" idx data 200 50 7
json_of() { "$LIMN" jobs "$@" --json 2>/dev/null; }
pid() { json_of list | "$FIXTURE" json workers/0/pid 2>/dev/null; }
count() { json_of list | "$FIXTURE" json "counts/$1"; }
waiting() { echo $(($(count queued) + $(count interrupted) + $(count running))); }
trap 'p=$(pid) && kill "$p"; sleep 0.5; chmod -R u+w "$work"; rm -rf "$work"' EXIT
worker() { run worker --background --idle 60 --device cpu; code 0; }

# what each must come to, from runs that nobody disturbs
explain="explain $m p1.png p2.png --device cpu -m gradcam,gradient"
classify="classify $m p1.png --device cpu --top 3"
train="train classifier data --device cpu --epochs 2 --batch 20 --seed 3 --workers 1"
# by path, as a job has it: a GIF says what its networks are called
shift="shift $LIMN_MODELS/$m.safetensors $LIMN_MODELS/lenet_fashion_ae.safetensors p1.png p2.png --device cpu --frames 5"
run $explain --npy good/explain -o good/explain; code 0
run $classify --json; code 0; cp "$out" good/classify.json
run $train -o good/train --json; code 0
run $shift -o good/shift; code 0
sums() { (cd "$1" && find . -type f ! -name '*.png' | LC_ALL=C sort | xargs cksum | awk '{ print $1, $3 }'); }
items() { "$FIXTURE" json items/0/classes <"$1"; }

n=0
batch() {
    n=$((n + 4))
    run submit --no-worker $explain -o "x$((n - 3))" --npy "x$((n - 3))"; code 0
    run submit --no-worker $classify; code 0
    run submit --no-worker $train -o "x$((n - 1))"; code 0
    run submit --no-worker $shift -o "x$n"; code 0
    check [ "$(cat "$out")" = $n ]
}
batch
worker
for _ in $(seq 1 "$kills"); do
    if [ "$(waiting)" -lt 2 ]; then batch; fi
    worker
    sleep "0.$((RANDOM % 900 + 100))"
    p=$(pid) || continue
    child=$(pgrep -P "$p")
    case $((RANDOM % 3)) in
    0) kill -KILL "$p" ;;
    1) [ -z "$child" ] || kill -KILL "$child" ;;
    2) kill -KILL "$p" ${child:+"$child"} ;;
    esac 2>/dev/null
done
for _ in $(seq 1 2000); do # what lost its worker three times has failed, with a reason, and may be tried again
    if [ "$(count failed)" -gt 0 ]; then
        json_of list --state failed --limit 1000 | grep '"reason"' | grep -vE 'killed|ended [0-9]+ times|interrupted' >"$out"
        last="jobs that failed"; check [ ! -s "$out" ]
        run jobs retry --all; code 0
    fi
    [ "$(waiting)" -eq 0 ] && [ "$(count failed)" -eq 0 ] && break
    worker
    sleep 0.1
done
# the end of a job is known before its files are gone, and a kill in between leaves them to the next worker
while p=$(pid); do kill "$p" 2>/dev/null; sleep 0.1; done
run worker --once --device cpu; code 0
last="after $kills kills of $n jobs"
check [ "$(count done)" -eq $n ]
for i in $(seq 1 4 "$n"); do
    last="job $i"; check [ "$(sums "x$i")" = "$(sums good/explain)" ]
    check [ "$(ls "x$i" | wc -l)" -eq 8 ]
    last="job $((i + 1))"; check [ "$(items "$LIMN_STATE/results/$((i + 1))/result.json")" = "$(items good/classify.json)" ]
    last="job $((i + 2))"
    for f in best.safetensors model.safetensors; do
        check cmp -s "x$((i + 2))/$f" good/train/$f
    done
    last="job $((i + 3))"; check [ "$(sums "x$((i + 3))")" = "$(sums good/shift)" ]
    check [ "$(ls "x$((i + 3))" | wc -l)" -eq "$(ls good/shift | wc -l)" ]
done
last="temporary files"; check [ -z "$(find "$work" -name '.limn-*')" ]
last="files of runs"; check [ -z "$(ls "$LIMN_STATE/run")" ]
echo "$kills kills, $n jobs, $(grep -c 'job [0-9]*: [a-z]* ' "$LIMN_STATE"/worker-*.log) starts"
finish
