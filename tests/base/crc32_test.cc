#include "base/crc32.h"

#include <gtest/gtest.h>

namespace deepmad::base {
namespace {

TEST(Crc32, HasTheCheckValueOfItsPolynomialHoweverTheDataComes) {
  Crc32 whole, pieces;
  whole.Add("123456789");
  EXPECT_EQ(whole.Hex(), "cbf43926");  // the check value of CRC-32
  for (const char* piece : {"1234", "", "5", "6789"}) pieces.Add(piece);
  EXPECT_EQ(pieces.Hex(), "cbf43926");
}

TEST(Crc32, OfNothingIsZero) {
  Crc32 nothing;
  nothing.Add(nullptr, 0);
  EXPECT_EQ(nothing.Hex(), "00000000");
}

}  // namespace
}  // namespace deepmad::base
