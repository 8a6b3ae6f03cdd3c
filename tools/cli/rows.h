/* Option rows that several commands share, so that the same option reads the same everywhere. */
#ifndef LIMN_CLI_ROWS_H
#define LIMN_CLI_ROWS_H

#include "cli.h"

/* clang-format off */
#define FLAG(id_, name_, letter_, help_) {.id = id_, .name = name_, .letter = letter_, .help = help_, .type = TYPE_FLAG}
#define VALUE(id_, name_, letter_, arg_, def_, type_, help_) \
    {.id = id_, .name = name_, .letter = letter_, .arg = arg_, .def = def_, .help = help_, .type = type_}
#define NUMBER(id_, name_, letter_, arg_, def_, type_, min_, max_, help_) \
    {.id = id_, .name = name_, .letter = letter_, .arg = arg_, .def = def_, .help = help_, .type = type_, \
     .min = min_, .max = max_}
#define CHOICE(id_, name_, letter_, arg_, def_, type_, choice_, help_) \
    {.id = id_, .name = name_, .letter = letter_, .arg = arg_, .def = def_, .help = help_, .type = type_, \
     .choice = choice_}

#define ROWS_TALK \
    FLAG(OPT_VERBOSE, "verbose", 'v', "say more on stderr; repeat for even more"), \
    FLAG(OPT_QUIET, "quiet", 'q', "errors only on stderr"), \
    FLAG(OPT_JSON, "json", 0, "one JSON object on stdout")

#define ROWS_DEVICE \
    VALUE(OPT_DEVICE, "device", 'd', "DEVICE", NULL, TYPE_TEXT, \
          "index, UUID, PCI address or part of a name from `limn devices`; cpu for a software device; " \
          "reference for slow double precision without Vulkan"), \
    VALUE(OPT_MAX_MEMORY, "max-memory", 0, "BYTES", NULL, TYPE_BYTES, "device memory limn may take, as 512M or 2G"), \
    NUMBER(OPT_BATCH, "batch", 'b', "N", NULL, TYPE_INT, 1, 1024, "images in one pass (default: chosen for the device)")

#define ROW_ARCH VALUE(OPT_ARCH, "arch", 0, "NAME", NULL, TYPE_TEXT, \
                       "architecture of the weights (default: card, or recognised; of ONNX: its own graph)")
#define ROW_SIZE NUMBER(OPT_SIZE, "size", 0, "N|HxW|DxHxW", NULL, TYPE_SIZE, 1, 16384, "input size")
#define ROW_LABELS VALUE(OPT_LABELS, "labels", 0, "FILE", NULL, TYPE_FILE, "class labels, one a line")
#define ROWS_HEAD \
    VALUE(OPT_OUTPUT_NAME, "output-name", 0, "NAME", NULL, TYPE_TEXT, \
          "which output of a network with several (default: card, or the first; `limn inspect` lists them)"), \
    FLAG(OPT_PRE_ACTIVATION, "pre-activation", 0, "scores before a final softmax, log-softmax or sigmoid"), \
    FLAG(OPT_MULTI_LABEL, "multi-label", 0, "classes do not exclude each other: probabilities are sigmoids")
#define ROWS_MODEL \
    ROW_ARCH, \
    ROW_SIZE, \
    NUMBER(OPT_RESIZE, "resize", 0, "N", NULL, TYPE_INT, -1, 32768, \
           "shorter side before the centre crop; -1: no resizing"), \
    VALUE(OPT_MEAN, "mean", 0, "A[,B,C]", NULL, TYPE_REALS, "mean of each channel, taken off the input"), \
    VALUE(OPT_STD, "std", 0, "A[,B,C]", NULL, TYPE_REALS, "deviation of each channel, divides the input"), \
    ROW_LABELS, \
    ROWS_HEAD, \
    FLAG(OPT_STRICT, "strict", 0, "refuse weights that are not finite")

#define ROWS_DATA \
    CHOICE(OPT_FORMAT, "format", 0, "NAME", NULL, TYPE_CHOICE, limn_data_format_name, \
           "kind of the data set (default: recognised)"), \
    VALUE(OPT_SPLIT_FILE, "split-file", 0, "FILE", NULL, TYPE_FILE, \
          "which sample is in which split, for data sets that keep that in a file of its own"), \
    VALUE(OPT_LABELS, "labels", 0, "FILE", NULL, TYPE_FILE, "names of the classes, one a line"), \
    NUMBER(OPT_VAL_PART, "val-part", 0, "0..0.9", NULL, TYPE_REAL, 0, 0.9, \
           "part of the training samples to set aside for validation, chosen by the seed"), \
    NUMBER(OPT_LIMIT, "limit", 0, "N", NULL, TYPE_INT, 1, 1e12, "use at most N samples of each split"), \
    NUMBER(OPT_RESIZE, "resize", 0, "N", NULL, TYPE_INT, 1, 8192, \
           "shorter side of pictures before the centre is cut out (default: what just covers the input)"), \
    NUMBER(OPT_TILE, "tile", 0, "N", NULL, TYPE_INT, 1, 8192, \
           "side of the square cut around each annotation (default: its longer side and the border)"), \
    NUMBER(OPT_BORDER, "border", 0, "N", "0", TYPE_INT, 0, 4096, "border around annotations, in pixels"), \
    NUMBER(OPT_SEED, "seed", 0, "N", "0", TYPE_INT, 0, 9e15, "seed of everything that is drawn")

#define ROWS_JOB \
    FLAG(OPT_SUBMIT, "submit", 0, "put this into the queue of jobs instead of doing it now, see `limn jobs`"), \
    VALUE(OPT_PROGRESS, "progress", 0, "KIND", "bar", TYPE_TEXT, \
          "how progress is told: bar (on a terminal), none, or jsonl[:FD], events for programs on stderr or FD")
#define ROW_STORE VALUE(OPT_STORE, "store", 0, "FOLDER", NULL, TYPE_FOLDER, \
                        "folder of the jobs (default: $LIMN_STATE, or limn in the XDG state folder)")

#define ROWS_WRITE \
    FLAG(OPT_FORCE, "force", 'f', "replace existing files"), \
    FLAG(OPT_STRIP, "strip", 0, "leave provenance out of PNG files")

#define ROWS_INPUT \
    VALUE(OPT_TENSOR, "tensor", 't', "IN.npy", NULL, TYPE_FILE, \
          "already preprocessed input N x C x H x W instead of images"), \
    FLAG(OPT_LENIENT, "lenient", 0, "accept truncated pictures; the missing part is black")

#define ROWS_VOLUME \
    CHOICE(OPT_AXES, "axes", 0, "ORDER", "xyz", TYPE_CHOICE, choice_axes, \
           "of NIfTI volumes as the network sees them: xyz as nibabel and MONAI, zyx as SimpleITK")

#define ROWS_SLICES \
    VALUE(OPT_SLICE, "slice", 0, "AXIS[:INDEX]|auto", NULL, TYPE_TEXT, \
          "of a volume: a slice across depth, height or width (or 0, 1, 2); without INDEX and with auto the one in " \
          "which the map is strongest; may be repeated"), \
    VALUE(OPT_MONTAGE, "montage", 0, "AXIS[:N]", "depth:16", TYPE_TEXT, "of a volume: a sheet of N slices"), \
    VALUE(OPT_GIF, "gif", 0, "AXIS", NULL, TYPE_TEXT, "of a volume: a GIF through it, forth and back"), \
    VALUE(OPT_NIFTI, "nifti", 0, "DIR", NULL, TYPE_FOLDER, \
          "also write maps of volumes on the volume's own grid, STEM.METHOD.nii.gz")

#define ROWS_EXPLAIN \
    VALUE(OPT_LAYER, "layer", 'l', "NAME[,NAME]", "auto", TYPE_TEXT, \
          "target layers of class activation maps, see `limn inspect`"), \
    VALUE(OPT_CLASS, "class", 'c', "INDEX|LABEL|topN", "top1", TYPE_TEXT, \
          "class to explain; may be repeated; of a network with one score + or -"), \
    VALUE(OPT_CLASS_EACH, "class-each", 0, "C,C,...|@FILE", NULL, TYPE_TEXT, \
          "a class for each input in their order; @FILE: one a line"), \
    NUMBER(OPT_SEED, "seed", 0, "N", "0", TYPE_INT, 0, 9e15, "seed of methods that draw random numbers"), \
    CHOICE(OPT_COLORMAP, "colormap", 0, "NAME", NULL, TYPE_CHOICE, choice_colormap, "colours of the heat map"), \
    NUMBER(OPT_OPACITY, "opacity", 0, "0.01..1", "0.5", TYPE_REAL, 0.01, 1, "weight of the heat over the picture"), \
    NUMBER(OPT_BLUR, "blur", 0, "PX", "0", TYPE_INT, 0, 1024, "box blur of the heat map")
/* clang-format on */

#endif
