// Training curves as TensorBoard reads them.
#pragma once

#include <filesystem>
#include <fstream>
#include <string_view>

namespace sojourn {

// An event file: TFRecords of Event messages. It grows while a stage is trained, and TensorBoard
// follows. The handful of bytes is written here, since the only library for it is TensorFlow's own.
class EventFile {
 public:
  // Replaces a file of that name; parents are made. Throws Error(kInternal) where that fails.
  explicit EventFile(const std::filesystem::path& file);

  // Lines of a training curve, see curve_line() and evaluation_line(): each number as a scalar of
  // its step, called by its key; where steps train several tasks, "loss/TASK". The time is now.
  void add(std::string_view curve);

 private:
  void write_event(const std::string& event);

  std::filesystem::path name_;
  std::ofstream out_;
};

}  // namespace sojourn
