/*
 * The commands on named blobs: create, map, write, read, unmap, close, fences. Names belong to the worker that
 * created them.
 */
#define _GNU_SOURCE
#include "blobs.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"
#include "pattern.h"
#include "virtgpu.h"

#define MAX_NAMED 4096
#define NAME_BYTES 32
#define PAGE_BYTES 4096u

struct named_blob {
	char name[NAME_BYTES];
	bool used;
	struct blob blob;
};

static struct named_blob named[MAX_NAMED];

static struct named_blob *find(const char *name)
{
	for (int i = 0; i < MAX_NAMED; i++)
		if (named[i].used && !strcmp(named[i].name, name))
			return &named[i];
	return NULL;
}

static struct named_blob *find_free(void)
{
	for (int i = 0; i < MAX_NAMED; i++)
		if (!named[i].used)
			return &named[i];
	return NULL;
}

uint32_t parse_blob_mem(const char *word)
{
	uint64_t number;

	if (!strcmp(word, "guest"))
		return VIRTGPU_BLOB_MEM_GUEST;
	if (!strcmp(word, "host3d"))
		return VIRTGPU_BLOB_MEM_HOST3D;
	if (!strcmp(word, "host3d-guest"))
		return VIRTGPU_BLOB_MEM_HOST3D_GUEST;
	return parse_number(word, &number) ? (uint32_t)number : 0;
}

static void add_us(struct answer *answer, uint64_t since)
{
	answer_add(answer, "us", "%llu", (unsigned long long)(now_ns() - since) / 1000);
}

/* create NAME MEM FLAGS BLOB_ID SIZE */
static void run_create(const struct command *command, struct answer *answer)
{
	const char *name = command_word(command, 1, "");
	struct named_blob *slot = find_free();
	uint64_t start = now_ns();
	int fd, error;

	if (command->count < 6 || strlen(name) >= NAME_BYTES)
		return answer_fail(answer, EINVAL, "usage:create_NAME_MEM_FLAGS_BLOB_ID_SIZE");
	if (find(name))
		return answer_fail(answer, EEXIST, "name");
	if (!slot)
		return answer_fail(answer, ENOSPC, "names");
	error = device_open(&fd);
	if (error)
		return answer_fail(answer, error, "open");
	error = blob_create(fd, &slot->blob, parse_blob_mem(command_word(command, 2, "")),
			    (uint32_t)command_number(command, 3, 0), command_number(command, 4, 0),
			    command_number(command, 5, 0));
	if (error)
		return answer_fail(answer, error, "create");
	slot->used = true;
	strcpy(slot->name, name);
	answer_add(answer, "handle", "%u", slot->blob.handle);
	answer_add(answer, "resource", "%u", slot->blob.resource);
	add_us(answer, start);
}

static void run_map(struct named_blob *blob, struct answer *answer)
{
	uint64_t start = now_ns();
	int fd, error = device_open(&fd);

	if (blob->blob.address)
		return answer_fail(answer, EALREADY, "map");
	if (!error)
		error = blob_map(fd, &blob->blob);
	if (error)
		return answer_fail(answer, error, "map");
	add_us(answer, start);
}

static void run_unmap(struct named_blob *blob, struct answer *answer)
{
	uint64_t start = now_ns();
	int error = blob->blob.address ? blob_unmap(&blob->blob) : ENOTCONN;

	if (error)
		return answer_fail(answer, error, "unmap");
	add_us(answer, start);
}

static void run_close(struct named_blob *blob, struct answer *answer)
{
	uint64_t start = now_ns();
	int fd, error = device_open(&fd);

	if (!error)
		error = blob_close(fd, &blob->blob);
	blob->used = false;
	if (error)
		return answer_fail(answer, error, "close");
	add_us(answer, start);
}

static void run_info(struct named_blob *blob, struct answer *answer)
{
	struct virtgpu_resource_info info = {.bo_handle = blob->blob.handle};
	int fd, error = device_open(&fd);

	if (!error && ioctl(fd, VIRTGPU_RESOURCE_INFO, &info) < 0)
		error = errno;
	if (error)
		return answer_fail(answer, error, "info");
	answer_add(answer, "resource", "%u", info.res_handle);
	answer_add(answer, "size", "%u", info.size);
	answer_add(answer, "blob_mem", "%u", info.blob_mem);
	answer_add(answer, "mapped", "%d", blob->blob.address != NULL);
}

static void run_wait(struct named_blob *blob, struct answer *answer)
{
	struct virtgpu_3d_wait wait = {.handle = blob->blob.handle};
	uint64_t start = now_ns();
	int fd, error = device_open(&fd);

	if (!error && ioctl(fd, VIRTGPU_WAIT, &wait) < 0)
		error = errno;
	if (error)
		return answer_fail(answer, error, "wait");
	add_us(answer, start);
}

/* A walk over part of a mapped blob: writing or comparing one word every `stride` bytes. */
struct walk {
	volatile uint64_t *words;
	uint64_t seed, offset, length, stride;
	bool write, zeros;
	uint64_t done;       /* words visited */
	uint64_t mismatches; /* comparing only */
	uint64_t first_offset, first_expected, first_found;
};

static void walk_body(void *context)
{
	struct walk *walk = context;

	for (uint64_t at = walk->offset; at < walk->offset + walk->length; at += walk->stride) {
		uint64_t expected = walk->zeros ? 0 : pattern_word(walk->seed, at);

		walk->done++;
		if (walk->write) {
			walk->words[at / 8] = expected;
			continue;
		}
		uint64_t found = walk->words[at / 8];

		if (found != expected && walk->mismatches++ == 0) {
			walk->first_offset = at;
			walk->first_expected = expected;
			walk->first_found = found;
		}
	}
}

/*
 * fill|verify|touch|probe NAME SEED [OFFSET [LENGTH [STRIDE]]] and zeros NAME [OFFSET [LENGTH [STRIDE]]].
 * touch and probe are fill and verify with one word a page.
 */
static void run_walk(const struct command *command, struct named_blob *blob, struct answer *answer)
{
	const char *verb = command->words[0];
	bool by_page = !strcmp(verb, "touch") || !strcmp(verb, "probe");
	struct walk walk = {
		.words = blob->blob.address,
		.write = !strcmp(verb, "fill") || !strcmp(verb, "touch"),
		.zeros = !strcmp(verb, "zeros"),
	};
	int first = walk.zeros ? 2 : 3;
	uint64_t start = now_ns();
	int raised;

	if (!blob->blob.address)
		return answer_fail(answer, ENOTCONN, verb);
	walk.seed = command_number(command, 2, 0);
	walk.offset = command_number(command, first, 0);
	walk.length = command_number(command, first + 1, blob->blob.size - walk.offset);
	walk.stride = command_number(command, first + 2, by_page ? PAGE_BYTES : 8);
	if (walk.offset % 8 || walk.stride == 0 || walk.stride % 8 || walk.offset > blob->blob.size ||
	    walk.length > blob->blob.size - walk.offset)
		return answer_fail(answer, ERANGE, verb);
	raised = guarded(walk_body, &walk);
	if (raised) {
		answer_fail(answer, EFAULT, verb);
		answer_add(answer, "signal", "%d", raised);
		answer_add(answer, "words", "%llu", (unsigned long long)walk.done);
		return;
	}
	answer_add(answer, "words", "%llu", (unsigned long long)walk.done);
	if (!walk.write) {
		answer_add(answer, "mismatches", "%llu", (unsigned long long)walk.mismatches);
		if (walk.mismatches) {
			answer_add(answer, "offset", "%llu", (unsigned long long)walk.first_offset);
			answer_add(answer, "expected", "0x%llx", (unsigned long long)walk.first_expected);
			answer_add(answer, "found", "0x%llx", (unsigned long long)walk.first_found);
		}
	}
	add_us(answer, start);
}

struct one_word {
	volatile uint64_t *at;
	uint64_t value;
	bool write;
};

static void one_word_body(void *context)
{
	struct one_word *one = context;

	if (one->write)
		*one->at = one->value;
	else
		one->value = *one->at;
}

/* read64 NAME OFFSET, write64 NAME OFFSET VALUE */
static void run_word(const struct command *command, struct named_blob *blob, struct answer *answer)
{
	const char *verb = command->words[0];
	uint64_t offset = command_number(command, 2, UINT64_MAX);
	struct one_word one = {.write = !strcmp(verb, "write64"), .value = command_number(command, 3, 0)};

	if (!blob->blob.address)
		return answer_fail(answer, ENOTCONN, verb);
	if (offset % 8 || offset >= blob->blob.size)
		return answer_fail(answer, ERANGE, verb);
	one.at = (volatile uint64_t *)((char *)blob->blob.address + offset);
	if (guarded(one_word_body, &one))
		return answer_fail(answer, EFAULT, verb);
	answer_add(answer, "value", "0x%llx", (unsigned long long)one.value);
}

/*
 * execbuf [ring=N] [size=BYTES] [word=N] [count=N] [bo=NAME] [fence=0] [timeout=MS]: a SUBMIT_3D of `size` bytes
 * (default 0) that are zero but for the first 32-bit word, fenced unless fence=0; waits for every fence.
 */
static void run_execbuf(const struct command *command, struct answer *answer)
{
	static uint32_t stream[1024];
	uint64_t size = command_option_number(command, "size", 0);
	uint64_t count = command_option_number(command, "count", 1);
	int timeout = (int)command_option_number(command, "timeout", 10000);
	bool fenced = command_option_number(command, "fence", 1) != 0;
	const char *bo = command_option(command, "bo", NULL);
	struct named_blob *blob = bo ? find(bo) : NULL;
	uint64_t start = now_ns(), signalled = 0;
	int fd, error = device_open(&fd);

	if (error)
		return answer_fail(answer, error, "open");
	if (size > sizeof(stream))
		return answer_fail(answer, E2BIG, "execbuf");
	if (bo && !blob)
		return answer_fail(answer, ENOENT, "bo");
	stream[0] = (uint32_t)command_option_number(command, "word", 0);
	for (uint64_t i = 0; i < count; i++) {
		struct virtgpu_execbuffer exec = {
			.size = (uint32_t)size, .command = (uintptr_t)stream, .fence_fd = -1,
			.flags = fenced ? VIRTGPU_EXECBUF_FENCE_FD_OUT : 0,
			.bo_handles = blob ? (uintptr_t)&blob->blob.handle : 0, .num_bo_handles = blob ? 1 : 0,
		};

		if (command_option(command, "ring", NULL)) {
			exec.flags |= VIRTGPU_EXECBUF_RING_IDX;
			exec.ring_idx = (uint32_t)command_option_number(command, "ring", 0);
		}
		if (ioctl(fd, VIRTGPU_EXECBUFFER, &exec) < 0) {
			error = errno;
			answer_fail(answer, error, "execbuf");
			answer_add(answer, "done", "%llu", (unsigned long long)i);
			return;
		}
		if (fenced) {
			struct pollfd wait = {.fd = exec.fence_fd, .events = POLLIN};

			signalled += poll(&wait, 1, timeout) == 1 && (wait.revents & POLLIN);
			close(exec.fence_fd);
		}
	}
	answer_add(answer, "submitted", "%llu", (unsigned long long)count);
	answer_add(answer, "signalled", "%llu", (unsigned long long)signalled);
	add_us(answer, start);
}

static void run_list(struct answer *answer)
{
	uint64_t count = 0, mapped = 0, bytes = 0;

	for (int i = 0; i < MAX_NAMED; i++) {
		count += named[i].used;
		mapped += named[i].used && named[i].blob.address;
		bytes += named[i].used ? named[i].blob.size : 0;
	}
	answer_add(answer, "blobs", "%llu", (unsigned long long)count);
	answer_add(answer, "mapped", "%llu", (unsigned long long)mapped);
	answer_add(answer, "bytes", "%llu", (unsigned long long)bytes);
}

static void run_on(const struct command *command, struct named_blob *blob, struct answer *answer)
{
	const char *verb = command->words[0];

	if (!strcmp(verb, "map"))
		run_map(blob, answer);
	else if (!strcmp(verb, "unmap"))
		run_unmap(blob, answer);
	else if (!strcmp(verb, "close"))
		run_close(blob, answer);
	else if (!strcmp(verb, "info"))
		run_info(blob, answer);
	else if (!strcmp(verb, "wait"))
		run_wait(blob, answer);
	else if (!strcmp(verb, "read64") || !strcmp(verb, "write64"))
		run_word(command, blob, answer);
	else
		run_walk(command, blob, answer);
}

bool blobs_run(const struct command *command, struct answer *answer)
{
	static const char *const on_a_blob[] = {"map", "unmap", "close", "info", "wait", "read64", "write64",
						"fill", "verify", "touch", "probe", "zeros"};
	const char *verb = command_word(command, 0, "");

	if (!strcmp(verb, "create")) {
		run_create(command, answer);
		return true;
	}
	if (!strcmp(verb, "execbuf")) {
		run_execbuf(command, answer);
		return true;
	}
	if (!strcmp(verb, "list")) {
		run_list(answer);
		return true;
	}
	for (unsigned i = 0; i < sizeof(on_a_blob) / sizeof(on_a_blob[0]); i++) {
		struct named_blob *blob;

		if (strcmp(verb, on_a_blob[i]))
			continue;
		blob = find(command_word(command, 1, ""));
		if (blob)
			run_on(command, blob, answer);
		else
			answer_fail(answer, ENOENT, "name");
		return true;
	}
	return false;
}
