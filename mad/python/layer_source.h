// Layers that plain PyTorch does not have, and helpers, as Python source.
#pragma once

#include <span>
#include <string>

namespace deepmad::mad {

// A function or class of a Python file.
struct PythonPiece {
  const char* name;
  const char* text;  // ends with a newline
};

// Returns the pieces that `source` calls, and those that they call, in their order, each behind two empty lines.
std::string PythonPieces(const std::string& source, std::span<const PythonPiece> pieces);

// Returns the layers that `source` calls. `spatial_dims`: 2 or 3; `eps` and `momentum`: of batch norms.
std::string PythonLayers(const std::string& source, int spatial_dims, double eps, double momentum);

}  // namespace deepmad::mad
