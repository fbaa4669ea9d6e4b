/* The job's own process, from fork to exec: limits, another user, no way back to any privilege. */
#include "runner.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { OPEN_FILES = 65536 };

/* Lowers both limits to `value`, and never tries to raise what we were given. */
static void limit(int resource, rlim_t value)
{
    struct rlimit has;
    if (getrlimit(resource, &has) < 0)
        return;
    rlim_t allowed = value < has.rlim_max ? value : has.rlim_max;
    setrlimit(resource, &(struct rlimit){allowed, allowed});
}

static void set_limits(const struct options *options)
{
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, OPEN_FILES);
    if (options->data_limit > 0)
        limit(RLIMIT_DATA, (rlim_t)options->data_limit);
    if (options->process_limit > 0)
        limit(RLIMIT_NPROC, (rlim_t)options->process_limit);
    if (options->nice != 0)
        setpriority(PRIO_PROCESS, 0, options->nice);
    /* When memory runs out, the kernel should take the job before the platform. */
    int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (score >= 0) {
        dprintf(score, "500");
        close(score);
    }
}

static void set_capabilities(__u32 kept)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{kept, kept, 0}, {0, 0, 0}};
    syscall(SYS_capset, &header, data);
}

void capabilities_keep_only_kill(void)
{
    set_capabilities(1u << CAP_KILL);
}

static bool drop_privileges(const struct options *options)
{
    for (int capability = 0; capability <= CAP_LAST_CAP; capability++)
        prctl(PR_CAPBSET_DROP, capability, 0, 0, 0); /* refused to whom has none anyway */
    if (options->other_user
        && (setgroups(0, NULL) < 0 || setresgid(options->gid, options->gid, options->gid) < 0
            || setresuid(options->uid, options->uid, options->uid) < 0))
        return false;
    set_capabilities(0);
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

static void reset_signals(void)
{
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* From here on there is nobody to report to but the job's log. */
static void refuse(int code, const char *what, const char *why)
{
    dprintf(STDERR_FILENO, "era-runner: %s: %s\n", what, why);
    _exit(code);
}

void job_execute(const struct options *options, int output, pid_t parent)
{
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    setsid();
    if (dup2(nothing, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0)
        _exit(EXIT_NOT_EXECUTABLE);
    syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0);
    set_limits(options);
    reset_signals();
    umask(022);
    if (!drop_privileges(options))
        refuse(EXIT_NOT_EXECUTABLE, "can't become the job's user", strerror(errno));
    /* After the change of user, which forgets it. An isolated job dies with its namespace anyway. */
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent)
        _exit(EXIT_NOT_EXECUTABLE); /* it died before it could be our death */
    if (chdir(options->directory) < 0)
        refuse(EXIT_NOT_EXECUTABLE, options->directory, strerror(errno));
    execvp(options->command[0], options->command);
    refuse(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE, options->command[0],
           errno == ENOENT ? "command not found" : strerror(errno));
    _exit(EXIT_NOT_FOUND);
}
