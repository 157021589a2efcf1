// A 2-D convolution layer of a head, with or without bias.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

namespace torch::nn {
class Module;
}

namespace deepmad::models {

class MapConv {
 public:
  struct Options {
    int kernel = 3;  // odd; padding is kernel / 2, so stride 1 keeps the size
    int stride = 1;
    bool bias = true;
  };

  // Registers weight and bias, initially zero, in the module at `path` below `root`.
  MapConv(int in_channels, int out_channels, const Options& options, torch::nn::Module& root, const std::string& path);
  at::Tensor Forward(const at::Tensor& x) const;

 private:
  at::Tensor weight_;  // [out, in, kernel, kernel]
  at::Tensor bias_;    // [out]; undefined without bias
  int64_t stride_, padding_;
};

}  // namespace deepmad::models
