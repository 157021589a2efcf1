#include "models/heads/head.h"

template <>
const char* deepmad::models::HeadRegistry::kind() {
  return "head";
}
