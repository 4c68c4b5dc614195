#include "core/run/stage_store.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/log.h"
#include "tests/core/run/store_world.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

namespace fs = std::filesystem;

TEST_CASE("what was published is found by its key, with hashes", "[core][run][store]") {
  StoreWorld world;
  CHECK_FALSE(world.store.find(kStage));
  make_entry(world.store);
  StageStore later(world.root);
  const auto entry = later.find(kStage);
  REQUIRE(entry);
  CHECK(entry->record == nlohmann::ordered_json{{"id", "a stage"}});
  REQUIRE(entry->files.size() == 2);
  CHECK(entry->files.at("encoder/weights").sha256 == sha256("weights"));
  CHECK(entry->size() == 7 + 3);
  const auto file = later.file(*entry, "encoder/weights");
  REQUIRE(file);
  CHECK(read_file(*file) == "weights");
  CHECK_FALSE(later.file(*entry, "checkpoint"));
  CHECK_FALSE(fs::exists(world.work));  // nor has it checkpoints:
  CHECK(names_in(world.root / "stages" / "0123abcd").size() == 3);
  CHECK_FALSE(world.store.find({"scores", "0123abcd"}));  // a kind is a space of its own
  CHECK_FALSE(world.store.claim(kStage, no_wait));        // nothing is left to do
}

TEST_CASE("nobody writes into a stored file by accident", "[core][run][store]") {
  StoreWorld world;
  const auto entry = make_entry(world.store);
  const auto write = fs::perms::owner_write | fs::perms::group_write | fs::perms::others_write;
  for (const auto& [name, file] : entry.files)
    CHECK((fs::status(entry.folder / name).permissions() & write) == fs::perms::none);
}

TEST_CASE("work that was given up is there for the next claim", "[core][run][store]") {
  StoreWorld world;
  {
    const auto claim = world.store.claim(kStage, no_wait);
    write_file(claim->folder() / "checkpoint", "step 100");
  }
  CHECK_FALSE(world.store.find(kStage));
  auto claim = world.store.claim(kStage, no_wait);
  CHECK(read_file(claim->folder() / "checkpoint") == "step 100");
  publish(*claim);
  CHECK(world.store.find(kStage));
}

// The folders as a crash leaves them between any two steps of publish().
TEST_CASE("a crash while publishing leaves no entry, and the checkpoint", "[core][run][store]") {
  StoreWorld world;
  const auto state = GENERATE(0, 1, 2, 3);
  CAPTURE(state);
  work_in(world.work, "weights");
  const fs::path made = world.work / ".entry0011";
  if (state >= 1) {  // some files were moved
    fs::create_directory(made);
    fs::rename(world.work / "encoder", made / "encoder");
  }
  if (state >= 2) fs::rename(world.work / "curve.jsonl", made / "curve.jsonl");  // all were
  if (state >= 3) {  // the record was written
    StoreEntry entry{kStage, {}, {{"id", "a stage"}}, {}, {}};
    seal_files(entry, made);
    write_record(entry, made);
  }
  CHECK_FALSE(world.store.find(kStage));
  auto claim = world.store.claim(kStage, no_wait);
  REQUIRE(claim);
  CHECK(read_file(claim->folder() / "checkpoint") == "step 100");
  CHECK_FALSE(fs::exists(made));
  publish(*claim, "WEIGHTS");
  const auto entry = world.store.find(kStage);
  REQUIRE(entry);
  CHECK(world.store.verify(*entry));
  CHECK(read_file(entry->folder / "encoder" / "weights") == "WEIGHTS");
}

TEST_CASE("a crash after publishing leaves work for gc only", "[core][run][store]") {
  StoreWorld world;
  make_entry(world.store);
  work_in(world.work, "weights");
  CHECK(world.store.find(kStage));
  CHECK_FALSE(world.store.claim(kStage, no_wait));
  const fs::path run = world.folder.path() / "run";
  make_folders(run);
  write_file(run / "manifest.json", "{}");
  world.store.keep_for(run, {kStage});
  const auto removed = world.store.gc(false);
  REQUIRE(removed.size() == 1);
  CHECK(removed[0].folder == world.work);
  CHECK_FALSE(fs::exists(world.work));
  CHECK(world.store.find(kStage));
}

TEST_CASE("of two copies the later one is discarded", "[core][run][store]") {
  StoreWorld world;
  auto claim = world.store.claim(kStage, no_wait);
  StageStore elsewhere(world.folder.path() / "elsewhere");
  const auto theirs = make_entry(elsewhere, kStage, "of another machine");
  make_folders(world.root / "stages");
  fs::rename(theirs.folder, world.root / "stages" / kStage.key);
  const auto entry = publish(*claim, "mine");
  CHECK(entry.files.at("encoder/weights").sha256 == sha256("of another machine"));
  CHECK(world.store.verify(entry));
  CHECK_FALSE(fs::exists(world.work));
}

TEST_CASE("a copy takes the place of a damaged one", "[core][run][store]") {
  StoreWorld world;
  auto claim = world.store.claim(kStage, no_wait);
  make_folders(world.root / "stages" / kStage.key);
  write_file(world.root / "stages" / kStage.key / "record.json", "{");
  const CapturedLog log;
  const auto entry = publish(*claim, "mine");
  CHECK(world.store.verify(entry));
  CHECK(read_file(entry.folder / "encoder" / "weights") == "mine");
}

// In place, as a disk or another program would.
void overwrite(const fs::path& file, const std::string& text) {
  fs::permissions(file, fs::perms::owner_all);
  std::ofstream(file) << text;
}

void is_set_aside(StoreWorld& world, const CapturedLog& log, const std::string& named) {
  REQUIRE(log.lines().size() == 1);
  CHECK(log.lines()[0].level == spdlog::level::warn);
  CHECK_THAT(log.lines()[0].text, Catch::Contains("stages/0123abcd is damaged") &&
                                      Catch::Contains(named) &&
                                      Catch::Contains("damaged/stages-0123abcd-1"));
  CHECK(fs::exists(world.root / "damaged" / "stages-0123abcd-1"));
  CHECK_FALSE(world.store.find(kStage));
  make_entry(world.store);  // as if it had never been there
  CHECK(world.store.verify(*world.store.find(kStage)));
}

TEST_CASE("a damaged entry is named, set aside and absent", "[core][run][store]") {
  StoreWorld world;
  const auto entry = make_entry(world.store);
  const std::string record = read_file(entry.folder / "record.json");
  const CapturedLog log;
  std::string named;
  SECTION("a file is missing") {
    fs::remove(entry.folder / "curve.jsonl");
    named = "curve.jsonl is missing";
  }
  SECTION("a file is short") {
    overwrite(entry.folder / "encoder" / "weights", "weigh");
    named = "encoder/weights has 5 bytes, not 7";
  }
  SECTION("the record is cut") {
    write_file(entry.folder / "record.json", record.substr(0, record.size() / 2));
    named = "record.json";
  }
  SECTION("the record is gone") {
    fs::remove(entry.folder / "record.json");
    named = "record.json";
  }
  SECTION("the record says something else") {
    std::string other = record;
    other.replace(other.find("a stage"), 7, "A stage");
    write_file(entry.folder / "record.json", other);
    named = "record.json";
  }
  CHECK_FALSE(world.store.find(kStage));
  is_set_aside(world, log, named);
}

TEST_CASE("content is verified before it's used", "[core][run][store]") {
  StoreWorld world;
  const auto entry = make_entry(world.store);
  overwrite(entry.folder / "encoder" / "weights", "Weights");
  const CapturedLog log;
  REQUIRE(world.store.find(kStage));  // which doesn't read it
  SECTION("by use") { CHECK_FALSE(world.store.file(entry, "encoder/weights")); }
  SECTION("by verify") { CHECK_FALSE(world.store.verify(entry)); }
  is_set_aside(world, log, "encoder/weights has the SHA-256 " + sha256("Weights"));
}

TEST_CASE("verify reads again what was read before", "[core][run][store]") {
  StoreWorld world;
  const auto entry = make_entry(world.store);
  REQUIRE(world.store.file(entry, "encoder/weights"));
  REQUIRE(world.store.verify(entry));
  overwrite(entry.folder / "encoder" / "weights", "Weights");
  const CapturedLog log;
  CHECK_FALSE(world.store.verify(entry));
}

TEST_CASE("an entry that is damaged twice is set aside twice", "[core][run][store]") {
  StoreWorld world;
  const CapturedLog log;
  for (int i = 0; i < 2; ++i) {
    const auto entry = make_entry(world.store);
    fs::remove(entry.folder / "curve.jsonl");
    CHECK_FALSE(world.store.find(kStage));
  }
  CHECK(names_in(world.root / "damaged") ==
        std::vector<std::string>{"stages-0123abcd-1", "stages-0123abcd-2"});
}

TEST_CASE("weights that were removed leave the entry complete", "[core][run][store]") {
  StoreWorld world;
  auto entry = make_entry(world.store);
  const auto before = entry;  // as another process knows it
  world.store.remove_file(entry, "encoder/weights");
  CHECK_FALSE(fs::exists(entry.folder / "encoder" / "weights"));
  CHECK_FALSE(entry.has("encoder/weights"));
  CHECK(entry.dropped.at("encoder/weights").sha256 == sha256("weights"));
  const CapturedLog log;
  CHECK_FALSE(world.store.file(before, "encoder/weights"));
  CHECK(world.store.verify(before));
  const auto found = world.store.find(kStage);
  REQUIRE(found);
  CHECK_FALSE(found->has("encoder/weights"));
  CHECK(found->has("curve.jsonl"));
  CHECK(log.lines().empty());
  CHECK_FALSE(fs::exists(world.work));
}

TEST_CASE("weights that are needed again are made again", "[core][run][store]") {
  StoreWorld world;
  auto entry = make_entry(world.store);
  world.store.remove_file(entry, "encoder/weights");
  CHECK_FALSE(world.store.claim(kStage, no_wait));
  {
    auto claim = world.store.claim(kStage, no_wait, {"encoder/weights"});
    REQUIRE(claim);
    CHECK(world.store.find(kStage));  // what there is stays until then
    publish(*claim);
  }
  CHECK_FALSE(world.store.claim(kStage, no_wait, {"encoder/weights"}));
  const auto again = world.store.find(kStage);
  REQUIRE(again);
  CHECK(again->has("encoder/weights"));
  CHECK(again->dropped.empty());
  CHECK(world.store.verify(*again));
}

TEST_CASE("a crash while weights are removed loses nothing else", "[core][run][store]") {
  StoreWorld world;
  auto entry = make_entry(world.store);
  entry.dropped.insert(entry.files.extract("encoder/weights"));
  write_record(entry, entry.folder);  // and the file is still there
  REQUIRE(world.store.find(kStage));
  const fs::path run = world.folder.path() / "run";
  make_folders(run.string() + ".partial");
  world.store.keep_for(run, {kStage});
  world.store.gc(false);
  CHECK_FALSE(fs::exists(entry.folder / "encoder" / "weights"));
  CHECK(world.store.find(kStage));
}

}  // namespace
}  // namespace sojourn
