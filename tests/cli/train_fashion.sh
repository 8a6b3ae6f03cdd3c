# LABELS: slow  TIMEOUT: 1800
# LeNet on Fashion-MNIST, one epoch (EPOCHS: more): PyTorch's reaches 83.2 % after the first, 87.5 % after the fourth,
# 89.75 % after the tenth.
. "$(dirname "$0")/lib.sh"
data=/usr/share/datasets/fashion-mnist
[ -d $data ] || { echo "skipped: install dataset-fashion-mnist"; exit 77; }
epochs=${EPOCHS:-1} floor=81
[ "$epochs" -lt 6 ] || floor=87
[ "$epochs" -lt 10 ] || floor=88.5
last=train
timeout 1700 "$LIMN" train classifier $data -o clothes --epochs "$epochs" --val test --seed 1 --device cpu >"$out" 2>"$err" </dev/null
code=$?; code 0
cat "$out"
run test clothes/model.safetensors $data --device cpu --labels "$SOURCE/assets/labels/fashion_mnist.txt" --json; code 0
json samples 10000; json classes/9/label "Ankle boot"
accuracy=$("$FIXTURE" json accuracy <"$out")
check [ "$(awk "BEGIN { print (100 * $accuracy >= $floor) }")" -eq 1 ]
finish
