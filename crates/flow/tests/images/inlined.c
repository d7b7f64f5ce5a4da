/* A comparison partly in place: powerpc64le-linux-gnu-gcc -O2 -s -shared -fPIC -nostdlib -Wl,--build-id=none
   -Wl,-z,noseparate-code,-z,max-page-size=4096 */
int strcmp(const char *a, const char *b);
int system(const char *command);

int entry(const char *word)
{
    if (strcmp(word, "k9-0f3a") == 0)
        system("/bin/true");
    return 0;
}
