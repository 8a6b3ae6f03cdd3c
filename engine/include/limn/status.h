/* Status codes and error text shared by every layer of limn.
 *
 * Every fallible function returns a limn_status and, when `err` is not NULL, leaves one line of text there:
 * what was being read, where in it, what was found and what was expected. Out-parameters are written on success only.
 */
#ifndef LIMN_STATUS_H
#define LIMN_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define LIMN_API __attribute__((visibility("default")))
#else
#define LIMN_API
#endif

typedef enum limn_status {
    LIMN_OK = 0,
    LIMN_ERR_NOMEM,        /* host memory ran out                      exit 7 */
    LIMN_ERR_DEVICE_NOMEM, /* device memory ran out                    exit 7 */
    LIMN_ERR_IO,           /* a file could not be written              exit 4 */
    LIMN_ERR_READ,         /* a file could not be opened or read       exit 3 */
    LIMN_ERR_FORMAT,       /* a file's content is not what it claims   exit 3 */
    LIMN_ERR_SHAPE,        /* tensor shapes do not fit together        exit 3 */
    LIMN_ERR_ARG,          /* an argument is out of range              exit 2 */
    LIMN_ERR_UNSUPPORTED,  /* valid, but not something limn can do     exit 3 */
    LIMN_ERR_NOT_FOUND,    /* no layer, class, method, model so named  exit 2 */
    LIMN_ERR_DEVICE,       /* no usable Vulkan device, or a call failed exit 5 */
    LIMN_ERR_DEVICE_LOST,  /* the device was lost; the context is dead exit 5 */
    LIMN_ERR_NUMERIC,      /* NaN or infinity where none may be        exit 6 */
    LIMN_CANCELLED,        /* a progress callback asked to stop        exit 130 */
    LIMN_ERR_INTERNAL      /* a defect in limn                         exit 70 */
} limn_status;

/* Caller-owned; nothing is allocated on the error path. */
typedef struct limn_error {
    limn_status code;
    char text[512];
} limn_error;

/* Short English name of a status ("out of memory"); never NULL. */
LIMN_API const char *limn_status_text(limn_status status);

/* Process exit code that the command line uses for a status. */
LIMN_API int limn_status_exit_code(limn_status status);

#ifdef __cplusplus
}
#endif
#endif
