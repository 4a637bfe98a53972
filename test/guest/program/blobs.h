/* The commands on named blobs. */
#ifndef BARKEEP_BLOBS_H
#define BARKEEP_BLOBS_H

#include "protocol.h"

/* Runs the command when it is one of this file's; false when it is not. */
bool blobs_run(const struct command *command, struct answer *answer);

/* "guest", "host3d", "host3d-guest" or a number. */
uint32_t parse_blob_mem(const char *word);

#endif
