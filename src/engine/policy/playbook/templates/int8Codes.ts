/**
 * C++ of a nested class `ScalarCodes` that holds one 8-bit code per value and compares a query with them.
 *
 * With x = low + step * c and step = 1 / codes_per_unit the order by distance needs only integers c of row and query: squared Euclidean distance is
 * sum(c * c) - 2 * dot up to a constant of the query and a factor, an inner product is
 * dot + low / step * sum(c) up to the same.
 * @param vectors type of the stored vectors, with size(), dim() and row(id)
 * @param clip per mille of the values beyond either end of the codes' range
 */
export function int8Codes(vectors: string, clip: number): string {
  return `/// The vectors as 8-bit codes over one range of values. A distance between codes is in units
/// of its own, good for comparing with others of the same query.
class ScalarCodes {
 public:
  ScalarCodes() = default;

  ScalarCodes(const ${vectors}& vectors, bool euclidean)
      : dim_(vectors.dim()),
        padded_dim_(RoundUp(dim_)),
        row_bytes_(RoundUp(dim_ + sizeof(float))) {
    SetRange(vectors);
    rows_ = AlignedBuffer<std::int8_t>(vectors.size() * row_bytes_);
    dot_factor_ = euclidean ? -2.0F : -1.0F;
    for (std::size_t i = 0; i < vectors.size(); ++i) {
      const auto id = static_cast<std::uint32_t>(i);
      Encode(vectors.row(id), euclidean, rows_.data() + i * row_bytes_);
    }
  }

  std::size_t bytes() const { return rows_.bytes(); }

  /// Compares one query, coded on construction, with the rows.
  class Distance {
   public:
    Distance(const ScalarCodes& codes, const float* query)
        : codes_(codes), query_(codes.padded_dim_, 0) {
      for (std::size_t j = 0; j < codes.dim_; ++j) query_[j] = codes.Code(query[j]);
    }

    float operator()(std::uint32_t id) const {
      const std::int8_t* row = codes_.Row(id);
      float bias;
      std::memcpy(&bias, row + codes_.row_bytes_ - sizeof(bias), sizeof(bias));
      const std::int32_t dot = Dot(query_.data(), row, codes_.padded_dim_);
      return bias + codes_.dot_factor_ * static_cast<float>(dot);
    }

    const char* row(std::uint32_t id) const {
      return reinterpret_cast<const char*>(codes_.Row(id));
    }
    std::size_t row_bytes() const { return codes_.row_bytes_; }

   private:
    const ScalarCodes& codes_;
    std::vector<std::uint8_t> query_;  // padded with zeros
  };

 private:
  static constexpr std::size_t kLineBytes = 64;
  static constexpr float kGreatestCode = 255;
  static constexpr int kSignedOffset = 128;  // of rows: the instructions want one side signed

  static std::size_t RoundUp(std::size_t bytes) {
    return (bytes + kLineBytes - 1) / kLineBytes * kLineBytes;
  }

  const std::int8_t* Row(std::uint32_t id) const { return rows_.data() + id * row_bytes_; }

  std::uint8_t Code(float value) const {
    const float level = (value - low_) * codes_per_unit_ + 0.5F;
    return static_cast<std::uint8_t>(std::min(std::max(0.0F, level), kGreatestCode));
  }

  /// A row ends in its bias, opposite the query's zero padding, so that one access brings both.
  void Encode(const float* vector, bool euclidean, std::int8_t* row) const {
    float bias = 0;
    for (std::size_t j = 0; j < dim_; ++j) {
      const int code = Code(vector[j]);
      row[j] = static_cast<std::int8_t>(code - kSignedOffset);
      const auto value = static_cast<float>(code);
      bias += euclidean ? value * value : -low_ * codes_per_unit_ * value;
    }
    std::memcpy(row + row_bytes_ - sizeof(bias), &bias, sizeof(bias));
  }

${range(vectors, clip)}

  /// Inner product of unsigned and signed bytes; \`count\` is a multiple of kLineBytes.
  static std::int32_t Dot(const std::uint8_t* a, const std::int8_t* b, std::size_t count) {
#if defined(__AVX2__)
    __m256i even = _mm256_setzero_si256();
    __m256i odd = _mm256_setzero_si256();
    for (std::size_t i = 0; i < count; i += kLineBytes) {
      even = AddProducts(even, a + i, b + i);
      odd = AddProducts(odd, a + i + sizeof(__m256i), b + i + sizeof(__m256i));
    }
    const __m256i sum = _mm256_add_epi32(even, odd);
    const __m128i half =
        _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    const __m128i pair = _mm_add_epi32(half, _mm_unpackhi_epi64(half, half));
    return _mm_cvtsi128_si32(pair) + _mm_extract_epi32(pair, 1);
#else
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < count; ++i) sum += a[i] * b[i];
    return sum;
#endif
  }

#if defined(__AVX2__)
  /// Adds 32 products to eight sums.
  static __m256i AddProducts(__m256i sums, const std::uint8_t* a, const std::int8_t* b) {
    const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(a));
    const __m256i y = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b));
#if defined(__AVX512VNNI__) && defined(__AVX512VL__)
    return _mm256_dpbusd_epi32(sums, x, y);
#else
    // Widened first: maddubs would saturate at 16 bits.
    const __m256i low = _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm256_castsi256_si128(x)),
                                          _mm256_cvtepi8_epi16(_mm256_castsi256_si128(y)));
    const __m256i high = _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm256_extracti128_si256(x, 1)),
                                           _mm256_cvtepi8_epi16(_mm256_extracti128_si256(y, 1)));
    return _mm256_add_epi32(sums, _mm256_add_epi32(low, high));
#endif
  }
#endif

  std::size_t dim_ = 0;
  std::size_t padded_dim_ = 0;
  std::size_t row_bytes_ = 0;
  float low_ = 0;
  float codes_per_unit_ = 1;
  float dot_factor_ = 0;
  AlignedBuffer<std::int8_t> rows_;
};`;
}

function range(vectors: string, clip: number): string {
  if (clip === 0) {
    return `  void SetRange(const ${vectors}& vectors) {
    float high = low_ = vectors.row(0)[0];
    for (std::size_t i = 0; i < vectors.size(); ++i) {
      const float* row = vectors.row(static_cast<std::uint32_t>(i));
      const auto [least, greatest] = std::minmax_element(row, row + dim_);
      low_ = std::min(low_, *least);
      high = std::max(high, *greatest);
    }
    if (high > low_) codes_per_unit_ = kGreatestCode / (high - low_);
  }`;
  }
  return `  /// Rare extreme values would cost all others precision: the range leaves them out.
  void SetRange(const ${vectors}& vectors) {
    constexpr std::size_t kSampleRows = 2000;
    constexpr std::size_t kClippedPerMille = ${clip};  // at either end
    const std::size_t stride = std::max<std::size_t>(1, vectors.size() / kSampleRows);
    std::vector<float> sample;
    for (std::size_t i = 0; i < vectors.size(); i += stride) {
      const float* row = vectors.row(static_cast<std::uint32_t>(i));
      sample.insert(sample.end(), row, row + dim_);
    }
    std::sort(sample.begin(), sample.end());
    const std::size_t clipped = sample.size() * kClippedPerMille / 1000;
    low_ = sample[clipped];
    const float high = sample[sample.size() - 1 - clipped];
    if (high > low_) codes_per_unit_ = kGreatestCode / (high - low_);
  }`;
}
