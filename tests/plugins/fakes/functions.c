/* A head whose loss is a function of its own, x -> sum(x * x) / 2, with something wrong with it:
 * the hidden size says what. */
#include "functions_modes.h"
#include "plugin.h"

static int64_t mode;
static int destroyed;
static const sojourn_tensor_api* tensors;
static sojourn_op linear_op;
static sojourn_tensor weight;

static sojourn_status forward(sojourn_ctx* ctx, void* self, const sojourn_tensor* inputs,
                              uint32_t n_inputs, sojourn_tensor* outputs, uint32_t n_outputs) {
  sojourn_array x, sum;
  float total = 0;
  int64_t i, n = 1;
  uint32_t d;
  (void)self, (void)n_inputs, (void)n_outputs;
  if (mode == kForwardFails) return fail(ctx, "no luck");
  if (mode == kForwardGivesNothing) return SOJOURN_OK;
  if (mode == kAppliesWithin) return tensors->autograd_apply(ctx, NULL, inputs, 1, outputs, 1);
  if (mode == kSeesOtherTensors) return tensors->to_array(ctx, weight, &x);
  if (tensors->to_array(ctx, inputs[0], &x) != SOJOURN_OK) return SOJOURN_INVALID;
  for (d = 0; d < x.ndim; ++d) n *= x.shape[d];
  for (i = 0; i < n; ++i) total += ((const float*)x.data)[i] * ((const float*)x.data)[i] / 2;
  memset(&sum, 0, sizeof sum);
  sum.dtype = mode == kGivesIntegers ? SOJOURN_I64 : SOJOURN_F32;
  sum.data = &total;
  if (mode == kGivesIntegers) sum.data = &n;
  return tensors->from_array(ctx, &sum, &outputs[0]);
}

static sojourn_status backward(sojourn_ctx* ctx, void* self, const sojourn_tensor* inputs,
                               uint32_t n_inputs, const sojourn_tensor* output_gradients,
                               uint32_t n_outputs, sojourn_tensor* input_gradients) {
  (void)self, (void)n_inputs, (void)n_outputs;
  if (mode == kBackwardFails) return fail(ctx, "no way back");
  input_gradients[0] = mode == kWrongGradient ? output_gradients[0] : inputs[0];
  return SOJOURN_OK;
}

static void destroy(void* self) { (void)self, ++destroyed; }

static sojourn_status head_create(sojourn_ctx* ctx, void* self, const sojourn_head_request* request,
                                  void** head) {
  const int64_t shape[2] = {2, request->hidden_size};
  (void)self;
  tensors = host->get_interface("sojourn.tensor/1");
  mode = request->hidden_size;
  destroyed = 0;
  *head = &mode;
  if (mode == kArrayInCreate) {
    sojourn_array array;
    memset(&array, 0, sizeof array);
    return tensors->from_array(ctx, &array, &weight);
  }
  if (tensors->param(ctx, "weight", shape, 2, "ones", &weight) != SOJOURN_OK)
    return SOJOURN_INTERNAL;
  return tensors->op_bind(ctx, "core1::linear(input,weight)", &linear_op);
}

static sojourn_status head_forward(sojourn_ctx* ctx, void* head, const sojourn_batch* batch,
                                   sojourn_tensor* outputs) {
  sojourn_value values[2];
  (void)head;
  memset(values, 0, sizeof values);
  values[0].type = values[1].type = SOJOURN_V_TENSOR;
  values[0].u.t = batch->t[0];
  values[1].u.t = weight;
  return tensors->op_call(ctx, linear_op, values, 2, outputs);
}

/* Says so where a function's end didn't come. */
static sojourn_status applied(sojourn_ctx* ctx, sojourn_status status, int ends) {
  if (destroyed != ends) return fail(ctx, "a function's end is missing");
  return status;
}

static sojourn_status head_loss(sojourn_ctx* ctx, void* head, const sojourn_batch* batch,
                                const sojourn_tensor* outputs, sojourn_tensor* loss) {
  static const int64_t far[1] = {(int64_t)1 << 60};
  sojourn_autograd_fn fn;
  sojourn_array array;
  (void)head, (void)batch;
  memset(&fn, 0, sizeof fn);
  memset(&array, 0, sizeof array);
  fn.struct_size = sizeof fn;
  fn.forward = forward;
  fn.backward = backward;
  fn.destroy = destroy;
  switch (mode) {
    case kNoFunction:
      return tensors->autograd_apply(ctx, NULL, outputs, 1, loss, 1);
    case kSmallFunction:
      fn.struct_size = 8;
      return tensors->autograd_apply(ctx, &fn, outputs, 1, loss, 1);
    case kNoBackward:
      fn.backward = NULL;
      return applied(ctx, tensors->autograd_apply(ctx, &fn, outputs, 1, loss, 1), 1);
    case kForgedInput: {
      const sojourn_tensor forged = 77;
      return applied(ctx, tensors->autograd_apply(ctx, &fn, &forged, 1, loss, 1), 1);
    }
    case kTooManyInputs:
      return applied(ctx, tensors->autograd_apply(ctx, &fn, outputs, 4000000000u, loss, 1), 1);
    case kHugeArray:
      array.ndim = 1;
      array.shape = far;
      array.data = far;
      return tensors->from_array(ctx, &array, loss);
    case kUnknownArray:
      array.dtype = 9;
      array.data = far;
      return tensors->from_array(ctx, &array, loss);
    case kNoArray:
      return tensors->from_array(ctx, &array, loss);
    case kForgedArray:
      return tensors->to_array(ctx, 77, &array);
    default:
      return tensors->autograd_apply(ctx, &fn, outputs, 1, loss, 1);
  }
}

static sojourn_status none(void) { return SOJOURN_UNIMPLEMENTED; }
static void nothing(void* p) { (void)p; }

const sojourn_plugin* sojourn_plugin_entry_v1(void) {
  static sojourn_task task;
  static const sojourn_task* tasks[1];
  static sojourn_plugin plugin;
  task.struct_size = sizeof task;
  task.manifest = text(kManifest);
  task.dataset_open = (void*)none;
  task.example = (void*)none;
  task.featurize = (void*)none;
  task.dataset_close = nothing;
  task.head_create = head_create;
  task.head_forward = head_forward;
  task.head_loss = head_loss;
  task.head_destroy = nothing;
  task.decode_create = (void*)none;
  task.decode_add = (void*)none;
  task.decode_finish = (void*)none;
  task.decode_destroy = nothing;
  task.score = (void*)none;
  tasks[0] = &task;
  plugin.struct_size = sizeof plugin;
  plugin.abi_major = SOJOURN_ABI_MAJOR;
  plugin.id = "functions";
  plugin.version = "1.0";
  plugin.licence = "CC0";
  plugin.n_tasks = 1;
  plugin.tasks = tasks;
  plugin.init = init;
  return &plugin;
}
