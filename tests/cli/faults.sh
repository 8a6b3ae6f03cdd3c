# TIMEOUT: 480
# The whole program with one call failing: allocation, Vulkan call (out of memory, or the device lost) or file access
# number K (LIMN_INJECT), alone or with every later one ("+"). However it fails, it ends with a documented exit code and one line; the files that it leaves
# are those that it names, complete and with no temporary file beside them; and a failure that it gets over (a cache
# that cannot be read) changes no result. Built with sanitizers, a report or a leak shows as another code or more lines.
# The default suite takes a sample of every kind (another INJECT_SEED, another sample); with INJECT_EVERY=1, from
# faults_all.sh, every Vulkan call and file access fails once, and every 97th allocation (INJECT_KINDS, INJECT_COMMANDS:
# fewer of them).
. "$(dirname "$0")/lib.sh"
every=${INJECT_EVERY:-} seed=${INJECT_SEED:-1}
sample=${INJECT_SAMPLE:-4}
past=12 # runs in a row without an effect: K is past the last call
export LIMN_MODELS=$SOURCE/assets/models
photo=$SOURCE/assets/photos/fashion.png shoe=$SOURCE/assets/photos/sneaker.png

# what COMMAND: one run, its files in o/
subject() {
    rm -rf o
    case $1 in
    classify) run classify lenet_fashion "$photo" --device cpu ;;
    explain) run explain lenet_fashion "$photo" --device cpu --method all -o o --npy o ;;
    onnx) run classify "$SOURCE/tests/golden/models/lenet_mnist.onnx" "$photo" --device cpu ;;
    shift)
        run shift lenet_fashion lenet_fashion_ae "$shoe" --device cpu --to "Ankle boot" --frames 3 --curve --heat int \
            --png --npy -o o -q
        ;;
    esac
}
files() { find o -type f 2>/dev/null | LC_ALL=C sort; }
sums() { files | xargs -r cksum; cat "$out"; }

# inject COMMAND SPEC: true when the failure ended the command
inject() {
    export LIMN_INJECT=$2
    subject "$1"
    unset LIMN_INJECT
    last="$last (LIMN_INJECT=$2, seed $seed)"
    case $code in
    0)
        case "$1 ${2%%:*}" in
        # no room on the device: fewer frames at a time by other kernels, which may change last bits
        "shift vulkan") check [ "$(files)" = "$(grep '^o/' "$out" | LC_ALL=C sort)" ] ;;
        *) check [ "$(sums)" = "${good[$1]}" ] ;;
        esac
        ok
        grep -qv '^limn: ' "$err" && bad "stderr has other lines than messages"
        return 1
        ;;
    *)
        ok
        case "${2%%:*} $code" in "alloc 7" | "file 3" | "file 4" | "vulkan 5" | "vulkan 7" | "lost 5") ;; *) bad "exit code $code" ;; esac
        ;;
    esac
    one_line
    check [ "$(files)" = "$(grep '^o/' "$out" | LC_ALL=C sort)" ]
    check [ -z "$(find . -name '.limn-*')" ]
}

# last_call COMMAND KIND: about the number of its calls, as the smallest power of four that is past them
last_call() {
    local k=16
    while inject "$1" "$2:$k" || inject "$1" "$2:$((k + 1))+"; do
        k=$((4 * k))
    done
    calls=$k
}

some() { # some COMMAND KIND
    last_call "$1" "$2"
    local i plus=
    for i in $(seq $sample); do
        # a draw on a logarithmic scale: the first calls, few as they are, all have their own way out
        inject "$1" "$2:$(awk -v s="$seed$i" -v n="$calls" 'BEGIN { srand(s); print int(exp(rand() * log(n))) }')$plus"
        [ -z "$plus" ] && plus=+ || plus=
    done
}

all() { # all COMMAND KIND STEP
    local k=1 quiet=0
    while [ $quiet -lt $past ]; do
        if inject "$1" "$2:$k"; then
            quiet=0
            [ $((k % 5)) -ne 0 ] || inject "$1" "$2:$k+"
        else
            quiet=$((quiet + 1))
        fi
        # failures that a retry gets over are none when every later call fails too
        if [ $quiet -eq $past ] && inject "$1" "$2:$k+"; then
            quiet=0
        fi
        k=$((k + $3))
    done
    echo "$1: $2 failed up to call $k"
}

declare -A good
for command in ${INJECT_COMMANDS:-classify explain onnx shift}; do
    subject $command # fills the caches
    code 0
    subject $command
    code 0
    silent
    good[$command]=$(sums)
    for kind in ${INJECT_KINDS:-file vulkan lost alloc}; do
        if [ -z "$every" ]; then
            some $command $kind
        else
            all $command $kind "$([ $kind = alloc ] && echo 97 || echo 1)"
        fi
    done
done
# A file that is to be replaced stays what it was until the new one is whole.
subject explain
keep=$(files | head -1)
for k in 1 2 3 4 5 6 7 8; do
    before=$(cksum <"$keep")
    LIMN_INJECT=file:$k run explain lenet_fashion "$photo" --device cpu --method all -o o --force --class 3
    [ "$code" -eq 0 ] || check [ "$before" = "$(cksum <"$keep")" ]
done
check [ -z "$(find . -name '.limn-*')" ]
finish
