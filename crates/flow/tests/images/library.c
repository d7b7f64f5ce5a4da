/* A program with its own C library, as static linking leaves it: for riscv64, mipsel, arm64 (the Debian cross compilers)
   -O2 -s -static -nostdlib -ffreestanding -fno-builtin -fno-tree-loop-distribute-patterns -fno-inline
   -Wl,--build-id=none,-z,noseparate-code,-z,max-page-size=4096 */
typedef unsigned long size;

int own_strcmp(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}
int own_strncmp(const char *a, const char *b, size n)
{
    for (; n && *a && *a == *b; n--)
        a++, b++;
    return n ? (unsigned char)*a - (unsigned char)*b : 0;
}
/* A near miss: `q` ends a text as well. */
int near_strcmp(const char *a, const char *b)
{
    while (*a && *a != 'q' && *a == *b)
        a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}
size own_strlen(const char *a)
{
    const char *b = a;
    while (*b)
        b++;
    return b - a;
}
/* A near miss: words, not texts. */
size near_strlen(const char *a)
{
    const char *b = a;
    while (*b && *b != ' ')
        b++;
    return b - a;
}
char *own_strchr(const char *a, int c)
{
    for (;; a++) {
        if (*a == (char)c)
            return (char *)a;
        if (!*a)
            return 0;
    }
}
void *own_memcpy(void *to, const void *from, size n)
{
    char *a = to;
    const char *b = from;
    while (n--)
        *a++ = *b++;
    return to;
}
char *own_strcpy(char *to, const char *from)
{
    char *a = to;
    while ((*a++ = *from++))
        ;
    return to;
}
int own_atoi(const char *a)
{
    int n = 0, minus = 0;
    while (*a == ' ')
        a++;
    if (*a == '-')
        minus = 1, a++;
    while (*a >= '0' && *a <= '9')
        n = n * 10 + *a++ - '0';
    return minus ? -n : n;
}

char line[64], word[64];
volatile int sink;

void _start(void)
{
    sink = own_strcmp(line, word);
    sink += own_strncmp(line, word, sink);
    sink += near_strcmp(line, word);
    sink += own_strlen(line);
    sink += near_strlen(line);
    sink += own_strchr(line, sink) != 0;
    own_memcpy(line, word, sink);
    own_strcpy(word, line);
    sink += own_atoi(line);
    for (;;)
        ;
}
