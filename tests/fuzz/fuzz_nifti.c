/* CORPUS: nifti. The whole input is a .nii or .nii.gz file in memory. */
#include <stdint.h>
#include <stdlib.h>

#include "image/volume.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct volume v = {0};
    limn_error err = {0};
    limn_status st = nifti_decode("fuzz", data, size, size % 2 ? VOLUME_XYZ : VOLUME_ZYX, &v, &err);
    if ((st == LIMN_OK) != (v.v != NULL) || (st != LIMN_OK && err.text[0] == '\0')) {
        abort();
    }
    if (st == LIMN_OK && (size_t)v.channels * volume_plane(&v) > size * 1032) {
        abort(); /* more voxels than the file can hold */
    }
    volume_finish(&v);
    return 0;
}
