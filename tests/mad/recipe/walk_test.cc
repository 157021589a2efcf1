#include "mad/recipe/walk.h"

#include <gtest/gtest.h>

#include "mad/recipe/squeeze_excite.h"

namespace deepmad::mad {
namespace {

// Stride 2 and squeeze-excite on the main path, a pool on the shortcut.
Unit<double> SmallUnit() {
  Branch<double> branch;
  branch.main = {Conv("a", 4.0, 8.0, Square(3), Square(2)), SqueezeExcite("se", 8.0, 2.0)};
  branch.shortcut_kind = ShortcutKind::kLayers;
  branch.shortcut = {AveragePool(4.0, Square(2)), Conv("b", 4.0, 8.0, Extent{})};
  branch.post = {Activation(ActivationKind::kRelu, 8.0)};
  Branch<double> second;
  second.main = {MaxPool(8.0, Square(3), Square(2))};
  return {branch, second};
}

TEST(Walk, VisitsMainShortcutAndPostWithTheMapOfEach) {
  struct Row {
    LayerKind kind;
    Path path;
    int in, out;
    bool first;
  };
  const std::vector<Row> expected = {{LayerKind::kConv, Path::kMain, 9, 5, true},
                                     {LayerKind::kSqueezeExcite, Path::kMain, 5, 5, false},
                                     {LayerKind::kConv, Path::kInner, 1, 1, true},
                                     {LayerKind::kNorm, Path::kInner, 1, 1, false},
                                     {LayerKind::kActivation, Path::kInner, 1, 1, false},
                                     {LayerKind::kConv, Path::kInner, 1, 1, false},
                                     {LayerKind::kNorm, Path::kInner, 1, 1, false},
                                     {LayerKind::kActivation, Path::kInner, 1, 1, false},
                                     {LayerKind::kAveragePool, Path::kShortcut, 9, 5, true},
                                     {LayerKind::kConv, Path::kShortcut, 5, 5, false},
                                     {LayerKind::kActivation, Path::kPost, 5, 5, true},
                                     {LayerKind::kMaxPool, Path::kMain, 5, 3, true}};
  size_t next = 0;
  const Extent out = WalkUnit(SmallUnit(), Extent{1, 9, 9}, [&](const LayerVisit<double, Extent>& visit) {
    ASSERT_LT(next, expected.size());
    SCOPED_TRACE(next);
    const Row& row = expected[next++];
    EXPECT_EQ(visit.layer.kind, row.kind);
    EXPECT_EQ(visit.path, row.path);
    EXPECT_EQ(visit.in, Square(row.in));
    EXPECT_EQ(visit.out, Square(row.out));
    EXPECT_EQ(visit.before == nullptr, row.first);
  });
  EXPECT_EQ(next, expected.size());
  EXPECT_EQ(out, Square(3));
}

}  // namespace
}  // namespace deepmad::mad
