# A network of two sections with four outputs (tests/golden/outputs): outputs and layers by name, scores before the last
# activation, several labels, a single score of either sign, a class for each image.
. "$(dirname "$0")/lib.sh"
m=$SOURCE/tests/golden/outputs/outputs.onnx
x=$SOURCE/tests/golden/outputs/input.npy
d="--device cpu"
"$FIXTURE" image p.png 16 16 1

run inspect "$m"; code 0; prints "kind, findings, segments, risk"; prints "probability   probability"
run inspect "$m" --output-name risk; code 0; prints "sigmoid of one score"; prints "classes       2"
run inspect "$m" --output-name segments --json; code 0; json outputs/1 findings; json output segments
json probability softmax; json model/classes 3
run classify "$m" p.png $d --json; code 0; json model/classes 4
run classify "$m" p.png $d --output-name findings --pre-activation --json; code 0; json model/classes 5
run classify "$m" p.png $d --output-name nothing; code 2; one_line; says "no output"

# five labels, each by itself: the probabilities are the network's, before and after the sigmoid
for f in "" --pre-activation; do
    run classify "$m" --tensor "$x" $d --output-name findings $f --json
    code 0
    "$FIXTURE" json items/0/classes/0/probability <"$out" | cut -c1-6 >>same.txt
done
check [ "$(sort -u same.txt | wc -l)" -eq 1 ]

# the gradient of the other sign is the negative one
for c in + -; do
    run explain "$m" --tensor "$x" $d --output-name risk --class "$c" --method gradient --view none --npy "sign$c" --json
    code 0; json items/0/classes/0/index "$([ "$c" = + ] && echo 1 || echo 0)"
done
check sh -c '! cmp -s sign+/input-0.gradient.npy sign-/input-0.gradient.npy'
run explain "$m" --tensor "$x" $d --output-name risk --class-each +,- --method gradient --view none --npy each; code 0
check cmp -s each/input-0.gradient.npy sign+/input-0.gradient.npy
check cmp -s each/input-1.gradient.npy sign-/input-1.gradient.npy
run explain "$m" p.png $d --output-name kind --class + -o x; code 2; one_line

# layers of both sections; one that the output does not depend on is named
run explain "$m" p.png $d --output-name findings -o a; code 0; exists a/p.gradcam.png
run explain "$m" p.png $d --output-name findings --layer encoder.1,findings.1 -o b; code 0; exists b/p.gradcam.png
run explain "$m" p.png $d --output-name findings --layer kind.1 -o c; code 2; one_line; says kind.1
absent c/p.gradcam.png
finish
