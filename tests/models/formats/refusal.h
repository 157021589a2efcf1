// The message with which a reader refuses a file.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "base/error.h"

namespace deepmad::models {

// Empty where nothing was refused.
template <typename Action>
std::string RefusalBy(const Action& action, base::ErrorKind kind = base::ErrorKind::kFailed) {
  try {
    action();
    return "";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_EQ(error.where(), "w.pth") << error.what();
    return error.what();
  }
}

inline bool Contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace deepmad::models
