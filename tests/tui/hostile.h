/* Names that want to be more than names: as files, models, labels, jobs and messages. Each begins with its number, so
 * that a screen can be asked whether it shows it. */
#ifndef LIMN_TEST_TUI_HOSTILE_H
#define LIMN_TEST_TUI_HOSTILE_H

#include <stddef.h>

enum { HOSTILE_NAMES = 29 };
/* At most 220 bytes, no '/' among them. Valid until the next call. */
const char *hostile_name(size_t i);

#endif
