// The C library's functions that Node does not offer, declared once. Only files of this folder import this one.
// Why koffi: there is no other way from Node to memfd_create, fallocate, mmap or SCM_RIGHTS without a compiler at install time.
// Why it is safe: each declaration below is the prototype of the manual page (x86-64 and aarch64 Linux, glibc or musl
// share these types: off_t and size_t are 64 bits wide); every caller passes addresses of mappings that it owns.
import koffi from 'koffi';
import { SystemError } from './system-error.ts';

const libc = koffi.load('libc.so.6');

export const libcSysconf = libc.func('int64_t sysconf(int name)');
export const libcMemfdCreate = libc.func('int memfd_create(const char *name, unsigned int flags)');
export const libcFallocate = libc.func('int fallocate(int fd, int mode, int64_t offset, int64_t len)');
export const libcLseek = libc.func('int64_t lseek(int fd, int64_t offset, int whence)');
export const libcSendfile = libc.func('int64_t sendfile(int out, int in, void *offset, size_t count)');
export const libcFcntl = libc.func('int fcntl(int fd, int cmd, ...)');
export const libcMmap = libc.func(
  'void *mmap(void *addr, size_t length, int prot, int flags, int fd, int64_t offset)',
);
export const libcMunmap = libc.func('int munmap(void *addr, size_t length)');
export const libcEventfd = libc.func('int eventfd(unsigned int initval, int flags)');
export const libcRead = libc.func('int64_t read(int fd, void *buf, size_t count)');
export const libcWrite = libc.func('int64_t write(int fd, const void *buf, size_t count)');
export const libcSocket = libc.func('int socket(int domain, int type, int protocol)');
export const libcBind = libc.func('int bind(int fd, const void *addr, uint32_t addrlen)');
export const libcListen = libc.func('int listen(int fd, int backlog)');
export const libcAccept4 = libc.func('int accept4(int fd, void *addr, void *addrlen, int flags)');
export const libcConnect = libc.func('int connect(int fd, const void *addr, uint32_t addrlen)');
export const libcSocketpair = libc.func('int socketpair(int domain, int type, int protocol, void *sv)');
export const libcShutdown = libc.func('int shutdown(int fd, int how)');
export const libcGetsockopt = libc.func(
  'int getsockopt(int fd, int level, int optname, void *optval, void *optlen)',
);
export const libcSetsockopt = libc.func(
  'int setsockopt(int fd, int level, int optname, const void *optval, uint32_t optlen)',
);
export const libcSendmsg = libc.func('int64_t sendmsg(int fd, const void *msg, int flags)');
export const libcRecvmsg = libc.func('int64_t recvmsg(int fd, void *msg, int flags)');
export const libcEpollCreate1 = libc.func('int epoll_create1(int flags)');
export const libcEpollCtl = libc.func('int epoll_ctl(int epfd, int op, int fd, void *event)');
export const libcPoll = libc.func('int poll(void *fds, uint64_t nfds, int timeout)');
export const libcWaitpid = libc.func('int waitpid(int pid, void *status, int options)');
/** kcmp(2) has no wrapper in the C library. */
export const libcSyscall = libc.func('int64_t syscall(int64_t number, ...)');
export const libcFlock = libc.func('int flock(int fd, int operation)');

/** The errno of the call that has just failed, as an error that says what was asked. Call it directly after the function. */
export function failure(syscall: string, asked: string): SystemError {
  return new SystemError(syscall, koffi.errno(), asked);
}

/** The errno of the call that has just failed. Call it directly after the function. */
export function lastErrno(): number {
  return koffi.errno();
}

/** The bytes at an address, without a copy. `length` is at most 4 GiB - 1: koffi.view aborts the process above that. */
export function viewOf(address: bigint, length: number): ArrayBuffer {
  if (length > 0xffff_ffff)
    throw new RangeError(`a view of ${length} bytes was asked for; 4294967295 is the most`);
  return koffi.view(address, length);
}
