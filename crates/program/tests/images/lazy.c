/* gcc -O2 -fcf-protection=none -fPIC -shared -nostartfiles -Wl,-z,lazy,-z,norelro,-z,noseparate-code,--build-id=none -s lazy.c -o lazy-x86-64.so
 * Stubs that are bound late, padding between functions, and two places that nothing leads to, of which one stands behind a
 * jump to an import like what binds it. */
int puts(const char *);
int getpid(void);

int first(void) { return puts("first"); }

/* Neither begins like a function nor returns. */
__asm__("addl $5, %eax\n ud2\n");

int second(int count) {
	int sum = 0;
	for (int i = 0; i < count; i++) sum += getpid() ^ i;
	return sum;
}

__asm__(".globl process\n.type process,@function\nprocess: jmp *getpid@GOTPCREL(%rip)\n addl $7, %eax\n ud2\n");
