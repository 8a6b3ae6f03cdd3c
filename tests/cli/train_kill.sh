# LABELS: slow  TIMEOUT: 3000
# SIGKILL while a training computes and while it writes: whatever is left, the next start finds a whole checkpoint (or
# none and starts anew), and the weights in the end are, to the bit, those of a training that nobody disturbed.
# KILLS kills at random times (20), then one at each of the first SYSCALLS (12) calls of write, fsync, rename and unlink
# when strace is there. SEED draws the times.
. "$(dirname "$0")/lib.sh"
kills=${KILLS:-20} calls=${SYSCALLS:-12}
RANDOM=${SEED:-1}
mkdir data && "$FIXTURE" idx data 480 60 7 || exit 1
args=(classifier data --epochs 3 --batch 16 --val test --augment flip,crop=2,rotate=10 --ema 0.9 --save-every 7
    --seed 3 --device cpu)
run train "${args[@]}" -o whole; code 0
same() {
    check cmp -s whole/model.safetensors "$1/model.safetensors"
    check cmp -s whole/best.safetensors "$1/best.safetensors"
    check [ "$(sed 's/"seconds":[0-9.e-]*//' whole/log.jsonl)" = "$(sed 's/"seconds":[0-9.e-]*//' "$1/log.jsonl")" ]
    check [ -z "$(ls -A "$1" | grep '^\.limn-')" ]
}
# every file is whole: the newest checkpoints pass their checksums, weights open
whole_files() {
    local f
    for f in "$1"/*.safetensors; do
        [ -e "$f" ] || continue
        "$LIMN" inspect "$f" --arch lenet >"$out" 2>"$err" </dev/null; ok
        [ $? -eq 0 ] || bad "$f is not whole"
    done
}

done_kills=0 rounds=0
while [ $done_kills -lt "$kills" ]; do
    rounds=$((rounds + 1))
    rm -rf k
    while :; do
        last="train (kill $done_kills, round $rounds)"
        "$FIXTURE" signal 9 $((300 + RANDOM % 2500)) "$LIMN" train "${args[@]}" -o k --resume >"$out" 2>"$err"
        code=$?
        [ $code -eq 100 ] || break
        done_kills=$((done_kills + 1))
        whole_files k
        grep -q skipped "$err" && bad "a checkpoint was not whole"
        [ $done_kills -lt "$kills" ] || break
    done
    run train "${args[@]}" -o k --resume; code 0
    same k
done
echo "$done_kills kills at random times in $rounds trainings"

if strace -o /dev/null true 2>/dev/null; then
    export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 # which cannot be looked for under strace
    n=0
    run train "${args[@]}" -o whole96 --limit 96; code 0
    for call in write fsync rename unlink; do
        rm -rf s
        for k in $(seq 1 "$calls"); do
            last="train (killed at $call $k)"
            # in a shell of its own, which says nothing about the end of a job
            (strace -f -qq -o trace -e trace="$call" -e "inject=$call:signal=SIGKILL:when=$k" \
                "$LIMN" train "${args[@]}" -o s --resume --limit 96 >"$out" 2>"$err" </dev/null; exit $?) 2>/dev/null
            [ $? -eq 0 ] || n=$((n + 1))
            whole_files s
        done
        run train "${args[@]}" -o s --resume --limit 96; code 0
        check cmp -s whole96/model.safetensors s/model.safetensors
    done
    check [ $n -gt "$calls" ]
    echo "$n kills at system calls"
fi
finish
