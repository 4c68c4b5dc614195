/* What the fake plugins share: a whole task that does nothing, to be spoilt one thing at a time. */
#ifndef SOJOURN_TESTS_FAKE_PLUGIN_H
#define SOJOURN_TESTS_FAKE_PLUGIN_H
#include <sojourn/task_abi.h>

#include <string.h>

static const char kManifest[] =
    "{\"name\":\"fake\",\"kind\":\"fake\",\"licence\":\"CC0\",\"languages\":[\"en\"],\"codes\":{},"
    "\"splits\":{\"test\":{\"files\":{\"rows\":[\"rows\"]}}},"
    "\"fields\":[{\"name\":\"input_ids\",\"type\":\"int64\",\"dims\":[\"T\"],\"pad\":0},"
    "{\"name\":\"label\",\"type\":\"int64\",\"dims\":[],\"pad\":0}],"
    "\"loss_items\":\"label\",\"head\":{\"family\":\"fake\",\"labels\":[\"a\",\"b\"]},"
    "\"inputs\":[\"hidden\",\"label\"],\"outputs\":[{\"name\":\"logits\",\"dims\":[\"T\",\"2\"]}],"
    "\"statistics\":[\"correct\",\"total\"],"
    "\"metrics\":[{\"name\":\"accuracy\",\"profile\":\"accuracy\",\"ratio\":[\"correct\",\"total\"]"
    ",\"primary\":true}],"
    "\"ops\":[\"core1::linear\",\"core1::tanh\"]}";

static const sojourn_host* host;

static inline sojourn_str text(const char* s) {
  sojourn_str str;
  str.p = s;
  str.n = strlen(s);
  return str;
}

static inline sojourn_status fail(sojourn_ctx* ctx, const char* message) {
  host->set_error(ctx, text(message));
  return SOJOURN_INVALID;
}

static sojourn_status init(const sojourn_host* h, sojourn_ctx* ctx, void** self) {
  (void)ctx;
  host = h;
  *self = NULL;
  return SOJOURN_OK;
}
#endif
