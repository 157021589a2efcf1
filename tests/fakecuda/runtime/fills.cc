#include "tests/fakecuda/runtime/fills.h"

#include <array>
#include <cstring>
#include <string_view>
#include <utility>

#include "tests/fakecuda/runtime/memory.h"

namespace fakecuda {
namespace {

// Bytes of the type that a functor's mangled name begins with; 0 for one that is not known.
size_t BytesOf(std::string_view type) {
  constexpr std::pair<std::string_view, size_t> kTypes[] = {{"f", 4}, {"d", 8}, {"l", 8}, {"i", 4},           {"s", 2},
                                                            {"a", 1}, {"h", 1}, {"b", 1}, {"N3c104HalfE", 2}, {"N3c108BFloat16E", 2}};
  for (const auto& [name, bytes] : kTypes) {
    if (type.substr(0, name.size()) == name) return bytes;
  }
  return 0;
}

}  // namespace

std::function<void()> FillOf(const char* name, void** arguments) {
  constexpr std::string_view kFunctor = "11FillFunctorI";
  const std::string_view mangled(name);
  const size_t functor = mangled.find(kFunctor);
  if (functor == mangled.npos || mangled.find("29vectorized_elementwise_kernel") == mangled.npos) return {};
  const size_t bytes = BytesOf(mangled.substr(functor + kFunctor.size()));
  if (bytes == 0) return {};
  // Its arguments: the number of elements, the functor that holds the value, the tensor's address.
  int count = 0;
  std::array<char, 8> value{};
  char* tensor = nullptr;
  std::memcpy(&count, arguments[0], sizeof count);
  std::memcpy(value.data(), arguments[1], bytes);
  std::memcpy(&tensor, arguments[2], sizeof tensor);
  return [=] {
    char* reach = Reach(tensor);
    for (int i = 0; i < count; ++i) std::memcpy(reach + static_cast<size_t>(i) * bytes, value.data(), bytes);
  };
}

}  // namespace fakecuda
