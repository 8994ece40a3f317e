/*
 * Reads a stream of version 2 on standard input, checks the header, the CRC-32
 * and all fields of every packet, and counts the packets by status: the least
 * work that a tool can do. Anything but packets is an error.
 *
 *     gcc -O2 -o walk walk.c && ./walk < run.subunit
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHUNK (256 * 1024)
#define LONGEST 4194303

static uint32_t tables[16][256];
static uint8_t buffer[CHUNK + LONGEST];
static long counts[8];

static void make_tables(void) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t r = byte;
    for (int bit = 0; bit < 8; bit++) r = r >> 1 ^ (r & 1 ? 0xedb88320u : 0);
    tables[0][byte] = r;
  }
  for (int t = 1; t < 16; t++) {
    for (int byte = 0; byte < 256; byte++) {
      uint32_t r = tables[t - 1][byte];
      tables[t][byte] = r >> 8 ^ tables[0][r & 255];
    }
  }
}

static uint32_t load(const uint8_t *at) {
  uint32_t word;
  memcpy(&word, at, sizeof word);
  return word;
}

static uint32_t four(int first, uint32_t word) {
  return tables[first][word & 255] ^ tables[first - 1][word >> 8 & 255] ^
         tables[first - 2][word >> 16 & 255] ^ tables[first - 3][word >> 24];
}

/* Slicing by 16, for machines that store the lowest byte first. */
static uint32_t crc32(const uint8_t *at, const uint8_t *end) {
  uint32_t r = ~0u;
  for (; at + 16 <= end; at += 16) {
    r = four(15, r ^ load(at)) ^ four(11, load(at + 4)) ^
        four(7, load(at + 8)) ^ four(3, load(at + 12));
  }
  for (; at + 4 <= end; at += 4) r = four(3, r ^ load(at));
  for (; at < end; at++) r = r >> 8 ^ tables[0][(r ^ *at) & 255];
  return ~r;
}

/* Reads a number and moves on; a number past the end is caught by its reader. */
static uint32_t number(const uint8_t **at) {
  const uint8_t *p = *at;
  int octets = (p[0] >> 6) + 1;
  uint32_t value = p[0] & 63;
  for (int i = 1; i < octets; i++) value = value << 8 | p[i];
  *at = p + octets;
  return value;
}

/* Whether the bytes are UTF-8 without NUL. */
static int is_text(const uint8_t *at, const uint8_t *end) {
  while (end - at >= 8) {
    uint64_t word;
    memcpy(&word, at, sizeof word);
    if ((word | (word - 0x0101010101010101u)) & 0x8080808080808080u) break;
    at += 8;
  }
  while (at < end) {
    uint8_t b = *at++;
    if (b - 1u < 0x7f) continue;
    int more = b >= 0xf0 ? 3 : b >= 0xe0 ? 2 : 1;
    if (b < 0xc2 || b > 0xf4 || end - at < more) return 0;
    if (*at < (b == 0xe0 ? 0xa0 : b == 0xf0 ? 0x90 : 0x80)) return 0;
    if (*at > (b == 0xed ? 0x9f : b == 0xf4 ? 0x8f : 0xbf)) return 0;
    for (; more > 0; more--) {
      if ((*at++ & 0xc0) != 0x80) return 0;
    }
  }
  return 1;
}

/* Skips a string or file content; 0 when it does not fit or is no text. */
static int skip(const uint8_t **at, const uint8_t *limit, int as_text) {
  if (*at >= limit) return 0;
  uint32_t length = number(at);
  if (*at > limit || length > limit - *at) return 0;
  if (as_text && !is_text(*at, *at + length)) return 0;
  *at += length;
  return 1;
}

/* Whether the fields between the length and the CRC fit their flags. */
static int has_fields(unsigned flags, const uint8_t *at, const uint8_t *limit) {
  if (flags & 0x0200) {
    at += 4;
    if (at >= limit) return 0;
    number(&at);
    if (at > limit) return 0;
  }
  if (flags & 0x0800 && !skip(&at, limit, 1)) return 0;
  if (flags & 0x0080) {
    if (at >= limit) return 0;
    for (uint32_t tags = number(&at); tags > 0; tags--) {
      if (!skip(&at, limit, 1)) return 0;
    }
  }
  if (flags & 0x0020 && !skip(&at, limit, 1)) return 0;
  if (flags & 0x0040 && !(skip(&at, limit, 1) && skip(&at, limit, 0))) return 0;
  if (flags & 0x0400 && !skip(&at, limit, 1)) return 0;
  if (flags & 0x0008 && !skip(&at, limit, 1)) return 0;
  return at <= limit;
}

/* The bytes of the packet at `at`, 0 when more must be read, -1 when it is none. */
static long packet(const uint8_t *at, const uint8_t *end) {
  if (end - at < 8) return 0;
  if (at[0] != 0xb3 || at[1] >> 4 != 2) return -1;
  const uint8_t *body = at + 3;
  if (*body >> 6 > 2) return -1;
  long length = number(&body);
  if (length < 8) return -1;
  if (length > end - at) return 0;
  const uint8_t *limit = at + length - 4;
  uint32_t stored = (uint32_t)limit[0] << 24 | limit[1] << 16 | limit[2] << 8 |
                    limit[3];
  if (crc32(at, limit) != stored) return -1;
  unsigned flags = at[1] << 8 | at[2];
  if (!has_fields(flags, body, limit)) return -1;
  counts[flags & 7]++;
  return length;
}

int main(void) {
  make_tables();
  long held = 0, got, total = 0;
  while ((got = read(0, buffer + held, CHUNK)) > 0) {
    const uint8_t *at = buffer, *end = buffer + held + got;
    long length;
    while ((length = packet(at, end)) > 0) at += length;
    if (length < 0) break;
    held = end - at;
    memmove(buffer, at, held);
  }
  for (int status = 0; status < 8; status++) total += counts[status];
  printf("%ld packets, %ld passed, %ld failed\n", total, counts[3], counts[6]);
  if (got == 0 && held == 0) return 0;
  fprintf(stderr, "walk: there is something else behind them\n");
  return 2;
}
