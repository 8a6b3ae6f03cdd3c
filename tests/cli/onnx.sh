# ONNX models: inspect, classify, explain, convert, models; what is refused says where, at once.
. "$(dirname "$0")/lib.sh"
nets=$(cd "$(dirname "$0")/../corpus/onnx/nets" && pwd)
reject=$nets/../reject accept=$nets/../accept
lenet=$(cd "$(dirname "$0")/../golden/models" && pwd)
for i in 1 2 3; do "$FIXTURE" image p$i.png $((30 + i)) 40 "$i"; done

run inspect "$lenet/lenet_mnist.onnx"; code 0; silent; prints "architecture  onnx"; prints "conv1"; prints "MaxPool"
prints "default layer relu2"
run inspect "$nets/torch_scopes.onnx" --json; code 0; json model/arch onnx; json layers/1/name features.0
json layers/1/operator Conv; json layers/1/parameters 56; json default_layer features.1; json parameters 56
run inspect "$nets/two_outputs.onnx"; code 0; prints "y, other"
run inspect "$nets/free_size.onnx" --size 20x30; code 0; prints "3 x 20 x 30"
run inspect "$nets/fixed_size.onnx" --size 16; code 2; one_line; nothing; says "fixed at 1x3x12x10"

# the same scores from every format
"$FIXTURE" tensor t.npy 3 1 28 28 7
run classify "$lenet/lenet_mnist.pth" --tensor t.npy --device cpu --json; code 0; silent
want=$("$FIXTURE" json items/2/classes <"$out")
run classify "$lenet/lenet_mnist.onnx" --tensor t.npy --device cpu --json; code 0; silent; json items/2/classes "$want"
run classify "$lenet/lenet_mnist.onnx" --tensor t.npy --device cpu --json --batch 2; code 0; json items/2/classes "$want"
run classify "$lenet/lenet_mnist.onnx" --tensor t.npy --device cpu --json --arch lenet; code 0; json items/2/classes "$want"
run classify "$lenet/lenet_mnist.onnx" p1.png --device reference --json; code 0; json items/0/classes/4/probability

# a batch size that is written into the graph: one image in a pass
run classify "$nets/fixed_batch.onnx" p1.png p2.png p3.png --device cpu --json --batch 3; code 0; silent
json items/2/classes/1/index; one=$("$FIXTURE" json items/1/classes <"$out")
run classify "$nets/fixed_batch.onnx" p2.png --device cpu --json; code 0; json items/0/classes "$one"
run classify "$nets/batch_of_4.onnx" p1.png --device cpu; code 2; one_line; nothing; says "fixed at 4x3x12x12"

# explain: pictures and maps, at layers by their PyTorch names
run explain "$nets/torch_scopes.onnx" p1.png --size 32 --device cpu --method gradcam,guided-backprop -o maps
code 0; check [ "$(ls maps | grep -c png)" -ge 2 ]
run explain "$nets/torch_scopes.onnx" p1.png --size 32 --device cpu --layer features.0 -o f.png; code 0; exists f.png
run explain "$nets/torch_scopes.onnx" p1.png --size 32 --device cpu --layer features.7 -o g.png; code 2; one_line; absent g.png

# weights that are not finite
run classify "$nets/not_finite.onnx" p1.png --size 16 --device cpu; code 6; one_line
says 'weights are not finite (and in 1 other tensors)'
run classify "$nets/not_finite.onnx" p1.png --size 16 --device cpu --strict; code 6; one_line; nothing

# names, cards, the list
mkdir shelf
cp "$lenet/lenet_mnist.onnx" shelf/digits.onnx
cp "$lenet/lenet_mnist.pth" shelf/digits.pth
cp "$lenet/lenet_mnist.pth" shelf/other.pth
echo '{"title": "Digits by ONNX", "licence": "MIT"}' >shelf/digits.json
echo '{"epochs": 8, "lr": 0.1, "seed": 20}' >shelf/other.json
export LIMN_MODELS=$work/shelf
run models --names; code 0; prints digits; prints other; check [ "$(grep -c digits "$out")" -eq 1 ]
run models --json; code 0; prints "shelf/digits.onnx"; prints "Digits by ONNX"
run inspect digits; code 0; prints "Digits by ONNX"; prints "architecture  onnx"
run inspect other; code 0; prints "architecture  lenet" # a JSON that is no card says nothing
unset LIMN_MODELS

# convert: the initializers
run convert "$lenet/lenet_mnist.onnx" l.safetensors --json; code 0; json tensors 10
run classify l.safetensors --tensor t.npy --device cpu --json; code 0; json items/2/classes "$want"
run convert "$accept/external.onnx" e.safetensors; code 0; exists e.safetensors
run convert "$accept/raw_uint16.onnx" u.safetensors; code 3; one_line; says 'initializer "h" is uint16'; absent u.safetensors
run convert "$reject/tensor_raw_short.onnx" r.safetensors; code 3; one_line; absent r.safetensors

# every refusal is one line with the place, exit code 3, within a second or so
for bad in wire_varint_11 wire_length_pib kind_html kind_lfs kind_gzip ext_parent ext_absolute graph_cycle graph_op_unknown \
    graph_stride_0 graph_function_doubling tensor_dims_wrap; do
    start=$(date +%s%N)
    run inspect "$reject/$bad.onnx"; code 3; one_line; nothing; says "$bad.onnx"
    check [ $((($(date +%s%N) - start) / 1000000)) -lt 5000 ]
done
cp "$reject/kind_html.onnx" page.bin
run inspect page.bin; code 3; one_line; nothing
run inspect "$nets/two_inputs.onnx"; code 3; one_line; says '2 inputs ("x" to "mask")'
run inspect "$nets/channels_last.onnx"; code 3; one_line; says "channels last"
run inspect "$nets/int_input.onnx"; code 3; one_line; says "int64"

# external data stays below the model's folder, and links lead nowhere
mkdir ext
cp "$accept/external.onnx" ext/
ln -s "$accept/external.bin" ext/external.bin
run inspect ext/external.onnx; code 3; one_line; says "symbolic link"
rm ext/external.bin
mkfifo ext/external.bin
run inspect ext/external.onnx; code 3; one_line; says "not a regular file"
rm ext/external.bin
cp "$accept/external.bin" ext/external.bin
run inspect ext/external.onnx; code 0
ln ext/external.bin ext/again
run inspect ext/external.onnx; code 3; one_line; says "hard links"

finish
