/* A function that only this file calls: i686-linux-gnu-gcc -O2 -s -shared -fPIC -nostdlib -Wl,--build-id=none
   -Wl,-z,noseparate-code,-z,max-page-size=4096 */
int puts(const char *text);
int strcmp(const char *a, const char *b);
int system(const char *command);

static __attribute__((noinline)) int run(const char *command, const char *shown)
{
    puts(shown);
    return system(command);
}

int entry(const char *word)
{
    if (strcmp(word, "first") == 0)
        return run("/bin/true", "one");
    return run("/bin/false", word) + 1;
}
