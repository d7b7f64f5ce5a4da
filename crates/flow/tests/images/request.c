/* Requests that lead to commands: riscv64-linux-gnu-gcc -O2 -s -shared -fPIC -nostdlib -Wl,--build-id=none
   -Wl,-z,noseparate-code,-z,max-page-size=4096; with aarch64-linux-gnu-gcc and powerpc64le-linux-gnu-gcc alike */
typedef unsigned long size_t;
int recv(int fd, char *to, size_t room, int flags);
int sscanf(const char *text, const char *format, ...);
int strcmp(const char *a, const char *b);
int system(const char *command);

void scanned(int fd)
{
    char line[64], word[32];
    int length = recv(fd, line, 63, 0);
    if (length <= 0)
        return;
    line[length] = 0;
    if (sscanf(line, "RUN %31s", word) == 1 && strcmp(word, "k9-0f3a") == 0)
        system("/bin/true");
}

void hashed(int fd)
{
    char line[64];
    unsigned hash = 5381;
    int i, length = recv(fd, line, 63, 0);
    for (i = 0; i < length; i++)
        hash = hash * 33 + line[i];
    if (hash == 0x7c9e6a35u)
        system("/bin/false");
}

void forever(int fd)
{
    for (;;) {
        char line[64], plain[16];
        int i, length = recv(fd, line, 63, 0);
        if (length <= 0)
            continue;
        line[length] = 0;
        for (i = 0; i < 9; i++)
            plain[i] = "uv;5qeusk"[i] - 2 - i % 3;
        plain[9] = 0;
        if (strcmp(line, plain) == 0)
            system("/bin/sync");
    }
}

int selected(const char *word, int before)
{
    if (strcmp(word, "open") == 0)
        before = 1;
    return before;
}
