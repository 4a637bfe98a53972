/* The render node and the ioctls on it: thin, each returns 0 or an errno value. */
#ifndef BARKEEP_DEVICE_H
#define BARKEEP_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol.h"

/* One blob as this process sees it; address is NULL while it is not mapped. */
struct blob {
	uint32_t handle;
	uint32_t resource;
	uint64_t size;
	void *address;
};

uint64_t now_ns(void);

/* The path of the first render node, waiting up to wait_ms for it to appear. False when there is none. */
bool device_path(char *path, int path_bytes, int wait_ms);
/* Opens the render node once for this process; *fd belongs to this module. */
int device_open(int *fd);
void device_forget(void); /* after fork: the child opens its own */

int blob_create(int fd, struct blob *blob, uint32_t mem, uint32_t flags, uint64_t blob_id, uint64_t size);
/*
 * The same where a renderer makes the memory of blobs (virgl): a buffer is created by a command in the context, and becomes the blob's memory
 * by its blob_id, which must not have been used before. virgl_start() makes the device file's context one of virgl, once.
 */
int virgl_start(int fd);
int virgl_blob_create(int fd, struct blob *blob, uint32_t flags, uint64_t blob_id, uint64_t size);
int blob_map(int fd, struct blob *blob);
int blob_unmap(struct blob *blob);
int blob_close(int fd, struct blob *blob); /* unmaps first when mapped */

/*
 * Runs body(context) and returns 0, or the signal (SIGBUS, SIGSEGV) that touching memory raised in it. A window
 * page without memory behind it must fail one command, not the process.
 */
int guarded(void (*body)(void *context), void *context);

void device_params(const struct command *command, struct answer *answer);
void device_context_init(const struct command *command, struct answer *answer);

#endif
