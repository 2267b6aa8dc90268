#pragma once
#include <stdint.h>

// Byte masks of a block of 64 bytes. Swift's own SIMD comparisons compile to byte stores, seventy times slower.
#if defined(__x86_64__)
#include <emmintrin.h>

static inline uint64_t sheaf_scan_mask(__m128i a, __m128i b, __m128i c, __m128i d, __m128i wanted) {
    return (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(a, wanted))
        | (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(b, wanted)) << 16
        | (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(c, wanted)) << 32
        | (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(d, wanted)) << 48;
}

// Bit i is set where block[i] is the wanted byte. All 64 bytes are read.
static inline uint64_t sheaf_scan_equal(const uint8_t *block, uint8_t wanted) {
    const __m128i *lanes = (const __m128i *)block;
    return sheaf_scan_mask(_mm_loadu_si128(lanes), _mm_loadu_si128(lanes + 1), _mm_loadu_si128(lanes + 2),
        _mm_loadu_si128(lanes + 3), _mm_set1_epi8((char)wanted));
}

// Same, after the bit 0x20 of each byte is set: '{' also finds '[', '}' also finds ']'.
static inline uint64_t sheaf_scan_equal_folded(const uint8_t *block, uint8_t wanted) {
    const __m128i *lanes = (const __m128i *)block;
    const __m128i fold = _mm_set1_epi8(0x20);
    return sheaf_scan_mask(_mm_or_si128(_mm_loadu_si128(lanes), fold), _mm_or_si128(_mm_loadu_si128(lanes + 1), fold),
        _mm_or_si128(_mm_loadu_si128(lanes + 2), fold), _mm_or_si128(_mm_loadu_si128(lanes + 3), fold),
        _mm_set1_epi8((char)wanted));
}
#else
static inline uint64_t sheaf_scan_equal(const uint8_t *block, uint8_t wanted) {
    uint64_t mask = 0;
    for (int i = 0; i < 64; i++) mask |= (uint64_t)(block[i] == wanted) << i;
    return mask;
}

static inline uint64_t sheaf_scan_equal_folded(const uint8_t *block, uint8_t wanted) {
    uint64_t mask = 0;
    for (int i = 0; i < 64; i++) mask |= (uint64_t)((block[i] | 0x20) == wanted) << i;
    return mask;
}
#endif
