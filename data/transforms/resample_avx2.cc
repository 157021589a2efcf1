#include "data/transforms/resample_avx2.h"

#include <stdexcept>

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace deepmad::data {
namespace {

constexpr int kGroup = 4;         // taps an instruction
constexpr int kRowsTogether = 4;  // rows that share loaded weights
constexpr int kLowBits = 12;      // a weight is high * 2^12 + low: both halves and their products with bytes fit 16-bit multiplications
constexpr size_t kPadding = 32;   // bytes that loads may read behind a row

// Weights of each output in groups of four taps, filled up with zeros. A group is 16 bytes: the high halves of taps 0 and 1, 2 and 3, then
// the low halves.
struct PackedTaps {
  std::vector<int> group_end;  // by output: where its groups end; they begin where those of the output before end
  std::vector<int16_t> weights;

  explicit PackedTaps(const ResampleTaps& taps) {
    int groups = 0;
    for (const int count : taps.count) group_end.push_back(groups += (count + kGroup - 1) / kGroup);
    weights.resize(static_cast<size_t>(groups) * 2 * kGroup);
    int16_t* group = weights.data();
    for (int i = 0; i < taps.outputs(); ++i) {
      for (int j = 0; j < taps.count[i]; j += kGroup, group += 2 * kGroup) {
        for (int k = 0; k < std::min(kGroup, taps.count[i] - j); ++k) {
          const int32_t weight = taps.weights_of(i)[j + k];
          group[k] = static_cast<int16_t>(weight >> kLowBits);
          group[kGroup + k] = static_cast<int16_t>(weight & ((1 << kLowBits) - 1));
        }
      }
    }
  }
};

// Sums of one output pixel in one row; each half of a register holds R, G, B of two taps of four. 32-bit sums may wrap in between, the
// final one fits.
struct Sums {
  __m256i high;
  __m256i low;
};

__attribute__((target("avx2"), always_inline)) inline void AddGroup(const uint8_t* pixels, __m256i high, __m256i low, Sums& sums) {
  // Twelve bytes of four pixels to pairs of 16-bit numbers: R0 R1 G0 G1 B0 B1 - -, R2 R3 G2 G3 B2 B3 - -.
  const __m256i order = _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1,  //
                                         6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
  const __m256i bytes = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(pixels)));
  const __m256i pairs = _mm256_shuffle_epi8(bytes, order);
  sums.high = _mm256_add_epi32(sums.high, _mm256_madd_epi16(pairs, high));
  sums.low = _mm256_add_epi32(sums.low, _mm256_madd_epi16(pairs, low));
}

__attribute__((target("avx2"), always_inline)) inline void StorePixel(const Sums& sums, uint8_t* out) {
  const __m256i both = _mm256_add_epi32(_mm256_slli_epi32(sums.high, kLowBits), sums.low);
  __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
  sum = _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(1 << (kWeightBits - 1))), kWeightBits);
  const __m128i bytes = _mm_packus_epi16(_mm_packs_epi32(sum, sum), sum);
  const int pixel = _mm_cvtsi128_si32(bytes);
  std::memcpy(out, &pixel, 3);
}

// kRowsTogether rows that lie `stride` bytes apart, with kPadding bytes behind each.
__attribute__((target("avx2"))) void ResampleTogether(const uint8_t* rows, size_t stride, const ResampleTaps& taps,
                                                      const PackedTaps& packed, uint8_t* const* out) {
  const __m256i high_order = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1), low_order = _mm256_setr_epi32(2, 2, 2, 2, 3, 3, 3, 3);
  const int16_t* group = packed.weights.data();
  for (int x = 0; x < taps.outputs(); ++x) {
    const int16_t* end = packed.weights.data() + static_cast<size_t>(packed.group_end[x]) * 2 * kGroup;
    const uint8_t* pixels = rows + static_cast<size_t>(taps.first[x]) * 3;
    Sums sums[kRowsTogether];
    for (Sums& each : sums) each.high = each.low = _mm256_setzero_si256();
    for (; group < end; group += 2 * kGroup, pixels += 3 * kGroup) {
      const __m256i weights = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(group)));
      const __m256i high = _mm256_permutevar8x32_epi32(weights, high_order), low = _mm256_permutevar8x32_epi32(weights, low_order);
      for (int i = 0; i < kRowsTogether; ++i) AddGroup(pixels + i * stride, high, low, sums[i]);
    }
    for (int i = 0; i < kRowsTogether; ++i) StorePixel(sums[i], out[i] + static_cast<size_t>(x) * 3);
  }
}

}  // namespace

bool HasAvx2() { return __builtin_cpu_supports("avx2"); }

Image ResampleColumnsAvx2(const ImageView& rows, const ResampleTaps& taps) {
  const PackedTaps packed(taps);
  Image out(rows.height, taps.outputs(), 3);
  const size_t stride = rows.row_bytes() + kPadding;
  std::vector<uint8_t> copies(stride * kRowsTogether);
  std::vector<uint8_t> surplus(out.row_bytes());
  for (int top = 0; top < rows.height; top += kRowsTogether) {
    uint8_t* to[kRowsTogether];
    for (int i = 0; i < kRowsTogether; ++i) {
      const bool exists = top + i < rows.height;
      to[i] = exists ? out.row(top + i) : surplus.data();
      if (exists) std::memcpy(copies.data() + i * stride, rows.row(top + i), rows.row_bytes());
    }
    ResampleTogether(copies.data(), stride, taps, packed, to);
  }
  return out;
}

}  // namespace deepmad::data

#else

namespace deepmad::data {

bool HasAvx2() { return false; }
Image ResampleColumnsAvx2(const ImageView&, const ResampleTaps&) { throw std::logic_error("ResampleColumnsAvx2: not on this processor"); }

}  // namespace deepmad::data

#endif
