/* @NAME@: one label on each text, in plain C, where the SDK's C++ layer would write most of this
 * itself.
 *
 * Its files have a text and a label a line, with a tab between them. The rules that hold throughout
 * are in sojourn/task_abi.h: who owns what, which thread calls, and that an out-parameter is
 * touched on success only. */
#include <sojourn/task_abi.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manifest.h"

#define TRY(call)                                                              \
  do {                                                                         \
    const sojourn_status status_ = (call);                                     \
    if (status_ != SOJOURN_OK) return status_; /* the host knows the reason */ \
  } while (0)

enum { kLabels = 2, kNotDecoded = 255 };
static const char* const kLabelNames[kLabels] = {LABEL_A, LABEL_B};

static const sojourn_host* host;
static const sojourn_tensor_api* tensors;
static const sojourn_text_api* texts;
static const sojourn_data_api* data;
static const sojourn_eval_api* eval;

static sojourn_str str(const char* text) {
  const sojourn_str s = {text, strlen(text)};
  return s;
}

static int equal(sojourn_str a, sojourn_str b) {
  return a.n == b.n && memcmp(a.p, b.p, (size_t)a.n) == 0;
}

static sojourn_status out_of_memory(sojourn_ctx* ctx) {
  host->set_error(ctx, str("out of memory"));
  return SOJOURN_INTERNAL;
}

/* ---- data: a file's rows; the texts stay where the host has mapped them ---- */

typedef struct {
  sojourn_str text;
  int64_t label;
  char id[24];
} row;

typedef struct {
  row* rows;
  uint64_t n;
} dataset;

static void dataset_close(void* self) {
  dataset* set = self;
  free(set->rows);
  free(set);
}

/* Takes what is before `end` off the front of `rest`, and `end` itself; all of it where there is
 * none. */
static sojourn_str cut(sojourn_str* rest, char end) {
  const char* const found = memchr(rest->p, end, (size_t)rest->n);
  const sojourn_str head = {rest->p, found == NULL ? rest->n : (uint64_t)(found - rest->p)};
  const uint64_t taken = head.n + (found == NULL ? 0 : 1);
  rest->p += taken;
  rest->n -= taken;
  return head;
}

static int is_utf8(sojourn_str s) {
  uint64_t i = 0;
  while (i < s.n) {
    const unsigned char first = (unsigned char)s.p[i];
    const uint64_t more = first < 0x80   ? 0
                          : first < 0xC2 ? 4
                          : first < 0xE0 ? 1
                          : first < 0xF0 ? 2
                          : first < 0xF5 ? 3
                                         : 4;
    const unsigned char second = i + 1 < s.n ? (unsigned char)s.p[i + 1] : 0;
    uint64_t k;
    if (more == 4 || more >= s.n - i) return 0;
    for (k = 1; k <= more; ++k) {
      if (((unsigned char)s.p[i + k] & 0xC0) != 0x80) return 0;
    }
    /* No overlong forms, no surrogates, nothing beyond U+10FFFF. */
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
        (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F))
      return 0;
    i += more + 1;
  }
  return 1;
}

/* Says what is wrong with a line as the user should read it: FILE:LINE: found, expected. */
static sojourn_status wrong_line(sojourn_ctx* ctx, sojourn_str path, uint64_t line,
                                 const char* what) {
  char message[1024];
  snprintf(message, sizeof message, "%.*s:%llu: %s", path.n < 800 ? (int)path.n : 800, path.p,
           (unsigned long long)line, what);
  host->set_error(ctx, str(message));
  return SOJOURN_INVALID;
}

static const char* parse(sojourn_str line, row* out) {
  if (line.n > 0 && line.p[line.n - 1] == '\r') --line.n;
  if (!is_utf8(line)) return "not UTF-8";
  out->text = cut(&line, '\t');
  if (line.p == out->text.p + out->text.n) return "no tab, expected a text, a tab and a label";
  for (out->label = 0; out->label < kLabels; ++out->label) {
    if (equal(line, str(kLabelNames[out->label]))) return NULL;
  }
  return "unknown label, expected one of " LABEL_A " " LABEL_B;
}

static sojourn_status read_rows(sojourn_ctx* ctx, dataset* set) {
  sojourn_str rest, path;
  uint64_t line, room = 0;
  TRY(data->open(ctx, "rows", &rest, &path));
  if (rest.n == 0) return wrong_line(ctx, path, 1, "the file is empty");
  for (line = 1; rest.n > 0; ++line) {
    row* added;
    const char* problem;
    if (set->n == room) {
      row* const more = realloc(set->rows, (size_t)(room = 2 * room + 16) * sizeof *more);
      if (more == NULL) return out_of_memory(ctx);
      set->rows = more;
    }
    added = &set->rows[set->n++];
    problem = parse(cut(&rest, '\n'), added);
    if (problem != NULL) return wrong_line(ctx, path, line, problem);
    snprintf(added->id, sizeof added->id, "%llu", (unsigned long long)line);
  }
  return SOJOURN_OK;
}

static sojourn_status dataset_open(sojourn_ctx* ctx, void* self,
                                   const sojourn_dataset_request* request, void** opened,
                                   uint64_t* n) {
  dataset* const set = calloc(1, sizeof *set);
  sojourn_status status;
  (void)self, (void)request;
  if (set == NULL) return out_of_memory(ctx);
  status = read_rows(ctx, set);
  if (status != SOJOURN_OK) {
    dataset_close(set);
    return status;
  }
  *opened = set;
  *n = set->n;
  return SOJOURN_OK;
}

static sojourn_status example(sojourn_ctx* ctx, void* opened, uint64_t index,
                              sojourn_example* out) {
  const dataset* const set = opened;
  (void)ctx;
  out->id = str(set->rows[index].id);
  return SOJOURN_OK;
}

static sojourn_status featurize(sojourn_ctx* ctx, void* opened, uint64_t index) {
  const row* const r = &((const dataset*)opened)->rows[index];
  sojourn_encode_request request;
  sojourn_encoding window;
  sojourn_array fields[2];
  uint64_t windows;
  int64_t length;
  memset(&request, 0, sizeof request);
  memset(&window, 0, sizeof window);
  memset(fields, 0, sizeof fields);
  request.struct_size = sizeof request;
  request.mode = SOJOURN_TRUNCATE_LONGEST;
  request.a = r->text;
  TRY(texts->encode(ctx, &request, &windows));
  window.struct_size = sizeof window;
  TRY(texts->window(ctx, 0, &window));
  length = (int64_t)window.n;
  fields[0].dtype = fields[1].dtype = SOJOURN_I64;
  fields[0].ndim = 1;
  fields[0].shape = &length;
  fields[0].data = window.ids;
  fields[1].data = &r->label; /* no dimensions: one number */
  return data->emit(ctx, fields, 2);
}

/* ---- the head: dropout, dense, tanh, dropout, linear on the first token ---- */

typedef struct {
  sojourn_op select, dropout, linear, tanh, cross_entropy;
  sojourn_tensor dense_weight, dense_bias, out_weight, out_bias;
} head;

static void head_destroy(void* self) { free(self); }

static sojourn_status fill_head(sojourn_ctx* ctx, head* h, int64_t width, int64_t labels) {
  const int64_t dense[2] = {width, width};
  const int64_t out[2] = {labels, width};
  TRY(tensors->op_bind(ctx, "core1::select(input,dim,index)", &h->select));
  TRY(tensors->op_bind(ctx, "core1::dropout(input,p)", &h->dropout));
  TRY(tensors->op_bind(ctx, "core1::linear(input,weight,bias)", &h->linear));
  TRY(tensors->op_bind(ctx, "core1::tanh(input)", &h->tanh));
  TRY(tensors->op_bind(ctx, "core1::cross_entropy(input,target)", &h->cross_entropy));
  TRY(tensors->param(ctx, "dense.weight", dense, 2, "normal(0.02)", &h->dense_weight));
  TRY(tensors->param(ctx, "dense.bias", dense, 1, "zeros", &h->dense_bias));
  TRY(tensors->param(ctx, "out.weight", out, 2, "normal(0.02)", &h->out_weight));
  return tensors->param(ctx, "out.bias", out, 1, "zeros", &h->out_bias);
}

static sojourn_status head_create(sojourn_ctx* ctx, void* self, const sojourn_head_request* request,
                                  void** created) {
  head* const h = calloc(1, sizeof *h);
  sojourn_status status;
  (void)self;
  if (h == NULL) return out_of_memory(ctx);
  status = fill_head(ctx, h, request->hidden_size, (int64_t)request->n_labels);
  if (status != SOJOURN_OK) {
    free(h);
    return status;
  }
  *created = h;
  return SOJOURN_OK;
}

static sojourn_value tensor(sojourn_tensor t) {
  const sojourn_value v = {.type = SOJOURN_V_TENSOR, .u = {.t = t}};
  return v;
}

static sojourn_value integer(int64_t i) {
  const sojourn_value v = {.type = SOJOURN_V_INT, .u = {.i = i}};
  return v;
}

static sojourn_value number(double f) {
  const sojourn_value v = {.type = SOJOURN_V_FLOAT, .u = {.f = f}};
  return v;
}

/* In training a tenth of x is left out before the layer. */
static sojourn_status layer(sojourn_ctx* ctx, const head* h, sojourn_tensor* x,
                            sojourn_tensor weight, sojourn_tensor bias) {
  sojourn_value arguments[3] = {tensor(*x), number(0.1), tensor(bias)};
  TRY(tensors->op_call(ctx, h->dropout, arguments, 2, x));
  arguments[0] = tensor(*x);
  arguments[1] = tensor(weight);
  return tensors->op_call(ctx, h->linear, arguments, 3, x);
}

/* hidden [B, T, H] -> logits [B, labels] */
static sojourn_status head_forward(sojourn_ctx* ctx, void* self, const sojourn_batch* batch,
                                   sojourn_tensor* outputs) {
  const head* const h = self;
  sojourn_value arguments[3] = {tensor(batch->t[0]), integer(1), integer(0)};
  sojourn_tensor x;
  TRY(tensors->op_call(ctx, h->select, arguments, 3, &x));
  TRY(layer(ctx, h, &x, h->dense_weight, h->dense_bias));
  arguments[0] = tensor(x);
  TRY(tensors->op_call(ctx, h->tanh, arguments, 1, &x));
  TRY(layer(ctx, h, &x, h->out_weight, h->out_bias));
  outputs[0] = x;
  return SOJOURN_OK;
}

static sojourn_status head_loss(sojourn_ctx* ctx, void* self, const sojourn_batch* batch,
                                const sojourn_tensor* outputs, sojourn_tensor* loss) {
  const head* const h = self;
  const sojourn_value arguments[2] = {tensor(outputs[0]), tensor(batch->t[1])};
  return tensors->op_call(ctx, h->cross_entropy, arguments, 2, loss);
}

/* ---- evaluation: the label of the highest logit, then right or wrong ---- */

typedef struct {
  const dataset* set;
  unsigned char* labels; /* of each example; some may not be asked for */
} decoder;

static void decode_destroy(void* self) {
  decoder* const d = self;
  free(d->labels);
  free(d);
}

static sojourn_status decode_create(sojourn_ctx* ctx, void* opened, void** created) {
  decoder* const d = calloc(1, sizeof *d);
  if (d == NULL) return out_of_memory(ctx);
  d->set = opened;
  d->labels = malloc((size_t)d->set->n + 1);
  if (d->labels == NULL) {
    free(d);
    return out_of_memory(ctx);
  }
  memset(d->labels, kNotDecoded, (size_t)d->set->n);
  *created = d;
  return SOJOURN_OK;
}

static sojourn_status decode_add(sojourn_ctx* ctx, void* self, uint64_t index,
                                 const sojourn_named* arrays, uint64_t n) {
  decoder* const d = self;
  uint64_t i;
  for (i = 0; i < n; ++i) {
    const float* const logits = arrays[i].array.data;
    int k;
    if (!equal(arrays[i].name, str("logits"))) continue;
    d->labels[index] = 0;
    for (k = 0; k < kLabels; ++k) {
      if (logits[k] != logits[k]) {
        host->set_error(ctx, str("a logit is NaN"));
        return SOJOURN_INTERNAL;
      }
      if (logits[k] > logits[d->labels[index]]) d->labels[index] = (unsigned char)k;
    }
  }
  return SOJOURN_OK;
}

static sojourn_status decode_finish(sojourn_ctx* ctx, void* self, sojourn_str tuned) {
  const decoder* const d = self;
  uint64_t i;
  (void)tuned;
  for (i = 0; i < d->set->n; ++i) {
    if (d->labels[i] == kNotDecoded) continue;
    TRY(eval->prediction(ctx, i, str(kLabelNames[d->labels[i]])));
  }
  return SOJOURN_OK;
}

static sojourn_status score(sojourn_ctx* ctx, void* opened, uint64_t index, sojourn_str prediction,
                            double* statistics, uint64_t n) {
  const dataset* const set = opened;
  (void)ctx, (void)n;
  statistics[0] = equal(prediction, str(kLabelNames[set->rows[index].label])) ? 1 : 0;
  statistics[1] = 1;
  return SOJOURN_OK;
}

/* ---- what the host finds ---- */

static sojourn_status init(const sojourn_host* h, sojourn_ctx* ctx, void** self) {
  host = h;
  tensors = h->get_interface("sojourn.tensor/1");
  texts = h->get_interface("sojourn.text/1");
  data = h->get_interface("sojourn.data/1");
  eval = h->get_interface("sojourn.eval/1");
  if (tensors == NULL || texts == NULL || data == NULL || eval == NULL) {
    h->set_error(ctx, str("the host lacks an interface that this task needs"));
    return SOJOURN_PRECONDITION;
  }
  *self = NULL;
  return SOJOURN_OK;
}

static const sojourn_task kTask = {
    .struct_size = sizeof(sojourn_task),
    .flags = SOJOURN_TASK_FEATURIZE_PARALLEL,
    .manifest = {kManifest, sizeof kManifest - 1},
    .dataset_open = dataset_open,
    .example = example,
    .featurize = featurize,
    .dataset_close = dataset_close,
    .head_create = head_create,
    .head_forward = head_forward,
    .head_loss = head_loss,
    .head_destroy = head_destroy,
    .decode_create = decode_create,
    .decode_add = decode_add,
    .decode_finish = decode_finish,
    .decode_destroy = decode_destroy,
    .score = score,
};

static const sojourn_task* const kTasks[] = {&kTask};

static const sojourn_plugin kPlugin = {
    .struct_size = sizeof(sojourn_plugin),
    .abi_major = SOJOURN_ABI_MAJOR,
    .abi_built = SOJOURN_ABI_MINOR,
    .abi_needed = SOJOURN_TARGET_MINOR,
    .id = "@NAME@",
    .version = "0.1.0",
    .licence = "Apache-2.0",
    .n_tasks = 1,
    .tasks = kTasks,
    .init = init,
};

const sojourn_plugin* sojourn_plugin_entry_v1(void) { return &kPlugin; }
