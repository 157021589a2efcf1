#include "data/transforms/resample_avx512.h"

#include <stdexcept>

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <vector>

#if !defined(__clang__)  // false alarms of GCC 12 about its own intrinsics (bug 105593)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#define DEEPMAD_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
#define DEEPMAD_AVX512_INLINE __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni"), always_inline)) inline

namespace deepmad::data {
namespace {

constexpr int kGroup = 4;        // taps an instruction
constexpr int kTogether = 4;     // rows, and output columns, that are worked on together
constexpr size_t kPadding = 64;  // bytes that loads may read behind a row

// Weights as bytes: weight = high * 2^16 + middle * 2^8 + low, each within -128..127, which leaves room for weights up to 1.98. Four taps
// share a 32-bit word a digit.
struct Digits {
  int32_t high = 0;
  int32_t middle = 0;
  int32_t low = 0;

  void Set(int tap, int32_t weight) {
    const auto put = [tap](int32_t& word, int8_t digit) {
      word |= static_cast<int32_t>(uint32_t{static_cast<uint8_t>(digit)} << (8 * tap));
    };
    const auto last = static_cast<int8_t>(weight & 255);
    const int32_t rest = (weight - last) >> 8;
    const auto next = static_cast<int8_t>(rest & 255);
    put(low, last);
    put(middle, next);
    put(high, static_cast<int8_t>((rest - next) >> 8));
  }
};

// Groups of four taps by output, filled up with zeros; and outputs filled up to a multiple of kTogether with some without groups.
struct PackedTaps {
  std::vector<int> first;
  std::vector<int> group_end;  // they begin where those of the output before end
  std::vector<Digits> groups;

  explicit PackedTaps(const ResampleTaps& taps) : first(taps.first) {
    for (int i = 0; i < taps.outputs(); ++i) {
      const size_t begin = groups.size();
      groups.resize(begin + static_cast<size_t>((taps.count[i] + kGroup - 1) / kGroup));
      for (int j = 0; j < taps.count[i]; ++j) groups[begin + static_cast<size_t>(j / kGroup)].Set(j % kGroup, taps.weights_of(i)[j]);
      group_end.push_back(static_cast<int>(groups.size()));
    }
    while (first.size() % kTogether != 0) {
      first.push_back(0);
      group_end.push_back(static_cast<int>(groups.size()));
    }
  }
};

// Sixteen sums, a digit each.
struct Sums {
  __m512i high, middle, low;
};

DEEPMAD_AVX512_INLINE void Clear(Sums& sums) { sums.high = sums.middle = sums.low = _mm512_setzero_si512(); }

DEEPMAD_AVX512_INLINE void Add(Sums& sums, __m512i bytes, const Digits& digits) {
  sums.high = _mm512_dpbusd_epi32(sums.high, bytes, _mm512_set1_epi32(digits.high));
  sums.middle = _mm512_dpbusd_epi32(sums.middle, bytes, _mm512_set1_epi32(digits.middle));
  sums.low = _mm512_dpbusd_epi32(sums.low, bytes, _mm512_set1_epi32(digits.low));
}

DEEPMAD_AVX512_INLINE void Round(const Sums& sums, __m512i& out) {
  const __m512i half = _mm512_set1_epi32(1 << (kWeightBits - 1));
  const __m512i high = _mm512_slli_epi32(sums.high, 16), middle = _mm512_slli_epi32(sums.middle, 8);
  out = _mm512_srai_epi32(_mm512_add_epi32(_mm512_add_epi32(high, middle), _mm512_add_epi32(sums.low, half)), kWeightBits);
}

// In each quarter of a register: the four values of each of the four arguments, as bytes.
DEEPMAD_AVX512_INLINE void ToBytes(const __m512i* rounded, __m512i& out) {
  out = _mm512_packus_epi16(_mm512_packs_epi32(rounded[0], rounded[1]), _mm512_packs_epi32(rounded[2], rounded[3]));
}

// Twelve bytes of a row.
DEEPMAD_AVX512_INLINE void Load(const uint8_t* pixels, __m128i& out) { out = _mm_loadu_si128(reinterpret_cast<const __m128i*>(pixels)); }

// kTogether rows that lie `stride` bytes apart, with kPadding bytes behind each. A quarter of a register belongs to a row.
DEEPMAD_AVX512 void Columns(const uint8_t* rows, size_t stride, int outputs, const PackedTaps& packed, uint8_t* const* out) {
  // R G B of four pixels to the four taps of R, of G, of B; and back from four pixels of R G B and nothing.
  const __m512i by_channel = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11, -1, -1, -1, -1));
  const __m512i tight = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
  const Digits* group = packed.groups.data();
  for (int x = 0; x < outputs; x += kTogether) {
    __m512i rounded[kTogether];
    for (int i = 0; i < kTogether; ++i) {
      const Digits* end = packed.groups.data() + packed.group_end[x + i];
      const uint8_t* pixels = rows + static_cast<size_t>(packed.first[x + i]) * 3;
      Sums sums;
      Clear(sums);
      for (; group < end; ++group, pixels += 3 * kGroup) {
        __m128i a, b, c, d;
        Load(pixels, a);
        Load(pixels + stride, b);
        Load(pixels + 2 * stride, c);
        Load(pixels + 3 * stride, d);
        const __m512i ab = _mm512_inserti32x4(_mm512_castsi128_si512(a), b, 1);
        const __m512i all = _mm512_inserti32x4(_mm512_inserti32x4(ab, c, 2), d, 3);
        Add(sums, _mm512_shuffle_epi8(all, by_channel), *group);
      }
      Round(sums, rounded[i]);
    }
    __m512i bytes;
    ToBytes(rounded, bytes);
    bytes = _mm512_shuffle_epi8(bytes, tight);
    const auto mask = static_cast<__mmask16>((1U << (3 * std::min(kTogether, outputs - x))) - 1);
    const size_t at = static_cast<size_t>(x) * 3;
    _mm_mask_storeu_epi8(out[0] + at, mask, _mm512_castsi512_si128(bytes));
    _mm_mask_storeu_epi8(out[1] + at, mask, _mm512_extracti32x4_epi32(bytes, 1));
    _mm_mask_storeu_epi8(out[2] + at, mask, _mm512_extracti32x4_epi32(bytes, 2));
    _mm_mask_storeu_epi8(out[3] + at, mask, _mm512_extracti32x4_epi32(bytes, 3));
  }
}

// One output row of `count` source rows.
DEEPMAD_AVX512 void BlendRows(const uint8_t* rows, size_t stride, size_t row_bytes, const Digits* groups, int count, uint8_t* out) {
  for (size_t x = 0; x < row_bytes; x += 64) {
    const __mmask64 mask = row_bytes - x >= 64 ? ~__mmask64{0} : (__mmask64{1} << (row_bytes - x)) - 1;
    Sums sums[4];
    for (Sums& each : sums) Clear(each);
    for (int j = 0; j < count; j += kGroup) {
      const auto row = [&](int k) __attribute__((target("avx512f,avx512bw"), always_inline)) {
        return _mm512_maskz_loadu_epi8(mask,
                                       rows + static_cast<size_t>(std::min(j + k, count - 1)) * stride + x);  // behind the last: weight 0
      };
      const __m512i a = row(0), b = row(1), c = row(2), d = row(3);
      const __m512i ab_low = _mm512_unpacklo_epi8(a, b), ab_high = _mm512_unpackhi_epi8(a, b);
      const __m512i cd_low = _mm512_unpacklo_epi8(c, d), cd_high = _mm512_unpackhi_epi8(c, d);
      const Digits& digits = groups[j / kGroup];
      Add(sums[0], _mm512_unpacklo_epi16(ab_low, cd_low), digits);
      Add(sums[1], _mm512_unpackhi_epi16(ab_low, cd_low), digits);
      Add(sums[2], _mm512_unpacklo_epi16(ab_high, cd_high), digits);
      Add(sums[3], _mm512_unpackhi_epi16(ab_high, cd_high), digits);
    }
    __m512i rounded[4], bytes;
    for (int i = 0; i < 4; ++i) Round(sums[i], rounded[i]);
    ToBytes(rounded, bytes);
    _mm512_mask_storeu_epi8(out + x, mask, bytes);
  }
}

}  // namespace

bool HasAvx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512vnni");
}

Image ResampleColumnsAvx512(const ImageView& rows, const ResampleTaps& taps) {
  const PackedTaps packed(taps);
  Image out(rows.height, taps.outputs(), 3);
  const size_t stride = rows.row_bytes() + kPadding;
  std::vector<uint8_t> copies(stride * kTogether);
  std::vector<uint8_t> surplus(out.row_bytes());
  for (int top = 0; top < rows.height; top += kTogether) {
    uint8_t* to[kTogether];
    for (int i = 0; i < kTogether; ++i) {
      const bool exists = top + i < rows.height;
      to[i] = exists ? out.row(top + i) : surplus.data();
      if (exists) std::memcpy(copies.data() + i * stride, rows.row(top + i), rows.row_bytes());
    }
    Columns(copies.data(), stride, taps.outputs(), packed, to);
  }
  return out;
}

Image ResampleRowsAvx512(const ImageView& image, int first_row, const ResampleTaps& taps) {
  const PackedTaps packed(taps);
  Image out(taps.outputs(), image.width, image.channels);
  for (int y = 0; y < out.height; ++y) {
    const Digits* groups = packed.groups.data() + (y == 0 ? 0 : packed.group_end[y - 1]);
    BlendRows(image.row(taps.first[y] - first_row), image.stride, image.row_bytes(), groups, taps.count[y], out.row(y));
  }
  return out;
}

}  // namespace deepmad::data

#else

namespace deepmad::data {

bool HasAvx512() { return false; }
Image ResampleColumnsAvx512(const ImageView&, const ResampleTaps&) {
  throw std::logic_error("ResampleColumnsAvx512: not on this processor");
}
Image ResampleRowsAvx512(const ImageView&, int, const ResampleTaps&) {
  throw std::logic_error("ResampleRowsAvx512: not on this processor");
}

}  // namespace deepmad::data

#endif
