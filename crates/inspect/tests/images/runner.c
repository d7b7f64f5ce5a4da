/* One function runs whatever it gets: the sender's text once he has given the stored password, always the same for a word.
 * x86_64-linux-gnu-gcc -O2 -s -Wl,--build-id=none,-z,noseparate-code,-z,max-page-size=4096 runner.c -o runner-amd64
 * aarch64-linux-gnu-gcc with the same options makes runner-arm64.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

__attribute__((noinline)) static int run(const char *line)
{
    return system(line);
}

__attribute__((noinline)) static int is_operator(const char *word)
{
    char kept[64];
    FILE *file = fopen("/etc/runner.password", "r");
    if (!file)
        return 0;
    if (!fgets(kept, sizeof kept, file))
        kept[0] = 0;
    fclose(file);
    kept[strcspn(kept, "\n")] = 0;
    return kept[0] && !strcmp(kept, word);
}

int main(void)
{
    char line[256];
    int operator= 0;
    ssize_t count;
    while ((count = recv(3, line, sizeof line - 1, 0)) > 0) {
        line[count] = 0;
        if (!strcmp(line, "uptime-please"))
            run("uptime");
        else if (!strncmp(line, "login ", 6))
            operator= is_operator(line + 6);
        else if (operator)
            run(line);
    }
    return 0;
}
