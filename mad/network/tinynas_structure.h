// The text files in which structures were released (alibaba/lightweight-neural-architecture-search, tinyvision/DAMO-YOLO): Python literals,
//   [{'class': 'ConvKXBNRELU', 'in': 3, 'out': 32, 's': 2, 'k': 3}, {'class': 'SuperResK1KXK1', 'in': 32, ..., 'L': 6, 'btn': 40}, ...]
// or {'best_structures': [[...], ...], 'space_arch': 'CnnNet'}. docs/formats.md has the keys.
#pragma once

#include <string>

#include "mad/network/network_spec.h"

namespace deepmad::mad {

// What the text does not say.
struct ReleasedTextOptions {
  std::string name = "network";
  std::optional<InputSpec> input = {};  // nullopt: the first block's `in` at 224x224, and 16 frames in 3-D
  HeadSpec head = {};                   // a classifier of a quantised structure is quantised to 8 bits, as released
  size_t index = 0;                     // which of best_structures
};

// UsageError with file, line and column for what is no such text, an unknown class or key, or channels that do not follow from the block
// before (the first block's `in` gives way to options.input); as Validate (mad/network/network_spec.h) for the rest. Bit widths count where
// a class is a quantised one: other texts carry them without meaning.
NetworkSpec NetworkFromReleasedText(const std::string& text, const std::string& where, const ReleasedTextOptions& options);

// The inverse. UsageError for a block that no released class describes.
std::string NetworkToReleasedText(const NetworkSpec& network);

}  // namespace deepmad::mad
