/* See device.h. */
#define _GNU_SOURCE
#include "device.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "virtgpu.h"

static int device_fd = -1;

uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + time.tv_nsec;
}

static bool find_render_node(char *path, int path_bytes)
{
	DIR *directory = opendir("/dev/dri");
	struct dirent *entry;
	bool found = false;

	if (!directory)
		return false;
	while (!found && (entry = readdir(directory))) {
		found = !strncmp(entry->d_name, "renderD", 7);
		if (found)
			snprintf(path, path_bytes, "/dev/dri/%s", entry->d_name);
	}
	closedir(directory);
	return found;
}

bool device_path(char *path, int path_bytes, int wait_ms)
{
	for (int waited = 0;; waited += 10) {
		if (find_render_node(path, path_bytes))
			return true;
		if (waited >= wait_ms)
			return false;
		usleep(10000);
	}
}

int device_open(int *fd)
{
	char path[300];

	if (device_fd < 0) {
		if (!device_path(path, sizeof(path), 0))
			return ENODEV;
		device_fd = open(path, O_RDWR | O_CLOEXEC);
		if (device_fd < 0)
			return errno;
	}
	*fd = device_fd;
	return 0;
}

void device_forget(void)
{
	if (device_fd >= 0)
		close(device_fd);
	device_fd = -1;
}

static int call(int fd, unsigned long request, void *argument)
{
	int result;

	do
		result = ioctl(fd, request, argument);
	while (result < 0 && (errno == EINTR || errno == EAGAIN));
	return result < 0 ? errno : 0;
}

static int create(int fd, struct blob *blob, struct virtgpu_resource_create_blob *create)
{
	int error = call(fd, VIRTGPU_RESOURCE_CREATE_BLOB, create);

	if (error)
		return error;
	*blob = (struct blob){.handle = create->bo_handle, .resource = create->res_handle, .size = create->size};
	return 0;
}

int blob_create(int fd, struct blob *blob, uint32_t mem, uint32_t flags, uint64_t blob_id, uint64_t size)
{
	struct virtgpu_resource_create_blob request = {
		.blob_mem = mem, .blob_flags = flags, .size = size, .blob_id = blob_id,
	};

	return create(fd, blob, &request);
}

#define VIRGL_CAPSET 2 /* VIRTIO_GPU_CAPSET_VIRGL2 */

int virgl_start(int fd)
{
	static uint8_t capset[4096];
	struct virtgpu_get_caps get = {
		.cap_set_id = VIRGL_CAPSET, .cap_set_ver = 1, .addr = (uintptr_t)capset, .size = sizeof(capset)};
	struct virtgpu_context_set_param param = {VIRTGPU_CONTEXT_PARAM_CAPSET_ID, VIRGL_CAPSET};
	struct virtgpu_context_init init = {.num_params = 1, .ctx_set_params = (uintptr_t)&param};
	int error = call(fd, VIRTGPU_GET_CAPS, &get);

	return error ? error : call(fd, VIRTGPU_CONTEXT_INIT, &init);
}

int virgl_blob_create(int fd, struct blob *blob, uint32_t flags, uint64_t blob_id, uint64_t size)
{
	/* virgl_protocol.h: VIRGL_CCMD_PIPE_RESOURCE_CREATE with its 11 words, as Mesa's virgl driver sends it. */
	uint32_t words[12] = {
		48 | 11 << 16, 0 /* a buffer */, 64 /* R8_UNORM */, 0x10 /* a vertex buffer */, (uint32_t)size, 1, 1, 1, 0, 0,
		6 /* mapped persistent and coherent */, (uint32_t)blob_id};
	struct virtgpu_resource_create_blob request = {
		.blob_mem = VIRTGPU_BLOB_MEM_HOST3D, .blob_flags = flags, .size = size, .blob_id = blob_id,
		.cmd_size = sizeof(words), .cmd = (uintptr_t)words,
	};

	return create(fd, blob, &request);
}

int blob_map(int fd, struct blob *blob)
{
	struct virtgpu_map map = {.handle = blob->handle};
	int error = call(fd, VIRTGPU_MAP, &map);
	void *address;

	if (error)
		return error;
	address = mmap(NULL, blob->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, map.offset);
	if (address == MAP_FAILED)
		return errno;
	madvise(address, blob->size, MADV_DONTFORK); /* load processes must not keep this blob alive */
	blob->address = address;
	return 0;
}

int blob_unmap(struct blob *blob)
{
	if (munmap(blob->address, blob->size) < 0)
		return errno;
	blob->address = NULL;
	return 0;
}

int blob_close(int fd, struct blob *blob)
{
	struct gem_close close_call = {.handle = blob->handle};
	int error = blob->address ? blob_unmap(blob) : 0;
	int close_error = call(fd, GEM_CLOSE, &close_call);

	return error ? error : close_error;
}

static sigjmp_buf guard;

static void on_fault(int signal_number)
{
	siglongjmp(guard, signal_number);
}

int guarded(void (*body)(void *context), void *context)
{
	struct sigaction action = {.sa_handler = on_fault}, old_bus, old_segv;
	int raised;

	sigaction(SIGBUS, &action, &old_bus);
	sigaction(SIGSEGV, &action, &old_segv);
	raised = sigsetjmp(guard, 1);
	if (!raised)
		body(context);
	sigaction(SIGBUS, &old_bus, NULL);
	sigaction(SIGSEGV, &old_segv, NULL);
	return raised;
}

void device_params(const struct command *command, struct answer *answer)
{
	static const struct {
		const char *name;
		uint64_t param;
	} params[] = {
		{"3d_features", VIRTGPU_PARAM_3D_FEATURES},
		{"capset_query_fix", VIRTGPU_PARAM_CAPSET_QUERY_FIX},
		{"resource_blob", VIRTGPU_PARAM_RESOURCE_BLOB},
		{"host_visible", VIRTGPU_PARAM_HOST_VISIBLE},
		{"cross_device", VIRTGPU_PARAM_CROSS_DEVICE},
		{"context_init", VIRTGPU_PARAM_CONTEXT_INIT},
		{"supported_capset_ids", VIRTGPU_PARAM_SUPPORTED_CAPSET_IDS},
	};
	int fd, error = device_open(&fd);

	(void)command;
	if (error) {
		answer_fail(answer, error, "open");
		return;
	}
	for (unsigned i = 0; i < sizeof(params) / sizeof(params[0]); i++) {
		int value = 0;
		struct virtgpu_getparam get = {.param = params[i].param, .value = (uintptr_t)&value};

		error = call(fd, VIRTGPU_GETPARAM, &get);
		if (error)
			answer_add(answer, params[i].name, "%s", strerrorname_np(error));
		else
			answer_add(answer, params[i].name, "%d", value);
	}
}

/* context-init [capset=ID] [rings=N] [poll=MASK] */
void device_context_init(const struct command *command, struct answer *answer)
{
	struct virtgpu_context_set_param params[3];
	struct virtgpu_context_init init = {.ctx_set_params = (uintptr_t)params};
	static const struct {
		const char *key;
		uint64_t param;
	} known[] = {
		{"capset", VIRTGPU_CONTEXT_PARAM_CAPSET_ID},
		{"rings", VIRTGPU_CONTEXT_PARAM_NUM_RINGS},
		{"poll", VIRTGPU_CONTEXT_PARAM_POLL_RINGS_MASK},
	};
	int fd, error = device_open(&fd);

	if (error) {
		answer_fail(answer, error, "open");
		return;
	}
	for (int i = 0; i < 3; i++)
		if (command_option(command, known[i].key, NULL))
			params[init.num_params++] = (struct virtgpu_context_set_param){
				known[i].param, command_option_number(command, known[i].key, 0)};
	error = call(fd, VIRTGPU_CONTEXT_INIT, &init);
	if (error)
		answer_fail(answer, error, "context-init");
}
