/* The command line: era-runner --attempt DIR [options] -- command... */
#include "runner.h"

#include <stdlib.h>
#include <string.h>

static const char *next(char ***cursor)
{
    const char *option = **cursor;
    (*cursor)++;
    if (**cursor == NULL)
        fail("%s needs a value", option);
    return **cursor;
}

static double number(char ***cursor)
{
    const char *option = **cursor, *text = next(cursor);
    char *end;
    double value = strtod(text, &end);
    if (*text == '\0' || *end != '\0')
        fail("%s: %s is not a number", option, text);
    return value;
}

static void add_mount(struct options *options, char ***cursor, enum mount_kind kind)
{
    if (options->mount_count == MAX_MOUNTS)
        fail("more than %d mounts", MAX_MOUNTS);
    struct mount *mount = &options->mounts[options->mount_count++];
    mount->kind = kind;
    mount->source = next(cursor);
    mount->target = kind == DEVICE ? mount->source : next(cursor);
}

static bool parse_flag(struct options *options, const char *name)
{
    if (strcmp(name, "--daemon") == 0)
        options->daemon = true;
    else if (strcmp(name, "--wait") == 0)
        options->wait = true;
    else if (strcmp(name, "--isolate") == 0)
        options->isolate = true;
    else if (strcmp(name, "--network") == 0)
        options->network = true;
    else if (strcmp(name, "--no-network") == 0)
        options->no_network = true;
    else if (strcmp(name, "--own-network") == 0)
        options->own_network = true;
    else if (strcmp(name, "--check") == 0)
        options->check = true;
    else
        return false;
    return true;
}

static void parse_value(struct options *options, const char *name, char ***cursor)
{
    if (strcmp(name, "--attempt") == 0)
        options->attempt = next(cursor);
    else if (strcmp(name, "--directory") == 0)
        options->directory = next(cursor);
    else if (strcmp(name, "--hide") == 0)
        options->hide = next(cursor);
    else if (strcmp(name, "--stop-at") == 0)
        options->stop_at = number(cursor);
    else if (strcmp(name, "--end-at") == 0)
        options->end_at = number(cursor);
    else if (strcmp(name, "--grace") == 0)
        options->grace = number(cursor);
    else if (strcmp(name, "--data-limit") == 0)
        options->data_limit = (long long)number(cursor);
    else if (strcmp(name, "--process-limit") == 0)
        options->process_limit = (long long)number(cursor);
    else if (strcmp(name, "--tmp-size") == 0)
        options->tmp_size = (long long)number(cursor);
    else if (strcmp(name, "--network-of") == 0)
        options->network_of = (int)number(cursor);
    else if (strcmp(name, "--nice") == 0)
        options->nice = (int)number(cursor);
    else if (strcmp(name, "--read-only") == 0)
        add_mount(options, cursor, READ_ONLY);
    else if (strcmp(name, "--writable") == 0)
        add_mount(options, cursor, WRITABLE);
    else if (strcmp(name, "--device") == 0)
        add_mount(options, cursor, DEVICE);
    else
        fail("there is no option %s", name);
}

static void parse_user(struct options *options, char ***cursor)
{
    options->other_user = true;
    options->uid = (uid_t)number(cursor);
    options->gid = (gid_t)number(cursor);
}

static void parse_rank(struct options *options, char ***cursor)
{
    options->ranked = true;
    options->rank = (int)number(cursor);
}

static void parse_gpus(struct options *options, char ***cursor)
{
    options->gpu_resource = next(cursor);
    options->gpus = (long)number(cursor);
}

void options_parse(struct options *options, char **argv)
{
    *options = (struct options){.directory = "/", .stop_at = NEVER, .end_at = NEVER, .grace = 5};
    char **cursor = argv + 1;
    for (; *cursor != NULL && strcmp(*cursor, "--") != 0; cursor++) {
        const char *name = *cursor;
        if (strcmp(name, "--user") == 0)
            parse_user(options, &cursor);
        else if (strcmp(name, "--rank") == 0)
            parse_rank(options, &cursor);
        else if (strcmp(name, "--gpus") == 0)
            parse_gpus(options, &cursor);
        else if (!parse_flag(options, name))
            parse_value(options, name, &cursor);
    }
    options->command = *cursor == NULL ? cursor : cursor + 1;
    if (!options->check && (options->attempt == NULL || *options->command == NULL))
        fail("usage: era-runner --attempt DIR [options] -- command...");
}
