# LABELS: slow  TIMEOUT: 1200
# SIGKILL while a counterfactual is computed and while its GIF and sheet are written: a file is there whole or not at all,
# and the next run replaces what there is with the same bytes. KILLS kills at random times (40), then one at each of the
# first SYSCALLS (8) calls of write, fsync and rename when strace is there. SEED draws the times.
. "$(dirname "$0")/lib.sh"
kills=${KILLS:-40} calls=${SYSCALLS:-8}
RANDOM=${SEED:-1}
args=(lenet_fashion lenet_fashion_ae "$SOURCE/assets/photos/sneaker.png" --to "Ankle boot" --device cpu --force)
started=$(date +%s%N)
run shift "${args[@]}" -o whole; code 0
took=$((($(date +%s%N) - started) / 1000000))
whole_or_absent() {
    local f
    for f in whole/*; do
        [ ! -e "k/${f##*/}" ] || check cmp -s "$f" "k/${f##*/}"
    done
}
for i in $(seq "$kills"); do
    last="shift (kill $i)"
    "$FIXTURE" signal 9 $((1 + RANDOM % (took + 50))) "$LIMN" shift "${args[@]}" -o k >"$out" 2>"$err" </dev/null
    whole_or_absent
done
if strace -o /dev/null true 2>/dev/null; then
    export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 # which cannot be looked for under strace
    for call in write fsync rename; do
        for i in $(seq "$calls"); do
            last="shift (killed at $call $i)"
            (strace -f -qq -o trace -e trace="$call" -e "inject=$call:signal=SIGKILL:when=$i" \
                "$LIMN" shift "${args[@]}" -o k >"$out" 2>"$err" </dev/null; exit $?) 2>/dev/null
            whole_or_absent
        done
    done
fi
run shift "${args[@]}" -o k; code 0
for f in whole/*; do
    check cmp -s "$f" "k/${f##*/}"
done
check [ -z "$(ls -A k | grep '^\.limn-')" ]
finish
