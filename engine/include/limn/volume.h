/* limn: volumes, for networks with 3-D convolutions. The rules of <limn/limn.h> hold here too.
 *
 * A volume is an array [C,D,H,W]. A .npy file holds it as it is, or [D,H,W]. A NIfTI-1 file (.nii, .nii.gz) counts x
 * fastest: by default the array is [C,x,y,z], as nibabel, MONAI and TorchIO give it (depth is x, width is z); a model
 * whose card says "axes": "zyx" gets [C,z,y,x], as SimpleITK gives it. Slices are cut across axis 0 (depth), 1 (height)
 * or 2 (width) of the array at the network's input size.
 */
#ifndef LIMN_VOLUME_H
#define LIMN_VOLUME_H

#include <limn/limn.h>

#ifdef __cplusplus
extern "C" {
#endif

struct limn_volume_info {
    int32_t channels, depth, height, width; /* of the file's array */
    bool nifti;                             /* it has an affine, which maps written back keep */
    size_t n_replaced;                      /* voxels that were not finite and are read as 0 */
};

/* A .npy or NIfTI-1 file, told by content; the axes are those that `m` wants, NULL: xyz. File. */
LIMN_API limn_status limn_volume_load(const limn_model *m, const char *path, limn_volume **out, limn_error *err);
LIMN_API void limn_volume_destroy(limn_volume **v);
LIMN_API limn_status limn_volume_describe(const limn_volume *v, struct limn_volume_info *out, limn_error *err);

struct limn_slice {
    int32_t axis, index;
};
/* The slice across `axis` (-1: any axis) in which the map's magnitude is largest on average. */
LIMN_API limn_status limn_explanation_slice(const limn_explanation *e, struct limn_which which, int32_t axis,
                                            struct limn_slice *out, limn_error *err);
/* One slice of a map over the same slice of the volume, as limn_render draws pictures; the scale of the colours is the
 * whole volume's. Voxels keep their proportions (where a NIfTI header tells them), and small
 * volumes are enlarged. limn_render itself draws the strongest slice across axis 0. */
LIMN_API limn_status limn_render_slice(const limn_explanation *e, struct limn_which which, struct limn_slice slice,
                                       const struct limn_render_params *p, limn_image **out, limn_error *err);
/* `n` slices across an axis, evenly spread over the volume, in one labelled sheet; 0: at most 16. */
LIMN_API limn_status limn_render_montage(const limn_explanation *e, struct limn_which which, int32_t axis, int32_t n,
                                         const struct limn_render_params *p, limn_image **out, limn_error *err);
/* The raw map as NIfTI-1 float32, resampled (trilinear) to the grid of `grid` with its affine and header, so that
 * viewers lay it over the volume; a map of C channels has four axes. Compressed when `path` ends in ".gz". File. */
LIMN_API limn_status limn_explanation_save_nifti(const limn_explanation *e, struct limn_which which,
                                                 const limn_volume *grid, const char *path, unsigned flags,
                                                 limn_error *err);

#ifdef __cplusplus
}
#endif
#endif
