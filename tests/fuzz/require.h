#pragma once

#include <cstdio>
#include <cstdlib>

/// For fuzz functions, in every build: says which promise was broken and dies, so that the fuzzer
/// keeps the input.
inline void require(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", promise);
  std::abort();
}
