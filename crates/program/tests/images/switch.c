/* powerpc64le-linux-gnu-gcc-12 -O2 -shared -nostdlib -fpic -Wl,-z,max-page-size=4096 -Wl,-z,norelro
   -Wl,--hash-style=sysv -s -o switch-ppc64le.so switch.c
   A jump through a table that is found through r2 after a stub of an import saved r2 unseen. */
extern int next(void);
extern void act(int, const char *);

int pick(void)
{
    switch (next()) {
    case 0: act(1, "zero"); break;
    case 1: act(9, "one"); next(); break;
    case 2: act(next(), "two"); break;
    case 3: return 77;
    case 4: act(4, "four"); act(5, "five"); break;
    case 5: return next() * 3;
    case 6: act(-1, "six"); return 6;
    case 7: next(); next(); return 12;
    }
    return 0;
}
