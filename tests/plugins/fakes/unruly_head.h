/* What unruly.c does wrong in the head; part of it, not to be read alone. */
#ifndef SOJOURN_TESTS_UNRULY_HEAD_H
#define SOJOURN_TESTS_UNRULY_HEAD_H
static sojourn_op twice_op;
static sojourn_tensor last_tensor;

static sojourn_status unruly_head_create(sojourn_ctx* ctx, void* self,
                                         const sojourn_head_request* request, void** created) {
  sojourn_op op;
  if (is("binds_unknown")) return tensors->op_bind(ctx, "core1::lineal(input,weight)", &op);
  if (is("binds_undeclared")) return tensors->op_bind(ctx, "core1::gelu(input)", &op);
  if (is("head_create_fails")) return SOJOURN_INTERNAL;
  if (is("loss_is_mean") || is("loss_forgets"))
    TRY(tensors->op_bind(ctx, "core1::mul(input,other)", &twice_op));
  return head_create(ctx, self, request, created);
}

typedef struct {
  sojourn_ctx* ctx;
  const head* h;
  sojourn_tensor input;
  sojourn_status status;
} borrowed;

static void* call_elsewhere(void* argument) {
  borrowed* const b = argument;
  const sojourn_value arguments[1] = {tensor(b->input)};
  sojourn_tensor out;
  b->status = tensors->op_call(b->ctx, b->h->tanh, arguments, 1, &out);
  return NULL;
}

static sojourn_status constant(sojourn_ctx* ctx, uint64_t rows, float value, sojourn_tensor* out) {
  float* const numbers = malloc((size_t)rows * kLabels * sizeof(float));
  const int64_t shape[2] = {(int64_t)rows, kLabels};
  sojourn_array array;
  sojourn_status status;
  uint64_t i;
  for (i = 0; i < rows * kLabels; ++i) numbers[i] = value;
  array.dtype = SOJOURN_F32;
  array.ndim = 2;
  array.shape = shape;
  array.data = numbers;
  status = tensors->from_array(ctx, &array, out);
  free(numbers);
  return status;
}

static sojourn_status identity(sojourn_ctx* ctx, void* self, const sojourn_tensor* inputs,
                               uint32_t n_inputs, sojourn_tensor* outputs,
                               uint32_t n_outputs) SOJOURN_NX {
  sojourn_array array;
  (void)self, (void)n_inputs, (void)n_outputs;
  TRY(tensors->to_array(ctx, inputs[0], &array));
  return tensors->from_array(ctx, &array, outputs);
}

static sojourn_status unruly_backward(sojourn_ctx* ctx, void* self, const sojourn_tensor* inputs,
                                      uint32_t n_inputs, const sojourn_tensor* output_gradients,
                                      uint32_t n_outputs,
                                      sojourn_tensor* input_gradients) SOJOURN_NX {
  sojourn_array array;
  int64_t n = 1, i;
  uint32_t d;
  float* twice;
  sojourn_status status;
  (void)self, (void)inputs, (void)n_inputs, (void)n_outputs;
  if (is("backward_crashes")) raise(SIGSEGV);
  TRY(tensors->to_array(ctx, output_gradients[0], &array));
  for (d = 0; d < array.ndim; ++d) n *= array.shape[d];
  twice = malloc((size_t)n * sizeof(float));
  for (i = 0; i < n; ++i) twice[i] = 2 * ((const float*)array.data)[i];
  array.data = twice;
  status = tensors->from_array(ctx, &array, input_gradients);
  free(twice);
  return status;
}

static sojourn_status unruly_head_forward(sojourn_ctx* ctx, void* self, const sojourn_batch* batch,
                                          sojourn_tensor* outputs) {
  static int calls;
  const sojourn_value forged[1] = {tensor(((sojourn_tensor)1 << 40) | 1)};
  if (is("forged_tensor")) return tensors->op_call(ctx, ((head*)self)->tanh, forged, 1, outputs);
  if (is("forged_op")) return tensors->op_call(ctx, 12345, forged, 1, outputs);
  if (is("forged_output")) return outputs[0] = 42, SOJOURN_OK;
  if (is("no_output")) return SOJOURN_OK;
  if (is("wrong_shape")) return outputs[0] = batch->t[0], SOJOURN_OK;
  if (is("nan_output")) return constant(ctx, batch->size, 0.0F / 0.0F, outputs);
  if (is("output_changes")) return constant(ctx, batch->size, (float)++calls, outputs);
  if (is("forward_hangs")) hang();
  if (is("forward_throws")) throw_through();
  if (is("stale_tensor")) {
    const sojourn_tensor before = last_tensor;
    last_tensor = batch->t[0];
    if (before != 0) {
      const sojourn_value stale[1] = {tensor(before)};
      return tensors->op_call(ctx, ((head*)self)->tanh, stale, 1, outputs);
    }
  }
  if (is("other_thread")) {
    borrowed b = {ctx, self, batch->t[0], SOJOURN_OK};
    pthread_t thread;
    pthread_create(&thread, NULL, call_elsewhere, &b);
    pthread_join(thread, NULL);
    if (b.status != SOJOURN_OK) return b.status;
  }
  TRY(head_forward(ctx, self, batch, outputs));
  if (is("too_many_outputs")) outputs[1] = outputs[2] = outputs[0];
  if (is("wrong_gradient") || is("backward_crashes")) {
    sojourn_autograd_fn fn;
    const sojourn_tensor input = outputs[0];
    memset(&fn, 0, sizeof fn);
    fn.struct_size = sizeof fn;
    fn.forward = identity;
    fn.backward = unruly_backward;
    return tensors->autograd_apply(ctx, &fn, &input, 1, outputs, 1);
  }
  return SOJOURN_OK;
}

static sojourn_status unruly_head_loss(sojourn_ctx* ctx, void* self, const sojourn_batch* batch,
                                       const sojourn_tensor* outputs, sojourn_tensor* loss) {
  if (is("loss_no_scalar")) return loss[0] = outputs[0], SOJOURN_OK;
  if (is("loss_stays")) return SOJOURN_OK;
  TRY(head_loss(ctx, self, batch, outputs, loss));
  if (is("loss_is_mean") || is("loss_forgets")) {
    const double factor = is("loss_is_mean") ? 1.0 / (double)batch->size : 0.0;
    const sojourn_value arguments[2] = {tensor(*loss), number(factor)};
    return tensors->op_call(ctx, twice_op, arguments, 2, loss);
  }
  return SOJOURN_OK;
}

#endif
