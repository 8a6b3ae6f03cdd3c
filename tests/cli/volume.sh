# Volumes: .npy and NIfTI-1 in; sheets of slices, single slices, GIFs, raw maps and maps on the volume's grid out.
. "$(dirname "$0")/lib.sh"
m=recipe:stack3d
size="--size 16x20x24 --device cpu"
small="$size --layer features.6"
corpus=$SOURCE/tests/corpus/nifti
"$FIXTURE" tensor v.npy 1 16 20 24 5
"$FIXTURE" tensor w.npy 1 16 20 24 6
"$FIXTURE" image p.png 40 40 1
cp "$corpus/accept/i2-le.nii" head.nii
cp "$corpus/accept/i2-gz.nii.gz" gz.nii.gz

run inspect $m; code 0; prints "1 x 32 x 32 x 32"; prints "features.10"
run inspect $m --size 16x20x24 --json; code 0; json model/input/1 16; json model/input/3 24
run classify $m v.npy $size; code 0; silent; prints "%"
run classify $m v.npy w.npy $size --json; code 0; json items/1/classes/0/index; json model/input/1 16

run explain $m v.npy $small --method gradcam,guided-gradcam --npy maps -o out; code 0
exists out/v.gradcam.png; exists out/v.guided-gradcam.png
check [ "$("$FIXTURE" npy maps/v.gradcam.npy)" = "8x10x12 finite nonzero" ]
check [ "$("$FIXTURE" npy maps/v.guided-gradcam.npy)" = "1x16x20x24 finite nonzero" ]
check grep -qa limn:method out/v.gradcam.png
before=$(cksum <out/v.gradcam.png)
run explain $m v.npy $small -o out; code 4; one_line; says "exists already"
run explain $m v.npy $small -o out --force; code 0; check [ "$before" = "$(cksum <out/v.gradcam.png)" ]
run explain $m v.npy w.npy $small --class-each 0,2 --method gradient -o two --json; code 0
json items/0/classes/0/index 0; json items/1/classes/0/index 2; exists two/w.gradient.png

# slices, montage, GIF
run explain $m v.npy $small --slice depth:3 --slice 2:auto --slice auto -o slices; code 0
exists slices/v.gradcam.depth-3.png; check [ "$(ls slices | wc -l)" -ge 2 ]; absent slices/v.gradcam.png
check sh -c 'ls slices | grep -qE "^v\.gradcam\.width-[0-9]+\.png$"'
run explain $m v.npy $small --montage height:4 --gif depth --method gradient -o several; code 0
exists several/v.gradient.png; exists several/v.gradient.gif
check [ "$(head -c 6 several/v.gradient.gif)" = GIF89a ]
check grep -qa "limn gradient class" several/v.gradient.gif
run explain $m v.npy $small --gif 1 -o through.gif; code 0; exists through.gif
run explain $m v.npy $small --slice height:1 -o one.png --view signed; code 0; exists one.png
run explain $m v.npy $small --slice height:1 --gif depth -o both.png; code 2; one_line; absent both.png
for v in overlay blend heatmap multiply panel figure sheet; do
    run explain $m v.npy $small --view $v --method gradcam --montage depth:2 -o v-$v; code 0
    check [ "$(ls v-$v | wc -l)" -ge 1 ]
done
run compare $m v.npy $small -o sheet.png; code 0; exists sheet.png

# the order of axes: said when the other one would fit without resampling
byte() { printf "$2" | dd of=axes.nii bs=1 seek="$1" conv=notrunc status=none; } # byte OFFSET ESCAPES
head -c $((352 + 24 * 20 * 16)) /dev/zero >axes.nii
byte 0 '\134\001'; byte 40 '\003\000\030\000\024\000\020\000'; byte 70 '\002\000\010'; byte 344 'n+1'
byte 80 '\000\000\200\077\000\000\200\077\000\000\200\077'; byte 108 '\000\000\260\103'
run classify $m axes.nii $size; code 0; says "24x20x16, resampled to the network's 16x20x24"
run classify $m axes.nii $size --axes zyx; code 0; silent

# NIfTI: the map lies on the grid of the volume, with its affine
run explain $m head.nii gz.nii.gz $small --method gradcam,gradient --nifti maps -o out; code 0
exists maps/head.gradcam.nii.gz; exists maps/gz.gradient.nii.gz
field() { gzip -dcf "$1" | tail -c +"$(($2 + 1))" | head -c "$3" | od -An -tx1; }
for f in head.nii maps/head.gradcam.nii.gz; do
    check [ "$(field $f 40 8)" = " 03 00 03 00 04 00 05 00" ]
    check [ "$(field $f 252 76)" = "$(field head.nii 252 76)" ] # qform and sform
    check [ "$(field $f 76 32)" = "$(field head.nii 76 32)" ]   # voxel size
done
check [ "$(gzip -dc maps/head.gradcam.nii.gz | wc -c)" -eq $((352 + 3 * 4 * 5 * 4)) ]
run classify $m maps/head.gradcam.nii.gz $size; code 0 # what we write, we read
run explain $m head.nii $small --axes zyx --view none --method gradient --npy zyx; code 0
run explain $m head.nii $small --view none --method gradient --npy xyz; code 0
check sh -c '! cmp -s xyz/head.gradient.npy zyx/head.gradient.npy'

# preprocessed numbers
"$FIXTURE" tensor t.npy 1 16 20 24 5
run explain $m --tensor t.npy $small --view none --npy t; code 0; check cmp -s t/t.gradcam.npy maps/v.gradcam.npy

# what is refused
run explain $m p.png $small -o x; code 3; one_line; says "p.png"; absent x/p.gradcam.png
run explain recipe:lenet v.npy --device cpu -o x; code 3; one_line
run explain recipe:lenet p.png --device cpu --slice auto -o x; code 2; one_line; says "takes pictures"
run explain recipe:lenet p.png --device cpu --nifti x -o x; code 2; one_line
run explain $m v.npy $small --slice depth:16 -o x; code 2; one_line; says "0 to 15"
run explain $m v.npy $small --slice up:1 -o x; code 2; one_line
run explain $m v.npy $small --gif 3 -o x; code 2; one_line
run explain $m v.npy $small --montage depth:0 -o x; code 2; one_line
run explain $m v.npy $small --axes yxz -o x; code 2; one_line
run explain $m v.npy --size 0x1x1 --device cpu -o x; code 2; one_line
run explain $m "$corpus/reject/offset-nan.nii" $small -o x; code 3; one_line; says "offset 108"
run explain $m "$corpus/accept/time.nii.gz" $small -o x; code 3; one_line; says "2 channels"
run classify $m "$corpus/accept/not-finite.nii" $size; code 0; says "2 voxels are not finite"
no_litter
finish
