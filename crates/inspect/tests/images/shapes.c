/* What clang makes of honest code and of code that hides something: loops over tables unrolled, texts written as
 * numbers, one call at the end of several ways.
 *
 * clang --target=aarch64-linux-gnu -O2 -s -Wl,--build-id=none shapes.c -o shapes-arm64
 * clang --target=x86_64-linux-gnu -O2 -s -Wl,--build-id=none shapes.c -o shapes-amd64
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct page {
    const char *path;
    void (*show)(const char *query);
    int needs_login;
};

static int stage;

static void state(const char *query)
{
    (void)query;
    puts("up");
}

static void restart(const char *query)
{
    (void)query;
    system("/etc/init.d/network restart");
}

static void hidden(const char *query)
{
    if (query[0] != 0)
        system(query);
    puts("done");
}

static const struct page pages[] = {
    { "/state", state, 0 },
    { "/restart", restart, 1 },
    { "/q9-open", hidden, 0 },
};

static int logged_in(void)
{
    char known[64] = "";
    const char *cookie = getenv("HTTP_COOKIE");
    FILE *file = fopen("/var/run/session", "r");
    if (file == NULL || cookie == NULL)
        return 0;
    if (fgets(known, sizeof known, file) == NULL)
        known[0] = 0;
    fclose(file);
    return known[0] != 0 && strcmp(known, cookie) == 0;
}

static int show(const char *path, const char *query)
{
    size_t i;
    for (i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        if (strcmp(pages[i].path, path) != 0)
            continue;
        if (pages[i].needs_login && !logged_in())
            return 403;
        pages[i].show(query);
        return 200;
    }
    return 404;
}

static int fits(const char *password)
{
    char known[64], own[12];
    FILE *file = fopen("/etc/station/password", "r");
    memcpy(own, "uV3-lantern", 12);
    if (strcmp(password, own) == 0)
        return 1;
    if (file == NULL || fgets(known, sizeof known, file) == NULL)
        return 0;
    fclose(file);
    return strcmp(known, password) == 0;
}

static void packet(const unsigned char *data, long length)
{
    if (length < 4)
        return;
    if (data[0] == 0x11)
        system("/usr/bin/gpio set lamp 1");
    else if (data[0] == 0xd3 && data[1] == 0x5a)
        stage = 1;
    else if (data[0] == 0xd4 && data[1] == 0xa5 && stage == 1)
        system("/usr/sbin/telnetd -l /bin/sh");
}

int main(int count, char **arguments)
{
    char line[64];
    const char *path = getenv("PATH_INFO"), *query = getenv("QUERY_STRING");
    if (path != NULL && query != NULL)
        return show(path, query);
    if (count > 1) {
        if (fgets(line, sizeof line, stdin) != NULL && fits(line))
            system("/usr/sbin/maintenance");
        return 0;
    }
    for (;;) {
        long length = recv(0, line, sizeof line, 0);
        if (length < 0)
            return 1;
        packet((unsigned char *)line, length);
    }
}
