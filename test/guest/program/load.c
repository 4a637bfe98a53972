/*
 * Load. `cycles` measures and checks short lives of blobs (create, map, write, read back, unmap, destroy) from up
 * to 4 processes, each with a device file and so a context of its own; `hold` keeps many blobs alive at once.
 */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "blobs.h"
#include "device.h"
#include "pattern.h"
#include "virtgpu.h"

#define MAX_PROCESSES 4
#define MAX_CYCLES 200000
#define MAX_HELD 65536
#define PAGE_BYTES 4096u

enum stage { CREATE, MAP, TOUCH, UNMAP, DESTROY, STAGES };
static const char *const stage_names[STAGES] = {"create", "map", "touch", "unmap", "destroy"};

struct cycle_options {
	uint64_t count, size, settle_us;
	uint64_t every_us; /* a cycle begins so often and not before; 0: one after the other */
	uint32_t mem;
	bool virgl;       /* memory comes from a renderer; see device.h */
	bool touch_all;   /* a word in every page instead of the first page only */
	bool check_zeros; /* a fresh blob must read zero where it was not written yet */
};

/* What one load process reports; lies in memory shared with the worker that waits for it. */
struct load_report {
	atomic_uint ready;
	uint64_t done, failures, lost, dirty, faults;
	uint64_t start_ns, end_ns;
	uint64_t stage_ns[STAGES];
	int first_errno;
	int first_stage;
};

struct load_area {
	atomic_uint go;
	struct load_report reports[MAX_PROCESSES];
	uint64_t durations[]; /* ns of every cycle that succeeded, count entries for each process */
};

/* Writes and reads back; what it finds goes to the report. */
struct touch {
	volatile uint64_t *words;
	const struct cycle_options *options;
	uint64_t seed;
	bool lost, dirty;
};

static void compare(struct touch *touch, uint64_t end)
{
	for (uint64_t at = 0; at < end; at += PAGE_BYTES)
		touch->lost |= touch->words[at / 8] != pattern_word(touch->seed, at);
}

static void touch_body(void *context)
{
	struct touch *touch = context;
	uint64_t end = touch->options->touch_all ? touch->options->size : 8;
	uint64_t settle_end;

	/* The write comes first: nothing may touch the page before it, or a late mapping would go unseen. */
	for (uint64_t at = 0; at < end; at += PAGE_BYTES) {
		touch->words[at / 8] = pattern_word(touch->seed, at);
		if (touch->options->check_zeros)
			touch->dirty |= touch->words[at / 8 + 1] != 0;
	}
	compare(touch, end);
	if (!touch->options->settle_us)
		return;
	/* A write that landed in what lay under the window before the mapping shows only after the change. */
	for (settle_end = now_ns() + touch->options->settle_us * 1000; now_ns() < settle_end;)
		sched_yield();
	compare(touch, end);
}

static int one_cycle(int fd, const struct cycle_options *options, uint64_t seed, struct load_report *report,
		     enum stage *stage)
{
	struct touch touch = {.options = options, .seed = seed};
	struct blob blob;
	uint64_t at = now_ns(), next;
	int error;

	*stage = CREATE;
	if (options->virgl)
		error = virgl_blob_create(fd, &blob, VIRTGPU_BLOB_FLAG_USE_MAPPABLE, (uint32_t)seed, options->size);
	else
		error = blob_create(fd, &blob, options->mem, VIRTGPU_BLOB_FLAG_USE_MAPPABLE, 0, options->size);
	if (error)
		return error;
	next = now_ns(), report->stage_ns[CREATE] += next - at, at = next;

	*stage = MAP;
	error = blob_map(fd, &blob);
	if (error) {
		blob_close(fd, &blob);
		return error;
	}
	next = now_ns(), report->stage_ns[MAP] += next - at, at = next;

	touch.words = blob.address;
	report->faults += guarded(touch_body, &touch) != 0;
	report->lost += touch.lost;
	report->dirty += touch.dirty;
	next = now_ns(), report->stage_ns[TOUCH] += next - at, at = next;

	*stage = UNMAP;
	error = blob_unmap(&blob);
	next = now_ns(), report->stage_ns[UNMAP] += next - at, at = next;

	if (!error)
		*stage = DESTROY;
	int close_error = blob_close(fd, &blob);
	report->stage_ns[DESTROY] += now_ns() - at;
	return error ? error : close_error;
}

static void wait_until(uint64_t then)
{
	uint64_t now = now_ns();

	if (then > now)
		usleep((then - now) / 1000);
}

static void run_cycles_in_child(struct load_area *area, int process, const struct cycle_options *options)
{
	struct load_report *report = &area->reports[process];
	uint64_t *durations = area->durations + options->count * process;
	int fd, error;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	device_forget();
	error = device_open(&fd);
	if (!error && options->virgl)
		error = virgl_start(fd);
	if (error)
		fd = -1;
	atomic_store(&report->ready, 1);
	while (!atomic_load(&area->go))
		sched_yield();
	report->start_ns = now_ns();
	for (uint64_t i = 0; i < options->count; i++) {
		enum stage stage = CREATE;
		wait_until(report->start_ns + i * options->every_us * 1000);
		uint64_t start = now_ns();
		uint64_t seed = (uint64_t)(process + 1) << 48 | (i + 1);

		if (fd >= 0 && !error)
			error = one_cycle(fd, options, seed, report, &stage);
		if (error) {
			if (report->failures++ == 0) {
				report->first_errno = error;
				report->first_stage = stage;
			}
			error = fd >= 0 ? 0 : error;
			continue;
		}
		durations[report->done++] = now_ns() - start;
	}
	report->end_ns = now_ns();
	_exit(0);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void add_cycle_figures(struct answer *answer, struct load_area *area, int processes, uint64_t count)
{
	struct load_report sum = {0};
	uint64_t start = UINT64_MAX, end = 0;

	for (int p = 0; p < processes; p++) {
		struct load_report *report = &area->reports[p];

		/* The durations of all processes move together so that one sort serves all. */
		memmove(area->durations + sum.done, area->durations + count * p, report->done * sizeof(uint64_t));
		if (report->failures && !sum.failures) {
			sum.first_errno = report->first_errno;
			sum.first_stage = report->first_stage;
		}
		sum.done += report->done;
		sum.failures += report->failures;
		sum.lost += report->lost;
		sum.dirty += report->dirty;
		sum.faults += report->faults;
		for (int s = 0; s < STAGES; s++)
			sum.stage_ns[s] += report->stage_ns[s];
		start = report->start_ns < start ? report->start_ns : start;
		end = report->end_ns > end ? report->end_ns : end;
	}
	answer_add(answer, "done", "%llu", (unsigned long long)sum.done);
	answer_add(answer, "failures", "%llu", (unsigned long long)sum.failures);
	answer_add(answer, "lost", "%llu", (unsigned long long)sum.lost);
	answer_add(answer, "dirty", "%llu", (unsigned long long)sum.dirty);
	answer_add(answer, "faults", "%llu", (unsigned long long)sum.faults);
	if (sum.failures) {
		answer_add(answer, "first_errno", "%s", strerrorname_np(sum.first_errno));
		answer_add(answer, "first_stage", "%s", stage_names[sum.first_stage]);
	}
	if (!sum.done)
		return;
	qsort(area->durations, sum.done, sizeof(uint64_t), by_value);
	answer_add(answer, "seconds", "%.3f", (end - start) / 1e9);
	answer_add(answer, "rate", "%.1f", sum.done / ((end - start) / 1e9));
	answer_add(answer, "p50_us", "%.1f", area->durations[sum.done / 2] / 1e3);
	answer_add(answer, "p99_us", "%.1f", area->durations[sum.done * 99 / 100] / 1e3);
	answer_add(answer, "p999_us", "%.1f", area->durations[sum.done * 999 / 1000] / 1e3);
	answer_add(answer, "max_us", "%.1f", area->durations[sum.done - 1] / 1e3);
	for (int s = 0; s < STAGES; s++) {
		char key[32];

		snprintf(key, sizeof(key), "%s_mean_us", stage_names[s]);
		answer_add(answer, key, "%.1f", sum.stage_ns[s] / 1e3 / sum.done);
	}
}

/*
 * cycles PROCESSES COUNT SIZE [mem=host3d] [touch=first|all] [settle=US] [zeros=0] [every=US] [virgl=1]; COUNT is for each process.
 */
static void run_cycles(const struct command *command, struct answer *answer)
{
	int processes = (int)command_number(command, 1, 0);
	struct cycle_options options = {
		.count = command_number(command, 2, 0),
		.size = command_number(command, 3, 0),
		.settle_us = command_option_number(command, "settle", 0),
		.every_us = command_option_number(command, "every", 0),
		.virgl = command_option_number(command, "virgl", 0) != 0,
		.mem = parse_blob_mem(command_option(command, "mem", "host3d")),
		.touch_all = !strcmp(command_option(command, "touch", "first"), "all"),
		.check_zeros = command_option_number(command, "zeros", 1) != 0,
	};
	size_t bytes = sizeof(struct load_area) + sizeof(uint64_t) * options.count * (processes > 0 ? processes : 0);
	pid_t children[MAX_PROCESSES];
	struct load_area *area;
	int started = 0, abnormal = 0;

	if (processes < 1 || processes > MAX_PROCESSES || options.count < 1 || options.count > MAX_CYCLES ||
	    options.size < PAGE_BYTES)
		return answer_fail(answer, EINVAL, "usage:cycles_PROCESSES_COUNT_SIZE");
	area = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED)
		return answer_fail(answer, errno, "mmap");
	for (; started < processes; started++) {
		children[started] = fork();
		if (children[started] == 0)
			run_cycles_in_child(area, started, &options);
		if (children[started] < 0)
			break;
		while (!atomic_load(&area->reports[started].ready) && waitpid(children[started], NULL, WNOHANG) == 0)
			usleep(1000);
	}
	atomic_store(&area->go, 1);
	for (int p = 0; p < started; p++) {
		int status = 0;

		abnormal += waitpid(children[p], &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status);
	}
	answer_add(answer, "processes", "%d", started);
	answer_add(answer, "abnormal", "%d", abnormal);
	add_cycle_figures(answer, area, started, options.count);
	munmap(area, bytes);
}

static struct blob *held;
static uint64_t held_count;

static uint64_t held_seed(uint64_t index)
{
	return 0xb10b0000u + index;
}

static void write_held(void *context)
{
	struct blob *blob = context;
	uint64_t last = blob->size - 8;

	((volatile uint64_t *)blob->address)[0] = pattern_word(held_seed(blob - held), 0);
	((volatile uint64_t *)blob->address)[last / 8] = pattern_word(held_seed(blob - held), last);
}

struct held_check {
	struct blob *blob;
	bool wrong;
};

static void check_held(void *context)
{
	struct held_check *check = context;
	uint64_t seed = held_seed(check->blob - held), last = check->blob->size - 8;
	volatile uint64_t *words = check->blob->address;

	check->wrong = words[0] != pattern_word(seed, 0) || words[last / 8] != pattern_word(seed, last);
}

/*
 * hold COUNT SIZE [mem=host3d]: adds mapped blobs to those held, the first and last word of each written. Stops at
 * the first failure, which it reports beside what it got: a full window is an answer here, not an error.
 */
static void run_hold(const struct command *command, struct answer *answer)
{
	uint64_t count = command_number(command, 1, 0), size = command_number(command, 2, 0);
	uint32_t mem = parse_blob_mem(command_option(command, "mem", "host3d"));
	uint64_t start = now_ns(), added = 0, faults = 0;
	const char *stage = "create";
	int fd, error = device_open(&fd);

	if (error)
		return answer_fail(answer, error, "open");
	if (size < 8 || size % 8 || count < 1 || held_count + count > MAX_HELD)
		return answer_fail(answer, EINVAL, "usage:hold_COUNT_SIZE");
	if (!held)
		held = calloc(MAX_HELD, sizeof(*held));
	for (; added < count; added++) {
		struct blob *blob = &held[held_count];

		stage = "create";
		error = blob_create(fd, blob, mem, VIRTGPU_BLOB_FLAG_USE_MAPPABLE, 0, size);
		if (error)
			break;
		stage = "map";
		error = blob_map(fd, blob);
		if (error) {
			blob_close(fd, blob);
			break;
		}
		faults += guarded(write_held, blob) != 0;
		held_count++;
	}
	answer_add(answer, "added", "%llu", (unsigned long long)added);
	answer_add(answer, "held", "%llu", (unsigned long long)held_count);
	answer_add(answer, "faults", "%llu", (unsigned long long)faults);
	if (error) {
		answer_add(answer, "first_errno", "%s", strerrorname_np(error));
		answer_add(answer, "first_stage", "%s", stage);
	}
	answer_add(answer, "us", "%llu", (unsigned long long)(now_ns() - start) / 1000);
}

/* hold-verify: how many held blobs no longer have the words that hold wrote. */
static void run_hold_verify(struct answer *answer)
{
	uint64_t wrong = 0, faults = 0;

	for (uint64_t i = 0; i < held_count; i++) {
		struct held_check check = {.blob = &held[i]};

		faults += guarded(check_held, &check) != 0;
		wrong += check.wrong;
	}
	answer_add(answer, "held", "%llu", (unsigned long long)held_count);
	answer_add(answer, "wrong", "%llu", (unsigned long long)wrong);
	answer_add(answer, "faults", "%llu", (unsigned long long)faults);
}

/* hold-release [COUNT]: destroys the newest COUNT held blobs, all of them by default. */
static void run_hold_release(const struct command *command, struct answer *answer)
{
	uint64_t count = command_number(command, 1, held_count), released = 0;
	uint64_t start = now_ns(), failures = 0;
	int fd, error = device_open(&fd);

	if (error)
		return answer_fail(answer, error, "open");
	for (; released < count && held_count > 0; released++)
		failures += blob_close(fd, &held[--held_count]) != 0;
	answer_add(answer, "released", "%llu", (unsigned long long)released);
	answer_add(answer, "held", "%llu", (unsigned long long)held_count);
	answer_add(answer, "failures", "%llu", (unsigned long long)failures);
	answer_add(answer, "us", "%llu", (unsigned long long)(now_ns() - start) / 1000);
}

/* Longer than any machine takes: how long it took is what the answer says. */
#define REFILL_NS 30000000000u

/*
 * refill SIZE: destroys all held blobs and creates one of SIZE bytes at once: how often the driver says that the window is full, and for how
 * long. It frees a range when UNREF was answered, and sends that when the answer to CTX_DETACH_RESOURCE came.
 */
static void run_refill(const struct command *command, struct answer *answer)
{
	uint64_t size = command_number(command, 1, 0), refused = 0, start, released = held_count;
	struct blob blob;
	int fd, error = device_open(&fd);

	while (!error && held_count > 0)
		error = blob_close(fd, &held[--held_count]);
	start = now_ns();
	while (!error && (error = blob_create(fd, &blob, VIRTGPU_BLOB_MEM_HOST3D, VIRTGPU_BLOB_FLAG_USE_MAPPABLE, 0, size)) == ENOSPC &&
	       now_ns() - start < REFILL_NS) {
		error = 0;
		refused++;
		sched_yield();
	}
	if (error)
		return answer_fail(answer, error, "create");
	answer_add(answer, "us", "%llu", (unsigned long long)(now_ns() - start) / 1000);
	answer_add(answer, "released", "%llu", (unsigned long long)released);
	answer_add(answer, "refused", "%llu", (unsigned long long)refused);
	error = blob_map(fd, &blob);
	blob_close(fd, &blob);
	if (error)
		answer_fail(answer, error, "map");
}

bool load_run(const struct command *command, struct answer *answer)
{
	const char *verb = command_word(command, 0, "");

	if (!strcmp(verb, "cycles"))
		run_cycles(command, answer);
	else if (!strcmp(verb, "hold"))
		run_hold(command, answer);
	else if (!strcmp(verb, "refill"))
		run_refill(command, answer);
	else if (!strcmp(verb, "hold-verify"))
		run_hold_verify(answer);
	else if (!strcmp(verb, "hold-release"))
		run_hold_release(command, answer);
	else
		return false;
	return true;
}
