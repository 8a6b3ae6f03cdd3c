# classify: people's output, JSON, batches, tensors, and pictures that are none.
# A fixed software device keeps the note about it out of the way.
. "$(dirname "$0")/lib.sh"
m=recipe:lenet
for i in 1 2 3; do "$FIXTURE" image p$i.png $((30 + i)) 40 "$i"; done

run classify $m p1.png --device cpu; code 0; prints "p1.png"; prints " %"; silent
check [ "$(grep -c ' %' "$out")" -eq 5 ]
run classify $m p1.png --device cpu --top 2; code 0
check [ "$(grep -c ' %' "$out")" -eq 2 ]
run classify $m p1.png p2.png p3.png --device cpu --json; code 0; silent
json schema 1; json items/0/input p1.png; json items/2/input p3.png; json items/0/classes/0/index; json failed 0
json items/0/classes/4/probability
one=$("$FIXTURE" json items/1/classes <"$out")
run classify $m p2.png --device cpu --json; code 0; json items/0/classes "$one" # alone or in company: the same
run classify $m p1.png p2.png p3.png --device cpu --json --batch 2; code 0; json items/1/classes "$one"

"$FIXTURE" tensor t.npy 3 1 28 28 7
run classify $m --tensor t.npy --device cpu --json; code 0; json items/2/input 't.npy[2]'
"$FIXTURE" tensor odd.npy 1 3 28 28 7
run classify $m --tensor odd.npy --device cpu; code 3; one_line; says "1x3x28x28"; nothing
run classify $m p1.png --tensor t.npy --device cpu; code 2; one_line
run classify $m --tensor p1.png --device cpu; code 3; one_line

# bad pictures: the others still count
echo "no picture" >bad.png
: >empty.png
head -c 60 p1.png >short.png
run classify $m bad.png --device cpu; code 3; one_line; nothing
run classify $m bad.png; code 3; one_line; nothing # whatever device was found: a note about it comes with results only
run classify $m empty.png --device cpu; code 3; one_line; nothing
run classify $m short.png --device cpu; code 3; one_line; nothing
run classify $m none.png --device cpu; code 3; one_line; nothing; says "none.png"
run classify $m p1.png bad.png p2.png --device cpu; code 1; one_line; prints "p1.png"; prints "p2.png"
run classify $m p1.png bad.png --device cpu --json; code 1; json failed 1

# the device argument
run classify $m p1.png --device nosuchdevice; check [ "$code" -eq 2 -o "$code" -eq 5 ]; one_line; nothing
run classify $m p1.png --device 99; check [ "$code" -eq 2 -o "$code" -eq 5 ]; one_line; nothing
run classify $m p1.png -q; code 0; silent

# labels
seq 1 10 | sed 's/^/thing /' >labels.txt
run classify $m p1.png --device cpu --labels labels.txt; code 0; prints "thing "
run classify $m p1.png --device cpu --labels none.txt; code 3; one_line

run bench $m --device cpu --runs 2; code 0; prints "forward"; prints "peak memory"
run bench $m --device cpu --runs 1 --batch 2 --json; code 0; json schema 1; json passes/1/median_ms; json ratio; json batch 2
finish
