/*
 * The guest as a machine: file systems, modules, the driver's binding, the window as the PCI bar behind the driver,
 * memory, power.
 */
#define _GNU_SOURCE
#include "machine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "device.h"
#include "pattern.h"

#define DRIVER "/sys/bus/virtio/drivers/virtio_gpu"
#define GPU_DEVICE_ID 16   /* virtio 1.2, section 5.7.1 */
#define WINDOW_BAR 4       /* where QEMU's generic vhost-user device puts shared memory */
#define PAGE_BYTES 4096u

static int load_module(const char *name)
{
	char path[256];
	int fd, result;

	snprintf(path, sizeof(path), "/modules/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	result = syscall(SYS_finit_module, fd, "", 0) < 0 ? errno : 0;
	close(fd);
	return result;
}

int machine_start(void)
{
	char name[128];
	int loaded = 0;
	FILE *order;

	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/dev", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	order = fopen("/modules/order", "r");
	while (order && fgets(name, sizeof(name), order)) {
		int error;

		name[strcspn(name, "\n")] = '\0';
		error = load_module(name);
		if (error)
			fprintf(stderr, "barkeep guest: cannot load %s: %s\n", name, strerror(error));
		loaded += error == 0;
	}
	if (order)
		fclose(order);
	return loaded;
}

static bool read_line(const char *path, char *line, int bytes)
{
	FILE *file = fopen(path, "r");
	bool got = file && fgets(line, bytes, file);

	if (file)
		fclose(file);
	if (got)
		line[strcspn(line, "\n")] = '\0';
	return got;
}

/* The name ("virtio0") of the first virtio device that is a GPU. */
static bool find_gpu(char *name, int bytes)
{
	DIR *directory = opendir("/sys/bus/virtio/devices");
	struct dirent *entry;
	bool found = false;

	while (directory && !found && (entry = readdir(directory))) {
		char path[400], id[32];

		snprintf(path, sizeof(path), "/sys/bus/virtio/devices/%s/device", entry->d_name);
		found = read_line(path, id, sizeof(id)) && strtoul(id, NULL, 0) == GPU_DEVICE_ID;
		if (found)
			snprintf(name, bytes, "%s", entry->d_name);
	}
	if (directory)
		closedir(directory);
	return found;
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int error = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		error = errno;
	close(fd);
	return error;
}

/* bind, unbind, rebind: the driver leaves the device and comes back. */
static void run_binding(const char *verb, struct answer *answer)
{
	uint64_t start = now_ns();
	char name[256], path[300];
	int error = find_gpu(name, sizeof(name)) ? 0 : ENODEV;

	if (!error && strcmp(verb, "bind"))
		error = write_file(DRIVER "/unbind", name);
	if (!error && strcmp(verb, "unbind"))
		error = write_file(DRIVER "/bind", name);
	if (error)
		return answer_fail(answer, error, verb);
	if (strcmp(verb, "unbind") && !device_path(path, sizeof(path), 30000))
		return answer_fail(answer, ENXIO, "render-node");
	answer_add(answer, "device", "%s", name);
	answer_add(answer, "us", "%llu", (unsigned long long)(now_ns() - start) / 1000);
}

/*
 * suspend LEVEL: to sleep and, by the kernel's own test, back after 5 s at the latest ("freezer", "devices", "platform"; see the kernel's
 * Documentation/power/basic-pm-debugging.rst). What of the kernel does not come back, does not answer either.
 */
static void run_suspend(const struct command *command, struct answer *answer)
{
	uint64_t start = now_ns();
	int error = write_file("/sys/power/pm_test", command_word(command, 1, "devices"));

	if (error)
		return answer_fail(answer, error, "pm_test");
	error = write_file("/sys/power/state", "mem");
	if (error)
		return answer_fail(answer, error, "state");
	answer_add(answer, "us", "%llu", (unsigned long long)(now_ns() - start) / 1000);
}

static void run_memory(struct answer *answer)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[128], key[64];
	unsigned long long kib;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%63[^:]: %llu", key, &kib) == 2 &&
		    (!strcmp(key, "MemTotal") || !strcmp(key, "MemFree") || !strcmp(key, "MemAvailable")))
			answer_add(answer, key, "%llu", kib * 1024);
	if (file)
		fclose(file);
}

/* Start and size of a bar of the GPU's PCI function; size 0 when it has none. */
static void gpu_bar(int bar, uint64_t *start, uint64_t *size)
{
	char name[256], path[400], line[128] = "";
	unsigned long long first = 0, last = 0;
	FILE *file;

	*start = *size = 0;
	if (!find_gpu(name, sizeof(name)))
		return;
	snprintf(path, sizeof(path), "/sys/bus/virtio/devices/%s/../resource", name);
	file = fopen(path, "r");
	for (int i = 0; file && i <= bar; i++)
		if (!fgets(line, sizeof(line), file))
			line[0] = '\0';
	if (file)
		fclose(file);
	if (sscanf(line, "%llx %llx", &first, &last) == 2 && last > first) {
		*start = first;
		*size = last - first + 1;
	}
}

/* window: the bar, and the driver's own books of it (its range allocator, through debugfs). */
static void run_window(struct answer *answer)
{
	uint64_t start, size;
	unsigned long long total, used, unused;
	char line[256];
	FILE *file;

	gpu_bar(WINDOW_BAR, &start, &size);
	answer_add(answer, "start", "0x%llx", (unsigned long long)start);
	answer_add(answer, "size", "%llu", (unsigned long long)size);
	file = fopen("/sys/kernel/debug/dri/0/virtio-gpu-host-visible-mm", "r");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "total: %llu, used %llu free %llu", &total, &used, &unused) == 3) {
			answer_add(answer, "total", "%llu", total);
			answer_add(answer, "used", "%llu", used);
			answer_add(answer, "free", "%llu", unused);
		}
	if (file)
		fclose(file);
}

struct window_access {
	volatile uint64_t *at;
	uint64_t value;
	bool write;
};

static void window_body(void *context)
{
	struct window_access *access = context;

	if (access->write)
		*access->at = access->value;
	access->value = *access->at;
}

/*
 * window-read64 OFFSET, window-write64 OFFSET VALUE: the bar itself, past the driver, as a hostile guest would. Needs
 * iomem=relaxed on the kernel's command line, because the driver owns the range. Holes only: a page of a blob that is
 * mapped has another cache type already, and the kernel answers EINVAL.
 */
static void run_window_access(const struct command *command, struct answer *answer)
{
	uint64_t offset = command_number(command, 1, UINT64_MAX), start, size;
	struct window_access access = {
		.write = !strcmp(command->words[0], "window-write64"), .value = command_number(command, 2, 0)};
	char name[256], path[400];
	void *page;
	int fd, raised;

	gpu_bar(WINDOW_BAR, &start, &size);
	if (!find_gpu(name, sizeof(name)) || !size)
		return answer_fail(answer, ENODEV, "window");
	if (offset % 8 || offset >= size)
		return answer_fail(answer, ERANGE, "window");
	snprintf(path, sizeof(path), "/sys/bus/virtio/devices/%s/../resource%d", name, WINDOW_BAR);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return answer_fail(answer, errno, "open");
	page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset / PAGE_BYTES * PAGE_BYTES);
	close(fd);
	if (page == MAP_FAILED)
		return answer_fail(answer, errno, "mmap");
	access.at = (volatile uint64_t *)((char *)page + offset % PAGE_BYTES);
	raised = guarded(window_body, &access);
	munmap(page, PAGE_BYTES);
	if (raised)
		return answer_fail(answer, EFAULT, "window");
	answer_add(answer, "value", "0x%llx", (unsigned long long)access.value);
}

/*
 * memory-type ADDRESS: how the processor caches what is mapped at a physical address, by the kernel's own list
 * (x86 page attribute table, through debugfs). No type: nothing is mapped there.
 */
static void run_memory_type(const struct command *command, struct answer *answer)
{
	uint64_t address = command_number(command, 1, UINT64_MAX);
	unsigned long long start, end, smallest = ULLONG_MAX;
	char line[256], type[64], found[64] = "";
	FILE *file = fopen("/sys/kernel/debug/x86/pat_memtype_list", "r");

	if (!file)
		return answer_fail(answer, errno, "pat_memtype_list");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "PAT: [mem %llx-%llx] %63s", &start, &end, type) == 3 && start <= address &&
		    address < end && end - start < smallest) {
			smallest = end - start;
			strcpy(found, type);
		}
	fclose(file);
	answer_add(answer, "type", "%s", found);
}

static void run_system(struct answer *answer)
{
	struct utsname name;
	char uptime[64] = "0";

	uname(&name);
	read_line("/proc/uptime", uptime, sizeof(uptime));
	uptime[strcspn(uptime, " ")] = '\0';
	answer_add(answer, "release", "%s", name.release);
	answer_add(answer, "uptime", "%s", uptime);
	answer_add(answer, "processors", "%ld", sysconf(_SC_NPROCESSORS_ONLN));
}

bool machine_run(const struct command *command, struct answer *answer)
{
	const char *verb = command_word(command, 0, "");

	if (!strcmp(verb, "bind") || !strcmp(verb, "unbind") || !strcmp(verb, "rebind"))
		run_binding(verb, answer);
	else if (!strcmp(verb, "suspend"))
		run_suspend(command, answer);
	else if (!strcmp(verb, "memory"))
		run_memory(answer);
	else if (!strcmp(verb, "window"))
		run_window(answer);
	else if (!strcmp(verb, "window-read64") || !strcmp(verb, "window-write64"))
		run_window_access(command, answer);
	else if (!strcmp(verb, "memory-type"))
		run_memory_type(command, answer);
	else if (!strcmp(verb, "system"))
		run_system(answer);
	else if (!strcmp(verb, "pattern")) /* pattern SEED OFFSET: lets the host check that both sides agree */
		answer_add(answer, "value", "0x%llx",
			   (unsigned long long)pattern_word(command_number(command, 1, 0),
							    command_number(command, 2, 0)));
	else
		return false;
	return true;
}
