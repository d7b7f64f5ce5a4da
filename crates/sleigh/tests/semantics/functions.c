/* Small functions that the emulator runs in every language; `tests/semantics.rs` computes the same in Rust.
 *
 * Compiled by `cargo xtask semantics-fixtures`: freestanding, no library, no division of 64-bit numbers (that would be
 * a library call on processors of 32 bits). Wide results go through memory, so that one caller serves all ABIs. */

typedef unsigned char u8;
typedef signed char s8;
typedef unsigned short u16;
typedef signed short s16;
typedef unsigned int u32;
typedef signed int s32;
typedef unsigned long long u64;
typedef signed long long s64;

/* Words while both sides are aligned, then bytes. */
void copy(u8 *to, const u8 *from, u32 count)
{
    if ((((unsigned long)to | (unsigned long)from) & 3) == 0) {
        for (; count >= 4; count -= 4, to += 4, from += 4)
            *(u32 *)to = *(const u32 *)from;
    }
    while (count--)
        *to++ = *from++;
}

/* CRC-32 of IEEE 802.3, bit by bit. */
u32 crc32(const u8 *data, u32 count)
{
    u32 crc = 0xffffffff;
    for (u32 i = 0; i < count; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (0xedb88320 & -(crc & 1));
    }
    return ~crc;
}

static const u32 K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static u32 rotated(u32 x, int n)
{
    return x >> n | x << (32 - n);
}

/* The compression function of SHA-256 (FIPS 180-4, section 6.2.2). */
void sha256_block(u32 *state, const u8 *block)
{
    u32 w[64];
    for (int i = 0; i < 16; i++)
        w[i] = (u32)block[4 * i] << 24 | (u32)block[4 * i + 1] << 16 | (u32)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        u32 s0 = rotated(w[i - 15], 7) ^ rotated(w[i - 15], 18) ^ w[i - 15] >> 3;
        u32 s1 = rotated(w[i - 2], 17) ^ rotated(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    u32 a = state[0], b = state[1], c = state[2], d = state[3];
    u32 e = state[4], f = state[5], g = state[6], h = state[7];
    for (int i = 0; i < 64; i++) {
        u32 s1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
        u32 t1 = h + s1 + ((e & f) ^ (~e & g)) + K[i] + w[i];
        u32 s0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
        u32 t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
    state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

static int ascending(s32 a, s32 b)
{
    return a < b;
}

static int descending_by_low_half(s32 a, s32 b)
{
    return (s16)a > (s16)b;
}

typedef int before(s32, s32);

static void sort_part(s32 *numbers, int low, int high, before *before)
{
    while (low < high) {
        s32 pivot = numbers[low + (high - low) / 2];
        int i = low, j = high;
        while (i <= j) {
            while (before(numbers[i], pivot))
                i++;
            while (before(pivot, numbers[j]))
                j--;
            if (i <= j) {
                s32 swapped = numbers[i];
                numbers[i++] = numbers[j];
                numbers[j--] = swapped;
            }
        }
        sort_part(numbers, low, j, before);
        low = i;
    }
}

/* Recursion and calls through pointers. */
void sort(s32 *numbers, u32 count, u32 by_low_half)
{
    sort_part(numbers, 0, (int)count - 1, by_low_half ? descending_by_low_half : ascending);
}

/* Arithmetic of 64 bits: carries, wide products, shifts across halves. */
void mix64(u64 *out, const u64 *in)
{
    u64 a = in[0], b = in[1];
    u32 n = (u32)b & 63;
    out[0] = a + b;
    out[1] = a - b;
    out[2] = a * b;
    out[3] = a << n;
    out[4] = a >> n;
    out[5] = (u64)((s64)a >> n);
    out[6] = (u64)(u32)a * (u32)b;
    out[7] = (u64)((s64)(s32)a * (s32)b);
    out[8] = (a < b) | ((s64)a < (s64)b) << 1 | (a == b) << 2 | ((s64)a >= (s64)b) << 3;
    out[9] = a << 17 | a >> 47;
}

/* Arithmetic of 32 bits and less: signs, extensions, division. */
void mix32(u32 *out, const u32 *in)
{
    u32 a = in[0], b = in[1];
    u32 n = b & 31;
    out[0] = (u32)((s32)a / ((s32)b | 1));
    out[1] = (u32)((s32)a % ((s32)b | 1));
    out[2] = a / (b | 1);
    out[3] = a % (b | 1);
    out[4] = (u32)((s32)a >> n);
    out[5] = a << n | a >> ((32 - n) & 31);
    out[6] = (u32)(s32)(s8)a + (u32)(s32)(s16)b;
    out[7] = (u32)(u8)(a + b) << 16 | (u16)(a - b);
    out[8] = ((s32)a < (s32)b) | (a < b) << 1 | ((s8)a < (s8)b) << 2 | ((u16)a < (u16)b) << 3;
    out[9] = (u32)((s32)a / 10) ^ (u32)((s32)b % 1000) ^ a / 7;
    out[10] = a >> 24 | (a >> 8 & 0xff00) | (a << 8 & 0xff0000) | a << 24;
}

/* Stores narrower than loads and the reverse: byte order. */
u32 views(u8 *memory)
{
    u32 *word = (u32 *)memory;
    u16 *half = (u16 *)memory;
    s8 *byte = (s8 *)memory;
    word[0] = 0x81828384;
    half[2] = 0x9192;
    byte[6] = -2;
    byte[7] = half[0] >> 4;
    word[2] = word[0] + (u32)(s16)half[2] + (u32)byte[6];
    return (u32)byte[0] << 8 ^ (u32)half[1] ^ (u32)byte[9] << 20;
}

/* A jump table, on most processors. */
u32 choose(u32 which, u32 a, u32 b)
{
    switch (which) {
    case 0: return a + b;
    case 1: return a - b;
    case 2: return a & ~b;
    case 3: return a ^ b << 1;
    case 4: return a | b >> 3;
    case 5: return ~a;
    case 6: return a * 3 + b * 5;
    case 7: return b - a * 9;
    default: return 77;
    }
}

/* More arguments than any ABI has registers for. */
u32 many(u32 a, u32 b, u32 c, u32 d, u32 e, u32 f, u32 g, u32 h, u32 i, u32 j)
{
    return a + 2 * b + 3 * c + 5 * d + 7 * e + 11 * f + 13 * g + 17 * h + 19 * i + 23 * j;
}

#ifdef FLOATS
/* Doubles and singles: arithmetic, comparisons, widths. */
void floats(double *out, const double *in, float *single)
{
    double sum = 0;
    for (int i = 0; i < 4; i++)
        sum = sum * in[0] + in[i];
    out[0] = sum;
    out[1] = in[1] / in[2];
    out[2] = in[0] < in[1] ? -in[2] : in[3] - in[1];
    single[0] = (float)in[1] * (float)in[2];
    single[1] = (float)in[3] - single[0];
    out[3] = single[1];
}

double from_integer(double *out, s32 number)
{
    return *out = number;
}

s32 to_integer(const double *in)
{
    return (s32)(*in * 3);
}
#endif
