#include "train/run/out_of_memory.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <array>
#include <string>

namespace deepmad::train {

bool IsOutOfMemory(const std::exception& error) {
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr) return true;
  const auto* library = dynamic_cast<const c10::Error*>(&error);
  if (library == nullptr) return false;
  const std::string text = library->what_without_backtrace();
  constexpr std::array kTexts = {"CUDNN_STATUS_ALLOC_FAILED", "CUBLAS_STATUS_ALLOC_FAILED", "CUDA error: out of memory",
                                 "CUDA driver error: out of memory"};
  return std::any_of(kTexts.begin(), kTexts.end(), [&](const char* each) { return text.find(each) != std::string::npos; });
}

}  // namespace deepmad::train
