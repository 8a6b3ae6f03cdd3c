/* One directory of ONNX's test data: model.onnx and test_data_set_N/input_K.pb, output_K.pb. Imported, run, compared.
 */
#ifndef LIMN_TEST_ONNX_CASE_H
#define LIMN_TEST_ONNX_CASE_H

#include "exec/exec.h"
#include "model/onnx/onnx_import.h"

enum case_verdict { CASE_PASS, CASE_OUT, CASE_FAIL };
struct case_result {
    enum case_verdict verdict;
    char text[320]; /* why it is out of scope, in few words that do not depend on names in the file; or the failure */
    double worst;   /* largest |difference| / (tolerance) over all outputs; at most 1 in a pass */
    int n_value;    /* outputs compared */
    bool known_at_load; /* nothing was left for the device: every output followed from constants */
};

/* Tolerances, |got - want| <= abs + rel * |want|: float32 and double 1e-5 + 1e-4 (what shaders and their sums lose),
 * ten times that after `chain` (whole networks); float16 1e-3 relative and bfloat16 1e-2 (one rounding of the format);
 * integers and booleans exact (on
 * the reference executor 8-bit ones within 1: it divides in double, where a quotient next to a half may round to the
 * other side).
 * Integer and boolean inputs are given to the import as constants. Where that is not enough because the operator needs
 * a floating number at load (Clip's limits, Resize's scales), small inputs but the first are given too, then all.
 * dev NULL: the reference executor. */
void onnx_case_run(const char *dir, struct vk_device *dev, double wide, struct case_result *r);

#endif
