/* Configuration of the router: lines `key=value` in one file. */
#ifndef CONFIG_H
#define CONFIG_H

#include <stddef.h>

#define CONFIG_FILE "/etc/config/router"

/* Copies the value of `key` into `value`; 0 if there is none, and `value` is then empty. */
int config_read(const char *key, char *value, size_t size);

/* Sets `key`; 0 if the file cannot be written. */
int config_write(const char *key, const char *value);

#endif
