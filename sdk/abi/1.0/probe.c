/* A library whose debug information holds every structure of the plugin ABI, for abidiff. */
#include <sojourn/task_abi.h>

struct sojourn_probe {
  const sojourn_host* host;
  const sojourn_tensor_api* tensor;
  const sojourn_text_api* text;
  const sojourn_data_api* data;
  const sojourn_eval_api* eval;
  const sojourn_search_api* search;
};

SOJOURN_EXPORT const sojourn_plugin* sojourn_plugin_entry_v1(void) { return 0; }
SOJOURN_EXPORT void sojourn_probe_host(const struct sojourn_probe* probe);
void sojourn_probe_host(const struct sojourn_probe* probe) { (void)probe; }
