# TIMEOUT: 200 jobs whose device is lost: a picture's fails with the reason and what to do, a training goes on from its checkpoint to the same weights.
. "$(dirname "$0")/lib.sh"
export LIMN_MODELS=$SOURCE/assets/models LIMN_STATE=$work/state
m=lenet_fashion
"$FIXTURE" image p.png 28 28 1
mkdir data; "$FIXTURE" idx data 40 10 3
state() { "$LIMN" jobs show "$1" --json 2>/dev/null | "$FIXTURE" json job/state; }
lose() { # lose K COMMAND...: the K-th call that can finds the device lost
    LIMN_INJECT=lost:$1
    export LIMN_INJECT
    shift
    run "$@"
    unset LIMN_INJECT
}
# calls COMMAND...: a number of calls that the command comes to, and whose double it does not (above 128): o/ is its output
calls() {
    k=128
    while rm -rf o; lose $((2 * k)) "$@"; [ "$code" -ne 0 ] && [ $k -lt 100000 ]; do
        ok; [ "$code" -eq 5 ] || bad "exit code $code"
        k=$((2 * k))
    done
}

# ---- a job that starts anew: failed, with reason and hint; well again, it is tried again
run submit --no-worker explain $m p.png --device cpu -m gradcam; code 0; id=$(cat "$out")
run submit --no-worker explain $m p.png --device cpu -m gradient; code 0; next=$(cat "$out")
lose 30 worker --once --device cpu; code 0 # the worker itself looks at the devices, with fewer calls
check [ "$(state "$id")" = failed ]; check [ "$(state "$next")" = failed ] # both were run, none hangs
run jobs show "$id" --json; code 0; json job/exit 5
check sh -c "\"$LIMN\" jobs show $id | grep -qi '^error.*lost'"
check sh -c "\"$LIMN\" jobs show $id | grep -q '^hint.*limn doctor'"
run jobs retry "$id"; code 0
for _ in $(seq 1 300); do [ "$(state "$id")" = done ] && break; sleep 0.1; done
check [ "$(state "$id")" = done ]
p=$("$LIMN" jobs list --json 2>/dev/null | "$FIXTURE" json workers/0/pid 2>/dev/null) && kill "$p"
for _ in $(seq 1 100); do kill -0 "$p" 2>/dev/null || break; sleep 0.1; done

# ---- a training: the worker goes on with it by itself, to the weights that it would have had
train=(train classifier data --device cpu --batch 10 --seed 3)
calls "${train[@]}" --epochs 6 -o o
mv o whole
run submit --no-worker "${train[@]}" --epochs 6 -o apart; code 0; id=$(cat "$out")
lose "$k" worker --once --device cpu; code 0
check [ "$(state "$id")" = done ]
run jobs show "$id" --json; code 0
ok; [ "$("$FIXTURE" json job/attempt <"$out")" -ge 2 ] || bad "the device was not lost"
run jobs log "$id"; code 0; prints "resuming from"
check cmp -s whole/model.safetensors apart/model.safetensors

# ---- a device that is lost again and again: failed in the end, not for ever tried again
run submit --no-worker "${train[@]}" --epochs 60 -o never; code 0; id=$(cat "$out")
lose "$k" worker --once --device cpu; code 0 # each of the three attempts comes as far
check [ "$(state "$id")" = failed ]
run jobs show "$id" --json; code 0; json job/attempt 3
check sh -c "\"$LIMN\" jobs show $id | grep -qi '^error.*lost'"
check [ -z "$(find "$work" -name '.limn-*')" ]
finish
