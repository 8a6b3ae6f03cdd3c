# explain and compare: which files are made, that none is overwritten, and that bad requests leave nothing behind.
. "$(dirname "$0")/lib.sh"
m=recipe:lenet
for i in 1 2; do "$FIXTURE" image p$i.png 40 40 "$i"; done

run explain $m p1.png --device cpu; code 0; silent; exists p1.gradcam.png
check [ "$(cat "$out")" = p1.gradcam.png ]
before=$(cksum p1.gradcam.png)
run explain $m p1.png --device cpu; code 4; one_line; says "exists already"; nothing
check [ "$before" = "$(cksum p1.gradcam.png)" ]
run explain $m p1.png --device cpu --force; code 0
check [ "$before" = "$(cksum p1.gradcam.png)" ] # same request, same bytes
check grep -qa 'limn:method' p1.gradcam.png
run explain $m p1.png --device cpu --force --strip; code 0
check sh -c '! grep -qa "limn:" p1.gradcam.png'

run explain $m p1.png p2.png --device cpu --method gradient,gradcam --npy maps -o out; code 0
for i in 1 2; do
    exists out/p$i.gradient.png; exists out/p$i.gradcam.png; exists maps/p$i.gradient.npy; exists maps/p$i.gradcam.npy
    check [ ! -e maps/p$i.input.png ]
done
check [ "$("$FIXTURE" npy maps/p1.gradient.npy)" = "1x28x28 finite nonzero" ]
check sh -c "\"$FIXTURE\" npy maps/p1.gradcam.npy | grep -qE '^[0-9]+x[0-9]+ finite'"
check [ "$(wc -l <"$out")" -eq 8 ]
run explain $m p1.png --device cpu --maps -o beside; code 0; exists beside/p1.gradcam.npy; exists beside/p1.input.png
run explain $m p1.png --device cpu --maps -o beside/one.png; code 4; one_line; says p1.input.png; says exists
run explain $m p1.png --device cpu --maps -o one/two.png --view none; code 0; exists one/p1.gradcam.npy

run explain $m p1.png --device cpu --method all -o all --npy all --json; code 0
json schema 1; json items/0/outputs/0/path; json items/0/classes/0/index; json items/0/layers; json device/kind cpu
while read -r name; do
    exists "all/p1.$name.png"; exists "all/p1.$name.npy"
done < <("$LIMN" explain --help | awk '/--method/ { getline; print; while (getline && /^ {31}[a-z]/) print; exit }' |
    tr ' ' '\n' | grep -vE '^(all)?$')

run explain $m p1.png --device cpu --class top2 -o several; code 0
check [ "$(ls several | grep -cE '^p1\.gradcam\.[0-9]+\.png$')" -eq 2 ]
run explain $m p1.png --device cpu --class 3 --class 4 -o several2; code 0; exists several2/p1.gradcam.3.png
exists several2/p1.gradcam.4.png
run explain $m p1.png --device cpu --class 3,5 -o several3; code 0; exists several3/p1.gradcam.5.png
run explain $m p1.png --device cpu --class 10 -o x; code 2; one_line; absent x/p1.gradcam.png
run explain $m p1.png --device cpu --class -1 -o x; code 2; one_line
run explain $m p1.png --device cpu --class top11 -o x; code 2; one_line
run explain $m p1.png --device cpu --class nosuchthing -o x; code 2; one_line
run explain $m p1.png --device cpu --layer conv22 -o x; code 2; one_line; says "conv2"
run explain $m p1.png --device cpu --layer conv1,conv2 --npy layers -o layers; code 0; exists layers/p1.gradcam.png

# a class for each input
run explain $m p1.png p2.png --device cpu --class-each 3,4 -o each --json; code 0; json items/0/classes/0/index 3
json items/1/classes/0/index 4
printf '5\n6\n' >classes.txt
run explain $m p1.png p2.png --device cpu --class-each @classes.txt --batch 1 -o each2 --json; code 0
json items/0/classes/0/index 5; json items/1/classes/0/index 6
run explain $m p1.png p2.png --device cpu --class-each 3 -o each3; code 2; one_line; absent each3/p1.gradcam.png
run explain $m p1.png --device cpu --class-each 3 --class 3 -o each3; code 2; one_line
run explain $m p1.png --device cpu --class-each @none.txt -o each3; code 3; one_line
run explain $m p1.png --device cpu --output-name nope -o each3; code 2; one_line; says "output"
run classify $m p1.png --device cpu --multi-label --json; code 0
run inspect $m --json; code 0; json output output; json outputs/0 output; json probability softmax

for v in overlay blend classic heatmap signed multiply panel figure sheet; do
    run explain $m p1.png --device cpu --view $v --method gradcam,gradient -o v-$v; code 0
    check [ "$(ls v-$v | wc -l)" -ge 1 ]
done
exists v-figure/p1.figure.png
exists v-sheet/p1.sheet.png
run explain $m p1.png --device cpu --view none --npy only; code 0; exists only/p1.gradcam.npy
run explain $m p1.png --device cpu --colormap viridis --opacity 0.3 --blur 3 -o one.png; code 0; exists one.png
run explain $m p1.png p2.png --device cpu -o two.png; code 2; one_line; absent two.png
run compare $m p1.png --device cpu; code 0; exists p1.sheet.png
run compare $m p1.png --device cpu -o sheet.png --method gradcam,gradient; code 0; exists sheet.png

"$FIXTURE" tensor t.npy 2 1 28 28 7
run explain $m --tensor t.npy --device cpu --npy tn -o tn; code 0; exists tn/t-0.gradcam.npy; exists tn/t-1.gradcam.png
run explain $m --tensor t.npy --device reference --npy tr --view none --method gradient; code 0; exists tr/t-1.gradient.npy

# inputs of the same name, the input as output, several bad ones among good ones
mkdir d; cp p1.png d/p1.png
run explain $m p1.png d/p1.png --device cpu -o same; code 2; one_line; absent same
run explain $m p1.png --device cpu -o p1.png --force; code 4; one_line; says "one of the inputs"
echo bad >bad.png
run explain $m p1.png bad.png --device cpu -o part; code 1; one_line; exists part/p1.gradcam.png; absent part/bad.gradcam.png
run explain $m bad.png --device cpu -o part; code 3; one_line

# places that cannot be written
mkdir ro; chmod a-w ro
if [ "$(id -u)" -ne 0 ]; then
    run explain $m p1.png --device cpu -o ro; code 4; one_line; nothing
    run explain $m p1.png --device cpu -o ro/deeper; code 4; one_line; nothing
fi
run explain $m p1.png --device cpu -o /proc/nowhere; code 4; one_line; nothing
run explain $m p1.png --device cpu -o p2.png/x; code 4; one_line; nothing
run explain $m p1.png --device cpu -o /dev/full/x.png; code 4; one_line; nothing
no_litter

# Ctrl-C and its like: a quick and clean end, nothing half made
for i in $(seq 1 60); do cp p1.png many$i.png; done
for signal in 2 15 1; do
    last="explain ... (signal $signal)"
    "$FIXTURE" signal $signal 1500 "$LIMN" explain recipe:resnet18 many*.png --device cpu --method all -o cut$signal \
        >"$out" 2>"$err"; code=$?
    code $((128 + signal))
    check [ "$(tail -1 "$err")" -lt 60000 ] # ms; catches a hang, says nothing of speed: test machines are shared
    check [ "$(wc -l <"$err")" -eq 1 ] # the time only: no message
    check [ "$(ls cut$signal | wc -l)" -eq "$(wc -l <"$out")" ]
done
no_litter
finish
