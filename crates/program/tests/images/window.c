/* The smallest program with what a PE reader must see: imports, an export, a callback table, a switch, an exit.
 * Built by `x86_64-w64-mingw32-gcc -Os -s -nostdlib -ffreestanding -Wl,-e,start window.c -o window-x86-64.exe -lkernel32`,
 * and with `i686-w64-mingw32-gcc` and `-Wl,-e,_start` for 32 bits (GCC 12, binutils 2.40). */
__attribute__((dllimport)) void *__attribute__((stdcall)) GetStdHandle(unsigned);
__attribute__((dllimport)) int __attribute__((stdcall)) WriteFile(void *, const void *, unsigned, unsigned *, void *);
__attribute__((dllimport)) __attribute__((noreturn)) void __attribute__((stdcall)) ExitProcess(unsigned);

static __attribute__((noinline)) unsigned length(const char *text)
{
    unsigned n = 0;
    while (text[n])
        n++;
    return n;
}

__attribute__((dllexport, noinline)) int say(const char *text)
{
    unsigned done;
    return WriteFile(GetStdHandle(-11), text, length(text), &done, 0);
}

static int hello(int n) { return say("hello") + n; }
static int bye(int n) { return say("bye") - n; }
static int (*const table[])(int) = {hello, bye};

void start(void)
{
    int n = 0;
    for (int i = 0; i < 2; i++)
        n += table[i](n);
    ExitProcess(n);
}
