# Shared by the command line tests: run a command, then say what must be true of it.
#
#     run ARGS...            runs limn; sets $code, and the files $out and $err
#     code N                 the exit code
#     says TEXT / prints TEXT   one line of stderr / stdout contains TEXT
#     one_line               stderr is exactly one line, at most 400 bytes, starting with "limn: "
#     json PATH VALUE        value in the JSON on stdout
set -u
: "${LIMN:?}" "${FIXTURE:?}" "${BUILD:?}" "${SOURCE:?}"
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
mkdir -p "$BUILD/test-home"
export HOME=$work/home XDG_CACHE_HOME=$BUILD/test-home LC_ALL=C.UTF-8
unset LIMN_MODELS XDG_DATA_HOME XDG_CONFIG_HOME XDG_STATE_HOME LIMN_INJECT
mkdir -p "$HOME"
cd "$work" || exit 1
out=$work/.out err=$work/.err
failed=0 checked=0 last=

bad() {
    failed=$((failed + 1))
    echo "FAILED after: limn $last"
    echo "  $1"
    sed 's/^/  stderr: /' "$err" | head -5
    sed 's/^/  stdout: /' "$out" | head -5
}
ok() { checked=$((checked + 1)); }
run() {
    last="$*"
    timeout 120 "$LIMN" "$@" >"$out" 2>"$err" </dev/null
    code=$?
}
code() { ok; [ "$code" -eq "$1" ] || bad "exit code $code, expected $1"; }
says() { ok; grep -qF -- "$1" "$err" || bad "stderr does not say: $1"; }
prints() { ok; grep -qF -- "$1" "$out" || bad "stdout does not say: $1"; }
silent() { ok; [ ! -s "$err" ] || bad "stderr is not empty"; }
nothing() { ok; [ ! -s "$out" ] || bad "stdout is not empty"; }
one_line() {
    ok
    [ "$(wc -l <"$err")" -eq 1 ] && [ "$(wc -c <"$err")" -le 400 ] && grep -q '^limn: ' "$err" || bad "not one message line"
}
json() {
    ok
    local found
    found=$("$FIXTURE" json "$1" <"$out" 2>&1) || { bad "no $1 in the JSON ($found)"; return; }
    [ $# -lt 2 ] || [ "$found" = "$2" ] || bad "$1 is $found, expected $2"
}
exists() { ok; [ -s "$1" ] || bad "$1 was not written"; }
absent() { ok; [ ! -e "$1" ] || bad "$1 exists"; }
check() { ok; "$@" || bad "false: $*"; }
no_litter() { # no temporary files beside the outputs
    ok
    local litter
    litter=$(find "$work" -name '*.tmp*' -o -name '.*.png*' -o -name '*.part' | head -3)
    [ -z "$litter" ] || bad "left behind: $litter"
}
finish() {
    echo "$checked checks, $failed failed"
    [ "$failed" -eq 0 ]
    exit
}
