/* Findings of limn doctor. */
#ifndef LIMN_CLI_DOCTOR_H
#define LIMN_CLI_DOCTOR_H

enum { FINDING_OK, FINDING_NOTE, FINDING_PROBLEM };
typedef void (*finding_fn)(void *user, int level, const char *text);

struct args;
/* What the terminal is, what it answers when asked, what is chosen for it and why. Returns the exit code. */
int doctor_terminal(const struct args *a, finding_fn line, void *user);

#endif
