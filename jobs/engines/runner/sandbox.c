/* An isolated job's world: namespaces of its own, and a fresh root with only what it was given. */
#include "runner.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* As in <linux/mount.h>, which older C libraries can't have beside <sys/mount.h>. */
struct attributes {
    uint64_t set, clear, propagation, user_namespace;
};
enum { RDONLY = 1, NOSUID = 2, NODEV = 4, RECURSIVE = 0x8000 };

static char root[4096];
static bool own_user_namespace;

/* Like fork(), but the child is the first process of a new PID namespace: when it ends, so does all in it.
   Who isn't root may do this only in a user namespace of its own, in which it still is itself. */
pid_t sandbox_clone(bool network)
{
    unsigned long flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | SIGCHLD;
    if (!network)
        flags |= CLONE_NEWNET;
    own_user_namespace = geteuid() != 0;
    if (own_user_namespace)
        flags |= CLONE_NEWUSER;
    return (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
}

static void write_to(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0 || write(file, text, strlen(text)) < 0)
        fail("%s: %s", path, strerror(errno));
    close(file);
}

/* Called with the ids of before the clone: in the new user namespace nobody has one yet. */
static void keep_identity(uid_t uid, gid_t gid)
{
    char line[64];
    write_to("/proc/self/setgroups", "deny");
    snprintf(line, sizeof line, "%u %u 1", gid, gid);
    write_to("/proc/self/gid_map", line);
    snprintf(line, sizeof line, "%u %u 1", uid, uid);
    write_to("/proc/self/uid_map", line);
}

static void loopback_up(void)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (any < 0 || ioctl(any, SIOCSIFFLAGS, &request) < 0)
        fail("can't set the loopback interface up: %s", strerror(errno));
    close(any);
}

/* A loopback for several instances of one attempt: the first makes it, before any of them begins. */
void network_make(uid_t uid, gid_t gid)
{
    bool root = geteuid() == 0;
    if (unshare(root ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) < 0)
        fail("can't make a network: %s", strerror(errno));
    if (!root)
        keep_identity(uid, gid);
    loopback_up();
}

static void enter(int pid, const char *kind, int type)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/%s", pid, kind);
    int space = open(path, O_RDONLY | O_CLOEXEC);
    if (space < 0 || setns(space, type) < 0)
        fail("can't join the network of process %d: %s", pid, strerror(errno));
    close(space);
}

/* That of the first instance. Who isn't root may join it by way of its user namespace. */
void network_join(int pid)
{
    if (geteuid() != 0)
        enter(pid, "user", CLONE_NEWUSER);
    enter(pid, "net", CLONE_NEWNET);
}

static const char *inside(const char *path)
{
    static char full[sizeof root + 4096];
    snprintf(full, sizeof full, "%s%s", root, path);
    return full;
}

static void make_folders(const char *target)
{
    char path[4096];
    snprintf(path, sizeof path, "%s", target);
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(inside(path), 0755) < 0 && errno != EEXIST)
            fail("can't make %s in the job's root: %s", path, strerror(errno));
        *slash = '/';
    }
}

static void make_target(const char *target, bool is_folder)
{
    make_folders(target);
    if (is_folder ? mkdir(inside(target), 0755) : mknod(inside(target), S_IFREG | 0644, 0))
        if (errno != EEXIST)
            fail("can't make %s in the job's root: %s", target, strerror(errno));
}

static void bind_mount(const struct mount *mount_)
{
    struct stat found;
    char link[4096] = "";
    if (lstat(mount_->source, &found) < 0)
        fail("%s: %s", mount_->source, strerror(errno));
    if (S_ISLNK(found.st_mode) && mount_->kind == READ_ONLY) { /* as /bin -> usr/bin */
        if (readlink(mount_->source, link, sizeof link - 1) < 0 || symlink(link, inside(mount_->target)) < 0)
            fail("can't link %s: %s", mount_->target, strerror(errno));
        return;
    }
    make_target(mount_->target, S_ISDIR(found.st_mode));
    if (mount(mount_->source, inside(mount_->target), NULL, MS_BIND | MS_REC, NULL) < 0)
        fail("can't mount %s: %s", mount_->source, strerror(errno));
    struct attributes attributes = {.set = NOSUID};
    if (mount_->kind != DEVICE)
        attributes.set |= NODEV;
    if (mount_->kind == READ_ONLY)
        attributes.set |= RDONLY;
    if (syscall(SYS_mount_setattr, -1, inside(mount_->target), RECURSIVE, &attributes, sizeof attributes) < 0)
        fail("can't restrict the mount of %s: %s", mount_->source, strerror(errno));
}

static void mount_new(const char *kind, const char *target, unsigned long flags, const char *data)
{
    make_target(target, true);
    if (mount(kind, inside(target), kind, flags | MS_NOSUID, data) < 0)
        fail("can't mount %s on %s: %s", kind, target, strerror(errno));
}

static void mount_devices(void)
{
    static const char *const names[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"};
    static const char *const links[][2] = {{"/proc/self/fd", "/dev/fd"}, {"/proc/self/fd/0", "/dev/stdin"},
                                           {"/proc/self/fd/1", "/dev/stdout"}, {"/proc/self/fd/2", "/dev/stderr"},
                                           {"pts/ptmx", "/dev/ptmx"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        bind_mount(&(struct mount){DEVICE, names[i], names[i]});
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        if (symlink(links[i][0], inside(links[i][1])) < 0)
            fail("can't link %s: %s", links[i][1], strerror(errno));
    mount_new("devpts", "/dev/pts", MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620");
}

static void mount_memory(const char *target, long long size)
{
    char data[64];
    snprintf(data, sizeof data, "mode=1777,size=%lld", size > 0 ? size : 64LL << 20);
    mount_new("tmpfs", target, MS_NODEV, data);
}

static void change_root(void)
{
    struct attributes read_only = {.set = RDONLY};
    if (chdir(root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        fail("can't change the root: %s", strerror(errno));
    if (syscall(SYS_mount_setattr, -1, "/", 0, &read_only, sizeof read_only) < 0)
        fail("can't make the root read-only: %s", strerror(errno));
}

/* Called in the cloned child. `<attempt>/root` is only a place to mount the new root on. */
void sandbox_enter(const struct options *options)
{
    umask(022);
    if (own_user_namespace)
        keep_identity(options->uid, options->gid);
    if (!options->network && !options->own_network && options->network_of == 0)
        loopback_up();
    snprintf(root, sizeof root, "%s/%s", options->attempt, own_name("root"));
    if (mkdir(root, 0700) < 0 && errno != EEXIST)
        fail("%s: %s", root, strerror(errno));
    if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0
        || mount("tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=1m") < 0)
        fail("can't mount a new root: %s", strerror(errno));
    mount_devices();
    mount_memory("/dev/shm", options->tmp_size);
    mount_memory("/tmp", options->tmp_size);
    mount_new("proc", "/proc", MS_NODEV | MS_NOEXEC, "hidepid=2"); /* our command line names folders */
    for (size_t i = 0; i < options->mount_count; i++)
        bind_mount(&options->mounts[i]);
    change_root();
}

/* What the first process of the namespace does: passes TERM on to the job's group, buries the dead. */
int sandbox_init(pid_t job)
{
    sigset_t awaited;
    int number, status;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGTERM);
    sigaddset(&awaited, SIGCHLD);
    capabilities_keep_only_kill();
    while (sigwait(&awaited, &number) == 0) {
        if (number == SIGTERM && kill(-job, SIGTERM) < 0)
            kill(job, SIGTERM); /* it has no session yet */
        for (pid_t ended; (ended = waitpid(-1, &status, WNOHANG)) > 0;)
            if (ended == job)
                return exit_code(status);
    }
    return EXIT_NOT_EXECUTABLE;
}
