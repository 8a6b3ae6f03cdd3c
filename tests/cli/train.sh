# TIMEOUT: 600
# train and test: what they write and say, stopping and going on, and everything that must not cost a checkpoint.
. "$(dirname "$0")/lib.sh"
train() { run train classifier data "$@" --device cpu; }
latest() { ls "$1"/checkpoint-*.safetensors | tail -1; }
mkdir data && "$FIXTURE" idx data 320 100 1 || exit 1

# a training and its files
train -o a --epochs 2 --val test --batch 16; code 0
check [ "$(wc -l <"$out")" -eq 2 ]
tail -1 "$out" >last; cp last "$out"; json epoch 2; json val_accuracy; json train_loss; json seconds; json best
for f in best.safetensors best.json model.safetensors model.json log.jsonl loss.png; do exists "a/$f"; done
check [ "$(ls a/checkpoint-* | wc -l)" -eq 2 ]
check cmp -s <(tail -1 a/log.jsonl) last
check [ -z "$(ls -A a | grep '^\.limn-')" ]
run inspect "$(latest a)"; code 0; prints "lenet"; prints "relu2"
run inspect a/model.safetensors; code 0; prints "lenet"

# testing: text, JSON, picture, from weights and from a checkpoint
run test a/model.safetensors data --device cpu; code 0; prints "100 samples of the test split"; prints "confusion matrix"
accuracy=$(sed -n 's/.*accuracy \([0-9.]*\) %.*/\1/p' "$out")
check [ "${accuracy%.*}" -ge 60 ]
run test a/model.safetensors data --device cpu --json --confusion m.png; code 0; json samples 100; json confusion/9/9
json classes/3/recall; exists m.png
run test a/model.safetensors data --device cpu --confusion m.png; code 4; one_line; nothing
run test lenet_fashion data --device cpu --split train --limit 30; code 0; prints "30 samples of the train split"
run test cifar_resnet20 data --device cpu; code 2; one_line
run test "$(latest a)" data --device cpu --arch lenet --json; code 0; json samples 100

# the folder: held, replaced, another's
before=$(cat a/* | cksum)
train -o a --epochs 1; code 4; one_line; says "--resume"; nothing
check [ "$before" = "$(cat a/* | cksum)" ]
train -o a --epochs 2 --val test --batch 8 --resume; code 2; one_line; says "had batch 16 (now 8)"
train -o a --epochs 2 --val test --batch 16 --resume --limit 200; code 2; says "had other data"
"$FIXTURE" signal 15 4000 "$LIMN" train classifier data -o two --epochs 500 --device cpu >/dev/null 2>&1 &
sleep 1.5
train -o two --epochs 1 --force; code 4; one_line; says "another process trains here"
wait

# more epochs later; the same seed gives the same bytes; stopped and resumed is uninterrupted
train -o b --epochs 1 --val test --batch 16; code 0
train -o b --epochs 2 --val test --batch 16 --resume; code 0; says "resuming from"
check cmp -s a/model.safetensors b/model.safetensors
rm -rf b
for ms in 1500 2300; do
    "$FIXTURE" signal 2 $ms "$LIMN" train classifier data -o b --epochs 2 --val test --batch 16 --device cpu --resume \
        >/dev/null 2>"$err"
    code=$? last="train (interrupted after $ms ms)"
    ok; [ $code -eq 130 ] || [ $code -eq 0 ] || [ $code -eq 100 ] || bad "exit code $code, expected 130"
done
train -o b --epochs 2 --val test --batch 16 --resume; code 0
check cmp -s a/model.safetensors b/model.safetensors
check cmp -s a/best.safetensors b/best.safetensors

# a damaged checkpoint is passed over, with a line that says why
printf '\377' | dd of="$(latest b)" bs=1 seek=100000 conv=notrunc status=none
train -o b --epochs 2 --val test --batch 16 --resume; code 0; says "skipped"; says "wrong checksum"; says "resuming from"
check cmp -s a/model.safetensors b/model.safetensors

# full disk and other failures: exit 4, one line, the older checkpoint is the same and loads
rm -rf c && cp -r a c && rm c/model.* && kept=$(latest c) && sum=$(cksum <"$kept")
last="train with files of at most 100 kB"
(ulimit -f 100; exec "$LIMN" train classifier data -o c --epochs 3 --val test --batch 16 --device cpu --resume -q) \
    >"$out" 2>"$err" </dev/null
code=$?; code 4; one_line
check [ "$sum" = "$(cksum <"$kept")" ]; check [ -z "$(ls -A c | grep '^\.limn-')" ]
if strace -o /dev/null true 2>/dev/null; then
    for fault in write:error=ENOSPC fsync:error=EIO rename:error=ENOSPC; do
        last="train with $fault"
        # leaks cannot be looked for under strace
        ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 \
            strace -f -qq -o trace -P "$work/c" -e "inject=${fault%%:*}:${fault#*:}" -e trace="${fault%%:*}" \
            "$LIMN" train classifier data -o c --epochs 3 --val test --batch 16 --device cpu --resume -q \
            >"$out" 2>"$err" </dev/null
        code=$?; ok; [ $code -eq 4 ] || [ $code -eq 0 ] || bad "exit code $code, expected 4"
        check [ "$sum" = "$(cksum <"$kept" 2>/dev/null)" -o $code -eq 0 ]
    done
fi

# a loss that is not finite: exit 6, the checkpoints stay
train -o e --epochs 1 --val test --batch 16 --save-every 2 --optimizer sgd --lr 1e4 --momentum 0; code 6; one_line
check [ -z "$(ls -A e | grep '^\.limn-')" ]

# bad data and bad options: one line, nothing written
mkdir empty; train_on() { run train classifier "$@" --device cpu; }
train_on empty -o f; code 3; one_line; nothing
train_on nowhere -o f; code 3; one_line; nothing
cp -r data cut && truncate -s 100000 cut/train-images-idx3-ubyte
train_on cut -o f; code 3; one_line; says "train-images-idx3-ubyte"
cp -r data few && head -c 300 data/train-labels-idx1-ubyte >few/train-labels-idx1-ubyte
train_on few -o f; code 3; one_line; says "train-labels"
absent f
train; code 2; one_line; says "--output"
train -o f --arch lenett; code 2; one_line; says "lenet"
train -o f --augment rotated=3; code 2; one_line
train -o f --augment crop=x; code 2; one_line
train -o f --resume --force; code 2; one_line
train -o f --class-weights 1,2; code 2; one_line; says "expected 10"
train -o f --optimizer adam --nesterov; code 2; one_line
run train classifer data -o f; code 2; one_line; says "classifier"
absent f
touch file; train -o file; code 4; one_line

# the other options run
train -o g --epochs 1 --val none --batch 32 --accumulate 3 --ema 0.9 --optimizer sgd --nesterov --schedule cosine \
    --warmup 0.5 --augment flip,crop=2,rotate=10,translate=.1,scale=.1,brightness=.2,contrast=.2 --smoothing 0.1 \
    --class-weights balance --freeze conv1 --weights a/model.safetensors --save-every 2 --workers 2 --seed 5; code 0
run test g/model.safetensors data --device cpu; code 0

# a decoder on a classifier that stays as it is: validation tells how many reconstructions keep their class
decoder() { run train decoder "$@" --device cpu; }
decoder a/model.safetensors data --layer pool2 --decoder decoder4 -o d --epochs 2 --val test --batch 16 --limit 160; code 0
check [ "$(wc -l <"$out")" -eq 2 ]; says "class kept: "
tail -1 "$out" >last; cp last "$out"; json val_class_kept; json val_loss; check cmp -s <(tail -1 d/log.jsonl) last
kept=$("$FIXTURE" json val_class_kept <last)
check [ "$(awk "BEGIN { print ($kept > 0.2 && $kept <= 1) }")" -eq 1 ]
ok; grep -q accuracy "$out" && bad "a decoder has no accuracy"
run reconstruct d/model.safetensors "$SOURCE/assets/photos/fashion.png" --device cpu -o d; code 0; prints "PSNR"
decoder conv_ae data -o d2 --epochs 1 --val none --limit 32 --size 28; code 0 # no classifier, no class
check cmp -s "$out" d2/log.jsonl; json val_class_kept null
finish
