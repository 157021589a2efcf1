#include "train/predict/prediction_loop.h"

#include <c10/core/InferenceMode.h>

#include "base/error.h"
#include "base/progress.h"
#include "base/stop_signal.h"
#include "train/loop/device_feed.h"

namespace deepmad::train {

void PredictEach(const PredictionPass& pass, const std::function<void(size_t index, const data::Batch& batch)>& use) {
  data::LoaderOptions loading;
  loading.batch_size = 1;
  loading.workers = pass.input.workers;
  loading.queue_batches = pass.input.queue_batches;
  loading.channels_last = pass.precision.channels_last;
  data::Loader loader(pass.files, pass.prepare, loading);

  const c10::InferenceMode inference;
  base::ProgressOptions progress_options;
  progress_options.label = "predict";
  progress_options.total = pass.files.size();
  base::Progress progress(progress_options);
  data::Batch batch;
  loader.StartEpoch(0);
  for (size_t index = 0; loader.Next(&batch); ++index) {
    if (base::StopRequested()) throw base::Error(base::ErrorKind::kStopped, "stopped by a signal", "predict", "start again");
    MoveBatch(batch, pass.device);
    const AutocastGuard autocast(pass.precision, pass.device.type());
    use(index, batch);
    progress.Update(static_cast<int64_t>(index) + 1);
  }
}

}  // namespace deepmad::train
