/* `cfgtool get KEY`, `cfgtool set KEY VALUE`: the configuration from the console. Nothing in it should be found. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

int main(int argc, char **argv)
{
    char value[128];

    if (argc == 3 && strcmp(argv[1], "get") == 0) {
        if (!config_read(argv[2], value, sizeof value)) {
            fprintf(stderr, "no such setting\n");
            return 1;
        }
        puts(value);
        return 0;
    }
    if (argc == 4 && strcmp(argv[1], "set") == 0) {
        if (getuid() != 0) {
            fprintf(stderr, "only root may do that\n");
            return 1;
        }
        return config_write(argv[2], argv[3]) ? 0 : 1;
    }
    fprintf(stderr, "usage: cfgtool get KEY | cfgtool set KEY VALUE\n");
    return 2;
}
