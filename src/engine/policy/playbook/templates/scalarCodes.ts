import { dotOfBytes, dotOfNibbles } from './codeDots.ts';

/** How the vectors are coded. */
export interface CodeFormat {
  /** Bits per value of a row. The query's codes have 8 in any case, at no cost per comparison. */
  readonly bits: 4 | 7 | 8;
  /** Per mille of the values beyond either end of the codes' range. */
  readonly clip: number;
  /** Per mille of the values' variance that the coded dimensions hold at least; 1000 codes them all. */
  readonly variance: number;
}

/** Headers that the code needs. */
export const codeHeaders = ({ variance }: CodeFormat): readonly string[] =>
  ['algorithm', 'cstddef', 'cstdint', 'cstring', variance < 1000 ? 'numeric' : '', 'vector'].filter(Boolean);

export const simdIncludes = `#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__ARM_FEATURE_DOTPROD)
#include <arm_neon.h>
#endif
`;

export function codesNote({ bits, clip, variance }: CodeFormat, rerank: number): string {
  const range = clip === 0 ? 'over the whole range' : `leaving out ${clip} per mille at either end`;
  const dims = variance === 1000 ? '' : ` of the dimensions with ${variance} per mille of the variance`;
  return `${bits}-bit codes${dims} ${range}; ${rerank} nodes per result ranked exactly`;
}

/** Whole cache lines for the codes of `dim` values and the bias: see RowBytes() of the code. */
export function codeRowBytes({ bits }: CodeFormat, dim: number): number {
  return Math.ceil(((bits === 4 ? Math.ceil(dim / 2) : dim) + 4) / 64) * 64;
}

/** What the code around the class offers. */
export interface CodesHost {
  /** Type of the stored vectors, with size(), dim() and row(id). */
  readonly vectors: string;
  /** Type of zeroed bytes from a cache line on, with data() and bytes(), made from their number. */
  readonly buffer: string;
  /** Whether the code may have structured bindings. */
  readonly cpp17: boolean;
}

/**
 * C++ of a nested class `ScalarCodes` that holds one code per value and compares a query with them.
 *
 * With x = low + range * c / greatest the order by distance needs only the integers c: squared Euclidean distance is
 * sum(c * c) - 2 * dot up to a constant of the query and a factor, an inner product is dot + low / range * sum(c) up to
 * the same. Unit vectors are ordered by Euclidean distance too: its rounding error shrinks with the distance, that of
 * the inner product does not.
 */
export function scalarCodes(host: CodesHost, format: CodeFormat): string {
  const { vectors, buffer } = host;
  const { bits } = format;
  const some = format.variance < 1000;
  const count = some ? 'dims_.size()' : 'dim_';
  const rowBytes = bits === 4 ? '(dim + 1) / 2' : 'dim';
  return `/// The vectors as ${bits}-bit codes over one range of values. A distance between codes is in units
/// of its own, good for comparing with others of the same query.
class ScalarCodes {
 public:
  ScalarCodes() = default;

  ScalarCodes(const ${vectors}& vectors, bool inner_product)
      : inner_product_(inner_product)${some ? '' : `, dim_(vectors.dim()), row_bytes_(RowBytes(dim_))`} {
${some ? '    ChooseDimensions(vectors);\n' : ''}    SetRange(vectors);
    rows_ = ${buffer}(vectors.size() * row_bytes_);
    for (std::size_t i = 0; i < vectors.size(); ++i) {
      Encode(vectors.row(static_cast<std::uint32_t>(i)), rows_.data() + i * row_bytes_);
    }
  }

  std::size_t bytes() const { return ${some ? 'rows_.bytes() + dims_.size() * sizeof(std::uint32_t)' : 'rows_.bytes()'}; }

  /// Compares one query, coded on construction, with the rows.
  class Distance {
   public:
    Distance(const ScalarCodes& codes, const float* query)
        : codes_(codes), query_(${bits === 4 ? '2 * ' : ''}codes.row_bytes_, 0) {
      codes.EncodeQuery(query, query_.data());
    }

    float operator()(std::uint32_t id) const {
      const std::uint8_t* row = codes_.Row(id);
      float bias;
      std::memcpy(&bias, row + codes_.row_bytes_ - sizeof(bias), sizeof(bias));
      const std::int32_t dot = Dot(row, query_.data(), codes_.row_bytes_);
      return bias + codes_.dot_factor() * static_cast<float>(dot);
    }

    const char* row(std::uint32_t id) const {
      return reinterpret_cast<const char*>(codes_.Row(id));
    }
    std::size_t row_bytes() const { return codes_.row_bytes_; }

   private:
    const ScalarCodes& codes_;
    std::vector<std::int8_t> query_;  // zero where a row has its bias or nothing
  };

 private:
  static constexpr std::size_t kLineBytes = 64;
  static constexpr float kGreatestCode = ${bits === 8 ? 255 : bits === 7 ? 127 : 15};
  static constexpr float kGreatestQueryCode = 255;
  static constexpr std::int32_t kQueryOffset = 128;  // the instructions want one side signed

  /// Whole cache lines for the codes of a vector and its bias.
  static std::size_t RowBytes(std::size_t dim) {
    const std::size_t bytes = ${rowBytes} + sizeof(float);
    return (bytes + kLineBytes - 1) / kLineBytes * kLineBytes;
  }

  const std::uint8_t* Row(std::uint32_t id) const { return rows_.data() + id * row_bytes_; }

  /// The code of a value where the range is divided into \`greatest\` steps.
  std::int32_t Code(float value, float greatest) const {
    const float level = (value - low_) * per_range_ * greatest + 0.5F;
    return static_cast<std::int32_t>(std::min(std::max(0.0F, level), greatest));
  }

  float dot_factor() const {
    return inner_product_ ? -1 : -2 * kGreatestCode / kGreatestQueryCode;
  }

  /// A row ends in its bias, all of its distance that the query does not change.
  void Encode(const float* vector, std::uint8_t* row) const {
    std::int64_t sum = 0;
    std::int64_t squares = 0;
    for (std::size_t j = 0; j < ${count}; ++j) {
      const std::int32_t code = Code(vector[${some ? 'dims_[j]' : 'j'}], kGreatestCode);
      ${storeCode(bits)}
      sum += code;
      squares += code * code;
    }
    // Undoes the query's offset and, for inner products, the offset of the range.
    const float shift = inner_product_ ? low_ * per_range_ * kGreatestQueryCode : 0;
    const float bias = (inner_product_ ? 0 : static_cast<float>(squares)) +
                       (dot_factor() * kQueryOffset - shift) * static_cast<float>(sum);
    std::memcpy(row + row_bytes_ - sizeof(bias), &bias, sizeof(bias));
  }

${encodeQuery(bits, some, count)}

${some ? `${chooseDimensions(vectors, format)}\n\n` : ''}${setRange(host, format.clip)}

${bits === 4 ? dotOfNibbles() : dotOfBytes(bits)}

  bool inner_product_ = false;
${some ? '  std::vector<std::uint32_t> dims_;  // those coded, ascending\n' : '  std::size_t dim_ = 0;\n'}  std::size_t row_bytes_ = 0;
  float low_ = 0;
  float per_range_ = 1;  // 1 / (high - low)
  ${buffer} rows_;
};`;
}

function storeCode(bits: number): string {
  if (bits !== 4) return 'row[j] = static_cast<std::uint8_t>(code);';
  return 'row[j / 2] |= static_cast<std::uint8_t>(j % 2 == 0 ? code : code << 4);';
}

function encodeQuery(bits: number, some: boolean, count: string): string {
  const value = some ? 'query[dims_[j]]' : 'query[j]';
  const to = bits === 4 ? 'codes[j / 2 + (j % 2) * row_bytes_]' : 'codes[j]';
  const order =
    bits === 4 ? '  /// The codes of even dimensions, a row of them, and then those of odd ones.\n' : '';
  return `${order}  void EncodeQuery(const float* query, std::int8_t* codes) const {
    for (std::size_t j = 0; j < ${count}; ++j) {
      const std::int32_t code = Code(${value}, kGreatestQueryCode) - kQueryOffset;
      ${to} = static_cast<std::int8_t>(code);
    }
  }`;
}

/** Keeps the dimensions that vary most, as many as fill the rows that the wanted share of the variance needs. */
function chooseDimensions(vectors: string, { bits, variance }: CodeFormat): string {
  const capacity = bits === 4 ? '2 * (row_bytes_ - sizeof(float))' : 'row_bytes_ - sizeof(float)';
  return `  /// Values that hardly vary do not tell vectors apart, and their codes would have to be read.
  void ChooseDimensions(const ${vectors}& vectors) {
    constexpr double kVarianceKept = ${variance / 1000};
    const std::size_t dim = vectors.dim();
    std::vector<double> sums(dim, 0);
    std::vector<double> variances(dim, 0);  // sums of squares at first
    for (std::size_t i = 0; i < vectors.size(); ++i) {
      const float* row = vectors.row(static_cast<std::uint32_t>(i));
      for (std::size_t j = 0; j < dim; ++j) {
        sums[j] += row[j];
        variances[j] += static_cast<double>(row[j]) * row[j];
      }
    }
    double left = 0;
    for (std::size_t j = 0; j < dim; ++j) {
      variances[j] -= sums[j] * sums[j] / static_cast<double>(vectors.size());
      left += variances[j];
    }
    dims_.resize(dim);
    std::iota(dims_.begin(), dims_.end(), 0);
    std::sort(dims_.begin(), dims_.end(),
              [&](std::uint32_t a, std::uint32_t b) { return variances[a] > variances[b]; });
    const double negligible = (1 - kVarianceKept) * left;
    std::size_t kept = 0;
    while (kept < dim && left > negligible) left -= variances[dims_[kept++]];
    row_bytes_ = RowBytes(kept);
    dims_.resize(std::min(dim, ${capacity}));
    std::sort(dims_.begin(), dims_.end());
  }`;
}

function setRange({ vectors, cpp17 }: CodesHost, clip: number): string {
  if (clip === 0) {
    const [ends, least, greatest] = cpp17
      ? ['[least, greatest]', 'least', 'greatest']
      : ['ends', 'ends.first', 'ends.second'];
    return `  void SetRange(const ${vectors}& vectors) {
    float high = low_ = vectors.row(0)[0];
    for (std::size_t i = 0; i < vectors.size(); ++i) {
      const float* row = vectors.row(static_cast<std::uint32_t>(i));
      const auto ${ends} = std::minmax_element(row, row + vectors.dim());
      low_ = std::min(low_, *${least});
      high = std::max(high, *${greatest});
    }
    if (high > low_) per_range_ = 1 / (high - low_);
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
      sample.insert(sample.end(), row, row + vectors.dim());
    }
    std::sort(sample.begin(), sample.end());
    const std::size_t clipped = sample.size() * kClippedPerMille / 1000;
    low_ = sample[clipped];
    const float high = sample[sample.size() - 1 - clipped];
    if (high > low_) per_range_ = 1 / (high - low_);
  }`;
}
