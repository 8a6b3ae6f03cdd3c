# convert: checkpoints become safetensors, whole or not at all.
. "$(dirname "$0")/lib.sh"

corpus=$(cd "$(dirname "$0")/../corpus/torch" && pwd)
run convert "$corpus/accept/training.pth" w.safetensors; code 0; nothing
run inspect w.safetensors; code 0; prints "2x3"; prints "F32"
cp w.safetensors before
run convert "$corpus/accept/old.pth" w.safetensors; code 4; one_line; nothing
check cmp -s w.safetensors before
run convert "$corpus/accept/old_half.pth" w.safetensors --force --json; code 0
json schema 1; json tensors 1; json bytes 12
run convert w.safetensors w.safetensors --force; code 4; one_line; nothing
run convert w.safetensors again.safetensors; code 0
check cmp -s w.safetensors again.safetensors

# what is refused leaves nothing behind
for bad in global_os_system zip_crc zip_overlap legacy_tar torchscript stream_truncated; do
    run convert "$corpus/reject/$bad.pth" bad.safetensors; code 3; one_line; nothing
    check [ ! -e bad.safetensors ]
    run inspect "$corpus/reject/$bad.pth" --quiet
done
check [ -z "$(ls -A | grep '^\.limn-')" ]
run convert "$corpus/accept/old.pth"; code 2; one_line; nothing
run convert "$corpus/accept/old.pth" nofolder/w.safetensors; code 4; one_line; nothing
# nothing of a checkpoint is executed: the only program started is limn itself
if strace -o trace true 2>/dev/null; then
    for bad in global_os_system stream_global op_inst; do
        strace -f -e trace=execve,execveat,fork,vfork -o trace "$LIMN" convert "$corpus/reject/$bad.pth" x.safetensors \
            2>"$err" >"$out"
        check [ "$(grep -cE 'exec|fork' trace)" -eq 1 ]
    done
fi
finish
