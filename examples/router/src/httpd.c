/*
 * Web administration on TCP port 80: status for everybody, settings and a reachability test for the administrator,
 * whose password comes from the configuration. Nothing in it should be found.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"

#define PORT 80

struct request {
    char path[128];
    char query[256];
    char password[64];
};

static void answer(int client, const char *status, const char *body)
{
    char head[160];

    snprintf(head, sizeof head, "HTTP/1.0 %s\r\nContent-Type: text/plain\r\nContent-Length: %u\r\n\r\n", status,
             (unsigned)strlen(body));
    send(client, head, strlen(head), 0);
    send(client, body, strlen(body), 0);
}

static void header_value(const char *text, const char *name, char *value, size_t size)
{
    const char *found = strstr(text, name);

    value[0] = '\0';
    if (found) {
        size_t length;

        found += strlen(name);
        length = strcspn(found, "\r\n");
        if (length >= size)
            length = size - 1;
        memcpy(value, found, length);
        value[length] = '\0';
    }
}

static int parse(char *text, struct request *request)
{
    char *path = strchr(text, ' ');
    char *end = path ? strchr(path + 1, ' ') : NULL;
    char *query;

    if (!end)
        return 0;
    header_value(text, "\r\nX-Password: ", request->password, sizeof request->password);
    *end = '\0';
    query = strchr(path + 1, '?');
    if (query)
        *query++ = '\0';
    snprintf(request->path, sizeof request->path, "%s", path + 1);
    snprintf(request->query, sizeof request->query, "%s", query ? query : "");
    return 1;
}

static int allowed(const struct request *request)
{
    char expected[64];

    if (!config_read("admin_password", expected, sizeof expected) || expected[0] == '\0')
        return 0;
    return strcmp(request->password, expected) == 0;
}

static int is_address(const char *text)
{
    size_t length = strlen(text);
    size_t i;

    for (i = 0; i < length; i++) {
        if (!isdigit((unsigned char)text[i]) && text[i] != '.')
            return 0;
    }
    return length > 0 && length < 16;
}

static void ping(int client, const char *host)
{
    int status;
    pid_t child;

    if (!is_address(host)) {
        answer(client, "400 Bad Request", "not an address\n");
        return;
    }
    child = fork();
    if (child == 0) {
        execl("/bin/ping", "ping", "-c", "1", host, (char *)NULL);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0)
        answer(client, "500 Internal Server Error", "cannot test\n");
    else
        answer(client, "200 OK", status == 0 ? "reachable\n" : "not reachable\n");
}

static void serve(int client)
{
    char text[1024];
    struct request request;
    ssize_t length = recv(client, text, sizeof text - 1, 0);

    if (length <= 0)
        return;
    text[length] = '\0';
    if (!parse(text, &request)) {
        answer(client, "400 Bad Request", "not a request\n");
    } else if (strcmp(request.path, "/") == 0 || strcmp(request.path, "/status") == 0) {
        answer(client, "200 OK", "edge router, firmware 3.2.1\n");
    } else if (!allowed(&request)) {
        answer(client, "401 Unauthorized", "password needed\n");
    } else if (strcmp(request.path, "/ping") == 0) {
        ping(client, request.query);
    } else if (strcmp(request.path, "/reboot") == 0) {
        answer(client, "200 OK", "restarting\n");
        system("/sbin/reboot");
    } else {
        answer(client, "404 Not Found", "no such page\n");
    }
}

int main(void)
{
    struct sockaddr_in address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    address.sin_port = htons(PORT);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 16) != 0)
        return 1;
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int client = accept(listener, NULL, NULL);

        if (client >= 0) {
            serve(client);
            close(client);
        }
    }
}
