// The `data` section of a run on pictures with boxes, `input: boxes`: a label for each object. channels is 3, and
//
//   train: {short_edge: [800], draw: choice | range, long_edge: 1333, flip: 0.5}    # range: [480, 960] is all integers between
//   validate: {short_edge: 800, long_edge: 1333}                                    # the long edge is the most it may measure
#pragma once

#include "base/config/config.h"
#include "data/inputs/open_datasets.h"
#include "data/transforms/normalise.h"

namespace deepmad::data {

// UsageError for a wrong value.
InputOptions ReadBoxOptions(const base::Config& data_section, const Normaliser& normaliser);

}  // namespace deepmad::data
