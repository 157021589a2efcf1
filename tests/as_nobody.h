// File modes do not stop root, as whom tests run in a container: while this lives, the process has the rights of an ordinary user.
#pragma once

#include <unistd.h>

namespace deepmad {

class AsNobody {
 public:
  AsNobody() : was_root_(::geteuid() == 0 && ::seteuid(kNobody) == 0) {}
  ~AsNobody() {
    if (was_root_) static_cast<void>(::seteuid(0) == 0);
  }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;

 private:
  static constexpr uid_t kNobody = 65534;
  bool was_root_;
};

}  // namespace deepmad
