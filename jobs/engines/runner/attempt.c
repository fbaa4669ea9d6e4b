/* The files of one attempt: lock, control and env are read; log, started and exit are written. */
#include "runner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int folder = -1, log_file = -1, own_rank = -1;
static uid_t owner;

/* Of several instances of one attempt each has its own lock, started, exit and root: those of rank 1 are `lock.1` … */
const char *own_name(const char *name)
{
    static char full[64];
    if (own_rank < 1)
        return name;
    snprintf(full, sizeof full, "%s.%d", name, own_rank);
    return full;
}

void attempt_set_rank(int rank)
{
    own_rank = rank;
}

/* In a container the runner is root with hardly any capability, and the folder may be another user's
   on shared storage: files are touched as that user, and only forking and signalling is done as root. */
void as_owner(void)
{
    if (owner != 0 && geteuid() == 0 && seteuid(owner) < 0)
        fail("can't become the owner of the attempt's folder: %s", strerror(errno));
}

void as_root(void)
{
    if (getuid() == 0 && geteuid() != 0 && seteuid(0) < 0)
        fail("can't become root again: %s", strerror(errno));
}

void attempt_open(const char *path, const char *hide)
{
    struct stat found;
    folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0 || fstat(folder, &found) < 0)
        fail("%s: %s", path, strerror(errno));
    if (hide != NULL && chmod(hide, 0700) < 0)
        fail("can't close %s: %s", hide, strerror(errno));
    owner = found.st_uid;
    as_owner();
}

/* A POSIX record lock: it ends with this very process, others can look at it without taking it
   (F_GETLK also tells our pid), and it works on network storage. */
bool attempt_lock(void)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int file = openat(folder, own_name("lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0)
        fail("can't open the attempt's lock: %s", strerror(errno));
    if (fcntl(file, F_SETLK, &whole) == 0)
        return true;
    if (errno != EAGAIN && errno != EACCES)
        fail("can't lock the attempt: %s", strerror(errno));
    return false;
}

bool attempt_has(const char *name)
{
    return faccessat(folder, own_name(name), F_OK, AT_EACCESS) == 0;
}

static char *read_file(const char *name, size_t *size)
{
    struct stat found;
    int file = openat(folder, name, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &found) < 0) {
        *size = 0;
        return NULL;
    }
    char *content = calloc(1, (size_t)found.st_size + 2);
    ssize_t got = content == NULL ? -1 : read(file, content, (size_t)found.st_size);
    close(file);
    *size = got < 0 ? 0 : (size_t)got;
    return content;
}

/* Lines are only ever appended to `control`, so that a stop can't be overwritten by a late go. It is there
   before we are: opening a file asks a network server anew, looking for a missing one may not. */
struct control attempt_control(void)
{
    struct control control = {0};
    size_t size;
    char *content = read_file("control", &size);
    for (char *line = content; line != NULL && *line != '\0'; line = strchr(line, '\n') + 1) {
        if (strchr(line, '\n') == NULL)
            break; /* not wholly written yet */
        if (strncmp(line, "go\n", 3) == 0)
            control.go = true;
        if (sscanf(line, "stop %lf", &control.grace) == 1)
            control.stop = true;
    }
    free(content);
    return control;
}

/* NUL-separated NAME=value on top of our own environment: what tenants set never is in ours while we begin. */
void attempt_environment(void)
{
    size_t size;
    char *content = read_file("env", &size);
    for (char *entry = content; entry != NULL && entry < content + size; entry += strlen(entry) + 1)
        if (strchr(entry, '=') > entry)
            putenv(entry);
}

void attempt_open_log(void)
{
    log_file = openat(folder, "log", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (log_file < 0)
        fail("can't open the log: %s", strerror(errno));
}

/* How many of the bytes are written; fewer than `count` where the storage is full, so that nothing is lost. */
static size_t write_some(const char *bytes, size_t count)
{
    size_t done = 0;
    while (done < count) {
        ssize_t written = write(log_file, bytes + done, count - done);
        if (written > 0)
            done += (size_t)written;
        else if (errno != EINTR)
            break;
    }
    return done;
}

/* Several instances share one log: each writes whole lines, with its rank in front, one at a time. The lock is also
   what makes appending from several machines safe on network storage. */
static char line[1 << 12], ready[1 << 20];
static size_t line_size, ready_size;

static bool write_ready(void)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (ready_size == 0)
        return true;
    while (fcntl(log_file, F_SETLKW, &whole) < 0)
        if (errno != EINTR)
            return false;
    size_t written = write_some(ready, ready_size);
    memmove(ready, ready + written, ready_size - written);
    ready_size -= written;
    whole.l_type = F_UNLCK;
    fcntl(log_file, F_SETLK, &whole);
    return ready_size == 0;
}

static void end_line(const char *ending)
{
    int size = snprintf(ready + ready_size, sizeof ready - ready_size, "[%d] ", own_rank);
    memcpy(ready + ready_size + size, line, line_size);
    ready_size += (size_t)size + line_size;
    memcpy(ready + ready_size, ending, strlen(ending));
    ready_size += strlen(ending);
    line_size = 0;
}

static size_t append_lines(const char *bytes, size_t count)
{
    size_t taken = 0;
    if (!write_ready())
        return 0;
    for (; taken < count && ready_size < sizeof ready - 2 * sizeof line; taken++) {
        line[line_size++] = bytes[taken];
        if (bytes[taken] == '\n' || bytes[taken] == '\r')
            end_line("");
        else if (line_size == sizeof line)
            end_line("\n");
    }
    write_ready();
    return taken;
}

size_t attempt_append(const char *bytes, size_t count)
{
    return own_rank < 0 ? write_some(bytes, count) : append_lines(bytes, count);
}

/* A last line without an end; false where the storage takes no more. */
bool attempt_append_rest(void)
{
    if (line_size > 0 && write_ready())
        end_line("\n");
    return write_ready();
}

/* One that failed ends all, whether or not there is a platform to see it. */
void attempt_stop_others(double grace)
{
    int control = openat(folder, "control", O_WRONLY | O_APPEND | O_CLOEXEC);
    if (control < 0)
        return;
    dprintf(control, "stop %f\n", grace);
    close(control);
}

static bool write_whole(const char *name, const char *text, bool durable)
{
    char temporary[80];
    snprintf(temporary, sizeof temporary, ".%s.new", own_name(name));
    int file = openat(folder, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0)
        return false;
    size_t length = strlen(text);
    bool good = write(file, text, length) == (ssize_t)length && (!durable || fsync(file) == 0);
    return close(file) == 0 && good && renameat(folder, temporary, folder, own_name(name)) == 0;
}

bool attempt_write_started(pid_t pid)
{
    char text[80];
    snprintf(text, sizeof text, "{\"at\": %.6f, \"pid\": %d}\n", now(), (int)pid);
    return write_whole("started", text, false);
}

/* The log is made durable once, here: before the exit code that says it is complete. */
bool attempt_write_exit(int code, const char *reason)
{
    char text[120];
    snprintf(text, sizeof text, "{\"code\": %d, \"at\": %.6f, \"reason\": \"%s\"}\n", code, now(), reason);
    unlinkat(folder, own_name("root"), AT_REMOVEDIR); /* where an isolated job's root was mounted */
    if ((log_file >= 0 && fsync(log_file) < 0) || !write_whole("exit", text, true))
        return false;
    int directory = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory >= 0) {
        fsync(directory);
        close(directory);
    }
    return true;
}
