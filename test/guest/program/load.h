/* Load: many blobs at once, and many short lives of blobs from several processes. */
#ifndef BARKEEP_LOAD_H
#define BARKEEP_LOAD_H

#include "protocol.h"

/* Runs the command when it is one of this file's; false when it is not. */
bool load_run(const struct command *command, struct answer *answer);

#endif
