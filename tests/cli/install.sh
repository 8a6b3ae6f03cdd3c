# cmake --install into a fresh prefix: everything is there, and the example builds and runs against it, shared and static,
# as C and as C++.
. "$(dirname "$0")/lib.sh"
command -v pkg-config >/dev/null || exit 77
prefix=$work/prefix
last="cmake --install"
DESTDIR= cmake --install "$BUILD" --prefix "$prefix" >"$out" 2>"$err"; code=$?; code 0
exists "$prefix/bin/limn"
for h in "$SOURCE"/engine/include/limn/*.h; do exists "$prefix/include/limn/${h##*/}"; done
exists "$prefix/share/man/man1/limn.1"
exists "$prefix/share/bash-completion/completions/limn"
lib=$(dirname "$(find "$prefix" -name liblimn.so | head -1)")
exists "$lib/liblimn.so"
exists "$lib/liblimn.a"
exists "$lib/pkgconfig/limn.pc"

# the .pc file names the configured prefix; tell pkg-config about the one used here
export PKG_CONFIG_PATH=$lib/pkgconfig
flags="--define-variable=prefix=$prefix --define-variable=libdir=$lib --define-variable=includedir=$prefix/include"
cc=${CC:-cc}
last="example, shared"
$cc -std=c11 -Wall -Wextra -Werror "$SOURCE/docs/examples/gradcam.c" $(pkg-config $flags --cflags --libs limn) -o shared \
    >"$out" 2>"$err"; code=$?; code 0
last="example, static"
$cc -std=c11 "$SOURCE/docs/examples/gradcam.c" $(pkg-config $flags --cflags limn) "$lib/liblimn.a" \
    $(pkg-config $flags --static --libs limn | sed 's/-llimn//') -o static >"$out" 2>"$err"; code=$?; code 0
last="header in C++"
printf '#include <limn/train.h>\nint main() { return limn_version() == limn_arch_name(0); }\n' >h.cpp
c++ -std=c++11 -Wall -Wextra -Werror h.cpp $(pkg-config $flags --cflags --libs limn) -o h >"$out" 2>"$err"; code=$?; code 0

"$FIXTURE" image p.png 40 40 1
export LD_LIBRARY_PATH=$lib
for kind in shared static; do
    last="$kind example"
    ./$kind recipe:lenet p.png $kind.png >"$out" 2>"$err"; code=$?; code 0; prints "class"; exists $kind.png
    ./$kind recipe:lenet none.png x.png >"$out" 2>"$err"; code=$?; code 3; says "none.png"
done
check cmp shared.png static.png
last="symbols of liblimn.a"
check [ -z "$(nm --defined-only --extern-only "$lib/liblimn.a" | awk 'NF == 3 { print $3 }' | grep -v '^limn_')" ]
LIMN=$prefix/bin/limn
run --version; code 0
run inspect recipe:lenet; code 0
mv "$prefix" "$work/moved" # an installed tree finds its models wherever it lies
LIMN=$work/moved/bin/limn
run inspect lenet_mnist --json; code 0; json model/path "$work/moved/share/limn/models/lenet_mnist.safetensors"
finish
