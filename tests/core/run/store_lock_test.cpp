// Several processes and machines at one store, and a machine whose disk is full.
#include "core/run/store_lock.h"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/run/stage_store.h"
#include "tests/core/run/store_world.h"
#include "tests/support/child_process.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr LockTimes kFast{milliseconds(20), milliseconds(60'000), milliseconds(20)};

TEST_CASE("of several processes exactly one computes a stage", "[core][run][store]") {
  StoreWorld world;
  std::vector<std::unique_ptr<ChildProcess>> processes;
  for (int i = 0; i < 4; ++i) {
    processes.push_back(std::make_unique<ChildProcess>([&](const auto& say) {
      auto claim = world.store.claim(kStage, [](const LockOwner&) {});
      if (claim) {
        std::this_thread::sleep_for(milliseconds(300));
        publish(*claim);
        say("computed");
      } else {
        say(world.store.find(kStage) ? "found" : "lost");
      }
    }));
  }
  std::multiset<std::string> said;
  for (const auto& process : processes) said.insert(process->output());
  CHECK(said == std::multiset<std::string>{"computed", "found", "found", "found"});
}

TEST_CASE("the claim of a killed process is taken over at once", "[core][run][store]") {
  StoreWorld world;
  ChildProcess worker([&](const auto& say) {
    const auto claim = world.store.claim(kStage, no_wait);
    write_file(claim->folder() / "checkpoint", "step 100");
    say("claimed");
    ::pause();
  });
  REQUIRE(worker.text_once_said() == "claimed");
  LockOwner owner;
  CHECK_FALSE(FolderLock::try_take(world.work, kFast, owner));
  CHECK(owner.process == worker.id());
  CHECK_FALSE(owner.host.empty());
  worker.kill();
  auto claim = world.store.claim(kStage, no_wait);
  REQUIRE(claim);
  CHECK(read_file(claim->folder() / "checkpoint") == "step 100");
  publish(*claim);
  CHECK(world.store.find(kStage));
}

TEST_CASE("killed at any instant, a process leaves whole entries", "[core][run][store]") {
  StoreWorld world;
  const CapturedLog log;
  for (int round = 0; round < 12; ++round) {
    ChildProcess worker([&](const auto& say) {
      say("started");
      for (int n = 0; n < 1000; ++n)
        make_entry(world.store, {"stages", std::to_string(1000 * round + n)});
    });
    worker.text_once_said();
    std::this_thread::sleep_for(milliseconds(3 * round));
    worker.kill();
  }
  for (const auto& key : names_in(world.root / "stages")) {
    const auto entry = world.store.find({"stages", key});
    REQUIRE(entry);
    CHECK(world.store.verify(*entry));
  }
  for (const auto& work : names_in(world.root / "work")) {
    const EntryName name{"stages", work.substr(7)};
    if (!world.store.find(name)) make_entry(world.store, name);  // nothing is in its way
    CHECK(world.store.verify(*world.store.find(name)));
  }
  CHECK(log.lines().empty());
}

// As a process of another machine writes it, whose locks this kernel doesn't know.
void claim_elsewhere(const fs::path& folder, std::chrono::seconds age) {
  make_folders(folder);
  write_file(folder / ".owner",
             R"({"host": "elsewhere", "process": 7, "kernel": "another", "token": "theirs"})");
  fs::last_write_time(folder / ".owner", fs::file_time_type::clock::now() - age);
}

TEST_CASE("the claim of another machine holds while its heart beats", "[core][run][store]") {
  const TemporaryDirectory root;
  const fs::path folder = root.path() / "work";
  claim_elsewhere(folder, std::chrono::seconds(50));
  LockOwner owner;
  CHECK_FALSE(FolderLock::try_take(folder, kFast, owner));
  CHECK(owner.host == "elsewhere");
  CHECK(owner.process == 7);
  CHECK(names_in(folder) == std::vector<std::string>{".owner"});
  claim_elsewhere(folder, std::chrono::seconds(70));
  const auto lock = FolderLock::try_take(folder, kFast, owner);
  REQUIRE(lock);
  CHECK(lock->held());
  CHECK_THAT(read_file(folder / ".owner"), Catch::Contains(lock->token()));
}

TEST_CASE("a claim waits for another machine and says for which", "[core][run][store]") {
  StoreWorld world;
  claim_elsewhere(world.work, std::chrono::seconds(5));
  int waits = 0;
  const auto claim = world.store.claim(kStage, [&](const LockOwner& owner) {
    CHECK(owner.host == "elsewhere");
    ++waits;
    fs::remove(world.work / ".owner");  // it's done
  });
  CHECK(claim);
  CHECK(waits == 1);
}

TEST_CASE("an owner's heart beats, and stops with it", "[core][run][store]") {
  const TemporaryDirectory root;
  const fs::path folder = root.path() / "work";
  const fs::path file = folder / ".owner";
  LockOwner owner;
  auto lock = FolderLock::try_take(folder, kFast, owner);
  REQUIRE(lock);
  const auto old = fs::file_time_type::clock::now() - std::chrono::hours(1);
  fs::last_write_time(file, old);
  for (int i = 0; i < 200 && fs::last_write_time(file) == old; ++i)
    std::this_thread::sleep_for(milliseconds(10));
  CHECK(fs::last_write_time(file) > old + std::chrono::minutes(59));
  lock.reset();
  CHECK_FALSE(fs::exists(folder));  // nothing was in it
}

TEST_CASE("one that was taken over knows it and leaves the new owner alone", "[core][run][store]") {
  const TemporaryDirectory root;
  const fs::path folder = root.path() / "work";
  LockOwner owner;
  auto lock = FolderLock::try_take(folder, kFast, owner);
  REQUIRE(lock->held());
  claim_elsewhere(folder, std::chrono::hours(1));
  CHECK_FALSE(lock->held());
  std::this_thread::sleep_for(milliseconds(100));
  const auto age = fs::file_time_type::clock::now() - fs::last_write_time(folder / ".owner");
  CHECK(age > std::chrono::minutes(59));  // not with our heartbeat
  lock.reset();
  CHECK_THAT(read_file(folder / ".owner"), Catch::Contains("theirs"));
}

TEST_CASE("of machines that take over at once, the last to say so has it", "[core][run][store]") {
  const TemporaryDirectory root;
  const fs::path folder = root.path() / "work";
  claim_elsewhere(folder, std::chrono::hours(1));
  std::thread rival([&] {  // writes .owner once it's ours, and before we have settled
    while (read_file(folder / ".owner").find("elsewhere") != std::string::npos)
      std::this_thread::sleep_for(milliseconds(1));
    claim_elsewhere(folder, std::chrono::seconds(0));
  });
  LockOwner owner;
  LockTimes times = kFast;
  times.settle = milliseconds(500);
  CHECK_FALSE(FolderLock::try_take(folder, times, owner));
  rival.join();
  CHECK(owner.host == "elsewhere");
  CHECK_THAT(read_file(folder / ".owner"), Catch::Contains("theirs"));
}

// In a process of its own, as the limit stays.
template <typename Action>
std::string said_with_file_limit(rlim_t bytes, const Action& action) {
  return ChildProcess([&](const auto& say) {
           std::signal(SIGXFSZ, SIG_IGN);
           const auto with_limit = [bytes] {
             const rlimit limit{bytes, bytes};
             ::setrlimit(RLIMIT_FSIZE, &limit);
           };
           try {
             action(with_limit);
           } catch (const Error& error) {
             say((error.kind() == ErrorKind::kInternal ? "internal: " : "another kind: ") +
                 std::string(error.what()));
           }
         })
      .output();
}

TEST_CASE("a full disk leaves no entry, and says what is needed", "[core][run][store]") {
  StoreWorld world;
  const std::string said = said_with_file_limit(100, [&](const auto& with_limit) {
    auto claim = world.store.claim(kStage, no_wait);
    work_in(claim->folder(), "weights");
    with_limit();
    claim->publish({{"id", std::string(5000, 'x')}}, {"encoder", "curve.jsonl"});
  });
  CHECK_THAT(said, Catch::StartsWith("internal: ") && Catch::Contains("record.json") &&
                       Catch::Contains("needs at least 5."));
  CHECK_FALSE(world.store.find(kStage));
  auto claim = world.store.claim(kStage, no_wait);
  CHECK(read_file(claim->folder() / "checkpoint") == "step 100");
  publish(*claim);
  CHECK(world.store.find(kStage));
}

TEST_CASE("a full disk leaves an older file as it was", "[core][run][store]") {
  const TemporaryDirectory root;
  write_file(root.path() / "checkpoint", "step 100");
  const std::string said = said_with_file_limit(1000, [&](const auto& with_limit) {
    with_limit();
    write_file(root.path() / "checkpoint", std::string(2'000'000, 'x'));
  });
  CHECK_THAT(said, Catch::Contains("checkpoint") && Catch::Contains("needs at least 2.0 MB"));
  CHECK(read_file(root.path() / "checkpoint") == "step 100");
  CHECK(names_in(root.path()) == std::vector<std::string>{"checkpoint"});
}

}  // namespace
}  // namespace sojourn
