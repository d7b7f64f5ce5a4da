/* arm-linux-gnueabihf-gcc-12 -O2 -march=armv5te -mfloat-abi=soft -marm -shared -nostdlib -fpic -fno-unwind-tables
   -fno-asynchronous-unwind-tables -Wl,-z,max-page-size=4096 -Wl,--hash-style=sysv -Wl,--build-id=none -o literals-arm.so
   Constants and a table stand between the instructions, and one function is in the other instruction set. */
extern int act(int, unsigned);

__attribute__((target("thumb"), noinline)) static int narrow(unsigned x)
{
    return act(9, x ^ 0xdeadbeef) + 1;
}

int pick(int which, unsigned x)
{
    switch (which) {
    case 0: return act(1, x * 0x9e3779b9u);
    case 1: return act(2, x ^ 0x12345678u) + 1;
    case 2: return narrow(x) + 2;
    case 3: return act(4, x + 0x7fedcba9u) + 3;
    case 4: return act(5, x) * 4;
    case 5: return act(6, x | 0x13579bdfu) - 5;
    case 6: return act(which, x) ^ 6;
    }
    return 0;
}
