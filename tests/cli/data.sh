# data sets: the layouts that `train classifier` and `test` read, and one clear line for each way they are broken.
. "$(dirname "$0")/lib.sh"

picture() { mkdir -p "$(dirname "$1")"; "$FIXTURE" image "$1" "${3:-30}" "${4:-28}" "$2" || exit 1; }
for i in 0 1 2 3 4 5; do
    picture "set/train/ant/$i.png" $i
    picture "set/train/bee/$i.png" $((i + 20))
done
picture set/test/ant/0.png 3
picture set/test/bee/0.png 23
train() { run train classifier "$@" --epochs 1 --batch 4 --size 28 --quiet --device cpu; }

train set -o out; code 0
exists out/model.safetensors
run test out/model.safetensors set --device cpu --json; code 0; json samples 2; json split test
run test out/model.safetensors set/test --device cpu --json; code 0; json samples 2
run test out/model.safetensors set --split train --device cpu --json; code 0; json samples 12

# CUB-200-2011
mkdir -p cub/images
cp -r set/train/* cub/images/
(cd cub/images && ls -1 */*.png) | awk '{ print NR, $1 }' >cub/images.txt
awk '{ print $1, 1 + (NR > 6) }' cub/images.txt >cub/image_class_labels.txt
awk '{ print $1, NR % 3 != 0 }' cub/images.txt >cub/train_test_split.txt
printf '1 001.ant\n2 002.bee\n' >cub/classes.txt
run test out/model.safetensors cub --device cpu --json; code 0; json samples 4

# MIDOG
mkdir -p midog/images
picture midog/images/a.png 1 200 100
echo '{"categories": [{"id": 1, "name": "mitotic figure"}, {"id": 2, "name": "hard negative"}],
    "images": [{"id": 1, "file_name": "a.png", "width": 200, "height": 100}],
    "annotations": [{"image_id": 1, "category_id": 1, "bbox": [10, 10, 60, 60]},
                    {"image_id": 1, "category_id": 2, "bbox": [150, 40, 200, 90]}]}' >midog/MIDOG.json
run test out/model.safetensors midog --tile 28 --device cpu --json; code 0; json samples 2

# broken ones: one line that names the place, exit 3, nothing written
refused() { # refused TEXT ARGS...
    local text=$1
    shift
    train "$@" -o bad; code 3; one_line; nothing; says "$text"; absent bad/model.safetensors
}
refused "nosuch: no such file or folder" nosuch
refused "split.txt: cannot open" set/train --split-file split.txt
echo "ant/0.png train" >split.txt
refused "split.txt: no line for ant/1.png" set/train --split-file split.txt
mv cub/train_test_split.txt keep
refused "train_test_split.txt: cannot open" cub
head -11 keep >cub/train_test_split.txt
refused "train_test_split.txt: 11 lines (expected 12, one for each image)" cub
head -11 cub/image_class_labels.txt >labels && mv labels cub/image_class_labels.txt
refused "image_class_labels.txt: 11 lines (expected 12" cub
mkdir idx && "$FIXTURE" idx idx 20 10 1
head -c 27 idx/train-labels-idx1-ubyte >labels
mv labels idx/train-labels-idx1-ubyte
refused "train-labels-idx1-ubyte: 19 bytes of numbers (expected 20" idx
mkdir set/train/cat
refused "set/train/cat: class without a picture" set
rmdir set/train/cat
sed -i 's/"bbox": \[10, 10, 60, 60\]/"bbox": [10, 10, -3, 60]/' midog/MIDOG.json
refused "annotations[0]: bbox is neither" midog
cp "$SOURCE/tests/corpus/image/reject/limn-bomb-32768x32768.png" set/train/bee/3.png
train set -o bad; code 3; one_line; says "set/train/bee/3.png: header: 32768 x 32768 pixels"
rm -rf bad
head -c 300 set/train/ant/3.png >set/train/bee/3.png
train set -o bad; code 3; one_line; says "set/train/bee/3.png: offset"
absent bad/model.safetensors
no_litter
finish
