#include "data/transforms/lighting.h"

#include <cstddef>

namespace deepmad::data {

std::array<float, 3> Lighting::Draw(base::Random& random) const {
  constexpr double kEigenvalues[3] = {0.2175, 0.0188, 0.0045};
  constexpr double kEigenvectors[3][3] = {{-0.5675, 0.7192, 0.4009}, {-0.5808, -0.0045, -0.8140}, {-0.5836, -0.6948, 0.4203}};
  double weights[3];
  for (int j = 0; j < 3; ++j) weights[j] = random.Normal(0, sigma) * kEigenvalues[j];
  std::array<float, 3> added{};
  for (int c = 0; c < 3; ++c) {
    double sum = 0;
    for (int j = 0; j < 3; ++j) sum += kEigenvectors[c][j] * weights[j];
    added[static_cast<size_t>(c)] = static_cast<float>(sum);
  }
  return added;
}

}  // namespace deepmad::data
