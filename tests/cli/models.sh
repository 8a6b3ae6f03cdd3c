# models and inspect, and what a model argument may get wrong.
. "$(dirname "$0")/lib.sh"

run models; code 0
run models --json; code 0; json schema 1; json models
run models --names; code 0

run inspect recipe:lenet; code 0; prints "LAYER"; prints "conv1"; prints "PARAMETERS"; prints "default layer"
check grep -q '^\*' "$out"
run inspect recipe:lenet --json; code 0; json schema 1; json layers/0/name; json layers/0/shape; json default_layer
run inspect recipe:nosuchnet; check [ "$code" -ne 0 ]; one_line; nothing
run inspect lenett; check [ "$code" -eq 2 -o "$code" -eq 3 ]; one_line; nothing
run inspect missing.safetensors; check [ "$code" -eq 2 -o "$code" -eq 3 ]; one_line; nothing

# a file that is none: exit 3
echo "hello" >text.safetensors
run inspect text.safetensors; code 3; one_line; nothing
: >empty.safetensors
run inspect empty.safetensors; code 3; one_line; nothing
mkdir folder.safetensors
run inspect folder.safetensors; code 3; one_line; nothing

# weights of an architecture that limn does not know still list their tensors
head='{"a.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b\u001b[31m":{"dtype":"F16","shape":[4],"data_offsets":[24,32]}}'
head=$(printf '%-128s' "$head")
{ printf "\\x$(printf %02x ${#head})"; printf '\0\0\0\0\0\0\0'; printf '%s' "$head"; head -c 32 /dev/zero; } >odd.safetensors
run inspect odd.safetensors; code 0; prints "a.weight"; prints "2x3"; prints "F16"; one_line
check [ "$(tr -d '[:print:]\n' <"$out" | wc -c)" -eq 0 ]
run inspect odd.safetensors --json; code 0; json tensors/0/name a.weight; json tensors/0/shape '[2,3]'; json tensors/0/bytes 24
"$FIXTURE" image p.png 40 40 1
run classify odd.safetensors p.png; code 3; one_line; nothing
finish
