/* The guest as a machine: start-up, driver, window as a PCI bar, memory, power. */
#ifndef BARKEEP_MACHINE_H
#define BARKEEP_MACHINE_H

#include "protocol.h"

/* Mounts what the program needs and loads /modules in the order of /modules/order. Returns modules loaded. */
int machine_start(void);

/* Runs the command when it is one of this file's; false when it is not. No worker may have the device open. */
bool machine_run(const struct command *command, struct answer *answer);

#endif
