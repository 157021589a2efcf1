// A convolution of a map in a head, with or without bias.
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
    int kernel = 3;  // odd; the map is padded by half of it, so that stride 1 keeps its size
    int stride = 1;
    bool bias = true;
  };

  // Registers weight and bias, zeros, in the module at `path` below `root`.
  MapConv(int in_channels, int out_channels, const Options& options, torch::nn::Module& root, const std::string& path);
  at::Tensor Forward(const at::Tensor& x) const;

 private:
  at::Tensor weight_;  // [out, in, kernel, kernel]
  at::Tensor bias_;    // [out]; undefined where there is none
  int64_t stride_, padding_;
};

}  // namespace deepmad::models
