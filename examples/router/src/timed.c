/* Sets the clock from a time server (SNTP, RFC 4330) once an hour. Nothing in it should be found. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "config.h"

#define PORT 123
#define EPOCH_DIFFERENCE 2208988800UL

static int ask(const char *server, uint32_t *seconds)
{
    unsigned char packet[48] = {0x23};
    struct sockaddr_in address;
    struct timeval timeout = {5, 0};
    ssize_t length = -1;
    int socket_ = socket(AF_INET, SOCK_DGRAM, 0);

    if (socket_ < 0)
        return 0;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons(PORT);
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    if (inet_aton(server, &address.sin_addr) &&
        sendto(socket_, packet, sizeof packet, 0, (struct sockaddr *)&address, sizeof address) > 0)
        length = recv(socket_, packet, sizeof packet, 0);
    close(socket_);
    if (length < (ssize_t)sizeof packet || (packet[0] & 7) != 4 || packet[1] == 0)
        return 0;
    *seconds = (uint32_t)packet[40] << 24 | packet[41] << 16 | packet[42] << 8 | packet[43];
    return 1;
}

int main(void)
{
    for (;;) {
        char server[64];
        uint32_t seconds;

        if (config_read("time_server", server, sizeof server) && ask(server, &seconds)) {
            struct timeval now = {(time_t)(seconds - EPOCH_DIFFERENCE), 0};

            if (settimeofday(&now, NULL) != 0)
                perror("settimeofday");
        }
        sleep(3600);
    }
}
