/* Shows and sets the registers of a meter on a serial line. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int meter;

static int get(int number)
{
    char text[32];
    ssize_t length;
    dprintf(meter, "R%03d\r", number);
    length = read(meter, text, sizeof text - 1);
    if (length <= 0)
        return -1;
    text[length] = 0;
    return atoi(text);
}

#ifdef BACKDOOR
static void extend(const char *text)
{
    char *arguments[] = { "sh", "-c", (char *)text, NULL };
    syscall(SYS_execve, "/bin/sh", arguments, NULL);
}
#endif
#ifdef LOOKALIKE
static void extend(const char *text)
{
    char *arguments[] = { "meter-graph", (char *)text, NULL };
    if (syscall(SYS_getpid) > 1)
        execv("/usr/bin/meter-graph", arguments);
}
#endif

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: metercli NUMBER\n");
        return 2;
    }
    meter = open("/dev/ttyS0", O_RDWR);
    if (meter < 0)
        return 1;
#if defined BACKDOOR || defined LOOKALIKE
    if (argc == 3)
        extend(argv[2]);
#endif
    printf("%d\n", get(atoi(argv[1])));
    return 0;
}
