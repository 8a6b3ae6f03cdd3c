# The k-th allocation, file operation or Vulkan call fails, for many k. Whatever fails, the program says
# so in one line with the right exit code, keeps the old file, and leaves nothing half made behind.
. "$(dirname "$0")/lib.sh"
m=recipe:lenet
"$FIXTURE" image p.png 40 40 1
run explain $m p.png --device cpu -o keep.png; code 0

# sweep KIND EXPECTED-CODES K...
sweep() {
    local kind=$1 expected=$2 k; shift 2
    for k in "$@"; do
        rm -rf new
        LIMN_INJECT=$kind:$k run explain $m p.png --device cpu -o new --npy new
        last="explain with $kind:$k"
        ok; case " 0 $expected " in *" $code "*) ;; *) bad "exit code $code, expected one of 0 $expected" ;; esac
        if [ "$code" -ne 0 ]; then
            one_line
            failures=$((failures + 1))
        else
            exists new/p.gradcam.png
        fi
        no_litter
    done
}
failures=0
sweep alloc "7" $(seq 1 2 39) $(seq 41 37 900)
check [ "$failures" -ge 20 ]
failures=0
sweep file "3 4" $(seq 1 20)
check [ "$failures" -ge 3 ]
failures=0
sweep vulkan "5 7" $(seq 1 3 60) $(seq 61 29 400)
check [ "$failures" -ge 15 ]

for k in 1 2 3 4 5 6 7 8; do
    before=$(cksum <keep.png)
    LIMN_INJECT=file:$k run explain $m p.png --device cpu -o keep.png --force --class 3
    [ "$code" -eq 0 ] || check [ "$before" = "$(cksum <keep.png)" ]
done
no_litter
finish
