/* What is right and wrong with Vulkan on this machine: the loader, the driver description files it reads (in the order
 * of the loader's own documentation, LoaderDriverInterface.md), their libraries, the kernel's render nodes and who may
 * open them, and the devices that come out. Each problem names its remedy. */
#include <dirent.h>
#include <dlfcn.h>
#include <grp.h>
#include <jansson.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "vk/vk_internal.h"

#define PATH_SIZE 4096
#define ICD_MAX_BYTES (1u << 20)

enum level { FINE, NOTE, PROBLEM };

struct report {
    void (*line)(void *user, int level, const char *text);
    void *user;
    size_t n_icd, n_render, n_denied;
};

static void say(const struct report *r, enum level level, const char *fmt, ...) LIMN_PRINTF(3, 4);
static void say(const struct report *r, enum level level, const char *fmt, ...)
{
    char text[1024], safe[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    r->line(r->user, level, str_escape(safe, sizeof(safe), text));
}

/* --- loader --- */

static bool check_loader(const struct report *r)
{
    struct vk_instance vi = {0};
    limn_error err = {0};
    uint32_t version = 0;
    bool ok = vk_loader_open(&vi, &err) == LIMN_OK;
    if (!ok) {
        say(r, PROBLEM, "%s: apt install libvulkan1", err.text);
    } else if (vi.fn.EnumerateInstanceVersion(&version) == VK_SUCCESS) {
        say(r, FINE, "Vulkan loader %u.%u.%u", VK_API_VERSION_MAJOR(version), VK_API_VERSION_MINOR(version),
            VK_API_VERSION_PATCH(version));
    }
    vk_loader_close(&vi);
    return ok;
}

/* --- driver description files --- */

/* A library with a slash is relative to the description file; a bare name is looked up by the system. */
static void library_path(const char *json, const char *library, char *out, size_t size)
{
    const char *slash = strrchr(json, '/');
    if (library[0] == '/' || !strchr(library, '/') || !slash) {
        snprintf(out, size, "%s", library);
    } else {
        snprintf(out, size, "%.*s/%s", (int)(slash - json), json, library);
    }
}

static void check_library(struct report *r, const char *json, const char *library)
{
    char path[2 * PATH_SIZE];
    library_path(json, library, path, sizeof(path));
    void *handle = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
    if (handle) {
        say(r, FINE, "driver %s: %s", json, path);
        dlclose(handle);
        r->n_icd++;
    } else {
        const char *why = dlerror();
        say(r, PROBLEM, "driver %s: %s (reinstall the package of this driver: dpkg -S %s)", json, why ? why : path,
            json);
    }
}

static void check_icd(struct report *r, const char *path)
{
    void *text = NULL;
    size_t size = 0;
    limn_error err = {0};
    if (file_read_all(path, ICD_MAX_BYTES, &text, &size, &err) != LIMN_OK) {
        say(r, PROBLEM, "driver %s", err.text);
        return;
    }
    json_error_t why;
    json_t *root = json_loadb(text, size, 0, &why);
    const char *library = json_string_value(json_object_get(json_object_get(root, "ICD"), "library_path"));
    if (!root) {
        say(r, PROBLEM, "driver %s: line %d: %s (remove the file or reinstall its package)", path, why.line, why.text);
    } else if (!library) {
        say(r, PROBLEM, "driver %s: names no library (remove the file or reinstall its package)", path);
    } else {
        check_library(r, path, library);
    }
    json_decref(root);
    mem_free(text);
}

static void check_icd_dir(struct report *r, const char *dir)
{
    struct dirent **entry = NULL;
    int n = scandir(dir, &entry, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char path[PATH_SIZE];
        int len = snprintf(path, sizeof(path), "%s/%s", dir, entry[i]->d_name);
        if (str_ends(entry[i]->d_name, ".json") && len > 0 && (size_t)len < sizeof(path)) {
            check_icd(r, path);
        }
        free(entry[i]);
    }
    free(entry);
}

/* VK_DRIVER_FILES (older: VK_ICD_FILENAMES) replaces the search; entries are files or folders. */
static bool check_icd_override(struct report *r)
{
    const char *name = getenv("VK_DRIVER_FILES") ? "VK_DRIVER_FILES" : "VK_ICD_FILENAMES";
    const char *list = getenv(name);
    if (!list || !list[0]) {
        return false;
    }
    say(r, NOTE, "%s is set: only these drivers are looked at: %s", name, list);
    while (*list) {
        char path[PATH_SIZE];
        size_t n = strcspn(list, ":");
        struct stat info;
        if (n && n < sizeof(path)) {
            memcpy(path, list, n);
            path[n] = '\0';
            if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
                check_icd_dir(r, path);
            } else {
                check_icd(r, path);
            }
        }
        list += n + (list[n] == ':');
    }
    return true;
}

static void check_icds(struct report *r)
{
    static const char *const dirs[] = {"/usr/local/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d",
                                       "/etc/vulkan/icd.d", "/usr/share/vulkan/icd.d"};
    const char *home = getenv("HOME");
    if (!check_icd_override(r)) {
        for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
            check_icd_dir(r, dirs[i]);
        }
        if (home) {
            char path[PATH_SIZE];
            snprintf(path, sizeof(path), "%.3000s/.local/share/vulkan/icd.d", home);
            check_icd_dir(r, path);
        }
    }
    if (r->n_icd == 0) {
        say(r, PROBLEM,
            "no Vulkan driver is installed: apt install mesa-vulkan-drivers (AMD, Intel and software), or the "
            "NVIDIA driver's nvidia-vulkan-icd");
    }
}

/* --- who may open the GPU --- */

static bool in_group(gid_t gid)
{
    gid_t list[256];
    int n = getgroups(256, list);
    bool found = getegid() == gid;
    for (int i = 0; i < n; i++) {
        found = found || list[i] == gid;
    }
    return found;
}

/* The user was added to the group after logging in. */
static bool member_by_name(const struct group *g, const char *user)
{
    for (char **m = g->gr_mem; m && *m; m++) {
        if (strcmp(*m, user) == 0) {
            return true;
        }
    }
    return false;
}

static void say_denied(const struct report *r, const char *path, gid_t gid)
{
    const struct passwd *pw = getpwuid(getuid());
    const char *user = pw ? pw->pw_name : "$USER";
    const struct group *g = getgrgid(gid);
    if (!g) {
        say(r, PROBLEM, "%s: no permission (its group %u has no name: check the udev rules)", path, (unsigned)gid);
    } else if (in_group(gid)) {
        say(r, PROBLEM, "%s: no permission although %s is in group %s: check its mode (expected crw-rw----)", path,
            user, g->gr_name);
    } else if (member_by_name(g, user)) {
        say(r, PROBLEM, "%s: no permission: %s joined group %s after logging in: log out and in again", path, user,
            g->gr_name);
    } else {
        say(r, PROBLEM, "%s: no permission: sudo usermod -aG %s %s, then log out and in again", path, g->gr_name, user);
    }
}

static void check_node(struct report *r, const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        return;
    }
    r->n_render++;
    if (access(path, R_OK | W_OK) == 0) {
        say(r, FINE, "%s: may be opened", path);
    } else {
        r->n_denied++;
        say_denied(r, path, info.st_gid);
    }
}

static void check_nodes(struct report *r)
{
    struct dirent **entry = NULL;
    int n = scandir("/dev/dri", &entry, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char path[PATH_SIZE];
        snprintf(path, sizeof(path), "/dev/dri/%s", entry[i]->d_name);
        if (str_starts(entry[i]->d_name, "renderD")) {
            check_node(r, path);
        }
        free(entry[i]);
    }
    free(entry);
    check_node(r, "/dev/nvidia0");
    if (r->n_render == 0) {
        say(r, NOTE,
            "no GPU is visible to the kernel (/dev/dri/renderD* or /dev/nvidia0): only software devices can work; "
            "check the GPU's kernel driver with: lspci -k");
    }
}

/* --- what comes out --- */

static void say_device(const struct report *r, const struct vk_device_info *i)
{
    if (i->usable) {
        say(r, FINE, "device %d: %s (%s, %s, Vulkan %u.%u, %.1f GB)", i->index, i->name, i->kind, i->driver,
            VK_API_VERSION_MAJOR(i->api_version), VK_API_VERSION_MINOR(i->api_version), (double)i->memory_bytes / 1e9);
    } else {
        say(r, PROBLEM, "device %d: %s cannot be used: %s", i->index, i->name, i->reason);
    }
}

static void check_devices(const struct report *r)
{
    struct vk_device_info *list = NULL;
    size_t n = 0, usable = 0, software = 0;
    limn_error err = {0};
    if (vk_enumerate(&list, &n, &err) != LIMN_OK) {
        say(r, PROBLEM, "%s", err.text);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        say_device(r, &list[i]);
        usable += list[i].usable;
        software += list[i].usable && strcmp(list[i].kind, "cpu") == 0;
    }
    mem_free(list);
    if (usable == 0) {
        say(r, PROBLEM, "no usable Vulkan device: apt install mesa-vulkan-drivers gives at least a software device");
    } else if (usable == software && r->n_render > r->n_denied) {
        say(r, PROBLEM, "a GPU is there but only a software device answers: install the Vulkan driver of this GPU");
    } else if (usable == software) {
        say(r, NOTE, "only a software device: everything works, but 10 to 100 times slower than on a GPU");
    }
}

void vk_doctor(void (*line)(void *user, int level, const char *text), void *user)
{
    struct report r = {.line = line, .user = user};
    bool loader = check_loader(&r);
    check_icds(&r);
    check_nodes(&r);
    if (loader) {
        check_devices(&r);
    }
}
