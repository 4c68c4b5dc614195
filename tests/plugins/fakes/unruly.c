/* A decent task, the template of `sojourn new-task` in C, but for one thing: the environment
 * variable SOJOURN_UNRULY says which. */
#define sojourn_plugin_entry_v1 decent_entry
#include "unruly/plugin.c" /* NOLINT(bugprone-suspicious-include): to get at its callbacks */
#undef sojourn_plugin_entry_v1
SOJOURN_EXPORT const sojourn_plugin* sojourn_plugin_entry_v1(void);

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "unruly.h"

static int is(const char* mode) {
  const char* const variable = getenv("SOJOURN_UNRULY");
  return variable != NULL && strcmp(variable, mode) == 0;
}

static sojourn_status fail(sojourn_ctx* ctx, const char* message) {
  host->set_error(ctx, str(message));
  return SOJOURN_INTERNAL;
}

static void hang(void) {
  for (;;) usleep(1000);
}

static void eat_memory(void) {
  const size_t step = (size_t)16 << 20;
  for (;;) {
    char* const more = malloc(step);
    if (more == NULL) hang();
    memset(more, 1, step);
  }
}

static int deeper(volatile int* depth) {
  volatile char page[4096];
  page[0] = (char)++*depth;
  return *depth < 0 ? 0 : deeper(depth) + page[0];
}

/* ---- data ---- */

static dataset* last_opened;

static void* sleep_long(void* argument) {
  sleep(3600);
  return argument;
}

static sojourn_status unruly_open(sojourn_ctx* ctx, void* self,
                                  const sojourn_dataset_request* request, void** opened,
                                  uint64_t* n) {
  sojourn_str bytes, path;
  sojourn_status status;
  if (is("open_hangs")) hang();
  if (is("open_leaks")) memset(malloc(5000), 1, 5000);
  if (is("open_leaks_files") && dup(STDERR_FILENO) < 0) return fail(ctx, "no descriptor");
  if (is("open_leaks_threads")) {
    pthread_t thread;
    pthread_create(&thread, NULL, sleep_long, NULL);
    pthread_detach(thread);
  }
  if (is("open_reads_ahead") && data->open(ctx, "rows", &bytes, &path) == SOJOURN_OK) {
    volatile const char* first = bytes.p; /* NULL where the file is empty */
    if (*first == '#') return fail(ctx, "a comment");
  }
  status = dataset_open(ctx, self, request, opened, n);
  if (status != SOJOURN_OK) {
    if (is("error_without_file")) return fail(ctx, "line 1: a bad row"), SOJOURN_INVALID;
    if (is("error_is_internal")) return SOJOURN_INTERNAL;
    if (is("error_without_words")) return host->set_error(ctx, str("")), SOJOURN_INVALID;
    if (is("error_not_utf8")) return host->set_error(ctx, str("\xff\xfe")), SOJOURN_INVALID;
    if (is("error_touches_out")) *opened = (void*)&last_opened;
    if (is("status_unknown")) return 77;
    return status;
  }
  last_opened = *opened;
  if (is("count_too_large")) *n += 5;
  if (is("count_impossible")) *n = UINT64_MAX;
  return SOJOURN_OK;
}

static sojourn_status unruly_example(sojourn_ctx* ctx, void* opened, uint64_t index,
                                     sojourn_example* out) {
  if (index >= ((const dataset*)opened)->n) return SOJOURN_OK; /* and no id */
  if (is("same_ids")) return out->id = str("one"), SOJOURN_OK;
  if (is("id_not_utf8")) return out->id = str("\xff"), SOJOURN_OK;
  return example(ctx, opened, index, out);
}

static sojourn_status emit(sojourn_ctx* ctx, const int64_t* ids, int64_t length, int64_t label,
                           uint32_t label_type, uint32_t n) {
  sojourn_array fields[2];
  memset(fields, 0, sizeof fields);
  fields[0].ndim = 1;
  fields[0].shape = &length;
  fields[0].data = ids;
  fields[1].dtype = label_type;
  fields[1].data = &label;
  return data->emit(ctx, fields, n);
}

static sojourn_status unruly_featurize(sojourn_ctx* ctx, void* opened, uint64_t index) {
  static int64_t many[1000];
  static int64_t calls;
  static int running;
  const int64_t few[3] = {0, 5, 2};
  const int64_t outside[3] = {0, 1 << 30, 2};
  const int64_t negative[3] = {0, -7, 2};
  if (is("featurize_overflows_stack")) {
    volatile int depth = 0;
    return deeper(&depth);
  }
  if (is("featurize_eats_memory")) eat_memory();
  if (is("featurize_aborts")) abort();
  if (is("featurize_exits")) exit(0);
  if (is("features_change")) return emit(ctx, few, 3, ++calls, SOJOURN_I64, 2);
  if (is("features_too_long")) return emit(ctx, many, 1000, 0, SOJOURN_I64, 2);
  if (is("ids_outside")) return emit(ctx, outside, 3, 0, SOJOURN_I64, 2);
  if (is("ids_negative")) return emit(ctx, negative, 3, 0, SOJOURN_I64, 2);
  if (is("too_few_fields")) return emit(ctx, few, 3, 0, SOJOURN_I64, 1);
  if (is("wrong_dtype")) return emit(ctx, few, 3, 0, SOJOURN_F32, 2);
  if (is("negative_shape")) return emit(ctx, few, -3, 0, SOJOURN_I64, 2);
  if (is("no_features")) return SOJOURN_OK;
  if (is("forged_context")) return emit((sojourn_ctx*)many, few, 3, 0, SOJOURN_I64, 2);
  if (is("global_state")) opened = index < last_opened->n ? last_opened : opened;
  if (is("races")) {
    const int others = __atomic_add_fetch(&running, 1, __ATOMIC_SEQ_CST) - 1;
    sojourn_status status;
    usleep(500);
    status = others > 0 ? emit(ctx, few, 3, 0, SOJOURN_I64, 2) : featurize(ctx, opened, index);
    __atomic_sub_fetch(&running, 1, __ATOMIC_SEQ_CST);
    return status;
  }
  return featurize(ctx, opened, index);
}

#include "unruly_head.h"

/* ---- decoding ---- */

static sojourn_status search(sojourn_ctx* ctx) {
  const sojourn_search_api* const api = host->get_interface("sojourn.search/1");
  const int64_t places[2] = {0, 99};
  const int64_t *index, *rank;
  const float* cosine;
  uint64_t n;
  if (is("search_side")) return api->count(ctx, 2, &n);
  if (is("search_no_place")) return api->count(ctx, 0, NULL);
  if (is("search_k0")) return api->neighbours(ctx, 0, 1, 0, &index, &cosine);
  if (is("search_k_large")) return api->neighbours(ctx, 0, 1, 4000000000U, &index, &cosine);
  if (is("search_from")) return api->neighbours(ctx, -1, 1, 1, &index, &cosine);
  if (is("search_csls_side")) return api->csls(ctx, 0, 7, 10, 1, &index, &cosine);
  if (is("search_csls_k0")) return api->csls(ctx, 0, 1, 10, 0, &index, &cosine);
  if (is("search_csls_none")) return api->csls(ctx, 0, 1, 0, 1, &index, &cosine);
  if (is("search_rows")) return api->ranks(ctx, 0, 1, places, places, 2, &rank, &cosine);
  if (is("search_no_rows")) return api->ranks(ctx, 0, 1, NULL, NULL, 2, &rank, &cosine);
  if (is("search_huge_n"))
    return api->ranks(ctx, 0, 1, places, places, (uint64_t)1 << 60, &rank, &cosine);
  if (is("search_mean_side")) return api->mean_cosines(ctx, 0, 2, &cosine);
  return SOJOURN_OK;
}

static uint64_t last_added = UINT64_MAX;

static sojourn_status unruly_decode_add(sojourn_ctx* ctx, void* self, uint64_t index,
                                        const sojourn_named* arrays, uint64_t n) {
  TRY(decode_add(ctx, self, index, arrays, n));
  if (is("decoding_by_order")) ((decoder*)self)->labels[index] = last_added < index ? 1 : 0;
  last_added = index;
  return SOJOURN_OK;
}

static sojourn_status unruly_decode_finish(sojourn_ctx* ctx, void* self, sojourn_str tuned) {
  static int calls;
  decoder* const d = self;
  const uint32_t* numbers;
  uint64_t i;
  TRY(search(ctx));
  if (is("decode_hangs")) hang();
  if (is("random_huge")) return eval->random(ctx, str("x"), (uint64_t)1 << 60, &numbers);
  if (is("random_no_place")) return eval->random(ctx, str("x"), 4, NULL);
  if (is("random_not_utf8")) return eval->random(ctx, str("\xff"), 4, &numbers);
  if (is("predicts_none")) return SOJOURN_OK;
  if (is("predicts_twice")) TRY(eval->prediction(ctx, 0, str("statement")));
  if (is("predicts_beyond")) return eval->prediction(ctx, 99999, str("statement"));
  if (is("predicts_not_utf8")) return eval->prediction(ctx, 0, str("\xc3"));
  if (is("predictions_change")) d->labels[0] = (unsigned char)(++calls % 2);
  if (is("labels_swapped")) {
    for (i = 0; i < d->set->n; ++i) {
      if (d->labels[i] != kNotDecoded) d->labels[i] = (unsigned char)(1 - d->labels[i]);
    }
  }
  return decode_finish(ctx, self, tuned);
}

static sojourn_status unruly_score(sojourn_ctx* ctx, void* opened, uint64_t index,
                                   sojourn_str prediction, double* statistics, uint64_t n) {
  static double total;
  if (is("score_crashes") && prediction.n > 1000) raise(SIGSEGV);
  if (is("score_unset")) return statistics[0] = 1, SOJOURN_OK;
  if (is("score_nan")) return statistics[0] = statistics[1] = 0.0 / 0.0, SOJOURN_OK;
  if (is("score_running_total")) return statistics[0] = 0, statistics[1] = ++total, SOJOURN_OK;
  TRY(score(ctx, opened, index, prediction, statistics, n));
  if (is("score_too_many")) statistics[2] = statistics[3] = 7;
  return SOJOURN_OK;
}

/* ---- what the host finds ---- */

static sojourn_status unruly_init(const sojourn_host* h, sojourn_ctx* ctx, void** self) {
  if (is("init_fails")) return SOJOURN_INTERNAL;
  if (is("init_aborts")) abort();
  if (is("init_exits")) exit(0);
  return init(h, ctx, self);
}

static void unruly_shutdown(void* self) {
  (void)self;
  if (is("shutdown_hangs")) hang();
}

__attribute__((destructor)) static void at_the_end(void) {
  if (is("end_crashes")) raise(SIGSEGV);
}

/* As search needs it: no head, and the label says which side. */
static const char kSearchManifest[] =
    "{\"name\":\"unruly\",\"kind\":\"search\",\"licence\":\"CC0-1.0\",\"languages\":[\"en\"],"
    "\"codes\":{},\"splits\":{\"test\":{\"files\":{\"rows\":[\"unruly/test-{language}.tsv\"]}}},"
    "\"fields\":[{\"name\":\"input_ids\",\"type\":\"int64\",\"dims\":[\"T\"],\"pad\":0},"
    "{\"name\":\"label\",\"type\":\"int64\",\"dims\":[],\"pad\":0}],"
    "\"search\":{\"vector\":\"mean\",\"side\":\"label\"},"
    "\"statistics\":[\"correct\",\"total\"],\"metrics\":[{\"name\":\"accuracy\","
    "\"profile\":\"accuracy\",\"ratio\":[\"correct\",\"total\"],\"primary\":true}]}";

/* The manifest with `from` replaced. */
static sojourn_str manifest_with(const char* from, const char* to) {
  static char text[sizeof kManifest + 200];
  const char* const place = strstr(kManifest, from);
  snprintf(text, sizeof text, "%.*s%s%s", (int)(place - kManifest), kManifest, to,
           place + strlen(from));
  return str(text);
}

static void make_task(sojourn_task* task) {
  *task = *decent_entry()->tasks[0];
  task->dataset_open = unruly_open;
  task->example = unruly_example;
  task->featurize = unruly_featurize;
  task->head_create = unruly_head_create;
  task->head_forward = unruly_head_forward;
  task->head_loss = unruly_head_loss;
  task->decode_add = unruly_decode_add;
  task->decode_finish = unruly_decode_finish;
  task->score = unruly_score;
  if (is("absurd_task_size")) task->struct_size = (uint64_t)1 << 60;
  if (is("no_manifest")) task->manifest.p = NULL;
  if (is("manifest_huge")) task->manifest.n = (uint64_t)1 << 50;
  if (is("manifest_no_json")) task->manifest = str("name = unruly");
  if (is("manifest_not_utf8")) task->manifest = manifest_with("CC0", "\xff\xfe");
  if (is("manifest_unknown_key")) task->manifest = manifest_with("\"codes\"", "\"cades\"");
  if (is("manifest_unknown_op")) task->manifest = manifest_with("core1::tanh", "core1::tahn");
  if (is("manifest_lies")) task->manifest = manifest_with("CC0-1.0", "MIT");
  if (is("loss_is_mean") || is("loss_forgets"))
    task->manifest = manifest_with("\"core1::tanh\"", "\"core1::tanh\", \"core1::mul\"");
  if (is("no_score")) task->score = NULL;
  if (is("half_a_head")) task->head_loss = NULL;
  if (getenv("SOJOURN_UNRULY") != NULL && strncmp(getenv("SOJOURN_UNRULY"), "search_", 7) == 0) {
    task->manifest = str(kSearchManifest);
    task->head_create = NULL;
    task->head_forward = NULL;
    task->head_loss = NULL;
    task->head_destroy = NULL;
  }
}

const sojourn_plugin* sojourn_plugin_entry_v1(void) {
  static sojourn_task task;
  static const sojourn_task* tasks[2];
  static sojourn_plugin plugins[2];
  static int calls;
  sojourn_plugin* const plugin = &plugins[is("entry_changes") ? calls++ % 2 : 0];
  if (is("entry_sleeps") && calls++ == 0) usleep(300000);
  if (is("entry_hangs")) hang();
  if (is("entry_crashes")) raise(SIGSEGV);
  make_task(&task);
  tasks[0] = tasks[1] = &task;
  *plugin = *decent_entry();
  plugin->tasks = tasks;
  plugin->version = "6.6.6";
  plugin->init = unruly_init;
  plugin->shutdown = unruly_shutdown;
  if (is("absurd_size")) plugin->struct_size = UINT64_MAX;
  if (is("absurd_tasks")) plugin->n_tasks = (uint64_t)1 << 60;
  if (is("null_task")) tasks[0] = NULL;
  if (is("no_tasks")) plugin->tasks = NULL;
  if (is("registers_twice")) plugin->n_tasks = 2;
  if (is("id_of_plugin_not_utf8")) plugin->id = "\xff";
  if (is("no_init")) plugin->init = NULL;
  return plugin;
}
