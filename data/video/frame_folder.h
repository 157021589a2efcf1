// A video as a folder of pictures: img_%05d.jpg, numbered from 1 without gaps.
#pragma once

#include <string>
#include <vector>

#include "data/video/frames.h"

namespace deepmad::data {

class FrameFolder : public Frames {
 public:
  // FailedError naming the folder when it holds no frame, or the first frame that is missing before the last one.
  explicit FrameFolder(std::string folder);

  int64_t count() const override { return count_; }
  double fps() const override { return 0; }
  void Read(const std::vector<int64_t>& numbers, const FrameUse& use) override;

 private:
  std::string PathOf(int64_t number) const;

  std::string folder_;
  int64_t count_ = 0;
};

}  // namespace deepmad::data
