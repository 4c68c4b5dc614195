/* The contract between the host and a task plugin. C11 and C++11; needs <stddef.h> and <stdint.h>
 * only.
 *
 * Frozen as 1.0: what is built on it loads in every later 1.x host. docs/abi.md says how to change
 * it.
 *
 * RULES
 *  1. Structs that begin with struct_size grow at the END only, inside #if SOJOURN_TARGET_MINOR >=
 * N. Nothing is ever removed or retyped. A reader looks at min(struct_size) only: SOJOURN_HAS.
 *  2. FROZEN structs cross in arrays and never change size.
 *  3. Tensors are handles. Those made in a callback die with it; those of sojourn_tensor_api.param
 * live as long as their head. A stale or forged handle is SOJOURN_INVALID, never undefined
 * behaviour.
 *  4. Out-parameters are untouched on error. Nothing throws across, in either direction.
 *  5. Strings are UTF-8 with a length; const char* is an ASCII identifier that ends with NUL.
 * Offsets into text are bytes.
 *  6. What a callback is given is valid until it returns; what a plugin hands over in a return
 * structure or a string is read before the call returns. Strings and structs of sojourn_plugin live
 * as long as the process.
 *  7. Each side frees only what it allocated. The host never unloads a plugin.
 *
 * THREADS  [data] any thread, several at once only where SOJOURN_TASK_FEATURIZE_PARALLEL is set;
 *          [step] the training thread; [autograd] the thread of the backward pass, never beside a
 *          [step]; [eval] one thread at a time; [any] thread-safe. */
#ifndef SOJOURN_TASK_ABI_H
#define SOJOURN_TASK_ABI_H
#include <stddef.h>
#include <stdint.h>

#define SOJOURN_ABI_MAJOR 1u
#define SOJOURN_ABI_MINOR 0u /* newest minor that this header describes: "built against" */
#ifndef SOJOURN_TARGET_MINOR
#define SOJOURN_TARGET_MINOR 0 /* minor that the plugin NEEDS; hides everything newer */
#endif

#define SOJOURN_EXPORT __attribute__((visibility("default")))
/* NOLINTBEGIN(readability-identifier-naming): the names of a C library */
#ifdef __cplusplus
#define SOJOURN_NX noexcept
extern "C" {
#else
#define SOJOURN_NX
#endif
#define SOJOURN_FN(ret, name, ...) ret (*name)(__VA_ARGS__) SOJOURN_NX
#define SOJOURN_HAS(S, p, f) ((p) && (p)->struct_size >= offsetof(S, f) + sizeof((p)->f) && (p)->f)

typedef int32_t
    sojourn_status; /* 0 is success; the rest follow the numbering of absl::StatusCode */
enum {
  SOJOURN_OK = 0,
  SOJOURN_CANCELLED = 1,
  SOJOURN_INVALID = 3, /* an argument, or the user's data */
  SOJOURN_NOT_FOUND = 5,
  SOJOURN_PRECONDITION = 9,
  SOJOURN_UNIMPLEMENTED = 12,
  SOJOURN_INTERNAL = 13
};
enum { SOJOURN_LOG_DEBUG = 0, SOJOURN_LOG_INFO = 1, SOJOURN_LOG_WARN = 2, SOJOURN_LOG_ERROR = 3 };

typedef uint64_t sojourn_tensor; /* slot | generation; 0 is none */
typedef uint64_t sojourn_op;
/* One call from host to plugin: its error text, its tensors, its random numbers. Every host
 * function takes the context of the callback that it is called in, and no other. */
typedef struct sojourn_ctx sojourn_ctx;

typedef struct sojourn_str { /* FROZEN 16 */
  const char* p;
  uint64_t n;
} sojourn_str;

enum { SOJOURN_I64 = 0, SOJOURN_F32 = 1 };
typedef struct sojourn_array { /* FROZEN 24; on the CPU, C-contiguous */
  uint32_t dtype, ndim;
  const int64_t* shape; /* ndim entries */
  const void* data;
} sojourn_array;

typedef struct sojourn_named { /* FROZEN 40 */
  sojourn_str name;
  sojourn_array array;
} sojourn_named;

typedef struct sojourn_option { /* FROZEN 40; a number or a word */
  sojourn_str name;
  double number;
  sojourn_str text; /* p = NULL: a number */
} sojourn_option;

enum { SOJOURN_V_NONE = 0, SOJOURN_V_INT = 1, SOJOURN_V_FLOAT = 2, SOJOURN_V_TENSOR = 3 };
typedef struct sojourn_value { /* FROZEN 16; an argument of an op */
  uint32_t type, reserved;
  union {
    int64_t i;
    double f;
    sojourn_tensor t;
  } u;
} sojourn_value;

/* ---- what the host offers ---- */

typedef struct sojourn_host {
  uint64_t struct_size;
  uint32_t abi_major, abi_minor;
  /* [any] "sojourn.tensor/1", "sojourn.text/1", "sojourn.data/1", "sojourn.eval/1",
   * "sojourn.search/1"; NULL where the host has none of that name. */
  SOJOURN_FN(const void*, get_interface, const char* id);
  /* A line in the run's log. This and the next two: on the callback's own thread, elsewhere they do
   * nothing. */
  SOJOURN_FN(void, log, sojourn_ctx*, int32_t level, sojourn_str message);
  /* Says why, before a callback returns a status other than 0. For errors in data: "FILE:LINE:
   * found, expected". */
  SOJOURN_FN(void, set_error, sojourn_ctx*, sojourn_str message);
  /* Why the last host function on this context failed; empty if none did. Valid until the next
   * call. */
  SOJOURN_FN(sojourn_str, last_error, sojourn_ctx*);
  /* 1 once the user has asked to stop: poll it in long loops, and return SOJOURN_CANCELLED. On the
   * callback's own thread it also shows that the callback lives. */
  SOJOURN_FN(int32_t, is_cancelled, sojourn_ctx*);
} sojourn_host;

/* A function of a plugin's own, with its own gradient: for what no chain of operations does. */
typedef struct sojourn_autograd_fn {
  uint64_t struct_size;
  void* self;
  /* [step] Within autograd_apply: fills all of `outputs`, with tensors made by from_array or
   * op_call. The inputs have no history here. */
  SOJOURN_FN(sojourn_status, forward, sojourn_ctx*, void* self, const sojourn_tensor* inputs,
             uint32_t n_inputs, sojourn_tensor* outputs, uint32_t n_outputs);
  /* [autograd] At most once: the loss's gradient by each input, float32 of its shape, from that by
   * each output. 0 stays where there is none, as for integers. What forward needs to leave for
   * this belongs into self. */
  SOJOURN_FN(sojourn_status, backward, sojourn_ctx*, void* self, const sojourn_tensor* inputs,
             uint32_t n_inputs, const sojourn_tensor* output_gradients, uint32_t n_outputs,
             sojourn_tensor* input_gradients);
  /* [any] Once, after the last of them; also where autograd_apply fails. */
  SOJOURN_FN(void, destroy, void* self);
} sojourn_autograd_fn;

/* "sojourn.tensor/1" [step] and [autograd]: named operations on tensors, differentiated by the
 * host. docs/abi.md has the schema of each operation of the core1 set. */
typedef struct sojourn_tensor_api {
  uint64_t struct_size;
  /* signature: "core1::linear(input,weight,bias)", arguments by name; those left out take their
   * defaults. SOJOURN_NOT_FOUND names the nearest op or argument. In head_create only. */
  SOJOURN_FN(sojourn_status, op_bind, sojourn_ctx*, const char* signature, sojourn_op* out);
  /* In head_forward, head_loss and, without history, the callbacks of sojourn_autograd_fn, where an
   * operation that draws random numbers is refused. */
  SOJOURN_FN(sojourn_status, op_call, sojourn_ctx*, sojourn_op, const sojourn_value* arguments,
             uint32_t n, sojourn_tensor* out);
  /* A trained parameter of the head, float32, in head_create only. init: "zeros", "ones" or
   * "normal(STD)"; the numbers depend on (seed, role, task, name). A vector has no weight decay.
   * The host owns, optimises and saves it. */
  SOJOURN_FN(sojourn_status, param, sojourn_ctx*, const char* name, const int64_t* shape,
             uint32_t ndim, const char* init, sojourn_tensor* out);
  /* Where op_call may be called: a copy of numbers on the step's device, without history. */
  SOJOURN_FN(sojourn_status, from_array, sojourn_ctx*, const sojourn_array*, sojourn_tensor* out);
  /* Where op_call may be called: the numbers of a tensor on the CPU, float32 or int64, without
   * history. Valid to the end of the callback. Waits for the device. */
  SOJOURN_FN(sojourn_status, to_array, sojourn_ctx*, sojourn_tensor, sojourn_array* out);
  /* In head_forward and head_loss: the outputs of fn->forward with the gradient of fn->backward.
   * fn itself is copied; whatever is returned, the host ends the life of fn->self, through
   * destroy. */
  SOJOURN_FN(sojourn_status, autograd_apply, sojourn_ctx*, const sojourn_autograd_fn* fn,
             const sojourn_tensor* inputs, uint32_t n_inputs, sojourn_tensor* outputs,
             uint32_t n_outputs);
} sojourn_tensor_api;

/* "sojourn.text/1" [data]: the encoder's own tokenizer. */
enum {
  SOJOURN_TRUNCATE_LONGEST =
      0, /* one window; the longer of the two texts is cut, as Hugging Face's longest_first */
  SOJOURN_TRUNCATE_SECOND =
      1, /* windows over the second text (the only one, without a pair) that overlap by `stride` */
  SOJOURN_SPLIT_WORDS = 2 /* windows over words; a word stays whole unless it alone is too long */
};
typedef struct sojourn_encode_request {
  uint64_t struct_size;
  sojourn_str a, b; /* text and its pair; b.p = NULL: no pair */
  const sojourn_str*
      words; /* instead of a and b, for tagging: words that are tokenized one by one */
  uint64_t n_words;
  uint32_t mode, stride;
} sojourn_encode_request;
typedef struct sojourn_encoding { /* one window of n pieces, special tokens included */
  uint64_t struct_size;
  uint64_t n;
  const int64_t* ids;
  const int64_t* sequence; /* 0 first text or words, 1 second text, -1 special token */
  const int64_t* word;     /* index into words, -1 elsewhere */
  const int64_t* begin; /* byte offsets into the text that the piece came from, or into its word */
  const int64_t* end;
} sojourn_encoding;
typedef struct sojourn_text_api {
  uint64_t struct_size;
  /* Under the stage's max_tokens. Special tokens follow the tokenizer's template. */
  SOJOURN_FN(sojourn_status, encode, sojourn_ctx*, const sojourn_encode_request*,
             uint64_t* n_windows);
  /* Window i of the last encode on this context; valid until the next encode or the end of the
   * callback. */
  SOJOURN_FN(sojourn_status, window, sojourn_ctx*, uint64_t i, sojourn_encoding* out);
} sojourn_text_api;

/* "sojourn.data/1" [data] */
typedef struct sojourn_data_api {
  uint64_t struct_size;
  /* In dataset_open and labels: the file that the manifest calls `name`, mapped read-only as long
   * as the dataset is open, and its path for messages. SOJOURN_NOT_FOUND for an optional file that
   * isn't there. */
  SOJOURN_FN(sojourn_status, open, sojourn_ctx*, const char* name, sojourn_str* bytes,
             sojourn_str* path);
  /* In labels: the next one, in the order of the head's outputs. */
  SOJOURN_FN(sojourn_status, label, sojourn_ctx*, sojourn_str name);
  /* In featurize: one UNPADDED feature (a window, a choice set), its fields in the manifest's
   * order. The host pads, batches and caches. */
  SOJOURN_FN(sojourn_status, emit, sojourn_ctx*, const sojourn_array* fields, uint32_t n);
} sojourn_data_api;

/* "sojourn.eval/1" [eval] */
typedef struct sojourn_eval_api {
  uint64_t struct_size;
  SOJOURN_FN(sojourn_status, prediction, sojourn_ctx*, uint64_t example,
             sojourn_str text); /* once per example */
  SOJOURN_FN(sojourn_status, tuned, sojourn_ctx*, const void* p,
             uint64_t n); /* in decode_tune: a threshold */
  /* In decode_tune and decode_finish: n random numbers of 32 bits, a function of the stream's name
   * alone, so that every run draws the same. Valid to the end of the callback. */
  SOJOURN_FN(sojourn_status, random, sojourn_ctx*, sojourn_str stream, uint64_t n,
             const uint32_t** out);
} sojourn_eval_api;

/* "sojourn.search/1" [eval]: exact nearest neighbours over the vectors that the host holds
 * for the dataset being decoded, so that a plugin never sees a whole matrix. */
typedef struct sojourn_search_api {
  uint64_t struct_size;
  /* How many vectors side 0 or 1 has. */
  SOJOURN_FN(sojourn_status, count, sojourn_ctx*, int64_t side, uint64_t* n);
  /* For each vector of side `from`, the k nearest of side `to` by cosine, falling, ties by index:
   * index and cosine are [n_from, k], valid to the end of the callback, as all that the functions
   * below give. A vector's index is the place of its feature (and choice) among those of its side.
   */
  SOJOURN_FN(sojourn_status, neighbours, sojourn_ctx*, int64_t from, int64_t to, uint32_t k,
             const int64_t** index, const float** cosine);
  /* The same by CSLS (arXiv 1710.04087): 2 cos(x, y) - r(x) - r(y), where r is a vector's mean
   * cosine with the `neighbourhood` (cut to what is there) nearest of the other side. */
  SOJOURN_FN(sojourn_status, csls, sojourn_ctx*, int64_t from, int64_t to, uint32_t neighbourhood,
             uint32_t k, const int64_t** index, const float** score);
  /* For pair i of n, vector rows[i] of side `from` and vector targets[i] of side `to`: their
   * cosine, and the target's rank, from 1, among all vectors of side `to` by falling cosine, ties
   * by index.
   */
  SOJOURN_FN(sojourn_status, ranks, sojourn_ctx*, int64_t from, int64_t to, const int64_t* rows,
             const int64_t* targets, uint64_t n, const int64_t** rank, const float** cosine);
  /* For each vector of side `from` its mean cosine with all of side `to` (with itself, too, where
   * the sides are the same). */
  SOJOURN_FN(sojourn_status, mean_cosines, sojourn_ctx*, int64_t from, int64_t to,
             const float** mean);
} sojourn_search_api;

/* ---- what a plugin offers ---- */

typedef struct sojourn_batch {
  uint64_t struct_size;
  uint64_t n, size;        /* tensors; features in the batch */
  const sojourn_tensor* t; /* in the order of the manifest's inputs */
} sojourn_batch;

typedef struct sojourn_example {
  uint64_t struct_size;
  sojourn_str id;      /* unique in its split and language */
  sojourn_str align;   /* equal across translations; empty: id */
  sojourn_str cluster; /* its document; empty: id */
} sojourn_example;

typedef struct sojourn_dataset_request {
  uint64_t struct_size;
  sojourn_str split, language; /* as in the manifest */
  int64_t max_tokens;          /* of a window; 0 where nothing will be featurized */
  const sojourn_str* labels;   /* the head's, in the order of its outputs */
  uint64_t n_labels;
} sojourn_dataset_request;

typedef struct sojourn_head_request {
  uint64_t struct_size;
  int64_t hidden_size;
  uint64_t n_labels;
  int64_t vocab_size;            /* rows of the input word_embeddings */
  const sojourn_option* options; /* all of the manifest's, by name */
  uint64_t n_options;
} sojourn_head_request;

enum { SOJOURN_TASK_FEATURIZE_PARALLEL = 1 };
typedef struct sojourn_task {
  uint64_t struct_size;
  uint64_t flags;
  sojourn_str manifest; /* JSON, described in docs/abi.md; has the task's name, files, fields, head,
                           metrics */

  /* [data] The files are read and checked here, all of them: nothing later may find them wrong. */
  SOJOURN_FN(sojourn_status, dataset_open, sojourn_ctx*, void* self, const sojourn_dataset_request*,
             void** dataset, uint64_t* n_examples);
  /* Of example `index` of n_examples; its strings stay valid until the next call on this dataset.
   */
  SOJOURN_FN(sojourn_status, example, sojourn_ctx*, void* dataset, uint64_t index,
             sojourn_example* out);
  /* With sojourn_text_api and sojourn_data_api.emit. */
  SOJOURN_FN(sojourn_status, featurize, sojourn_ctx*, void* dataset,
             uint64_t index); /* emits 0 .. n features */
  /* Once for each dataset that was opened, after its last decoder. */
  SOJOURN_FN(void, dataset_close, void* dataset);

  /* [data] Where the manifest takes the labels from the train split, else NULL: reads the files of
   * that split and hands each label to sojourn_data_api.label. */
  SOJOURN_FN(sojourn_status, labels, sojourn_ctx*, void* self);

  /* [step]; all NULL in a task without a head. Binds operations and makes parameters; sets *head,
   * which the plugin owns until head_destroy. */
  SOJOURN_FN(sojourn_status, head_create, sojourn_ctx*, void* self, const sojourn_head_request*,
             void** head);
  /* Fills one tensor for each of the manifest's outputs; called in training and, without a
   * head_loss after it, in scoring. */
  SOJOURN_FN(sojourn_status, head_forward, sojourn_ctx*, void* head, const sojourn_batch*,
             sojourn_tensor* outputs);
  /* loss: a scalar, the SUM over the items of the batch: the entries of the manifest's field
   * "loss_items" that aren't -100. The host counts them and divides by those of the whole optimizer
   * step, so that the size of a micro-batch changes nothing. */
  SOJOURN_FN(sojourn_status, head_loss, sojourn_ctx*, void* head, const sojourn_batch*,
             const sojourn_tensor* outputs, sojourn_tensor* loss);
  /* Once for each head, after its last step. */
  SOJOURN_FN(void, head_destroy, void* head);

  /* [eval], in two steps: outputs to one prediction per example, then prediction and gold to
   * additive statistics. score sees predictions from anywhere, so that a run and a file of
   * predictions share it. */
  SOJOURN_FN(sojourn_status, decode_create, sojourn_ctx*, void* dataset, void** decoder);
  /* One feature's fields and outputs, padding cut off; features of an example come in their order.
   */
  SOJOURN_FN(sojourn_status, decode_add, sojourn_ctx*, void* decoder, uint64_t example,
             const sojourn_named* arrays, uint64_t n);
  /* Called on the dev split, whose gold the dataset knows: hands what decoding of other splits
   * should use, such as a threshold, to sojourn_eval_api.tuned. NULL: nothing to tune. */
  SOJOURN_FN(sojourn_status, decode_tune, sojourn_ctx*, void* decoder);
  /* tuned: what decode_tune gave on the dev split of this language, else on the English one; empty
   * where there is no decode_tune. A study without such a dev split is refused. */
  SOJOURN_FN(sojourn_status, decode_finish, sojourn_ctx*, void* decoder, sojourn_str tuned);
  /* Once for each decoder, before its dataset is closed. */
  SOJOURN_FN(void, decode_destroy, void* decoder);
  /* SOJOURN_NOT_FOUND where the example has no gold: it is predicted, and counts nowhere. */
  SOJOURN_FN(sojourn_status, score, sojourn_ctx*, void* dataset, uint64_t index,
             sojourn_str prediction, double* statistics, uint64_t n);
} sojourn_task;

typedef struct sojourn_plugin {
  uint64_t struct_size;
  uint32_t abi_major, abi_built, abi_needed, reserved;
  const char *id, *version, *licence;
  uint64_t n_tasks;
  const sojourn_task* const* tasks;
  /* May be called more than once. ctx lives as long as the call. */
  SOJOURN_FN(sojourn_status, init, const sojourn_host*, sojourn_ctx*, void** self);
  /* At the end of the program, once for each init that succeeded; may be NULL. */
  SOJOURN_FN(void, shutdown, void* self);
} sojourn_plugin;

/* The ONLY exported symbol. Pure: callable before init from any thread, the same pointer each time.
 */
SOJOURN_EXPORT const sojourn_plugin* sojourn_plugin_entry_v1(void) SOJOURN_NX;

#ifdef __cplusplus
}
#endif
/* NOLINTEND(readability-identifier-naming) */
#endif
