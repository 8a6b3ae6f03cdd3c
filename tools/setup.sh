# Sourced by tools/demo and tools/test: installs the Debian packages that are missing, and nothing else.
build_packages="gcc g++ cmake ninja-build pkg-config glslc libvulkan-dev mesa-vulkan-drivers libpng-dev libjpeg-dev libgif-dev zlib1g-dev libjansson-dev libprotobuf-c-dev protobuf-c-compiler libsqlite3-dev libncurses-dev libtiff-dev"
test_packages="vulkan-validationlayers spirv-tools universal-ctags libonnx-testdata dataset-fashion-mnist libvterm-dev procps tmux"
peer_packages="ffmpeg gifsicle imagemagick python3-pil"  # programs that GIFs are compared with: tools/test --all, tools/bench/gif_table

say() { printf '%s\n' "$*" >&2; }

# need_packages PACKAGE...
need_packages() {
    if ! command -v dpkg-query >/dev/null; then
        say "not a Debian or Ubuntu system: please install the equivalents of: $*"
        return 0
    fi
    local missing="" p
    for p in "$@"; do
        dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $p"
    done
    [ -n "$missing" ] || return 0
    local as_root=""
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || { say "missing packages, and neither root nor sudo to install them:$missing"; return 1; }
        as_root=sudo
    fi
    say "installing:$missing"
    local log; log=$(mktemp)
    if ! { $as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing; } >"$log" 2>&1; then
        tail -5 "$log" >&2
        rm -f "$log"
        say "installing failed:$missing"
        return 1
    fi
    rm -f "$log"
}

# configure_and_build PRESET: quiet unless it fails.
configure_and_build() {
    local log; log=$(mktemp)
    say "building ($1)"
    if ! { cmake --preset "$1" && cmake --build --preset "$1"; } >"$log" 2>&1; then
        grep -E 'error|Error|FAILED' -A5 "$log" | head -60 >&2 || tail -40 "$log" >&2
        say "the build failed; full log: $log"
        return 1
    fi
    rm -f "$log"
}
