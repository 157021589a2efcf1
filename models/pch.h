// The one precompiled header of the project: models/ builds it, rooms with the same flags reuse it.
#pragma once

#include <torch/nn/module.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>
