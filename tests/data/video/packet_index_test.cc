#include "data/video/packet_index.h"

#include <gtest/gtest.h>

namespace deepmad::data {
namespace {

PacketFacts Key(int64_t time) { return {time, true, true, false}; }
PacketFacts Other(int64_t time) { return {time, true, false, false}; }

TEST(PacketIndex, NumbersFramesByTimeAndDecodesFromTheKeyBefore) {
  const auto index = PacketIndex::Make({Key(0), Other(3), Other(1), Other(2), Key(4), Other(5)});
  ASSERT_TRUE(index);
  ASSERT_EQ(index->count(), 6);
  EXPECT_EQ(index->packet(1), 2U);
  EXPECT_EQ(index->time(3), 3);
  const std::vector<PacketSpan> spans = index->Spans({1, 5});
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_EQ(std::pair(spans[0].first, spans[0].last), std::pair(size_t{0}, size_t{2}));
  EXPECT_EQ(std::pair(spans[1].first, spans[1].last), std::pair(size_t{4}, size_t{5}));
}

TEST(PacketIndex, TakesFramesShownBeforeAKeyFromTheKeyBeforeIt) {
  const auto index = PacketIndex::Make({Key(0), Other(1), Key(4), Other(2), Other(3), Other(5)});
  ASSERT_TRUE(index);
  std::vector<PacketSpan> spans = index->Spans({2});
  ASSERT_EQ(spans.size(), 1U);
  EXPECT_EQ(std::pair(spans[0].first, spans[0].last), std::pair(size_t{0}, size_t{3}));
  spans = index->Spans({2, 5});
  ASSERT_EQ(spans.size(), 1U) << "the first span has decoded the second key packet already";
  EXPECT_EQ(std::pair(spans[0].first, spans[0].last), std::pair(size_t{0}, size_t{5}));
  EXPECT_EQ(spans[0].numbers, (std::vector<int64_t>{2, 5}));
}

TEST(PacketIndex, LeavesOutWhatIsNotShownOrHasNoKeyBefore) {
  const auto index = PacketIndex::Make({Other(0), {1, true, true, true}, Other(2), {3, true, false, true}, Key(6), Other(4)});
  ASSERT_TRUE(index);
  ASSERT_EQ(index->count(), 3);
  EXPECT_EQ(index->packet(0), 2U);
  EXPECT_EQ(index->Spans({0})[0].first, 1U) << "a packet that is not shown may be the one to begin with";
  EXPECT_EQ(PacketIndex::Make({Key(5), Other(4)})->count(), 1);
  EXPECT_EQ(PacketIndex::Make({Other(5)})->count(), 0);
}

TEST(PacketIndex, SpansHoldTheirFramesWhateverTheOrderOfTimes) {
  const auto index = PacketIndex::Make({Key(5), Key(0), Other(1)});
  ASSERT_TRUE(index);
  const std::vector<PacketSpan> spans = index->Spans({0, 2});
  ASSERT_EQ(spans.size(), 1U);
  EXPECT_EQ(std::pair(spans[0].first, spans[0].last), std::pair(size_t{0}, size_t{1}));
}

TEST(PacketIndex, ManyKeysAheadInTimeCostNothing) {
  std::vector<PacketFacts> packets = {Key(0)};
  for (int64_t i = 0; i < 200000; ++i) packets.push_back(Key(1000000 - i));
  EXPECT_EQ(PacketIndex::Make(packets)->count(), 200001);
}

TEST(PacketIndex, IsNoneWithoutATimeOfItsOwnForEachPacket) {
  EXPECT_FALSE(PacketIndex::Make({Key(0), {0, false, false, false}}));
  EXPECT_FALSE(PacketIndex::Make({Key(0), Other(1), Other(1)}));
}

}  // namespace
}  // namespace deepmad::data
