/* A measuring station: what compilers make of ordinary C that is hard to find again in stripped code.
 * Dispatch tables, dense and sparse switches, callbacks, tail calls, functions that never return, cold paths,
 * constructors, signal handlers, variadic functions, indirect calls through structures. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

struct sample {
    uint32_t time;
    int16_t value;
    uint8_t channel, flags;
};

struct channel {
    const char *name;
    int (*read)(struct channel *);
    int (*scale)(int);
    void (*close)(struct channel *);
    int last;
};

static struct sample ring[64];
static unsigned ring_head;
static volatile sig_atomic_t stopping;
static jmp_buf restart;
static FILE *journal;

static NOINLINE void note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(journal ? journal : stderr, format, arguments);
    va_end(arguments);
}

static NOINLINE __attribute__((noreturn)) void die(const char *what, int status)
{
    note("station: %s: %s\n", what, strerror(errno));
    if (journal)
        fclose(journal);
    exit(status);
}

static NOINLINE __attribute__((noreturn)) void again(int why)
{
    note("restart %d\n", why);
    longjmp(restart, why);
}

static void on_signal(int number) { stopping = number; }
static void on_exit_note(void) { note("bye\n"); }

__attribute__((constructor)) static void first(void) { journal = getenv("STATION_LOG") ? fopen("station.log", "a") : 0; }
__attribute__((destructor)) static void last(void) { if (journal) fflush(journal); }

static int scale_linear(int v) { return v * 5 / 9; }
static int scale_square(int v) { return v * v >> 4; }
static int scale_table(int v)
{
    static const short table[] = {0, 3, 9, 27, 81, 243, 729, 2187};
    return table[(unsigned)v % 8] + v % 13;
}

static int read_counter(struct channel *c) { return c->last = c->last * 1103515245 + 12345; }
static int read_clock(struct channel *c) { return c->last = (int)time(0); }
static int read_input(struct channel *c)
{
    char line[32];
    if (!fgets(line, sizeof line, stdin))
        return c->last;
    return c->last = atoi(line);
}
static void close_nothing(struct channel *c) { c->last = 0; }
static void close_noted(struct channel *c)
{
    note("%s closed at %d\n", c->name, c->last);
    close_nothing(c);
}

static struct channel channels[] = {
    {"counter", read_counter, scale_linear, close_nothing, 1},
    {"clock", read_clock, scale_square, close_nothing, 0},
    {"input", read_input, scale_table, close_noted, 7},
};

static NOINLINE uint32_t crc(const void *data, size_t size)
{
    const uint8_t *p = data;
    uint32_t c = 0xffffffff;
    while (size--) {
        c ^= *p++;
        for (int i = 0; i < 8; i++)
            c = c >> 1 ^ (0xedb88320 & -(c & 1));
    }
    return ~c;
}

static NOINLINE const char *unit(int kind)
{
    switch (kind) {
    case 0: return "V";
    case 1: return "A";
    case 2: return "W";
    case 3: return "Hz";
    case 4: return "K";
    case 5: return "Pa";
    case 6: return "m";
    case 7: return "s";
    case 9: return "mol";
    default: return "?";
    }
}

/* A dense switch with work in each arm. */
static NOINLINE int command(const char *text, int argument)
{
    switch (text[0]) {
    case 'a': return argument + (int)strlen(text);
    case 'b': note("b %d\n", argument); return 1;
    case 'c': return (int)crc(text, strlen(text));
    case 'd': die("asked to", argument);
    case 'e': return argument ? 100 / argument : 0;
    case 'f': fputs(unit(argument), stdout); return 2;
    case 'g': return getpid() ^ argument;
    case 'h': return text[1] == 'x' ? command(text + 2, argument - 1) : 3;
    case 'i': again(argument);
    case 'j': return argument << 3 | argument >> 5;
    case 'k': ring_head = 0; return 0;
    case 'l': return (int)ring_head;
    case 'm': return memcmp(text, "mmm", 3);
    default: return -1;
    }
}

/* A sparse switch: comparisons instead of a table. */
static NOINLINE int weight(int code)
{
    switch (code) {
    case 3: return 10;
    case 77: return 20;
    case 1000: return 30;
    case 4096: return 40;
    case 65537: return 50;
    case -5: return 60;
    default: return code & 7;
    }
}

static int by_value(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;
    return x->value < y->value ? -1 : x->value > y->value;
}

static int by_time(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;
    return x->time < y->time ? -1 : x->time > y->time ? 1 : by_value(a, b);
}

/* A loop over states with a table. */
static NOINLINE int parse(const char *text)
{
    enum { START, SIGN, DIGITS, POINT, FRACTION, END, BAD } state = START;
    int value = 0, sign = 1;
    for (; state != END && state != BAD; text++) {
        switch (state) {
        case START: state = *text == '-' ? SIGN : *text >= '0' && *text <= '9' ? DIGITS : BAD; if (state == DIGITS) value = *text - '0'; break;
        case SIGN: sign = -1; state = *text ? DIGITS : BAD; value = *text - '0'; break;
        case DIGITS: if (*text == '.') state = POINT; else if (!*text) state = END; else value = value * 10 + *text - '0'; break;
        case POINT: state = *text ? FRACTION : BAD; break;
        case FRACTION: if (!*text) state = END; break;
        default: state = BAD; break;
        }
    }
    return state == END ? sign * value : -1;
}

static NOINLINE void record(struct channel *c, int kind)
{
    struct sample *s = &ring[ring_head++ % 64];
    s->time = (uint32_t)time(0);
    s->value = (int16_t)c->scale(c->read(c));
    s->channel = (uint8_t)kind;
    s->flags = (uint8_t)weight(s->value);
}

static NOINLINE double average(void)
{
    double sum = 0;
    for (int i = 0; i < 64; i++)
        sum += ring[i].value / 10.0;
    return sum / 64;
}

static NOINLINE unsigned long long product(unsigned long long a, unsigned long long b) { return a * b % 1000000007ull; }

static NOINLINE void show(void)
{
    qsort(ring, 64, sizeof *ring, getenv("BY_TIME") ? by_time : by_value);
    for (int i = 0; i < 64; i += 9)
        printf("%u %d%s %02x\n", ring[i].time, ring[i].value, unit(ring[i].channel), ring[i].flags);
    printf("%.2f %08x %llu\n", average(), crc(ring, sizeof ring), product(ring_head, 77));
}

int main(int count, char **arguments)
{
    signal(SIGTERM, on_signal);
    signal(SIGINT, on_signal);
    atexit(on_exit_note);
    int why = setjmp(restart);
    if (why > 3)
        die("too many restarts", 2);
    for (int i = 1; i < count && !stopping; i++) {
        int kind = parse(arguments[i]);
        if (kind >= 0 && kind < 3)
            record(&channels[kind], kind);
        else
            printf("%d\n", command(arguments[i], why));
    }
    show();
    for (unsigned i = 0; i < sizeof channels / sizeof *channels; i++)
        channels[i].close(&channels[i]);
    return 0;
}
