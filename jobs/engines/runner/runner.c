/* era-runner: starts one command, keeps its output and its exit code, and ends it when its time is up.

   It needs nobody: whoever started it may be killed, and the platform may be down, and still every byte the
   command prints is in `log`, it ends at the end of its slot with all it started, and `exit` tells how. */
#include "runner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WAITING_MS = 50, RUNNING_MS = 250, PATIENCE_S = 600, PIPE_BYTES = 1 << 20 };

int report_to = STDERR_FILENO;

static struct options options;
static int output = -1, signals = -1;
static pid_t child;       /* the job, or the first process of its namespace */
static int status;        /* how it ended */
static bool ended;
static const char *reason = "exited";
static double kill_at = NEVER;
static char pending[1 << 16];
static size_t pending_size;

double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double earlier(double one, double other)
{
    return one < other ? one : other;
}

int exit_code(int how)
{
    return WIFSIGNALED(how) ? 128 + WTERMSIG(how) : WEXITSTATUS(how);
}

void fail(const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text - 1, format, arguments);
    va_end(arguments);
    strcat(text, "\n");
    if (write(report_to, text, strlen(text)) < 0)
        _exit(3);
    _exit(2);
}

/* A session, and a parent, of its own: nothing that ends whoever started us ends us. The one who started
   us waits until the command runs or it is clear why not. */
static void become_daemon(void)
{
    int report[2];
    char text[1024];
    ssize_t got;
    if (pipe2(report, O_CLOEXEC) < 0)
        fail("pipe: %s", strerror(errno));
    pid_t middle = fork();
    if (middle < 0)
        fail("fork: %s", strerror(errno));
    if (middle > 0) {
        close(report[1]);
        waitpid(middle, NULL, 0);
        got = read(report[0], text, sizeof text);
        if (got > 0 && write(STDERR_FILENO, text, (size_t)got) < 0)
            _exit(3);
        _exit(got == 0 ? 0 : 2);
    }
    setsid();
    if (fork() != 0)
        _exit(0);
    int nothing = open("/dev/null", O_RDWR);
    for (int standard = 0; standard <= 2; standard++)
        dup2(nothing, standard);
    close(nothing);
    report_to = report[1];
    if (chdir("/") < 0)
        fail("chdir: %s", strerror(errno));
}

static void ready(void)
{
    if (options.daemon && report_to != STDERR_FILENO)
        close(report_to);
    report_to = STDERR_FILENO;
}

static void catch_signals(void)
{
    sigset_t caught;
    sigemptyset(&caught);
    sigaddset(&caught, SIGTERM);
    sigaddset(&caught, SIGCHLD);
    sigprocmask(SIG_BLOCK, &caught, NULL);
    signals = signalfd(-1, &caught, SFD_CLOEXEC | SFD_NONBLOCK);
    const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTTOU, SIGTTIN};
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
}

static void signal_job(int number)
{
    as_root();
    if (options.isolate || kill(-child, number) < 0) /* it may have no session yet */
        kill(child, number);
    as_owner();
}

/* The first to ask gives the reason; a later one may only shorten the grace. */
static void ask_to_stop(const char *why, double grace)
{
    bool first = kill_at == NEVER;
    kill_at = earlier(kill_at, earlier(now() + grace, options.end_at));
    if (!first)
        return;
    reason = why;
    if (child > 0)
        signal_job(SIGTERM);
}

/* TERM comes from a machine or a Docker going down, or because we are being deleted. */
static void obey_term(void)
{
    struct signalfd_siginfo info;
    bool received = false;
    while (read(signals, &info, sizeof info) == sizeof info)
        received |= info.ssi_signo == SIGTERM;
    if (!received)
        return;
    struct control control = attempt_control();
    ask_to_stop(control.stop ? "terminated" : "interrupted", control.stop ? control.grace : options.grace);
}

static void reap(void)
{
    int how;
    for (pid_t pid; (pid = waitpid(-1, &how, WNOHANG)) > 0;)
        if (pid == child) {
            status = how;
            ended = true;
        }
}

/* False when there is nothing (more) to read now, or the storage takes no more. */
static bool copy_output(void)
{
    if (pending_size == 0) {
        ssize_t got = read(output, pending, sizeof pending);
        if (got <= 0)
            return false;
        pending_size = (size_t)got;
    }
    size_t written = attempt_append(pending, pending_size);
    memmove(pending, pending + written, pending_size - written);
    pending_size -= written;
    return pending_size == 0;
}

static void keep_time(void)
{
    double moment = now();
    if (moment >= options.stop_at)
        ask_to_stop("deadline", options.end_at - moment);
    if (moment >= kill_at && child > 0)
        signal_job(SIGKILL);
}

static void obey_control(void)
{
    static double next;
    if (now() < next)
        return;
    next = now() + RUNNING_MS / 1000.0;
    struct control control = attempt_control();
    if (control.stop)
        ask_to_stop("terminated", control.grace);
}

static int milliseconds_to(double moment, int most)
{
    double left = (moment - now()) * 1000;
    return left < 0 ? 0 : left < most ? (int)left + 1 : most;
}

static void supervise(void)
{
    while (!ended) {
        double moment = now();
        int until = milliseconds_to(earlier(options.stop_at > moment ? options.stop_at : NEVER,
                                            kill_at > moment ? kill_at : NEVER), RUNNING_MS);
        /* With bytes that the storage didn't take, reading on would only spin: the pipe holds the job back. */
        struct pollfd watched[] = {{signals, POLLIN, 0}, {pending_size > 0 ? -1 : output, POLLIN, 0}};
        poll(watched, 2, until);
        if (watched[1].revents & POLLIN || pending_size > 0)
            copy_output();
        else if (watched[1].revents & POLLHUP)
            output = -1; /* the job closed its output and goes on */
        if (watched[0].revents)
            obey_term();
        reap();
        if (!ended) {
            obey_control();
            keep_time();
        }
    }
}

/* Whatever the job left behind is our child now, for we are its subreaper; killing a child makes its
   children ours. (An isolated job's namespace is gone already.) */
static void kill_the_rest(void)
{
    char list[4096];
    double give_up = now() + 10;
    while (now() < give_up) {
        pid_t pid = waitpid(-1, NULL, WNOHANG);
        if (pid < 0 && errno == ECHILD)
            return;
        if (pid > 0)
            continue;
        FILE *children = fopen("/proc/thread-self/children", "re");
        size_t got = children == NULL ? 0 : fread(list, 1, sizeof list - 1, children);
        if (children != NULL)
            fclose(children);
        list[got] = '\0';
        as_root();
        for (char *cursor = list, *end; (pid = (pid_t)strtol(cursor, &end, 10)) > 0; cursor = end)
            kill(pid, SIGKILL);
        as_owner();
        usleep(1000);
    }
}

static void finish(int code)
{
    double give_up = now() + PATIENCE_S; /* on a full storage the rest of the log waits for room */
    while ((copy_output() || pending_size > 0) && now() < give_up)
        if (pending_size > 0)
            sleep(1);
    while (!attempt_append_rest() && now() < give_up)
        sleep(1);
    while (!attempt_write_exit(code, reason) && now() < give_up)
        sleep(1);
}

/* What the child does, with `channel` to us: says that its world is made, waits for our word, begins. */
static void run_child(pid_t parent, int channel, int job_output)
{
    char word;
    report_to = channel;
    if (options.isolate) {
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        sandbox_enter(&options);
    }
    if (write(channel, "", 1) != 1 || read(channel, &word, 1) != 1)
        _exit(2); /* our parent is gone */
    if (!options.isolate)
        job_execute(&options, job_output, parent);
    parent = getpid();
    pid_t job = fork();
    if (job == 0)
        job_execute(&options, job_output, parent);
    syscall(SYS_close_range, 0, ~0U, 0);
    _exit(job < 0 ? EXIT_NOT_EXECUTABLE : sandbox_init(job));
}

static void start_child(void)
{
    int channel[2], pipes[2];
    char said[1024] = "";
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0 || pipe2(pipes, O_CLOEXEC) < 0)
        fail("pipe: %s", strerror(errno));
    fcntl(pipes[1], F_SETPIPE_SZ, PIPE_BYTES);
    pid_t parent = getpid();
    as_root();
    child = options.isolate ? sandbox_clone(options.network || options.own_network || options.network_of > 0) : fork();
    if (child < 0)
        fail("can't make the job's %s: %s", options.isolate ? "namespaces" : "process", strerror(errno));
    if (child == 0) {
        close(channel[0]);
        run_child(parent, channel[1], pipes[1]);
    }
    as_owner();
    close(channel[1]);
    close(pipes[1]);
    output = pipes[0];
    fcntl(output, F_SETFL, O_NONBLOCK);
    ssize_t got = read(channel[0], said, sizeof said - 1);
    if (got != 1)
        fail("%.*s", got > 1 ? (int)got - 1 : 100, got > 1 ? said : "the job's process ended at once");
    if (!options.check && (!attempt_write_started(getpid()) || write(channel[0], "", 1) != 1))
        fail("can't write that the job started: %s", strerror(errno));
    close(channel[0]);
}

static void wait_for_go(void)
{
    while (options.wait && kill_at == NEVER && !attempt_control().go) {
        struct pollfd watched = {signals, POLLIN, 0};
        poll(&watched, 1, WAITING_MS);
        if (watched.revents)
            obey_term();
        obey_control();
        keep_time();
    }
    obey_control();
}

/* What differs between the instances of one attempt; the names are those that torchrun and its like look for. */
static void set_rank(void)
{
    static const char *const names[] = {"ERA_NODE_RANK", "NODE_RANK", "GROUP_RANK", "RANK", "PET_NODE_RANK"};
    char rank[16];
    snprintf(rank, sizeof rank, "%d", options.rank);
    for (size_t i = 0; options.ranked && i < sizeof names / sizeof *names; i++)
        setenv(names[i], rank, 1);
}

/* Whether the job's namespaces can be made here, without running anything. */
static int check_isolation(void)
{
    char folder[] = "/tmp/era-runner-XXXXXX";
    options.attempt = mkdtemp(folder);
    if (options.attempt == NULL)
        fail("/tmp: %s", strerror(errno));
    options.isolate = true;
    pid_t tried = fork();
    if (tried == 0) {
        start_child();
        _exit(0);
    }
    if (tried < 0 || waitpid(tried, &status, 0) < 0)
        fail("fork: %s", strerror(errno));
    char root[sizeof folder + 8];
    snprintf(root, sizeof root, "%s/root", folder);
    rmdir(root);
    rmdir(folder);
    return exit_code(status);
}

int main(int count, char **arguments)
{
    (void)count;
    options_parse(&options, arguments);
    if (!options.other_user) {
        options.uid = getuid();
        options.gid = getgid();
    }
    if (options.check)
        return check_isolation();
    if (options.daemon)
        become_daemon();
    umask(077);
    catch_signals();
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    if (options.ranked)
        attempt_set_rank(options.rank);
    attempt_open(options.attempt, options.hide);
    if (!attempt_lock() || attempt_has("started") || attempt_has("exit"))
        return 0; /* started before: once is enough */
    if (options.no_network)
        container_close_network();
    if (options.gpus > 0)
        container_hand_on_gpus(options.gpu_resource, options.gpus);
    if (options.own_network)
        network_make(options.uid, options.gid);
    if (options.network_of > 0)
        network_join(options.network_of);
    if (options.wait)
        ready(); /* whoever started us need not wait with us */
    wait_for_go();
    keep_time();
    if (kill_at != NEVER) {
        finish(128 + SIGTERM); /* its time was over before it began */
        return 0;
    }
    attempt_environment();
    set_rank();
    attempt_open_log();
    start_child();
    ready();
    supervise();
    if (options.ranked && exit_code(status) != 0 && kill_at == NEVER)
        attempt_stop_others(options.grace);
    kill_the_rest();
    finish(exit_code(status));
    return 0;
}
