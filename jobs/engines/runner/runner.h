/* What the parts of era-runner know of each other. docs/engines.md says what the program is for. */
#ifndef ERA_RUNNER_H
#define ERA_RUNNER_H
#define _GNU_SOURCE

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define NEVER 1e18 /* in Unix seconds */

enum { MAX_MOUNTS = 256, EXIT_NOT_FOUND = 127, EXIT_NOT_EXECUTABLE = 126 };
enum mount_kind { READ_ONLY, WRITABLE, DEVICE };

struct mount {
    enum mount_kind kind;
    const char *source, *target;
};

struct options {
    const char *attempt;   /* folder of the attempt: log, started, exit, lock, control, env */
    const char *directory; /* where the command begins */
    const char *hide;      /* closed to everybody but root once the attempt's folder is open */
    double stop_at, end_at, grace;
    bool daemon, wait, isolate, network, check, no_network, own_network;
    bool ranked; /* one of several instances of one attempt; they share log, control and env */
    int rank, network_of;
    const char *gpu_resource; /* what Swarm calls GPUs */
    long gpus;                /* how many of them were sold */
    bool other_user;
    uid_t uid;
    gid_t gid;
    long long data_limit, process_limit, tmp_size;
    int nice;
    struct mount mounts[MAX_MOUNTS];
    size_t mount_count;
    char **command;
};

struct control {
    bool go, stop;
    double grace;
};

/* options.c */
void options_parse(struct options *options, char **argv);

/* attempt.c: the files of one attempt */
void attempt_open(const char *path, const char *hide);
bool attempt_lock(void);
bool attempt_has(const char *name);
struct control attempt_control(void);
void attempt_environment(void);
void attempt_open_log(void);
size_t attempt_append(const char *bytes, size_t count);
bool attempt_append_rest(void);
void attempt_set_rank(int rank);
const char *own_name(const char *name);
void attempt_stop_others(double grace);
bool attempt_write_started(pid_t pid);
bool attempt_write_exit(int code, const char *reason);
void as_root(void);
void as_owner(void);

/* sandbox.c: what an isolated job can see */
void network_make(uid_t uid, gid_t gid);
void network_join(int pid);
pid_t sandbox_clone(bool network);
void sandbox_enter(const struct options *options);
int sandbox_init(pid_t job);

/* container.c: what only a container needs */
void container_close_network(void);
void container_hand_on_gpus(const char *resource, long sold);

/* job.c: the job's own process */
void job_execute(const struct options *options, int output, pid_t parent) __attribute__((noreturn));
void capabilities_keep_only_kill(void);

/* runner.c */
double now(void);
int exit_code(int status);
void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
extern int report_to; /* where `fail` says what went wrong */

#endif
