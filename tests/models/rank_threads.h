// A process group whose ranks are threads of one process: for what a layer makes of it.
#pragma once

#include <ATen/ops/stack.h>
#include <gtest/gtest.h>

#include <barrier>
#include <functional>
#include <thread>
#include <vector>

#include "models/layers/process_group.h"

namespace deepmad::models {

class RankThreads {
 public:
  explicit RankThreads(int size) : tensors_(static_cast<size_t>(size)), meeting_(size) {}

  // work(group) on every rank.
  void Run(const std::function<void(const ProcessGroup&)>& work) {
    std::vector<std::thread> threads;
    for (size_t rank = 0; rank < tensors_.size(); ++rank) {
      threads.emplace_back([this, rank, &work] { work(Group(*this, static_cast<int>(rank))); });
    }
    for (std::thread& thread : threads) thread.join();
  }

 private:
  class Group : public ProcessGroup {
   public:
    Group(RankThreads& all, int rank) : all_(all), rank_(rank) {}
    int rank() const override { return rank_; }
    int size() const override { return static_cast<int>(all_.tensors_.size()); }
    void Sum(at::Tensor tensor) const override { tensor.copy_(Gather(tensor).sum(0)); }
    at::Tensor Gather(const at::Tensor& tensor) const override {
      all_.tensors_[static_cast<size_t>(rank_)] = tensor.clone();
      all_.meeting_.arrive_and_wait();
      const at::Tensor gathered = at::stack(all_.tensors_);
      all_.meeting_.arrive_and_wait();
      return gathered;
    }

   private:
    RankThreads& all_;
    int rank_;
  };

  std::vector<at::Tensor> tensors_;
  std::barrier<> meeting_;
};

}  // namespace deepmad::models
