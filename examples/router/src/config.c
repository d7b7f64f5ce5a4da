#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int config_read(const char *key, char *value, size_t size)
{
    char line[256];
    size_t length = strlen(key);
    int found = 0;
    FILE *file = fopen(CONFIG_FILE, "r");

    value[0] = '\0';
    if (!file)
        return 0;
    while (!found && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\r\n")] = '\0';
        if (strncmp(line, key, length) == 0 && line[length] == '=') {
            snprintf(value, size, "%s", line + length + 1);
            found = 1;
        }
    }
    fclose(file);
    return found;
}

int config_write(const char *key, const char *value)
{
    char line[256];
    size_t length = strlen(key);
    FILE *in = fopen(CONFIG_FILE, "r");
    FILE *out = fopen(CONFIG_FILE ".new", "w");

    if (!out) {
        if (in)
            fclose(in);
        return 0;
    }
    while (in && fgets(line, sizeof line, in)) {
        if (strncmp(line, key, length) != 0 || line[length] != '=')
            fputs(line, out);
    }
    fprintf(out, "%s=%s\n", key, value);
    if (in)
        fclose(in);
    if (fclose(out) != 0)
        return 0;
    return rename(CONFIG_FILE ".new", CONFIG_FILE) == 0;
}
