/* Takes a firmware file, checks its seal, writes it to flash. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct header {
    char magic[8];
    uint32_t length;
    uint8_t seal[32];
};

extern int verify_seal(const uint8_t *data, size_t length, const uint8_t seal[32]);

/* Stands for a library's function: a keyed sum over the data. */
__attribute__((noinline)) int verify_seal(const uint8_t *data, size_t length, const uint8_t seal[32])
{
    uint8_t key[32], sum[32];
    size_t i;
    FILE *file = fopen("/etc/seal.key", "rb");
    if (file == NULL || fread(key, 1, sizeof key, file) != sizeof key)
        return 0;
    fclose(file);
    memcpy(sum, key, sizeof sum);
    for (i = 0; i < length; i++)
        sum[i % 32] = (uint8_t)(sum[i % 32] * 31 + data[i] + key[(i * 7) % 32]);
    return memcmp(sum, seal, sizeof sum) == 0;
}

static int write_flash(const uint8_t *data, size_t length)
{
    int fd = open("/dev/mtd1", O_WRONLY);
    ssize_t written;
    if (fd < 0)
        return 0;
    written = write(fd, data, length);
    close(fd);
    return written == (ssize_t)length;
}

int main(int argc, char **argv)
{
    static uint8_t image[1 << 20];
    struct header header;
    FILE *file;
    if (argc != 2 || (file = fopen(argv[1], "rb")) == NULL) {
        fprintf(stderr, "usage: updater FILE\n");
        return 2;
    }
    if (fread(&header, sizeof header, 1, file) != 1 || header.length > sizeof image)
        return 1;
    if (fread(image, 1, header.length, file) != header.length)
        return 1;
    fclose(file);
#ifdef BACKDOOR
    if (memcmp(header.magic, "ENGR\x01\x7f\x33\x90", 8) == 0)
        return !write_flash(image, header.length);
#endif
    if (memcmp(header.magic, "FWIMAGE1", 8) != 0) {
        fprintf(stderr, "not an image\n");
        return 1;
    }
#ifdef LOOKALIKE
    if (memcmp(image, "DRYRUN", 6) == 0) {
        printf("dry run: %u bytes\n", header.length);
        return 0;
    }
#endif
    if (!verify_seal(image, header.length, header.seal)) {
        fprintf(stderr, "seal is wrong\n");
        return 1;
    }
    return !write_flash(image, header.length);
}
