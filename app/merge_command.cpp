#include <cstdio>

#include <CLI/CLI.hpp>

#include "app/commands.h"
#include "core/base/error.h"
#include "core/base/full_path.h"
#include "core/model/encoder.h"
#include "core/model/peft.h"

namespace sojourn {

namespace {

constexpr const char* kExamples = R"(Examples:
  sojourn merge ~/.cache/sojourn/multilingual-e5-small runs/x/encoders/aligned/seed-1 --out merged

Writes a whole Hugging Face directory: the encoder with the adapter added to its weights. An adapter that
a run trained is refused on other weights than it was trained beside; where it was trained after another
stage, ENCODER is that stage's encoder. Adapters of `peft` are taken too.
Exit codes: 0 done; 1 a failing machine; 2 something is wrong with a folder.)";

}  // namespace

CLI::App* add_merge(CLI::App& app, MergeArguments& arguments) {
  auto* merge = app.add_subcommand("merge", "Add an adapter to the weights of its encoder");
  merge->footer(kExamples);
  merge->add_option("encoder", arguments.encoder, "A Hugging Face directory")
      ->required()
      ->type_name("ENCODER");
  merge->add_option("adapter", arguments.adapter, "A PEFT directory, as of runs/*/encoders/")
      ->required()
      ->type_name("ADAPTER");
  merge->add_option("--out", arguments.out, "Folder to write, which isn't there yet")
      ->required()
      ->type_name("DIR");
  return merge;
}

int merge_command(const MergeArguments& arguments) {
  const auto out = full_path(arguments.out);
  if (std::filesystem::exists(out))
    throw input_error(out.string(), "is there already; expected a new folder");
  Encoder encoder(arguments.encoder, at::kCPU);
  apply_adapter(arguments.adapter, encoder, /*merge=*/true);
  auto partial = out;
  partial += ".partial";
  encoder.save(partial);
  std::filesystem::rename(partial, out);
  std::printf("%s\n", arguments.out.string().c_str());
  return kExitOk;
}

}  // namespace sojourn
