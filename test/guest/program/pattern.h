/*
 * The 64-bit word that belongs at an offset (a multiple of 8) of memory filled with a seed. test/guest/pattern.ts
 * computes the same in 32-bit halves, which is what keeps 64 MiB cheap in JavaScript.
 */
#ifndef BARKEEP_PATTERN_H
#define BARKEEP_PATTERN_H

#include <stdint.h>

static inline uint64_t pattern_word(uint64_t seed, uint64_t offset)
{
	uint32_t index = (uint32_t)(offset / 8);
	uint32_t low = (uint32_t)seed + index * 0x9e3779b1u;
	uint32_t high = (uint32_t)(seed >> 32) + index * 0x85ebca77u;

	return (uint64_t)high << 32 | low;
}

#endif
