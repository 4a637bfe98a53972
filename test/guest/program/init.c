/*
 * Process 1 of the test guest. It talks to the host over the second serial port (protocol.h) and passes commands on
 * to workers: processes of their own, each with a device file and named blobs of its own, so that one which waits
 * for the device without end leaves the others and the port alive.
 *
 *   hello                        version=1 boot=ID device=PATH modules=N
 *   workers                      worker0=STATE ... (the state letter of /proc, D is an uninterruptible wait)
 *   kill WORKER                  SIGKILL; its outstanding commands are answered with ECHILD
 *   bind | unbind | rebind       ends all workers first: the device must not be open
 *   reboot | poweroff            no answer comes after ok
 *   suspend LEVEL                a test of the kernel: to sleep and back
 *   window, window-read64, window-write64, memory, memory-type, system, pattern    see machine.c
 *   [@WORKER] anything else      runs in that worker, 0 by default: see device.c, blobs.c, load.c
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "blobs.h"
#include "device.h"
#include "load.h"
#include "machine.h"
#include "protocol.h"

#define WORKERS 8
#define OUTSTANDING 64
#define PROTOCOL_VERSION 1

struct worker {
	pid_t pid; /* 0: not running */
	int fd;    /* SEQPACKET: one line a packet */
	uint64_t waiting[OUTSTANDING]; /* ids sent and not answered, oldest first */
	int waiting_count;
};

static struct worker workers[WORKERS];
static int port = -1;
static int modules_loaded;
static char boot_id[64];

static void port_write(const char *line)
{
	size_t length = strlen(line);

	while (length > 0) {
		ssize_t written = write(port, line, length);

		if (written < 0 && errno != EINTR)
			return;
		if (written > 0) {
			line += written;
			length -= written;
		}
	}
}

static void format_answer(char *line, int bytes, uint64_t id, const struct answer *answer)
{
	snprintf(line, bytes, "%llu %s%s\n", (unsigned long long)id, answer->failed ? "error" : "ok", answer->text);
}

static void reply(uint64_t id, const struct answer *answer)
{
	char line[LINE_MAX_BYTES + 64];

	format_answer(line, sizeof(line), id, answer);
	port_write(line);
}

/* A worker's life: one packet in, one packet out. */
static void worker_loop(int fd)
{
	char line[LINE_MAX_BYTES + 64];
	struct command command;
	struct answer answer;

	for (;;) {
		ssize_t got = recv(fd, line, sizeof(line) - 1, 0);
		uint64_t id;
		char *rest;

		if (got <= 0)
			_exit(0);
		line[got] = '\0';
		id = strtoull(line, &rest, 10);
		command_parse(&command, rest);
		answer_reset(&answer);
		if (!strcmp(command_word(&command, 0, ""), "params"))
			device_params(&command, &answer);
		else if (!strcmp(command_word(&command, 0, ""), "context-init"))
			device_context_init(&command, &answer);
		else if (!blobs_run(&command, &answer) && !load_run(&command, &answer))
			answer_fail(&answer, ENOSYS, "unknown-command");
		format_answer(line, sizeof(line), id, &answer);
		send(fd, line, strlen(line), 0);
	}
}

static int worker_start(struct worker *worker)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return errno;
	worker->pid = fork();
	if (worker->pid < 0) {
		worker->pid = 0;
		close(pair[0]);
		close(pair[1]);
		return EAGAIN;
	}
	if (worker->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGCHLD, SIG_DFL);
		for (int i = 0; i < WORKERS; i++)
			if (workers[i].fd > 0)
				close(workers[i].fd);
		close(pair[0]);
		close(port);
		worker_loop(pair[1]);
	}
	close(pair[1]);
	worker->fd = pair[0];
	worker->waiting_count = 0;
	return 0;
}

/* Passes on the answers that a worker has ready. */
static void worker_drain(struct worker *worker)
{
	char line[LINE_MAX_BYTES + 64];
	ssize_t got;

	while (worker->pid && (got = recv(worker->fd, line, sizeof(line) - 1, MSG_DONTWAIT)) > 0) {
		line[got] = '\0';
		port_write(line);
		memmove(worker->waiting, worker->waiting + 1, sizeof(worker->waiting[0]) * --worker->waiting_count);
	}
}

/* The worker is gone: whoever waits for it hears so. */
static void worker_ended(struct worker *worker, int status)
{
	struct answer answer;

	worker_drain(worker); /* what it still said counts */
	for (int i = 0; i < worker->waiting_count; i++) {
		answer_fail(&answer, ECHILD, "worker-ended");
		answer_add(&answer, "status", "%d", WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status));
		reply(worker->waiting[i], &answer);
	}
	close(worker->fd);
	memset(worker, 0, sizeof(*worker));
}

static void reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (int i = 0; i < WORKERS; i++)
			if (workers[i].pid == pid)
				worker_ended(&workers[i], status);
}

/* Kills and waits up to 30 s, for a slow machine; false when it does not go (a D state). */
static bool worker_kill(struct worker *worker)
{
	pid_t pid = worker->pid;

	if (!pid)
		return true;
	kill(pid, SIGKILL);
	for (int i = 0; i < 3000 && worker->pid == pid; i++) {
		reap();
		if (worker->pid == pid)
			usleep(10000);
	}
	return worker->pid != pid;
}

static bool end_workers(void)
{
	bool all = true;

	for (int i = 0; i < WORKERS; i++)
		all &= worker_kill(&workers[i]);
	return all;
}

static char process_state(pid_t pid)
{
	char path[64], line[256] = "", *after_name;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (!file)
		return '?';
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	fclose(file);
	after_name = strrchr(line, ')');
	return after_name && after_name[1] == ' ' ? after_name[2] : '?';
}

static void add_hello(struct answer *answer)
{
	char path[300] = "none";

	device_path(path, sizeof(path), 0);
	answer_add(answer, "version", "%d", PROTOCOL_VERSION);
	answer_add(answer, "boot", "%s", boot_id);
	answer_add(answer, "device", "%s", path);
	answer_add(answer, "modules", "%d", modules_loaded);
}

static void leave(uint64_t id, int how)
{
	struct answer answer;

	answer_reset(&answer);
	reply(id, &answer);
	tcdrain(port);
	sync();
	reboot(how);
}

static void send_to_worker(uint64_t id, int number, const char *rest)
{
	char packet[LINE_MAX_BYTES + 64];
	struct worker *worker = &workers[number];
	struct answer answer;
	int error = worker->pid ? 0 : worker_start(worker);

	if (!error && worker->waiting_count == OUTSTANDING)
		error = EBUSY;
	if (!error) {
		snprintf(packet, sizeof(packet), "%llu %s", (unsigned long long)id, rest);
		if (send(worker->fd, packet, strlen(packet), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			error = errno;
	}
	if (error) {
		answer_fail(&answer, error, "worker");
		reply(id, &answer);
		return;
	}
	worker->waiting[worker->waiting_count++] = id;
}

/* The commands of process 1 itself; false when the line belongs to a worker. */
static bool run_here(uint64_t id, const struct command *command)
{
	const char *verb = command_word(command, 0, "");
	struct answer answer;

	answer_reset(&answer);
	if (!strcmp(verb, "hello")) {
		add_hello(&answer);
	} else if (!strcmp(verb, "workers")) {
		for (int i = 0; i < WORKERS; i++)
			if (workers[i].pid) {
				char key[32];

				snprintf(key, sizeof(key), "worker%d", i);
				answer_add(&answer, key, "%c", process_state(workers[i].pid));
			}
	} else if (!strcmp(verb, "kill")) {
		uint64_t number = command_number(command, 1, WORKERS);

		if (number >= WORKERS)
			answer_fail(&answer, EINVAL, "kill");
		else if (!worker_kill(&workers[number]))
			answer_fail(&answer, ETIMEDOUT, "kill");
	} else if (!strcmp(verb, "reboot")) {
		leave(id, RB_AUTOBOOT);
	} else if (!strcmp(verb, "poweroff")) {
		leave(id, RB_POWER_OFF);
	} else {
		if (strstr(verb, "bind") && !end_workers())
			answer_fail(&answer, EBUSY, "workers");
		else if (!machine_run(command, &answer))
			return false;
	}
	reply(id, &answer);
	return true;
}

static void port_line(const char *line)
{
	struct command command;
	struct answer answer;
	char *rest;
	uint64_t id = strtoull(line, &rest, 10);
	unsigned long number = 0;

	if (rest == line)
		return; /* nobody to answer: a line without an id is noise from before the port was set up */
	while (*rest == ' ')
		rest++;
	if (*rest == '@') {
		number = strtoul(rest + 1, &rest, 10);
		if (number >= WORKERS) {
			answer_fail(&answer, EINVAL, "worker");
			reply(id, &answer);
			return;
		}
	}
	command_parse(&command, rest);
	if (!run_here(id, &command))
		send_to_worker(id, (int)number, rest);
}

static void port_read(void)
{
	static char buffer[LINE_MAX_BYTES];
	static int length;
	char chunk[256];
	ssize_t got = read(port, chunk, sizeof(chunk));

	for (ssize_t i = 0; i < got; i++) {
		if (chunk[i] != '\n') {
			if (length < LINE_MAX_BYTES - 1)
				buffer[length++] = chunk[i];
			continue;
		}
		buffer[length] = '\0';
		length = 0;
		port_line(buffer);
	}
}

static void port_open(void)
{
	struct termios settings;

	port = open("/dev/ttyS1", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (port < 0)
		return;
	tcgetattr(port, &settings);
	cfmakeraw(&settings);
	settings.c_cflag |= CLOCAL | CREAD;
	cfsetspeed(&settings, B115200);
	tcsetattr(port, TCSANOW, &settings);
}

static void on_child(int signal_number)
{
	(void)signal_number; /* only there to end poll early */
}

int main(void)
{
	struct sigaction child = {.sa_handler = on_child};
	struct answer hello;
	char line[LINE_MAX_BYTES + 64];
	FILE *file;

	modules_loaded = machine_start();
	port_open();
	sigaction(SIGCHLD, &child, NULL);
	signal(SIGPIPE, SIG_IGN);
	file = fopen("/proc/sys/kernel/random/boot_id", "r");
	if (file) {
		if (fgets(boot_id, sizeof(boot_id), file))
			boot_id[strcspn(boot_id, "\n")] = '\0';
		fclose(file);
	}
	answer_reset(&hello);
	add_hello(&hello);
	snprintf(line, sizeof(line), "\nready%s\n", hello.text);
	port_write(line);
	for (;;) {
		struct pollfd ready[WORKERS + 1] = {{.fd = port, .events = POLLIN}};

		for (int i = 0; i < WORKERS; i++)
			ready[i + 1] = (struct pollfd){.fd = workers[i].pid ? workers[i].fd : -1, .events = POLLIN};
		poll(ready, WORKERS + 1, 200); /* a SIGCHLD between reap and poll waits this long, in ms, at most */
		if (ready[0].revents & POLLIN)
			port_read();
		for (int i = 0; i < WORKERS; i++)
			worker_drain(&workers[i]);
		reap();
	}
}
