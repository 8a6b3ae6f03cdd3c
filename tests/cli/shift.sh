# shift, reconstruct and --edit: files, JSON, what is refused. Recipe networks; the shipped ones are in counterfactuals.sh.
. "$(dirname "$0")/lib.sh"
f=recipe:lenet a=recipe:lenet+decoder4@pool2
"$FIXTURE" image p.png 28 28 1
"$FIXTURE" image q.png 40 30 2

run shift $f $a p.png --device cpu -o out --target 0.5; code 0; prints "out/p.shift.gif"; prints "out/p.sheet.png"
check [ -s out/p.shift.gif -a -s out/p.sheet.png ]
check [ "$(head -c 6 out/p.shift.gif)" = GIF89a ]
check grep -q "latent shift, sound rule" out/p.shift.gif
run shift $f $a p.png --device cpu -o out; code 4; one_line; nothing # nothing is overwritten
run shift $f $a p.png q.png --device cpu -o out2 --json --curve --heat max --npy --png --frames 5 --side --strip; code 0; silent
json items/0/input p.png; json items/1/input q.png; json items/0/frames/4/lambda; json items/0/from/index; json items/0/gif/bytes
json items/0/monotone; json items/0/motionless; json items/0/stop_high; json failed 0
for x in shift.gif sheet.png curve.png heat-max.png heat-max.npy frames.npy shift.000.png shift.004.png; do
    check [ -s "out2/p.$x" -a -s "out2/q.$x" ]
done
check [ ! -e out2/p.shift.005.png ]
check [ "$("$FIXTURE" json items/0/frames/0/change <"$out")" = 0 -o "$("$FIXTURE" json items/0/frames/0/change <"$out")" = 0.0 ]
if grep -q "latent shift" out2/p.shift.gif; then check false; fi
run shift $f $a p.png --device cpu -o one.gif --no-sheet --no-caption --frames 3; code 0; prints one.gif; check [ ! -e one.sheet.png ]

# the published rules go down and keep the trigger; given strengths are taken as they are
run shift $f $a p.png --device cpu -o out3 --rule latentshift --json; code 0; json items/0/rule latentshift; json items/0/stop_low
json items/0/frames/9/lambda
run shift $f $a p.png --device cpu -o out4 --rule gifsplanation --score double-sigmoid --json; code 0; json items/0/score double-sigmoid
run shift $f $a p.png --device cpu -o out5 --inner conv2 --strengths -1:1:5 --blend 0.5 --class 3 --to 5 --json; code 0
json items/0/from/index 3; json items/0/to/index 5; json items/0/frames/0/lambda -1.0; json items/0/frames/4/lambda 1.0
run shift $f $a p.png --device cpu -o out6 --both --path iterative --mix 0.2 --zoom 2 --smooth --json; code 0

# --max-memory is on everything together: fewer frames at a time give the same ones, or it is refused in one line
run shift $f $a p.png --device cpu -o full --target 0.5 --npy -q; code 0
run shift $f $a p.png --device cpu -o tight --target 0.5 --npy -q --max-memory 900K; code 0
check cmp full/p.frames.npy tight/p.frames.npy
run shift $f $a p.png --device cpu -o none --max-memory 300K; code 7; one_line; nothing; says "of device memory"; says "in use"
check [ -z "$(ls none)" ]

# mistakes: one line each
run shift $f $f p.png --device cpu; code 3; one_line; nothing; says "no autoencoder"
run shift $a $a p.png --device cpu -o o; check [ "$code" -ne 0 ]; one_line; nothing
run classify $a p.png --device cpu; code 3; one_line; nothing; says "is an autoencoder"
run shift $f $a p.png --to 10 --device cpu -o o; check [ "$code" -eq 2 -o "$code" -eq 3 ]; one_line; nothing
run shift $f $a p.png --class 3 --to 3 --device cpu -o o; code 2; one_line; nothing
run shift $f $a p.png --rule latentshif --device cpu; code 2; one_line; says "latentshift"
run shift $f $a p.png --strengths 1:2 --device cpu; code 2; one_line; says "FROM:TO:N"
run shift $f $a p.png --inner conv2 --device cpu; code 2; one_line; says "--strengths"
run shift $f $a p.png --inner conv9 --strengths 0:1:3 --device cpu -o o; code 2; one_line; says "conv9"
run shift $f recipe:lenet+decoder@nowhere p.png --device cpu; code 2; one_line; says "nowhere"
run shift $f $a none.png --device cpu -o o; code 3; one_line; says "none.png"
run shift $f $a p.png q.png -o two.gif --device cpu; code 2; one_line

# reconstruct
run reconstruct $a p.png q.png --device cpu -o rec; code 0; prints "PSNR"; prints "SSIM"; check [ -s rec/p.reconstruct.png ]
run reconstruct $a p.png --device cpu -o rec2 --json; code 0; json items/0/mse; json items/0/ssim; json items/0/psnr
run reconstruct $f p.png --device cpu -o rec3; code 3; one_line; nothing

# edits: nothing, all, and through to explanations
run classify $f p.png --device cpu --json; code 0; plain=$("$FIXTURE" json items/0/classes <"$out")
run classify $f p.png --device cpu --json --edit conv2:add:0; code 0; json items/0/classes "$plain"
run classify $f p.png --device cpu --json --edit conv2:scale:0; code 0
check [ "$("$FIXTURE" json items/0/classes <"$out")" != "$plain" ]
"$FIXTURE" tensor t.npy 1 16 8 8 3
run classify $f p.png --device cpu --edit "conv2:replace:t.npy:0.5" --edit "fc1:add:gradient=3*0.5:2"; code 0
run explain $f p.png --device cpu --method gradcam --edit conv2:add:gradient:0.1 -o ex; code 0
run reconstruct $a p.png --device cpu -o rec4 --edit pool2:add:gradient=3:0.5 --classifier $f; code 0
run classify $f p.png --device cpu --edit conv2:add:none.npy; code 3; one_line; says none.npy
"$FIXTURE" tensor w.npy 1 7 8 8 3
run classify $f p.png --device cpu --edit conv2:add:w.npy; code 3; one_line; says "16x8x8"
run classify $f p.png --device cpu --edit conv2:multiply:2; code 2; one_line; says "LAYER:add"
run classify $f p.png --device cpu --edit conv9:add:1; code 2; one_line; says conv9

# a decoder learns on a frozen encoder, and the weights hold both
mkdir data && "$FIXTURE" idx data 64 32 1 || exit 1
run train decoder lenet_fashion data --layer pool2 --decoder decoder4 -o ae --epochs 2 --batch 16 --val test --device cpu; code 0
check [ "$(wc -l <"$out")" -eq 2 ]
head -1 "$out" >first; tail -1 "$out" >last
cp first "$out"; l1=$("$FIXTURE" json train_loss <"$out"); cp last "$out"; l2=$("$FIXTURE" json train_loss <"$out")
check [ "$(printf '%s\n%s\n' "$l1" "$l2" | sort -g | head -1)" = "$l2" ]
run inspect ae/best.safetensors; code 0; prints "lenet+decoder4@pool2"; prints "decoder.0"; prints "autoencoder"
run reconstruct ae/best.safetensors p.png --device cpu -o rec5; code 0
run shift lenet_fashion ae/best.safetensors p.png --device cpu -o out7; code 0
run classify ae/best.safetensors p.png --device cpu --arch lenet; code 3; one_line; says "decoder.0"
run train decoder conv_ae data -o ae2 --epochs 1 --batch 16 --val test --device cpu --loss elastic; code 0
run train decoder lenet_fashion data --layer nowhere -o ae3 --device cpu; code 2; one_line; absent ae3/best.safetensors
run train decoder lenet_fashion data --decoder coder -o ae3 --device cpu; code 2; one_line
run train decoder lenet_fashion -o ae3 --device cpu; code 2; one_line
run train classifier lenet_fashion data -o ae3 --device cpu; code 2; one_line
finish
