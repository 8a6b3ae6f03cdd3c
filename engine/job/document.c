/* The form of a job document: {"schema": 1, "command": NAME, "args": {KEY: VALUE}}. Which keys a command has is known
 * to the option tables of the program only, which check a document before it is submitted and again when it runs.
 */
#include <string.h>

#include "base/json.h"
#include "job/store.h"

enum { DEPTH_MAX = 3, KEY_MAX = 63, LIST_MAX = 100000 };

static bool is_name(const char *text, size_t max)
{
    size_t n = strlen(text);
    return n > 0 && n <= max && text[0] >= 'a' && text[0] <= 'z' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

static limn_status check_value(const char *key, json_t *v, limn_error *err)
{
    size_t n = json_is_array(v) ? json_array_size(v) : 0;
    if (n > LIST_MAX) {
        return err_set(err, LIMN_ERR_FORMAT, "job: args: %s: %zu values (expected at most %d)", key, n, LIST_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        json_t *one = json_array_get(v, i);
        if (!json_is_string(one) && !json_is_number(one)) {
            return err_set(err, LIMN_ERR_FORMAT, "job: args: %s: value %zu is neither text nor a number", key, i);
        }
    }
    if (!json_is_array(v) && !json_is_string(v) && !json_is_number(v) && !json_is_boolean(v)) {
        return err_set(err, LIMN_ERR_FORMAT, "job: args: %s: expected text, a number, true or a list", key);
    }
    return LIMN_OK;
}

static limn_status check_root(json_t *root, char command[32], limn_error *err)
{
    const char *key;
    json_t *v, *schema = json_object_get(root, "schema"), *args = json_object_get(root, "args");
    const char *name = json_string_value(json_object_get(root, "command"));
    json_object_foreach (root, key, v) {
        if (strcmp(key, "schema") != 0 && strcmp(key, "command") != 0 && strcmp(key, "args") != 0) {
            return err_set(err, LIMN_ERR_FORMAT, "job: unknown key \"%.60s\" (expected schema, command, args)", key);
        }
    }
    if (!json_is_integer(schema) || json_integer_value(schema) != 1) {
        return err_set(err, LIMN_ERR_FORMAT, "job: \"schema\" is not 1");
    }
    if (name == NULL || !is_name(name, 31)) {
        return err_set(err, LIMN_ERR_FORMAT, "job: \"command\" is not the name of a command");
    }
    if (!json_is_object(args)) {
        return err_set(err, LIMN_ERR_FORMAT, "job: \"args\" is not an object");
    }
    json_object_foreach (args, key, v) {
        if (!is_name(key, KEY_MAX)) {
            return err_set(err, LIMN_ERR_FORMAT, "job: args: \"%.60s\" is no option or operand", key);
        }
        limn_status st = check_value(key, v, err);
        if (st != LIMN_OK) {
            return st;
        }
    }
    memcpy(command, name, strlen(name) + 1);
    return LIMN_OK;
}

limn_status document_check(const char *text, char command[32], limn_error *err)
{
    json_t *root = NULL;
    size_t n = strlen(text);
    if (n > DOCUMENT_MAX_BYTES) {
        return err_set(err, LIMN_ERR_FORMAT, "job: %zu bytes (expected at most %zu)", n, DOCUMENT_MAX_BYTES);
    }
    limn_status st = json_parse(text, n, DEPTH_MAX, true, &root, err);
    if (st != LIMN_OK) {
        return err_at(err, "job");
    }
    st = check_root(root, command, err);
    json_decref(root);
    return st;
}

limn_status limn_job_check(const char *document, limn_error *err)
{
    char command[32];
    JOB_NEED(document);
    return document_check(document, command, err);
}
