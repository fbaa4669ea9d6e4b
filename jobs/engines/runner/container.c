/* In a container of Docker Swarm: what a service can't be told, so that the runner does it before the job begins. */
#include "runner.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Swarm knows no service without a network. We may take interfaces down, and the job can't put them up again. */
void container_close_network(void)
{
    as_root();
    int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct if_nameindex *all = if_nameindex();
    if (any < 0 || all == NULL)
        fail("can't list the network's interfaces: %s", strerror(errno));
    for (struct if_nameindex *each = all; each->if_index != 0; each++) {
        struct ifreq request = {0};
        if (strcmp(each->if_name, "lo") == 0)
            continue;
        memcpy(request.ifr_name, each->if_name, strnlen(each->if_name, IFNAMSIZ - 1));
        if (ioctl(any, SIOCGIFFLAGS, &request) < 0)
            fail("can't look at the network interface %s: %s", each->if_name, strerror(errno));
        request.ifr_flags &= ~IFF_UP;
        if (ioctl(any, SIOCSIFFLAGS, &request) < 0)
            fail("can't close the network interface %s: %s", each->if_name, strerror(errno));
    }
    if_freenameindex(all);
    close(any);
    as_owner();
}

static long elements(const char *list)
{
    long count = *list != '\0';
    for (; *list != '\0'; list++)
        count += *list == ',';
    return count;
}

/* /dev/nvidia0 and so on; not /dev/nvidiactl. */
static long gpus_in_sight(void)
{
    long count = 0;
    DIR *devices = opendir("/dev");
    for (struct dirent *entry; devices != NULL && (entry = readdir(devices)) != NULL;)
        count += strncmp(entry->d_name, "nvidia", 6) == 0 && isdigit((unsigned char)entry->d_name[6]);
    if (devices != NULL)
        closedir(devices);
    return count;
}

/* Swarm says which GPUs are ours in a variable of the container; whether that holds is the node's set-up. */
void container_hand_on_gpus(const char *resource, long sold)
{
    char name[256];
    snprintf(name, sizeof name, "DOCKER_RESOURCE_%s", resource);
    const char *assigned = getenv(name);
    if (assigned == NULL || elements(assigned) != sold)
        fail("%ld GPUs were sold, and Swarm assigned %s", sold, assigned == NULL ? "none" : assigned);
    if (gpus_in_sight() > sold)
        fail("%ld GPUs can be seen, and %s were assigned: set swarm-resource on this node", gpus_in_sight(), assigned);
    setenv("NVIDIA_VISIBLE_DEVICES", assigned, 1);
}
