/**
 * C++ of `Dot(row, query, bytes)`: the inner product of a row's unsigned and a query's signed 8-bit codes, with
 * `bytes` a multiple of kLineBytes. One path per instruction set, and a portable one.
 */
export function dotOfBytes(bits: 7 | 8): string {
  return `  /// Inner product of a row's and a query's codes; \`bytes\` is a multiple of kLineBytes.
  static std::int32_t Dot(const std::uint8_t* row, const std::int8_t* query, std::size_t bytes) {
#if defined(__AVX512VNNI__)
    // Two sums, so that additions need not wait for each other.
    __m512i even = _mm512_setzero_si512();
    __m512i odd = _mm512_setzero_si512();
    std::size_t i = 0;
    for (; i + kLineBytes < bytes; i += 2 * kLineBytes) {
      even = AddProducts(even, row + i, query + i);
      odd = AddProducts(odd, row + i + kLineBytes, query + i + kLineBytes);
    }
    if (i < bytes) even = AddProducts(even, row + i, query + i);
    return Sum(_mm512_add_epi32(even, odd));
#elif defined(__AVX2__)
    __m256i even = _mm256_setzero_si256();
    __m256i odd = _mm256_setzero_si256();
    for (std::size_t i = 0; i < bytes; i += kLineBytes) {
      even = AddProducts(even, row + i, query + i);
      odd = AddProducts(odd, row + i + sizeof(__m256i), query + i + sizeof(__m256i));
    }
    return Sum(_mm256_add_epi32(even, odd));
#elif defined(__ARM_FEATURE_DOTPROD)
    int32x4_t even = vdupq_n_s32(0);
    int32x4_t odd = vdupq_n_s32(0);
    for (std::size_t i = 0; i < bytes; i += 2 * sizeof(int8x16_t)) {
      even = AddProducts(even, row + i, query + i);
      odd = AddProducts(odd, row + i + sizeof(int8x16_t), query + i + sizeof(int8x16_t));
    }
    return vaddvq_s32(vaddq_s32(even, odd));
#else
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < bytes; ++i) sum += row[i] * query[i];
    return sum;
#endif
  }

#if defined(__AVX512VNNI__)
  /// Adds 64 products to 16 sums.
  static __m512i AddProducts(__m512i sums, const std::uint8_t* row, const std::int8_t* query) {
    return _mm512_dpbusd_epi32(sums, _mm512_loadu_si512(row), _mm512_loadu_si512(query));
  }
#elif defined(__AVX2__)
  /// Adds 32 products to eight sums.
  static __m256i AddProducts(__m256i sums, const std::uint8_t* row, const std::int8_t* query) {
    const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(row));
    const __m256i y = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(query));
#if defined(__AVXVNNI__)
    return _mm256_dpbusd_avx_epi32(sums, x, y);
#else
${bits === 8 ? widened : maddubs}
#endif
  }
#elif defined(__ARM_FEATURE_DOTPROD)
  /// Adds 16 products to four sums.
  static int32x4_t AddProducts(int32x4_t sums, const std::uint8_t* row,
                               const std::int8_t* query) {
${bits === 8 ? neonFlipped : neonPlain}
  }
#endif

${sumOfLanes}`;
}

const widened = `    // Widened first: maddubs would saturate at 16 bits.
    const __m256i low = _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm256_castsi256_si128(x)),
                                          _mm256_cvtepi8_epi16(_mm256_castsi256_si128(y)));
    const __m256i high = _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm256_extracti128_si256(x, 1)),
                                           _mm256_cvtepi8_epi16(_mm256_extracti128_si256(y, 1)));
    return _mm256_add_epi32(sums, _mm256_add_epi32(low, high));`;

const maddubs = `    // Pairs stay within 16 bits: 2 * 127 * 128 = 32512.
    const __m256i pairs = _mm256_maddubs_epi16(x, y);
    return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));`;

const neonFlipped = `    // Both sides must be signed. Less 128 in each code of a row is a constant of the query.
    const uint8x16_t shifted = veorq_u8(vld1q_u8(row), vdupq_n_u8(128));
    return vdotq_s32(sums, vreinterpretq_s8_u8(shifted), vld1q_s8(query));`;

const neonPlain = '    return vdotq_s32(sums, vreinterpretq_s8_u8(vld1q_u8(row)), vld1q_s8(query));';

const sumOfLanes = `#if defined(__AVX2__)
  static std::int32_t Sum(__m256i lanes) {
    const __m128i half =
        _mm_add_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
    const __m128i pair = _mm_add_epi32(half, _mm_unpackhi_epi64(half, half));
    return _mm_cvtsi128_si32(pair) + _mm_extract_epi32(pair, 1);
  }
#endif
#if defined(__AVX512VNNI__)
  static std::int32_t Sum(__m512i lanes) {
    // With masks, since GCC 12 warns of an undefined value in its own header in the plain forms.
    const __m256i lower = _mm512_maskz_extracti64x4_epi64(0xFF, lanes, 0);
    const __m256i upper = _mm512_maskz_extracti64x4_epi64(0xFF, lanes, 1);
    return Sum(_mm256_add_epi32(lower, upper));
  }
#endif`;

/** The same for rows of 4-bit codes, two per byte; the query's codes for the low halves come first. */
export function dotOfNibbles(): string {
  return `  /// Inner product of a row's and a query's codes; \`bytes\` of the row, a multiple of kLineBytes.
  static std::int32_t Dot(const std::uint8_t* row, const std::int8_t* query, std::size_t bytes) {
    const std::int8_t* low = query;
    const std::int8_t* high = query + bytes;
#if defined(__AVX512VNNI__)
    const __m512i nibbles = _mm512_set1_epi32(0x0F0F0F0F);
    __m512i low_sums = _mm512_setzero_si512();
    __m512i high_sums = _mm512_setzero_si512();
    for (std::size_t i = 0; i < bytes; i += kLineBytes) {
      const __m512i codes = _mm512_loadu_si512(row + i);
      // With a mask: GCC 12 warns of an undefined value in its own header in the plain form.
      const __m512i shifted = _mm512_maskz_srli_epi32(0xFFFF, codes, 4);
      low_sums = _mm512_dpbusd_epi32(low_sums, _mm512_and_si512(codes, nibbles),
                                     _mm512_loadu_si512(low + i));
      high_sums = _mm512_dpbusd_epi32(high_sums, _mm512_and_si512(shifted, nibbles),
                                      _mm512_loadu_si512(high + i));
    }
    return Sum(_mm512_add_epi32(low_sums, high_sums));
#elif defined(__AVX2__)
    __m256i even = _mm256_setzero_si256();
    __m256i odd = _mm256_setzero_si256();
    for (std::size_t i = 0; i < bytes; i += kLineBytes) {
      even = AddProducts(even, row + i, low + i, high + i);
      const std::size_t next = i + sizeof(__m256i);
      odd = AddProducts(odd, row + next, low + next, high + next);
    }
    return Sum(_mm256_add_epi32(even, odd));
#elif defined(__ARM_FEATURE_DOTPROD)
    const uint8x16_t nibbles = vdupq_n_u8(0x0F);
    int32x4_t low_sums = vdupq_n_s32(0);
    int32x4_t high_sums = vdupq_n_s32(0);
    for (std::size_t i = 0; i < bytes; i += sizeof(int8x16_t)) {
      const uint8x16_t codes = vld1q_u8(row + i);
      low_sums = vdotq_s32(low_sums, vreinterpretq_s8_u8(vandq_u8(codes, nibbles)),
                           vld1q_s8(low + i));
      high_sums =
          vdotq_s32(high_sums, vreinterpretq_s8_u8(vshrq_n_u8(codes, 4)), vld1q_s8(high + i));
    }
    return vaddvq_s32(vaddq_s32(low_sums, high_sums));
#else
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
      sum += (row[i] & 0x0F) * low[i] + (row[i] >> 4) * high[i];
    }
    return sum;
#endif
  }

#if defined(__AVX2__) && !defined(__AVX512VNNI__)
  /// Adds 64 products to eight sums. Pairs stay within 16 bits: 4 * 15 * 128 = 7680.
  static __m256i AddProducts(__m256i sums, const std::uint8_t* row, const std::int8_t* low,
                             const std::int8_t* high) {
    const __m256i nibbles = _mm256_set1_epi8(0x0F);
    const __m256i codes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(row));
    const __m256i x = _mm256_and_si256(codes, nibbles);
    const __m256i y = _mm256_and_si256(_mm256_srli_epi16(codes, 4), nibbles);
    const __m256i pairs = _mm256_add_epi16(
        _mm256_maddubs_epi16(x, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(low))),
        _mm256_maddubs_epi16(y, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(high))));
    return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
  }
#endif

${sumOfLanes}`;
}
