// Several versions of a function, of which the dynamic linker picks the best for the processor at start-up. AVX2 alone brings no fused
// multiply-add, so floating-point results are the same in all of them.
#pragma once

// Sanitizers cannot run the functions that pick.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#define DEEPMAD_FASTEST_VERSION __attribute__((target_clones("avx2", "sse4.1", "default")))
#else
#define DEEPMAD_FASTEST_VERSION
#endif
