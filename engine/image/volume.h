/* Volumes in host memory, and NIfTI-1 files (.nii, .nii.gz). Depends on base only.
 *
 * Axes. A NIfTI file counts x fastest. VOLUME_XYZ gives the array [C,x,y,z] that nibabel, MONAI and TorchIO hand to a
 * network (depth is x, width is z); VOLUME_ZYX gives [C,z,y,x], as SimpleITK does. Either way the header is kept, and a
 * map that is written back lies on the voxels that it belongs to. */
#ifndef LIMN_IMAGE_VOLUME_H
#define LIMN_IMAGE_VOLUME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define NIFTI_HEADER_BYTES 348
#define VOLUME_ELEMS_MAX (1u << 28) /* 1 GiB of float32 */

enum volume_axes { VOLUME_XYZ, VOLUME_ZYX };

struct volume {
    int32_t channels, size[3]; /* depth, height, width of the array */
    float *v;                  /* channels * depth * height * width, mem_alloc */
    float spacing[3];          /* distance of neighbours along each axis of the array, in any unit; 1 where unknown */
    enum volume_axes axes;
    bool has_header;                    /* it came from a NIfTI file ... */
    uint8_t header[NIFTI_HEADER_BYTES]; /* ... whose header is this, in little-endian order */
    size_t n_replaced;                  /* voxels that were not finite in the file and are 0 here */
};

limn_status volume_init(struct volume *out, int32_t channels, const int32_t size[3], limn_error *err); /* zeros */
void volume_finish(struct volume *v);        /* zeroed struct allowed */
size_t volume_plane(const struct volume *v); /* elements of one channel */
/* Trilinear, half-pixel centres, edges clamped, no antialiasing (torch's interpolate). Keeps header and axes. */
limn_status volume_resize(const struct volume *in, const int32_t size[3], struct volume *out, limn_error *err);

/* True when the bytes are those of a NIfTI file or of something compressed by gzip. */
bool nifti_is(const uint8_t *head, size_t n);
/* Single-file NIfTI-1, "n+1", either byte order, gzip told by content. Types u8 i8 i16 u16 i32 f32 f64, scl_slope and
 * scl_inter applied; three spatial axes and one more (time or components), which become channels. */
limn_status nifti_read(const char *path, enum volume_axes axes, struct volume *out, limn_error *err);
limn_status nifti_decode(const char *name, const void *data, size_t size, enum volume_axes axes, struct volume *out,
                         limn_error *err);
/* Little-endian float32, compressed when the name ends in ".gz". With a header: its affine, units and orientation; the
 * size must then be that of the header's grid. Without: voxels of 1 mm, the array's origin at 0. `what` (ASCII) goes
 * into the description. */
limn_status nifti_write(const char *path, const struct volume *map, const char *what, bool force, limn_error *err);

/* ---- nifti_header.c, for nifti.c and nifti_write.c ---- */
struct nifti_form { /* the header's facts once checked */
    bool swap;
    int32_t dim[4]; /* x, y, z, channels */
    int32_t type;   /* datatype code */
    int32_t bytes;  /* of one voxel */
    uint64_t offset;
    double slope, inter;
    float spacing[3]; /* of x, y, z; 1 where the header has no sensible number */
};
/* Checks `raw` (NIFTI_HEADER_BYTES + 4 bytes) and copies it to `header` in little-endian order. */
limn_status nifti_header_parse(const uint8_t *raw, uint8_t *header, struct nifti_form *out, limn_error *err);

#endif
