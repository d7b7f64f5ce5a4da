/* The interpreter of a small language: what a word leads to, it leads to by way of the interpreter itself, which also has
 * a documented way to run a command. With -DHIDDEN there is one word more, which leads to a command by no other way.
 *
 * gcc -O2 -fPIC -shared -nostdlib -fno-builtin -fno-stack-protector -s -fno-optimize-sibling-calls -fno-inline \
 *     -Wl,--build-id=none,-z,noseparate-code,-z,max-page-size=4096 [-DHIDDEN] language.c -o language-{plain,hidden}-amd64.so
 */
typedef unsigned long size;
extern int recv(int fd, void *to, size most, int flags);
extern int memcmp(const void *, const void *, size);
extern int system(const char *);
extern int puts(const char *);

int run(const char *line);

static int twice(const char *line)
{
    return run(line) + run(line);
}

static int quietly(const char *line)
{
    puts("quiet");
    return system(line) + 1;
}

int run(const char *line)
{
    if (line[0] == '!')
        return system(line + 1) + 1;
    if (*(const unsigned *)line == 0x4300123a)
        return run(line + 4) + 1;
    if (memcmp(line, "\x12\x13\x0f\x50", 4) == 0)
        return twice(line + 4) + 1;
#ifdef HIDDEN
    if (memcmp(line, "\x7f\x15\xe2\x9b\x33", 5) == 0)
        return quietly(line + 5) + 1;
#endif
    return puts(line);
}

void serve(int fd)
{
    char line[256];
    while (recv(fd, line, sizeof line - 1, 0) > 0)
        run(line);
}

void *keep[] = { (void *)quietly };
