/* The smallest use of the library: explain the most probable class of one picture with Grad-CAM.
 *
 *     cc gradcam.c $(pkg-config --cflags --libs limn) -o gradcam
 *     ./gradcam squeezenet1_0 cat.jpg cat-gradcam.png
 */
#include <limn/limn.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: gradcam MODEL IMAGE OUT.png\n");
        return 2;
    }
    limn_error err = {0};
    limn_context *context = NULL;
    limn_model *model = NULL;
    limn_image *photo = NULL, *picture = NULL;
    limn_explanation *explanation = NULL;
    const char *method = "gradcam";
    const struct limn_which first = {0, 0, 0};
    struct limn_explain_params request = {0};

    if (limn_context_create(NULL, &context, &err) != LIMN_OK ||
        limn_model_open(context, argv[1], NULL, &model, &err) != LIMN_OK ||
        limn_image_load(argv[2], NULL, &photo, &err) != LIMN_OK) {
        goto out;
    }
    request.images = (const limn_image *const *)&photo;
    request.n_images = 1;
    request.methods = &method;
    request.n_methods = 1;
    if (limn_explain(model, &request, &explanation, &err) != LIMN_OK ||
        limn_render(explanation, first, NULL, &picture, &err) != LIMN_OK ||
        limn_explanation_save_png(explanation, first, NULL, picture, argv[3], LIMN_SAVE_FORCE, &err) != LIMN_OK) {
        goto out;
    }
    int32_t k = limn_explanation_class(explanation, 0, 0);
    const char *label = limn_model_label(model, k);
    printf("%s: class %d %s, %.1f %%\n", argv[3], (int)k, label ? label : "",
           100.0 * (double)limn_explanation_probabilities(explanation, 0)[k]);
out:
    if (err.code != LIMN_OK) {
        fprintf(stderr, "gradcam: %s\n", err.text);
    }
    limn_image_destroy(&picture);
    limn_explanation_destroy(&explanation);
    limn_image_destroy(&photo);
    limn_model_close(&model);
    limn_context_destroy(&context);
    return limn_status_exit_code(err.code);
}
