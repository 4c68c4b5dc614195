// The last line of a plugin: SOJOURN_PLUGIN(id, version, licence, tasks...) defines its entry
// symbol.
#pragma once

#include <sojourn/dataset.h>
#include <sojourn/head.h>
#include <sojourn/host.h>
#include <sojourn/manifest.h>
#include <sojourn/task_abi.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

// Whether a task reads its labels from the train split.
template <class Task>
constexpr bool has_labels(decltype(&Task::labels) /*probe*/) {
  return true;
}
template <class Task>
constexpr bool has_labels(...) {
  return false;
}

// The callbacks of sojourn_task for a task of a family, which has the static members
// description(), family(), open(), kHasHead, kTunes and, with a head, create_head(). A description
// that takes the labels from the train split needs labels() too.
template <class Task>
struct Callbacks {
  static sojourn_status dataset_open(sojourn_ctx* context, void* /*self*/,
                                     const sojourn_dataset_request* request, void** dataset,
                                     std::uint64_t* n) noexcept {
    return guarded(context, [&] {
      std::unique_ptr<Dataset> opened = Task::open(OpenCall(context, *request));
      *n = opened->size();
      *dataset = opened.release();
    });
  }

  static sojourn_status example(sojourn_ctx* context, void* dataset, std::uint64_t index,
                                sojourn_example* out) noexcept {
    return guarded(context, [&] {
      const Example found = as<Dataset>(dataset).example(index);
      out->id = str(found.id);
      out->align = str(found.align);
      out->cluster = str(found.cluster);
    });
  }

  static sojourn_status featurize(sojourn_ctx* context, void* dataset,
                                  std::uint64_t index) noexcept {
    return guarded(context, [&] { as<Dataset>(dataset).featurize(FeatureCall(context), index); });
  }

  static void dataset_close(void* dataset) noexcept { delete &as<Dataset>(dataset); }

  static sojourn_status labels(sojourn_ctx* context, void* /*self*/) noexcept {
    return guarded(context, [&] {
      if constexpr (has_labels<Task>(nullptr)) {
        for (const std::string& name : Task::labels(FilesCall(context)))
          check_own(context, host().data->label(context, str(name)));
      }
    });
  }

  static sojourn_status head_create(sojourn_ctx* context, void* /*self*/,
                                    const sojourn_head_request* request, void** head) noexcept {
    return guarded(context, [&] {
      if constexpr (Task::kHasHead)
        *head = Task::create_head(HeadCall(context, *request)).release();
    });
  }

  static sojourn_status head_forward(sojourn_ctx* context, void* head, const sojourn_batch* batch,
                                     sojourn_tensor* outputs) noexcept {
    return guarded(context, [&] {
      const auto inputs = tensors_of(batch->t, batch->n);
      hand_out(as<Head>(head).forward(StepCall(context), inputs), outputs, n_outputs());
    });
  }

  static sojourn_status head_loss(sojourn_ctx* context, void* head, const sojourn_batch* batch,
                                  const sojourn_tensor* outputs, sojourn_tensor* loss) noexcept {
    return guarded(context, [&] {
      const auto inputs = tensors_of(batch->t, batch->n);
      const auto made = tensors_of(outputs, n_outputs());
      *loss = as<Head>(head).loss(StepCall(context), inputs, made).handle;
    });
  }

  static void head_destroy(void* head) noexcept { delete &as<Head>(head); }

  static sojourn_status decode_create(sojourn_ctx* context, void* dataset,
                                      void** decoder) noexcept {
    return guarded(context, [&] { *decoder = as<Dataset>(dataset).decoder().release(); });
  }

  static sojourn_status decode_add(sojourn_ctx* context, void* decoder, std::uint64_t example,
                                   const sojourn_named* arrays, std::uint64_t n) noexcept {
    return guarded(context, [&] { as<Decoder>(decoder).add(example, Arrays(arrays, n)); });
  }

  static sojourn_status decode_tune(sojourn_ctx* context, void* decoder) noexcept {
    return guarded(context, [&] {
      const std::string tuned = as<Decoder>(decoder).tune(TuneCall(context));
      check_own(context, host().eval->tuned(context, tuned.data(), tuned.size()));
    });
  }

  static sojourn_status decode_finish(sojourn_ctx* context, void* decoder,
                                      sojourn_str tuned) noexcept {
    return guarded(context, [&] { as<Decoder>(decoder).finish(DecodeCall(context, tuned)); });
  }

  static void decode_destroy(void* decoder) noexcept { delete &as<Decoder>(decoder); }

  static sojourn_status score(sojourn_ctx* context, void* dataset, std::uint64_t index,
                              sojourn_str prediction, double* statistics,
                              std::uint64_t n) noexcept {
    return guarded(context, [&] {
      const auto values = as<Dataset>(dataset).score(index, view(prediction));
      if (values.size() != n)
        throw Failure(SOJOURN_INTERNAL, "score gave another number of statistics than declared");
      for (const double value : values) *statistics++ = value;
    });
  }

 private:
  static std::size_t n_outputs() {
    static const std::size_t n = Task::family().outputs.size();
    return n;
  }
  template <class T>
  static T& as(void* object) {
    return *static_cast<T*>(object);
  }
};

// The table of a task; made once.
template <class Task>
const sojourn_task* task_table() {
  using C = Callbacks<Task>;
  static const std::string manifest = [] {
    FamilySpec family = Task::family();
    family.labels_from_train = has_labels<Task>(nullptr);
    return manifest_json(Task::description(), family);
  }();
  static const sojourn_task table = [] {
    sojourn_task task{};
    task.struct_size = sizeof(task);
    task.flags = SOJOURN_TASK_FEATURIZE_PARALLEL;
    task.manifest = str(manifest);
    task.dataset_open = &C::dataset_open;
    task.example = &C::example;
    task.featurize = &C::featurize;
    task.dataset_close = &C::dataset_close;
    if (has_labels<Task>(nullptr)) task.labels = &C::labels;
    if (Task::kTunes) task.decode_tune = &C::decode_tune;
    if (Task::kHasHead) {
      task.head_create = &C::head_create;
      task.head_forward = &C::head_forward;
      task.head_loss = &C::head_loss;
      task.head_destroy = &C::head_destroy;
    }
    task.decode_create = &C::decode_create;
    task.decode_add = &C::decode_add;
    task.decode_finish = &C::decode_finish;
    task.decode_destroy = &C::decode_destroy;
    task.score = &C::score;
    return task;
  }();
  return &table;
}

// Remembers the host and its interfaces, and refuses one that lacks any of them.
inline sojourn_status init_plugin(const sojourn_host* base, sojourn_ctx* context,
                                  void** self) noexcept {
  Host& h = host();
  h.base = base;
  const auto find = [&](auto& api, const char* id) {
    api = static_cast<std::remove_reference_t<decltype(api)>>(base->get_interface(id));
    if (api == nullptr)
      throw Failure(SOJOURN_PRECONDITION, std::string("the host has no interface ") + id);
  };
  return guarded(context, [&] {
    find(h.tensor, "sojourn.tensor/1");
    find(h.text, "sojourn.text/1");
    find(h.data, "sojourn.data/1");
    find(h.eval, "sojourn.eval/1");
    find(h.search, "sojourn.search/1");
    *self = nullptr;
  });
}

// The description of a plugin; null where it can't be made, which the host refuses.
template <class... Tasks>
const sojourn_plugin* plugin_table(const char* id, const char* version,
                                   const char* licence) noexcept {
  try {
    static const sojourn_task* const tasks[] = {task_table<Tasks>()...};
    static const sojourn_plugin plugin = [&] {
      sojourn_plugin p{};
      p.struct_size = sizeof(p);
      p.abi_major = SOJOURN_ABI_MAJOR;
      p.abi_built = SOJOURN_ABI_MINOR;
      p.abi_needed = SOJOURN_TARGET_MINOR;
      p.id = id;
      p.version = version;
      p.licence = licence;
      p.n_tasks = sizeof...(Tasks);
      p.tasks = tasks;
      p.init = &init_plugin;
      return p;
    }();
    return &plugin;
  } catch (...) {
    return nullptr;
  }
}

}  // namespace sojourn::sdk
#pragma GCC visibility pop

#define SOJOURN_PLUGIN(id, version, licence, ...)                                        \
  extern "C" SOJOURN_EXPORT const sojourn_plugin* sojourn_plugin_entry_v1() SOJOURN_NX { \
    return sojourn::sdk::plugin_table<__VA_ARGS__>(id, version, licence);                \
  }
