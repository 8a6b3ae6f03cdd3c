/* What a program that started limn is told while it works (--progress jsonl): one JSON object a line,
 *     {"event": "progress", "part": 0.25, "stage": "epoch 1/4", "rate": 512.0, "unit": "samples", "left": 31.5}
 *     {"event": "log", "level": 0, "text": "..."}         level: error 0, note 1, more (-v) 2
 *     {"event": "output", "path": "..."}                  about to be written
 *     {"event": "artifact", "kind": "png", "path": "..."} written
 *     {"event": "provenance", "model": ..., "model_sha256": ..., "device": ..., "seed": ...}
 *     {"event": "end", "exit": 0}
 * In an events file that an earlier attempt at the same job began, its "output" lines say which files may be replaced.
 * Without --progress jsonl the functions do nothing. */
#ifndef LIMN_CLI_EVENTS_H
#define LIMN_CLI_EVENTS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

/* "bar", "none", "jsonl" (to stderr) or "jsonl:FD". 0, or exit 2 after a message. */
int events_open(const char *kind);
bool events_on(void);
bool events_bar(void);   /* a bar may be drawn on a terminal */
bool events_rerun(void); /* an earlier attempt wrote outputs */
bool event_ours(const char *path);
/* rate, left: -1 unknown; unit may be NULL. Dropped when the last one was told just now. */
void event_progress(double part, const char *stage, double rate, const char *unit, double left);
void event_log(int level, const char *fmt, va_list ap);
void event_output(const char *path);
void event_artifact(const char *kind, const char *path);
void event_provenance(const char *model, const char *sha256, const char *device, int64_t seed);
void event_end(int exit_code);

#endif
