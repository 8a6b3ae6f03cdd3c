/* What New job can make: one table a task, one row a field. Options of the command that have no row here appear under
 * "more options" by themselves. */
#include <limn/train.h>

#include "form.h"

/* clang-format off */
#define FIELD(key_, label_, kind_, otherwise_, help_) \
    {.key = key_, .label = label_, .kind = kind_, .otherwise = otherwise_, .help = help_}
#define NEEDED(key_, label_, kind_, help_) \
    {.key = key_, .label = label_, .kind = kind_, .needed = true, .otherwise = "none yet", .help = help_}
#define OPTION(key_, label_) {.key = key_, .label = label_, .kind = FIELD_TEXT} /* as the command line has it */

#define KINDS_OF_FILES "PNG, JPEG, GIF or TIFF; where the network takes volumes .npy or NIfTI"
#define PICTURES NEEDED("image", "pictures", FIELD_PICTURES, \
                        KINDS_OF_FILES ". Several are marked one by one, or all of a folder")
#define PICTURE NEEDED("image", "picture", FIELD_PICTURE, KINDS_OF_FILES)
#define MODEL(key) NEEDED(key, "model", FIELD_CLASSIFIER, \
                          "an installed network, or any file of weights: .safetensors, .onnx, .pth, .pt")
#define AUTOENCODER NEEDED("autoencoder", "autoencoder", FIELD_AUTOENCODER, \
                           "draws what the classifier is to see otherwise; its input is the classifier's")
#define DATA NEEDED("dataset", "data set", FIELD_DATA, \
                    "IDX files, CUB, COCO, a folder for each class, or just pictures")
#define METHODS(otherwise) FIELD("method", "methods", FIELD_METHODS, otherwise, \
                                 "how the importance of a place is worked out; several give a picture each")
#define LAYERS FIELD("layer", "layer", FIELD_LAYERS, "default", \
                     "whose activations class activation maps weigh; early ones are finer and know less")
#define CLASSES FIELD("class", "class", FIELD_CLASSES, "the surest", \
                      "what to look for in the picture; several give a picture each")
#define FOLDER FIELD("output", "folder", FIELD_TEXT, "the job's own", \
                     "where checkpoints, weights, log and curve go: a path, made when it is not there")
/* clang-format on */

static const struct field_row explain[] = {PICTURES, MODEL("model"), METHODS("Grad-CAM"), LAYERS, CLASSES};
static const struct field_row compare[] = {PICTURE, MODEL("model"), METHODS("all"), LAYERS, CLASSES};
static const struct field_row shift[] = {
    PICTURES,
    MODEL("classifier"),
    AUTOENCODER,
    FIELD("to", "to class", FIELD_CLASS, "the runner-up", "class that the network is to see in the end"),
    FIELD("class", "from class", FIELD_CLASS, "what it sees", "class to leave"),
    OPTION("target", "sureness"),
    OPTION("frames", "frames"),
};
static const struct field_row train_classifier[] = {
    DATA,
    {.key = "arch",
     .label = "network",
     .kind = FIELD_CHOICE,
     .otherwise = "lenet",
     .help = "architecture to train",
     .choice = limn_arch_name},
    OPTION("epochs", "epochs"),
    OPTION("batch", "batch"),
    OPTION("lr", "rate"),
    OPTION("val", "validate on"),
    FOLDER,
};
static const struct field_row train_decoder[] = {
    DATA,
    MODEL("encoder"),
    FIELD("layer", "layer", FIELD_LAYER, "chosen by size", "layer of the encoder that the decoder starts from"),
    OPTION("epochs", "epochs"),
    OPTION("batch", "batch"),
    OPTION("lr", "rate"),
    FOLDER,
};
static const struct field_row test[] = {DATA, MODEL("model"), OPTION("split", "split")};
static const struct field_row reconstruct[] = {PICTURES, AUTOENCODER};
static const struct field_row classify[] = {PICTURES, MODEL("model"), OPTION("top", "classes")};
static const struct field_row bench[] = {MODEL("model"), OPTION("runs", "runs")};

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
