#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <unistd.h>

#include "core/base/log.h"
#include "core/run/stage_store.h"
#include "tests/core/run/store_world.h"
#include "tests/support/child_process.h"
#include "tests/support/input_error.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

namespace fs = std::filesystem;

const EntryName kScore{"scores", "0123abcd"};
const EntryName kOther{"stages", "4567cdef"};

void make_run(const fs::path& run) {
  make_folders(run);
  write_file(run / "manifest.json", "{}");
}

std::set<std::string> folders_of(const StageStore& store, const std::vector<StoreItem>& items) {
  std::set<std::string> folders;
  for (const auto& item : items)
    folders.insert(item.folder.lexically_relative(store.root()).string());
  return folders;
}

using Folders = std::set<std::string>;

TEST_CASE("gc removes what no run needs and nothing else", "[core][run][store]") {
  StoreWorld world;
  const fs::path runs = world.folder.path() / "runs";
  for (const auto& name : {kStage, kScore, kOther}) make_entry(world.store, name);
  make_run(runs / "kept");
  world.store.keep_for(runs / "kept", {kStage});
  make_run(runs / "gone");
  world.store.keep_for(runs / "gone", {kStage, kScore});
  CHECK(world.store.gc(false).size() == 1);  // kOther
  CHECK_FALSE(world.store.find(kOther));
  fs::remove_all(runs / "gone");

  const auto would = world.store.gc(true);
  CHECK(folders_of(world.store, would) == Folders{"scores/0123abcd"});
  CHECK(would[0].size == 10);
  CHECK(world.store.find(kScore));
  CHECK(names_in(world.root / "runs").size() == 2);

  CHECK(folders_of(world.store, world.store.gc(false)) == Folders{"scores/0123abcd"});
  CHECK_FALSE(world.store.find(kScore));
  CHECK(world.store.verify(*world.store.find(kStage)));
  CHECK(names_in(world.root / "runs").size() == 1);
  CHECK(world.store.gc(false).empty());
}

TEST_CASE("gc keeps what a run in progress has made so far", "[core][run][store]") {
  StoreWorld world;
  const fs::path run = world.folder.path() / "run";
  world.store.keep_for(run / "", {kStage, kOther});
  make_folders(run.string() + ".partial");
  make_entry(world.store);
  make_folders(world.root / "work" / "stages-4567cdef");
  write_file(world.root / "work" / "stages-4567cdef" / "checkpoint", "step 100");
  CHECK(world.store.gc(false).empty());
  fs::remove_all(run.string() + ".partial");
  CHECK(world.store.gc(false).size() == 2);
}

TEST_CASE("a stage counts as scored when every run that needs it has all its scores",
          "[core][run][store]") {
  StoreWorld world;
  const fs::path run = world.folder.path() / "run";
  make_run(run);
  make_entry(world.store, kStage);
  world.store.keep_for(run, {kStage, kScore});
  CHECK_FALSE(world.store.list().at(0).scored);
  make_entry(world.store, kScore);
  CHECK(world.store.list().at(0).scored);
}

TEST_CASE("a run says anew what it needs", "[core][run][store]") {
  StoreWorld world;
  const fs::path run = world.folder.path() / "run";
  make_run(run);
  make_entry(world.store, kStage);
  make_entry(world.store, kOther);
  world.store.keep_for(run, {kStage});
  world.store.keep_for(run, {kOther});
  CHECK(folders_of(world.store, world.store.gc(false)) == Folders{"stages/0123abcd"});
}

TEST_CASE("a run that was moved with its store is still known", "[core][run][store]") {
  StoreWorld world;
  const fs::path runs = world.folder.path() / "runs";
  StageStore store(runs / ".store");
  make_run(runs / "x");
  make_entry(store);
  store.keep_for(runs / "x", {kStage});
  fs::rename(runs, world.folder.path() / "moved");
  StageStore moved(world.folder.path() / "moved" / ".store");
  CHECK(moved.gc(false).empty());
  CHECK(moved.list().at(0).runs == std::vector<fs::path>{world.folder.path() / "moved" / "x"});
}

TEST_CASE("gc leaves work alone that a living process is at", "[core][run][store]") {
  StoreWorld world;
  ChildProcess worker([&](const auto& say) {
    const auto claim = world.store.claim(kStage, no_wait);
    write_file(claim->folder() / "checkpoint", "step 100");
    say("claimed");
    ::pause();
  });
  REQUIRE(worker.text_once_said() == "claimed");
  CHECK(world.store.gc(false).empty());
  CHECK(fs::exists(world.work / "checkpoint"));
  worker.kill();
  CHECK(folders_of(world.store, world.store.gc(true)) == Folders{"work/stages-0123abcd"});
  CHECK(fs::exists(world.work / "checkpoint"));
  CHECK(world.store.gc(false).size() == 1);
  CHECK_FALSE(fs::exists(world.work));
}

TEST_CASE("a folder that isn't a store is left alone", "[core][run][store]") {
  const TemporaryDirectory home;
  make_folders(home.path() / "work" / "stages-thesis");
  StageStore store(home.path());
  CHECK_THAT(input_error_of([&] { store.gc(false); }), Catch::Contains("isn't a stage store"));
  CHECK_THAT(input_error_of([&] { store.list(); }), Catch::Contains("isn't a stage store"));
  CHECK_THAT(input_error_of([&] { store.claim(kStage, no_wait); }),
             Catch::Contains("isn't a stage store"));
  CHECK_THAT(input_error_of([&] { store.keep_for(home.path(), {kStage}); }),
             Catch::Contains("isn't a stage store"));
  CHECK(names_in(home.path()) == std::vector<std::string>{"work"});
}

TEST_CASE("gc removes damaged entries", "[core][run][store]") {
  StoreWorld world;
  fs::remove(make_entry(world.store).folder / "curve.jsonl");
  const CapturedLog log;
  CHECK(folders_of(world.store, world.store.gc(false)) == Folders{"damaged/stages-0123abcd-1"});
  CHECK(names_in(world.root / "damaged").empty());
}

TEST_CASE("gc removes nothing while it can't know what runs need", "[core][run][store]") {
  StoreWorld world;
  make_entry(world.store);
  make_folders(world.root / "runs");
  write_file(world.root / "runs" / "x.json", "{");
  CHECK_THAT(input_error_of([&] { world.store.gc(false); }), Catch::Contains("runs/x.json"));
  CHECK(world.store.find(kStage));
}

TEST_CASE("the list says what there is and for which runs", "[core][run][store]") {
  StoreWorld world;
  const fs::path run = world.folder.path() / "run";
  make_run(run);
  make_entry(world.store);
  make_folders(world.root / "work" / "scores-0123abcd");
  write_file(world.root / "work" / "scores-0123abcd" / "checkpoint", "step 100");
  world.store.keep_for(run, {kStage});
  const auto items = world.store.list();
  REQUIRE(items.size() == 2);
  CHECK(items[0].kind == "stages");
  CHECK(items[0].name == "0123abcd");
  CHECK(items[0].entry->record.at("id") == "a stage");
  CHECK(items[0].size == 10);
  CHECK(items[0].runs == std::vector<fs::path>{run});
  CHECK(items[1].kind == "work");
  CHECK(items[1].size == 8);
  CHECK(items[1].runs.empty());
}

}  // namespace
}  // namespace sojourn
