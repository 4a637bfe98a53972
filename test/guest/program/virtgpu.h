/*
 * The part of Linux's user interface to virtio-gpu that the guest program uses (include/uapi/drm/drm.h and
 * include/uapi/drm/virtgpu_drm.h). Copied because the headers are not on every build machine; the layouts are
 * frozen by the kernel's promise to user space, and the size checks below hold this copy to them.
 */
#ifndef BARKEEP_VIRTGPU_H
#define BARKEEP_VIRTGPU_H

#include <stdint.h>
#include <sys/ioctl.h>

#define VIRTGPU_PARAM_3D_FEATURES 1
#define VIRTGPU_PARAM_CAPSET_QUERY_FIX 2
#define VIRTGPU_PARAM_RESOURCE_BLOB 3
#define VIRTGPU_PARAM_HOST_VISIBLE 4
#define VIRTGPU_PARAM_CROSS_DEVICE 5
#define VIRTGPU_PARAM_CONTEXT_INIT 6
#define VIRTGPU_PARAM_SUPPORTED_CAPSET_IDS 7

#define VIRTGPU_CONTEXT_PARAM_CAPSET_ID 1
#define VIRTGPU_CONTEXT_PARAM_NUM_RINGS 2
#define VIRTGPU_CONTEXT_PARAM_POLL_RINGS_MASK 3

#define VIRTGPU_EXECBUF_FENCE_FD_OUT 0x02
#define VIRTGPU_EXECBUF_RING_IDX 0x04

#define VIRTGPU_BLOB_MEM_GUEST 1
#define VIRTGPU_BLOB_MEM_HOST3D 2
#define VIRTGPU_BLOB_MEM_HOST3D_GUEST 3

#define VIRTGPU_BLOB_FLAG_USE_MAPPABLE 1

struct gem_close {
	uint32_t handle;
	uint32_t pad;
};

struct virtgpu_map {
	uint64_t offset; /* out: what to pass to mmap */
	uint32_t handle;
	uint32_t pad;
};

struct virtgpu_execbuffer {
	uint32_t flags;
	uint32_t size;
	uint64_t command;
	uint64_t bo_handles;
	uint32_t num_bo_handles;
	int32_t fence_fd;
	uint32_t ring_idx;
	uint32_t syncobj_stride;
	uint32_t num_in_syncobjs;
	uint32_t num_out_syncobjs;
	uint64_t in_syncobjs;
	uint64_t out_syncobjs;
};

struct virtgpu_getparam {
	uint64_t param;
	uint64_t value; /* address of an int */
};

struct virtgpu_resource_info {
	uint32_t bo_handle;
	uint32_t res_handle; /* out */
	uint32_t size;       /* out, low 32 bits */
	uint32_t blob_mem;   /* out */
};

struct virtgpu_3d_wait {
	uint32_t handle;
	uint32_t flags;
};

struct virtgpu_get_caps {
	uint32_t cap_set_id;
	uint32_t cap_set_ver;
	uint64_t addr;
	uint32_t size;
	uint32_t pad;
};

struct virtgpu_resource_create_blob {
	uint32_t blob_mem;
	uint32_t blob_flags;
	uint32_t bo_handle;  /* out */
	uint32_t res_handle; /* out */
	uint64_t size;
	uint32_t pad;
	uint32_t cmd_size;
	uint64_t cmd;
	uint64_t blob_id;
};

struct virtgpu_context_set_param {
	uint64_t param;
	uint64_t value;
};

struct virtgpu_context_init {
	uint32_t num_params;
	uint32_t pad;
	uint64_t ctx_set_params;
};

_Static_assert(sizeof(struct virtgpu_map) == 16, "virtgpu_map");
_Static_assert(sizeof(struct virtgpu_execbuffer) == 64, "virtgpu_execbuffer");
_Static_assert(sizeof(struct virtgpu_get_caps) == 24, "virtgpu_get_caps");
_Static_assert(sizeof(struct virtgpu_resource_create_blob) == 48, "virtgpu_resource_create_blob");
_Static_assert(sizeof(struct virtgpu_context_init) == 16, "virtgpu_context_init");

/* DRM ioctls are of type 'd'; those of a driver start at 0x40. */
#define GEM_CLOSE _IOW('d', 0x09, struct gem_close)
#define VIRTGPU_MAP _IOWR('d', 0x41, struct virtgpu_map)
#define VIRTGPU_EXECBUFFER _IOWR('d', 0x42, struct virtgpu_execbuffer)
#define VIRTGPU_GETPARAM _IOWR('d', 0x43, struct virtgpu_getparam)
#define VIRTGPU_RESOURCE_INFO _IOWR('d', 0x45, struct virtgpu_resource_info)
#define VIRTGPU_WAIT _IOWR('d', 0x48, struct virtgpu_3d_wait)
#define VIRTGPU_GET_CAPS _IOWR('d', 0x49, struct virtgpu_get_caps)
#define VIRTGPU_RESOURCE_CREATE_BLOB _IOWR('d', 0x4a, struct virtgpu_resource_create_blob)
#define VIRTGPU_CONTEXT_INIT _IOWR('d', 0x4b, struct virtgpu_context_init)

#endif
