/* Plugins that a host must refuse; built once for each FAKE_ definition. */
#include "plugin.h"

static sojourn_status dataset_open(sojourn_ctx* c, void* s, const sojourn_dataset_request* r,
                                   void** d, uint64_t* n) {
  (void)c, (void)s, (void)r, (void)d, (void)n;
  return SOJOURN_INTERNAL;
}
static sojourn_status example(sojourn_ctx* c, void* d, uint64_t i, sojourn_example* out) {
  (void)c, (void)d, (void)i, (void)out;
  return SOJOURN_INTERNAL;
}
#ifndef FAKE_NULL_CALLBACK
static sojourn_status featurize(sojourn_ctx* c, void* d, uint64_t i) {
  (void)c, (void)d, (void)i;
  return SOJOURN_INTERNAL;
}
#endif
static void nothing(void* p) { (void)p; }
static sojourn_status decode_create(sojourn_ctx* c, void* d, void** out) {
  (void)c, (void)d, (void)out;
  return SOJOURN_INTERNAL;
}
static sojourn_status decode_add(sojourn_ctx* c, void* d, uint64_t e, const sojourn_named* a,
                                 uint64_t n) {
  (void)c, (void)d, (void)e, (void)a, (void)n;
  return SOJOURN_INTERNAL;
}
static sojourn_status decode_finish(sojourn_ctx* c, void* d, sojourn_str t) {
  (void)c, (void)d, (void)t;
  return SOJOURN_INTERNAL;
}
static sojourn_status score(sojourn_ctx* c, void* d, uint64_t i, sojourn_str p, double* s,
                            uint64_t n) {
  (void)c, (void)d, (void)i, (void)p, (void)s, (void)n;
  return SOJOURN_INTERNAL;
}
#ifdef FAKE_REFUSES_TO_START
static sojourn_status refuse(const sojourn_host* h, sojourn_ctx* ctx, void** self) {
  (void)self;
  host = h;
  return fail(ctx, "no licence key");
}
#endif

#ifdef FAKE_NO_ENTRY
SOJOURN_EXPORT const sojourn_plugin* another_entry(void);
#define ENTRY another_entry
#else
#define ENTRY sojourn_plugin_entry_v1
#endif

const sojourn_plugin* ENTRY(void) {
  static sojourn_task task;
  static const sojourn_task* tasks[1];
  static sojourn_plugin plugin;
  task.struct_size = sizeof task;
  task.manifest = text(kManifest);
  task.dataset_open = dataset_open;
  task.example = example;
  task.dataset_close = nothing;
  task.decode_create = decode_create;
  task.decode_add = decode_add;
  task.decode_finish = decode_finish;
  task.decode_destroy = nothing;
  task.score = score; /* and no head, whatever the manifest says */
#ifndef FAKE_NULL_CALLBACK
  task.featurize = featurize;
#endif
  tasks[0] = &task;
  plugin.struct_size = sizeof plugin;
  plugin.abi_major = SOJOURN_ABI_MAJOR;
  plugin.id = "refused";
  plugin.version = "1.0";
  plugin.licence = "CC0";
  plugin.n_tasks = 1;
  plugin.tasks = tasks;
  plugin.init = init;
#ifdef FAKE_OTHER_MAJOR
  plugin.abi_major = 2;
  plugin.struct_size = 24; /* and otherwise described in another way */
#endif
#ifdef FAKE_NEWER_MINOR
  plugin.abi_needed = 7;
#endif
#ifdef FAKE_SMALL
  plugin.struct_size = 40;
#endif
#ifdef FAKE_NO_VERSION
  plugin.version = NULL;
#endif
#ifdef FAKE_NO_TASK
  plugin.n_tasks = 0;
#endif
#ifdef FAKE_SMALL_TASK
  task.struct_size = 64;
#endif
#ifdef FAKE_BAD_MANIFEST
  task.manifest = text("{\"name\":\"fake\"}");
#endif
#ifdef FAKE_REFUSES_TO_START
  plugin.init = refuse;
#endif
#ifdef FAKE_NULL_ENTRY
  return NULL;
#else
  return &plugin;
#endif
}
