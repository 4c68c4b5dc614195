/* A plugin that loads, and then breaks the rules. The first line of its data file, or the hidden
 * size of the head, says which. */
#include "hostile_modes.h"
#include "plugin.h"

static char mode[32];
static const sojourn_tensor_api* tensors;
static const sojourn_data_api* data;
static const sojourn_text_api* texts;
static const sojourn_eval_api* eval;

static int is(const char* name) { return strcmp(mode, name) == 0; }

static sojourn_status dataset_open(sojourn_ctx* ctx, void* self,
                                   const sojourn_dataset_request* request, void** dataset,
                                   uint64_t* n) {
  sojourn_str bytes, path;
  sojourn_array none;
  size_t length = 0;
  (void)self, (void)request;
  tensors = host->get_interface("sojourn.tensor/1");
  data = host->get_interface("sojourn.data/1");
  texts = host->get_interface("sojourn.text/1");
  eval = host->get_interface("sojourn.eval/1");
  if (host->get_interface("sojourn.nothing/1") != NULL)
    return fail(ctx, "an interface that nobody has");
  if (data->open(ctx, "rows", &bytes, &path) != SOJOURN_OK) return SOJOURN_INVALID;
  while (length < bytes.n && length + 1 < sizeof mode && bytes.p[length] != '\n') ++length;
  memcpy(mode, bytes.p, length);
  mode[length] = '\0';
  memset(&none, 0, sizeof none);
  if (is("wrong_file_name")) return data->open(ctx, "raws", &bytes, &path);
  if (is("emit_in_open")) return data->emit(ctx, &none, 1);
  if (is("data_error")) return fail(ctx, "rows:3: 2 columns, expected 3");
  if (is("fails_silently")) return SOJOURN_INTERNAL;
  if (is("message_not_utf8")) return fail(ctx, "\xff\xfe");
  *dataset = mode;
  *n = is("no_examples") ? 0 : 2;
  return SOJOURN_OK;
}

static sojourn_status example(sojourn_ctx* ctx, void* dataset, uint64_t i, sojourn_example* out) {
  (void)ctx, (void)dataset;
  if (is("no_id")) return SOJOURN_OK;
  out->id = text(is("id_not_utf8") ? "\xff" : i == 0 ? "first" : "second");
  return SOJOURN_OK;
}

static sojourn_status featurize(sojourn_ctx* ctx, void* dataset, uint64_t i) {
  static const int64_t ids[] = {0, 5, 2};
  static const int64_t three = 3;
  uint64_t windows;
  sojourn_encode_request request;
  sojourn_array fields[2];
  (void)dataset, (void)i;
  memset(fields, 0, sizeof fields);
  memset(&request, 0, sizeof request);
  fields[0].ndim = 1;
  fields[0].shape = &three;
  fields[0].data = ids;
  fields[1].data = ids;
  if (is("too_few_fields")) return data->emit(ctx, fields, 1);
  if (is("no_data")) fields[1].data = NULL;
  if (is("wrong_dimensions")) fields[1].ndim = 1, fields[1].shape = &three;
  if (is("unknown_type")) fields[1].dtype = 9;
  if (is("ignores_errors")) data->emit(ctx, fields, 1);
  if (is("forged_context")) return data->emit((sojourn_ctx*)fields, fields, 2);
  if (is("small_request")) return texts->encode(ctx, &request, &windows);
  if (is("bad_text")) {
    request.struct_size = sizeof request;
    request.a = text("\xff");
    return texts->encode(ctx, &request, &windows);
  }
  return data->emit(ctx, fields, 2);
}

static void nothing(void* p) { (void)p; }

/* ---- the head: hidden_size is the mode ---- */

static int64_t head_mode;
static sojourn_op tanh_op;
static sojourn_tensor weight, last;

static sojourn_status bind(sojourn_ctx* ctx, const char* signature) {
  return tensors->op_bind(ctx, signature, &tanh_op);
}

static sojourn_status head_create(sojourn_ctx* ctx, void* self, const sojourn_head_request* request,
                                  void** head) {
  const int64_t hidden_size = request->hidden_size;
  const int64_t shape[2] = {2, hidden_size};
  (void)self;
  tensors = host->get_interface("sojourn.tensor/1");
  head_mode = hidden_size;
  last = 0;
  *head = mode;
  switch (hidden_size) {
    case kUnknownOp:
      return bind(ctx, "core1::tahn(input)");
    case kUnknownArgument:
      return bind(ctx, "core1::linear(input,wieght)");
    case kMissingArgument:
      return bind(ctx, "core1::linear(input)");
    case kUndeclaredOp:
      return bind(ctx, "core1::select(input,dim,index)");
    case kBadInit:
      return tensors->param(ctx, "weight", shape, 2, "normal(wide)", &weight);
    case kBadShape:
      return tensors->param(ctx, "weight", shape, 0, "zeros", &weight);
    default:
      break;
  }
  if (tensors->param(ctx, "weight", shape, 2, "ones", &weight) != SOJOURN_OK)
    return SOJOURN_INTERNAL;
  if (hidden_size == kSameParameter)
    return tensors->param(ctx, "weight", shape, 2, "ones", &weight);
  if (hidden_size == kCallInCreate) return tensors->op_call(ctx, tanh_op, NULL, 0, &last);
  return bind(ctx, "core1::linear(input,weight)");
}

static sojourn_status linear(sojourn_ctx* ctx, sojourn_tensor x, sojourn_tensor w,
                             sojourn_tensor* out) {
  sojourn_value values[2];
  memset(values, 0, sizeof values);
  values[0].type = values[1].type = SOJOURN_V_TENSOR;
  values[0].u.t = x;
  values[1].u.t = w;
  if (head_mode == kWrongType) values[1].type = SOJOURN_V_INT;
  if (head_mode == kNoSuchType) values[1].type = 77;
  return tensors->op_call(ctx, head_mode == kForgedOp ? 12345 : tanh_op, values,
                          head_mode == kTooFewValues ? 1 : 2, out);
}

static sojourn_status head_forward(sojourn_ctx* ctx, void* head, const sojourn_batch* batch,
                                   sojourn_tensor* outputs) {
  sojourn_tensor x = batch->t[0];
  (void)head;
  if (head_mode == kForgedTensor) x = ((sojourn_tensor)1 << 40) | 1;
  if (head_mode == kStaleTensor && last != 0) x = last;
  last = batch->t[0];
  if (head_mode == kForgedOutput) return *outputs = 42, SOJOURN_OK;
  if (head_mode == kNoOutput) return SOJOURN_OK;
  if (head_mode == kWrongOutput) return *outputs = batch->t[0], SOJOURN_OK;
  if (head_mode == kWrongShapes) return linear(ctx, weight, x, outputs);
  return linear(ctx, x, weight, outputs);
}

static sojourn_status head_loss(sojourn_ctx* ctx, void* head, const sojourn_batch* batch,
                                const sojourn_tensor* outputs, sojourn_tensor* loss) {
  (void)ctx, (void)head, (void)batch;
  *loss = outputs[0]; /* no scalar */
  return SOJOURN_OK;
}

/* ---- decoding ---- */

static sojourn_status decode_create(sojourn_ctx* ctx, void* dataset, void** decoder) {
  (void)ctx;
  *decoder = dataset;
  return SOJOURN_OK;
}
static sojourn_status decode_add(sojourn_ctx* ctx, void* d, uint64_t e, const sojourn_named* a,
                                 uint64_t n) {
  (void)ctx, (void)d, (void)e, (void)a, (void)n;
  return SOJOURN_OK;
}
static sojourn_status decode_finish(sojourn_ctx* ctx, void* decoder, sojourn_str tuned) {
  const sojourn_search_api* search = host->get_interface("sojourn.search/1");
  uint64_t n = 0;
  (void)decoder, (void)tuned;
  if (is("searches")) return search->count(ctx, 0, &n);
  if (eval->prediction(ctx, 0, text(is("prediction_not_utf8") ? "\xc3" : "a")) != SOJOURN_OK)
    return SOJOURN_INTERNAL;
  if (is("one_prediction")) return SOJOURN_OK;
  return eval->prediction(ctx,
                          is("predicts_twice")    ? 0
                          : is("predicts_beyond") ? 99
                                                  : 1,
                          text("a"));
}
static sojourn_status score(sojourn_ctx* ctx, void* d, uint64_t i, sojourn_str p,
                            double* statistics, uint64_t n) {
  (void)ctx, (void)d, (void)i, (void)p, (void)n;
  statistics[0] = 1; /* and total stays unset */
  return SOJOURN_OK;
}

const sojourn_plugin* sojourn_plugin_entry_v1(void) {
  static sojourn_task task;
  static const sojourn_task* tasks[1];
  static sojourn_plugin plugin;
  task.struct_size = sizeof task;
  task.manifest = text(kManifest);
  task.dataset_open = dataset_open;
  task.example = example;
  task.featurize = featurize;
  task.dataset_close = nothing;
  task.head_create = head_create;
  task.head_forward = head_forward;
  task.head_loss = head_loss;
  task.head_destroy = nothing;
  task.decode_create = decode_create;
  task.decode_add = decode_add;
  task.decode_finish = decode_finish;
  task.decode_destroy = nothing;
  task.score = score;
  tasks[0] = &task;
  plugin.struct_size = sizeof plugin;
  plugin.abi_major = SOJOURN_ABI_MAJOR;
  plugin.id = "hostile";
  plugin.version = "6.6";
  plugin.licence = "CC0";
  plugin.n_tasks = 1;
  plugin.tasks = tasks;
  plugin.init = init;
  return &plugin;
}
