/* What New job can make: one table a task, one row a field. Options of the command that have no row here appear under
 * "more options" by themselves. */
#include <limn/train.h>

#include "form.h"

#define PICTURES                                                                                                       \
    {                                                                                                                  \
        "image", "pictures", FIELD_PICTURES, true, "none yet",                                                         \
            "PNG, JPEG, GIF or TIFF; where the network "                                                               \
            "takes volumes .npy or NIfTI. Several are marked one by one, or all of a folder",                          \
            NULL                                                                                                       \
    }
#define PICTURE                                                                                                        \
    {                                                                                                                  \
        "image", "picture", FIELD_PICTURE, true, "none yet",                                                           \
            "PNG, JPEG, GIF or TIFF; where the network "                                                               \
            "takes volumes .npy or NIfTI",                                                                             \
            NULL                                                                                                       \
    }
#define MODEL(key)                                                                                                     \
    {                                                                                                                  \
        key, "model", FIELD_CLASSIFIER, true, "none yet",                                                              \
            "an installed network, or any file of weights: .safetensors, .onnx, .pth, .pt", NULL                       \
    }
#define AUTOENCODER                                                                                                    \
    {                                                                                                                  \
        "autoencoder", "autoencoder", FIELD_AUTOENCODER, true, "none yet",                                             \
            "draws what the classifier is to see otherwise; its input is the classifier's", NULL                       \
    }
#define DATA                                                                                                           \
    {                                                                                                                  \
        "dataset", "data set", FIELD_DATA, true, "none yet",                                                           \
            "IDX files, CUB, COCO, a folder for each class, "                                                          \
            "or just pictures",                                                                                        \
            NULL                                                                                                       \
    }
#define LAYERS                                                                                                         \
    {                                                                                                                  \
        "layer", "layer", FIELD_LAYERS, false, "default", NULL, NULL                                                   \
    }
#define CLASSES                                                                                                        \
    {                                                                                                                  \
        "class", "class", FIELD_CLASSES, false, "the surest", NULL, NULL                                               \
    }
#define OPTION(key, label)                                                                                             \
    {                                                                                                                  \
        key, label, FIELD_TEXT, false, NULL, NULL, NULL                                                                \
    }
#define FOLDER                                                                                                         \
    {                                                                                                                  \
        "output", "folder", FIELD_TEXT, false, "the job's own",                                                        \
            "where checkpoints, weights, log and curve go: a path, made when it is not there", NULL                    \
    }

static const struct field_row explain[] = {
    PICTURES, MODEL("model"), {"method", "methods", FIELD_METHODS, false, "Grad-CAM", NULL, NULL}, LAYERS, CLASSES,
};
static const struct field_row compare[] = {
    PICTURE, MODEL("model"), {"method", "methods", FIELD_METHODS, false, "all", NULL, NULL}, LAYERS, CLASSES,
};
static const struct field_row shift[] = {
    PICTURES,
    MODEL("classifier"),
    AUTOENCODER,
    {"to", "to class", FIELD_CLASS, false, "the runner-up", "class that the network is to see in the end", NULL},
    {"class", "from class", FIELD_CLASS, false, "what it sees", "class to leave", NULL},
    OPTION("target", "sureness"),
    OPTION("frames", "frames"),
};
static const struct field_row train_classifier[] = {
    DATA,
    {"arch", "network", FIELD_CHOICE, false, "lenet", "architecture to train", limn_arch_name},
    OPTION("epochs", "epochs"),
    OPTION("batch", "batch"),
    OPTION("lr", "rate"),
    OPTION("val", "validate on"),
    FOLDER,
};
static const struct field_row train_decoder[] = {
    DATA,
    MODEL("encoder"),
    {"layer", "layer", FIELD_LAYER, false, "chosen by size", "layer of the encoder that the decoder starts from", NULL},
    OPTION("epochs", "epochs"),
    OPTION("batch", "batch"),
    OPTION("lr", "rate"),
    FOLDER,
};
static const struct field_row test[] = {
    DATA,
    MODEL("model"),
    OPTION("split", "split"),
};
static const struct field_row reconstruct[] = {
    PICTURES,
    AUTOENCODER,
};
static const struct field_row classify[] = {
    PICTURES,
    MODEL("model"),
    OPTION("top", "classes"),
};
static const struct field_row bench[] = {
    MODEL("model"),
    OPTION("runs", "runs"),
};

#define ROWS(table) table, sizeof table / sizeof table[0]
const struct task form_task[] = {
    {"explain", NULL, "explain", "where in a picture a network looks when it decides: heat maps", ROWS(explain),
     " maps "},
    {"compare", NULL, "compare", "one picture explained by many methods, side by side on one sheet", ROWS(compare), ""},
    {"shift", NULL, "shift", "a moving picture of what would change the network's mind: a counterfactual", ROWS(shift),
     ""},
    {"train", "classifier", "train classifier", "a new network from labelled pictures", ROWS(train_classifier),
     " layer decoder loss whole "},
    {"train", "decoder", "train decoder", "an autoencoder out of a classifier, as shift needs one", ROWS(train_decoder),
     ""},
    {"test", NULL, "test", "how often a classifier is right: accuracy, recall, confusion matrix", ROWS(test), ""},
    {"reconstruct", NULL, "reconstruct", "what an autoencoder keeps of pictures", ROWS(reconstruct), ""},
    {"classify", NULL, "classify", "the most probable classes of pictures", ROWS(classify), ""},
    {"bench", NULL, "measure", "how fast a network runs on this machine", ROWS(bench), ""},
};
const size_t n_form_tasks = sizeof form_task / sizeof form_task[0];
