// How the program's allocator (jemalloc) treats memory. Every training step takes and frees the same hundreds of megabytes of feature maps.
// By default they would go back to the system and be cleared page by page on the way in again; kept, and in large pages, they cost nothing.
// Training steps of the quick start on one and two cores are 1.21 and 1.27 times faster than with glibc's malloc, those of R18 1.14
// and 1.12 times (docs/performance.md). The process stays as large as it once was. Memory that is kept grows together into large pieces, of
// which jemalloc would give nothing to requests 64 times smaller; it would ask for more instead, step after step: a study of 60 runs
// grew to 10 GB. So any piece may be split. MALLOC_CONF in the environment overrides.

// jemalloc looks for this name.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "dirty_decay_ms:-1,muzzy_decay_ms:-1,thp:always,lg_extent_max_active_fit:63";
}
