// The box metric beside pycocotools on random sets: crowds, empty images, ties, areas on the borders, ids of 0, missing categories, more
// detections than count.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/places.h"
#include "tests/temporary_folder.h"
#include "tests/train/metrics/coco_cases.h"

namespace deepmad::train {
namespace {

TEST(CocoApPeer, EqualsPycocotoolsOnRandomSets) {
  if (PeersPython().empty()) GTEST_SKIP() << "needs the Python peers: run scripts/setup.sh --peers";
  constexpr size_t kSets = 500;
  const TemporaryFolder folder;
  const std::string cases_file = folder.File("cases.json");
  const std::string command =
      PeersPython() + " " + SourceFolder() + "/tests/train/metrics/coco_peer.py random " + std::to_string(kSets) + " 1000 " + cases_file;
  ASSERT_EQ(std::system(command.c_str()), 0);
  const std::vector<CocoCase> cases = ReadCocoCases(cases_file);
  ASSERT_EQ(cases.size(), kSets);
  size_t telling = 0;
  for (const CocoCase& c : cases) {
    ExpectCaseHolds(c, 2);
    telling += c.stats[0] > 0.02 && c.stats[0] < 0.98;
  }
  EXPECT_GT(telling, kSets / 2);
}

}  // namespace
}  // namespace deepmad::train
