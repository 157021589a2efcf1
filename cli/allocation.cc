// How the program's allocator (jemalloc) treats memory. Every training step takes and frees the same hundreds of megabytes of feature maps.
// By default they would go back to the system and be cleared page by page on the way in again; kept, and in large pages, they cost nothing.
// Training steps of the quick start on one and two cores are 1.21 and 1.27 times faster than with glibc's malloc, those of R18 1.14
// and 1.12 times (docs/performance.md). The process stays as large as it once was. MALLOC_CONF in the environment overrides.

// jemalloc looks for this name.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "dirty_decay_ms:-1,muzzy_decay_ms:-1,thp:always";
}
