/*
 * Ends the process, as a loss of power would, at the n-th call by which it writes to a file or a socket that is watched:
 * before the call, in the middle of what it writes, or after it. Put before the C library by LD_PRELOAD.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static long calls, syncs, limit;
static char watched[PATH_MAX];

/* From now on, count calls on files that have "word" in their names, and on sockets; end at the last of "count". */
void kill_at(const char *word, long count) {
    snprintf(watched, sizeof watched, "%s", word);
    limit = count;
    calls = syncs = 0;
}

long kill_calls(void) { return calls; }
long kill_syncs(void) { return syncs; }

static int counts(int fd) {
    char name[64], path[PATH_MAX];
    if (!watched[0]) return 0;
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(name, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return strstr(path, watched) != NULL || strncmp(path, "socket:", 7) == 0;
}

static void end(void) { kill(getpid(), SIGKILL); pause(); }

/* Count a call; 1 where the process is to end in the middle of it, 2 where after it. */
static int met(int fd) {
    if (!counts(fd) || ++calls != limit) return 0;
    if (calls % 3 == 0) end();
    return (int)(calls % 3);
}

#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)
#define PART(how, size) ((how) == 1 ? (size) / 2 : (size))

ssize_t write(int fd, const void *data, size_t size) {
    REAL(ssize_t, write, int, const void *, size_t);
    int how = met(fd);
    ssize_t done = real(fd, data, PART(how, size));
    if (how) end();
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
    REAL(ssize_t, pwrite, int, const void *, size_t, off_t);
    int how = met(fd);
    ssize_t done = real(fd, data, PART(how, size), offset);
    if (how) end();
    return done;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
    REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t);
    int how = met(fd);
    ssize_t done = real(fd, data, PART(how, size), offset);
    if (how) end();
    return done;
}

ssize_t send(int fd, const void *data, size_t size, int flags) {
    REAL(ssize_t, send, int, const void *, size_t, int);
    int how = met(fd);
    ssize_t done = real(fd, data, PART(how, size), flags);
    if (how) end();
    return done;
}

#define SYNC(name) int name(int fd) { \
    REAL(int, name, int); \
    int how = met(fd); \
    if (counts(fd)) syncs++; \
    int done = real(fd); \
    if (how) end(); \
    return done; \
}
SYNC(fsync)
SYNC(fdatasync)

#define CUT(name, type) int name(int fd, type size) { \
    REAL(int, name, int, type); \
    int how = met(fd), done = real(fd, size); \
    if (how) end(); \
    return done; \
}
CUT(ftruncate, off_t)
CUT(ftruncate64, off64_t)
