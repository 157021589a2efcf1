// Known reports of the thread sanitizer about libraries that are not ours.
#if defined(__SANITIZE_THREAD__)
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  // OpenCV's first use of an image codec registers GDAL's drivers, which take two locks in both orders, in one thread.
  return "deadlock:libgdal\n";
}
#endif
