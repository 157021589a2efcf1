// The collective calls of this rank, in order.
#pragma once

#include <string>
#include <vector>

namespace fakecuda {

std::vector<std::string>& Exchanges();

}  // namespace fakecuda
