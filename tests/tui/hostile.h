/* Names that want to be more than names: as files, models, labels, jobs and messages. Each begins with its number, so
 * that a screen can be asked whether it shows it. */
#ifndef LIMN_TEST_TUI_HOSTILE_H
#define LIMN_TEST_TUI_HOSTILE_H

#include <stdbool.h>
#include <stddef.h>

enum { HOSTILE_NAMES = 29 };
/* At most 220 bytes, no '/' among them. Valid until the next call. */
const char *hostile_name(size_t i);
/* In session_folder(): a picture, a model with its labels, and a job that told all it could, for every name. The last
 * job runs as long as the caller lives. */
void hostile_stage(void);
const char *hostile_folder(void); /* that folder */
void hostile_end(void);           /* takes it away */

/* As root becomes nobody, so that what is typed at random cannot write over anything. False, and still root: nobody may
 * not enter the folder of the program (a clone below /root), and such a test is to be skipped. */
bool hostile_as_nobody(void);

#endif
