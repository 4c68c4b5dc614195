#include "plugins/check/check_tests.h"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace sojourn {

namespace {

constexpr auto kFile = CheckScope::kFile;
constexpr auto kPlugin = CheckScope::kPlugin;
constexpr auto kTask = CheckScope::kTask;

constexpr std::array kTests = std::to_array<CheckTest>({
    {"load.file", kFile, "", "The file is a shared library for this processor and system.",
     "Build a shared library (-shared -fPIC) with a compiler for the machine that the host runs "
     "on."},
    {"load.exports", kFile, "load.file",
     "The library exports sojourn_plugin_entry_v1 and nothing else.",
     "Build it with sojourn_add_task, or link with a version script: { global: "
     "sojourn_plugin_entry_v1; local: *; }; hidden visibility alone still exports symbols of the "
     "C++ "
     "library."},
    {"load.libraries", kFile, "load.file",
     "The library needs nothing of LibTorch or the host: all that it may use comes through the "
     "host's table.",
     "Leave LibTorch out of the link line, and use named operations (core1::..) instead of its "
     "functions; link with -Wl,-z,defs to see what is missing."},
    {"load.open", kPlugin, "load.exports load.libraries",
     "The library can be loaded, and nothing in it runs long or fails before init.",
     "Link all libraries that it needs, or link them statically; do nothing in constructors of "
     "global objects."},
    {"load.entry", kPlugin, "load.open",
     "sojourn_plugin_entry_v1 is pure: the same pointer each time, on any thread, before init.",
     "Return the address of one static structure that is filled before it is returned."},
    {"load.entry-time", kPlugin, "load.entry",
     "The entry, with what loading runs, takes less than 100 ms.",
     "Move the work to init or dataset_open: hosts call the entry only to list tasks."},
    {"load.description", kPlugin, "load.entry",
     "The plugin describes itself whole: sizes of this ABI, a version that this host can serve, an "
     "id, a version, a licence, init, tasks without a missing callback.",
     "Set struct_size with sizeof, abi_major, abi_built and abi_needed from the header, and every "
     "callback that isn't optional."},
    {"load.manifest", kPlugin, "load.description",
     "Every task's manifest is JSON as docs/abi.md has it, fits the callbacks, and asks for "
     "operations that this host has.",
     "Compare the key that is named with docs/abi.md; the families of the C++ layer write the "
     "manifest by themselves."},
    {"load.names", kPlugin, "load.manifest", "No two tasks of a plugin have one name.",
     "Rename one: a host uses the first and never the second."},
    {"load.sidecar", kPlugin, "load.manifest",
     "The JSON file beside the library says what the library says of itself.",
     "Make it again with every build, as sojourn_add_task does, or delete it."},
    {"load.init", kPlugin, "load.manifest",
     "init succeeds, also a second time, and shutdown ends what it began.",
     "Let init only remember the host and its interfaces; say with set_error why it fails."},

    {"data.open", kTask, "load.init",
     "dataset_open reads every split of the sample data and counts its examples.",
     "See the message; an error in data is SOJOURN_INVALID with \"FILE:LINE: found, expected\"."},
    {"data.examples", kTask, "data.open",
     "Every example has an id in UTF-8 that no other of its split has, and the same each time.",
     "Number the rows where the data has no ids; strings must live as long as the data set."},
    {"data.labels", kTask, "load.init",
     "Where labels come from the train split: at least one, none twice, the same each time.",
     "Sort them, or keep the order of the file; don't keep them in a global variable."},
    {"data.empty-file", kTask, "data.open",
     "A file without a byte is an error that names it, or a data set in which everything works.",
     "Return SOJOURN_INVALID with \"FILE: has no rows\"; don't look at the first byte of a file "
     "before its size."},
    {"data.malformed", kTask, "data.open",
     "Files that are cut, lack columns or hold something else are errors that name the file; what "
     "opens works to its end.",
     "Check everything in dataset_open, count lines, and compare the number of columns before you "
     "use them."},
    {"data.invalid-utf8", kTask, "data.open",
     "Text that isn't UTF-8 is an error of dataset_open that names the file, unless it is repaired "
     "or never read.",
     "Check each text while reading; the readers of the C++ layer do."},
    {"data.independent", kTask, "data.open", "Two open data sets don't know of each other.",
     "Keep what was read behind the dataset pointer, never in a global variable."},
    {"data.features", kTask, "data.open",
     "featurize emits features as the manifest says: fields, types, dimensions, ids of the "
     "tokenizer, at most max_tokens pieces; the same each time.",
     "Emit the fields in the manifest's order, with the ids that encode gave."},
    {"data.parallel", kTask, "data.features",
     "featurize gives the same on one thread and on four at once, where the task's flag says so.",
     "Keep no state between calls, or leave out SOJOURN_TASK_FEATURIZE_PARALLEL."},

    {"head.create", kTask, "data.features",
     "head_create makes its parameters and binds its operations; two heads don't share anything.",
     "Ask for parameters and operations here only, and keep handles behind the head pointer."},
    {"head.forward", kTask, "head.create",
     "head_forward gives every output in its shape, no NaN, and the same again outside of "
     "training.",
     "Compare the shape with outputs in the manifest; use handles of this call and parameters "
     "only."},
    {"head.loss", kTask, "head.forward",
     "head_loss gives a finite scalar that depends on the parameters, the same again outside of "
     "training.",
     "End with core1::cross_entropy or core1::sum; leave out items whose label is -100."},
    {"head.sum", kTask, "head.loss",
     "The loss is the sum over its items: that of a batch equals those of its features one by one.",
     "Don't divide by the number of items (the host does), and mask padding."},
    {"head.gradient", kTask, "head.loss",
     "The gradients of the loss equal finite differences, for every parameter and hidden input.",
     "Check the backward function of autograd_apply; operations without a gradient (arange, "
     "any_equal, multinomial) cut it."},
    {"train.overfit", kTask, "head.loss",
     "Trained on 8 examples alone, the loss falls to half and the predictions become right.",
     "Check that labels in features and in the manifest have one order, and that decoding reads "
     "the "
     "output that the loss trains."},

    {"decode.predictions", kTask, "data.features",
     "Decoding gives one prediction in UTF-8 for each example that was added, and what decode_tune "
     "learns is the same each time.",
     "Call prediction once for each example in decode_finish, also where there is no good answer."},
    {"decode.order", kTask, "decode.predictions",
     "Predictions don't depend on the order in which examples are added, nor on decoders before.",
     "Key what decode_add keeps by its example; keep it behind the decoder pointer."},
    {"score.any-prediction", kTask, "data.open",
     "score takes a prediction from anywhere: empty, long, of no known label. It counts as wrong, "
     "or "
     "is refused with a reason.",
     "Compare strings; don't index by what was parsed from a prediction before checking it."},
    {"score.pure", kTask, "score.any-prediction",
     "score depends on example and prediction alone: the same again, in any order; every statistic "
     "is set and finite.",
     "Keep no counts in score; the host sums."},
    {"score.additive", kTask, "score.pure",
     "Statistics of shards that are scored apart sum up to those of the whole.",
     "Give each example's own counts, not running totals."},

    {"contract.errors", kTask, "load.init",
     "A callback that fails says why and leaves its out-parameters alone; none writes past what it "
     "was given.",
     "Call set_error before returning a status other than 0; write results only at the end; write "
     "n "
     "numbers, not more."},
    {"close.memory", kTask, "data.open",
     "Opening and closing data sets, heads and decoders again and again takes no more memory.",
     "Free in dataset_close, head_destroy and decode_destroy all that was made for it."},
    {"close.descriptors", kTask, "data.open", "Nothing stays open: no file, no socket.",
     "Read files through sojourn_data_api.open; close whatever else you open."},
    {"close.threads", kTask, "data.open", "No thread stays behind when a callback returns.",
     "Join threads before the callback returns."},
    {"close.exit", kTask, "load.init",
     "The process ends normally after shutdown, with what the library registered for its end.",
     "Don't call exit or abort, and don't touch the host in destructors of global objects."},
});

}  // namespace

std::span<const CheckTest> check_tests() { return kTests; }

const CheckTest& check_test(std::string_view id) {
  for (const auto& test : kTests) {
    if (test.id == id) return test;
  }
  throw std::out_of_range("no test " + std::string(id));
}

std::string unmet_need(const CheckTest& test,
                       const std::function<bool(const std::string& id)>& passed) {
  for (std::string_view rest = test.needs; !rest.empty();) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    std::string id(rest.substr(0, end));
    if (!passed(id)) return id;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return "";
}

}  // namespace sojourn
