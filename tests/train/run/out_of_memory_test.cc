#include "train/run/out_of_memory.h"

#include <c10/util/Exception.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace deepmad::train {
namespace {

TEST(OutOfMemory, IsKnownByItsTypeAndByTheTextsOfLibraries) {
  const c10::SourceLocation here{__func__, __FILE__, __LINE__};
  EXPECT_TRUE(IsOutOfMemory(c10::OutOfMemoryError(here, "Tried to allocate 20.00 MiB")));
  for (const char* text :
       {"cuDNN error: CUDNN_STATUS_ALLOC_FAILED", "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "CUDA error: out of memory\nCUDA kernel errors might be reported asynchronously"}) {
    EXPECT_TRUE(IsOutOfMemory(c10::Error(here, text))) << text;
  }
}

TEST(OutOfMemory, OtherErrorsAreNotTakenForIt) {
  const c10::SourceLocation here{__func__, __FILE__, __LINE__};
  EXPECT_FALSE(IsOutOfMemory(c10::Error(here, "CUDA error: an illegal memory access was encountered")));
  EXPECT_FALSE(IsOutOfMemory(c10::Error(here, "cuDNN error: CUDNN_STATUS_NOT_SUPPORTED")));
  EXPECT_FALSE(IsOutOfMemory(std::runtime_error("CUDA error: out of memory"))) << "not LibTorch's";
}

}  // namespace
}  // namespace deepmad::train
